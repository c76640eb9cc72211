package gate

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// FuzzReadQuery: what is accepted is what the generated decoding will read, known, clean, and repeated only where it may
// be.
func FuzzReadQuery(f *testing.F) {
	for _, seed := range []string{
		"", "limit=1", "role=a&role=b", "limit=1&limit=2", "x=1", "limit=%zz", "limit=%00", "a;b", "&&=", "=%", "limit=%ff&x", "mine=T", "limit=007",
	} {
		f.Add(seed)
	}
	op := &Operation{query: map[string]queried{
		"limit": {form: integerForm, kind: "integer"}, "mine": {form: truthForm, kind: "boolean"}, "role": {repeatable: true},
	}}
	f.Fuzz(func(t *testing.T, raw string) {
		flaws := fault.New(fault.MalformedRequest)
		read := op.readQuery(raw, flaws)
		if len(flaws.Fields()) > 0 {
			for _, field := range flaws.Fields() {
				if field.Parameter == "" || field.Code == "" {
					t.Fatalf("%q: refused by %+v, which names nothing", raw, field)
				}
			}
			return
		}
		want, err := url.ParseQuery(raw)
		if err != nil || !reflect.DeepEqual(read, want) {
			t.Fatalf("%q: read as %v, and by another reader as %v, %v", raw, read, want, err)
		}
		for name, values := range read {
			parameter, known := op.query[name]
			if !known || len(values) > 1 && !parameter.repeatable {
				t.Fatalf("%q: accepted %s=%q", raw, name, values)
			}
			for _, value := range values {
				if !clean(value) {
					t.Fatalf("%q: accepted %q, which cannot be kept", raw, value)
				}
				if parameter.form != nil && value != "" && !json.Valid([]byte(value)) {
					t.Fatalf("%q: accepted %q, which is no %s in JSON", raw, value, parameter.kind)
				}
			}
		}
	})
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	op := &Operation{produces: []string{"application/x-ndjson", "text/csv"}}
	for header, want := range map[string]bool{
		"": true, "  ": true, "*/*": true, "text/csv": true, "TEXT/*": true, "application/x-ndjson;q=0.1": true,
		"text/csv;q=0, */*": true, "text/csv;q=0, application/*": true, "text/html;q=1, text/csv": true,
		"application/json": false, "text/*;q=0": false, "text/csv;q=0, application/x-ndjson;q=0, */*": false,
		"text/*;q=0, text/csv; q=0.0": false, "text/csv ; Q = 0": false, "*/*;q=0.000": false, ",": false,
		"text": false, "text/": false,
		"*/csv": false, "/*": false, "text/csv;q=x": true, "text/csv;q=": true, "text/csv;q": true, "text/csv;q=-1": false,
	} {
		if got := op.accepts(http.Header{"Accept": {header}}); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
	if !op.accepts(http.Header{}) || !op.accepts(http.Header{"Accept": {"image/png", "text/csv"}}) {
		t.Error("no header, or two lines, are not understood")
	}
	if !(&Operation{}).accepts(http.Header{"Accept": {"image/png"}}) {
		t.Error("an operation without a body to send refuses an Accept header")
	}
}

// FuzzAccepts: whoever names the type itself gets it, whatever else stands before it.
func FuzzAccepts(f *testing.F) {
	for _, seed := range []string{"*/*", "text/*;q=0", "text/csv;q=0", ";;,,", "q=0;;"} {
		f.Add(seed)
	}
	op := &Operation{produces: []string{"text/csv"}}
	f.Fuzz(func(t *testing.T, header string) {
		if !op.accepts(http.Header{"Accept": {header, "text/csv"}}) {
			t.Errorf("%q and text/csv is not acceptable", header)
		}
		op.accepts(http.Header{"Accept": {header}})
	})
}

// FuzzFormats: what a format accepts, the generated decoding reads, and the answer's encoding writes again unchanged.
func FuzzFormats(f *testing.F) {
	for _, seed := range []string{
		"nora.lind@acme.example", "a..b@c.example", "a@b", "\"a\"@b.example", "2026-01-01T00:00:00Z", "2026-01-01T0:00:00Z",
		"2026-02-30T00:00:00Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00.5+23:59", "2026-01-01T24:00:00Z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if checkEmail(text) == nil {
			var address openapi_types.Email
			if err := json.Unmarshal(quoted, &address); err != nil || string(address) != text {
				t.Errorf("the email %q is read as %q, %v", text, address, err)
			}
			if _, err := json.Marshal(address); err != nil {
				t.Errorf("the email %q cannot be written: %v", text, err)
			}
		}
		if checkTime(text) == nil {
			if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
				t.Errorf("the time %q is not read: %v", text, err)
			}
		}
	})
}

func TestTimesAreThoseOfRFC3339(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"2026-01-31T09:30:00Z": true, "2026-01-31T09:30:00.123456789+05:30": true, "2024-02-29T23:59:59-23:59": true,
		"2026-02-29T09:30:00Z": false, "2026-01-31T9:30:00Z": false, "2026-01-31T09:30:00,5Z": false,
		"2026-01-31T09:30:00+24:00": false, "2026-01-31T09:30:00+01:60": false, "2026-01-31 09:30:00Z": false,
		"2026-01-31T23:59:60Z": false, "2026-01-31T24:00:00Z": false, "2026-01-31T09:30:00": false, "": false,
	} {
		if got := checkTime(text) == nil; got != want {
			t.Errorf("%q is a time: %t, want %t", text, got, want)
		}
	}
}
