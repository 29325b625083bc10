package ofd

import (
	"bytes"
	"fmt"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

// Rules of the findings that the server makes itself, as ffd.Finding.Rule has them.
const (
	RuleFirst     = "first-number" // the first document of an FN number is not number 1
	RuleGap       = "gap"          // numbers are missing before the document
	RuleOrder     = "order"        // a number below the last one that was not there
	RuleOther     = "other-bytes"  // other bytes under a known number
	RuleEncrypted = "encrypted"    // the body cannot be read
	RuleSign      = "sign"         // the tail is no sign of a drive
	RuleIdentity  = "identity"     // drive or number inside the document differ from the container
	RuleQuirk     = "quirk"        // odd but harmless bytes of the frame
)

func finding(s ffd.Severity, rule, ru, en string, args ...any) ffd.Finding {
	return ffd.Finding{Rule: rule, Severity: s, Ru: fmt.Sprintf(ru, args...), En: fmt.Sprintf(en, args...)}
}

// judge collects what is wrong with a document in itself, whatever came before it. The caller holds the lock of the
// drive. The sign of a drive with keys of its own cannot be verified: that is a note, since every real one is.
func (s *Server) judge(d *drive, r *Request, container []byte) (findings []ffd.Finding) {
	c := &r.Container
	if q := r.Header.Quirks() | c.Quirks(); q != 0 {
		findings = append(findings, finding(ffd.Note, RuleQuirk, "странности сообщения: %v", "oddities of the message: %v", q))
	}
	if c.Encrypted {
		return append(findings, finding(ffd.Warning, RuleEncrypted, "тело зашифровано, формат не проверен", "the body is encrypted, its format was not checked"))
	}
	if tail, err := ofdproto.ParseTail(c.Tail); err != nil || tail.Kind != ofdproto.TailMessage {
		findings = append(findings, finding(ffd.Warning, RuleSign, "нет признака сообщения: % X", "no message sign of a drive: % X", c.Tail))
	} else if !d.verifier.Verify(d.number, container) {
		findings = append(findings, finding(ffd.Note, RuleSign, "признак сообщения сделан неизвестным ключом", "the message sign is made with an unknown key"))
	}
	return append(append(findings, s.identity(r)...), s.o.Check(c.Document)...)
}

// identity compares 1041 and 1040 with the container. That they are there at all is a matter of format control.
func (s *Server) identity(r *Request) (findings []ffd.Finding) {
	inside := r.Container.Document[tlv.HeaderLen:]
	if it, ok := tlv.Find(inside, ffd.TagFNNumber); ok && !bytes.Equal(tlv.TrimPadding(it.Value), tlv.TrimPadding(r.Header.Drive[:])) {
		findings = append(findings, finding(ffd.Error, RuleIdentity, "тег 1041 %q, в контейнере %q", "tag 1041 is %q, the container says %q",
			it.Value, r.Drive()))
	}
	if it, ok := tlv.Find(inside, ffd.TagFDNumber); ok {
		if n, err := tlv.Uint(it.Value); err != nil || n != uint64(r.Number) {
			findings = append(findings, finding(ffd.Error, RuleIdentity, "тег 1040 % X, в контейнере %d", "tag 1040 is % X, the container says %d",
				it.Value, r.Number))
		}
	}
	return findings
}

// refused tells that format control failed: 1022 = 14 (spec/decisions.md, severity of a finding).
func refused(findings []ffd.Finding) bool {
	for _, f := range findings {
		if f.Severity >= ffd.Error {
			return true
		}
	}
	return false
}
