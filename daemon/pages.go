package daemon

import (
	"errors"
	"net/http"
	"strings"

	"kktd/kkt"
	"kktd/ofdproto"
	"kktd/slip"
)

// pages serves what answers link to: a receipt as people read it, at /r/ID.
type pages struct{ fleet *kkt.Fleet }

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, isReceipt := strings.CutPrefix(r.URL.Path, "/r/")
	id = strings.TrimSuffix(id, "/ofd")
	if !isReceipt || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	text, err := p.receipt(id)
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
	reg, err := p.fleet.Register(rec.Register)
	if err != nil {
		return nil, err
	}
	var text []byte
	for _, n := range rec.Documents {
		box, _, err := reg.Document(rec.Drive, n)
		if err != nil {
			return nil, err
		}
		c, err := ofdproto.ParseContainer(box)
		if err != nil {
			return nil, err
		}
		s := reg.Settings()
		text, err = slip.Text(text, slip.Input{Document: c.Document, Registration: slip.Registration{
			UserName: s.UserName, Address: s.Address, Place: s.Place, INN: s.INN, RegNumber: s.RegNumber, Serial: s.Serial,
			SenderEmail: s.SenderEmail, FNSSite: s.FNSSite, OFDName: s.OFDName}})
		if err != nil {
			return nil, err
		}
	}
	return text, nil
}
