package fault

import (
	"fmt"
	"strings"
)

// MagicPrefix begins the numbers of receipts that ask for a fault, for clients that
// can send no header.
const MagicPrefix = "kktd-fault-"

// MagicID is a number of a receipt that asks for a fault of that receipt alone.
type MagicID struct {
	ID      string // anything may follow behind a slash, so that numbers stay unique
	Fault   string // in the form of Registry.Parse
	About   string
	AboutRu string
}

// MagicIDs are all there are, in the order of a table.
func MagicIDs() []MagicID {
	return []MagicID{
		{MagicPrefix + "answer-lost", "cut:answer", "the receipt is made, its answer is lost", "чек сделан, ответ потерян"},
		{MagicPrefix + "request-lost", "cut:request", "the connection is reset, nothing is made", "соединение оборвано, чек не сделан"},
		{MagicPrefix + "slow", "latency:10s", "the answer comes 10 seconds later", "ответ приходит на 10 секунд позже"},
		{MagicPrefix + "429", "http-status:429", "too many requests", "слишком много запросов"},
		{MagicPrefix + "500", "http-status:500", "HTTP 500, nothing is made", "HTTP 500, чек не сделан"},
		{MagicPrefix + "500-made", "http-status:500:at=answer", "HTTP 500, and the receipt is made", "HTTP 500, но чек сделан"},
		{MagicPrefix + "503", "http-status:503", "HTTP 503, nothing is made", "HTTP 503, чек не сделан"},
		{MagicPrefix + "crypto", "drive-crypto", "the drive fails, 04h: the receipt ends as Error", "отказ ФН 04h, чек получает состояние Error"},
		{MagicPrefix + "drive-full", "drive-full", "the drive is full, 14h", "ФН переполнен, 14h"},
		{MagicPrefix + "drive-expired", "drive-expired", "the term of the drive has ended, 12h", "срок ФН истёк, 12h"},
		{MagicPrefix + "register-error", "register-error", "every register that fits is out of order", "все подходящие кассы неисправны"},
		{MagicPrefix + "power-cut", "power-cut", "nothing is made, the connection is cut", "чек не сделан, соединение оборвано"},
	}
}

// Magic is the fault that the number of a receipt asks for, "" for none. The error
// wraps ErrFault: the number begins as such numbers do, but there is no such one.
func Magic(invoice string) (string, error) {
	if !strings.HasPrefix(invoice, MagicPrefix) {
		return "", nil
	}
	id, _, _ := strings.Cut(invoice, "/")
	var ids []string
	for _, m := range MagicIDs() {
		if m.ID == id {
			return m.Fault, nil
		}
		ids = append(ids, m.ID)
	}
	return "", fmt.Errorf("%w: no fault has the number %q; want %s, and anything behind a slash", ErrFault, id, strings.Join(ids, ", "))
}
