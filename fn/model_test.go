package fn

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"kktd/ffd"
)

// model is the fiscal drive once more, slow and simple: a list of all that ever
// happened, out of which every answer is counted anew. It was written from the
// pages, not from the machine, and shares no rule with it.
type model struct {
	drive    [16]byte
	months   Model
	max      ffd.Version
	capacity uint32
	setup    bool // in phase 0
	events   []event
}

// event is one thing that happened: a document, a ticket or a failure.
type event struct {
	form   ffd.Form // 7: a ticket; 0: a failure
	time   Time
	number uint32 // of the document, or of the one that the ticket confirms

	registration Registration // forms 1 and 11
	reasons      uint32
	operation    ffd.Operation
	total        uint64
	payments     ffd.Payments
	vat          ffd.VATTotals
	code         byte // of a ticket
	message      byte
}

func (m *model) clone() *model {
	c := *m
	c.events = slices.Clone(m.events)
	return &c
}

func (m *model) documents() (list []event) {
	for _, e := range m.events {
		if e.form != 0 && e.form != ffd.FormConfirmation {
			list = append(list, e)
		}
	}
	return list
}

func (m *model) registrations() (list []event) {
	for _, e := range m.events {
		if e.form == ffd.FormRegistration || e.form == ffd.FormReregistration {
			list = append(list, e)
		}
	}
	return list
}

func (m *model) failed() bool {
	return slices.ContainsFunc(m.events, func(e event) bool { return e.form == 0 })
}

func (m *model) has(form ffd.Form) bool {
	return slices.ContainsFunc(m.events, func(e event) bool { return e.form == form })
}

// inForce is the registration in force.
func (m *model) inForce() Registration {
	if list := m.registrations(); len(list) > 0 {
		return list[len(list)-1].registration
	}
	return Registration{}
}

func (m *model) phase() Phase {
	switch {
	case m.setup:
		return 0
	case len(m.registrations()) == 0:
		return 1
	case !m.has(ffd.FormDriveClosing):
		return 3
	case len(m.unsent()) > 0:
		return 7
	}
	return 15
}

// unsent are the documents that were made for the OFD and have no ticket.
func (m *model) unsent() (list []event) {
	offline := false
	for _, e := range m.events {
		switch e.form {
		case 0:
			continue
		case ffd.FormConfirmation:
			list = slices.DeleteFunc(list, func(d event) bool { return d.number == e.number })
			continue
		case ffd.FormRegistration, ffd.FormReregistration:
			offline = e.registration.Modes.Offline
		}
		if !offline {
			list = append(list, e)
		}
	}
	return list
}

func (m *model) last() event {
	if list := m.documents(); len(list) > 0 {
		return list[len(list)-1]
	}
	return event{}
}

// shift are the documents of the shift that is open or was the last, its number
// and whether it is open.
func (m *model) shift() (list []event, number uint32, open bool) {
	for _, e := range m.documents() {
		if e.form == ffd.FormShiftOpening {
			list, open = nil, true
			number++
		}
		if open {
			list = append(list, e)
		}
		if e.form == ffd.FormShiftClosing {
			open = false
		}
	}
	return list, number, open
}

func receiptsIn(list []event) (n uint32) {
	for _, e := range list {
		switch e.form {
		case 3, 4, 31, 41:
			n++
		}
	}
	return n
}

// sum counts receipts and corrections.
func sum(list []event) (t ffd.Totals) {
	for _, e := range list {
		var s *ffd.SettlementTotals
		switch e.form {
		case 3, 4:
			s = &t.Receipts[e.operation-1]
			for rate := ffd.VAT20; rate <= ffd.VATNone; rate++ {
				s.VAT[rate] += e.vat[rate]
			}
		case 31, 41:
			s = &t.Corrections[e.operation-1]
		default:
			continue
		}
		s.Count++
		s.Total += e.total
		s.Payments.Cash += e.payments.Cash
		s.Payments.Cashless += e.payments.Cashless
		s.Payments.Prepaid += e.payments.Prepaid
		s.Payments.Credit += e.payments.Credit
		s.Payments.Provision += e.payments.Provision
	}
	return t
}

