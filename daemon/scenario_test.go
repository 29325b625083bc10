package daemon

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/api/control"
)

// played is the answer to a scenario.
type played struct {
	Register string
	Faults   []control.FaultView
	Did      []string
}

func (b *bench) play(name string) (p played) {
	b.t.Helper()
	b.control("POST", "scenarios/"+name, "", &p)
	require.Equal(b.t, FirstRegister, p.Register)
	require.NotZero(b.t, len(p.Faults)+len(p.Did))
	return p
}

// receipt makes a receipt and gives its state from outside.
func (b *bench) receipt() (status, message string) {
	b.t.Helper()
	_, answer := b.ask("POST", "/kkt/receipt", receiptBody)
	var made struct {
		Success bool
		Message string
		Model   struct{ ID string }
	}
	require.NoError(b.t, json.Unmarshal([]byte(answer), &made), answer)
	if !made.Success {
		return "refused", answer
	}
	_, answer = b.ask("POST", "/kkt/receipt/status/get", fmt.Sprintf(`{"Id":%q}`, made.Model.ID))
	var state struct{ Model string }
	require.NoError(b.t, json.Unmarshal([]byte(answer), &state), answer)
	return state.Model, answer
}

// forms are the forms of the documents of the register from a number on, from outside.
func (b *bench) forms(after uint32) (forms []int) {
	b.t.Helper()
	var list struct{ Items []struct{ Form int } }
	b.control("GET", fmt.Sprintf("registers/%s/documents?limit=1000&after=%d", FirstRegister, after), "", &list)
	for _, d := range list.Items {
		forms = append(forms, d.Form)
	}
	return forms
}

// warned are the warnings of the register, from outside.
func (b *bench) warned() string {
	b.t.Helper()
	var r struct{ Warnings []string }
	b.control("GET", "registers/"+FirstRegister, "", &r)
	return strings.Join(r.Warnings, " ")
}

// happened tells that an event of the kind and text is there, or comes within 10 s.
func (b *bench) happened(kind, text string) bool {
	b.t.Helper()
	var list struct {
		Items []struct{ Text string }
		Next  uint64
	}
	for after := uint64(0); ; after = list.Next {
		b.control("GET", fmt.Sprintf("events?kind=%s&limit=1000&after=%d&wait=10s", kind, after), "", &list)
		if len(list.Items) == 0 {
			return false
		}
		for _, e := range list.Items {
			if strings.Contains(e.Text, text) {
				return true
			}
		}
	}
}

// confirmed waits until the OFD has all documents.
func (b *bench) confirmed() {
	b.t.Helper()
	eventually(b.t, "every document is confirmed", func() bool {
		var r struct {
			Unsent struct{ Count int }
		}
		b.control("GET", "registers/"+FirstRegister, "", &r)
		return b.unsent() == 0
	})
}

