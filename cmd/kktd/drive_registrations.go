package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// registrationAnswer is a registration report as the drive's archive has it.
type registrationAnswer struct {
	Index      int       `json:"index"`
	Number     uint32    `json:"number"`
	Time       time.Time `json:"time"`
	FFD        string    `json:"ffd"`
	INN        string    `json:"inn"`
	RegNumber  string    `json:"reg_number"`
	TaxSystems []string  `json:"tax_systems"`
	Reasons    uint32    `json:"reasons"`
	Answers    struct {
		Report string `json:"43h"`
	} `json:"answers"`
	Items []struct {
		Tag int    `json:"tag"`
		Hex string `json:"hex"`
	} `json:"items"`
}

func newDriveRegistrationsCommand() *cobra.Command {
	var o driveFlags
	cmd := &cobra.Command{
		Use: "registrations [INDEX]", Short: "List the registration reports of the drive, or show one", Args: cobra.MaximumNArgs(1),
		Long: `List the registration reports of the drive, or show one with its tags: what the
drive answers to its commands 43h, 44h and 47h. INDEX counts from 1.`,
		Example: "  kktd drive registrations\n  kktd drive registrations 1\n  kktd drive registrations --drive 1 --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			index := 0
			if len(args) == 1 {
				var err error
				if index, err = strconv.Atoi(args[0]); err != nil || index < 1 {
					return fmt.Errorf("registration report %q: want a number from 1 on", args[0])
				}
			}
			return o.client.look(cmd, func(c *client) error {
				if index > 0 {
					return o.showRegistration(c, index)
				}
				return o.listRegistrations(c)
			})
		},
	}
	o.addFlags(cmd)
	return cmd
}

func (o *driveFlags) listRegistrations(c *client) error {
	path, err := o.drivePath(c, "registrations")
	if err != nil {
		return err
	}
	var list listAnswer[registrationAnswer]
	if err := c.call(http.MethodGet, path, nil, &list); err != nil || c.json {
		return err
	}
	t := table(c.out)
	fmt.Fprintln(t, "ИНДЕКС\tДОКУМЕНТ\tВРЕМЯ\tФФД\tРНМ\tСНО\tПРИЧИНЫ")
	for i := range list.Items {
		x := &list.Items[i]
		fmt.Fprintf(t, "%d\t%d\t%s\t%s\t%s\t%s\t%s\n", x.Index, x.Number, x.Time.Format(timeFormat), x.FFD, x.RegNumber, strings.Join(x.TaxSystems, ","), x.reasons())
	}
	return t.Flush()
}

// reasons are the numbers of the bits of 1205; FFD 1.05 has a code of 1101 instead.
func (x *registrationAnswer) reasons() string {
	if x.FFD == "1.05" {
		if x.Reasons == 0 {
			return ""
		}
		return strconv.FormatUint(uint64(x.Reasons), 10)
	}
	var bits []string
	for n := range 32 {
		if x.Reasons>>n&1 != 0 {
			bits = append(bits, strconv.Itoa(n))
		}
	}
	return strings.Join(bits, ",")
}

func (o *driveFlags) showRegistration(c *client, index int) error {
	path, err := o.drivePath(c, "registrations", strconv.Itoa(index))
	if err != nil {
		return err
	}
	var x registrationAnswer
	if err := c.call(http.MethodGet, path, nil, &x); err != nil || c.json {
		return err
	}
	t := table(c.out)
	fmt.Fprintf(t, "Документ\t%d от %s\nОтвет ФН на 43h\t%s\n", x.Number, x.Time.Format(timeFormat), x.Answers.Report)
	for _, item := range x.Items {
		fmt.Fprintf(t, "%d\t%s\n", item.Tag, item.Hex)
	}
	return t.Flush()
}
