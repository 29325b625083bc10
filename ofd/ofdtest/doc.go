// Package ofdtest helps tests that talk to the test OFD: Serve runs one on a port of its own, Drive makes genuine documents.
package ofdtest
