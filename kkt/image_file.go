package kkt

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"kktd/fn"
	"kktd/storage"
)

// The file of an image:
//
//	magic, version
//	part ...       kind (1 byte), length of the body (4, big-endian), body, CRC-32C of all three (4)
//	  R            the head, JSON
//	  D            a drive: its state in the stored form of package fn
//	  d            a document of that drive: length of the container (4, big-endian), container, ticket
//	  r            a receipt
//	  E            the end: SHA-256 of all bytes before this part
//
// The CRC of a part says where a file is damaged, the sum at the end that it is whole
// and in order. The magic breaks when a file goes through a transfer of text.
const (
	imageMagic   = "kktd register\r\n\x1a\n"
	imageVersion = 1

	partHead     = 'R'
	partDrive    = 'D'
	partDocument = 'd'
	partReceipt  = 'r'
	partEnd      = 'E'

	partHeaderLen = 1 + 4
	partCRCLen    = 4
)

// partNames are the parts in words.
var partNames = map[byte]string{partHead: "the settings of the register", partDrive: "a drive", partDocument: "a document",
	partReceipt: "a receipt", partEnd: "the end of the image"}

// ErrImage is returned when a file is no image, or a damaged one.
var ErrImage = errors.New("kkt: the file is no image of a register that can be used")

// ImageError tells what is wrong with the file of an image. It is an ErrImage.
type ImageError struct {
	Offset int64 // of the first byte that is wrong, or of the part that is; -1: the parts contradict each other
	What   string
	Cause  error // nil: What says all
}

func (e *ImageError) Error() string {
	s := ErrImage.Error() + ": "
	if e.Offset >= 0 {
		s += fmt.Sprintf("at byte %d: ", e.Offset)
	}
	s += e.What
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives ErrImage and the cause.
func (e *ImageError) Unwrap() []error { return []error{ErrImage, e.Cause} }

// imageWriter is the sink that writes a file. Call end behind the last part.
type imageWriter struct {
	w   *bufio.Writer
	sum hash.Hash
	buf []byte
}

func newImageWriter(w io.Writer) (*imageWriter, error) {
	x := &imageWriter{sum: sha256.New()}
	x.w = bufio.NewWriterSize(io.MultiWriter(w, x.sum), 64<<10)
	_, err := x.w.WriteString(imageMagic + string(rune(imageVersion)))
	return x, err
}

// part writes a part; fill appends its body.
func (x *imageWriter) part(kind byte, fill func([]byte) ([]byte, error)) error {
	b, err := fill(append(x.buf[:0], kind, 0, 0, 0, 0))
	if err != nil {
		return err
	}
	n := len(b) - partHeaderLen
	if n > storage.MaxValue {
		return fmt.Errorf("kkt: %s of %d bytes is longer than an image takes: %d", partNames[kind], n, storage.MaxValue)
	}
	binary.BigEndian.PutUint32(b[1:], uint32(n))
	x.buf = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	_, err = x.w.Write(x.buf)
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (x *imageWriter) head(h *imageHead) error {
	return x.part(partHead, func(b []byte) ([]byte, error) {
		text, err := json.Marshal(h)
		return append(b, text...), err
	})
}

func (x *imageWriter) drive(s *fn.State) error { return x.part(partDrive, s.AppendBinary) }

func (x *imageWriter) document(container, ticket []byte) error {
	return x.part(partDocument, func(b []byte) ([]byte, error) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(container)))
		return append(append(b, container...), ticket...), nil
	})
}

func (x *imageWriter) receipt(r *imageReceipt) error {
	return x.part(partReceipt, func(b []byte) ([]byte, error) { return r.append(b), nil })
}

func (x *imageWriter) end() error {
	if err := x.w.Flush(); err != nil {
		return err
	}
	if err := x.part(partEnd, func(b []byte) ([]byte, error) { return x.sum.Sum(b), nil }); err != nil {
		return err
	}
	return x.w.Flush()
}

// imageReader reads the parts of a file.
type imageReader struct {
	r      *bufio.Reader
	sum    hash.Hash
	offset int64
	at     int64  // of the part that was read last
	before []byte // sum of what stands before the end
	header [partHeaderLen]byte
	body   bytes.Buffer
}

// readImage reads a file and gives its parts to a sink, in their order. Nothing of it
// is held beyond a part. An error of the sink for a part comes back as an *ImageError
// with the place of the part, unless it is one of this program and not of the file.
func readImage(r io.Reader, to imageSink) error {
	x := imageReader{r: bufio.NewReaderSize(r, 64<<10), sum: sha256.New()}
	if err := x.begin(); err != nil {
		return err
	}
	for before := byte(0); ; {
		kind, err := x.next()
		if err != nil {
			return err
		}
		if !follows(kind, before) {
			return x.wrong("%s stands where it cannot", partNames[kind])
		}
		if kind == partEnd {
			return x.end()
		}
		if err := x.give(kind, to); err != nil {
			return err
		}
		before = kind
	}
}

// follows tells that a part may stand behind another, 0 for none.
func follows(kind, before byte) bool {
	switch kind {
	case partHead:
		return before == 0
	case partDrive:
		return before == partHead || before == partDrive || before == partDocument
	case partDocument:
		return before == partDrive || before == partDocument
	}
	return before == partDrive || before == partDocument || before == partReceipt
}

