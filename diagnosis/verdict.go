package diagnosis

import (
	"time"

	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
)

// verdict says how the receipt stands, and why when it is not made.
func (t *telling) verdict() {
	say := func(code Code, args ...any) { t.story.Verdict = say(t.lang, "verdict", code, args...) }
	switch t.rec.Status {
	case kkt.Queued:
		if t.waiting != nil && !t.waiting.Parked {
			say(WaitsForTime, time.UnixMilli(t.waiting.Due).In(t.zone).Format(time.RFC3339))
			t.cause(WaitsForTime, time.UnixMilli(t.waiting.Due).In(t.zone).Format(time.RFC3339))
			return
		}
		say(WaitsForRegister)
		t.cause(WaitsForRegister)
	case kkt.Failed:
		reason := t.rec.Error
		if t.lang == ffd.Russian {
			reason = t.rec.Reason()
		}
		say(NotMade, reason)
		switch choice, isChoice := t.rec.Choice(); {
		case isChoice:
			en, ru := choice.Lack.Text()
			t.cause(NoRegister, choice.INN, pick(t.lang, en, ru), lackAdvice(t.lang, choice.Lack))
		case t.rec.Code != 0:
			en, ru := t.rec.Code.Advice()
			name := pick(t.lang, t.rec.Code.Error(), t.rec.Code.Russian())
			t.cause(DriveRefused, name, pick(t.lang, en, ru))
			if t.rec.Code == fn.CodeShiftTooLong {
				t.cause(ShiftTooLong)
			}
		default:
			t.cause(NotMadeOther, reason)
		}
	default:
		level, code := OK, Delivered
		for i := range t.ofd {
			switch r := &t.ofd[i]; {
			case r.Code == OFDRefuses:
				level, code = Error, RefusedByOFD
			case (r.Code == OFDWaits || r.Code == OFDNone) && !level.worse(OK):
				level, code = Waiting, NotDelivered
			case r.Code == OFDFails && level != Error:
				level, code = Warning, DeliveryFails
			case r.Code == OFDOffline && code == Delivered:
				code = MadeOffline
			}
		}
		say(code, len(t.rec.Documents))
	}
}

// contents looks for what support is asked for most: wrong taxation system, VAT or
// FFD, a missing marking code (spec/kkt.md).
func (t *telling) contents(reg *kkt.Register, head *ffd.ReceiptHead, r *ffd.Receipt) {
	settings := reg.SettingsAt(t.rec.Drive, head.Number)
	system := kkt.TaxNames(kkt.TaxList{r.TaxSystem})
	name := ""
	if len(system) > 0 {
		name = system[0]
	}
	if t.receipt != nil && len(t.receipt.Parts) > 0 && t.receipt.Parts[0].TaxSystem == 0 && len(settings.TaxSystems) > 1 {
		t.cause(TaxDefault, name, t.rec.Register)
	}
	vat, old := map[ffd.VATRate]bool{}, false
	for i := range r.Items {
		it := &r.Items[i]
		if it.VAT.Taxed() && (r.TaxSystem == ffd.TaxPatent || r.TaxSystem == ffd.TaxENVD) && !vat[it.VAT] {
			vat[it.VAT] = true
			t.cause(VATWithSystem, i+1, it.VAT, name)
		}
		if (it.VAT == ffd.VAT20 || it.VAT == ffd.VAT20120) && wall(head.Time, time.UTC).Year() >= 2026 && r.Correction == nil &&
			(r.Operation == ffd.Income || r.Operation == ffd.Expense) && !old {
			old = true
			t.cause(VATOld, i+1, it.VAT)
		}
		if (it.Type == excisedWithCode || it.Type == markedWithCode) && it.Marking == nil && len(it.ProductCode) == 0 {
			t.cause(MarkMissing, i+1, it.Name.String())
		}
		if it.Type >= excisedWithoutCode && it.Type <= markedWithCode && head.Version < ffd.V120 {
			t.cause(MarkVersion, i+1, head.Version)
		}
	}
}

// Kinds of marked items, tag 1212.
const (
	excisedWithoutCode ffd.ItemType = 30
	excisedWithCode    ffd.ItemType = 31
	markedWithCode     ffd.ItemType = 33
)
