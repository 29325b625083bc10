package control

import (
	"net/http"
	"reflect"

	"kktd/diagnosis"
	"kktd/event"
	"kktd/kkt"
	"kktd/outbox"
)

func receiptDocs() map[string]Doc {
	address := Param{Name: "address", About: "To this address alone."}
	register := Param{Name: "register", About: "Serial number of the register."}
	return map[string]Doc{
		"GET receipts/{id}": {ID: "getReceipt", Tag: tagReceipts, Summary: "Show what is kept of a receipt, and tell its story",
			Params:  []Param{langParam, {Name: "story", About: "Whether the story is told.", Type: reflect.TypeFor[bool](), Default: true}},
			Answers: answerOf[receiptView](http.StatusOK)},
		"GET refusals": {ID: "listRefusals", Tag: tagReceipts, Summary: "List the last requests that were refused and left nothing else",
			Params: []Param{afterNumber, limitParam, {Name: "last", About: "Begin so many before the end.", Type: reflect.TypeFor[int](), Min: 1, Max: diagnosis.MaxRefusals},
				{Name: "invoice", About: "Of this InvoiceId alone."}},
			Answers: answerOf[listOf[diagnosis.Refusal, uint64]](http.StatusOK)},
		"GET messages": {ID: "listMessages", Tag: tagBuyers, Summary: "List mail and SMS to buyers",
			Params: []Param{{Name: "kind", About: "Of this kind alone.", Type: reflect.TypeFor[kkt.MessageKind]()}, {Name: "state", About: "In this state alone.", Enum: MessageStates()},
				address, register, {Name: "after", About: "Begin behind the message of this receipt: `next` of the answer before."}, limitParam},
			Answers: answerOf[listOf[messageItem, string]](http.StatusOK)},
		"GET messages/{id}": {ID: "getMessage", Tag: tagBuyers, Summary: "Show a message with what it says", About: "A letter as it is sent with `Accept: message/rfc822`.",
			Answers: []Answer{{Status: http.StatusOK, Type: reflect.TypeFor[messageView]()}, {Status: http.StatusOK, Media: letterType}}},
		"GET webhooks": {ID: "listWebhooks", Tag: tagBuyers, Summary: "List the notifications",
			Params: []Param{afterNumber, limitParam, {Name: "receipt", About: "Of this receipt alone."}, {Name: "account", About: "Of this account alone."},
				{Name: "state", About: "In this state alone.", Type: reflect.TypeFor[outbox.State]()}},
			Answers: answerOf[listOf[webhookView, string]](http.StatusOK)},
		"GET webhooks/{id}": {ID: "getWebhook", Tag: tagBuyers, Summary: "Show a notification with its body", Answers: answerOf[webhookView](http.StatusOK)},
		"POST webhooks/{id}/resend": {ID: "resendWebhook", Tag: tagBuyers, Summary: "Send a notification again", Body: reflect.TypeFor[struct{}](),
			Answers: answerOf[webhookView](http.StatusAccepted), Errors: []int{http.StatusConflict}},
	}
}

func organisationDocs() map[string]Doc {
	return map[string]Doc{
		"GET organisations": {ID: "listOrganisations", Tag: tagOwners, Summary: "List the organisations", Params: []Param{afterText, limitParam},
			Answers: answerOf[listOf[organisationView, string]](http.StatusOK)},
		"POST organisations": {ID: "createOrganisation", Tag: tagOwners, Summary: "Make an organisation", Body: reflect.TypeFor[organisationBody](),
			Answers: answerOf[organisationView](http.StatusCreated), Errors: []int{http.StatusConflict}},
		"GET organisations/{inn}":  {ID: "getOrganisation", Tag: tagOwners, Summary: "Show an organisation", Answers: answerOf[organisationView](http.StatusOK)},
		"POST organisations/{inn}": {ID: "changeOrganisation", Tag: tagOwners, Summary: "Change an organisation", About: "What is left out stays.", Body: reflect.TypeFor[organisationBody](), Answers: answerOf[organisationView](http.StatusOK)},
		"GET organisations/{inn}/accounts": {ID: "listAccounts", Tag: tagOwners, Summary: "List the accounts of an organisation", About: "Without their secrets.",
			Answers: answerOf[listOf[accountView, string]](http.StatusOK)},
		"POST organisations/{inn}/accounts": {ID: "createAccount", Tag: tagOwners, Summary: "Give an organisation credentials",
			About: "New ones, those that are sent, or an account of another organisation. The secret is in this answer and no other.", Body: reflect.TypeFor[accountBody](),
			Answers: answerOf[accountView](http.StatusCreated)},
		"GET organisations/{inn}/webhooks": {ID: "listSubscriptions", Tag: tagOwners, Summary: "List where the accounts of an organisation want their notifications",
			Answers: answerOf[listOf[subscriptionView, string]](http.StatusOK)},
		"POST organisations/{inn}/webhooks": {ID: "setSubscription", Tag: tagOwners, Summary: "Set where an account wants its notifications of a type", About: "What is left out stays.",
			Body: reflect.TypeFor[webhookBody](), Answers: answerOf[subscriptionView](http.StatusOK)},
	}
}

