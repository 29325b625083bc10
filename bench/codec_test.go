package bench

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"kktd/ffd"
	"kktd/tlv"
)

// wire is the sample in all formats.
type wire struct{ tlv, proto, msgp, json []byte }

func encodeAll(t testing.TB) wire {
	r := sample()
	d := newDocument(r)
	require.NoError(t, d.setTexts(new(tlv.Arena), r))
	var w wire
	var err error
	w.tlv, err = d.append(nil)
	require.NoError(t, err)
	w.proto, err = proto.MarshalOptions{Deterministic: true}.Marshal(message(r))
	require.NoError(t, err)
	w.msgp, err = r.MarshalMsg(nil)
	require.NoError(t, err)
	w.json, err = json.Marshal(r)
	require.NoError(t, err)
	return w
}

// TestFormatsCarryTheSame holds what every decoder gives against the sample, so
// that no row of the table is fast because it leaves something out.
func TestFormatsCarryTheSame(t *testing.T) {
	w, want := encodeAll(t), sample()
	require.InDelta(t, 740, len(w.tlv), 10, "size of the document")
	require.Empty(t, ffd.Check(w.tlv))

	t.Run("tlv", func(t *testing.T) {
		var v view
		require.NoError(t, v.read(w.tlv))
		text := func(v []byte) string { return tlv.DecodeString(tlv.TrimPadding(v)) }
		have := &PlainReceipt{Version: uint32(v.version), Drive: text(v.drive), RegNumber: text(v.regNumber), INN: text(v.inn),
			Number: v.number, Time: v.time, Sign: v.sign, Shift: v.shift, Receipt: v.receipt, Operation: uint32(v.operation),
			Total: v.total, TaxSystem: uint32(v.taxSystem), Cashier: text(v.cashier), CashierINN: text(v.cashierINN),
			Contact: text(v.contact), SenderEmail: text(v.sender), Place: text(v.place), Address: text(v.address),
			Cash: v.cash, Cashless: v.cashless, Prepaid: v.prepaid, Credit: v.credit, Provision: v.provision, VAT20: v.vat20, VAT10: v.vat10}
		for _, it := range v.items {
			have.Items = append(have.Items, PlainItem{Name: text(it.name), Price: it.price, Quantity: it.quantity.Mantissa,
				Scale: uint32(it.quantity.Scale), Measure: uint32(it.measure), Amount: it.amount, VAT: uint32(it.vat),
				VATSum: it.vatSum, Type: uint32(it.typ), Method: uint32(it.method)})
		}
		require.Equal(t, want, have)
	})
	t.Run("protobuf", func(t *testing.T) {
		var m Receipt
		require.NoError(t, proto.Unmarshal(w.proto, &m))
		require.True(t, proto.Equal(message(want), &m))
	})
	t.Run("vtprotobuf", func(t *testing.T) {
		b, err := message(want).MarshalVT()
		require.NoError(t, err)
		require.Equal(t, w.proto, b)
		var m Receipt
		require.NoError(t, m.UnmarshalVT(b))
		require.True(t, proto.Equal(message(want), &m))
	})
	t.Run("msgp", func(t *testing.T) {
		var r PlainReceipt
		_, err := r.UnmarshalMsg(w.msgp)
		require.NoError(t, err)
		require.Equal(t, want, &r)
	})
	t.Run("json", func(t *testing.T) {
		var r PlainReceipt
		require.NoError(t, json.Unmarshal(w.json, &r))
		require.Equal(t, want, &r)
	})
}

// row is one line of the table. Every row writes into memory that it was given,
// as far as its codec can.
type row struct {
	name string
	size int
	op   func() error
}

func (r row) measure(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(r.size))
	for b.Loop() {
		if err := r.op(); err != nil {
			b.Fatal(err)
		}
	}
}

func encoders(t testing.TB) []row {
	w, r := encodeAll(t), sample()
	var arena, ready tlv.Arena
	buf := make([]byte, 0, 4096)
	m, fromUTF8, prepared := message(r), newDocument(r), newDocument(r)
	require.NoError(t, prepared.setTexts(&ready, r))
	return []row{
		{"copy", len(w.tlv), func() error { copy(buf[:len(w.tlv)], w.tlv); return nil }},
		{"kktd-cp866", len(w.tlv), func() error { _, err := prepared.append(buf); return err }},
		{"kktd-utf8", len(w.tlv), func() error {
			if err := fromUTF8.setTexts(&arena, r); err != nil {
				return err
			}
			_, err := fromUTF8.append(buf)
			return err
		}},
		{"vtprotobuf", len(w.proto), func() error { _, err := m.MarshalToSizedBufferVT(buf[:m.SizeVT()]); return err }},
		{"msgp", len(w.msgp), func() error { _, err := r.MarshalMsg(buf); return err }},
		{"protobuf-go", len(w.proto), func() error { _, err := proto.MarshalOptions{}.MarshalAppend(buf, m); return err }},
		{"json", len(w.json), func() error { _, err := json.Marshal(r); return err }},
	}
}

func decoders(t testing.TB) []row {
	w := encodeAll(t)
	var v view
	var into PlainReceipt
	var sum uint64
	return []row{
		{"kktd-walk", len(w.tlv), func() error { sum += walk(w.tlv); return nil }},
		{"kktd-views", len(w.tlv), func() error { return v.read(w.tlv) }},
		{"vtprotobuf", len(w.proto), func() error { return new(Receipt).UnmarshalVT(w.proto) }},
		{"msgp", len(w.msgp), func() error { _, err := into.UnmarshalMsg(w.msgp); return err }},
		{"protobuf-go", len(w.proto), func() error { return proto.Unmarshal(w.proto, new(Receipt)) }},
		{"json", len(w.json), func() error { return json.Unmarshal(w.json, new(PlainReceipt)) }},
	}
}

func verifiers(t testing.TB) []row {
	w := encodeAll(t)
	var crc uint16
	return []row{
		{"crc16", len(w.tlv), func() error { crc ^= tlv.CRC16(w.tlv); return nil }},
		{"check", len(w.tlv), func() error { ffd.Check(w.tlv); return nil }},
	}
}

func BenchmarkEncode(b *testing.B) { runAll(b, encoders(b)) }
func BenchmarkDecode(b *testing.B) { runAll(b, decoders(b)) }
func BenchmarkVerify(b *testing.B) { runAll(b, verifiers(b)) }

func runAll(b *testing.B, rows []row) {
	for _, r := range rows {
		b.Run(r.name, r.measure)
	}
}
