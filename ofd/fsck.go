package ofd

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/storage"
)

// Difference is one thing in the server's namespace that is not as it must be.
type Difference struct {
	Drive    string // FN number, "" when it cannot be told
	Number   uint32 // of the document, 0 none
	What     string
	Expected string
	Found    string
}

// Summary counts what Fsck looked at.
type Summary struct {
	Drives    int `json:"drives"`
	Epochs    int `json:"epochs"`
	Documents int `json:"documents"`
}

// Registers gives what the registers beside a server made under a number: one container for each life of the drive that has
// the number. known tells that they have or had the drive.
type Registers func(drive string, number uint32) (containers [][]byte, known bool, err error)

// Fsck goes through what a server keeps in its namespace and calls found for each difference: every record decodes, every document
// carries the drive and the number that it is stored for and is in the index of its drive once, and in each epoch the documents came
// in the order of their numbers, except where the server saw that they did not and said so in a finding. Where the registers beside the
// server know the drive, the document is one that they made. The error is one of the store.
func Fsck(store storage.Store, registers Registers, found func(Difference)) (Summary, error) {
	c := checker{server: &Server{o: Options{Store: store}}, registers: registers, found: found,
		epochs: map[uint64]*epochState{}, index: map[uint64]indexed{}}
	_, _, err := store.LastRecord(kindOldDocument, nil)
	switch {
	case err == nil:
		found(Difference{What: "documents in the first layout, which are not looked at; the next start of the daemon brings them into the present one"})
		return c.sum, nil
	case !errors.Is(err, storage.ErrNotFound):
		return c.sum, err
	}
	for _, step := range []func() error{c.readHeads, c.readDocuments, c.rest} {
		if err := step(); err != nil {
			return c.sum, err
		}
	}
	return c.sum, nil
}

type checker struct {
	server    *Server // reads the index
	registers Registers
	found     func(Difference)
	sum       Summary
	epochs    map[uint64]*epochState
	index     map[uint64]indexed // by id, without those that were found
}

type epochState struct {
	drive string
	last  uint32 // greatest number so far, in the order of arrival
}

type indexed struct {
	epoch  uint64
	number uint32
}

