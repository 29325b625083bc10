package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newOrgCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "org",
		Short: "Organisations: make, show, credentials, notifications",
		Long: `Work with the organisations of a running kktd, or with those of a data file when
none runs. Secrets are shown once, by the command that makes them.`,
		Example: `  kktd org add --inn 7708806062 --name 'ООО "Ромашка"'
  kktd org account --inn 7708806062
  kktd org webhook --inn 7708806062 --type Receipt --address http://127.0.0.1:8080/hook --method POST
  kktd org list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newOrgListCommand(), newOrgShowCommand(), newOrgAddCommand(), newOrgSetCommand(), newOrgAccountCommand(), newOrgWebhookCommand())
	return cmd
}

// orgAnswer is what commands read of an organisation.
type orgAnswer struct {
	INN      string `json:"inn"`
	Name     string `json:"name"`
	Address  string `json:"address"`
	Accounts []struct {
		PublicID string `json:"public_id"`
	} `json:"accounts"`
	Registers []string        `json:"registers"`
	Webhooks  []webhookAnswer `json:"webhooks"`
}

type webhookAnswer struct {
	Account  string `json:"account"`
	Type     string `json:"type"`
	Address  string `json:"address"`
	Method   string `json:"method"`
	Encoding string `json:"encoding"`
	Enabled  bool   `json:"enabled"`
}

func (w webhookAnswer) String() string {
	s := fmt.Sprintf("%s of %s: %s %s, %s", w.Type, w.Account, w.Method, w.Address, w.Encoding)
	if !w.Enabled {
		s += ", off"
	}
	return s
}

func (o *orgAnswer) print(c *client) {
	if c.json {
		return
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "INN\t%s\nname\t%s\naddress\t%s\nregisters\t%s\n", o.INN, o.Name, o.Address, strings.Join(o.Registers, ", "))
	for _, a := range o.Accounts {
		fmt.Fprintf(w, "account\t%s\n", a.PublicID)
	}
	for _, h := range o.Webhooks {
		fmt.Fprintf(w, "webhook\t%s\n", h)
	}
	_ = w.Flush()
}

// orgCommand is a command about one organisation. path and body make its request;
// a body of nil asks.
func orgCommand(use, short string, create bool, add func(*cobra.Command), f func(cmd *cobra.Command, c *client, inn string) error) *cobra.Command {
	var o clientFlags
	var inn string
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return o.run(cmd, create, func(c *client) error { return f(cmd, c, inn) })
	}}
	o.addFlags(cmd.Flags())
	cmd.Flags().StringVar(&inn, "inn", "", "INN of the organisation")
	_ = cmd.MarkFlagRequired("inn")
	if add != nil {
		add(cmd)
	}
	return cmd
}

func newOrgListCommand() *cobra.Command {
	var o clientFlags
	cmd := &cobra.Command{Use: "list", Short: "List the organisations", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return o.look(cmd, func(c *client) error {
			var page listAnswer[orgAnswer]
			if err := c.call(http.MethodGet, "organisations?limit=100000", nil, &page); err != nil || c.json {
				return err
			}
			w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "INN\tNAME\tREGISTERS\tACCOUNTS\tWEBHOOKS")
			for _, x := range page.Items {
				fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\n", x.INN, x.Name, len(x.Registers), len(x.Accounts), len(x.Webhooks))
			}
			return w.Flush()
		})
	}}
	o.addFlags(cmd.Flags())
	return cmd
}

func newOrgShowCommand() *cobra.Command {
	return orgCommand("show", "Show an organisation with its accounts, registers and notifications", false, nil, func(_ *cobra.Command, c *client, inn string) error {
		var x orgAnswer
		if err := c.call(http.MethodGet, orgPath(inn), nil, &x); err != nil {
			return err
		}
		x.print(c)
		return nil
	})
}

func orgPath(inn string) string { return "organisations/" + url.PathEscape(inn) }

// given are the flags that were set, as members of a body by their names there.
func given(cmd *cobra.Command, names ...string) map[string]any {
	body := map[string]any{}
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f.Changed {
			body[strings.ReplaceAll(name, "-", "_")] = f.Value.String()
		}
	}
	return body
}

func orgFlags(cmd *cobra.Command) {
	cmd.Flags().String("name", "", "name of the user, tag 1048")
	cmd.Flags().String("address", "", "address, tag 1009")
}

func newOrgAddCommand() *cobra.Command {
	return orgCommand("add", "Make an organisation", true, orgFlags, func(cmd *cobra.Command, c *client, inn string) error {
		var x orgAnswer
		if err := c.call(http.MethodPost, "organisations", given(cmd, "inn", "name", "address"), &x); err != nil {
			return err
		}
		x.print(c)
		return nil
	})
}

func newOrgSetCommand() *cobra.Command {
	return orgCommand("set", "Change the name or address of an organisation", false, orgFlags, func(cmd *cobra.Command, c *client, inn string) error {
		var x orgAnswer
		if err := c.call(http.MethodPost, orgPath(inn), given(cmd, "name", "address"), &x); err != nil {
			return err
		}
		x.print(c)
		return nil
	})
}

func newOrgAccountCommand() *cobra.Command {
	add := func(cmd *cobra.Command) {
		cmd.Flags().String("public-id", "", "Public ID; empty makes one")
		cmd.Flags().String("secret", "", "API Secret; empty makes one for a new account and leaves that of a known one")
	}
	return orgCommand("account", "Give an organisation credentials of the APIs", false, add, func(cmd *cobra.Command, c *client, inn string) error {
		var x struct {
			PublicID string `json:"public_id"`
			Secret   string `json:"secret"`
		}
		if err := c.call(http.MethodPost, orgPath(inn)+"/accounts", given(cmd, "public-id", "secret"), &x); err != nil || c.json {
			return err
		}
		fmt.Fprintf(c.out, "Public ID   %s\nAPI Secret  %s\n", x.PublicID, x.Secret)
		return nil
	})
}

func newOrgWebhookCommand() *cobra.Command {
	var off bool
	add := func(cmd *cobra.Command) {
		cmd.Flags().String("account", "", "Public ID; empty: the only account of the organisation")
		cmd.Flags().String("type", "Receipt", "Receipt, CorrectionReceipt or Kkt")
		cmd.Flags().String("address", "", "http or https address of the receiver")
		cmd.Flags().String("method", "POST", "POST (a form) or GET (a query)")
		cmd.Flags().String("encoding", "UTF8", "UTF8 or Windows1251")
		cmd.Flags().BoolVar(&off, "off", false, "send nothing; the address stays")
	}
	return orgCommand("webhook", "Set where notifications of an organisation go", false, add, func(cmd *cobra.Command, c *client, inn string) error {
		body := given(cmd, "account", "address")
		for _, name := range []string{"type", "method", "encoding"} {
			body[name] = cmd.Flags().Lookup(name).Value.String()
		}
		body["enabled"] = !off
		var x webhookAnswer
		if err := c.call(http.MethodPost, orgPath(inn)+"/webhooks", body, &x); err != nil || c.json {
			return err
		}
		fmt.Fprintln(c.out, x)
		return nil
	})
}
