package ffd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/tlv"
)

func TestTax(t *testing.T) {
	for _, c := range []struct {
		name string
		rate VATRate
		sum  uint64
		want uint64
	}{
		{"10% of 300.00", VAT10, 30000, 2727},
		{"22% of a live receipt", VAT22, 80730, 14558},
		{"20%", VAT20, 12000, 2000},
		{"plain and calculated rates agree", VAT20120, 12000, 2000},
		{"half up", VAT20, 3, 1}, // 0.5
		{"just below half", VAT10, 5, 0},
		{"0%", VAT0, 10000, 0},
		{"not taxed", VATNone, 10000, 0},
		{"5/105", VAT5105, 10500, 500},
		{"7%", VAT7, 10700, 700},
		{"the greatest sum", VAT20, 1<<48 - 1, 46912496118443},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.rate.Tax(c.sum)) })
	}
}

func TestSubstitution(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"quotation marks", "ООО «Ромашка» „a“ ‘b’", `ООО "Ромашка" "a" 'b'`},
		{"dashes", "a – b — c − d", "a - b - c - d"},
		{"ellipsis and rouble", "всё… 5 ₽", "всё... 5 руб."},
		{"spaces", "a\u00a0b\u2009c", "a b c"},
		{"a no-break space alone", "a\u00a0b", "a b"},
		{"line breaks and tabs", "a\r\nb\tc", "a  b c"},
		{"zero width", "a\u200bb\ufeffc", "abc"},
		{"marks of Latin letters", "Café Ñandú", "Cafe Nandu"},
		{"what CP866 has stays", "№ 5 ё Ё ░", "№ 5 ё Ё ░"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var a tlv.Arena
			x, done, err := MakeText(&a, c.in, false)
			require.NoError(t, err)
			require.Equal(t, c.want, x.String())
			require.Equal(t, c.in != c.want, len(done) > 0)
			_, _, err = MakeText(&a, c.in, true)
			_, cpErr := tlv.NewText(c.in)
			require.Equal(t, cpErr != nil || strings.ContainsAny(c.in, "\r\n\t"), err != nil, "strict refuses what CP866 lacks, and controls")
		})
	}
	for _, c := range []string{"a\x00b", "a\x1b[31m", "a\x7f"} {
		_, _, err := MakeText(new(tlv.Arena), c, false)
		require.ErrorContains(t, err, "control character", "%q", c)
	}
	_, _, err := MakeText(new(tlv.Arena), "two\nlines", true)
	require.ErrorContains(t, err, "U+000A")
	var a tlv.Arena
	_, _, err = MakeText(&a, "Привет 😀", false)
	var ce *tlv.CharError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, '😀', ce.Char)
	require.Equal(t, 7, ce.Index)
	_, _, err = MakeText(&a, "bad \xff", false)
	require.ErrorAs(t, err, &ce)
}

func TestProductCodes(t *testing.T) {
	const gs = "\x1d"
	for _, c := range []struct {
		name, raw, separator string
		tag                  uint16
		value                string
		marked               bool
	}{
		{"the sample of the CloudKassir document", "010460043993125621JgXJ5.T" + gs + "8005112000" + gs + "930001" + gs + "923zbrLA==" + gs + "24014276281", gs,
			TagProductCodeGS1M, "010460043993125621JgXJ5.T", true},
		{"another separator", "010460043993125621JgXJ5.T|93zbrL", "|", TagProductCodeGS1M, "010460043993125621JgXJ5.T", true},
		{"a leading separator", gs + "010460043993125621JgXJ5.T" + gs + "93zbrL", "", TagProductCodeGS1M, "010460043993125621JgXJ5.T", true},
		{"no check part", "010460043993125621JgXJ5.T", "", TagProductCodeGS10, "010460043993125621JgXJ5.T", false},
		{"EAN-8", "46198488", "", TagProductCodeEAN8, "46198488", false},
		{"EAN-13", "4606203090785", "", TagProductCodeEAN13, "4606203090785", false},
		{"ITF-14", "14601234567890", "", TagProductCodeITF14, "14601234567890", false},
		{"tobacco pack", "00000046198488X?io+qCABm8wAYa", "", TagProductCodeKMK, "00000046198488X?io+qC", true},
		{"fur", "RU-430302-ABC1234567", "", TagProductCodeFur, "RU-430302-ABC1234567", true},
		{"unknown", "hello", "", TagProductCodeUnknown, "hello", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, err := ParseProductCode(c.raw, c.separator)
			require.NoError(t, err)
			require.Equal(t, c.tag, code.Tag)
			require.Equal(t, c.value, code.Value.String())
			require.Equal(t, c.marked, code.Marked())
		})
	}
	_, err := ParseProductCode("", "")
	require.ErrorIs(t, err, ErrProductCode)
	_, err = ParseProductCode("010460043993125621JgXJ5.T8005112000930001923zbrLA==", "")
	require.ErrorContains(t, err, "separator")
}

