package gate

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, pointer, code string }{
		{`{}`, "", ""},
		{` {"a" : [1, 2.5e3, "x", true, null]} ` + "\n", "", ""},
		{`"\u00e4\ud83e\udd8a"`, "", ""},
		{`1e400`, "", ""},
		{strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), "", ""},
		{strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), strings.Repeat("/0", maxDepth), "too_deep"},
		{"[" + strings.Repeat("1,", maxTokens-3) + "1]", "", ""},
		{"[" + strings.Repeat("1,", maxTokens-1) + "1]", "/3999", "too_many"},
		{``, "", "syntax"},
		{`{"a":{"b":1,"b":2}}`, "/a/b", "duplicate_name"},
		{`{"a":1,"\u0061":2}`, "/a", "duplicate_name"},
		{`[1,]`, "/0", "syntax"},
		{`{"a":tru}`, "/a", "syntax"},
		{`{"a":"\ud800"}`, "/a", "syntax"},
		{"{\"a\":\"\xc3\x28\"}", "/a", "syntax"},
		{"\ufeff{}", "", "syntax"},
		{`["a","\u0000",{"b":"\u0000"}]`, "", ""},
		{`{"\u0000":1}`, "/\x00", "nul"},
		{`{}{}`, "", "trailing_data"},
		{`{}]`, "", "trailing_data"},
		{"{}\x00", "", "trailing_data"},
	} {
		f := fault.New(fault.MalformedRequest)
		accepted := checkJSON([]byte(c.body), f)
		if accepted != (c.code == "") {
			t.Errorf("%.40q: accepted is %v", c.body, accepted)
		}
		if fields := f.Fields(); !accepted && (len(fields) != 1 || fields[0].Code != c.code || fields[0].Pointer != c.pointer) {
			t.Errorf("%.40q: refused by %+v, want %s at %q", c.body, fields, c.code, c.pointer)
		}
	}
}

// FuzzCheckJSON: what is accepted means the same to another reader, and what is refused is refused for a reason.
func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,"x",null,true,{"b":{}}]}`, `{"a":1,"a":2}`, `"\ud800"`, "\ufeff{}", `[[[[`, `{} {}`, "\"\x00\"", `1e999`,
		`-0`, `{"\u2028":"<&>"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		flaws := fault.New(fault.MalformedRequest)
		if !checkJSON(body, flaws) {
			if len(flaws.Fields()) != 1 {
				t.Fatalf("refused by %+v", flaws.Fields())
			}
			return
		}
		if !utf8.Valid(body) {
			t.Fatal("accepted, and is no UTF-8")
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var read any
		if err := decoder.Decode(&read); err != nil {
			t.Fatalf("accepted, and another reader does not: %v", err)
		}
		again, err := json.Marshal(read)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := plain(t, body), plain(t, again); a != b {
			t.Fatalf("read as %s, and by another reader as %s", a, b)
		}
	})
}

// plain writes a JSON value in the one form that leaves numbers as they are.
func plain(t *testing.T, text []byte) string {
	t.Helper()
	value := jsontext.Value(bytes.Clone(text))
	if err := value.Format(jsontext.ReorderRawObjects(true), jsontext.Multiline(false)); err != nil {
		t.Fatal(err)
	}
	return value.String()
}

func TestClip(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":                       "",
		"short":                  "short",
		"\xff":                   "�",
		strings.Repeat("ä", 60):  strings.Repeat("ä", 60),
		strings.Repeat("ä", 100): strings.Repeat("ä", 60) + "…",
	} {
		if got := clip(given); got != want {
			t.Errorf("clip(%q) is %q, want %q", given, got, want)
		}
	}
}
