package tlv

// crcPoly and crcInit define CRC-16 CCITT-FALSE, the one checksum of the
// whole field: frames, containers, drive commands, registration numbers
// (spec/ofd-protocol.md 5).
const (
	crcPoly = 0x1021
	crcInit = 0xFFFF
)

// crcTables hold the CRC of a byte followed by 0 to 7 zero bytes, so that
// eight bytes of input need eight independent look-ups.
var crcTables = makeCRCTables()

func makeCRCTables() *[8][256]uint16 {
	var t [8][256]uint16
	for i := range 256 {
		crc := uint16(i) << 8
		for range 8 {
			carry := crc&0x8000 != 0
			if crc <<= 1; carry {
				crc ^= crcPoly
			}
		}
		t[0][i] = crc
	}
	for i := range 256 {
		for k := 1; k < 8; k++ {
			prev := t[k-1][i]
			t[k][i] = prev<<8 ^ t[0][prev>>8]
		}
	}
	return &t
}

// CRC16 is CRC-16 CCITT-FALSE of b; of "123456789" it is 29B1h.
func CRC16(b []byte) uint16 { return UpdateCRC16(crcInit, b) }

// UpdateCRC16 goes on with a CRC over more bytes, so that a checksum that
// leaves out its own field needs no copy.
func UpdateCRC16(crc uint16, b []byte) uint16 {
	t := crcTables
	for len(b) >= 8 {
		crc = t[7][b[0]^byte(crc>>8)] ^ t[6][b[1]^byte(crc)] ^
			t[5][b[2]] ^ t[4][b[3]] ^ t[3][b[4]] ^ t[2][b[5]] ^ t[1][b[6]] ^ t[0][b[7]]
		b = b[8:]
	}
	for _, c := range b {
		crc = crc<<8 ^ t[0][byte(crc>>8)^c]
	}
	return crc
}
