package ofd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/storage"
)

// Restored tells the server that a drive goes on from a document that it has been at
// before, or that it came from elsewhere with so many documents: other bytes under the
// numbers behind it, and numbers that are missing before them, are what is to be expected
// then and no more than a note. It is durable when Restored returns. Real operators are
// not told, and say what they say.
func (s *Server) Restored(number string, last uint32) error {
	if len(number) > ofdproto.DriveLen {
		return fmt.Errorf("%w: %q", ofdproto.ErrDrive, number)
	}
	d := s.acquire(ffd.Pad[[ofdproto.DriveLen]byte](number))
	defer s.release(d)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := s.load(d); err != nil {
		return err
	}
	if d.restored != nil && *d.restored <= last {
		return nil
	}
	c := storage.Change{Records: []storage.Record{{Kind: kindRestored, Key: d.number[:], Value: binary.BigEndian.AppendUint32(nil, last)}}}
	if _, err := s.o.Store.Append(context.Background(), c); err != nil {
		return fmt.Errorf("store that drive %s was restored: %w", number, err)
	}
	d.restored = &last
	return nil
}

// restoredTo reads the lowest document that a drive was put back to, nil when it never was.
func (s *Server) restoredTo(drive [ofdproto.DriveLen]byte) (*uint32, error) {
	v, err := s.o.Store.Record(kindRestored, drive[:])
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err == nil && len(v) != numberLen {
		err = fmt.Errorf("%w: drive %s: restored to: %d bytes", errRecord, ofdproto.DriveString(drive), len(v))
	}
	if err != nil {
		return nil, err
	}
	return new(binary.BigEndian.Uint32(v)), nil
}

// expected makes a note of what is found because the drive was put back.
func (d *drive) expected(number uint32, f ffd.Finding) ffd.Finding {
	if d.restored == nil || number <= *d.restored {
		return f
	}
	f.Severity = ffd.Note
	f.Ru += "; касса возвращалась к снимку или загружена из файла"
	f.En += "; the register was put back to a snapshot or came from a file"
	return f
}
