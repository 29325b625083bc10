package control

import (
	"net/http"
	"reflect"

	"kktd/ffd"
	"kktd/slip"
)

const (
	tagRegisters = "registers"
	tagDrives    = "drives"
	tagDocuments = "documents"
	tagReceipts  = "receipts"
	tagBuyers    = "notifications"
	tagOwners    = "organisations"
	tagOFD       = "ofd"
	tagBench     = "bench"
	tagImages    = "images"
	tagDaemon    = "daemon"
)

// Tags are the groups of the description, in its order.
func Tags() [][2]string {
	return [][2]string{
		{tagRegisters, "Registers: made, registered, their shifts and reports."},
		{tagDrives, "Fiscal drives of a register: the one in it and those before, their own answers in bytes."},
		{tagDocuments, "Fiscal documents: bytes, tags, tickets, slips."},
		{tagReceipts, "What became of receipts, and requests that were refused."},
		{tagBuyers, "Notifications of outside APIs, mail and SMS."},
		{tagOwners, "Organisations, their accounts and where those want their notifications."},
		{tagOFD, "The built-in test OFD: what it received and what it found. The paths are there when kktd runs its own OFD."},
		{tagImages, "Registers as files, byte by byte, and snapshots that a register is put back to."},
		{tagBench, "The test bench: clock, events, faults, scenarios, delivery on request."},
		{tagDaemon, "The daemon itself."},
	}
}

// PathParams are the parameters of paths, by the part of the path that ends with
// them.
func PathParams() map[string]Param {
	return map[string]Param{
		"registers/{serial}":    {About: "Serial number of the register, tag 1013.", Example: "00000000000000000001"},
		"drives/{drive}":        {About: "Id of a drive within this daemon, from `drives`.", Type: reflect.TypeFor[uint64](), Min: 1, Example: 1},
		"documents/{number}":    {About: "Number of the fiscal document, tag 1040.", Type: reflect.TypeFor[uint32](), Min: 1, Max: 1<<24 - 1, Example: 1},
		"records/{number}":      {About: "Number of the fiscal document, tag 1040.", Type: reflect.TypeFor[uint32](), Min: 1, Max: 1<<24 - 1, Example: 1},
		"registrations/{index}": {About: "Which report among those of the drive, from 1.", Type: reflect.TypeFor[uint8](), Min: 1, Max: 255, Example: 1},
		"{number}/{slip}":       {About: "`slip` chooses the form by the Accept header, the others by their ending.", Enum: []string{"slip", "slip.html", "slip.png", "slip.txt", "slip.json"}, Example: "slip.txt"},
		"receipts/{id}":         {About: "Id of the receipt, as the outside API gave it: 32 hex digits.", Example: "34eb7b5b1e0a5a86c98edeae8ac07ec9"},
		"messages/{id}":         {About: "Id of the receipt.", Example: "34eb7b5b1e0a5a86c98edeae8ac07ec9"},
		"webhooks/{id}":         {About: "Number of the notification.", Type: reflect.TypeFor[uint64](), Min: 1, Example: 1},
		"faults/{id}":           {About: "Number of the fault, from `faults`.", Type: reflect.TypeFor[uint64](), Example: 1},
		"ofd/documents/{id}":    {About: "Number of the document at the OFD, in the order of arrival.", Type: reflect.TypeFor[uint64](), Min: 1, Example: 1},
		"organisations/{inn}":   {About: "INN of the organisation.", Example: "7708806062"},
		"snapshots/{name}":      {About: "Name of the snapshot.", Pattern: `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`, Example: "base"},
		"scenarios/{name}":      {About: "Name of the scenario, from `scenarios`.", Example: "answer-lost"},
	}
}

// slipView is slip.json: the slip in parts.
type slipView struct {
	Documents []*slip.Data `json:"documents"` // one
}

// Docs are the descriptions of the routes of this room, by method and path.
func Docs() map[string]Doc {
	docs := map[string]Doc{}
	for _, part := range []map[string]Doc{registerDocs(), driveDocs(), documentDocs(), receiptDocs(), organisationDocs(), ofdDocs(), benchDocs(), imageDocs(), daemonDocs()} {
		for route, doc := range part {
			docs[route] = doc
		}
	}
	return docs
}

const operationAbout = "Answers with the documents that were made and the register after it."

