package openapi

import (
	"reflect"
	"slices"

	"kktd/api/control"
	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/ofd"
	"kktd/sender"
)

// typeNames are the names of components that are not those of their Go types.
var typeNames = map[string]string{
	"control.ofdItem":          "OfdDocumentItem",
	"control.ofdView":          "OfdDocument",
	"control.ofdState":         "OfdCounters",
	"control.refusal":          "ErrorAnswer",
	"control.Refused":          "DriveRefusal",
	"control.operationView":    "OperationAnswer",
	"ffd.Operation":            "CalculationType",
	"control.eventItem":        "Event",
	"control.eventList":        "EventPage",
	"control.clockMove":        "ClockMove",
	"control.subscriptionView": "Subscription",
	"control.attemptView":      "WebhookAttempt",
	"diagnosis.Level":          "RemarkLevel",
	"diagnosis.Code":           "RemarkCode",
	"kkt.Status":               "ReceiptStatus",
	"outbox.State":             "DeliveryState",
	"outbox.Header":            "HttpHeader",
	"event.Kind":               "EventKind",
	"clock.Mode":               "ClockMode",
	"sender.Reason":            "SendFailure",
	"sender.StateView":         "SenderState",
}

// typeWords are the words of components whose Go comment is meant for programmers.
var typeWords = map[string]string{
	"ErrorAnswer": "What every error is answered with.",
	"Nothing":     "An empty object; the body may be left out.",
}

// fieldTypes are the types of fields that hold anything.
var fieldTypes = map[string]reflect.Type{"sender": reflect.TypeFor[sender.State]()}

// fieldValues are the values of text fields whose Go type does not say them.
func fieldValues(owner reflect.Type, name string) ([]any, bool) {
	switch name {
	case "ffd":
		return []any{ffd.V105.String(), ffd.V110.String(), ffd.V120.String()}, owner.Name() == "settings" || owner.Name() == "settingsBody" || owner.Name() == "registerItem"
	case "phase":
		var phases []any
		for _, p := range []fn.Phase{fn.PhaseSetup, fn.PhaseReady, fn.PhaseFiscal, fn.PhasePostFiscal, fn.PhaseArchive} {
			phases = append(phases, p.String())
		}
		return phases, true
	case "severity":
		return []any{ffd.Note.String(), ffd.Warning.String(), ffd.Error.String()}, true
	case "tax_systems":
		return anys(kkt.TaxNames(kkt.TaxList{0xFF})), true
	case "conditions":
		return anys(kkt.ConditionNames(1<<32 - 1)), true
	case "agents":
		return anys(kkt.AgentNames(0xFF)), true
	case "quantity_decimals":
		return []any{"minimal", "3", "6"}, true
	case "name":
		return anys(faultNames()), owner.Name() == "faultBody" || owner.Name() == "FaultView" || owner.Name() == "FaultKindView"
	case "state":
		return anys(control.MessageStates()), owner.Name() == "messageItem"
	case "code":
		return anys(codeNames()), owner.Name() == "Problem"
	}
	return nil, false
}

// faultNames are the faults that can be set with the built-in OFD.
func faultNames() (names []string) {
	for _, k := range slices.Concat(fault.Kinds(), ofd.FaultKinds()) {
		names = append(names, k.Name)
	}
	return names
}

func codeNames() (names []string) {
	for _, c := range control.Codes() {
		names = append(names, c.Name)
	}
	return names
}

func anys[T any](list []T) []any {
	var out []any
	for _, x := range list {
		out = append(out, x)
	}
	return slices.Clip(out)
}

