package fault

import (
	"errors"
	"fmt"

	"kktd/fn"
)

// DriveRefuse makes the drive answer a command with a code of its book.
type DriveRefuse struct{ Code fn.Code } // not 0

// Name implements Effect.
func (DriveRefuse) Name() string { return "drive-refuse" }

// Args implements Effect.
func (f DriveRefuse) Args() string { return fmt.Sprintf("code=%02Xh", byte(f.Code)) }

// Check implements Checker.
func (f DriveRefuse) Check() error {
	if f.Code == 0 {
		return errors.New("code: 00h is no refusal; want 01h..FFh")
	}
	return nil
}

// Spoil implements OnDocument.
func (f DriveRefuse) Spoil(drive string, number uint32) error {
	return refusal(f, f.Code, drive, number)
}

func kindDriveRefuse() Kind {
	return Kind{Name: DriveRefuse{}.Name(), Where: "drive", First: "code", Usage: "drive-refuse[:02h]",
		About:   "the drive refuses to make a document with that answer code",
		AboutRu: "ФН отказывается формировать документ с этим кодом ответа",
		Knows:   knownToDocument(),
		Read:    func(p *Params) Effect { return DriveRefuse{fn.Code(p.Byte("code", byte(fn.CodeState)))} }}
}
