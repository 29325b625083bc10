package kkt

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"kktd/event"
	"kktd/ffd"
	"kktd/storage"
)

// fsckStep is a document or a ticket in the order of the commits.
type fsckStep uint64

func newStep(number uint32, confirmed bool) fsckStep {
	s := fsckStep(number) << 1
	if confirmed {
		s |= 1
	}
	return s
}

func (s fsckStep) number() uint32  { return uint32(s >> 1) }
func (s fsckStep) confirmed() bool { return s&1 != 0 }

// stream follows the events of one FN number through its lives.
type stream struct {
	lives   []*life // that have documents, by id
	current int     // -1 before the first event
	told    uint32  // last document of the current life that was told
	done    uint32  // last one whose ticket was told
	unknown bool    // where it begins: its events are passed over
}

// readEvents deals the events out to the lives of the drives.
func (c *fsck) readEvents() error {
	streams := map[string]*stream{}
	for _, l := range c.order {
		if l.last == 0 || l.owner != nil && l.owner.snapshot != "" {
			continue
		}
		s := streams[l.number]
		if s == nil {
			s = &stream{current: -1}
			streams[l.number] = s
		}
		s.lives = append(s.lives, l)
		s.unknown = s.unknown || l.unknown
		if l.base != nil { // it came in an image: the stream goes on behind that
			s.current, s.told = len(s.lives)-1, l.base.number
			s.done = confirmedBefore(l.base.state.FirstUnsent, l.base.number)
			l.receipts = make([][16]byte, l.base.number)
		}
	}
	var err error
	if c.cuts, err = Cuts(c.store); err != nil {
		return err
	}
	next := uint64(1)
	return c.store.Events(0, 0, func(number uint64, raw []byte) error {
		c.sum.Events++
		if number != next {
			c.found(Difference{What: fmt.Sprintf("events %d to %d are missing", next, number-1), Do: doRestore})
		}
		next = number + 1
		e, err := event.Parse(number, raw)
		if err != nil {
			c.found(Difference{What: err.Error(), Do: doRestore})
			return nil
		}
		if e.Kind == event.WarningOn || e.Kind == event.WarningOff {
			c.warned.follow(&e)
		}
		if e.Kind == event.RegisterDeleted || e.Kind == event.RegisterReset {
			delete(c.warned, e.Register) // another one may have its serial number now
		}
		if e.Kind != event.Document && e.Kind != event.Confirmed && e.Kind != event.Sent {
			return nil
		}
		if number < c.cuts[strings.TrimSpace(e.Drive)] {
			return nil
		}
		s := streams[strings.TrimSpace(e.Drive)]
		if s != nil && s.unknown {
			return nil
		}
		if s == nil || len(s.lives) == 0 {
			c.found(Difference{Register: e.Register, Drive: e.Drive, Document: e.Document,
				What: fmt.Sprintf("event %d tells of a document of a drive that is not stored", number), Do: doRestore})
			return nil
		}
		c.follow(s, &e)
		return nil
	})
}

func (c *fsck) follow(s *stream, e *event.Event) {
	if e.Kind == event.Document && e.Document == 1 && s.current+1 < len(s.lives) {
		s.current, s.told, s.done = s.current+1, 0, 0
	}
	s.current = max(s.current, 0)
	l := s.lives[s.current]
	if l.owner != nil && e.Register != l.owner.Serial {
		c.tell(l, e.Document, fmt.Sprintf("register in event %d", e.Number), l.owner.Serial, e.Register, doRestore)
	}
	switch e.Kind {
	case event.Confirmed:
		// An older program did not tell what it sent.
		if l.sent != 0 && e.Document > l.sent {
			c.tell(l, e.Document, fmt.Sprintf("event %d tells of its ticket, and none tells that it was sent", e.Number), "", "", doRestore)
		}
		s.done = e.Document
		l.steps = append(l.steps, newStep(e.Document, true))
		return
	case event.Sent:
		if e.Document <= max(l.sent, s.done) || e.Document > s.told {
			c.tell(l, e.Document, fmt.Sprintf("event %d tells that it was sent", e.Number),
				fmt.Sprintf("a document from %d to %d", max(l.sent, s.done)+1, s.told), fmt.Sprint("document ", e.Document), doRestore)
		}
		l.sent = e.Document
		return
	}
	switch {
	case e.Document <= s.told:
		c.tell(l, e.Document, fmt.Sprintf("event %d tells of the document again", e.Number), "", "", doRestore)
		return
	case e.Document != s.told+1:
		c.tell(l, e.Document, fmt.Sprintf("event %d tells of the document too early", e.Number), fmt.Sprint("document ", s.told+1),
			fmt.Sprint("document ", e.Document), doRestore)
	}
	for s.told < e.Document {
		s.told++
		if s.told <= l.last {
			l.steps = append(l.steps, newStep(s.told, false))
			l.receipts = append(l.receipts, [16]byte{})
		}
	}
	if e.Document > l.last {
		c.tell(l, e.Document, fmt.Sprintf("event %d tells of the document, which is not stored", e.Number), "", "", doRestore)
		return
	}
	if e.Receipt == "" || c.ids == nil {
		return
	}
	key, err := c.ids.parse(e.Receipt)
	if err != nil {
		c.tell(l, e.Document, fmt.Sprintf("event %d: %v", e.Number, err), "", "", doRestore)
		return
	}
	l.receipts[e.Document-1] = key
}

