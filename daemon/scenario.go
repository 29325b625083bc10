package daemon

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"kktd/api/control"
	"kktd/clock"
	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
)

// Scenario is a trouble that people meet, made ready: faults, and what else it takes.
type Scenario struct {
	Name    string
	About   string // what it does and what is seen then
	AboutRu string
	play    func(*scene) error
}

// scene is a scenario on its way.
type scene struct {
	d        *Daemon
	ctx      context.Context
	register *kkt.Register
	faults   []control.FaultView
	did      []string // besides the faults
}

// Scenarios are all there are, in the order of a table.
func Scenarios() []Scenario {
	one := func(name, about, aboutRu, text string) Scenario {
		return Scenario{name, about, aboutRu, func(s *scene) error { return s.set(text) }}
	}
	return []Scenario{
		one("answer-lost", "the next receipt is made and its answer is lost: a repeat with the same X-Request-ID gets the first answer, one without makes a second receipt",
			"следующий чек сделан, а ответ потерян: повтор с тем же X-Request-ID получит первый ответ, без него будет второй чек", "cut:answer:times=1:inn=INN"),
		one("drive-full", "the memory of the drive is full: receipts are refused with error 8, or go to another register",
			"память ФН исчерпана: чеки отклоняются с ошибкой 8 или достаются другой кассе", "drive-full:register=SERIAL"),
		{"drive-expires", "the register's clock moves on until the drive has 3 days left: warnings drive_replace and drive_term, flags in shift reports",
			"часы кассы переводятся так, что ФН остаётся 3 дня: предупреждения drive_replace и drive_term, признаки в отчётах о смене", (*scene).expireDrive},
		{"ofd-silent", "the OFD is away and the register's clock moves on by 31 days, beyond the 30 of the drive: warning ofd_timeout, the drive refuses receipts with 14h until they are delivered",
			"ОФД недоступен, часы кассы уходят на 31 день вперёд, за 30 дней ФН: предупреждение ofd_timeout, ФН отказывает с кодом 14h, пока документы не переданы", (*scene).silenceOFD},
		one("ofd-refuses-format", "the OFD refuses the format of documents: code 14 and bit 1 of 1206 in tickets, warning ofd_format",
			"ОФД отклоняет документы при форматном контроле: код 14 и бит 1 реквизита 1206 в квитанциях, предупреждение ofd_format", "ofd-refuse:14:bits=0x02:drive=DRIVE"),
		{"ofd-subscription-ended", "the OFD ceases to serve the register and says so in 1206 of its tickets: warning ofd_ceases; documents are confirmed still",
			"ОФД прекращает обслуживать кассу и сообщает это в 1206 квитанций: предупреждение ofd_ceases, документы пока подтверждаются", (*scene).endSubscription},
		one("wrong-ffd", "the OFD refuses documents because of their FFD version: code 14, bits 1 and 3 of 1206 (update the FFD), warning ofd_format",
			"ОФД отклоняет документы из-за версии ФФД: код 14, биты 1 и 3 реквизита 1206 (обновить ФФД), предупреждение ofd_format", "ofd-refuse:14:bits=0x0a:drive=DRIVE"),
		one("marking-missing", "the drive refuses receipts because a marking code was never checked, 3Eh: they end as Error",
			"ФН отказывает в чеке: код маркировки не проверялся, 3Eh; чек получает состояние Error", "drive-refuse:3Eh:form=3:register=SERIAL"),
		{"shift-over-24h", "a shift is open and the register's clock moves on by more than 24 hours: the next receipt closes it and opens another, or is refused with 16h without that ability",
			"смена открыта, часы кассы уходят более чем на 24 часа: следующий чек закроет её и откроет новую либо получит отказ 16h", (*scene).ageShift},
		one("power-cut", "the power goes in the middle of the next document: nothing of it is stored, the connection is cut, then the register works as before",
			"питание пропадает посреди следующего документа: ничего не сохранено, соединение оборвано, потом касса работает как прежде", "power-cut:times=1:register=SERIAL"),
	}
}

