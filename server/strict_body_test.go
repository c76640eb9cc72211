package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	jsonMedia = "application/json"
	formMedia = "application/x-www-form-urlencoded"
)

// ofBody are breaches of the body.
func ofBody(spec specified) []breach {
	if spec.RequestBody == nil {
		return ofNoBody()
	}
	body := spec.RequestBody.Value
	list := ofMedia(body.Content, spec.item.Patch == spec.Operation)
	if body.Required {
		list = append(list, malformed("no body", "#: required"))
	}
	media := body.Content[jsonMedia]
	if media == nil {
		return list // of an upload the rows are read by the operation
	}
	list = append(list, ofText(media.Example)...)
	for _, c := range twists(media.Schema.Value, media.Example, "", nil) {
		whole := render(media.Example, c.path, c.raw)
		list = append(list, malformed(c.name+": "+shorten(c.raw), c.names...).saying(whole).under("Content-Type", jsonMedia))
	}
	return list
}

// ofNoBody are bodies where none belongs.
func ofNoBody() []breach {
	var list []breach
	for media, body := range map[string]string{
		jsonMedia: `{"unknown":1}`, "application/json; charset=utf-8": `[]`, formMedia: "unknown=1", "text/plain": "x",
		"multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n",
	} {
		list = append(list, malformed("a body of "+media, "#: unexpected").saying(body).under("Content-Type", media))
	}
	return list
}

// ofMedia are bodies of media, charsets and encodings that an operation does not read.
func ofMedia(content openapi3.Content, patch bool) []breach {
	known := slices.Sorted(maps.Keys(content))
	var list []breach
	for _, media := range []string{
		"text/plain", formMedia, "multipart/form-data; boundary=x", "application/xml", "application/problem+json", "application/jsonx",
		"text/csv", "application/x-ndjson", jsonMedia, "application/merge-patch+json", "*/*", "garbage", known[0] + ", text/plain",
		known[0] + "; charset=utf-16", known[0] + "; charset=iso-8859-1", known[0] + "; charset",
	} {
		// A PATCH reads merge patches although it declares JSON only.
		if content[media] == nil && (!patch || media != "application/merge-patch+json") {
			list = append(list, unsupported(media, http.Header{"Content-Type": {media}}).saying("{}"))
		}
	}
	for _, encoding := range []string{"gzip", "br", "identity, gzip", "\xff"} {
		list = append(list, unsupported("encoded as "+encoding, http.Header{
			"Content-Type": {known[0]}, "Content-Encoding": {encoding},
		}).saying("{}"))
	}
	return list
}

// ofText are bodies that are no JSON text as the service reads it, or whose value is no object.
func ofText(example any) []breach {
	valid := render(example, nil, "")
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	var wide strings.Builder
	for _, unit := range utf16.Encode([]rune(valid)) {
		wide.WriteByte(byte(unit))
		wide.WriteByte(byte(unit >> 8))
	}
	var list []breach
	for name, b := range map[string]struct{ body, names string }{
		"white space":         {" ", "#: syntax"},
		"a byte order mark":   {"\ufeff" + valid, "#: syntax"},
		"UTF-16":              {wide.String(), "#: syntax"},
		"no UTF-8":            {"{\"x\":\"\xff\"}", "#/x: syntax"},
		"half a pair":         {`{"x":"\ud800"}`, "#/x: syntax"},
		"NUL":                 {`{"x":"a\u0000b"}`, "#/x: unknown"},
		"NUL in a name":       {`{"a\u0000":1}`, "#/a\x00: nul"},
		"NUL behind":          {valid + "\x00", "#: trailing_data"},
		"two values":          {valid + valid, "#: trailing_data"},
		"garbage behind":      {valid + "x", "#: trailing_data"},
		"a comma too many":    {`{"x":1,}`, "#/x: syntax"},
		"a comment":           {"/**/" + valid, "#: syntax"},
		"single quotes":       {`{'x':1}`, "#: syntax"},
		"NaN":                 {`{"x":NaN}`, "#/x: syntax"},
		"not closed":          {`{"x":1`, "#/x: syntax"},
		"too deep":            {deep, "#" + strings.Repeat("/0", 32) + ": too_deep"},
		"too many values":     {`{"x":[` + strings.Repeat("0,", 5000) + `0]}`, "#/x/3997: too_many"},
		"null":                {"null", "#: type"},
		"a number":            {"1", "#: type"},
		"a text":              {`"{}"`, "#: type"},
		"a truth":             {"true", "#: type"},
		"a list":              {"[]", "#: type"},
		"a list of one":       {"[" + valid + "]", "#: type"},
		"an unknown name":     {`{"unknown":1}`, "#/unknown: unknown"},
		"the same name twice": {`{"x":1,"x":1}`, "#/x: duplicate_name"},
	} {
		list = append(list, malformed(name, b.names).saying(b.body).under("Content-Type", jsonMedia))
	}
	return list
}

// twist is another value for one place of a body.
type twist struct {
	name  string
	path  []string
	raw   string
	names []string
}

