package ffd

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Lang is the language of what people read. The zero Lang is Russian, the language
// of the orders.
type Lang uint8

// The languages.
const (
	Russian Lang = iota
	English
)

// ParseLang reads "ru" or "en".
func ParseLang(s string) (Lang, error) {
	switch s {
	case "ru":
		return Russian, nil
	case "en":
		return English, nil
	}
	return 0, fmt.Errorf("language %q: want ru or en", s)
}

// String is "ru" or "en".
func (l Lang) String() string {
	if l == English {
		return "en"
	}
	return "ru"
}

// pick is one of two texts.
func (l Lang) pick(ru, en string) string {
	if l == English {
		return en
	}
	return ru
}

// word translates a word of the enumerations or of the frames.
func (l Lang) word(ru string) string {
	if en, ok := englishWords[ru]; ok && l == English {
		return en
	}
	return ru
}

// Title is what the tag is called: as the order names it, or the words of its
// English name.
func (e Entry) Title(l Lang) string {
	if l == English {
		return spaced(e.NameEn)
	}
	return e.NameRu
}

// Title is what the node is called.
func (n *Node) Title(l Lang) string {
	if l == Russian {
		return n.Name
	}
	if e := n.entry(); e != nil {
		return e.Title(l)
	}
	return l.word(n.Name)
}

// entry is the meaning of the tag that the node was read with, nil without one.
func (n *Node) entry() *Entry {
	if !n.isTLV() {
		return nil
	}
	for i := range dictionary {
		if e := &dictionary[i]; e.Tag == n.Tag && e.NameRu == n.Name {
			return e
		}
	}
	return lookup(n.Tag, n.v, 0)
}

// Title is what the field is called.
func (f Field) Title(l Lang) string {
	if l == English {
		return spaced(f.Key)
	}
	return f.Name
}

// spaced makes words of a name: "FNNumber" becomes "FN number", "BuyerINN"
// "buyer INN".
func spaced(name string) string {
	name = strings.Replace(name, "1v0", " (1.0)", 1)
	r := []rune(name)
	var words []string
	start := 0
	for i := 1; i <= len(r); i++ {
		if i < len(r) && !(unicode.IsUpper(r[i]) && (!unicode.IsUpper(r[i-1]) || i+1 < len(r) && unicode.IsLower(r[i+1]))) {
			continue
		}
		word := string(r[start:i])
		if len(words) > 0 && strings.ToUpper(word) != word || len(words) == 0 && !isAcronym(word) {
			word = strings.ToLower(word)
		}
		words, start = append(words, word), i
	}
	return strings.Join(words, " ")
}

func isAcronym(word string) bool { return len(word) > 1 && strings.ToUpper(word) == word }

// ValueNameIn is ValueName in a language.
func ValueNameIn(l Lang, tag uint16, v Version, value uint64) (string, bool) {
	name, ok := ValueName(tag, v, value)
	if !ok || l == Russian {
		return name, ok
	}
	words := strings.Split(name, " + ")
	for i, w := range words {
		words[i] = l.word(w)
	}
	return strings.Join(words, " + "), true
}

// DisplayIn is the value as people read it: roubles and kopecks, date and time,
// words for enumerations. A structure or frame shows its length.
func (n *Node) DisplayIn(l Lang) string {
	if u, ok := n.Uint(); ok {
		return n.displayNumber(l, u)
	}
	if n.kind == ByteArray && n.Tag == TagProductCode {
		if s := displayProductCode(n.Raw); s != "" {
			return s
		}
	}
	if n.kind == ByteArray || n.kind == STLV || n.kind == 0 {
		return strconv.Itoa(n.Len) + l.pick(" Б", " B") // the bytes stand in their own column
	}
	s, _ := n.Text()
	if n.kind == String && needsQuotes(s) {
		return strconv.Quote(s)
	}
	return s
}

func (n *Node) displayNumber(l Lang, u uint64) string {
	switch {
	case n.Tag == TagFiscalSign:
		return fmt.Sprintf(l.pick("%010d (вид %02X)", "%010d (kind %02X)"), u, n.Raw[0])
	case n.kind == UnixTime:
		if u == 0 {
			return l.pick("0 (нет)", "0 (none)")
		}
		if u >= 1<<32 {
			break
		}
		// The wall clock taken as if it showed UTC (spec/ffd/encoding.md 2.1).
		layout := l.pick("02.01.2006 15:04:05", time.DateTime)
		return time.Unix(int64(u), 0).UTC().Format(layout) + " (" + strconv.FormatUint(u, 10) + ")"
	case n.isMoney():
		return fmt.Sprintf(l.pick("%d.%02d ₽ (%d коп.)", "%d.%02d RUB (%d kopecks)"), u/100, u%100, u)
	}
	if name, ok := ValueNameIn(l, n.Tag, n.v, u); ok {
		return fmt.Sprintf("%s (%d)", name, u)
	}
	return strconv.FormatUint(u, 10)
}

func (n *Node) isMoney() bool {
	return n.kind == VLN && n.Tag != TagNumerator && n.Tag != TagDenominator
}
