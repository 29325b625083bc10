package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// maxBody limits the body of a request.
const maxBody = 1 << 20

// ReadBody reads the JSON object of a request into the struct that v points to,
// strictly: a field that v does not have is an error that names it and the allowed
// ones, and so are a field that comes twice, a value of another type, and anything
// behind the object. An empty body is an empty object; null leaves a field as it
// is. What is asked for stands in the body alone: a parameter beside it is an error,
// too. The error is a *Problem.
func ReadBody(w http.ResponseWriter, r *http.Request, v any) error {
	if err := NoParameters(r); err != nil {
		return err
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &tooLarge):
		return &Problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Message: fmt.Sprintf("the body is longer than %d bytes", maxBody)}
	case err != nil:
		return &Problem{Status: http.StatusBadRequest, Code: "invalid_body", Message: "the body cannot be read: " + err.Error()}
	case len(bytes.TrimSpace(raw)) == 0:
		return nil
	}
	// A form of a foreign page can be sent as text/plain, JSON cannot.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &Problem{Status: http.StatusUnsupportedMediaType, Code: "content_type", Field: "Content-Type", Allowed: "application/json",
			Message: fmt.Sprintf("the body is taken as JSON alone: send it with Content-Type: application/json, not %q", r.Header.Get("Content-Type"))}
	}
	return Decode(raw, v)
}

// Decode is ReadBody for bytes.
func Decode(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := decodeValue(d, reflect.ValueOf(v).Elem(), ""); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return badBody("", "one JSON object", "there is more behind the object, at byte %d", d.InputOffset())
	}
	return nil
}

func badBody(field, allowed, format string, args ...any) *Problem {
	p := invalid(field, allowed, format, args...)
	p.Code = "invalid_body"
	if field != "" {
		p.Code = "invalid_field"
		p.Message = field + ": " + p.Message
	}
	return p
}

// decodeValue reads the next value into v. Structs and lists are walked, so that
// an error knows its place; everything else is left to encoding/json.
func decodeValue(d *json.Decoder, v reflect.Value, path string) error {
	if v.Kind() == reflect.Struct && !reflect.PointerTo(v.Type()).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return decodeStruct(d, v, path)
	}
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return badBody(path, "JSON", "%v, at byte %d", err, d.InputOffset())
	}
	if string(raw) == "null" {
		return nil
	}
	switch {
	case v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct:
		v.Set(reflect.New(v.Type().Elem()))
		return decodeValue(json.NewDecoder(bytes.NewReader(raw)), v.Elem(), path)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		return decodeList(raw, v, path)
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		mistaken, wrongTime := (*json.UnmarshalTypeError)(nil), (*time.ParseError)(nil)
		if errors.As(err, &mistaken) || errors.As(err, &wrongTime) {
			return badBody(path, typeName(v.Type()), "%s is not %s", raw, typeName(v.Type()))
		}
		return badBody(path, typeName(v.Type()), "%s: %v", raw, err)
	}
	return nil
}

func decodeList(raw json.RawMessage, v reflect.Value, path string) error {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return badBody(path, "a list", "%s is not a list", raw)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := decodeValue(json.NewDecoder(bytes.NewReader(item)), v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func decodeStruct(d *json.Decoder, v reflect.Value, path string) error {
	token, err := d.Token()
	if err != nil {
		return badBody(path, "JSON", "%v, at byte %d", err, d.InputOffset())
	}
	if token == nil {
		return nil
	}
	if token != json.Delim('{') {
		return badBody(path, "an object", "%v is not an object", token)
	}
	fields, names := fieldsOf(v)
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return badBody(path, "JSON", "%v, at byte %d", err, d.InputOffset())
		}
		name := token.(string) // More and Token see to it
		at := strings.TrimPrefix(path+"."+name, ".")
		field, ok := fields[name]
		switch {
		case !ok:
			allowed := strings.Join(names, ", ")
			return &Problem{Status: http.StatusBadRequest, Code: "unknown_field", Field: at, Allowed: allowed,
				Message: fmt.Sprintf("field %q is not known here; known: %s", at, allowed)}
		case seen[name]:
			return badBody(at, "one value", "it is given twice")
		}
		seen[name] = true
		if err := decodeValue(d, field, at); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return badBody(path, "JSON", "%v, at byte %d", err, d.InputOffset())
	}
	return nil
}

// fieldsOf are the fields of a struct by their names in JSON, embedded ones
// included, and the names in order.
func fieldsOf(v reflect.Value) (fields map[string]reflect.Value, names []string) {
	fields = map[string]reflect.Value{}
	for _, f := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" || name == "" {
			continue
		}
		fields[name] = v.FieldByIndex(f.Index)
		names = append(names, name)
	}
	return fields, names
}

func typeName(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "a time as 2026-01-31T10:00:00+03:00"
	case reflect.TypeFor[Duration]():
		return "a length of time as 10s, 36h, 30d or P30D"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Map:
		return "an object, each value " + typeName(t.Elem())
	case reflect.Slice, reflect.Array:
		return "a list, each " + typeName(t.Elem())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number from 0 on that fits"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return t.Kind().String()
}

// Duration is a length of time in a body: 10 (seconds), "10s", "36h", "30d",
// "P30D" (design/architecture.md, Outside).
type Duration time.Duration

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(b []byte) error {
	x, err := parseDuration(strings.Trim(string(b), `"`))
	if err == nil {
		*d = Duration(x)
	}
	return err
}

// MarshalJSON writes it as time.Duration does.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// ParseDuration reads a length of time as Duration does.
func ParseDuration(s string) (time.Duration, error) { return parseDuration(s) }
