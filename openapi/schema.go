package openapi

import (
	"bytes"
	"encoding/json"
)

// Schema is a schema object of OpenAPI 3.0. Its JSON has the keys in this order.
type Schema struct {
	Ref         string     `json:"$ref,omitempty"`
	Description string     `json:"description,omitempty"`
	Type        string     `json:"type,omitempty"`
	Format      string     `json:"format,omitempty"`
	Nullable    bool       `json:"nullable,omitempty"`
	Enum        []any      `json:"enum,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	Minimum     *uint64    `json:"minimum,omitempty"`
	Maximum     *uint64    `json:"maximum,omitempty"`
	Default     any        `json:"default,omitempty"`
	AllOf       []*Schema  `json:"allOf,omitempty"`
	OneOf       []*Schema  `json:"oneOf,omitempty"`
	Items       *Schema    `json:"items,omitempty"`
	Properties  properties `json:"properties,omitempty"`
	Required    []string   `json:"required,omitempty"`
	Additional  any        `json:"additionalProperties,omitempty"` // false or *Schema
}

// properties are written in the order of the Go type.
type properties []property

type property struct {
	name   string
	schema *Schema
}

// MarshalJSON implements json.Marshaler.
func (p properties) MarshalJSON() ([]byte, error) {
	return object(len(p), func(i int) (string, any) { return p[i].name, p[i].schema })
}

// object is a JSON object with its keys in order.
func object(n int, at func(int) (string, any)) ([]byte, error) {
	b := bytes.NewBufferString("{")
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		key, value := at(i)
		for j, x := range []any{key, value} {
			raw, err := encode(x)
			if err != nil {
				return nil, err
			}
			if j == 1 {
				b.WriteByte(':')
			}
			b.Write(raw)
		}
	}
	return append(b.Bytes(), '}'), nil
}

// encode is JSON without the escapes that HTML needs.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
