package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

func TestIntegers(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		`{"a":1.0,"b":[ -2.0 ,1e2,5E-1,1.50e1]}`: `{"a":1,"b":[ -2 ,100,5E-1,15]}`,
		`{"e":"1.0","1.0":2}`:                    `{"e":"1.0","1.0":2}`,
		`3.0`:                                    `3`,
		`-0.0`:                                   `0`,
		`0.5`:                                    `0.5`,
		`9007199254740991.0`:                     `9007199254740991`,
		`9007199254740992.0`:                     `9007199254740992.0`,
		`-9.007199254740992e15`:                  `-9.007199254740992e15`,
		`1e400`:                                  `1e400`,
		`12`:                                     `12`,
	} {
		if got := string(integers([]byte(given))); got != want {
			t.Errorf("%s is written as %s, want %s", given, got, want)
		}
	}
}

// FuzzIntegers: a value keeps its meaning, and no number that has become an integer changes.
func FuzzIntegers(f *testing.F) {
	for _, seed := range []string{`{"a":[1.0,-0.0,1e2,0.1],"b":"1.0"}`, `9007199254740993.0`, `1e999`, `[[1E0]]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !checkJSON(body, fault.New(fault.MalformedRequest)) {
			return
		}
		var before, after any
		if json.Unmarshal(body, &before) != nil {
			return // a number beyond what a float holds
		}
		written := integers(body)
		if err := json.Unmarshal(written, &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%q has become %q: %v", body, written, err)
		}
		if again := integers(written); !bytes.Equal(again, written) {
			t.Fatalf("%q has become %q, and that %q", body, written, again)
		}
	})
}

func TestCheckTexts(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"a":"x\u0000","b":["\u0000",{"c":"\u0000"}],"d":"\\u0000"}`: {"/a", "/b/0", "/b/1/c"},
		`{"a":"\\u0000"}`: nil,
		`"\u0001"`:        nil,
		`"\u0000"`:        {""},
	} {
		err := checkTexts([]byte(body))
		var got []string
		var f *fault.Fault
		if errors.As(err, &f) {
			for _, field := range f.Fields() {
				got = append(got, field.Pointer)
			}
		}
		if !reflect.DeepEqual(got, want) || err != nil && f.Code() != fault.RuleViolated {
			t.Errorf("%s: %v at %v, want %v", body, err, got, want)
		}
	}
}
