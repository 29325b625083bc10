// Package memory is the storage engine without a file: maps and sorted tables behind one lock. It serves tests
// and throw-away runs (`kktd serve --memory`); nothing outlives Close. The contract is package storage.
//
// Everything stored is copied on the way in and, outside callbacks, on the way out.
package memory
