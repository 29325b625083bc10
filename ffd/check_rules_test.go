package ffd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/tlv"
)

// brokenItem is an item of 100 kopecks at 10 % with more tags behind.
func brokenItem(parts ...part) func(map[uint16]part) {
	all := append([]part{str(TagItemName, "x"), num(TagItemPrice, 100), qty("1"), num(TagQuantityUnit, 0), num(TagItemSum, 100)}, parts...)
	return func(m map[uint16]part) {
		total(100)(m)
		m[TagItem] = stlv(TagItem, all...)
		delete(m, TagVAT10Sum)
		delete(m, TagVATAmounts)
	}
}

// ofVersion makes the receipt one of an older version.
func ofVersion(v Version) func(map[uint16]part) {
	return set(TagFFDVersion, num(TagFFDVersion, uint64(v)))
}

func TestCheckBrokenDocuments(t *testing.T) {
	marked := stlv(TagProductCodeStructured, str(TagProductCodeGS1M, "0104606419014681215Rbbl1"))
	buyer := func(parts ...part) func(map[uint16]part) {
		return set(TagBuyerInfo, stlv(TagBuyerInfo, append([]part{str(TagBuyerINN, "7707083893")}, parts...)...))
	}
	receipt := func(changes ...func(map[uint16]part)) []byte { return madeUpReceipt(changes...) }
	report := func(form uint16, parts ...part) []byte { return stlv(form, parts...)(nil) }
	v := func(n uint64) part { return num(TagFFDVersion, n) }
	counters := func(parts ...part) []byte { return report(5, v(4), stlv(TagShiftTotals, parts...)) }
	correction := func(version uint64, parts ...part) []byte {
		return report(31, append([]part{v(version), num(TagDateTime, 1780317060)}, parts...)...)
	}
	cases := []struct {
		name string
		doc  []byte
		path string
		rule string
		s    Severity
	}{
		// Frame, form and place.
		{"bytes behind the document", append(receipt(), 0), "3", RuleFrame, Error},
		{"document cut short", receipt()[:200], "3", RuleFrame, Error},
		{"item cut short", receipt(set(TagItem, leaf(TagItem, []byte{6, 4, 9, 0, 'x'}))), "3/1059[0]/1030", RuleFrame, Error},
		{"no form of a document", num(TagFDNumber, 1)(nil), "1040", RuleForm, Error},
		{"document too long", report(7, leaf(TagOFDName, make([]byte, 600))), "7", RuleLength, Error},
		{"unknown tag", receipt(add(leaf(777, nil))), "3/777", RuleUnknown, Warning},
		{"tag of a closing in a receipt", receipt(add(num(TagFDCountInShift, 1))), "3/1111", RuleMisplaced, Warning},
		{"tag of 1.2 in 1.05", receipt(ofVersion(V105)), "3/1256", RuleMisplaced, Warning},
		{"tag of 1.05 in 1.2", receipt(brokenItem(str(TagUnitName, "кг"))), "3/1059[0]/1197", RuleMisplaced, Warning},
		{"printed tag", receipt(brokenItem(str(TagMarkingControlCode, "abcd"))), "3/1059[0]/2115", RulePrintOnly, Note},
		{"structure in the wrong place", receipt(add(stlv(TagFractionalQuantity, num(TagNumerator, 1)))), "3/1291/1294", RuleDuty, Error},
		{"no structure in the wrong place", receipt(add(leaf(TagFractionalQuantity, []byte("abc")))), "3/1291", RuleMisplaced, Warning},
		{"tag twice", receipt(add(num(TagCashSum, 0))), "3/1031", RuleRepeat, Warning},
		// Duties of code 1.
		{"no drive", receipt(drop(TagFNNumber)), "3/1041", RuleDuty, Error},
		{"no sign", receipt(drop(TagFiscalSign)), "3/1077", RuleDuty, Error},
		{"no total", receipt(drop(TagTotalSum)), "3/1020", RuleDuty, Error},
		{"no item", receipt(drop(TagItem)), "3/1059", RuleDuty, Error},
		{"item without an amount", receipt(oneItem(str(TagItemName, "x"))), "3/1059[0]/1043", RuleDuty, Error},
		{"1.05 needs no address", receipt(ofVersion(V105), drop(TagSettlementAddress), drop(TagUserINN), drop(TagShiftNumber)), "3/1038", RuleDuty, Error},
		{"correction without its basis", correction(4), "31/1174", RuleDuty, Error},
		{"1.05 wants the number of the basis", correction(2, stlv(TagCorrectionBasis, num(TagCorrectionDate, 0))), "31/1174/1179", RuleDuty, Error},
		{"closing of 1.1 without counters", report(5, v(3)), "5/1194", RuleDuty, Error},
		{"opening without a shift", report(2, v(4)), "2/1038", RuleDuty, Error},
		{"registration without its conditions", report(1, v(4)), "1/1290", RuleDuty, Error},
		{"confirmation without a sign", report(7), "7/1078", RuleDuty, Error},
		{"acknowledgement without a code", report(84), "84/2111", RuleDuty, Error},
		// Duties of code 2 whose case can be seen.
		{"contact without a sender", receipt(add(str(TagBuyerContact, "a@b.ru"))), "3/1117", RuleCondition, Warning},
		{"Internet without a contact", receipt(add(num(TagInternetSettlement, 1))), "3/1008", RuleCondition, Warning},
		{"no cashier", receipt(drop(TagCashier)), "3/1021", RuleCondition, Warning},
		{"no taxation", receipt(drop(TagAppliedTaxSystem)), "3/1055", RuleCondition, Warning},
		{"no cash", receipt(drop(TagCashSum)), "3/1031", RuleCondition, Warning},
		{"no credit", receipt(drop(TagCreditSum)), "3/1216", RuleCondition, Warning},
		{"no check of marked goods", receipt(drop(TagMarkedCheckResult)), "3/2107", RuleCondition, Warning},
		{"marked good without a code", receipt(brokenItem(num(TagItemType, 33))), "3/1059[0]/1163", RuleCondition, Warning},
		{"marked good without its mode", receipt(brokenItem(marked)), "3/1059[0]/2102", RuleCondition, Warning},
		{"marked good without its check", receipt(brokenItem(marked)), "3/1059[0]/2106", RuleCondition, Warning},
		{"agent without a supplier", receipt(brokenItem(num(TagItemAgentFlags, 64))), "3/1059[0]/1226", RuleCondition, Warning},
		{"supplier without an agent", receipt(brokenItem(str(TagSupplierINN, "7707083893"))), "3/1059[0]/1222", RuleCondition, Warning},
		{"bank agent without an operation", receipt(brokenItem(stlv(TagAgentData, str(TagTransferOperatorPhone, "+79990000000")), num(TagItemAgentFlags, 1))),
			"3/1059[0]/1223/1044", RuleCondition, Warning},
		{"payment agent without a phone", receipt(brokenItem(num(TagItemAgentFlags, 4), stlv(TagAgentData))), "3/1059[0]/1223/1073", RuleCondition, Warning},
		{"bank agent of 1.05", receipt(ofVersion(V105), add(num(TagAgentFlags, 1))), "3/1044", RuleCondition, Warning},
		{"buyer without INN and birth date", receipt(set(TagBuyerInfo, stlv(TagBuyerInfo, str(TagBuyerName, "x")))), "3/1256/1243", RuleCondition, Warning},
		{"prescription without a number", correction(4, num(TagCorrectionType, 1), stlv(TagCorrectionBasis, num(TagCorrectionDate, 0))), "31/1174/1179", RuleCondition, Warning},
		{"correction without a date", correction(4, stlv(TagCorrectionBasis)), "31/1174/1178", RuleCondition, Warning},
		{"correction without a type", correction(4), "31/1173", RuleCondition, Warning},
		{"automat without a number", report(1, v(4), num(TagAutomaticMode, 1)), "1/1036", RuleCondition, Warning},
		{"online without an operator", report(11, v(4), num(TagOfflineMode, 0)), "11/1017", RuleCondition, Warning},
		{"no reason in 1.05", report(11, v(2)), "11/1101", RuleCondition, Warning},
		{"no totals of a drive that stays", report(11, v(4), num(TagKKTChangeReasons, 4)), "11/1157", RuleCondition, Warning},
		{"closing of 1.05 without a flag", report(5, v(2)), "5/1052", RuleCondition, Warning},
		{"unsent without a date", report(5, v(4), num(TagUnsentFDCount, 1)), "5/1098", RuleCondition, Warning},
		{"state without the unsent", report(21, v(4)), "21/1116", RuleCondition, Warning},
		{"measure without a quantity", report(81, num(TagQuantityUnit, 11)), "81/1023", RuleCondition, Warning},
		{"answer without a result", report(83, num(TagRequestProcessingCode, 0)), "83/2005", RuleCondition, Warning},
		{"acknowledgement without a result", report(84, num(TagNotificationProcessingCode, 0)), "84/2006", RuleCondition, Warning},
		// Lengths, types, padding and characters.
		{"INN without padding", receipt(set(TagUserINN, leaf(TagUserINN, []byte("7708806062")))), "3/1018", RuleLength, Error},
		{"name too long", receipt(brokenItem(leaf(TagItemAttribute, make([]byte, 65)))), "3/1059[0]/1191", RuleLength, Error},
		{"item too long", receipt(brokenItem(leaf(777, make([]byte, 1024)))), "3/1059[0]", RuleLength, Error},
		{"sum of 7 bytes", receipt(set(TagTotalSum, leaf(TagTotalSum, make([]byte, 7)))), "3/1020", RuleLength, Error},
		{"sign of 4 bytes", receipt(set(TagFiscalSign, leaf(TagFiscalSign, make([]byte, 4)))), "3/1077", RuleLength, Error},
		{"sign of another make", receipt(set(TagFiscalSign, leaf(TagFiscalSign, []byte{0x31, 5, 1, 2, 3, 4}))), "3/1077", RuleType, Warning},
		{"not a decimal", receipt(oneItem(leaf(TagQuantity, []byte{99, 1}))), "3/1059[0]/1023", RuleType, Error},
		{"INN with zeros on the left", receipt(set(TagUserINN, str(TagUserINN, "007708806062"))), "3/1018", RulePadding, Warning},
		{"spaces on the left", receipt(set(TagUserINN, str(TagUserINN, "  7708806062"))), "3/1018", RulePadding, Warning},
		{"padded with zero bytes", receipt(set(TagKKTRegNumber, leaf(TagKKTRegNumber, []byte("0000000004030311\x00\x00\x00\x00")))), "3/1037", RulePadding, Warning},
		{"control character", receipt(set(TagCashier, leaf(TagCashier, []byte("a\x07")))), "3/1021", RuleFormat, Note},
		// Values.
		{"kind of settlement", receipt(set(TagSettlementType, num(TagSettlementType, 5))), "3/1054", RuleValue, Warning},
		{"version of the format", receipt(set(TagFFDVersion, num(TagFFDVersion, 9))), "3/1209", RuleValue, Warning},
		{"two systems", receipt(set(TagAppliedTaxSystem, num(TagAppliedTaxSystem, 3))), "3/1055", RuleValue, Warning},
		{"no system", report(1, v(4), num(TagTaxSystems, 0)), "1/1062", RuleValue, Warning},
		{"item type of 1.2 in 1.05", receipt(ofVersion(V105)), "3/1059[0]/1212", RuleValue, Warning},
		{"unknown measure", receipt(brokenItem(num(TagQuantityUnit, 12), num(TagVATRate, 13))), "3/1059[0]/1199", RuleValue, Warning},
		{"two kinds of agent", receipt(brokenItem(num(TagItemAgentFlags, 3))), "3/1059[0]/1222", RuleValue, Warning},
		{"condition of bit 0", report(1, v(4), num(TagKKTUsageConditions, 1)), "1/1290", RuleValue, Warning},
		{"document of a buyer", receipt(buyer(str(TagBuyerDocumentCode, "99"))), "3/1256/1245", RuleValue, Warning},
		{"type of a product code", receipt(ofVersion(V105), brokenItem(leaf(TagProductCode, []byte{0x20}))), "3/1059[0]/1162", RuleValue, Note},
		{"old rate in 1115", receipt(set(TagVATAmounts, stlv(TagVATAmounts, stlv(TagVATAmount, num(TagVATRate, 2), num(TagVATAmountValue, 1))))), "3/1115/1119[0]", RuleValue, Warning},
		{"document 0", receipt(set(TagFDNumber, num(TagFDNumber, 0))), "3/1040", RuleNumber, Warning},
		{"half of nothing", receipt(brokenItem(stlv(TagFractionalQuantity, num(TagNumerator, 2), num(TagDenominator, 2)))), "3/1059[0]/1291", RuleFraction, Warning},
		{"two product codes", receipt(brokenItem(stlv(TagProductCodeStructured, str(TagProductCodeF1, "a"), str(TagProductCodeF2, "b")))), "3/1059[0]/1163", RuleDuty, Warning},
		// Check digits and forms of texts.
		{"INN of the cashier", receipt(add(str(TagCashierINN, "771234567890"))), "3/1203", RuleINN, Warning},
		{"registration number", receipt(set(TagKKTRegNumber, str(TagKKTRegNumber, "0000000004099999"))), "3/1037", RuleRegNumber, Warning},
		{"registration number of another", registrationReport("0000000005008571", "7702203276", "000000000002"), "11/1037", RuleRegNumber, Warning},
		{"drive of 15 digits", receipt(set(TagFNNumber, str(TagFNNumber, "999907891234567"))), "3/1041", RuleFormat, Warning},
		{"contact", receipt(add(str(TagBuyerContact, "none"))), "3/1008", RuleContact, Warning},
		{"sender", receipt(add(str(TagSenderEmail, "a@b@c.ru"))), "3/1117", RuleContact, Warning},
		{"phone", receipt(brokenItem(stlv(TagSupplierData, str(TagSupplierPhone, "89990000000")))), "3/1059[0]/1224/1171[0]", RuleContact, Warning},
		{"country", receipt(brokenItem(str(TagOriginCountryCode, "RU"))), "3/1059[0]/1230", RuleFormat, Warning},
		{"EAN-13", receipt(brokenItem(stlv(TagProductCodeStructured, str(TagProductCodeEAN13, "4606203090786")))), "3/1059[0]/1163/1302", RuleFormat, Warning},
		{"29th of February", receipt(buyer(str(TagBuyerBirthDate, "29.02.1900"))), "3/1256/1243", RuleFormat, Warning},
		// Dates.
		{"year 1970", receipt(set(TagDateTime, num(TagDateTime, 0))), "3/1012", RuleDate, Warning},
		{"seconds", receipt(set(TagDateTime, num(TagDateTime, 1780317061))), "3/1012", RuleDate, Note},
		{"22% in 2025", receipt(set(TagDateTime, num(TagDateTime, 1748781000))), "3/1059[1]/1199", RuleDate, Warning},
		{"5% in 2024", receipt(set(TagDateTime, num(TagDateTime, 1717245000)), brokenItem(num(TagVATRate, 7))), "3/1059[0]/1199", RuleDate, Warning},
		{"ЕНВД in 2026", receipt(set(TagAppliedTaxSystem, num(TagAppliedTaxSystem, 8))), "3/1055", RuleDate, Warning},
		{"date with a time", correction(4, stlv(TagCorrectionBasis, num(TagCorrectionDate, 1748781000))), "31/1174/1178", RuleDate, Note},
		{"correction of tomorrow", correction(4, stlv(TagCorrectionBasis, num(TagCorrectionDate, 1780358400))), "31/1174/1178", RuleDate, Warning},
		// Sums.
		{"payments", receipt(set(TagCashSum, num(TagCashSum, 1))), "3/1020", RulePayments, Error},
		{"items", receipt(total(123051)), "3/1020", RuleItems, Error},
		{"price x quantity", receipt(total(300), oneItem(num(TagItemPrice, 100), qty("2"), num(TagItemSum, 300))), "3/1059[0]", RuleItemSum, Error},
		{"price x quantity in a marked item", report(82, stlv(TagMarkedItem, num(TagItemPrice, 100), qty("2"), num(TagItemSum, 300))), "82/2007[0]", RuleItemSum, Error},
		{"tax of an item", receipt(brokenItem(num(TagVATRate, 2), num(TagItemVATSum, 12))), "3/1059[0]/1200", RuleVATSum, Error},
		{"tax of an item without VAT", receipt(brokenItem(num(TagVATRate, 6), num(TagItemVATSum, 12))), "3/1059[0]/1200", RuleVATSum, Warning},
		{"total of a rate", receipt(set(TagVAT10Sum, num(TagVAT10Sum, 800))), "3/1103", RuleVATTotal, Error},
		{"total a kopeck off", receipt(set(TagVAT10Sum, num(TagVAT10Sum, 733))), "3/1103", RuleVATTotal, Warning},
		{"no total of a rate", receipt(drop(TagVAT10Sum)), "3/1103", RuleVATTotal, Warning},
		{"total of a rate that no item has", receipt(add(num(TagVAT20Sum, 500))), "3/1102", RuleVATTotal, Error},
		{"turnover without VAT", receipt(brokenItem(num(TagVATRate, 6)), add(num(TagNoVATTurnoverSum, 50))), "3/1105", RuleVATTotal, Error},
		{"total of a new rate", receipt(set(TagVATAmounts, stlv(TagVATAmounts, stlv(TagVATAmount, num(TagVATRate, 11), num(TagVATAmountValue, 1))))), "3/1115/1119[0]/1120", RuleVATTotal, Error},
		{"new rate twice", receipt(set(TagVATAmounts, stlv(TagVATAmounts, stlv(TagVATAmount, num(TagVATRate, 11), num(TagVATAmountValue, 1)),
			stlv(TagVATAmount, num(TagVATRate, 11), num(TagVATAmountValue, 20737))))), "3/1115/1119[1]", RuleRepeat, Warning},
		{"cashless payments", receipt(add(stlv(TagCashlessPayments, stlv(TagCashlessPayment, num(TagCashlessPaymentSum, 5))))), "3/1234", RuleCashless, Warning},
		{"counter of payments", counters(stlv(TagSaleCounters, num(TagCountersCashSum, 5), num(TagCountersTotalSum, 6))), "5/1194/1129", RuleCounters, Warning},
		{"counter of receipts", counters(num(TagTotalReceiptCount, 2), stlv(TagSaleCounters, num(TagReceiptCountByType, 1))), "5/1194", RuleCounters, Warning},
		{"documents of a shift", report(5, v(4), num(TagReceiptCountInShift, 5), num(TagFDCountInShift, 6)), "5/1111", RuleCounters, Warning},
	}
	require.GreaterOrEqual(t, len(cases), 100)
	clean := map[string]bool{}
	for _, f := range Check(madeUpReceipt()) {
		clean[f.Path+f.Rule] = true
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			require.False(t, clean[tc.path+tc.rule])
			var all []string
			for _, f := range Check(tc.doc) {
				require.NotContains(t, f.Ru+f.En, "%!")
				require.NotEmpty(t, f.Ru)
				require.NotEmpty(t, f.En)
				if all = append(all, f.String()); f.Path == tc.path && f.Rule == tc.rule {
					require.Equal(t, tc.s, f.Severity)
					return
				}
			}
			require.Failf(t, "not found", "%s %s in %q", tc.path, tc.rule, all)
		})
	}
}

