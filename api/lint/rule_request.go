package lint

import (
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func requestRules() []Rule {
	return []Rule{
		{
			"requests-are-closed",
			"An object in a request, at any depth, refuses members that it does not know.",
			func(l *look) {
				l.each(openapi3.TypeObject, func(s schema) {
					if l.sent(s) {
						l.ask(s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has, s.pointer,
							"additionalProperties has to be false")
					}
				})
			},
		},
		{
			"patches-change-something",
			"A patch requires no member, and holds at least one.",
			func(l *look) {
				for _, op := range l.operations {
					if op.method != http.MethodPatch || op.RequestBody == nil {
						continue
					}
					for name, m := range sorted(op.RequestBody.Value.Content) {
						at := op.pointer + "/requestBody/content/" + escape(name)
						l.ask(m.Schema != nil && len(m.Schema.Value.Required) == 0 && m.Schema.Value.MinProps >= 1, at,
							"requires members, or may be empty")
					}
				}
			},
		},
		{
			"requests-are-named",
			"The body of a request is a component called …Request.",
			func(l *look) {
				for _, m := range l.media {
					if m.request && strings.HasSuffix(m.name, "json") && m.name != "application/x-ndjson" {
						named := m.Schema != nil && strings.HasPrefix(m.Schema.Ref, schemaPrefix)
						l.ask(named && strings.HasSuffix(m.Schema.Ref, "Request"), m.pointer, "is not called …Request")
					}
				}
			},
		},
		{
			"answers-are-named",
			"The JSON of an answer is a component.",
			func(l *look) {
				for _, m := range l.media {
					if !m.request && (m.name == jsonMedia || m.name == problemMedia) {
						l.ask(m.Schema != nil && strings.HasPrefix(m.Schema.Ref, schemaPrefix), m.pointer, "has no name")
					}
				}
			},
		},
	}
}
