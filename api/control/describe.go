package control

import (
	_ "embed"
	"net/http"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Doc is what the description of the API says of a route beside its method and its
// path. The words of fields stand with the types, those of parameters in a path in
// PathParams.
type Doc struct {
	ID      string // operationId
	Tag     string // the group it stands in: registers, drives, receipts ...
	Summary string // one line
	About   string // more, in Markdown; "" when the summary says all
	Params  []Param
	Body    reflect.Type // what ReadBody reads; nil: the route takes no JSON
	// BodyMedia is the media type of a body that is no JSON; it must be there.
	BodyMedia string
	Answers   []Answer // those that are no errors
	// Errors are the statuses of errors beside those that every route of its kind has.
	Errors []int
}

// Param is a parameter of a query, of a header or of a path.
type Param struct {
	Name    string
	Header  bool // of the header, else of the query or the path
	About   string
	Type    reflect.Type // what it is read as; nil: a text
	Many    bool         // several with a comma between them
	Enum    []string     // what a text may be; nil: what the constants of Type say
	Pattern string       // of a text
	Min     uint64       // of a number
	Max     uint64       // of a number, 0: as its type
	Default any
	Example any
}

// Answer is an answer in one form.
type Answer struct {
	Status int
	Media  string       // media type; "": JSON
	Type   reflect.Type // of JSON; of a stream of events what each says; nil: bytes or text
	About  string
	// Location: the header of this name says where what was made is.
	Location bool
}

// listOf is an answer of writeList.
type listOf[T any, Cursor uint64 | string] struct {
	Items []T     `json:"items"`
	Next  *Cursor `json:"next"` // what to pass as after to go on; null at the end
}

// allOf is a list that comes in one answer.
type allOf[T any] struct {
	Items []T `json:"items"`
}

//go:embed openapi.json
var openAPI []byte

// OpenAPI is the description of the API as JSON, OpenAPI 3.0. It is made of the
// routes, their Docs and the types of bodies and answers; the test of package daemon
// keeps it so.
func OpenAPI() []byte { return openAPI }

// ErrorType is what every error is answered with.
func ErrorType() reflect.Type { return reflect.TypeFor[refusal]() }

// Described are the routes of the API, those of other rooms too.
func (a *API) Described() []Route { return a.routes }

// describe answers with the description, as JSON or YAML by the path.
func (a *API) describe(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	if strings.HasSuffix(r.URL.Path, ".json") {
		writeBytes(w, http.StatusOK, jsonType, openAPI)
		return nil
	}
	text, err := a.yaml()
	if err != nil {
		return err
	}
	writeBytes(w, http.StatusOK, yamlType, text)
	return nil
}

const yamlType = "application/yaml"

// blockYAML writes JSON as people write YAML. JSON is YAML already, in another style.
func blockYAML(b []byte) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return nil, err
	}
	var plain func(n *yaml.Node)
	plain = func(n *yaml.Node) {
		n.Style = 0
		for _, c := range n.Content {
			plain(c)
		}
	}
	plain(&root)
	return yaml.Marshal(&root)
}

func answerOf[T any](status int) []Answer {
	return []Answer{{Status: status, Type: reflect.TypeFor[T]()}}
}

// madeOf is the answer that something was made, and where it is.
func madeOf[T any]() []Answer {
	return []Answer{{Status: http.StatusCreated, Type: reflect.TypeFor[T](), Location: true}}
}

// Parameters that many routes have.
var (
	limitParam  = Param{Name: "limit", About: "How many items the answer holds at most.", Type: reflect.TypeFor[int](), Min: 1, Max: maxLimit, Default: defaultLimit}
	afterNumber = Param{Name: "after", About: "Begin behind this number: `next` of the answer before.", Type: reflect.TypeFor[uint64](), Default: 0}
	afterText   = Param{Name: "after", About: "Begin behind this item: `next` of the answer before."}
	waitParam   = Param{Name: "wait", About: "Wait so long for the first item that fits when there is none (long poll, real time, a minute at most).", Type: reflect.TypeFor[Duration](), Example: "10s"}
	langParam   = Param{Name: "lang", About: "Language of the words; without it Accept-Language decides, then Russian.", Enum: []string{"ru", "en"}}
	fromParam   = Param{Name: "from", About: "Received at this moment or later; a date means its beginning.", Type: reflect.TypeFor[time.Time](), Example: "2026-01-10T12:00:00+03:00"}
	toParam     = Param{Name: "to", About: "Received before this moment.", Type: reflect.TypeFor[time.Time](), Example: "2026-01-11"}
)
