package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kktd/daemon"
	"kktd/kkt"
)

// fsckMost is how many differences are printed unless --most says otherwise: a
// wrong key makes some in every document.
const fsckMost = 1000

// fsckReport is the output of --json.
type fsckReport struct {
	File        string             `json:"file"`
	Differences []kkt.Difference   `json:"differences"`
	Left        int                `json:"left_out,omitempty"` // beyond --most
	Checked     daemon.FsckSummary `json:"checked"`
}

func newFsckCommand() *cobra.Command {
	var asJSON bool
	var most int
	cmd := &cobra.Command{
		Use:   "fsck",
		Short: "Check the data file: replay every drive and compare",
		Long: `Check the data file without changing it, while no daemon runs on it:

  - the pages of the file;
  - every drive, also those that a register had before: its documents are made
    again one by one with their counters and signs and compared byte by byte,
    tickets are verified, the state that comes out is compared with the stored one;
  - receipts, queued receipts, answers, settings and events agree with the
    documents, and every document and ticket is told once and in order;
  - clocks, warnings, messages, notifications and their settings can be read, and
    what they refer to is there;
  - the built-in OFD has every document once and in order, as the register made it.

Each difference is a line: where, what, expected, found, what to do. Nothing is
ever repaired. The exit code is 0 when there is no difference, else 1.`,
		Example: `  kktd fsck
  kktd fsck --data kktd.db --json`,
		Args: cobra.NoArgs,
	}
	settings := pflag.NewFlagSet("fsck", pflag.ContinueOnError)
	addFlags(settings)
	for _, name := range []string{"config", "data", "master-key", "ticket-check"} {
		cmd.Flags().AddFlag(settings.Lookup(name))
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().IntVar(&most, "most", fsckMost, "print so many differences at most and count the rest; 0: all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := loadOptions(settings)
		if err != nil {
			return err
		}
		return fsck(cmd.OutOrStdout(), o.Config, asJSON, most)
	}
	return cmd
}

// errDiffers is returned when a check found differences; the output has them.
var errDiffers = errors.New("differences were found")

func fsck(out io.Writer, c daemon.Config, asJSON bool, most int) error {
	report := fsckReport{File: c.Data, Differences: []kkt.Difference{}}
	count := 0
	sum, err := daemon.Fsck(c, func(d kkt.Difference) {
		count++
		switch {
		case most > 0 && count > most:
			report.Left++
		case asJSON:
			report.Differences = append(report.Differences, d)
		default:
			fmt.Fprintln(out, d.String())
		}
	})
	if err != nil {
		return err
	}
	report.Checked = sum
	if asJSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(report); err != nil {
			return err
		}
	} else {
		printFsck(out, &report, count)
	}
	if count > 0 {
		return &codeError{error: errDiffers, code: exitError, quiet: true}
	}
	return nil
}

func printFsck(out io.Writer, r *fsckReport, count int) {
	if r.Left > 0 {
		fmt.Fprintf(out, "... and %d more; --most 0 prints all\n", r.Left)
	}
	s := &r.Checked
	if count > 0 {
		fmt.Fprintf(out, "%s: %d differences\n", r.File, count)
	} else {
		fmt.Fprintf(out, "%s: clean\n", r.File)
	}
	fmt.Fprintf(out, "  registers  %d, snapshots %d, drives %d, documents %d, tickets %d\n", s.Registers, s.Snapshots, s.Drives, s.Documents, s.Tickets)
	fmt.Fprintf(out, "  receipts   %d, queued %d, answers %d, events %d\n", s.Receipts, s.Queued, s.Answers, s.Events)
	fmt.Fprintf(out, "  OFD        drives %d, epochs %d, documents %d\n", s.OFD.Drives, s.OFD.Epochs, s.OFD.Documents)
}
