package kkt

import (
	"fmt"

	"kktd/ffd"
	"kktd/fn"
)

// Bits of tag 1205, why the data of a register change (spec/kkt.md 4).
const (
	reasonDrive        = fn.ReplacesDrive
	reasonOFD          = 1 << 1
	reasonUser         = 1 << 2
	reasonPlace        = 1 << 3
	reasonTransfer     = 1 << 4 // autonomous -> data transfer
	reasonAutonomous   = 1 << 5
	reasonModel        = 1 << 6 // version of the register's model
	reasonTax          = 1 << 7
	reasonAutomat      = 1 << 8 // number of the automat
	reasonAutomaticOff = 1 << 9
	reasonAutomaticOn  = 1 << 10
	reasonBSOOn        = 1 << 11
	reasonBSOOff       = 1 << 12
	reasonInternetOff  = 1 << 13
	reasonInternetOn   = 1 << 14
	reasonAgentOff     = 1 << 15
	reasonAgentOn      = 1 << 16
	reasonGamblingOff  = 1 << 17
	reasonGamblingOn   = 1 << 18
	reasonLotteryOff   = 1 << 19
	reasonLotteryOn    = 1 << 20
	reasonFFD          = 1 << 21
	reasonOther        = 1 << 31
	allReasons         = 1<<22 - 1 | reasonOther
)

// ReasonMask makes tag 1205 of the numbers of its bits: 1 to 21 and 31. Bit 0
// belongs to the replacement of the drive, which sets it itself.
func ReasonMask(bits []int) (mask uint32, err error) {
	for _, n := range bits {
		if n < 1 || n > 31 || allReasons>>n&1 == 0 {
			return 0, invalid("reasons", fmt.Sprint(n), "want bits of tag 1205: 1 to 21 or 31; bit 0 is set by the replacement of the drive",
				"ожидаются биты тега 1205: от 1 до 21 или 31; бит 0 ставит замена ФН")
		}
		mask |= 1 << n
	}
	return mask, nil
}

// changeReasons is tag 1205 for a change of settings; 0 when nothing differs that
// the report holds.
func changeReasons(old, next *Settings) uint32 {
	var mask uint32
	for _, x := range []struct {
		differ bool
		bit    uint32
	}{
		{!old.Offline && !next.Offline && (old.OFDName != next.OFDName || old.OFDINN != next.OFDINN), reasonOFD},
		{old.UserName != next.UserName, reasonUser},
		{old.Place != next.Place || old.Address != next.Address, reasonPlace},
		{old.TaxMask() != next.TaxMask(), reasonTax},
		{old.AutomatNumber != next.AutomatNumber, reasonAutomat},
		{old.FFD != next.FFD, reasonFFD},
		{old.SenderEmail != next.SenderEmail || old.RegNumber != next.RegNumber || old.FNSSite != next.FNSSite, reasonOther},
		{(old.Conditions^next.Conditions)&^ownReason != 0, reasonOther},
		{old.Agents != next.Agents && old.Agents != 0 && next.Agents != 0, reasonOther},
	} {
		if x.differ {
			mask |= x.bit
		}
	}
	for _, x := range []struct {
		was, is bool
		on, off uint32
	}{
		{old.Offline, next.Offline, reasonAutonomous, reasonTransfer},
		{old.Automatic, next.Automatic, reasonAutomaticOn, reasonAutomaticOff},
		{old.Conditions.Has(ffd.BSOSystem), next.Conditions.Has(ffd.BSOSystem), reasonBSOOn, reasonBSOOff},
		{old.Conditions.Has(ffd.InternetOnly), next.Conditions.Has(ffd.InternetOnly), reasonInternetOn, reasonInternetOff},
		{old.Agents != 0, next.Agents != 0, reasonAgentOn, reasonAgentOff},
		{old.Conditions.Has(ffd.Gambling), next.Conditions.Has(ffd.Gambling), reasonGamblingOn, reasonGamblingOff},
		{old.Conditions.Has(ffd.Lottery), next.Conditions.Has(ffd.Lottery), reasonLotteryOn, reasonLotteryOff},
	} {
		switch {
		case x.is && !x.was:
			mask |= x.on
		case x.was && !x.is:
			mask |= x.off
		}
	}
	return mask
}

// ownReason are the conditions of use whose change has bits of its own.
const ownReason = ffd.BSOSystem | ffd.InternetOnly | ffd.Gambling | ffd.Lottery