// checkPasts compares the settings that registers had with their registration
// reports.
func (c *fsck) checkPasts() error {
	for _, r := range c.owners() {
		c.checkPast(r)
	}
	return nil
}

func (c *fsck) checkPast(r *fsckRegister) {
	reports := map[storage.DriveID]map[uint32]bool{} // of which the settings before them are kept
	for i, past := range r.Past {
		l := c.lives[past.Drive]
		switch {
		case l == nil || l.owner != r:
			c.found(Difference{Register: r.name(), DriveID: past.Drive, What: fmt.Sprintf("settings of the past, number %d, name a drive that is not the register's", i+1), Do: doRestore})
			continue
		case past.Last > l.last || i > 0 && r.Past[i-1].Drive == past.Drive && past.Last <= r.Past[i-1].Last:
			c.tell(l, past.Last, fmt.Sprintf("settings of the past, number %d, end there", i+1), fmt.Sprintf("in order, up to document %d", l.last), fmt.Sprint(past.Last), doRestore)
			continue
		}
		if reports[l.id] == nil {
			reports[l.id] = map[uint32]bool{} // nameDrive has looked at the number in its first settings
		} else if number := past.Settings.DriveNumber; number != l.number {
			c.tell(l, past.Last, fmt.Sprintf("number of the drive in the settings of the past, number %d", i+1), l.number, number, doRestore)
		}
		reports[l.id][past.Last+1] = true
		if int(past.Last) < len(l.forms) && ffd.Form(l.forms[past.Last]) != ffd.FormReregistration {
			c.tell(l, past.Last+1, "settings were replaced before it: its form", fmt.Sprint(byte(ffd.FormReregistration)), fmt.Sprint(l.forms[past.Last]), doRestore)
		}
	}
	for _, d := range r.Drives {
		l := c.lives[d]
		if l == nil || l.owner != r {
			continue
		}
		if d == r.Drive() && reports[d] != nil && r.DriveNumber != l.number {
			c.tell(l, 0, "number of the drive in the settings of the register", l.number, r.DriveNumber, doRestore)
		}
		for i, form := range l.forms {
			if number := uint32(i + 1); i > 0 && ffd.Form(form) == ffd.FormReregistration && !reports[d][number] {
				c.tell(l, number, "the settings that the change of registration replaced are not kept", "", "", doRestore)
			}
		}
	}
}

// Cuts gives the FN numbers whose documents have gone, or have come in an image, with
// the number of the last event that tells of it: what the stream says of the drive
// before that is of documents that are not there any more, or not any more as they
// were.
func Cuts(store storage.Store) (map[string]uint64, error) {
	cuts := map[string]uint64{}
	var prefixes [][]byte
	for _, kind := range [...]event.Kind{event.RegisterDeleted, event.RegisterReset, event.RegisterRestored, event.RegisterImported} {
		prefixes = append(prefixes, []byte(`{"kind":"`+kind+`"`))
	}
	err := store.Events(0, 0, func(number uint64, raw []byte) error {
		if !slices.ContainsFunc(prefixes, func(p []byte) bool { return bytes.HasPrefix(raw, p) }) {
			return nil
		}
		if e, err := event.Parse(number, raw); err == nil { // else it is told of with the others
			cuts[strings.TrimSpace(e.Drive)] = number
		}
		return nil
	})
	return cuts, err
}
