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
			"bodies-match-methods",
			"PATCH and PUT have a required body. GET and DELETE have none.",
			func(c *checker) {
				for _, op := range c.operations {
					switch op.method {
					case http.MethodGet, http.MethodDelete, http.MethodHead:
						c.require(op.RequestBody == nil, op.pointer, "%s must not have a request body", op.method)
					case http.MethodPatch, http.MethodPut:
						c.require(op.RequestBody != nil && op.RequestBody.Value.Required, op.pointer,
							"%s must have a request body with required: true", op.method)
					}
				}
			},
		},
		{
			"bodies-are-required",
			"A body whose schema has required properties is required.",
			func(c *checker) {
				for _, op := range c.operations {
					if op.RequestBody == nil {
						continue
					}
					for _, m := range op.RequestBody.Value.Content {
						c.require(op.RequestBody.Value.Required || m.Schema != nil && len(m.Schema.Value.Required) == 0,
							op.pointer+"/requestBody", "the schema has required properties: add required: true to the body")
					}
				}
			},
		},
		{
			"request-media-types",
			"Request bodies are JSON. A PATCH can also be a merge patch. An upload has one other media type.",
			checkRequestMedia,
		},
		{
			"operations-have-one-success",
			"An operation has one successful response. The response has a body, unless its status is 204.",
			func(c *checker) {
				for _, op := range c.operations {
					count := 0
					for status := range op.Responses.Map() {
						if strings.HasPrefix(status, "2") {
							count++
						}
					}
					c.require(count == 1, op.pointer+"/responses", "the operation has %d successful responses, want one", count)
					if status, response := op.success(); response != nil {
						c.require((status == "204") == (len(response.Content) == 0), op.pointer+"/responses/"+status,
							"use 204 for a response without a body, and another status for one with a body")
					}
				}
			},
		},
	}
}

func checkRequestMedia(c *checker) {
	patch := []string{jsonMedia, mergePatchMedia}
	if common, found := c.api.Extensions["x-patch-media-types"]; found {
		list, _ := common.([]any)
		c.require(slices.Equal(list, []any{mergePatchMedia}), "#/x-patch-media-types",
			"must contain only %s", mergePatchMedia)
		patch = patch[:1]
	}
	for _, op := range c.operations {
		if op.RequestBody == nil {
			continue
		}
		at := op.pointer + "/requestBody"
		content := op.RequestBody.Value.Content
		types := slices.Sorted(maps.Keys(content))
		switch {
		case op.Extensions["x-upload"] == true:
			c.require(len(types) == 1 && types[0] != jsonMedia, at,
				"an upload must have one media type other than %s, not %v", jsonMedia, types)
		case op.method == http.MethodPatch:
			c.require(slices.Equal(types, patch), at, "the media types of a PATCH must be %v, not %v", patch, types)
			for _, m := range content {
				c.require(m.Schema.Ref == content[types[0]].Schema.Ref, at, "all media types must have the same schema")
			}
		default:
			c.require(slices.Equal(types, []string{jsonMedia}), at,
				"the media type must be %s, not %v; for an upload, add x-upload: true", jsonMedia, types)
		}
	}
}
