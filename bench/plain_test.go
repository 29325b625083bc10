package bench

//msgp:tuple PlainReceipt PlainItem

// PlainReceipt is the receipt as encoding/json and msgp take it. msgp writes it
// as an array, the shorter and faster of its two forms.
type PlainReceipt struct {
	Version     uint32      `json:"version"`
	Drive       string      `json:"drive"`
	RegNumber   string      `json:"regNumber"`
	INN         string      `json:"inn"`
	Number      uint32      `json:"number"`
	Time        uint32      `json:"time"`
	Sign        []byte      `json:"sign"`
	Shift       uint32      `json:"shift"`
	Receipt     uint32      `json:"receipt"`
	Operation   uint32      `json:"operation"`
	Total       uint64      `json:"total"`
	TaxSystem   uint32      `json:"taxSystem"`
	Cashier     string      `json:"cashier"`
	CashierINN  string      `json:"cashierInn"`
	Contact     string      `json:"contact"`
	SenderEmail string      `json:"senderEmail"`
	Place       string      `json:"place"`
	Address     string      `json:"address"`
	Items       []PlainItem `json:"items"`
	Cash        uint64      `json:"cash"`
	Cashless    uint64      `json:"cashless"`
	Prepaid     uint64      `json:"prepaid"`
	Credit      uint64      `json:"credit"`
	Provision   uint64      `json:"provision"`
	VAT20       uint64      `json:"vat20"`
	VAT10       uint64      `json:"vat10"`
}

// PlainItem is one item of a PlainReceipt.
type PlainItem struct {
	Name     string `json:"name"`
	Price    uint64 `json:"price"`
	Quantity uint64 `json:"quantity"`
	Scale    uint32 `json:"scale"`
	Measure  uint32 `json:"measure"`
	Amount   uint64 `json:"amount"`
	VAT      uint32 `json:"vat"`
	VATSum   uint64 `json:"vatSum"`
	Type     uint32 `json:"type"`
	Method   uint32 `json:"method"`
}
