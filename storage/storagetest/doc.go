// Package storagetest is the conformance suite of package storage: [Run] holds an engine to the contract, [Verify]
// checks the invariants of any store (numbers contiguous, tickets only for documents, events without gaps).
//
// The random-operations test prints its seed; KKTD_STORAGE_SEED repeats a run.
package storagetest
