package diagnosis

import (
	"errors"
	"fmt"
	"time"

	"kktd/event"
	"kktd/ffd"
	"kktd/kkt"
	"kktd/ofd"
	"kktd/ofdproto"
	"kktd/outbox"
	"kktd/sender"
	"kktd/storage"
)

// Reading is what an API makes of a request that it has kept.
type Reading struct {
	Receipt       *kkt.Receipt
	Substitutions []string // characters outside CP866 and what stands for them
	Notes         []string // values that were not taken as they are
	Refusal       string   // why the request would be refused now; Receipt is nil then
}

// Options are what a Doctor looks at. Fleet, Events and Clock must be set.
type Options struct {
	Fleet  *kkt.Fleet
	Events *event.Stream
	Outbox *outbox.Box
	OFD    *ofd.Server // the built-in OFD; nil: an outside one or none
	NoOFD  bool        // documents go nowhere
	// Sender tells how the exchange of a drive stands.
	Sender func(serial string, drive storage.DriveID) (sender.State, bool)
	// Read reads kept requests again, by the name of the API.
	Read map[string]func(*kkt.ReceiptRecord) Reading
	// Notifications are the API's names of what tells of a receipt, by the name of the API.
	Notifications map[string][]string
	Refusals      *Refusals
	System        System
}

// Doctor tells. It is safe for concurrent use.
type Doctor struct{ o Options }

// New makes a Doctor.
func New(o Options) *Doctor { return &Doctor{o} }

// Refusals are the last refused requests.
func (d *Doctor) Refusals() *Refusals { return d.o.Refusals }

// Story is what became of a receipt.
type Story struct {
	Language string   `json:"language"`
	Verdict  Remark   `json:"verdict"` // how it stands
	Causes   []Remark `json:"causes"`  // what is wrong or may be, with what to do
	Steps    []Remark `json:"steps"`   // in their order: request, checks, registers, documents, commit, ofd, notifications, replays
}

// maxEvents is how many events are looked at for one story.
const maxEvents = 2_000_000

// telling is a story in the making.
type telling struct {
	*Doctor
	lang    ffd.Lang
	rec     *kkt.ReceiptRecord
	zone    *time.Location
	receipt *kkt.Receipt // as it was asked for; nil when that is not known
	waiting *kkt.Waiting // of a queued one
	drive   string       // FN number of the documents
	ofd     []Remark     // of the delivery, told behind the commit
	story   Story
}

// Story tells of a receipt. The registers are judged as they are now.
func (d *Doctor) Story(rec *kkt.ReceiptRecord, lang ffd.Lang) (*Story, error) {
	t := &telling{Doctor: d, lang: lang, rec: rec, zone: time.UTC, story: Story{Language: lang.String(), Causes: []Remark{}, Steps: []Remark{}}}
	if r, err := d.o.Fleet.Register(rec.Register); err == nil {
		t.zone = r.Zone()
	}
	for _, step := range [...]func() error{t.request, t.registers, t.documents, t.commit, t.notifications, t.replays} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	t.verdict()
	return &t.story, nil
}

func (t *telling) step(about string, code Code, args ...any) {
	t.story.Steps = append(t.story.Steps, say(t.lang, about, code, args...))
}

func (t *telling) stepAt(at time.Time, about string, code Code, args ...any) {
	t.story.Steps = append(t.story.Steps, say(t.lang, about, code, args...).at(at.In(t.zone)))
}

func (t *telling) cause(code Code, args ...any) {
	t.story.Causes = append(t.story.Causes, say(t.lang, "cause", code, args...))
}

// request tells of the request and of its checks.
func (t *telling) request() (err error) {
	t.stepAt(time.UnixMilli(t.rec.Created), "request", RequestTaken, t.rec.API, t.rec.InvoiceID, t.rec.Account, len(t.rec.Raw))
	if t.waiting, err = t.o.Fleet.Waiting(t.rec.ID); err != nil && !errors.Is(err, kkt.ErrNotFound) {
		return err
	}
	read := t.o.Read[t.rec.API]
	if read == nil {
		if t.waiting != nil {
			t.receipt = &t.waiting.Receipt
		}
		return nil
	}
	reading := read(t.rec)
	t.receipt = reading.Receipt
	switch {
	case reading.Refusal != "":
		t.step("checks", ChecksDiffer, reading.Refusal)
	case len(reading.Substitutions)+len(reading.Notes) == 0:
		t.step("checks", ChecksPassed)
	}
	for _, s := range reading.Substitutions {
		t.step("checks", Substituted, s)
	}
	for _, s := range reading.Notes {
		t.step("checks", Changed, s)
	}
	return nil
}

