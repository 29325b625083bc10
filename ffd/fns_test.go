package ffd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/tlv"
)

// fnsSame are the names that the exports have for the names that are written;
// "" stands for what the service adds.
var fnsSame = map[string]string{"taxationType": "appliedTaxationType", "receiptCode": "code", "retailAddress": "retailPlaceAddress",
	"buyerAddress": "buyerPhoneOrAddress", "senderAddress": "sellerAddress", "fnsSite": "fnsUrl", "authorityUri": "fnsUrl",
	"ndsCalculated18": "nds18118", "ndsCalculated20": "nds18118", "protocolVersion": "fiscalDocumentFormatVer", "prepaymentSum": "prepaidSum",
	"postpaymentSum": "creditSum", "counterSubmissionSum": "provisionSum", "userProperty": "properties", "propertiesUser": "properties",
	"key": "propertyName", "value": "propertyValue", "ndsRate": "nds", "calculationTypeSign": "paymentType",
	"calculationSubjectSign": "productType", "measure": "unit",
	"messageFiscalSign": "", "region": "", "redefine_mask": "", "numberKkt": "", "productCodeDataError": "", "addressToCheckFiscalSign": ""}

// fnsPlain brings a document of the tax service to one set of names: numbers as
// they are written, texts without the spaces of fixed fields, dates with their
// time, no empty texts, lists of one as the one, product codes as the raw code.
func fnsPlain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if raw, ok := v["rawProductCode"]; ok {
			return raw
		}
		out := map[string]any{}
		for key, x := range v {
			if same, ok := fnsSame[key]; ok {
				key = same
			}
			if key == "dateTime" && len(x.(string)) == len("2020-09-16") {
				x = x.(string) + "T00:00:00"
			}
			if x = fnsPlain(x); key != "" && x != "" {
				out[key] = x
			}
		}
		if inner, ok := out["productCodeNew"]; ok {
			delete(out, "productCodeNew")
			out["productCodeData"] = inner.(map[string]any)["gs1m"]
		}
		return out
	case []any:
		var out []any
		for _, x := range v {
			out = append(out, fnsPlain(x))
		}
		if len(out) == 1 {
			return out[0]
		}
		return out
	case json.Number:
		return v.String()
	case string:
		return strings.TrimRight(v, " ")
	}
	return v
}

func fnsDecode(t testing.TB, b []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v map[string]any
	require.NoError(t, d.Decode(&v), string(b))
	return v
}

// TestFNSOfRealReceipts compares with what the service gave for the same bytes.
func TestFNSOfRealReceipts(t *testing.T) {
	for _, f := range readVectors(t, "receipt-*.json") {
		t.Run(f.Name, func(t *testing.T) {
			doc, _ := f.bytes(t)
			out, err := Decode(doc, 0).AppendFNS(nil)
			require.NoError(t, err)
			got := fnsPlain(fnsDecode(t, out)["receipt"]).(map[string]any)
			want := fnsPlain(fnsDecode(t, f.Expected)).(map[string]any)
			if f.Name == "receipt-ffd105-fns-envd-novat" {
				require.Equal(t, "222100142924", got["userInn"])
				got["userInn"] = want["userInn"]                 // the export hides it
				got["items"].(map[string]any)["name"] = "Total:" // and translates Всего:
				require.Equal(t, "500100732259", want["userInn"].(string))
			}
			// The vectors fill 1021 to its length with the neutral text again and again.
			require.Equal(t, want["operator"].(string)[:6], got["operator"].(string)[:6])
			delete(got, "operator")
			delete(want, "operator")
			requireFNSSubset(t, want, got, "")
			back, err := ParseFNS(out)
			require.NoError(t, err)
			again, err := Decode(back, 0).AppendFNS(nil)
			require.NoError(t, err)
			require.Equal(t, string(out), string(again))
		})
	}
}

