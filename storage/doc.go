// Package storage is the contract of kktd's durable store: an append with a condition.
//
// One [Change] is one atomic durable step: the new state of a drive, the documents it signed, the tickets
// that came for them, records of other rooms and events. It is applied only when the drive's state has the
// version the writer has seen. The store knows versions, numbers and keys; states, containers, records and
// events are opaque bytes to it.
//
//	Append                                write one change, return when it is durable
//	State, Document, Ticket, Record       read one value; the slice belongs to the caller
//	Drives, Documents, Records, Events    scan; the slices live during the callback only
//	LastDocument, LastRecord, LastEvent   the end of a sequence
//	Namespace                             a separate world in the same file and the same commits
//	Backup, Close                         the store as a whole
//
// A change is refused as a whole: when it breaks its own rules ([Change.Check]), when the version is not the
// expected one, when a document number would be skipped or used twice. A refused change leaves no trace.
//
// Engines are in storage/bolt (a file) and storage/memory; storage/storagetest holds the one suite that runs
// over every engine.
package storage
