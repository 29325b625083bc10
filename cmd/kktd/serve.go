package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"kktd/clock"
	"kktd/daemon"
)

// stopTimeout limits how long a stop waits for requests that are under way.
const stopTimeout = 5 * time.Second

func newServeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Start the daemon",
		Long: `Start the daemon: HTTP, the built-in test OFD, the sender and the registers of the
data file. The first start makes an organisation with a register and registers
it, so that a receipt can be made at once. GET /healthz tells that it lives, GET
/readyz that it takes requests.

Every flag can be set by the environment too (KKTD_LISTEN for --listen) and in the
YAML file of --config; a flag wins over the environment, that over the file.

SIGINT and SIGTERM stop it cleanly. The exit code is 0 after a clean stop and 1
after an error.`,
		Example: `  kktd serve
  kktd serve --demo --memory --listen 127.0.0.1:0 --ofd-listen 127.0.0.1:0
  kktd serve --memory --seed-file registers.yaml
  kktd serve --ofd ofd.example.com:7777 --log-format json
  kktd serve --memory --trace ofd.log --ofd-fault drop:form=3:times=2`,
		Args: cobra.NoArgs,
		RunE: server{daemon.Start, begun}.run,
	}
	addFlags(cmd.Flags())
	return cmd
}

func newLogger(o *serveOptions, w io.Writer) (*logrus.Logger, error) {
	log := logrus.New()
	log.SetOutput(w)
	level, err := logrus.ParseLevel(o.LogLevel)
	if err != nil {
		return nil, fmt.Errorf("log-level: %q, want debug, info, warn or error", o.LogLevel)
	}
	log.SetLevel(level)
	switch o.LogFormat {
	case "text":
		log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true})
	case "json":
		log.SetFormatter(&logrus.JSONFormatter{})
	default:
		return nil, fmt.Errorf("log-format: %q, want text or json", o.LogFormat)
	}
	return log, nil
}

// server is what a command that serves runs.
type server struct {
	start func(context.Context, daemon.Config, clock.Clock, *logrus.Logger) (*daemon.Daemon, error)
	// begun is called once when requests are answered.
	begun func(ctx context.Context, d *daemon.Daemon, o *serveOptions, took time.Duration, log *logrus.Logger, out io.Writer)
}

// run is the RunE of the command: it serves until the command's context ends or a
// server of the daemon fails.
func (s server) run(cmd *cobra.Command, _ []string) error {
	o, err := loadOptions(cmd.Flags())
	if err != nil {
		return err
	}
	log, err := newLogger(o, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	trace, done, err := openTrace(o.Trace, out)
	if err != nil {
		return err
	}
	defer done()
	o.OFDTrace = trace
	clk := clock.Real()
	began := clk.Now()
	d, err := s.start(ctx, o.Config, clk, log)
	if err != nil {
		return err
	}
	o.Seeds = nil // they may be many
	s.begun(ctx, d, o, clk.Since(began), log, out)
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case err = <-d.Failed():
	}
	return stop(d, err)
}

// begun tells what runs and makes the demonstration.
func begun(ctx context.Context, d *daemon.Daemon, o *serveOptions, took time.Duration, log *logrus.Logger, out io.Writer) {
	printStart(out, d, o, took)
	if !o.Demo {
		return
	}
	if err := demonstrate(ctx, d, o.ProcessingDelay, out); err != nil && ctx.Err() == nil {
		log.WithError(err).Error("the demonstration failed; the daemon runs on")
	}
}

// stop ends the daemon and returns the first of both errors.
func stop(d *daemon.Daemon, cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := d.Shutdown(ctx); cause == nil {
		return err
	}
	return cause
}

// shownRegisters is how many registers the first lines name.
const shownRegisters = 10

func printStart(w io.Writer, d *daemon.Daemon, o *serveOptions, took time.Duration) {
	fmt.Fprintf(w, "kktd is ready in %.1f ms\n\n", float64(took.Microseconds())/1000)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-11s "+format+"\n", append([]any{name}, args...)...)
	}
	line("HTTP", "%s", d.URL())
	switch {
	case d.OFD() != nil:
		line("OFD", "%s (built in)", d.OFDAddr())
	default:
		line("OFD", "%s", d.OFDAddr())
	}
	if o.Memory {
		line("data", "in memory, gone at the end")
	} else {
		line("data", "%s", o.Data)
	}
	registers := d.Fleet().Registers()
	for _, r := range registers[:min(len(registers), shownRegisters)] {
		s := r.Settings()
		line("register", "%s  INN %s  drive %s  FFD %v", s.Serial, s.INN, s.DriveNumber, s.FFD)
	}
	if more := len(registers) - shownRegisters; more > 0 {
		line("registers", "and %d more", more)
	}
	if a, ok := d.Fleet().Account(daemon.FirstPublicID); ok && a.Secret == daemon.FirstSecret {
		line("Public ID", "%s", a.PublicID)
		line("API Secret", "%s", a.Secret)
		fmt.Fprintf(w, "\nMake a receipt:\n  curl -u %s:%s %s/kkt/receipt -H 'Content-Type: application/json' -d '%s'\n\n",
			a.PublicID, a.Secret, d.URL(), demoReceipt)
	}
}
