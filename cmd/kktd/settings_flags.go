package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settingFlags are flags that become fields of a body, when they are given: the
// name with _ for - is the field.
type settingFlags struct{ flags *pflag.FlagSet }

// body are the fields of the flags that were given.
func (s settingFlags) body() map[string]any {
	body := map[string]any{}
	s.flags.VisitAll(func(f *pflag.Flag) {
		if !f.Changed {
			return
		}
		name := strings.ReplaceAll(f.Name, "-", "_")
		switch f.Value.Type() {
		case "bool":
			body[name], _ = s.flags.GetBool(f.Name)
		case "uint32":
			body[name], _ = s.flags.GetUint32(f.Name)
		case "intSlice":
			body[name], _ = s.flags.GetIntSlice(f.Name)
		case "stringSlice":
			list, _ := s.flags.GetStringSlice(f.Name)
			if len(list) == 1 && list[0] == "none" {
				list = []string{}
			}
			body[name] = list
		default:
			body[name] = f.Value.String()
		}
	})
	return body
}

func newSettingFlags() settingFlags {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.SortFlags = false
	return settingFlags{f}
}

// registration adds the data of the registration (spec/kkt.md 2, 3).
func (s settingFlags) registration() settingFlags {
	f := s.flags
	f.String("reg-number", "", "РНМ, 16 digits (1037)")
	f.String("user-name", "", "name of the user (1048)")
	f.String("address", "", "address of settlements (1009)")
	f.String("place", "", "place of settlements (1187)")
	f.String("sender-email", "", "address that receipts come from (1117)")
	f.String("phone", "", "phone of the shop")
	f.String("ofd-name", "", "name of the OFD (1046)")
	f.String("ofd-inn", "", "INN of the OFD (1017)")
	f.String("fns-site", "", "site of the tax service (1060)")
	f.String("cashier", "", "cashier of the register (1021)")
	f.String("cashier-inn", "", "INN of the cashier (1203)")
	f.String("ffd", "", "format: 1.05, 1.1 or 1.2; a drive's version is only raised")
	f.StringSlice("tax-systems", nil, "taxation systems (1062), the first for receipts that name none: osn, usn_income, usn_profit, envd, eshn, patent")
	f.Bool("offline", false, "autonomous mode (1002): nothing goes to an OFD")
	f.Bool("automatic", false, "automatic mode (1001), with --automat-number")
	f.String("automat-number", "", "number of the automat (1036)")
	f.Bool("encryption", false, "encryption (1056); refused, the cipher is secret")
	f.StringSlice("conditions", nil, "conditions of use (1290, or its tags up to 1.1): printer, bso, internet, excise, marked, services, gambling, lottery, "+
		"pawnshop, insurance, vending, catering, wholesale; none clears them")
	f.StringSlice("agents", nil, "kinds of agent (1057): bank_agent, bank_subagent, payment_agent, payment_subagent, attorney, commissioner, agent; none clears them")
	f.Bool("takes-agents", true, "takes receipts of agents")
	f.Bool("takes-cash", true, "takes cash")
	f.Bool("takes-bso", true, "makes БСО on request")
	f.Bool("takes-user-attribute", true, "takes the additional requisite of the user (1084)")
	f.String("zone", "", "time zone, as Europe/Moscow")
	f.Bool("auto-shift", true, "receipts open and close shifts, closing and changes close them")
	f.String("quantity-decimals", "", "decimals of quantities: minimal, 3 or 6")
	return s
}

// drive adds the data of a new drive.
func (s settingFlags) drive() settingFlags {
	f := s.flags
	f.String("drive-number", "", "number of the drive, 16 digits from 9999 on (1041); made when not given")
	f.Uint32("drive-model", 36, "months of the drive's longest term: 13, 15 or 36")
	f.Uint32("drive-capacity", 250000, "documents that the drive holds")
	return s
}

// reasons adds the reasons of a change.
func (s settingFlags) reasons() settingFlags {
	s.flags.IntSlice("reasons", nil, "reasons beside what differs, as bits of tag 1205: 1 to 21 or 31")
	return s
}

// person adds who makes a report.
func (s settingFlags) person() settingFlags {
	s.flags.String("cashier", "", "who makes the report (1021); the register's cashier when not given")
	s.flags.String("cashier-inn", "", "INN of who makes it (1203)")
	return s
}

func (s settingFlags) addTo(cmd *cobra.Command) { cmd.Flags().AddFlagSet(s.flags) }
