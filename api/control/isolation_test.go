package control

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDeleteRegisters(t *testing.T) {
	b := newBench(t, nil)
	m := b.operate("registers", `{"inn":"7707083893","account":"pk_new","secret":"s3cret"}`)
	require.Equal(t, []uint64{1}, m.forms())
	a, ok := b.fleet.Account("pk_new")
	require.True(t, ok)
	require.Equal(t, []string{"7707083893"}, a.INNs)
	require.Equal(t, 400, b.change("registers", `{"account":"pk_new","secret":"other"}`).Code)
	require.Equal(t, 400, b.change("registers", `{"account":"pk_none"}`).Code)
	require.Equal(t, 400, b.change("registers", `{"secret":"x"}`).Code)

	w := b.do("DELETE", "registers/"+m.Register.Serial)
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	require.JSONEq(t, `{"registers":1,"documents":1,"receipts":0}`, w.Body.String())
	require.Equal(t, 404, b.do("DELETE", "registers/"+m.Register.Serial).Code)
	require.Equal(t, 404, b.do("GET", "registers/"+m.Register.Serial).Code)
	w = b.do("DELETE", "registers")
	var sum deletionView
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &sum))
	require.NotZero(t, sum.Registers)
	require.Empty(t, b.fleet.Registers())
}
