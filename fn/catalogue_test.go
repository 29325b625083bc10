package fn

import (
	"errors"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
)

var cyrillic = regexp.MustCompile(`[а-яА-Я]`)

// TestCatalogue holds every code and every problem to both languages.
func TestCatalogue(t *testing.T) {
	verbs := regexp.MustCompile(`%[^a-zA-Z]*[a-zA-Z]`)
	for code, c := range codes {
		for _, x := range []text{c.name, c.advice} {
			require.NotEmpty(t, x.en, "%02Xh", byte(code))
			require.Regexp(t, cyrillic, x.ru, "%02Xh", byte(code))
			require.NotRegexp(t, cyrillic, x.en, "%02Xh", byte(code))
		}
	}
	for p, x := range problems {
		require.NotEmpty(t, x.why.en, "problem %d", p)
		require.NotEmpty(t, x.why.ru, "problem %d", p)
		require.Equal(t, verbs.FindAllString(x.why.en, -1), verbs.FindAllString(x.why.ru, -1), x.why.en)
		require.Equal(t, x.hint.en == "", x.hint.ru == "", x.why.en)
		require.Contains(t, codes, x.code)
	}
	require.Len(t, problems, int(endOfData)+1)
}

// TestCodes names every row of the list of answer codes (spec/fn.md 5).
func TestCodes(t *testing.T) {
	for _, row := range []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x10, 0x11, 0x12, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19,
		0x20, 0x23, 0x24, 0x30, 0x32, 0x33, 0x34, 0x35, 0x36, 0x3C, 0x3E} {
		require.Contains(t, codes, Code(row))
	}
	require.Len(t, codes, 34)
	require.Equal(t, "7Fh unknown answer code", Code(0x7F).Error())
}

func TestRefusalInBothLanguages(t *testing.T) {
	b := newBench(t, ffd.V120, Model36, 250000)
	err := b.apply(b.receipt(1), "2026-01-10 10:00")
	var r *Refusal
	require.True(t, errors.As(err, &r))
	require.Equal(t, "drive 9999078900005430, document 1: 02h the drive is in another state: phase ready: the drive is not registered; register the drive", r.Error())
	require.Equal(t, "ФН 9999078900005430, документ 1: код 02h, другое состояние ФН: фаза «готовность к фискализации»: ФН не зарегистрирован; зарегистрируйте ККТ с этим ФН", r.Russian())
	b.must(b.registration(), "2026-01-10 10:00")
	err = b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 08:00")
	require.True(t, errors.As(err, &r))
	require.Equal(t, "drive 9999078900005430, document 2: 07h wrong date or time: a shift cannot open at 2026-01-10 08:00, more than an hour before document 1 of 2026-01-10 10:00; set the clock", r.Error())
	err = b.apply(&Confirm{Container: b.ticket(2, nil)}, "2026-01-10 10:00")
	require.True(t, errors.As(err, &r))
	require.Equal(t, "ФН 9999078900005430, документ 1: код 20h, квитанция ОФД не принята: квитанция на другой документ; отправьте документ ещё раз", r.Russian())
	r = &Refusal{Code: CodeTicket, Reason: ReasonNumber, Drive: "9999078900005430", Number: 7, Why: "document 3 waits for a ticket"}
	require.Equal(t, "ФН 9999078900005430, документ 7: код 20h, квитанция ОФД не принята: квитанция на другой документ", r.Russian())
}
