package fault

import "kktd/fn"

// DriveFull is a drive whose memory is used up, 14h: it takes no receipts, and still
// closes its shift.
type DriveFull struct{}

// Name implements Effect.
func (DriveFull) Name() string { return "drive-full" }

// Args implements Effect.
func (DriveFull) Args() string { return "" }

// Refuse is what the drive answers. It is asked when a register is chosen, as a full drive
// is passed over.
func (f DriveFull) Refuse(drive string, number uint32) error {
	r := refusal(f, fn.CodeNoSpace, drive, number)
	r.Full = true
	return r
}

func kindDriveFull() Kind {
	return Kind{Name: DriveFull{}.Name(), Where: "drive", Usage: "drive-full",
		About:   "the memory of the drive is full, 14h: it takes no receipts, other registers do",
		AboutRu: "память ФН исчерпана, 14h: чеки он не принимает, они достаются другим кассам",
		Knows:   knownToChoice(),
		Read:    func(*Params) Effect { return DriveFull{} }}
}
