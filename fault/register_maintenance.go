package fault

// RegisterMaintenance is a register on maintenance, though nobody set that.
type RegisterMaintenance struct{}

// Name implements Effect.
func (RegisterMaintenance) Name() string { return "register-maintenance" }

// Args implements Effect.
func (RegisterMaintenance) Args() string { return "" }

func kindRegisterMaintenance() Kind {
	return Kind{Name: RegisterMaintenance{}.Name(), Where: "register", Usage: "register-maintenance",
		About:   "the register is on maintenance: other registers take its receipts; when all of several are, they wait as Queued, and those of a single one are refused",
		AboutRu: "касса на обслуживании: чеки достаются другим кассам; если обслуживаются все из нескольких — ждут в состоянии Queued, у единственной кассы — отклоняются",
		Knows:   []string{KeyRegister, KeyINN, KeyDrive},
		Read:    func(*Params) Effect { return RegisterMaintenance{} }}
}
