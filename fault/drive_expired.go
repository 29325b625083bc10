package fault

import "kktd/fn"

// DriveExpired is a drive whose term has ended, 12h.
type DriveExpired struct{}

// Name implements Effect.
func (DriveExpired) Name() string { return "drive-expired" }

// Args implements Effect.
func (DriveExpired) Args() string { return "" }

// Spoil implements OnDocument.
func (f DriveExpired) Spoil(drive string, number uint32) error {
	return refusal(f, fn.CodeTermEnded, drive, number)
}

func kindDriveExpired() Kind {
	return Kind{Name: DriveExpired{}.Name(), Where: "drive", Usage: "drive-expired",
		About:   "the term of the drive's keys has ended, 12h",
		AboutRu: "срок действия ключей ФН исчерпан, 12h",
		Knows:   knownToDocument(),
		Read:    func(*Params) Effect { return DriveExpired{} }}
}
