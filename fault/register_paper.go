package fault

// PaperOut is a register that runs out of paper in the middle of a document.
type PaperOut struct{}

// Name implements Effect.
func (PaperOut) Name() string { return "paper-out" }

// Args implements Effect.
func (PaperOut) Args() string { return "" }

// Spoil implements OnDocument.
func (PaperOut) Spoil(string, uint32) error { return ErrNoPaper }

func kindPaperOut() Kind {
	return Kind{Name: PaperOut{}.Name(), Where: "register", Usage: "paper-out",
		About:   "the paper runs out in the middle of a document: nothing is made, a receipt stays Queued and is made when the fault is lifted or has spent itself",
		AboutRu: "бумага кончилась посреди документа: ничего не сделано, чек остаётся Queued и делается, когда сбой снят или исчерпан",
		Knows:   knownToDocument(),
		Read:    func(*Params) Effect { return PaperOut{} }}
}
