package kkt

import (
	"encoding/binary"
	"errors"
	"fmt"

	"kktd/fn"
	"kktd/storage"
)

// base is where the events of a drive begin that came in an image: what made its
// documents up to a number is not in this store's stream.
type base struct {
	number uint32 // of the last document of the image
	state  fn.State
}

// baseVersion is the first byte of a stored base.
const baseVersion = 1

// putBases appends the bases of the drives of an image.
func putBases(records []storage.Record, drives []storage.DriveID, states []fn.State) ([]storage.Record, error) {
	for i, id := range drives {
		if states[i].LastNumber == 0 {
			continue // its stream begins with its first document
		}
		value := binary.AppendUvarint([]byte{baseVersion}, uint64(states[i].LastNumber))
		value, err := states[i].AppendBinary(value)
		if err != nil {
			return records, err
		}
		records = append(records, storage.Record{Kind: kindBase, Key: baseKey(keyBase, id), Value: value})
	}
	return records, nil
}

// readBase reads the base of a drive, nil when it has none. ErrRecord: it cannot be
// read.
func readBase(store storage.Store, id storage.DriveID) (*base, error) {
	value, err := store.Record(kindBase, baseKey(keyBase, id))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(value) == 0 || value[0] != baseVersion {
		return nil, fmt.Errorf("%w: base of drive %d: not version %d", ErrRecord, id, baseVersion)
	}
	r := recordReader{b: value[1:]}
	number := r.uint()
	state, err := fn.ParseState(r.b)
	if err == nil && (r.failed || number == 0 || uint64(state.LastNumber) != number) {
		err = fmt.Errorf("its state is at document %d, the base at %d", state.LastNumber, number)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: base of drive %d: %w", ErrRecord, id, err)
	}
	return &base{uint32(number), state}, nil
}
