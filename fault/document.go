package fault

import (
	"fmt"

	"kktd/fn"
)

// OnDocument is the point of a document, before the drive makes it.
type OnDocument interface {
	Effect
	// Spoil is why the document is not made. drive is the FN number, number the one
	// that the document would have had.
	Spoil(drive string, number uint32) error
}

// ErrNoPaper is returned when the paper ran out in the middle of a document. Nothing of
// it is made; a receipt waits until there is paper.
var ErrNoPaper = fmt.Errorf("the register has run out of paper: %w", ErrSet)

// ErrPowerCut is returned when the power went in the middle of a document. Nothing of it
// is stored, and whoever asked for it gets no answer: the API cuts the connection.
var ErrPowerCut = fmt.Errorf("the power was cut in the middle of a document: %w", ErrSet)

// refusal is what the drive answers by a fault.
func refusal(e Effect, code fn.Code, drive string, number uint32) *fn.Refusal {
	return &fn.Refusal{Code: code, Drive: drive, Number: number,
		Why:    "the fault " + e.Name() + " was set on purpose",
		WhyRu:  "сбой " + e.Name() + " включён намеренно",
		Hint:   "kktd fault list shows it, kktd fault reset lifts it",
		HintRu: "kktd fault list покажет его, kktd fault reset снимет"}
}
