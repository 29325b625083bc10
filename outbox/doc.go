// Package outbox is the durable list of what must be told outside: notifications
// of an API, mail. An entry is put in the same commit as what it tells of, so
// nothing that happened is forgotten and nothing is told that did not happen.
//
//	Entry    what is told, to whom, how: rendered once, never changed
//	Status   what came of it so far: attempts, the next one, the end
//	Box      puts entries, reads them, records attempts; hands new ones to a deliverer
//
// Entries of one Lane share a receiver, and its fate. Entries of one Group within
// a lane are told in the order in which they were put. Of the finished entries of
// a lane the last Keep stay to be looked at and sent again.
//
// How an entry is delivered, and when again, is not the business of this room.
package outbox
