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
			"Objects in requests, at any depth, have additionalProperties: false.",
			func(c *checker) {
				c.ofType(openapi3.TypeObject, func(s schema) {
					if c.inRequest(s) {
						c.require(s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has, s.pointer,
							"add additionalProperties: false")
					}
				})
			},
		},
		{
			"patches-are-partial",
			"The body of a PATCH has no required properties, and at least one property.",
			func(c *checker) {
				for _, op := range c.operations {
					if op.method != http.MethodPatch || op.RequestBody == nil {
						continue
					}
					for name, m := range sorted(op.RequestBody.Value.Content) {
						at := op.pointer + "/requestBody/content/" + escape(name)
						c.require(m.Schema != nil && len(m.Schema.Value.Required) == 0 && m.Schema.Value.MinProps >= 1, at,
							"remove required, and add minProperties: 1")
					}
				}
			},
		},
		{
			"requests-are-named",
			"The JSON body of a request is a component named …Request.",
			func(c *checker) {
				for _, m := range c.media {
					if m.request && strings.HasSuffix(m.name, "json") && m.name != "application/x-ndjson" {
						named := m.Schema != nil && strings.HasPrefix(m.Schema.Ref, schemaPrefix)
						c.require(named && strings.HasSuffix(m.Schema.Ref, "Request"), m.pointer,
							"the schema must be a component named …Request")
					}
				}
			},
		},
		{
			"responses-are-named",
			"The JSON body of a response is a component.",
			func(c *checker) {
				for _, m := range c.media {
					if !m.request && (m.name == jsonMedia || m.name == problemMedia) {
						c.require(m.Schema != nil && strings.HasPrefix(m.Schema.Ref, schemaPrefix), m.pointer,
							"the schema is inline: move it to components/schemas")
					}
				}
			},
		},
	}
}
