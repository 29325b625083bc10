// Package ofdproto is the wire between a register and the operator of fiscal data (OFD): the 30-byte session header, the container
// with its 32-byte header, TLV document and 10-byte tail, their CRCs, and the reading of exactly one message from a stream.
//
//	+----------------+------------------+------------------------------+----------+
//	| session header | container header | TLV document (or ciphertext) | tail     |
//	| 30 bytes       | 32 bytes         | 4..32768 bytes               | 10 bytes |
//	+----------------+------------------+------------------------------+----------+
//	                 |<------ container: Length bytes, = BodyLen of the session ->|
//
// Families of functions:
//
//   - Append... and the Append methods write to the end of a slice and return it, as strconv.AppendInt does. They allocate
//     nothing when the capacity is there. The Append of a header writes its fields as they are, CRC and lengths included, so that what was
//     parsed comes back byte for byte and a test can make any bad frame.
//   - Parse... read without copying: slices of the result are parts of the input and live as long as its bytes are left alone.
//   - [ReadMessage] reads one message from a stream into the caller's buffer; the result lives until the buffer is used again.
//
// The drive signs the container header (CRC 0) together with the document before a tail exists, so a container can also be
// made in four steps: [AppendContainerHeader], the document, [Tail.Append], [SealContainer].
//
// What is refused carries a [Reason], a name for counters. What is odd but harmless is taken and told by [Quirks]. Nothing is repaired.
// Encrypted bodies are recognised and passed on whole. Connections, deadlines, retries and the meaning of documents belong elsewhere.
//
// Source: spec/ofd-protocol.md 1-6 and 10, spec/decisions.md.
package ofdproto
