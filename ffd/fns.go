package ffd

import (
	"fmt"
	"slices"
	"strconv"

	"kktd/tlv"
)

// FNSError says what in the JSON of the tax service cannot be read, or was read
// with a doubt. As a warning it names a key that nobody knows, a name in another
// structure, a substituted character.
type FNSError struct {
	Path   string // "receipt.items[2].price", "" for the whole
	Offset int64  // in the input, in bytes, behind the value; 0 when a document is written
	Rule   string
}

func (e *FNSError) Error() string {
	s := "ffd: JSON of the tax service: "
	if e.Path != "" {
		s += e.Path + ": "
	}
	return s + e.Rule + ", at offset " + strconv.FormatInt(e.Offset, 10)
}

// fnsName is a name in the JSON of the tax service beside those of the
// dictionary.
type fnsName struct {
	name   string
	tag    uint16
	parent uint16  // 0 for the top of a receipt, a БСО or a correction
	until  Version // written in versions up to this one; 0 when it is read only
}

// fnsNames are the special cases beside the dictionary (spec/ffd/tags.csv,
// json_name). They were met in vectors/receipts; the notes of tags.csv name some
// of them as those of the dictionary of 1.0.
var fnsNames = [...]fnsName{
	{"taxationType", TagAppliedTaxSystem, 0, V105}, // 1.2 has both names with one value
	{"buyerAddress", TagBuyerContact, 0, V105},
	{"propertiesUser", TagUserAttribute, 0, V105},
	{"ndsCalculated18", TagVAT20120Sum, 0, V100},
	{"ndsCalculated10", TagVAT10110Sum, 0, V100},
	{"addressToCheckFiscalSign", TagVATAmounts, 0, V100}, // 1115 of 1.0 is a text

	{"retailAddress", TagSettlementAddress, 0, 0},
	{"senderAddress", TagSenderEmail, 0, 0},
	{"authorityUri", TagFNSSite, 0, 0},
	{"fnsSite", TagFNSSite, 0, 0},
	{"ndsCalculated20", TagVAT20120Sum, 0, 0},

	// The form with protocolVersion in place of fiscalDocumentFormatVer.
	{"protocolVersion", TagFFDVersion, 0, 0},
	{"prepaymentSum", TagPrepaidSum, 0, 0},
	{"postpaymentSum", TagCreditSum, 0, 0},
	{"counterSubmissionSum", TagProvisionSum, 0, 0},
	{"userProperty", TagUserAttribute, 0, 0},
	{"key", TagUserAttributeName, TagUserAttribute, 0},
	{"value", TagUserAttributeValue, TagUserAttribute, 0},
	{"ndsRate", TagVATRate, TagItem, 0},
	{"calculationTypeSign", TagPaymentMethod, TagItem, 0},
	{"calculationSubjectSign", TagItemType, TagItem, 0},
	{"measure", TagUnitName, TagItem, 0},

	{"productCodeData", TagProductCodeStructured, TagItem, 0},
}

// fnsIgnored are keys that the service adds to a document. They say nothing of
// its bytes: the sign of the message stands behind the document
// (spec/ofd-protocol.md), the others come from its own books (vectors/receipts).
var fnsIgnored = []string{"messageFiscalSign", "region", "redefine_mask", "numberKkt", "productCodeDataError"}

// fnsWrappers are objects around a document that are no document.
var fnsWrappers = []string{"ticket", "document"}

// fnsCodes are the keys of the form.
var fnsCodes = []string{"code", "receiptCode"}

// fnsFirst are the tags that the drive writes, in its order (spec/decisions.md,
// FN part, first tags). 1209 and 1190 are the drive's in 1.2 only.
var fnsFirst = []uint16{TagFFDVersion, TagFNMaxFFD, TagFNNumber, TagKKTRegNumber, TagUserINN, TagFDNumber, TagDateTime, TagFiscalSign,
	TagShiftNumber, TagReceiptNumberInShift, TagSettlementType, TagTotalSum}

// fnsRank is the place of a tag in the FN part of a document; what the register
// sends comes behind.
func fnsRank(tag uint16, form Form, v Version) int {
	i := slices.Index(fnsFirst, tag)
	switch {
	case form == FormConfirmation || !hasVersion(form): // no document of the drive
		return 0
	case i < 0 || i < 2 && v < V120:
		return len(fnsFirst)
	}
	return i
}

// fnsIndex holds the places in dictionary of each JSON name.
var fnsIndex = indexFNS()

func indexFNS() map[string][]int {
	m := map[string][]int{}
	for i := range dictionary {
		if name := dictionary[i].JSONName; name != "" {
			m[name] = append(m[name], i)
		}
	}
	return m
}

