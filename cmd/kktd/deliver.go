package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"kktd/api/control"
)

func newDeliverCommand() *cobra.Command {
	var o clientFlags
	var serial string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "deliver",
		Short: "Send what is unsent to the OFD now, and wait for the tickets",
		Long: `Send the unsent documents of all registers, or of --serial, to the OFD and wait for
their tickets. With "kktd serve --delivery manual" nothing goes out otherwise; with
async and sync it cuts the wait after a failure short. Each document is tried once.

Exit code 0: nothing is left unsent; 1: something is.`,
		Example: `  kktd deliver
  kktd deliver --serial 00000000000000000001 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd, false, func(c *client) (err error) {
				path := "deliver"
				if serial != "" {
					if path, err = c.path(serial, path); err != nil {
						return err
					}
				}
				var answer struct{ Items []control.Delivered }
				if err := c.call(http.MethodPost, path, map[string]any{"timeout": timeout.String()}, &answer); err != nil {
					return err
				}
				left := false
				for _, d := range answer.Items {
					left = left || d.Unsent > 0
					if !c.json {
						fmt.Fprintln(c.out, deliveredLine(&d))
					}
				}
				switch {
				case left:
					return &codeError{error: errors.New("not everything is delivered"), code: exitError, quiet: c.json}
				case len(answer.Items) == 0 && !c.json:
					fmt.Fprintln(c.out, "nothing is unsent")
				}
				return nil
			})
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().StringVar(&serial, "serial", "", "the documents of this register alone")
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long to wait, real time, up to 2m")
	return cmd
}

func deliveredLine(d *control.Delivered) string {
	line := fmt.Sprintf("register %s  drive %s  confirmed %d", d.Register, d.Drive, d.Confirmed)
	if d.Unsent > 0 {
		line += fmt.Sprintf("  unsent %d", d.Unsent)
	}
	if d.Error != "" {
		line += "  " + d.Error
	}
	return line
}
