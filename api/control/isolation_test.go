package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/kkt"
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

func TestFreshRegisters(t *testing.T) {
	secrets := 0
	b := newBench(t, func(o *Options) {
		o.NewSecret = func() string { secrets++; return fmt.Sprintf("%016d%016d", secrets, secrets) }
	})
	m := b.operate("registers", `{"fresh":true,"ffd":"1.05"}`)
	require.Equal(t, []uint64{1}, m.forms())
	require.NotNil(t, m.Account)
	require.NoError(t, ffd.CheckINN(m.Register.INN))
	a, ok := b.fleet.Account(m.Account.PublicID)
	require.True(t, ok)
	require.Equal(t, kkt.Account{PublicID: m.Account.PublicID, Secret: m.Account.Secret, INNs: []string{m.Register.INN}}, a)
	for body, field := range map[string]string{`{"fresh":true,"inn":"` + m.Register.INN + `"}`: "inn", `{"fresh":true,"account":"pk_demo"}`: "account",
		`{"fresh":true,"account":"a:b"}`: "account", `{"fresh":1}`: "fresh", `{"fersh":true}`: "fersh"} {
		w := b.change("registers", body)
		require.Equal(t, 400, w.Code, body)
		require.Contains(t, w.Body.String(), `"field":"`+field+`"`, body)
	}
	own := b.operate("registers", `{"fresh":true,"inn":"7707083893","account":"pk_own","secret":"s"}`)
	require.Equal(t, accountView{"pk_own", "s"}, *own.Account)
	require.Equal(t, "7707083893", own.Register.INN)

	c := b.operate("registers/"+m.Register.Serial+"/clone", `{"serial":"clone"}`)
	require.Equal(t, "clone", c.Register.Serial)
	require.Equal(t, []any{m.Register.INN, "1.05", accountView{m.Account.PublicID, masked}}, []any{c.Register.INN, c.Register.FFD, *c.Account})
	require.Equal(t, 400, b.change("registers/clone/clone", `{"serial":"clone"}`).Code)
	require.Equal(t, 404, b.change("registers/none/clone", `{}`).Code)

	b.operate("registers/clone/shift/open", `{}`)
	r := b.operate("registers/clone/reset", `{"registered":true}`)
	require.Equal(t, []uint64{1}, r.forms())
	require.EqualValues(t, 2, *r.Lost)
	require.Equal(t, c.Register.Drive.Number, r.Register.Drive.Number)
	require.NotEqual(t, c.Register.Drive.ID, r.Register.Drive.ID)
	require.Equal(t, 400, b.change("registers/clone/reset", `{"register":true}`).Code)
	b.operate("registers/clone/shift/open", `{}`)
	w := b.change("registers/reset", ``)
	require.Equal(t, 200, w.Code, w.Body.String())
	for _, x := range b.fleet.Registers() {
		st, err := x.State()
		require.NoError(t, err)
		require.EqualValues(t, 1, st.LastNumber)
	}
	require.Equal(t, 400, b.change("registers/reset", `{"registered":true}`).Code)
}
