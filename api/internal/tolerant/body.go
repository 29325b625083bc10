package tolerant

import "strings"

const formType = "application/x-www-form-urlencoded"

// ParseBody reads body into a new Document, see Document.ParseBody.
func ParseBody(contentType string, body []byte) (*Document, error) {
	d := new(Document)
	if err := d.ParseBody(contentType, body); err != nil {
		return nil, err
	}
	return d, nil
}

// ParseBody reads body as a form when contentType says so and as JSON otherwise. Without a content type what begins as JSON
// (`{`, `[`, a comment, a byte order mark) is JSON and the rest a form. A body of nothing but white space is an object
// without members, for clients send nothing at all where there is nothing to say (spec/api/cloudkassir.md 1).
// Every error is a *SyntaxError and leaves d empty.
func (d *Document) ParseBody(contentType string, body []byte) error {
	first, blank := firstByte(body)
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.TrimSpace(mediaType)
	switch {
	case blank:
		if err := d.load(body); err != nil {
			return err
		}
		d.attach(0, node{kind: Object})
		return nil
	case strings.EqualFold(mediaType, "multipart/form-data"):
		d.Reset()
		return &SyntaxError{Line: 1, Column: 1, Msg: "expected JSON or " + formType + ", found a multipart form"}
	case strings.EqualFold(mediaType, formType):
		return d.ParseForm(body)
	case mediaType != "":
		return d.ParseJSON(body)
	}
	switch first {
	case '{', '[', '/', byteOrderMark[0]:
		return d.ParseJSON(body)
	}
	return d.ParseForm(body)
}

// firstByte returns the first byte that is not white space, or that there is none.
func firstByte(body []byte) (first byte, blank bool) {
	for _, c := range body {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c, false
		}
	}
	return 0, true
}
