package storage

import (
	"fmt"
	"math"
)

// Limits of what a store takes. They are far above what kktd writes: beyond them something is wrong.
const (
	MaxKey       = 1 << 10       // bytes of a record's key
	MaxValue     = 16 << 20      // bytes of a state, container, record value or event
	MaxDrive     = math.MaxInt64 // greatest DriveID
	MaxNamespace = 32            // bytes of a namespace's name
)

// Check reports what is wrong with the change in itself, without a look at the store: ErrInvalid, ErrTooLarge or
// ErrGap. Engines call it before the change is queued, so that bad input never reaches a commit.
func (c *Change) Check() error {
	if err := c.checkDrive(); err != nil {
		return err
	}
	if err := c.checkDocuments(); err != nil {
		return err
	}
	for i, d := range c.Forget {
		if d == 0 || d > MaxDrive || d == c.Drive {
			return fmt.Errorf("forget[%d]: %w: drive id %d", i, ErrInvalid, d)
		}
	}
	for i, r := range c.Records {
		if r.Kind == 0 {
			return fmt.Errorf("records[%d]: %w: kind 0", i, ErrInvalid)
		}
		if err := CheckKey(r.Key); err != nil {
			return fmt.Errorf("records[%d]: %w", i, err)
		}
		if err := checkValue(r.Value); err != nil {
			return fmt.Errorf("records[%d]: %w", i, err)
		}
	}
	for i, e := range c.Events {
		if err := checkValue(e); err != nil {
			return fmt.Errorf("events[%d]: %w", i, err)
		}
	}
	return nil
}

func (c *Change) checkDrive() error {
	switch {
	case c.Drive == 0 && (c.Expect != 0 || c.State != nil || len(c.Documents) != 0 || len(c.Tickets) != 0):
		return fmt.Errorf("%w: change without a drive has a version, state, document or ticket", ErrInvalid)
	case c.Drive == 0 && len(c.Records) == 0 && len(c.Events) == 0 && len(c.Forget) == 0:
		return fmt.Errorf("%w: change is empty", ErrInvalid)
	case c.Drive > MaxDrive:
		return fmt.Errorf("%w: drive id %d", ErrInvalid, c.Drive)
	case c.Drive != 0 && len(c.State) == 0:
		return fmt.Errorf("%w: change of drive %d has no state", ErrInvalid, c.Drive)
	}
	if err := checkValue(c.State); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

func (c *Change) checkDocuments() error {
	for i, d := range c.Documents {
		switch {
		case d.Number == 0:
			return fmt.Errorf("documents[%d]: %w: number 0", i, ErrInvalid)
		case i > 0 && (d.Number == 1 || d.Number-1 != c.Documents[i-1].Number):
			return fmt.Errorf("documents[%d]: %w", i,
				&GapError{Drive: c.Drive, Want: c.Documents[i-1].Number + 1, Found: d.Number})
		case len(d.Container) == 0:
			return fmt.Errorf("documents[%d]: %w: container is empty", i, ErrInvalid)
		}
		if err := checkValue(d.Container); err != nil {
			return fmt.Errorf("documents[%d]: %w", i, err)
		}
	}
	for i, t := range c.Tickets {
		switch {
		case t.Number == 0:
			return fmt.Errorf("tickets[%d]: %w: number 0", i, ErrInvalid)
		case i > 0 && t.Number <= c.Tickets[i-1].Number:
			return fmt.Errorf("tickets[%d]: %w: number %d after %d", i, ErrInvalid, t.Number, c.Tickets[i-1].Number)
		case len(t.Container) == 0:
			return fmt.Errorf("tickets[%d]: %w: container is empty", i, ErrInvalid)
		}
		if err := checkValue(t.Container); err != nil {
			return fmt.Errorf("tickets[%d]: %w", i, err)
		}
	}
	return nil
}

// CheckAgainst reports whether the change fits what the store holds for its drive: the version of the state and
// the number of the last document, both 0 when there is none. It returns a ConflictError or a GapError. That
// tickets agree with the stored ones is left to the engine.
func (c *Change) CheckAgainst(version uint64, last uint32) error {
	if c.Expect != version {
		return &ConflictError{Drive: c.Drive, Expected: c.Expect, Found: version}
	}
	if n := len(c.Documents); n > 0 {
		if first := c.Documents[0].Number; first-1 != last {
			return &GapError{Drive: c.Drive, Want: last + 1, Found: first}
		}
		last = c.Documents[n-1].Number
	}
	if n := len(c.Tickets); n > 0 {
		if number := c.Tickets[n-1].Number; number > last {
			return &GapError{Drive: c.Drive, Want: last, Found: number, Ticket: true}
		}
	}
	return nil
}

// CheckKey reports whether the key of a record has 1..MaxKey bytes: ErrInvalid, ErrTooLarge.
func CheckKey(key []byte) error {
	if len(key) == 0 {
		return fmt.Errorf("%w: key is empty", ErrInvalid)
	}
	if len(key) > MaxKey {
		return fmt.Errorf("%w: key of %d bytes, at most %d", ErrTooLarge, len(key), MaxKey)
	}
	return nil
}

// CheckNamespace reports whether the name may be given to Store.Namespace: ErrInvalid.
func CheckNamespace(name string) error {
	ok := 1 <= len(name) && len(name) <= MaxNamespace
	for _, b := range []byte(name) {
		ok = ok && ('a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '-')
	}
	if !ok {
		return fmt.Errorf("%w: namespace %q: want 1 to %d of a-z, 0-9, -", ErrInvalid, name, MaxNamespace)
	}
	return nil
}

func checkValue(v []byte) error {
	if len(v) > MaxValue {
		return fmt.Errorf("%w: value of %d bytes, at most %d", ErrTooLarge, len(v), MaxValue)
	}
	return nil
}
