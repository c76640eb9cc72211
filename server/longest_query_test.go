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

// TestTheLongestQueryIsRead sends every list all its parameters at once, each as long as the specification lets it be and
// of the characters that take most room in a URL: it is refused for the cursor, which nobody has issued, and not for its length.
func TestTheLongestQueryIsRead(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	document, err := openapi3.NewLoader().LoadFromData([]byte(spec.Specification))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for path, item := range document.Paths.Map() {
		if item.Get == nil || item.Get.Parameters.GetByInAndName("query", "cursor") == nil || strings.Contains(path, "{") {
			continue
		}
		asked++
		query := url.Values{}
		for _, parameter := range item.Get.Parameters {
			if parameter.Value.In == openapi3.ParameterInQuery {
				query[parameter.Value.Name] = longest(parameter.Value)
			}
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			answer := h.client(t).Get(path + "?" + query.Encode())
			answer.Refused(http.StatusBadRequest, "invalid_cursor")
		})
	}
	if asked < 10 {
		t.Errorf("only %d lists were asked", asked)
	}
}

// longest gives the values of a parameter that take most room.
func longest(parameter *openapi3.Parameter) []string {
	schema := parameter.Schema.Value
	if schema.Type.Is(openapi3.TypeArray) {
		items := int(*schema.MaxItems)
		if enum := schema.Items.Value.Enum; len(enum) > 0 {
			items = min(items, len(enum))
		}
		var values []string
		for i := range items {
			values = append(values, wide(schema.Items.Value, i))
		}
		return values
	}
	return []string{wide(schema, 0)}
}

// wide gives a value that takes much room, another one for each number.
func wide(schema *openapi3.Schema, number int) string {
	const letter = "🦊" // four bytes, twelve characters in a URL
	switch {
	case len(schema.Enum) > 0:
		return schema.Enum[number].(string) //nolint:forcetypeassert // ours are texts
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
