package cloudkassir

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/kkt"
	"kktd/tlv"
)

// mapped sends a receipt that must be taken and shows it to check.
func mapped(t *testing.T, b *bench, body string, check func(*kkt.Receipt)) string {
	t.Helper()
	b.fleet.look = check
	defer func() { b.fleet.look = nil }()
	return b.queued(body)
}

func TestVATCodes(t *testing.T) {
	b := open(t, nil)
	for code, want := range map[string]ffd.VATRate{
		`null`: ffd.VATNone, `""`: ffd.VATNone, `0`: ffd.VAT0, `"0"`: ffd.VAT0, `10`: ffd.VAT10, `20`: ffd.VAT20, `"20"`: ffd.VAT20, `110`: ffd.VAT10110,
		`120`: ffd.VAT20120, `5`: ffd.VAT5, `7`: ffd.VAT7, `105`: ffd.VAT5105, `107`: ffd.VAT7107, `22`: ffd.VAT22, `122`: ffd.VAT22122, `22.0`: ffd.VAT22,
	} {
		mapped(t, b, receiptOf(item(`"vat":`+code), ""), func(r *kkt.Receipt) { require.Equal(t, want, r.Parts[0].Items[0].VAT, code) })
	}
	mapped(t, b, receiptOf(`{"Label":"a","Price":1,"Amount":1}`, ""), func(r *kkt.Receipt) { require.Equal(t, ffd.VATNone, r.Parts[0].Items[0].VAT) })
}

func TestEnumerations(t *testing.T) {
	b := open(t, nil)
	for code := range 6 {
		mapped(t, b, receiptOf(oneItem, fmt.Sprintf(`,"TaxationSystem":"%d"`, code)), func(r *kkt.Receipt) {
			require.Equal(t, ffd.TaxSystems(1<<code), r.Parts[0].TaxSystem)
		})
	}
	for code := range 8 {
		mapped(t, b, receiptOf(item(fmt.Sprintf(`"Method":%d`, code)), ""), func(r *kkt.Receipt) {
			want := ffd.PaymentMethod(code)
			if code == 0 {
				want = 4
			}
			require.Equal(t, want, r.Parts[0].Items[0].Method)
		})
	}
	for code := range 34 {
		if code == 28 || code == 29 {
			continue
		}
		mapped(t, b, receiptOf(item(fmt.Sprintf(`"Object":%d`, code)), ""), func(r *kkt.Receipt) {
			require.Equal(t, ffd.ItemType(max(code, 1)), r.Parts[0].Items[0].Type)
		})
	}
	phones := `{"PaymentAgentPhone":"8 916 123-45-67","PaymentReceiverOperatorPhone":"+74951234567","AgentOperationName":"Перевод",
		"TransferOperatorPhone":"+74951234568","TransferOperatorName":"Банк","TransferOperatorAddress":"Москва","TransferOperatorInn":"7708806062"}`
	for code := range 7 {
		mapped(t, b, receiptOf(agentItem(code, phones, goodSupplier), ""), func(r *kkt.Receipt) {
			it := r.Parts[0].Items[0]
			require.Equal(t, ffd.AgentFlags(1<<code), it.Agent)
			require.Equal(t, "+79161234567", it.AgentData.PaymentAgentPhones[0].String())
			require.Equal(t, "+74951234567", it.Supplier.Phones[0].String())
			require.Zero(t, r.Parts[0].Agent)
		})
		mapped(t, b, receiptOf(item(`"AgentData":`+phones+`,"PurveyorData":`+goodSupplier), fmt.Sprintf(`,"AgentSign":%d`, code)), func(r *kkt.Receipt) {
			require.Equal(t, ffd.AgentFlags(1<<code), r.Parts[0].Agent)
			require.Equal(t, ffd.AgentFlags(1<<code), r.Parts[0].Items[0].Agent)
		})
	}
	for i, word := range operations() {
		for _, w := range []string{word, strings.ToLower(word), strings.ToUpper(word)} {
			body := strings.Replace(receiptOf(oneItem, ""), `"Income"`, `"`+w+`"`, 1)
			id := mapped(t, b, body, func(r *kkt.Receipt) { require.Equal(t, ffd.Operation(i+1), r.Parts[0].Operation) })
			require.Contains(t, b.answer(pathGet, `{"Id":"`+id+`"}`), `"Type":"`+word+`"`)
		}
	}
}