// readHeads reads the drives, their epochs and the index of each.
func (c *checker) readHeads() error {
	type drive struct {
		number string
		head   head
	}
	var drives []drive
	err := c.server.o.Store.Records(kindDrive, nil, nil, 0, func(key, value []byte) error {
		c.sum.Drives++
		d := drive{number: ofdproto.DriveString(ffd.Pad[[ofdproto.DriveLen]byte](key))}
		var err error
		if d.head, err = parseHead(value); err != nil || len(key) != ofdproto.DriveLen {
			c.found(Difference{Drive: d.number, What: fmt.Sprintf("head of the drive: %v", err)})
			return nil
		}
		if !slices.IsSorted(d.head.epochs) {
			c.found(Difference{Drive: d.number, What: "epochs of the drive", Expected: "ascending", Found: fmt.Sprint(d.head.epochs)})
		}
		drives = append(drives, d)
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range drives {
		for _, e := range d.head.epochs {
			if err := c.readEpoch(d.number, &d.head, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) readEpoch(drive string, h *head, epoch uint64) error {
	c.sum.Epochs++
	if other := c.epochs[epoch]; other != nil {
		c.found(Difference{Drive: drive, What: fmt.Sprintf("epoch %d belongs to drive %s too", epoch, other.drive)})
		return nil
	}
	c.epochs[epoch] = &epochState{drive: drive}
	v, err := c.server.o.Store.Record(kindEpoch, documentKey(nil, epoch))
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if got := string(bytes.TrimRight(v, " ")); got != drive {
		c.found(Difference{Drive: drive, What: fmt.Sprintf("record of epoch %d", epoch), Expected: drive, Found: fmt.Sprintf("%q", got)})
	}
	var tail []entry
	if epoch == h.epoch() {
		tail = h.tail
	}
	entries, err := c.server.list(epoch, tail, 1, 0)
	if errors.Is(err, errRecord) {
		c.found(Difference{Drive: drive, What: fmt.Sprintf("index of epoch %d: %v", epoch, err)})
		return nil
	}
	last := uint32(0)
	for _, e := range entries {
		last = e.number
		if _, twice := c.index[e.id]; twice {
			c.found(Difference{Drive: drive, Number: e.number, What: fmt.Sprintf("record %d stands twice in the index", e.id)})
		}
		c.index[e.id] = indexed{epoch, e.number}
	}
	if epoch == h.epoch() && last != h.last {
		c.found(Difference{Drive: drive, What: "greatest number in the head of the drive", Expected: fmt.Sprint(last), Found: fmt.Sprint(h.last)})
	}
	return err
}

// fsckPage is how many records are read at once, so that registers may use the store.
const fsckPage = 256

func (c *checker) readDocuments() error {
	type pair struct{ key, value []byte }
	for after := []byte(nil); ; {
		var page []pair
		err := c.server.o.Store.Records(kindDocument, nil, after, fsckPage, func(key, value []byte) error {
			page = append(page, pair{bytes.Clone(key), bytes.Clone(value)})
			return nil
		})
		if err != nil {
			return err
		}
		for _, p := range page {
			if err := c.document(p.key, p.value); err != nil {
				return err
			}
		}
		if len(page) < fsckPage {
			return nil
		}
		after = page[len(page)-1].key
	}
}

func (c *checker) document(key, value []byte) error {
	c.sum.Documents++
	id, err := parseSequence(key)
	var d Document
	if err == nil {
		d, err = parseRecord(value)
	}
	if err != nil {
		c.found(Difference{What: fmt.Sprintf("record %X: %v", key, err)})
		return nil
	}
	tell := func(what, expected, found string) {
		c.found(Difference{Drive: d.DriveNumber(), Number: d.Number, What: what, Expected: expected, Found: found})
	}
	if at, ok := c.index[id]; !ok {
		tell(fmt.Sprintf("record %d is not in the index of its drive", id), "", "")
	} else if want := (indexed{d.Epoch, d.Number}); at != want {
		tell(fmt.Sprintf("record %d in the index", id), fmt.Sprintf("epoch %d, document %d", want.epoch, want.number), fmt.Sprintf("epoch %d, document %d", at.epoch, at.number))
	}
	delete(c.index, id)
	switch e := c.epochs[d.Epoch]; {
	case e == nil:
		tell(fmt.Sprintf("epoch %d belongs to no drive", d.Epoch), "", "")
	case e.drive != d.DriveNumber():
		tell(fmt.Sprintf("drive of epoch %d", d.Epoch), e.drive, d.DriveNumber())
	default:
		e.follow(&d, tell)
	}
	box, err := ofdproto.ParseContainer(d.Container)
	if err != nil {
		tell(err.Error(), "", "")
		return nil
	}
	number, _ := ofdproto.UnpackDrive(box.Drive)
	if got := ofdproto.DriveString(number); got != d.DriveNumber() {
		tell("drive in the container", d.DriveNumber(), got)
	}
	if n, _ := box.DocumentNumber(); n != d.Number {
		tell("number in the container", fmt.Sprint(d.Number), fmt.Sprint(n))
	}
	if len(d.Ticket) == 0 {
		tell("the document has no ticket", "", "")
	}
	return c.compare(&d, tell)
}

// follow looks at the order in which the documents of an epoch came.
func (e *epochState) follow(d *Document, tell func(what, expected, found string)) {
	said := func(rules ...string) bool {
		return slices.ContainsFunc(d.Findings, func(f ffd.Finding) bool { return slices.Contains(rules, f.Rule) })
	}
	switch {
	case d.Other:
	case d.Number <= e.last:
		if !said(RuleOrder) {
			tell("the document is stored again or came late", fmt.Sprint(e.last+1), fmt.Sprint(d.Number))
		}
	case d.Number != e.last+1 && !said(RuleGap, RuleFirst):
		tell("the document does not follow the one before it", fmt.Sprint(e.last+1), fmt.Sprint(d.Number))
	}
	e.last = max(e.last, d.Number)
}

// compare holds the document against those that the register made.
func (c *checker) compare(d *Document, tell func(what, expected, found string)) error {
	made, known, err := c.registers(d.DriveNumber(), d.Number)
	switch {
	case err != nil || !known:
		return err
	case len(made) == 0:
		tell("the OFD has a document that the register has not", "", "")
	case !slices.ContainsFunc(made, func(box []byte) bool { return bytes.Equal(box, d.Container) }):
		tell(fmt.Sprintf("the document in epoch %d is not the register's", d.Epoch), fmt.Sprintf("%X", made[0]), fmt.Sprintf("%X", d.Container))
	}
	return nil
}

// rest tells of documents that are in the index alone.
func (c *checker) rest() error {
	for id, at := range c.index {
		drive := ""
		if e := c.epochs[at.epoch]; e != nil {
			drive = e.drive
		}
		c.found(Difference{Drive: drive, Number: at.number, What: fmt.Sprintf("record %d is in the index and not stored", id)})
	}
	return nil
}
