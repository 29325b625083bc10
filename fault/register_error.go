package fault

// RegisterError is a register out of order: a choice among registers passes it over.
type RegisterError struct{}

// Name implements Effect.
func (RegisterError) Name() string { return "register-error" }

// Args implements Effect.
func (RegisterError) Args() string { return "" }

func kindRegisterError() Kind {
	return Kind{Name: RegisterError{}.Name(), Where: "register", Usage: "register-error",
		About:   "the register is out of order: other registers take its receipts, its warnings say so",
		AboutRu: "касса неисправна: чеки достаются другим кассам, в предупреждениях это видно",
		Knows:   knownToChoice(),
		Read:    func(*Params) Effect { return RegisterError{} }}
}
