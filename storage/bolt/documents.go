package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"kktd/storage"
)

// archive finds the documents of one drive within a read transaction.
type archive struct {
	drive  storage.DriveID
	row    stateRow
	blocks *bbolt.Bucket // nil while no block is full
	log    *bbolt.Bucket

	block     uint32 // whose positions are at hand
	positions []byte // nil: none are
}

func (r *reader) archive(d storage.DriveID) (*archive, error) {
	row, err := parseState(r.get(stateBucket, appendDriveKey(nil, d)))
	if err != nil {
		return nil, fmt.Errorf("drive %d: %w", d, err)
	}
	return &archive{drive: d, row: row, blocks: r.bucket(documentsBucket), log: r.bucket(logBucket)}, nil
}

// container returns the container of a document, 1..row.lastDocument.
func (a *archive) container(number uint32) ([]byte, error) {
	if block := blockOf(number); a.positions == nil || block != a.block {
		a.block, a.positions = block, a.row.tail
		if block != a.row.lastDocument/blockSize {
			a.positions = nil
			if a.blocks != nil {
				a.positions = a.blocks.Get(appendDocumentKey(nil, a.drive, block))
			}
			if len(a.positions) != blockSize*positionSize {
				return nil, damaged(fmt.Errorf("drive %d: block %d of %d bytes", a.drive, block, len(a.positions)))
			}
		}
	}
	var container []byte
	if a.log != nil {
		container = a.log.Get(positionIn(a.positions, number))
	}
	if container == nil {
		return nil, damaged(fmt.Errorf("drive %d: document %d is not in the log", a.drive, number))
	}
	return container, nil
}

// LastDocument implements storage.Store.
func (s *Store) LastDocument(d storage.DriveID) (number uint32, err error) {
	err = s.view(func(r *reader) error {
		row, err := parseState(r.get(stateBucket, appendDriveKey(nil, d)))
		number = row.lastDocument
		return err
	})
	return number, err
}

// Document implements storage.Store.
func (s *Store) Document(d storage.DriveID, number uint32) (container []byte, err error) {
	err = s.view(func(r *reader) error {
		a, err := r.archive(d)
		if err != nil {
			return err
		}
		if number == 0 || number > a.row.lastDocument {
			return fmt.Errorf("document %d of drive %d: %w", number, d, storage.ErrNotFound)
		}
		found, err := a.container(number)
		container = clone(found)
		return err
	})
	return container, err
}

// Ticket implements storage.Store.
func (s *Store) Ticket(d storage.DriveID, number uint32) (container []byte, err error) {
	err = s.view(func(r *reader) error {
		v := r.get(ticketsBucket, appendDocumentKey(nil, d, number))
		if v == nil {
			return fmt.Errorf("ticket %d of drive %d: %w", number, d, storage.ErrNotFound)
		}
		container = clone(v)
		return nil
	})
	return container, err
}

// Documents implements storage.Store.
func (s *Store) Documents(d storage.DriveID, from uint32, limit int, fn func(uint32, []byte, []byte) error) error {
	return s.view(func(r *reader) error {
		a, err := r.archive(d)
		if err != nil {
			return err
		}
		var tickets *bbolt.Cursor
		var ticketKey, ticket []byte
		first := uint64(max(from, 1))
		if b := r.bucket(ticketsBucket); b != nil {
			tickets = b.Cursor()
			ticketKey, ticket = tickets.Seek(appendDocumentKey(nil, d, uint32(first)))
		}
		key := appendDriveKey(nil, d)
		for n := first; n <= uint64(a.row.lastDocument) && (limit <= 0 || n-first < uint64(limit)); n++ {
			number := uint32(n)
			container, err := a.container(number)
			if err != nil {
				return err
			}
			var confirmed []byte
			if bytes.Equal(ticketKey, binary.BigEndian.AppendUint32(key, number)) {
				confirmed = ticket
				ticketKey, ticket = tickets.Next()
			}
			touch(container)
			touch(confirmed)
			if err := r.call(func() error { return fn(number, container, confirmed) }); err != nil {
				return err
			}
		}
		return nil
	})
}
