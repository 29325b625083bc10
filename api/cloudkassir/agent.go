package cloudkassir

import (
	"fmt"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
	"kktd/tlv"
)

// Kinds of agents by what the page demands of them (spec/api/cloudkassir.md 2.3, AgentData).
const (
	bankAgents    ffd.AgentFlags = 1<<0 | 1<<1
	paymentAgents ffd.AgentFlags = 1<<2 | 1<<3
)

// readAgent reads the agent data of an item. sign is that of the receipt, which stands for items without their own.
func (q *request) readAgent(v tolerant.Value, it *ffd.Item, sign ffd.AgentFlags) {
	own := v.Get("AgentSign")
	it.Agent = q.agentSign(own)
	if it.Agent != 0 && sign != 0 {
		q.refuse(checkAgent, own, "признак агента передан и в чеке, и в позиции")
	}
	if it.Agent == 0 {
		it.Agent = sign
	}
	agent, supplier := v.Get("AgentData"), v.Get("PurveyorData")
	if it.Agent == 0 {
		// 1223 and 1224 stand with 1222 only (spec/ffd/documents.md, 1059).
		for _, m := range [...]tolerant.Value{agent, supplier} {
			if m.Len() > 0 {
				q.note(m, "without AgentSign, left out")
			}
		}
		return
	}
	if a, ok := q.object(agent, checkAgent); ok {
		it.AgentData = q.agentData(a)
		agent = a
	}
	switch {
	case it.Agent&bankAgents != 0:
		q.requireIn(agent, checkAgentData, "AgentOperationName", "PaymentAgentPhone", "TransferOperatorPhone",
			"TransferOperatorName", "TransferOperatorAddress", "TransferOperatorInn")
	case it.Agent&paymentAgents != 0:
		q.requireIn(agent, checkAgentData, "PaymentAgentPhone", "PaymentReceiverOperatorPhone")
	}
	if s, ok := q.object(supplier, checkAgent); ok {
		supplier = s
	}
	q.requireIn(supplier, checkSupplier, "Inn")
	if it.Agent&(bankAgents|paymentAgents) != 0 {
		q.requireIn(supplier, checkSupplier, "Phone")
	}
	q.requireIn(supplier, checkAgent, "Name")
	if supplier.Kind() != tolerant.Object {
		return
	}
	it.SupplierINN = q.inn(supplier.Get("Inn"), checkSupplierINN)
	s := &ffd.Supplier{Name: q.text(supplier.Get("Name"), lenSupplierName)}
	s.Phones = q.phones(supplier.Get("Phone"))
	if !s.Name.IsEmpty() || s.Phones != nil {
		it.Supplier = s
	}
}

// requireIn is require for an object that may be absent itself.
func (q *request) requireIn(object tolerant.Value, c check, names ...string) {
	if object.Kind() == tolerant.Object {
		q.require(object, c, names...)
		return
	}
	q.refuse(c, object, fmt.Sprintf("не передано %s", names[0]))
}

// agentData reads 1223; nil when all members are empty.
func (q *request) agentData(v tolerant.Value) *ffd.AgentData {
	d := &ffd.AgentData{
		Operation:              q.text(v.Get("AgentOperationName"), lenAgentOperation),
		PaymentAgentPhones:     q.phones(v.Get("PaymentAgentPhone")),
		PaymentOperatorPhones:  q.phones(v.Get("PaymentReceiverOperatorPhone")),
		TransferOperatorPhones: q.phones(v.Get("TransferOperatorPhone")),
		TransferOperatorName:   q.text(v.Get("TransferOperatorName"), lenOperatorName),
		TransferOperatorAddr:   q.text(v.Get("TransferOperatorAddress"), lenOperatorAddress),
		TransferOperatorINN:    q.inn(v.Get("TransferOperatorInn"), checkAgent),
	}
	texts := d.Operation.Len() + d.TransferOperatorName.Len() + d.TransferOperatorAddr.Len() + d.TransferOperatorINN.Len()
	if texts+len(d.PaymentAgentPhones)+len(d.PaymentOperatorPhones)+len(d.TransferOperatorPhones) == 0 {
		return nil
	}
	return d
}

// phones reads one phone of an agent as the list that the format has.
func (q *request) phones(v tolerant.Value) []tlv.Text {
	if t := q.phone(v, checkAgent); !t.IsEmpty() {
		return []tlv.Text{t}
	}
	return nil
}

// phone reads a phone in any of the habits of clients.
func (q *request) phone(v tolerant.Value, c check) tlv.Text {
	if !v.Filled() {
		return tlv.Text{}
	}
	s, err := v.Text()
	if err == nil {
		s, err = tolerant.Phone(s)
	}
	if err != nil {
		q.refuseErr(c, v, err)
		return tlv.Text{}
	}
	return q.encode(v, s)
}
