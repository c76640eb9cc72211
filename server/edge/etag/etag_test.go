package etag_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/api/encoder"
	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

func TestOf(t *testing.T) {
	t.Parallel()
	name, same, other := "Acme", "Acme", "Globex"
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	if tag := etag.Of(3); tag != `"3"` {
		t.Errorf("got %s, want \"3\"", tag)
	}
	form := regexp.MustCompile(`^"3\.[0-9a-f]{1,16}"$`)
	if tag := etag.Of(3, &name, nil, &early); !form.MatchString(tag) {
		t.Errorf("got %s, want a match of %s", tag, form)
	}
	if etag.Of(3, &name) != etag.Of(3, &same) {
		t.Error("equal values behind different pointers have different tags")
	}
	for name, pair := range map[string][2]string{
		"another version":                {etag.Of(3, name), etag.Of(4, name)},
		"another string":                 {etag.Of(3, &name), etag.Of(3, &other)},
		"another time":                   {etag.Of(3, &early), etag.Of(3, &late)},
		"null":                           {etag.Of(3, &early), etag.Of(3, nil)},
		"split elsewhere":                {etag.Of(3, "ab", "c"), etag.Of(3, "a", "bc")},
		"array, and its elements joined": {etag.Of(3, []string{"a", "b"}), etag.Of(3, []string{"a b"})},
		"additional value":               {etag.Of(3), etag.Of(3, "a")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if pair[0] == pair[1] {
				t.Errorf("both tags are %s", pair[0])
			}
		})
	}
}

// TestDigestsAreThoseOfEncodingJSON checks that clients and caches can use the tags of releases that encoded the values
// with package encoding/json.
func TestDigestsAreThoseOfEncodingJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 8, 30, 15, 123456000, time.UTC)
	for _, values := range [][]any{
		{nil},
		{"<Zoë> \u2028"},
		{&at, (*time.Time)(nil), at},
		{[]api.JobAction{api.JobActionOpen}, []api.JobAction(nil)},
		{api.PersonSummary{FirstName: "a"}, 1, true},
		{nullable.NewNullableWithValue(at), nullable.NewNullNullable[string]()},
	} {
		digest := fnv.New64a()
		if err := json.NewEncoder(digest).Encode(values); err != nil {
			t.Fatal(err)
		}
		if got, want := etag.Of(3, values...), fmt.Sprintf(`"3.%x"`, digest.Sum64()); got != want {
			t.Errorf("%v: got %s, want %s", values, got, want)
		}
	}
	person := api.PersonSummary{FirstName: "<Zoë>", LastName: "b"}
	encoded, err := json.Marshal(person)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := etag.OfShown(person), etag.OfContent(encoded); got != want {
		t.Errorf("OfShown: got %s, want %s", got, want)
	}
}

// shown is a response of any form.
type shown struct{ value any }

func (s shown) AppendJSON(dst []byte) []byte { return encoder.Any(dst, s.value) }

func TestOfContent(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^"[A-Za-z0-9_-]{22}"$`)
	tags := map[string]string{}
	for name, tag := range map[string]string{
		"empty": etag.OfContent(nil), "one byte": etag.OfContent([]byte("a")), "another byte": etag.OfContent([]byte("b")),
		"object": etag.OfShown(shown{map[string]int{"a": 1, "b": 2}}), "array": etag.OfShown(shown{[]int{1, 2}}),
	} {
		t.Run(name, func(t *testing.T) {
			if !form.MatchString(tag) {
				t.Errorf("got %s, want a match of %s", tag, form)
			}
			if tags[tag] != "" {
				t.Errorf("%s and %s have the same tag", name, tags[tag])
			}
			tags[tag] = name
		})
	}
	if etag.OfShown(shown{map[string]int{"a": 1, "b": 2}}) != etag.OfContent([]byte(`{"a":1,"b":2}`)) {
		t.Error("OfShown and OfContent return different tags for the same JSON")
	}
	tag := etag.OfContent(nil)
	weak := etag.Weak(tag)
	if weak != "W/"+tag || !etag.Matches(&tag, weak) || !etag.Matches(&weak, weak) || !etag.Matches(&weak, tag) {
		t.Errorf("got %s, want W/%s, and matches in both directions", weak, tag)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	const tag = `"3.abc"`
	for header, want := range map[string]bool{
		tag: true, "W/" + tag: true, "*": true, `"1", ` + tag: true, `"1",W/` + tag + ` , "2"`: true, "  " + tag: true,
		`"3.abc-gzip"`: true, `"3.abc--gzip"`: true, `"3.abc;gzip"`: true, `W/"3.abc-br"`: true, `"1", "3.abc-zstd"`: true,
		`"3.abc-deflate" , "1"`: true, `"3.abcgzip"`: false, `"3.abc-gzip-gzip"`: false, `"3.abc-other"`: false, `"3.abc-gzip`: false,
		`"3.abc"-gzip`: false, `"3.abd-gzip"`: false, `"-gzip"`: false,
		"": false, `"3"`: false, `3.abc`: false, `"3.abc`: false, `w/` + tag: false, `"3.ABC"`: false, `"1", "2"`: false,
		",": false,
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			if got := etag.Matches(&header, tag); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	if etag.Matches(nil, tag) {
		t.Error("a nil header matches")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		`"3"`: true, `"3.abc"`: true, `"3.0123456789abcdef"`: true, "*": true, `"1", "3"`: true, `"3","1"`: true, ` "3" `: true,
		`"3-gzip"`: true, `"3--gzip"`: true, `"3;gzip"`: true, `"3-br"`: true, `"3.abc-zstd"`: true, `W/"3-gzip"`: true, `"1-gzip","3-gzip"`: true,
		`"3-x-gzip"`: true, `"4-gzip"`: false, `"3gzip"`: false, `"3-gzip-gzip"`: false, `"-gzip"`: false, `"3"-gzip`: false, `"3-GZIP"`: false,
		`W/"3"`: true, `W/"3.abc"`: true, `W/"4"`: false, `w/"3"`: false, `"W/3"`: false, `"4"`: false, `"33"`: false, `"03"`: false, `"+3"`: false, `3`: false, `"3`: false, `3"`: false,
		`""`: false, `"3.anything"`: false, `"3.ABC"`: false, `"3."`: false, `"3.0123456789abcdef0"`: false,
		`"`: false, ``: false, `garbage`: false, `"1", W/"3"`: true, `"1", W/"2"`: false, `"3"x`: false, `W/*`: false, `"."`: false, `"-3"`: false,
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			err := etag.Check(&header, 3)
			if (err == nil) != want || err != nil && !fault.Is(err, fault.VersionMismatch) {
				t.Errorf("got error %v, want it accepted: %v", err, want)
			}
		})
	}
	if err := etag.Check(nil, 3); err != nil {
		t.Errorf("nil header: got error %v, want none", err)
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	current, stale := `"3"`, `"2"`
	for name, test := range map[string]struct {
		header *string
		want   fault.Code
	}{
		"none": {nil, fault.PreconditionRequired}, "stale": {&stale, fault.VersionMismatch}, "current": {&current, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, etag.Require(test.header, 3), test.want)
		})
	}
}

