package ffd

import (
	"strconv"
	"time"
)

// QR is what the code of a receipt says (spec/ffd/encoding.md 8).
type QR struct {
	Time      uint32 // 1012
	Total     uint64 // kopecks
	Drive     string // 16 digits
	Number    uint32
	Sign      uint32
	Operation Operation
	Seconds   bool // with seconds in t, as the samples of some services have it
}

// String is the text of the code. The sign has no leading zeros here
// (spec/decisions.md, printed ФП).
func (q QR) String() string {
	b := make([]byte, 0, 96)
	layout := "20060102T1504"
	if q.Seconds {
		layout = "20060102T150405"
	}
	b = append(b, "t="...)
	b = time.Unix(int64(q.Time), 0).UTC().AppendFormat(b, layout)
	b = append(b, "&s="...)
	b = AppendRoubles(b, q.Total)
	b = append(append(b, "&fn="...), q.Drive...)
	b = strconv.AppendUint(append(b, "&i="...), uint64(q.Number), 10)
	b = strconv.AppendUint(append(b, "&fp="...), uint64(q.Sign), 10)
	b = strconv.AppendUint(append(b, "&n="...), uint64(q.Operation), 10)
	return string(b)
}

// AppendRoubles appends a sum of kopecks as roubles with two decimals: 100.50.
func AppendRoubles(b []byte, kopecks uint64) []byte {
	b = strconv.AppendUint(b, kopecks/100, 10)
	return append(b, '.', byte('0'+kopecks%100/10), byte('0'+kopecks%10))
}