func TestMeasures(t *testing.T) {
	b := open(t, nil)
	for members, want := range map[string]byte{
		`"measurementUnit":"шт"`: 0, `"measurementUnit":"КГ."`: 11, `"measurementUnit":"м²"`: 32, `"measurementUnit":"л"`: 41, `"measurementUnit":"упаковка"`: 0,
		`"measurementUnit":"кг","unitCode":"255"`: 255, `"unitCode":71`: 71,
	} {
		mapped(t, b, receiptOf(item(members), ""), func(r *kkt.Receipt) { require.Equal(t, want, r.Parts[0].Items[0].Measure, members) })
	}
}

func TestUnitNames(t *testing.T) {
	for code, names := range map[byte][]string{0: {"шт", "ед.", ""}, 10: {"г", "гр."}, 11: {"Килограмм"}, 12: {"т"}, 20: {"см"}, 21: {"дм"}, 22: {"М"},
		30: {"кв. см"}, 31: {"дм2"}, 32: {"кв.м"}, 40: {"мл"}, 41: {"Л."}, 42: {"м3"}, 50: {"кВт·ч"}, 51: {"Гкал"}, 70: {"день", "сут."}, 71: {"час"},
		72: {"мин."}, 73: {"сек"}, 80: {"КБ"}, 81: {"МБ"}, 82: {"ГБ"}, 83: {"ТБ"}} {
		for _, name := range names {
			require.Equal(t, code, unitOf(name), name)
		}
	}
}

func TestAmounts(t *testing.T) {
	b := open(t, nil)
	for _, c := range []struct {
		name, amounts string
		want          ffd.Payments
	}{
		{"left out", ``, ffd.Payments{Cashless: 10000}},
		{"empty", `,"Amounts":{}`, ffd.Payments{Cashless: 10000}},
		{"nulls", `,"Amounts":{"Electronic":null,"Credit":""}`, ffd.Payments{Cashless: 10000}},
		{"cash with change", `,"Amounts":{"Cash":"500.00"}`, ffd.Payments{Cash: 10000}},
		{"cash beside a card", `,"Amounts":{"Cash":500,"Electronic":30.5}`, ffd.Payments{Cash: 6950, Cashless: 3050}},
		{"all", `,"Amounts":{"Electronic":10,"Cash":20,"AdvancePayment":30,"Credit":15,"Provision":25}`,
			ffd.Payments{Cashless: 1000, Cash: 2000, Prepaid: 3000, Credit: 1500, Provision: 2500}},
	} {
		t.Run(c.name, func(t *testing.T) {
			mapped(t, b, receiptOf(oneItem, c.amounts), func(r *kkt.Receipt) { require.Equal(t, c.want, r.Parts[0].Payments) })
		})
	}
}

func TestDiscount(t *testing.T) {
	b := open(t, nil)
	for _, c := range []struct {
		price, quantity, amount string
		wantPrice, wantAmount   uint64
		wantQuantity            tlv.Decimal
	}{
		{"100", "1", "100", 10000, 10000, tlv.Decimal{Mantissa: 1}},
		{"200.00", "2.00", "300.00", 15000, 30000, tlv.Decimal{Mantissa: 2}},
		{"150", "5", "600", 12000, 60000, tlv.Decimal{Mantissa: 5}},
		{"0.33", "3.5", "1.16", 33, 116, tlv.Decimal{Mantissa: 35, Scale: 1}},
		{"100", "3", "100", 3333, 10000, tlv.Decimal{Mantissa: 3}},
		{"100", "3", "200", 6667, 20000, tlv.Decimal{Mantissa: 3}},
		{"100", "0.250", "25", 10000, 2500, tlv.Decimal{Mantissa: 25, Scale: 2}},
		{"100", "0.30000000000000004", "30", 10000, 3000, tlv.Decimal{Mantissa: 3, Scale: 1}},
		{"100", "1.2345678", "123.46", 10000, 12346, tlv.Decimal{Mantissa: 1234568, Scale: 6}},
		{"2814749767106.55", "1", "2814749767106.55", maxMoney, maxMoney, tlv.Decimal{Mantissa: 1}},
	} {
		t.Run(c.price+"x"+c.quantity+"="+c.amount, func(t *testing.T) {
			body := receiptOf(fmt.Sprintf(`{"Label":"a","Price":%s,"Quantity":%s,"Amount":%s}`, c.price, c.quantity, c.amount), "")
			mapped(t, b, body, func(r *kkt.Receipt) {
				it := r.Parts[0].Items[0]
				require.Equal(t, c.wantPrice, it.Price)
				require.Equal(t, c.wantAmount, it.Amount)
				require.Equal(t, c.wantQuantity, it.Quantity)
			})
		})
	}
}

