package page_test

import (
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
)

func TestHint(t *testing.T) {
	t.Parallel()
	const (
		tags  = "The comma in tag is part of the value. Repeat the parameter for candidates that have several tags: "
		comma = "The comma in department is part of the value. The parameter takes one value."
		plus  = "The + in external_id means a space. Write a + of the value as %2B."
	)
	for query, want := range map[string]string{
		"": "", "tag=python": "", "q=a,b": "", "q=a+b": "", "external_id=a%2Bb": "", "external_id=a%20b": "", "tag=%zz,": "",
		"tag=python,go": tags + "tag=python&tag=go", "tag=python%2Cgo": tags + "tag=python&tag=go",
		"limit=5&tag=c%2B%2B,a&tag=x": tags + "tag=c%2B%2B&tag=a",
		"department=A,B":              comma, "department=R%26D,+Berlin": comma + " The + in department means a space. Write a + of the value as %2B.",
		"external_id=a+b": plus, "external_id=a+b&department=A,B": plus + " " + comma,
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			got := page.Hint(0, query, "tag", "department", "external_id")
			if want == "" && got != nil || want != "" && (got == nil || *got != want) {
				t.Errorf("got %v, want %q", got, want)
			}
			if page.Hint(1, query, "tag", "department", "external_id") != nil {
				t.Error("a page with entries has a hint")
			}
		})
	}
	const bound = 500 // that of the specification
	many := strings.Repeat("tag="+strings.Repeat("%E4%BD%A0", 60)+",+"+strings.Repeat("%E4%BD%A0", 60)+"&", 9)
	if hint := page.Hint(0, many, "tag"); hint == nil || len([]rune(*hint)) > bound {
		t.Errorf("the hint %v has more than %d characters, or is absent", hint, bound)
	}
}
