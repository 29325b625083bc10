package control

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/fn"
	"kktd/ofdproto"
)

// change makes a change; body is JSON or nothing.
func (b *bench) change(path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", Prefix+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	return w
}

// made is an answer to an operation.
type made struct {
	Documents []struct {
		Drive, Number, Form, FiscalSign uint64
		FormName                        string `json:"form_name"`
	}
	Lost     *uint32
	Register struct {
		Serial, INN, FFD string
		Drive            struct {
			ID                  uint64
			Number, Phase       string
			ValidUntil          *string `json:"valid_until"`
			Documents, Capacity uint32
		}
		Shift struct{ Open bool }
	}
	Account *accountView
}

func (b *bench) operate(path, body string) (m made) {
	b.t.Helper()
	w := b.change(path, body)
	require.Less(b.t, w.Code, 300, w.Body.String())
	require.NoError(b.t, json.Unmarshal(w.Body.Bytes(), &m))
	return m
}

func (m *made) forms() (list []uint64) {
	for _, d := range m.Documents {
		list = append(list, d.Form)
	}
	return list
}

func TestOperations(t *testing.T) {
	b := newBench(t, nil)
	m := b.operate("registers", `{"serial":"77","blank":true,"drive_model":15,"conditions":["services"],"tax_systems":["patent"]}`)
	require.Empty(t, m.Documents)
	require.Equal(t, "77", m.Register.Serial)
	require.Equal(t, "ready", m.Register.Drive.Phase)
	require.Nil(t, m.Register.Drive.ValidUntil)
	var drive struct {
		Phase      string
		Model      int
		Registered *string
		Warnings   []any
		Unsent     struct{ Count int }
		Shift      struct{ Number int }
	}
	require.NoError(t, json.Unmarshal(b.get("registers/77/drive"), &drive))
	require.Equal(t, "ready", drive.Phase)
	require.Equal(t, 15, drive.Model)
	require.Nil(t, drive.Registered)
	require.Contains(t, string(b.get("registers/77/drives")), `"phase":"ready","documents":0`)
	require.Empty(t, b.list("registers/77/documents").Items)
	require.Empty(t, b.get2("registers/77/drive/export"))

	m = b.operate("registers/77/fiscalize", `{"place":"касса 1"}`)
	require.Equal(t, []uint64{1}, m.forms())
	require.Equal(t, "Отчет о регистрации", m.Documents[0].FormName)
	require.Equal(t, []uint64{2}, firstForms(b.operate("registers/77/shift/open", `{"cashier":"Иванова И.И."}`)))
	require.Contains(t, string(b.get("registers/77/shift")), `"open":true,"number":1`)
	require.Equal(t, []uint64{21}, firstForms(b.operate("registers/77/reports/state", "")))
	require.Equal(t, []uint64{5}, firstForms(b.operate("registers/77/shift/close", "{}")))
	require.Equal(t, []uint64{11}, firstForms(b.operate("registers/77/reregister", `{"reasons":[31],"user_name":"ООО Лютик"}`)))
	old := m.Register.Drive
	m = b.operate("registers/77/replace-drive", `{"drive_model":36,"drive_number":"9999078900001234"}`)
	require.Equal(t, []uint64{6, 11}, m.forms())
	require.Equal(t, "9999078900001234", m.Register.Drive.Number)
	require.NotEqual(t, old.ID, m.Register.Drive.ID)
	var drives struct {
		Items []struct {
			Number, Phase string
			Unsent        int
		}
	}
	require.NoError(t, json.Unmarshal(b.get("registers/77/drives"), &drives))
	require.Len(t, drives.Items, 2)
	require.Equal(t, old.Number, drives.Items[0].Number)
	require.Equal(t, "post-fiscal", drives.Items[0].Phase)
	require.Equal(t, 6, drives.Items[0].Unsent)
	require.Equal(t, []uint64{6}, firstForms(b.operate("registers/77/close-drive", "")))
	m = b.operate("registers/77/reset", "")
	require.EqualValues(t, 2, *m.Lost)
	require.Equal(t, "ready", m.Register.Drive.Phase)
	require.Equal(t, []uint64{1}, firstForms(b.operate("registers/77/fiscalize", "")))
}

func firstForms(m made) []uint64 { return m.forms() }

func (b *bench) get2(path string) []byte {
	b.t.Helper()
	w := b.do("GET", path)
	require.Equal(b.t, http.StatusOK, w.Code, w.Body.String())
	require.Equal(b.t, octetStream, w.Header().Get("Content-Type"))
	return w.Body.Bytes()
}

