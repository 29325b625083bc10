package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func newRegisterCommand() *cobra.Command {
	cmd := groupCommand("register", "Registers: make, show, register, replace the drive", `  kktd register new --inn 7702203276 --ffd 1.2 --conditions services
  kktd register list
  kktd register reregister --place shop.example.com
  kktd register replace-drive --drive-model 15`,
		newRegisterNewCommand(), newRegisterListCommand(), newRegisterShowCommand(),
		newRegisterResetCommand(), newRegisterCloneCommand(), newRegisterDeleteCommand(),
		newRegisterExportCommand(), newRegisterImportCommand(),
		newSnapshotCommand(), newSnapshotListCommand(), newRestoreCommand(), newSnapshotDeleteCommand())
	cmd.Long = `Work with the registers of a running kktd, or with those of a data file when none
runs: the command then starts the body of the daemon on the file, does its work,
waits up to 5 s for the tickets of the OFD and stops it. With --addr it talks to
the daemon there and nowhere else, with --data it takes that file.

The exit code is 1 when the drive or kktd refuses.`
	for _, x := range []operationCommand{
		{use: "fiscalize", short: "Register a blank drive: document 1", path: []string{"fiscalize"}, settings: newSettingFlags().registration(),
			example: "  kktd register fiscalize\n  kktd register fiscalize --ffd 1.05 --conditions none --place 'касса 1'"},
		{use: "reregister", short: "Change the registration: document 11", path: []string{"reregister"}, settings: newSettingFlags().registration().reasons(),
			long: `Change the registration with document 11. Only what is given changes. The reasons
of the change (1101, 1205) are those of what differs and those of --reasons. An open
shift is closed before it.`,
			example: "  kktd register reregister --place shop.example.com --tax-systems osn,patent\n  kktd register reregister --automatic --automat-number A-17\n  kktd register reregister --reasons 6"},
		{use: "replace-drive", short: "Put a new drive in: document 6, then document 11", path: []string{"replace-drive"},
			settings: newSettingFlags().drive().registration().reasons(),
			long: `Put a new drive in. The old one is closed with document 6, unless it is closed
already, and the new one begins with document 11. What the old drive has not sent
still goes to the OFD; its documents stay readable.`,
			example: "  kktd register replace-drive\n  kktd register replace-drive --drive-number 9999078900001234 --drive-model 15"},
		{use: "close-drive", short: "Close the drive: document 6", path: []string{"close-drive"}, settings: newSettingFlags().person(),
			long: `Close the drive with document 6, its last one. Documents still go to the OFD: with
the last ticket the drive goes over to the archive.`,
			example: "  kktd register close-drive"},
	} {
		cmd.AddCommand(x.command())
	}
	return cmd
}

func newRegisterNewCommand() *cobra.Command {
	var o clientFlags
	settings := newSettingFlags()
	settings.flags.String("serial", "", "serial number (1013), up to 20 characters; made when not given")
	settings.flags.String("inn", "", "INN of the user (1018)")
	settings.flags.String("account", "", "public id of the account that may use the register; not needed when there is only one")
	settings.flags.String("secret", "", "API secret of --account: makes the account when it is not there")
	settings.flags.Bool("fresh", false, "an organisation and an account of its own, which go with the register; --inn, --account and --secret are made when not given")
	settings.flags.Bool("blank", false, "leave the drive blank, for kktd register fiscalize")
	settings.registration().drive()
	cmd := &cobra.Command{
		Use: "new", Short: "Make a register with a new drive and register it: document 1",
		Long: `Make a register with a new drive and register it with document 1. What is not given
is made or gets its default: numbers of register and drive, a registration number
with right check digits, the test OFD, all taxation systems. The answer has the account
that may use it. Without a daemon a data file that is not there is made, with the
account pk_demo, secret_demo.`,
		Example: `  kktd register new
  kktd register new --inn 7702203276 --serial 000000000002 --ffd 1.05 --conditions none
  kktd register new --fresh --json
  kktd register new --automatic --automat-number A-17 --conditions vending,printer --drive-model 15`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd, true, func(c *client) error { return c.operate("registers", settings.body()) })
		},
	}
	settings.addTo(cmd)
	o.addFlags(cmd.Flags())
	return cmd
}

// registerAnswer is what commands read of a register.
type registerAnswer struct {
	Serial    string `json:"serial"`
	INN       string `json:"inn"`
	UserName  string `json:"user_name"`
	RegNumber string `json:"reg_number"`
	FFD       string `json:"ffd"`
	Drive     struct {
		ID         uint64 `json:"id"`
		Number     string `json:"number"`
		Model      int    `json:"model"`
		Phase      string `json:"phase"`
		Documents  uint32 `json:"documents"`
		Capacity   uint32 `json:"capacity"`
		ValidUntil string `json:"valid_until"`
		DaysLeft   int    `json:"days_left"`
	} `json:"drive"`
	Shift        *shiftAnswer `json:"shift"`
	LastDocument *struct {
		Number   uint32    `json:"number"`
		FormName string    `json:"form_name"`
		Time     time.Time `json:"time"`
	} `json:"last_document"`
	Unsent *struct {
		Count uint32    `json:"count"`
		Sent  uint32    `json:"sent"`
		First uint32    `json:"first"`
		Since time.Time `json:"since"`
	} `json:"unsent"`
	Warnings     []string `json:"warnings"`
	OutOfService string   `json:"out_of_service"`
}

