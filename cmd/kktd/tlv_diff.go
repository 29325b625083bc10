package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"kktd/ffd"
	"kktd/ofdproto"
)

type tlvDiffOptions struct {
	in, out string
	view    tlvView
}

// errDiffer is returned when the inputs of kktd tlv diff differ.
var errDiffer = errors.New("the inputs differ")

func newTLVDiffCommand() *cobra.Command {
	var o tlvDiffOptions
	trouble := func(err error) error {
		if err == nil || errors.Is(err, errDiffer) {
			return err
		}
		return &codeError{error: err, code: exitDiff}
	}
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two documents or frames tag by tag",
		Long: `Compare two documents or frames tag by tag: path and name, then a line for each
side with value, offset and bytes. One of both may be - for standard input.

The exit code is 0 when the bytes are the same, 1 when they differ, 2 when there
is nothing to compare.`,
		Example: `  kktd tlv diff ours.hex theirs.base64
  kktd tlv encode receipt.json | kktd tlv diff - device.bin`,
		Args: func(cmd *cobra.Command, args []string) error { return trouble(cobra.ExactArgs(2)(cmd, args)) },
		RunE: func(cmd *cobra.Command, args []string) error { return trouble(o.run(cmd, args[0], args[1])) },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return trouble(err) })
	addInFlag(cmd, &o.in)
	cmd.Flags().StringVar(&o.out, "out", "text", "form of the output: text or json")
	o.view.addFlags(cmd)
	return cmd
}

func (o *tlvDiffOptions) run(cmd *cobra.Command, nameA, nameB string) error {
	switch {
	case !oneOf(o.out, "text", "json"):
		return fmt.Errorf("--out %q: want text or json", o.out)
	case nameA == "-" && nameB == "-":
		return errors.New("only one of both can be standard input")
	}
	view, err := o.view.get(cmd)
	if err != nil {
		return err
	}
	a, err := readTLVBytes(cmd, nameA, o.in)
	if err != nil {
		return err
	}
	b, err := readTLVBytes(cmd, nameB, o.in)
	if err != nil {
		return err
	}
	cmd.SilenceUsage = true
	list := ffd.Diff(ofdproto.Tree(a), ofdproto.Tree(b))
	out := view.AppendDiff(nil, list)
	if o.out == "json" {
		if list == nil {
			list = []ffd.Difference{}
		}
		if out, err = json.MarshalIndent(list, "", "  "); err != nil {
			return err
		}
		out = append(out, '\n')
	}
	if _, err := cmd.OutOrStdout().Write(out); err != nil {
		return err
	}
	if len(list) > 0 {
		cmd.SilenceErrors = true
		return &codeError{error: errDiffer, code: exitDiffer, quiet: true}
	}
	return nil
}
