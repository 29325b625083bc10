package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func newRegisterDeleteCommand() *cobra.Command {
	var o clientFlags
	var serial string
	var all bool
	cmd := &cobra.Command{
		Use: "delete", Short: "Delete a register, or all, with documents and receipts",
		Long: `Delete a register with its drives: documents, tickets, receipts, notifications that
wait and stored answers. The organisation and its accounts stay, and so does what the
OFD has received. Numbers of a deleted register may be used again.`,
		Example: "  kktd register delete --serial 00000000000000000002\n  kktd register delete --all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all == (serial != "") {
				return errors.New("say which: --serial for one register, or --all")
			}
			return o.run(cmd, false, func(c *client) error {
				path := "registers"
				if !all {
					var err error
					if path, err = c.path(serial); err != nil {
						return err
					}
				}
				var a struct{ Registers, Documents, Receipts int }
				if err := c.call(http.MethodDelete, path, nil, &a); err != nil || c.json {
					return err
				}
				fmt.Fprintf(c.out, "Удалено: касс %d, документов %d, чеков %d\n", a.Registers, a.Documents, a.Receipts)
				return nil
			})
		},
	}
	o.addFlags(cmd.Flags())
	addSerialFlag(cmd, &serial)
	cmd.Flags().Lookup("serial").Usage = "serial number of the register"
	cmd.Flags().BoolVar(&all, "all", false, "all registers")
	return cmd
}