// TestScenarios sets each scenario from outside and sees what it does in the answers of
// the API, in documents and in events.
func TestScenarios(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []struct {
		name string
		see  func(t *testing.T, b *bench, before uint32)
	}{
		{"answer-lost", func(t *testing.T, b *bench, before uint32) {
			status, _ := b.ask("POST", "/kkt/receipt", receiptBody, "X-Request-ID", "r1")
			require.Zero(t, status, "no answer")
			require.Equal(t, []int{2, 3}, b.forms(before), "but the receipt is there")
			status, answer := b.ask("POST", "/kkt/receipt", receiptBody, "X-Request-ID", "r1")
			require.Equal(t, 200, status)
			require.Contains(t, answer, "Queued")
			require.Len(t, b.forms(before), 2, "the repeat made nothing")
			require.True(t, b.happened("fault_fired", "cut"))
		}},
		{"drive-full", func(t *testing.T, b *bench, before uint32) {
			status, answer := b.receipt()
			require.Equal(t, "refused", status)
			require.Contains(t, answer, `"ErrorCode":8`)
			require.Empty(t, b.forms(before))
			require.True(t, b.happened("fault_fired", "drive-full"))
		}},
		{"drive-expires", func(t *testing.T, b *bench, before uint32) {
			require.Contains(t, b.warned(), "drive_replace drive_term")
			require.True(t, b.happened("warning_on", "drive_replace"))
			status, answer := b.receipt()
			require.Equal(t, "Processed", status, answer)
			require.Equal(t, []int{2, 3}, b.forms(before))
			_, slip := b.ask("GET", control.Prefix+"registers/"+FirstRegister+fmt.Sprintf("/documents/%d", before+1), "")
			require.Contains(t, slip, "1051", "the shift's report says that the drive is to be replaced")
		}},
		{"ofd-silent", func(t *testing.T, b *bench, before uint32) {
			require.Equal(t, []int{21}, b.forms(before))
			require.Equal(t, "ofd_timeout", b.warned())
			require.True(t, b.happened("warning_on", "ofd_timeout"))
			status, answer := b.receipt()
			require.Equal(t, "Error", status)
			require.Contains(t, answer, "14h")
			require.True(t, b.happened("receipt_failed", ""))
			require.Equal(t, []int{21}, b.forms(before))
		}},
		{"ofd-refuses-format", func(t *testing.T, b *bench, before uint32) {
			status, answer := b.receipt()
			require.Equal(t, "Processed", status, answer)
			require.True(t, b.happened("warning_on", "ofd_format"))
			b.confirmed()
			require.Equal(t, "ofd_format", b.warned())
			require.True(t, b.happened("fault_fired", "ofd-refuse:code=14:bits=0x02"))
		}},
		{"ofd-subscription-ended", func(t *testing.T, b *bench, before uint32) {
			status, answer := b.receipt()
			require.Equal(t, "Processed", status, answer)
			require.True(t, b.happened("warning_on", "ofd_ceases"))
			b.confirmed()
			require.Equal(t, "ofd_ceases", b.warned())
			require.True(t, b.happened("fault_fired", "ofd-bits:bits=0x40"))
		}},
		{"wrong-ffd", func(t *testing.T, b *bench, before uint32) {
			status, answer := b.receipt()
			require.Equal(t, "Processed", status, answer)
			require.True(t, b.happened("warning_on", "ofd_format"))
			b.confirmed()
			_, document := b.ask("GET", control.Prefix+"registers/"+FirstRegister+fmt.Sprintf("/documents/%d", before+2), "")
			require.Contains(t, document, "1206", "the ticket has the message")
			require.True(t, b.happened("fault_fired", "ofd-refuse:code=14:bits=0x0a"))
		}},
		{"marking-missing", func(t *testing.T, b *bench, before uint32) {
			status, answer := b.receipt()
			require.Equal(t, "Error", status)
			require.Contains(t, answer, "3Eh")
			require.True(t, b.happened("receipt_failed", "3Eh"))
			require.True(t, b.happened("fault_fired", "drive-refuse:code=3Eh"))
			require.Empty(t, b.forms(before))
		}},
		{"shift-over-24h", func(t *testing.T, b *bench, before uint32) {
			require.Equal(t, []int{2}, b.forms(before))
			status, answer := b.receipt()
			require.Equal(t, "Processed", status, answer)
			require.Equal(t, []int{2, 5, 2, 3}, b.forms(before))
			require.True(t, b.happened("shift_closed", ""))
		}},
		{"power-cut", func(t *testing.T, b *bench, before uint32) {
			status, _ := b.ask("POST", "/kkt/receipt", receiptBody)
			require.Zero(t, status, "no answer")
			require.Empty(t, b.forms(before))
			require.True(t, b.happened("fault_fired", "power-cut"))
			state, answer := b.receipt()
			require.Equal(t, "Processed", state, answer)
			require.Equal(t, []int{2, 3}, b.forms(before))
		}},
	} {
		seen[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			b := start(t, nil)
			b.confirmed()
			before := b.documents()
			b.play(c.name)
			c.see(t, b, before)
		})
	}
	var list struct{ Items []scenarioView }
	start(t, nil).control("GET", "scenarios", "", &list)
	require.Len(t, list.Items, len(seen))
	for _, s := range list.Items {
		require.True(t, seen[s.Name], s.Name)
		require.NotEmpty(t, s.About)
		require.NotEmpty(t, s.AboutRu)
	}
}

func TestScenariosRefuse(t *testing.T) {
	b := start(t, func(c *Config) { c.OFD = OFDNone })
	for _, c := range []struct{ path, body, want string }{
		{"scenarios/nothing", "", "want answer-lost, drive-full"},
		{"scenarios/power-cut", `{"register":"9"}`, `"field":"register"`},
		{"scenarios/power-cut", `{"serial":"9"}`, "known: register"},
		{"scenarios/wrong-ffd", "", "played by the built-in OFD"},
	} {
		status, answer := b.ask("POST", control.Prefix+c.path, c.body)
		require.GreaterOrEqual(t, status, 400)
		require.Contains(t, answer, c.want)
	}
	require.Empty(t, b.Faults().List())
	b.control("POST", "registers", `{"serial":"2","blank":true}`, nil)
	built := start(t, nil)
	built.control("POST", "registers", `{"serial":"2","blank":true}`, nil)
	for _, name := range []string{"drive-expires", "ofd-silent", "shift-over-24h"} {
		status, answer := built.ask("POST", control.Prefix+"scenarios/"+name, `{"register":"2"}`)
		require.Equal(t, 409, status, answer)
		require.Contains(t, answer, "the drive is not registered")
		require.Empty(t, built.Faults().List(), "%s was refused and leaves its faults", name)
	}
	status, answer := b.ask("POST", control.Prefix+"scenarios/power-cut", "")
	require.Equal(t, 400, status)
	require.Contains(t, answer, "there are 2, say which: "+FirstRegister)
}