// shiftAnswer is what commands read of a shift.
type shiftAnswer struct {
	Open      bool      `json:"open"`
	Number    uint32    `json:"number"`
	OpenedAt  time.Time `json:"opened_at"`
	Receipts  uint32    `json:"receipts"`
	Documents uint32    `json:"documents"`
}

func (s *shiftAnswer) words() string {
	switch {
	case s.Open:
		return fmt.Sprintf("%d открыта", s.Number)
	case s.Number != 0:
		return fmt.Sprintf("%d закрыта", s.Number)
	}
	return "ещё не открывалась"
}

// listAnswer is a page of a list.
type listAnswer[T any] struct {
	Items []T `json:"items"`
	Next  any `json:"next"`
}

// registers are all registers.
func (c *client) registers() (all []registerAnswer, err error) {
	for after := ""; ; {
		var page listAnswer[registerAnswer]
		if err := c.call(http.MethodGet, "registers?limit=1000&after="+url.QueryEscape(after), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		next, more := page.Next.(string)
		if !more {
			return all, nil
		}
		after = next
	}
}

// path is the path of a register and of what is in it. Without a serial number it
// is the only register there is.
func (c *client) path(serial string, parts ...string) (string, error) {
	if serial == "" {
		all, err := c.quiet().registers()
		switch {
		case err != nil:
			return "", err
		case len(all) == 0:
			return "", fmt.Errorf("there is no register; make one with kktd register new")
		case len(all) > 1:
			var names []string
			for _, r := range all {
				names = append(names, r.Serial)
			}
			return "", fmt.Errorf("there are %d registers; choose one with --serial: %s", len(all), strings.Join(names, ", "))
		}
		serial = all[0].Serial
	}
	return strings.Join(append([]string{"registers", url.PathEscape(serial)}, parts...), "/"), nil
}

// look asks for what stands behind the path of a register. It reports whether that
// is still to be printed: with --json it is already.
func (c *client) look(serial string, v any, parts ...string) (bool, error) {
	path, err := c.path(serial, parts...)
	if err != nil {
		return false, err
	}
	err = c.call(http.MethodGet, path, nil, v)
	return err == nil && !c.json, err
}

func addSerialFlag(cmd *cobra.Command, serial *string) {
	cmd.Flags().StringVar(serial, "serial", "", "serial number of the register; not needed when there is only one")
}

func newRegisterListCommand() *cobra.Command {
	var o clientFlags
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the registers",
		Example: "  kktd register list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.look(cmd, func(c *client) error {
				all, err := c.registers()
				if err != nil || c.json {
					return err
				}
				return printRegisters(c.out, all)
			})
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func printRegisters(w io.Writer, all []registerAnswer) error {
	t := table(w)
	fmt.Fprintln(t, "КАССА\tИНН\tФН\tФФД\tФАЗА\tДОКУМЕНТЫ\tСМЕНА\tНЕ ПЕРЕДАНО\tПРЕДУПРЕЖДЕНИЯ")
	for _, r := range all {
		documents, shift, unsent := "", "", ""
		if r.OutOfService == "" {
			documents, shift, unsent = fmt.Sprint(r.Drive.Documents), r.shift(), fmt.Sprint(r.Unsent.Count)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Serial, r.INN, r.Drive.Number, r.FFD, r.phase(), documents, shift, unsent,
			strings.Join(r.Warnings, ", "))
	}
	return t.Flush()
}

func table(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

// phaseWords are the phases of a drive in Russian (spec/fn.md 2).
var phaseWords = map[string]string{"setup": "настройка", "ready": "готов к фискализации", "fiscal": "фискальный режим",
	"post-fiscal": "постфискальный режим", "archive": "архив"}

func (r *registerAnswer) phase() string {
	if r.OutOfService != "" {
		return "не работает"
	}
	return phaseWords[r.Drive.Phase]
}

func (r *registerAnswer) shift() string {
	if r.Shift == nil {
		return ""
	}
	return r.Shift.words()
}

func newRegisterShowCommand() *cobra.Command {
	var o clientFlags
	var serial string
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show a register",
		Example: "  kktd register show\n  kktd register show --serial 00000000000000000001 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.look(cmd, func(c *client) error {
				var r registerAnswer
				if more, err := c.look(serial, &r); !more {
					return err
				}
				return printRegister(c.out, &r)
			})
		},
	}
	o.addFlags(cmd.Flags())
	addSerialFlag(cmd, &serial)
	return cmd
}

const timeFormat = "02.01.2006 15:04"

func printRegister(w io.Writer, r *registerAnswer) error {
	t := table(w)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t"+format+"\n", append([]any{name}, args...)...)
	}
	line("Касса", "%s", r.Serial)
	line("Пользователь", "%s, ИНН %s", r.UserName, r.INN)
	line("РНМ", "%s", r.RegNumber)
	line("ФФД", "%s", r.FFD)
	line("ФН", "%s, %d мес., %s", r.Drive.Number, r.Drive.Model, r.phase())
	if r.OutOfService != "" {
		line("Причина", "%s", r.OutOfService)
		return t.Flush()
	}
	line("Смена", "%s", r.shift())
	if d := r.LastDocument; d != nil {
		line("Документ", "%d, %s, %s", d.Number, d.FormName, d.Time.Format(timeFormat))
	}
	line("Не передано", "%d", r.Unsent.Count)
	if len(r.Warnings) > 0 {
		line("Внимание", "%s", strings.Join(r.Warnings, ", "))
	}
	return t.Flush()
}
