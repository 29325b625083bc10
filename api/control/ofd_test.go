package control

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofdproto"
)

// ofdBench is an API over an OFD alone that two drives have sent to, a minute between documents.
type ofdBench struct {
	t   *testing.T
	api *API
	ofd *ofd.Server
}

const otherDrive = "9999078900005431"

func newOFDBench(t *testing.T) *ofdBench {
	business := clock.Fixed(time.Unix(1_748_779_200, 0))
	s, addr := ofdtest.Serve(t, ofd.Options{Clock: business, Zone: time.FixedZone("", 3*60*60)})
	a, b := ofdtest.NewDrive(t, testDrive), ofdtest.NewDrive(t, otherDrive)
	a.Receipts(2)
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	for _, m := range []struct {
		d *ofdtest.Drive
		n int
	}{{a, 1}, {b, 1}, {a, 2}, {a, 3}, {b, 2}, {a, 4}} {
		_, err := c.Write(ofdproto.AppendSession(nil, m.d.State.Drive, ofdproto.PVersion(4), ofdproto.FlagsDocument, m.d.Containers[m.n-1]))
		require.NoError(t, err)
		_, _, err = ofdproto.ReadMessage(c, nil)
		require.NoError(t, err)
		business.Advance(time.Minute)
	}
	return &ofdBench{t: t, api: New(Options{OFD: s}), ofd: s}
}

func (b *ofdBench) get(path string) *httptest.ResponseRecorder {
	b.t.Helper()
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://kktd.example.com"+Prefix+path, nil))
	return w
}

type ofdList struct {
	Items []struct {
		ID         uint64
		Document   uint64
		Drive      string
		Number     uint32
		Form       int
		Rule       string
		ReceiptURL string `json:"receipt_url"`
	}
	Next any
}

func (b *ofdBench) list(path string) (l ofdList) {
	b.t.Helper()
	w := b.get(path)
	require.Equal(b.t, http.StatusOK, w.Code, w.Body.String())
	require.NoError(b.t, json.Unmarshal(w.Body.Bytes(), &l))
	return l
}

func TestOFDDocuments(t *testing.T) {
	b := newOFDBench(t)
	for _, tc := range []struct {
		query string
		want  []uint64
	}{
		{"", []uint64{1, 2, 3, 4, 5, 6}},
		{"drive=" + otherDrive, []uint64{2, 5}},
		{"form=3", []uint64{4, 6}},
		{"form=3&drive=" + otherDrive, nil},
		{"from=" + url.QueryEscape("2025-06-01T15:03:00+03:00"), []uint64{4, 5, 6}},
		{"to=2025-06-01T12:01:00Z", []uint64{1}},
		{"from=2025-06-02", nil},
		{"from=2025-06-01&to=2025-06-02&after=5", []uint64{6}},
	} {
		t.Run(tc.query, func(t *testing.T) {
			var got []uint64
			for _, it := range b.list("ofd/documents?" + tc.query).Items {
				got = append(got, it.ID)
			}
			require.Equal(t, tc.want, got)
		})
	}
	var got []uint64
	for after := any(0); after != nil; { // in pages
		l := b.list(fmt.Sprintf("ofd/documents?limit=2&after=%v", after))
		for _, it := range l.Items {
			got = append(got, it.ID)
		}
		after = l.Next
	}
	require.Equal(t, []uint64{1, 2, 3, 4, 5, 6}, got)
	link, err := url.Parse(b.list("ofd/documents?form=3").Items[0].ReceiptURL)
	require.NoError(t, err)
	require.Equal(t, "http://kktd.example.com"+ofd.ReceiptPath, link.Scheme+"://"+link.Host+link.Path)
	require.Equal(t, testDrive, link.Query().Get("fn"))
	require.Equal(t, "3", link.Query().Get("i"))
	require.NotEmpty(t, link.Query().Get("fp"))
}

func TestOFDDocument(t *testing.T) {
	b := newOFDBench(t)
	w := b.get("ofd/documents/4")
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	var view struct {
		TLV, Container string
		Tags, Frame    struct{ Type string }
		Ticket         struct {
			Code      int
			Container string
		}
		Findings []struct{}
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &view))
	d, err := b.ofd.Document(4)
	require.NoError(t, err)
	require.Equal(t, base64.StdEncoding.EncodeToString(d.Container), view.Container)
	require.Equal(t, base64.StdEncoding.EncodeToString(d.Ticket), view.Ticket.Container)
	require.Equal(t, []string{"document", "container"}, []string{view.Tags.Type, view.Frame.Type})
	require.NotNil(t, view.Findings)
	for _, path := range []string{"ofd/documents/0", "ofd/documents/x", "ofd/documents/1?x=1", "ofd/documents?from=yesterday", "ofd/documents?drive=A",
		"ofd/documents?form=300", "ofd/documents?after=-1", "ofd/findings?severity=fatal", "ofd/findings?after=x", "ofd/counters?x=1"} {
		require.Equal(t, http.StatusBadRequest, b.get(path).Code, path)
	}
	require.Equal(t, http.StatusNotFound, b.get("ofd/documents/7").Code)
	require.Equal(t, http.StatusNotFound, b.get("registers").Code, "an OFD alone has no registers")
	require.Equal(t, http.StatusNotFound, b.get("nothing").Code)
}

func TestOFDFindings(t *testing.T) {
	s, addr := ofdtest.Serve(t, ofd.Options{Check: func(doc []byte) []ffd.Finding {
		return []ffd.Finding{{Rule: "one", Severity: ffd.Error, Tag: 1059, Path: "3/1059[0]", Ru: "раз", En: "one"}, {Rule: "two", Severity: ffd.Note}}
	}})
	d := ofdtest.NewDrive(t, testDrive)
	d.Receipts(1)
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	for _, container := range d.Containers {
		_, err := c.Write(ofdproto.AppendSession(nil, d.State.Drive, ofdproto.PVersion(4), ofdproto.FlagsDocument, container))
		require.NoError(t, err)
		_, _, err = ofdproto.ReadMessage(c, nil)
		require.NoError(t, err)
	}
	b := &ofdBench{t: t, api: New(Options{OFD: s}), ofd: s}
	var got []string
	for after := any(""); after != nil; { // pages that end inside a document
		l := b.list(fmt.Sprintf("ofd/findings?limit=1&after=%v", after))
		for _, it := range l.Items {
			got = append(got, fmt.Sprintf("%d %s", it.Document, it.Rule))
		}
		after = l.Next
	}
	require.Equal(t, []string{"1 one", "1 two", "2 one", "2 two", "3 one", "3 two"}, got)
	require.Len(t, b.list("ofd/findings?rule=two").Items, 3)
	require.Len(t, b.list("ofd/findings?severity=error&form=3").Items, 1)
	require.Len(t, b.list("ofd/findings?after=2").Items, 2)
	require.Empty(t, b.list("ofd/findings?drive="+otherDrive).Items)
	w := b.get("ofd/counters")
	require.Equal(t, http.StatusOK, w.Code)
	var state map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &state))
	require.EqualValues(t, 3, state["documents"])
	require.EqualValues(t, 6, state["findings"])
	require.EqualValues(t, 1, state["connections"])
	require.EqualValues(t, 3, state["last_document"])
}
