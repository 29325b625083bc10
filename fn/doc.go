// Package fn is the fiscal drive (фискальный накопитель) as a pure state
// machine: given a State, a Command and the time it gives the next State and the
// documents it signed. It has no clock, no storage and no goroutine, so a
// rejected command changes nothing, a failed commit is simply dropped and a
// crash goes on from the last state that was stored.
//
//   - State is a plain value; AppendBinary and ParseState are its stored form.
//   - Machine holds what one drive needs beside its state: keys and scratch
//     space. It is not safe for use from two goroutines.
//   - Command is one of Register, OpenShift, Receipt, CloseShift, SettlementState,
//     CloseDrive, Confirm, Reset and Fail. A document is one command (begin, data,
//     finish of the drive's book): no half-built one ever exists, so command 06h
//     has nothing to cancel and the current document of the status is always 0.
//   - Status, Term, Version, ExchangeStatus, ShiftParameters and UnsentCount of a
//     State, and the methods of Archive, are named after the drive's reading
//     commands; Append of what they return is the answer as the drive gives it.
//     Archive reads through a DocumentReader of the caller.
//   - Refusal is the error of a command that the drive refuses, with the answer
//     code of the drive's book, in English and Russian. catalogue.go has them all.
//
// Documents come out as the containers that go to the OFD. They are views into
// the Output and live until its Reset.
//
// Source: spec/fn.md, spec/decisions.md.
package fn
