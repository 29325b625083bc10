package ffd

import "kktd/tlv"

// The documents of marked goods, 1.2 only. They are no fiscal documents: they
// have numbers of their own and no tag 1077. 81 and 82 are made by the drive,
// 83 and 84 are the answers to them (spec/ffd/documents.md, 81 to 84).

// MarkingRequest is form 81, the request about one marking code.
type MarkingRequest struct {
	Number        uint32      // 2001
	INN           [12]byte    // 1018, padded
	Time          uint32      // 2114
	Drive         [16]byte    // 1041
	LocalCheck    byte        // 2004, bits as in 2106
	PlannedStatus byte        // 2003
	Quantity      tlv.Decimal // 1023 with 2108; 0 leaves both out
	Measure       byte        // 2108
	Fraction      *Fraction   // 1291
	CodeType      byte        // 2100
	Code          tlv.Text    // 2000, as it was scanned, GS included
	Mode          byte        // 2102, 0
}

// Append appends the whole document with its frame. On an error, always a
// *FieldError, b comes back as it was; so with all documents of marked goods.
func (x *MarkingRequest) Append(b []byte) ([]byte, error) {
	f := fault{item: -1}
	body, at := tlv.Begin(b, uint16(FormMarkingRequest))
	body = x.append(body, &f)
	return f.document(b, body, at, FormMarkingRequest)
}

// MarkingNotice is form 82, the notification that marked goods were sold.
type MarkingNotice struct {
	Number             uint32              // 2002
	Time               uint32              // 1012
	Drive              [16]byte            // 1041
	INN                tlv.Text            // 1018
	BuyerINN           tlv.Text            // 1228
	Address            tlv.Text            // 1009, when it is not that of the registration
	TaxSystem          TaxSystems          // 1055
	Operation          Operation           // 1054
	Kind               byte                // 2116, bits
	Items              []MarkedItem        // 2007
	Industry           []IndustryAttribute // 1261
	UserAttribute      *UserAttribute      // 1084
	TimeZone           byte                // 1011, 1 to 11; 0 leaves it out
	Receipt            uint32              // 2040, number of the receipt; 0 leaves it out
	InternetSettlement bool                // 1125
}

// MarkedItem is tag 2007.
type MarkedItem struct {
	Code           tlv.Text    // 2000, as it was scanned, GS included
	CodeType       byte        // 2100
	ProductID      tlv.Text    // 2101
	ControlCode    tlv.Text    // 2115
	AssignedStatus byte        // 2110
	CheckResult    byte        // 2106
	Quantity       tlv.Decimal // 1023 with 2108; 0 leaves both out
	Measure        byte        // 2108
	Fraction       *Fraction   // 1291
	Mode           byte        // 2102, 0
	Method         PaymentMethod
	Name           tlv.Text   // 1030
	SupplierINN    tlv.Text   // 1226
	Agent          AgentFlags // 1222; 0 leaves it out
	AgentData      *AgentData
	Supplier       *Supplier
	Price          uint64  // 1079, kopecks
	Amount         uint64  // 1043
	VAT            VATRate // 1199
	VATSum         uint64  // 1200
	Industry       []IndustryAttribute
}

// Append appends the whole document with its frame.
func (x *MarkingNotice) Append(b []byte) ([]byte, error) {
	f := fault{item: -1}
	body, at := tlv.Begin(b, uint16(FormMarkingNotice))
	body = x.append(body, &f)
	return f.document(b, body, at, FormMarkingNotice)
}

// MarkingAnswer is form 83, the answer to a request. When the request was not
// processed (Code is not 0), Mode, CodeType, Status and Result are left out.
type MarkingAnswer struct {
	Number    uint32   // 2001 of the request
	Time      uint32   // 2114
	Mode      byte     // 2102
	CodeType  byte     // 2100
	Status    byte     // 2109
	ProductID tlv.Text // 2101
	Code      byte     // 2105
	Result    byte     // 2005, bits as in 2106
}

// Append appends the whole document with its frame.
func (x *MarkingAnswer) Append(b []byte) ([]byte, error) {
	f := fault{item: -1}
	body, at := tlv.Begin(b, uint16(FormMarkingAnswer))
	body = x.append(body, &f)
	return f.document(b, body, at, FormMarkingAnswer)
}

// MarkingNoticeAck is form 84, the receipt for a notification. Result is left out
// when Code is not 0.
type MarkingNoticeAck struct {
	Number uint32 // 2002 of the notification
	Time   uint32 // 1012
	Code   byte   // 2111
	Result byte   // 2006
}

// Append appends the whole document with its frame.
func (x *MarkingNoticeAck) Append(b []byte) ([]byte, error) {
	f := fault{item: -1}
	body, at := tlv.Begin(b, uint16(FormMarkingNoticeAck))
	body = x.append(body, &f)
	return f.document(b, body, at, FormMarkingNoticeAck)
}
