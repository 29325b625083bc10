package sender

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
)

const (
	batchDocuments = 64        // read ahead at once
	batchBytes     = 256 << 10 // ends a batch of long documents early
	// quantum is how many documents a worker sends for one register while others wait.
	quantum = 1024
)

// worker serves one queue with one connection at a time.
type worker struct {
	s *Sender
	q *queue

	register Register
	version  ffd.Version
	machine  *fn.Machine // checks tickets

	line        line
	oneEach     bool // the peer closes after an answer
	batch       []document
	batchBuffer []byte
}

type document struct {
	number     uint32
	start, end int // in batchBuffer
}

// serve sends until nothing is left; nil then, and when ctx ends. Any error but errYield is a reason to back off.
func (w *worker) serve(ctx context.Context) error {
	w.oneEach = w.s.o.OneConnPerDocument
	for sent := 0; ; {
		if ctx.Err() != nil {
			return nil
		}
		if err := w.begin(); err != nil {
			return err
		}
		first, last := w.register.Unsent()
		next := w.cursor(first, last)
		if next == 0 {
			if !w.linger(ctx) {
				return nil
			}
			continue
		}
		if err := w.read(next, last); err != nil {
			return err
		}
		for _, d := range w.batch {
			if ok, err := w.room(ctx); !ok {
				return err
			}
			if err := w.send(ctx, d); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
			sent++
		}
		if sent >= quantum && w.s.othersWait() {
			return errYield
		}
	}
}

// begin takes up what Wake brought. The error is that of a Confirm.
func (w *worker) begin() error {
	w.s.mu.Lock()
	w.q.woken = false
	w.register = w.q.register
	failed := w.q.failed
	w.s.mu.Unlock()
	if failed != nil {
		return failed
	}
	id, number, version := w.register.DriveInfo()
	if id != w.q.drive || number != w.q.number {
		return fmt.Errorf("%w: it has drive %d (%s) in place of %d (%s)", ErrDocument, id, ofdproto.DriveString(number), w.q.drive,
			ofdproto.DriveString(w.q.number))
	}
	w.version = version
	if w.machine == nil {
		w.machine = fn.NewMachine(w.register.Master(), number)
	}
	return nil
}

// cursor is the document to send next, 0 when there is none. Those before it have their tickets queued.
func (w *worker) cursor(first, last uint32) uint32 {
	if w.q.next < first {
		w.q.next = first
	}
	if first == 0 || w.q.next > last {
		return 0
	}
	return w.q.next
}

// linger keeps the connection for a moment in case that more comes; it reports whether to look again.
func (w *worker) linger(ctx context.Context) bool {
	if w.s.o.Linger < 0 || w.oneEach || !w.line.open() {
		return false
	}
	select {
	case <-w.q.poke:
		return true
	default:
	}
	if w.s.othersWait() {
		return false
	}
	limit := clock.Real().NewTimer(w.s.o.Linger)
	defer limit.Stop()
	select {
	case <-w.q.poke:
		return true
	case <-limit.Chan():
	case <-w.s.spare:
	case <-ctx.Done():
	}
	return false
}

// errBatch ends the reading of a batch.
var errBatch = errors.New("sender: batch is full")

// read copies the next documents out of the register.
func (w *worker) read(next, last uint32) error {
	w.batch, w.batchBuffer = w.batch[:0], w.batchBuffer[:0]
	limit := int(min(last-next+1, batchDocuments))
	err := w.register.Documents(next, limit, func(number uint32, container []byte) error {
		if number != next+uint32(len(w.batch)) {
			return fmt.Errorf("%w: document %d came as %d", ErrDocument, next+uint32(len(w.batch)), number)
		}
		start := len(w.batchBuffer)
		w.batchBuffer = append(w.batchBuffer, container...)
		w.batch = append(w.batch, document{number, start, len(w.batchBuffer)})
		if len(w.batchBuffer) >= batchBytes {
			return errBatch
		}
		return nil
	})
	if err != nil && err != errBatch {
		return fmt.Errorf("read documents from %d: %w", next, err)
	}
	if len(w.batch) == 0 {
		return fmt.Errorf("%w: %d is in the unsent range", ErrDocument, next)
	}
	return nil
}

// room waits until another ticket may be queued; false when it never may: ctx ended, or a Confirm failed.
func (w *worker) room(ctx context.Context) (bool, error) {
	for {
		w.s.mu.Lock()
		full, failed := w.q.inFlight >= w.s.o.MaxInFlight, w.q.failed
		w.s.mu.Unlock()
		if failed != nil || !full {
			return failed == nil, failed
		}
		select {
		case <-w.q.poke:
		case <-ctx.Done():
			return false, nil
		}
	}
}