func TestProductCode105(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "shared", "vectors", "tlv", "product-code-1162.json"))
	if err == nil {
		var file struct {
			Cases []struct {
				Type     string
				ValueHex string `json:"value_hex"`
			}
		}
		require.NoError(t, json.Unmarshal(raw, &file))
		for _, c := range file.Cases {
			if c.Type == "GS1 DataMatrix 444D" {
				b, err := ProductCode105(c.ValueHex)
				require.NoError(t, err, "a ready value is taken as it is")
				require.Len(t, b, len(c.ValueHex)/2)
			}
		}
	}
	b, err := ProductCode105("303130343630303433393933313235363231 4a67584a352e54313132303030")
	require.NoError(t, err)
	require.Equal(t, "444d042f1f9681784a67584a352e54313132303030", hexOf(b))
	for _, s := range []string{"", "zz", "3031303239303030303033343....a7"} {
		_, err := ProductCode105(s)
		require.ErrorIs(t, err, ErrProductCode, s)
	}
}

func TestProductCode1162(t *testing.T) {
	for _, c := range []struct{ name, raw, separator, want string }{
		{"Data Matrix", "010460043993125621JgXJ5.T112000\x1d93zbrL", "", "444d042f1f9681784a67584a352e54313132303030"},
		{"another separator", "010460043993125621JgXJ5.T112000|93zbrL", "|", "444d042f1f9681784a67584a352e54313132303030"},
		{"tobacco pack", "00000046198488X?io+qCABm8wAYa", "", "444d000002c0eed8583f696f2b7143"},
		{"EAN-8", "46198488", "", "4508000002c0eed8"},
		{"EAN-13", "4606203090785", "", "450d043077195761"},
		{"ITF-14", "14601234567890", "", "490e0d479d6652d2"},
		{"fur", "RU-430302-ABC1234567", "", "524652552d3433303330322d41424331323334353637"},
		{"unknown", "hello", "", "000068656c6c6f"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := ProductCode1162(c.raw, c.separator)
			require.NoError(t, err)
			require.Equal(t, c.want, hexOf(b))
		})
	}
	_, err := ProductCode1162("010460043993125621"+strings.Repeat("x", 25), "")
	require.ErrorIs(t, err, ErrProductCode)
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	s := make([]byte, 0, 2*len(b))
	for _, c := range b {
		s = append(s, digits[c>>4], digits[c&15])
	}
	return string(s)
}

func TestQR(t *testing.T) {
	q := QR{Time: 1748781000, Total: 128521, Drive: "7281440500751551", Number: 30526, Sign: 1168453787, Operation: Income}
	require.Equal(t, "t=20250601T1230&s=1285.21&fn=7281440500751551&i=30526&fp=1168453787&n=1", q.String())
	q.Seconds, q.Total, q.Sign = true, 5, 7
	require.Equal(t, "t=20250601T123000&s=0.05&fn=7281440500751551&i=30526&fp=7&n=1", q.String())
}

