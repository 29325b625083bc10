package sender_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/storage"
)

// register is a register as the sender sees it, around a real drive. Like the real one it commits tickets in groups, on a
// goroutine that is there only while tickets wait.
type register struct {
	tb     testing.TB
	serial string

	mu      sync.Mutex
	id      storage.DriveID
	drive   *ofdtest.Drive
	queue   []confirm
	running bool
	mode    fn.TicketMode    // of Confirm
	held    bool             // Confirm queues only
	gone    bool             // another drive has come: nothing is unsent, no ticket is taken
	fail    map[uint32]error // once, by document
	reads   int              // calls of Documents
	most    int              // most tickets that waited at once
	sent    []uint32         // what Sent was told of
}

type confirm struct {
	number uint32
	ticket []byte
	done   func(error)
}

func serialOf(i int) string { return fmt.Sprintf("%020d", i) }

func newRegister(tb testing.TB, i int) *register {
	return newRegisterWith(tb, serialOf(i), storage.DriveID(i), fmt.Sprintf("9999%012d", i))
}

// newRegisterWith makes a register with a new drive, with two documents.
func newRegisterWith(tb testing.TB, serial string, id storage.DriveID, number string) *register {
	return &register{tb: tb, serial: serial, id: id, drive: ofdtest.NewDrive(tb, number), mode: fn.TicketStrict, fail: make(map[uint32]error)}
}

func (r *register) receipts(n int) *register {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drive.Receipts(n)
	return r
}

func (r *register) Serial() string { return r.serial }
func (r *register) Master() []byte { return []byte(fn.DefaultMaster) }

func (r *register) DriveInfo() (storage.DriveID, [16]byte, ffd.Version) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.id, r.drive.State.Drive, r.drive.State.Registration.FFD
}

func (r *register) Unsent() (first, last uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first = r.drive.State.FirstUnsent; first != 0 && r.gone {
		first = 0
	}
	if first != 0 {
		last = r.drive.State.LastNumber
	}
	return first, last
}

func (r *register) Documents(from uint32, limit int, fn func(uint32, []byte) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	for i, c := range r.drive.Containers[from-1:] {
		if i == limit {
			break
		}
		if err := fn(from+uint32(i), c); err != nil {
			return err
		}
	}
	return nil
}

func (r *register) Confirm(number uint32, ticket []byte, done func(error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, confirm{number, ticket, done})
	r.most = max(r.most, len(r.queue))
	r.start()
}

func (r *register) Sent(number uint32, done func(error)) {
	r.mu.Lock()
	r.sent = append(r.sent, number)
	r.mu.Unlock()
	done(nil)
}

func (r *register) start() {
	if !r.running && !r.held && len(r.queue) > 0 {
		r.running = true
		go r.commit()
	}
}

func (r *register) hold(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = yes
	r.start()
}

func (r *register) failOnce(number uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail[number] = errStore
}

func (r *register) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = true
}

var errGone = errors.New("another drive")

var errStore = errors.New("the store is full")

func (r *register) commit() {
	for {
		r.mu.Lock()
		group := r.queue
		r.queue = nil
		results := make([]error, len(group))
		for i, c := range group {
			if results[i] = r.fail[c.number]; results[i] != nil {
				delete(r.fail, c.number)
				continue
			}
			if r.gone {
				results[i] = errGone
				continue
			}
			results[i] = r.drive.Machine.Apply(&r.drive.State, &fn.Confirm{Container: c.ticket, Mode: r.mode, NextTime: ofdtest.Start},
				ofdtest.Start, &fn.Output{})
		}
		if len(group) == 0 {
			r.running = false
		}
		r.mu.Unlock()
		if len(group) == 0 {
			return
		}
		for i, c := range group {
			c.done(results[i])
		}
	}
}

// requireSent waits until nothing is unsent.
func (r *register) requireSent() {
	r.tb.Helper()
	require.Eventually(r.tb, func() bool { first, _ := r.Unsent(); return first == 0 }, patience, tick, "register %s has unsent documents", r.serial)
}

func (r *register) number() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.drive.Number()
}

func (r *register) documents() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.drive.Containers)
}

var _ sender.Register = (*register)(nil)
