// Package bolt is the storage engine in one bbolt file. The contract is package storage.
//
// # Group commit
//
// One goroutine, the committer, owns the write side. It takes every change that is queued, checks each against
// the state it meets inside one bbolt transaction, puts the good ones and commits: one fsync carries the group,
// a change that is refused costs the others nothing. While several writers are at work it yields for a moment
// before it takes the queue, so that those whom the last commit answered come along (committer.go).
//
// # File
//
// All numbers are big-endian, so keys sort as numbers do. Top-level buckets are named PREFIX/BUCKET; the prefix is
// "kktd" and, in a namespace, "kktd/NAME".
//
//	bucket      key                        value
//	meta        "format"                   uint32, version of the file's format (prefix "kktd" only)
//	            "drive"                    uint64, greatest drive id used
//	state       drive uint64               version uint64, last document uint32, tail, state
//	log         position uint64            container
//	documents   drive uint64, block u32    positions of the 32 documents 32*block+1 ..., uint64 each
//	tickets     drive uint64, number u32   container
//	records     kind byte, key             value
//	events      number uint64              event
//
// Buckets appear with their first key. What a commit costs is the number of pages it touches. So containers stand in
// the log in the order of their commits, on a few pages at its end, and not on a page for each drive; the tail in the
// state row, a page that every change of the drive writes anyway, holds the positions of the documents since the last
// full block (last document mod 32 of them).
//
// Records are written where their keys stand. Keys that grow with time over all writers share pages; keys that are
// spread cost a page each.
//
// # Damage
//
// A file with garbage in it makes bbolt panic or touch memory that is not mapped. Both are caught where the file is
// touched and become storage.ErrDamaged; a commit in which that happens has an unknown outcome, and after it the
// store takes no more changes, it can only be read. Not every damage shows: there is no checksum on a page, and a branch
// page with a wrong count can lead bbolt in a circle. CheckFile goes over every page and is not led astray. Backups are
// the answer to a broken disk, not this package.
package bolt
