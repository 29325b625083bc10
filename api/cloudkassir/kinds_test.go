package cloudkassir

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/kkt"
)

// linesOf are the lines of a tree of tags without their indent.
func linesOf(text string) []string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

// TestReceiptKinds reads the tags of receipts of every kind out of their stored documents (spec/api/cloudkassir.md 2.3, 5).
func TestReceiptKinds(t *testing.T) {
	all := []ffd.Version{ffd.V105, ffd.V110, ffd.V120}
	old, now := all[:2], all[2:]
	const bank = `{"AgentOperationName":"Перевод","PaymentAgentPhone":"+79161234567","TransferOperatorPhone":"+74951234568",
		"TransferOperatorName":"Банк","TransferOperatorAddress":"Москва","TransferOperatorInn":"7708806062"}`
	const payment = `{"PaymentAgentPhone":"+79161234567","PaymentReceiverOperatorPhone":"+74951234567"}`
	const buyer = `,"CustomerInfo":"Иванов И. И.","CustomerInn":"7708806063","CustomerBirthday":"1980-12-26","CustomerStateCode":643,"CustomerDocType":"21",
		"CustomerDoc":"4507 443564","CustomerPlace":"Москва"`
	const industry = `[{"code":"012","documentDate":"2022-03-21T11:29:26.714Z","documentNumber":"д-1","requisiteValue":"UUID=1&Time=2"}]`
	for _, c := range []struct {
		name       string
		versions   []ffd.Version
		body       string
		form       ffd.Form
		has, lacks []string
	}{
		{"income", all, receiptOf(oneItem, ""), 3, []string{"1054 1", "1055 1", "1020 10000", "1081 10000", "1031 0", "1102 1667", "1030 Товар", "1079 10000", "1023 1", "1043 10000", "1199 1", "1200 1667",
			"1214 4", "1212 1", "1187 www.example.com", "1009 117342, Москва, ул. Бутлерова, 17Б"}, []string{"1008", "1117", "1057", "1125", "1192", "1084", "1059 "}},
		{"return of income", all, strings.Replace(receiptOf(oneItem, ""), `"Income"`, `"IncomeReturn"`, 1), 3, []string{"1054 2"}, nil},
		{"expense", all, strings.Replace(receiptOf(oneItem, ""), `"Income"`, `"expense"`, 1), 3, []string{"1054 3"}, nil},
		{"return of expense", all, strings.Replace(receiptOf(oneItem, ""), `"Income"`, `"EXPENSERETURN"`, 1), 3, []string{"1054 4"}, nil},
		{"БСО", all, receiptOf(oneItem, `,"IsBso":true`), 4, []string{"1054 1", "1020 10000"}, nil},
		{"taxation system", all, receiptOf(oneItem, `,"TaxationSystem":5`), 3, []string{"1055 32"}, nil},
		{"e-mail before phone", all, receiptOf(oneItem, `,"Email":"a@b.ru","Phone":"89161234567"`), 3, []string{"1008 a@b.ru", "1117 sender@example.com"}, nil},
		{"phone", all, receiptOf(oneItem, `,"Phone":"8 (916) 123-45-67"`), 3, []string{"1008 +79161234567", "1117 sender@example.com"}, nil},
		{"place and cashier", all, receiptOf(oneItem, `,"CalculationPlace":"shop.ru","CashierName":"Иванова","CashierInn":"770880606200"`), 3,
			[]string{"1187 shop.ru", "1021 Иванова", "1203 770880606200"}, nil},
		{"Internet", all, receiptOf(oneItem, `,"Email":"a@b.ru","IsInternetPayment":1`), 3, []string{"1125 1"}, nil},

		{"agent of the receipt", old, receiptOf(item(`"AgentData":`+bank+`,"PurveyorData":`+goodSupplier), `,"AgentSign":0`), 3,
			[]string{"1057 1", "1222 1", "1226 1234567890", "1225 ООО Ромашка", "1171 +74951234567", "1044 Перевод"}, nil},
		{"agent of the receipt", now, receiptOf(item(`"AgentData":`+bank+`,"PurveyorData":`+goodSupplier), `,"AgentSign":0`), 3, []string{"1222 1", "1044 Перевод"}, []string{"1057"}},
		{"bank agent in an item", all, receiptOf(agentItem(1, bank, goodSupplier), ""), 3, []string{"1222 2", "1044 Перевод", "1073 +79161234567", "1075 +74951234568", "1026 Банк",
			"1005 Москва", "1016 7708806062", "1226 1234567890", "1171 +74951234567", "1225 ООО Ромашка"}, []string{"1057"}},
		{"payment agent in an item", all, receiptOf(agentItem(3, payment, goodSupplier), ""), 3, []string{"1222 8", "1073 +79161234567", "1074 +74951234567"}, []string{"1044"}},
		{"attorney, commission, agent", all, receiptOf(agentItem(4, "null", goodSupplier)+","+agentItem(5, "null", goodSupplier)+","+agentItem(6, "null", goodSupplier), ""), 3,
			[]string{"1222 16", "1222 32", "1222 64"}, []string{"1223"}},

		{"marked, GS1", now, receiptOf(item(`"object":33,"RawMarkCode":"010460043993125621JgXJ5.T\u001d91abcd\u001d92efgh"`), ""), 3,
			[]string{"1305 010460043993125621JgXJ5.T", "2102 0", "2106 0", "2107 0", "2108 0", "1212 33"}, []string{"2000", "2003", "1162"}},
		{"marked, its own separator", now, receiptOf(item(`"object":33,"RawMarkCode":"010460043993125621JgXJ5.T#91abcd","GroupSeparator":"#"`), ""), 3, []string{"1305 010460043993125621JgXJ5.T"}, nil},
		{"marked, a part", now, receiptOf(item(`"object":33,"RawMarkCode":"010460043993125621JgXJ5.T\u001d91abcd","UnitCode":0,"MarkPartQuantity":{"Numerator":1,"Denominator":4},"ExpectedMarkItemStatus":2`), ""), 3,
			[]string{"1293 1", "1294 4", "2108 0"}, nil},
		{"marked, 1.2 on an old register", old, receiptOf(item(`"RawMarkCode":"010460043993125621JgXJ5.T\u001d91abcd"`), ""), 3, nil, []string{"1163", "2102", "2106", "2107", "2108"}},
		{"marked, 1.05", old, receiptOf(item(`"ProductCodeData":{"CodeProductNomenclature":"303130343630303433393933313235363231"},"measurementUnit":"кг"`), ""), 3,
			[]string{"1197 кг", "1162 0000303130343630303433393933313235363231"}, []string{"1163", "2108"}},
		{"bar code", now, receiptOf(item(`"ean13":"4600439931256"`), ""), 3, []string{"1302 4600439931256"}, []string{"2102", "2106", "2107"}},
		{"measure", now, receiptOf(item(`"UnitCode":"41"`), ""), 3, []string{"2108 41"}, []string{"1197"}},
		{"measure by name", now, receiptOf(item(`"MeasurementUnit":"м²"`), ""), 3, []string{"2108 32"}, []string{"1197"}},
		{"excise, country, declaration", all, receiptOf(item(`"object":2,"Excise":"12.50","CountryOriginCode":"056","CustomsDeclarationNumber":"10702020/060520/0013422"`), ""), 3,
			[]string{"1212 2", "1229 1250", "1230 056", "1231 10702020/060520/0013422"}, nil},
		{"sale object data", all, receiptOf(item(`"SaleObjectData":"реквизит"`), ""), 3, []string{"1191 реквизит"}, nil},
		{"industry requisites", now, receiptOf(item(`"IndustryRequisiteCollection":`+industry), `,"IndustryRequisiteCollection":`+industry), 3,
			[]string{"1260", "1261", "1262 012", "1263 21.03.2022", "1264 д-1", "1265 UUID=1&Time=2"}, nil},
		{"industry requisites on an old register", old, receiptOf(item(`"IndustryRequisiteCollection":`+industry), `,"IndustryRequisiteCollection":`+industry), 3, nil, []string{"1260", "1261"}},

		{"buyer", now, receiptOf(oneItem, buyer), 3, []string{"1256", "1227 Иванов И. И.", "1228 7708806063", "1243 26.12.1980", "1244 643", "1245 21", "1246 4507 443564", "1254 Москва"}, nil},
		{"buyer on an old register", old, receiptOf(oneItem, buyer), 3, []string{"1227 Иванов И. И.", "1228 7708806063"}, []string{"1256", "1243", "1244", "1245", "1246", "1254"}},
		{"user and additional requisites", all, receiptOf(oneItem, `,"AdditionalReceiptRequisite":"1234567890123456","UserRequisiteData":{"RequisiteKey":"ключ","RequisiteValue":"значение"}`), 3,
			[]string{"1192 1234567890123456", "1084", "1085 ключ", "1086 значение"}, nil},
		{"operational requisite", now, receiptOf(oneItem, `,"OperationReceiptRequisite":{"OperationIdentifier":7,"OperationDate":"2022-03-21T11:29:26.714Z","OperationData":"d"}`), 3,
			[]string{"1270", "1271 7", "1272 d", "1273 1647862166"}, nil},

		{"prepayment in full", all, receiptOf(item(`"method":1`), ""), 3, []string{"1214 1"}, nil},
		{"prepayment", all, receiptOf(item(`"method":2`), `,"Amounts":{"Electronic":100}`), 3, []string{"1214 2"}, nil},
		{"advance", all, receiptOf(item(`"method":3,"object":10,"vat":120`), ""), 3, []string{"1214 3", "1212 10", "1199 3", "1106 1667"}, nil},
		{"settled by the advance", all, receiptOf(oneItem, `,"Amounts":{"AdvancePayment":100}`), 3, []string{"1215 10000", "1081 0", "1214 4"}, nil},
		{"part now, part on credit", all, receiptOf(item(`"method":5`), `,"Amounts":{"Electronic":40,"Credit":60}`), 3, []string{"1214 5", "1081 4000", "1216 6000", "1020 10000"}, nil},
		{"on credit", all, receiptOf(item(`"method":6`), `,"Amounts":{"Credit":100}`), 3, []string{"1214 6", "1216 10000"}, nil},
		{"payment of a credit", all, receiptOf(item(`"method":7,"object":10,"vat":null`), `,"Amounts":{"Cash":100}`), 3, []string{"1214 7", "1031 10000", "1105 10000"}, []string{"1200"}},
		{"counter-provision", all, receiptOf(oneItem, `,"Amounts":{"Provision":"100.00"}`), 3, []string{"1217 10000"}, nil},
		{"cash with change", all, receiptOf(oneItem, `,"Amounts":{"Cash":500}`), 3, []string{"1031 10000", "1020 10000"}, nil},
		{"cash beside a card with change", all, receiptOf(oneItem, `,"Amounts":{"Electronic":"30.50","Cash":100}`), 3, []string{"1081 3050", "1031 6950"}, nil},
		{"cashless payments", all, receiptOf(oneItem, `,"NonCashPayments":[{"Amount":60,"PaymentMethod":1,"PaymentId":"id","AdditionalInfo":"i"},{"Amount":40,"PaymentMethod":2}]`), 3,
			[]string{"1234", "1082 6000", "1236 1", "1237 id", "1238 i", "1082 4000", "1236 2"}, nil},

		{"discount that divides", all, receiptOf(item(`"price":200,"quantity":2,"amount":300`), ""), 3, []string{"1079 15000", "1023 2", "1043 30000", "1020 30000"}, nil},
		{"discount that does not", all, receiptOf(item(`"price":100,"quantity":3,"amount":200`), ""), 3, []string{"1079 6667", "1023 3", "1043 20000"}, nil},
		{"free of charge beside another", all, receiptOf(item(`"price":50,"amount":0`)+","+oneItem, ""), 3, []string{"1079 0", "1043 0", "1020 10000"}, nil},
		{"six decimals", all, receiptOf(item(`"price":100,"quantity":"1.234567","amount":123.46`), ""), 3, []string{"1023 1.234567", "1079 10000", "1043 12346"}, nil},
		{"characters outside CP866", all, receiptOf(item(`"label":"«Чай» — 5 ₽…"`), ""), 3, []string{`1030 "Чай" - 5 руб....`}, nil},
		{"a long label", all, receiptOf(item(`"label":"`+strings.Repeat("я", 200)+`"`), ""), 3, []string{"1030 " + strings.Repeat("я", 128)}, nil},
	} {
		for _, v := range c.versions {
			t.Run(c.name+" "+v.String(), func(t *testing.T) {
				b := open(t, func(s *kkt.Settings, _ *Options) { s.FFD = v })
				form, text := b.document(b.queued(c.body))
				require.Equal(t, c.form, form)
				lines := linesOf(text)
				for _, line := range c.has {
					require.Contains(t, lines, line, text)
				}
				for _, tag := range c.lacks {
					require.NotRegexp(t, `(?m)^ *`+tag+`\b`, text)
				}
			})
		}
	}
}

