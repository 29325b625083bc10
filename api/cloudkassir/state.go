package cloudkassir

import (
	"errors"
	"strconv"
	"time"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
)

// What answers call the register: its model and the version of its program, tag 1188.
const (
	modelName       = "kktd"
	firmwareVersion = "1.0"
)

// noDevice is the answer about a register that is not there for the caller.
const noDevice = "Касса не найдена"

// state answers /kkt/state: maintenance on or off (spec/api/cloudkassir.md 2.9). The messages are the document's own.
func (q *request) state() []byte {
	v := q.doc.Root()
	if q.refusal == nil {
		if !v.Get("Inn").Filled() {
			q.refuse(checkNoINN, v.Get("Inn"), "")
		}
		q.require(v, checkMissing, "DeviceNumber", "FiscalNumber", "OnMaintenance")
	}
	on, _ := q.flag(v.Get("OnMaintenance"))
	inn := q.str(v.Get("Inn"))
	if q.refusal != nil {
		return q.answerRefusal(q.refusal)
	}
	reg := q.register(v)
	if reg == nil || reg.Settings().INN != inn {
		return q.answerRefusal(&refusal{code: codeUnknown, message: noDevice})
	}
	changed, err := q.api.o.Fleet.SetMaintenance(reg.Serial(), on)
	switch {
	case errors.Is(err, kkt.ErrOutOfService) && !on:
		return q.answerRefusal(&refusal{code: codeUnknown, cause: err, message: "Cannot set online status, kkm has specific Maintenance reason code"})
	case err != nil:
		return q.answerRefusal(refusalOf(err))
	}
	q.debug("register", reg.Serial())
	message := "Kkt status was changed"
	switch {
	case !changed && on:
		message = "Kkm is already on maintenance"
	case !changed:
		message = "Kkm is already turned on"
	}
	return appendSimple(nil, message)
}

// register finds the register that DeviceNumber and FiscalNumber name together; nil when the caller has none such.
func (q *request) register(v tolerant.Value) *kkt.Register {
	reg, err := q.api.o.Fleet.Register(q.str(v.Get("DeviceNumber")))
	if err != nil {
		return nil
	}
	if s := reg.Settings(); !q.account.Allows(s.INN) || s.DriveNumber != q.str(v.Get("FiscalNumber")) {
		return nil
	}
	return reg
}

// getState answers /kkt/state/get (spec/api/cloudkassir.md 2.10).
func (q *request) getState() []byte {
	v := q.doc.Root()
	if q.refusal == nil {
		q.require(v, checkMissing, "DeviceNumber", "FiscalNumber")
	}
	if q.refusal != nil {
		return q.answerRefusal(q.refusal)
	}
	reg := q.register(v)
	if reg == nil {
		q.log().WithField("reason", "no such register").Warn("refused")
		return append(appendString([]byte(`{"Model":null,"InnerResult":null,"Success":false,"Message":`), noDevice), '}')
	}
	q.debug("register", reg.Serial())
	b := append(make([]byte, 0, 1024), `{"Model":`...)
	b = appendState(b, reg)
	return append(b, `,"InnerResult":null,"Success":true,"Message":null}`...)
}

// Values of Status.
const (
	statusOnline  = 1
	statusOffline = 2
	statusError   = 3
)

// appendState appends Model of /kkt/state/get.
func appendState(b []byte, reg *kkt.Register) []byte {
	s := reg.Settings()
	state, broken := reg.State()
	status := statusOnline
	switch {
	case broken != nil:
		status = statusError
	case s.Maintenance:
		status = statusOffline
	}
	w := modelWriter{b: b}
	w.text("Inn", s.INN)
	w.text("DeviceNumber", s.Serial)
	w.text("RegNumber", s.RegNumber)
	w.text("FiscalNumber", s.DriveNumber)
	w.key("Status")
	w.b = strconv.AppendInt(w.b, int64(status), 10)
	w.key("Fiscal")
	w.b = strconv.AppendBool(w.b, state.Phase == fn.PhaseFiscal)
	w.text("OfdName", operatorName(&s))
	w.text("SettlePlace", s.Address)
	w.text("CalculationPlace", s.Place)
	w.text("KkmModelName", modelName)
	w.text("FiscalDateEnd", dateEnd(reg.Zone(), &state))
	w.text("FirmwareVersion", firmwareVersion)
	w.key("IsBso")
	w.b = strconv.AppendBool(w.b, s.Conditions.Has(ffd.BSOSystem))
	w.key("OfdQueueDocsCount")
	w.b = strconv.AppendUint(w.b, uint64(state.Unsent()), 10)
	w.key("FnOccupancy")
	w.b = strconv.AppendFloat(w.b, occupancy(&state), 'f', -1, 64)
	w.key("Warnings")
	w.b = appendWarnings(w.b, reg.Warnings())
	w.key("IsReceiptProcessingBlocked")
	w.b = strconv.AppendBool(w.b, broken != nil || s.Maintenance || state.Able(reg.Now()) != nil)
	return append(w.b, '}')
}

// dateEnd is the end of the last day that the drive works, in the zone of the register; "" before the registration.
func dateEnd(zone *time.Location, state *fn.State) string {
	if state.Registered == 0 {
		return ""
	}
	y, m, d := time.Unix(int64(state.LastDay()), 0).UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone).Format(time.RFC3339)
}

// occupancy is how full the drive is, 0 to 1, with six decimals.
func occupancy(state *fn.State) float64 {
	if state.Capacity == 0 {
		return 0
	}
	return float64(uint64(state.LastNumber)*1_000_000/uint64(state.Capacity)) / 1_000_000
}

// appendWarnings appends the list of warnings by the codes of spec/api/cloudkassir.md 5.12.
func appendWarnings(b []byte, list []kkt.Warning) []byte {
	b = append(b, '[')
	last := 0
	for _, x := range list {
		code, description, action := deviceWarningOf(x.Kind)
		if code == 0 || code == last { // the stronger of two with one code comes first
			continue
		}
		if last != 0 {
			b = append(b, ',')
		}
		last = code
		w := modelWriter{b: b}
		w.key("Code")
		w.b = strconv.AppendInt(w.b, int64(code), 10)
		w.text("Description", description)
		w.text("ResolveAction", action)
		b = append(w.b, '}')
	}
	return append(b, ']')
}

// devicesWarnings answers /kkt/merchant-devices-warnings: all registers of the caller, or of one organisation of his
// (spec/api/cloudkassir.md 2.11).
func (q *request) devicesWarnings() []byte {
	inn := q.str(q.doc.Root().Get("Inn"))
	if q.refusal == nil && inn != "" {
		inn = q.organisation(q.doc.Root().Get("Inn"))
	}
	if q.refusal != nil {
		return q.answerRefusal(q.refusal)
	}
	b := []byte(`{"Model":[`)
	first := true
	for _, reg := range q.api.o.Fleet.Registers() {
		s := reg.Settings()
		if !q.account.Allows(s.INN) || inn != "" && inn != s.INN {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		w := modelWriter{b: b}
		w.text("DeviceNumber", s.Serial)
		w.key("Warnings")
		b = append(appendWarnings(w.b, reg.Warnings()), '}')
	}
	return append(b, `],"InnerResult":null,"Success":true,"Message":null}`...)
}
