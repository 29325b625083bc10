package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kktd/api/control"
)

func newFaultCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fault",
		Short: "Let things go wrong on purpose: list, add, remove, reset, kinds, scenario",
		Long: `Set faults in a running kktd, look at what they did, and lift them.

A fault is NAME[:PARAM]...: a PARAM is KEY=VALUE, the first of a fault may stand
without its key. Whom it meets: register=, inn=, api=, invoice=, amount=, drive=,
form=. How often: after=, every=, times=, probability=. Faults end with the daemon.`,
		Example: `  kktd fault add cut:answer:times=1            # the next answer is lost
  kktd fault add latency:2s:inn=7708806062 http-status:503:probability=0.1
  kktd fault list
  kktd fault reset`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		faultCommand("list", "Show the faults in force and what they did", cobra.NoArgs, func(c *client, _ []string) error {
			var list struct{ Items []control.FaultView }
			if err := c.call(http.MethodGet, "faults", nil, &list); err != nil {
				return err
			}
			return c.printFaults(list.Items...)
		}),
		faultCommand("add FAULT...", "Put faults in force", cobra.MinimumNArgs(1), func(c *client, args []string) error {
			var added []control.FaultView
			for _, text := range args {
				var f control.FaultView
				if err := c.call(http.MethodPost, "faults", map[string]string{"fault": text}, &f); err != nil {
					for _, before := range added { // all of them or none
						err = errors.Join(err, c.quiet().call(http.MethodDelete, fmt.Sprintf("faults/%d", before.ID), nil, &f))
					}
					return err
				}
				added = append(added, f)
			}
			return c.printFaults(added...)
		}),
		faultCommand("remove ID...", "Lift faults", cobra.MinimumNArgs(1), func(c *client, args []string) error {
			var removed []control.FaultView
			for _, id := range args {
				var f control.FaultView
				if err := c.call(http.MethodDelete, "faults/"+url.PathEscape(id), nil, &f); err != nil {
					return err
				}
				removed = append(removed, f)
			}
			return c.printFaults(removed...)
		}),
		faultCommand("reset", "Lift all faults", cobra.NoArgs, func(c *client, _ []string) error {
			var answer struct{ Lifted int }
			if err := c.call(http.MethodPost, "faults/reset", nil, &answer); err != nil {
				return err
			}
			if !c.json {
				fmt.Fprintf(c.out, "%d lifted\n", answer.Lifted)
			}
			return nil
		}),
		faultCommand("kinds", "Show the faults that there are", cobra.NoArgs, func(c *client, _ []string) error {
			var list struct{ Items []control.FaultKindView }
			if err := c.call(http.MethodGet, "faults/kinds", nil, &list); err != nil || c.json {
				return err
			}
			for _, k := range list.Items {
				fmt.Fprintf(c.out, "%-10s %s\n           %s\n", k.Where, k.Usage, k.About)
			}
			return nil
		}),
		newScenarioCommand(),
	)
	return cmd
}

// newScenarioCommand lists the scenarios, or plays one.
func newScenarioCommand() *cobra.Command {
	var register string
	cmd := faultCommand("scenario [NAME]", "Show the ready scenarios, or play one on a register", cobra.MaximumNArgs(1), func(c *client, args []string) error {
		if len(args) == 0 {
			var list struct {
				Items []struct{ Name, About string }
			}
			if err := c.call(http.MethodGet, "scenarios", nil, &list); err != nil || c.json {
				return err
			}
			for _, s := range list.Items {
				fmt.Fprintf(c.out, "%s\n    %s\n", s.Name, s.About)
			}
			return nil
		}
		var played struct {
			Faults []control.FaultView
			Did    []string
			About  string
		}
		if err := c.call(http.MethodPost, "scenarios/"+url.PathEscape(args[0]), map[string]string{"register": register}, &played); err != nil || c.json {
			return err
		}
		fmt.Fprintln(c.out, played.About)
		for _, did := range played.Did {
			fmt.Fprintln(c.out, did)
		}
		if len(played.Faults) == 0 {
			return nil
		}
		return c.printFaults(played.Faults...)
	})
	cmd.Flags().StringVar(&register, "register", "", "serial number; the only register when it is left out")
	return cmd
}

// printFaults prints faults as a table, unless the answer was printed as it is.
func (c *client) printFaults(list ...control.FaultView) error {
	if c.json {
		return nil
	}
	if len(list) == 0 {
		fmt.Fprintln(c.out, "no faults")
		return nil
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSEEN\tFIRED\tFAULT")
	for _, f := range list {
		spent := ""
		if f.Spent {
			spent = "  (spent)"
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%s%s\n", f.ID, f.Seen, f.Fired, f.Fault, spent)
	}
	return w.Flush()
}

func faultCommand(use, short string, args cobra.PositionalArgs, do func(c *client, args []string) error) *cobra.Command {
	var o clientFlags
	cmd := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		c, err := o.reach(cmd)
		if err != nil {
			return err
		}
		return do(c, args)
	}}
	o.addFlags(cmd.Flags())
	for _, name := range [...]string{"data", "config"} {
		_ = cmd.Flags().MarkHidden(name) // faults are those of a daemon that runs
	}
	return cmd
}