// requireFNSSubset finds every field of want in got. Up to 1.05 the service called
// the tax of an item by its rate, and left it out for most devices.
func requireFNSSubset(t *testing.T, want, got any, path string) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		require.True(t, ok, path)
		for key, x := range w {
			if _, ok := g[key]; !ok && strings.Contains(path, "items") && strings.HasPrefix(key, "nds1") {
				require.Equal(t, map[string]string{"nds18": "1", "nds10": "2"}[key], g["nds"], path)
				key = "ndsSum"
			}
			requireFNSSubset(t, x, g[key], path+"."+key)
		}
	case []any:
		g, ok := got.([]any)
		require.True(t, ok && len(g) == len(w), path)
		for i := range w {
			requireFNSSubset(t, w[i], g[i], fmt.Sprintf("%s[%d]", path, i))
		}
	default:
		require.Equal(t, want, got, path)
	}
}

// TestFNSReceipts takes every collected receipt to TLV and back.
func TestFNSReceipts(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "shared", "vectors", "receipts", "*.json"))
	require.NoError(t, err)
	if len(paths) == 0 {
		t.Skip("no ../shared/vectors")
	}
	require.Len(t, paths, 69)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			in, err := os.ReadFile(path)
			require.NoError(t, err)
			var file struct{ Receipt json.RawMessage }
			require.NoError(t, json.Unmarshal(in, &file))
			docs, err := ReadFNS(file.Receipt, true)
			require.NoError(t, err, "strict: every key is known")
			require.Len(t, docs, 1)
			doc := docs[0].TLV
			found := Check(doc)
			if !strings.Contains(string(file.Receipt), "fiscalDriveNumber") {
				// The export takes drive, register and sign away; they are put back for the control.
				body := slices.Concat(str(TagFNNumber, "9999078900005430")(nil), str(TagKKTRegNumber, "0000000004030311")(nil),
					leaf(TagFiscalSign, []byte{0x31, 4, 0, 0xBC, 0x61, 0x4E})(nil), doc[tlv.HeaderLen:])
				found = Check(tlv.AppendBytes(nil, 3, body))
			}
			require.Empty(t, errorsOf(found))
			for _, f := range found {
				require.NotContains(t, []string{RuleItems, RuleItemSum, RuleVATSum, RuleVATTotal}, f.Rule, "the arithmetic holds: %v", f)
			}
			out, err := Decode(doc, 0).AppendFNS(nil)
			require.NoError(t, err)
			require.Equal(t, fnsPlain(fnsDecode(t, file.Receipt)), fnsPlain(fnsDecode(t, out)["receipt"]))
			whole, err := ParseFNS(in)
			require.NoError(t, err, "what stands around the receipt is left out")
			require.Equal(t, doc, whole)
		})
	}
}

