package cloudkassir

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
	"kktd/kkt"
	"kktd/outbox"
	"kktd/webhook"
)

// Types of notifications (spec/api/cloudkassir.md 4).
const (
	// NotifyReceipt tells of a receipt that was made.
	NotifyReceipt = "Receipt"
	// NotifyCorrection tells of a correction that was made, or could not be. The page knows such a hook from one client and no name
	// for it: the name is kktd's.
	NotifyCorrection = "CorrectionReceipt"
	// NotifyRegister tells of a register: its fiscalisation has ended, its data changed, its drive is closed, its
	// maintenance begins or ends.
	NotifyRegister = "Kkt"
)

// NotificationTypes are those that kktd sends.
func NotificationTypes() []string { return []string{NotifyReceipt, NotifyCorrection, NotifyRegister} }

// Encodings of the parameters (spec/api/cloudkassir.md 2.13).
const (
	encodingUTF8 = "UTF8"
	encoding1251 = "Windows1251"
	// formatOwn is the one format of parameters that is known; QIWI and RT are names without a description.
	formatOwn = "CloudPayments"
)

// Notifier renders the notifications of this API (spec/api/cloudkassir.md 4). It implements kkt.Notifier.
type Notifier struct {
	Log *logrus.Logger // nil: nothing is logged
	// Base begins the links in notifications.
	Base func() string

	pool sync.Pool // of *request, for the words of requests
}

// OfReceipt implements kkt.Notifier: one notification a document.
func (x *Notifier) OfReceipt(n *kkt.ReceiptNotice) []outbox.Entry {
	rec := &n.Record
	if rec.API != apiName {
		return nil
	}
	receipt, correction := enabled(n.Fleet, rec.Account, NotifyReceipt), enabled(n.Fleet, rec.Account, NotifyCorrection)
	if receipt == nil && correction == nil {
		return nil
	}
	q, _ := x.pool.Get().(*request)
	if q == nil {
		q = new(request)
	}
	defer func() {
		if len(rec.Raw) <= maxKept {
			q.reset()
			x.pool.Put(q)
		}
	}()
	if err := q.parseRaw(rec.Raw); err != nil {
		x.warn(err, rec.ID)
		return nil
	}
	sub := receipt
	isCorrection := q.doc.Root().Get("CorrectionReceiptData").Present()
	if isCorrection {
		sub = correction
	}
	if sub == nil || rec.Status != kkt.Processed && !isCorrection {
		return nil // Receipt is sent "after a receipt is printed"
	}
	var entries []outbox.Entry
	for part := range max(n.Parts(), 1) {
		var d *kkt.ReceiptDetails
		if n.Parts() > 0 {
			var err error
			if d, err = n.Details(part); err != nil {
				x.warn(err, rec.ID)
				return entries
			}
		}
		p := x.parameters(q, n, d, part, isCorrection)
		e, err := render(sub, n.Fleet, p)
		if err != nil {
			x.warn(err, rec.ID)
			return entries
		}
		e.Group, e.Receipt, e.Register = rec.ID, rec.ID, rec.Register
		entries = append(entries, e)
	}
	return entries
}

func (x *Notifier) warn(err error, receipt string) {
	if x.Log != nil {
		x.Log.WithFields(logrus.Fields{"api": apiName, "receipt": receipt}).WithError(err).Error("a notification cannot be made and is not sent")
	}
}

// enabled is a subscription that is on, nil when there is none.
func enabled(f *kkt.Fleet, account, kind string) *kkt.Subscription {
	if s := f.Subscription(account, apiName, kind); s != nil && s.Enabled {
		return s
	}
	return nil
}

// parameter is one key=value of a notification. They keep the order of the page's table.
type parameter struct{ name, value string }

