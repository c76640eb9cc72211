// Package jsonbody decodes the JSON bodies of requests, once and strictly.
//
// Parsers differ on duplicate names, invalid UTF-8, data after the value and numbers beyond a float64; attackers
// exploit that. Decode therefore accepts only JSON that all parsers read in the same way. Its result serves the
// validator, the generated code and the fingerprint of idempotency, so that the body is parsed once.
package jsonbody

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxDepth is how deep a body may be nested; no schema of ours needs more than a few levels.
	maxDepth = 32
	// maxTokens is how many names, values and brackets a body may have. It bounds the work of the validator, which takes
	// far longer to report a violation than to read a token.
	maxTokens = 4_000
)

// Body is a decoded body.
type Body struct {
	// Value is nil, a bool, a string, a json.Number, a []any or a map[string]any. Whole numbers are written as integers,
	// so 1.0 and 1e2 are 1 and 100: to a schema they are integers, to the types generated from it they would not be.
	Value any
	// Unstorable are the JSON pointers of strings that contain U+0000, which PostgreSQL cannot store.
	Unstorable []string
}

// Error says what is wrong with a body, and where.
type Error struct {
	// Pointer is a JSON pointer (RFC 6901).
	Pointer string
	// Code and Detail are those of a problem's entry.
	Code, Detail string
	// cause is the parser's error.
	cause error
}

func (e *Error) Error() string { return "decode JSON at " + strconv.Quote(e.Pointer) + ": " + e.Detail }

// Unwrap returns the parser's error, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// Decode reads exactly one JSON value. Everything that it refuses is an *Error, which describes the first flaw: a
// syntax error, invalid UTF-8, a duplicate name, U+0000 in a name, too deep or too many values, or data after the
// value.
func Decode(text []byte) (Body, error) {
	d := decoder{from: jsontext.NewDecoder(bytes.NewReader(text))}
	value, err := d.value()
	if err != nil {
		return Body{}, err
	}
	if _, err := d.from.ReadToken(); !errors.Is(err, io.EOF) {
		return Body{}, d.refuse("trailing_data", "something follows the JSON value", err)
	}
	return Body{value, d.unstorable}, nil
}

type decoder struct {
	from       *jsontext.Decoder
	tokens     int
	unstorable []string
}

// refuse describes a flaw at the token that was read last.
func (d *decoder) refuse(code, detail string, cause error) *Error {
	return &Error{string(d.from.StackPointer()), code, detail, cause}
}

// token reads a token.
func (d *decoder) token() (jsontext.Token, error) {
	token, err := d.from.ReadToken()
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		// The parser's own pointer leads to the member before the duplicate.
		flaw := d.refuse("duplicate_name", "an object has two members of the same name", err)
		var at *jsontext.SyntacticError
		if errors.As(err, &at) {
			flaw.Pointer = string(at.JSONPointer)
		}
		return token, flaw
	case err != nil:
		return token, d.refuse("syntax", "is not valid JSON in UTF-8", err)
	case d.from.StackDepth() > maxDepth:
		return token, d.refuse("too_deep", "is nested too deeply", nil)
	case d.tokens == maxTokens:
		return token, d.refuse("too_many", "has too many values", nil)
	}
	d.tokens++
	return token, nil
}

// value reads a value. The depth of the recursion is bounded by maxDepth.
func (d *decoder) value() (any, error) {
	token, err := d.token()
	if err != nil {
		return nil, err
	}
	switch token.Kind() { //nolint:exhaustive // the other kinds are scalars, handled below
	case '{':
		return d.object()
	case '[':
		return d.array()
	case '"':
		text := token.String()
		if strings.ContainsRune(text, 0) {
			d.unstorable = append(d.unstorable, string(d.from.StackPointer()))
		}
		return text, nil
	case '0':
		return number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil //nolint:nilnil // null is a value
}

func (d *decoder) object() (any, error) {
	object := map[string]any{}
	for d.from.PeekKind() != '}' {
		token, err := d.token()
		if err != nil {
			return nil, err
		}
		name := token.String()
		if strings.ContainsRune(name, 0) {
			return nil, d.refuse("nul", "contains the character U+0000", nil)
		}
		if object[name], err = d.value(); err != nil {
			return nil, err
		}
	}
	_, err := d.token()
	return object, err
}

func (d *decoder) array() (any, error) {
	array := []any{}
	for d.from.PeekKind() != ']' {
		value, err := d.value()
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := d.token()
	return array, err
}

// exact bounds the integers that a float64 represents exactly.
const exact = 1 << 53

// number writes a whole number as an integer, if a float64 holds it exactly.
func number(spelled string) json.Number {
	if strings.ContainsAny(spelled, ".eE") {
		value, err := strconv.ParseFloat(spelled, 64)
		if err == nil && value == float64(int64(value)) && value < exact && value > -exact {
			return json.Number(strconv.FormatInt(int64(value), 10))
		}
	}
	return json.Number(spelled)
}

// Canonical writes a decoded value in the one form that all spellings of it share (RFC 8785).
func Canonical(value any) []byte { return appendCanonical(nil, value) }

func appendCanonical(into []byte, value any) []byte {
	switch v := value.(type) {
	case bool:
		return strconv.AppendBool(into, v)
	case string:
		into, _ = jsontext.AppendQuote(into, v) // fails on invalid UTF-8 only, which Decode refuses
		return into
	case json.Number:
		number := jsontext.Value(v)
		_ = number.Canonicalize() // fails on invalid JSON only
		return append(into, number...)
	case []any:
		into = append(into, '[')
		for i, element := range v {
			if i > 0 {
				into = append(into, ',')
			}
			into = appendCanonical(into, element)
		}
		return append(into, ']')
	case map[string]any:
		into = append(into, '{')
		for i, name := range sorted(v) {
			if i > 0 {
				into = append(into, ',')
			}
			into = append(appendCanonical(into, name), ':')
			into = appendCanonical(into, v[name])
		}
		return append(into, '}')
	}
	return append(into, "null"...)
}

// sorted lists the names of an object in the order of RFC 8785, section 3.2.3: by UTF-16 code units.
func sorted(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	})
	return names
}
