package control

import (
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/tlv"
)

// registerItem is a register in a list.
type registerItem struct {
	Serial       string            `json:"serial"`
	INN          string            `json:"inn"`
	UserName     string            `json:"user_name"`
	RegNumber    string            `json:"reg_number"`
	FFD          string            `json:"ffd"`
	Drive        driveItem         `json:"drive"`
	Shift        *shift            `json:"shift"` // null, as the next two, when the register is out of service
	LastDocument *lastDocument     `json:"last_document"`
	Unsent       *unsent           `json:"unsent"`
	Warnings     []kkt.WarningKind `json:"warnings"` // their names, see kkt.WarningKind
	OutOfService string            `json:"out_of_service,omitempty"`
	Sender       any               `json:"sender,omitempty"`
}

// registerView is a register asked for alone.
type registerView struct {
	registerItem
	Settings settings `json:"settings"`
}

type driveItem struct {
	ID       storage.DriveID `json:"id"`
	Number   string          `json:"number"`
	Model    fn.Model        `json:"model"` // months of its longest term
	Capacity uint32          `json:"capacity"`
	*driveState
}

// driveState is absent when the register is out of service.
type driveState struct {
	Phase      string  `json:"phase"`
	ValidUntil *string `json:"valid_until"` // last day; null before the registration
	DaysLeft   uint16  `json:"days_left"`
	Documents  uint32  `json:"documents"`
}

type shift struct {
	Open      bool       `json:"open"`
	Number    uint32     `json:"number"`    // of the last one when none is open, 0 before the first
	OpenedAt  *time.Time `json:"opened_at"` // null before the first
	Receipts  uint32     `json:"receipts"`
	Documents uint32     `json:"documents"`
}

type lastDocument struct {
	Number   uint32    `json:"number"`
	Form     ffd.Form  `json:"form"`
	FormName string    `json:"form_name"`
	Time     time.Time `json:"time"`
}

type unsent struct {
	Count uint32     `json:"count"`
	Sent  uint32     `json:"sent"`  // those that went out and wait for their tickets
	First *uint32    `json:"first"` // null when nothing is unsent
	Since *time.Time `json:"since"`
	// AgeSeconds is how old the oldest is by the business clock, in whole minutes as 1012 is; 0 when nothing is unsent.
	AgeSeconds int64 `json:"age_seconds"`
}

// moment is the wall clock of a zone as a moment (spec/ffd/encoding.md 2.1).
func moment(t fn.Time, zone *time.Location) time.Time {
	u := time.Unix(int64(t), 0).UTC()
	return time.Date(u.Year(), u.Month(), u.Day(), u.Hour(), u.Minute(), u.Second(), 0, zone)
}

