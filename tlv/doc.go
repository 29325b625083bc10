// Package tlv is the wire of fiscal documents: numbers and bytes, no meanings.
//
// Three families of functions, the same shape for every type:
//
//   - Append: take a buffer, return it with one TLV more, as strconv.AppendInt
//     does. They allocate nothing when the buffer has room.
//   - Consume: decode the value of one TLV that a Reader gave.
//   - Reader: walks a list of TLVs in place and knows the offset of each.
//
// Strings travel as CP866. A Text holds one that is ready for the wire, made
// once by NewText; AppendUTF8 transcodes on the way instead.
//
// Values that a Reader returns are views into its input and live as long as
// that input is not changed. What a tag means, which tags nest and what a
// document is stands in package ffd.
//
// Source: spec/ffd/encoding.md.
package tlv
