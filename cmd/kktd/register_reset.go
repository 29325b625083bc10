package main

import (
	"errors"
	"net/http"

	"github.com/spf13/cobra"
)

func newRegisterResetCommand() *cobra.Command {
	var o clientFlags
	var which whichRegisters
	var registered bool
	cmd := &cobra.Command{
		Use: "reset", Short: "Wipe the debug drive: it is blank again, or registered anew",
		Long: `Wipe the drive, which only debug drives allow (numbers from 9999 on): numbers begin
at 1 again. The drive is blank, and its old documents stay readable; what had not
reached the OFD does not reach it any more.

With --registered the register is as new: registered with document 1 under the
settings it has, in service, on the daemon's clock. Everything of before goes with all
its drives: documents, receipts, notifications that wait; snapshots stay. --all does
that to all.`,
		Example: "  kktd register reset && kktd register fiscalize\n  kktd register reset --registered\n  kktd register reset --all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case which.all && which.serial != "":
				return errors.New("say which: --serial for one register, or --all")
			case which.all && cmd.Flags().Changed("registered") && !registered:
				return errors.New("--all leaves all registers registered; blank drives are made one by one")
			}
			return o.run(cmd, false, func(c *client) error {
				if which.all {
					return c.clear(http.MethodPost, "registers/reset", "Начаты заново")
				}
				path, err := c.path(which.serial, "reset")
				if err != nil {
					return err
				}
				return c.operate(path, map[string]any{"registered": registered})
			})
		},
	}
	o.addFlags(cmd.Flags())
	which.addFlags(cmd, "serial number of the register; not needed when there is only one")
	cmd.Flags().BoolVar(&registered, "registered", false, "leave it registered, and keep nothing of before")
	return cmd
}

func newRegisterCloneCommand() *cobra.Command {
	var o clientFlags
	var serial, own string
	settings := newSettingFlags().drive()
	for _, name := range []string{"drive-model", "drive-capacity"} {
		f := settings.flags.Lookup(name)
		f.Usage, f.DefValue = f.Usage+"; as the other's when not given", "0"
	}
	cmd := &cobra.Command{
		Use: "clone", Short: "Make a register with the settings of another one: document 1",
		Long: `Make a register with the settings of another one, for the same organisation and its
accounts. It has numbers of its own (serial number, РНМ, FN number), empty counters and
its own document 1; nothing else of the other one is taken over.`,
		Example: "  kktd register clone\n  kktd register clone --serial 00000000000000000001 --new-serial 000000000007",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd, false, func(c *client) error {
				path, err := c.path(serial, "clone")
				if err != nil {
					return err
				}
				body := settings.body()
				if own != "" {
					body["serial"] = own
				}
				return c.operate(path, body)
			})
		},
	}
	addSerialFlag(cmd, &serial)
	cmd.Flags().StringVar(&own, "new-serial", "", "serial number of the new register (1013), up to 20 characters; made when not given")
	settings.addTo(cmd)
	o.addFlags(cmd.Flags())
	return cmd
}
