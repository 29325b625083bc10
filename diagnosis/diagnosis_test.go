package diagnosis

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
)

// TestTexts proves that every entry has both languages with the same arguments.
func TestTexts(t *testing.T) {
	verb := regexp.MustCompile(`%[a-zA-Z]`)
	for code, x := range texts {
		require.NotEmpty(t, x.level, code)
		require.NotEmpty(t, x.en, code)
		require.Regexp(t, `[а-яё]`, x.ru, code)
		require.Equal(t, x.do == "", x.doRu == "", code)
		require.Equal(t, verb.FindAllString(strings.ReplaceAll(x.en, "%%", ""), -1), verb.FindAllString(strings.ReplaceAll(x.ru, "%%", ""), -1), code)
		require.False(t, x.doFromArgs && x.do != "", code)
	}
}

func TestSay(t *testing.T) {
	r := say(ffd.English, "cause", NoRegister, "7708806062", "none", "make one")
	require.Equal(t, Remark{About: "cause", Level: Error, Code: NoRegister, Text: "no register of 7708806062 fits: none", Do: "make one"}, r)
	require.Equal(t, "ФН отказал: код 16h", say(ffd.Russian, "cause", DriveRefused, "код 16h", "").Text)
}

func TestRefusals(t *testing.T) {
	var r Refusals
	require.Zero(t, r.Last())
	for i := range MaxRefusals + 5 {
		r.Add(Refusal{InvoiceID: fmt.Sprint(i + 1)})
	}
	var numbers []uint64
	require.NoError(t, r.List(0, func(x *Refusal) error {
		require.Equal(t, fmt.Sprint(x.Number), x.InvoiceID)
		numbers = append(numbers, x.Number)
		return nil
	}))
	require.Len(t, numbers, MaxRefusals)
	require.Equal(t, []uint64{6, MaxRefusals + 5}, []uint64{numbers[0], numbers[len(numbers)-1]})
	require.EqualValues(t, MaxRefusals+5, r.Last())
}

func TestRoubles(t *testing.T) { require.Equal(t, "201.05", roubles(20105)) }
