package ffd

import "kktd/tlv"

// Head is what the drive writes at the start of every document
// (spec/decisions.md, FN part). Strings are as the wire has them, padded.
type Head struct {
	Version   Version
	Form      Form
	Drive     [16]byte // 1041
	RegNumber [20]byte // 1037
	INN       [12]byte // 1018
	Number    uint32   // 1040
	Time      uint32   // 1012, seconds of the wall clock since 1970
	Sign      uint32   // 1077, the printed number
}

// signKind is the first byte of tag 1077 (spec/decisions.md, kind byte).
func (h *Head) signKind() byte {
	switch {
	case h.Form.IsSettlement():
		return 0x31
	case h.Form == FormShiftClosing:
		return 0x24
	}
	return 0x21
}

// appendSign writes tag 1077: kind, length and number of the sign.
func (h *Head) appendSign(b []byte) []byte {
	return append(b, byte(TagFiscalSign&0xFF), byte(TagFiscalSign>>8), 6, 0, h.signKind(), 4,
		byte(h.Sign>>24), byte(h.Sign>>16), byte(h.Sign>>8), byte(h.Sign))
}

// ReceiptHead is the FN part of a receipt, a БСО or a correction.
type ReceiptHead struct {
	Head
	Shift     uint32 // 1038
	Receipt   uint32 // 1042, number in the shift
	Operation Operation
	Total     uint64 // 1020, kopecks
}

// Warnings are the signs of tags 1050 to 1053.
type Warnings struct {
	Exhausted  bool // 1050: the term of the drive ends soon
	Replace    bool // 1051: replace the drive at once
	MemoryFull bool // 1052
	OFDTimeout bool // 1053
}

// ShiftOpeningHead is the FN part of form 2.
type ShiftOpeningHead struct {
	Head
	Shift    uint32
	Warnings Warnings
	Message  byte // 1206, not in 1.05
}

// ShiftClosingHead is the FN part of form 5. The counters and the days of the
// keys are in 1.1 and 1.2 only; the warnings stand with their zeros in 1.05 and
// 1.1 (spec/decisions.md, flags).
type ShiftClosingHead struct {
	Head
	Shift         uint32
	Receipts      uint32 // 1118
	Documents     uint32 // 1111, the opening and this report included
	Unsent        uint32 // 1097, this report not included
	UnsentSince   uint32 // 1098, midnight of the day of the first unsent; 0 none
	Offline       bool   // autonomous mode: no 1097, 1098
	Marking       bool   // the register works with marked goods: 2104
	Warnings      Warnings
	Message       byte    // 1206
	UnsentNotices uint32  // 2104, notifications that wait
	BadCodes      byte    // 2112; 0 leaves it out
	BadExchange   byte    // 2113; 0 leaves it out
	Totals        *Totals // 1194, the shift; from 1.1 on always there
	DriveTotals   *Totals // 1157; from 1.1 on always there
	DaysLeft      uint16  // 1213
}

// SettlementStateHead is the FN part of form 21.
type SettlementStateHead struct {
	Head
	Shift         uint32           // 1038; 0 leaves it out: no shift was ever opened
	Offline       bool             // 1002, autonomous mode: nothing about unsent documents
	FirstUnsent   uint32           // 1116, number of the first unsent document; 0 none
	Unsent        uint32           // 1097
	UnsentSince   uint32           // 1098, midnight of the day of the first unsent; 0 none
	Marking       bool             // the register works with marked goods: 2104
	UnsentNotices uint32           // 2104
	DaysLeft      uint16           // 1213, 1.2
	Totals        *Totals          // 1157; from 1.1 on always there
	UnsentTotals  *OperationTotals // 1158, from 1.1 on; nil when nothing is unsent
}

// DriveClosingHead is the FN part of form 6.
type DriveClosingHead struct {
	Head
	Shift  uint32
	Totals *Totals // 1157; from 1.1 on always there
}

// RegistrationHead is the FN part of forms 1 and 11; its order moves with the
// version (spec/decisions.md, FN part).
type RegistrationHead struct {
	Head
	DriveMax   Version  // 1190
	OFDINN     [12]byte // 1017, padded; written by the drive from 1.1 on
	TaxSystems TaxSystems
	Modes      Modes
	Reasons    uint32  // 1205 of form 11; 1.05 has 1101 made of it
	DaysLeft   uint16  // 1213, from 1.1 on
	Totals     *Totals // 1157 of form 11, nil when the drive is new
}

// Modes are the settings of a registration. In 1.2 all but three of them are
// bits of 1290.
type Modes struct {
	Encryption bool // 1056
	Offline    bool // 1002, autonomous mode
	Automatic  bool // 1001
	Conditions Conditions
}

// appendReasons105 writes 1101 once for each of the four old codes: the drive,
// the operator, the details of the user, the settings (spec/kkt.md 4).
func appendReasons105(b []byte, reasons uint32) []byte {
	const details = 1<<2 | 1<<3
	for code, mask := range [...]uint32{1: 1 << 0, 2: 1 << 1, 3: details, 4: ^uint32(1<<0 | 1<<1 | details)} {
		if reasons&mask != 0 {
			b = tlv.AppendByte(b, TagReregistrationReasonCode, byte(code))
		}
	}
	return b
}

// Pad gives a fixed string of the wire: the text with spaces on the right. What
// does not fit is left out, so check the length where it comes from outside.
func Pad[T [12]byte | [16]byte | [20]byte, S string | []byte](s S) T {
	var t T
	for i := 0; i < len(t); i++ {
		if t[i] = ' '; i < len(s) {
			t[i] = s[i]
		}
	}
	return t
}