func registerDocs() map[string]Doc {
	operation := func(id, summary, about string, body reflect.Type) Doc {
		return Doc{ID: id, Tag: tagRegisters, Summary: summary, About: about, Body: body, Answers: answerOf[operationView](http.StatusOK), Errors: []int{http.StatusConflict}}
	}
	return map[string]Doc{
		"GET registers": {ID: "listRegisters", Tag: tagRegisters, Summary: "List the registers", Params: []Param{afterText, limitParam},
			Answers: answerOf[listOf[registerItem, string]](http.StatusOK)},
		"POST registers": {ID: "createRegister", Tag: tagRegisters, Summary: "Make a register",
			About: "Every field has a default: `{}` makes a register with a drive, registered and ready. `blank` leaves the drive unregistered.",
			Body:  reflect.TypeFor[createBody](), Answers: madeOf[operationView](), Errors: []int{http.StatusConflict}},
		"DELETE registers": {ID: "deleteRegisters", Tag: tagRegisters, Summary: "Delete all registers with all that is theirs", Answers: answerOf[deletionView](http.StatusOK)},
		"DELETE registers/{serial}": {ID: "deleteRegister", Tag: tagRegisters, Summary: "Delete a register with all that is its", About: "Drives, documents, receipts, notifications, clock.",
			Answers: answerOf[deletionView](http.StatusOK)},
		"GET registers/{serial}": {ID: "getRegister", Tag: tagRegisters, Summary: "Show a register with its settings", Answers: answerOf[registerView](http.StatusOK)},
		"POST registers/{serial}/fiscalize": operation("fiscalizeRegister", "Register a blank drive",
			"Document 1 on a drive that is not registered. "+operationAbout, reflect.TypeFor[settingsBody]()),
		"POST registers/{serial}/reregister": operation("reregisterRegister", "Change the registration",
			"Document 11 with what differs. "+operationAbout, reflect.TypeFor[reregisterBody]()),
		"POST registers/{serial}/replace-drive": operation("replaceDrive", "Replace the drive",
			"Document 6 on the drive that is in the register, then document 11 on a new one. "+operationAbout, reflect.TypeFor[replaceBody]()),
		"POST registers/{serial}/close-drive": operation("closeDrive", "Close the archive of the drive",
			"Document 6; the drive makes no more documents. "+operationAbout, reflect.TypeFor[personBody]()),
		"POST registers/{serial}/reset": operation("resetDrive", "Wipe the debug drive",
			"The register has a blank drive with the same number; the documents of the old one stay readable under `drives`. With `registered` it is registered again, as it was when it was made, and nothing of before is kept. `lost` tells how many documents had not reached the OFD.", reflect.TypeFor[resetBody]()),
		"POST registers/reset": {ID: "resetRegisters", Tag: tagRegisters, Summary: "Take all registers back to where they were when they were made", Body: reflect.TypeFor[struct{}](),
			Answers: answerOf[deletionView](http.StatusOK), Errors: []int{http.StatusConflict}},
		"POST registers/{serial}/clone": {ID: "cloneRegister", Tag: tagRegisters, Summary: "Make a register like this one", About: "With a serial number and a drive of its own, registered alike. " + operationAbout,
			Body: reflect.TypeFor[cloneBody](), Answers: madeOf[operationView](), Errors: []int{http.StatusConflict}},
		"GET registers/{serial}/shift": {ID: "getShift", Tag: tagRegisters, Summary: "Show the shift", Answers: answerOf[shift](http.StatusOK), Errors: []int{http.StatusConflict}},
		"POST registers/{serial}/shift/open": operation("openShift", "Open the shift",
			"Document 2. "+operationAbout, reflect.TypeFor[personBody]()),
		"POST registers/{serial}/shift/close": operation("closeShift", "Close the shift",
			"Document 5. "+operationAbout, reflect.TypeFor[personBody]()),
		"POST registers/{serial}/reports/state": operation("reportState", "Report the state of settlements",
			"Document 21. "+operationAbout, reflect.TypeFor[struct{}]()),
	}
}

func driveDocs() map[string]Doc {
	export := Doc{ID: "exportDrive", Tag: tagDrives, Summary: "Take all documents as one file",
		About:   "The containers as the drive made them, one after another.",
		Params:  []Param{{Name: "tickets", About: "Put the container of its ticket behind each document.", Type: reflect.TypeFor[bool](), Default: false}},
		Answers: []Answer{{Status: http.StatusOK, Media: octetStream, About: "Containers (`2Ah 08h 41h 0Ah` frames are not among them)."}}}
	record := Doc{ID: "getDriveRecord", Tag: tagDrives, Summary: "Show the short record of a document",
		About: "With the drive's own answers to 40h, 41h, 45h and, of a registration report, 43h.", Answers: answerOf[recordView](http.StatusOK), Errors: []int{http.StatusConflict}}
	registrations := Doc{ID: "listRegistrations", Tag: tagDrives, Summary: "List the registration reports",
		Answers: answerOf[listOf[registrationView, uint64]](http.StatusOK), Errors: []int{http.StatusConflict}}
	registration := Doc{ID: "getRegistration", Tag: tagDrives, Summary: "Show a registration report", About: "With the drive's own answers to 43h, 44h and 47h.",
		Answers: answerOf[registrationView](http.StatusOK), Errors: []int{http.StatusConflict}}
	return map[string]Doc{
		"GET registers/{serial}/drive": {ID: "getDrive", Tag: tagDrives, Summary: "Show the drive at a glance", About: "With its own answers to 30h, 31h, 32h, 33h, 10h, 20h, 42h and 43h.",
			Answers: answerOf[driveView](http.StatusOK), Errors: []int{http.StatusConflict}},
		"GET registers/{serial}/drives": {ID: "listDrives", Tag: tagDrives, Summary: "List the drives that are or were in the register", Params: []Param{afterNumber, limitParam},
			Answers: answerOf[listOf[archivedDrive, uint64]](http.StatusOK)},
		"GET registers/{serial}/drive/export":                         export,
		"GET registers/{serial}/drives/{drive}/export":                export.ofOneDrive(),
		"GET registers/{serial}/drive/records/{number}":               record,
		"GET registers/{serial}/drives/{drive}/records/{number}":      record.ofOneDrive(),
		"GET registers/{serial}/drive/registrations":                  registrations,
		"GET registers/{serial}/drives/{drive}/registrations":         registrations.ofOneDrive(),
		"GET registers/{serial}/drive/registrations/{index}":          registration,
		"GET registers/{serial}/drives/{drive}/registrations/{index}": registration.ofOneDrive(),
	}
}

