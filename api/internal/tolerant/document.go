package tolerant

import (
	"strconv"
	"strings"
)

// Limits of a body.
const (
	// MaxDepth is how many arrays and objects may stand inside each other, in JSON and in forms.
	MaxDepth = 64
	// MaxFormFields is how many fields a form may have; it also bounds the search for their groups.
	MaxFormFields = 8192
	// MaxBody is the longest body in bytes, so that offsets fit the nodes. Servers refuse far shorter ones.
	MaxBody = 1 << 30
)

// maxKeptNodes bounds the memory that one large body leaves in a reused Document (64 bytes a node).
const maxKeptNodes = 1 << 14

const byteOrderMark = "\ufeff"

// Document is the tree of one body. The zero value is ready for use; reuse it (sync.Pool) where bodies come fast.
// It must not be copied.
type Document struct {
	text    string          // the copy of the body that values point into
	decoded strings.Builder // strings that had escapes, one after another
	nodes   []node          // the root is node 0, so 0 also means "none" in links
}

// node is one value. Children are a linked list, so that a tree is one slice whatever the order of its making.
type node struct {
	text   string // content of a string, literal of any other scalar
	name   string // name in an object, index in an array that came from a form
	parent int32
	next   int32
	first  int32
	last   int32
	count  int32
	offset int32 // of the value in the body
	kind   Kind
}

// Reset empties d and keeps its memory for the next body.
func (d *Document) Reset() {
	d.text = ""
	d.decoded.Reset()
	if cap(d.nodes) > maxKeptNodes {
		d.nodes = nil
		return
	}
	clear(d.nodes)
	d.nodes = d.nodes[:0]
}

// Text returns the body as it came.
func (d *Document) Text() string { return d.text }

// Root returns the whole body as a value, absent before a successful parse.
func (d *Document) Root() Value {
	return Value{doc: d, absent: len(d.nodes) == 0}
}

// load makes d ready for a tree over a copy of body. Some 16 bytes a node is what receipts have.
func (d *Document) load(body []byte) error {
	d.Reset()
	if len(body) > MaxBody {
		return &SyntaxError{Line: 1, Column: 1, Msg: "body is longer than " + strconv.Itoa(MaxBody) + " bytes"}
	}
	d.text = string(body)
	if d.nodes == nil {
		d.nodes = make([]node, 0, len(body)/16+8)
	}
	return nil
}

// attach adds n as the last child of parent; the first node of a document is its root and has none.
func (d *Document) attach(parent int32, n node) int32 {
	i := int32(len(d.nodes))
	n.parent = parent
	d.nodes = append(d.nodes, n)
	if i == 0 {
		return i
	}
	up := &d.nodes[parent]
	if up.last == 0 {
		up.first = i
	} else {
		d.nodes[up.last].next = i
	}
	up.last = i
	up.count++
	return i
}

// reserve gives d.decoded room for n bytes. Strings in an abandoned buffer stay valid.
func (d *Document) reserve(n int) {
	if d.decoded.Cap()-d.decoded.Len() < n {
		d.decoded.Reset()
		d.decoded.Grow(n)
	}
}

// path spells the way from the root to node i with the client's own names.
func (d *Document) path(i int32) string {
	var chain []int32
	for ; i != 0; i = d.nodes[i].parent {
		chain = append(chain, i)
	}
	var b strings.Builder
	for k := len(chain) - 1; k >= 0; k-- {
		n := &d.nodes[chain[k]]
		switch up := &d.nodes[n.parent]; up.kind {
		case Object:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(n.name)
		case Array:
			index := n.name
			if index == "" {
				index = strconv.Itoa(d.rank(chain[k]))
			}
			b.WriteString("[" + index + "]")
		}
		// The parent of an embedded tree is a string: it adds nothing to the path.
	}
	return b.String()
}

// rank counts the siblings before node i.
func (d *Document) rank(i int32) int {
	rank := 0
	for k := d.nodes[d.nodes[i].parent].first; k != i; k = d.nodes[k].next {
		rank++
	}
	return rank
}

// depth counts the arrays and objects around node i.
func (d *Document) depth(i int32) int {
	depth := 0
	for i != 0 {
		i = d.nodes[i].parent
		if kind := d.nodes[i].kind; kind == Array || kind == Object {
			depth++
		}
	}
	return depth
}
