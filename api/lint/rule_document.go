package lint

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var versionForm = regexp.MustCompile(`^\d+\.\d+\.\d+$`)

// extensions are those that this project gives a meaning, or its generators do.
func extensions() []string {
	return []string{
		"x-roles", "x-key-scopes", "x-response-headers", "x-patch-media-types",
		"x-required-permission", "x-rate-limited", "x-streaming", "x-upload",
		"x-deprecated-at", "x-sunset", "x-extensible",
		"x-enum-varnames", "x-enum-descriptions", "x-go-type-skip-optional-pointer", "x-omitempty", "x-omitzero",
	}
}

func documentRules() []Rule {
	return []Rule{
		{
			"valid-openapi",
			"The document is valid OpenAPI 3.1, its examples included.",
			func(l *look) {
				l.ask(l.api.OpenAPI == "3.1.0", "#/openapi", "the document is OpenAPI %s", l.api.OpenAPI)
				err := l.validate()
				l.ask(err == nil, "#", "%v", err)
			},
		},
		{
			"no-holes",
			"Every operation says who may, every permission is granted, and every grant leads to an operation.",
			func(l *look) {
				l.ask(l.holes == nil, "#", "the server would not start: %v", l.holes)
			},
		},
		{
			"publishable",
			"The headers that answers have in common can be declared at each of them, and what is published is valid again.",
			func(l *look) {
				err := l.publish()
				l.ask(err == nil, "#/x-response-headers", "%v", err)
			},
		},
		{
			"introduction",
			"Who reads the document learns first what it is, and what holds for every operation.",
			introduction,
		},
		{
			"references-are-local",
			"The document is complete by itself: references lead to its components.",
			func(l *look) {
				l.mappings(func(m mapping) {
					if ref := m.text("$ref"); ref != "" {
						l.ask(strings.HasPrefix(ref, "#/components/"), m.pointer, "refers to %q", ref)
					}
				})
			},
		},
		{"components-are-used", "What no operation leads to is not part of the contract.", componentsAreUsed},
		{
			"extensions-are-known",
			"An extension that nobody reads is a misspelled one.",
			func(l *look) {
				l.mappings(func(m mapping) {
					for i := 0; i < len(m.node.Content); i += 2 {
						if name := m.node.Content[i].Value; strings.HasPrefix(name, "x-") {
							l.ask(slices.Contains(extensions(), name), m.pointer+"/"+escape(name), "nobody knows %s", name)
						}
					}
				})
			},
		},
		{"no-leftovers", "Nothing of OpenAPI 3.0 or of what generators cannot read is left.", noLeftovers},
	}
}

func introduction(l *look) {
	info := l.api.Info
	l.ask(info.Title != "", "#/info", "has no title")
	l.ask(versionForm.MatchString(info.Version), "#/info/version", "%q is not a version as 1.2.3", info.Version)
	l.ask(info.License != nil && info.License.Identifier != "", "#/info", "names no license")
	for _, word := range []string{
		"405", problemMedia, "next_cursor", "If-Match", "If-None-Match", "RFC 7396", "x-extensible",
	} {
		l.ask(strings.Contains(info.Description, word), "#/info/description", "says nothing of %s", word)
	}
}

// componentsAreUsed follows the references from the paths on.
func componentsAreUsed(l *look) {
	leads := map[string][]string{} // which components a component refers to; the rest of the document is ""
	l.mappings(func(m mapping) {
		if ref := m.text("$ref"); ref != "" {
			from := component(m.pointer)
			leads[from] = append(leads[from], ref)
		}
	})
	for _, op := range l.operations {
		if op.Security == nil {
			continue
		}
		for _, requirement := range *op.Security {
			for scheme := range requirement {
				leads[""] = append(leads[""], "#/components/securitySchemes/"+escape(scheme))
			}
		}
	}
	used := map[string]bool{}
	for todo := []string{""}; len(todo) > 0; {
		from := todo[0]
		todo = todo[1:]
		for _, to := range leads[from] {
			if !used[to] {
				used[to] = true
				todo = append(todo, to)
			}
		}
	}
	_, components := step(l.source.Root, "components")
	for i := 0; i < len(components.Content); i += 2 {
		kind, members := components.Content[i].Value, components.Content[i+1]
		for j := 0; j < len(members.Content); j += 2 {
			pointer := "#/components/" + kind + "/" + escape(members.Content[j].Value)
			l.ask(used[pointer], pointer, "no operation leads here")
		}
	}
}

// component is the component that a pointer leads into, and empty outside of the components.
func component(pointer string) string {
	tokens := strings.Split(pointer, "/")
	if len(tokens) < 4 || tokens[1] != "components" {
		return ""
	}
	return strings.Join(tokens[:4], "/")
}

func noLeftovers(l *look) {
	l.mappings(func(m mapping) {
		l.ask(!m.has("nullable"), m.pointer, "is nullable as in OpenAPI 3.0: write type: [T, 'null']")
		l.ask(m.text("style") != "deepObject", m.pointer, "is an object in the query")
		for _, keyword := range []string{"exclusiveMinimum", "exclusiveMaximum"} {
			_, bound := step(m.node, keyword)
			l.ask(bound == nil || bound.Kind != yaml.ScalarNode || bound.Tag != "!!bool", m.pointer,
				"has an %s as in OpenAPI 3.0", keyword)
		}
		for _, keyword := range []string{"const", "prefixItems", "patternProperties", "if", "dependentSchemas", "$defs"} {
			l.ask(!m.has(keyword), m.pointer, "uses %s, which generators do not read", keyword)
		}
	})
	for _, s := range l.schemas {
		for _, keyword := range []struct {
			name string
			set  bool
		}{{"readOnly", s.ReadOnly}, {"writeOnly", s.WriteOnly}} {
			l.ask(!keyword.set, s.pointer, "is %s: write one schema for requests and one for answers", keyword.name)
		}
	}
}