// TestVATInDocuments holds each rate of the API against the tags of each format: item, total, and the tag that the total stands in.
func TestVATInDocuments(t *testing.T) {
	for _, c := range []struct {
		vat        string
		rate       int
		tax, total string // line of 1200, of the total of the receipt
	}{
		{`null`, 6, "", "1105 10000"}, {`""`, 6, "", "1105 10000"}, {`0`, 5, "", "1104 10000"},
		{`20`, 1, "1200 1667", "1102 1667"}, {`10`, 2, "1200 909", "1103 909"}, {`120`, 3, "1200 1667", "1106 1667"}, {`110`, 4, "1200 909", "1107 909"},
		{`5`, 7, "1200 476", "1120 476"}, {`7`, 8, "1200 654", "1120 654"}, {`105`, 9, "1200 476", "1120 476"}, {`107`, 10, "1200 654", "1120 654"},
		{`22`, 11, "1200 1803", "1120 1803"}, {`122`, 12, "1200 1803", "1120 1803"},
	} {
		for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
			b := open(t, func(s *kkt.Settings, _ *Options) { s.FFD = v })
			_, text := b.document(b.queued(receiptOf(item(`"vat":`+c.vat), "")))
			lines := linesOf(text)
			require.Contains(t, lines, fmt.Sprint("1199 ", c.rate))
			require.Contains(t, lines, c.total)
			if c.tax == "" {
				require.NotContains(t, text, "1200 ")
			} else {
				require.Contains(t, lines, c.tax)
			}
			require.Equal(t, c.rate > 6, strings.Contains(text, "1115\n"), "its own structure for the rates since 2025")
		}
	}
}

