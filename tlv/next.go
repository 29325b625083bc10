package tlv

import "encoding/binary"

// Next splits the first TLV off a list. It returns ok false at the end of the
// list and where the input ends inside a TLV; rest is what was not split then,
// and a Reader tells what is wrong with it. Next is small enough to be inlined:
// it serves loops that know their tags and need no offsets.
//
//	for tag, v, rest, ok := tlv.Next(b); ok; tag, v, rest, ok = tlv.Next(rest) {
//		use(tag, v)
//	}
func Next(b []byte) (tag uint16, v, rest []byte, ok bool) {
	if len(b) < HeaderLen {
		return 0, nil, b, false
	}
	h := binary.LittleEndian.Uint32(b)
	n := HeaderLen + int(h>>16)
	if n > len(b) {
		return 0, nil, b, false
	}
	return uint16(h), b[HeaderLen:n], b[n:], true
}