// parameters are those of a document, in the order of the page; d is nil for a correction that failed.
func (x *Notifier) parameters(q *request, n *kkt.ReceiptNotice, d *kkt.ReceiptDetails, part int, correction bool) (list []parameter) {
	base, rec, root, fiscal := x.Base(), &n.Record, q.doc.Root(), known(d)
	id := rec.ID
	if part > 0 {
		id += "-" + strconv.Itoa(part+1) // the further documents of a split receipt have ids of their own (2.3.2)
	}
	list = make([]parameter, 0, usualParameters)
	add := func(name, value string) { list = append(list, parameter{name, value}) }
	number := func(name string, v uint32) {
		if d != nil {
			add(name, strconv.FormatUint(uint64(v), 10))
		}
	}
	add("Id", id)
	number("DocumentNumber", fiscal.Number)
	number("SessionNumber", fiscal.Shift)
	number("Number", fiscal.Receipt)
	number("FiscalSign", fiscal.Sign)
	add("DeviceNumber", n.Register.Serial)
	add("RegNumber", n.Register.RegNumber)
	add("FiscalNumber", n.Register.DriveNumber)
	add("Inn", n.Register.INN)
	if fiscal.Operation.Valid() {
		add("Type", operations()[fiscal.Operation-ffd.Income])
	}
	add("Ofd", operatorName(n.Register))
	add("Url", receiptURL(base, rec.ID))
	if d != nil {
		add("QrCodeUrl", qrURL(base, d))
		add("Amount", fmt.Sprintf("%d.%02d", fiscal.Total/100, fiscal.Total%100))
		add("DateTime", utc(fiscal.Time, n.Zone))
	} else {
		add("DateTime", time.UnixMilli(n.Time).UTC().Format(time.DateTime))
	}
	if rec.InvoiceID != "" {
		add("InvoiceId", rec.InvoiceID)
	}
	if rec.AccountID != "" {
		add("AccountId", rec.AccountID)
	}
	body, member := "CustomerReceipt", "Receipt"
	if correction {
		body, member = "CorrectionReceiptData", "CorrectionReceipt"
	}
	if v, ok := q.object(root.Get(body), checkBody); ok {
		add(member, string(appendTree(make([]byte, 0, len(rec.Raw)+treeRoom), v, parameter{"ReceiptLocalUrl", receiptURL(base, rec.ID)})))
	}
	for _, p := range []parameter{{"CalculationPlace", fiscal.Place}, {"CashierName", fiscal.Cashier}, {"SettlePlace", n.Register.Address}} {
		if p.value != "" {
			list = append(list, p)
		}
	}
	if correction {
		add("Status", string(rec.Status))
		code := 0
		if rec.Status == kkt.Failed {
			code = failureCode(rec)
		}
		add("ErrorCode", strconv.Itoa(code))
		if rec.Status == kkt.Failed {
			add("ErrorMessage", failure(rec))
		}
		add("OfdName", operatorName(n.Register))
	}
	return list
}

// treeRoom is what the link in a tree takes beyond the request, and usualParameters how many a notification has.
const (
	treeRoom        = 256
	usualParameters = 24
)

// utc is the wall clock of a register, tag 1012, as a moment in UTC (spec/decisions.md, time zone).
func utc(wall uint32, zone *time.Location) string {
	face := time.Unix(int64(wall), 0).UTC()
	moment := time.Date(face.Year(), face.Month(), face.Day(), face.Hour(), face.Minute(), face.Second(), 0, zone)
	return moment.UTC().Format(time.DateTime)
}

// appendTree appends a value of a request as JSON; more, when it has a name, becomes the last member of an object.
func appendTree(b []byte, v tolerant.Value, more parameter) []byte {
	switch v.Kind() {
	case tolerant.Object:
		b = append(b, '{')
		for i, m := range v.All() {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, m.Name()), ':')
			b = appendTree(b, m, parameter{})
		}
		if more.name != "" {
			if v.Len() > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, more.name), ':')
			b = appendString(b, more.value)
		}
		return append(b, '}')
	case tolerant.Array:
		b = append(b, '[')
		for i, m := range v.All() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendTree(b, m, parameter{})
		}
		return append(b, ']')
	case tolerant.Number:
		if d, err := v.Decimal(); err == nil {
			return append(b, d.String()...)
		}
		return appendString(b, v.Literal())
	case tolerant.Bool:
		yes, _ := v.Bool()
		return strconv.AppendBool(b, yes)
	case tolerant.String:
		return appendString(b, v.Literal())
	}
	return append(b, "null"...)
}

// OfRegister implements kkt.Notifier: one notification an account that may use the register.
func (x *Notifier) OfRegister(n *kkt.RegisterNotice) (entries []outbox.Entry) {
	for _, sub := range n.Fleet.Subscriptions("") {
		if sub.API != apiName || sub.Type != NotifyRegister || !sub.Enabled {
			continue
		}
		if a, ok := n.Fleet.Account(sub.Account); !ok || !a.Allows(n.Register.INN) {
			continue
		}
		status, message := registerWords(n.Event)
		if n.Document != 0 {
			message += ", документ " + strconv.FormatUint(uint64(n.Document), 10)
		}
		e, err := render(&sub, n.Fleet, []parameter{{"Inn", n.Register.INN}, {"DeviceNumber", n.Register.Serial}, {"FiscalNumber", n.Register.DriveNumber},
			{"RegNumber", n.Register.RegNumber}, {"Status", status}, {"Message", message},
			{"DateTime", time.UnixMilli(n.Time).UTC().Format(time.DateTime)}})
		if err != nil {
			x.warn(err, "")
			continue
		}
		e.Group, e.Register = "register "+n.Register.Serial, n.Register.Serial
		entries = append(entries, e)
	}
	return entries
}

