// Package slip shows a fiscal document as people read it.
//
//	Input ---compose---> sheet (lines without a width) ---renderer---> bytes
//
// The sheet is the one layout: what stands on the slip and in which order. A
// renderer decides how wide it is and what it is made of:
//
//	Text         a slip of the printer in UTF-8, the QR code in half blocks when asked
//	HTML         a page, whole in itself, for the screen and the printer
//	Painter.PNG  a picture in Go Mono, 16 greys
//	DataOf       the values, for JSON
//
// Stored and OfReceipt find the input for what a register keeps.
//
// What a slip shows is what the tables of documents mark as printed
// (spec/ffd/documents.md, P), with shift and receipt number and the sender's
// address besides; tags for the electronic form alone are left out. Values come
// from the document; Registration fills in only what the document leaves to the
// registration. Nothing is computed: sums that do not add up are shown as they
// are. A document whose bytes cannot be read is refused, with the place.
//
// Every slip carries the mark ТЕСТ: nothing that kktd makes may be taken for a
// real receipt (spec/kkt.md 8).
package slip
