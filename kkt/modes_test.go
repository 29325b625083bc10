package kkt

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/storage/memory"
	"kktd/tlv"
)

// Every mode of spec/kkt.md 3 stands in the registration report of each version,
// in its own tag or in its bit of 1290, and goes when it is left off.
func TestModesInTheRegistration(t *testing.T) {
	conditions := func(c ffd.Conditions) func(*Settings) { return func(s *Settings) { s.Conditions = c } }
	for _, c := range []struct {
		name string
		set  func(*Settings)
		tag  uint16          // of 1.05 and 1.1, and of 1.2 without a bit; 0: 1.2 alone has it
		bit  int             // of 1290; -1: none
		rare map[uint16]bool // left out of 1.05 when it is off
	}{
		{"autonomous", func(s *Settings) { s.Offline = true }, ffd.TagOfflineMode, -1, nil},
		{"automatic", func(s *Settings) { s.Automatic, s.AutomatNumber = true, "A1" }, ffd.TagAutomaticMode, -1, nil},
		{"printer in the automat", func(s *Settings) {
			s.Automatic, s.AutomatNumber, s.Conditions = true, "A1", ffd.PrinterInAutomat
		}, ffd.TagPrinterInAutomat, 1, nil},
		{"БСО", conditions(ffd.BSOSystem), ffd.TagStrictFormSystem, 2, nil},
		{"Internet only", conditions(ffd.InternetOnly), ffd.TagInternetOnlyKKT, 5, nil},
		{"excise", conditions(ffd.ExciseGoods), ffd.TagExciseMode, 6, nil},
		{"marked goods", conditions(ffd.MarkedGoods), 0, 8, nil},
		{"services", conditions(ffd.ServicesOnly), ffd.TagServicesOnly, 9, nil},
		{"gambling", conditions(ffd.Gambling), ffd.TagGamblingMode, 10, map[uint16]bool{ffd.TagGamblingMode: true}},
		{"lottery", conditions(ffd.Lottery), ffd.TagLotteryMode, 11, map[uint16]bool{ffd.TagLotteryMode: true}},
		{"pawnshop", conditions(ffd.Pawnshop), 0, 12, nil},
		{"insurance", conditions(ffd.Insurance), 0, 13, nil},
		{"vending", conditions(ffd.Vending), 0, 14, nil},
		{"catering", conditions(ffd.Catering), 0, 15, nil},
		{"wholesale", conditions(ffd.Wholesale), 0, 16, nil},
	} {
		for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
			if c.tag == 0 && v < ffd.V120 {
				continue // refused, see below
			}
			t.Run(c.name+" "+v.String(), func(t *testing.T) {
				value := func(r *Register, number uint32) uint64 {
					tags := tagsOf(t, r, r.Settings().Drive(), number)
					if v >= ffd.V120 && c.bit >= 0 {
						mask, err := tlv.Fixed32(tags[ffd.TagKKTUsageConditions])
						require.NoError(t, err)
						return uint64(mask >> c.bit & 1)
					}
					b, ok := tags[c.tag]
					if !ok && v == ffd.V105 && c.rare[c.tag] {
						return 0
					}
					require.True(t, ok, "tag %d", c.tag)
					n, err := tlv.Uint(b)
					require.NoError(t, err)
					return n
				}
				_, r := newRegister(t, v, false, func(s *Settings) {
					s.Conditions = 0
					c.set(s)
				})
				require.EqualValues(t, 1, value(r, 1), "at creation")
				made, err := r.Reregister(t.Context(), func(s *Settings) error {
					s.Conditions, s.Automatic, s.Offline = 0, false, false
					s.OFDName, s.OFDINN = Defaults(v).OFDName, Defaults(v).OFDINN
					return nil
				}, 0)
				require.NoError(t, err)
				require.Len(t, made, 1)
				require.EqualValues(t, 0, value(r, made[0].Number), "off by a change")
				require.Empty(t, r.Settings().AutomatNumber)
				confirmAll(t, r)
				made, err = r.Reregister(t.Context(), func(s *Settings) error { c.set(s); return nil }, 0)
				require.NoError(t, err)
				require.EqualValues(t, 1, value(r, made[0].Number), "on by a change")
				tags := tagsOf(t, r, r.Settings().Drive(), made[0].Number)
				require.Equal(t, r.Settings().Automatic, tags[ffd.TagAutomatNumber] != nil, "1036")
				require.Equal(t, !r.Settings().Offline, tags[ffd.TagOFDName] != nil, "1046")
			})
		}
	}
}

