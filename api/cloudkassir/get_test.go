package cloudkassir

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/kkt"
)

// records is a fleet with receipts in states that the registers do not stay in.
type records struct {
	*spy
	record  *kkt.ReceiptRecord
	details error
}

func (r records) Receipt(id string) (*kkt.ReceiptRecord, error) {
	if id != r.record.ID {
		return nil, kkt.ErrNotFound
	}
	return r.record, nil
}

func (r records) Details(*kkt.ReceiptRecord) (*kkt.ReceiptDetails, error) { return nil, r.details }

func TestGetUnknown(t *testing.T) {
	b := open(t, nil)
	for _, body := range []string{`{}`, ``, `{"Id":""}`, `{"Id":"Nr9eTaj"}`, `{"Id":14}`, `{"Id":"00000000000000000000000000000000"}`} {
		require.Equal(t, `{"Model":"NotFound","InnerResult":null,"Success":true,"Message":null}`, b.answer(pathStatus, body))
		require.Equal(t, `{"Model":null,"InnerResult":null,"Success":false,"Message":"Чек не найден"}`, b.answer(pathGet, body))
	}
	const bad = `{"Model":{"ErrorCode":-1},"InnerResult":null,"Success":false,"Message":"Некорректный запрос: JSON не разобран: строка 1, символ 2"}`
	require.Equal(t, bad, b.answer(pathStatus, `{`))
	require.Equal(t, bad, b.answer(pathGet, `{`))
}

func TestStates(t *testing.T) {
	rec := &kkt.ReceiptRecord{ID: "q", API: apiName, Account: "pk_demo", InvoiceID: "7", Raw: []byte(receiptOf(oneItem, `,"CashierName":"Иванова"`))}
	b := open(t, nil)
	fleet := records{spy: b.fleet, record: rec, details: errors.New("document is gone")}
	b.api.o.Fleet = fleet
	for _, c := range []struct {
		status kkt.Status
		text   string
		want   string
	}{
		{kkt.Queued, "", `{"Model":"Queued","InnerResult":null,"Success":true,"Message":null}`},
		{kkt.Processed, "", `{"Model":"Processed","InnerResult":null,"Success":true,"Message":null}`},
		{kkt.Failed, "Нет касс \"без\" <признака>", `{"Model":"Error","InnerResult":null,"Success":true,"Message":"Нет касс \"без\" <признака>"}`},
	} {
		rec.Status, rec.Error = c.status, c.text
		require.Equal(t, c.want, b.answer(pathStatus, `{"Id":"q"}`))
	}
	rec.Status = kkt.Queued
	golden(t, "get-queued.json", indent(t, b.answer(pathGet, `{"Id":"q"}`)))
	rec.Status = kkt.Processed
	require.Equal(t, string(appendRefusal(nil, -1, "Внутренняя ошибка")), b.answer(pathGet, `{"Id":"q"}`))
	rec.API = "atol"
	require.Equal(t, `{"Model":"NotFound","InnerResult":null,"Success":true,"Message":null}`, b.answer(pathStatus, `{"Id":"q"}`))
}

func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{
		"":             `""`,
		`a"b\c`:        `"a\"b\\c"`,
		"<&>ё😀":        `"<&>ё😀"`,
		"\x00\x1d\n\t": `"\u0000\u001d\n\u0009"`,
		"a\xffb":       "\"a\ufffdb\"",
	} {
		require.Equal(t, want, string(appendString(nil, in)))
	}
}
