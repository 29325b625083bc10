package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"kktd/storage"
)

// formatVersion is the version of the file's format that this package reads and writes.
const formatVersion = 1

const rootPrefix = "kktd"

var (
	keyFormat = []byte("format")
	keyDrive  = []byte("drive")
)

// bucketIndex numbers the buckets of a world.
type bucketIndex int

const (
	metaBucket bucketIndex = iota
	stateBucket
	documentsBucket
	logBucket
	ticketsBucket
	recordsBucket
	eventsBucket
	bucketCount
)

func bucketNames(prefix string) [bucketCount][]byte {
	var names [bucketCount][]byte
	for i, name := range []string{"meta", "state", "documents", "log", "tickets", "records", "events"} {
		names[i] = []byte(prefix + "/" + name)
	}
	return names
}

const (
	driveKeySize    = 8
	positionSize    = 8
	stateHeaderSize = 8 + 4
	// blockSize is how many documents of a drive share a pair of the documents bucket. It is part of the format.
	blockSize = 32
)

func appendDriveKey(b []byte, d storage.DriveID) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(d))
}

func appendDocumentKey(b []byte, d storage.DriveID, number uint32) []byte {
	return binary.BigEndian.AppendUint32(appendDriveKey(b, d), number)
}

func appendRecordKey(b []byte, k storage.Kind, key []byte) []byte {
	return append(append(b, byte(k)), key...)
}

// stateRow is a value of the state bucket.
type stateRow struct {
	version      uint64
	lastDocument uint32
	tail         []byte // positions in the log of the documents since the last full block
	state        []byte
}

// tailSize returns the size of the tail of a drive with that last document.
func tailSize(lastDocument uint32) int { return int(lastDocument%blockSize) * positionSize }

// parseState divides a value of the state bucket; nil, the value of a drive that is not there, gives zeros.
func parseState(v []byte) (row stateRow, err error) {
	if v == nil {
		return row, nil
	}
	if len(v) < stateHeaderSize {
		return row, damaged(fmt.Errorf("state of %d bytes", len(v)))
	}
	row.version, row.lastDocument = binary.BigEndian.Uint64(v), binary.BigEndian.Uint32(v[8:])
	end := stateHeaderSize + tailSize(row.lastDocument)
	if len(v) <= end {
		return row, damaged(fmt.Errorf("state of %d bytes", len(v)))
	}
	row.tail, row.state = v[stateHeaderSize:end], v[end:]
	return row, nil
}

// blockOf returns the number of the block that a document stands in.
func blockOf(number uint32) uint32 { return (number - 1) / blockSize }

// positionIn returns the position in the log of a document from the tail or full block it stands in.
func positionIn(positions []byte, number uint32) []byte {
	i := int((number - 1) % blockSize * positionSize)
	return positions[i : i+positionSize]
}

func parseUint64(v []byte) (uint64, error) {
	if len(v) != 8 {
		return 0, damaged(fmt.Errorf("number of %d bytes, want 8", len(v)))
	}
	return binary.BigEndian.Uint64(v), nil
}

// successor returns the least key that is greater than every key with the prefix, nil when there is none.
func successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xFF {
			s := bytes.Clone(prefix[:i+1])
			s[i]++
			return s
		}
	}
	return nil
}
