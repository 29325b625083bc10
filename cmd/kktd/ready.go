package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kktd/api/control"
	"kktd/clock"
)

// readyPause is how often "ready --wait" asks. It is real time.
const readyPause = 50 * time.Millisecond

func newReadyCommand() *cobra.Command {
	var o clientFlags
	var wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "ready",
		Short: "Tell whether a kktd takes requests, for scripts and health checks",
		Long: `Ask /readyz of a kktd. With --wait it asks until the answer is yes or --timeout is
over. Exit code 0: it takes requests; 1: it does not; 2: the time is over.`,
		Example: `  kktd ready
  kktd serve --memory & kktd ready --wait --timeout 10s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := o.reach(cmd)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.ctx, timeout)
			defer cancel()
			url := strings.TrimSuffix(c.base, control.Prefix) + "/readyz"
			for {
				err := askReady(ctx, &c.http, url)
				switch {
				case err == nil:
					fmt.Fprintln(c.out, "ready")
					return nil
				case ctx.Err() == nil && !wait:
					return err
				case ctx.Err() != nil && c.ctx.Err() == nil:
					return &codeError{error: fmt.Errorf("not ready within %v: %w", timeout, err), code: exitTimeout}
				}
				pause := clock.Real().NewTimer(readyPause)
				select {
				case <-pause.Chan():
				case <-ctx.Done():
					pause.Stop()
				}
				if c.ctx.Err() != nil {
					return c.ctx.Err()
				}
			}
		},
	}
	o.addFlags(cmd.Flags())
	for _, name := range [...]string{"data", "config", "json", "control-token"} {
		_ = cmd.Flags().MarkHidden(name)
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "ask until it is ready")
	cmd.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "how long to ask")
	return cmd
}

func askReady(ctx context.Context, client *http.Client, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode != http.StatusOK {
		return errors.New(url + " answers " + resp.Status + ": " + strings.TrimSpace(string(text)))
	}
	return nil
}