func (x *imageReader) wrong(format string, args ...any) error {
	return &ImageError{Offset: x.at, What: fmt.Sprintf(format, args...)}
}

// short tells that the file ends too early, or hands on what the reader says.
func (x *imageReader) short(err error, what string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &ImageError{Offset: x.offset, What: "the file ends in " + what + ": it was cut off; export the register again"}
	}
	return fmt.Errorf("kkt: image, at byte %d: %w", x.offset, err)
}

func (x *imageReader) full(b []byte, what string) error {
	n, err := io.ReadFull(x.r, b)
	x.offset += int64(n)
	x.sum.Write(b[:n])
	if err != nil {
		return x.short(err, what)
	}
	return nil
}

func (x *imageReader) begin() error {
	start := make([]byte, len(imageMagic)+1)
	n, err := io.ReadFull(x.r, start)
	if string(start[:min(n, len(imageMagic))]) != imageMagic[:min(n, len(imageMagic))] || n == 0 && err == io.EOF {
		return x.wrong("it does not begin as an image does: an image is a file that kktd register export wrote")
	}
	x.offset = int64(n)
	if err != nil {
		return x.short(err, "its first bytes")
	}
	x.sum.Write(start)
	if v := start[n-1]; v != imageVersion {
		x.at = int64(n - 1)
		return x.wrong("version %d of the format, this kktd reads %d; use the kktd that wrote it or a newer one", v, imageVersion)
	}
	return nil
}

// next reads a part into body and proves its CRC.
func (x *imageReader) next() (kind byte, err error) {
	x.at = x.offset
	if first, _ := x.r.Peek(1); len(first) == 1 && first[0] == partEnd {
		x.before = x.sum.Sum(nil)
	}
	if err := x.full(x.header[:], "the middle: its end is missing"); err != nil {
		return 0, err
	}
	kind = x.header[0]
	name, known := partNames[kind]
	n := binary.BigEndian.Uint32(x.header[1:])
	if !known || n > storage.MaxValue {
		return 0, x.wrong("a part of kind %02Xh with %d bytes, which no image has: the file is damaged", kind, n)
	}
	crc := crc32.New(castagnoli)
	crc.Write(x.header[:])
	x.body.Reset()
	// As the bytes come: a length alone makes nothing large.
	got, err := io.CopyN(io.MultiWriter(&x.body, crc), x.r, int64(n))
	x.offset += got
	if err != nil {
		return 0, x.short(err, name)
	}
	x.sum.Write(x.body.Bytes())
	var sum [partCRCLen]byte
	if err := x.full(sum[:], name); err != nil {
		return 0, err
	}
	if binary.BigEndian.Uint32(sum[:]) != crc.Sum32() {
		return 0, x.wrong("%s is damaged: its checksum is another; take another copy of the file", name)
	}
	return kind, nil
}

// end proves the sum and that nothing follows.
func (x *imageReader) end() error {
	if !bytes.Equal(x.before, x.body.Bytes()) {
		return x.wrong("the sum of the whole file is another: parts are missing, changed or in another order; take another copy of the file")
	}
	switch _, err := x.r.ReadByte(); {
	case err == nil:
		x.at = x.offset
		return x.wrong("there is more behind the end of the image")
	case err != io.EOF:
		return x.short(err, "its end")
	}
	return nil
}

// give reads a part and gives it to the sink.
func (x *imageReader) give(kind byte, to imageSink) (err error) {
	b := x.body.Bytes()
	unreadable := func(err error) error {
		return &ImageError{Offset: x.at, What: partNames[kind] + " cannot be read", Cause: err}
	}
	switch kind {
	case partHead:
		var h imageHead
		in := json.NewDecoder(bytes.NewReader(b))
		in.DisallowUnknownFields() // of a newer kktd: leaving one out would make another register
		if err := in.Decode(&h); err != nil {
			return unreadable(err)
		}
		if in.InputOffset() != int64(len(b)) {
			return unreadable(fmt.Errorf("there is more behind it"))
		}
		err = to.head(&h)
	case partDrive:
		s, parseErr := fn.ParseState(b)
		if parseErr != nil {
			return unreadable(parseErr)
		}
		err = to.drive(&s)
	case partDocument:
		if len(b) < 4 || binary.BigEndian.Uint32(b) == 0 || int64(binary.BigEndian.Uint32(b)) > int64(len(b)-4) {
			return unreadable(errors.New("the length of its container"))
		}
		n := binary.BigEndian.Uint32(b)
		err = to.document(b[4:4+n], b[4+n:])
	case partReceipt:
		r, parseErr := parseImageReceipt(b)
		if parseErr != nil {
			return unreadable(parseErr)
		}
		err = to.receipt(r)
	}
	return x.place(kind, err)
}

// place gives an error of the image its place in the file.
func (x *imageReader) place(kind byte, err error) error {
	if wrong := (*contentError)(nil); errors.As(err, &wrong) {
		return &ImageError{Offset: x.at, What: partNames[kind], Cause: err}
	}
	return err
}

// contentError is what a sink says of a part that contradicts the others.
type contentError struct{ what string }

func (e *contentError) Error() string { return e.what }

func badImage(format string, args ...any) error { return &contentError{fmt.Sprintf(format, args...)} }
