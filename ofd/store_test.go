package ofd_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/storage/memory"
)

// unsure is a store that loses sight of every second change: stored or not, the caller is not told.
type unsure struct {
	storage.Store
	stores bool
	n      atomic.Int64
}

func (s *unsure) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	if s.n.Add(1)%2 == 0 {
		return s.Store.Append(ctx, c)
	}
	if s.stores {
		if _, err := s.Store.Append(ctx, c); err != nil {
			return storage.Result{}, err
		}
	}
	return storage.Result{}, storage.ErrUnknownOutcome
}

func TestUnknownOutcomeIsLookedUp(t *testing.T) {
	for _, stores := range []bool{true, false} {
		s, addr := ofdtest.Serve(t, ofd.Options{Store: &unsure{Store: memory.Open(), stores: stores}})
		d := ofdtest.NewDrive(t, driveNumber)
		d.Receipts(4)
		watch := dial(t, addr) // keeps the server's knowledge of the drive alive
		for i, container := range d.Containers {
			c := dial(t, addr)
			_, err := c.Write(message(driveNumber, container))
			require.NoError(t, err)
			m, _, err := ofdproto.ReadMessage(c.r, nil)
			if err != nil { // no answer: the register sends it again
				m.Body = watch.deliver(driveNumber, container)
			}
			requireTicket(t, d, uint32(i+1), m.Body)
		}
		docs := stored(t, s, driveNumber)
		require.Len(t, docs, len(d.Containers))
		for i, doc := range docs {
			require.Equal(t, d.Containers[i], doc.Container)
			require.NotContains(t, rules(doc), ofd.RuleGap)
		}
		epochs, err := s.Epochs(driveNumber)
		require.NoError(t, err)
		require.Len(t, epochs, 1)
	}
}

// A captured message, the worked example of spec/ofd-protocol.md 10.
func TestCapturedMessage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "shared", "vectors", "tlv", "ofd-session-doc11-ffd105-yandex.json"))
	if err != nil {
		t.Skip("no ../shared/vectors")
	}
	var vector struct {
		Hex string `json:"hex"`
	}
	require.NoError(t, json.Unmarshal(text, &vector))
	b, err := hex.DecodeString(strings.ReplaceAll(vector.Hex, " ", ""))
	require.NoError(t, err)
	s, addr := ofdtest.Serve(t, ofd.Options{})
	m := dial(t, addr).ask(b)
	require.Equal(t, b[:24], m.Append(nil)[:24], "signature, versions and drive come back")
	drive := m.Header.Drive
	ticket, err := fn.NewMachine([]byte(fn.DefaultMaster), drive).CheckTicket(drive, 1, fn.TicketStrict, m.Body)
	require.NoError(t, err)
	require.Equal(t, ffd.OFDAccepted, ticket.Code, "a wrong check digit is a warning")
	require.Len(t, m.Body, 119)
	require.Equal(t, []string{ofd.RuleSign, ffd.RuleINN}, rules(stored(t, s, ofdproto.DriveString(drive))[0]))
}
