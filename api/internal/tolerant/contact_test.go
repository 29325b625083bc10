package tolerant

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPhone(t *testing.T) {
	for _, c := range []struct{ name, phone, want string }{
		{"kept", "+79161234567", "+79161234567"},
		{"8", "89161234567", "+79161234567"},
		{"7", "79161234567", "+79161234567"},
		{"8 in a city", "8 (495) 123-45-67", "+74951234567"},
		{"10 digits of a mobile", "916 123 45 67", "+79161234567"},
		{"spaces, brackets, dashes", " +7 (916) 123-45\u201367 ", "+79161234567"},
		{"other spaces and dashes", "+7\u00a0916\u2011123\u200945\u201467", "+79161234567"},
		{"other country", "+375 29 123-45-67", "+375291234567"},
		{"10 digits behind a plus", "+7123456789", "+7123456789"},
		{"7 digits", "+1234567", "+1234567"},
		{"15 digits", "+123456789012345", "+123456789012345"},
		{"8 behind a plus is a country", "+89161234567", "+89161234567"},
		{"empty", "", ""},
		{"6 digits behind a plus", "+123456", ""},
		{"16 digits", "+1234567890123456", ""},
		{"10 digits of a city", "4951234567", ""},
		{"12 digits", "375291234567", ""},
		{"plus inside", "7+9161234567", ""},
		{"two pluses", "++79161234567", ""},
		{"letters", "8916CALLNOW", ""},
		{"points", "8.916.123.45.67", ""},
		{"other digits", "+٧٩١٦١٢٣٤٥٦٧", ""},
		{"not UTF-8", "+7916123\xff4567", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Phone(c.phone)
			require.Equal(t, c.want, got)
			if c.want == "" {
				require.ErrorIs(t, err, ErrPhone)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestEmail(t *testing.T) {
	for _, good := range []string{
		"user@example.com", "user.name+tag@example.co.uk", "a@b", "user@localhost", "имя@пример.рф", "o'neil@example.com",
		"a..b@example.com", strings.Repeat("a", 242) + "@example.com",
	} {
		require.NoError(t, Email(good), good)
	}
	for name, bad := range map[string]string{
		"empty": "", "no @": "user", "nothing before": "@example.com", "nothing behind": "user@", "two @": "a@b@c",
		"space": "us er@example.com", "space at the end": "user@example.com ", "control": "user@example.com\n",
		"display name": "User <user@example.com>", "brackets": "<user@example.com>", "quotes": `"user"@example.com`,
		"comment": "user@example.com (x)", "list": "a@b.c,d@e.f", "semicolon": "a@b.c;d@e.f", "mailto": "mailto:a@b.c",
		"empty part": "user@example..com", "point first": "user@.com", "point last": "user@example.",
		"not UTF-8": "us\xffer@example.com", "no-break space": "user\u00a0@example.com", "zero-width": "user\u200b@example.com",
		"too long": strings.Repeat("a", 243) + "@example.com",
	} {
		require.ErrorIs(t, Email(bad), ErrEmail, name)
	}
}

func TestDate(t *testing.T) {
	for _, c := range []struct{ text, day string }{
		{"2022-03-21", "2022-03-21"},
		{"21.03.2022", "2022-03-21"},
		{"2022-03-21T11:29:26.714Z", "2022-03-21"},
		{"2022-03-21T11:29:26Z", "2022-03-21"},
		{"2022-03-21T00:29:26+03:00", "2022-03-21"},
		{"2022-03-21T23:29:26.123456789-11:00", "2022-03-21"},
		{"2022-03-21T11:29:26", "2022-03-21"},
		{"2022-03-21 11:29:26", "2022-03-21"},
		{"2022-03-21 11:29:26.5", "2022-03-21"},
		{"2022-03-21 11:29", "2022-03-21"},
		{"21.03.2022 11:29:26", "2022-03-21"},
		{"21.03.2022 11:29", "2022-03-21"},
		{"2024-02-29", "2024-02-29"},
		{"2023-02-29", ""},
		{"31.04.2022", ""},
		{"2022-13-01", ""},
		{"2022-03-21T25:00:00Z", ""},
		{"21/03/2022", ""},
		{"21.03.22", ""},
		{"2022-03-21 ", ""},
		{"1647856800", ""},
		{"", ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := Date(c.text)
			if c.day == "" {
				require.ErrorIs(t, err, ErrDate)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.day+"T00:00:00Z", got.Format(time.RFC3339Nano))
			require.Equal(t, time.UTC, got.Location())
		})
	}
}

func TestMoment(t *testing.T) {
	moscow := time.FixedZone("MSK", 3*60*60)
	for _, c := range []struct{ text, utc string }{
		{"2022-03-21", "2022-03-20T21:00:00Z"},
		{"2022-03-21 11:29:26", "2022-03-21T08:29:26Z"},
		{"2022-03-21T11:29:26.714Z", "2022-03-21T11:29:26.714Z"},
		{"2022-03-21T11:29:26+05:00", "2022-03-21T06:29:26Z"},
	} {
		got, err := Moment(c.text, moscow)
		require.NoError(t, err)
		require.Equal(t, c.utc, got.UTC().Format(time.RFC3339Nano), c.text)
	}
}
