package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/spf13/cobra"
)

// imageAnswer is what commands read of what is in an image.
type imageAnswer struct {
	Drives    int `json:"drives"`
	Documents int `json:"documents"`
	Receipts  int `json:"receipts"`
}

func (a *imageAnswer) words() string {
	return fmt.Sprintf("ФН %d, документов %d, чеков %d", a.Drives, a.Documents, a.Receipts)
}

func newRegisterExportCommand() *cobra.Command {
	var o clientFlags
	var serial, out string
	cmd := &cobra.Command{
		Use: "export", Short: "Write the register as one file",
		Long: `Write the register as one file: its settings, its own clock, all its drives with
their documents and tickets byte by byte, and its receipts. kktd register import makes
the register of it again, in this kktd or another one with the same --master-key. What
is queued, answers for repeated requests, notifications that wait and events are not in
it; while receipts wait at the register it is refused.`,
		Example: "  kktd register export --out shop.kktd\n  kktd register export --serial 00000000000000000001 --out shop.kktd",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.look(cmd, func(c *client) error {
				path, err := c.path(serial, "export")
				if err != nil {
					return err
				}
				if out == "" {
					return c.copy(c.out, path)
				}
				return exportTo(out, func(w io.Writer) error { return c.copy(w, path) })
			})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write; standard output when not given")
	addSerialFlag(cmd, &serial)
	o.addFlags(cmd.Flags())
	return cmd
}

func newRegisterImportCommand() *cobra.Command {
	var o clientFlags
	var account, secret string
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Make a register of a file that kktd register export wrote",
		Long: `Make a register of a file that kktd register export wrote, under its serial number,
with its drives, documents and tickets. Everything is proved before anything is seen: a
damaged file is refused with the place, and so are documents that were signed with
another master key. A register with this serial number or one of these drives must be
deleted first. Receipts get new ids. FILE is - for standard input.`,
		Example: "  kktd register import shop.kktd\n  kktd register import shop.kktd --account pk_shop --secret s3cret",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := cmd.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				if info, err := f.Stat(); err != nil || info.IsDir() {
					return errors.Join(err, fmt.Errorf("%s is no file that kktd register export wrote", args[0]))
				}
				in = f
			}
			return o.run(cmd, true, func(c *client) error {
				query := url.Values{}
				for name, value := range map[string]string{"account": account, "secret": secret} {
					if value != "" {
						query.Set(name, value)
					}
				}
				var a struct {
					Image    imageAnswer
					Register registerAnswer
				}
				if err := c.upload("registers/import?"+query.Encode(), in, &a); err != nil || c.json {
					return err
				}
				fmt.Fprintf(c.out, "Касса %s, ФН %s, %s: %s\n", a.Register.Serial, a.Register.Drive.Number, a.Register.phase(), a.Image.words())
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "public id of the account that may use the register; not needed when there is only one")
	cmd.Flags().StringVar(&secret, "secret", "", "API secret of --account: makes the account when it is not there")
	o.addFlags(cmd.Flags())
	return cmd
}