func TestTexts(t *testing.T) {
	b := open(t, nil)
	label := strings.Repeat("я", 130)
	body := receiptOf(item(`"label":"`+label+`"`), `,"CashierName":"Иванова «А»—Б","Phone":"8 (916) 123-45-67","IsInternetPayment":"true"`)
	mapped(t, b, body, func(r *kkt.Receipt) {
		p := r.Parts[0]
		require.Equal(t, label[:2*128], p.Items[0].Name.String())
		require.Equal(t, `Иванова "А"-Б`, p.Cashier.String())
		require.Equal(t, "+79161234567", p.Contact.String())
		require.True(t, p.InternetSettlement)
		require.Nil(t, r.BSO)
		require.Nil(t, p.Buyer)
	})
	require.Equal(t, "CustomerReceipt.Items[0].label: 130 characters, cut to 128", b.entry("taken with changes").Data["fields"])
	require.Equal(t, `'«'->"\"" '»'->"\"" '—'->"-"`, b.entry("characters outside CP866 substituted").Data["substitutes"])

	mapped(t, b, receiptOf(oneItem, `,"Email":"a@b.ru","Phone":"89161234567","IsBso":"1"`), func(r *kkt.Receipt) {
		require.Equal(t, "a@b.ru", r.Parts[0].Contact.String())
		require.True(t, *r.BSO)
	})
	b.hook.Reset()
	mapped(t, b, receiptOf(item(`"AgentData":{"AgentOperationName":"a"},"PurveyorData":{}`), ""), func(r *kkt.Receipt) {
		require.Nil(t, r.Parts[0].Items[0].AgentData)
	})
	require.Equal(t, "CustomerReceipt.Items[0].AgentData: without AgentSign, left out", b.entry("taken with changes").Data["fields"])
}

func TestMarking(t *testing.T) {
	b := open(t, nil)
	for _, c := range []struct {
		name, members string
		tag           uint16
		value, code   string // 1163 member, 1162 in hexadecimal
	}{
		{"GS1 with a separator of its own", `"RawMarkCode":"010460043993125621JgXJ5.T#91abcd#92efgh","GroupSeparator":"#"`, ffd.TagProductCodeGS1M, "010460043993125621JgXJ5.T", ""},
		{"1162 not recognised", `"ProductCodeData":{"CodeProductNomenclature":"303130343630303433393933313235363231"}`, 0, "",
			"0000303130343630303433393933313235363231"},
		{"1162 with serial", `"ProductCodeData":{"CodeProductNomenclature":"3031303436303034333939333132353632314a67584a352e54"}`, 0, "", "444d042f1f9681784a67584a352e54"},
		{"EAN-13", `"ean13":"4600439931256"`, ffd.TagProductCodeEAN13, "4600439931256", "450d042f1f968178"},
		{"short EAN", `"ean13":"1234456363"`, 0, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			mapped(t, b, receiptOf(item(c.members), ""), func(r *kkt.Receipt) {
				it := r.Parts[0].Items[0]
				if c.tag == 0 {
					require.Nil(t, it.Marking)
				} else {
					require.Equal(t, c.tag, it.Marking.Tag)
					require.Equal(t, c.value, it.Marking.Value.String())
				}
				require.Equal(t, c.code, fmt.Sprintf("%x", it.ProductCode))
			})
		})
	}
}

