package ffd

import "kktd/tlv"

// Registration is the KKT part of forms 1 and 11.
type Registration struct {
	Serial        tlv.Text // 1013
	UserName      tlv.Text // 1048
	Address       tlv.Text // 1009
	Place         tlv.Text // 1187
	OFDName       tlv.Text // 1046
	OFDINN        tlv.Text // 1017, written here in 1.05 only
	FNSSite       tlv.Text // 1060
	SenderEmail   tlv.Text // 1117
	Cashier       tlv.Text // 1021
	CashierINN    tlv.Text // 1203
	AutomatNumber tlv.Text // 1036
	KKTVersion    tlv.Text // 1188
	KKTMaxFFD     Version  // 1189
	Agent         AgentFlags
	Modes         Modes
}

// Append appends the KKT part. Its order is kktd's own, the same for all
// versions. In 1.05 the tags 1221 and 1207 stand here, as on the one real device;
// 1193, 1126 and 1057 only when they are set, since that device has none of them
// (spec/ffd/documents.md, 1 and 11).
func (r *Registration) Append(b []byte, v Version) ([]byte, error) {
	f := fault{item: -1}
	start := len(b)
	b = text(b, TagKKTSerialNumber, r.Serial, lenKKTSerialNumber, &f)
	b = text(b, TagUserName, r.UserName, lenUserName, &f)
	b = text(b, TagSettlementAddress, r.Address, lenSettlementAddress, &f)
	b = text(b, TagSettlementPlace, r.Place, lenSettlementPlace, &f)
	if !r.Modes.Offline {
		if v < V110 {
			b = fixed(b, TagOFDINN, r.OFDINN, lenOFDINN, &f)
		}
		b = text(b, TagOFDName, r.OFDName, lenOFDName, &f)
		b = text(b, TagFNSSite, r.FNSSite, lenFNSSite, &f)
		b = text(b, TagSenderEmail, r.SenderEmail, lenSenderEmail, &f)
	}
	b = text(b, TagCashier, r.Cashier, lenCashier, &f)
	b = fixed(b, TagCashierINN, r.CashierINN, lenCashierINN, &f)
	if r.Modes.Automatic {
		b = text(b, TagAutomatNumber, r.AutomatNumber, lenAutomatNumber, &f)
	}
	b = text(b, TagKKTVersion, r.KKTVersion, lenKKTVersion, &f)
	b = tlv.AppendByte(b, TagKKTMaxFFD, byte(r.KKTMaxFFD))
	if c := r.Modes.Conditions; v == V105 {
		b = tlv.AppendBool(b, TagPrinterInAutomat, c.Has(PrinterInAutomat))
		b = tlv.AppendBool(b, TagExciseMode, c.Has(ExciseGoods))
		if c.Has(Gambling) {
			b = tlv.AppendByte(b, TagGamblingMode, 1)
		}
		if c.Has(Lottery) {
			b = tlv.AppendByte(b, TagLotteryMode, 1)
		}
	}
	if v < V120 {
		if r.Agent != 0 {
			b = tlv.AppendByte(b, TagAgentFlags, byte(r.Agent))
		}
		b = tlv.AppendByte(b, TagFFDVersion, byte(v))
	}
	if f.err != nil {
		return b[:start], f.err
	}
	return b, nil
}

// ShiftReport is the KKT part of forms 2 and 5. The opening carries the versions
// too.
type ShiftReport struct {
	Form       Form
	Cashier    tlv.Text // 1021
	CashierINN tlv.Text // 1203
	KKTVersion tlv.Text // 1188, form 2
	KKTMaxFFD  Version  // 1189, form 2
}

// Append appends the KKT part.
func (r *ShiftReport) Append(b []byte, v Version) ([]byte, error) {
	f := fault{item: -1}
	start := len(b)
	b = text(b, TagCashier, r.Cashier, lenCashier, &f)
	b = fixed(b, TagCashierINN, r.CashierINN, lenCashierINN, &f)
	if r.Form == FormShiftOpening {
		b = text(b, TagKKTVersion, r.KKTVersion, lenKKTVersion, &f)
		b = tlv.AppendByte(b, TagKKTMaxFFD, byte(r.KKTMaxFFD))
	}
	if v < V120 {
		b = tlv.AppendByte(b, TagFFDVersion, byte(v))
	}
	if f.err != nil {
		return b[:start], f.err
	}
	return b, nil
}
