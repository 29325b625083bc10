// Package ffd is the meaning of fiscal documents in the versions 1.05, 1.1 and
// 1.2 of the format; 1.0 is read only.
//
//   - Dictionary: Lookup and Entries tell what a tag is called, how its value is
//     written and where it may stand; Rows are the tables of the documents. Both
//     are generated from tags.csv and documents.csv (go generate).
//   - Writing: every document as a Go type with an Append method that returns
//     the bytes of its TLV, as strconv.AppendInt does, or a *FieldError and
//     nothing.
//   - Reading: Decode makes a tree of Nodes out of any bytes. It refuses nothing:
//     what cannot be read is a node of type malformed, and Append of the tree
//     gives the input back byte for byte. AppendJSON shows it and ParseJSON reads
//     that back; a View shows trees, annotated hex and differences in Russian or
//     English; Diff compares two trees and Explain tells what each byte means.
//   - Checking: Check is the format-logical control of one document, with a
//     severity for each finding.
//
// Nodes are views into the decoded bytes and live as long as those are not
// changed. Findings hold no part of the document.
//
// Sources: spec/ffd, spec/decisions.md.
package ffd
