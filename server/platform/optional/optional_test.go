package optional_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

func TestPatches(t *testing.T) {
	t.Parallel()
	was, other := "was", "  new\u00a0"
	var absent nullable.Nullable[string]
	for name, test := range map[string]struct {
		was   *string
		patch nullable.Nullable[string]
		want  *string
		exact *string
	}{
		"absent keeps":       {&was, absent, &was, &was},
		"absent keeps none":  {nil, absent, nil, nil},
		"null clears":        {&was, nullable.NewNullNullable[string](), nil, nil},
		"null of none":       {nil, nullable.NewNullNullable[string](), nil, nil},
		"a value replaces":   {&was, nullable.NewNullableWithValue(other), new("new"), &other},
		"a value where none": {nil, nullable.NewNullableWithValue("x"), new("x"), new("x")},
		"only white space":   {&was, nullable.NewNullableWithValue(" "), new(""), new(" ")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := optional.Text(test.was, test.patch); !optional.Same(got, test.want) {
				t.Errorf("Text: got %v, want %v", optional.Plain(got), optional.Plain(test.want))
			}
			if got := optional.Patched(test.was, test.patch); !optional.Same(got, test.exact) {
				t.Errorf("Patched: got %v, want %v", optional.Plain(got), optional.Plain(test.exact))
			}
		})
	}
	if optional.Trimmed(was, nil) != was || optional.Trimmed(was, &other) != "new" {
		t.Error("Trimmed returns another text")
	}
}

func TestConversionToTheAPI(t *testing.T) {
	t.Parallel()
	value := 3
	if !optional.Of[int](nil).IsNull() || optional.Of(&value).MustGet() != 3 || !optional.Time(nil).IsNull() {
		t.Error("Of or Time returns another value")
	}
	berlin := time.Date(2027, 1, 1, 10, 0, 0, 0, time.FixedZone("", 3600))
	if got := optional.Time(&berlin).MustGet(); got.Location() != time.UTC || got.Hour() != 9 {
		t.Errorf("Time = %s, want 9 hours in UTC", got)
	}
	if optional.Plain[int](nil) != nil || optional.Plain(&value) != any(3) {
		t.Error("Plain returns another value")
	}
	if optional.Same(nil, &value) || optional.Same(&value, nil) || !optional.Same[int](nil, nil) {
		t.Error("Same considers nil and a value equal")
	}
}

func TestOr(t *testing.T) {
	t.Parallel()
	if got := optional.Or(nil, "default"); got != "default" {
		t.Errorf("no value gives %q, want the default", got)
	}
	if got := optional.Or(new(""), "default"); got != "" {
		t.Errorf("an empty text gives %q, want itself", got)
	}
}

func TestStrings(t *testing.T) {
	t.Parallel()
	type color string
	if got := optional.Strings([]color(nil)); got != nil {
		t.Errorf("no values give %#v, want nil", got)
	}
	if got := optional.Strings([]color{"red", "blue"}); !slices.Equal(got, []string{"red", "blue"}) {
		t.Errorf("Strings = %q, want red and blue", got)
	}
}
