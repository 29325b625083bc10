package ffd

import "kktd/tlv"

// Receipt holds what the register sends to the drive for a receipt, a БСО or a
// correction of them: the KKT part of forms 3, 4, 31 and 41. What the drive adds
// stands in ReceiptHead. Sums are kopecks. Fields that a version of the format
// does not have are left out when the receipt is written for that version.
type Receipt struct {
	Form      Form
	Operation Operation
	TaxSystem TaxSystems // 1055, exactly one bit

	Correction *Correction // forms 31 and 41 only

	Cashier       tlv.Text // 1021
	CashierINN    tlv.Text // 1203
	Contact       tlv.Text // 1008, phone or e-mail of the buyer
	SenderEmail   tlv.Text // 1117
	Place         tlv.Text // 1187
	Address       tlv.Text // 1009
	AutomatNumber tlv.Text // 1036
	Attribute     tlv.Text // 1192
	UserName      tlv.Text // 1048; empty as a rule, the registration has it
	FNSSite       tlv.Text // 1060; likewise
	UserAttribute *UserAttribute
	Operational   *OperationalAttribute // 1.2
	Industry      []IndustryAttribute   // 1261, 1.2
	Buyer         *Buyer

	// Agent, AgentData and SupplierPhones stand at the top of a receipt up to
	// 1.1; 1.2 knows agents in items only.
	Agent          AgentFlags // 1057
	AgentData      *AgentData
	SupplierPhones []tlv.Text // 1171

	InternetSettlement bool // 1125
	InternetOnly       bool // 1108, from the registration

	Items            []Item
	Payments         Payments
	CashlessPayments []CashlessPayment // 1234
	VAT              VATTotals
	MarkedCheck      byte // 2107, written when an item has a marking code; 1.2
}

// Payments are the five ways to pay, 1031, 1081, 1215, 1216 and 1217: what is to
// be paid, not the cash that was handed over.
type Payments struct {
	Cash, Cashless, Prepaid, Credit, Provision uint64
}

// Total is tag 1020.
func (p Payments) Total() uint64 {
	return p.Cash + p.Cashless + p.Prepaid + p.Credit + p.Provision
}

// Correction says what a correction corrects: tags 1173 and 1174.
type Correction struct {
	ByOrder bool     // 1173: 0 by the user's own will, 1 by prescription
	Date    uint32   // 1178, seconds of the wall clock, time 00:00:00
	Number  tlv.Text // 1179
}

// UserAttribute is tag 1084.
type UserAttribute struct{ Name, Value tlv.Text }

// OperationalAttribute is tag 1270.
type OperationalAttribute struct {
	Time uint32 // 1273, seconds of the wall clock
	ID   byte   // 1271
	Data tlv.Text
}

// IndustryAttribute is tag 1260 in an item and 1261 in a receipt.
type IndustryAttribute struct {
	FOIV   tlv.Text // 1262, three digits
	Date   tlv.Text // 1263, ДД.ММ.ГГГГ
	Number tlv.Text // 1264
	Value  tlv.Text // 1265
}

// Buyer is tag 1256 of FFD 1.2; 1.05 and 1.1 have name and INN alone, at the
// top of the receipt.
type Buyer struct {
	Name         tlv.Text // 1227
	INN          tlv.Text // 1228
	BirthDate    tlv.Text // 1243, ДД.ММ.ГГГГ
	Citizenship  tlv.Text // 1244
	DocumentCode tlv.Text // 1245
	DocumentData tlv.Text // 1246
	Address      tlv.Text // 1254
}

// CashlessPayment is tag 1235.
type CashlessPayment struct {
	Sum    uint64   // 1082
	Method byte     // 1236
	IDs    tlv.Text // 1237
	Info   tlv.Text // 1238
}

// AgentData is tag 1223, or its members at the top of a receipt up to 1.1.
type AgentData struct {
	TransferOperatorPhones []tlv.Text // 1075
	Operation              tlv.Text   // 1044
	PaymentAgentPhones     []tlv.Text // 1073
	PaymentOperatorPhones  []tlv.Text // 1074
	TransferOperatorName   tlv.Text   // 1026
	TransferOperatorAddr   tlv.Text   // 1005
	TransferOperatorINN    tlv.Text   // 1016
}

// Supplier is tag 1224. The INN of the supplier, 1226, stands beside it in the
// item.
type Supplier struct {
	Phones []tlv.Text // 1171
	Name   tlv.Text   // 1225
}

// Item is tag 1059.
type Item struct {
	Name     tlv.Text    // 1030
	Price    uint64      // 1079
	Quantity tlv.Decimal // 1023
	Unit     tlv.Text    // 1197, up to 1.1
	Measure  byte        // 2108, 1.2
	Amount   uint64      // 1043
	VAT      VATRate     // 1199
	VATSum   uint64      // 1200
	UnitVAT  uint64      // 1198; 0 leaves it out
	Type     ItemType    // 1212
	Method   PaymentMethod

	Agent       AgentFlags // 1222; 0 leaves it out
	AgentData   *AgentData
	Supplier    *Supplier
	SupplierINN tlv.Text // 1226

	Excise      uint64   // 1229; 0 leaves it out
	Country     tlv.Text // 1230
	Declaration tlv.Text // 1231

	ProductCode []byte       // 1162, up to 1.1
	Marking     *ProductCode // 1163, 1.2
	// MarkingMode and CheckResult go with a marking code in 1.2. No information
	// system answers an emulator, so zero, nothing was checked, is the rule.
	MarkingMode byte      // 2102
	CheckResult byte      // 2106
	Fraction    *Fraction // 1291, 1.2

	Attribute tlv.Text            // 1191
	Industry  []IndustryAttribute // 1260, 1.2
}

// Fraction is tag 1291: a part of a marked piece good.
type Fraction struct{ Numerator, Denominator uint64 }

// VATTotals are the totals of a receipt by rate: tax for the taxed rates,
// turnover for 0 % and for what is not taxed (spec/ffd/encoding.md 7). The
// index is the VATRate.
type VATTotals [VAT22122 + 1]uint64

// SumVAT fills VATSum of every item and the totals of the receipt. The total of
// a rate is the sum of the item taxes (spec/decisions.md, VAT per item).
func (r *Receipt) SumVAT() {
	r.VAT = VATTotals{}
	for i := range r.Items {
		it := &r.Items[i]
		it.VATSum = it.VAT.Tax(it.Amount)
		switch {
		case it.VAT.Taxed():
			r.VAT[it.VAT] += it.VATSum
		case it.VAT.Valid():
			r.VAT[it.VAT] += it.Amount
		}
	}
}

// ItemsTotal is the sum of 1043 over the items.
func (r *Receipt) ItemsTotal() uint64 {
	var sum uint64
	for i := range r.Items {
		sum += r.Items[i].Amount
	}
	return sum
}

// HasMarking tells that tag 2107 must be written in 1.2: an item has a marking
// code. An article number in 1163 is none (spec/ffd/documents.md, 3).
func (r *Receipt) HasMarking() bool {
	for i := range r.Items {
		if m := r.Items[i].Marking; m != nil && m.Marked() {
			return true
		}
	}
	return false
}
