package server_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
)

// TestLongestQueryIsAccepted sends to every list all its parameters at once, each with the largest value of the
// specification and with the characters that are longest in a URL. The query is refused for its invalid cursor, and not for
// its length.
func TestLongestQueryIsAccepted(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	document, err := openapi3.NewLoader().LoadFromData([]byte(spec.Specification))
	if err != nil {
		t.Fatal(err)
	}
	lists := 0
	for path, item := range document.Paths.Map() {
		if item.Get == nil || item.Get.Parameters.GetByInAndName("query", "cursor") == nil || strings.Contains(path, "{") {
			continue
		}
		lists++
		query := url.Values{}
		for _, parameter := range item.Get.Parameters {
			// id cannot be combined with the others.
			if parameter.Value.In == openapi3.ParameterInQuery && parameter.Value.Name != "id" {
				query[parameter.Value.Name] = longestValues(parameter.Value)
			}
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			answer := h.client(t).Get(path + "?" + query.Encode())
			answer.Refused(http.StatusBadRequest, "invalid_cursor")
		})
	}
	if lists < 10 {
		t.Errorf("lists: got %d, want at least 10", lists)
	}
}

// longestValues returns the longest values of a parameter.
func longestValues(parameter *openapi3.Parameter) []string {
	schema := parameter.Schema.Value
	if schema.Type.Is(openapi3.TypeArray) {
		items := int(*schema.MaxItems)
		if enum := schema.Items.Value.Enum; len(enum) > 0 {
			items = min(items, len(enum))
		}
		var values []string
		for i := range items {
			values = append(values, longestValue(schema.Items.Value, i))
		}
		return values
	}
	return []string{longestValue(schema, 0)}
}

// longestValue returns a longest value of a schema, another one for each number.
func longestValue(schema *openapi3.Schema, number int) string {
	const letter = "🦊" // 4 bytes in UTF-8, 12 in a URL
	switch {
	case len(schema.Enum) > 0:
		return schema.Enum[number].(string) //nolint:forcetypeassert // all enums are strings
	case schema.Type.Is(openapi3.TypeBoolean):
		return "true"
	case schema.Type.Is(openapi3.TypeInteger):
		return "200"
	case schema.Format == "uuid":
		return "01980a3e-7b1c-7c7e-8f00-0123456789ab"
	case schema.Format == "date-time":
		return "2026-01-01T00:00:00.000000000+23:59"
	case schema.Format == "email":
		return strings.Repeat("%", 60) + "@" + strings.Repeat("a.", 90) + "example"
	case schema.Pattern == "" || strings.Contains(schema.Pattern, `\x00`):
		tail := strconv.Itoa(number)
		return strings.Repeat(letter, int(*schema.MaxLength)-len(tail)) + tail
	case strings.Contains(schema.Pattern, "!-~"):
		return strings.Repeat("%", int(*schema.MaxLength))
	}
	if tail := string(rune('a' + number)); strings.Contains(schema.Pattern, `\.`) {
		return strings.Repeat("a", int(*schema.MaxLength)-2) + "." + tail
	}
	return strings.Repeat("a", int(*schema.MaxLength))
}
