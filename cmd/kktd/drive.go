package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"kktd/ffd"
)

func newDriveCommand() *cobra.Command {
	cmd := groupCommand("drive", "The fiscal drive: status, documents, export", `  kktd drive status
  kktd drive documents --after 10
  kktd drive document 3
  kktd drive registrations
  kktd drive export --out drive.bin && kktd tlv decode drive.bin`,
		newDriveStatusCommand(), newDriveListCommand(), newDriveDocumentsCommand(), newDriveDocumentCommand(), newDriveRegistrationsCommand(), newDriveExportCommand())
	return cmd
}

// driveFlags choose a drive of a register.
type driveFlags struct {
	client clientFlags
	serial string
	drive  uint64
}

func (o *driveFlags) addFlags(cmd *cobra.Command) {
	addSerialFlag(cmd, &o.serial)
	cmd.Flags().Uint64Var(&o.drive, "drive", 0, "id of a drive that was replaced or wiped, as drive list shows it; not given: the one in the register")
	o.client.addFlags(cmd.Flags())
}

// path is the path of something of the drive.
func (o *driveFlags) path(c *client, parts ...string) (string, error) {
	if o.drive != 0 {
		parts = append([]string{"drives", strconv.FormatUint(o.drive, 10)}, parts...)
	}
	return c.path(o.serial, parts...)
}

// drivePath is path for what the control API has under drive and drives/{drive}.
func (o *driveFlags) drivePath(c *client, parts ...string) (string, error) {
	if o.drive == 0 {
		parts = append([]string{"drive"}, parts...)
	}
	return o.path(c, parts...)
}

// driveAnswer is the drive at a glance.
type driveAnswer struct {
	ID            uint64      `json:"id"`
	Number        string      `json:"number"`
	Model         int         `json:"model"`
	Phase         string      `json:"phase"`
	Documents     uint32      `json:"documents"`
	Capacity      uint32      `json:"capacity"`
	FillPercent   float64     `json:"fill_percent"`
	ValidUntil    string      `json:"valid_until"`
	DaysLeft      int         `json:"days_left"`
	Registrations int         `json:"registrations"`
	Left          int         `json:"registrations_left"`
	Shift         shiftAnswer `json:"shift"`
	LastDocument  *struct {
		Number   uint32    `json:"number"`
		FormName string    `json:"form_name"`
		Time     time.Time `json:"time"`
	} `json:"last_document"`
	Unsent struct {
		Count      uint32    `json:"count"`
		First      uint32    `json:"first"`
		Since      time.Time `json:"since"`
		AgeSeconds int64     `json:"age_seconds"`
	} `json:"unsent"`
	Warnings []struct {
		What   string `json:"what_ru"`
		Action string `json:"do_ru"`
	} `json:"warnings"`
}

func newDriveStatusCommand() *cobra.Command {
	var o clientFlags
	var serial string
	cmd := &cobra.Command{
		Use: "status", Short: "Show the drive at a glance", Example: "  kktd drive status\n  kktd drive status --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.look(cmd, func(c *client) error {
				var d driveAnswer
				if more, err := c.look(serial, &d, "drive"); !more {
					return err
				}
				return printDrive(c.out, &d)
			})
		},
	}
	addSerialFlag(cmd, &serial)
	o.addFlags(cmd.Flags())
	return cmd
}

func printDrive(w io.Writer, d *driveAnswer) error {
	t := table(w)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t"+format+"\n", append([]any{name}, args...)...)
	}
	line("ФН", "%s, исполнение %d месяцев, отладочный", d.Number, d.Model)
	line("Фаза", "%s", phaseWords[d.Phase])
	line("Смена", "%s", d.Shift.words())
	line("Документы", "%d из %d, занято %.2f %%", d.Documents, d.Capacity, d.FillPercent)
	if x := d.LastDocument; x != nil {
		line("Последний", "№ %d, %s, %s", x.Number, x.FormName, x.Time.Format(timeFormat))
	}
	if d.ValidUntil != "" {
		line("Срок", "до %s, осталось дней: %d", d.ValidUntil, d.DaysLeft)
		line("Регистраций", "%d, осталось %d", d.Registrations, d.Left)
	}
	if u := d.Unsent; u.Count == 0 {
		line("Не передано", "0")
	} else {
		line("Не передано", "%d, первый № %d от %s, ждёт %v", u.Count, u.First, u.Since.Format(timeFormat), time.Duration(u.AgeSeconds)*time.Second)
	}
	for _, x := range d.Warnings {
		line("Внимание", "%s: %s", x.What, x.Action)
	}
	return t.Flush()
}