// send brings one document to the OFD and queues its ticket.
func (w *worker) send(ctx context.Context, d document) error {
	container := w.batchBuffer[d.start:d.end]
	if err := w.check(d.number, container); err != nil {
		return err
	}
	began := time.Now()
	ticket, err := w.exchange(ctx, d.number, container)
	if err != nil {
		return err
	}
	t, err := w.machine.CheckTicket(w.q.number, d.number, w.s.o.Mode, ticket)
	if err != nil {
		return err
	}
	w.q.next, w.q.told = d.number+1, max(w.q.told, d.number)
	w.s.o.Watcher.Answered(time.Since(began), t.Code)
	w.s.noticed(odditiesOf(d.number, ticket, &t))
	w.taken(d.number, &t)
	w.register.Confirm(d.number, ticket, func(err error) { w.s.confirmed(w.q, d.number, err) })
	if w.oneEach {
		w.hangUp()
	}
	return nil
}

// taken notes a good ticket. What the operator says of the documents is logged when it changes.
func (w *worker) taken(number uint32, t *ffd.Confirmation) {
	w.s.mu.Lock()
	w.q.inFlight++
	st := &w.q.state
	kktMessage := hex.EncodeToString(t.KKTMessage)
	changed := st.LastCode != t.Code || st.LastMessage != t.Message || st.LastKKTMessage != kktMessage
	st.LastError, st.LastCode, st.LastMessage, st.LastKKTMessage = nil, t.Code, t.Message, kktMessage
	if t.Code != ffd.OFDAccepted {
		st.Refused++
	}
	w.s.mu.Unlock()
	if !changed {
		return
	}
	log := w.s.o.Log.WithFields(map[string]any{"register": w.q.serial, "drive": ofdproto.DriveString(w.q.number), "document": number,
		"code": t.Code, "message": fmt.Sprintf("%02Xh", t.Message)})
	if kktMessage != "" {
		log = log.WithField("kkt_message", kktMessage)
	}
	switch {
	case t.Code != ffd.OFDAccepted:
		log.Warn("the OFD has the document and refuses it: tag 1022 is not 0; it is not sent again")
	case t.Message != 0:
		log.Warn("the OFD has a message for the register in tag 1206")
	case kktMessage != "":
		log.Warn("the OFD has a message for the register in tag 1067")
	default:
		log.Info("the OFD takes documents without a remark again")
	}
}

// check proves that the container is the document of this drive.
func (w *worker) check(number uint32, container []byte) error {
	c, err := ofdproto.ParseContainer(container)
	if err != nil {
		return fmt.Errorf("%w: document %d: %w", ErrDocument, number, err)
	}
	drive, _ := ofdproto.UnpackDrive(c.Drive)
	if n, _ := c.DocumentNumber(); drive != w.q.number || n != number {
		return fmt.Errorf("%w: document %d of drive %s in place of %d of %s", ErrDocument, n, ofdproto.DriveString(drive),
			number, ofdproto.DriveString(w.q.number))
	}
	return nil
}

// exchange sends the container and gives the container of the answer, which belongs to the caller.
func (w *worker) exchange(ctx context.Context, number uint32, container []byte) ([]byte, error) {
	for {
		used := w.line.open()
		if !used {
			if err := w.dial(ctx); err != nil {
				return nil, err
			}
		}
		w.count(number)
		ticket, err := w.line.exchange(w.q.number, ofdproto.PVersion(byte(w.version)), container, time.Now().Add(w.s.o.AnswerTimeout), w.late(number))
		if err == nil {
			return ticket, nil
		}
		answers := w.line.answers
		w.hangUp()
		if !used || !errors.Is(err, errClosedByPeer) {
			if w.line.written {
				w.sent(number)
			}
			return nil, err
		}
		w.oneEach = w.oneEach || answers == 1
	}
}

// late is what to do when an answer does not come at once; nil when the register knows already that the document was sent.
func (w *worker) late(number uint32) func() {
	if number <= w.q.told {
		return nil
	}
	return func() { w.sent(number) }
}

// sent tells the register that a document went out, unless it knows.
func (w *worker) sent(number uint32) {
	if number <= w.q.told {
		return
	}
	w.q.told = number
	w.s.mu.Lock()
	w.q.inFlight++
	w.s.mu.Unlock()
	w.register.Sent(number, func(error) { w.s.noted(w.q) })
}

func (w *worker) dial(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, min(w.s.o.AnswerTimeout, maxDialTime))
	defer cancel()
	c, err := w.s.o.Dial(within, "tcp", w.s.o.Addr)
	if err != nil {
		return &AnswerError{ReasonUnreachable, fmt.Errorf("%w; is the OFD running at %s?", err, w.s.o.Addr)}
	}
	w.line.take(ctx, c)
	w.connected(true)
	return nil
}

func (w *worker) hangUp() {
	if w.line.open() {
		w.line.close()
		w.connected(false)
	}
}

func (w *worker) connected(yes bool) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.q.state.Connected = yes
}

// count counts a document that is about to be written.
func (w *worker) count(number uint32) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.q.state.Sent++
	again := number <= w.q.highest
	if again {
		w.q.state.Resent++
	}
	w.s.o.Watcher.Sending(again)
	w.q.highest = max(w.q.highest, number)
}
