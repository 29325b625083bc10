package daemon

import (
	"kktd/ffd"
	"kktd/kkt"
)

// What a store without registers gets, so that the samples of the CloudKassir
// document run unchanged (design/architecture.md, first start).
const (
	FirstPublicID = "pk_demo"
	FirstSecret   = "secret_demo"
	FirstINN      = kkt.DefaultINN
	FirstRegister = "00000000000000000001"
	firstDrive    = "9999078900005430"
	firstRNM      = "0000000004030311"
)

// firstStart makes the first organisation, account, register and drive, and
// registers the register; bare makes the account alone, with no organisation yet.
func firstStart(fleet *kkt.Fleet, version ffd.Version, bare bool) error {
	if bare {
		if _, known := fleet.Account(FirstPublicID); known {
			return nil
		}
		return fleet.AddAccount(kkt.Account{PublicID: FirstPublicID, Secret: FirstSecret})
	}
	if err := fleet.AddAccount(kkt.Account{PublicID: FirstPublicID, Secret: FirstSecret, INNs: []string{FirstINN}}); err != nil {
		return err
	}
	s := kkt.Defaults(version)
	s.Serial, s.RegNumber, s.DriveNumber = FirstRegister, firstRNM, firstDrive
	return fleet.Create(FirstPublicID, s)
}
