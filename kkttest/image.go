package kkttest

import (
	"bytes"
	"net/http"
	"net/url"
)

// Snapshot keeps the first register, or another one, as it is now under a name, in the
// place of a snapshot that has the name. It must have no receipts that wait.
func (s *Server) Snapshot(name string, register ...string) {
	s.t.Helper()
	s.Call(http.MethodPost, s.register(register, "snapshots"), map[string]any{"name": name, "replace": true}, nil)
}

// Restore puts a register back to a snapshot: documents and receipts made since are gone,
// those of the snapshot are there under their ids. The clock of the server goes on.
func (s *Server) Restore(name string, register ...string) {
	s.t.Helper()
	s.Call(http.MethodPost, s.register(register, "snapshots", name, "restore"), struct{}{}, nil)
}

// Export is a register as one file.
func (s *Server) Export(register ...string) []byte {
	s.t.Helper()
	path := s.register(register, "export")
	file, err := s.send(s.t.Context(), http.MethodGet, path, "", nil)
	if err != nil {
		s.t.Fatalf("kkttest: GET %s: %v", path, err)
	}
	return file
}

// Import makes a register of a file that Export gave, of this server or another one with
// the same master key, and returns its serial number. A register with that number or one
// of its drives must not be there: delete it with Call.
func (s *Server) Import(file []byte) string {
	s.t.Helper()
	var answer struct{ Register struct{ Serial string } }
	err := s.ask(s.t.Context(), http.MethodPost, "registers/import", "application/octet-stream", bytes.NewReader(file), &answer)
	if err != nil {
		s.t.Fatalf("kkttest: POST registers/import: %v", err)
	}
	return answer.Register.Serial
}

// register is the path of something of a register.
func (s *Server) register(register []string, parts ...string) string {
	s.t.Helper()
	path := "registers/" + url.PathEscape(s.serial(register))
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}
