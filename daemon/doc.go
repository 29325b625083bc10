// Package daemon is the body of kktd: it opens the store, starts the fleet, the
// test OFD, the sender and the HTTP server, and stops them in order. The command
// line and tests start the same body.
//
// HTTP has every API on one port, told apart by path. Flags and printing are
// the business of cmd/kktd.
package daemon
