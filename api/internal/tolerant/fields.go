package tolerant

import "iter"

// Problems collects what the reading of a body found, in the order of reading. The zero value is empty.
type Problems struct {
	list []*FieldError
}

// Add notes that v breaks rule.
func (p *Problems) Add(v Value, rule error) { p.list = append(p.list, v.Fail(rule)) }

// All returns every problem, the first first. The slice belongs to p.
func (p *Problems) All() []*FieldError { return p.list }

// First returns the first problem, nil when there is none.
func (p *Problems) First() error {
	if len(p.list) == 0 {
		return nil
	}
	return p.list[0]
}

// Fields reads the members of an object by name, in any letter case. Each method returns the member and whether it is
// there with a good value; a bad value is noted in the Problems and counts as not there. A member that is missing, null or,
// except for String, an empty string is not there and no problem, unless Require says so. So a translation reads field by
// field without a check behind each and looks at the Problems once.
type Fields struct {
	value    Value
	problems *Problems
}

// NewFields reads v, an object or the JSON text of one. Of an absent v every member is absent. What is no object is noted.
func NewFields(v Value, problems *Problems) Fields {
	f := Fields{value: v, problems: problems}
	if v.Filled() {
		if object, ok := noted(f, v, Value.Object); ok {
			f.value = object
		}
	}
	return f
}

// Value returns the object that f reads.
func (f Fields) Value() Value { return f.value }

// Get returns the member of that name as it stands.
func (f Fields) Get(name string) Value { return f.value.Get(name) }

// Refuse notes that the member of that name breaks a rule of the caller.
func (f Fields) Refuse(name string, rule error) { f.problems.Add(f.value.Get(name), rule) }

// Require notes ErrAbsent for each name that is missing, null or an empty string, and tells whether all are there.
func (f Fields) Require(names ...string) bool {
	ok := true
	for _, name := range names {
		if v := f.value.Get(name); !v.Filled() {
			f.problems.Add(v, ErrAbsent)
			ok = false
		}
	}
	return ok
}

// String reads a text, see Value.Text. The empty string is there.
func (f Fields) String(name string) (string, bool) {
	v := f.value.Get(name)
	if !v.Present() {
		return "", false
	}
	return noted(f, v, Value.Text)
}

// Filled reads a text like String; the empty string is not there.
func (f Fields) Filled(name string) (string, bool) { return member(f, name, Value.Text) }

// Bool reads a boolean, see Value.Bool.
func (f Fields) Bool(name string) (bool, bool) { return member(f, name, Value.Bool) }

// Int reads a whole number, see Value.Int.
func (f Fields) Int(name string, r Rounding) (int64, bool) {
	if r == Arithmetic {
		return member(f, name, rounded)
	}
	return member(f, name, exact)
}

func exact(v Value) (int64, error)   { return v.Int(Exact) }
func rounded(v Value) (int64, error) { return v.Int(Arithmetic) }

// Decimal reads a decimal number, see Value.Decimal.
func (f Fields) Decimal(name string) (Decimal, bool) { return member(f, name, Value.Decimal) }

// Kopecks reads an amount of roubles as kopecks, see Value.Kopecks.
func (f Fields) Kopecks(name string) (int64, bool) { return member(f, name, Value.Kopecks) }

// Object reads an object, see Value.Object. When it is not there, so are all its members.
func (f Fields) Object(name string) (Fields, bool) {
	v := f.value.Get(name)
	if !v.Filled() {
		return Fields{value: v, problems: f.problems}, false
	}
	object, ok := noted(f, v, Value.Object)
	if !ok {
		object = v
	}
	return Fields{value: object, problems: f.problems}, ok
}

// Array reads an array, see Value.Array. When it is not there it has no elements.
func (f Fields) Array(name string) (Value, bool) { return member(f, name, Value.Array) }

// Objects yields the elements of an array as objects, with their number from 0. An element that is no object is noted, null
// too, and passed over. Whether there is an array at all is for Require or Array.
func (f Fields) Objects(name string) iter.Seq2[int, Fields] {
	return func(yield func(int, Fields) bool) {
		array, _ := f.Array(name)
		for k, v := range array.All() {
			object, ok := noted(f, v, Value.Object)
			if ok && !yield(k, Fields{value: object, problems: f.problems}) {
				return
			}
		}
	}
}

// member reads a member that counts only when it is filled.
func member[T any](f Fields, name string, read func(Value) (T, error)) (value T, ok bool) {
	v := f.value.Get(name)
	if !v.Filled() {
		return value, false
	}
	return noted(f, v, read)
}

// noted converts v and notes the problem when that fails.
func noted[T any](f Fields, v Value, read func(Value) (T, error)) (T, bool) {
	value, err := read(v)
	if err == nil {
		return value, true
	}
	f.problems.list = append(f.problems.list, err.(*FieldError))
	var none T
	return none, false
}
