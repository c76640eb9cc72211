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

// bodyDeviations returns deviations of the body.
func bodyDeviations(spec specifiedOperation) []deviation {
	if spec.RequestBody == nil {
		return unexpectedBodies()
	}
	body := spec.RequestBody.Value
	list := mediaDeviations(body.Content, spec.Extensions["x-upload-media-types"], spec.item.Patch == spec.Operation)
	if body.Required {
		list = append(list, malformed("no body", "#: required"))
	}
	media := body.Content[jsonMedia]
	if media == nil {
		return list // an upload: its rows are validated by the operation
	}
	list = append(list, jsonDeviations(media.Example, body.Required)...)
	for _, v := range invalidVariants(media.Schema.Value, media.Example, "", nil) {
		if v.raw == "null" && (len(v.path) == 0 && !body.Required || spec.item.Patch != spec.Operation && isOptional(media.Schema.Value, v.path)) {
			continue // counts as no body, or as no member
		}
		whole := render(media.Example, v.path, v.raw)
		list = append(list, malformed(v.name+": "+shorten(v.raw), v.errors...).withBody(whole).withHeader("Content-Type", jsonMedia))
	}
	return list
}

// isOptional reports whether the place of a body is a member that an object may omit.
func isOptional(schema *openapi3.Schema, path []string) bool {
	optional := false
	for _, name := range path {
		if schema.Items != nil {
			schema, optional = schema.Items.Value, false
			continue
		}
		schema, optional = schema.Properties[name].Value, !slices.Contains(schema.Required, name)
	}
	return optional
}

// unexpectedBodies returns bodies for an operation without a body.
func unexpectedBodies() []deviation {
	var list []deviation
	for media, body := range map[string]string{
		jsonMedia: `{"unknown":1}`, "application/json; charset=utf-8": `[]`, formMedia: "unknown=1", "text/plain": "x",
		"multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n",
	} {
		list = append(list, malformed("unexpected body of "+media, "#: unexpected").withBody(body).withHeader("Content-Type", media))
	}
	return list
}

// mediaDeviations returns bodies of media types, charsets and encodings that an operation does not accept. others are the
// media types that an upload takes in addition to the declared one.
func mediaDeviations(content openapi3.Content, others any, patch bool) []deviation {
	known := slices.Sorted(maps.Keys(content))
	var list []deviation
	for _, media := range []string{
		"text/plain", formMedia, "multipart/form-data; boundary=x", "application/xml", "application/problem+json", "application/jsonx",
		"text/csv", "application/x-ndjson", jsonMedia, "application/merge-patch+json", "*/*", "garbage", known[0] + ", text/plain",
		known[0] + "; charset=utf-16", known[0] + "; charset=iso-8859-1", known[0] + "; charset",
	} {
		if taken, _ := others.([]any); slices.Contains(taken, any(media)) {
			continue
		}
		if strings.Contains(media, "charset=") && content[jsonMedia] == nil {
			continue // an upload, whose encoding is detected
		}
		// PATCH accepts merge patches although it declares JSON only.
		if content[media] == nil && (!patch || media != "application/merge-patch+json") {
			list = append(list, unsupported(media, http.Header{"Content-Type": {media}}).withBody("{}"))
		}
	}
	for _, encoding := range []string{"gzip", "br", "identity, gzip", "\xff"} {
		list = append(list, unsupported("encoded as "+encoding, http.Header{
			"Content-Type": {known[0]}, "Content-Encoding": {encoding},
		}).withBody("{}"))
	}
	return list
}

// jsonDeviations returns bodies that are not valid JSON, or not an object. If no body is required, null counts as none.
func jsonDeviations(example any, required bool) []deviation {
	valid := render(example, nil, "")
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	var wide strings.Builder
	for _, unit := range utf16.Encode([]rune(valid)) {
		wide.WriteByte(byte(unit))
		wide.WriteByte(byte(unit >> 8))
	}
	var list []deviation
	for name, b := range map[string]struct{ body, error string }{
		"white space":          {" ", "#: syntax"},
		"two byte order marks": {"\ufeff\ufeff" + valid, "#: syntax"},
		"one byte order mark":  {"\ufeff" + `{"unknown":1}`, "#/unknown: unknown"},
		"UTF-16":               {wide.String(), "#: syntax"},
		"invalid UTF-8":        {"{\"x\":\"\xff\"}", "#/x: syntax"},
		"lone surrogate":       {`{"x":"\ud800"}`, "#/x: syntax"},
		"NUL":                  {`{"x":"a\u0000b"}`, "#/x: unknown"},
		"NUL in a name":        {`{"a\u0000":1}`, "#/a\x00: nul"},
		"trailing NUL":         {valid + "\x00", "#: trailing_data"},
		"two values":           {valid + valid, "#: trailing_data"},
		"trailing garbage":     {valid + "x", "#: trailing_data"},
		"trailing comma":       {`{"x":1,}`, "#/x: syntax"},
		"comment":              {"/**/" + valid, "#: syntax"},
		"single quotes":        {`{'x':1}`, "#: syntax"},
		"NaN":                  {`{"x":NaN}`, "#/x: syntax"},
		"not closed":           {`{"x":1`, "#/x: syntax"},
		"too deep":             {deep, "#" + strings.Repeat("/0", 32) + ": too_deep"},
		"too many values":      {`{"x":[` + strings.Repeat("0,", 5000) + `0]}`, "#/x/3997: too_many"},
		"null":                 {"null", "#: type"},
		"number":               {"1", "#: type"},
		"string":               {`"{}"`, "#: type"},
		"boolean":              {"true", "#: type"},
		"array":                {"[]", "#: type"},
		"array with an object": {"[" + valid + "]", "#: type"},
		"unknown name":         {`{"unknown":1}`, "#/unknown: unknown"},
		"duplicate name":       {`{"x":1,"x":1}`, "#/x: duplicate_name"},
	} {
		if required || name != "null" {
			list = append(list, malformed(name, b.error).withBody(b.body).withHeader("Content-Type", jsonMedia))
		}
	}
	for _, media := range []string{jsonMedia + "; charset=utf8", jsonMedia + ";charset=UTF8"} {
		list = append(list, malformed("as "+media, "#/unknown: unknown").withBody(`{"unknown":1}`).withHeader("Content-Type", media))
	}
	return list
}

