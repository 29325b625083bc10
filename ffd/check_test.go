package ffd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/tlv"
)

func errorsOf(findings []Finding) (errs []Finding) {
	for _, f := range findings {
		if f.Severity == Error {
			errs = append(errs, f)
		}
	}
	return errs
}

func TestCheckTakesRealDocuments(t *testing.T) {
	for _, f := range append(readVectors(t, "receipt-*.json"), readVectors(t, "doc11-*.json")...) {
		t.Run(f.Name, func(t *testing.T) {
			doc, _ := f.bytes(t)
			require.Empty(t, errorsOf(Check(doc)))
		})
	}
}

func TestCheckGoodReceipt(t *testing.T) {
	doc := madeUpReceipt()
	require.Empty(t, Check(doc))
	require.Zero(t, testing.AllocsPerRun(100, func() { Check(doc) }))
}

func set(tag uint16, p part) func(map[uint16]part) {
	return func(parts map[uint16]part) { parts[tag] = p }
}

func drop(tag uint16) func(map[uint16]part) {
	return func(parts map[uint16]part) { delete(parts, tag) }
}

// add puts TLVs at the end of the receipt.
func add(p ...part) func(map[uint16]part) {
	return set(0, func(b []byte) []byte {
		for _, p := range p {
			b = p(b)
		}
		return b
	})
}

func oneItem(parts ...part) func(map[uint16]part) { return set(TagItem, stlv(TagItem, parts...)) }

// total sets the total and the payments of a receipt.
func total(sum uint64) func(map[uint16]part) {
	return func(parts map[uint16]part) {
		parts[TagTotalSum], parts[TagCashlessSum] = num(TagTotalSum, sum), num(TagCashlessSum, sum)
	}
}