// fullReceipt has every field that some version writes.
func fullReceipt() *Receipt {
	x := tlv.MustText
	agent := &AgentData{TransferOperatorPhones: []tlv.Text{x("+79990000001"), x("+79990000002")}, Operation: x("Перевод"),
		PaymentAgentPhones: []tlv.Text{x("+79990000003")}, PaymentOperatorPhones: []tlv.Text{x("+79990000004")},
		TransferOperatorName: x("Оператор"), TransferOperatorAddr: x("Адрес"), TransferOperatorINN: x("7700000009")}
	industry := []IndustryAttribute{{FOIV: x("030"), Date: x("26.03.2022"), Number: x("1944"), Value: x("UUID=1&Time=2")}}
	r := &Receipt{Form: FormReceipt, Operation: Income, TaxSystem: TaxOSN, Cashier: x("Иванова"), CashierINN: x("771234567890"),
		Contact: x("+79990000000"), SenderEmail: x("a@example.com"), Place: x("www.example.com"), Address: x("г. Москва"),
		AutomatNumber: x("17"), Attribute: x("реквизит чека"), UserAttribute: &UserAttribute{Name: x("ключ"), Value: x("значение")},
		Operational: &OperationalAttribute{Time: 1748781000, ID: 7, Data: x("данные")}, Industry: industry,
		Buyer: &Buyer{Name: x("Петров"), INN: x("771234567890"), BirthDate: x("26.12.1992"), Citizenship: x("443"), DocumentCode: x("21"),
			DocumentData: x("4500 000000"), Address: x("Казань")},
		Agent: 1, AgentData: agent, SupplierPhones: []tlv.Text{x("+74951234567")}, InternetSettlement: true, InternetOnly: true,
		CashlessPayments: []CashlessPayment{{Sum: 100, Method: 1, IDs: x("id"), Info: x("info")}},
		Items: []Item{
			{Name: x("Товар"), Price: 10000, Quantity: tlv.Decimal{Mantissa: 15, Scale: 1}, Unit: x("кг"), Measure: 11, Amount: 15000, VAT: VAT10,
				UnitVAT: 909, Type: Goods, Method: FullSettlement, Agent: 64, AgentData: agent,
				Supplier: &Supplier{Phones: []tlv.Text{x("+74951234567")}, Name: x("ООО Ромашка")}, SupplierINN: x("7700000009"),
				Excise: 1, Country: x("156"), Declaration: x("54180656/1345865/3435625/23"), ProductCode: []byte{0x44, 0x4D, 1},
				Marking: &ProductCode{Tag: TagProductCodeGS1M, Value: x("010460043993125621JgXJ5.T")}, Fraction: &Fraction{Numerator: 1, Denominator: 4},
				Attribute: x("реквизит"), Industry: industry},
		}}
	for rate := VAT20; rate <= VAT22122; rate++ {
		r.Items = append(r.Items, Item{Name: x(rate.String()), Price: 12200, Quantity: tlv.Decimal{Mantissa: 1}, Amount: 12200, VAT: rate, Type: 4, Method: 4})
	}
	r.SumVAT()
	r.Payments = Payments{Cash: 1, Cashless: 100, Prepaid: 2, Credit: 3, Provision: r.ItemsTotal() - 106}
	return r
}

// TestReceiptFollowsTheTable walks what the encoder writes against the table
// of the order: every tag belongs to its structure in the version, stands there
// once unless it may repeat, and no duty is missing.
func TestReceiptFollowsTheTable(t *testing.T) {
	for _, v := range []Version{V105, V110, V120} {
		for _, form := range []Form{FormReceipt, FormBSO, FormCorrection, FormBSOCorrection} {
			r := fullReceipt()
			r.Form = form
			if form == FormCorrection || form == FormBSOCorrection {
				r.Correction = &Correction{ByOrder: true, Date: 1748736000, Number: tlv.MustText("12-3/45")}
			}
			h := sampleHead()
			h.Version, h.Form, h.Total = v, form, r.Payments.Total()
			doc, err := appendSample(nil, h, r)
			require.NoError(t, err)
			golden(t, fmt.Sprintf("full-%v-form%d.tree", v, form), Decode(doc, v).AppendText(nil, 0))
			for _, f := range Check(doc) {
				require.NotEqual(t, Error, f.Severity, "%v form %d: %v", v, form, f)
			}
			outer := tlv.NewReader(doc, 0)
			require.True(t, outer.Next())
			walkRows(t, v, outer.Item())
		}
	}
}

