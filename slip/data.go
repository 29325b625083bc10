package slip

import (
	"slices"

	"kktd/ffd"
)

// Data is a slip as its values, with a stable form in JSON: members are added, never
// renamed. Sums are roubles as decimal texts with two digits, times are of the
// register's wall clock without a zone, names are Russian.
type Data struct {
	Mark      string    `json:"mark"` // "ТЕСТ (отладочный ФН)": it is never a real document
	Form      ffd.Form  `json:"form"` // code of the form: 3 is a receipt
	Title     string    `json:"title"`
	FFD       string    `json:"ffd"`
	Time      string    `json:"time"`                // 1012, 2026-01-10T10:03:00
	User      User      `json:"user"`                // of the document, else of the registration in force
	Operation *Named    `json:"operation,omitempty"` // 1054, of receipts
	Shift     uint64    `json:"shift,omitempty"`
	Receipt   uint64    `json:"receipt,omitempty"` // number in the shift
	Cashier   string    `json:"cashier,omitempty"`
	TaxSystem *Named    `json:"tax_system,omitempty"` // 1055
	Buyer     string    `json:"buyer,omitempty"`      // 1008
	Items     []Item    `json:"items,omitempty"`
	Total     string    `json:"total,omitempty"` // 1020
	Payments  *Payments `json:"payments,omitempty"`
	VAT       []VAT     `json:"vat,omitempty"`
	Register  Register  `json:"register"`
	Number    uint64    `json:"number"`          // 1040
	Sign      string    `json:"sign"`            // as printed: 10 digits
	QR        string    `json:"qr,omitempty"`    // what the code says; of receipts
	Lines     []string  `json:"lines,omitempty"` // printed only, in no document
	Rows      []Row     `json:"rows"`            // everything on the slip from its top
}

// User is who settles.
type User struct {
	Name    string `json:"name,omitempty"`
	INN     string `json:"inn,omitempty"`
	Address string `json:"address,omitempty"`
	Place   string `json:"place,omitempty"`
}

// Register is the machine and its drive.
type Register struct {
	RegNumber string `json:"reg_number,omitempty"` // 1037
	Serial    string `json:"serial,omitempty"`     // 1013
	Drive     string `json:"drive,omitempty"`      // 1041
}

// Named is a code of the format with its name.
type Named struct {
	Code uint64 `json:"code"`
	Name string `json:"name"`
}

// Item is an item of a receipt.
type Item struct {
	Name     string `json:"name"`
	Mark     string `json:"mark,omitempty"` // [M], [M+] or [M-] of marked goods
	Price    string `json:"price"`
	Quantity string `json:"quantity"` // with its unit, as printed
	Sum      string `json:"sum"`
	VAT      *VAT   `json:"vat,omitempty"`
	Type     *Named `json:"type,omitempty"`   // 1212
	Method   *Named `json:"method,omitempty"` // 1214
	Line     string `json:"line,omitempty"`   // printed only
}

// VAT is a rate with its sum: of the tax, or of the turnover for 0% and without VAT.
type VAT struct {
	Code uint64 `json:"code"` // 1199
	Name string `json:"name"`
	Sum  string `json:"sum,omitempty"`
}

// Payments are the ways a total is paid, each when it is not 0.
type Payments struct {
	Cash      string `json:"cash,omitempty"`      // 1031
	Cashless  string `json:"cashless,omitempty"`  // 1081
	Prepaid   string `json:"prepaid,omitempty"`   // 1215
	Credit    string `json:"credit,omitempty"`    // 1216
	Provision string `json:"provision,omitempty"` // 1217
}

// Row is a line of the slip.
type Row struct {
	Kind  string `json:"kind"`            // heading, centred, text, item, pair, total, rule or qr
	Level int    `json:"level,omitempty"` // of indentation
	Text  string `json:"text,omitempty"`  // label of a pair or total
	Value string `json:"value,omitempty"` // of a pair or total
}

// name is how the JSON calls a kind.
func (k kind) name() string {
	return [...]string{centred: "centred", heading: "heading", flowing: "text", itemName: "item", pair: "pair", total: "total", rule: "rule", code: "qr"}[k]
}