// registerWords are Status and Message of a Kkt notification; the page leaves their values open.
func registerWords(e kkt.RegisterEvent) (status, message string) {
	switch e {
	case kkt.Registered:
		return "Registered", "Касса зарегистрирована"
	case kkt.Reregistered:
		return "Reregistered", "Регистрационные данные кассы изменены"
	case kkt.DriveClosed:
		return "Closed", "Архив ФН закрыт"
	case kkt.MaintenanceBegun:
		return "Maintenance", "Касса на обслуживании"
	case kkt.MaintenanceEnded:
		return "Online", "Касса включена"
	}
	return string(e), string(e)
}

// render makes the request of a notification: parameters as a form or a query, in the encoding that is set, signed.
func render(sub *kkt.Subscription, f *kkt.Fleet, list []parameter) (outbox.Entry, error) {
	account, ok := f.Account(sub.Account)
	if !ok {
		return outbox.Entry{}, fmt.Errorf("%w: account %q", kkt.ErrNotFound, sub.Account)
	}
	form := appendForm(nil, list, sub.Encoding)
	encoded, decoded := sign(account.Secret, form)
	e := outbox.Entry{Transport: webhook.TransportHTTP, Lane: webhook.LaneOf(sub.Address), API: apiName, Type: sub.Type, Account: sub.Account,
		Address: sub.Address, Method: sub.Method, Header: []outbox.Header{{Name: "Content-HMAC", Value: encoded}, {Name: "X-Content-HMAC", Value: decoded}}}
	if sub.Method == http.MethodGet {
		separator := "?"
		if strings.Contains(sub.Address, "?") {
			// What the receiver hashes is its whole query string.
			_, own, _ := strings.Cut(sub.Address, "?")
			if own != "" {
				form = append([]byte(own+"&"), form...)
				e.Header[0].Value, e.Header[1].Value = sign(account.Secret, form)
			}
			e.Address, _, _ = strings.Cut(sub.Address, "?")
		}
		e.Address += separator + string(form)
		return e, nil
	}
	charset := "utf-8"
	if sub.Encoding == encoding1251 {
		charset = "windows-1251"
	}
	e.Body = form
	e.Header = append(e.Header, outbox.Header{Name: "Content-Type", Value: "application/x-www-form-urlencoded; charset=" + charset})
	return e, nil
}

// appendForm appends parameters as a form. A character outside windows-1251 becomes a question mark there.
func appendForm(b []byte, list []parameter, encodingName string) []byte {
	room := 0
	for _, p := range list {
		room += len(p.name) + 3*len(p.value) + len("&=")
	}
	b = slices.Grow(b, room)
	for i, p := range list {
		if i > 0 {
			b = append(b, '&')
		}
		value := p.value
		if encodingName == encoding1251 {
			value = to1251(value)
		}
		b = append(append(b, p.name...), '=')
		b = append(b, url.QueryEscape(value)...)
	}
	return b
}

func to1251(s string) string {
	var b strings.Builder
	for _, r := range s {
		if c, ok := charmap.Windows1251.EncodeRune(r); ok && c != encoding.ASCIISub {
			b.WriteByte(c)
		} else {
			b.WriteByte('?')
		}
	}
	return b.String()
}

