// Package control is kktd's own API: what registers, drives, documents and
// receipts are there, as JSON under /control/v1/.
//
//	GET registers                                         list
//	GET registers/{serial}                                one, with its settings
//	GET registers/{serial}/documents                      list; ?after=N&wait=10s is a long poll
//	GET registers/{serial}/documents/{number}             one, with bytes and tags
//	GET registers/{serial}/drives                         list
//	GET registers/{serial}/drives/{drive}/documents[...]  the same of one drive
//	GET receipts/{id}                                     what is kept of a receipt
//
// Paths without drives mean the drive that is in the register now. HEAD works as
// GET. Lists are {"items":[...],"next":...}: limit is 1 to 100000, 100 when it is
// not given, and next is what to pass as after to go on, null at the end. Times
// are RFC 3339 in the zone of the register. A parameter that the path does not
// know is an error that names it.
//
// A list is read from the store in pages and written between them: a slow client
// holds no read of the store open, and its memory is that of one page whatever
// limit says. When the store fails behind the first page the connection is cut,
// so that a part never looks like the whole.
//
// Who may ask is decided before a request comes here.
//
// Source: design/architecture.md, Outside.
package control
