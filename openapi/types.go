package openapi

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"kktd/api/control"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/sender"
)

// types makes schemas of Go types. Structs and enumerations become components.
type types struct {
	source     *source
	components map[string]*Schema
	owner      map[string]reflect.Type // of a component
	missing    []string                // fields without words
	err        error
}

func newTypes(s *source) *types {
	return &types{source: s, components: map[string]*Schema{}, owner: map[string]reflect.Type{}}
}

func refTo(name string) *Schema { return &Schema{Ref: "#/components/schemas/" + name} }

// of is the schema of a type where a value of it stands.
func (x *types) of(t reflect.Type) *Schema {
	x.load(t)
	if s := x.special(t); s != nil {
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(x.of(t.Elem()))
	case reflect.Struct:
		if t.Name() == "" && t.NumField() > 0 {
			x.fail("no schema for %v: give it a name", t)
			return &Schema{}
		}
		return x.component(t, x.object)
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			return &Schema{Type: "object"}
		}
		return &Schema{Type: "object", Additional: x.of(t.Elem())}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return &Schema{Type: "string", Format: "byte", Nullable: true}
		}
		return &Schema{Type: "array", Items: withoutNull(x.of(t.Elem()))}
	}
	if t.PkgPath() != "" && t.Kind() != reflect.Interface {
		if values, _ := x.source.constants(t); len(values) > 1 {
			return x.component(t, x.enumeration)
		}
	}
	return x.plain(t)
}

// special are types that write their JSON themselves.
func (x *types) special(t reflect.Type) *Schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return &Schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[sender.State]():
		return x.of(reflect.TypeFor[sender.StateView]())
	case reflect.TypeFor[*ffd.Node]():
		x.components["Node"] = nodeSchema()
		return nullable(refTo("Node"))
	case reflect.TypeFor[fn.Model]():
		return &Schema{Type: "integer", Enum: []any{fn.Model13, fn.Model15, fn.Model36}}
	case reflect.TypeFor[control.Duration]():
		x.components["Duration"] = durationSchema()
		return refTo("Duration")
	}
	if t.Name() == "faultParam" {
		return &Schema{OneOf: []*Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
	}
	return nil
}

func (x *types) plain(t reflect.Type) *Schema {
	switch t.Kind() {
	case reflect.Bool:
		return &Schema{Type: "boolean"}
	case reflect.String:
		return &Schema{Type: "string"}
	case reflect.Int, reflect.Int64:
		return &Schema{Type: "integer", Format: "int64"}
	case reflect.Uint8:
		return &Schema{Type: "integer", Minimum: new(uint64(0)), Maximum: new(uint64(255))}
	case reflect.Uint16:
		return &Schema{Type: "integer", Minimum: new(uint64(0)), Maximum: new(uint64(65535))}
	case reflect.Uint32:
		return &Schema{Type: "integer", Format: "int64", Minimum: new(uint64(0)), Maximum: new(uint64(1<<32 - 1))}
	case reflect.Uint64:
		return &Schema{Type: "integer", Format: "int64", Minimum: new(uint64(0))}
	case reflect.Float64:
		return &Schema{Type: "number", Format: "double"}
	}
	x.fail("no schema for %v", t)
	return &Schema{}
}

// fail keeps the first thing that is wrong.
func (x *types) fail(format string, args ...any) {
	if x.err == nil {
		x.err = fmt.Errorf(format, args...)
	}
}

// load reads the source of a type.
func (x *types) load(t reflect.Type) {
	if err := x.source.load(t); err != nil {
		x.fail("%w", err)
	}
}

// nullable is a schema that takes null too.
func nullable(s *Schema) *Schema {
	if s.Ref == "" {
		c := *s
		c.Nullable = true
		return &c
	}
	return &Schema{Type: "object", Nullable: true, AllOf: []*Schema{s}}
}

// component puts the schema of a type into the components, once.
func (x *types) component(t reflect.Type, make func(reflect.Type) *Schema) *Schema {
	name := componentName(t)
	if owner, ok := x.owner[name]; ok {
		if owner != t {
			x.fail("%v and %v are both named %s; name one in fields.go", owner, t, name)
		}
		return refTo(name)
	}
	x.owner[name] = t
	x.components[name] = make(t)
	return refTo(name)
}

func (x *types) enumeration(t reflect.Type) *Schema {
	values, meaning := x.source.constants(t)
	s := x.plain(t)
	if t == reflect.TypeFor[ffd.Form]() {
		values = nil // what came to the OFD may be of a form that is none
	}
	s.Description, s.Enum = strings.TrimSpace(x.source.types[t.PkgPath()+"."+t.Name()]+meaning), values
	if words, ok := typeWords[componentName(t)]; ok {
		s.Description = strings.TrimSpace(words + meaning)
	}
	return s
}

func (x *types) object(t reflect.Type) *Schema {
	s := &Schema{Type: "object", Additional: false, Description: x.source.types[t.PkgPath()+"."+nameOf(t)]}
	if words, ok := typeWords[componentName(t)]; ok {
		s.Description = words
	}
	if strings.Contains(t.Name(), "[") {
		s.Description = ""
	}
	body := strings.HasSuffix(t.Name(), "Body") || t.Name() == "clockMove" || t.NumField() == 0
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" || name == "" {
			continue
		}
		leftOut := body || strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero") // instead of null
		optional := leftOut
		owner := t
		for _, i := range f.Index[:len(f.Index)-1] {
			if owner = owner.Field(i).Type; owner.Kind() == reflect.Pointer {
				owner, optional = owner.Elem(), true
			}
		}
		p := x.field(owner, f, name)
		if leftOut {
			p = withoutNull(p)
		}
		if !optional {
			s.Required = append(s.Required, name)
		}
		s.Properties = append(s.Properties, property{name, p})
	}
	return s
}

