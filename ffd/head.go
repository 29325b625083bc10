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

// append writes the tags that all forms share, in the order of the version.
func (h *Head) append(b []byte) []byte {
	if h.Version >= V120 {
		b = tlv.AppendByte(b, TagFFDVersion, byte(h.Version))
	}
	return h.appendNumbers(b)
}

func (h *Head) appendNumbers(b []byte) []byte {
	b = tlv.AppendBytes(b, TagFNNumber, h.Drive[:])
	b = tlv.AppendBytes(b, TagKKTRegNumber, h.RegNumber[:])
	b = tlv.AppendBytes(b, TagUserINN, h.INN[:])
	b = tlv.AppendUint32(b, TagFDNumber, h.Number)
	b = tlv.AppendUint32(b, TagDateTime, h.Time)
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

// Append appends the FN part.
func (h *ReceiptHead) Append(b []byte) []byte {
	b = h.append(b)
	b = tlv.AppendUint32(b, TagShiftNumber, h.Shift)
	b = tlv.AppendUint32(b, TagReceiptNumberInShift, h.Receipt)
	b = tlv.AppendByte(b, TagSettlementType, byte(h.Operation))
	return tlv.AppendVLN(b, TagTotalSum, h.Total)
}

// Warnings are the signs of tags 1050 to 1053.
type Warnings struct {
	Exhausted  bool // 1050: the term of the drive ends soon
	Replace    bool // 1051: replace the drive at once
	MemoryFull bool // 1052
	OFDTimeout bool // 1053
}

// append writes the flags that are set, or all four.
func (w Warnings) append(b []byte, all bool) []byte {
	for _, f := range [...]struct {
		tag uint16
		set bool
	}{
		{TagFNResourceExhausted, w.Exhausted}, {TagFNReplaceUrgent, w.Replace},
		{TagFNMemoryFull, w.MemoryFull}, {TagOFDTimeout, w.OFDTimeout},
	} {
		if f.set || all {
			b = tlv.AppendBool(b, f.tag, f.set)
		}
	}
	return b
}

// ShiftOpeningHead is the FN part of form 2.
type ShiftOpeningHead struct {
	Head
	Shift    uint32
	Warnings Warnings
	Message  byte // 1206, not in 1.05
}

// Append appends the FN part: of the warnings only those that are set.
func (h *ShiftOpeningHead) Append(b []byte) []byte {
	b = h.append(b)
	b = tlv.AppendUint32(b, TagShiftNumber, h.Shift)
	b = h.Warnings.append(b, false)
	if h.Message != 0 && h.Version >= V110 {
		b = tlv.AppendByte(b, TagOperatorMessage, h.Message)
	}
	return b
}

// ShiftClosingHead is the FN part of form 5.
type ShiftClosingHead struct {
	Head
	Shift       uint32
	Receipts    uint32 // 1118
	Documents   uint32 // 1111, the opening and this report included
	Unsent      uint32 // 1097, this report not included
	UnsentSince uint32 // 1098, midnight of the day of the first unsent; 0 none
	Offline     bool   // autonomous mode: no 1097, 1098
	Marking     bool   // the register works with marked goods: 2104
	Warnings    Warnings
	Message     byte    // 1206
	Totals      *Totals // 1194, the shift
	DriveTotals *Totals // 1157
	DaysLeft    uint16  // 1213
}

// Append appends the FN part. The counters and the days of the keys are in 1.1
// and 1.2 only; the warnings stand with their zeros in 1.05 and 1.1
// (spec/decisions.md, flags).
func (h *ShiftClosingHead) Append(b []byte) []byte {
	b = h.append(b)
	b = tlv.AppendUint32(b, TagShiftNumber, h.Shift)
	b = tlv.AppendUint32(b, TagReceiptCountInShift, h.Receipts)
	b = tlv.AppendUint32(b, TagFDCountInShift, h.Documents)
	if !h.Offline {
		b = tlv.AppendUint32(b, TagUnsentFDCount, h.Unsent)
		b = tlv.AppendUint32(b, TagFirstUnsentFDDate, h.UnsentSince)
	}
	b = h.Warnings.append(b, h.Version < V120)
	if h.Version < V110 {
		return b
	}
	if h.Message != 0 {
		b = tlv.AppendByte(b, TagOperatorMessage, h.Message)
	}
	if h.Marking && h.Version >= V120 {
		b = tlv.AppendUint32(b, TagUnsentNotificationCount, 0) // kktd queues no notifications yet
	}
	b = h.Totals.append(b, TagShiftTotals)
	b = h.DriveTotals.append(b, TagFNTotals)
	return tlv.AppendUint16(b, TagKeyResourceDays, h.DaysLeft)
}

// RegistrationHead is the FN part of forms 1 and 11.
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

// Append appends the FN part in the order of the version (spec/decisions.md, FN
// part).
func (h *RegistrationHead) Append(b []byte) []byte {
	m, c := h.Modes, h.Modes.Conditions
	if h.Version >= V120 {
		b = tlv.AppendByte(b, TagFFDVersion, byte(h.Version))
		b = tlv.AppendByte(b, TagFNMaxFFD, byte(h.DriveMax))
	}
	b = h.appendNumbers(b)
	if h.Version == V110 {
		b = tlv.AppendByte(b, TagFNMaxFFD, byte(h.DriveMax))
	}
	if h.Version >= V110 {
		if !m.Offline {
			b = tlv.AppendBytes(b, TagOFDINN, h.OFDINN[:])
		}
		b = tlv.AppendByte(b, TagTaxSystems, byte(h.TaxSystems))
	}
	b = tlv.AppendBool(b, TagEncryptionMode, m.Encryption)
	b = tlv.AppendBool(b, TagOfflineMode, m.Offline)
	b = tlv.AppendBool(b, TagAutomaticMode, m.Automatic)
	if h.Version >= V120 {
		b = tlv.AppendUint32(b, TagKKTUsageConditions, uint32(c))
	} else {
		b = tlv.AppendBool(b, TagServicesOnly, c.Has(ServicesOnly))
		b = tlv.AppendBool(b, TagStrictFormSystem, c.Has(BSOSystem))
		b = tlv.AppendBool(b, TagInternetOnlyKKT, c.Has(InternetOnly))
	}
	switch h.Version {
	case V105:
		b = tlv.AppendByte(b, TagTaxSystems, byte(h.TaxSystems))
		if h.Form == FormReregistration {
			b = appendReasons105(b, h.Reasons)
		}
		return b
	case V110:
		b = tlv.AppendBool(b, TagExciseMode, c.Has(ExciseGoods))
		b = tlv.AppendBool(b, TagGamblingMode, c.Has(Gambling))
		b = tlv.AppendBool(b, TagLotteryMode, c.Has(Lottery))
		b = tlv.AppendBool(b, TagPrinterInAutomat, c.Has(PrinterInAutomat))
	}
	if h.Form == FormReregistration {
		b = tlv.AppendUint32(b, TagKKTChangeReasons, h.Reasons)
	}
	b = tlv.AppendUint16(b, TagKeyResourceDays, h.DaysLeft)
	if h.Totals != nil {
		b = h.Totals.append(b, TagFNTotals)
	}
	return b
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
