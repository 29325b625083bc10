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
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Registers: make, show, register, replace the drive",
		Long: `Work with the registers of a running kktd, or with those of a data file when none
runs: the command then starts the body of the daemon on the file, does its work
and stops it. With --addr it talks to the daemon there and nowhere else, with
--data it takes that file.`,
		Example: `  kktd register list
  kktd register show --serial 00000000000000000001
  kktd register list --addr 127.0.0.1:5454 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRegisterListCommand(), newRegisterShowCommand())
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
	Shift *struct {
		Open     bool      `json:"open"`
		Number   uint32    `json:"number"`
		OpenedAt time.Time `json:"opened_at"`
		Receipts uint32    `json:"receipts"`
	} `json:"shift"`
	LastDocument *struct {
		Number   uint32    `json:"number"`
		FormName string    `json:"form_name"`
		Time     time.Time `json:"time"`
	} `json:"last_document"`
	Unsent *struct {
		Count uint32    `json:"count"`
		First uint32    `json:"first"`
		Since time.Time `json:"since"`
	} `json:"unsent"`
	Warnings     []string `json:"warnings"`
	OutOfService string   `json:"out_of_service"`
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
		quiet := *c
		quiet.json = false
		all, err := quiet.registers()
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
			return o.run(cmd, false, func(c *client) error {
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
	switch s := r.Shift; {
	case s == nil:
		return ""
	case s.Open:
		return fmt.Sprintf("%d открыта", s.Number)
	case s.Number != 0:
		return fmt.Sprintf("%d закрыта", s.Number)
	}
	return "не было"
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
			return o.run(cmd, false, func(c *client) error {
				path, err := c.path(serial)
				if err != nil {
					return err
				}
				var r registerAnswer
				if err := c.call(http.MethodGet, path, nil, &r); err != nil || c.json {
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