// The drive's own answers to its archive commands (spec/fn.md 4.1, 4.4).
func TestRecordsOfTheDrive(t *testing.T) {
	b := newBench(t, nil)
	b.submit("{}")
	b.confirm(1)
	r := "registers/" + testSerial
	var rec recordView
	require.NoError(t, json.Unmarshal(b.get(r+"/drive/records/3"), &rec))
	require.EqualValues(t, 3, rec.Form)
	require.EqualValues(t, 10000, rec.Total)
	require.EqualValues(t, 1, rec.Operation)
	require.False(t, rec.Ticket)
	require.Len(t, rec.Answers["40h"], 2*(2+19))
	require.Equal(t, "0300", rec.Answers["40h"][:4])
	require.NoError(t, json.Unmarshal(b.get(r+"/drives/1/records/1"), &rec))
	require.True(t, rec.Ticket)
	require.Len(t, rec.Answers["41h"], 2*27)
	w := b.do("GET", r+"/drive/records/4")
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Contains(t, w.Body.String(), `"code":"08h"`)
	var view struct {
		Answers           answers
		RegistrationsLeft int `json:"registrations_left"`
	}
	require.NoError(t, json.Unmarshal(b.get(r+"/drive"), &view))
	require.EqualValues(t, 11, view.RegistrationsLeft)
	require.Len(t, view.Answers["30h"], 2*30)
	require.Equal(t, "03", view.Answers["30h"][:2])
	require.Equal(t, hex.EncodeToString([]byte(testDrive)), view.Answers["31h"])
}

func TestExportIsByteExact(t *testing.T) {
	b := newBench(t, nil)
	for range exportPage {
		b.submit("{}")
	}
	var want []byte
	require.NoError(t, b.store.Documents(1, 1, 0, func(_ uint32, box, _ []byte) error {
		want = append(want, box...)
		return nil
	}))
	got := b.get2("registers/" + testSerial + "/drive/export")
	require.True(t, bytes.Equal(want, got))
	require.Equal(t, got, b.get2("registers/"+testSerial+"/drives/1/export"))
	n := uint32(0)
	for rest := got; len(rest) > 0; n++ {
		size := int(rest[0]) | int(rest[1])<<8
		c, err := ofdproto.ParseContainer(rest[:size])
		require.NoError(t, err)
		require.Equal(t, n+1, c.Number)
		rest = rest[size:]
	}
	require.EqualValues(t, exportPage+2, n)
}

func TestExportWithTickets(t *testing.T) {
	b := newBench(t, nil)
	b.submit("{}")
	b.confirm(1)
	b.confirm(2)
	var want []byte
	require.NoError(t, b.store.Documents(1, 1, 0, func(_ uint32, box, ticket []byte) error {
		want = append(append(want, box...), ticket...)
		return nil
	}))
	got := b.get2("registers/" + testSerial + "/drive/export?tickets=true")
	require.Equal(t, want, got)
	require.Greater(t, len(got), len(b.get2("registers/"+testSerial+"/drives/1/export?tickets=false")))
	node := ofdproto.Tree(got)
	require.Len(t, node.Items, 5, "three documents and two tickets")
	require.Equal(t, got, node.Append(nil))
	w := b.do("GET", "registers/"+testSerial+"/drive/export?tickets=yes")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), "neither true nor false")
}

// Commands 43h, 44h and 47h (spec/fn.md 4.4).
func TestRegistrationsOfTheDrive(t *testing.T) {
	b := newBench(t, nil)
	r := "registers/" + testSerial
	b.operate(r+"/reregister", `{"place":"shop.example.com","tax_systems":["osn","patent"]}`)
	var list struct {
		Items []registrationView
		Next  *int
	}
	require.NoError(t, json.Unmarshal(b.get(r+"/drive/registrations"), &list))
	require.Len(t, list.Items, 2)
	require.EqualValues(t, 0, list.Items[0].Reasons)
	require.EqualValues(t, 1<<3|1<<7, list.Items[1].Reasons)
	require.Equal(t, []string{"osn", "patent"}, list.Items[1].TaxSystems)
	require.Equal(t, []any{2, uint32(2)}, []any{list.Items[1].Index, list.Items[1].Number})
	require.Len(t, list.Items[1].Answers["43h"], 2*(5+12+20+1+1+1+12+4+4+4))

	var one registrationView
	require.NoError(t, json.Unmarshal(b.get(r+"/drives/1/registrations/2"), &one))
	var items strings.Builder
	for _, x := range one.Items {
		items.WriteString(x.Hex)
	}
	box, err := b.store.Document(1, 2)
	require.NoError(t, err)
	c, err := ofdproto.ParseContainer(box)
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(c.Document[4:]), items.String(), "all its tags in order")
	require.EqualValues(t, 1209, one.Items[0].Tag)

	var rec recordView
	require.NoError(t, json.Unmarshal(b.get(r+"/drive/records/2"), &rec))
	require.Equal(t, 2, rec.Registration)
	require.Equal(t, one.Answers["43h"], rec.Answers["43h"])
	require.Equal(t, "0b00", rec.Answers["45h"][:4])
	var view struct{ Answers answers }
	require.NoError(t, json.Unmarshal(b.get(r+"/drive"), &view))
	require.Equal(t, "0200", view.Answers["42h"], "two documents are unsent")
	require.Len(t, view.Answers["43h"], len(one.Answers["43h"])-8, "without an index there are no reasons")

	for path, code := range map[string]int{"/drive/registrations/3": 404, "/drive/registrations/0": 400, "/drive/registrations/x": 400, "/drives/9/registrations": 404} {
		require.Equal(t, code, b.do("GET", r+path).Code, path)
	}
	b.operate("registers", `{"serial":"77","blank":true}`)
	require.JSONEq(t, `{"items":[],"next":null}`, string(b.get("registers/77/drive/registrations")))
	require.NotContains(t, string(b.get("registers/77/drive")), "43h")
}