// fieldWords are the words of fields without a comment at them: those of one type by
// TYPE.FIELD, those that mean the same everywhere by FIELD.
var fieldWords = map[string]string{
	"about":                "What it does and what is seen then.",
	"about_ru":             "The same in Russian.",
	"account":              "Public id of the account.",
	"account_id":           "AccountId of the request.",
	"accounts":             "Who may use its registers.",
	"address":              "Where it goes.",
	"answers":              "What the drive answers on its wire, in hex, by command: `30h`.",
	"api":                  "Name of the outside API: cloudkassir.",
	"attempts":             "How many attempts were made.",
	"automat_number":       "1036, number of the automat.",
	"automatic":            "1001, the register works in an automat.",
	"bad_frames":           "How often a connection was closed for a frame that cannot be read, by reason.",
	"capacity":             "How many documents it takes.",
	"cashier":              "1021, who makes documents when a request names nobody.",
	"cashier_inn":          "1203, INN of the cashier.",
	"code":                 "Names it for programs.",
	"conditions":           "Conditions of use by their names, 1290 or its tags up to FFD 1.1.",
	"connected":            "A connection to the OFD is open.",
	"connections":          "Connections that are open.",
	"container":            "The container of the document, with header and CRC.",
	"current":              "It is in the register now.",
	"days_left":            "Days of its term that are left.",
	"document":             "Number of the fiscal document, 1040.",
	"documents":            "How many documents it has.",
	"drive":                "Number of the drive, 1041.",
	"drive_capacity":       "How many documents the drive takes.",
	"drive_model":          "Months of the longest term of the drive.",
	"drive_number":         "1041, 16 digits; 9999... unless kktd allows others.",
	"encoding":             "Encoding of the notification, as the API names it.",
	"enabled":              "It is sent.",
	"entry":                "Number among the notifications: `webhooks/{id}`.",
	"error":                "What went wrong.",
	"error_ru":             "The same in Russian.",
	"fault":                "The text form: `cut:answer:times=1`.",
	"faults_struck":        "How often each fault struck.",
	"ffd":                  "Version of the format of fiscal documents.",
	"findings":             "What format control found.",
	"fiscal_sign":          "The printed ФП.",
	"form":                 "Code of the form of the document.",
	"form_name":            "Name of the form in Russian.",
	"format":               "Format of the notification, as the API names it.",
	"from":                 "Sender of the letter.",
	"header":               "Header of the request.",
	"hex":                  "Its bytes.",
	"hint_ru":              "The same in Russian.",
	"html":                 "The letter as HTML.",
	"id":                   "Its id.",
	"inn":                  "INN of the organisation, 1018.",
	"invoice_id":           "InvoiceId of the request.",
	"items":                "In their order.",
	"kind":                 "What it is.",
	"language":             "Of the words: ru or en.",
	"last_attempts":        "The last attempts, oldest first.",
	"last_document":        "The last document; null before the first and when the register is out of service.",
	"level":                "How good or bad it is.",
	"knows":                "What a fault can ask for of whom it meets: register, inn, api ...; anything else is refused.",
	"links":                "Paths of what belongs to it.",
	"message":              "What is wrong, in English.",
	"method":               "GET or POST.",
	"mode":                 "How it runs.",
	"name":                 "Its name.",
	"name_ru":              "The same in Russian.",
	"now":                  "What it shows.",
	"number":               "Its number.",
	"ofd_inn":              "1017, INN of the operator.",
	"offline":              "1002, autonomous mode: documents do not go to an OFD.",
	"operation":            "1054: 1 income, 2 return of income, 3 expense, 4 return of expense.",
	"params":               "Its parameters, as `faults/kinds` lists them.",
	"path":                 "Path of the tag or of the request.",
	"payments":             "How it was paid.",
	"phase":                "Phase of the life of the drive.",
	"phone":                "Telephone for buyers.",
	"place":                "1187, place of settlements.",
	"price":                "Price of a unit, as printed.",
	"probes":               "Connections that asked whether somebody is there.",
	"public_id":            "User name of the account.",
	"quantity_decimals":    "How many decimals a quantity, 1023, has.",
	"reason":               "Why, 1205 or 1101.",
	"receipt":              "Id of the receipt.",
	"receipt_url":          "The receipt at the OFD, as its QR code says.",
	"received":             "When the OFD got it.",
	"reg_number":           "1037, registration number, 16 digits.",
	"register":             "Serial number of the register.",
	"registrations":        "How many registration reports it has.",
	"registrations_left":   "How many registration reports it still takes.",
	"request":              "The request as it came, secrets removed.",
	"request_base64":       "The request when it is no UTF-8.",
	"resends":              "Documents that came again.",
	"rule":                 "Name of the rule.",
	"scenario":             "Name of the scenario.",
	"secret":               "Password of the account; asterisks but in the answer that made it.",
	"sender":               "How the exchange with the OFD stands; absent before the first document.",
	"sender_email":         "1117, address that letters to buyers come from.",
	"serial":               "1013, serial number of the register.",
	"settings":             "Everything that can be set.",
	"shift":                "Number of the shift.",
	"state":                "How it stands.",
	"status":               "How it stands.",
	"subject":              "Subject of the letter.",
	"sum":                  "Sum, as printed.",
	"tag":                  "Tag of the value.",
	"tags":                 "The document as a tree.",
	"takes_cash":           "It takes receipts paid in cash.",
	"takes_user_attribute": "It takes 1084, the additional attribute of the user.",
	"takes_agents":         "It takes receipts of agents.",
	"tax_systems":          "Taxation systems by their names, 1062; the first is the one of receipts that name none.",
	"text":                 "In words.",
	"text_ru":              "In Russian.",
	"ticket":               "Answer of the operator.",
	"time":                 "When, business time.",
	"title":                "Name of the document.",
	"tlv":                  "The document as TLV, without the container.",
	"transport":            "How it goes: http or mail.",
	"type":                 "Name of the notification in its API.",
	"unsent":               "How many have no ticket.",
	"usage":                "How it is written, with its parameters and their defaults.",
	"user_name":            "1048, name of the organisation.",
	"vat":                  "VAT.",
	"value":                "Its value.",
	"warnings":             "Troubles of the register.",
	"webhooks":             "Where its accounts want their notifications.",
	"where":                "What it acts on.",
	"why":                  "What the drive found.",
	"why_ru":               "The same in Russian.",
	"agents":               "Kinds of agents by their names, 1057.",
	"body":                 "What is sent, when it is UTF-8.",
	"count":                "How many.",
	"do":                   "What a person does about it.",
	"do_ru":                "The same in Russian.",
	"open":                 "It is open.",
	"receipts":             "How many receipts.",
	"registers":            "How many registers.",
	"since":                "When the oldest was made; null when there is none.",
	"what":                 "What it is.",
	"what_ru":              "The same in Russian.",
	"zone":                 "Time zone of the register, IANA name.",

	"FaultView.id":                "Number of the fault.",
	"Problem.code":                "Names the problem for programs; the answers by status say what each means.",
	"User.address":                "1009, address of settlements.",
	"accountBody.secret":          "Password; made when it is left out.",
	"archivedDrive.id":            "Id within this daemon, never used again.",
	"attemptView.status":          "Status of the answer; absent when there was none.",
	"createBody.serial":           "1013; the next free one when it is left out.",
	"driveItem.id":                "Id within this daemon, never used again.",
	"driveView.unsent":            "What has not reached the OFD.",
	"driveView.shift":             "The shift.",
	"driveView.warnings":          "Troubles of the register in words.",
	"eventItem.number":            "Number in the stream.",
	"eventItem.text":              "Words of a warning, a failure, a fault.",
	"eventItem.kind":              "What happened.",
	"madeDocument.drive":          "Id of the drive within this daemon.",
	"webhookBody.address":         "Where it goes.",
	"organisationBody.address":    "1009, address of settlements.",
	"organisationView.address":    "1009, address of settlements.",
	"personBody.cashier_inn":      "1203, INN of the cashier.",
	"receiptView.documents":       "Numbers of its documents, one a part; none while it waits.",
	"receiptView.drive":           "Id of the drive within this daemon, `drives/{drive}`.",
	"receiptView.error":           "Why it could not be made; empty otherwise.",
	"recordView.ticket":           "The operator's ticket is there.",
	"recordView.unsent":           "How many were unsent, of a report on the state of settlements.",
	"refusal.error":               "What is wrong.",
	"registerItem.drive":          "The drive that is in it.",
	"registerItem.out_of_service": "Why the register is out of service; absent when it is not.",
	"registerItem.unsent":         "What has not reached the OFD.",
	"operationView.documents":     "The documents that were made.",
	"operationView.register":      "The register after it.",
	"organisationBody.inn":        "INN; it does not change.",
	"VAT.name":                    "Rate, as printed.",
	"Data.register":               "The register that made it.",
	"Data.items":                  "Goods and services.",
	"Data.vat":                    "Totals of VAT by rate.",
	"Named.code":                  "Code of the value.",
	"ofdState.findings":           "What format control found, in all documents.",
	"Data.shift":                  "Number of the shift.",
	"fault.name":                  "Name of the fault.",
	"StateView.unsent":            "Documents without a committed ticket.",
}