func TestRequisites(t *testing.T) {
	b := open(t, nil)
	body := receiptOf(item(`"SaleObjectData":"item","IndustryRequisiteCollection":[{"code":"030","documentDate":"21.03.2022","documentNumber":"7","requisiteValue":"UUID=1&Time=2"}],
		"markPartQuantity":{"Numerator":"1","Denominator":4}`),
		`,"AdditionalReceiptRequisite":"1234567890123456","CashierInn":770880606200,"CustomerInfo":"Иванов","RussiaTimeZone":2,
		"OperationReceiptRequisite":{"OperationIdentifier":7,"OperationDate":"2022-03-21T11:29:26+05:00","OperationData":"d"},
		"NonCashPayments":[{"Amount":60,"PaymentMethod":1,"PaymentId":"a","AdditionalInfo":"b"},{"Amount":40,"PaymentMethod":2}]`)
	mapped(t, b, body, func(r *kkt.Receipt) { golden(t, "requisites.txt", tree(t, r, ffd.V120)) })
}

func TestPrinted(t *testing.T) {
	b := open(t, nil)
	for _, c := range []struct {
		name, infos string
		want        []string
	}{
		{"lines", `["Спасибо за покупку","два\nтри","", null, 4]`, []string{"Спасибо за покупку", "два\nтри", "4"}},
		{"one line", `"Ждём вас ☕"`, []string{"Ждём вас ☕"}},
		{"none", `[]`, nil},
		{"null", `null`, nil},
	} {
		mapped(t, b, receiptOf(oneItem+","+item(`"additionalPositionInfo":"Гарантия 12 месяцев"`), `,"AdditionalReceiptInfos":`+c.infos), func(r *kkt.Receipt) {
			require.Equal(t, kkt.Printed{Lines: c.want, Items: []kkt.ItemLine{{Item: 1, Text: "Гарантия 12 месяцев"}}}, r.Request.Printed, c.name)
		})
	}
	mapped(t, b, receiptOf(strings.Repeat(oneItem+",", 101)+item(`"AdditionalPositionInfo":"a"`), ""), func(r *kkt.Receipt) {
		require.Equal(t, []kkt.ItemLine{{Part: 1, Item: 1, Text: "a"}}, r.Request.Printed.Items, "items of the second part count anew")
	})
	mapped(t, b, receiptOf(oneItem, ""), func(r *kkt.Receipt) { require.Empty(t, r.Request.Printed, "nothing of an earlier request stays") })
}

func TestSplit(t *testing.T) {
	b := open(t, nil)
	items := strings.TrimSuffix(strings.Repeat(oneItem+",", 250), ",")
	id := mapped(t, b, receiptOf(items, `,"Email":"a@b.ru","Amounts":{"Electronic":15000,"Cash":9000,"Credit":2000},
		"NonCashPayments":[{"Amount":12000,"PaymentMethod":1},{"Amount":3000,"PaymentMethod":2}]`), func(r *kkt.Receipt) {
		require.Len(t, r.Parts, 3)
		var sizes []int
		for _, p := range r.Parts {
			sizes = append(sizes, len(p.Items))
			require.Equal(t, p.ItemsTotal(), p.Payments.Total())
			require.Equal(t, "a@b.ru", p.Contact.String())
		}
		require.Equal(t, []int{100, 100, 50}, sizes)
		require.Equal(t, ffd.Payments{Cashless: 1_000_000}, r.Parts[0].Payments)
		require.Equal(t, ffd.Payments{Cashless: 500_000, Cash: 500_000}, r.Parts[1].Payments)
		require.Equal(t, ffd.Payments{Cash: 300_000, Credit: 200_000}, r.Parts[2].Payments)
		require.Equal(t, []ffd.CashlessPayment{{Sum: 1_000_000, Method: 1}}, r.Parts[0].CashlessPayments)
		require.Equal(t, []ffd.CashlessPayment{{Sum: 200_000, Method: 1}, {Sum: 300_000, Method: 2}}, r.Parts[1].CashlessPayments)
		require.Empty(t, r.Parts[2].CashlessPayments)
	})
	answer := b.answer(pathGet, `{"Id":"`+id+`"}`)
	require.Equal(t, 250, strings.Count(answer, `"Label":"Товар"`))
	require.Contains(t, answer, `"DocumentNumber":"3"`)
}
