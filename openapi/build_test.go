package openapi

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/api/control"
	"kktd/event"
	"kktd/fault"
	"kktd/ofd"
)

// strange has a field that nobody says anything of.
type strange struct {
	Known    string `json:"serial"`
	Surprise string `json:"surprise"`
}

// silent has a type that JSON does not have.
type silent struct {
	Number chan int `json:"number"`
}

// TestWhatIsNotDescribed builds descriptions that lack something.
func TestWhatIsNotDescribed(t *testing.T) {
	good := control.Doc{ID: "getStrange", Tag: "daemon", Summary: "Show it", Answers: []control.Answer{{Status: http.StatusOK, Media: "text/plain"}}}
	with := func(change func(*control.Doc)) control.Doc {
		d := good
		change(&d)
		return d
	}
	for _, c := range []struct {
		name, route string
		docs        map[string]control.Doc
		want        string
	}{
		{"a route without a Doc", "strange", nil, "route GET strange has no Doc"},
		{"a Doc without a route", "strange", map[string]control.Doc{"GET strange": good, "GET other": good}, "a Doc stands for GET other, which is no route"},
		{"no summary", "strange", map[string]control.Doc{"GET strange": with(func(d *control.Doc) { d.Summary = "" })}, "GET strange: it needs an ID of its own"},
		{"a parameter of the path", "strange/{size}", map[string]control.Doc{"GET strange/{size}": good}, "parameter size of the path is not in control.PathParams"},
		{"a field without words", "strange", map[string]control.Doc{"GET strange": with(func(d *control.Doc) {
			d.Answers = []control.Answer{{Status: http.StatusOK, Type: reflect.TypeFor[strange]()}}
		})}, "field strange.surprise has no words"},
		{"a type without a schema", "strange", map[string]control.Doc{"GET strange": with(func(d *control.Doc) {
			d.Answers = []control.Answer{{Status: http.StatusOK, Type: reflect.TypeFor[silent]()}}
		})}, "no schema for chan int"},
		{"a type without a name", "strange", map[string]control.Doc{"GET strange": with(func(d *control.Doc) {
			d.Answers = []control.Answer{{Status: http.StatusOK, Type: reflect.TypeFor[struct {
				Number int `json:"number"`
			}]()}}
		})}, "give it a name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Build(Config{Root: "..", Routes: []control.Route{{Method: "GET", Path: c.route}}, Docs: c.docs})
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "strange.serial")
		})
	}
}

// TestCodes holds the table of codes against the source: a code that is answered stands
// in it, and one that stands in it is answered.
func TestCodes(t *testing.T) {
	used := map[string]bool{"invalid_fault": true} // of a header of the outside APIs, see docs/faults.md
	literal := regexp.MustCompile(`Code(?::| =|, p\.Code =) "(\w+)"|, p\.Code = .*, "(\w+)"`)
	for _, dir := range []string{"../api/control", "../daemon"} {
		files, err := filepath.Glob(dir + "/*.go")
		require.NoError(t, err)
		for _, path := range files {
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			for _, m := range literal.FindAllStringSubmatch(string(raw), -1) {
				used[m[1]+m[2]] = true
			}
		}
	}
	names := append(codeNames(), "invalid_fault")
	for name := range used {
		require.Contains(t, names, name, "control.Codes lacks it")
	}
	for _, name := range names {
		require.True(t, used[name], "%s is in control.Codes and nowhere else", name)
	}
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names))
}

// TestEnumerations holds the values in the description against the tables of the program.
func TestEnumerations(t *testing.T) {
	var d struct {
		Components struct {
			Schemas map[string]struct {
				Enum       []any
				Properties map[string]struct{ Enum []any }
			}
		}
	}
	require.NoError(t, json.Unmarshal(control.OpenAPI(), &d))
	schemas := d.Components.Schemas
	var kinds, codes, faults []any
	for _, k := range event.Kinds() {
		kinds = append(kinds, string(k))
	}
	for _, c := range control.Codes() {
		codes = append(codes, c.Name)
	}
	for _, k := range fault.NewRegistry(fault.Kinds(), ofd.FaultKinds()).Kinds() {
		faults = append(faults, k.Name)
	}
	require.ElementsMatch(t, kinds, schemas["EventKind"].Enum)
	require.ElementsMatch(t, codes, schemas["Problem"].Properties["code"].Enum)
	require.ElementsMatch(t, faults, schemas["FaultBody"].Properties["name"].Enum)
	require.ElementsMatch(t, faults, schemas["Fault"].Properties["name"].Enum)
	require.Equal(t, []any{"1.05", "1.1", "1.2"}, schemas["SettingsBody"].Properties["ffd"].Enum)
	require.Equal(t, []any{13., 15., 36.}, schemas["CreateBody"].Properties["drive_model"].Enum)
	require.ElementsMatch(t, []any{"real", "offset", "frozen", "stepping"}, schemas["ClockMode"].Enum)
}

func TestSentences(t *testing.T) {
	for in, want := range map[string]string{"": "", "of the last one": "Of the last one.", "1041, 16 digits": "1041, 16 digits.", "null before it": "null before it.",
		"Ends.": "Ends.", "ФН": "ФН."} {
		require.Equal(t, want, sentence(in))
	}
}
