package cloudkassir

import (
	"fmt"
	"slices"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
	"kktd/kkt"
)

// Lengths of the numbers of a registration (spec/kkt.md).
const (
	maxSerial   = 20
	lenDrive    = 16
	lenRegister = 16
)

// fiscalize answers /kkt/fiscalize (spec/api/cloudkassir.md 2.2, spec/decisions.md).
func (q *request) fiscalize() []byte {
	s := q.readSettings()
	q.logNotes()
	if q.refusal != nil {
		return q.answerRefusal(q.refusal)
	}
	if err := q.api.o.Fleet.Fiscalize(q.http.Context(), q.account.PublicID, s); err != nil {
		return q.answerRefusal(refusalOf(err))
	}
	q.debug("register", s.Serial)
	return appendSimple(nil, "Fiscal data queued")
}

func (q *request) readSettings() (s kkt.Settings) {
	if q.refusal != nil {
		return s
	}
	v := q.doc.Root()
	if !v.Get("Inn").Filled() {
		q.refuse(checkNoINN, v.Get("Inn"), "")
	}
	q.require(v, checkMissing, "DeviceNumber", "FiscalNumber", "RegNumber", "Url", "Ofd", "TaxationSystem", "MerchantEmail")
	s.INN = q.inn(v.Get("Inn"), checkINN).String()
	if s.Serial = q.text(v.Get("DeviceNumber"), maxSerial).String(); s.Serial != "" && !printable(s.Serial) {
		q.refuse(checkData, v.Get("DeviceNumber"), "ожидаются латинские буквы, цифры и знаки")
	}
	s.DriveNumber = q.digits(v.Get("FiscalNumber"), lenDrive).String()
	s.RegNumber = q.digits(v.Get("RegNumber"), lenRegister).String()
	if q.api.o.Strict && s.RegNumber != "" && s.INN != "" && ffd.CheckRegNumber(s.RegNumber, s.INN, s.Serial) != nil {
		q.refuse(checkData, v.Get("RegNumber"), "контрольные цифры не сходятся с ИНН и заводским номером")
	}
	s.Place = q.text(v.Get("Url"), lenPlace).String()
	s.TaxSystems = q.taxSystems(v.Get("TaxationSystem"))
	if code := v.Get("Ofd"); code.Filled() {
		ofd, ok := operatorOf(code.Literal())
		if !ok {
			q.refuse(checkData, code, "такого ОФД нет в справочнике")
		}
		s.OFDName, s.OFDINN = ofd.registered(), ofd.inn
	}
	email := v.Get("MerchantEmail")
	if address := q.text(email, lenContact).String(); address != "" {
		if err := tolerant.Email(address); err != nil {
			q.refuseErr(checkEmail, email, err)
		}
		s.SenderEmail = address
	}
	s.Phone = q.merchantPhone(v.Get("MerchantPhone"))
	// What the API cannot say is all on in a new register, as in that of the first start (design/architecture.md, Outside);
	// a known one keeps what it has.
	s.Conditions = ffd.ExciseGoods | ffd.MarkedGoods
	if bso, _ := q.flag(v.Get("IsBso")); bso {
		s.Conditions |= ffd.BSOSystem
	}
	s.AutoShift, s.TakesAgents, s.TakesCash, s.TakesBSO, s.TakesUserAttribute = true, true, true, true, true
	return s
}

// merchantPhone reads the shop's phone. It stands in no document, and the sample of the CloudKassir document has one with
// nine digits, so only strict refuses a phone that cannot be dialled.
func (q *request) merchantPhone(v tolerant.Value) string {
	if s, err := v.Text(); err == nil && !q.api.o.Strict {
		if phone, err := tolerant.Phone(s); err == nil {
			return phone
		}
		return s
	}
	return q.phone(v, checkData).String()
}

// taxSystems reads one code or an array of them; the order stays, for the first is the default of receipts.
func (q *request) taxSystems(v tolerant.Value) (list []ffd.TaxSystems) {
	if v.Kind() != tolerant.Array {
		if system := q.taxSystem(v); system != 0 {
			list = append(list, system)
		}
		return list
	}
	for _, m := range v.All() {
		system := q.taxSystem(m)
		if system == 0 {
			q.refuse(checkData, m, fmt.Sprintf("ожидается код от 0 до %d", 5))
		} else if !slices.Contains(list, system) {
			list = append(list, system)
		}
	}
	if v.Len() == 0 {
		q.refuse(checkMissing, v, "не передано")
	}
	return list
}

// printable tells that s is of the characters a factory number has.
func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
