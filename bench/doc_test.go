// Package bench measures one receipt of five items as TLV and in the formats
// that programs pass data in: protobuf with the code of protoc-gen-go and of
// vtprotobuf, MessagePack with the code of tinylib/msgp, JSON of encoding/json.
// It is a module of its own, so that kktd depends on none of them, and holds
// tests only. README.md has the table of a run and says what each row does.
//
// The generated files are compared with what their generators write;
// go test -run Generated -update writes them anew. No protoc is needed.
package bench
