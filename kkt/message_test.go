package kkt

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/outbox"
	"kktd/storage/memory"
	"kktd/tlv"
)

func contactReceipt(contact string) *Receipt {
	r := testReceipt(100)
	r.Parts[0].Contact = tlv.MustText(contact)
	return r
}

func (b *bench) messages(after string) (list []Message) {
	require.NoError(b.t, b.fleet.Messages(after, func(m *Message) error {
		list = append(list, *m)
		return nil
	}))
	return list
}

func TestMessages(t *testing.T) {
	b := newBench(t)
	mail := b.submit(contactReceipt("buyer@example.com"))
	b.submit(testReceipt(100))
	sms := b.submit(contactReceipt("+79161234567"))
	b.submit(contactReceipt("none"))
	refused := contactReceipt("buyer@example.com")
	refused.Parts = append(refused.Parts, testReceipt(1<<47).Parts...)
	refused.Parts[0].Payments.Cashless, refused.Parts[0].Items[0].Price, refused.Parts[0].Items[0].Amount = 1<<47, 1<<47, 1<<47
	require.Equal(t, Failed, b.submit(refused).Status)
	two := contactReceipt("two@example.com")
	two.Parts = append(two.Parts, contactReceipt("two@example.com").Parts...)
	pair := b.submit(two)
	now := b.clock.Now().UnixMilli()
	want := []Message{{Receipt: mail.ID, Kind: Email, Address: "buyer@example.com", Register: testSerial, Created: now},
		{Receipt: sms.ID, Kind: SMS, Address: "+79161234567", Register: testSerial, Created: now},
		{Receipt: pair.ID, Kind: Email, Address: "two@example.com", Register: testSerial, Created: now}}
	require.Equal(t, want, b.messages(""))
	require.Equal(t, want[1:], b.messages(mail.ID))
	b.reopen()
	require.Equal(t, want, b.messages(""))
	m, err := b.fleet.Message(sms.ID)
	require.NoError(t, err)
	require.Equal(t, &want[1], m)
	for _, id := range []string{"", "x", strings.Repeat("0", 32)} {
		_, err := b.fleet.Message(id)
		require.ErrorIs(t, err, ErrNotFound)
	}
	require.ErrorIs(t, b.fleet.Messages("x", nil), ErrNotFound)
}

// TestMessagesGoIntoTheOutbox puts an entry in the commit of the receipt, for mail
// alone, delayed receipts too.
func TestMessagesGoIntoTheOutbox(t *testing.T) {
	for name, delay := range map[string]time.Duration{"at once": 0, "delayed": time.Minute} {
		t.Run(name, func(t *testing.T) {
			store := memory.Open()
			box, err := outbox.Open(store, 0)
			require.NoError(t, err)
			b := openBench(t, store, func(o *Options) { o.Outbox, o.MailServer, o.Delay = box, "mail.example.com:25", delay })
			require.NoError(t, b.fleet.Create("", testSettings()))
			told := 0
			box.Notify(func(refs []outbox.Ref) { told += len(refs) })
			id := b.submit(contactReceipt("buyer@example.com")).ID
			b.submit(contactReceipt("+79161234567"))
			b.clock.Advance(delay)
			require.Eventually(t, func() bool { return len(b.messages("")) == 2 }, 10*time.Second, time.Millisecond)
			b.fleet.Close()
			require.Equal(t, 1, told)
			list := b.messages("")
			require.Zero(t, list[1].Entry)
			e, s, err := box.Entry(list[0].Entry)
			require.NoError(t, err)
			require.Equal(t, outbox.Waiting, s.State)
			require.Equal(t, TransportMail, e.Transport)
			require.Equal(t, "mail.example.com:25", e.Lane)
			require.Equal(t, "buyer@example.com", e.Address)
			require.Equal(t, id, e.Receipt)
			require.Empty(t, e.Body, "what it says is made when it is sent")
		})
	}
}

func TestMessageKind(t *testing.T) {
	for contact, want := range map[string]MessageKind{"a@b": Email, "иван@пример.рф": Email, "@b": "", "a@": "", "": "", "none": "", "+": "",
		"+79161234567": SMS, "79161234567": SMS, "8 916": "", "12": "", "-79161234567": ""} {
		require.Equal(t, want, messageKind(contact), contact)
	}
}

func TestMessageRecord(t *testing.T) {
	m := &Message{Receipt: "id", Kind: Email, Address: "buyer@example.com", Register: testSerial, Created: 1_768_028_400_123, Entry: 300}
	path := filepath.Join("testdata", "message-1.hex")
	stored := m.append(nil)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(hex.EncodeToString(stored)+"\n"), 0o644))
	}
	require.Equal(t, mustRead(t, path), hex.EncodeToString(stored)+"\n")
	got, err := parseMessage("id", stored)
	require.NoError(t, err)
	require.Equal(t, m, got)
	for _, bad := range [][]byte{nil, {2}, stored[:len(stored)-1], append(stored, 0)} {
		_, err := parseMessage("id", bad)
		require.ErrorIs(t, err, ErrRecord)
	}
}

// BenchmarkContact measures what a message adds to a receipt, in memory.
func BenchmarkContact(b *testing.B) {
	for name, contact := range map[string]string{"none": "", "email": "buyer@example.com"} {
		b.Run(name, func(b *testing.B) {
			x := openBench(b, memory.Open(), nil)
			s := testSettings()
			s.DriveCapacity = maxCapacity
			require.NoError(b, x.fleet.Create("", s))
			b.ReportAllocs()
			for b.Loop() {
				r := testReceipt(100)
				if contact != "" {
					r.Parts[0].Contact = tlv.MustText(contact)
				}
				r.Parts[0].TaxSystem = ffd.TaxOSN
				x.submit(r)
			}
		})
	}
}
