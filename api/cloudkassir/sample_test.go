package cloudkassir

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/kkt"
)

const shared = "../../../shared"

// sample cuts the request of /kkt/receipt out of the official document.
func sample(t *testing.T) string {
	files, _ := filepath.Glob(filepath.Join(shared, "seeds", "004_*.txt"))
	if len(files) != 1 {
		t.Skip("the official document is not at " + shared)
	}
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "Формирование кассового чека")
	if !found {
		rest = string(text)
	}
	start := strings.Index(rest, "{\n    \"Inn\": \"7708806062\", //ИНН\n    \"InvoiceId\"")
	end := strings.Index(rest, "Формирование чека является асинхронной операцией")
	require.True(t, start >= 0 && end > start)
	return rest[start:end]
}

func TestSampleAsPrinted(t *testing.T) {
	body := sample(t)
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		t.Run(v.String(), func(t *testing.T) {
			b := open(t, func(s *kkt.Settings, _ *Options) { s.FFD = v })
			b.fleet.look = func(r *kkt.Receipt) {
				require.Equal(t, "1234567", r.Request.InvoiceID)
				require.Equal(t, "user@example.com", r.Request.AccountID)
				require.Equal(t, body, string(r.Request.Raw))
				golden(t, "sample-"+v.String()+".txt", tree(t, r, v))
			}
			id := b.queued(body)
			require.Equal(t, `{"Model":"Processed","InnerResult":null,"Success":true,"Message":null}`, b.answer(pathStatus, `{"Id":"`+id+`"}`))
			golden(t, "sample-get-"+v.String()+".json", indent(t, b.answer(pathGet, `{"Id":"`+id+`"}`)))
			require.Contains(t, b.entry("taken with changes").Data["fields"], "CustomerReceipt.Items[1].ProductCodeData.CodeProductNomenclature: left out")
		})
	}
}

// TestWorkedMapping is the example of spec/api/cloudkassir.md 7.
func TestWorkedMapping(t *testing.T) {
	b := open(t, nil)
	b.fleet.look = func(r *kkt.Receipt) {
		golden(t, "worked-mapping.txt", tree(t, r, ffd.V120))
	}
	id := b.queued(receiptOf(`{"label":"Наименование товара 2","price":200.00,"quantity":2.00,"amount":300.00,"vat":10,"method":0,"object":0},
		{"label":"Остальное","price":1000,"quantity":1,"amount":1000,"vat":20}`, `,"taxationSystem":0,"amounts":{"electronic":1300}`))
	require.Contains(t, b.answer(pathGet, `{"Id":"`+id+`"}`),
		`"Price":200,"Quantity":2,"Amount":300,"Department":null,"Vat":10,"EAN13":null,"AgentSign":null,"Method":0,"Object":0`)
}

// TestVectors sends bodies of real clients.
func TestVectors(t *testing.T) {
	const wrongINN = `{"Model":{"ErrorCode":-1},"InnerResult":null,"Success":false,"Message":"Некорректный запрос: Inn: ожидается 10 или 12 цифр"}`
	const tooMuch = `{"Model":{"ErrorCode":14},"InnerResult":null,"Success":false,"Message":"Вносимая безналичной оплатой сумма больше суммы чека: CustomerReceipt.Amounts: безналичными 1300.00, итог `
	for name, want := range map[string]string{
		"receipt-axcherednikov-strings-pascalcase": tooMuch + `500.00"}`,
		"receipt-flowwow-no-quantity":              tooMuch + `3.00"}`,
		"receipt-bitrix-plugin":                    "",
		"receipt-itglobal":                         wrongINN,
		"receipt-izatop-readme":                    wrongINN,
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(shared, "vectors", "api", "cloudkassir", name+".json"))
			if err != nil {
				t.Skip("vectors are not at " + shared)
			}
			var file struct{ Body json.RawMessage }
			require.NoError(t, json.Unmarshal(text, &file))
			// The placeholders of the vectors stand for an organisation that is there.
			body := strings.NewReplacer("9000000000", testINN, "<INN>", testINN).Replace(string(file.Body))
			b := open(t, nil)
			if want != "" {
				require.Equal(t, want, b.answer(pathReceipt, body))
				// What a client's test data have wrong is put right, the rest stays: an INN, a VAT rate of today, a whole phone, an advance of the total.
				body = strings.NewReplacer(`"Inn": "123"`, `"Inn": "`+testINN+`"`, `"Inn": 123456789`, `"Inn": `+testINN).Replace(body)
				if name == "receipt-izatop-readme" {
					require.Equal(t, `{"Model":{"ErrorCode":27},"InnerResult":null,"Success":false,"Message":"Некорректные данные: CustomerReceipt.Items[0].vat: ставка 18 отменена с 2019 года, передайте 20, с 2026 года 22"}`,
						b.answer(pathReceipt, body))
				}
				total := "500.00"
				if name == "receipt-flowwow-no-quantity" {
					total = "3.00"
				}
				body = strings.NewReplacer(`"vat": 18`, `"vat": 20`, `"AdvancePayment": "1300.00"`, `"AdvancePayment": "`+total+`"`).Replace(body)
			}
			form, tags := b.document(b.queued(body))
			require.Equal(t, ffd.FormReceipt, form)
			golden(t, name+"-document.txt", tags)
			if want != "" {
				return
			}
			b.fleet.look = func(r *kkt.Receipt) { golden(t, name+".txt", tree(t, r, ffd.V120)) }
			b.queued(body)
		})
	}
}