// sumUnsent counts receipts and corrections together.
func sumUnsent(list []event) (t ffd.OperationTotals) {
	all := sum(list)
	for i := range t {
		r, c := all.Receipts[i], all.Corrections[i]
		t[i] = ffd.SettlementTotals{Count: r.Count + c.Count, Total: r.Total + c.Total, Payments: ffd.Payments{
			Cash: r.Payments.Cash + c.Payments.Cash, Cashless: r.Payments.Cashless + c.Payments.Cashless,
			Prepaid: r.Payments.Prepaid + c.Payments.Prepaid, Credit: r.Payments.Credit + c.Payments.Credit,
			Provision: r.Payments.Provision + c.Payments.Provision}}
	}
	return t
}

// meanings are what operators said: format control failed, change the exchange
// settings, the operator ceases.
type meanings struct{ format, settings, ceases bool }

func meaningsOf(v ffd.Version, mask byte) meanings {
	if v == ffd.V120 {
		return meanings{mask&2 != 0, mask&0x20 != 0, mask&0x40 != 0}
	}
	return meanings{mask&2 != 0, mask&0x40 != 0, mask&0x80 != 0}
}

func (x meanings) mask(v ffd.Version) (b byte) {
	settings, ceases := byte(0x40), byte(0x80)
	if v == ffd.V120 {
		settings, ceases = 0x20, 0x40
	}
	if x.format {
		b |= 2
	}
	if x.settings {
		b |= settings
	}
	if x.ceases {
		b |= ceases
	}
	return b
}

// said is what operators said since the last shift closing, what the last ticket
// said and its code.
func (m *model) said() (since, last meanings, code byte) {
	var r Registration
	for _, e := range m.events {
		switch e.form {
		case ffd.FormRegistration, ffd.FormReregistration:
			if e.registration.OFDINN != r.OFDINN {
				last.settings, last.ceases = false, false
			}
			r = e.registration
		case ffd.FormShiftClosing:
			since = meanings{}
		case ffd.FormConfirmation:
			x := meaningsOf(r.FFD, e.message)
			since = meanings{since.format || x.format, since.settings || x.settings, since.ceases || x.ceases}
			last, code = x, e.code
			last.format = x.format || e.code != 0
		}
	}
	return since, last, code
}

// term is the table of spec/fn.md 8.1.
func term(months Model, r *Registration) uint16 {
	uses := func(c ffd.Conditions) bool { return r.Modes.Conditions&c != 0 }
	is12 := r.FFD == ffd.V120
	days := map[Model]uint16{Model13: 410, Model15: 470, Model36: 1110}[months]
	if months == Model36 && (r.Modes.Offline || r.TaxSystems&ffd.TaxOSN != 0 && !uses(ffd.ServicesOnly)) {
		days = 560
	}
	if months == Model15 && (r.Modes.Offline || is12 && uses(ffd.Gambling|ffd.Lottery|ffd.Pawnshop|ffd.Insurance)) {
		days = 410
	}
	if uses(ffd.ExciseGoods) {
		days = 410
	}
	return days
}

const dayLength = 86400

func date(t Time) Time { return t / dayLength * dayLength }

// lastDay is the end of the term under a registration.
func (m *model) lastDay(r *Registration) Time {
	return date(m.registrations()[0].time) + Time(term(m.months, r))*dayLength
}

func (m *model) daysLeft(now Time) uint16 {
	r := m.inForce()
	left := int64(m.lastDay(&r)) - int64(date(now))
	return uint16(max(0, left/dayLength))
}

// warnings is the table of spec/fn.md 3.
func (m *model) warnings(now Time) (w WarningFlags) {
	if len(m.registrations()) > 0 {
		if left := m.daysLeft(now); left <= 3 {
			w |= 0x03
		} else if left <= 30 {
			w |= 0x02
		}
	}
	if 100*len(m.documents()) >= 99*int(m.capacity) {
		w |= 0x04
	}
	if list := m.unsent(); len(list) > 0 && int64(now)-int64(list[0].time) >= 2*dayLength {
		w |= 0x08
	}
	_, last, _ := m.said()
	if last.format {
		w |= 0x10
	}
	if last.settings {
		w |= 0x20
	}
	if last.ceases {
		w |= 0x40
	}
	if m.failed() {
		w |= 0x80
	}
	return w
}

