package daemon

import (
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
)

// What a store without registers gets, so that the samples of the CloudKassir
// document run unchanged (design/architecture.md, first start).
const (
	FirstPublicID = "pk_demo"
	FirstSecret   = "secret_demo"
	FirstINN      = "7708806062"
	FirstRegister = "00000000000000000001"
	firstDrive    = "9999078900005430"
	firstRNM      = "0000000004030311"
	testOFDName   = "Тестовый ОФД kktd"
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
	return fleet.Create(FirstPublicID, kkt.Settings{
		Serial: FirstRegister, INN: FirstINN, RegNumber: firstRNM, DriveNumber: firstDrive, DriveModel: fn.Model36,
		UserName: `ООО "Тестовая организация"`, Address: "109012, г. Москва, ул. Примерная, д. 1", Place: "www.cloudpayments.ru",
		SenderEmail: "kassa@example.com", OFDName: testOFDName, OFDINN: fn.TestOFDINN, FFD: version,
		TaxSystems: []ffd.TaxSystems{ffd.TaxOSN, ffd.TaxUSNIncome, ffd.TaxUSNProfit, ffd.TaxENVD, ffd.TaxESHN, ffd.TaxPatent},
		Conditions: ffd.ExciseGoods | ffd.MarkedGoods, AutoShift: true,
		TakesAgents: true, TakesCash: true, TakesBSO: true, TakesUserAttribute: true,
	})
}
