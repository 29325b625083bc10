package fault

import "kktd/fn"

// DriveCrypto is a failure of the drive's crypto unit, 04h.
type DriveCrypto struct{}

// Name implements Effect.
func (DriveCrypto) Name() string { return "drive-crypto" }

// Args implements Effect.
func (DriveCrypto) Args() string { return "" }

// Spoil implements OnDocument.
func (f DriveCrypto) Spoil(drive string, number uint32) error {
	return refusal(f, fn.CodeCrypto, drive, number)
}

func kindDriveCrypto() Kind {
	return Kind{Name: DriveCrypto{}.Name(), Where: "drive", Usage: "drive-crypto",
		About:   "the crypto unit of the drive fails, 04h: no document is made",
		AboutRu: "отказ криптографического сопроцессора ФН, 04h: документы не формируются",
		Knows:   knownToDocument(),
		Read:    func(*Params) Effect { return DriveCrypto{} }}
}
