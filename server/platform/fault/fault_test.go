package fault_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestCodesListsEveryConstant reads the source, so that no code is missing in the list and in the reference.
func TestCodesListsEveryConstant(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var declared []fault.Code
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Code" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		declared = append(declared, fault.Code(text))
		return true
	})
	if listed := fault.Codes(); !slices.Equal(declared, listed) {
		t.Errorf("listed = %v, want %v as declared", listed, declared)
	}
	if len(declared) == 0 {
		t.Error("found no code in the source")
	}
}

func TestCodesAreDescribed(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	titles, meanings := map[string]fault.Code{}, map[string]fault.Code{}
	for _, code := range fault.Codes() {
		d := code.Describe()
		if !form.MatchString(string(code)) {
			t.Errorf("%q is not snake_case", code)
		}
		if other, found := titles[d.Title]; found {
			t.Errorf("%s and %s have the same title", code, other)
		}
		if other, found := meanings[d.Meaning]; found {
			t.Errorf("%s and %s have the same meaning", code, other)
		}
		titles[d.Title], meanings[d.Meaning] = code, code
		if d.Title == "" || strings.HasSuffix(d.Title, ".") {
			t.Errorf("%s: the title %q is empty or a sentence", code, d.Title)
		}
		for _, sentence := range []string{d.Meaning, d.Remedy} {
			if !strings.HasSuffix(sentence, ".") {
				t.Errorf("%s: %q is not a sentence", code, sentence)
			}
		}
		if (d.Kind == fault.Internal) != (code == fault.InternalError) {
			t.Errorf("kind of %s = %d, want internal only for %s", code, d.Kind, fault.InternalError)
		}
	}
	if fault.Code("no_such_code").Describe() != fault.InternalError.Describe() {
		t.Error("the description of an unknown code is not that of internal_error")
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.EmailTaken).With("%s is taken.", "a@b.example").Because(io.EOF).After(time.Second).
		Field("/email", "taken", "x").Parameter("q", "y", "z")
	if f.Code() != fault.EmailTaken || f.Kind() != fault.Conflict || f.Detail() != "a@b.example is taken." ||
		f.RetryAfter() != time.Second {
		t.Errorf("fault = %+v, want email_taken as a conflict with the detail and one second", f)
	}
	want := []fault.Field{{Pointer: "/email", Code: "taken", Detail: "x"}, {Parameter: "q", Code: "y", Detail: "z"}}
	if !slices.Equal(f.Fields(), want) {
		t.Errorf("fields = %+v, want %+v", f.Fields(), want)
	}
	if f.Error() != "email_taken: EOF" || !errors.Is(f, io.EOF) {
		t.Errorf("Error = %q, want %q, and io.EOF as the cause", f.Error(), "email_taken: EOF")
	}
	if strings.Contains(f.Detail(), "EOF") {
		t.Error("the cause is public")
	}
	bare := fault.New(fault.EmailTaken)
	if bare.Detail() != fault.EmailTaken.Describe().Meaning || bare.Error() != "email_taken: "+bare.Detail() {
		t.Errorf("Error = %q, want the code and its meaning", bare.Error())
	}
}

func TestIsAndKindOf(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("save: %w", fault.New(fault.StateConflict))
	for _, c := range []struct {
		name string
		err  error
		is   bool
		kind fault.Kind
	}{
		{"wrapped fault", wrapped, true, fault.Conflict},
		{"cause of another fault", fault.New(fault.LastAdmin).Because(wrapped), false, fault.Conflict},
		{"other error", io.EOF, false, fault.Internal},
		{"no error", nil, false, fault.Internal},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if fault.Is(c.err, fault.StateConflict) != c.is || fault.KindOf(c.err) != c.kind {
				t.Errorf("%v: got state conflict %t and kind %d, want %t and %d",
					c.err, fault.Is(c.err, fault.StateConflict), fault.KindOf(c.err), c.is, c.kind)
			}
		})
	}
}
