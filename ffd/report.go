package ffd

import "kktd/tlv"

// Registration is the KKT part of forms 1 and 11. In 1.05 the tags 1221 and 1207
// stand here, as on the one real device; 1193, 1126 and 1057 only when they are
// set, since that device has none of them (spec/ffd/documents.md, 1 and 11).
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
	Attribute     tlv.Text // 1274, 1.2
	Data          []byte   // 1275, 1.2
}

// Append appends the KKT part in kktd's one order. On an error, always a
// *FieldError, b comes back as it was; so with all KKT parts.
func (x *Registration) Append(b []byte, v Version) ([]byte, error) {
	f := fault{item: -1}
	return f.done(b, x.append(b, v, &f))
}

// ShiftReport is the KKT part of forms 2 and 5. The opening carries the versions
// too.
type ShiftReport struct {
	Form       Form
	Cashier    tlv.Text // 1021
	CashierINN tlv.Text // 1203
	KKTVersion tlv.Text // 1188, form 2
	KKTMaxFFD  Version  // 1189, form 2
	Attribute  tlv.Text // 1276 or 1278, 1.2
	Data       []byte   // 1277 or 1279, 1.2
}

// Append appends the KKT part.
func (x *ShiftReport) Append(b []byte, v Version) ([]byte, error) {
	f := fault{item: -1}
	return f.done(b, x.append(b, v, &f))
}

// SettlementState is the KKT part of form 21.
type SettlementState struct {
	Attribute tlv.Text // 1280, 1.2
	Data      []byte   // 1281, 1.2
}

// Append appends the KKT part.
func (x *SettlementState) Append(b []byte, v Version) ([]byte, error) {
	f := fault{item: -1}
	return f.done(b, x.append(b, v, &f))
}

// DriveClosing is the KKT part of form 6.
type DriveClosing struct {
	UserName   tlv.Text // 1048
	Address    tlv.Text // 1009
	Place      tlv.Text // 1187
	Cashier    tlv.Text // 1021
	CashierINN tlv.Text // 1203
	Attribute  tlv.Text // 1282, 1.2
	Data       []byte   // 1283, 1.2
}

// Append appends the KKT part.
func (x *DriveClosing) Append(b []byte, v Version) ([]byte, error) {
	f := fault{item: -1}
	return f.done(b, x.append(b, v, &f))
}
