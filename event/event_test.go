package event

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEventForm(t *testing.T) {
	for _, c := range []struct {
		name string
		e    Event
		want string
	}{
		{"document", Event{Kind: Document, Time: 1748781000000, Register: "01", Drive: "9999078900005430", Document: 3, Form: 3, Receipt: "ab"},
			`{"kind":"document","time":1748781000000,"register":"01","drive":"9999078900005430","document":3,"form":3,"receipt":"ab"}`},
		{"odd serial number", Event{Kind: Document, Register: `A"B\C`}, `{"kind":"document","time":0,"register":"A\"B\\C"}`},
		{"failure", Event{Kind: ReceiptFailed, Register: "01", Text: "смена \"1\"\\\n"},
			`{"kind":"receipt_failed","time":0,"register":"01","text":"смена \"1\"\\\u000a"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.e.Append(nil)
			require.Equal(t, c.want, string(b))
			require.Equal(t, string(c.e.Kind), string(KindOf(b)))
			back, err := Parse(7, b)
			require.NoError(t, err)
			c.e.Number = 7
			require.Equal(t, c.e, back)
		})
	}
	require.Nil(t, KindOf([]byte(`{"time":1}`)))
	require.Nil(t, KindOf([]byte(`{"kind":"docu`)))
	_, err := Parse(7, []byte("{"))
	require.ErrorContains(t, err, "event 7")
}
