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

// FuzzReadQuery compares what is accepted with url.ParseQuery. It must be known, text, and repeated only if it is a list.
func FuzzReadQuery(f *testing.F) {
	for _, seed := range []string{
		"", "limit=1", "role=a&role=b", "limit=1&limit=2", "x=1", "limit=%zz", "limit=%00", "a;b", "&&=", "=%", "limit=%ff&x", "mine=T", "limit=007",
	} {
		f.Add(seed)
	}
	op := &Operation{query: map[string]parameter{
		"limit": {form: integerForm, kind: "integer"}, "mine": {form: booleanForm, kind: "boolean"}, "role": {repeatable: true},
	}}
	f.Fuzz(func(t *testing.T, raw string) {
		flaws := fault.New(fault.MalformedRequest)
		read := op.readQuery(raw, flaws)
		if len(flaws.Fields()) > 0 {
			for _, field := range flaws.Fields() {
				if field.Parameter == "" || field.Code == "" {
					t.Fatalf("%q: refused by %+v, which names no parameter", raw, field)
				}
			}
			return
		}
		want, err := url.ParseQuery(raw)
		if err != nil || !reflect.DeepEqual(read, want) {
			t.Fatalf("%q: read as %v, and by url.ParseQuery as %v, %v", raw, read, want, err)
		}
		for name, values := range read {
			specified, known := op.query[name]
			if !known || len(values) > 1 && !specified.repeatable {
				t.Fatalf("%q: accepted %s=%q", raw, name, values)
			}
			for _, value := range values {
				if !clean(value) {
					t.Fatalf("%q: accepted %q, which cannot be stored", raw, value)
				}
				if specified.form != nil && value != "" && !json.Valid([]byte(value)) {
					t.Fatalf("%q: accepted %q, which is not a %s in JSON", raw, value, specified.kind)
				}
			}
		}
	})
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	lists := []string{"application/x-ndjson", "text/csv"}
	for name, c := range map[string]struct {
		produces []string
		header   http.Header
		want     bool
	}{
		"no header":                 {lists, http.Header{}, true},
		"one of them":               {lists, http.Header{"Accept": {"text/csv"}}, true},
		"two lines":                 {lists, http.Header{"Accept": {"image/png", "text/csv"}}, true},
		"none of them":              {lists, http.Header{"Accept": {"image/png", "text/html"}}, false},
		"a response without a body": {nil, http.Header{"Accept": {"image/png"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (&Operation{produces: c.produces}).accepts(c.header); got != c.want {
				t.Errorf("accepts: %t, want %t", got, c.want)
			}
		})
	}
}

// FuzzFormats checks that the generated code decodes and encodes every value that a format accepts, and that the formats
// refuse every value that it cannot decode.
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
		var address openapi_types.Email
		decodeErr := json.Unmarshal(quoted, &address)
		if accepted := checkEmail(text) == nil; accepted && (decodeErr != nil || string(address) != text) {
			t.Errorf("email %q: decoded as %q, error %v; want it refused or unchanged", text, address, decodeErr)
		} else if accepted {
			if _, err := json.Marshal(address); err != nil {
				t.Errorf("encode email %q: %v", text, err)
			}
		}
		_, parseErr := time.Parse(time.RFC3339Nano, text)
		if err := checkTime(text); err == nil && parseErr != nil {
			t.Errorf("time %q: accepted, but not parsed: %v", text, parseErr)
		}
	})
}

// TestCheckTime expects the times of RFC 3339 that exist.
func TestCheckTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"2026-01-31T09:30:00Z": true, "2026-01-31T09:30:00.123456789+05:30": true, "2024-02-29T23:59:59-23:59": true,
		"2026-02-29T09:30:00Z": false, "2026-01-31T9:30:00Z": false, "2026-01-31T09:30:00,5Z": false,
		"2026-01-31T09:30:00+24:00": false, "2026-01-31T09:30:00+01:60": false, "2026-01-31 09:30:00Z": false,
		"2026-01-31T23:59:60Z": false, "2026-01-31T24:00:00Z": false, "2026-01-31T09:30:00": false, "": false,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got := checkTime(text) == nil; got != want {
				t.Errorf("accepted: got %t, want %t", got, want)
			}
		})
	}
}
