package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Checker knows a description. It is safe for concurrent use.
type Checker struct {
	doc    *openapi3.T
	router routers.Router
	prefix string

	mu   sync.Mutex
	seen map[string]bool // "GET /control/v1/registers 200"
}

// New reads a description and validates it. Paths that begin with prefix are checked,
// others left alone.
func New(description []byte, prefix string) (*Checker, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(description)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(loader.Context); err != nil {
		return nil, err
	}
	doc.Servers = nil // whatever host answers
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, err
	}
	return &Checker{doc: doc, router: router, prefix: prefix, seen: map[string]bool{}}, nil
}

// Operations are the methods and paths of the description: "GET /control/v1/registers".
func (c *Checker) Operations() []string {
	var list []string
	for path, item := range c.doc.Paths.Map() {
		for method := range item.Operations() {
			list = append(list, method+" "+path)
		}
	}
	slices.Sort(list)
	return list
}

// Answered tells that an operation was answered with a status of 2xx.
func (c *Checker) Answered(operation string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.seen {
		if strings.HasPrefix(s, operation+" 2") {
			return true
		}
	}
	return false
}

// exchange is a request and what came of it.
type exchange struct {
	method string
	url    *url.URL
	header http.Header // of the request
	body   []byte

	status int
	answer http.Header
	raw    []byte
	cut    bool // the answer did not come to its end
}

func (x *exchange) String() string {
	return fmt.Sprintf("%s %s %s\nanswered with %d %s", x.method, x.url, short(x.body), x.status, short(x.raw))
}

func short(b []byte) []byte { return b[:min(len(b), 700)] }

// check finds what does not fit.
func (c *Checker) check(x *exchange) error {
	if !strings.HasPrefix(x.url.Path, c.prefix) {
		return nil
	}
	if err := c.fits(x); err != nil {
		return fmt.Errorf("it does not fit the description: %w\n%s", err, x)
	}
	return nil
}

func (c *Checker) fits(x *exchange) error {
	method := x.method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	r := &http.Request{Method: method, URL: x.url, Header: x.header, Host: "127.0.0.1", Body: io.NopCloser(bytes.NewReader(x.body)), ContentLength: int64(len(x.body))}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		return c.fitsNoRoute(x)
	}
	name := route.Method + " " + route.Path + " " + strconv.Itoa(x.status)
	if !x.cut {
		c.mu.Lock()
		c.seen[name] = true
		c.mu.Unlock()
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true}}
	wrong := openapi3filter.ValidateRequest(r.Context(), input)
	if wrong == nil {
		wrong = unknownQuery(route.Operation, x.url.Query())
	}
	if x.status < http.StatusMultipleChoices && wrong != nil {
		return fmt.Errorf("the request was done: %w", brief(wrong))
	}
	answer := route.Operation.Responses.Status(x.status)
	if answer == nil {
		return fmt.Errorf("the operation has no status %d", x.status)
	}
	if x.cut && !isStream(x.answer) {
		return nil
	}
	if err := c.fitsAnswer(x, answer.Value); err != nil {
		return err
	}
	if code := codeOf(x.raw); wrong == nil && slices.Contains([]string{"unknown_field", "unknown_parameter", "content_type"}, code) {
		return fmt.Errorf("the request was refused with %s", code)
	}
	return nil
}

func codeOf(raw []byte) string {
	var answer struct{ Error struct{ Code string } }
	_ = json.Unmarshal(raw, &answer)
	return answer.Error.Code
}

func unknownQuery(op *openapi3.Operation, query url.Values) error {
	for name := range query {
		if op.Parameters.GetByInAndName("query", name) == nil {
			return fmt.Errorf("parameter %q is not described", name)
		}
	}
	return nil
}

// fitsNoRoute checks the answer to a path or a method that is not there.
func (c *Checker) fitsNoRoute(x *exchange) error {
	name := ""
	switch x.status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusForbidden:
		name = strings.ReplaceAll(http.StatusText(x.status), " ", "")
	default:
		return fmt.Errorf("there is no such operation")
	}
	allow := x.answer.Get("Allow")
	if (x.status == http.StatusMethodNotAllowed) != (allow != "") {
		return fmt.Errorf("the header Allow is %q", allow)
	}
	for _, method := range strings.Split(allow, ", ") {
		r := &http.Request{Method: method, URL: x.url, Header: http.Header{}, Host: "127.0.0.1"}
		if _, _, err := c.router.FindRoute(r); allow != "" && method != http.MethodHead && err != nil {
			return fmt.Errorf("the header Allow names %s, which is not described", method)
		}
	}
	return c.fitsAnswer(x, c.doc.Components.Responses[name].Value)
}

func isStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}

func (c *Checker) fitsAnswer(x *exchange, answer *openapi3.Response) error {
	kind, _, err := mime.ParseMediaType(x.answer.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("content type %q: %w", x.answer.Get("Content-Type"), err)
	}
	media := answer.Content[kind]
	if media == nil {
		return fmt.Errorf("the answer is not described as %s", kind)
	}
	for name := range answer.Headers {
		if x.answer.Get(name) == "" {
			return fmt.Errorf("the header %s is missing", name)
		}
	}
	if x.method == http.MethodHead {
		if len(x.raw) != 0 {
			return fmt.Errorf("HEAD has a body")
		}
		return nil
	}
	switch {
	case kind == "application/json":
		return visit(media.Schema.Value, x.raw)
	case isStream(x.answer):
		return c.fitsStream(x.raw, media)
	case len(x.raw) == 0 && kind != "application/octet-stream":
		return fmt.Errorf("the answer is empty")
	}
	return nil
}

func visit(schema *openapi3.Schema, raw []byte) error {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	return brief(schema.VisitJSON(v, openapi3.VisitAsResponse(), openapi3.EnableFormatValidation()))
}

// brief is an error without the schema that it broke, which is long.
func brief(err error) error {
	if err == nil {
		return nil
	}
	text, _, _ := strings.Cut(err.Error(), "\nSchema:")
	return errors.New(text)
}

// fitsStream checks the events that came whole.
func (c *Checker) fitsStream(raw []byte, media *openapi3.MediaType) error {
	ref, _ := media.Extensions["x-event"].(map[string]any)
	name, _ := ref["$ref"].(string)
	schema := c.doc.Components.Schemas[strings.TrimPrefix(name, "#/components/schemas/")]
	if schema == nil {
		return fmt.Errorf("x-event %q is no schema", name)
	}
	blocks := strings.Split(string(raw), "\n\n")
	for _, block := range blocks[:len(blocks)-1] { // the last is not whole
		for _, line := range strings.Split(block, "\n") {
			field, value, ok := strings.Cut(line, ": ")
			switch {
			case !ok || field != "" && field != "id" && field != "event" && field != "data":
				return fmt.Errorf("line %q is none of an event", line)
			case field == "data":
				if err := visit(schema.Value, []byte(value)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