// fnsSamples are documents kktd makes, one of each form.
func fnsSamples(t testing.TB) map[string][]byte {
	out := map[string][]byte{}
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
			out[fmt.Sprintf("%v-form%d", v, form)] = doc
		}
		out[fmt.Sprintf("%v-form1", v)] = fnsRegistration(t, v, FormRegistration)
		out[fmt.Sprintf("%v-form11", v)] = fnsRegistration(t, v, FormReregistration)
		out[fmt.Sprintf("%v-form5", v)] = fnsClosing(v)
	}
	c := Confirmation{OFDINN: Pad[[12]byte]("9999000013"), Drive: Pad[[16]byte]("9999078900005430"), Number: 7, Time: 1748781001, Code: 14, Message: 2,
		Sign: []byte{0x88, 6, 1, 2, 3, 4, 5, 6}}
	out["form7"] = c.Append(nil)
	opening := ShiftOpeningHead{Head: fnsReportHead(V120, FormShiftOpening), Shift: 1, Warnings: Warnings{OFDTimeout: true}, Message: 2}
	head := func(v Version, form Form) part {
		h := DriveClosingHead{Head: fnsReportHead(v, form), Shift: 9}
		return h.Append
	}
	out["form2"] = stlv(2, opening.Append, str(TagCashier, "Иванова"), str(TagKKTVersion, "1.0"), num(TagKKTMaxFFD, 4))(nil)
	out["form6"] = stlv(6, head(V120, FormDriveClosing), str(TagUserName, "ООО Ромашка"), str(TagCashier, "Иванова"),
		str(TagSettlementAddress, "Москва"), str(TagSettlementPlace, "склад"), func(b []byte) []byte { return new(Totals).appendAs(b, TagFNTotals) })(nil)
	out["form21"] = stlv(21, head(V105, FormSettlementState), num(TagUnsentFDCount, 2), num(TagFirstUnsentFDDate, 1748736000),
		num(TagFirstUnsentFDNumber, 5), num(TagFFDVersion, 2))(nil)
	out["form81"] = stlv(81, num(TagMarkingRequestNumber, 1), str(TagUserINN, "7708806062"), num(TagRequestDateTime, 1780317060), str(TagFNNumber, "9999078900005430"),
		num(TagLocalCheckResult, 3), num(TagPlannedStatus, 1), num(TagMarkingCodeType, 2), str(TagMarkingCode, "0104606419014681215Rbbl1\x1d93abcd"), num(TagMarkingMode, 0))(nil)
	out["form82"] = stlv(82, num(TagNotificationNumber, 1), num(TagDateTime, 1780317060), str(TagFNNumber, "9999078900005430"), num(TagAppliedTaxSystem, 1),
		num(TagSettlementType, 1), num(TagOperationKind, 1), stlv(TagMarkedItem, str(TagMarkingCode, "0104606419014681215Rbbl1"), num(TagMarkingCodeType, 2),
			str(TagProductID, "04606419014681"), str(TagMarkingControlCode, "abcd"), num(TagAssignedStatus, 1), num(TagItemCheckResult, 15), num(TagMarkingMode, 0),
			num(TagPaymentMethod, 4), str(TagItemName, "Молоко"), num(TagItemPrice, 100), num(TagItemSum, 100), num(TagVATRate, 2), num(TagItemVATSum, 9)), num(TagTimeZone, 2), num(TagLinkedReceiptFDNumber, 3))(nil)
	out["form83"] = stlv(83, num(TagMarkingRequestNumber, 1), num(TagRequestDateTime, 1780317060), num(TagMarkingMode, 0), num(TagMarkingCodeType, 2),
		num(TagOISMStatusAnswer, 1), str(TagProductID, "04606419014681"), num(TagRequestProcessingCode, 0), num(TagRequestProcessingResult, 15))(nil)
	out["form84"] = stlv(84, num(TagNotificationNumber, 1), num(TagDateTime, 1780317060), num(TagNotificationProcessingCode, 1))(nil)
	return out
}

func fnsReportHead(v Version, form Form) Head {
	h := sampleHead().Head
	h.Version, h.Form = v, form
	return h
}

func fnsRegistration(t testing.TB, v Version, form Form) []byte {
	x := tlv.MustText
	h := RegistrationHead{Head: fnsReportHead(v, form), DriveMax: V120, OFDINN: Pad[[12]byte]("7708806062"), TaxSystems: TaxOSN, Reasons: 1 << 3, DaysLeft: 400, Totals: &Totals{}}
	if form == FormRegistration {
		h.Reasons, h.Totals = 0, nil
	}
	r := Registration{Serial: x("00000000000000000001"), UserName: x("ООО Ромашка"), Address: x("Москва"), Place: x("склад"), OFDName: x("ОФД"),
		OFDINN: x("7708806062"), FNSSite: x("www.nalog.gov.ru"), SenderEmail: x("a@example.com"), Cashier: x("Иванова"), KKTVersion: x("1.0"), KKTMaxFFD: V120}
	b, at := tlv.Begin(nil, uint16(form))
	b, err := r.Append(h.Append(b), v)
	require.NoError(t, err)
	require.NoError(t, tlv.End(b, at))
	return b
}