// expect compares an error with a code; the empty code means none.
func expect(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !fault.Is(err, want) {
		t.Errorf("got error %v, want %q", err, want)
	}
}

// TestBefore checks whether a failed condition or the refusal of the domain is reported.
func TestBefore(t *testing.T) {
	t.Parallel()
	current, stale := etag.If(new(`"3"`)), etag.If(new(`"2"`))
	missing, none := etag.Needed(nil), etag.If(nil)
	for name, test := range map[string]struct {
		condition etag.Condition
		decision  error
		want      fault.Code
	}{
		"permitted":                               {current, nil, ""},
		"permitted, no condition":                 {none, nil, ""},
		"permitted, stale":                        {stale, nil, fault.VersionMismatch},
		"permitted, required header missing":      {missing, nil, fault.PreconditionRequired},
		"state conflict":                          {current, fault.New(fault.StateConflict), fault.StateConflict},
		"state conflict, stale":                   {stale, fault.New(fault.StateConflict), fault.VersionMismatch},
		"state conflict, required header missing": {missing, fault.New(fault.StateConflict), fault.StateConflict},
		"rule violated, stale":                    {stale, fault.New(fault.RuleViolated), fault.VersionMismatch},
		"role not allowed, stale":                 {stale, fault.New(fault.RoleNotAllowed), fault.RoleNotAllowed},
		"not found, stale":                        {stale, fault.New(fault.ResourceNotFound), fault.ResourceNotFound},
		"dependency down, stale":                  {stale, fault.New(fault.DependencyDown), fault.DependencyDown},
		"internal error, stale":                   {stale, fault.New(fault.InternalError), fault.InternalError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, test.condition.Before(3, test.decision), test.want)
		})
	}
}

// FuzzHeaders checks that a header that contains the current tag is accepted, whatever else it contains, and that one that
// cannot contain it is not.
func FuzzHeaders(f *testing.F) {
	for _, seed := range []string{"", `"3"`, `W/"3"`, "*", `"`, `","`, `"3","`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		accepted := etag.Check(&header, 3) == nil
		if accepted && !strings.ContainsAny(header, "3*") {
			t.Errorf("%q: accepted without version 3", header)
		}
		named := header + `, "3"`
		if etag.Check(&named, 3) != nil || !etag.Matches(&named, `"3"`) {
			t.Errorf("%q: refused although it contains version 3", named)
		}
	})
}

func TestCheckNew(t *testing.T) {
	t.Parallel()
	star := "*"
	for name, test := range map[string]struct {
		header  *string
		exists  bool
		refused bool
	}{
		"no header":       {nil, true, false},
		"a new resource":  {&star, false, false},
		"an existing one": {&star, true, true},
	} {
		if err := etag.CheckNew(test.header, test.exists); fault.Is(err, fault.VersionMismatch) != test.refused || err != nil && !test.refused {
			t.Errorf("%s: got error %v, want a refusal: %v", name, err, test.refused)
		}
	}
}
