package diagnosis

import (
	"errors"
	"fmt"
	"time"

	"kktd/clock"
	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/outbox"
)

// System is what the body of the daemon knows of itself.
type System struct {
	Clock   *clock.Business
	OFDAddr string // of an outside OFD
	Faults  *fault.Set
	PID     int
	// Path is the data file, empty for memory. Disk tells its size and the room on
	// its disk, in bytes.
	Path string
	Disk func(path string) (size, free uint64, err error)
}

// Checkup is how the daemon fares.
type Checkup struct {
	Language string   `json:"language"`
	Level    Level    `json:"level"` // the worst of the items
	Items    []Remark `json:"items"`
}

// Room on the disk that is too little, in bytes.
const (
	diskLow  = 1 << 30
	diskFull = 64 << 20
)

// Limits of what a check-up names one by one: the rest is in lists of its own.
const maxNamed = 20

// checking is a check-up in the making.
type checking struct {
	*Doctor
	lang  ffd.Lang
	items []Remark
	named map[Code]int
}

// Checkup looks at everything.
func (d *Doctor) Checkup(lang ffd.Lang) (*Checkup, error) {
	c := &checking{Doctor: d, lang: lang, named: map[Code]int{}}
	c.add("daemon", DaemonReady, d.o.System.PID)
	c.clocks()
	c.registers()
	c.unsent()
	c.ofd()
	if err := c.outbox(); err != nil {
		return nil, err
	}
	c.disk()
	c.faults()
	c.refusals()
	up := &Checkup{Language: lang.String(), Level: OK, Items: c.items}
	for i := range c.items {
		if c.items[i].Level.worse(up.Level) {
			up.Level = c.items[i].Level
		}
	}
	return up, nil
}

// add makes a line, unless there are many of the kind already.
func (c *checking) add(about string, code Code, args ...any) {
	if c.named[code]++; c.named[code] <= maxNamed {
		c.items = append(c.items, say(c.lang, about, code, args...))
	}
}

func (c *checking) clocks() {
	own := func(name string, b *clock.Business) bool {
		s := b.Setting()
		if s.Mode == clock.Following {
			return false
		}
		c.add("clock", ClockOwn, name, b.Now().UTC().Format(time.RFC3339), s.Mode)
		return true
	}
	if b := c.o.System.Clock; b != nil && !own("kktd", b) {
		c.add("clock", ClockReal, b.Now().UTC().Format(time.RFC3339))
	}
	for _, r := range c.o.Fleet.Registers() {
		if r.HasOwnClock() {
			own(r.Serial(), r.Clock())
		}
	}
}

func (c *checking) registers() {
	list, able := c.o.Fleet.Registers(), 0
	for _, r := range list {
		state, err := r.State()
		if err != nil {
			c.add("registers", RegisterBroken, r.Serial(), err)
			continue
		}
		if err := state.Able(r.Now()); err != nil {
			text := err.Error()
			if refusal := (*fn.Refusal)(nil); errors.As(err, &refusal) && c.lang == ffd.Russian {
				text = refusal.Russian()
			}
			c.add("registers", ReceiptsRefused, r.Serial(), text)
		} else {
			able++
		}
		for _, w := range r.Warnings() {
			t := w.Kind.Text()
			c.add("registers", RegisterWarns, r.Serial(), pick(c.lang, t.What, t.WhatRu), pick(c.lang, t.Do, t.DoRu))
		}
	}
	switch {
	case len(list) == 0:
		c.add("registers", RegistersMissing)
	case able == len(list):
		c.add("registers", RegistersGood, able)
	}
}

// oldUnsent is the age of a document at which its drive warns (spec/fn.md 3).
const oldUnsent = 48 * time.Hour

