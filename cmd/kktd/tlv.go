package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"kktd/ffd"
)

func newTLVCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tlv",
		Short: "Read, make, check and compare fiscal documents and OFD frames",
		Example: `  kktd tlv decode --out json receipt.bin > receipt.json
  kktd tlv encode receipt.json | kktd tlv check
  kktd tlv diff ours.hex theirs.hex
  kktd tlv tags 1059
  kktd tlv explain 1e04010001`,
		Args: cobra.NoArgs, // an unknown command is an error, not a request for help
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTLVDecodeCommand(), newTLVEncodeCommand(), newTLVCheckCommand(), newTLVDiffCommand(), newTLVTagsCommand(), newTLVExplainCommand())
	return cmd
}

func addInFlag(cmd *cobra.Command, in *string) {
	cmd.Flags().StringVar(in, "in", "auto", "form of the input: auto, hex, base64 or raw")
}

func oneOf(s string, list ...string) bool { return slices.Contains(list, s) }

func addLangFlag(cmd *cobra.Command, lang *string) {
	cmd.Flags().StringVar(lang, "lang", "ru", "language of names: ru or en")
}

func parseLang(s string) (ffd.Lang, error) {
	lang, err := ffd.ParseLang(s)
	if err != nil {
		return lang, fmt.Errorf("--lang: %w", err)
	}
	return lang, nil
}

// tlvView are the flags of views with columns and colours.
type tlvView struct {
	lang, color string
	width       int
}

func (o *tlvView) addFlags(cmd *cobra.Command) {
	addLangFlag(cmd, &o.lang)
	cmd.Flags().StringVar(&o.color, "color", "auto", "colours: auto (on a terminal, unless NO_COLOR is set), always or never")
	cmd.Flags().IntVar(&o.width, "width", 0, "cut lines to this many characters; 0 cuts nothing")
}

func (o *tlvView) get(cmd *cobra.Command) (ffd.View, error) {
	lang, err := parseLang(o.lang)
	switch {
	case err != nil:
		return ffd.View{}, err
	case o.width < 0:
		return ffd.View{}, fmt.Errorf("--width %d: want 0 or more", o.width)
	case !oneOf(o.color, "auto", "always", "never"):
		return ffd.View{}, fmt.Errorf("--color %q: want auto, always or never", o.color)
	}
	color := o.color == "always"
	if o.color == "auto" {
		color = isTerminal(cmd.OutOrStdout()) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return ffd.View{Lang: lang, Color: color, Width: o.width}, nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