// TestSplitDocuments reads the documents of a receipt of 250 items.
func TestSplitDocuments(t *testing.T) {
	b := open(t, nil)
	id := b.queued(receiptOf(strings.TrimSuffix(strings.Repeat(oneItem+",", 250), ","), `,"TaxationSystem":1,"Email":"a@b.ru","AdditionalReceiptRequisite":"r","Amounts":{"Electronic":15000,"Cash":10500}`))
	rec, err := b.fleet.Receipt(id)
	require.NoError(t, err)
	docs := b.documents(rec)
	require.Len(t, docs, 3)
	for i, want := range []struct {
		items             int
		total, card, cash string
	}{{100, "1020 1000000", "1081 1000000", "1031 0"}, {100, "1020 1000000", "1081 500000", "1031 500000"}, {50, "1020 500000", "1081 0", "1031 500000"}} {
		lines := linesOf(docs[i].text)
		require.Equal(t, want.items, strings.Count(docs[i].text, "1059\n"))
		for _, line := range []string{want.total, want.card, want.cash, "1055 2", "1008 a@b.ru", "1192 r", fmt.Sprint("1042 ", i+1), fmt.Sprint("1040 ", i+3)} {
			require.Contains(t, lines, line)
		}
	}
	require.Equal(t, `{"Model":"Processed","InnerResult":null,"Success":true,"Message":null}`, b.answer(pathStatus, `{"Id":"`+id+`"}`))
}
