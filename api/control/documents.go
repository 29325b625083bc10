package control

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/tlv"
)

// documentItem is a document in a list. A container that cannot be read has a
// number and an error.
type documentItem struct {
	Number     uint32     `json:"number"`
	Form       ffd.Form   `json:"form"`
	FormName   string     `json:"form_name"`
	Time       *time.Time `json:"time"`        // 1012
	FiscalSign uint32     `json:"fiscal_sign"` // the printed ФП
	FFD        string     `json:"ffd"`         // 1209
	Size       int        `json:"size"`        // of the TLV with its frame, bytes
	Sent       bool       `json:"sent"`        // it went out to the OFD
	Confirmed  bool       `json:"confirmed"`   // a ticket is there
	Error      string     `json:"error,omitempty"`
}

// documentView is a document asked for alone.
type documentView struct {
	documentItem
	TLV       []byte      `json:"tlv"`
	Tags      *ffd.Node   `json:"tags"`
	Container []byte      `json:"container"`
	Ticket    *ticketView `json:"ticket"`
}

// ticketView is the answer of the operator. One that cannot be read has its bytes
// and an error.
type ticketView struct {
	Time        *time.Time `json:"time"`         // 1012
	OperatorINN string     `json:"operator_inn"` // 1017
	Code        byte       `json:"code"`         // 1022
	Message     byte       `json:"message"`      // 1206
	Container   []byte     `json:"container"`
	Tags        *ffd.Node  `json:"tags"`
	Error       string     `json:"error,omitempty"`
}

func formName(f ffd.Form) string {
	e, _ := ffd.Lookup(uint16(f), 0, 0)
	return e.NameRu
}

// summary reads the head of a document.
func summary(number uint32, box []byte, confirmed bool, zone *time.Location) (documentItem, ofdproto.Container) {
	item := documentItem{Number: number, Sent: confirmed, Confirmed: confirmed}
	c, err := ofdproto.ParseContainer(box)
	if err != nil {
		item.Error = err.Error()
		return item, c
	}
	item.Form, item.FormName = ffd.Form(c.Form), formName(ffd.Form(c.Form))
	if c.Encrypted {
		item.Error = "the body is encrypted"
		return item, c
	}
	item.Size = len(c.Document)
	outer := tlv.NewReader(c.Document, 0)
	outer.Next()
	in := outer.Item().Children()
	for in.Next() {
		it := in.Item()
		n, _ := tlv.Uint(it.Value) // texts among them are not used as numbers
		switch it.Tag {
		case ffd.TagDateTime:
			item.Time = new(moment(fn.Time(n), zone))
		case ffd.TagFFDVersion:
			item.FFD = ffd.Version(n).String()
		case ffd.TagFiscalSign:
			for _, x := range it.Value[max(0, len(it.Value)-4):] {
				item.FiscalSign = item.FiscalSign<<8 | uint32(x)
			}
		}
	}
	if err := in.Err(); err != nil {
		item.Error = err.Error()
	}
	return item, c
}

// archive is a drive of a register as a path names it.
type archive struct {
	reg     *kkt.Register
	drive   storage.DriveID
	current bool
	zone    *time.Location
}

func (a *API) archive(r *http.Request) (archive, error) {
	reg, err := a.find(r)
	if err != nil {
		return archive{}, err
	}
	s := reg.Settings()
	x := archive{reg: reg, drive: s.Drive(), current: true}
	if id := r.PathValue("drive"); id != "" {
		n, err := parseNumber("drive", id, 1, 1<<63-1)
		if err != nil {
			return archive{}, err
		}
		x.current = storage.DriveID(n) == x.drive
		x.drive = storage.DriveID(n)
		if !reg.HasDrive(x.drive) {
			return archive{}, &Problem{Status: http.StatusNotFound, Code: "not_found", Field: "drive",
				Message: fmt.Sprintf("register %s has no drive %d; GET %sregisters/%s/drives lists its drives", s.Serial, n, Prefix, s.Serial)}
		}
	}
	x.zone = reg.Zone()
	return x, nil
}

