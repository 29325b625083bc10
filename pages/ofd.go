package pages

import (
	"fmt"
	"time"

	"kktd/ffd"
	"kktd/kkt"
	"kktd/ofdproto"
)

// ticketView is what the operator said of a document.
type ticketView struct {
	Document  uint32 `json:"document"`
	Confirmed bool   `json:"confirmed"`
	Operator  string `json:"operator"`       // name in the registration in force
	Time      string `json:"time,omitempty"` // of the confirmation, on the wall clock of the register
	Code      byte   `json:"code"`           // 1022; 0: accepted
}

// operator tells above the slips of a receipt how their delivery stands.
func (p *Pages) operator(a *answer, rec *kkt.ReceiptRecord) error {
	reg, err := p.o.Fleet.Register(rec.Register)
	if err != nil {
		return err
	}
	a.heading = "Оператор фискальных данных"
	for _, n := range rec.Documents {
		_, box, err := reg.Document(rec.Drive, n)
		if err != nil {
			return err
		}
		t := ticketView{Document: n, Operator: reg.SettingsAt(rec.Drive, n).OFDName}
		if box != nil {
			c, err := ticket(box)
			if err != nil {
				return err
			}
			t.Confirmed, t.Code, t.Time = true, c.Code, time.Unix(int64(c.Time), 0).UTC().Format("2006-01-02T15:04:05")
		}
		a.tickets = append(a.tickets, t)
		a.notice = append(a.notice, t.text())
	}
	return nil
}

func ticket(box []byte) (ffd.Confirmation, error) {
	c, err := ofdproto.ParseContainer(box)
	if err != nil {
		return ffd.Confirmation{}, err
	}
	return ffd.ParseConfirmation(c.Document)
}

func (t *ticketView) text() string {
	if !t.Confirmed {
		return fmt.Sprintf("ФД № %d ещё не передан оператору (%s).", t.Document, t.Operator)
	}
	at, _ := time.Parse("2006-01-02T15:04:05", t.Time)
	s := fmt.Sprintf("ФД № %d принят: %s, %s", t.Document, t.Operator, at.Format("02.01.2006 15:04"))
	if t.Code != 0 {
		s += fmt.Sprintf(", код ответа %d", t.Code)
	}
	return s + "."
}
