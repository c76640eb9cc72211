package lint

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// base is where the versions of the API begin; what is of no version, such as health, is outside.
const base = "/api/v1/"

var stepForm = regexp.MustCompile(`^([a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)?|\{[a-z]+(_[a-z]+)*\})$`)

func pathRules() []Rule {
	return []Rule{
		{
			"paths-are-kebab-case",
			"A step of a path is kebab-case, with a suffix where it names a format, or a parameter.",
			func(l *look) {
				for path := range sorted(l.api.Paths.Map()) {
					for step := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
						l.ask(stepForm.MatchString(step), "#/paths/"+escape(path),
							"%q is neither kebab-case nor a parameter", step)
					}
				}
			},
		},
		{
			"paths-have-a-version",
			"What may change is under a version.",
			func(l *look) {
				for _, op := range l.operations {
					l.ask(strings.HasPrefix(op.path, base) || slices.Contains(op.Tags, "meta"), op.pointer,
						"stands under no version")
				}
			},
		},
		{
			"collections-are-plural",
			"What is listed, created in, or holds things with ids is a noun in the plural.",
			func(l *look) {
				for path := range sorted(l.api.Paths.Map()) {
					steps := strings.Split(strings.TrimPrefix(path, "/"), "/")
					for i, step := range steps[1:] {
						if variable(step) {
							l.ask(strings.HasSuffix(steps[i], "s"), "#/paths/"+escape(path),
								"%q before %s is no plural", steps[i], step)
						}
					}
				}
				for _, op := range l.operations {
					if op.verb() == "List" || op.verb() == "Create" {
						l.ask(strings.HasSuffix(op.last(), "s"), op.pointer, "%q is no plural", op.last())
					}
				}
			},
		},
		{
			"one-thing-has-an-id",
			"What is updated, set or removed by itself ends in an id, or is the caller's own.",
			func(l *look) {
				own := []string{"me", "company"}
				for _, op := range l.operations {
					if slices.Contains([]string{http.MethodPatch, http.MethodPut}, op.method) {
						l.ask(variable(op.last()) || slices.Contains(own, op.last()), op.pointer,
							"%q is not one thing", op.last())
					}
				}
			},
		},
		{
			"path-parameters-are-ids",
			"What a path names is named by its id, a UUID.",
			func(l *look) {
				for _, p := range l.parameters {
					if p.In == "path" {
						l.ask(strings.HasSuffix(p.Name, "_id") && p.Schema != nil && p.Schema.Ref == schemaPrefix+"ID", p.pointer,
							"%q is not an id", p.Name)
					}
				}
			},
		},
	}
}
