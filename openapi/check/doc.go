// Package check holds requests and answers of an API against its description. Tests
// put it between a client and a daemon, on either side:
//
//	Checker.Handler     round a handler
//	Checker.Transport   round the transport of a client
//
// An answer must fit the operation, status and media type that it belongs to, to the
// last field. A request that was answered as done must fit, too; one that was refused
// for a field or a parameter that is not known must not. Streams of events are checked
// event by event.
package check
