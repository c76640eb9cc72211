package etag_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

func TestOf(t *testing.T) {
	t.Parallel()
	name, same, other := "Acme", "Acme", "Globex"
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	if tag := etag.Of(3); tag != `"3"` {
		t.Errorf("the tag is %s", tag)
	}
	form := regexp.MustCompile(`^"3\.[0-9a-f]{1,16}"$`)
	if tag := etag.Of(3, &name, nil, &early); !form.MatchString(tag) {
		t.Errorf("the tag is %s", tag)
	}
	if etag.Of(3, &name) != etag.Of(3, &same) {
		t.Error("the same content behind another pointer has another tag")
	}
	for what, pair := range map[string][2]string{
		"another version":       {etag.Of(3, name), etag.Of(4, name)},
		"another text":          {etag.Of(3, &name), etag.Of(3, &other)},
		"another time":          {etag.Of(3, &early), etag.Of(3, &late)},
		"nothing":               {etag.Of(3, &early), etag.Of(3, nil)},
		"another division":      {etag.Of(3, "ab", "c"), etag.Of(3, "a", "bc")},
		"a list, and its parts": {etag.Of(3, []string{"a", "b"}), etag.Of(3, []string{"a b"})},
		"something more":        {etag.Of(3), etag.Of(3, "a")},
	} {
		if pair[0] == pair[1] {
			t.Errorf("%s has the same tag %s", what, pair[0])
		}
	}
}

func TestOfContent(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^"[A-Za-z0-9_-]{22}"$`)
	tags := map[string]string{}
	for what, tag := range map[string]string{
		"nothing": etag.OfContent(nil), "a byte": etag.OfContent([]byte("a")), "another": etag.OfContent([]byte("b")),
		"an object": etag.OfShown(map[string]int{"a": 1, "b": 2}), "a list": etag.OfShown([]int{1, 2}),
	} {
		if !form.MatchString(tag) {
			t.Errorf("the tag of %s is %s", what, tag)
		}
		if tags[tag] != "" {
			t.Errorf("%s and %s have the same tag", what, tags[tag])
		}
		tags[tag] = what
	}
	if etag.OfShown(map[string]int{"a": 1, "b": 2}) != etag.OfContent([]byte(`{"a":1,"b":2}`)) {
		t.Error("what is shown has another tag than its JSON")
	}
	tag := etag.OfContent(nil)
	weak := etag.Weak(tag)
	if weak != "W/"+tag || !etag.Matches(&tag, weak) || !etag.Matches(&weak, weak) || !etag.Matches(&weak, tag) {
		t.Errorf("the weak tag %s does not match, or is no weak tag", weak)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	const tag = `"3.abc"`
	for header, want := range map[string]bool{
		tag: true, "W/" + tag: true, "*": true, `"1", ` + tag: true, `"1",W/` + tag + ` , "2"`: true, "  " + tag: true,
		"": false, `"3"`: false, `3.abc`: false, `"3.abc`: false, `w/` + tag: false, `"3.ABC"`: false, `"1", "2"`: false,
		",": false,
	} {
		if got := etag.Matches(&header, tag); got != want {
			t.Errorf("%q matches: %v, want %v", header, got, want)
		}
	}
	if etag.Matches(nil, tag) {
		t.Error("no header matches")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		`"3"`: true, `"3.abc"`: true, `"3.0123456789abcdef"`: true, "*": true, `"1", "3"`: true, `"3","1"`: true, ` "3" `: true,
		`W/"3"`: false, `"4"`: false, `"33"`: false, `"03"`: false, `"+3"`: false, `3`: false, `"3`: false, `3"`: false,
		`""`: false, `"3.anything"`: false, `"3.ABC"`: false, `"3."`: false, `"3.0123456789abcdef0"`: false,
		`"`: false, ``: false, `garbage`: false, `"1", W/"3"`: false, `"3"x`: false, `W/*`: false, `"."`: false, `"-3"`: false,
	} {
		err := etag.Check(&header, 3)
		if (err == nil) != want || err != nil && !fault.Is(err, fault.VersionMismatch) {
			t.Errorf("%q: %v, want it to pass: %v", header, err, want)
		}
	}
	if err := etag.Check(nil, 3); err != nil {
		t.Errorf("no header: %v", err)
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	present, stale := `"3"`, `"2"`
	for name, test := range map[string]struct {
		header *string
		want   fault.Code
	}{
		"none": {nil, fault.PreconditionRequired}, "stale": {&stale, fault.VersionMismatch}, "present": {&present, ""},
	} {
		if err := etag.Require(test.header, 3); (err == nil) != (test.want == "") || err != nil && !fault.Is(err, test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestBefore orders the two reasons against a change.
func TestBefore(t *testing.T) {
	t.Parallel()
	present, stale := etag.If(new(`"3"`)), etag.If(new(`"2"`))
	missing, none := etag.Needed(nil), etag.If(nil)
	for name, test := range map[string]struct {
		condition etag.Condition
		decided   error
		want      fault.Code
	}{
		"may be made":                      {present, nil, ""},
		"may be made, of no version":       {none, nil, ""},
		"may be made, and is behind":       {stale, nil, fault.VersionMismatch},
		"may be made, and must name one":   {missing, nil, fault.PreconditionRequired},
		"state":                            {present, fault.New(fault.StateConflict), fault.StateConflict},
		"state, and is behind":             {stale, fault.New(fault.StateConflict), fault.VersionMismatch},
		"state, and must name one":         {missing, fault.New(fault.StateConflict), fault.StateConflict},
		"rule, and is behind":              {stale, fault.New(fault.RuleViolated), fault.VersionMismatch},
		"may not, and is behind":           {stale, fault.New(fault.RoleNotAllowed), fault.RoleNotAllowed},
		"not there, and is behind":         {stale, fault.New(fault.ResourceNotFound), fault.ResourceNotFound},
		"cannot be told, and is behind":    {stale, fault.New(fault.DependencyDown), fault.DependencyDown},
		"nobody foresaw it, and is behind": {stale, fault.New(fault.InternalError), fault.InternalError},
	} {
		err := test.condition.Before(3, test.decided)
		if (err == nil) != (test.want == "") || err != nil && !fault.Is(err, test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// FuzzHeaders: no header breaks the reading, one that names the present tag passes, and one that names only others does
// not.
func FuzzHeaders(f *testing.F) {
	for _, seed := range []string{"", `"3"`, `W/"3"`, "*", `"`, `","`, `"3","`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		passes := etag.Check(&header, 3) == nil
		if passes && !strings.ContainsAny(header, "3*") {
			t.Errorf("%q passes and does not name version 3", header)
		}
		named := header + `, "3"`
		if etag.Check(&named, 3) != nil || !etag.Matches(&named, `"3"`) {
			t.Errorf("%q names version 3 and does not pass", named)
		}
	})
}