// set puts a fault in force; SERIAL, DRIVE and INN in its text are those of the register.
func (s *scene) set(text string) error {
	r := s.register.Settings()
	text = strings.NewReplacer("SERIAL", strings.ReplaceAll(r.Serial, ":", `\:`), "DRIVE", r.DriveNumber, "INN", r.INN).Replace(text)
	f, err := s.d.faultKinds.Parse(text)
	if err != nil {
		if strings.HasPrefix(text, "ofd-") && s.d.ofd == nil {
			return &control.Problem{Status: http.StatusConflict, Code: "no_ofd", Message: "the scenario is played by the built-in OFD, and documents go to " + s.d.ofdAddr}
		}
		return err
	}
	s.faults = append(s.faults, control.ViewFault(&fault.State{ID: s.d.faults.Add(f)[0], Fault: f}))
	return nil
}

// advance moves the register's own clock on.
func (s *scene) advance(by time.Duration) error {
	if by <= 0 {
		return nil
	}
	if _, err := s.register.MoveClock(clock.Move{Advance: by}); err != nil {
		return err
	}
	s.did = append(s.did, fmt.Sprintf("the register's clock moved on by %v to %s", by, s.register.Clock().Now().In(s.register.Zone()).Format(time.RFC3339)))
	return nil
}

const (
	daysOfReplacement = 3
	ofdPatience       = 31 * 24 * time.Hour // a drive bears 30 calendar days of unsent documents
	longShift         = 24*time.Hour + time.Minute
	// settleBefore limits the wait for tickets before the clock jumps, real time.
	settleBefore = 5 * time.Second
)

func (s *scene) expireDrive() error {
	// What is unsent would be unsent for too long after the jump.
	ctx, cancel := context.WithTimeout(s.ctx, settleBefore)
	defer cancel()
	s.d.Settle(ctx)
	state, err := s.register.State()
	if err != nil {
		return err
	}
	if state.Phase != fn.PhaseFiscal {
		return state.Able(s.register.Now()) // it has no term, or no use for the rest of it
	}
	left := int(state.DaysLeft(s.register.Now()))
	return s.advance(time.Duration(left-daysOfReplacement) * 24 * time.Hour)
}

func (s *scene) silenceOFD() error {
	if s.d.sender != nil { // else nothing is sent anyway
		for _, text := range [...]string{"ofd-cut-request:drive=DRIVE", "ofd-away"} {
			if err := s.set(text); err != nil {
				return err
			}
		}
	}
	if first, _ := s.register.Unsent(); first == 0 {
		made, err := s.register.ReportState(s.ctx)
		if err != nil {
			return err
		}
		s.did = append(s.did, fmt.Sprintf("document %d was made, which cannot be sent", made[0].Number))
	}
	return s.advance(ofdPatience)
}

func (s *scene) endSubscription() error {
	mask := "0x40" // spec/decisions.md, 1206 bits
	if s.register.Settings().FFD < ffd.V120 {
		mask = "0x80"
	}
	return s.set("ofd-bits:" + mask + ":drive=DRIVE")
}

func (s *scene) ageShift() error {
	state, err := s.register.State()
	if err != nil {
		return err
	}
	if !state.ShiftOpen {
		if _, err := s.register.OpenShift(s.ctx, kkt.Person{}); err != nil {
			return err
		}
		s.did = append(s.did, "a shift was opened")
	}
	return s.advance(longShift)
}

// scenarioView is a scenario as the control API shows it.
type scenarioView struct {
	Name    string `json:"name"`
	About   string `json:"about"`
	AboutRu string `json:"about_ru"`
}

type scenarioList struct {
	Items []scenarioView `json:"items"`
}

// scenarioBody says on which register a scenario is played.
type scenarioBody struct {
	Register string `json:"register"` // serial number; the only one when it is left out
}