// state is what the machine must remember.
func (m *model) state() State {
	s := State{Drive: m.drive, Model: m.months, MaxFFD: m.max, Capacity: m.capacity, Phase: m.phase(), Failed: m.failed()}
	for i, e := range m.registrations() {
		s.RegistrationDocs[i] = e.number
		s.Registrations++
	}
	if s.Registrations > 0 {
		s.Registered, s.Registration = m.registrations()[0].time, m.inForce()
		s.TermDays = term(m.months, &s.Registration)
	}
	d := m.last()
	s.LastNumber, s.LastTime, s.LastForm = uint32(len(m.documents())), d.time, d.form
	list, number, open := m.shift()
	s.Shift, s.ShiftOpen, s.ShiftReceipts, s.ShiftDocuments = number, open, receiptsIn(list), uint32(len(list))
	if number > 0 {
		s.ShiftOpened = list[0].time
	}
	s.ShiftTotals, s.Totals = sum(list), sum(m.documents())
	if u := m.unsent(); len(u) > 0 {
		s.FirstUnsent, s.FirstUnsentTime = u[0].number, u[0].time
	}
	since, last, code := m.said()
	s.Messages, s.OperatorCode = since.mask(s.Registration.FFD), code
	for bit, set := range map[WarningFlags]bool{0x10: last.format, 0x20: last.settings, 0x40: last.ceases} {
		if set {
			s.OperatorWarning |= bit
		}
	}
	return s
}