// TestCheckTakesBothTotals: the sum of the taxes of the items, and the tax of
// their sum.
func TestCheckTakesBothTotals(t *testing.T) {
	doc := func(tax uint64, withTax bool) []byte {
		return madeUpReceipt(total(30), drop(TagVATAmounts), drop(TagMarkedCheckResult), set(TagVAT10Sum, num(TagVAT10Sum, tax)),
			set(TagItem, func(b []byte) []byte {
				for range 3 {
					parts := []part{str(TagItemName, "x"), num(TagItemPrice, 10), qty("1"), num(TagItemSum, 10), num(TagVATRate, 2)}
					if withTax {
						parts = append(parts, num(TagItemVATSum, 1))
					}
					b = stlv(TagItem, parts...)(b)
				}
				return b
			}))
	}
	for _, withTax := range []bool{true, false} {
		require.Empty(t, Check(doc(3, withTax)))
	}
	rounded := madeUpReceipt(total(123050-50), set(TagVAT10Sum, num(TagVAT10Sum, 700)))
	require.Empty(t, errorsOf(Check(rounded)), "the taxes of a rounded total are free")
}

// TestCheckOwnDocuments: what kktd makes has no finding but those of made-up data.
func TestCheckOwnDocuments(t *testing.T) {
	for name, doc := range fnsSamples(t) {
		for _, f := range Check(doc) {
			require.NotEqual(t, Error, f.Severity, "%s: %v", name, f)
			require.NotContains(t, []string{RuleCounters, RuleVATSum, RuleVATTotal, RulePadding}, f.Rule, "%s: %v", name, f)
		}
	}
}

