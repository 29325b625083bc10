package ffd

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"kktd/tlv"
)

// FNSDocument is a document that was read from the JSON of the tax service.
type FNSDocument struct {
	TLV      []byte
	Warnings []*FNSError
}

// ParseFNS reads JSON of the tax service and returns the documents as TLVs side
// by side. Keys that nobody knows are left out; ReadFNS tells of them. The error
// is an *FNSError.
func ParseFNS(in []byte) ([]byte, error) {
	docs, err := ReadFNS(in, false)
	if err != nil {
		return nil, err
	}
	var b []byte
	for _, d := range docs {
		b = append(b, d.TLV...)
	}
	return b, nil
}

// ReadFNS reads JSON of the tax service: a document under the name of its form
// ("receipt", "bso", "receiptCorrection", "fiscalReport" ...), alone with its
// form in "code" or "receiptCode", inside of "document" and "ticket", or an
// array of such. With strict every warning is an error, always an *FNSError.
//
// The version is that of fiscalDocumentFormatVer; without it the document is one
// of 1.0. The tags of the drive come first, in its order, all others keep the
// order of the JSON, so that a document kktd made comes back byte for byte.
// Texts that are empty, and null, mean that the tag is absent.
func ReadFNS(in []byte, strict bool) ([]FNSDocument, error) {
	t, err := readFNSTree(in)
	if err != nil {
		return nil, err
	}
	r := fnsReader{strict: strict}
	r.documents(&t, "", 0)
	if r.err == nil && len(r.docs) == 0 {
		r.fail("", &t, "no document in it")
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.docs, nil
}

// fnsReader collects the first error, so that the reader reads as the document
// does.
type fnsReader struct {
	strict   bool
	docs     []FNSDocument
	warnings []*FNSError
	err      *FNSError

	form Form
	v    Version
}

func (r *fnsReader) fail(path string, t *fnsTree, format string, args ...any) {
	if r.err == nil {
		r.err = fnsErrorf(path, t.offset, format, args...)
	}
}

func (r *fnsReader) warn(path string, t *fnsTree, format string, args ...any) {
	if r.strict {
		r.fail(path, t, format, args...)
		return
	}
	r.warnings = append(r.warnings, fnsErrorf(path, t.offset, format, args...))
}

func fnsJoin(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func fnsElement(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// documents finds the documents in what stands around them; form is told by the
// key above, 0 when it is not.
func (r *fnsReader) documents(t *fnsTree, path string, form Form) {
	if r.err != nil {
		return
	}
	switch t.kind {
	case fnsArray:
		for i := range t.items {
			r.documents(&t.items[i], fnsElement(path, i), form)
		}
		return
	case fnsObject:
	default:
		r.fail(path, t, "%s, want a document", t.kind)
		return
	}
	if form == 0 && !slices.ContainsFunc(fnsCodes, func(c string) bool { return t.find(c) != nil }) {
		r.around(t, path)
		return
	}
	r.warnings = nil
	b := r.document(t, path, form)
	r.docs = append(r.docs, FNSDocument{TLV: b, Warnings: r.warnings})
}

// around reads an object that holds documents.
func (r *fnsReader) around(t *fnsTree, path string) {
	found := false
	for i, key := range t.keys {
		form := fnsForm(key)
		if form == 0 && !slices.Contains(fnsWrappers, key) {
			if r.strict {
				r.fail(fnsJoin(path, key), &t.items[i], "the key is not known")
			}
			continue
		}
		found = true
		r.documents(&t.items[i], fnsJoin(path, key), form)
	}
	if !found {
		r.fail(path, t, "nothing tells which document it is: want a key like %q around it or %q in it", "receipt", "code")
	}
}

func (r *fnsReader) document(t *fnsTree, path string, form Form) []byte {
	for _, key := range fnsCodes {
		if code := t.find(key); code != nil {
			n, ok := r.uint(code, fnsJoin(path, key), 1<<16-1)
			switch {
			case !ok:
				return nil
			case form != 0 && Form(n) != form:
				r.fail(fnsJoin(path, key), code, "%d, but the key around the document is that of form %d", n, form)
			case Form(n).MaxLen() == 0:
				r.fail(fnsJoin(path, key), code, "%d is no form of a document", n)
			}
			form = Form(n)
		}
	}
	r.form, r.v = form, V120
	if hasVersion(form) {
		r.v = V100
	}
	for i, key := range t.keys {
		x := &t.items[i]
		if len(x.items) > 0 && x.kind == fnsArray {
			x = &x.items[0] // the first of a repeated tag counts
		}
		if tag, _, ok := fnsTag(key, uint16(form)); ok && tag == TagFFDVersion && x.kind != fnsNull {
			n, ok := r.uint(x, fnsJoin(path, key), 1<<8-1)
			if !ok {
				return nil
			}
			if n > uint64(V120) {
				r.warn(fnsJoin(path, key), x, "version %d is not known, read as %s", n, V120)
			}
			r.v = Version(min(max(n, uint64(V100)), uint64(V120))) // 0 is the beta of 1.0
		}
	}
	b, at := tlv.Begin(nil, uint16(form))
	return r.end(r.structure(b, t, uint16(form), path), at, t, path)
}

// fnsField is a key with the TLVs that it made.
type fnsField struct {
	key string
	tag uint16
	tlv []byte
}

func (r *fnsReader) structure(b []byte, t *fnsTree, parent uint16, path string) []byte {
	if t.kind != fnsObject {
		r.fail(path, t, "%s, want an object", t.kind)
		return b
	}
	form := Form(parent)
	var fields []fnsField
	for i, key := range t.keys {
		x, at := &t.items[i], fnsJoin(path, key)
		if r.err != nil {
			return b
		}
		if slices.Contains(fnsIgnored, key) || form.MaxLen() != 0 && slices.Contains(fnsCodes, key) {
			continue
		}
		tag, misplaced, ok := fnsTag(key, parent)
		if !ok {
			r.warn(at, x, "the key is not known")
			continue
		}
		if misplaced {
			r.warn(at, x, "tag %d does not belong into %d", tag, parent)
		}
		f := fnsField{key: key, tag: tag}
		if rate := fnsRate(tag); parent == TagItem && rate != 0 && r.v >= V105 {
			f.tag, f.tlv = TagVATRate, r.itemTax(rate, x, at, t)
		} else {
			f.tlv = r.field(nil, tag, parent, x, at)
		}
		if i := slices.IndexFunc(fields, func(o fnsField) bool { return o.tag == f.tag }); i >= 0 && len(f.tlv) > 0 && len(fields[i].tlv) > 0 {
			if !slices.Equal(fields[i].tlv, f.tlv) {
				r.fail(at, x, "says of tag %d something else than %s", f.tag, fields[i].key)
			}
			continue
		}
		fields = append(fields, f)
	}
	if form.MaxLen() != 0 {
		slices.SortStableFunc(fields, func(x, y fnsField) int {
			return cmp.Compare(fnsRank(x.tag, form, r.v), fnsRank(y.tag, form, r.v))
		})
	}
	for _, f := range fields {
		b = append(b, f.tlv...)
	}
	return b
}

// itemTax makes 1199 and 1200 of a tax that stands in an item under the name of
// the total of its rate.
func (r *fnsReader) itemTax(rate VATRate, t *fnsTree, path string, item *fnsTree) []byte {
	tax, ok := r.uint(t, path, maxMoney)
	if !ok || item.find("nds") != nil || item.find("ndsRate") != nil {
		return nil
	}
	b := tlv.AppendByte(nil, TagVATRate, byte(rate))
	if rate.Taxed() {
		b = tlv.AppendVLN(b, TagItemVATSum, tax)
	}
	return b
}

// field appends the TLVs of a key: none, one or, for an array, several.
func (r *fnsReader) field(b []byte, tag, parent uint16, t *fnsTree, path string) []byte {
	switch {
	case r.err != nil || t.kind == fnsNull || t.kind == fnsString && t.text == "":
		return b
	case t.kind == fnsArray:
		for i := range t.items {
			if t.items[i].kind == fnsArray {
				r.fail(fnsElement(path, i), &t.items[i], "an array in an array")
				return b
			}
			b = r.field(b, tag, parent, &t.items[i], fnsElement(path, i))
		}
		return b
	}
	b, at := tlv.Begin(b, tag)
	if e := lookup(tag, r.v, parent); e != nil {
		b = r.value(b, e, t, path)
	} else {
		b = r.base64(b, t, path)
	}
	return r.end(b, at, t, path)
}

func (r *fnsReader) end(b []byte, at int, t *fnsTree, path string) []byte {
	if err := tlv.End(b, at); err != nil {
		r.fail(path, t, "%s", err)
	}
	return b
}

func (r *fnsReader) value(b []byte, e *Entry, t *fnsTree, path string) []byte {
	switch e.Type {
	case Byte, Uint16, Uint32, VLN:
		n, _ := r.uint(t, path, e.Type.maxUint())
		switch e.Type {
		case Byte:
			return append(b, byte(n))
		case Uint16:
			return binary.LittleEndian.AppendUint16(b, uint16(n))
		case Uint32:
			return binary.LittleEndian.AppendUint32(b, uint32(n))
		}
		return appendLittle(b, n)
	case UnixTime:
		return binary.LittleEndian.AppendUint32(b, r.time(t, path))
	case FVLN:
		d, err := tlv.ParseDecimal(t.text)
		if err != nil || t.kind != fnsNumber && t.kind != fnsString {
			r.fail(path, t, "%s %s, want a number that fits an FVLN of 8 bytes", t.kind, t.text)
		}
		d = d.Minimal()
		return appendLittle(append(b, d.Scale), d.Mantissa)
	case String:
		return r.text(b, e, t, path)
	case STLV:
		if e.Tag == TagProductCodeStructured {
			return r.productCode(b, t, path)
		}
		return r.structure(b, t, e.Tag, path)
	}
	if e.Tag == TagFiscalSign && (t.kind == fnsNumber || isDigits(t.text)) {
		return r.fiscalSign(b, t, path)
	}
	return r.base64(b, t, path)
}

// appendLittle appends a number in the least number of bytes, at least one
// (spec/decisions.md, VLN).
func appendLittle(b []byte, n uint64) []byte {
	for {
		b = append(b, byte(n))
		if n >>= 8; n == 0 {
			return b
		}
	}
}

// uint reads a whole number; a text of digits and, for flags, a boolean serve
// too.
func (r *fnsReader) uint(t *fnsTree, path string, most uint64) (uint64, bool) {
	switch {
	case t.kind == fnsBool && t.text == "true":
		return 1, true
	case t.kind == fnsBool:
		return 0, true
	}
	n, err := strconv.ParseUint(t.text, 10, 64)
	if err != nil || n > most || t.kind != fnsNumber && t.kind != fnsString {
		r.fail(path, t, "%s %s, want a whole number up to %d", t.kind, t.text, most)
		return 0, false
	}
	return n, true
}

// fnsTimes are the forms of dates that exports have; a zone, where there is
// one, does not move the wall clock.
var fnsTimes = [...]string{fnsTime, time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02", "20060102T150405", "20060102T1504"}

func (r *fnsReader) time(t *fnsTree, path string) uint32 {
	if t.kind == fnsNumber || t.kind == fnsString && isDigits(t.text) {
		n, _ := r.uint(t, path, 1<<32-1)
		return uint32(n)
	}
	for _, form := range fnsTimes {
		at, err := time.Parse(form, t.text)
		if err != nil {
			continue
		}
		_, zone := at.Zone()
		if n := at.Unix() + int64(zone); n >= 0 && n <= 1<<32-1 {
			return uint32(n)
		}
	}
	r.fail(path, t, "%s %q, want seconds since 1970 or a date like %s", t.kind, t.text, fnsTime)
	return 0
}

func (r *fnsReader) text(b []byte, e *Entry, t *fnsTree, path string) []byte {
	switch t.kind {
	case fnsString:
	case fnsNumber:
		r.warn(path, t, "a number, want a text: zeros at its left may be lost")
	default:
		r.fail(path, t, "%s, want a text", t.kind)
		return b
	}
	start := len(b)
	b, err := tlv.AppendCP866(b, t.text)
	if err != nil {
		var a tlv.Arena
		x, done, err := MakeText(&a, t.text, r.strict)
		if err != nil {
			r.fail(path, t, "%s", err)
			return b[:start]
		}
		for _, s := range done {
			r.warn(path, t, "%q is not in CP866, %q stands for it", s.From, s.To)
		}
		b = append(b[:start], x.CP866()...)
	}
	for e.Fixed && len(b)-start < e.Len {
		b = append(b, ' ')
	}
	return b
}

// fiscalSign reads the printed number, or the 6 bytes as one number, which
// exports have too (spec/ffd/encoding.md 4). The kind of a printed one is that
// of the form (spec/decisions.md, kind byte).
func (r *fnsReader) fiscalSign(b []byte, t *fnsTree, path string) []byte {
	n, _ := r.uint(t, path, 1<<48-1)
	if n <= 1<<32-1 {
		h := Head{Form: r.form}
		n |= uint64(h.signKind())<<40 | 4<<32
	}
	return append(b, byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

func (r *fnsReader) base64(b []byte, t *fnsTree, path string) []byte {
	out, err := base64.StdEncoding.AppendDecode(b, []byte(t.text))
	if err != nil || t.kind != fnsString {
		r.fail(path, t, "%s, want base64", t.kind)
		return b
	}
	return out
}

// productCode reads 1163: {"gs1m": {"rawProductCode": ...}}, {"gs1m": "..."} or
// the older {"rawProductCode": ..., "productIdType": 6}.
func (r *fnsReader) productCode(b []byte, t *fnsTree, path string) []byte {
	if t.find("rawProductCode") != nil {
		return r.oneCode(b, 0, t, path)
	}
	if t.kind != fnsObject {
		r.fail(path, t, "%s, want an object", t.kind)
		return b
	}
	for i, key := range t.keys {
		x, at := &t.items[i], fnsJoin(path, key)
		tag, _, ok := fnsTag(key, TagProductCodeStructured)
		switch {
		case !ok:
			r.warn(at, x, "the key is not known")
		case x.kind == fnsObject:
			b = r.oneCode(b, tag, x, at)
		default:
			b = r.field(b, tag, TagProductCodeStructured, x, at)
		}
	}
	return b
}

// oneCode reads a product code with what the service took out of it.
func (r *fnsReader) oneCode(b []byte, tag uint16, t *fnsTree, path string) []byte {
	raw := t.find("rawProductCode")
	if raw == nil || raw.kind != fnsString {
		r.fail(path, t, "want the text rawProductCode")
		return b
	}
	if tag == 0 {
		kind := t.find("productIdType")
		if kind != nil {
			n, _ := strconv.Atoi(kind.text)
			tag = fnsCodeTag(n)
		}
		if tag == 0 {
			r.fail(path, t, "want productIdType from 1 to 16")
			return b
		}
	}
	gtin, serial := fnsCodeParts(tag, raw.text)
	for i, key := range t.keys {
		x, at := &t.items[i], fnsJoin(path, key)
		switch key {
		case "rawProductCode":
		case "productIdType":
			if x.text != strconv.Itoa(fnsCodeType(tag)) {
				r.warn(at, x, "%s, but the code is of tag %d", x.text, tag)
			}
		case "gtin":
			if strings.TrimLeft(x.text, "0") != strings.TrimLeft(gtin, "0") {
				r.warn(at, x, "%s does not stand in %s", x.text, raw.text)
			}
		case "sernum":
			if x.text != serial {
				r.warn(at, x, "%s does not stand in %s", x.text, raw.text)
			}
		default:
			r.warn(at, x, "the key is not known")
		}
	}
	return r.field(b, tag, TagProductCodeStructured, raw, fnsJoin(path, "rawProductCode"))
}
