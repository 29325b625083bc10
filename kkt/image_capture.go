package kkt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"kktd/clock"
	"kktd/fn"
	"kktd/storage"
)

// captureJob looks at what is committed between two commits of the register.
type captureJob struct {
	r       *Register
	profile *profile
	state   fn.State
	clock   *clock.Setting
	ready   chan error
}

func (*captureJob) apply(*batch) {}

func (*captureJob) fail(error) {}

func (j *captureJob) done(err error) {
	if err == nil {
		j.profile = j.r.profile.Load()
		j.state, _ = j.r.State()
		if own := j.r.clock.Load(); own != nil {
			j.clock = new(own.Setting())
		}
	}
	j.ready <- err
}

// capture takes a picture of the register at one moment. Receipts and documents that
// come since are not in it. Errors: ErrQueued, ErrOutOfService, ErrNotFound when it
// was deleted, ErrClosed.
func (r *Register) capture(ctx context.Context) (*picture, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j := &captureJob{r: r, ready: make(chan error, 1)}
	r.submit(j)
	if err := <-j.ready; err != nil {
		return nil, err
	}
	p := &picture{register: j.profile, drives: slices.Clone(j.profile.Drives)}
	head := imageHead{Settings: j.profile.Settings, Past: j.profile.past, Clock: j.clock}
	p.imageHead = head.renumber(numberIn(p.drives))
	for _, id := range p.drives {
		state := j.state
		if id != j.profile.Drive() {
			form, _, err := r.fleet.store.State(id)
			if err == nil {
				state, err = fn.ParseState(form)
			}
			if err != nil {
				return nil, fmt.Errorf("register %s, drive with id %d: %w; kktd fsck tells more", j.profile.Serial, id, err)
			}
		}
		p.states = append(p.states, state)
	}
	keys, err := r.receiptKeys()
	if err != nil {
		return nil, err
	}
	p.receipts = len(keys)
	p.eachRecord = func(each func(*imageReceipt) error) error { return r.eachReceipt(p, keys, each) }
	return p, nil
}

// receiptKeys finds the receipts of the register that have come to an end. Errors:
// ErrQueued when there are others.
func (r *Register) receiptKeys() (keys [][16]byte, err error) {
	serial, queued, after := r.Serial(), 0, receiptKey(1<<64-1, r.profile.Load().since)
	err = r.fleet.store.Records(kindReceipt, nil, after[:], 0, func(key, value []byte) error {
		status, at := peekReceipt(value)
		switch {
		case string(at) != serial || len(key) != 16:
		case Status(status) == Queued:
			queued++
		default:
			keys = append(keys, [16]byte(key))
		}
		return nil
	})
	if err == nil && queued > 0 {
		err = errQueued(serial, queued)
	}
	return keys, err
}

// eachReceipt reads receipts of the register and leaves out those that were made
// after the picture.
func (r *Register) eachReceipt(p *picture, keys [][16]byte, each func(*imageReceipt) error) error {
	f := r.fleet
	for _, key := range keys {
		rec, err := f.Receipt(f.idOf(key))
		if err != nil {
			return err
		}
		number := numberIn(p.drives)(rec.Drive)
		if number == 0 && slices.Contains(r.profile.Load().Drives, rec.Drive) {
			continue // of a drive that came since
		}
		if number == 0 {
			return fmt.Errorf("register %s: receipt %s is of a drive that the register has not: kktd fsck tells more", p.Settings.Serial, rec.ID)
		}
		last := p.states[number-1].LastNumber
		if slices.ContainsFunc(rec.Documents, func(n uint32) bool { return n > last }) {
			continue
		}
		x := &imageReceipt{key: key, record: *rec}
		x.record.Drive = number
		if x.message, err = f.Message(rec.ID); errors.Is(err, ErrNotFound) {
			x.message, err = nil, nil
		}
		if err == nil && x.message != nil {
			x.message.Entry = 0
		}
		if err == nil {
			err = each(x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Export writes the register as one file: its settings, own clock, drives with
// documents and tickets, and receipts. The register goes on meanwhile; what it makes
// is not in the file. When it fails what was written is no whole image. Errors:
// ErrQueued, ErrOutOfService, ErrNotFound, ErrClosed, and that of w.
func (r *Register) Export(ctx context.Context, w io.Writer) error {
	_, write, err := r.Image(ctx)
	if err != nil {
		return err
	}
	return write(w)
}

// Image is Export in two steps, for who must know first whether there will be a
// file; write is called once.
func (r *Register) Image(ctx context.Context) (ImageSummary, func(w io.Writer) error, error) {
	p, err := r.capture(ctx)
	if err != nil {
		return ImageSummary{}, nil, err
	}
	return p.summary(), func(w io.Writer) error {
		to, err := newImageWriter(w)
		if err == nil {
			err = p.walk(&contextStore{r.fleet.store, ctx}, to)
		}
		if err != nil {
			return err
		}
		return to.end()
	}, nil
}

// ImageSummary counts what is in an image.
type ImageSummary struct {
	Drives    int
	Documents uint32
	Receipts  int
}

func (p *picture) summary() ImageSummary {
	return ImageSummary{Drives: len(p.drives), Documents: p.documents(), Receipts: p.receipts}
}

// contextStore ends the reading of documents when its context does.
type contextStore struct {
	storage.Store
	ctx context.Context
}

// Documents implements storage.Store.
func (s *contextStore) Documents(d storage.DriveID, from uint32, limit int, f func(uint32, []byte, []byte) error) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return s.Store.Documents(d, from, limit, f)
}
