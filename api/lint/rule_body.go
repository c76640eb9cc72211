package lint

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

func bodyRules() []Rule {
	return []Rule{
		{
			"bodies-fit-methods",
			"PATCH and PUT have a body that must be sent; GET and DELETE have none.",
			func(l *look) {
				for _, op := range l.operations {
					switch op.method {
					case http.MethodGet, http.MethodDelete, http.MethodHead:
						l.ask(op.RequestBody == nil, op.pointer, "%s has no body", op.method)
					case http.MethodPatch, http.MethodPut:
						l.ask(op.RequestBody != nil && op.RequestBody.Value.Required, op.pointer, "needs a body that is required")
					}
				}
			},
		},
		{
			"needed-bodies-are-required",
			"A body whose schema requires a member is required itself.",
			func(l *look) {
				for _, op := range l.operations {
					if op.RequestBody == nil {
						continue
					}
					for _, m := range op.RequestBody.Value.Content {
						l.ask(op.RequestBody.Value.Required || m.Schema != nil && len(m.Schema.Value.Required) == 0,
							op.pointer+"/requestBody", "may be left out, though its schema requires members")
					}
				}
			},
		},
		{
			"bodies-have-known-media",
			"A body is JSON; a patch may call itself a merge patch too; an upload is one format that says it is an upload.",
			func(l *look) {
				patch := []string{jsonMedia, mergePatch}
				if stated, found := l.api.Extensions["x-patch-media-types"]; found { // said once for all
					list, _ := stated.([]any)
					l.ask(slices.Equal(list, []any{mergePatch}), "#/x-patch-media-types", "is not %s alone", mergePatch)
					patch = patch[:1]
				}
				for _, op := range l.operations {
					if op.RequestBody == nil {
						continue
					}
					at := op.pointer + "/requestBody"
					content := op.RequestBody.Value.Content
					named := slices.Sorted(maps.Keys(content))
					switch {
					case op.Extensions["x-upload"] == true:
						l.ask(len(named) == 1 && named[0] != jsonMedia, at,
							"an upload has one format that is streamed: %v", named)
					case op.method == http.MethodPatch:
						l.ask(slices.Equal(named, patch), at, "a patch is %v and not %v", patch, named)
						for _, m := range content {
							l.ask(m.Schema.Ref == content[named[0]].Schema.Ref, at, "has several schemas")
						}
					default:
						l.ask(slices.Equal(named, []string{jsonMedia}), at, "is not %s: %v", jsonMedia, named)
					}
				}
			},
		},
		{
			"answers-have-bodies",
			"There is one success; it has a body, or is 204 and has none.",
			func(l *look) {
				for _, op := range l.operations {
					count := 0
					for status := range op.Responses.Map() {
						if strings.HasPrefix(status, "2") {
							count++
						}
					}
					l.ask(count == 1, op.pointer+"/responses", "has %d successes", count)
					if status, response := op.success(); response != nil {
						l.ask((status == "204") == (len(response.Content) == 0), op.pointer+"/responses/"+status,
							"204 has no body, and everything else has one")
					}
				}
			},
		},
	}
}
