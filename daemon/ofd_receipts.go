package daemon

import (
	"errors"
	"net/http"
	"strconv"

	"kktd/ffd"
	"kktd/ofd"
	"kktd/ofdproto"
	"kktd/slip"
)

// ofdReceipts shows a receipt that the OFD has, looked up by what its QR code says, as the page of an operator does: the slip as text.
type ofdReceipts struct{ ofd *ofd.Server }

func (p ofdReceipts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	number, numberErr := strconv.ParseUint(q.Get("i"), 10, 32)
	sign, signErr := strconv.ParseUint(q.Get("fp"), 10, 32)
	if numberErr != nil || signErr != nil || q.Get("fn") == "" {
		http.Error(w, "want "+ofd.ReceiptPath+"?fn=FN&i=NUMBER&fp=SIGN, as the QR code of a receipt has them", http.StatusBadRequest)
		return
	}
	doc, registration, err := p.ofd.Receipt(q.Get("fn"), uint32(number), uint32(sign))
	var text []byte
	if err == nil {
		text, err = ofdSlip(doc, registration)
	}
	switch {
	case errors.Is(err, ofd.ErrNotFound), errors.Is(err, ofdproto.ErrDrive):
		http.Error(w, "Чек не найден", http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(text)
	}
}

// ofdSlip is the slip of a document with what the report of registration tells of the register.
func ofdSlip(doc, registration *ofd.Document) ([]byte, error) {
	c, err := ofdproto.ParseContainer(doc.Container)
	if err != nil {
		return nil, err
	}
	in := slip.Input{Document: c.Document}
	if registration != nil {
		if rc, err := ofdproto.ParseContainer(registration.Container); err == nil && !rc.Encrypted {
			report := ffd.Decode(rc.Document, 0)
			text := func(tag uint16) string {
				if n := report.Find(report.Tag, tag); n != nil {
					s, _ := n.Text()
					return s
				}
				return ""
			}
			in.Registration = slip.Registration{UserName: text(ffd.TagUserName), INN: text(ffd.TagUserINN), Address: text(ffd.TagSettlementAddress),
				Place: text(ffd.TagSettlementPlace), RegNumber: text(ffd.TagKKTRegNumber), Serial: text(ffd.TagKKTSerialNumber),
				SenderEmail: text(ffd.TagSenderEmail), FNSSite: text(ffd.TagFNSSite), OFDName: text(ffd.TagOFDName)}
		}
	}
	return slip.Text(nil, in)
}
