package gate

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// requestSchemas calls a function with every schema of a parameter or a request body.
func requestSchemas(document *openapi3.T, each func(*openapi3.Schema)) {
	deep := func(ref *openapi3.SchemaRef) {
		each(ref.Value)
		eachSchema(ref, nil, each)
	}
	for _, item := range document.Paths.Map() {
		for _, op := range item.Operations() {
			for _, p := range slices.Concat(item.Parameters, op.Parameters) {
				deep(p.Value.Schema)
			}
			if op.RequestBody != nil {
				for _, media := range op.RequestBody.Value.Content {
					deep(media.Schema)
				}
			}
		}
	}
}

// eachSchema calls a function with every schema below another one.
func eachSchema(ref *openapi3.SchemaRef, above []*openapi3.Schema, each func(*openapi3.Schema)) {
	if ref == nil || slices.Contains(above, ref.Value) {
		return
	}
	above = append(slices.Clone(above), ref.Value)
	below := slices.Concat(ref.Value.AllOf, ref.Value.AnyOf, ref.Value.OneOf, slices.Collect(maps.Values(ref.Value.Properties)))
	if ref.Value.Items != nil {
		below = append(below, ref.Value.Items)
	}
	for _, one := range below {
		each(one.Value)
		eachSchema(one, above, each)
	}
}

// TestPatternsHaveSentences fails for a pattern of the specification that has no sentence, since clients would see a
// regular expression or nothing, and for a sentence whose pattern is not in the specification.
func TestPatternsHaveSentences(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	requestSchemas(document, func(schema *openapi3.Schema) {
		if schema.Pattern != "" {
			used[schema.Pattern] = true
		}
	})
	for pattern := range used {
		if patterns[pattern] == "" {
			t.Errorf("the pattern %s has no sentence", pattern)
		}
	}
	for pattern, sentence := range patterns {
		if !used[pattern] {
			t.Errorf("the pattern %s is not in the specification", pattern)
		}
		if !strings.HasPrefix(sentence, "must ") || strings.ContainsAny(sentence, `\^$[]{}`) {
			t.Errorf("the sentence for %s is %q", pattern, sentence)
		}
	}
	if len(used) == 0 {
		t.Error("no pattern was found")
	}
}

// TestFormatsHaveSentences fails for a format of a string for which there is no sentence.
func TestFormatsHaveSentences(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	validated := []string{"uuid", "email", "date-time"} // the validator ignores others
	requestSchemas(document, func(schema *openapi3.Schema) {
		if slices.Contains(validated, schema.Format) && strings.Contains(formatSentence(schema.Format), "format") {
			t.Errorf("the format %s has no sentence", schema.Format)
		}
	})
}

// TestSentences expects the code and the sentence for a violation of each keyword.
func TestSentences(t *testing.T) {
	t.Parallel()
	text, array, object := openapi3.NewStringSchema, openapi3.NewArraySchema, openapi3.NewObjectSchema
	many := make([]any, 21)
	for i := range many {
		many[i] = string(rune('a' + i))
	}
	url := text()
	url.Pattern = `^https?://[!-{}~]+$`
	unknown := text()
	unknown.Pattern = `^[0-9]{4}$`
	closed := object().WithProperty("a", text())
	closed.AdditionalProperties.Has = new(bool)
	required := object().WithProperty("a", text())
	required.Required = []string{"a"}
	even, two := openapi3.NewFloat64Schema(), 2.0
	even.MultipleOf = &two
	duplicates := array().WithItems(text())
	duplicates.UniqueItems = true
	for name, c := range map[string]struct {
		schema  *openapi3.Schema
		value   any
		pointer string
		code    string
		detail  string
	}{
		"required":        {required, map[string]any{}, "/a", "required", "is required"},
		"unknown":         {closed, map[string]any{"b/c": 1.0}, "/b~1c", "unknown", "is not a member of this object"},
		"type":            {text(), 1.0, "", "type", "must be of type string"},
		"null":            {text(), nil, "", "type", "must not be null"},
		"enum":            {text().WithEnum("a", "b"), "c", "", "enum", "must be one of a, b"},
		"a long enum":     {text().WithEnum(many...), "x", "", "enum", "must be one of the 21 values in the API reference, such as a, b, c"},
		"pattern":         {url, "ftp://x", "", "pattern", "must begin with http:// or https://; percent-encode spaces, | and characters outside ASCII"},
		"unknown pattern": {unknown, "x", "", "pattern", "does not have the form that the API reference describes"},
		"format":          {text().WithFormat("email"), "x", "", "format", "must be an email address"},
		"one character":   {text().WithMinLength(1), "", "", "min_length", "must have at least one character"},
		"min length":      {text().WithMinLength(2), "a", "", "min_length", "must have at least 2 characters"},
		"max length":      {text().WithMaxLength(2), "abc", "", "max_length", "must have at most 2 characters"},
		"min items":       {array().WithItems(text()).WithMinItems(1), []any{}, "", "min_items", "must have at least one item"},
		"max items":       {array().WithItems(text()).WithMaxItems(1), []any{"a", "b"}, "", "max_items", "must have at most one item"},
		"unique items":    {duplicates, []any{"a", "a"}, "", "unique_items", "must not contain duplicate items"},
		"minimum":         {openapi3.NewIntegerSchema().WithMin(3), 2.0, "", "minimum", "must be at least 3"},
		"maximum":         {openapi3.NewIntegerSchema().WithMax(3), 4.0, "", "maximum", "must be at most 3"},
		"an array's item": {array().WithItems(text()), []any{"a", 1.0}, "/1", "type", "must be of type string"},
		"min properties":  {object().WithMinProperties(1), map[string]any{}, "", "min_properties", "must have at least one member"},
		"another keyword": {even, 3.0, "", "multiple_of", "does not have the form that the API reference describes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			RegisterFormats()
			err := c.schema.VisitJSON(c.value, openapi3.MultiErrors())
			f := fault.New(fault.MalformedRequest)
			explain(f, err, nil)
			fields := f.Fields()
			if len(fields) != 1 || fields[0].Pointer != c.pointer || fields[0].Code != c.code ||
				c.detail != "" && fields[0].Detail != c.detail {
				t.Errorf("%+v, want %s at %q: %s", fields, c.code, c.pointer, c.detail)
			}
		})
	}
}

