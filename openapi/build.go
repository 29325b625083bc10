package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"kktd/api/control"
)

// Config is what a description is made of.
type Config struct {
	Root     string // folder of the module, whose source has the words
	Routes   []control.Route
	Docs     map[string]control.Doc // by method and path
	Outside  map[string]control.Doc // of paths that do not stand under control.Prefix
	Examples []Example
}

// Example is a request that was made and its answer, for the operation that it
// belongs to.
type Example struct {
	Route  string // "GET registers/{serial}"; "": an error, for all routes with its status
	Name   string // "" : the only one
	Body   []byte // of the request; nil: none
	Status int
	Media  string
	Answer []byte
}

type document struct {
	OpenAPI    string             `json:"openapi"`
	Info       info               `json:"info"`
	Servers    []server           `json:"servers"`
	Security   []map[string][]any `json:"security"`
	Tags       []tag              `json:"tags"`
	Paths      paths              `json:"paths"`
	Components components         `json:"components"`
}

type info struct {
	Title       string `json:"title"`
	Version     string `json:"version"`
	Description string `json:"description"`
	License     struct {
		Name string `json:"name"`
	} `json:"license"`
}

type server struct {
	URL         string `json:"url"`
	Description string `json:"description"`
}

type tag struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

type components struct {
	Schemas   *types         `json:"schemas"`
	Responses ordered        `json:"responses"`
	Security  map[string]any `json:"securitySchemes"`
}

// paths are written in the order of the routes.
type paths struct {
	order []string
	items map[string]map[string]*operation
}

// MarshalJSON implements json.Marshaler.
func (p paths) MarshalJSON() ([]byte, error) {
	return object(len(p.order), func(i int) (string, any) { return p.order[i], p.items[p.order[i]] })
}

// ordered is an object with its keys in order.
type ordered []entry

type entry struct {
	key   string
	value any
}

// add adds a key; there must be none of its name.
func (o *ordered) add(key string, value any) {
	if slices.ContainsFunc(*o, func(x entry) bool { return x.key == key }) {
		panic("openapi: two entries of the name " + key)
	}
	*o = append(*o, entry{key, value})
}

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	return object(len(o), func(i int) (string, any) { return o[i].key, o[i].value })
}

type operation struct {
	ID          string              `json:"operationId"`
	Tags        []string            `json:"tags"`
	Summary     string              `json:"summary"`
	Description string              `json:"description,omitempty"`
	Security    *[]map[string][]any `json:"security,omitempty"`
	Parameters  []parameter         `json:"parameters,omitempty"`
	Body        *requestBody        `json:"requestBody,omitempty"`
	Responses   ordered             `json:"responses"`
}

type parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description"`
	Required    bool    `json:"required,omitempty"`
	Style       string  `json:"style,omitempty"`
	Explode     *bool   `json:"explode,omitempty"`
	Schema      *Schema `json:"schema"`
	Example     any     `json:"example,omitempty"`
}

type requestBody struct {
	Required bool    `json:"required,omitempty"`
	Content  ordered `json:"content"`
}

type response struct {
	Description string         `json:"description"`
	Headers     map[string]any `json:"headers,omitempty"`
	Content     ordered        `json:"content,omitempty"`
}

type mediaType struct {
	Schema   *Schema `json:"schema"`
	Event    *Schema `json:"x-event,omitempty"`
	Examples ordered `json:"examples,omitempty"`
}

const jsonMedia = "application/json"

var pathParam = regexp.MustCompile(`\{(\w+)\}`)

