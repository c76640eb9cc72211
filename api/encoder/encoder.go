// Package encoder appends values to JSON, for the methods that cmd/encoders generates for the types of the API. Every
// function appends exactly what package encoding/json writes for the value, with its escaping of HTML, and allocates
// only if dst has no capacity left.
//
// A value that has no JSON, such as an infinite number, is a defect: the functions panic. Body and Append return such a
// panic as an error.
package encoder

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/mail"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Appender is a value that appends its JSON. The types of responses in gen/api are. A struct that embeds one inherits
// the method, which knows nothing of the other fields of the struct.
type Appender interface {
	AppendJSON(dst []byte) []byte
}

// failure is the panic of a value that has no JSON.
type failure struct{ error }

func fail(err error) { panic(failure{fmt.Errorf("encode JSON: %w", err)}) }

// caught sets err if what was recovered is a failure, and repeats any other panic.
func caught(recovered any, err *error) {
	switch recovered := recovered.(type) {
	case nil:
	case failure:
		*err = recovered.error
	default:
		panic(recovered)
	}
}

// Append appends the JSON of a value. It fails if the value has none.
func Append(dst []byte, v Appender) (_ []byte, err error) {
	defer func() { caught(recover(), &err) }()
	return v.AppendJSON(dst), nil
}

// escaped has a bit for each character below 64 that is not written as it is. Of the rest of ASCII, the backslash is
// not either.
const escaped uint64 = 1<<' ' - 1 | 1<<'"' | 1<<'&' | 1<<'<' | 1<<'>'

// String appends a text.
func String[T ~string](dst []byte, text T) []byte {
	const digits = "0123456789abcdef"
	s := string(text)
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c != '\\' && (c >= 64 || escaped>>c&1 == 0) {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			switch c {
			case '\\', '"':
				dst = append(dst, '\\', c)
			case '\b':
				dst = append(dst, '\\', 'b')
			case '\f':
				dst = append(dst, '\\', 'f')
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xf])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
			start = i + size
		} else if r == '\u2028' || r == '\u2029' { // line ends in JavaScript
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, digits[r&0xf])
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

// Strings appends a list of texts; null for nil.
func Strings[T ~string](dst []byte, texts []T) []byte {
	if texts == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for i, text := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = String(dst, text)
	}
	return append(dst, ']')
}

// Email appends an email address as openapi_types.Email encodes itself: without a name or comments around it. An
// address that is not valid has no JSON.
func Email[T ~string](dst []byte, address T) []byte {
	if plainAddress(string(address)) {
		return String(dst, address)
	}
	parsed, err := mail.ParseAddress(string(address))
	if err != nil {
		fail(fmt.Errorf("an email address: %w", err))
	}
	return String(dst, parsed.Address)
}

// plainAddress reports whether an address consists of words with dots between them, on both sides of one @, so that
// parsing it would not change it. Words have ASCII letters, digits, -, _ and +.
func plainAddress(address string) bool {
	ats, last := 0, byte('.')
	for i := range len(address) {
		c := address[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '+':
		case c == '.' && last != '.' && last != '@':
		case c == '@' && last != '.':
			ats++
		default:
			return false
		}
		last = c
	}
	return ats == 1 && last != '.' && last != '@'
}

// Int appends an integer.
func Int[T ~int | ~int8 | ~int16 | ~int32 | ~int64](dst []byte, n T) []byte {
	return strconv.AppendInt(dst, int64(n), 10)
}

// Bool appends true or false.
func Bool[T ~bool](dst []byte, b T) []byte { return strconv.AppendBool(dst, bool(b)) }

// Float appends a number in the shortest form that has its value. Numbers below 1e-6 and from 1e21 have an exponent.
// Infinity and NaN have no JSON.
func Float[T ~float64](dst []byte, number T) []byte {
	f := float64(number)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		fail(errors.New("a number is infinite or NaN"))
	}
	if abs := math.Abs(f); abs == 0 || abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 to e-9
		dst = dst[:n-1]
	}
	return dst
}

// Time appends a time (RFC 3339) with the digits of its fraction. A time outside the years 0 to 9999 has no JSON.
func Time(dst []byte, t time.Time) []byte {
	dst, err := t.AppendText(append(dst, '"'))
	if err != nil {
		fail(err)
	}
	return append(dst, '"')
}

// UUID appends a UUID.
func UUID(dst []byte, id uuid.UUID) []byte {
	dst = hex.AppendEncode(append(dst, '"'), id[:4])
	dst = hex.AppendEncode(append(dst, '-'), id[4:6])
	dst = hex.AppendEncode(append(dst, '-'), id[6:8])
	dst = hex.AppendEncode(append(dst, '-'), id[8:10])
	dst = hex.AppendEncode(append(dst, '-'), id[10:])
	return append(dst, '"')
}

// Comma appends the comma before a member, unless it is the first one of its object.
func Comma(dst []byte) []byte {
	if dst[len(dst)-1] == '{' {
		return dst
	}
	return append(dst, ',')
}

// Map appends an object with its members in the order of their names; null for nil.
func Map[T ~map[string]any](dst []byte, members T) []byte {
	if members == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = Any(append(String(dst, name), ':'), members[name])
	}
	return append(dst, '}')
}

// Any appends a value of any type. Common ones and Appenders are appended without reflection.
func Any(dst []byte, value any) []byte {
	switch value := value.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return String(dst, value)
	case bool:
		return Bool(dst, value)
	case float64:
		return Float(dst, value)
	case map[string]any:
		return Map(dst, value)
	case []any:
		return list(dst, value)
	case time.Time:
		return Time(dst, value)
	case *time.Time:
		if value == nil {
			return append(dst, "null"...)
		}
		return Time(dst, *value)
	case Appender:
		return value.AppendJSON(dst)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		fail(err)
	}
	return append(dst, encoded...)
}

func list(dst []byte, values []any) []byte {
	if values == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = Any(dst, value)
	}
	return append(dst, ']')
}