// TestMessagesContainNoPattern violates every pattern of a parameter or a request body in the specification, and expects
// a message without any of them.
func TestMessagesContainNoPattern(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	violated := map[string]string{} // the messages by pattern
	requestSchemas(document, func(schema *openapi3.Schema) {
		if schema.Pattern == "" {
			return
		}
		form := regexp.MustCompile(schema.Pattern)
		for _, value := range []string{"", " ", "|", "\x00", "é", "no,t a V@lue:", "ftp://x"} {
			if form.MatchString(value) {
				continue
			}
			one := openapi3.NewStringSchema() // without other keywords, which the value may violate as well
			one.Pattern = schema.Pattern
			f := fault.New(fault.MalformedRequest)
			explain(f, one.VisitJSON(value, openapi3.MultiErrors()), nil)
			if len(f.Fields()) != 1 || f.Fields()[0].Code != "pattern" {
				t.Fatalf("%s: %q: got %+v, want one error with the code pattern", schema.Pattern, value, f.Fields())
			}
			violated[schema.Pattern] = f.Fields()[0].Detail
		}
		if violated[schema.Pattern] == "" {
			t.Errorf("no value violates %s; add one", schema.Pattern)
		}
	})
	for pattern, message := range violated {
		for other := range violated {
			if strings.Contains(message, other) {
				t.Errorf("%s: got the message %q, which contains %s", pattern, message, other)
			}
		}
	}
	if len(violated) == 0 {
		t.Error("no pattern was found")
	}
}