// Build makes the description as indented JSON. The error names everything that has
// no description.
func Build(c Config) ([]byte, error) {
	b := builder{Config: c, types: newTypes(newSource(c.Root, "kktd")), seen: map[string]string{}}
	doc := document{OpenAPI: "3.0.3", Info: info{Title: "Control API of kktd", Version: "1", Description: about}, Security: []map[string][]any{{}, {"token": {}}},
		Servers: []server{{"/", "the kktd that answers with this description"}, {"http://127.0.0.1:5454", "where kktd listens when it is told nothing else"}}}
	doc.Info.License.Name = "MIT"
	for _, t := range control.Tags() {
		doc.Tags = append(doc.Tags, tag{t[0], t[1]})
	}
	doc.Paths.items = map[string]map[string]*operation{}
	described := map[string]bool{}
	add := func(path, method string, op *operation) {
		if doc.Paths.items[path] == nil {
			doc.Paths.items[path] = map[string]*operation{}
			doc.Paths.order = append(doc.Paths.order, path)
		}
		doc.Paths.items[path][strings.ToLower(method)] = op
	}
	for _, r := range c.Routes {
		key := r.Method + " " + r.Path
		d, ok := c.Docs[key]
		if described[key] = true; !ok {
			b.fail("route %s has no Doc", key)
			continue
		}
		add(control.Prefix+r.Path, r.Method, b.operation(key, r.Path, d, false))
	}
	for key, d := range sortedDocs(c.Outside) {
		method, path, _ := strings.Cut(key, " ")
		add(path, method, b.operation(key, path, d, true))
	}
	for key := range c.Docs {
		if !described[key] {
			b.fail("a Doc stands for %s, which is no route", key)
		}
	}
	doc.Components = components{Schemas: b.types, Responses: b.errorResponses(), Security: map[string]any{"token": map[string]any{"type": "http", "scheme": "bearer",
		"description": "The token of --control-token. A client on the same machine needs none: it is known by its loopback address and by a Host header that names this machine."}}}
	for _, field := range slices.Compact(slices.Sorted(slices.Values(b.types.missing))) {
		b.fail("field %s has no words: write a comment at it, or an entry of fieldWords", field)
	}
	if b.types.err != nil {
		b.fail("%v", b.types.err)
	}
	if len(b.problems) > 0 {
		return nil, fmt.Errorf("openapi:\n%s", strings.Join(b.problems, "\n"))
	}
	raw, err := encode(&doc)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", " "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func sortedDocs(m map[string]control.Doc) func(func(string, control.Doc) bool) {
	return func(yield func(string, control.Doc) bool) {
		var keys []string
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// builder makes the operations.
type builder struct {
	Config
	types    *types
	seen     map[string]string // operationId: route
	problems []string
}

func (b *builder) fail(format string, args ...any) {
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

func (b *builder) operation(key, path string, d control.Doc, outside bool) *operation {
	if other, ok := b.seen[d.ID]; ok || d.ID == "" || d.Summary == "" || d.Tag == "" || len(d.Answers) == 0 {
		b.fail("%s: it needs an ID of its own (%q is of %q), a Tag, a Summary and Answers", key, d.ID, other)
	}
	b.seen[d.ID] = key
	op := &operation{ID: d.ID, Tags: []string{d.Tag}, Summary: d.Summary, Description: d.About}
	for _, m := range pathParam.FindAllStringSubmatchIndex(path, -1) {
		op.Parameters = append(op.Parameters, b.pathParameter(key, path[:m[1]], path[m[2]:m[3]]))
	}
	for _, p := range d.Params {
		op.Parameters = append(op.Parameters, b.parameter(p))
	}
	if d.Body != nil {
		media := mediaType{Schema: b.types.of(d.Body)}
		for _, e := range b.Examples {
			if e.Route == key && e.Body != nil {
				media.Examples.add(exampleName(e), map[string]any{"value": json.RawMessage(e.Body)})
			}
		}
		op.Body = &requestBody{}
		op.Body.Content.add(jsonMedia, media)
	}
	if d.BodyMedia != "" {
		op.Body = &requestBody{Required: true}
		op.Body.Content.add(d.BodyMedia, mediaType{Schema: &Schema{Type: "string", Format: "binary"}})
	}
	b.answers(op, key, d)
	if outside {
		op.Security = &[]map[string][]any{{}}
		return op
	}
	statuses := slices.Concat([]int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError, http.StatusServiceUnavailable}, d.Errors)
	if d.BodyMedia != "" {
		statuses = append(statuses, http.StatusUnsupportedMediaType)
	}
	if d.Body != nil {
		statuses = append(statuses, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	slices.Sort(statuses)
	for _, s := range slices.Compact(statuses) {
		op.Responses.add(strconv.Itoa(s), map[string]string{"$ref": "#/components/responses/" + errorName(s)})
	}
	return op
}

func exampleName(e Example) string {
	if e.Name == "" {
		return "example"
	}
	return e.Name
}

func (b *builder) answers(op *operation, key string, d control.Doc) {
	var status []int
	made := map[int]*response{}
	for _, a := range d.Answers {
		r := made[a.Status]
		if r == nil {
			r = &response{Description: http.StatusText(a.Status)}
			made[a.Status], status = r, append(status, a.Status)
			if a.Location {
				r.Headers = map[string]any{"Location": map[string]any{"description": "Path of what was made.", "schema": &Schema{Type: "string"}}}
			}
		}
		if a.About != "" {
			r.Description = a.About
		}
		media := mediaType{}
		name := a.Media
		switch {
		case a.Media == "":
			name, media.Schema = jsonMedia, b.types.of(a.Type)
		case a.Type != nil:
			media.Schema, media.Event = &Schema{Type: "string"}, b.types.of(a.Type)
		case strings.HasPrefix(a.Media, "text/") || a.Media == "application/yaml" || a.Media == "message/rfc822":
			media.Schema = &Schema{Type: "string"}
		default:
			media.Schema = &Schema{Type: "string", Format: "binary"}
		}
		for _, e := range b.Examples {
			if e.Route == key && e.Status == a.Status && e.Media == name {
				media.Examples.add(exampleName(e), exampleValue(e))
			}
		}
		r.Content.add(name, media)
	}
	slices.Sort(status)
	for _, s := range status {
		op.Responses.add(strconv.Itoa(s), made[s])
	}
}

func exampleValue(e Example) map[string]any {
	if e.Media == jsonMedia {
		return map[string]any{"value": json.RawMessage(e.Answer)}
	}
	return map[string]any{"value": string(e.Answer)}
}

func (b *builder) pathParameter(key, upTo, name string) parameter {
	for ending, p := range control.PathParams() {
		if strings.HasSuffix("/"+upTo, "/"+ending) {
			p.Name = name
			out := b.parameter(p)
			out.In, out.Required = "path", true
			return out
		}
	}
	b.fail("%s: parameter %s of the path is not in control.PathParams", key, name)
	return parameter{}
}

func (b *builder) parameter(p control.Param) parameter {
	out := parameter{Name: p.Name, In: "query", Description: p.About, Example: p.Example}
	if p.Header {
		out.In = "header"
	}
	s := &Schema{Type: "string", Pattern: p.Pattern}
	switch {
	case p.Enum != nil:
		s.Enum = anys(p.Enum)
	case p.Type == reflect.TypeFor[control.Duration]():
		s.Pattern = durationPattern
	case p.Type == reflect.TypeFor[time.Time]():
		s.Pattern = `^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+))?$`
	case p.Type != nil:
		s = b.types.of(p.Type)
		if s.Type == "integer" {
			c := *s
			if c.Minimum, c.Maximum = new(p.Min), nil; p.Max != 0 {
				c.Maximum = new(p.Max)
			}
			c.Default = p.Default
			s = &c
		}
	}
	if p.Default != nil && s.Ref == "" {
		s.Default = p.Default
	}
	if p.Many {
		out.Style, out.Explode, s = "form", new(false), &Schema{Type: "array", Items: s}
	}
	out.Schema = s
	return out
}

func errorName(status int) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(http.StatusText(status))
}

// errorResponses are the answers that tell of a problem, by their status.
func (b *builder) errorResponses() ordered {
	envelope := b.types.of(control.ErrorType())
	statuses := map[int][]control.Code{}
	for _, c := range control.Codes() {
		for _, s := range c.Statuses {
			statuses[s] = append(statuses[s], c)
		}
	}
	var out ordered
	for _, s := range sortedKeys(statuses) {
		text := http.StatusText(s) + ". Codes:"
		for _, c := range statuses[s] {
			text += fmt.Sprintf("\n- `%s`: %s", c.Name, c.Means)
		}
		r := &response{Description: text}
		if s == http.StatusMethodNotAllowed {
			r.Headers = map[string]any{"Allow": map[string]any{"description": "The methods that the path takes.", "schema": &Schema{Type: "string"}}}
		}
		media := mediaType{Schema: envelope}
		for _, e := range b.Examples {
			if e.Route == "" && e.Status == s {
				media.Examples.add(e.Name, exampleValue(e))
			}
		}
		r.Content.add(jsonMedia, media)
		out.add(errorName(s), r)
	}
	return out
}

func sortedKeys[V any](m map[int]V) []int {
	var keys []int
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

const about = `What kktd, a virtual online cash register, has and does: registers, drives, documents, receipts, the test OFD, and the test bench (clock, faults, events).

Habits:
- A list is ` + "`{\"items\": [...], \"next\": ...}`" + `: pass ` + "`next`" + ` as ` + "`after`" + ` to go on, null means the end. ` + "`limit`" + ` is 1 to 100000, 100 when it is not given.
- Times are RFC 3339, those of documents in the zone of the register. Lengths of time are whole seconds or texts as ` + "`10s`, `36h`, `30d`, `P30D`" + `.
- Money is in kopecks, bytes are base64, hex where a field says so.
- A body is a JSON object with the content type application/json, at most 1 MiB. It may be left out where every field has a default.
- An unknown parameter, an unknown field or a value that cannot be used changes nothing and is answered with its name and what it may be.
- HEAD works where GET does. A path answers other methods with 405 and Allow.
- The API answers programs on the same machine, by the address they come from and the Host header; others send the token of ` + "`--control-token`" + `. A page of another site cannot change anything.

Paths whose part of kktd is switched off are answered with 404: those of ` + "`ofd`" + ` when documents go to another OFD or nowhere, ` + "`deliver`" + ` when they go nowhere.`