// DataOf reads the values of a slip. Errors are those of Text, without ErrWidth.
func DataOf(in Input) (*Data, error) {
	c, err := composed(&in)
	if err != nil {
		return nil, err
	}
	r := &in.Registration
	d := &Data{Mark: testMark, Form: ffd.Form(c.doc.Tag), Title: c.doc.Name, FFD: c.version.String(), Sign: c.value(c.doc, ffd.TagFiscalSign),
		User: User{Name: c.or(ffd.TagUserName, r.UserName), INN: c.or(ffd.TagUserINN, r.INN), Address: c.or(ffd.TagSettlementAddress, r.Address),
			Place: c.or(ffd.TagSettlementPlace, r.Place)},
		Register: Register{RegNumber: c.or(ffd.TagKKTRegNumber, r.RegNumber), Serial: c.or(ffd.TagKKTSerialNumber, r.Serial), Drive: c.value(c.doc, ffd.TagFNNumber)},
		Cashier:  c.value(c.doc, ffd.TagCashier), Lines: in.Lines}
	d.Number, _ = c.uint(c.doc, ffd.TagFDNumber)
	d.Shift, _ = c.uint(c.doc, ffd.TagShiftNumber)
	if t, ok := c.uint(c.doc, ffd.TagDateTime); ok {
		d.Time = wallTime(t, "2006-01-02T15:04:05")
	}
	for _, l := range c.lines {
		d.Rows = append(d.Rows, Row{Kind: l.kind.name(), Level: l.level, Text: l.left, Value: l.right})
	}
	if d.Form.IsSettlement() {
		c.fill(d)
	}
	return d, nil
}

// fill reads what receipts and corrections have.
func (c *composer) fill(d *Data) {
	d.Operation, d.TaxSystem = c.named(c.doc, ffd.TagSettlementType), c.named(c.doc, ffd.TagAppliedTaxSystem)
	d.Receipt, _ = c.uint(c.doc, ffd.TagReceiptNumberInShift)
	d.Buyer, d.Total, d.QR = c.value(c.doc, ffd.TagBuyerContact), c.value(c.doc, ffd.TagTotalSum), c.qr()
	d.Payments = &Payments{Cash: c.sum(ffd.TagCashSum), Cashless: c.sum(ffd.TagCashlessSum), Prepaid: c.sum(ffd.TagPrepaidSum),
		Credit: c.sum(ffd.TagCreditSum), Provision: c.sum(ffd.TagProvisionSum)}
	for _, it := range c.doc.Items {
		if it.Tag == ffd.TagItem {
			one := Item{Name: c.value(it, ffd.TagItemName), Mark: mark(it), Price: c.value(it, ffd.TagItemPrice), Quantity: c.quantity(it),
				Sum: c.value(it, ffd.TagItemSum), Type: c.named(it, ffd.TagItemType), Method: c.named(it, ffd.TagPaymentMethod), Line: c.in.ItemLines[len(d.Items)]}
			if rate := c.named(it, ffd.TagVATRate); rate != nil {
				one.VAT = &VAT{Code: rate.Code, Name: rate.Name, Sum: c.value(it, ffd.TagItemVATSum)}
			}
			d.Items = append(d.Items, one)
		}
	}
	for _, t := range [...]struct {
		rate ffd.VATRate
		tag  uint16
	}{{ffd.VAT20, ffd.TagVAT20Sum}, {ffd.VAT10, ffd.TagVAT10Sum}, {ffd.VAT20120, ffd.TagVAT20120Sum}, {ffd.VAT10110, ffd.TagVAT10110Sum},
		{ffd.VAT0, ffd.TagVAT0TurnoverSum}, {ffd.VATNone, ffd.TagNoVATTurnoverSum}} {
		if s := c.sum(t.tag); s != "" {
			name, _ := ffd.ValueName(ffd.TagVATRate, c.version, uint64(t.rate))
			d.VAT = append(d.VAT, VAT{Code: uint64(t.rate), Name: name, Sum: s})
		}
	}
	if list := child(c.doc, ffd.TagVATAmounts); list != nil {
		for _, one := range list.Items {
			if rate := c.named(one, ffd.TagVATRate); rate != nil {
				d.VAT = append(d.VAT, VAT{Code: rate.Code, Name: rate.Name, Sum: c.value(one, ffd.TagVATAmountValue)})
			}
		}
	}
	slices.SortStableFunc(d.VAT, func(a, b VAT) int { return int(a.Code) - int(b.Code) })
}

// sum is a sum of the document that is not 0.
func (c *composer) sum(tag uint16) string {
	if u, _ := c.uint(c.doc, tag); u == 0 {
		return ""
	}
	return c.value(c.doc, tag)
}

// named is a code with its name, nil when the tag is not there.
func (c *composer) named(n *ffd.Node, tag uint16) *Named {
	u, ok := c.uint(n, tag)
	if !ok {
		return nil
	}
	name, _ := ffd.ValueName(tag, c.version, u)
	return &Named{Code: u, Name: name}
}
