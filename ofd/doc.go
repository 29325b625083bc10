// Package ofd is the test operator of fiscal data (ОФД): a TCP server that reads messages of registers, checks the documents
// in them, keeps each one and answers with a ticket, the operator's confirmation.
//
//	New, Serve, Shutdown       the life of a Server; one may serve several listeners
//	Documents, Epochs          what was received, for a test to look at
//	Counters                   documents, resends, findings, bad frames by reason, connections
//	Options.Check, .Answer     the seams: format control, and the reply about to be sent
//	FaultKinds, Faults         what goes wrong on purpose: the OFD's entries in a registry of faults, and the set in force
//
// A document is durable before its ticket goes out. The same drive, number and bytes get the same ticket again and are not
// stored twice. Documents of one FN number are taken one at a time, whatever connections they come on; different drives go in
// parallel, so that the store's group commit collects them.
//
// FN numbers are used again by drives that were reset or made anew, so documents stand under an epoch: document 1 with other bytes opens
// the next epoch of its FN number, and everything after it belongs there.
//
// What the server doubts it keeps as a finding beside the document and confirms: a first number above 1, a gap, other bytes under a
// known number, an encrypted body, a container without the drive's sign. Only findings of severity error, which come from format control
// or from a document that contradicts its container, make it answer 1022 = 14. Frames that cannot be read are refused: the
// connection is closed without an answer, with a log line and a counter for the reason.
//
// Source: spec/ofd-protocol.md 2-8, spec/decisions.md.
package ofd
