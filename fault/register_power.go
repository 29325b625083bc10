package fault

// PowerCut is a register whose power goes in the middle of a document.
type PowerCut struct{}

// Name implements Effect.
func (PowerCut) Name() string { return "power-cut" }

// Args implements Effect.
func (PowerCut) Args() string { return "" }

// Spoil implements OnDocument.
func (PowerCut) Spoil(string, uint32) error { return ErrPowerCut }

func kindPowerCut() Kind {
	return Kind{Name: PowerCut{}.Name(), Where: "register", Usage: "power-cut",
		About:   "the power goes in the middle of a document: nothing of it is stored, the connection is cut, then the register works as before",
		AboutRu: "питание пропало посреди документа: ничего не сохранено, соединение оборвано, потом касса работает как прежде",
		Knows:   knownToDocument(),
		Read:    func(*Params) Effect { return PowerCut{} }}
}