func (a *API) documents(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "after", "limit", "wait")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	after, err := q.number("after", 0, 0, ofdproto.MaxNumber)
	if err != nil {
		return err
	}
	wait, err := q.wait(a.maxWait)
	if err != nil {
		return err
	}
	x, err := a.archive(r)
	if err != nil {
		return err
	}
	last := uint32(after)
	if wait > 0 && x.current {
		if err := a.await(r, x, last, wait); err != nil {
			return err
		}
	}
	sent, err := x.reg.Sent(x.drive)
	if err != nil {
		return err
	}
	return a.writeList(w, r, limit, func(p *page) error {
		// One more than the page holds tells that there is more.
		return x.reg.Archive(x.drive, last+1, p.want+1, func(number uint32, box, ticket []byte) error {
			item, _ := summary(number, box, ticket != nil, x.zone)
			item.Sent = item.Sent || number <= sent
			if err := p.add(item, number); err != nil {
				return err
			}
			last = number
			return nil
		})
	})
}

// await returns when the drive has a document behind a number, when the time is
// over, or when the client or the daemon goes.
func (a *API) await(r *http.Request, x archive, after uint32, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		changed := x.reg.Changed() // before the look: a commit between the two is not lost
		if found, err := hasFrom(x.reg, x.drive, after+1); found || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil
		case <-a.stopping:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// numbered is the drive and the number of a document that a path without
// parameters names.
func (a *API) numbered(r *http.Request) (x archive, number uint32, err error) {
	if _, err := parseQuery(r); err != nil {
		return x, 0, err
	}
	n, err := parseNumber("number", r.PathValue("number"), 1, ofdproto.MaxNumber)
	if err != nil {
		return x, 0, err
	}
	x, err = a.archive(r)
	return x, uint32(n), err
}

func (a *API) document(w http.ResponseWriter, r *http.Request) error {
	x, number, err := a.numbered(r)
	if err != nil {
		return err
	}
	box, ticket, err := x.reg.Document(x.drive, number)
	if err != nil {
		return err
	}
	item, c := summary(number, box, ticket != nil, x.zone)
	if wantsBytes(r) {
		if item.Size == 0 {
			return fmt.Errorf("document %d has no TLV to give: %s", number, item.Error)
		}
		writeBytes(w, http.StatusOK, octetStream, c.Document)
		return nil
	}
	sent, err := x.reg.Sent(x.drive)
	if err != nil {
		return err
	}
	item.Sent = item.Sent || number <= sent
	view := documentView{documentItem: item, Container: box}
	if item.Size != 0 {
		view.TLV, view.Tags = c.Document, ffd.Decode(c.Document, 0)
	}
	if ticket != nil {
		view.Ticket = viewTicket(ticket, x.zone)
	}
	return WriteJSON(w, http.StatusOK, view)
}

func viewTicket(box []byte, zone *time.Location) *ticketView {
	t := &ticketView{Container: box}
	c, err := ofdproto.ParseContainer(box)
	if err != nil {
		t.Error = err.Error()
		return t
	}
	if !c.Encrypted {
		t.Tags = ffd.Decode(c.Document, 0)
	}
	confirmation, err := ffd.ParseConfirmation(c.Document)
	if err != nil {
		t.Error = err.Error()
		return t
	}
	t.OperatorINN = strings.TrimSpace(string(confirmation.OFDINN[:]))
	t.Code, t.Message = confirmation.Code, confirmation.Message
	if confirmation.Time != 0 {
		t.Time = new(moment(fn.Time(confirmation.Time), zone))
	}
	return t
}

const octetStream = "application/octet-stream"

// wantsBytes tells that the client names bytes, and JSON not before them.
func wantsBytes(r *http.Request) bool {
	for accepted := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		switch kind, _, _ := mime.ParseMediaType(accepted); kind {
		case octetStream:
			return true
		case "application/json":
			return false
		}
	}
	return false
}
