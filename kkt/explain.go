package kkt

import (
	"errors"
	"fmt"

	"kktd/fault"
	"kktd/storage"
)

// Service is what a register can do at the moment, in a word.
type Service string

// The words.
const (
	InService     Service = "in_service"
	OnMaintenance Service = "maintenance"
	NotPaid       Service = "unpaid"
	DriveRefuses  Service = "drive_refuses" // any receipt: term, phase, documents unsent for too long
	DriveFull     Service = "drive_full"
	OutOfService  Service = "out_of_service"
)

// word is the service as others see it.
func (s service) word() Service {
	return [...]Service{inService: InService, onMaintenance: OnMaintenance, unpaid: NotPaid, driveRefuses: DriveRefuses, driveFull: DriveFull, outOfService: OutOfService}[s]
}

// Verdict is what a register offers a receipt at the moment.
type Verdict struct {
	Register string // serial number
	Lacks    []Lack // what the receipt asks for and the register has not; none: it fits
	Service  Service
	Err      error // why the register is out of service, or its drive refuses
	Queue    int   // receipts that wait for it
}

// Explain tells of each register of the organisation what the choice for a receipt
// would weigh now: the registers may have changed since the receipt was made.
// Nothing is chosen. r must have a part.
func (f *Fleet) Explain(r *Receipt) []Verdict {
	f.mu.RLock()
	all := f.byINN[r.INN]
	f.mu.RUnlock()
	list := make([]Verdict, 0, len(all))
	for _, x := range all {
		p := x.profile.Load()
		v := Verdict{Register: p.Serial, Queue: x.queued()}
		for _, n := range needs {
			if lack := n.lack(r); lack != "" && !n.has(r, p) {
				v.Lacks = append(v.Lacks, lack)
			}
		}
		v.Service, v.Err = x.Service()
		list = append(list, v)
	}
	return list
}

// Service tells what the register can do at the moment, and why when it is out of
// service or its drive refuses. It strikes no fault.
func (r *Register) Service() (Service, error) {
	p := r.profile.Load()
	s, err := r.standing(p, 0)
	switch {
	case meets[fault.RegisterError](r):
		s, err = outOfService, fault.ErrSet
	case meets[fault.RegisterMaintenance](r):
		s = onMaintenance
	}
	if s == driveRefuses {
		state, _ := r.State()
		err = state.Able(r.wall(p))
	}
	return s.word(), err
}

// Services are all words.
func Services() []Service {
	return []Service{InService, OnMaintenance, NotPaid, DriveRefuses, DriveFull, OutOfService}
}

// QueuedReceipts counts the receipts that are Queued: those whose time has not come,
// and those that wait for a register.
func (f *Fleet) QueuedReceipts() (notDue, waiting int) {
	d := &f.delayed
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.timers), len(d.waiting)
}

// Waiting is why a receipt is Queued.
type Waiting struct {
	Due     int64 // when it is made, business time, Unix milliseconds
	Parked  bool  // its time has come: it waits for a register, or for its turn
	Receipt Receipt
}

// Waiting tells what a queued receipt waits for. ErrNotFound: it waits no more.
func (f *Fleet) Waiting(id string) (*Waiting, error) {
	key, err := f.ids.parse(id)
	if err != nil {
		return nil, err
	}
	value, err := f.store.Record(kindDelayed, key[:])
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: queued receipt %s", ErrNotFound, id)
	}
	if err != nil {
		return nil, err
	}
	q, err := parseQueued(value)
	if err != nil {
		return nil, err
	}
	return &Waiting{Due: q.due, Parked: q.due <= f.clock.Now().UnixMilli(), Receipt: q.receipt}, nil
}

// Text is a lack in words, English and Russian.
func (l Lack) Text() (en, ru string) {
	en = "it lacks: " + string(l)
	if t, ok := lackOf[l]; ok {
		return t[0], t[1]
	}
	return en, lackTexts[l]
}

// lackOf says what one register lacks, English and Russian.
var lackOf = map[Lack][2]string{
	LackTaxSystem:        {"it is not registered for the taxation system", "касса не зарегистрирована с этой системой налогообложения"},
	LackBSO:              {"it has no БСО sign", "у кассы нет признака БСО"},
	LackNoBSO:            {"it is registered for БСО alone", "касса зарегистрирована только для БСО"},
	LackCash:             {"it takes no cash", "касса не принимает наличные"},
	LackAgent:            {"it may not act as an agent", "у кассы нет агентского признака"},
	LackUserAttribute:    {"it does not take tag 1084", "касса не поддерживает дополнительный реквизит пользователя (1084)"},
	LackSerial:           {"another register was asked for by its serial number", "в запросе названа другая касса"},
	LackReturnCorrection: {"FFD 1.05 corrects income and expense, not their returns", "касса ФФД 1.05 не делает коррекцию возврата"},
	LackBasisNumber:      {"FFD 1.05 wants the number of the basis, tag 1179", "для ФФД 1.05 нужен номер документа-основания (1179)"},
	LackItems:            {"FFD 1.1 and 1.2 want items in a correction", "для ФФД 1.1 и 1.2 нужны предметы расчёта"},
}
