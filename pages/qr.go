package pages

import (
	"net/url"
	"strconv"
	"strings"

	"kktd/slip"
)

// byQR answers for the document that the text of a QR code names: fn, i and fp
// (spec/ffd/encoding.md 8). What else it says must be true of that document; the
// time may have seconds or not (spec/decisions.md, QR).
func (p *Pages) byQR(a *answer, text string) error {
	q, err := url.ParseQuery(text)
	if err != nil || q.Get("fn") == "" || q.Get("fp") == "" {
		return &notFound{"Это не текст QR-кода чека: в нём нет fn и fp. Ожидается t=…&s=…&fn=…&i=…&fp=…&n=…"}
	}
	number, err := strconv.ParseUint(q.Get("i"), 10, 32)
	if err != nil {
		return &notFound{"В тексте QR-кода i должно быть номером документа."}
	}
	differ := ""
	for _, at := range p.o.Fleet.FindDrive(q.Get("fn")) {
		in, err := slip.Stored(at.Register, at.Drive, uint32(number))
		if err != nil {
			continue // another drive with the same number may have it
		}
		d, err := slip.DataOf(in)
		if err != nil {
			return err
		}
		if differ = difference(q, d.QR); differ == "" {
			a.slips, a.title = []slip.Input{in}, "Чек"
			return nil
		}
	}
	if differ != "" {
		return &notFound{"Данные QR-кода не совпадают с документом: " + differ + "."}
	}
	return &notFound{"Документа № " + q.Get("i") + " накопителя " + q.Get("fn") + " здесь нет."}
}

// difference is the first name whose value in q is not that of a document's own
// code, "" when all agree.
func difference(q url.Values, code string) string {
	own, err := url.ParseQuery(code)
	if err != nil || code == "" {
		return "у документа нет QR-кода"
	}
	for _, name := range [...]string{"fp", "s", "n", "t"} {
		got, want := q.Get(name), own.Get(name)
		switch {
		case got == "" && name != "fp":
		case name == "fp" && strings.TrimLeft(got, "0") == want:
		case name == "t" && len(got) >= len(want) && got[:len(want)] == want && len(got) <= len(want)+2:
		case got != want:
			return name
		}
	}
	return ""
}
