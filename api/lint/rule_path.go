package lint

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// base is the prefix of versioned paths. Paths outside of it, such as /health, have no version.
const base = "/api/v1/"

var segmentForm = regexp.MustCompile(`^([a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)?|\{[a-z]+(_[a-z]+)*\})$`)

func pathRules() []Rule {
	return []Rule{
		{
			"paths-are-kebab-case",
			"A path segment is a parameter, or kebab-case with an optional file extension.",
			func(c *checker) {
				for path := range sorted(c.api.Paths.Map()) {
					for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
						c.require(segmentForm.MatchString(segment), "#/paths/"+escape(path),
							"the segment %q must be kebab-case or a parameter", segment)
					}
				}
			},
		},
		{
			"paths-have-a-version",
			"Paths begin with the version of the API, except for operations with the tag meta.",
			func(c *checker) {
				for _, op := range c.operations {
					c.require(strings.HasPrefix(op.path, base) || slices.Contains(op.Tags, "meta"), op.pointer,
						"the path must begin with %s", base)
				}
			},
		},
		{
			"collections-are-plural",
			"Path segments before a parameter, and the last ones of List… and Create… operations, are plural.",
			func(c *checker) {
				for path := range sorted(c.api.Paths.Map()) {
					segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
					for i, segment := range segments[1:] {
						if isParameter(segment) {
							c.require(strings.HasSuffix(segments[i], "s"), "#/paths/"+escape(path),
								"the segment %q before %s must be plural", segments[i], segment)
						}
					}
				}
				for _, op := range c.operations {
					if op.verb() == "List" || op.verb() == "Create" {
						c.require(strings.HasSuffix(op.lastSegment(), "s"), op.pointer,
							"the segment %q must be plural", op.lastSegment())
					}
				}
			},
		},
		{
			"updates-address-one-resource",
			"PATCH and PUT address a resource by its ID, or the caller's own user or company.",
			func(c *checker) {
				own := []string{"me", "company"}
				for _, op := range c.operations {
					if slices.Contains([]string{http.MethodPatch, http.MethodPut}, op.method) {
						c.require(isParameter(op.lastSegment()) || slices.Contains(own, op.lastSegment()), op.pointer,
							"the path must end in an ID, not in %q", op.lastSegment())
					}
				}
			},
		},
		{
			"path-parameters-are-ids",
			"A path parameter is named …_id and has the schema ID.",
			func(c *checker) {
				for _, p := range c.parameters {
					if p.In == "path" {
						c.require(strings.HasSuffix(p.Name, "_id") && p.Schema != nil && p.Schema.Ref == schemaPrefix+"ID", p.pointer,
							"%q must be named …_id and have a $ref to %sID", p.Name, schemaPrefix)
					}
				}
			},
		},
	}
}
