package kkt

import (
	"bytes"
	"encoding/binary"
	"slices"

	"kktd/event"
	"kktd/outbox"
	"kktd/storage"
)

// part is what goes with one register, or with several in one step.
type part struct {
	receipts  map[[16]byte]bool // keys
	queued    [][16]byte        // those that were taken out of the waiting ones
	documents uint32
	change    storage.Change
}

func (p *part) drop(kind storage.Kind, key []byte) {
	p.change.Records = append(p.change.Records, storage.Record{Kind: kind, Key: key})
}

// gathering finds what goes with registers, in one pass over the store.
type gathering struct {
	f     *Fleet
	parts map[string]*part // by serial number
	// halted are registers whose goroutine stands still: what waits in their queues is
	// in nobody's hands.
	halted []*Register
	kept   map[[16]byte]bool // receipts that stay, with their answers and entries in the outbox
	// forgotten ends the forgetting of entries in the outbox; nil: it did not begin.
	forgotten func()
}

func newGathering(f *Fleet) *gathering { return &gathering{f: f, parts: map[string]*part{}} }

// end must be called once what was gathered is stored or given up.
func (g *gathering) end() {
	if g.forgotten != nil {
		g.forgotten()
	}
}

// gather fills the parts. The registers do nothing meanwhile. kind is the event that
// tells of it; "": the caller tells.
func (g *gathering) gather(list []*Register, kind event.Kind) error {
	f, since := g.f, uint64(1<<64-1)
	for _, r := range list {
		p, part := r.profile.Load(), g.parts[r.Serial()]
		since = min(since, p.since)
		for _, id := range p.Drives {
			last, err := f.store.LastDocument(id)
			if err != nil {
				return err
			}
			part.documents += last
			part.drop(kindSent, driveKeyOf(id))
			part.drop(kindBase, baseKey(keyBase, id))
			if err := g.keys(kindPrinted, driveKeyOf(id), nil, func(key, _ []byte) { part.drop(kindPrinted, key) }); err != nil {
				return err
			}
		}
		part.change.Forget = append(part.change.Forget, p.Drives...)
		part.drop(kindClock, clockKey(p.Serial))
		if kind != "" {
			g.tell(part, p, kind)
		}
	}
	for _, step := range []func() error{
		func() error { return g.findReceipts(since) },
		g.findAnswers,
		g.findEntries,
		g.putFloor,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// tell appends the events, one for each FN number.
func (g *gathering) tell(part *part, p *profile, kind event.Kind) {
	told := map[string]bool{}
	say := func(number string) {
		if !told[number] {
			told[number] = true
			e := event.Event{Kind: kind, Time: g.f.clock.Now().UnixMilli(), Register: p.Serial, Drive: number}
			part.change.Events = append(part.change.Events, e.Append(nil))
		}
	}
	for i := range p.past {
		say(p.past[i].Settings.DriveNumber)
	}
	say(p.DriveNumber)
}

func driveKeyOf(id storage.DriveID) []byte { return binary.BigEndian.AppendUint64(nil, uint64(id)) }

// keys calls each for records of a kind, the key copied, in one read of the store.
func (g *gathering) keys(kind storage.Kind, prefix, after []byte, each func(key, value []byte)) error {
	return g.f.store.Records(kind, prefix, after, 0, func(key, value []byte) error {
		each(bytes.Clone(key), value)
		return nil
	})
}

// findReceipts finds the receipts that the registers made or failed to make, and
// those that wait at them. A waiting one may be in the hands of another register,
// which then has it: that is waited for. One that nobody holds and that does not wait,
// because what it is made of cannot be read, goes as well.
func (g *gathering) findReceipts(since uint64) error {
	f, queued := g.f, map[[16]byte]bool{}
	after := receiptKey(1<<64-1, since)
	for {
		var busy bool
		for _, p := range g.parts {
			p.receipts = nil
		}
		err := f.store.Records(kindReceipt, nil, after[:], 0, func(key, value []byte) error {
			status, serial := peekReceipt(value)
			p := g.parts[string(serial)]
			if p == nil || len(key) != 16 || g.kept[[16]byte(key)] {
				return nil
			}
			if p.receipts == nil {
				p.receipts = map[[16]byte]bool{}
			}
			at := [16]byte(key)
			p.receipts[at] = true
			switch {
			case Status(status) != Queued || queued[at]:
			case f.delayed.take(at) || g.pull(at):
				queued[at] = true
				p.queued = append(p.queued, at)
			default:
				busy = true
			}
			return nil
		})
		if err != nil {
			return err
		}
		if !busy {
			break
		}
		for _, other := range f.Registers() {
			if !slices.Contains(g.halted, other) {
				other.drain()
			}
		}
	}
	g.each(func(p *part) {
		for key := range p.receipts {
			for _, kind := range [...]storage.Kind{kindReceipt, kindDelayed, kindMessage} {
				p.drop(kind, key[:])
			}
			p.drop(kindMeta, append([]byte(replayPrefix), key[:]...))
		}
	})
	return nil
}

// each calls do once for each part: registers that go in one step share theirs.
func (g *gathering) each(do func(*part)) {
	done := make(map[*part]bool, len(g.parts))
	for _, p := range g.parts {
		if !done[p] {
			done[p] = true
			do(p)
		}
	}
}

// pull takes a receipt out of the queue of a halted register.
func (g *gathering) pull(key [16]byte) bool {
	return slices.ContainsFunc(g.halted, func(r *Register) bool { return r.pull(key) })
}

func (r *Register) pull(key [16]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.queue, func(j job) bool {
		d, ok := j.(*delayedJob)
		return ok && d.key == key
	})
	if i < 0 {
		return false
	}
	r.queue = slices.Delete(r.queue, i, i+1)
	r.urgent--
	r.fleet.delayed.release(key)
	r.fleet.leave(1)
	return true
}

// peekReceipt reads status and register of a stored receipt, nothing else. They live
// as long as value.
func peekReceipt(value []byte) (status, register []byte) {
	if len(value) == 0 {
		return nil, nil
	}
	r := recordReader{b: value[1:]}
	return r.bytes(), r.bytes()
}

// take takes a receipt out of those that wait; false when it is in the hands of a
// register.
func (d *delayed) take(key [16]byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if timer, due := d.timers[key]; due {
		timer.stop()
		delete(d.timers, key)
	}
	delete(d.waiting, key)
	return !d.held[key]
}

// findAnswers finds the stored answers of the receipts.
func (g *gathering) findAnswers() error {
	of := map[[16]byte]*part{}
	g.each(func(p *part) {
		for key := range p.receipts {
			of[key] = p
		}
	})
	if len(of) == 0 {
		return nil
	}
	return g.f.store.Records(kindAnswer, nil, nil, 0, func(key, value []byte) error {
		_, id, _, err := parseAnswer(value)
		if err != nil {
			return nil // it stays for fsck to tell of
		}
		if receipt, err := g.f.ids.parse(id); err == nil {
			if p := of[receipt]; p != nil {
				p.drop(kindAnswer, bytes.Clone(key))
			}
		}
		return nil
	})
}

// findEntries finds what the outbox has of the registers.
func (g *gathering) findEntries() error {
	box := g.f.outbox
	if box == nil {
		return nil
	}
	floor, done, err := box.Forget(func(e *outbox.Entry) *[]storage.Record {
		p := g.parts[e.Register]
		if p == nil {
			return nil
		}
		if key, err := g.f.ids.parse(e.Receipt); err == nil && g.kept[key] {
			return nil
		}
		return &p.change.Records
	})
	g.forgotten = done
	if floor != nil {
		g.each(func(p *part) { p.change.Records = append(p.change.Records, *floor) })
	}
	return err
}
