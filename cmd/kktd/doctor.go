package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"kktd/diagnosis"
)

func newDoctorCommand() *cobra.Command {
	var o clientFlags
	var lang langFlag
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at the whole daemon and tell what is wrong and what to do",
		Long: `Look at a running kktd: whether it answers, its clocks, registers and their
warnings, what waits for the OFD, the exchange with it, notifications, the disk,
faults that are set on purpose, and refused requests. Each is a line: ok, wait,
warn or ERROR, with what to do. Exit code 1 when there is an error.`,
		Example: `  kktd doctor
  kktd doctor --lang en --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := lang.language()
			if err != nil {
				return err
			}
			c, err := o.reach(cmd)
			if err != nil {
				return err
			}
			var up diagnosis.Checkup
			if err := c.call(http.MethodGet, "doctor?lang="+l.String(), nil, &up); err != nil {
				return err
			}
			if !c.json {
				for i := range up.Items {
					r := &up.Items[i]
					printRemark(c.out, fmt.Sprintf("%-14s", r.About), r)
				}
			}
			if up.Level == diagnosis.Error {
				return &codeError{error: errors.New("something does not work"), code: exitError, quiet: true}
			}
			return nil
		},
	}
	o.addFlags(cmd.Flags())
	for _, name := range [...]string{"data", "config"} {
		_ = cmd.Flags().MarkHidden(name) // it asks a daemon that runs
	}
	lang.addFlag(cmd.Flags())
	return cmd
}
