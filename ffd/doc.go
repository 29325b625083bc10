// Package ffd is the meaning of fiscal documents in the versions 1.05, 1.1 and
// 1.2 of the format; 1.0 is read only.
//
//   - Dictionary: Lookup and Entries tell what a tag is called, how its value is
//     written and where it may stand; Rows are the duties of the documents and
//     Places the order of their tags.
//   - Writing: every document as a Go type with an Append method that returns
//     the bytes of its TLV, as strconv.AppendInt does, or a *FieldError and
//     nothing. The drive's part and the register's part are types of their own.
//   - Reading back: ParseReceipt and its like read a document into the same Go
//     types and refuse what these cannot hold, so that Append gives the same
//     bytes for what kktd has made.
//   - Reading: Decode makes a tree of Nodes out of any bytes. It refuses nothing:
//     what cannot be read is a node of type malformed, and Append of the tree
//     gives the input back byte for byte. AppendJSON shows it and ParseJSON reads
//     that back; a View shows trees, annotated hex and differences in Russian or
//     English; Diff compares two trees and Explain tells what each byte means.
//   - Checking: Check is the format-logical control of one document, with a
//     severity for each finding.
//
// tags.csv and documents.csv are the one source of the dictionary, duties, order,
// encoders, readers and docs/ffd.md (go generate). The encoders of receipts and
// items alone are written by hand, for speed; a test holds them to the table.
//
// Nodes are views into the decoded bytes and live as long as those are not
// changed. Findings hold no part of the document.
//
// Sources: spec/ffd, spec/decisions.md.
package ffd
