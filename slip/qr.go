package slip

import (
	goqr "github.com/piglig/go-qr"
)

// qrCode is the matrix of a code without its quiet zone.
type qrCode struct {
	size int // modules a side
	code *goqr.QrCode
}

// quietZone is the light margin that a reader needs, in modules (ISO/IEC 18004).
const quietZone = 4

// newQR makes the code of a text with medium error correction, or better where
// the size has room for it.
func newQR(text string) (qrCode, error) {
	code, err := goqr.EncodeText(text, goqr.Medium)
	if err != nil {
		return qrCode{}, err
	}
	return qrCode{size: code.Size(), code: code}, nil
}

// dark tells the colour of a module; outside of the code all are light.
func (q *qrCode) dark(x, y int) bool { return q.code.Module(x, y) }

// runs calls f for each row of dark modules that stand side by side, from the top.
func (q *qrCode) runs(f func(x, y, length int)) {
	for y := range q.size {
		for x := 0; x < q.size; x++ {
			begin := x
			for x < q.size && q.dark(x, y) {
				x++
			}
			if x > begin {
				f(begin, y, x-begin)
			}
		}
	}
}
