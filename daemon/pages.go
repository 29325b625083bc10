package daemon

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kktd/kkt"
	"kktd/ofdproto"
	"kktd/slip"
	"kktd/storage"
)

// pages serves what answers link to, as text: a receipt by its id at /r/ID, and by
// what its QR code says at /receipt?q=.
type pages struct{ fleet *kkt.Fleet }

const welcome = `kktd: a virtual online cash register. Its documents are for tests only.

POST /kkt/receipt and the other methods of the CloudKassir cash register
GET  /control/v1/registers
GET  /r/{id of a receipt}
GET  /healthz, /readyz
`

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, isReceipt := strings.CutPrefix(r.URL.Path, "/r/")
	var text []byte
	var err error
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "kktd does not have this method (yet); GET / lists what it has", http.StatusNotFound)
		return
	case r.URL.Path == "/":
		text = []byte(welcome)
	case isReceipt:
		text, err = p.receipt(strings.TrimSuffix(id, "/ofd"))
	case r.URL.Path == "/receipt":
		text, err = p.byQR(r.URL.Query().Get("q"))
	default:
		err = fmt.Errorf("%w: path %q", kkt.ErrNotFound, r.URL.Path)
	}
	switch {
	case errors.Is(err, kkt.ErrNotFound):
		http.Error(w, "Чек не найден", http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(text)
	}
}

// receipt is the text of all documents of a receipt.
func (p *pages) receipt(id string) ([]byte, error) {
	rec, err := p.fleet.Receipt(id)
	if err != nil {
		return nil, err
	}
	switch rec.Status {
	case kkt.Queued:
		return []byte("Чек в очереди\n"), nil
	case kkt.Failed:
		return []byte("Чек не сформирован: " + rec.Error + "\n"), nil
	}
	reg, err := p.fleet.Register(rec.Register)
	if err != nil {
		return nil, err
	}
	var text []byte
	for _, n := range rec.Documents {
		if text, err = appendSlip(text, reg, rec.Drive, n); err != nil {
			return nil, err
		}
	}
	return text, nil
}

// byQR finds the document that the text of a QR code names: fn, i and fp
// (spec/ffd/encoding.md 8).
func (p *pages) byQR(text string) ([]byte, error) {
	q, err := url.ParseQuery(text)
	if err != nil {
		return nil, fmt.Errorf("%w: QR code %q", kkt.ErrNotFound, text)
	}
	reg, err := p.fleet.ByDrive(q.Get("fn"))
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(q.Get("i"), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("%w: QR code %q", kkt.ErrNotFound, text)
	}
	slip, err := appendSlip(nil, reg, reg.Settings().Drive(), uint32(number))
	if err == nil && !strings.Contains(string(slip), "&fp="+q.Get("fp")+"&") {
		return nil, fmt.Errorf("%w: another fiscal sign", kkt.ErrNotFound)
	}
	return slip, err
}

func appendSlip(text []byte, reg *kkt.Register, drive storage.DriveID, number uint32) ([]byte, error) {
	box, _, err := reg.Document(drive, number)
	if err != nil {
		return nil, err
	}
	c, err := ofdproto.ParseContainer(box)
	if err != nil {
		return nil, err
	}
	s := reg.SettingsAt(drive, number)
	return slip.Text(text, slip.Input{Document: c.Document, Registration: slip.Registration{
		UserName: s.UserName, Address: s.Address, Place: s.Place, INN: s.INN, RegNumber: s.RegNumber, Serial: s.Serial,
		SenderEmail: s.SenderEmail, FNSSite: s.FNSSite, OFDName: s.OFDName}})
}