// TestHints expects what to write instead of a value or a name of the query that is often written in another way.
func TestHints(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	contract, err := Load(document)
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"updated_since=2026-01-01T00:00:00 01:00": "updated_since: must be a date and time as in RFC 3339, such as " +
			"2026-01-31T09:30:00Z; write the + before the offset as %2B, because + means a space in a query",
		"updated_since=2026-01-01T00:00:00+01:00": "updated_since: must be a date and time as in RFC 3339, such as " +
			"2026-01-31T09:30:00Z; write the + before the offset as %2B, because + means a space in a query",
		"updated_since=2026-01-01 00:00:00": "updated_since: must be a date and time as in RFC 3339, such as 2026-01-31T09:30:00Z; " +
			"write T between the date and the time, and add Z for UTC, or the offset, such as +01:00",
		"sort=created_at:desc": "sort: must be one of -created_at, created_at, -updated_at, updated_at, " +
			"-stage_entered_at, stage_entered_at; did you mean -created_at?",
		"sort=updated_at,ASC": "sort: must be one of -created_at, created_at, -updated_at, updated_at, " +
			"-stage_entered_at, stage_entered_at; did you mean updated_at?",
		"page=2":                              "page: is not a parameter of this operation; pages have no numbers: send the next_cursor of a page as cursor",
		"offset=50":                           "offset: is not a parameter of this operation; pages have no numbers: send the next_cursor of a page as cursor",
		"per_page=5":                          "per_page: is not a parameter of this operation; did you mean limit?",
		"pageSize=5":                          "pageSize: is not a parameter of this operation; did you mean limit?",
		"order_by=x":                          "order_by: is not a parameter of this operation; did you mean sort?",
		"modified_since=2026-01-01T00:00:00Z": "modified_since: is not a parameter of this operation; did you mean updated_since?",
		"search=x":                            "search: is not a parameter of this operation",
		"stage=offer;hired":                   "stage: cannot be decoded as part of a query string; write & between parameters, and ; in a value as %3B",
		"stage=100%":                          "stage: cannot be decoded as part of a query string; write % as %25",
		"cursor=":                             "cursor: must have at least one character\ncursor: must be the next_cursor of a page; omit it for the first page",
		"updated_since=2026-01-01T00:00:00%2B01:00": "",
		"status=active,rejected": "status: must be one of active, on_hold, hired, rejected, withdrawn; repeat the parameter " +
			"for several values: status=active&status=rejected",
		"sort=created_at,updated_at": "sort: must be one of -created_at, created_at, -updated_at, updated_at, " +
			"-stage_entered_at, stage_entered_at; the parameter takes one value",
		"status=open":           "status: must be one of active, on_hold, hired, rejected, withdrawn",
		"status=Active":         "status: must be one of active, on_hold, hired, rejected, withdrawn; did you mean active?",
		"status=rejectd":        "status: must be one of active, on_hold, hired, rejected, withdrawn; did you mean rejected?",
		"status[]=active":       "status[]: is not a parameter of this operation; write status=… without brackets, and repeat it for several values",
		"status[0]=active":      "status[0]: is not a parameter of this operation; write status=… without brackets, and repeat it for several values",
		"filter[status]=active": "filter[status]: is not a parameter of this operation; write status=… without brackets, and repeat it for several values",
		"limit[]=5":             "limit[]: is not a parameter of this operation; write limit=… without brackets",
		"updated_sine=x":        "updated_sine: is not a parameter of this operation; did you mean updated_since?",
		"Limit=5":               "Limit: is not a parameter of this operation; did you mean limit?",
		"colour=red":            "colour: is not a parameter of this operation",
		"job_id=" + idOne + "," + idOne: "job_id: must have at most 36 characters\n" +
			"job_id: must be a UUID; the parameter takes one value",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			op := contract.operations[endpoint{http.MethodGet, "/api/v1/applications"}]
			f := fault.New(fault.MalformedRequest)
			values := op.readQuery(strings.ReplaceAll(query, " ", "+"), f)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/applications", nil)
			c := echo.New().NewContext(r, httptest.NewRecorder())
			if err := op.validateParameters(t.Context(), c, values); err != nil {
				explain(f, err, nil)
			}
			var got []string
			for _, field := range f.Fields() {
				got = append(got, field.Parameter+": "+field.Detail)
			}
			if strings.Join(got, "\n") != want {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
		})
	}
}

// TestTimeHints expects what to change in a time as programs write it that do not write RFC 3339.
func TestTimeHints(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"2026-01-31":                            "; add a time and an offset to the date",
		"2026-01-31T09:30:00":                   "; add Z for UTC, or the offset, such as +01:00",
		"2026-01-31T09:30:00.000":               "; add Z for UTC, or the offset, such as +01:00",
		"2026-01-31 09:30:00Z":                  "; write T between the date and the time",
		"2026-01-31T09:30:00+0100":              "; write the offset as +01:00",
		"2026-01-31T09:30:00+01":                "; write the offset as +01:00",
		"2026-01-31T09:30Z":                     "; add the seconds",
		"2026-01-31T09:30+01:00":                "; add the seconds",
		"2026-01-31T09:30+01:00[Europe/Berlin]": "; add the seconds, and remove the zone in brackets",
		"2026-01-31T09:30:00Z[UTC]":             "; remove the zone in brackets",
		"2026-01-31t09:30:00z":                  "; write T between the date and the time, and write Z as a capital letter",
		"2026-01-31T09:30:00,5Z":                "; write a point before the fraction of a second",
		"2026-01-31 09:30:00 +0100":             "; write T between the date and the time, and remove the space before the offset, and write the offset as +01:00",
		"2026-02-30T09:30:00Z":                  "; there is no such date, time or offset",
		"2026-01-31T24:00:00Z":                  "; there is no such date, time or offset",
		"2026-01-31T23:59:60Z":                  "; there is no such date, time or offset",
		"2026-01-31T09:30:00+24:00":             "; there is no such date, time or offset",
		"1769852000":                            "; write a Unix time as a date and time",
		"Sat, 31 Jan 2026 09:30:00 GMT":         "",
		"31.01.2026":                            "",
		"":                                      "",
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			if got := timeHint(value, false); got != want {
				t.Errorf("%s: got %q, want %q", value, got, want)
			}
			if checkTime(value) == nil {
				t.Errorf("%s is a valid time, which needs no hint", value)
			}
		})
	}
}

// idOne is an id.
const idOne = "01980a3e-7b1c-7c7e-8f00-0123456789ab"

func TestClip(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ given, want string }{
		"empty":         {"", ""},
		"short":         {"short", "short"},
		"invalid UTF-8": {"\xff", "�"},
		"60 letters":    {strings.Repeat("ä", 60), strings.Repeat("ä", 60)},
		"100 letters":   {strings.Repeat("ä", 100), strings.Repeat("ä", 60) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := clip(c.given); got != c.want {
				t.Errorf("clip(%q) is %q, want %q", c.given, got, c.want)
			}
		})
	}
}
