package ffd

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
)

// maxTreeDepth is maxDepth and what may stand around a document: a list, a
// message, a container.
const maxTreeDepth = maxDepth + 4

// jsonNode is a node as it stands in the JSON, nil for what is absent.
type jsonNode struct {
	tag, len        *uint64
	name, typ, fail *string
	hex             []byte
	value           any // json.Number, string or []Field
	items           []*jsonNode
}

type jsonParser struct {
	JSONReader
	d *json.Decoder
}

func (p *jsonParser) fail(path, format string, args ...any) error {
	return &JSONError{Path: path, Err: fmt.Errorf(format, args...)}
}

// token is the next token. Its errors have the offset, because the path may be
// far from the character that is missing.
func (p *jsonParser) token(path string) (json.Token, error) {
	t, err := p.d.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, p.fail(path, "at offset %d: %w", p.d.InputOffset(), err)
	}
	return t, nil
}

func (p *jsonParser) open(path string, want json.Delim) error {
	t, err := p.token(path)
	if err == nil && t != want {
		return p.fail(path, "want %v", want)
	}
	return err
}

// key reads the next key of an object; "" at its end.
func (p *jsonParser) key(path string, seen map[string]bool) (string, error) {
	if !p.d.More() {
		_, err := p.token(path)
		return "", err
	}
	t, err := p.token(path)
	if err != nil {
		return "", err
	}
	key := t.(string)
	if seen[key] {
		return "", p.fail(join(path, key), "stands twice")
	}
	seen[key] = true
	if key == "" {
		return "", p.fail(path, "empty key")
	}
	return key, nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (p *jsonParser) node(path string, depth int) (*jsonNode, error) {
	if depth > maxTreeDepth {
		return nil, p.fail(path, "nested too deep, at most %d levels", maxTreeDepth)
	}
	if err := p.open(path, '{'); err != nil {
		return nil, err
	}
	j := &jsonNode{}
	seen := make(map[string]bool)
	for {
		key, err := p.key(path, seen)
		if err != nil {
			return nil, err
		}
		at := join(path, key)
		switch key {
		case "":
			return j, nil
		case "tag":
			j.tag, err = p.number(at, math.MaxUint16)
		case "len":
			j.len, err = p.number(at, math.MaxInt32)
		case "offset":
			_, err = p.number(at, math.MaxInt32) // says where it was
		case "name":
			j.name, err = p.text(at)
		case "type":
			j.typ, err = p.text(at)
		case "error":
			j.fail, err = p.text(at)
		case "hex":
			j.hex, err = p.bytes(at)
		case "value":
			j.value, err = p.value(at)
		case "items":
			j.items, err = p.items(at, depth)
		default:
			err = p.fail(at, "unknown key: want tag, name, type, offset, len, hex, value, items or error")
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *jsonParser) items(path string, depth int) ([]*jsonNode, error) {
	if err := p.open(path, '['); err != nil {
		return nil, err
	}
	items := []*jsonNode{}
	for p.d.More() {
		it, err := p.node(path+"["+strconv.Itoa(len(items))+"]", depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	_, err := p.token(path)
	return items, err
}

func (p *jsonParser) text(path string) (*string, error) {
	t, err := p.token(path)
	if err != nil {
		return nil, err
	}
	s, ok := t.(string)
	if !ok {
		return nil, p.fail(path, "want a string")
	}
	return &s, nil
}

func (p *jsonParser) number(path string, most uint64) (*uint64, error) {
	t, err := p.token(path)
	if err != nil {
		return nil, err
	}
	u, err := wholeNumber(t, most)
	if err != nil {
		return nil, &JSONError{path, err}
	}
	return &u, nil
}

func wholeNumber(t any, most uint64) (uint64, error) {
	n, ok := t.(json.Number)
	u, err := strconv.ParseUint(n.String(), 10, 64)
	if !ok || err != nil || u > most {
		return 0, fmt.Errorf("%v: want a whole number from 0 to %d", t, most)
	}
	return u, nil
}

func (p *jsonParser) bytes(path string) ([]byte, error) {
	s, err := p.text(path)
	if err != nil {
		return nil, err
	}
	b, err := hex.DecodeString(*s)
	if err != nil {
		return nil, &JSONError{path, err}
	}
	return b, nil // not nil for ""
}

// value is a number, a text or the fields of the header of a frame.
func (p *jsonParser) value(path string) (any, error) {
	t, err := p.token(path)
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Number, string:
		return t, nil
	case json.Delim:
		if t == '{' {
			return p.fields(path)
		}
	}
	return nil, p.fail(path, "want a number, a string or the fields of a frame")
}

func (p *jsonParser) fields(path string) ([]Field, error) {
	fields := []Field{}
	seen := make(map[string]bool)
	for {
		key, err := p.key(path, seen)
		if key == "" || err != nil {
			return fields, err
		}
		t, err := p.token(path)
		if err != nil {
			return nil, err
		}
		f := Field{Key: key, Name: key}
		switch t := t.(type) {
		case string:
			f.Value = t
		case json.Number:
			if f.Value, err = wholeNumber(t, math.MaxUint64); err != nil {
				return nil, &JSONError{join(path, key), err}
			}
		default:
			return nil, p.fail(join(path, key), "want a number or a string")
		}
		fields = append(fields, f)
	}
}
