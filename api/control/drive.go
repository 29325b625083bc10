package control

import (
	"fmt"
	"net/http"
	"time"

	"kktd/fn"
	"kktd/kkt"
	"kktd/ofdproto"
)

// driveView is the drive at a glance.
type driveView struct {
	driveItem
	Registered        *time.Time    `json:"registered"` // the first registration; null before it
	RegistrationsLeft uint8         `json:"registrations_left"`
	Registrations     uint8         `json:"registrations"`
	FillPercent       float64       `json:"fill_percent"` // 100 at most, also with the closings beyond the capacity
	Shift             *shift        `json:"shift"`
	LastDocument      *lastDocument `json:"last_document"`
	Unsent            *unsent       `json:"unsent"`
	Warnings          []warningView `json:"warnings"`
	Sender            any           `json:"sender,omitempty"`
	Answers           answers       `json:"answers"` // to 30h, 31h, 32h, 33h, 10h, 20h, 42h, 43h
}

// warningView is a trouble of the register in words.
type warningView struct {
	Kind   kkt.WarningKind `json:"kind"`
	What   string          `json:"what"`
	Do     string          `json:"do"`
	WhatRu string          `json:"what_ru"`
	DoRu   string          `json:"do_ru"`
}

func (a *API) drive(w http.ResponseWriter, r *http.Request) error {
	item, err := a.lookAt(r)
	if err != nil {
		return err
	}
	reg, err := a.find(r)
	if err != nil {
		return err
	}
	archive, err := reg.DriveArchive(reg.Settings().Drive())
	if err != nil {
		return err
	}
	st := archive.State
	answers, err := statusAnswers(archive, reg.Now())
	if err != nil {
		return err
	}
	view := driveView{driveItem: item.Drive, Registrations: st.Registrations, RegistrationsLeft: st.Term().Left, Answers: answers,
		FillPercent: min(100, float64(st.LastNumber)*100/float64(st.Capacity)), Shift: item.Shift, LastDocument: item.LastDocument,
		Unsent: item.Unsent, Warnings: []warningView{}, Sender: item.Sender}
	if st.Phase >= fn.PhaseFiscal {
		view.Registered = new(moment(st.Registered, reg.Zone()))
	}
	for _, x := range reg.Warnings() {
		t := x.Kind.Text()
		view.Warnings = append(view.Warnings, warningView{x.Kind, t.What, t.Do, t.WhatRu, t.DoRu})
	}
	return WriteJSON(w, http.StatusOK, view)
}

// exportPage is how many documents of an export are read from the store at once.
const exportPage = 256

// exportDrive writes all documents of a drive as one file: the containers as the
// drive made them, one after another; with ?tickets=true each with the container
// of its ticket behind it, as it came.
func (a *API) exportDrive(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "tickets")
	if err != nil {
		return err
	}
	tickets, err := q.truth("tickets")
	if err != nil {
		return err
	}
	x, err := a.archive(r)
	if err != nil {
		return err
	}
	next, started := uint32(1), false
	var page []byte
	for next <= ofdproto.MaxNumber {
		page = page[:0]
		begin := next
		err := x.reg.Archive(x.drive, next, exportPage, func(number uint32, box, ticket []byte) error {
			if number != next {
				return fmt.Errorf("drive %d: document %d is missing", x.drive, next)
			}
			next++
			page = append(page, box...)
			if tickets {
				page = append(page, ticket...)
			}
			return nil
		})
		if err != nil && started {
			a.log.WithField("path", r.URL.Path).WithError(err).Error("export is cut off")
			panic(http.ErrAbortHandler)
		}
		if err != nil {
			return err
		}
		if !started {
			w.Header().Set("Content-Type", octetStream)
			w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="drive-%d.bin"`, x.drive))
			started = true
		}
		if _, err := w.Write(page); err != nil || next-begin < exportPage {
			return nil // the end, or the client is gone
		}
	}
	return nil
}
