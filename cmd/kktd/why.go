package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kktd/diagnosis"
	"kktd/ffd"
)

// langFlag chooses the language of what is told.
type langFlag struct{ lang string }

func (o *langFlag) addFlag(f *pflag.FlagSet) {
	f.StringVar(&o.lang, "lang", "", "language: ru or en; without it that of LC_ALL, LC_MESSAGES or LANG, Russian when they name another")
}

// language is the one asked for, or that of the environment.
func (o *langFlag) language() (ffd.Lang, error) {
	if o.lang != "" {
		l, err := ffd.ParseLang(o.lang)
		if err != nil {
			err = fmt.Errorf("--lang: %w", err)
		}
		return l, err
	}
	for _, name := range [...]string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "en") {
				return ffd.English, nil
			}
			break
		}
	}
	return ffd.Russian, nil
}

// idDigits is how long the id of a receipt is.
const idDigits = 32

func newWhyCommand() *cobra.Command {
	var o clientFlags
	var lang langFlag
	var last int
	var invoice string
	cmd := &cobra.Command{
		Use:   "why [ID]",
		Short: "Tell what became of a receipt, why, and what to do",
		Long: `Tell the story of a receipt of a running kktd: the request and its checks, the
register that was chosen and why the others were not, documents, delivery to the
OFD, ticket, notifications; and what is wrong with what to do about it.

A request that was refused has no receipt and no id: --last shows the last ones,
--invoice those of one InvoiceId. They are kept in memory until the daemon ends.`,
		Example: `  kktd why c926e19be837c5090e37d76c4c30f05d
  kktd why c926e19be837c5090e37d76c4c30f05d --lang en
  kktd why --last 5
  kktd why --invoice 1234567`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lang.language()
			if err != nil {
				return err
			}
			// A flag whose value may be left out takes none behind a space; no id is so short.
			if n, err := strconv.Atoi(strings.Join(args, " ")); err == nil && len(args[0]) < idDigits && cmd.Flags().Changed("last") {
				last, args = n, nil
			}
			if last < 1 {
				return fmt.Errorf("--last: %d, want 1 or more", last)
			}
			listed := cmd.Flags().Changed("last") || invoice != ""
			if len(args) == 1 && listed || len(args) == 0 && !listed {
				return errors.New("want the id of a receipt, or --last (--last 5 for five), or --invoice")
			}
			c, err := o.reach(cmd)
			if err != nil {
				return err
			}
			if listed {
				return c.refusals(last, invoice, l)
			}
			return c.why(args[0], l)
		},
	}
	f := cmd.Flags()
	o.addFlags(f)
	for _, name := range [...]string{"data", "config"} {
		_ = f.MarkHidden(name) // it asks a daemon that runs
	}
	lang.addFlag(f)
	f.IntVar(&last, "last", 10, "the last so many refused requests")
	f.Lookup("last").NoOptDefVal = "10"
	f.StringVar(&invoice, "invoice", "", "refused requests with this InvoiceId")
	return cmd
}

func (c *client) why(id string, l ffd.Lang) error {
	var rec struct {
		Request string           `json:"request"`
		Story   *diagnosis.Story `json:"story"`
	}
	err := c.call(http.MethodGet, "receipts/"+url.PathEscape(id)+"?lang="+l.String(), nil, &rec)
	if answer := (*answerError)(nil); errors.As(err, &answer) && answer.Status == http.StatusNotFound {
		return fmt.Errorf("%w; a refused request makes no receipt: kktd why --last shows them", err)
	}
	if err != nil || c.json {
		return err
	}
	if rec.Story == nil {
		return errors.New("the daemon tells no story of receipts; is it of another version?")
	}
	s := rec.Story
	fmt.Fprintf(c.out, "%s  %s\n", mark(s.Verdict.Level), s.Verdict.Text)
	for i := range s.Causes {
		printRemark(c.out, "", &s.Causes[i])
	}
	about := ""
	for i := range s.Steps {
		r := &s.Steps[i]
		if r.About != about {
			about = r.About
			fmt.Fprintf(c.out, "\n%s\n", stepTitle(l, about))
		}
		printRemark(c.out, "", r)
		if about == "request" && rec.Request != "" {
			fmt.Fprintf(c.out, "        %s\n", strings.ReplaceAll(strings.TrimSpace(rec.Request), "\n", "\n        "))
		}
	}
	return nil
}

// printRemark prints a remark as a line, with what to do on the next.
func printRemark(w io.Writer, about string, r *diagnosis.Remark) {
	line := "  " + mark(r.Level) + "  "
	if r.Time != nil {
		line += r.Time.Format(time.RFC3339) + "  "
	}
	fmt.Fprintf(w, "%s%s%s\n", line, about, r.Text)
	if r.Do != "" {
		fmt.Fprintf(w, "         -> %s\n", r.Do)
	}
}

// mark is a level in five columns.
func mark(l diagnosis.Level) string {
	short := map[diagnosis.Level]string{diagnosis.OK: "ok", diagnosis.Waiting: "wait", diagnosis.Warning: "warn", diagnosis.Error: "ERROR"}[l]
	return fmt.Sprintf("%-5s", short)
}

// stepTitle is the heading of a step.
func stepTitle(l ffd.Lang, about string) string {
	if l == ffd.English {
		return about
	}
	if ru, ok := map[string]string{"request": "запрос", "checks": "проверки", "registers": "кассы", "documents": "документы", "commit": "запись",
		"ofd": "ОФД", "notifications": "уведомления", "replays": "повторы"}[about]; ok {
		return ru
	}
	return about
}

func (c *client) refusals(last int, invoice string, l ffd.Lang) error {
	q := url.Values{"limit": {fmt.Sprint(diagnosis.MaxRefusals)}}
	if invoice != "" {
		q.Set("invoice", invoice)
	} else {
		q.Set("last", fmt.Sprint(last))
	}
	var list struct{ Items []diagnosis.Refusal }
	if err := c.call(http.MethodGet, "refusals?"+q.Encode(), nil, &list); err != nil || c.json {
		return err
	}
	if len(list.Items) == 0 {
		none := "отклонённых запросов нет"
		if l == ffd.English {
			none = "no refused requests"
		}
		fmt.Fprintln(c.out, none)
		return nil
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, x := range list.Items {
		if x.Cause != "" {
			x.Message += " (" + x.Cause + ")"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\n", x.Number, x.Time.Format(time.RFC3339), x.Path, x.INN, x.InvoiceID, x.Code, x.Message)
	}
	return w.Flush()
}