func (a *API) registers(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "after", "limit")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	list := a.fleet.Registers()
	at := sort.Search(len(list), func(i int) bool { return list[i].Serial() > q.get("after") })
	return a.writeList(w, r, limit, func(p *page) error {
		for ; at < len(list); at++ {
			item, err := a.registerItem(list[at])
			if err != nil {
				return err
			}
			if err := p.add(item, item.Serial); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *API) register(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	reg, err := a.find(r)
	if err != nil {
		return err
	}
	item, err := a.registerItem(reg)
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, registerView{registerItem: item, Settings: viewSettings(reg.Settings())})
}

// find is the register that the path names.
func (a *API) find(r *http.Request) (*kkt.Register, error) {
	serial := r.PathValue("serial")
	reg, err := a.fleet.Register(serial)
	if err != nil {
		return nil, &Problem{Status: http.StatusNotFound, Code: "not_found", Field: "serial",
			Message: fmt.Sprintf("there is no register %q; GET %sregisters lists those that are there", serial, Prefix)}
	}
	return reg, nil
}

func (a *API) registerItem(reg *kkt.Register) (registerItem, error) {
	s := reg.Settings()
	item := registerItem{Serial: s.Serial, INN: s.INN, UserName: s.UserName, RegNumber: s.RegNumber, FFD: s.FFD.String(),
		Drive: driveItem{ID: s.Drive(), Number: s.DriveNumber, Model: s.DriveModel, Capacity: s.DriveCapacity}, Warnings: []kkt.WarningKind{}}
	for _, w := range reg.Warnings() {
		item.Warnings = append(item.Warnings, w.Kind)
	}
	zone := reg.Zone()
	item.Sender = a.senderState(s.Serial, s.Drive())
	st, err := reg.State()
	if err != nil {
		item.OutOfService = err.Error()
		return item, nil
	}
	now := reg.Now()
	item.Drive.driveState = &driveState{Phase: st.Phase.String(), Documents: st.LastNumber}
	if st.Phase >= fn.PhaseFiscal {
		item.Drive.DaysLeft, item.Drive.ValidUntil = st.DaysLeft(now), new(moment(st.LastDay(), zone).Format(time.DateOnly))
	}
	item.Shift = &shift{Open: st.ShiftOpen, Number: st.Shift, Receipts: st.ShiftReceipts, Documents: st.ShiftDocuments}
	if st.Shift != 0 {
		item.Shift.OpenedAt = new(moment(st.ShiftOpened, zone))
	}
	if st.LastNumber != 0 {
		item.LastDocument = &lastDocument{Number: st.LastNumber, Form: st.LastForm, FormName: formName(st.LastForm), Time: moment(st.LastTime, zone)}
	}
	item.Unsent = &unsent{Count: st.Unsent()}
	if st.FirstUnsent != 0 {
		sent, err := reg.Sent(s.Drive())
		if err != nil {
			return item, err
		}
		if sent >= st.FirstUnsent {
			item.Unsent.Sent = min(sent, st.LastNumber) - st.FirstUnsent + 1
		}
		item.Unsent.First, item.Unsent.Since = new(st.FirstUnsent), new(moment(st.FirstUnsentTime, zone))
		item.Unsent.AgeSeconds = max(0, int64(moment(now, zone).Sub(*item.Unsent.Since)/time.Second))
	}
	return item, nil
}

// senderState is how the exchange of a drive stands, nil when nothing is known.
func (a *API) senderState(serial string, drive storage.DriveID) any {
	if a.sender == nil {
		return nil
	}
	state, ok := a.sender.State(serial, drive)
	if !ok {
		return nil
	}
	return state
}

// archivedDrive is a drive that is or was in the register.
type archivedDrive struct {
	ID        storage.DriveID `json:"id"`
	Number    string          `json:"number"`
	Current   bool            `json:"current"`
	Phase     string          `json:"phase,omitempty"` // absent when its state cannot be read
	Documents uint32          `json:"documents"`
	Unsent    uint32          `json:"unsent"`          // they still go to the OFD, unless the drive was wiped
	Wiped     bool            `json:"wiped,omitempty"` // a drive with the same number followed
	Sender    any             `json:"sender,omitempty"`
}

func (a *API) drives(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "after", "limit")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	after, err := q.number("after", 0, 0, 1<<63-1)
	if err != nil {
		return err
	}
	reg, err := a.find(r)
	if err != nil {
		return err
	}
	s := reg.Settings()
	ids := slices.Sorted(slices.Values(s.Drives))
	at, _ := slices.BinarySearch(ids, storage.DriveID(after)+1)
	return a.writeList(w, r, limit, func(p *page) error {
		for ; at < len(ids); at++ {
			d := archivedDrive{ID: ids[at], Current: ids[at] == s.Drive(), Sender: a.senderState(s.Serial, ids[at])}
			var err error
			if d.Documents, err = lastOf(reg, d.ID); err != nil {
				return err
			}
			if st, err := reg.DriveState(d.ID); err == nil {
				d.Number, d.Phase, d.Unsent, d.Wiped = string(st.Drive[:]), st.Phase.String(), st.Unsent(), reg.Wiped(d.ID)
			} else if d.Number, err = numberOf(reg, d.ID); err != nil {
				return err
			}
			if err := p.add(d, d.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// lastOf is the number of the last document of a drive. Documents are numbered
// from 1 without gaps, so it is where looking for one begins to fail.
func lastOf(reg *kkt.Register, drive storage.DriveID) (uint32, error) {
	var failure error
	n := sort.Search(ofdproto.MaxNumber, func(i int) bool {
		found, err := hasFrom(reg, drive, uint32(i+1))
		if err != nil {
			failure = err
		}
		return !found
	})
	return uint32(n), failure
}

// hasFrom tells that a drive has a document with the number or a higher one.
func hasFrom(reg *kkt.Register, drive storage.DriveID, number uint32) (found bool, err error) {
	err = reg.Archive(drive, number, 1, func(uint32, []byte, []byte) error {
		found = true
		return nil
	})
	return found, err
}

// numberOf reads the number of a drive, tag 1041, from its first document.
func numberOf(reg *kkt.Register, drive storage.DriveID) (number string, err error) {
	err = reg.Archive(drive, 1, 1, func(_ uint32, box, _ []byte) error {
		c, err := ofdproto.ParseContainer(box)
		if err != nil {
			return fmt.Errorf("drive %d, document 1: %w", drive, err)
		}
		outer := tlv.NewReader(c.Document, 0)
		if outer.Next() {
			if it, ok := tlv.Find(outer.Item().Value, ffd.TagFNNumber); ok {
				number = strings.TrimSpace(tlv.DecodeString(it.Value))
			}
		}
		return nil
	})
	return number, err
}
