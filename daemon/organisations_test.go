package daemon

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/clock"
)

const secretOfFile = "s3cr3t-of-the-file"

// section is the section of the YAML file as JSON.
func section(register string) string {
	return `[{"inn":"7707083893","name":"ООО Василёк","address":"Тверь","accounts":[{"public_id":"pk_v","secret":"` + secretOfFile + `"}],
		"registers":[{"serial":"77","place":"shop.example.com"` + register + `}],
		"webhooks":[{"type":"receipt","address":"http://127.0.0.1:1/hook","method":"POST"}]}]`
}

func startWith(t *testing.T, data, section string) (*Daemon, *logtest.Hook, error) {
	c := Default()
	c.Data, c.Listen, c.OFDListen, c.Seed, c.Durability = data, "127.0.0.1:0", "127.0.0.1:0", 1, "none"
	var err error
	c.Organisations, err = ParseOrganisations([]byte(section))
	require.NoError(t, err)
	logger, hook := logtest.NewNullLogger()
	logger.SetLevel(logrus.DebugLevel)
	d, err := Start(context.Background(), c, clock.Fixed(time.Date(2026, 1, 10, 7, 0, 0, 0, time.UTC)), logger)
	return d, hook, err
}

// TestOrganisationsOfTheFile: made once, compared at each start after that.
func TestOrganisationsOfTheFile(t *testing.T) {
	data := filepath.Join(t.TempDir(), "kktd.db")
	for _, c := range []struct {
		name, register, refused string
		auto                    bool
		documents               uint32
	}{
		{"made", `,"ffd":1.05,"tax_systems":["osn","patent"],"auto_shift":false`, "", false, 1},
		{"the same again", `,"ffd":"1.05","tax_systems":["osn","patent"],"auto_shift":false`, "", false, 1},
		{"less is said", ``, "", false, 1},
		{"a setting outside the report", `,"auto_shift":true,"cashier":"Иванов"`, "", true, 1},
		{"a setting of the report", `,"ffd":"1.2"`, "register 77: kkt: invalid data: ffd", true, 1},
		{"another place", `,"address":"Москва"`, `register 77: kkt: invalid data: address: "\"Москва\"": register 77 is registered with`, true, 1},
		{"another drive counts for new registers alone", `,"drive_number":"9999000000000123"`, "", true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, hook, err := startWith(t, data, section(c.register))
			if c.refused != "" {
				require.ErrorContains(t, err, c.refused)
				return
			}
			require.NoError(t, err)
			defer func() { require.NoError(t, d.Shutdown(context.Background())) }()
			require.Len(t, d.Fleet().Registers(), 1)
			r, err := d.Fleet().Register("77")
			require.NoError(t, err)
			s := r.Settings()
			require.Equal(t, "1.05", s.FFD.String())
			require.Len(t, s.TaxSystems, 2)
			require.Equal(t, "ООО Василёк", s.UserName)
			require.Equal(t, c.auto, s.AutoShift)
			state, err := r.State()
			require.NoError(t, err)
			require.Equal(t, c.documents, state.LastNumber)
			account, ok := d.Fleet().Account("pk_v")
			require.True(t, ok)
			require.Equal(t, secretOfFile, account.Secret)
			_, ok = d.Fleet().Account(FirstPublicID)
			require.False(t, ok, "the file's organisations stand for that of the first start")
			require.Equal(t, "http://127.0.0.1:1/hook", d.Fleet().Subscription("pk_v", "cloudkassir", "Receipt").Address)
			for _, e := range hook.AllEntries() {
				line, err := e.String()
				require.NoError(t, err)
				require.NotContains(t, line, secretOfFile)
			}
		})
	}
}

func TestOrganisationsThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		`[{"inn":"7707083893","nmae":"x"}]`:                       "nmae",
		`[{"inn":7707083893}]`:                                    "organisations[0].inn",
		`{"inn":"1"}`:                                             "organisations",
		`[{"accounts":[{"public_id":"a","password":"b"}]}]`:       "password",
		`[{"registers":[{"serial":"1","plcae":"x"}]}]`:            `organisations[0].registers[0]: field "plcae" is not known`,
		`[{"registers":[{"serial":"1","ffd":"3.0"}]}]`:            `ffd: "3.0": want 1.05, 1.1 or 1.2`,
		`[{"registers":[{"serial":"1","tax_systems":["usn"]}]}]`:  "tax_systems",
		`[{"registers":["1"]}]`:                                   "want settings by their names",
		`[{"webhooks":[{"type":"Receipt","adress":"http://x"}]}]`: "adress",
	} {
		_, err := ParseOrganisations([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
	for name, c := range map[string]struct{ section, want string }{
		"INN":         {`[{"inn":"77"}]`, "want 10 or 12 digits"},
		"no secret":   {`[{"inn":"7707083893","accounts":[{"public_id":"pk_v"}]}]`, "secret"},
		"no serial":   {`[{"inn":"7707083893","registers":[{"place":"x"}]}]`, "no serial"},
		"no account":  {`[{"inn":"7707083893","registers":[{"serial":"1"}]}]`, "no account"},
		"another INN": {`[{"inn":"7707083893","registers":[{"serial":"1","inn":"7708806062"}]}]`, "leave it out"},
		"address":     {strings.Replace(section(""), "http://127.0.0.1:1/hook", "ftp://x", 1), `webhook receipt: kkt: invalid data: address: "ftp://x": its scheme is "ftp"`},
		"type":        {strings.Replace(section(""), `"type":"receipt"`, `"type":"Pay"`, 1), `type: "Pay": want Receipt, CorrectionReceipt, Kkt`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := startWith(t, filepath.Join(t.TempDir(), "kktd.db"), c.section)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestOrganisationsByTheControlAPI(t *testing.T) {
	b := start(t, nil)
	const base = "/control/v1/organisations"
	status, answer := b.post(base, `{"inn":"7707083893","name":"Василёк"}`)
	require.Equal(t, 201, status, answer)
	status, answer = b.post(base+"/7707083893/accounts", `{}`)
	require.Equal(t, 201, status, answer)
	var account struct {
		PublicID string `json:"public_id"`
		Secret   string `json:"secret"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &account))
	require.Len(t, account.Secret, 32)
	for _, c := range []struct {
		path, body string
		status     int
		want       string
	}{
		{base, `{"inn":"7707083893"}`, 409, "changes it"},
		{base, `{"inn":"1"}`, 400, "10 or 12 digits"},
		{base, `{"inn":"7707083893","nmae":1}`, 400, "nmae"},
		{base + "/7707083893", `{"address":"Тверь"}`, 200, `"name":"Василёк","address":"Тверь"`},
		{base + "/7707083893", `{"inn":"7708806062"}`, 400, "does not change"},
		{base + "/1/accounts", `{}`, 404, "there is no organisation"},
		{base + "/7707083893/accounts", `{"public_id":"a:b"}`, 400, "colon"},
		{base + "/7707083893/webhooks", `{"type":"Kkt","address":"http://127.0.0.1:1/x"}`, 200, `"method":"GET"`},
		{base + "/7707083893/webhooks", `{"type":"kkt","enabled":false}`, 200, `"address":"http://127.0.0.1:1/x"`},
		{base + "/7707083893/webhooks", `{"type":"Kkt","address":"x"}`, 400, "address"},
		{base + "/7707083893/webhooks", `{"type":"Kkt","account":"pk_demo"}`, 400, "name one"},
		{base + "/7707083893/accounts", `{"public_id":"pk_demo"}`, 201, `"secret":"********"`},
	} {
		status, answer := b.post(c.path, c.body)
		require.Equal(t, c.status, status, "%s %s: %s", c.path, c.body, answer)
		require.Contains(t, answer, c.want)
	}
	for _, path := range []string{base, base + "/7707083893", base + "/7707083893/accounts", base + "/7707083893/webhooks"} {
		status, answer := b.get(path)
		require.Equal(t, 200, status)
		require.Contains(t, answer, account.PublicID)
		require.NotContains(t, answer, account.Secret, "it was shown once")
		require.NotContains(t, answer, FirstSecret)
	}
	for _, e := range b.log.AllEntries() {
		line, err := e.String()
		require.NoError(t, err)
		require.NotContains(t, line, account.Secret)
	}
}

// TestSeeds: what is not there is made, what is there stays as it is.
func TestSeeds(t *testing.T) {
	data := filepath.Join(t.TempDir(), "kktd.db")
	start := func(t *testing.T, register string) *Daemon {
		c := Default()
		c.Data, c.Listen, c.OFDListen, c.Seed, c.Durability = data, "127.0.0.1:0", "127.0.0.1:0", 1, "none"
		var err error
		c.Seeds, err = ParseOrganisations([]byte(section(register)))
		require.NoError(t, err)
		logger, _ := logtest.NewNullLogger()
		d, err := Start(context.Background(), c, clock.Fixed(time.Date(2026, 1, 10, 7, 0, 0, 0, time.UTC)), logger)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Shutdown(context.Background())) })
		return d
	}
	for _, c := range []struct {
		name, register string
		registers      int
	}{
		{"made", `,"ffd":1.05`, 1},
		{"the same again", `,"ffd":1.05`, 1},
		{"another format, and another register", `,"ffd":1.2},{"serial":"78"`, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := start(t, c.register)
			require.Len(t, d.Fleet().Registers(), c.registers)
			r, err := d.Fleet().Register("77")
			require.NoError(t, err)
			require.Equal(t, "1.05", r.Settings().FFD.String())
			_, demo := d.Fleet().Account(FirstPublicID)
			require.False(t, demo)
			a, _ := d.Fleet().Account("pk_v")
			require.Equal(t, secretOfFile, a.Secret)
			require.Equal(t, "http://127.0.0.1:1/hook", d.Fleet().Subscription("pk_v", "cloudkassir", "Receipt").Address)
		})
	}
}