// ofOneDrive is the description of the same route of a drive that the path names; the
// other is of the drive that is in the register.
func (d Doc) ofOneDrive() Doc {
	d.ID += "OfDrive"
	d.Summary += ", of one of its drives"
	return d
}

func documentDocs() map[string]Doc {
	documents := Doc{ID: "listDocuments", Tag: tagDocuments, Summary: "List the documents",
		About:  "With `wait` it is a long poll for the next one.",
		Params: []Param{afterNumber, limitParam, waitParam}, Answers: answerOf[listOf[documentItem, uint64]](http.StatusOK)}
	document := Doc{ID: "getDocument", Tag: tagDocuments, Summary: "Show a document", About: "With its bytes, its tags and its ticket; the TLV alone with `Accept: application/octet-stream`.",
		Answers: []Answer{{Status: http.StatusOK, Type: reflect.TypeFor[documentView]()}, {Status: http.StatusOK, Media: octetStream}}}
	page := Doc{ID: "getSlip", Tag: tagDocuments, Summary: "Show a document as people read it", About: "Its slip with the QR code.",
		Answers: []Answer{{Status: http.StatusOK, Media: "text/html"}, {Status: http.StatusOK, Media: "text/plain"}, {Status: http.StatusOK, Media: "image/png"},
			{Status: http.StatusOK, Type: reflect.TypeFor[slipView]()}}}
	return map[string]Doc{
		"GET registers/{serial}/documents":                                documents,
		"GET registers/{serial}/drives/{drive}/documents":                 documents.ofOneDrive(),
		"GET registers/{serial}/documents/{number}":                       document,
		"GET registers/{serial}/drives/{drive}/documents/{number}":        document.ofOneDrive(),
		"GET registers/{serial}/documents/{number}/{slip}":                page,
		"GET registers/{serial}/drives/{drive}/documents/{number}/{slip}": page.ofOneDrive(),
	}
}

func ofdDocs() map[string]Doc {
	form := Param{Name: "form", About: "Code of the form.", Type: reflect.TypeFor[ffd.Form](), Min: 1, Max: 255, Example: 3}
	drive := Param{Name: "drive", About: "Number of the drive, tag 1041.", Pattern: "^[0-9]{1,16}$", Example: "9999078900005430"}
	return map[string]Doc{
		"GET ofd/documents": {ID: "listOfdDocuments", Tag: tagOFD, Summary: "List what the OFD received", Params: []Param{drive, form, fromParam, toParam, afterNumber, limitParam},
			Answers: answerOf[listOf[ofdItem, uint64]](http.StatusOK)},
		"GET ofd/documents/{id}": {ID: "getOfdDocument", Tag: tagOFD, Summary: "Show a document as the OFD has it", About: "The container alone with `Accept: application/octet-stream`.",
			Answers: []Answer{{Status: http.StatusOK, Type: reflect.TypeFor[ofdView]()}, {Status: http.StatusOK, Media: octetStream}}},
		"GET ofd/findings": {ID: "listOfdFindings", Tag: tagOFD, Summary: "List what format control found", Params: []Param{drive, form,
			{Name: "rule", About: "Name of the rule.", Example: "required"}, {Name: "severity", About: "How bad it is.", Enum: severities()}, fromParam, toParam,
			{Name: "after", About: "Begin behind this place: `next` of the answer before.", Pattern: `^[0-9]+(\.[0-9]+)?$`}, limitParam},
			Answers: answerOf[listOf[findingItem, string]](http.StatusOK)},
		"GET ofd/counters": {ID: "getOfdCounters", Tag: tagOFD, Summary: "Show what the OFD counts", Answers: answerOf[ofdState](http.StatusOK)},
	}
}

func severities() []string {
	return []string{ffd.Note.String(), ffd.Warning.String(), ffd.Error.String()}
}
