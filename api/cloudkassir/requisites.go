package cloudkassir

import (
	"time"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
)

// array is v when it is an array; of what is absent, or refused, All yields nothing.
func (q *request) array(v tolerant.Value) tolerant.Value {
	if !v.Filled() {
		return tolerant.Value{}
	}
	list, err := v.Array()
	if err != nil {
		q.refuseErr(checkData, v, err)
	}
	return list
}

// readBuyer fills 1256, or 1227 and 1228 up to FFD 1.1.
func (q *request) readBuyer(v tolerant.Value, r *ffd.Receipt) {
	b := ffd.Buyer{
		Name:         q.text(v.Get("CustomerInfo"), lenBuyerName),
		INN:          q.inn(v.Get("CustomerInn"), checkData),
		BirthDate:    q.date(v.Get("CustomerBirthday")),
		Citizenship:  q.digits(v.Get("CustomerStateCode"), 3),
		DocumentCode: q.digits(v.Get("CustomerDocType"), 2),
		DocumentData: q.text(v.Get("CustomerDoc"), lenBuyerDocument),
		Address:      q.text(v.Get("CustomerPlace"), lenBuyerAddress),
	}
	if b.Name.Len()+b.INN.Len()+b.BirthDate.Len()+b.Citizenship.Len()+b.DocumentCode.Len()+b.DocumentData.Len()+b.Address.Len() > 0 {
		buyer := b
		r.Buyer = &buyer
	}
}

// readRequisites reads 1192, 1084, 1270 and 1261.
func (q *request) readRequisites(v tolerant.Value, r *ffd.Receipt) {
	r.Attribute = q.text(v.Get("AdditionalReceiptRequisite"), lenAttribute)
	if u, ok := q.object(v.Get("UserRequisiteData"), checkData); ok {
		q.require(u, checkMissing, "RequisiteKey", "RequisiteValue")
		r.UserAttribute = &ffd.UserAttribute{
			Name: q.text(u.Get("RequisiteKey"), lenUserAttributeName), Value: q.text(u.Get("RequisiteValue"), lenUserAttributeValue),
		}
	}
	if o, ok := q.object(v.Get("OperationReceiptRequisite"), checkData); ok {
		q.require(o, checkMissing, "OperationIdentifier", "OperationDate", "OperationData")
		id, _ := q.number(o.Get("OperationIdentifier"), 0, 255, checkData)
		r.Operational = &ffd.OperationalAttribute{
			ID: byte(id), Time: q.moment(o.Get("OperationDate")), Data: q.text(o.Get("OperationData"), lenOperationData),
		}
	}
	r.Industry = q.industry(v.Get("IndustryRequisiteCollection"))
}

// moment reads a time as tag 1273 has it, the face of the clock. The digits are taken as they are written, whatever the zone
// behind them: that of the register is not known before the choice of one.
func (q *request) moment(v tolerant.Value) uint32 {
	s := q.str(v)
	if s == "" {
		return 0
	}
	t, err := tolerant.Moment(s, time.UTC)
	if err != nil {
		q.refuseErr(checkData, v, err)
		return 0
	}
	_, offset := t.Zone()
	seconds := t.Unix() + int64(offset)
	if seconds < 0 || seconds >= 1<<32 {
		q.refuse(checkData, v, "дата вне 1970–2106 годов")
		return 0
	}
	return uint32(seconds)
}

// industry reads 1260 or 1261.
func (q *request) industry(v tolerant.Value) []ffd.IndustryAttribute {
	var list []ffd.IndustryAttribute
	for _, m := range q.array(v).All() {
		o, ok := q.object(m, checkData)
		if !ok {
			q.refuse(checkData, m, "ожидается объект")
			continue
		}
		q.require(o, checkMissing, "Code", "DocumentDate", "DocumentNumber", "RequisiteValue")
		list = append(list, ffd.IndustryAttribute{
			FOIV: q.digits(o.Get("Code"), 3), Date: q.date(o.Get("DocumentDate")),
			Number: q.text(o.Get("DocumentNumber"), lenIndustryNumber), Value: q.text(o.Get("RequisiteValue"), lenIndustryValue),
		})
	}
	return list
}