// withoutNull is the schema of what is never null: a field that is left out instead, an
// item of a list.
func withoutNull(s *Schema) *Schema {
	c := *s
	if c.Nullable = false; len(c.AllOf) > 0 {
		c.Type = ""
	}
	if len(c.AllOf) == 1 && c.Description == "" {
		return c.AllOf[0]
	}
	return &c
}

// field is the schema of a field with its words.
func (x *types) field(owner reflect.Type, f reflect.StructField, name string) *Schema {
	x.load(owner)
	key := nameOf(owner) + "." + name
	t := f.Type
	if other, ok := fieldTypes[name]; ok && t.Kind() == reflect.Interface {
		t = other
	}
	s := x.of(t)
	if values, ok := fieldValues(owner, name); ok {
		set := s
		if s.Type == "array" {
			set = s.Items
		}
		*set = Schema{Type: "string", Enum: values, Nullable: set.Nullable}
	}
	words := x.source.fields[owner.PkgPath()+"."+nameOf(owner)+"."+f.Name]
	if given, ok := fieldWords[key]; ok {
		words = given
	}
	if words == "" && (owner.Name() == "settingsBody" || owner.Name() == "driveBody") {
		words = x.source.fields[reflect.TypeFor[kkt.Settings]().PkgPath()+".Settings."+f.Name] // what a body may set
	}
	if words == "" {
		words = fieldWords[name]
	}
	if words == "" {
		x.missing = append(x.missing, key)
	}
	return described(s, words)
}

// described is a schema with words of its own; beside a reference they cannot stand.
func described(s *Schema, words string) *Schema {
	if s.Ref != "" {
		s = &Schema{AllOf: []*Schema{s}}
	}
	c := *s
	c.Description = words
	return &c
}

// componentName is the name of the schema of a type.
func componentName(t reflect.Type) string {
	pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
	if base, args, generic := strings.Cut(t.Name(), "["); generic {
		item, _, _ := strings.Cut(strings.TrimSuffix(args, "]"), ",")
		item = item[strings.LastIndexAny(item, "./")+1:]
		if name, ok := typeNames[pkg+"."+item]; ok {
			item = name
		}
		return strings.TrimSuffix(strings.TrimSuffix(title(item), "View"), "Item") + map[bool]string{true: "List", false: "Set"}[base == "listOf"]
	}
	if t.Name() == "" && t.NumField() == 0 {
		return "Nothing"
	}
	if name, ok := typeNames[pkg+"."+t.Name()]; ok {
		return name
	}
	if pkg == "slip" {
		return "Slip" + title(t.Name())
	}
	return strings.TrimSuffix(title(t.Name()), "View")
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// sorted are the names of the components.
func (x *types) sorted() []string {
	var names []string
	for name := range x.components {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// MarshalJSON writes the components.
func (x *types) MarshalJSON() ([]byte, error) {
	names := x.sorted()
	return object(len(names), func(i int) (string, any) { return names[i], x.components[names[i]] })
}

// nodeSchema is the tree of a document (design/architecture.md, Outside).
func nodeSchema() *Schema {
	count := func(words string) *Schema {
		return &Schema{Type: "integer", Format: "int64", Minimum: new(uint64(0)), Description: words}
	}
	return &Schema{Type: "object", Additional: false, Description: "A node of the tree of a document: a TLV, or a part of a frame.", Required: []string{"name", "type", "offset", "len"},
		Properties: properties{
			{"tag", count("Tag; absent of what is no TLV.")}, {"name", &Schema{Type: "string", Description: "Name in Russian."}},
			{"type", &Schema{Type: "string", Description: "Type of the value, or of the part of a frame: session, container, document, sign, malformed."}},
			{"offset", count("Where it begins, in bytes.")}, {"len", count("Length of the value, in bytes.")},
			{"hex", &Schema{Type: "string", Pattern: "^([0-9a-f]{2})*$", Description: "The bytes of a leaf, the header of a frame; absent of a structure."}},
			{"value", &Schema{Description: "A whole number (VLN: kopecks; times: seconds), a decimal as a text, a text without padding, hex of bytes, the fields of a header as an object; absent when the bytes are no value of the type.",
				OneOf: []*Schema{{Type: "integer", Format: "int64"}, {Type: "string"}, {Type: "object", Additional: true}}}},
			{"items", &Schema{Type: "array", Items: refTo("Node"), Description: "What stands inside."}},
			{"error", &Schema{Type: "string", Description: "Why it cannot be read, or why the value is not of its type."}},
		}}
}

func durationSchema() *Schema {
	return &Schema{Description: "A length of time: whole seconds, or a text as `10s`, `36h`, `30d`, `P30D`.",
		OneOf: []*Schema{{Type: "integer", Format: "int64", Minimum: new(uint64(0))}, {Type: "string", Pattern: durationPattern}}}
}

// durationPattern is what a length of time looks like; what it means is checked when it
// is read.
const durationPattern = `^([0-9]+|[0-9]+d|P[0-9WDTHMS]+|\+?([0-9.]+(ns|us|µs|μs|ms|s|m|h))+|0)$`
