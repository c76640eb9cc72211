package gate

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// maxDepth is how deep a body may be nested; no schema of ours needs more than a few levels.
	maxDepth = 32
	// maxTokens is how many names, values and brackets a body may have. To find fault with each of them takes
	// far longer than to read it.
	maxTokens = 4_000
)

// readBody reads the whole body, which the server has bounded before, and leaves a copy of it in its place. What is
// wrong with it is added to a fault; nil stands for what cannot be held against a schema. It fails by itself where the
// body is too large or in a form that is not read, since nothing more can be said of such a request.
func (op *Operation) readBody(r *http.Request, f *fault.Fault) ([]byte, error) {
	switch {
	case op.bodies == nil:
		return nil, refuseBody(r, f)
	case op.Upload:
		return nil, op.takeUpload(r, f)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, interrupted(err)
	}
	if len(body) == 0 {
		op.missBody(r, f)
		return nil, nil
	}
	if err := op.checkMedia(r.Header); err != nil {
		return nil, err
	}
	if !checkJSON(body, f) {
		return nil, nil
	}
	body = integers(body)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return body, nil
}

// missBody notes that there is no body.
func (op *Operation) missBody(r *http.Request, f *fault.Fault) {
	r.Body, r.ContentLength = http.NoBody, 0
	r.Header.Del("Content-Type")
	if op.required {
		f.Field("", "required", "a body is required")
	}
}

// refuseBody finds a body where none belongs. What nobody reads was meant for something that will not happen; an empty
// object, which many HTTP libraries send where there is nothing to say, was not.
func refuseBody(r *http.Request, f *fault.Fault) error {
	r.Header.Del("Content-Type")
	if r.ContentLength == 0 {
		return nil
	}
	const enough = 16
	body, err := io.ReadAll(io.LimitReader(r.Body, enough))
	if err != nil {
		return interrupted(err)
	}
	if said := bytes.TrimSpace(body); len(body) == enough || len(said) > 0 && string(said) != "{}" {
		f.Field("", "unexpected", "this operation takes no body")
	}
	return nil
}

// interrupted is what it means for the client that its body could not be read.
func interrupted(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.New(fault.PayloadTooLarge).With("The body is larger than %d bytes.", large.Limit).Because(err)
	}
	return fault.New(fault.MalformedRequest).With("The body could not be read to its end.").
		Field("", "incomplete", "ends before it is complete").Because(err)
}

// checkMedia refuses what is not of the operation's media types in UTF-8, sent as it is, and leaves the bare media
// type that the specification declares in the header, because the generated code compares it letter by letter.
func (op *Operation) checkMedia(header http.Header) error {
	encoding := strings.Join(header.Values("Content-Encoding"), ", ")
	if encoding != "" && !strings.EqualFold(encoding, "identity") {
		return fault.New(fault.UnsupportedMediaType).With("The body is encoded as %q; send it as it is.", clip(encoding))
	}
	media, parameters, err := mime.ParseMediaType(strings.Join(header.Values("Content-Type"), ", "))
	if err != nil || op.bodies[media] == "" {
		return fault.New(fault.UnsupportedMediaType).With("This operation reads a body of the type %s.",
			strings.Join(slices.Sorted(maps.Keys(op.bodies)), " or ")).Because(err)
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fault.New(fault.UnsupportedMediaType).With("The body is in the charset %q; send UTF-8.", clip(charset))
	}
	header.Set("Content-Type", op.bodies[media])
	return nil
}

// checkJSON accepts exactly one JSON value in valid UTF-8, without duplicate names, without NUL in any name, and not
// nested or filled beyond reason. Readers disagree about everything else, and an attacker lives on their disagreement.
// What is wrong first is added to a fault.
func checkJSON(body []byte, f *fault.Fault) bool {
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	refused := func(code, detail string) bool {
		f.Field(string(decoder.StackPointer()), code, detail)
		return false
	}
	for tokens := 0; tokens == 0 || decoder.StackDepth() > 0; tokens++ {
		token, err := decoder.ReadToken()
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			// The decoder has not come to the second member; where it stands is the one before.
			var at *jsontext.SyntacticError
			errors.As(err, &at)
			f.Field(string(at.JSONPointer), "duplicate_name", "an object has two members of the same name")
			return false
		case err != nil:
			return refused("syntax", "is not valid JSON in UTF-8")
		case decoder.StackDepth() > maxDepth:
			return refused("too_deep", "is nested too deeply")
		case tokens == maxTokens:
			return refused("too_many", "has too many values")
		case token.Kind() == '"' && strings.ContainsRune(token.String(), 0) && atName(decoder):
			return refused("nul", "contains the character U+0000")
		}
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return refused("trailing_data", "something follows the JSON value")
	}
	return true
}

// atName reports whether what was read last is the name of a member.
func atName(decoder *jsontext.Decoder) bool {
	kind, read := decoder.StackIndex(decoder.StackDepth())
	return kind == '{' && read%2 == 1
}

// clean reports whether a text from the path or the query can be kept and compared: valid UTF-8 without NUL.
func clean(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// clip shortens what a client sent to what an error may repeat of it.
func clip(text string) string {
	const most = 60
	text = strings.ToValidUTF8(text, "�")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