func fnsClosing(v Version) []byte {
	var totals Totals
	totals.Add(FormReceipt, Income, Payments{Cash: 100, Credit: 20}, &VATTotals{VAT20: 20})
	totals.Add(FormCorrection, Expense, Payments{Cashless: 7}, &VATTotals{})
	h := ShiftClosingHead{Head: fnsReportHead(v, FormShiftClosing), Shift: 1, Receipts: 2, Documents: 4, Unsent: 4, UnsentSince: 1748736000,
		Totals: &totals, DriveTotals: &totals, DaysLeft: 400}
	r := ShiftReport{Form: FormShiftClosing, Cashier: tlv.MustText("Иванова")}
	b, at := tlv.Begin(nil, uint16(FormShiftClosing))
	b, _ = r.Append(h.Append(b), v)
	_ = tlv.End(b, at)
	return b
}

// TestFNSBytes: what kktd makes comes back from the JSON byte for byte.
func TestFNSBytes(t *testing.T) {
	var all []byte
	docs := fnsSamples(t)
	for name, doc := range docs {
		all = append(all, doc...)
		t.Run(name, func(t *testing.T) {
			out, err := Decode(doc, 0).AppendFNS(nil)
			require.NoError(t, err)
			var pretty bytes.Buffer
			require.NoError(t, json.Indent(&pretty, out, "", "  "))
			golden(t, "fns-"+name+".json", append(pretty.Bytes(), '\n'))
			back, err := ReadFNS(pretty.Bytes(), true)
			require.NoError(t, err)
			require.Len(t, back, 1)
			require.Equal(t, doc, back[0].TLV)
		})
	}
	list, err := Decode(all, 0).AppendFNS(nil)
	require.NoError(t, err)
	require.Equal(t, byte('['), list[0])
	back, err := ParseFNS(list)
	require.NoError(t, err)
	require.Equal(t, all, back)
}

