package kkt

import (
	"encoding/binary"
	"errors"
	"slices"

	"kktd/storage"
)

// Printed are the texts of a receipt that stand on its slip alone, in no
// document: UTF-8 of any characters, with line breaks where they have some. They
// are kept with the receipt's record.
type Printed struct {
	Lines []string   // of the receipt; the slip of each of its documents has them
	Items []ItemLine // under items, ascending
}

// ItemLine is a text under an item.
type ItemLine struct {
	Part int // of the receipt, from 0
	Item int // of the part, from 0
	Text string
}

func (p *Printed) empty() bool { return len(p.Lines) == 0 && len(p.Items) == 0 }

func (p *Printed) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(p.Lines)))
	for _, s := range p.Lines {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(p.Items)))
	for _, it := range p.Items {
		b = binary.AppendUvarint(b, uint64(it.Part))
		b = binary.AppendUvarint(b, uint64(it.Item))
		b = appendString(b, it.Text)
	}
	return b
}

func (r *recordReader) printed() (p Printed) {
	for n := r.uint(); n > 0 && !r.failed; n-- {
		p.Lines = append(p.Lines, r.string())
	}
	for n := r.uint(); n > 0 && !r.failed; n-- {
		p.Items = append(p.Items, ItemLine{Part: r.index(), Item: r.index(), Text: r.string()})
	}
	return p
}

// index reads a number that counts parts or items.
func (r *recordReader) index() int {
	n := r.uint()
	if n > 1<<31-1 {
		r.failed = true
	}
	return int(n)
}

// printedKey names a document of a drive.
func printedKey(drive storage.DriveID, number uint32) (key [12]byte) {
	binary.BigEndian.PutUint64(key[:8], uint64(drive))
	binary.BigEndian.PutUint32(key[8:], number)
	return key
}

// putPrinted notes for each document of a receipt with printed texts where they
// are.
func (b *batch) putPrinted(drive storage.DriveID, numbers []uint32, receipt [16]byte) {
	for _, n := range numbers {
		key := printedKey(drive, n)
		start := len(b.buf)
		b.buf = append(b.buf, receipt[:]...)
		b.put(kindPrinted, key[:], b.slice(start))
	}
}

// Printed are the texts that stand on the slip of a document beside what is in
// it; those of Items are all of Part 0. Most documents have none.
func (r *Register) Printed(drive storage.DriveID, number uint32) (Printed, error) {
	key := printedKey(drive, number)
	receipt, err := r.fleet.store.Record(kindPrinted, key[:])
	if errors.Is(err, storage.ErrNotFound) {
		return Printed{}, nil
	}
	if err != nil {
		return Printed{}, err
	}
	value, err := r.fleet.store.Record(kindReceipt, receipt)
	if err != nil {
		return Printed{}, err
	}
	rec, err := parseReceiptRecord(r.fleet.ids.make(r.id, sequenceOf(receipt)), value)
	if err != nil {
		return Printed{}, err
	}
	return rec.PrintedOn(number), nil
}

// PrintedOn are the printed texts of one document of the receipt.
func (r *ReceiptRecord) PrintedOn(number uint32) Printed {
	p := Printed{Lines: r.Printed.Lines}
	part := slices.Index(r.Documents, number)
	for _, it := range r.Printed.Items {
		if it.Part == part {
			p.Items = append(p.Items, ItemLine{Item: it.Item, Text: it.Text})
		}
	}
	return p
}
