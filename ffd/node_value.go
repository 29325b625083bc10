package ffd

import (
	"encoding/binary"
	"encoding/hex"

	"kktd/tlv"
)

// fiscalSignLen is the length of tag 1077: a kind byte, the length 04 and the
// sign, big-endian (spec/ffd/encoding.md 4).
const fiscalSignLen = 6

// Value is the value of a leaf: uint64 for Byte, Uint16, Uint32, VLN (kopecks),
// UnixTime and the printed sign of 1077, a decimal string for FVLN, the text
// without padding for String, hex for ByteArray and for what is not of its type. It is nil for
// structures and frames.
func (n *Node) Value() any {
	if u, ok := n.Uint(); ok {
		return u
	}
	if s, ok := n.Text(); ok {
		return s
	}
	return nil
}

// Uint is the value of a number and the printed sign of 1077.
func (n *Node) Uint() (uint64, bool) {
	switch n.kind {
	case Byte, Uint16, Uint32, UnixTime, VLN:
		u, err := tlv.Uint(n.Raw)
		return u, err == nil
	case ByteArray:
		if n.Tag == TagFiscalSign && len(n.Raw) == fiscalSignLen {
			return uint64(binary.BigEndian.Uint32(n.Raw[2:])), true
		}
	}
	return 0, false
}

// Text is the value of what is no number: text, decimal or hex.
func (n *Node) Text() (string, bool) {
	switch n.kind {
	case 0:
		return "", false
	case String:
		if n.fixed {
			return tlv.DecodeString(tlv.TrimPadding(n.Raw)), true
		}
		return tlv.DecodeString(n.Raw), true
	case FVLN:
		if d, err := tlv.FVLN(n.Raw); err == nil {
			return d.String(), true
		}
	case STLV:
		if n.Raw == nil {
			return "", false
		}
	}
	if _, ok := n.Uint(); ok {
		return "", false
	}
	return hex.EncodeToString(n.Raw), true
}

// valueError says why the value is not of its type.
func (n *Node) valueError() string {
	var err error
	switch n.kind {
	case Byte, Uint16, Uint32, UnixTime, VLN:
		_, err = tlv.Uint(n.Raw)
	case FVLN:
		_, err = tlv.FVLN(n.Raw)
	case ByteArray:
		if n.Tag == TagFiscalSign && len(n.Raw) != fiscalSignLen {
			return "fiscal sign is not 6 bytes"
		}
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
