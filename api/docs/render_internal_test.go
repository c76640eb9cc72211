package docs

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

// render returns the HTML of a component.
func render(t *testing.T, component templ.Component) string {
	t.Helper()
	var written strings.Builder
	if err := component.Render(t.Context(), &written); err != nil {
		t.Fatal(err)
	}
	return written.String()
}

func TestLimits(t *testing.T) {
	t.Parallel()
	number := func(name, text string) reference.Member {
		return reference.Member{Name: name, Value: reference.Value{Kind: reference.Number, Text: text}}
	}
	word := func(name, text string) reference.Member {
		return reference.Member{Name: name, Value: reference.TextOf(text)}
	}
	for want, s := range map[string]*reference.Schema{
		"1–100 characters":                       {Type: "string", Bounds: []reference.Member{number("minLength", "1"), number("maxLength", "100")}},
		"at most 1 character":                    {Type: "string", Bounds: []reference.Member{number("maxLength", "1")}},
		"at most 10,485,760 characters":          {Type: "string", Bounds: []reference.Member{number("maxLength", "10485760")}},
		"36 characters":                          {Type: "string", Bounds: []reference.Member{number("minLength", "36"), number("maxLength", "36")}},
		"":                                       {Type: "string", Format: "uuid", Bounds: []reference.Member{number("maxLength", "36")}},
		"at most 9 characters · not blank":       {Type: "string", Bounds: []reference.Member{number("maxLength", "9"), word("pattern", `\S`)}},
		"at most 8 characters":                   {Type: "string", Bounds: []reference.Member{number("maxLength", "8"), word("pattern", "^a$")}},
		"default <code>&#34;a&amp;b&#34;</code>": {Type: "string", Default: reference.TextOf("a&b")},
		"1–200 · default <code>50</code>":        {Type: "integer", Bounds: []reference.Member{number("minimum", "1"), number("maximum", "200")}, Default: reference.NumberOf(50)},
		"at least 0":                             {Type: "integer", Bounds: []reference.Member{number("minimum", "0")}},
		"greater than 0 · less than 1":           {Type: "number", Bounds: []reference.Member{number("exclusiveMinimum", "0"), number("exclusiveMaximum", "1")}},
		"a multiple of 15":                       {Type: "integer", Bounds: []reference.Member{number("multipleOf", "15")}},
		"at least 1 property":                    {Type: "object", Bounds: []reference.Member{number("minProperties", "1")}},
		"1–20 items · unique":                    {Type: "array", Bounds: []reference.Member{number("minItems", "1"), number("maxItems", "20"), word("uniqueItems", "true")}},
		"at most 2 items · each 1–5":             {Type: "array", Bounds: []reference.Member{number("maxItems", "2")}, Items: &reference.Schema{Type: "integer", Bounds: []reference.Member{number("minimum", "1"), number("maximum", "5")}}},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			got := strings.TrimSuffix(strings.TrimPrefix(render(t, limits(s)), `<p class="limits">`), "</p>")
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestTypeName(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]*reference.Schema{
		"string":                         {Type: "string"},
		"date-time or null":              {Type: "string", Format: "date-time", Nullable: true},
		"enum":                           {Type: "string", Enum: []reference.Value{reference.TextOf("a")}},
		"list of uuid":                   {Type: "array", Items: &reference.Schema{Type: "string", Format: "uuid"}},
		"list of list of object or null": {Type: "array", Nullable: true, Items: &reference.Schema{Type: "array", Items: &reference.Schema{Type: "object"}}},
		"one of several types":           {OneOf: []*reference.Schema{{Type: "string"}, {Type: "integer"}}},
		"any value":                      {},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := typeName(s); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	login := &reference.Operation{ID: "Login", Tag: "auth"}
	r := &renderer{byCall: map[string]*reference.Operation{"POST /login": login}}
	for text, want := range map[string]string{
		"One\nline.\n\nAnother.": "<p>One line.</p><p>Another.</p>",
		"Send `a<b` now.":        "<p>Send <code>a&lt;b</code> now.</p>",
		"**Strong** & plain.":    "<p><strong>Strong</strong> &amp; plain.</p>",
		"See `POST /login`.":     `<p>See <a href="/docs/auth#Login"><code>POST /login</code></a>.</p>`,
		"See [us](/docs).":       `<p>See <a href="/docs">us</a>.</p>`,
		"- One\n- Two\n  lines":  "<ul><li>One</li><li>Two lines</li></ul>",
		"<script>`</script>":     "<p>&lt;script&gt;`&lt;/script&gt;</p>",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got := render(t, r.markdown(text)); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// FuzzHighlight checks that highlighting keeps the text of the code, and that the code cannot contain markup.
func FuzzHighlight(f *testing.F) {
	for _, seed := range []string{
		`{"a": "b", "c": [1, true, null]}`, "curl -H 'A: \"b\"' \\\n  -d '{}'", "# comment\nif x: pass", "`raw`", "<b>&amp;</b>", `"\`,
	} {
		f.Add(seed)
	}
	marks := regexp.MustCompile(`</?span[^>]*>`)
	f.Fuzz(func(t *testing.T, code string) {
		written := render(t, highlight(code))
		if read := html.UnescapeString(marks.ReplaceAllString(written, "")); read != html.UnescapeString(html.EscapeString(code)) {
			t.Errorf("%q is displayed as %q", code, read)
		}
		if left := marks.ReplaceAllString(written, ""); strings.ContainsAny(left, "<>") {
			t.Errorf("%q contains markup: %q", code, left)
		}
	})
}
