package lint

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var versionForm = regexp.MustCompile(`^\d+\.\d+\.\d+$`)

// extensions returns the extensions that this project or its generators use.
func extensions() []string {
	return []string{
		"x-roles", "x-key-scopes", "x-response-headers", "x-patch-media-types",
		"x-required-permission", "x-rate-limited", "x-streaming", "x-upload", "x-upload-media-types",
		"x-before-password-change", "x-first", "x-refresh-token", "x-users-only",
		"x-deprecated-at", "x-sunset", "x-extensible",
		"x-enum-varnames", "x-enum-descriptions", "x-go-type-skip-optional-pointer", "x-omitempty", "x-omitzero",
	}
}

func documentRules() []Rule {
	return []Rule{
		{
			"valid-openapi",
			"The document is valid OpenAPI 3.1, including its examples.",
			func(c *checker) {
				c.require(c.api.OpenAPI == "3.1.0", "#/openapi", "the version must be 3.1.0, not %s", c.api.OpenAPI)
				err := c.validate()
				c.require(err == nil, "#", "the document is not valid: %v", err)
			},
		},
		{
			"server-can-start",
			"The server accepts the document: all operations declare their access, and all permissions are granted and used.",
			func(c *checker) {
				err := c.start()
				c.require(err == nil, "#", "the server would not start: %v", err)
			},
		},
		{
			"publishable",
			"The common response headers can be added to every response, and the published document is valid.",
			func(c *checker) {
				err := c.publish()
				c.require(err == nil, "#/x-response-headers", "the document cannot be published: %v", err)
			},
		},
		{
			"introduction",
			"The document has a title, a version, a license, and a description that explains the conventions of all operations.",
			checkInfo,
		},
		{
			"references-are-local",
			"References point to components of the document.",
			func(c *checker) {
				c.mappings(func(m mapping) {
					if ref := m.text("$ref"); ref != "" {
						c.require(strings.HasPrefix(ref, "#/components/"), m.pointer,
							"the reference %q must begin with #/components/", ref)
					}
				})
			},
		},
		{"components-are-used", "Every component is used by an operation.", checkUnusedComponents},
		{
			"extensions-are-known",
			"This project or its generators use every extension; others are probably misspelled.",
			func(c *checker) {
				c.mappings(func(m mapping) {
					for i := 0; i < len(m.node.Content); i += 2 {
						if name := m.node.Content[i].Value; strings.HasPrefix(name, "x-") {
							c.require(slices.Contains(extensions(), name), m.pointer+"/"+escape(name),
								"%s is not known: correct the name, or add it to the list in this rule", name)
						}
					}
				})
			},
		},
		{
			"keywords-are-supported",
			"The document has no keywords of OpenAPI 3.0, and none that generators do not support.",
			checkKeywords,
		},
	}
}

func checkInfo(c *checker) {
	info := c.api.Info
	c.require(info.Title != "", "#/info", "add a title")
	c.require(versionForm.MatchString(info.Version), "#/info/version", "%q must be a version such as 1.2.3", info.Version)
	c.require(info.License != nil && info.License.Identifier != "", "#/info", "add a license with an identifier")
	for _, word := range []string{
		"405", problemMedia, "next_cursor", "If-Match", "If-None-Match", "RFC 7396", "x-extensible",
	} {
		c.require(strings.Contains(info.Description, word), "#/info/description", "the description must explain %s", word)
	}
}

// checkUnusedComponents follows the references, beginning outside of the components.
func checkUnusedComponents(c *checker) {
	references := map[string][]string{} // the targets of references by component; the key is "" outside of the components
	c.mappings(func(m mapping) {
		if ref := m.text("$ref"); ref != "" {
			from := component(m.pointer)
			references[from] = append(references[from], ref)
		}
	})
	for _, op := range c.operations {
		if op.Security == nil {
			continue
		}
		for _, requirement := range *op.Security {
			for scheme := range requirement {
				references[""] = append(references[""], "#/components/securitySchemes/"+escape(scheme))
			}
		}
	}
	used := map[string]bool{}
	for queue := []string{""}; len(queue) > 0; {
		from := queue[0]
		queue = queue[1:]
		for _, to := range references[from] {
			if !used[to] {
				used[to] = true
				queue = append(queue, to)
			}
		}
	}
	_, components := step(c.source.Root, "components")
	for i := 0; i < len(components.Content); i += 2 {
		kind, members := components.Content[i].Value, components.Content[i+1]
		for j := 0; j < len(members.Content); j += 2 {
			pointer := "#/components/" + kind + "/" + escape(members.Content[j].Value)
			c.require(used[pointer], pointer, "no operation uses the component: remove it")
		}
	}
}

// component returns the pointer to the component that contains a pointer, or "" outside of the components.
func component(pointer string) string {
	tokens := strings.Split(pointer, "/")
	if len(tokens) < 4 || tokens[1] != "components" {
		return ""
	}
	return strings.Join(tokens[:4], "/")
}

func checkKeywords(c *checker) {
	c.mappings(func(m mapping) {
		c.require(!m.has("nullable"), m.pointer, "nullable is OpenAPI 3.0: use type: [T, 'null']")
		c.require(m.text("style") != "deepObject", m.pointer, "style: deepObject is not supported: use several parameters")
		for _, keyword := range []string{"exclusiveMinimum", "exclusiveMaximum"} {
			_, bound := step(m.node, keyword)
			c.require(bound == nil || bound.Kind != yaml.ScalarNode || bound.Tag != "!!bool", m.pointer,
				"a boolean %s is OpenAPI 3.0: use a number", keyword)
		}
		for _, keyword := range []string{"const", "prefixItems", "patternProperties", "if", "dependentSchemas", "$defs"} {
			c.require(!m.has(keyword), m.pointer, "generators do not support %s: remove it", keyword)
		}
	})
	for _, s := range c.schemas {
		for _, keyword := range []struct {
			name string
			set  bool
		}{{"readOnly", s.ReadOnly}, {"writeOnly", s.WriteOnly}} {
			c.require(!keyword.set, s.pointer, "instead of %s, use one schema for requests and one for responses", keyword.name)
		}
	}
}