func TestCheckFindings(t *testing.T) {
	name := str(TagItemName, "x")
	item := func(price uint64, q string, sum uint64) func(map[uint16]part) {
		return oneItem(name, num(TagItemPrice, price), qty(q), num(TagItemSum, sum))
	}
	type found struct {
		path string
		rule string
		s    Severity
	}
	for _, tc := range []struct {
		name    string
		changes []func(map[uint16]part)
		want    []found
	}{
		{"duty", []func(map[uint16]part){drop(TagSettlementPlace)}, []found{{"3/1187", RuleDuty, Error}}},
		{"duty in an item", []func(map[uint16]part){oneItem(name, num(TagItemSum, 123050), qty("1"))}, []found{{"3/1059[0]/1079", RuleDuty, Error}}},
		{"duty of a later order", []func(map[uint16]part){set(TagVATAmounts, stlv(TagVATAmounts, stlv(TagVATAmount, num(TagVATRate, 11))))},
			[]found{{"3/1115/1119[0]/1120", RuleDuty, Warning}, {"3/1115", RuleVATTotal, Warning}}},
		{"no items", []func(map[uint16]part){drop(TagItem)}, []found{{"3/1059", RuleDuty, Error}}},
		{"no 1209: taken as 1.0", []func(map[uint16]part){drop(TagFFDVersion), drop(TagSettlementPlace)}, []found{
			{"3/1256", RuleMisplaced, Note}, {"3/1256/1227", RuleMisplaced, Note}, {"3/1256/1228", RuleMisplaced, Note}, {"3/1059[0]/2108", RuleMisplaced, Note}, {"3/1059[0]/1212", RuleValue, Warning},
			{"3/1059[0]/1163", RuleMisplaced, Note}, {"3/1059[0]/1163/1305", RuleMisplaced, Note}, {"3/1059[0]/2102", RuleMisplaced, Note}, {"3/1059[0]/2106", RuleMisplaced, Note},
			{"3/1059[1]/2108", RuleMisplaced, Note}, {"3/2107[0]", RuleMisplaced, Note}, {"3/1209", RuleDuty, Warning}}},
		{"fixed length", []func(map[uint16]part){set(TagUserINN, leaf(TagUserINN, []byte("7708806062")))}, []found{{"3/1018", RuleLength, Error}}},
		{"greatest length", []func(map[uint16]part){set(TagCashier, leaf(TagCashier, make([]byte, 65)))}, []found{
			{"3/1021", RuleLength, Error}, {"3/1021", RuleFormat, Note}}},
		{"length of firmware of the first edition", []func(map[uint16]part){set(TagBuyerInfo, stlv(TagBuyerInfo, str(TagBuyerINN, "7707083893"), leaf(TagBuyerDocumentCode, []byte("21                              "))))},
			[]found{{"3/1256/1245", RuleLength, Warning}}},
		{"empty value", []func(map[uint16]part){set(TagCashSum, leaf(TagCashSum, nil))}, nil},
		{"padded number", []func(map[uint16]part){set(TagCashSum, leaf(TagCashSum, make([]byte, 6)))}, nil},
		{"long number", []func(map[uint16]part){set(TagCashSum, leaf(TagCashSum, make([]byte, 9)))}, []found{{"3/1031", RuleLength, Error}}},
		{"not a decimal", []func(map[uint16]part){total(100), oneItem(name, num(TagItemPrice, 100), leaf(TagQuantity, []byte{99, 1}), num(TagItemSum, 100))},
			[]found{{"3/1059[0]/1023", RuleType, Error}}},
		{"unknown tag", []func(map[uint16]part){add(leaf(777, nil))}, []found{{"3/777", RuleUnknown, Warning}}},
		{"tag of another document", []func(map[uint16]part){add(num(TagReceiptCountInShift, 1))}, []found{{"3/1118", RuleMisplaced, Warning}}},
		{"tag of another version", []func(map[uint16]part){add(num(TagAgentFlags, 64))}, []found{{"3/1057", RuleMisplaced, Warning}}},
		{"tag of the printed form", []func(map[uint16]part){add(str(TagDocumentName, "Чек"))}, []found{{"3/1000", RulePrintOnly, Note}}},
		{"repeat", []func(map[uint16]part){add(num(TagAppliedTaxSystem, 1))}, []found{{"3/1055", RuleRepeat, Warning}}},
		{"enumeration", []func(map[uint16]part){set(TagSettlementType, num(TagSettlementType, 5))}, []found{{"3/1054", RuleValue, Warning}}},
		{"two systems of taxation", []func(map[uint16]part){set(TagAppliedTaxSystem, num(TagAppliedTaxSystem, 3))}, []found{{"3/1055", RuleValue, Warning}}},
		{"unknown bit", []func(map[uint16]part){set(TagAppliedTaxSystem, num(TagAppliedTaxSystem, 64))}, []found{{"3/1055", RuleValue, Warning}}},
		{"INN", []func(map[uint16]part){set(TagUserINN, str(TagUserINN, "7708806063"))}, []found{{"3/1018", RuleINN, Warning}}},
		{"INN of a foreign buyer", []func(map[uint16]part){set(TagBuyerInfo, stlv(TagBuyerInfo, str(TagBuyerINN, "000000000000")))}, nil},
		{"registration number", []func(map[uint16]part){set(TagKKTRegNumber, str(TagKKTRegNumber, "0000000004065536"))}, []found{{"3/1037", RuleRegNumber, Warning}}},
		{"drive number", []func(map[uint16]part){set(TagFNNumber, str(TagFNNumber, "999907891234567"))}, []found{{"3/1041", RuleFormat, Warning}}},
		{"birth date", []func(map[uint16]part){set(TagBuyerInfo, stlv(TagBuyerInfo, str(TagBuyerINN, "7707083893"), str(TagBuyerBirthDate, "31.02.2000")))}, []found{{"3/1256/1243", RuleFormat, Warning}}},
		{"payments", []func(map[uint16]part){set(TagCashSum, num(TagCashSum, 1))}, []found{{"3/1020", RulePayments, Error}}},
		{"total above the items", []func(map[uint16]part){total(123051)}, []found{{"3/1020", RuleItems, Error}}},
		{"total rounded down", []func(map[uint16]part){total(123050 - 99)}, nil},
		{"total too low", []func(map[uint16]part){total(123050 - 100)}, []found{{"3/1020", RuleItems, Error}}},
		{"total in an item does not count", []func(map[uint16]part){total(100), oneItem(name, num(TagItemPrice, 100), qty("1"), num(TagItemSum, 100), num(TagTotalSum, 5))},
			[]found{{"3/1059[0]/1020", RuleMisplaced, Warning}}},
		{"item sum half up", []func(map[uint16]part){total(2632), item(2290, "1.1495", 2632)}, nil},
		{"item sum a kopeck off", []func(map[uint16]part){total(101), item(100, "1", 101)}, nil},
		{"item sum a kopeck a unit off", []func(map[uint16]part){total(303), item(100, "2.5", 253), total(253)}, []found{{"3/1059[0]", RuleItemSum, Warning}}},
		{"item sum wrong", []func(map[uint16]part){total(254), item(100, "2.5", 254)}, []found{{"3/1059[0]", RuleItemSum, Error}}},
		{"item sum that overflows", []func(map[uint16]part){total(5), item(1<<48-1, "72057594037927", 5)}, []found{{"3/1059[0]", RuleItemSum, Error}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			doc := madeUpReceipt(tc.changes...)
			var got []found
			for _, f := range Check(doc) {
				got = append(got, found{f.Path, f.Rule, f.Severity})
				require.NotContains(t, f.Ru+f.En, "%!", "format")
				require.NotEmpty(t, f.Ru)
				require.Less(t, f.Offset, len(doc))
			}
			require.Equal(t, tc.want, got)
		})
	}
}

