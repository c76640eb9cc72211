package gate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/edge/jsonbody"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// readBody reads and decodes the body, and adds what is wrong with it to a fault. It returns nil if there is no body to
// validate. It fails if nothing more can be said about the request: the body is too large, incomplete, or in a media
// type that the operation does not read.
func (op *Operation) readBody(r *http.Request, f *fault.Fault) (*jsonbody.Body, error) {
	switch {
	case op.bodies == nil:
		return nil, refuseBody(r, f)
	case op.Upload:
		return nil, op.takeUpload(r, f)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, interrupted(err)
	}
	// Some programs begin UTF-8 with a byte order mark. RFC 8259, section 8.1, allows to ignore it.
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if len(text) == 0 || !op.required && string(bytes.TrimSpace(text)) == "null" {
		op.missBody(r, f)
		return nil, nil //nolint:nilnil // there is no body, which is not an error
	}
	if err := op.checkMedia(r.Header); err != nil {
		return nil, err
	}
	body, err := jsonbody.Decode(text)
	if err != nil {
		var flaw *jsonbody.Error
		if !errors.As(err, &flaw) {
			return nil, fmt.Errorf("decode the request body: %w", err)
		}
		f.Field(flaw.Pointer, flaw.Code, flaw.Detail)
		return nil, nil //nolint:nilnil // the flaw is in the fault
	}
	r.Body = validated{io.NopCloser(bytes.NewReader(text)), body.Value}
	return &body, nil
}

// validated is a body that was decoded already. The generated code binds the value instead of decoding the text again.
type validated struct {
	io.ReadCloser

	value any
}

// ValidatedValue is part of the contract with the generated code.
func (v validated) ValidatedValue() any { return v.value }

// missBody notes that there is no body.
func (op *Operation) missBody(r *http.Request, f *fault.Fault) {
	r.Body, r.ContentLength = http.NoBody, 0
	r.Header.Del("Content-Type")
	if op.required {
		f.Field("", "required", "a body is required")
	}
}

// refuseBody refuses a body that the operation does not take, because it would be ignored silently. An empty object
// and null pass: many HTTP libraries send one if there is nothing to send.
func refuseBody(r *http.Request, f *fault.Fault) error {
	r.Header.Del("Content-Type")
	if r.ContentLength == 0 {
		return nil
	}
	const most = 1024 // bytes of an empty object with the white space of a program that writes for people
	body, err := io.ReadAll(io.LimitReader(r.Body, most))
	if err != nil {
		return interrupted(err)
	}
	text := string(bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff"))))
	if inner, object := strings.CutPrefix(text, "{"); object {
		text = "{" + strings.TrimSpace(inner)
	}
	if len(body) == most || text != "" && text != "{}" && text != "null" {
		f.Field("", "unexpected", "this operation takes no body; send none, an empty object or null")
	}
	return nil
}

// interrupted is the fault of a body that could not be read.
func interrupted(err error) error {
	err = fmt.Errorf("read the request body: %w", err)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.New(fault.PayloadTooLarge).With("The body is larger than %d bytes.", large.Limit).Because(err)
	}
	return fault.New(fault.MalformedRequest).With("The body could not be read to its end.").
		Field("", "incomplete", "ends before it is complete").Because(err)
}

// takes returns the media types of the body, declared ones first.
func (op *Operation) takes() []string {
	return slices.SortedFunc(maps.Keys(op.bodies), func(a, b string) int {
		declaredA, declaredB := op.bodies[a] == a, op.bodies[b] == b
		if declaredA != declaredB {
			if declaredA {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
}

// checkMedia fails with UnsupportedMediaType unless the body is in a media type of the operation, in UTF-8 and without
// a content coding. Uploads may have any charset, because the operation detects the encoding. It replaces the
// Content-Type by the media type as the specification declares it, because the generated code compares it byte by byte.
func (op *Operation) checkMedia(header http.Header) error {
	encoding := strings.Join(header.Values("Content-Encoding"), ", ")
	if encoding != "" && !strings.EqualFold(encoding, "identity") {
		return fault.New(fault.UnsupportedMediaType).
			With("The Content-Encoding %q is not supported; send the body without one.", clip(encoding))
	}
	media, parameters, err := mime.ParseMediaType(strings.Join(header.Values("Content-Type"), ", "))
	if err != nil || op.bodies[media] == "" {
		return fault.New(fault.UnsupportedMediaType).With("The Content-Type must be %s.",
			strings.Join(op.takes(), " or ")).Because(err)
	}
	if charset := parameters["charset"]; !isUTF8(charset) && !op.Upload {
		return fault.New(fault.UnsupportedMediaType).With("The charset %q is not supported; send UTF-8.", clip(charset))
	}
	header.Set("Content-Type", op.bodies[media])
	return nil
}

// isUTF8 reports whether a charset is UTF-8, by one of the names that programs give it, or ASCII, a part of it.
func isUTF8(charset string) bool {
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return true
	}
	return false
}
