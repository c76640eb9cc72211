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

	idForm      = regexp.MustCompile(`^(.+_)?id$`)
	momentForm  = regexp.MustCompile(`_at(_local)?$`)
	boundForm   = regexp.MustCompile(`_(since|from|before|until)$`)
	referenceTo = regexp.MustCompile(`^(.+_)?id$|_by$|_ids$`)
)

// foreign are ids that others give, in whatever form they like.
func foreign() []string { return []string{"external_id", "request_id"} }

func nameRules() []Rule {
	return []Rule{
		{
			"members-are-snake-case",
			"Members and parameters are snake_case; headers are spelled as HTTP does.",
			func(l *look) {
				l.members(func(_ bool, at, name string, _ *openapi3.SchemaRef) {
					l.ask(snakeForm.MatchString(name), at, "%q is not snake_case", name)
				})
				for _, p := range l.parameters {
					if p.In == "header" {
						l.ask(headerForm.MatchString(p.Name), p.pointer, "%q is not spelled as a header", p.Name)
					}
				}
				for _, h := range l.headers {
					if !strings.HasPrefix(h.pointer, "#/components/headers/") {
						l.ask(headerForm.MatchString(h.name), h.pointer, "%q is not spelled as a header", h.name)
					}
				}
			},
		},
		{
			"components-are-camel-case",
			"Components are UpperCamelCase, because generators make types of them.",
			func(l *look) {
				_, components := step(l.source.Root, "components")
				for i := 0; i < len(components.Content); i += 2 {
					kind, members := components.Content[i].Value, components.Content[i+1]
					form := componentForm
					if kind == "securitySchemes" {
						form = schemeForm
					}
					for j := 0; j < len(members.Content); j += 2 {
						name := members.Content[j].Value
						l.ask(form.MatchString(name), "#/components/"+kind+"/"+escape(name), "%q is spelled otherwise", name)
					}
				}
			},
		},
		{
			"ids-are-uuids",
			"What is called an id is a UUID, and a UUID is called an id, or says by whom.",
			func(l *look) {
				l.members(func(_ bool, at, name string, ref *openapi3.SchemaRef) {
					s := ref.Value
					if idForm.MatchString(name) && !slices.Contains(foreign(), name) {
						l.ask(s.Format == "uuid", at, "is an id and no UUID")
					}
					if s.Format == "uuid" {
						l.ask(referenceTo.MatchString(name), at, "is a UUID and called %q", name)
					}
				})
			},
		},
		{
			"moments-end-in-at",
			"A time is a date-time called …_at, or in a query what it bounds; nothing else is called so.",
			func(l *look) {
				l.members(func(query bool, at, name string, ref *openapi3.SchemaRef) {
					form := momentForm
					if query {
						form = boundForm
					}
					if ref.Value.Format == "date-time" {
						l.ask(form.MatchString(name), at, "is a time and called %q", name)
					}
					if momentForm.MatchString(name) {
						l.ask(ref.Value.Format == "date-time", at, "is called %q and no time", name)
					}
				})
			},
		},
		{
			"schemas-say-what-they-are-for",
			"A schema called …Request is sent, one called …Page is a list's, and one called …Sort orders.",
			func(l *look) {
				sorts := map[string]bool{}
				for _, p := range l.parameters {
					if p.Name == "sort" && p.Schema != nil {
						sorts[strings.TrimPrefix(p.Schema.Ref, schemaPrefix)] = true
					}
				}
				for _, s := range l.schemas {
					if s.kind != asComponent {
						continue
					}
					l.ask(!strings.HasSuffix(s.name, "Request") || l.sent(s) && !l.received(s), s.pointer, "is not only sent")
					l.ask(!strings.HasSuffix(s.name, "Page") || s.Properties["next_cursor"] != nil, s.pointer, "is no page")
					l.ask(!strings.HasSuffix(s.name, "Sort") || sorts[s.name], s.pointer, "orders nothing")
				}
			},
		},
	}
}

// members calls a function with every property, and with every parameter that is no header.
func (l *look) members(each func(query bool, at, name string, ref *openapi3.SchemaRef)) {
	for _, s := range l.schemas {
		for name, property := range sorted(s.Properties) {
			each(false, s.pointer+"/properties/"+escape(name), name, property)
		}
	}
	for _, p := range l.parameters {
		if p.In != "header" && p.Schema != nil {
			each(p.In == "query", p.pointer, p.Name, p.Schema)
		}
	}
}
