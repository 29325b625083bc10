package control

import (
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"strings"
	"time"

	"kktd/fn"
	"kktd/kkt"
)

// registrationView is a registration report as the drive answers 43h for it.
type registrationView struct {
	Index      int       `json:"index"` // among the reports of the drive, from 1
	Number     uint32    `json:"number"`
	Time       time.Time `json:"time"`
	FFD        string    `json:"ffd"`
	INN        string    `json:"inn"`
	RegNumber  string    `json:"reg_number"`
	TaxSystems []string  `json:"tax_systems"`
	Offline    bool      `json:"offline"`
	Automatic  bool      `json:"automatic"`
	Conditions []string  `json:"conditions"`
	OFDINN     string    `json:"ofd_inn"`
	Reasons    uint32    `json:"reasons"` // 1205, in FFD 1.05 the first 1101; 0 of a registration
	FiscalSign uint32    `json:"fiscal_sign"`
	Answers    answers   `json:"answers"`
	// Items are the answers to 44h for each tag, and in this order those to 47h.
	Items []registrationItem `json:"items,omitempty"`
}

// registrationItem is a whole TLV of a registration report.
type registrationItem struct {
	Tag uint16 `json:"tag"`
	Hex string `json:"hex"`
}

// driveArchive is the drive that a path without parameters names, and what answers
// its archive commands.
func (a *API) driveArchive(r *http.Request) (x archive, drive fn.Archive, err error) {
	if _, err = parseQuery(r); err != nil {
		return x, drive, err
	}
	if x, err = a.archive(r); err != nil {
		return x, drive, err
	}
	drive, err = x.reg.DriveArchive(x.drive)
	return x, drive, err
}

func (a *API) viewRegistration(x *archive, drive fn.Archive, index int) (registrationView, error) {
	rec, err := drive.Registration(index)
	if err != nil {
		return registrationView{}, err
	}
	view := registrationView{Index: index, Number: rec.Number, Time: moment(rec.Time, x.zone), FFD: rec.FFD.String(),
		INN: strings.TrimSpace(string(rec.INN[:])), RegNumber: strings.TrimSpace(string(rec.RegNumber[:])),
		TaxSystems: kkt.TaxNames(kkt.TaxList{rec.TaxSystems}), Offline: rec.Modes.Offline, Automatic: rec.Modes.Automatic,
		Conditions: kkt.ConditionNames(rec.Modes.Conditions), OFDINN: strings.TrimSpace(string(rec.OFDINN[:])),
		Reasons: rec.Reasons, FiscalSign: rec.Sign, Answers: answers{}}
	view.Answers.put("43h", rec.Append(nil, true))
	return view, nil
}

// registrations lists the registration reports of a drive; there are few, so they
// come at once.
func (a *API) registrations(w http.ResponseWriter, r *http.Request) error {
	x, drive, err := a.driveArchive(r)
	if err != nil {
		return err
	}
	list := listOf[registrationView, uint64]{Items: []registrationView{}}
	for index := 1; index <= int(drive.State.Registrations); index++ {
		view, err := a.viewRegistration(&x, drive, index)
		if err != nil {
			return err
		}
		list.Items = append(list.Items, view)
	}
	return WriteJSON(w, http.StatusOK, list)
}

// registration is one report with its items.
func (a *API) registration(w http.ResponseWriter, r *http.Request) error {
	index, err := parseNumber("index", r.PathValue("index"), 1, math.MaxUint8)
	if err != nil {
		return err
	}
	x, drive, err := a.driveArchive(r)
	if err != nil {
		return err
	}
	view, err := a.viewRegistration(&x, drive, int(index))
	if err != nil {
		return err
	}
	reading, err := drive.RegistrationItems(int(index))
	for err == nil {
		var item []byte
		if item, err = reading.Next(); err == nil {
			view.Items = append(view.Items, registrationItem{Tag: uint16(item[0]) | uint16(item[1])<<8, Hex: hex.EncodeToString(item)})
		}
	}
	if !errors.Is(err, fn.CodeNoData) {
		return err
	}
	return WriteJSON(w, http.StatusOK, view)
}
