package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

var (
	snakeForm     = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	headerForm    = regexp.MustCompile(`^[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)*$`)
	componentForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
	schemeForm    = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

	idName        = regexp.MustCompile(`^(.+_)?id$`)
	uuidName      = regexp.MustCompile(`^(.+_)?id$|_by$|_ids$`)
	timeName      = regexp.MustCompile(`_at(_local)?$`)
	timeRangeName = regexp.MustCompile(`_(since|from|before|until)$`)
)

// foreignIDs returns the IDs that clients or other systems assign. They have any format.
func foreignIDs() []string {
	return []string{"external_id", "candidate_external_id", "job_external_id", "request_id"}
}

func nameRules() []Rule {
	return []Rule{
		{
			"properties-are-snake-case",
			"Properties and parameters are snake_case. Headers are capitalized words with hyphens.",
			func(c *checker) {
				c.named(func(_ bool, at, name string, _ *openapi3.SchemaRef) {
					c.require(snakeForm.MatchString(name), at, "%q must be snake_case", name)
				})
				for _, p := range c.parameters {
					if p.In == "header" {
						c.require(headerForm.MatchString(p.Name), p.pointer, "%q must be written like Content-Type", p.Name)
					}
				}
				for _, h := range c.headers {
					if !strings.HasPrefix(h.pointer, "#/components/headers/") {
						c.require(headerForm.MatchString(h.name), h.pointer, "%q must be written like Content-Type", h.name)
					}
				}
			},
		},
		{
			"components-are-camel-case",
			"Components are UpperCamelCase, because generators create types from them. Security schemes are lowerCamelCase.",
			func(c *checker) {
				_, components := step(c.source.Root, "components")
				for i := 0; i < len(components.Content); i += 2 {
					kind, members := components.Content[i].Value, components.Content[i+1]
					form := componentForm
					if kind == "securitySchemes" {
						form = schemeForm
					}
					for j := 0; j < len(members.Content); j += 2 {
						name := members.Content[j].Value
						c.require(form.MatchString(name), "#/components/"+kind+"/"+escape(name), "%q must be CamelCase", name)
					}
				}
			},
		},
		{
			"ids-are-uuids",
			"A value named id or …_id is a UUID. A UUID is named id, …_id, …_ids or …_by.",
			func(c *checker) {
				c.named(func(query bool, at, name string, ref *openapi3.SchemaRef) {
					s := ref.Value
					if query && s.Type.Is("array") && s.Items != nil {
						s = s.Items.Value // a repeated parameter has the name of one value
					}
					if idName.MatchString(name) && !slices.Contains(foreignIDs(), name) {
						c.require(s.Format == "uuid", at, "the format of %q must be uuid", name)
					}
					if s.Format == "uuid" {
						c.require(uuidName.MatchString(name), at, "%q is a UUID: rename it to …_id or …_by", name)
					}
				})
			},
		},
		{
			"times-are-named",
			"A date-time is named …_at, or …_since, …_from, …_before or …_until in a query. No other value is named …_at.",
			func(c *checker) {
				c.named(func(query bool, at, name string, ref *openapi3.SchemaRef) {
					form := timeName
					if query {
						form = timeRangeName
					}
					if ref.Value.Format == "date-time" {
						c.require(form.MatchString(name), at, "%q is a date-time: rename it to …_at, or …_since in a query", name)
					}
					if timeName.MatchString(name) {
						c.require(ref.Value.Format == "date-time", at, "the format of %q must be date-time", name)
					}
				})
			},
		},
		{
			"schema-suffixes",
			"A schema named …Request is used in requests only, …Page is a page of a list, and …Sort is a sort order.",
			func(c *checker) {
				sorts := map[string]bool{}
				for _, p := range c.parameters {
					if p.Name == "sort" && p.Schema != nil {
						sorts[strings.TrimPrefix(p.Schema.Ref, schemaPrefix)] = true
					}
				}
				for _, s := range c.schemas {
					if s.place != inComponents {
						continue
					}
					c.require(!strings.HasSuffix(s.name, "Request") || c.inRequest(s) && !c.inResponse(s), s.pointer,
						"a schema named …Request must be used in requests only")
					c.require(!strings.HasSuffix(s.name, "Page") || s.Properties["next_cursor"] != nil, s.pointer,
						"a schema named …Page must have the property next_cursor")
					c.require(!strings.HasSuffix(s.name, "Sort") || sorts[s.name], s.pointer,
						"a schema named …Sort must be the schema of a parameter sort")
				}
			},
		},
	}
}

// named calls a function for every property, and for every parameter that is not a header.
func (c *checker) named(each func(query bool, at, name string, ref *openapi3.SchemaRef)) {
	for _, s := range c.schemas {
		for name, property := range sorted(s.Properties) {
			each(false, s.pointer+"/properties/"+escape(name), name, property)
		}
	}
	for _, p := range c.parameters {
		if p.In != "header" && p.Schema != nil {
			each(p.In == "query", p.pointer, p.Name, p.Schema)
		}
	}
}