// variant is another value for one place of a body, with the errors that it may get.
type variant struct {
	name   string
	path   []string
	raw    string
	errors []string
}

// invalidVariants returns the variants of a valid value that its schema does not accept, at every depth, including members
// that the example omits.
func invalidVariants(schema *openapi3.Schema, value any, pointer string, path []string) []variant {
	var list []variant
	add := func(name, raw string, errors ...string) {
		for i := range errors {
			errors[i] = "#" + pointer + errors[i]
		}
		list = append(list, variant{pointer + " " + name, slices.Clone(path), raw, errors})
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
		add("string for an object", `"x"`, ": type")
		add("array for an object", `[]`, ": type")
		object, present := value.(map[string]any)
		if present {
			list = append(list, memberVariants(object, pointer, path)...)
		}
		for name, property := range schema.Properties {
			at, below := step(name)
			member := object[name]
			if member == nil {
				member = property.Value.Example
			}
			list = append(list, invalidVariants(property.Value, member, at, below)...)
		}
	case schema.Type.Includes(openapi3.TypeArray):
		add("string for an array", `"x"`, ": type")
		add("object for an array", `{}`, ": type")
		elements, _ := value.([]any)
		if len(elements) > 0 {
			at, below := step("0")
			list = append(list, invalidVariants(schema.Items.Value, elements[0], at, below)...)
			if schema.MaxItems != nil && *schema.MaxItems < 1000 {
				one := render(elements[0], nil, "")
				add("too many elements", "["+strings.Repeat(one+",", int(*schema.MaxItems))+one+"]", ": max_items")
			}
		}
	default:
		list = append(list, scalarVariants(schema, value, pointer, path)...)
	}
	return list
}

// memberVariants returns variants of an object with unknown, duplicate and wrongly capitalized names.
func memberVariants(object map[string]any, pointer string, path []string) []variant {
	members := func(extra string) string {
		whole := render(object, nil, "")
		if len(object) == 0 {
			return "{" + extra + "}"
		}
		return whole[:len(whole)-1] + "," + extra + "}"
	}
	list := []variant{{pointer + " unknown name", path, members(`"zz_none":1`), []string{"#" + pointer + "/zz_none: unknown"}}}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		quoted := fmt.Sprintf("%q:", name)
		upper := strings.ToUpper(name)
		list = append(list, variant{
			pointer + "/" + name + " twice", path, members(quoted + render(object[name], nil, "")),
			[]string{"#" + pointer + "/" + name + ": duplicate_name"},
		}, variant{
			pointer + "/" + name + " in capitals", path, members(fmt.Sprintf("%q:", upper) + render(object[name], nil, "")),
			[]string{"#" + pointer + "/" + upper + ": unknown"},
		})
	}
	return list
}

// scalarVariants returns the invalid variants of a string, a number or a boolean.
func scalarVariants(schema *openapi3.Schema, value any, pointer string, path []string) []variant {
	var list []variant
	add := func(name, raw string, codes ...string) {
		errors := make([]string, len(codes))
		for i, code := range codes {
			errors[i] = "#" + pointer + ": " + code
		}
		list = append(list, variant{pointer + " " + name, path, raw, errors})
	}
	add("array for a scalar", "["+render(value, nil, "")+"]", "type", "enum")
	add("object for a scalar", `{}`, "type", "enum")
	switch {
	case schema.Type.Includes(openapi3.TypeString):
		add("number for a string", "1", "type", "enum")
		add("boolean for a string", "true", "type", "enum")
		add("huge number for a string", "1e400", "type", "enum")
		if len(schema.Enum) > 0 {
			add("unknown enum value", `"zz_none"`, "enum")
			add("enum value in another case", strings.ToUpper(render(schema.Enum[0], nil, "")), "enum")
		}
		if schema.Format != "" && schema.Format != "password" {
			add("invalid format", `"x y"`, "format", "pattern")
		}
		if schema.MinLength > 0 {
			add("too short", `""`, "min_length")
		}
		if schema.MaxLength != nil && len(schema.Enum) == 0 {
			add("too long", `"`+strings.Repeat("a", int(*schema.MaxLength)+1)+`"`, "max_length")
		}
	case schema.Type.Includes(openapi3.TypeInteger), schema.Type.Includes(openapi3.TypeNumber):
		add("string for a number", `"1"`, "type", "enum")
		add("boolean for a number", "true", "type", "enum")
		add("more than 64 bits", "99999999999999999999", "maximum", "type", "format", "range")
		add("huge number", "1e400", "maximum", "type", "format", "range")
		if schema.Type.Includes(openapi3.TypeInteger) {
			add("fraction", "1.5", "type")
		}
		if schema.Max != nil {
			add("above the maximum", fmt.Sprint(math.Floor(*schema.Max)+1), "maximum")
		}
		if schema.Min != nil {
			add("below the minimum", fmt.Sprint(math.Ceil(*schema.Min)-1), "minimum")
		}
	case schema.Type.Includes(openapi3.TypeBoolean):
		add("string for a boolean", `"true"`, "type")
		add("number for a boolean", "1", "type")
	}
	return list
}

// render returns a value as JSON with raw text at one place of it. It creates missing objects on the path.
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