func newDriveDocumentsCommand() *cobra.Command {
	var o driveFlags
	var after uint32
	var limit int
	cmd := &cobra.Command{
		Use: "documents", Short: "List the documents of the drive", Args: cobra.NoArgs,
		Example: "  kktd drive documents\n  kktd drive documents --after 100 --limit 50\n  kktd drive documents --drive 1",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.client.look(cmd, func(c *client) error {
				path, err := o.path(c, "documents")
				if err != nil {
					return err
				}
				var page listAnswer[struct {
					Number     uint32    `json:"number"`
					FormName   string    `json:"form_name"`
					Time       time.Time `json:"time"`
					FiscalSign uint32    `json:"fiscal_sign"`
					Size       int       `json:"size"`
					Confirmed  bool      `json:"confirmed"`
					Error      string    `json:"error"`
				}]
				path = fmt.Sprintf("%s?after=%d&limit=%d", path, after, limit)
				if err := c.call(http.MethodGet, path, nil, &page); err != nil || c.json {
					return err
				}
				t := table(c.out)
				fmt.Fprintln(t, "НОМЕР\tДОКУМЕНТ\tВРЕМЯ\tФП\tБАЙТ\tОФД")
				for _, d := range page.Items {
					confirmed := "не передан"
					if d.Confirmed {
						confirmed = "принят"
					}
					if d.Error != "" {
						fmt.Fprintf(t, "%d\t%s\n", d.Number, d.Error)
						continue
					}
					fmt.Fprintf(t, "%d\t%s\t%s\t%010d\t%d\t%s\n", d.Number, d.FormName, d.Time.Format(timeFormat), d.FiscalSign, d.Size, confirmed)
				}
				if page.Next != nil {
					fmt.Fprintf(t, "дальше: --after %v\n", page.Next)
				}
				return t.Flush()
			})
		},
	}
	cmd.Flags().Uint32Var(&after, "after", 0, "begin behind this number")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many, up to 100000")
	o.addFlags(cmd)
	return cmd
}

func newDriveDocumentCommand() *cobra.Command {
	var o driveFlags
	var view tlvView
	cmd := &cobra.Command{
		Use: "document N", Short: "Show a document of the drive with its tags and its ticket", Args: cobra.ExactArgs(1),
		Example: "  kktd drive document 3\n  kktd drive document 3 --json\n  kktd drive document 1 --drive 1",
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.ParseUint(args[0], 10, 32)
			if err != nil || n == 0 {
				return fmt.Errorf("document %q: want a number from 1 on", args[0])
			}
			v, err := view.get(cmd)
			if err != nil {
				return err
			}
			return o.client.look(cmd, func(c *client) error {
				path, err := o.path(c, "documents", strconv.FormatUint(n, 10))
				if err != nil {
					return err
				}
				var d documentAnswer
				if err := c.call(http.MethodGet, path, nil, &d); err != nil || c.json {
					return err
				}
				if path, err = o.drivePath(c, "records", strconv.FormatUint(n, 10)); err != nil {
					return err
				}
				if err := c.call(http.MethodGet, path, nil, &d.record); err != nil {
					return err
				}
				return d.print(c.out, v)
			})
		},
	}
	view.addFlags(cmd)
	o.addFlags(cmd)
	return cmd
}

// documentAnswer is what commands read of a document.
type documentAnswer struct {
	TLV    []byte `json:"tlv"`
	Ticket *struct {
		Time        time.Time `json:"time"`
		OperatorINN string    `json:"operator_inn"`
		Code        int       `json:"code"`
	} `json:"ticket"`
	Error string `json:"error"`

	record struct {
		Answers map[string]string `json:"answers"`
	}
}

func (d *documentAnswer) print(w io.Writer, v ffd.View) error {
	if d.Error != "" {
		return fmt.Errorf("the document cannot be read: %s", d.Error)
	}
	if _, err := w.Write(v.AppendTree(nil, ffd.Decode(d.TLV, 0))); err != nil {
		return err
	}
	ticket := "\nКвитанции ОФД нет\n"
	if t := d.Ticket; t != nil {
		ticket = fmt.Sprintf("\nКвитанция ОФД с ИНН %s от %s, код %d\n", t.OperatorINN, t.Time.Format(timeFormat), t.Code)
	}
	for _, command := range [...]string{"40h", "41h", "43h", "45h"} {
		if answer, ok := d.record.Answers[command]; ok {
			ticket += "Ответ ФН на " + command + ": " + answer + "\n"
		}
	}
	_, err := io.WriteString(w, ticket)
	return err
}
