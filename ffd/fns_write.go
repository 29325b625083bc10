package ffd

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"kktd/tlv"
)

// fnsTime is the form of dates in the JSON of the tax service: the wall clock
// of the register without a zone.
const fnsTime = "2006-01-02T15:04:05"

// AppendFNS appends the document as JSON of the tax service: an object whose
// one key names the document, with the names of the dictionary inside
// (spec/ffd/tags.csv, json_name). Tags keep their order, money is whole
// kopecks, a quantity an exact number, a date text, a byte array base64, 1077
// the printed sign; what has no name stands under the number of its tag. Several
// documents below the node make an array. The error is an *FNSError, when a
// document cannot be read or there is none; b comes back as it was then.
//
// The JSON does not hold all of the bytes: widths of VLN and FVLN, padding, the
// kind of the sign and the places of repeated tags are lost.
func (n *Node) AppendFNS(b []byte) ([]byte, error) {
	if bad := n.Malformed(); bad != nil && bad.Type == TypeMalformed {
		return b, fnsErrorf(n.Name, 0, "offset 0x%x: %s", bad.Offset, bad.Err)
	}
	docs := n.documents(nil)
	if len(docs) == 0 {
		return b, fnsErrorf(n.Name, 0, "no document in it")
	}
	start := len(b)
	if len(docs) > 1 {
		b = append(b, '[')
	}
	for i, d := range docs {
		if i > 0 {
			b = append(b, ',')
		}
		r := tlv.NewReader(d.Append(nil), d.Offset)
		if !r.Next() {
			return b[:start], fnsErrorf(n.Name, 0, "offset 0x%x: %s", d.Offset, d.Err)
		}
		w := fnsWriter{form: Form(d.Tag), v: fnsVersion(Form(d.Tag), r.Item().Value)}
		b = appendJSONString(append(b, '{'), fnsFormName(w.form))
		if b = w.structure(append(b, ':'), r.Item(), 0); w.err != nil {
			return b[:start], w.err
		}
		b = append(b, '}')
	}
	if len(docs) > 1 {
		b = append(b, ']')
	}
	return b, nil
}

// documents collects the documents of a tree of frames.
func (n *Node) documents(list []*Node) []*Node {
	if n.isTLV() {
		if n.Type == TypeDocument {
			list = append(list, n)
		}
		return list
	}
	for _, it := range n.Items {
		list = it.documents(list)
	}
	return list
}

type fnsWriter struct {
	form Form
	v    Version
	err  *FNSError
}

func (w *fnsWriter) fail(it tlv.Item, rule string) {
	if w.err == nil {
		w.err = fnsErrorf(strconv.Itoa(int(it.Tag)), 0, "offset 0x%x: %s", it.Offset, rule)
	}
}

// structure writes an object: the TLVs in their order, those of one tag
// together where the first of them stands.
func (w *fnsWriter) structure(b []byte, in tlv.Item, depth int) []byte {
	var items []tlv.Item
	r := in.Children()
	for r.Next() {
		items = append(items, r.Item())
	}
	if r.Err() != nil || depth > maxDepth {
		w.fail(in, "not a structure of TLVs, or nested too deep")
		return b
	}
	b = append(b, '{')
	first := true
	key := func(name string) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendJSONString(b, name), ':')
	}
	if depth == 0 {
		key(fnsCodeName(w.form, w.v))
		b = strconv.AppendInt(b, int64(w.form), 10)
	}
	for i, it := range items {
		same := func(x tlv.Item) bool { return x.Tag == it.Tag }
		if slices.ContainsFunc(items[:i], same) {
			continue
		}
		e := lookup(it.Tag, w.v, in.Tag)
		many := slices.ContainsFunc(items[i+1:], same)
		// 2107 may repeat by the order, the service gives one (spec/ffd/documents.md, 3).
		list := many || e != nil && e.Repeat && it.Tag != TagMarkedCheckResult
		key(fnsNameOf(it.Tag, in.Tag, w.v))
		if list {
			b = append(b, '[')
		}
		for j, x := range items[i:] {
			if !same(x) {
				continue
			}
			if j > 0 {
				b = append(b, ',')
			}
			b = w.value(b, e, x, depth)
		}
		if list {
			b = append(b, ']')
		}
	}
	return append(b, '}')
}

func (w *fnsWriter) value(b []byte, e *Entry, it tlv.Item, depth int) []byte {
	if e == nil {
		return appendFNSBase64(b, it.Value)
	}
	switch e.Type {
	case Byte, Uint16, Uint32, UnixTime, VLN:
		u, err := tlv.Uint(it.Value)
		switch {
		case err != nil || u > e.Type.maxUint():
			w.fail(it, "not a "+e.Type.String())
			return b
		case e.Type == UnixTime:
			b = append(b, '"')
			return append(time.Unix(int64(u), 0).UTC().AppendFormat(b, fnsTime), '"')
		}
		return strconv.AppendUint(b, u, 10)
	case FVLN:
		d, err := tlv.FVLN(it.Value)
		if err != nil {
			w.fail(it, err.Error())
		}
		return d.Minimal().Append(b)
	case String:
		v := it.Value
		if e.Fixed {
			v = tlv.TrimPadding(v)
		}
		return appendJSONString(b, tlv.DecodeString(v))
	case STLV:
		if it.Tag == TagProductCodeStructured {
			return w.productCode(b, it)
		}
		return w.structure(b, it, depth+1)
	}
	if it.Tag == TagFiscalSign && len(it.Value) == fiscalSignLen {
		return strconv.AppendUint(b, uint64(binary.BigEndian.Uint32(it.Value[2:])), 10)
	}
	return appendFNSBase64(b, it.Value)
}

// productCode writes 1163 as the service does: {"gs1m": {"rawProductCode": ...,
// "productIdType": 6, "gtin": ..., "sernum": ...}}. Members that are no code
// stand as in any structure.
func (w *fnsWriter) productCode(b []byte, in tlv.Item) []byte {
	b = append(b, '{')
	r := in.Children()
	for r.Next() {
		it := r.Item()
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		e := lookup(it.Tag, w.v, in.Tag)
		b = append(appendJSONString(b, fnsNameOf(it.Tag, in.Tag, w.v)), ':')
		if e == nil || !slices.Contains(e.Parents, in.Tag) || e.Type != String {
			b = w.value(b, e, it, maxDepth)
			continue
		}
		code := tlv.DecodeString(it.Value)
		gtin, serial := fnsCodeParts(it.Tag, code)
		b = appendJSONString(append(b, `{"rawProductCode":`...), code)
		b = strconv.AppendInt(append(b, `,"productIdType":`...), int64(fnsCodeType(it.Tag)), 10)
		if gtin != "" {
			b = appendJSONString(append(b, `,"gtin":`...), gtin)
			b = appendJSONString(append(b, `,"sernum":`...), serial)
		}
		b = append(b, '}')
	}
	if r.Err() != nil {
		w.fail(in, "not a structure of TLVs")
	}
	return append(b, '}')
}

func appendFNSBase64(b, v []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), v), '"')
}

// maxUint is the greatest number that a type of numbers holds.
func (t Type) maxUint() uint64 {
	switch t {
	case Byte:
		return 1<<8 - 1
	case Uint16:
		return 1<<16 - 1
	case Uint32, UnixTime:
		return 1<<32 - 1
	}
	return 1<<64 - 1
}
