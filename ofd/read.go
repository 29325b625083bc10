package ofd

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"kktd/ofdproto"
	"kktd/storage"
)

// Epochs are the epochs of an FN number, oldest first; none when nothing came from it. The error is ofdproto.ErrDrive for a
// number that is not 1 to 16 digits, or one of the store.
func (s *Server) Epochs(drive string) ([]uint64, error) {
	number, err := ofdproto.ParseDrive(drive)
	if err != nil {
		return nil, err
	}
	return s.epochs(number)
}

func (s *Server) epochs(number [ofdproto.DriveLen]byte) ([]uint64, error) {
	v, err := s.o.Store.Record(kindDrive, number[:])
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("epochs of drive %s: %w", ofdproto.DriveString(number), err)
	}
	return parseEpochs(v)
}

// Documents calls fn for the documents in the epoch in force of an FN number, from number `from` on, ascending; documents with other
// bytes stand behind the first one of their number. A limit of 0 means no limit. The slices live during the callback; fn
// must be quick and must not call the server. An error of fn ends the scan and is returned unchanged.
func (s *Server) Documents(drive string, from uint32, limit int, fn func(*Document) error) error {
	epochs, err := s.Epochs(drive)
	if err != nil || len(epochs) == 0 {
		return err
	}
	return s.EpochDocuments(epochs[len(epochs)-1], from, limit, fn)
}

// EpochDocuments is Documents for one of the Epochs.
func (s *Server) EpochDocuments(epoch uint64, from uint32, limit int, fn func(*Document) error) error {
	var after []byte
	if from > 1 {
		// Above every key of the number before, whatever hash it ends with.
		after = append(documentKey(epoch, from-1), bytes.Repeat([]byte{0xFF}, sha256.Size+1)...)
	}
	return s.o.Store.Records(kindDocument, epochKey(epoch), after, limit, func(key, value []byte) error {
		d, err := documentOf(key, value)
		if err != nil {
			return err
		}
		return fn(d)
	})
}