func TestAgentsInTheRegistration(t *testing.T) {
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		t.Run(v.String(), func(t *testing.T) {
			_, r := newRegister(t, v, false, func(s *Settings) { s.Agents = 65 })
			tag := tagsOf(t, r, 1, 1)[ffd.TagAgentFlags]
			if v >= ffd.V120 {
				require.Nil(t, tag, "1.2 has no tag for it")
				return
			}
			require.Equal(t, []byte{65}, tag)
		})
	}
}

func TestModesRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		v     ffd.Version
		set   func(*Settings)
		field string
	}{
		{"encryption", ffd.V120, func(s *Settings) { s.Encryption = true }, "encryption"},
		{"automatic without a number", ffd.V120, func(s *Settings) { s.Automatic = true }, "automat_number"},
		{"a number without automatic", ffd.V120, func(s *Settings) { s.AutomatNumber = "A1" }, "automat_number"},
		{"a printer without automatic", ffd.V120, func(s *Settings) { s.Conditions = ffd.PrinterInAutomat }, "conditions"},
		{"Internet alone and autonomous", ffd.V120, func(s *Settings) { s.Conditions, s.Offline = ffd.InternetOnly, true }, "conditions"},
		{"marked goods in 1.05", ffd.V105, func(s *Settings) { s.Conditions = ffd.MarkedGoods }, "conditions"},
		{"catering in 1.1", ffd.V110, func(s *Settings) { s.Conditions = ffd.Catering }, "conditions"},
		{"no taxation system", ffd.V120, func(s *Settings) { s.TaxSystems = nil }, "tax_systems"},
		{"no OFD", ffd.V120, func(s *Settings) { s.OFDINN = "" }, "ofd_inn"},
		{"no zone", ffd.V120, func(s *Settings) { s.Zone = "Moscow" }, "zone"},
		{"a version that is not there", ffd.Version(9), func(*Settings) {}, "ffd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := openBench(t, memory.Open(), nil)
			s := Defaults(c.v)
			c.set(&s)
			_, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: s})
			wrong := (*InvalidError)(nil)
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, c.field, wrong.Field)
			require.NotEmpty(t, wrong.Rule)
			require.NotEmpty(t, wrong.RuleRu)
			require.Empty(t, b.fleet.Registers())
		})
	}
}

func TestVersionIsNotLowered(t *testing.T) {
	lower := func(s *Settings) error { s.FFD, s.Conditions = ffd.V110, 0; return nil }
	_, r := newRegister(t, ffd.V120, false, nil)
	_, err := r.Reregister(t.Context(), lower, 0)
	wrong := (*InvalidError)(nil)
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "ffd", wrong.Field)
	_, err = r.ReplaceDrive(t.Context(), lower, 0)
	require.NoError(t, err, "another drive may be registered for any version")
	require.Equal(t, ffd.V110, r.Settings().FFD)
	_, err = r.Reregister(t.Context(), func(s *Settings) error { s.FFD = ffd.V120; return nil }, 0)
	require.NoError(t, err, "raised")
}

