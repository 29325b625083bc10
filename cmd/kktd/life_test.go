package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/daemon"
	"kktd/ofdproto"
)

const lifeReceipt = `{"Inn":"7702203276","Type":"Income","CustomerReceipt":{"Items":[{"Label":"Чай","Price":100.50,"Quantity":2,"Amount":201,"Vat":22}],"Amounts":{"Electronic":201}}}`

func sell(t *testing.T, url string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url+"/kkt/receipt", strings.NewReader(lifeReceipt))
	require.NoError(t, err)
	r.SetBasicAuth(daemon.FirstPublicID, daemon.FirstSecret)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"Success":true`)
}

// The whole life of a register through the commands, on a file without a daemon
// and with one.
func TestLifeThroughTheCommands(t *testing.T) {
	for _, withDaemon := range []bool{false, true} {
		t.Run(map[bool]string{false: "file", true: "daemon"}[withDaemon], func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "life.db")
			where := []string{"--data", data}
			receipt := func() {
				d := startDaemon(t, data)
				sell(t, d.URL())
				require.NoError(t, d.Shutdown(context.Background()))
			}
			if withDaemon {
				d := startDaemon(t, data)
				where = []string{"--addr", d.HTTPAddr()}
				receipt = func() { sell(t, d.URL()) }
			}
			run := func(line string) (string, error) {
				t.Helper()
				return kktd(t, append(strings.Fields(line), where...)...)
			}
			must := func(line string, want ...string) string {
				t.Helper()
				out, err := run(line)
				require.NoError(t, err, line)
				for _, w := range want {
					require.Contains(t, out, w, line)
				}
				return out
			}
			await := func(line, want string) {
				t.Helper()
				require.Eventually(t, func() bool {
					out, err := run(line)
					return err == nil && strings.Contains(out, want)
				}, 20*time.Second, 20*time.Millisecond, "%s: %s", line, want)
			}

			must("register new --serial 77 --inn 7702203276 --drive-number 9999078900001111", "Документ 1", "Отчет о регистрации", "фискальный режим")
			must("register list", "77", "7702203276")
			must("shift open --serial 77", "Отчет об открытии смены", "смена 1 открыта")
			_, err := run("shift open --serial 77")
			require.ErrorContains(t, err, "код 02h")
			require.ErrorContains(t, err, "что делать: ")
			receipt()
			must("shift status --serial 77", "1 открыта", "Чеков")
			must("report state --serial 77", "Документ 4", "Отчет о текущем состоянии расчетов")
			must("shift close --serial 77", "Отчет о закрытии смены")
			must("register reregister --serial 77 --place shop.example.com --reasons 31", "Отчет об изменении параметров регистрации")
			must("register replace-drive --serial 77 --drive-number 9999078900002222 --drive-model 15", "Документ 7", "Документ 1", "9999078900002222")
			id := "1"
			if withDaemon {
				id = "2" // the register of the first start has drive 1
			}
			must("drive document 3 --serial 77 --drive "+id, "Чай", "9999078900001111")
			await("drive document 7 --serial 77 --drive "+id, "Квитанция ОФД с ИНН 9999000013")
			list := must("drive documents --serial 77 --drive " + id)
			require.Equal(t, 7, strings.Count(list, "принят"), list)
			require.NotContains(t, list, "не передан")
			must("register close-drive --serial 77", "Отчет о закрытии фискального накопителя")
			await("drive status --serial 77", "архив")
			must("drive status --serial 77 --json", `"phase":"archive"`, `"fill_percent"`)

			file := filepath.Join(t.TempDir(), "drive.bin")
			must("drive export --serial 77 --out " + file)
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			c, err := ofdproto.ParseContainer(raw[:int(raw[0])|int(raw[1])<<8])
			require.NoError(t, err)
			require.EqualValues(t, 1, c.Number)
			out, err := kktd(t, "tlv", "decode", file)
			require.NoError(t, err)
			require.Contains(t, out, "Отчет о закрытии фискального накопителя")

			sent := filepath.Join(t.TempDir(), "sent.bin")
			must("drive export --tickets --serial 77 --out " + sent)
			out, err = kktd(t, "tlv", "decode", sent)
			require.NoError(t, err)
			require.Equal(t, 2, strings.Count(out, "Подтверждение оператора"), "of both documents")
			must("drive registrations --serial 77 --drive "+id, "ИНДЕКС", "2       6 ", "3,31")
			must("drive registrations 2 --serial 77 --drive "+id, "Документ", "1209", "b904010004")
			must("drive document 6 --serial 77 --drive "+id, "Ответ ФН на 43h")
			_, err = run("drive registrations 3 --serial 77 --drive " + id)
			require.ErrorContains(t, err, "код 08h")
			_, err = run("drive export --drive 99 --serial 77 --out " + sent)
			require.ErrorContains(t, err, "no drive 99")
			left, err := filepath.Glob(filepath.Join(filepath.Dir(sent), "*"))
			require.NoError(t, err)
			require.Equal(t, []string{sent}, left)
			again, err := kktd(t, "tlv", "decode", sent)
			require.NoError(t, err)
			require.Equal(t, out, again, "what was there stays")

			must("register reset --serial 77", "готов к фискализации")
			must("drive list --serial 77", "9999078900001111", "архив", "заменён", "9999078900002222", "стёрт", "в кассе")
			must("register fiscalize --serial 77 --ffd 1.1 --conditions bso --tax-systems patent,osn --agents agent", "Документ 1", "Отчет о регистрации")
			must("register show --serial 77 --json", `"tax_systems":["patent","osn"]`, `"conditions":["bso"]`, `"agents":["agent"]`, `"ffd":"1.1"`)
			must("register show --serial 77", "9999078900002222", "фискальный режим")
			if !withDaemon {
				must("fsck", "clean")
			}
		})
	}
}

// A command that only looks at a file sends nothing of it to an OFD.
func TestLookingDeliversNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "look.db")
	t.Setenv("KKTD_OFD", "none")
	_, err := kktd(t, "register", "new", "--data", data)
	require.NoError(t, err)
	require.NoError(t, os.Unsetenv("KKTD_OFD"))
	for _, line := range []string{"register list", "register show", "shift status", "drive status", "drive list", "drive documents", "drive document 1",
		"drive registrations", "drive export --out " + filepath.Join(t.TempDir(), "x")} {
		_, err := kktd(t, append(strings.Fields(line), "--data", data)...)
		require.NoError(t, err, line)
	}
	out, err := kktd(t, "drive", "documents", "--data", data)
	require.NoError(t, err)
	require.Contains(t, out, "не передан")
	_, err = kktd(t, "report", "state", "--data", data)
	require.NoError(t, err)
	out, err = kktd(t, "drive", "documents", "--data", data)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(out, "принят"), out)
}

func TestCommandsRefuse(t *testing.T) {
	data := filepath.Join(t.TempDir(), "x.db")
	_, err := kktd(t, "register", "new", "--data", data)
	require.NoError(t, err)
	_, err = kktd(t, "register", "new", "--data", data, "--blank", "--inn", "7702203276")
	require.NoError(t, err)
	for _, c := range []struct{ line, want string }{
		{"shift open", "choose one with --serial: 00000000000000000001, 00000000000000000002"},
		{"register show --serial 5", `no register "5"`},
		{"register show 00000000000000000001", "named as --serial 00000000000000000001"},
		{"register restore", "want kktd register restore NAME"},
		{"register restore 00000000000000000001 clean", "named as --serial 00000000000000000001"},
		{"register new --conditions sport", "gambling"},
		{"register new --encryption", "1056"},
		{"register new --serial 00000000000000000001", "касса с таким номером уже есть"},
		{"shift open --serial 00000000000000000002", "зарегистрируйте ККТ"},
		{"register reset --serial 00000000000000000002", "blank already"},
		{"drive document 0 --serial 00000000000000000001", "want a number"},
		{"drive document 9 --serial 00000000000000000001", "document 9"},
		{"drive documents --drive 9 --serial 00000000000000000001", "no drive 9"},
		{"register reregister --serial 00000000000000000001 --reasons 0", "1 to 21"},
	} {
		t.Run(c.line, func(t *testing.T) {
			_, err := kktd(t, append(strings.Fields(c.line), "--data", data)...)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, exitError, report(io.Discard, err))
		})
	}
	out, err := kktd(t, "shift", "close", "--data", data, "--serial", "00000000000000000001", "--json")
	require.Error(t, err)
	require.Contains(t, out, `"code":"refused"`)
	require.Contains(t, out, `"code":"02h"`)
}

func TestHelpOfTheCommands(t *testing.T) {
	for _, line := range []string{"register", "shift", "report", "drive", "register new --help", "drive export --help", "register replace-drive --help"} {
		out, err := kktd(t, strings.Fields(line)...)
		require.NoError(t, err)
		require.Contains(t, out, "Examples:\n  kktd ", line)
	}
	_, err := kktd(t, "register", "nwe")
	require.ErrorContains(t, err, "unknown command")
}
