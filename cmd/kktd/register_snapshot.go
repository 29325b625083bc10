package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// snapshotAnswer is what commands read of a snapshot.
type snapshotAnswer struct {
	Register string    `json:"register"`
	Name     string    `json:"name"`
	Created  time.Time `json:"created"`
	Gone     int       `json:"gone"`
	imageAnswer
}

// snapshotPath is the path of the snapshots of one register, or of all, and of one of
// them.
func (w *whichRegisters) snapshotPath(c *client, parts ...string) (string, error) {
	if w.all && w.serial != "" {
		return "", errors.New("say which: --serial for one register, or --all")
	}
	if w.all {
		for i := range parts {
			parts[i] = url.PathEscape(parts[i])
		}
		return strings.Join(append([]string{"snapshots"}, parts...), "/"), nil
	}
	return c.path(w.serial, append([]string{"snapshots"}, parts...)...)
}

const snapshotSerial = "serial number of the register; not needed when there is only one"

func newSnapshotCommand() *cobra.Command {
	var o clientFlags
	var which whichRegisters
	var replace bool
	cmd := &cobra.Command{
		Use: "snapshot NAME", Short: "Keep the register as it is now under a name",
		Long: `Keep the register as it is now under a name: settings, own clock, drives with
documents and tickets, receipts. kktd register restore puts it back, as often as one
likes. A snapshot stays as it is whatever becomes of the register, and goes with it when
that is deleted. While receipts wait at the register it is refused.`,
		Example: "  kktd register snapshot base\n  kktd register snapshot base --all --replace",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, false, func(c *client) error {
				path, err := which.snapshotPath(c)
				if err != nil {
					return err
				}
				return c.snapshots(http.MethodPost, path, map[string]any{"name": args[0], "replace": replace}, which.all, "Снимок")
			})
		},
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "take the place of a snapshot with that name")
	which.addFlags(cmd, snapshotSerial)
	o.addFlags(cmd.Flags())
	return cmd
}

// snapshots makes a request that answers with one snapshot or, for all registers, with
// several, and prints them.
func (c *client) snapshots(method, path string, body any, all bool, done string) error {
	var a struct {
		snapshotAnswer
		Items []snapshotAnswer `json:"items"`
	}
	if err := c.call(method, path, body, &a); err != nil || c.json {
		return err
	}
	if !all {
		a.Items = []snapshotAnswer{a.snapshotAnswer}
	}
	for _, s := range a.Items {
		fmt.Fprintf(c.out, "%s %s кассы %s: %s\n", done, s.Name, s.Register, s.words())
	}
	return nil
}

func newSnapshotListCommand() *cobra.Command {
	var o clientFlags
	var serial string
	cmd := &cobra.Command{
		Use: "snapshots", Short: "List the snapshots of all registers, or of one", Args: cobra.NoArgs,
		Example: "  kktd register snapshots\n  kktd register snapshots --serial 00000000000000000001 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.look(cmd, func(c *client) error {
				path := "snapshots"
				if serial != "" {
					var err error
					if path, err = c.path(serial, path); err != nil {
						return err
					}
				}
				var page listAnswer[snapshotAnswer]
				if err := c.call(http.MethodGet, path+"?limit=100000", nil, &page); err != nil || c.json {
					return err
				}
				t := table(c.out)
				fmt.Fprintln(t, "КАССА\tСНИМОК\tСДЕЛАН\tФН\tДОКУМЕНТЫ\tЧЕКИ")
				for _, s := range page.Items {
					fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\n", s.Register, s.Name, s.Created.Format(timeFormat), s.Drives, s.Documents, s.Receipts)
				}
				return t.Flush()
			})
		},
	}
	cmd.Flags().StringVar(&serial, "serial", "", "serial number of the register; all when not given")
	o.addFlags(cmd.Flags())
	return cmd
}

func newRestoreCommand() *cobra.Command {
	var o clientFlags
	var which whichRegisters
	cmd := &cobra.Command{
		Use: "restore NAME", Short: "Put the register back to a snapshot",
		Long: `Put the register back to a snapshot, in one step. Documents and receipts that were
made since are gone, with notifications of them and answers for their repeats; receipts
that wait are gone too, and what the OFD has received stays there. Receipts of the
snapshot have the ids they had. The daemon's clock does not go back, the register's own
clock does. With --all the registers that have no such snapshot stay as they are.`,
		Example: "  kktd register restore base\n  kktd register restore base --all",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, false, func(c *client) error {
				path, err := which.snapshotPath(c, args[0], "restore")
				if err != nil {
					return err
				}
				var a struct {
					Snapshot snapshotAnswer
					Gone     int
					Restored []snapshotAnswer
					Left     []string
				}
				if err := c.call(http.MethodPost, path, map[string]any{}, &a); err != nil || c.json {
					return err
				}
				if !which.all {
					a.Snapshot.Gone = a.Gone
					a.Restored = append(a.Restored, a.Snapshot)
				}
				for _, s := range a.Restored {
					fmt.Fprintf(c.out, "Касса %s возвращена к снимку %s: %s; чеков после него пропало %d\n", s.Register, s.Name, s.words(), s.Gone)
				}
				for _, serial := range a.Left {
					fmt.Fprintf(c.out, "Касса %s осталась как есть: такого снимка у неё нет\n", serial)
				}
				return nil
			})
		},
	}
	which.addFlags(cmd, snapshotSerial)
	o.addFlags(cmd.Flags())
	return cmd
}

func newSnapshotDeleteCommand() *cobra.Command {
	var o clientFlags
	var which whichRegisters
	cmd := &cobra.Command{
		Use: "delete-snapshot NAME", Short: "Delete a snapshot of the register, or of all",
		Example: "  kktd register delete-snapshot base\n  kktd register delete-snapshot base --all",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, false, func(c *client) error {
				path, err := which.snapshotPath(c, args[0])
				if err != nil {
					return err
				}
				return c.snapshots(http.MethodDelete, path, nil, which.all, "Удалён снимок")
			})
		},
	}
	which.addFlags(cmd, snapshotSerial)
	o.addFlags(cmd.Flags())
	return cmd
}
