package bench

import (
	"kktd/ffd"
	"kktd/tlv"
)

// sample is the receipt that all formats carry.
func sample() *PlainReceipt {
	r := &PlainReceipt{
		Version: uint32(ffd.V120), Drive: "9999078900005430", RegNumber: "0000000004030311", INN: "7708806062",
		Number: 3, Time: 1748781000, Sign: []byte{0x31, 0x04, 0x00, 0xBC, 0x61, 0x4E}, Shift: 1, Receipt: 1, Operation: 1,
		TaxSystem: 1, Cashier: "Иванова Анна Сергеевна", CashierINN: "500100732259",
		Contact: "buyer@example.com", SenderEmail: "noreply@example.com",
		Place: "www.example.com", Address: "г. Москва, ул. Ленина, д. 1",
	}
	for i, name := range []string{
		"Йогурт термостатный вишнёвый 3,5% 160 г", "Хлеб Бородинский нарезка 400 г, в упаковке",
		"Кофе молотый средней обжарки 250 г", "Доставка до двери, утро 9-12", "Пакет большой, с ручками",
	} {
		price := 12345 + uint64(i)
		rate := ffd.VAT20 + ffd.VATRate(i%2)
		tax := rate.Tax(2 * price)
		r.Items = append(r.Items, PlainItem{Name: name, Price: price, Quantity: 2, Amount: 2 * price,
			VAT: uint32(rate), VATSum: tax, Type: uint32(ffd.Goods), Method: uint32(ffd.FullSettlement)})
		r.Total += 2 * price
		if rate == ffd.VAT20 {
			r.VAT20 += tax
		} else {
			r.VAT10 += tax
		}
	}
	r.Cashless = r.Total
	return r
}

// message is the receipt for both protobuf codecs.
func message(r *PlainReceipt) *Receipt {
	m := &Receipt{
		Version: r.Version, Drive: r.Drive, RegNumber: r.RegNumber, Inn: r.INN, Number: r.Number, Time: r.Time,
		Sign: r.Sign, Shift: r.Shift, Receipt: r.Receipt, Operation: r.Operation, Total: r.Total, TaxSystem: r.TaxSystem,
		Cashier: r.Cashier, CashierInn: r.CashierINN, Contact: r.Contact, SenderEmail: r.SenderEmail,
		Place: r.Place, Address: r.Address, Cash: r.Cash, Cashless: r.Cashless, Prepaid: r.Prepaid, Credit: r.Credit,
		Provision: r.Provision, Vat20: r.VAT20, Vat10: r.VAT10,
	}
	for _, it := range r.Items {
		m.Items = append(m.Items, &Item{Name: it.Name, Price: it.Price, Quantity: it.Quantity, Scale: it.Scale,
			Measure: it.Measure, Amount: it.Amount, Vat: it.VAT, VatSum: it.VATSum, Type: it.Type, Method: it.Method})
	}
	return m
}

// document is the receipt for ffd. Its texts are not set yet.
type document struct {
	head ffd.ReceiptHead
	ffd.Receipt
}

func newDocument(r *PlainReceipt) *document {
	d := &document{
		head: ffd.ReceiptHead{
			Head: ffd.Head{Version: ffd.Version(r.Version), Form: ffd.FormReceipt, Drive: ffd.Pad[[16]byte](r.Drive),
				RegNumber: ffd.Pad[[20]byte](r.RegNumber), INN: ffd.Pad[[12]byte](r.INN), Number: r.Number, Time: r.Time, Sign: 12345678},
			Shift: r.Shift, Receipt: r.Receipt, Operation: ffd.Operation(r.Operation), Total: r.Total,
		},
		Receipt: ffd.Receipt{Form: ffd.FormReceipt, Operation: ffd.Operation(r.Operation), TaxSystem: ffd.TaxSystems(r.TaxSystem)},
	}
	for _, it := range r.Items {
		d.Items = append(d.Items, ffd.Item{Price: it.Price, Quantity: tlv.Decimal{Mantissa: it.Quantity, Scale: uint8(it.Scale)},
			Measure: byte(it.Measure), Amount: it.Amount, VAT: ffd.VATRate(it.VAT), VATSum: it.VATSum,
			Type: ffd.ItemType(it.Type), Method: ffd.PaymentMethod(it.Method)})
	}
	d.Payments.Cashless = r.Cashless
	d.VAT[ffd.VAT20], d.VAT[ffd.VAT10] = r.VAT20, r.VAT10
	return d
}

// setTexts transcodes the texts from UTF-8. The arena must hold no texts that
// are in use.
func (d *document) setTexts(a *tlv.Arena, r *PlainReceipt) error {
	a.Reset()
	for _, f := range [...]struct {
		to   *tlv.Text
		from string
	}{
		{&d.Cashier, r.Cashier}, {&d.CashierINN, r.CashierINN}, {&d.Contact, r.Contact},
		{&d.SenderEmail, r.SenderEmail}, {&d.Place, r.Place}, {&d.Address, r.Address},
	} {
		var err error
		if *f.to, err = a.Text(f.from); err != nil {
			return err
		}
	}
	for i := range d.Items {
		var err error
		if d.Items[i].Name, err = a.Text(r.Items[i].Name); err != nil {
			return err
		}
	}
	return nil
}

// append appends the document with its frame.
func (d *document) append(b []byte) ([]byte, error) {
	b, at := tlv.Begin(b, uint16(d.head.Form))
	b = d.head.Append(b)
	b, err := d.Receipt.Append(b, d.head.Version)
	if err != nil {
		return b, err
	}
	return b, tlv.End(b, at)
}
