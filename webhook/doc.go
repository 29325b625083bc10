// Package webhook delivers what stands in the outbox, with retries.
//
//	Deliverer   one scheduler for all entries: which is due, and which may go now
//	Transport   how an entry of a kind is delivered, and when again after a failure
//	HTTP        the Transport of notifications
//
// Every lane (a receiver) has a number of places and no more, so a receiver that
// is dead or slow slows nobody else; one that gave no answer gets one place for
// the next try. Within a lane the entries of one group go one after the other, in
// the order in which they were put.
//
//	       Put, Resend             a place is free               delivered, or given up
//	none ─────────────▶ ready ───────────────────▶ working ──────────────────────────▶ none
//	                      ▲                           │ failed
//	                      └──────── waiting ◀─────────┘
//	                     either clock
//
// A retry is due when the business clock or the real one reaches it; deadlines of
// sockets follow the real clock. What came of an attempt is durable before the next
// one. After a crash an entry may be delivered once more, never forgotten.
//
// Source: spec/api/cloudkassir.md 4.3, design/architecture.md (webhook).
package webhook
