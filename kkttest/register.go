package kkttest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"kktd/api/control"
)

// registerAnswer is what a new register is told with.
type registerAnswer struct {
	Register struct{ Serial, INN string }
	Account  struct {
		PublicID string `json:"public_id"`
		Secret   string
	}
}

func (s *Server) newRegister(settings map[string]any) (answer registerAnswer) {
	s.t.Helper()
	if settings == nil {
		settings = map[string]any{}
	}
	s.Call(http.MethodPost, "registers", settings, &answer)
	return answer
}

// NewRegister makes a register with a drive and registers it; settings are the fields of
// POST registers, nil for none: inn, ffd, conditions ... It returns the serial number.
func (s *Server) NewRegister(settings map[string]any) string {
	s.t.Helper()
	return s.newRegister(settings).Register.Serial
}

// Fresh is the server for a test that shares it with others: with a register, an
// organisation and an account of its own, which go at the end of the test. Its Register,
// INN, PublicID and Secret are those; clock and faults are everybody's. settings are
// those of NewRegister.
func (s *Server) Fresh(t testing.TB, settings map[string]any) *Server {
	t.Helper()
	own := s.For(t)
	body := map[string]any{"fresh": true}
	for name, value := range settings {
		body[name] = value
	}
	answer := own.newRegister(body)
	own.Register, own.INN = answer.Register.Serial, answer.Register.INN
	own.PublicID, own.Secret = answer.Account.PublicID, answer.Account.Secret
	t.Cleanup(func() {
		// The context of the test has ended by now.
		err := own.call(context.Background(), http.MethodDelete, "registers/"+url.PathEscape(own.Register), nil, nil)
		if problem := (*control.Problem)(nil); err != nil && !(errors.As(err, &problem) && problem.Code == "not_found") {
			t.Errorf("kkttest: register %s is not deleted: %v", own.Register, err)
		}
	})
	return own
}

// DeleteRegister deletes the first register, or another one, with documents and receipts.
func (s *Server) DeleteRegister(register ...string) {
	s.t.Helper()
	s.Call(http.MethodDelete, "registers/"+url.PathEscape(s.serial(register)), nil, nil)
}

// ResetRegister leaves the first register, or another one, as it was when it was made:
// with document 1, and nothing else.
func (s *Server) ResetRegister(register ...string) {
	s.t.Helper()
	s.Call(http.MethodPost, "registers/"+url.PathEscape(s.serial(register))+"/reset", map[string]any{"registered": true}, nil)
}

// CloneRegister makes a register with the settings of the first one, or of another one, and
// returns its serial number.
func (s *Server) CloneRegister(register ...string) string {
	s.t.Helper()
	var answer registerAnswer
	s.Call(http.MethodPost, "registers/"+url.PathEscape(s.serial(register))+"/clone", nil, &answer)
	return answer.Register.Serial
}
