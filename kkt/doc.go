// Package kkt is the register (ККТ) and the fleet of registers: registration,
// shifts and receipts become fiscal documents here.
//
//   - Fleet holds organisations, accounts and registers, chooses the register
//     for a receipt and answers a repeated request as it answered the first.
//   - Register owns one register and its fiscal drive. One goroutine at a time
//     works for it: it starts with the first job, takes all that is queued into
//     one commit, and ends when nothing is left.
//   - Operations of a register make what no receipt does: OpenShift, CloseShift,
//     ReportState, Fiscalize, Reregister, ReplaceDrive, CloseDrive, ResetDrive.
//     Each has a commit of its own; ReplaceDrive has two, one for each drive.
//   - Receipt is what an API asks for; ReceiptRecord is what is kept of it.
//   - Fsck replays what a store holds of all this and tells what differs.
//
// Nothing is visible outside before it is durable: a job is answered after the
// commit that holds its documents, records and events.
//
// Source: spec/kkt.md, spec/decisions.md.
package kkt
