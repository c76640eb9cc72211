package gate

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// exact is how far from 0 every integer has a floating-point number of its own.
const exact = 1 << 53

// integers writes the whole numbers of a JSON value as integers: 1.0 and 1e2 are integers to a schema, and none to what
// is generated from it. The value must have been found to be JSON.
func integers(body []byte) []byte {
	if !bytes.ContainsAny(body, ".eE") {
		return body
	}
	var written bytes.Buffer
	decoder, kept := jsontext.NewDecoder(bytes.NewReader(body)), 0
	for {
		token, err := decoder.ReadToken()
		if err != nil {
			written.Write(body[kept:])
			return written.Bytes()
		}
		if token.Kind() != '0' {
			continue
		}
		spelled, end := token.String(), int(decoder.InputOffset())
		value, err := strconv.ParseFloat(spelled, 64)
		if err != nil || !strings.ContainsAny(spelled, ".eE") ||
			value != float64(int64(value)) || value >= exact || value <= -exact {
			continue
		}
		written.Write(body[kept : end-len(spelled)])
		written.WriteString(strconv.FormatInt(int64(value), 10))
		kept = end
	}
}

// checkTexts fails where a text of a JSON value contains U+0000, which a schema allows and PostgreSQL cannot keep. It
// names all of them. The value must have been found to be JSON.
func checkTexts(body []byte) error {
	if !bytes.Contains(body, []byte(`\u0000`)) {
		return nil
	}
	f := fault.New(fault.RuleViolated)
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.ReadToken()
		if err != nil {
			break
		}
		if token.Kind() == '"' && strings.ContainsRune(token.String(), 0) {
			f.Field(string(decoder.StackPointer()), "nul", "contains the character U+0000")
		}
	}
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}