func TestFNSRead(t *testing.T) {
	one := func(tag uint16, v ...byte) []byte { return tlv.AppendBytes(nil, tag, v) }
	for _, tc := range []struct {
		name, in string
		want     []byte // inside of the receipt, 1209 first
		warnings []string
	}{
		{"nothing but the form", `{"code":3}`, nil, nil},
		{"wrappers", `[{"_id":1,"ticket":{"document":{"receipt":{"totalSum":5}}}}]`, one(1020, 5), nil},
		{"seconds", `{"code":3,"dateTime":1488541080}`, one(1012, 0x98, 0x55, 0xB9, 0x58), nil},
		{"a zone does not move the clock", `{"code":3,"dateTime":"2017-03-03T11:38:00+05:00"}`, one(1012, 0x98, 0x55, 0xB9, 0x58), nil},
		{"no seconds", `{"code":3,"dateTime":"20170303T1138"}`, one(1012, 0x98, 0x55, 0xB9, 0x58), nil},
		{"printed sign", `{"code":3,"fiscalSign":12345678}`, one(1077, 0x31, 4, 0, 0xBC, 0x61, 0x4E), nil},
		{"sign as a text", `{"code":3,"fiscalSign":"0012345678"}`, one(1077, 0x31, 4, 0, 0xBC, 0x61, 0x4E), nil},
		{"sign of six bytes", `{"code":3,"fiscalSign":18708889887054}`, one(1077, 0x11, 4, 0, 0xBC, 0x61, 0x4E), nil},
		{"two names, one value", `{"code":3,"taxationType":1,"appliedTaxationType":1}`, one(1055, 1), nil},
		{"flag", `{"code":3,"internetSign":true}`, one(1108, 1), nil},
		{"empty and null", `{"code":3,"operator":"","user":null}`, nil, nil},
		{"drive first", `{"totalSum":1,"operator":"x","code":3,"fiscalDocumentNumber":2}`, slices.Concat(one(1040, 2, 0, 0, 0), one(1020, 1), one(1021, 'x')), nil},
		{"repeat", `{"code":3,"providerPhone":["+1","+2"]}`, slices.Concat(one(1171, '+', '1'), one(1171, '+', '2')), nil},
		{"number of a tag", `{"code":3,"777":"AQI=","1049":"190000"}`, slices.Concat(one(777, 1, 2), one(1049, []byte("190000")...)), nil},
		{"product code of 1.05", `{"code":3,"fiscalDocumentFormatVer":2,"items":[{"productCode":"RE0B"}]}`, slices.Concat(one(1209, 2), one(1059, one(1162, 0x44, 0x4D, 1)...)), nil},
		{"tax of an item by its rate", `{"code":3,"fiscalDocumentFormatVer":2,"items":[{"nds10":9}]}`, slices.Concat(one(1209, 2), one(1059, append(one(1199, 2), one(1200, 9)...)...)), nil},
		{"the same in 1.0", `{"code":3,"items":[{"nds10":9}]}`, one(1059, one(1103, 9)...), nil},
		{"product code as a text", `{"code":3,"fiscalDocumentFormatVer":4,"items":[{"productCodeNew":{"ean13":"4606203090785"}}]}`,
			slices.Concat(one(1209, 4), one(1059, one(1163, one(1302, []byte("4606203090785")...)...)...)), nil},
		{"product code that is taken apart wrongly", `{"code":3,"fiscalDocumentFormatVer":4,"items":[{"productCodeData":{"rawProductCode":"0104606419014681215Rb","productIdType":6,"gtin":5,"sernum":"5Rc","x":1}}]}`,
			slices.Concat(one(1209, 4), one(1059, one(1163, one(1305, []byte("0104606419014681215Rb")...)...)...)),
			[]string{"items[0].productCodeData.gtin", "items[0].productCodeData.sernum", "items[0].productCodeData.x"}},
		{"kind of a product code", `{"code":3,"fiscalDocumentFormatVer":4,"items":[{"productCodeNew":{"f1":{"rawProductCode":"a","productIdType":1},"x":2}}]}`,
			slices.Concat(one(1209, 4), one(1059, one(1163, one(1320, 'a')...)...)), []string{"items[0].productCodeNew.f1.productIdType", "items[0].productCodeNew.x"}},
		{"unknown key", `{"code":3,"foo":{"bar":[1]}}`, nil, []string{"foo"}},
		{"name of another structure", `{"code":3,"sellOper":{"receiptBsoCount":1}}`, one(1129, one(1135, 1, 0, 0, 0)...), []string{"sellOper"}},
		{"unknown version", `{"code":3,"fiscalDocumentFormatVer":5}`, one(1209, 5), []string{"fiscalDocumentFormatVer"}},
		{"substitute", `{"code":3,"user":"«х»"}`, one(1048, '"', 0xE5, '"'), []string{"user", "user"}},
		{"number for a text", `{"code":3,"propertiesData":12}`, one(1192, '1', '2'), []string{"propertiesData"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			docs, err := ReadFNS([]byte(tc.in), false)
			require.NoError(t, err)
			require.Len(t, docs, 1)
			require.Equal(t, tlv.AppendBytes(nil, 3, tc.want), docs[0].TLV)
			var paths []string
			for _, w := range docs[0].Warnings {
				paths = append(paths, w.Path)
			}
			require.Equal(t, tc.warnings, paths)
			if _, err = ReadFNS([]byte(tc.in), true); tc.warnings != nil {
				require.ErrorContains(t, err, tc.warnings[0])
			}
		})
	}
}

