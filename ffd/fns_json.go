package ffd

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxFNSDepth ends the reading of nested JSON: a document with what the
// service puts around it needs a dozen levels.
const maxFNSDepth = 24

// maxFNSKeys is above the number of keys of any document, some 60.
const maxFNSKeys = 256

// fnsKind is the kind of a value of JSON.
type fnsKind uint8

const (
	fnsNull fnsKind = iota
	fnsBool
	fnsNumber
	fnsString
	fnsArray
	fnsObject
)

var fnsKindNames = [...]string{"null", "a boolean", "a number", "a text", "an array", "an object"}

func (k fnsKind) String() string { return fnsKindNames[k] }

// fnsTree is a value of JSON with its keys in their order and its numbers as
// they are written, which encoding/json has no type for.
type fnsTree struct {
	kind   fnsKind
	text   string // of a text, a number; "true" or "false"
	keys   []string
	items  []fnsTree
	offset int64 // behind the value
}

// find returns the value of a key of an object, or nil.
func (t *fnsTree) find(key string) *fnsTree {
	for i, k := range t.keys {
		if k == key {
			return &t.items[i]
		}
	}
	return nil
}

// readFNSTree reads one value and nothing behind it.
func readFNSTree(in []byte) (fnsTree, error) {
	d := json.NewDecoder(bytes.NewReader(in))
	d.UseNumber()
	t, err := readFNSValue(d, 0)
	if err != nil {
		return t, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return t, fnsErrorf("", d.InputOffset(), "something behind the value")
	}
	return t, nil
}

func readFNSValue(d *json.Decoder, depth int) (t fnsTree, err error) {
	token, err := d.Token()
	if err != nil {
		return t, fnsErrorf("", d.InputOffset(), "%s", err)
	}
	if depth > maxFNSDepth {
		return t, fnsErrorf("", d.InputOffset(), "nested deeper than %d", maxFNSDepth)
	}
	switch v := token.(type) {
	case nil:
	case bool:
		t.kind, t.text = fnsBool, map[bool]string{false: "false", true: "true"}[v]
	case json.Number:
		t.kind, t.text = fnsNumber, v.String()
	case string:
		t.kind, t.text = fnsString, v
	case json.Delim:
		t.kind = fnsArray
		if v == '{' {
			t.kind = fnsObject
		}
		for d.More() {
			if t.kind == fnsObject {
				key, err := d.Token()
				if err != nil {
					return t, fnsErrorf("", d.InputOffset(), "%s", err)
				}
				if len(t.keys) == maxFNSKeys {
					return t, fnsErrorf(key.(string), d.InputOffset(), "more than %d keys in an object", maxFNSKeys)
				}
				if t.find(key.(string)) != nil {
					return t, fnsErrorf(key.(string), d.InputOffset(), "the key stands there twice")
				}
				t.keys = append(t.keys, key.(string))
			}
			item, err := readFNSValue(d, depth+1)
			if err != nil {
				return t, err
			}
			t.items = append(t.items, item)
		}
		if _, err := d.Token(); err != nil {
			return t, fnsErrorf("", d.InputOffset(), "%s", err)
		}
	}
	t.offset = d.InputOffset()
	return t, nil
}
