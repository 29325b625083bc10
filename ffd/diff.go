package ffd

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kktd/tlv"
)

// Kinds of a Difference.
const (
	DiffRemoved = "removed" // A has the node, B does not
	DiffAdded   = "added"   // B has the node, A does not
	DiffChanged = "changed" // other bytes, though the value may be the same
	DiffLength  = "length"  // the header tells another length than what stands inside
	DiffOrder   = "order"   // the same tags in another order
)

// Difference is a place where two trees have other bytes.
type Difference struct {
	Path  string // tags and frames from the root: "session/container/3/1059[2]/1079"; for a field of a header "session:crc"
	Kind  string
	A, B  *Node       // nil where the side has none; for an order the structures
	Field [2]Field    // of A and B, when a field of a header differs
	Order [2][]string // the tags of A and B that stand in another order
}

// Diff compares two trees tag by tag; there is no difference exactly when the bytes are
// the same. TLVs with the same tag belong together in the order of their
// occurrence, so that of repeated ones those at both ends that are the same are
// left out first: an item that was put in between does not shift the others.
func Diff(a, b *Node) []Difference {
	if bytes.Equal(a.Append(nil), b.Append(nil)) {
		return nil
	}
	var d differ
	if a.key() != b.key() {
		d.add(Difference{Path: a.key(), Kind: DiffRemoved, A: a})
		d.add(Difference{Path: b.key(), Kind: DiffAdded, B: b})
		return d.found
	}
	if d.pair(a, b, a.key()); len(d.found) == 0 {
		d.add(Difference{Path: a.key(), Kind: DiffChanged, A: a, B: b})
	}
	return d.found
}

type differ struct{ found []Difference }

func (d *differ) add(x Difference) { d.found = append(d.found, x) }

// key is what nodes have in common that belong together.
func (n *Node) key() string {
	if n.isTLV() {
		return strconv.Itoa(int(n.Tag))
	}
	return n.Type
}

func (d *differ) pair(a, b *Node, path string) {
	if !bytes.Equal(a.Raw, b.Raw) {
		d.raw(a, b, path)
		if (len(a.Items) == 0) != (len(b.Items) == 0) {
			return // one side cannot be read
		}
	}
	if a.isTLV() && a.Len != b.Len && (a.told() || b.told()) {
		d.add(Difference{Path: path, Kind: DiffLength, A: a, B: b})
	}
	d.items(a, b, path)
}

// told tells that the header of a TLV says another length than there is.
func (n *Node) told() bool { return n.Len+tlv.HeaderLen != n.size() }

// raw compares values and headers of frames, these field by field.
func (d *differ) raw(a, b *Node, path string) {
	before := len(d.found)
	for _, f := range a.Fields {
		i := slices.IndexFunc(b.Fields, func(g Field) bool { return g.Key == f.Key })
		if i >= 0 && b.Fields[i].Value != f.Value {
			d.add(Difference{Path: path + ":" + f.Key, Kind: DiffChanged, A: a, B: b, Field: [2]Field{f, b.Fields[i]}})
		}
	}
	if len(d.found) == before {
		d.add(Difference{Path: path, Kind: DiffChanged, A: a, B: b})
	}
}

func (d *differ) items(a, b *Node, path string) {
	inA, inB := groups(a.Items), groups(b.Items)
	partner := make(map[int]int) // place in a to place in b
	added := make(map[int]bool)
	for i := range b.Items {
		added[i] = true
	}
	for key, placesA := range inA {
		for i, j := range match(a.Items, b.Items, placesA, inB[key]) {
			partner[i] = j
			delete(added, j)
		}
	}
	at := func(n *Node, places []int, i, others int) string {
		if max(len(places), others) < 2 {
			return path + "/" + n.key()
		}
		nth, _ := slices.BinarySearch(places, i) // places ascend
		return fmt.Sprintf("%s/%s[%d]", path, n.key(), nth)
	}
	var order []int
	for i, it := range a.Items {
		key := it.key()
		here := at(it, inA[key], i, len(inB[key]))
		if j, ok := partner[i]; ok {
			order = append(order, j)
			d.pair(it, b.Items[j], here)
		} else {
			d.add(Difference{Path: here, Kind: DiffRemoved, A: it})
		}
	}
	for j, it := range b.Items {
		if key := it.key(); added[j] {
			d.add(Difference{Path: at(it, inB[key], j, len(inA[key])), Kind: DiffAdded, B: it})
		}
	}
	if !slices.IsSorted(order) {
		d.order(a, b, order, path)
	}
}

// groups are the places of each key.
func groups(items []*Node) map[string][]int {
	g := make(map[string][]int)
	for i, it := range items {
		g[it.key()] = append(g[it.key()], i)
	}
	return g
}

