// Package tolerant reads the bodies that clients of cloud registers really send.
//
// It is what every outside API shares and knows the names of none. Families:
//
//	ParseBody, ParseJSON, ParseForm   a body becomes a Document, one tree for JSON and forms
//	Value                             one place of the tree: kind, members, conversions
//	Fields, Problems                  members by name with all their errors collected
//	Decimal                           an exact decimal number, never a float64
//	Phone, Email, Date, Moment        habits of contacts and dates
//
// What is forgiven: a byte order mark, comments, trailing commas, opening brackets at the end of a line comment after a
// colon, any letter case of names, numbers and booleans as strings and the reverse, an object sent as JSON text.
// What is refused, with line and column: everything else that is not JSON, missing commas, bytes that are not UTF-8, lone
// surrogates, control characters inside strings, nesting deeper than MaxDepth. Nothing is repaired silently.
//
// A Document is meant to be reused: its methods overwrite the tree and keep the memory. A Value and a Fields live until the
// next Parse or Reset of their Document. Strings taken out of it live on: they point into one immutable copy of the
// body made by that parse, so a kept string keeps the whole copy. A Document belongs to one goroutine at a time,
// reading included, because Value.Object may add the tree of an embedded JSON text to it.
package tolerant
