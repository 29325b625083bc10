package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"kktd/daemon"
)

func newOFDServeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Start the test OFD alone",
		Long: `Start the test operator of fiscal data alone, without registers: it takes documents of
any registers over TCP, checks them, keeps them and answers with tickets. What came
is under /control/v1/ofd/ of its HTTP address.

` + faultHelp() + `

Every flag can be set by the environment too (KKTD_LISTEN for --listen) and in the
YAML file of --config. SIGINT and SIGTERM stop it cleanly.`,
		Example: `  kktd ofd serve --data ofd.db
  kktd ofd serve --memory --ofd-listen 127.0.0.1:7777 --listen 127.0.0.1:0
  kktd ofd serve --memory --ofd-fault delay:2s --ofd-fault refuse:14:form=3:times=1
  kktd ofd serve --memory --trace -`,
		Args: cobra.NoArgs,
		RunE: server{daemon.StartOFD, ofdBegun}.run,
	}
	d, f := daemon.Default(), cmd.Flags()
	f.String("config", "", "YAML file with the same names as these flags")
	f.String("data", "ofd.db", "file that keeps the documents")
	f.Bool("memory", false, "keep everything in memory; nothing is left after the end")
	f.String("durability", d.Durability, "sync: a document is on disk before its ticket; none: no fsync")
	f.String("listen", d.Listen, "HOST:PORT of HTTP; port 0 takes a free one")
	f.String("ofd-listen", d.OFDListen, "HOST:PORT of the OFD; port 0 takes a free one")
	f.String("clock", d.Clock, clockUsage)
	f.String("public-url", d.PublicURL, "base of the links in answers; empty: as the request came")
	f.String("control-token", d.ControlToken, "lets other machines use the control API with this bearer token")
	f.String("master-key", d.MasterKey, "key of the fiscal signs; empty: the published one")
	addOFDFlags(f)
	f.String("log-format", "text", "text or json")
	f.String("log-level", "info", "debug, info, warn or error")
	return cmd
}

// ofdBegun tells what runs.
func ofdBegun(_ context.Context, d *daemon.Daemon, o *serveOptions, took time.Duration, _ *logrus.Logger, out io.Writer) {
	data := o.Data
	if o.Memory {
		data = "in memory, gone at the end"
	}
	fmt.Fprintf(out, "kktd ofd is ready in %.1f ms\n\n  HTTP  %s/control/v1/ofd/documents\n  OFD   %s\n  data  %s\n\nSend it a document:\n  kktd ofd send FILE --to %s\n\n",
		float64(took.Microseconds())/1000, d.URL(), d.OFDAddr(), data, d.OFDAddr())
}