func TestFNSRefuses(t *testing.T) {
	for _, tc := range []struct{ name, in, path, rule string }{
		{"nothing", ``, "", "EOF"},
		{"cut short", `{"code":3,`, "", "EOF"},
		{"no document", `[]`, "", "no document"},
		{"a number", `7`, "", "want a document"},
		{"no form", `{"totalSum":1}`, "", "which document"},
		{"two forms", `{"receipt":{"code":31}}`, "receipt.code", "form 3"},
		{"unknown form", `{"code":99}`, "code", "no form"},
		{"version", `{"code":3,"fiscalDocumentFormatVer":256}`, "fiscalDocumentFormatVer", "up to 255"},
		{"behind", `{"code":3} 1`, "", "behind"},
		{"key twice", `{"code":3,"user":"a","user":"b"}`, "user", "twice"},
		{"two values of a tag", `{"code":3,"taxationType":1,"appliedTaxationType":2}`, "appliedTaxationType", "taxationType"},
		{"fraction of a kopeck", `{"code":3,"totalSum":1.5}`, "totalSum", "whole"},
		{"negative", `{"code":3,"totalSum":-1}`, "totalSum", "whole"},
		{"exponent", `{"code":3,"items":[{"quantity":1e3}]}`, "items[0].quantity", "FVLN"},
		{"byte of 256", `{"code":3,"operationType":256}`, "operationType", "up to 255"},
		{"date", `{"code":3,"dateTime":"yesterday"}`, "dateTime", "seconds"},
		{"text", `{"code":3,"user":{}}`, "user", "want a text"},
		{"object", `{"code":3,"items":[5]}`, "items[0]", "want an object"},
		{"arrays", `{"code":3,"items":[[{}]]}`, "items[0]", "array in an array"},
		{"base64", `{"code":3,"items":[{"productCode":"?"}]}`, "items[0].productCode", "base64"},
		{"character", `{"code":3,"user":"日"}`, "user", "CP866"},
		{"product code", `{"code":3,"items":[{"productCodeData":{"rawProductCode":"x"}}]}`, "items[0].productCodeData", "productIdType"},
		{"depth", strings.Repeat(`[`, 100), "", "nested"},
		{"too long", `{"code":3,"user":"` + strings.Repeat("x", 70000) + `"}`, "user", "65535"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := ParseFNS([]byte(tc.in))
			require.Nil(t, out)
			var fe *FNSError
			require.ErrorAs(t, err, &fe)
			require.Equal(t, tc.path, fe.Path)
			require.Contains(t, fe.Rule, tc.rule)
		})
	}
	for name, b := range map[string][]byte{"nothing": nil, "no document": num(TagFDNumber, 1)(nil), "cut": madeUpReceipt()[:100],
		"value": stlv(3, leaf(TagTotalSum, make([]byte, 9)))(nil), "damage": stlv(3, func(b []byte) []byte { return append(b, 1, 2) })(nil)} {
		out, err := Decode(b, 0).AppendFNS([]byte("x"))
		require.True(t, errors.As(err, new(*FNSError)), name)
		require.Equal(t, "x", string(out))
	}
}

// TestFNSNames: every tag of the tables finds its way through its name.
func TestFNSNames(t *testing.T) {
	for _, row := range rows {
		for v := V100; v <= V120; v++ {
			name := fnsNameOf(row.Tag, row.Parent, v)
			tag, misplaced, ok := fnsTag(name, row.Parent)
			require.True(t, ok && !misplaced, "%d in %d", row.Tag, row.Parent)
			require.Equal(t, row.Tag, tag, "%s in %d", name, row.Parent)
		}
	}
	for tag := uint16(TagProductCodeUnknown); tag <= TagProductCodeF6; tag++ {
		if tag <= TagProductCodeEGAIS3 || tag >= TagProductCodeF1 {
			require.Equal(t, tag, fnsCodeTag(fnsCodeType(tag)))
		}
	}
	require.Zero(t, fnsCodeTag(17))
}

func FuzzParseFNS(f *testing.F) {
	for _, doc := range fnsSamples(f) {
		out, err := Decode(doc, 0).AppendFNS(nil)
		require.NoError(f, err)
		f.Add(out)
	}
	f.Add([]byte(`{"code":3,"items":[{"quantity":1.50,"productCodeData":{"rawProductCode":"x","productIdType":1}}],"user":"я"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		doc, err := ParseFNS(in)
		if err != nil {
			return
		}
		out, err := Decode(doc, 0).AppendFNS(nil)
		if err != nil {
			return // a tag under its number can hold what is no value of its type
		}
		// The tags of the drive come first now, so one more time changes nothing.
		back, err := ParseFNS(out)
		require.NoError(t, err, string(out))
		again, err := Decode(back, 0).AppendFNS(nil)
		require.NoError(t, err)
		require.Equal(t, string(out), string(again))
	})
}