func TestCheckFrames(t *testing.T) {
	receipt := madeUpReceipt()
	for _, tc := range []struct {
		name string
		in   []byte
		rule string
	}{
		{"nothing", nil, RuleFrame},
		{"three bytes", []byte{3, 0, 0}, RuleFrame},
		{"cut short", receipt[:100], RuleFrame},
		{"bytes behind", append(append([]byte{}, receipt...), 0), RuleFrame},
		{"no form", num(TagFDNumber, 1)(nil), RuleForm},
		{"too long", stlv(7, leaf(TagOFDName, make([]byte, 600)))(nil), RuleLength},
		{"damage inside", stlv(3, func(b []byte) []byte { return append(b, 1, 2) })(nil), RuleFrame},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found := Check(tc.in)
			require.NotEmpty(t, found)
			require.Equal(t, Error, found[0].Severity)
			require.Equal(t, tc.rule, found[0].Rule)
			require.NotContains(t, found[0].Ru+found[0].En, "%!")
		})
	}
}

func TestCheckDocumentsWithoutVersion(t *testing.T) {
	ticket := stlv(7, str(TagOFDINN, "7708806062"), str(TagFNNumber, "9999078900005430"), num(TagFDNumber, 1), num(TagDateTime, 1780317060),
		stlv(TagOperatorMessageToFN, num(TagOFDResponseCode, 0)), leaf(TagOperatorFiscalSign, make([]byte, 8)))(nil)
	require.Empty(t, Check(ticket))
	ceases := stlv(7, str(TagOFDINN, "7708806062"), str(TagFNNumber, "9999078900005430"), num(TagFDNumber, 1), num(TagDateTime, 1780317060),
		num(TagOperatorMessage, 0x80), leaf(TagOperatorFiscalSign, make([]byte, 8)))(nil)
	require.Equal(t, []string{RuleValue}, rulesOf(Check(ceases)), "bit 7 of 1206 is of 1.1")
	require.Empty(t, CheckAs(ceases, V110))
	require.Equal(t, []string{RuleMisplaced}, rulesOf(CheckAs(ceases, V105)), "1206 in a confirmation came with 1.1")
	answer := stlv(84, num(TagNotificationNumber, 1), num(TagDateTime, 1780317060))(nil)
	require.Len(t, errorsOf(Check(answer)), 1, "2111 must be there")
}

func TestCheckOldCorrectionBasis(t *testing.T) {
	basis := func(v byte) []byte {
		return stlv(31, num(TagFFDVersion, uint64(v)), stlv(TagCorrectionBasis, str(TagCorrectionDescription, "x"),
			num(TagCorrectionDate, 0), str(TagPrescriptionNumber, "1")))(nil)
	}
	for v, want := range map[byte]Severity{2: Note, 3: Warning} {
		var got []Finding
		for _, f := range Check(basis(v)) {
			if f.Path == "31/1174/1177" {
				got = append(got, f)
			}
		}
		require.Len(t, got, 1)
		require.Equal(t, want, got[0].Severity)
	}
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "shared", "vectors", "tlv", name))
	if os.IsNotExist(err) {
		t.Skip("no ../shared/vectors")
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, into))
}