// twists are all the ways in which a valid value becomes one that its schema does not accept, at every depth.
// Members that the example leaves out are tried as well.
func twists(schema *openapi3.Schema, value any, pointer string, path []string) []twist {
	var list []twist
	add := func(name, raw string, names ...string) {
		for i := range names {
			names[i] = "#" + pointer + names[i]
		}
		list = append(list, twist{pointer + " " + name, slices.Clone(path), raw, names})
	}
	if !schema.Type.Permits("null") {
		add("null", "null", ": type", ": enum")
	}
	step := func(name string) (string, []string) {
		escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		return pointer + "/" + escaped, append(slices.Clone(path), name)
	}
	switch {
	case schema.Type.Includes(openapi3.TypeObject):
		add("a text for an object", `"x"`, ": type")
		add("a list for an object", `[]`, ": type")
		object, present := value.(map[string]any)
		if present {
			list = append(list, ofMembers(object, pointer, path)...)
		}
		for name, property := range schema.Properties {
			at, below := step(name)
			member := object[name]
			if member == nil {
				member = property.Value.Example
			}
			list = append(list, twists(property.Value, member, at, below)...)
		}
	case schema.Type.Includes(openapi3.TypeArray):
		add("a text for a list", `"x"`, ": type")
		add("an object for a list", `{}`, ": type")
		elements, _ := value.([]any)
		if len(elements) > 0 {
			at, below := step("0")
			list = append(list, twists(schema.Items.Value, elements[0], at, below)...)
			if schema.MaxItems != nil && *schema.MaxItems < 1000 {
				one := render(elements[0], nil, "")
				add("too many", "["+strings.Repeat(one+",", int(*schema.MaxItems))+one+"]", ": max_items")
			}
		}
	default:
		list = append(list, ofScalar(schema, value, pointer, path)...)
	}
	return list
}

// ofMembers are breaches of what an object's members are called.
func ofMembers(object map[string]any, pointer string, path []string) []twist {
	members := func(extra string) string {
		whole := render(object, nil, "")
		if len(object) == 0 {
			return "{" + extra + "}"
		}
		return whole[:len(whole)-1] + "," + extra + "}"
	}
	list := []twist{{pointer + " an unknown name", path, members(`"zz_none":1`), []string{"#" + pointer + "/zz_none: unknown"}}}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		quoted := fmt.Sprintf("%q:", name)
		upper := strings.ToUpper(name)
		list = append(list, twist{
			pointer + "/" + name + " twice", path, members(quoted + render(object[name], nil, "")),
			[]string{"#" + pointer + "/" + name + ": duplicate_name"},
		}, twist{
			pointer + "/" + name + " in capitals", path, members(fmt.Sprintf("%q:", upper) + render(object[name], nil, "")),
			[]string{"#" + pointer + "/" + upper + ": unknown"},
		})
	}
	return list
}

// ofScalar are values that a text, a number or a truth value may not be.
func ofScalar(schema *openapi3.Schema, value any, pointer string, path []string) []twist {
	var list []twist
	add := func(name, raw string, codes ...string) {
		names := make([]string, len(codes))
		for i, code := range codes {
			names[i] = "#" + pointer + ": " + code
		}
		list = append(list, twist{pointer + " " + name, path, raw, names})
	}
	add("a list for a value", "["+render(value, nil, "")+"]", "type", "enum")
	add("an object for a value", `{}`, "type", "enum")
	switch {
	case schema.Type.Includes(openapi3.TypeString):
		add("a number for a text", "1", "type", "enum")
		add("a truth for a text", "true", "type", "enum")
		add("a number beyond all", "1e400", "type", "enum")
		if len(schema.Enum) > 0 {
			add("another value", `"zz_none"`, "enum")
			add("a value in capitals", strings.ToUpper(render(schema.Enum[0], nil, "")), "enum")
		}
		if schema.Format != "" && schema.Format != "password" {
			add("another format", `"x y"`, "format", "pattern")
		}
		if schema.MinLength > 0 {
			add("too short", `""`, "min_length")
		}
		if schema.MaxLength != nil && len(schema.Enum) == 0 {
			add("too long", `"`+strings.Repeat("a", int(*schema.MaxLength)+1)+`"`, "max_length")
		}
	case schema.Type.Includes(openapi3.TypeInteger), schema.Type.Includes(openapi3.TypeNumber):
		add("a text for a number", `"1"`, "type", "enum")
		add("a truth for a number", "true", "type", "enum")
		add("beyond 64 bits", "99999999999999999999", "maximum", "type", "format", "range")
		add("beyond all", "1e400", "maximum", "type", "format", "range")
		if schema.Type.Includes(openapi3.TypeInteger) {
			add("a fraction", "1.5", "type")
		}
		if schema.Max != nil {
			add("too much", fmt.Sprint(math.Floor(*schema.Max)+1), "maximum")
		}
		if schema.Min != nil {
			add("too little", fmt.Sprint(math.Ceil(*schema.Min)-1), "minimum")
		}
	case schema.Type.Includes(openapi3.TypeBoolean):
		add("a text for a truth", `"true"`, "type")
		add("a number for a truth", "1", "type")
	}
	return list
}

// render writes a value as JSON, with some raw text at one place of it. Objects on the way that are missing are made.
func render(value any, path []string, raw string) string {
	if len(path) == 0 {
		if raw != "" {
			return raw
		}
		text, err := json.Marshal(value)
		if err != nil {
			panic(err) // an example of the specification is JSON
		}
		return string(text)
	}
	if elements, ok := value.([]any); ok {
		parts := make([]string, len(elements))
		for i, element := range elements {
			parts[i] = render(element, nil, "")
		}
		parts[0] = render(elements[0], path[1:], raw)
		return "[" + strings.Join(parts, ",") + "]"
	}
	object, _ := value.(map[string]any)
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if name != path[0] {
			parts = append(parts, fmt.Sprintf("%q:%s", name, render(object[name], nil, "")))
		}
	}
	parts = append(parts, fmt.Sprintf("%q:%s", path[0], render(object[path[0]], path[1:], raw)))
	return "{" + strings.Join(parts, ",") + "}"
}

func shorten(raw string) string { return raw[:min(len(raw), 60)] }
