package decoders

import (
	stdjson "encoding/json"

	"github.com/bytedance/sonic"
	goccy "github.com/goccy/go-json"
	jsoniter "github.com/json-iterator/go"
	"github.com/valyala/fastjson"

	"kktd/api/internal/tolerant"
)

// readers are the ways that are compared; the first is the project's own.
func readers() []reader {
	var doc tolerant.Document
	iter := jsoniter.ConfigCompatibleWithStandardLibrary
	var parser fastjson.Parser
	list := []reader{
		{"kktd tolerant", func(body []byte, to *receipt) error {
			if err := doc.ParseBody("application/json", body); err != nil {
				return err
			}
			fillTolerant(doc.Root(), to)
			return nil
		}},
		{"encoding/json", func(body []byte, to *receipt) error { return stdjson.Unmarshal(body, to) }},
		{"goccy/go-json", func(body []byte, to *receipt) error { return goccy.Unmarshal(body, to) }},
		{"bytedance/sonic", func(body []byte, to *receipt) error { return sonic.Unmarshal(body, to) }},
		{"json-iterator", func(body []byte, to *receipt) error { return iter.Unmarshal(body, to) }},
		{"valyala/fastjson", func(body []byte, to *receipt) error {
			v, err := parser.ParseBytes(body)
			if err != nil {
				return err
			}
			fillFast(v, to)
			return nil
		}},
	}
	if v2 != nil {
		list = append(list, reader{"encoding/json/v2", v2})
	}
	return list
}

func text(v tolerant.Value) string {
	s, _ := v.Text()
	return s
}

func fillTolerant(v tolerant.Value, to *receipt) {
	number := func(v tolerant.Value) stdjson.Number { return stdjson.Number(v.Literal()) }
	to.Inn, to.InvoiceId, to.AccountId, to.Type = text(v.Get("Inn")), text(v.Get("InvoiceId")), text(v.Get("AccountId")), text(v.Get("Type"))
	c, err := v.Get("CustomerReceipt").Object()
	if err != nil {
		return
	}
	r := &to.CustomerReceipt
	for _, m := range c.Get("Items").All() {
		r.Items = append(r.Items, item{Label: text(m.Get("Label")), Price: number(m.Get("Price")), Quantity: number(m.Get("Quantity")), Amount: number(m.Get("Amount")),
			Vat: number(m.Get("Vat")), Method: number(m.Get("Method")), Object: number(m.Get("Object")), MeasurementUnit: text(m.Get("MeasurementUnit"))})
	}
	r.TaxationSystem, r.Email, r.Phone = number(c.Get("TaxationSystem")), text(c.Get("Email")), text(c.Get("Phone"))
	r.IsBso, _ = c.Get("IsBso").Bool()
	a := c.Get("Amounts")
	r.Amounts = amounts{number(a.Get("Electronic")), number(a.Get("AdvancePayment"))}
}

// fillFast copies what it takes, for the memory of fastjson is the parser's own.
func fillFast(v *fastjson.Value, to *receipt) {
	str := func(v *fastjson.Value, name string) string { return string(v.GetStringBytes(name)) }
	number := func(v *fastjson.Value, name string) stdjson.Number {
		if n := v.Get(name); n != nil {
			return stdjson.Number(n.String())
		}
		return ""
	}
	to.Inn, to.InvoiceId, to.AccountId, to.Type = str(v, "Inn"), str(v, "InvoiceId"), str(v, "AccountId"), str(v, "Type")
	c := v.Get("CustomerReceipt")
	r := &to.CustomerReceipt
	for _, m := range c.GetArray("Items") {
		r.Items = append(r.Items, item{Label: str(m, "Label"), Price: number(m, "Price"), Quantity: number(m, "Quantity"), Amount: number(m, "Amount"),
			Vat: number(m, "Vat"), Method: number(m, "Method"), Object: number(m, "Object"), MeasurementUnit: str(m, "MeasurementUnit")})
	}
	r.TaxationSystem, r.Email, r.Phone, r.IsBso = number(c, "TaxationSystem"), str(c, "Email"), str(c, "Phone"), c.GetBool("IsBso")
	a := c.Get("Amounts")
	r.Amounts = amounts{number(a, "Electronic"), number(a, "AdvancePayment")}
}
