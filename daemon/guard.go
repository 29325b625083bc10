package daemon

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"

	"kktd/api/control"
)

// guard lets the control API and the metrics be used from this machine alone, unless a token is
// set and sent. The Host header is checked too, so that a page of another site
// that a browser here shows cannot reach it under a name of its own, and a browser
// changes nothing here for another site. What a proxy says of the peer is not believed.
func (d *Daemon) guard(next http.Handler) http.Handler {
	crossSite := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := crossSite.Check(r); err != nil {
			d.log.WithField("peer", r.RemoteAddr).WithField("origin", r.Header.Get("Origin")).Warn("control API refused: a page of another site asked for a change")
			forbid(w, "a page of another site may not change anything here: "+err.Error())
			return
		}
		if !d.owns(r, bearer(r.Header.Get("Authorization"))) {
			d.log.WithField("peer", r.RemoteAddr).WithField("host", r.Host).Warn("control API refused: not from this machine and no token")
			forbid(w, "the control API and /metrics answer requests from this machine, by its own name (127.0.0.1, [::1], localhost); set --control-token and send it as Authorization: Bearer for others")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bearer is the token of an Authorization header (RFC 6750, 2.1), "" when it has none.
func bearer(authorization string) string {
	if scheme, token, ok := strings.Cut(authorization, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

// owns tells that a request comes from this machine and is meant for it, or brings the
// control token. Hashes are compared, so that the time tells nothing of the length either.
func (d *Daemon) owns(r *http.Request, given string) bool {
	if token := d.config.ControlToken; token != "" {
		want, got := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(given))
		if subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
			return true
		}
	}
	return isLoopback(r.RemoteAddr) && isLoopback(r.Host)
}

// forbid answers as the control API does.
func forbid(w http.ResponseWriter, message string) {
	_ = control.WriteJSON(w, http.StatusForbidden, map[string]any{"error": control.Problem{Code: "forbidden", Message: message}})
}

// isLoopback tells that an address, with or without a port, is of this machine.
func isLoopback(addr string) bool {
	host := addr
	if h, _, err := net.SplitHostPort(addr); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
