// Package pages serves what answers and mail link to: the slips of receipts, for
// people in a browser and for programs.
//
//	/r/{id}              a receipt: all its documents
//	/r/{id}/ofd          the same with what the operator (ОФД) said of them
//	/receipt?q=TEXT      the document that the text of a QR code names
//	/                    what kktd has
//
// Each comes as HTML, or as .png, .txt or .json behind its path, or by the Accept
// header. The address of a receipt is its unguessable id, that of a QR code has the
// fiscal sign: nothing here can be listed. Document serves the slip of any document
// to who has checked that the caller may see it.
//
// A receipt that waits is answered 202, one that was refused by the drive 410 with
// the reason, both with a page that says so.
package pages