func benchDocs() map[string]Doc {
	deliver := Doc{ID: "deliver", Tag: tagBench, Summary: "Send to the OFD what the registers have not sent", About: "Answers when it is known what came of each drive that had something, or when the time is over.",
		Body: reflect.TypeFor[deliverBody](), Answers: answerOf[allOf[Delivered]](http.StatusOK)}
	deliverOne := deliver
	deliverOne.ID, deliverOne.Summary = "deliverRegister", "Send to the OFD what a register has not sent"
	reset := Doc{ID: "resetFaults", Tag: tagBench, Summary: "Lift all faults", Body: reflect.TypeFor[struct{}](), Answers: answerOf[liftedView](http.StatusOK)}
	resetToo := reset
	resetToo.ID, resetToo.Body = "removeFaults", nil
	move := Doc{ID: "moveClock", Tag: tagBench, Summary: "Move the clock of the daemon", About: "One of `mode`, `advance`, `time` alone, `run`. Backward only with `force`.",
		Body: reflect.TypeFor[clockMove](), Answers: answerOf[clockView](http.StatusOK), Errors: []int{http.StatusConflict}}
	moveOne := move
	moveOne.ID, moveOne.Summary = "moveRegisterClock", "Move the clock of a register"
	return map[string]Doc{
		"GET clock":                       {ID: "getClock", Tag: tagBench, Summary: "Show the clock of the daemon", Answers: answerOf[clockView](http.StatusOK)},
		"POST clock":                      move,
		"GET registers/{serial}/clock":    {ID: "getRegisterClock", Tag: tagBench, Summary: "Show the clock of a register", Answers: answerOf[clockView](http.StatusOK)},
		"POST registers/{serial}/clock":   moveOne,
		"POST deliver":                    deliver,
		"POST registers/{serial}/deliver": deliverOne,
		"GET events": {ID: "readEvents", Tag: tagBench, Summary: "Read events, or follow them",
			About: "With `wait` or `limit`, or with `Accept: application/json`, a page of events; else server-sent events until the client goes: `id` is the number, `event` the kind, `data` the event as JSON. " +
				"A stream goes on behind `Last-Event-ID`, or behind `after`, or with what happens next.",
			Params: []Param{afterNumber.without(), limitParam, waitParam,
				{Name: "kind", About: "Of these kinds alone.", Type: reflect.TypeFor[event.Kind](), Many: true, Example: []string{"document", "confirmed"}},
				{Name: "register", About: "Of the register with this serial number."}, {Name: "inn", About: "Of the registers of this INN."}, {Name: "drive", About: "Of the drive with this number."},
				{Name: "receipt", About: "Of the receipt with this id."}, {Name: "document", About: "Of the document with this number.", Type: reflect.TypeFor[uint32](), Min: 1, Max: 1<<24 - 1},
				{Name: "form", About: "Of documents of this form.", Type: reflect.TypeFor[uint8](), Min: 1, Max: 255},
				{Name: "Last-Event-ID", Header: true, About: "Where a stream goes on.", Type: reflect.TypeFor[uint64]()}},
			Answers: []Answer{{Status: http.StatusOK, Type: reflect.TypeFor[eventList]()}, {Status: http.StatusOK, Media: "text/event-stream", Type: reflect.TypeFor[eventItem]()}}},
		"GET faults": {ID: "listFaults", Tag: tagBench, Summary: "List the faults in force", Answers: answerOf[allOf[FaultView]](http.StatusOK)},
		"POST faults": {ID: "addFault", Tag: tagBench, Summary: "Put a fault in force", About: "Either `fault`, its text form as `cut:answer:times=1`, or `name` and `params`.",
			Body: reflect.TypeFor[faultBody](), Answers: madeOf[FaultView]()},
		"DELETE faults":      resetToo,
		"POST faults/reset":  reset,
		"GET faults/kinds":   {ID: "listFaultKinds", Tag: tagBench, Summary: "List the faults that can be set", Answers: answerOf[allOf[FaultKindView]](http.StatusOK)},
		"GET faults/{id}":    {ID: "getFault", Tag: tagBench, Summary: "Show a fault", Answers: answerOf[FaultView](http.StatusOK)},
		"DELETE faults/{id}": {ID: "removeFault", Tag: tagBench, Summary: "Lift a fault", Answers: answerOf[FaultView](http.StatusOK)},
	}
}

// without is the parameter without a default.
func (p Param) without() Param {
	p.Default = nil
	return p
}

func daemonDocs() map[string]Doc {
	return map[string]Doc{
		"GET doctor": {ID: "checkUp", Tag: tagDaemon, Summary: "Look at the whole daemon", About: "What kktd doctor prints.", Params: []Param{langParam},
			Answers: answerOf[diagnosis.Checkup](http.StatusOK)},
		"GET openapi.json": {ID: "getOpenApi", Tag: tagDaemon, Summary: "This description", Answers: []Answer{{Status: http.StatusOK, Type: reflect.TypeFor[map[string]any]()}}},
		"GET openapi.yaml": {ID: "getOpenApiYaml", Tag: tagDaemon, Summary: "This description as YAML", Answers: []Answer{{Status: http.StatusOK, Media: yamlType}}},
	}
}