// playedView is what a scenario has done.
type playedView struct {
	Scenario string              `json:"scenario"`
	Register string              `json:"register"` // serial number
	Faults   []control.FaultView `json:"faults"`   // that were put in force
	Did      []string            `json:"did"`      // besides the faults
	About    string              `json:"about"`
	AboutRu  string              `json:"about_ru"`
}

// scenarioDocs describe the routes.
func scenarioDocs() map[string]control.Doc {
	return map[string]control.Doc{
		"GET scenarios": {ID: "listScenarios", Tag: "bench", Summary: "List the scenarios of trouble that are ready",
			Answers: []control.Answer{{Status: http.StatusOK, Type: reflect.TypeFor[scenarioList]()}}},
		"POST scenarios/{name}": {ID: "playScenario", Tag: "bench", Summary: "Play a scenario on a register", Body: reflect.TypeFor[scenarioBody](),
			Answers: []control.Answer{{Status: http.StatusOK, Type: reflect.TypeFor[playedView]()}}, Errors: []int{http.StatusConflict}},
	}
}

// scenarioRoutes list the scenarios and play them.
func (d *Daemon) scenarioRoutes() []control.Route {
	return []control.Route{
		{Method: http.MethodGet, Path: "scenarios", Serve: func(w http.ResponseWriter, r *http.Request) error {
			if err := control.NoParameters(r); err != nil {
				return err
			}
			items := []scenarioView{}
			for _, s := range Scenarios() {
				items = append(items, scenarioView{s.Name, s.About, s.AboutRu})
			}
			return control.WriteJSON(w, http.StatusOK, scenarioList{items})
		}},
		{Method: http.MethodPost, Path: "scenarios/{name}", Serve: d.playScenario},
	}
}

// playScenario plays a scenario on a register: the one of the body, or the only one.
func (d *Daemon) playScenario(w http.ResponseWriter, r *http.Request) error {
	var body scenarioBody
	if err := control.ReadBody(w, r, &body); err != nil {
		return err
	}
	var names []string
	for _, sc := range Scenarios() {
		if names = append(names, sc.Name); sc.Name != r.PathValue("name") {
			continue
		}
		s := &scene{d: d, ctx: r.Context(), faults: []control.FaultView{}, did: []string{}}
		var err error
		if s.register, err = d.registerOf(body.Register); err != nil {
			return err
		}
		if err := sc.play(s); err != nil {
			for _, f := range s.faults { // a scenario that was refused leaves nothing behind
				_ = d.faults.Remove(f.ID) // one that is gone was lifted by somebody else
			}
			return err
		}
		d.log.WithField("scenario", sc.Name).WithField("register", s.register.Serial()).Info("a scenario was set")
		return control.WriteJSON(w, http.StatusOK, playedView{Scenario: sc.Name, Register: s.register.Serial(), Faults: s.faults, Did: s.did,
			About: sc.About, AboutRu: sc.AboutRu})
	}
	allowed := strings.Join(names, ", ")
	return &control.Problem{Status: http.StatusNotFound, Code: "not_found", Field: "name", Allowed: allowed,
		Message: fmt.Sprintf("there is no scenario %q; want %s", r.PathValue("name"), allowed)}
}

// registerOf is the register with the serial number; "" asks for the only one.
func (d *Daemon) registerOf(serial string) (*kkt.Register, error) {
	if serial != "" {
		r, err := d.fleet.Register(serial)
		if err != nil {
			return nil, &control.Problem{Status: http.StatusNotFound, Code: "not_found", Field: "register",
				Message: fmt.Sprintf("register: there is no %q; GET %sregisters lists those that are there", serial, control.Prefix)}
		}
		return r, nil
	}
	list := d.fleet.Registers()
	if len(list) == 1 {
		return list[0], nil
	}
	var serials []string
	for _, r := range list {
		serials = append(serials, r.Serial())
	}
	allowed := strings.Join(serials, ", ")
	return nil, &control.Problem{Status: http.StatusBadRequest, Code: "invalid_field", Field: "register", Allowed: allowed,
		Message: fmt.Sprintf("register: there are %d, say which: %s", len(list), allowed)}
}
