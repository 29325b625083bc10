package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func newDriveListCommand() *cobra.Command {
	var o clientFlags
	var serial string
	cmd := &cobra.Command{
		Use: "list", Short: "List the drives of the register: the one in it, replaced and wiped ones", Args: cobra.NoArgs,
		Long: `List the drives of the register: the one in it, replaced and wiped ones. The other
commands of drive take the id with --drive. What a replaced drive has not sent still
goes to the OFD.`,
		Example: "  kktd drive list\n  kktd drive list --serial 00000000000000000001 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.look(cmd, func(c *client) error {
				path, err := c.path(serial, "drives")
				if err != nil {
					return err
				}
				var page listAnswer[struct {
					ID        uint64 `json:"id"`
					Number    string `json:"number"`
					Current   bool   `json:"current"`
					Phase     string `json:"phase"`
					Documents uint32 `json:"documents"`
					Unsent    uint32 `json:"unsent"`
					Wiped     bool   `json:"wiped"`
				}]
				if err := c.call(http.MethodGet, path+"?limit=100000", nil, &page); err != nil || c.json {
					return err
				}
				t := table(c.out)
				fmt.Fprintln(t, "ID\tФН\tФАЗА\tДОКУМЕНТЫ\tНЕ ПЕРЕДАНО\t")
				for _, d := range page.Items {
					place := "заменён"
					switch {
					case d.Current:
						place = "в кассе"
					case d.Wiped:
						place = "стёрт"
					}
					fmt.Fprintf(t, "%d\t%s\t%s\t%d\t%d\t%s\n", d.ID, d.Number, phaseWords[d.Phase], d.Documents, d.Unsent, place)
				}
				return t.Flush()
			})
		},
	}
	addSerialFlag(cmd, &serial)
	o.addFlags(cmd.Flags())
	return cmd
}