// sign makes Content-HMAC and X-Content-HMAC: over the parameters as they are sent, and decoded once (spec/api/cloudkassir.md 4.2).
func sign(secret string, form []byte) (encoded, decoded string) {
	plain := form // a query of the receiver's own may be no form
	if s, err := url.QueryUnescape(string(form)); err == nil {
		plain = []byte(s)
	}
	h := hmac.New(sha256.New, []byte(secret))
	mac := func(text []byte) string {
		h.Reset()
		h.Write(text)
		return base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	return mac(form), mac(plain)
}

// JudgeAnswer tells whether a receiver took a notification: JSON with code 0 (spec/api/cloudkassir.md 4.1).
func JudgeAnswer(answer []byte) error {
	var a struct{ Code json.RawMessage }
	if err := json.Unmarshal(answer, &a); err != nil {
		return errors.New(`the answer is no JSON object; want {"code":0}`)
	}
	switch code := strings.Trim(string(a.Code), `"`); code {
	case "0":
		return nil
	case "":
		return errors.New(`the answer has no code; want {"code":0}`)
	default:
		return fmt.Errorf(`the answer has code %.20s; want {"code":0}`, code)
	}
}

// CheckSubscription gives a subscription its defaults and tells what cannot be used of it: a *kkt.InvalidError with the name of the
// field in the JSON of a Subscription.
func CheckSubscription(s *kkt.Subscription) error {
	s.API = apiName
	if s.Method == "" {
		s.Method = http.MethodGet
	}
	if s.Encoding == "" {
		s.Encoding = encodingUTF8
	}
	if s.Format == "" {
		s.Format = formatOwn
	}
	for _, w := range []struct {
		name  string
		value *string
		words []string
	}{
		{"type", &s.Type, NotificationTypes()}, {"method", &s.Method, []string{http.MethodGet, http.MethodPost}},
		{"encoding", &s.Encoding, []string{encodingUTF8, encoding1251}}, {"format", &s.Format, []string{formatOwn}},
	} {
		found := false
		for _, word := range w.words {
			if strings.EqualFold(word, *w.value) {
				*w.value, found = word, true
			}
		}
		if !found {
			list := strings.Join(w.words, ", ")
			return &kkt.InvalidError{Field: w.name, Value: *w.value, Rule: "want " + list, RuleRu: fmt.Sprintf("%q, допустимо %s", *w.value, list)}
		}
	}
	if s.Address == "" && !s.Enabled {
		return nil
	}
	if err := webhook.CheckAddress(s.Address); err != nil {
		shown := "" // it may hold a password
		if u, err := url.Parse(s.Address); err == nil {
			shown = u.Redacted()
		}
		return &kkt.InvalidError{Field: "address", Value: shown, Rule: err.Error(), RuleRu: "ожидается http://адрес или https://адрес без части после #"}
	}
	return nil
}

// subscriptionNames are the fields of the settings by those of a Subscription.
var subscriptionNames = map[string]string{"method": "HttpMethod", "encoding": "Encoding", "format": "Format", "address": "Address"}

// notificationPath is the path of the settings of a type.
const notificationPath = "/site/notifications/"

// notificationRoutes are the paths of the settings, also of types of the parent API, which are answered with a refusal.
func notificationRoutes() (list []string) {
	for _, kind := range append(NotificationTypes(), "Check", "Pay", "Fail", "Confirm", "Refund", "Recurrent", "Cancel") {
		for _, end := range []string{"/get", "/update"} {
			list = append(list, notificationPath+strings.ToLower(kind)+end)
		}
	}
	return list
}

// notificationType is the type that the path names, as it is written in NotificationTypes.
func (q *request) notificationType() string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(q.path, notificationPath), "/")
	for _, known := range NotificationTypes() {
		if strings.EqualFold(known, kind) {
			return known
		}
	}
	return ""
}

// notifications answers the two methods of the settings (spec/api/cloudkassir.md 2.13).
func (q *request) notifications() []byte {
	if q.refusal != nil && len(q.body.Bytes()) > 0 {
		return q.answerRefusal(q.refusal)
	}
	kind := q.notificationType()
	if kind == "" {
		return q.answerRefusal(&refusal{code: codeIncorrect, field: "Type", reason: "касса отправляет уведомления " + strings.Join(NotificationTypes(), ", ")})
	}
	s := kkt.Subscription{Account: q.account.PublicID, API: apiName, Type: kind}
	if old := q.api.o.Fleet.Subscription(s.Account, apiName, kind); old != nil {
		s = *old
	}
	if strings.HasSuffix(q.path, "/get") {
		_ = CheckSubscription(&s) // the defaults
		w := modelWriter{b: []byte(`{"Model":`)}
		w.key("IsEnabled")
		w.b = strconv.AppendBool(w.b, s.Enabled)
		w.text("Address", s.Address)
		w.text("HttpMethod", s.Method)
		w.text("Encoding", s.Encoding)
		w.text("Format", s.Format)
		return append(w.b, `},"InnerResult":null,"Success":true,"Message":null}`...)
	}
	return q.updateNotifications(s)
}

// updateNotifications stores the settings of a type; what is not sent stays as it is.
func (q *request) updateNotifications(s kkt.Subscription) []byte {
	root := q.doc.Root()
	if on, ok := q.flag(root.Get("IsEnabled")); ok {
		s.Enabled = on
	}
	for _, f := range []struct {
		name string
		to   *string
	}{{"Address", &s.Address}, {"HttpMethod", &s.Method}, {"Encoding", &s.Encoding}, {"Format", &s.Format}} {
		if v := root.Get(f.name); v.Filled() {
			*f.to = strings.TrimSpace(q.str(v))
		}
	}
	if q.refusal == nil {
		if bad := (*kkt.InvalidError)(nil); errors.As(CheckSubscription(&s), &bad) {
			q.refuse(checkData, root.Get(subscriptionNames[bad.Field]), bad.RuleRu)
		}
	}
	if q.refusal != nil {
		return q.answerRefusal(q.refusal)
	}
	if err := q.api.o.Fleet.Subscribe(s); err != nil {
		return q.answerRefusal(refusalOf(err))
	}
	q.debug("type", s.Type)
	return []byte(`{"Success":true,"Message":null}`)
}

var _ kkt.Notifier = (*Notifier)(nil)
