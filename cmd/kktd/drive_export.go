package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func newDriveExportCommand() *cobra.Command {
	var o driveFlags
	var out string
	var tickets bool
	cmd := &cobra.Command{
		Use: "export", Short: "Write all documents of the drive into one file", Args: cobra.NoArgs,
		Long: `Write all documents of the drive into one file, byte for byte: the containers one
after another, as kktd tlv decode reads them. With --tickets the container of each
ticket stands behind that of its document, as it came from the OFD.`,
		Example: "  kktd drive export --out drive.bin\n  kktd drive export --tickets --out drive.bin\n  kktd drive export | kktd tlv decode --in raw",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.client.look(cmd, func(c *client) error {
				path, err := o.drivePath(c, "export")
				if err != nil {
					return err
				}
				if tickets {
					path += "?tickets=true"
				}
				if out == "" {
					return c.copy(c.out, path)
				}
				return exportTo(out, func(w io.Writer) error { return c.copy(w, path) })
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write; standard output when not given")
	cmd.Flags().BoolVar(&tickets, "tickets", false, "the tickets too, each behind its document")
	o.addFlags(cmd)
	return cmd
}

// exportTo makes a file of what write writes, in the place of one that is there.
// The name is given to the whole alone: when write fails, what was there stays.
func exportTo(name string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() { // a device, a pipe
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
