package slip

import (
	"errors"
	"fmt"

	"kktd/ffd"
)

// ErrDocument is returned when the input is not one fiscal document that can be
// read.
var ErrDocument = errors.New("slip: not a document that can be shown")

// ErrWidth is returned when a slip of the width cannot be made.
var ErrWidth = errors.New("slip: width")

// Widths of a slip in characters.
const (
	DefaultWidth = 42
	MinWidth     = 24
	MaxWidth     = 200
)

// Input is a document and what its slip needs beside it.
type Input struct {
	Document     []byte // TLV with its frame, decrypted
	Registration Registration
	Lines        []string       // of the receipt, printed only
	ItemLines    map[int]string // printed under an item; items count from 0
	Width        int            // of Text and PNG in characters, MinWidth to MaxWidth; 0: DefaultWidth
	DrawQR       bool           // Text draws the QR code where it fits, above what it says
}

// Registration is what a document may leave to the registration in force. A value
// that stands in the document wins. Texts are UTF-8; empty ones are not shown.
type Registration struct {
	UserName    string // 1048
	INN         string // 1018
	Address     string // 1009
	Place       string // 1187
	RegNumber   string // 1037
	Serial      string // 1013
	SenderEmail string // 1117
	FNSSite     string // 1060
	OFDName     string // 1046
}

// width is the width to set lines to.
func (in *Input) width() (int, error) {
	switch {
	case in.Width == 0:
		return DefaultWidth, nil
	case in.Width < MinWidth || in.Width > MaxWidth:
		return 0, fmt.Errorf("%w: %d characters, want %d to %d", ErrWidth, in.Width, MinWidth, MaxWidth)
	}
	return in.Width, nil
}

// compose makes the layout of a document. Errors wrap ErrDocument.
func compose(in *Input) (*sheet, error) {
	c, err := composed(in)
	if err != nil {
		return nil, err
	}
	return &c.sheet, nil
}

// composed is the composer that has made the layout of a document.
func composed(in *Input) (*composer, error) {
	doc := ffd.Decode(in.Document, 0)
	if bad := doc.Malformed(); bad != nil {
		return nil, fmt.Errorf("%w: tag %d at offset 0x%x: %s", ErrDocument, bad.Tag, bad.Offset, bad.Err)
	}
	if doc.Type != ffd.TypeDocument {
		return nil, fmt.Errorf("%w: want one TLV whose tag is the form of a document, have a %s of %d bytes", ErrDocument, doc.Type, len(in.Document))
	}
	c := &composer{in: in, doc: doc, version: ffd.V105}
	if u, ok := c.uint(doc, ffd.TagFFDVersion); ok {
		c.version = ffd.Version(u)
	}
	switch ffd.Form(doc.Tag) {
	case ffd.FormReceipt, ffd.FormBSO, ffd.FormCorrection, ffd.FormBSOCorrection:
		c.receipt()
	case ffd.FormRegistration, ffd.FormReregistration:
		c.registration()
	case ffd.FormShiftOpening:
		c.shiftOpening()
	case ffd.FormShiftClosing:
		c.shiftClosing()
	case ffd.FormSettlementState:
		c.settlementState()
	case ffd.FormDriveClosing:
		c.driveClosing()
	case ffd.FormConfirmation:
		c.confirmation()
	default:
		return nil, fmt.Errorf("%w: form %d has no slip", ErrDocument, doc.Tag)
	}
	return c, nil
}