// match pairs the nodes of one key.
func match(a, b []*Node, inA, inB []int) map[int]int {
	pairs := make(map[int]int)
	same := func(i, j int) bool { return bytes.Equal(a[i].Append(nil), b[j].Append(nil)) }
	if len(inA) != len(inB) {
		for len(inA) > 0 && len(inB) > 0 && same(inA[0], inB[0]) {
			pairs[inA[0]] = inB[0]
			inA, inB = inA[1:], inB[1:]
		}
		for len(inA) > 0 && len(inB) > 0 && same(inA[len(inA)-1], inB[len(inB)-1]) {
			pairs[inA[len(inA)-1]] = inB[len(inB)-1]
			inA, inB = inA[:len(inA)-1], inB[:len(inB)-1]
		}
	}
	for i := range min(len(inA), len(inB)) {
		pairs[inA[i]] = inB[i]
	}
	return pairs
}

// order tells which of the common tags stand in another order; order holds
// their places in b in the order of a.
func (d *differ) order(a, b *Node, order []int, path string) {
	x := Difference{Path: path, Kind: DiffOrder, A: a, B: b}
	sorted := slices.Sorted(slices.Values(order))
	for len(order) > 0 && order[0] == sorted[0] {
		order, sorted = order[1:], sorted[1:]
	}
	for len(order) > 0 && order[len(order)-1] == sorted[len(sorted)-1] {
		order, sorted = order[:len(order)-1], sorted[:len(sorted)-1]
	}
	for i := range order {
		x.Order[0] = append(x.Order[0], b.Items[order[i]].key())
		x.Order[1] = append(x.Order[1], b.Items[sorted[i]].key())
	}
	d.add(x)
}

// side is what one of both has at the place: value, offset and bytes.
func (x Difference) side(i int, l Lang) (value string, offset int, raw []byte, ok bool) {
	n := [2]*Node{x.A, x.B}[i]
	if n == nil {
		return "", 0, nil, false
	}
	f := x.Field[i]
	switch {
	case f.Key != "":
		offset = n.Offset + f.At
		return f.display(), offset, n.Raw[f.At : f.At+f.Len], true
	case x.Kind == DiffOrder:
		return strings.Join(x.Order[i], " "), n.Offset, nil, true
	case x.Kind == DiffLength:
		return strconv.Itoa(n.Len), n.Offset, tlv.AppendHeader(nil, n.Tag, n.Len), true
	}
	return n.DisplayIn(l), n.Offset, n.Append(nil), true
}

// node is the node that the difference is about.
func (x Difference) node() *Node {
	if x.A != nil {
		return x.A
	}
	return x.B
}

// title is the name of the node or of the field of its header.
func (x Difference) title(l Lang) string {
	if x.Field[0].Key != "" {
		return x.Field[0].Title(l)
	}
	return x.node().Title(l)
}

// AppendDiff appends the differences as people read them: path and name, then a
// line for each side with value, offset and bytes.
func (v View) AppendDiff(b []byte, list []Difference) []byte {
	for _, x := range list {
		b = v.paint(b, labelColor, []byte(x.Path))
		b = append(append(b, ' '), x.title(v.Lang)...)
		switch x.Kind {
		case DiffOrder:
			b = append(b, v.Lang.pick(" (порядок)", " (order)")...)
		case DiffLength:
			b = append(b, v.Lang.pick(" (длина в заголовке)", " (length in the header)")...)
		}
		b = append(b, '\n')
		for i, sign := range "-+" {
			value, offset, raw, ok := x.side(i, v.Lang)
			if !ok {
				continue
			}
			line := fmt.Appendf(nil, "  %c %s  0x%04x  ", sign, value, offset)
			header, rest := []byte(nil), raw
			if x.Field[0].Key == "" && x.Kind != DiffLength && x.node().isTLV() && len(raw) >= tlv.HeaderLen {
				header, rest = raw[:tlv.HeaderLen], raw[tlv.HeaderLen:]
			}
			room := 0
			if v.Width > 0 {
				room = max(v.Width-len([]rune(string(line)))-2*len(header)-1, minHexWidth)
			}
			line = appendBytesColumn(line, header, rest, room)
			b = append(v.paint(b, [2]string{errorColor, otherColor}[i], trimSpaces(line)), '\n')
		}
	}
	return b
}

// MarshalJSON gives path, kind, tag, name and, for each side that is there, a and
// b with value, offset and hex.
func (x Difference) MarshalJSON() ([]byte, error) {
	type side struct {
		Value  string `json:"value"`
		Offset int    `json:"offset"`
		Hex    string `json:"hex,omitempty"`
	}
	var out struct {
		Path string `json:"path"`
		Kind string `json:"kind"`
		Tag  uint16 `json:"tag,omitempty"`
		Name string `json:"name"`
		A    *side  `json:"a,omitempty"`
		B    *side  `json:"b,omitempty"`
	}
	out.Path, out.Kind, out.Tag, out.Name = x.Path, x.Kind, x.node().Tag, x.title(Russian)
	for i, to := range []**side{&out.A, &out.B} {
		if value, offset, raw, ok := x.side(i, Russian); ok {
			*to = &side{value, offset, hex.EncodeToString(raw)}
		}
	}
	return json.Marshal(out)
}