func TestCheckTables(t *testing.T) {
	require.LessOrEqual(t, firstPresent+len(presentTags), 64, "facts are 64 bits")
	require.Less(t, len(checkIndex.structures), 256)
	ids := map[uint16]bool{}
	for _, row := range rows {
		ids[row.Tag] = true
	}
	require.Less(t, len(ids), 256, "tagIndex.id is a byte, and 0 is none")
	for _, k := range conditions {
		for _, parent := range k.in {
			if k.inner != 0 {
				parent = k.inner
			}
			s := &checkIndex.structures[checkIndex.of(parent).structure]
			i := s.row(checkIndex.of(k.tag))
			require.GreaterOrEqual(t, i, 0, "%d in %d", k.tag, parent)
			for v := k.since; v <= k.until; v++ {
				require.NotZero(t, s.rows[i].In(v), "%d in %d in %v", k.tag, parent, v)
				require.NotEqual(t, Required, s.rows[i].In(v), "%d in %d in %v has a duty of its own", k.tag, parent, v)
			}
		}
	}
	for _, row := range rows {
		s := &checkIndex.structures[checkIndex.of(row.Parent).structure]
		i := s.row(checkIndex.of(row.Tag))
		require.Equal(t, row, s.rows[i])
		for v := V105; v <= V120; v++ {
			require.Same(t, lookup(row.Tag, v, row.Parent), s.entries[i])
		}
	}
	for tag, e := range enumerations {
		values := checkIndex.values[checkIndex.of(tag).values]
		for u := range uint64(300) {
			require.Equal(t, e.has(tag, V120, u), values.has(tag, V120, u), "%d: %d", tag, u)
		}
	}
	for text, want := range map[string]bool{"29.02.2000": true, "29.02.2023": false, "31.12.1999": true, "00.01.2000": false, "1.01.2000": false, "01.13.2000": false} {
		require.Equal(t, want, isDate([]byte(text)), text)
	}
	for text, want := range map[string]bool{"a@b.ru": true, "@b.ru": false, "a@b": false, "a@.ru": false, "a b@c.ru": false, "a@b.": false} {
		require.Equal(t, want, isEmail([]byte(text)), text)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(madeUpReceipt())
	for _, doc := range fnsSamples(f) {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, finding := range Check(b) {
			require.NotContains(t, finding.Ru+finding.En, "%!")
		}
	})
}

// BenchmarkCheckReceipt is the full control of the receipt of five items.
func BenchmarkCheckReceipt(b *testing.B) {
	var a tlv.Arena
	r, h := sampleReceipt(b, &a), sampleHead()
	h.Total = r.Payments.Total()
	r.CashierINN = tlv.MustText("500100732259") // with check digits that fit
	doc, err := appendSample(nil, h, r)
	require.NoError(b, err)
	require.Empty(b, Check(doc))
	b.ReportAllocs()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		Check(doc)
	}
}
