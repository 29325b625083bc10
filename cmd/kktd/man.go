package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"kktd/clock"
)

func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages of all commands",
		Long: `Write a manual page for each command into DIR, which is made when it is not there:
kktd.1, kktd-serve.1, kktd-clock-advance.1 ... Pages of that name are written over.`,
		Example: `  kktd man ~/.local/share/man/man1 && man kktd-serve`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // the same source makes the same pages
			date := sourceTime()
			if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "kktd", Manual: "kktd", Date: &date}, args[0]); err != nil {
				return fmt.Errorf("manual pages in %s: %w", args[0], err)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "the manual is in %s, it begins with kktd.1\n", args[0])
			return err
		},
	}
}

// sourceTime is when the source was committed that the program was built from, or now
// when the build does not know.
func sourceTime() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return t
			}
		}
	}
	return clock.Real().Now()
}