// sign is ФПД by spec/fn.md 9.
func (m *model) sign(d event) uint32 {
	mac := func(key []byte, parts ...[]byte) []byte {
		h := hmac.New(sha256.New, key)
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	_, shift, _ := m.shift()
	if d.form == 1 || d.form == 11 {
		shift = 0
	}
	r := m.inForce()
	canon := binary.LittleEndian.AppendUint16(nil, uint16(d.form))
	canon = append(append(canon, m.drive[:]...), r.RegNumber[:]...)
	canon = binary.LittleEndian.AppendUint32(canon, d.number)
	canon = binary.LittleEndian.AppendUint32(canon, uint32(d.time))
	canon = binary.LittleEndian.AppendUint32(canon, shift)
	canon = append(canon, byte(d.operation))
	canon = binary.LittleEndian.AppendUint64(canon, d.total)
	key := mac([]byte(DefaultMaster), []byte("fn"), m.drive[:])
	return max(1, binary.BigEndian.Uint32(mac(key, []byte("fpd"), canon)))
}

// problems of a command at a moment: every answer code that a rule gives. None:
// the drive must carry it out; else it must refuse with one of them.
type reasons []Code

func (r *reasons) when(fault bool, c Code) {
	if fault {
		*r = append(*r, c)
	}
}

// resources are the rules of spec/fn.md 8 and the decisions.
func (m *model) resources(now Time) (r reasons) {
	if len(m.registrations()) == 0 {
		return nil
	}
	reg := m.inForce()
	r.when(date(now) > m.lastDay(&reg), 0x12)
	r.when(len(m.documents()) >= int(m.capacity), 0x14)
	return append(r, m.blocked(now)...)
}

func (m *model) blocked(now Time) (r reasons) {
	if u := m.unsent(); len(u) > 0 {
		r.when(int64(date(now))-int64(date(u[0].time)) > 30*dayLength, 0x14)
	}
	return r
}

func (m *model) register(now Time, c *Register) (r reasons) {
	reg, p := &c.Registration, m.phase()
	_, _, open := m.shift()
	replaces := c.Reasons&1 != 0
	r.when(reg.FFD < ffd.V105 || reg.FFD > m.max, 0x0A)
	r.when(reg.Modes.Encryption, 0x0A)
	r.when(reg.TaxSystems == 0 || reg.TaxSystems > 0x3F, 0x09)
	r.when(p != 1 && p != 3, 0x02)
	r.when(p == 1 && c.Reasons != 0 && !replaces, 0x02)
	if p != 3 {
		return r
	}
	r.when(c.Reasons == 0 || replaces || open, 0x02)
	r.when(len(m.registrations()) >= 12, 0x0A)
	r.when(reg.FFD < m.inForce().FFD, 0x0A)
	r.when(now < m.last().time, 0x07)
	r.when(reg.Modes.Offline && len(m.unsent()) > 0, 0x02)
	r.when(date(now) > m.lastDay(reg), 0x05)
	return append(r, m.resources(now)...)
}

func (m *model) openShift(now Time) (r reasons) {
	_, _, open := m.shift()
	r.when(m.phase() != 3 || open, 0x02)
	r.when(int64(now) < int64(m.last().time)-3600, 0x07)
	return append(r, m.resources(now)...)
}

func (m *model) closeShift(now Time) (r reasons) {
	_, _, open := m.shift()
	r.when(m.phase() != 3 || !open, 0x02)
	r.when(now < m.last().time, 0x07)
	return r
}

func (m *model) expired(now Time) bool {
	list, _, open := m.shift()
	return open && int64(now)-int64(list[0].time) > 24*3600
}

func (m *model) settlementState(now Time) (r reasons) {
	r.when(m.phase() != 3 && m.phase() != 7, 0x02)
	r.when(m.expired(now), 0x16)
	r.when(now < m.last().time, 0x07)
	return append(r, m.resources(now)...)
}

func (m *model) closeDrive(now Time) (r reasons) {
	_, _, open := m.shift()
	r.when(m.phase() != 3 || open, 0x02)
	r.when(now < m.last().time, 0x07)
	return append(r, m.blocked(now)...)
}

// modelReceipt is a receipt before it is encoded.
type modelReceipt struct {
	event
	tax     ffd.TaxSystems
	item    ffd.ItemType
	claimed uint64 // total of the command
}

// receipt says what is wrong in the open shift that there is.
func (m *model) receipt(now Time, c *modelReceipt) (r reasons) {
	list, _, open := m.shift()
	reg := m.inForce()
	has := func(x ffd.Conditions) bool { return reg.Modes.Conditions&x != 0 }
	r.when(m.phase() != 3 || !open, 0x02)
	r.when(m.expired(now), 0x16)
	r.when(c.operation < 1 || c.operation > 4, 0x09)
	r.when(c.claimed > 1<<40-1, 0x09)
	r.when(now < m.last().time, 0x07)
	r.when(c.claimed != c.total, 0x09)
	r.when(has(ffd.BSOSystem) && (c.form == 3 || c.form == 31), 0x19)
	r.when(reg.TaxSystems&c.tax == 0, 0x19)
	if reg.FFD >= ffd.V110 {
		switch c.item {
		case 2:
			r.when(!has(ffd.ExciseGoods), 0x19)
		case 5, 6:
			r.when(!has(ffd.Gambling), 0x19)
		case 7, 8:
			r.when(!has(ffd.Lottery), 0x19)
		case 30, 31:
			r.when(!has(ffd.ExciseGoods) || !has(ffd.MarkedGoods), 0x19)
		case 32, 33:
			r.when(!has(ffd.MarkedGoods), 0x19)
		}
	}
	if len(r) == 0 {
		t := sum(append(slices.Clone(list), c.event))
		for i := range 4 {
			r.when(t.Receipts[i].Total > 1<<40-1 || t.Corrections[i].Total > 1<<40-1, 0x09)
		}
	}
	return append(r, m.resources(now)...)
}

func (m *model) confirm(right bool) (r reasons) {
	r.when(m.phase() != 3 && m.phase() != 7 || len(m.unsent()) == 0, 0x02)
	r.when(m.inForce().Modes.Offline, 0x0A)
	r.when(!right, 0x20)
	return r
}

// add notes a document.
func (m *model) add(e event) {
	e.number = uint32(len(m.documents())) + 1
	m.events = append(m.events, e)
}