// fnsTag finds the tag of a name in a structure. It is misplaced when the
// dictionary has the name in other structures only. A tag without a name stands
// under its number.
func fnsTag(name string, parent uint16) (tag uint16, misplaced, ok bool) {
	for i := range fnsNames {
		if f := &fnsNames[i]; f.name == name && (f.parent == parent || f.parent == 0 && Form(parent).IsSettlement()) {
			return f.tag, false, true
		}
	}
	places := fnsIndex[name]
	for _, i := range places {
		if slices.Contains(dictionary[i].Parents, parent) {
			return dictionary[i].Tag, false, true
		}
	}
	for _, i := range places {
		if Form(dictionary[i].Tag).MaxLen() == 0 {
			return dictionary[i].Tag, parent != TagItem || fnsRate(dictionary[i].Tag) == 0, true
		}
	}
	if n, err := strconv.ParseUint(name, 10, 16); err == nil && n > 0 && name[0] != '0' {
		return uint16(n), false, true
	}
	return 0, false, false
}

// fnsNameOf is the name that a tag is written under.
func fnsNameOf(tag, parent uint16, v Version) string {
	name := ""
	if e := lookup(tag, v, parent); e != nil {
		name = e.JSONName
	}
	for i := range fnsNames {
		f := &fnsNames[i]
		if f.tag == tag && v <= f.until && (f.parent == parent || f.parent == 0 && Form(parent).IsSettlement()) {
			name = f.name
		}
	}
	if got, _, ok := fnsTag(name, parent); !ok || got != tag {
		return strconv.Itoa(int(tag)) // no name, or one that means another tag here
	}
	return name
}

// fnsFormName is the key around a document.
func fnsFormName(form Form) string {
	if e := lookup(uint16(form), V120, 0); e != nil && e.JSONName != "" {
		return e.JSONName
	}
	return strconv.Itoa(int(form))
}

// fnsForm is the form whose document stands under a key, 0 when none does.
func fnsForm(name string) Form {
	for _, i := range fnsIndex[name] {
		if f := Form(dictionary[i].Tag); f.MaxLen() != 0 {
			return f
		}
	}
	if n, err := strconv.ParseUint(name, 10, 16); err == nil && Form(n).MaxLen() != 0 {
		return Form(n)
	}
	return 0
}

// fnsCodeName is the key of the form inside a document.
func fnsCodeName(form Form, v Version) string {
	if form.IsSettlement() && v <= V105 {
		return "receiptCode"
	}
	return "code"
}

// fnsRate is the rate whose total the tag is. Up to 1.05 the service gave an
// item its tax under the name of the total of the rate (vectors/tlv, receipt-*).
func fnsRate(total uint16) VATRate {
	switch total {
	case TagVAT20Sum:
		return VAT20
	case TagVAT10Sum:
		return VAT10
	case TagVAT0TurnoverSum:
		return VAT0
	case TagNoVATTurnoverSum:
		return VATNone
	case TagVAT20120Sum:
		return VAT20120
	case TagVAT10110Sum:
		return VAT10110
	}
	return 0
}

// fnsCodeType is productIdType of a product code: 1 for tag 1300, 6 for 1305,
// as met in vectors/tlv/marking-codes-real-fns-export; 11 to 16 for 1320 to 1325
// go on in the same way.
func fnsCodeType(tag uint16) int {
	if tag >= TagProductCodeF1 {
		return int(tag-TagProductCodeF1) + 11
	}
	return int(tag-TagProductCodeUnknown) + 1
}

// fnsCodeTag is the tag of a productIdType, 0 when there is none.
func fnsCodeTag(kind int) uint16 {
	switch {
	case kind >= 1 && kind <= 10:
		return TagProductCodeUnknown + uint16(kind-1)
	case kind >= 11 && kind <= 16:
		return TagProductCodeF1 + uint16(kind-11)
	}
	return 0
}

// fnsCodeParts takes GTIN and serial number out of a product code, as the
// service does.
func fnsCodeParts(tag uint16, code string) (gtin, serial string) {
	switch {
	case tag >= TagProductCodeEAN8 && tag <= TagProductCodeITF14:
		return code, ""
	case len(code) > 18 && code[:2] == "01" && isDigits(code[2:16]) && code[16:18] == "21":
		return code[2:16], code[18:]
	}
	return "", ""
}

// fnsVersion is the version of the bytes inside a document. Without 1209 it is
// 1.0, but for the forms that never have the tag.
func fnsVersion(form Form, body []byte) Version {
	if it, ok := tlv.Find(body, TagFFDVersion); ok {
		if n, err := tlv.Uint(it.Value); err == nil {
			return Version(min(max(n, uint64(V100)), uint64(V120)))
		}
	}
	if hasVersion(form) {
		return V100
	}
	return V120
}

func fnsErrorf(path string, offset int64, format string, args ...any) *FNSError {
	return &FNSError{Path: path, Offset: offset, Rule: fmt.Sprintf(format, args...)}
}
