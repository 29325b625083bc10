package check

import (
	"bytes"
	"io"
	"net/http"
)

// maxKept is how much of an answer is looked at; longer ones, exports of large drives,
// are checked by their head alone.
const maxKept = 4 << 20

// Handler checks what goes through a handler. fail gets what does not fit.
func (c *Checker) Handler(next http.Handler, fail func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{method: r.Method, url: r.URL, header: r.Header.Clone()}
		url := *r.URL
		x.url = &url
		if r.Body != nil {
			r.Body = &tee{ReadCloser: r.Body, kept: &x.body}
		}
		rec := &recorder{ResponseWriter: w, x: x}
		defer func() {
			// A handler that is cut off has not answered.
			if p := recover(); p != nil {
				panic(p)
			}
			x.answer = w.Header()
			if x.status == 0 {
				x.status = http.StatusOK
			}
			if err := c.check(x); err != nil {
				fail(err)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// recorder keeps what a handler answers.
type recorder struct {
	http.ResponseWriter
	x *exchange
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.x.status == 0 {
		r.x.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	if r.x.status == 0 {
		r.x.status = http.StatusOK
	}
	r.x.keep(b)
	return r.ResponseWriter.Write(b)
}

func (x *exchange) keep(b []byte) {
	if x.method == http.MethodHead {
		return // the server drops it
	}
	if len(x.raw)+len(b) > maxKept {
		x.cut = true
		return
	}
	x.raw = append(x.raw, b...)
}

// tee keeps what is read of a body.
type tee struct {
	io.ReadCloser
	kept *[]byte
}

// Read implements io.Reader.
func (t *tee) Read(b []byte) (int, error) {
	n, err := t.ReadCloser.Read(b)
	*t.kept = append(*t.kept, b[:n]...)
	return n, err
}

// Transport checks what goes through a transport. fail gets what does not fit.
func (c *Checker) Transport(next http.RoundTripper, fail func(error)) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		x := &exchange{method: r.Method, url: r.URL, header: r.Header.Clone()}
		if r.Body != nil {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			_ = r.Body.Close()
			x.body = raw
			r = r.Clone(r.Context())
			r.Body = io.NopCloser(bytes.NewReader(raw))
			r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
		}
		resp, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		x.status, x.answer = resp.StatusCode, resp.Header
		resp.Body = &answerBody{ReadCloser: resp.Body, x: x, done: func() {
			if err := c.check(x); err != nil {
				fail(err)
			}
		}}
		return resp, nil
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answerBody keeps an answer and has it checked when the client is done with it.
type answerBody struct {
	io.ReadCloser
	x     *exchange
	ended bool
	done  func()
}

// Read implements io.Reader.
func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.x.keep(p[:n])
	b.ended = b.ended || err == io.EOF
	return n, err
}

// Close implements io.Closer.
func (b *answerBody) Close() error {
	if b.done != nil {
		if !b.ended && !isStream(b.x.answer) {
			_, _ = io.Copy(io.Discard, b) // a client need not read to the end
		}
		b.x.cut = b.x.cut || !b.ended && b.x.method != http.MethodHead
		b.done()
		b.done = nil
	}
	return b.ReadCloser.Close()
}
