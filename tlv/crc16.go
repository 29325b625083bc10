package tlv

// crcPoly and crcInit define CRC-16 CCITT-FALSE, the one checksum of the
// whole field: frames, containers, drive commands, registration numbers
// (spec/ofd-protocol.md 5).
const (
	crcPoly = 0x1021
	crcInit = 0xFFFF
)

// crcTables hold the CRC of a byte followed by 0 to 15 zero bytes, so that
// sixteen bytes of input need sixteen look-ups of which two wait for the bytes
// before.
var crcTables = makeCRCTables()

func makeCRCTables() *[16][256]uint16 {
	var t [16][256]uint16
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
		for k := 1; k < len(t); k++ {
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
	for len(b) >= 16 {
		p := (*[16]byte)(b)
		rest := t[13][p[2]] ^ t[12][p[3]] ^ t[11][p[4]] ^ t[10][p[5]] ^ t[9][p[6]] ^ t[8][p[7]] ^ t[7][p[8]] ^
			t[6][p[9]] ^ t[5][p[10]] ^ t[4][p[11]] ^ t[3][p[12]] ^ t[2][p[13]] ^ t[1][p[14]] ^ t[0][p[15]]
		crc = t[15][p[0]^byte(crc>>8)] ^ t[14][p[1]^byte(crc)] ^ rest
		b = b[16:]
	}
	for _, c := range b {
		crc = crc<<8 ^ t[0][byte(crc>>8)^c]
	}
	return crc
}
