package kkttest

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kktd/ffd"
	"kktd/ofdproto"
)

// Document is a fiscal document of a drive.
type Document struct {
	Number     uint32    `json:"number"`
	Form       ffd.Form  `json:"form"`
	Time       time.Time `json:"time"`        // 1012
	FiscalSign uint32    `json:"fiscal_sign"` // the printed ФП
	Confirmed  bool      `json:"confirmed"`   // the OFD has confirmed it
	TLV        []byte    `json:"tlv"`         // with the frame of the document
	Container  []byte    `json:"container"`   // as the OFD gets it
	Ticket     *Ticket   `json:"ticket"`      // nil: none yet
}

// Ticket is the confirmation of the OFD.
type Ticket struct {
	Time      time.Time `json:"time"`
	Code      byte      `json:"code"`    // 1022, 0: accepted
	Message   byte      `json:"message"` // 1206
	Container []byte    `json:"container"`
}

// Tree is the document tag by tag.
func (d *Document) Tree() *ffd.Node { return ofdproto.Tree(d.TLV) }

// Documents are those of the drive that is in the first register, or in another one.
func (s *Server) Documents(register ...string) (list []Document) {
	s.t.Helper()
	var page struct{ Items []Document }
	s.Call(http.MethodGet, "registers/"+s.serial(register)+"/documents?limit=100000", nil, &page)
	for _, x := range page.Items {
		list = append(list, s.Document(x.Number, register...))
	}
	return list
}

// Document is one of them. The test ends when there is none with the number.
func (s *Server) Document(number uint32, register ...string) (d Document) {
	s.t.Helper()
	s.Call(http.MethodGet, fmt.Sprintf("registers/%s/documents/%d", s.serial(register), number), nil, &d)
	return d
}

func (s *Server) serial(register []string) string {
	switch len(register) {
	case 0:
		return s.Register
	case 1:
		return register[0]
	}
	s.t.Helper()
	s.t.Fatalf("kkttest: want one register, not %q", register)
	return ""
}

// RequireDocument wants a document of the first register to be want, byte by byte; else the
// test ends with the difference tag by tag: - is want, + is what there is.
func (s *Server) RequireDocument(t testing.TB, number uint32, want []byte) {
	t.Helper()
	got := s.For(t).Document(number)
	if diff := Diff(want, got.TLV); diff != "" {
		t.Fatalf("document %d of register %s differs:\n%s", number, s.Register, diff)
	}
}

// Diff compares two documents, containers or messages tag by tag; empty when they are the
// same. Lines with - are of a, with + of b.
func Diff(a, b []byte) string {
	if bytes.Equal(a, b) {
		return ""
	}
	return string(ffd.View{Lang: ffd.English}.AppendDiff(nil, ffd.Diff(ofdproto.Tree(a), ofdproto.Tree(b))))
}

// RequireTag wants a value of a document of the first register: path goes down the tags, as
// 1059, 1030, and takes the first of each. want is a whole number for numbers (sums in
// kopecks), a text for texts and quantities ("1.5"), bytes for any; nil: the tag must
// not be there. Else the test ends with the document.
func (s *Server) RequireTag(t testing.TB, number uint32, want any, path ...uint16) {
	t.Helper()
	tree := func() *ffd.Node { d := s.For(t).Document(number); return d.Tree() }()
	names := strings.Trim(strings.ReplaceAll(fmt.Sprint(path), " ", "/"), "[]")
	node := tree.Find(path...)
	switch {
	case node == nil && want == nil:
	case node == nil:
		t.Fatalf("document %d has no tag %s, want %v:\n%s", number, names, want, tree)
	case want == nil:
		t.Fatalf("document %d has tag %s = %s, want none:\n%s", number, names, node.Display(), tree)
	case !fits(node, want):
		t.Fatalf("document %d: tag %s %s is %v, want %v:\n%s", number, names, node.Title(ffd.Russian), node.Value(), want, tree)
	}
}

func fits(n *ffd.Node, want any) bool {
	if raw, ok := want.([]byte); ok {
		return bytes.Equal(n.Raw, raw)
	}
	return fmt.Sprint(n.Value()) == fmt.Sprint(want)
}