// registers tells why the register was chosen and the others were not.
func (t *telling) registers() error {
	if t.receipt == nil || len(t.receipt.Parts) == 0 {
		t.step("registers", RegistersUnknown, t.rec.Register)
		return nil
	}
	list := t.o.Fleet.Explain(t.receipt)
	made := t.rec.Status == kkt.Processed
	for _, v := range list {
		chosen := v.Register == t.rec.Register && (made || t.rec.Code != 0)
		switch {
		case chosen && len(list) == 1:
			t.step("registers", RegisterOnly, v.Register)
		case chosen:
			t.step("registers", RegisterChosen, v.Register)
		case len(v.Lacks) > 0:
			for _, l := range v.Lacks {
				en, ru := l.Text()
				t.step("registers", RegisterLacks, v.Register, pick(t.lang, en, ru))
			}
		case v.Service != kkt.InService:
			t.step("registers", RegisterIdle, v.Register, t.service(&v))
		case made || t.rec.Code != 0:
			t.step("registers", RegisterOther, v.Register, v.Queue)
		default:
			t.step("registers", RegisterFits, v.Register, v.Queue)
		}
	}
	if len(list) == 0 {
		t.step("registers", RegistersNone, t.receipt.INN)
	}
	return nil
}

// service is why a register takes no receipts.
func (t *telling) service(v *kkt.Verdict) string {
	words := map[kkt.Service][2]string{kkt.OnMaintenance: {"it is on maintenance", "на обслуживании"}, kkt.NotPaid: {"it is not paid for", "не оплачена"}, kkt.DriveFull: {"its drive is full", "память ФН заполнена"},
		kkt.DriveRefuses: {"its drive makes no receipts", "ФН не формирует чеки"}, kkt.OutOfService: {"it is out of service", "не работает"}}[v.Service]
	text := pick(t.lang, words[0], words[1])
	if v.Err != nil {
		text += ": " + t.errorText(v.Err)
	}
	return text
}

// errorText is an error in the language, where it has one.
func (t *telling) errorText(err error) string {
	var ru interface{ Russian() string }
	if t.lang == ffd.Russian && errors.As(err, &ru) {
		return ru.Russian()
	}
	return err.Error()
}

// documents tells of each document, what is remarkable in it, and its delivery.
func (t *telling) documents() error {
	if len(t.rec.Documents) == 0 {
		return nil
	}
	reg, err := t.o.Fleet.Register(t.rec.Register)
	if err != nil {
		t.step("documents", RegisterGone, t.rec.Register)
		return nil
	}
	for _, number := range t.rec.Documents {
		box, ticket, err := reg.Document(t.rec.Drive, number)
		if err != nil {
			return fmt.Errorf("document %d: %w", number, err)
		}
		c, err := ofdproto.ParseContainer(box)
		if err != nil {
			return fmt.Errorf("document %d: %w", number, err)
		}
		head, receipt, err := ffd.ParseReceipt(c.Document)
		if err != nil {
			return fmt.Errorf("document %d: %w", number, err)
		}
		name, _ := ffd.Lookup(uint16(head.Form), 0, 0)
		made := wall(head.Time, t.zone)
		t.stepAt(made, "documents", DocumentMade, name.Title(t.lang), number, string(head.Drive[:]), head.Version, head.Shift, head.Receipt, head.Sign, roubles(head.Total))
		for _, f := range ffd.Check(c.Document) {
			if f.Severity == ffd.Note {
				continue
			}
			t.step("documents", FormatFinding, number, f.Path, pick(t.lang, f.En, f.Ru), adviceOf(t.lang, f.Tag))
		}
		t.contents(reg, &head, &receipt)
		t.drive = string(head.Drive[:])
		t.delivery(reg, number, &head, ticket)
	}
	return nil
}

// wall is the wall clock of a register as a moment (spec/ffd/encoding.md 2.1).
func wall(seconds uint32, zone *time.Location) time.Time {
	u := time.Unix(int64(seconds), 0).UTC()
	return time.Date(u.Year(), u.Month(), u.Day(), u.Hour(), u.Minute(), u.Second(), 0, zone)
}

func roubles(kopecks uint64) string { return fmt.Sprintf("%d.%02d", kopecks/100, kopecks%100) }
