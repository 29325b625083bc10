package decoders

import (
	"encoding/json"
	"fmt"
	"strings"
)

// receipt is what each reader fills: the members of a usual request. Numbers stay text, as money must not pass through binary
// floating point.
type receipt struct {
	Inn, InvoiceId, AccountId, Type string
	CustomerReceipt                 customer
}

type customer struct {
	Items           []item
	TaxationSystem  json.Number
	Email, Phone    string
	IsBso           bool
	Amounts         amounts
	CustomerInfo    string
	AdditionalInfos []string
}

type item struct {
	Label                   string
	Price, Quantity, Amount json.Number
	Vat, Method, Object     json.Number
	MeasurementUnit         string
}

type amounts struct{ Electronic, AdvancePayment json.Number }

// sample is a usual body with a number of items; the names are as the reader that matches them exactly wants them.
func sample(items int) []byte {
	list := make([]string, items)
	for i := range list {
		list[i] = fmt.Sprintf(`{"Label":"Наименование товара %d","Price":100.00,"Quantity":2,"Amount":200.00,"Vat":20,"Method":4,"Object":1,"MeasurementUnit":"шт"}`, i+1)
	}
	return []byte(`{"Inn":"7708806062","InvoiceId":"1234567","AccountId":"user@example.com","Type":"Income","CustomerReceipt":{"Items":[` + strings.Join(list, ",") +
		`],"TaxationSystem":0,"Email":"user@example.com","Phone":"","IsBso":false,"Amounts":{"Electronic":` + fmt.Sprint(items*200) + `,"AdvancePayment":0.00}}}`)
}

// reader is one way to read a body.
type reader struct {
	name string
	read func(body []byte, to *receipt) error
}

// habits are what real clients send (spec/api/cloudkassir.md 1.1); each must give the INN and a price of 100.5.
func habits() []struct{ name, body string } {
	return []struct{ name, body string }{
		{"names in any case", `{"INN":"7708806062","customerReceipt":{"ITEMS":[{"price":100.5}]}}`},
		{"numbers as strings", `{"Inn":"7708806062","CustomerReceipt":{"Items":[{"Price":"100.5"}]}}`},
		{"strings as numbers", `{"Inn":7708806062,"CustomerReceipt":{"Items":[{"Price":100.5}]}}`},
		{"booleans as strings", `{"Inn":"7708806062","CustomerReceipt":{"IsBso":"0","Items":[{"Price":100.5}]}}`},
		{"empty string for null", `{"Inn":"7708806062","CustomerReceipt":{"TaxationSystem":"","Items":[{"Price":100.5}]}}`},
		{"comments", `{"Inn":"7708806062", //ИНН` + "\n" + `"CustomerReceipt":{"Items":[{"Price":100.5}]}/* */}`},
		{"comma before a brace", `{"Inn":"7708806062","CustomerReceipt":{"Items":[{"Price":100.5,},],},}`},
		{"JSON in a string", `{"Inn":"7708806062","CustomerReceipt":"{\"Items\":[{\"Price\":100.5}]}"}`},
		{"byte order mark", "\ufeff" + `{"Inn":"7708806062","CustomerReceipt":{"Items":[{"Price":100.5}]}}`},
	}
}