func TestCheckINN(t *testing.T) {
	var v struct {
		Valid10 []string `json:"valid_10"`
		Valid12 []string `json:"valid_12"`
		Invalid []struct {
			INN string `json:"inn"`
		} `json:"invalid"`
		Real struct {
			Valid []string `json:"valid"`
		} `json:"real_inns_from_the_dumps_of_this_folder"`
	}
	readJSON(t, "inn-check.json", &v)
	for _, list := range [][]string{v.Valid10, v.Valid12, v.Real.Valid} {
		require.NotEmpty(t, list)
		for _, inn := range list {
			require.NoError(t, CheckINN(inn))
		}
	}
	require.NotEmpty(t, v.Invalid)
	for _, c := range v.Invalid {
		require.ErrorIs(t, CheckINN(c.INN), ErrINN, c.INN)
	}
}

func TestCheckRegNumber(t *testing.T) {
	type number struct {
		RNM    string `json:"rnm"`
		INN    string `json:"inn"`
		Serial string `json:"factory_serial"`
		Why    string `json:"why"`
	}
	var v struct {
		Cases    []number `json:"cases"`
		Negative []number `json:"negative"`
	}
	readJSON(t, "rnm-check.json", &v)
	require.NotEmpty(t, v.Cases)
	for _, c := range v.Cases {
		require.NoError(t, CheckRegNumber(c.RNM, c.INN, c.Serial))
		doc := registrationReport(c.RNM, c.INN, c.Serial)
		require.NotContains(t, rulesOf(Check(doc)), RuleRegNumber)
	}
	for _, c := range v.Negative {
		require.ErrorIs(t, CheckRegNumber(c.RNM, c.INN, c.Serial), ErrRegNumber, c.Why)
	}
	require.NoError(t, CheckRegNumber("0000000123008435", "7700000009", "199036000123"), "the example of spec/ffd/encoding.md 9")
	require.ErrorContains(t, CheckRegNumber("0000000123008436", "7700000009", "199036000123"), "008435")
	require.ErrorIs(t, CheckRegNumber("0000000123008435", "7700000009", "123456789012345678901"), ErrRegNumber)
	require.Contains(t, rulesOf(Check(registrationReport("0000000005008571", "7702203276", "000000000002"))), RuleRegNumber)
}

func registrationReport(reg, inn, serial string) []byte {
	return stlv(11, num(TagFFDVersion, 2), str(TagKKTRegNumber, reg), str(TagUserINN, inn), str(TagKKTSerialNumber, serial))(nil)
}

func rulesOf(findings []Finding) (rules []string) {
	for _, f := range findings {
		rules = append(rules, f.Rule)
	}
	return rules
}

func TestMultiply(t *testing.T) {
	for _, tc := range []struct {
		name       string
		price      uint64
		quantity   tlv.Decimal
		sum, units uint64
		ok         bool
	}{
		{"whole", 100, tlv.Decimal{Mantissa: 3}, 300, 3, true},
		{"half up", 1, tlv.Decimal{Mantissa: 5, Scale: 1}, 1, 1, true},
		{"below half", 1, tlv.Decimal{Mantissa: 49, Scale: 2}, 0, 1, true},
		{"nothing", 0, tlv.Decimal{}, 0, 0, true},
		{"padded decimals", 100, tlv.Decimal{Mantissa: 2_500_000, Scale: 6}, 250, 3, true},
		{"above 64 bits", 1 << 48, tlv.Decimal{Mantissa: 1 << 40}, 0, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sum, units, ok := multiply(tc.price, tc.quantity)
			require.Equal(t, tc.ok, ok)
			require.Equal(t, tc.sum, sum)
			require.Equal(t, tc.units, units)
		})
	}
}

func TestFindingString(t *testing.T) {
	f := Check(madeUpReceipt(set(TagCashSum, num(TagCashSum, 1))))[0]
	require.Equal(t, "error: 3/1020: total of 123050 kopecks, the payments 1031, 1081, 1215, 1216, 1217 make 123051, at offset 0x74 (payments)", f.String())
}

func BenchmarkCheck(b *testing.B) {
	doc := madeUpReceipt()
	b.ReportAllocs()
	for b.Loop() {
		Check(doc)
	}
}

func BenchmarkDecode(b *testing.B) {
	doc := madeUpReceipt()
	b.ReportAllocs()
	for b.Loop() {
		Decode(doc, 0)
	}
}
