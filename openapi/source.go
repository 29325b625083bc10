package openapi

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// source reads the words of the project's own packages: what stands beside fields,
// types and constants. root is the folder of the module.
type source struct {
	root   string
	module string
	read   map[string]bool
	fields map[string]string // "kktd/kkt.Settings.INN": the comment
	types  map[string]string // "kktd/kkt.Settings"
	values map[string][]value
}

// value is a constant of a type.
type value struct {
	value any
	words string
}

func newSource(root, module string) *source {
	return &source{root: root, module: module, read: map[string]bool{}, fields: map[string]string{}, types: map[string]string{}, values: map[string][]value{}}
}

// nameOf is the name of a type without its arguments.
func nameOf(t reflect.Type) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	return name
}

// load reads the package of a type.
func (s *source) load(t reflect.Type) error {
	path := t.PkgPath()
	if s.read[path] || path != s.module && !strings.HasPrefix(path, s.module+"/") {
		return nil
	}
	s.read[path] = true
	dir := filepath.Join(s.root, strings.TrimPrefix(strings.TrimPrefix(path, s.module), "/"))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if d, ok := d.(*ast.GenDecl); ok {
				s.declaration(path, d)
			}
		}
	}
	return nil
}

func (s *source) declaration(path string, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			key := path + "." + spec.Name.Name
			s.types[key] = words(spec.Name.Name, spec.Doc, d.Doc)
			if fields, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range fields.Fields.List {
					for _, name := range f.Names {
						s.fields[key+"."+name.Name] = words(name.Name, f.Comment, f.Doc)
					}
				}
			}
		case *ast.ValueSpec:
			of, ok := spec.Type.(*ast.Ident)
			if d.Tok != token.CONST || !ok || len(spec.Values) != 1 {
				continue
			}
			literal, ok := spec.Values[0].(*ast.BasicLit)
			if !ok {
				continue
			}
			v := value{words: words(spec.Names[0].Name, spec.Comment, spec.Doc)}
			switch literal.Kind {
			case token.STRING:
				v.value, _ = strconv.Unquote(literal.Value)
			case token.INT:
				v.value, _ = strconv.ParseInt(literal.Value, 0, 64)
			default:
				continue
			}
			key := path + "." + of.Name
			s.values[key] = append(s.values[key], v)
		}
	}
}

// words are the first comment that is there, as a sentence without the name that it
// may begin with.
func words(name string, comments ...*ast.CommentGroup) string {
	for _, c := range comments {
		text := strings.Join(strings.Fields(c.Text()), " ")
		if text == "" {
			continue
		}
		text, named := strings.CutPrefix(text, name+" ")
		for _, verb := range []string{"is ", "are "} {
			if named {
				text = strings.TrimPrefix(text, verb)
			}
		}
		return sentence(text)
	}
	return ""
}

// sentence begins with a capital letter and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	if strings.ToLower(s[:1]) == s[:1] && !strings.HasPrefix(s, "null") {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	if strings.ContainsAny(s[len(s)-1:], ".:;") {
		return s
	}
	return s + "."
}

// constants are the values of an enumeration and what they mean.
func (s *source) constants(t reflect.Type) (values []any, meaning string) {
	for _, v := range s.values[t.PkgPath()+"."+t.Name()] {
		values = append(values, v.value)
		if v.words != "" {
			meaning += fmt.Sprintf("\n- `%v`: %s", v.value, v.words)
		}
	}
	return values, meaning
}
