package fault

// OnWebhook is the point before a notification goes out.
type OnWebhook interface {
	Effect
	// Withhold tells that it does not go out.
	Withhold() bool
}

// NoWebhooks keeps notifications back: they count as sent into nothing and are tried
// again by their schedule.
type NoWebhooks struct{}

// Name implements Effect.
func (NoWebhooks) Name() string { return "webhook-none" }

// Args implements Effect.
func (NoWebhooks) Args() string { return "" }

// Withhold implements OnWebhook.
func (NoWebhooks) Withhold() bool { return true }

func kindNoWebhooks() Kind {
	return Kind{Name: NoWebhooks{}.Name(), Where: "webhook", Usage: "webhook-none",
		About:   "no notification reaches its receiver; each try fails and the next one waits for its time",
		AboutRu: "уведомления не доходят до получателя: попытка считается неудачной, следующая ждёт своего срока",
		Knows:   []string{KeyRegister, KeyAPI},
		Read:    func(*Params) Effect { return NoWebhooks{} }}
}
