// Package sender empties the unsent ranges of registers to the OFD over TCP.
//
// Wake tells that a register has made documents. A register that has something to send gets a worker, one of at most MaxConns;
// a register that has not costs an entry in a map: no goroutine, no timer, no polling. Run starts the workers and ends them.
//
//	       Wake                   a worker is free            all sent, nothing new for Linger
//	idle ───────▶ ready ─────────────▶ working ─────────────────────────────▶ idle
//	                ▲                     │ no answer, bad ticket, Confirm failed
//	                └───── waiting ◀──────┘ (draining first: until every queued Confirm is decided)
//	              either clock
//
// A queue is one drive of one register: a drive that was replaced or closed with unsent documents has its own beside that of the next
// drive. Two queues with one FN number, as a reset makes them, take turns and do not mix.
//
// Documents go strictly in the order of their numbers. The next one goes out when the ticket of the last has been checked in
// memory and queued by Confirm, before its commit; when a Confirm fails, sending begins again at the first unsent document by the
// committed state. After a crash a document may be sent twice, never skipped; the OFD knows it by drive, number and bytes.
//
// Several documents use one connection while the peer allows it. One that was closed after an answer is opened again at once; when it
// gave no more than one, the worker takes a connection a document from then on. Every other failure closes the connection and waits: BackoffMin, doubled up to
// BackoffMax, minus up to a quarter. The wait ends when the business clock or the real one reaches it. Deadlines of sockets follow the
// real clock.
//
// Source: spec/ofd-protocol.md 2, 7.1, 8.5, spec/decisions.md.
package sender
