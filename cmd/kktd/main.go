// Command kktd is a virtual online cash register: a KKT with its fiscal drive
// as one daemon. See kktd help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	_ "time/tzdata" // zones of registers must not depend on the machine

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitOK     = 0
	exitError  = 1
	exitDiffer = 1 // kktd tlv diff: the inputs differ
	exitDiff   = 2 // kktd tlv diff: they could not be compared
)

// codeError is an error that asks for an exit code of its own.
type codeError struct {
	error
	code  int
	quiet bool // the output has said all; nothing goes to standard error
}

func (e *codeError) Unwrap() error { return e.error }

// heapFloor is memory that is never touched, so that it costs none, and that the
// collector counts: the small heap of the daemon grows to some 30 MB between two
// collections, which spares a tenth of the processor under load, and a large one, of
// many registers, still no more than doubles. GOGC wins.
const heapFloor = 10 << 20

func main() {
	var floor []byte
	if os.Getenv("GOGC") == "" {
		floor = make([]byte, heapFloor)
	}
	code := run()
	runtime.KeepAlive(floor)
	os.Exit(code)
}

// run returns the exit code. The first SIGINT or SIGTERM ends the command
// cleanly; a second one ends the process at once.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := newRootCommand()
	if err := root.ExecuteContext(ctx); err != nil {
		return report(os.Stderr, err)
	}
	return exitOK
}

// report tells of the error and returns its exit code.
func report(w io.Writer, err error) int {
	coded := &codeError{code: exitError}
	errors.As(err, &coded)
	if !coded.quiet {
		fmt.Fprintln(w, "kktd:", err)
	}
	return coded.code
}

// version is the version of the module and of the source it was built from, so
// far as the build knows them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 && !strings.Contains(v, s.Value[:12]) {
			v += " " + s.Value[:12]
		}
	}
	return v + " " + info.GoVersion
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "kktd",
		Short: "A virtual online cash register with its fiscal drive",
		Long: `kktd is a virtual online cash register: a KKT with its fiscal drive (ФН) as one
daemon. It speaks the HTTP API of the CloudKassir cloud register, forms FFD
fiscal documents as TLV and delivers them over TCP to an OFD, its own or yours.

Start it with a receipt to look at:   kktd serve --demo
Look into a fiscal document:          kktd tlv decode receipt.hex`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.AddCommand(
		newClockCommand(),
		newDeliverCommand(),
		newDoctorCommand(),
		newDriveCommand(),
		newFaultCommand(),
		newFsckCommand(),
		newManCommand(),
		newOFDCommand(),
		newOrgCommand(),
		newReadyCommand(),
		newRegisterCommand(),
		newReportCommand(),
		newServeCommand(),
		newShiftCommand(),
		newTLVCommand(),
		newWaitCommand(),
		newWhyCommand(),
	)
	hintSerial(root)
	return root
}

// hintSerial lets the commands with --serial say what they want, and how a register is
// named when its serial number comes without the flag.
func hintSerial(cmd *cobra.Command) {
	if wants := cmd.Args; wants != nil && cmd.Flags().Lookup("serial") != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := wants(cmd, args)
			switch {
			case err != nil && len(args) == 0:
				err = fmt.Errorf("%w; want %s", err, cmd.UseLine())
			case err != nil:
				err = fmt.Errorf("%w; a register is named as --serial %s", err, args[0])
			}
			return err
		}
	}
	for _, c := range cmd.Commands() {
		hintSerial(c)
	}
}
