package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func newRegisterDeleteCommand() *cobra.Command {
	var o clientFlags
	var which whichRegisters
	cmd := &cobra.Command{
		Use: "delete", Short: "Delete a register, or all, with documents and receipts",
		Long: `Delete a register with its drives: documents, tickets, receipts, notifications that
wait and stored answers. The organisation and its accounts stay, unless they were made
by register new --fresh and this is the last register; what the OFD has received stays.
A serial number of a deleted register may be used again.`,
		Example: "  kktd register delete --serial 00000000000000000002\n  kktd register delete --all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if which.all == (which.serial != "") {
				return errors.New("say which: --serial for one register, or --all")
			}
			return o.run(cmd, false, func(c *client) error {
				path := "registers"
				if !which.all {
					var err error
					if path, err = c.path(which.serial); err != nil {
						return err
					}
				}
				return c.clear(http.MethodDelete, path, "Удалено")
			})
		},
	}
	o.addFlags(cmd.Flags())
	which.addFlags(cmd, "serial number of the register")
	return cmd
}

// whichRegisters are one register, or all.
type whichRegisters struct {
	serial string
	all    bool
}

func (w *whichRegisters) addFlags(cmd *cobra.Command, serial string) {
	cmd.Flags().StringVar(&w.serial, "serial", "", serial)
	cmd.Flags().BoolVar(&w.all, "all", false, "all registers")
}

// clear makes a request that counts what went, and prints that.
func (c *client) clear(method, path, done string) error {
	var a struct{ Registers, Documents, Receipts int }
	if err := c.call(method, path, nil, &a); err != nil || c.json {
		return err
	}
	fmt.Fprintf(c.out, "%s: касс %d, документов %d, чеков %d\n", done, a.Registers, a.Documents, a.Receipts)
	return nil
}
