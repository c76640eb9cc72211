package docs

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

func TestBounds(t *testing.T) {
	t.Parallel()
	number := func(name, text string) reference.Member {
		return reference.Member{Name: name, Value: reference.Value{Kind: reference.Number, Text: text}}
	}
	word := func(name, text string) reference.Member {
		return reference.Member{Name: name, Value: reference.TextOf(text)}
	}
	for want, s := range map[string]*reference.Schema{
		"1–100 characters":                 {Type: "string", Bounds: []reference.Member{number("minLength", "1"), number("maxLength", "100")}},
		"at most 1 character":              {Type: "string", Bounds: []reference.Member{number("maxLength", "1")}},
		"at most 10,485,760 characters":    {Type: "string", Bounds: []reference.Member{number("maxLength", "10485760")}},
		"36 characters":                    {Type: "string", Bounds: []reference.Member{number("minLength", "36"), number("maxLength", "36")}},
		"":                                 {Type: "string", Format: "uuid", Bounds: []reference.Member{number("maxLength", "36")}},
		"at most 9 characters · not blank": {Type: "string", Bounds: []reference.Member{number("maxLength", "9"), word("pattern", `\S`)}},
		"matches <code>^a&lt;b$</code>":    {Type: "string", Bounds: []reference.Member{word("pattern", "^a<b$")}},
		"1–200 · default <code>50</code>":  {Type: "integer", Bounds: []reference.Member{number("minimum", "1"), number("maximum", "200")}, Default: reference.NumberOf(50)},
		"at least 0":                       {Type: "integer", Bounds: []reference.Member{number("minimum", "0")}},
		"more than 0 · less than 1":        {Type: "number", Bounds: []reference.Member{number("exclusiveMinimum", "0"), number("exclusiveMaximum", "1")}},
		"a multiple of 15":                 {Type: "integer", Bounds: []reference.Member{number("multipleOf", "15")}},
		"at least 1 member":                {Type: "object", Bounds: []reference.Member{number("minProperties", "1")}},
		"1–20 entries · none twice":        {Type: "array", Bounds: []reference.Member{number("minItems", "1"), number("maxItems", "20"), word("uniqueItems", "true")}},
		"at most 2 entries · each 1–5":     {Type: "array", Bounds: []reference.Member{number("maxItems", "2")}, Items: &reference.Schema{Type: "integer", Bounds: []reference.Member{number("minimum", "1"), number("maximum", "5")}}},
	} {
		got := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string((&book{}).bounds(s))), `<p class="bounds">`), "</p>")
		if got != want {
			t.Errorf("the bounds are %q, want %q", got, want)
		}
	}
}

func TestTypesInWords(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]*reference.Schema{
		"string":                         {Type: "string"},
		"date-time or null":              {Type: "string", Format: "date-time", Nullable: true},
		"enum":                           {Type: "string", Enum: []reference.Value{reference.TextOf("a")}},
		"list of uuid":                   {Type: "array", Items: &reference.Schema{Type: "string", Format: "uuid"}},
		"list of list of object or null": {Type: "array", Nullable: true, Items: &reference.Schema{Type: "array", Items: &reference.Schema{Type: "object"}}},
		"one of several":                 {OneOf: []*reference.Schema{{Type: "string"}, {Type: "integer"}}},
		"any value":                      {},
	} {
		if got := plainType(s); got != want {
			t.Errorf("the type is %q, want %q", got, want)
		}
	}
}

func TestDescriptionsAreMarkup(t *testing.T) {
	t.Parallel()
	login := &reference.Operation{ID: "Login", Tag: "auth"}
	b := &book{byCall: map[string]*reference.Operation{"POST /login": login}}
	for text, want := range map[string]string{
		"One\nline.\n\nAnother.": "<p>One line.</p>\n<p>Another.</p>\n",
		"Send `a<b` now.":        "<p>Send <code>a&lt;b</code> now.</p>\n",
		"**Strong** & plain.":    "<p><strong>Strong</strong> &amp; plain.</p>\n",
		"See `POST /login`.":     `<p>See <a href="/docs/auth#Login"><code>POST /login</code></a>.</p>` + "\n",
		"See [us](/docs).":       `<p>See <a href="/docs">us</a>.</p>` + "\n",
		"- One\n- Two\n  lines":  "<ul>\n<li>One</li>\n<li>Two lines</li>\n</ul>\n",
		"<script>`</script>":     "<p>&lt;script&gt;`&lt;/script&gt;</p>\n",
	} {
		if got := string(b.told(text)); got != want {
			t.Errorf("%q is written as %q, want %q", text, got, want)
		}
	}
}

// FuzzHighlighted wants that colours change nothing of what is read, and that nothing of it is taken for markup.
func FuzzHighlighted(f *testing.F) {
	for _, seed := range []string{
		`{"a": "b", "c": [1, true, null]}`, "curl -H 'A: \"b\"' \\\n  -d '{}'", "# comment\nif x: pass", "`raw`", "<b>&amp;</b>", `"\`,
	} {
		f.Add(seed)
	}
	marks := regexp.MustCompile(`</?span[^>]*>`)
	f.Fuzz(func(t *testing.T, code string) {
		written := string(highlighted(code))
		if read := html.UnescapeString(marks.ReplaceAllString(written, "")); read != html.UnescapeString(html.EscapeString(code)) {
			t.Errorf("%q is read as %q", code, read)
		}
		if left := marks.ReplaceAllString(written, ""); strings.ContainsAny(left, "<>") {
			t.Errorf("%q holds markup: %q", code, left)
		}
	})
}
