package jsonbody_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ai-interviewer-platform/interviewer/server/edge/jsonbody"
)

// The bounds of Decode.
const (
	maxDepth  = 32
	maxTokens = 4_000
)

func TestDecodeRefusesFlaws(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, pointer, code string }{
		"too deep": {
			strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), strings.Repeat("/0", maxDepth), "too_deep",
		},
		"too many values":              {"[" + strings.Repeat("1,", maxTokens-1) + "1]", "/3999", "too_many"},
		"nothing":                      {``, "", "syntax"},
		"a duplicate name":             {`{"a":{"b":1,"b":2}}`, "/a/b", "duplicate_name"},
		"a duplicate name, escaped":    {`{"a":1,"\u0061":2}`, "/a", "duplicate_name"},
		"a trailing comma":             {`[1,]`, "/0", "syntax"},
		"an unknown literal":           {`{"a":tru}`, "/a", "syntax"},
		"half a surrogate pair":        {`{"a":"\ud800"}`, "/a", "syntax"},
		"invalid UTF-8":                {"{\"a\":\"\xc3\x28\"}", "/a", "syntax"},
		"a byte order mark":            {"\ufeff{}", "", "syntax"},
		"an object that is not closed": {`{"a":1`, "/a", "syntax"},
		"U+0000 in a name":             {`{"\u0000":1}`, "/\x00", "nul"},
		"a second value":               {`{}{}`, "", "trailing_data"},
		"a bracket after the value":    {`{}]`, "", "trailing_data"},
		"a NUL byte after the value":   {"{}\x00", "", "trailing_data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := jsonbody.Decode([]byte(c.body))
			var flaw *jsonbody.Error
			if !errors.As(err, &flaw) || flaw.Code != c.code || flaw.Pointer != c.pointer || flaw.Detail == "" {
				t.Errorf("%+v, %v; want %s at %q", body, err, c.code, c.pointer)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want any
	}{
		"an empty object": {`{}`, map[string]any{}},
		"all kinds": {
			` {"a" : [1, 2.5e3, "x", true, null, false]} ` + "\n",
			map[string]any{"a": []any{json.Number("1"), json.Number("2500"), "x", true, nil, false}},
		},
		"escapes":               {`"\u00e4\ud83e\udd8a"`, "ä🦊"},
		"null":                  {`null`, nil},
		"a huge number":         {`1e400`, json.Number("1e400")},
		"an integer":            {`12`, json.Number("12")},
		"a whole number":        {`3.0`, json.Number("3")},
		"a negative whole":      {`-2.0`, json.Number("-2")},
		"minus zero":            {`-0.0`, json.Number("0")},
		"an exponent":           {`1e2`, json.Number("100")},
		"a whole with exponent": {`1.50e1`, json.Number("15")},
		"a fraction":            {`5E-1`, json.Number("5E-1")},
		"the largest exact":     {`9007199254740991.0`, json.Number("9007199254740991")},
		"one more":              {`9007199254740992.0`, json.Number("9007199254740992.0")},
		"one less, negative":    {`-9.007199254740992e15`, json.Number("-9.007199254740992e15")},
		"a number in a string":  {`{"e":"1.0","1.0":2}`, map[string]any{"e": "1.0", "1.0": json.Number("2")}},
		"U+0000 in a string":    {`"\u0000"`, "\x00"},
		"an escaped backslash":  {`"\\u0000"`, `\u0000`},
		"as many tokens as may be": {
			"[" + strings.Repeat("1,", maxTokens-3) + "1]",
			slices.Repeat([]any{json.Number("1")}, maxTokens-2),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := jsonbody.Decode([]byte(c.body))
			if err != nil || !reflect.DeepEqual(body.Value, c.want) {
				t.Errorf("%#v, %v; want %#v", body.Value, err, c.want)
			}
		})
	}
	if _, err := jsonbody.Decode([]byte(strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth))); err != nil {
		t.Errorf("as deep as may be: %v", err)
	}
}

func TestUnstorable(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"a":"x\u0000","b":["\u0000",{"c":"\u0000"}],"d":"\\u0000"}`: {"/a", "/b/0", "/b/1/c"},
		`{"a":"\\u0000"}`: nil,
		`"\u0001"`:        nil,
		`"\u0000"`:        {""},
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			got, err := jsonbody.Decode([]byte(body))
			if err != nil || !slices.Equal(got.Unstorable, want) {
				t.Errorf("%q, %v; want %q", got.Unstorable, err, want)
			}
		})
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, bodies := range map[string][]string{
		"order and space": {`{"a":1,"b":[2]}`, " {\n\"b\": [ 2 ], \"a\": 1 }"},
		"escapes":         {`{"ä":"/"}`, `{"\u00e4":"\/"}`},
		"numbers":         {`[100,0.5,0]`, `[1e2,5e-1,-0.0]`},
		"UTF-16 order":    {`{"\ue000":1,"\ud800\udc00":2}`, `{"\ud800\udc00":2,"\ue000":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := canonical(t, []byte(bodies[0]))
			for _, text := range bodies {
				body, err := jsonbody.Decode([]byte(text))
				if got := string(jsonbody.Canonical(body.Value)); err != nil || got != want {
					t.Errorf("%s is %s, %v; want %s", text, got, err, want)
				}
			}
		})
	}
}

// FuzzDecode compares what is accepted with what encoding/json reads, and its canonical form with that of jsontext.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,"x",null,true,{"b":{}}]}`, `{"a":1,"a":2}`, `"\ud800"`, "\ufeff{}", `[[[[`, `{} {}`, "\"\x00\"", `1e999`,
		`-0`, `{"\u2028":"<&>"}`, `{"a":[1.0,-0.0,1e2,0.1],"b":"1.0"}`, `9007199254740993.0`, `[[1E0]]`, `{"\ue000":1,"😀":2}`,
		`"\u0000"`, `9007199254740993`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		body, err := jsonbody.Decode(text)
		if err != nil {
			var flaw *jsonbody.Error
			if !errors.As(err, &flaw) || flaw.Code == "" || flaw.Detail == "" {
				t.Fatalf("refused by %v", err)
			}
			return
		}
		if !utf8.Valid(text) {
			t.Fatal("accepted invalid UTF-8")
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var read any
		if err := decoder.Decode(&read); err != nil {
			t.Fatalf("accepted, and encoding/json does not: %v", err)
		}
		if !same(body.Value, read) {
			t.Fatalf("decoded as %#v, and by encoding/json as %#v", body.Value, read)
		}
		if got, want := string(jsonbody.Canonical(body.Value)), canonical(t, text); got != want {
			t.Fatalf("the canonical form is %s, want %s", got, want)
		}
		again, err := jsonbody.Decode(jsonbody.Canonical(body.Value))
		if err != nil || !bytes.Equal(jsonbody.Canonical(again.Value), jsonbody.Canonical(body.Value)) {
			t.Fatalf("the canonical form is decoded as %#v, %v", again.Value, err)
		}
	})
}

// same compares two decoded values; numbers by their value, since whole ones are written as integers.
func same(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok || a == b {
			return ok
		}
		one, err := a.Float64()
		other, failed := b.Float64()
		return err == nil && failed == nil && one == other
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name := range a {
			if other, found := b[name]; !found || !same(a[name], other) {
				return false
			}
		}
		return true
	}
	return a == b
}

// canonical is the form of RFC 8785 according to jsontext.
func canonical(t *testing.T, text []byte) string {
	t.Helper()
	value := jsontext.Value(bytes.Clone(text))
	if err := value.Canonicalize(); err != nil {
		t.Fatal(err)
	}
	return value.String()
}
