package control

import (
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"time"

	"kktd/ffd"
	"kktd/fn"
)

// recordView is the short record of a document, as the drive's own archive
// commands answer it (spec/fn.md 4.4). Fields that the form does not have are left
// out.
type recordView struct {
	Form       ffd.Form      `json:"form"`
	FormName   string        `json:"form_name"`
	Number     uint32        `json:"number"`
	Time       time.Time     `json:"time"`
	FiscalSign uint32        `json:"fiscal_sign"`
	Ticket     bool          `json:"ticket"`
	Shift      uint32        `json:"shift,omitempty"`
	Operation  ffd.Operation `json:"operation,omitempty"`
	Total      uint64        `json:"total,omitempty"` // kopecks
	Reason     byte          `json:"reason,omitempty"`
	Unsent     uint32        `json:"unsent,omitempty"`
	// Registration is the index of a registration report among those of the drive.
	Registration int     `json:"registration,omitempty"`
	Answers      answers `json:"answers"`
}

// answers are what the drive answers on its wire, in hex, by command: "40h".
type answers map[string]string

func (x answers) put(command string, answer []byte) { x[command] = hex.EncodeToString(answer) }

// record answers commands 40h, 41h and 45h, of a registration report 43h too.
func (a *API) record(w http.ResponseWriter, r *http.Request) error {
	x, number, err := a.numbered(r)
	if err != nil {
		return err
	}
	drive, err := x.reg.DriveArchive(x.drive)
	if err != nil {
		return err
	}
	rec, err := drive.FindDocument(number)
	if err != nil {
		return err
	}
	view := recordView{Form: rec.Form, FormName: formName(rec.Form), Number: rec.Number, Time: moment(rec.Time, x.zone), FiscalSign: rec.Sign,
		Ticket: rec.Ticket, Shift: rec.Shift, Operation: rec.Operation, Total: rec.Total, Reason: rec.Reason, Unsent: rec.Unsent, Answers: answers{}}
	view.Answers.put("40h", rec.Append(nil))
	if rec.Ticket {
		ticket, err := drive.Ticket(number)
		if err != nil {
			return err
		}
		view.Answers.put("41h", ticket.Append(nil))
	}
	reading, err := drive.OpenDocument(number)
	if err != nil {
		return err
	}
	view.Answers.put("45h", reading.Append(nil))
	if rec.Form == ffd.FormRegistration || rec.Form == ffd.FormReregistration {
		for index := 1; index <= int(drive.State.Registrations); index++ {
			report, err := drive.Registration(index)
			if err != nil {
				return err
			}
			if report.Number == number {
				view.Registration = index
				view.Answers.put("43h", report.Append(nil, true))
			}
		}
	}
	return WriteJSON(w, http.StatusOK, view)
}

// statusAnswers are what the drive answers to the commands about itself. Those
// that its phase refuses are left out.
func statusAnswers(drive fn.Archive, now fn.Time) (answers, error) {
	x, st := answers{}, drive.State
	x.put("30h", st.Status(now).Append(nil))
	number := st.Number()
	x.put("31h", number[:])
	x.put("32h", st.Term().Append(nil))
	x.put("33h", st.Version().Append(nil))
	if shift, err := st.ShiftParameters(); err == nil {
		x.put("10h", shift.Append(nil))
	}
	if exchange, err := st.ExchangeStatus(); err == nil {
		x.put("20h", exchange.Append(nil))
	}
	if count, err := st.UnsentCount(); err == nil {
		x.put("42h", binary.LittleEndian.AppendUint16(nil, count))
	}
	if st.Registrations == 0 {
		return x, nil
	}
	report, err := drive.Registration(0)
	if err != nil {
		return nil, err
	}
	x.put("43h", report.Append(nil, false))
	return x, nil
}