func TestOperationsRefused(t *testing.T) {
	b := newBench(t, nil)
	r := "registers/" + testSerial
	for _, c := range []struct {
		name, path, body string
		status           int
		code, field      string
		message          string
	}{
		{"unknown field", "registers", `{"seriall":"1"}`, 400, "unknown_field", "seriall", "serial, "},
		{"unknown condition", "registers", `{"conditions":["bso","sport"]}`, 400, "invalid_field", "conditions", "gambling"},
		{"unknown tax system", "registers", `{"tax_systems":["usn"]}`, 400, "invalid_field", "tax_systems", "usn_income"},
		{"version", "registers", `{"ffd":"1.0"}`, 400, "invalid_field", "ffd", "1.05, 1.1 or 1.2"},
		{"model", "registers", `{"drive_model":12}`, 400, "invalid_field", "drive_model", "13, 15 or 36"},
		{"capacity", "registers", `{"drive_capacity":-1}`, 400, "invalid_field", "drive_capacity", "whole number"},
		{"encryption", "registers", `{"encryption":true}`, 400, "invalid_field", "encryption", "cipher"},
		{"account", "registers", `{"account":"x"}`, 400, "invalid_field", "account", "no such account"},
		{"serial twice", "registers", `{"serial":"` + testSerial + `"}`, 400, "invalid_field", "serial", "there is a register"},
		{"parameter", "registers?x=1", `{}`, 400, "unknown_parameter", "x", "x"},
		{"unknown register", "registers/7/shift/open", "", 404, "not_found", "serial", `"7"`},
		{"reason", r + "/reregister", `{"reasons":[0]}`, 400, "invalid_field", "reasons", "1 to 21"},
		{"drive in a change", r + "/reregister", `{"drive_model":13}`, 400, "unknown_field", "drive_model", "reg_number"},
		{"nothing changes", r + "/reregister", ``, 400, "invalid_field", "reasons", "nothing changes"},
		{"fiscalised already", r + "/fiscalize", ``, 409, "refused", "", "02h"},
		{"no shift", r + "/shift/close", ``, 409, "refused", "", "02h"},
		{"body of a report", r + "/reports/state", `{"cashier":"a"}`, 400, "unknown_field", "cashier", "not known"},
		{"cashier", r + "/shift/open", `{"cashier":1}`, 400, "invalid_field", "cashier", "a text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := b.change(c.path, c.body)
			var answer struct{ Error Problem }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
			require.Equal(t, []any{c.status, c.code, c.field}, []any{w.Code, answer.Error.Code, answer.Error.Field}, w.Body.String())
			require.Contains(t, answer.Error.Message, c.message)
			if c.code == "refused" {
				require.Equal(t, "02h", answer.Error.Drive.Code)
				require.Equal(t, testDrive, answer.Error.Drive.Number)
				require.NotEmpty(t, answer.Error.Drive.NameRu)
				require.NotEmpty(t, answer.Error.Drive.Hint)
			}
			if c.code == "invalid_field" && c.field != "drive_capacity" && c.field != "cashier" {
				require.NotEmpty(t, answer.Error.MessageRu)
			}
		})
	}
	reg, err := b.fleet.Register(testSerial)
	require.NoError(t, err)
	state, err := reg.State()
	require.NoError(t, err)
	require.EqualValues(t, 1, state.LastNumber, "nothing was made")
	require.Equal(t, fn.PhaseFiscal, state.Phase)
	require.Len(t, b.fleet.Registers(), 1)
}