func TestChangeReasons(t *testing.T) {
	base := func() Settings { return Defaults(ffd.V110) }
	for _, c := range []struct {
		name      string
		old, next func(*Settings)
		bits      []int
	}{
		{"nothing", nil, nil, nil},
		{"OFD", nil, func(s *Settings) { s.OFDName = "Другой ОФД" }, []int{1}},
		{"INN of the OFD", nil, func(s *Settings) { s.OFDINN = "7704358518" }, []int{1}},
		{"user", nil, func(s *Settings) { s.UserName = "ООО Лютик" }, []int{2}},
		{"address", nil, func(s *Settings) { s.Address = "г. Омск" }, []int{3}},
		{"place", nil, func(s *Settings) { s.Place = "shop.example.com" }, []int{3}},
		{"autonomous to transfer", func(s *Settings) { s.Offline, s.OFDINN = true, "" }, nil, []int{4}},
		{"transfer to autonomous", nil, func(s *Settings) { s.Offline, s.OFDINN = true, "" }, []int{5}},
		{"taxes", nil, func(s *Settings) { s.TaxSystems = s.TaxSystems[:1] }, []int{7}},
		{"order of taxes", nil, func(s *Settings) { s.TaxSystems[0], s.TaxSystems[1] = s.TaxSystems[1], s.TaxSystems[0] }, nil},
		{"number of the automat", func(s *Settings) { s.Automatic, s.AutomatNumber = true, "A1" }, func(s *Settings) { s.Automatic, s.AutomatNumber = true, "A2" }, []int{8}},
		{"automatic off", func(s *Settings) { s.Automatic = true }, nil, []int{9}},
		{"automatic on", nil, func(s *Settings) { s.Automatic = true }, []int{10}},
		{"БСО on", nil, func(s *Settings) { s.Conditions |= ffd.BSOSystem }, []int{11}},
		{"БСО off", func(s *Settings) { s.Conditions |= ffd.BSOSystem }, nil, []int{12}},
		{"Internet off", func(s *Settings) { s.Conditions |= ffd.InternetOnly }, nil, []int{13}},
		{"Internet on", nil, func(s *Settings) { s.Conditions |= ffd.InternetOnly }, []int{14}},
		{"agent off", func(s *Settings) { s.Agents = 1 }, nil, []int{15}},
		{"agent on", nil, func(s *Settings) { s.Agents = 1 }, []int{16}},
		{"another agent", func(s *Settings) { s.Agents = 1 }, func(s *Settings) { s.Agents = 3 }, []int{31}},
		{"gambling off", func(s *Settings) { s.Conditions |= ffd.Gambling }, nil, []int{17}},
		{"gambling on", nil, func(s *Settings) { s.Conditions |= ffd.Gambling }, []int{18}},
		{"lottery off", func(s *Settings) { s.Conditions |= ffd.Lottery }, nil, []int{19}},
		{"lottery on", nil, func(s *Settings) { s.Conditions |= ffd.Lottery }, []int{20}},
		{"version", nil, func(s *Settings) { s.FFD = ffd.V120 }, []int{21}},
		{"excise", nil, func(s *Settings) { s.Conditions &^= ffd.ExciseGoods }, []int{31}},
		{"sender", nil, func(s *Settings) { s.SenderEmail = "b@example.com" }, []int{31}},
		{"registration number", nil, func(s *Settings) { s.RegNumber = "1" }, []int{31}},
		{"site of the tax service", nil, func(s *Settings) { s.FNSSite = "nalog.ru" }, []int{31}},
		{"abilities", nil, func(s *Settings) { s.TakesCash = false }, nil},
		{"user and address", nil, func(s *Settings) { s.UserName, s.Address = "a", "b" }, []int{2, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next := base(), base()
			if c.old != nil {
				c.old(&old)
			}
			if c.next != nil {
				c.next(&next)
			}
			var want uint32
			for _, b := range c.bits {
				want |= 1 << b
			}
			require.Equal(t, want, changeReasons(&old, &next))
		})
	}
}

func TestReasonMask(t *testing.T) {
	mask, err := ReasonMask([]int{1, 21, 31})
	require.NoError(t, err)
	require.EqualValues(t, 1<<1|1<<21|1<<31, mask)
	for _, n := range []int{-1, 0, 22, 30, 32, 64} {
		_, err := ReasonMask([]int{n})
		require.ErrorIs(t, err, ErrInvalid, n)
	}
}

func TestWordsOfMasks(t *testing.T) {
	c, err := ParseConditions([]string{"bso", "wholesale"})
	require.NoError(t, err)
	require.Equal(t, ffd.BSOSystem|ffd.Wholesale, c)
	require.Equal(t, []string{"bso", "wholesale"}, ConditionNames(c))
	taxes, err := ParseTaxSystems([]string{"patent", "osn"})
	require.NoError(t, err)
	require.Equal(t, TaxList{ffd.TaxPatent, ffd.TaxOSN}, taxes)
	require.Equal(t, []string{"patent", "osn"}, TaxNames(taxes))
	a, err := ParseAgents([]string{"agent", "bank_agent"})
	require.NoError(t, err)
	require.EqualValues(t, 65, a)
	require.Equal(t, []string{"bank_agent", "agent"}, AgentNames(a))
	_, err = ParseTaxSystems([]string{"usn"})
	require.ErrorContains(t, err, "usn_income")
}