func walkRows(t *testing.T, v Version, it tlv.Item) {
	seen := map[uint16]int{}
	in := it.Children()
	for in.Next() {
		x := in.Item()
		seen[x.Tag]++
		found := false
		for _, row := range Rows(it.Tag) {
			if row.Tag == x.Tag && row.In(v) != 0 {
				found = true
				require.True(t, row.Electronic, "%v: %d in %d is printed only", v, x.Tag, it.Tag)
				require.True(t, row.Repeat || seen[x.Tag] == 1, "%v: %d twice in %d", v, x.Tag, it.Tag)
			}
		}
		require.True(t, found, "%v: %d has no place in %d", v, x.Tag, it.Tag)
		if e, ok := Lookup(x.Tag, v, it.Tag); ok && e.Type == STLV {
			walkRows(t, v, x)
		}
	}
	require.NoError(t, in.Err())
}

func TestFieldErrors(t *testing.T) {
	long := func(n int) tlv.Text { return tlv.RawText(make([]byte, n)) }
	for _, c := range []struct {
		name, path string
		change     func(*Receipt)
	}{
		{"cashier", "1021", func(r *Receipt) { r.Cashier = long(65) }},
		{"INN of the cashier", "1203", func(r *Receipt) { r.CashierINN = long(13) }},
		{"name of an item", "1059[1]/1030", func(r *Receipt) { r.Items[1].Name = long(129) }},
		{"price of an item", "1059[0]/1079", func(r *Receipt) { r.Items[0].Price = 1 << 48 }},
		{"phone of a supplier", "1059[0]/1224/1171", func(r *Receipt) { r.Items[0].Supplier.Phones[0] = long(20) }},
		{"address of a buyer", "1256/1254", func(r *Receipt) { r.Buyer.Address = long(257) }},
		{"a whole item", "1059[0]/1059", func(r *Receipt) {
			r.Items[0].Industry = append(r.Items[0].Industry, IndustryAttribute{Value: long(250)}, IndustryAttribute{Value: long(250)})
			r.Items[0].AgentData.TransferOperatorAddr = long(250)
		}},
		{"length of a product code", "1059[0]/1163/1302", func(r *Receipt) { r.Items[0].Marking = &ProductCode{Tag: TagProductCodeEAN13, Value: long(12)} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := fullReceipt()
			c.change(r)
			b, err := r.Append([]byte("x"), V120)
			var fe *FieldError
			require.ErrorAs(t, err, &fe)
			require.Equal(t, c.path, fe.Path, fe.Rule)
			require.NotEmpty(t, fe.RuleRu)
			require.Equal(t, "x", string(b))
		})
	}
}

func TestConfirmation(t *testing.T) {
	c := Confirmation{OFDINN: Pad[[12]byte]("9999000013"), Drive: Pad[[16]byte]("9999078900005430"), Number: 7, Time: 1748781001, Code: 14, Message: 2,
		Sign: []byte{0x88, 6, 1, 2, 3, 4, 5, 6}}
	doc := c.Append(nil)
	back, err := ParseConfirmation(doc)
	require.NoError(t, err)
	require.Equal(t, c, back)
	for name, b := range map[string][]byte{
		"empty": nil, "another form": {3, 0, 0, 0}, "bytes behind": append(append([]byte(nil), doc...), 0), "cut": doc[:20],
		"no number": tlv.AppendBytes(nil, 7, tlv.AppendBytes(nil, TagFNNumber, c.Drive[:])),
		"no drive":  tlv.AppendBytes(nil, 7, tlv.AppendUint32(nil, TagFDNumber, 7)),
	} {
		_, err := ParseConfirmation(b)
		require.ErrorIs(t, err, ErrConfirmation, name)
	}
	flat := tlv.AppendByte(tlv.AppendUint32(tlv.AppendBytes(nil, TagFNNumber, c.Drive[:]), TagFDNumber, 7), TagOFDResponseCode, 11)
	back, err = ParseConfirmation(tlv.AppendBytes(nil, 7, flat))
	require.NoError(t, err)
	require.EqualValues(t, 11, back.Code, "some operators put 1022 at the top")
}

func FuzzParseConfirmation(f *testing.F) {
	c := Confirmation{Number: 7}
	f.Add(c.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = ParseConfirmation(b) })
}