func (c *checking) unsent() {
	count, oldest, serial := uint64(0), time.Duration(-1), ""
	for _, r := range c.o.Fleet.Registers() {
		state, err := r.State()
		if err != nil || state.FirstUnsent == 0 || r.Settings().Offline {
			continue
		}
		count += uint64(state.Unsent())
		if age := time.Duration(int64(r.Now())-int64(state.FirstUnsentTime)) * time.Second; age > oldest {
			oldest, serial = age, r.Serial()
		}
	}
	switch {
	case count == 0:
		c.add("unsent", UnsentNone)
	case oldest >= oldUnsent:
		c.add("unsent", UnsentOld, count, oldest, serial)
	default:
		c.add("unsent", UnsentSome, count, max(oldest, 0), serial)
	}
}

func (c *checking) ofd() {
	if c.o.NoOFD {
		c.add("ofd", OFDAway)
		return
	}
	good, failing := 0, 0
	for _, r := range c.o.Fleet.Registers() {
		for _, x := range append([]*kkt.Register{r}, r.Outgoing()...) {
			s, ok := c.o.Sender(x.Serial(), x.Settings().Drive())
			switch {
			case ok && s.LastError != nil:
				failing++
				c.add("ofd", SenderFails, x.Serial(), s.Attempts, s.LastReason, s.LastError)
			case ok:
				good++
			}
		}
	}
	if failing == 0 {
		c.add("ofd", SenderGood, good)
	}
	if c.o.OFD == nil {
		c.add("ofd", OFDOutside, c.o.System.OFDAddr)
		return
	}
	counters, bad := c.o.OFD.Counters(), uint64(0)
	c.add("ofd", OFDGood, counters.Documents, counters.Findings)
	for _, n := range counters.BadFrames {
		bad += n
	}
	if bad > 0 {
		c.add("ofd", OFDBadFrames, bad)
	}
}

func (c *checking) outbox() error {
	if c.o.Outbox == nil {
		return nil
	}
	waiting, failing, given, last := 0, 0, 0, [3]string{}
	err := c.o.Outbox.List(0, func(e *outbox.Entry, s *outbox.Status) (bool, error) {
		failed := len(s.Last) > 0 && s.Last[len(s.Last)-1].Error != ""
		switch {
		case s.State == outbox.Failed:
			given++
		case s.State == outbox.Waiting && failed:
			failing++
		case s.State == outbox.Waiting:
			waiting++
		}
		if failed && s.State != outbox.Delivered {
			last = [3]string{e.Type, outbox.Redacted(e.Address), s.Last[len(s.Last)-1].Error}
		}
		return true, nil
	})
	if failing+given > 0 {
		c.add("notifications", OutboxFails, failing, given, last[0], last[1], last[2])
	} else {
		c.add("notifications", OutboxGood, waiting)
	}
	return err
}

func (c *checking) disk() {
	s := &c.o.System
	if s.Path == "" {
		c.add("disk", DiskMemory)
		return
	}
	size, free, err := s.Disk(s.Path)
	switch {
	case err != nil:
		c.add("disk", DiskUnknown, s.Path, err)
	case free < diskFull:
		c.add("disk", DiskFull, s.Path, bytesText(size), bytesText(free))
	case free < diskLow:
		c.add("disk", DiskLow, s.Path, bytesText(size), bytesText(free))
	default:
		c.add("disk", DiskGood, s.Path, bytesText(size), bytesText(free))
	}
}

// bytesText is a size in megabytes, or in kilobytes when it is small.
func bytesText(n uint64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d MB", n>>20)
}

func (c *checking) faults() {
	if c.o.System.Faults == nil {
		return
	}
	list := c.o.System.Faults.List()
	for i := range list {
		c.add("faults", FaultsSome, list[i].Fault, list[i].Fired)
	}
	if len(list) == 0 {
		c.add("faults", FaultsNone)
	}
}

func (c *checking) refusals() {
	n := c.o.Refusals.Last()
	if n == 0 {
		c.add("requests", RefusalsNone)
		return
	}
	_ = c.o.Refusals.List(n-1, func(r *Refusal) error {
		c.add("requests", RefusalsSome, n, r.Code, r.Message)
		return nil
	})
}
