package contract

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ai-interviewer-platform/interviewer/server/fault"
)

// maxDepth is how deep a body may be nested; no schema of ours needs more than a few levels.
const maxDepth = 32

// readBody reads the whole body, which the server has bounded before, and leaves a copy of it in its place.
func (op *Operation) readBody(r *http.Request) error {
	if op.bodies == nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return fault.New(fault.PayloadTooLarge).With("The body is larger than %d bytes.", large.Limit).Because(err)
		}
		return fault.New(fault.MalformedRequest).With("The body could not be read to its end.").Because(err)
	}
	if len(body) == 0 {
		r.Body, r.ContentLength = http.NoBody, 0
		if op.required {
			return fault.New(fault.MalformedRequest).Field("", "required", "a body is required")
		}
		r.Header.Del("Content-Type")
		return nil
	}
	if err := op.checkMedia(r.Header); err != nil {
		return err
	}
	if err := checkJSON(body); err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

func (op *Operation) checkMedia(header http.Header) error {
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return fault.New(fault.UnsupportedMediaType).With("The body is encoded as %q; send it as it is.", clip(encoding))
	}
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || !op.bodies[media] {
		return fault.New(fault.UnsupportedMediaType).Because(err)
	}
	return nil
}

// checkJSON accepts exactly one JSON value in valid UTF-8, without duplicate names, without NUL in any string, and not
// nested beyond reason. Readers disagree about everything else, and an attacker lives on their disagreement.
func checkJSON(body []byte) error {
	refused := func(pointer jsontext.Pointer, code, detail string, cause error) error {
		return fault.New(fault.MalformedRequest).With("The body is not acceptable JSON.").
			Field(string(pointer), code, detail).Because(cause)
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	for first := true; first || decoder.StackDepth() > 0; first = false {
		token, err := decoder.ReadToken()
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return refused(decoder.StackPointer(), "duplicate_name", "an object has two members of the same name", err)
		case err != nil:
			return refused(decoder.StackPointer(), "syntax", "is not valid JSON in UTF-8", err)
		case decoder.StackDepth() > maxDepth:
			return refused(decoder.StackPointer(), "too_deep", "is nested too deeply", nil)
		case token.Kind() == '"' && strings.ContainsRune(token.String(), 0):
			return refused(decoder.StackPointer(), "nul", "contains the character U+0000", nil)
		}
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return refused("", "trailing_data", "something follows the JSON value", err)
	}
	return nil
}

// clean reports whether a text from the path or the query can be kept and compared: valid UTF-8 without NUL.
func clean(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// clip shortens what a client sent for an error message.
func clip(text string) string {
	const most = 60
	text = strings.ToValidUTF8(text, "�")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
