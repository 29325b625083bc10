package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kktd/ofd"
)

func newOFDCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ofd",
		Short: "Run the test OFD alone, send documents to an OFD, read its frames",
		Example: `  kktd ofd serve --data ofd.db
  kktd ofd send receipt.hex --to 127.0.0.1:5456
  kktd ofd decode message.hex`,
		Args: cobra.NoArgs, // an unknown command is an error, not a request for help
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newOFDServeCommand(), newOFDSendCommand(), newOFDDecodeCommand())
	return cmd
}

// newOFDDecodeCommand is kktd tlv decode under the name that a look at frames is asked for by.
func newOFDDecodeCommand() *cobra.Command {
	cmd := newTLVDecodeCommand()
	cmd.Short = "Show messages and containers of the OFD protocol as a tree"
	cmd.Long = `Show messages of the OFD protocol as a tree: the session header, the container and
the document in it, down to the sign. Several in one file come one after another.
Lengths and checksums are checked; what does not agree is told where it stands.
It is the same as kktd tlv decode, which takes documents without a frame too.`
	cmd.Example = `  kktd ofd decode message.hex
  kktd ofd decode --out hexdump container.bin
  kktd ofd decode --out json - < message.bin`
	return cmd
}

// faultHelp is the table of faults for a help text.
func faultHelp() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, k := range ofd.FaultKinds() {
		fmt.Fprintf(w, "  %s\t%s\n", strings.TrimPrefix(k.Usage, ofd.FaultPrefix), k.About)
	}
	_ = w.Flush()
	return `Faults of the built-in OFD, --ofd-fault NAME[:PARAM]..., as often as needed:

` + b.String() + `
Each takes drive=FN, form=N (3 is a receipt), after=N (so many pass first), times=N (so
many are struck), every= and probability= too: --ofd-fault drop:form=3:after=2:times=1.
With --fault and kktd fault their names begin with ofd-: ofd-drop.`
}

// openTrace opens the file of --trace for adding to it; - is standard output, and nothing without the flag.
func openTrace(name string, stdout io.Writer) (w io.Writer, done func() error, err error) {
	switch name {
	case "":
		return nil, func() error { return nil }, nil
	case "-":
		return stdout, func() error { return nil }, nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("trace: %w", err)
	}
	return f, f.Close, nil
}
