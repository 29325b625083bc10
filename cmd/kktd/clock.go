package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func newClockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "clock",
		Short: "The business clock: show, freeze, advance, set, step, run",
		Long: `Move the clock that documents, shifts, terms and due times follow. It is kept over
a restart. Without --serial it is the daemon's clock, which every register follows;
with --serial the register gets a clock of its own until "run --real".

What becomes due by a move happens at once: retries of the OFD exchange and of
notifications, queued receipts, the 24 hours of a shift, the 30 days of unsent
documents, the term of the drive. Sockets follow the machine's clock all the same.

A length of time is 90s, 36h, 30d or P30D. A time is 2026-02-01T09:00:00+03:00,
"2026-02-01 09:00" or 2026-02-01, the latter two on the machine's clock.`,
		Example: `  kktd clock freeze
  kktd clock advance 25h                          # the shift is over
  kktd clock advance 31d --serial 00000000000000000001
  kktd clock step 1m                              # each receipt a minute later
  kktd clock run --real`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newClockMove("show", "Show the clock", cobra.NoArgs, nil),
		newClockMove("freeze [TIME]", "Stand still, here or at TIME", cobra.MaximumNArgs(1), func(args []string, _ bool) (map[string]any, error) {
			return standing("frozen", args)
		}),
		newClockMove("advance DURATION", "Move on by DURATION", cobra.ExactArgs(1), func(args []string, _ bool) (map[string]any, error) {
			return map[string]any{"advance": args[0]}, nil
		}),
		newClockMove("set TIME", "Move on to TIME; a clock that runs goes on running from there", cobra.ExactArgs(1), func(args []string, _ bool) (map[string]any, error) {
			t, err := parseTime(args[0])
			return map[string]any{"time": t}, err
		}),
		newClockMove("step DURATION [TIME]", "Stand still and move on by DURATION before each receipt or report", cobra.RangeArgs(1, 2),
			func(args []string, _ bool) (map[string]any, error) {
				body, err := standing("stepping", args[1:])
				if err == nil {
					body["step"] = args[0]
				}
				return body, err
			}),
		newClockMove("run", "Run on from what the clock shows", cobra.NoArgs, func(_ []string, toReal bool) (map[string]any, error) {
			if toReal {
				return map[string]any{"mode": "real"}, nil
			}
			return map[string]any{"run": true}, nil
		}))
	return cmd
}

// standing is the body for a clock that stands, at a time when one is given.
func standing(mode string, args []string) (map[string]any, error) {
	body := map[string]any{"mode": mode}
	if len(args) == 0 {
		return body, nil
	}
	t, err := parseTime(args[0])
	body["time"] = t
	return body, err
}

// parseTime reads a moment as people write it.
func parseTime(s string) (time.Time, error) {
	for _, layout := range [...]string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q: want 2026-02-01T09:00:00+03:00, \"2026-02-01 09:00\" or 2026-02-01", s)
}

// clockAnswer is what the command reads of a clock.
type clockAnswer struct {
	Mode   string    `json:"mode"`
	Now    time.Time `json:"now"`
	Offset string    `json:"offset"`
	Step   string    `json:"step"`
	Own    *bool     `json:"own"`
}

func newClockMove(use, short string, args cobra.PositionalArgs, body func(args []string, toReal bool) (map[string]any, error)) *cobra.Command {
	var o clientFlags
	var serial string
	var force, toReal bool
	cmd := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		return o.run(cmd, false, func(c *client) (err error) {
			path := "clock"
			if serial != "" {
				if path, err = c.path(serial, "clock"); err != nil {
					return err
				}
			}
			var answer clockAnswer
			if body == nil {
				err = c.call(http.MethodGet, path, nil, &answer)
			} else {
				var b map[string]any
				if b, err = body(args, toReal); err != nil {
					return err
				}
				b["force"] = force
				err = c.call(http.MethodPost, path, b, &answer)
				if wrong := (*answerError)(nil); errors.As(err, &wrong) && wrong.Code == "backward" {
					return fmt.Errorf("%w; --force moves it backward, and drives then refuse documents older than their last", err)
				}
			}
			if err != nil || o.json {
				return err
			}
			fmt.Fprintln(c.out, answer.String())
			return nil
		})
	}}
	o.addFlags(cmd.Flags())
	cmd.Flags().StringVar(&serial, "serial", "", "the clock of this register instead of the daemon's")
	if body != nil {
		cmd.Flags().BoolVar(&force, "force", false, "also backward")
	}
	if cmd.Name() == "run" {
		cmd.Flags().BoolVar(&toReal, "real", false, "show the real time again, or with --serial that of the daemon")
	}
	return cmd
}

// String is the clock as a line.
func (a *clockAnswer) String() string {
	s := a.Now.Format("2006-01-02 15:04:05 -07:00")
	switch {
	case a.Own != nil && !*a.Own:
		return s + "  follows the daemon's clock"
	case a.Mode == "offset":
		return s + "  runs, " + a.Offset + " ahead"
	case a.Mode == "frozen":
		return s + "  stands"
	case a.Mode == "stepping":
		return s + "  stands, moves on by " + a.Step + " before each commit"
	}
	return s + "  the real time"
}
