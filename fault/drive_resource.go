package fault

import "kktd/fn"

// DriveResource is a drive that has used up a resource other than its memory: 14h, as
// after 30 days of unsent documents.
type DriveResource struct{}

// Name implements Effect.
func (DriveResource) Name() string { return "drive-resource" }

// Args implements Effect.
func (DriveResource) Args() string { return "" }

// Spoil implements OnDocument.
func (f DriveResource) Spoil(drive string, number uint32) error {
	return refusal(f, fn.CodeNoSpace, drive, number)
}

func kindDriveResource() Kind {
	return Kind{Name: DriveResource{}.Name(), Where: "drive", Usage: "drive-resource",
		About:   "a resource of the drive is used up, 14h, as when documents were unsent for 30 days",
		AboutRu: "исчерпан ресурс ФН, 14h, как после 30 дней без передачи документов",
		Knows:   knownToDocument(),
		Read:    func(*Params) Effect { return DriveResource{} }}
}
