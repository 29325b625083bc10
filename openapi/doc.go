// Package openapi makes the description of the control API: OpenAPI 3.0, as
// api/control serves it. Tests use it; the program holds the finished file.
//
//	Build    the description, out of routes, their Docs, Go types and the words of the source
//	Example  a request that was made and the answer that came
//
// Nothing is said twice: the fields of a body and of an answer are those of the Go
// type, what a field means is the comment at it, the values of an enumeration are the
// constants of its type with their comments. What cannot be read there stands in
// fields.go. A route without a Doc, a field without words, two types of one name are
// errors of Build.
//
// Package check, inside, holds requests and answers against a description.
package openapi
