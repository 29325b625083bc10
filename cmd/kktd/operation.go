package main

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// operationAnswer is the answer of the control API to an operation.
type operationAnswer struct {
	Documents []struct {
		Drive      uint64    `json:"drive"`
		Number     uint32    `json:"number"`
		FormName   string    `json:"form_name"`
		Time       time.Time `json:"time"`
		FiscalSign uint32    `json:"fiscal_sign"`
	} `json:"documents"`
	Lost     *uint32        `json:"lost"`
	Register registerAnswer `json:"register"`
	Account  *struct {
		PublicID string `json:"public_id"`
		Secret   string `json:"secret"`
	} `json:"account"`
}

// operationCommand is a command that is one POST to a register.
type operationCommand struct {
	use, short, long, example string
	path                      []string // behind registers/{serial}
	settings                  settingFlags
}

func (x operationCommand) command() *cobra.Command {
	var o clientFlags
	var serial string
	cmd := &cobra.Command{
		Use: x.use, Short: x.short, Long: x.long, Example: x.example, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd, false, func(c *client) error {
				path, err := c.path(serial, x.path...)
				if err != nil {
					return err
				}
				return c.operate(path, x.settings.body())
			})
		},
	}
	addSerialFlag(cmd, &serial)
	x.settings.addTo(cmd)
	o.addFlags(cmd.Flags())
	return cmd
}

// operate makes a change and prints what came of it.
func (c *client) operate(path string, body map[string]any) error {
	var a operationAnswer
	if err := c.call(http.MethodPost, path, body, &a); err != nil || c.json {
		return err
	}
	return printOperation(c.out, &a)
}

func printOperation(w io.Writer, a *operationAnswer) error {
	t := table(w)
	for _, d := range a.Documents {
		fmt.Fprintf(t, "Документ %d\t%s\t%s\tФП %010d\n", d.Number, d.FormName, d.Time.Format(timeFormat), d.FiscalSign)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	r := &a.Register
	fmt.Fprintf(w, "Касса %s, ФН %s, %s", r.Serial, r.Drive.Number, r.phase())
	if r.Unsent != nil && r.Shift != nil {
		fmt.Fprintf(w, ", смена %s, не передано %d", r.shift(), r.Unsent.Count)
	}
	fmt.Fprintln(w)
	if a.Account != nil {
		fmt.Fprintf(w, "ИНН %s, РНМ %s, Public ID %s, API Secret %s\n", r.INN, r.RegNumber, a.Account.PublicID, a.Account.Secret)
	}
	if a.Lost != nil && *a.Lost != 0 {
		fmt.Fprintf(w, "Не дошло до ОФД и пропало с памятью ФН: %d\n", *a.Lost)
	}
	return nil
}

// groupCommand holds commands; alone it shows its help.
func groupCommand(use, short, example string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Example: example,
		Args: cobra.NoArgs, // an unknown command is an error, not a request for help
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

func newShiftCommand() *cobra.Command {
	return groupCommand("shift", "Shifts: open, close, status", "  kktd shift open --cashier 'Иванова И.И.'\n  kktd shift status\n  kktd shift close",
		operationCommand{use: "open", short: "Open a shift: document 2", path: []string{"shift", "open"}, settings: newSettingFlags().person(),
			example: "  kktd shift open --cashier 'Иванова И.И.'"}.command(),
		operationCommand{use: "close", short: "Close the shift: document 5", path: []string{"shift", "close"}, settings: newSettingFlags().person(),
			example: "  kktd shift close --serial 00000000000000000001"}.command(),
		newShiftStatusCommand())
}

func newShiftStatusCommand() *cobra.Command {
	var o clientFlags
	var serial string
	cmd := &cobra.Command{
		Use: "status", Short: "Show the shift", Example: "  kktd shift status", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.look(cmd, func(c *client) error {
				var s shiftAnswer
				if more, err := c.look(serial, &s, "shift"); !more {
					return err
				}
				t := table(c.out)
				fmt.Fprintf(t, "Смена\t%s\n", s.words())
				if s.Number != 0 {
					fmt.Fprintf(t, "Открыта\t%s\nЧеков\t%d\nДокументов\t%d\n", s.OpenedAt.Format(timeFormat), s.Receipts, s.Documents)
				}
				return t.Flush()
			})
		},
	}
	addSerialFlag(cmd, &serial)
	o.addFlags(cmd.Flags())
	return cmd
}

func newReportCommand() *cobra.Command {
	return groupCommand("report", "Reports: state of settlements", "  kktd report state",
		operationCommand{use: "state", short: "Report on the state of settlements: document 21", path: []string{"reports", "state"},
			settings: newSettingFlags(), example: "  kktd report state --json"}.command())
}
