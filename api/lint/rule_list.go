package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	maxPageSize     = 200
	defaultPageSize = 50
)

func listRules() []Rule {
	return []Rule{
		{
			"lists-are-paginated",
			"A List… or Follow… operation takes limit, from 1 to 200 with the default 50, and cursor. No other operation does.",
			checkPagination,
		},
		{
			"pages-have-one-format",
			"A list returns {data, next_cursor, has_more}, all required, perhaps a hint, and a Link to the next page.",
			checkPages,
		},
		{
			"sorts-are-reversible",
			"A sort parameter is a named enum with a default. It contains every order in both directions.",
			checkSorts,
		},
		{
			"lists-support-synchronization",
			"A list takes updated_since if it can be sorted by updated_at, and only then.",
			func(c *checker) {
				for _, op := range c.operations {
					if op.verb() == "List" {
						sort := op.inputs.GetByInAndName("query", "sort")
						sortable := sort != nil && slices.Contains(sort.Schema.Value.Enum, any("updated_at"))
						c.require(sortable == op.refersTo("UpdatedSince"), op.pointer,
							"the operation must have both updated_since and sort=updated_at, or neither")
					}
				}
			},
		},
	}
}

func checkPagination(c *checker) {
	for _, op := range c.operations {
		isList := op.verb() == "List" || op.verb() == "Follow"
		for _, component := range []string{"Limit", "Cursor"} {
			c.require(op.refersTo(component) == isList, op.pointer,
				"a List… or Follow… operation must have the parameter %s, and other operations must not", component)
		}
		for _, name := range []string{"limit", "cursor", "offset", "page", "per_page"} {
			c.require(!op.takes("query", name) || isList && slices.Contains([]string{"limit", "cursor"}, name), op.pointer,
				"the parameter %q is not allowed: use limit and cursor of List… and Follow… operations", name)
		}
	}
	limit := c.api.Components.Parameters["Limit"]
	c.require(limit != nil, "#/components/parameters", "add the parameter Limit")
	if limit != nil {
		s := limit.Value.Schema.Value
		c.require(s.Min != nil && *s.Min == 1 && s.Max != nil && *s.Max == maxPageSize &&
			s.Default == float64(defaultPageSize), "#/components/parameters/Limit",
			"the minimum must be 1, the maximum %d and the default %d", maxPageSize, defaultPageSize)
	}
}

func checkPages(c *checker) {
	names := []string{"data", "has_more", "next_cursor"}
	for _, op := range c.operations {
		_, response := op.success()
		if op.verb() != "List" || response == nil {
			continue
		}
		at := op.pointer + "/responses/200"
		c.require(response.Headers["Link"] != nil, at, "declare the header Link")
		body := response.Content[jsonMedia]
		c.require(body != nil && strings.HasSuffix(body.Schema.Ref, "Page"), at, "the body must be a component named …Page")
		if body == nil {
			continue
		}
		page := body.Schema.Value
		required := slices.Sorted(slices.Values(page.Required))
		properties := len(names)
		if hint := page.Properties["hint"]; hint != nil && strings.HasSuffix(hint.Ref, "/FilterHint") {
			properties++
		}
		c.require(len(page.Properties) == properties && slices.Equal(required, names), at,
			"the body must have exactly the properties %v, all required, and may have a hint", names)
		data, next, more := page.Properties["data"], page.Properties["next_cursor"], page.Properties["has_more"]
		if data == nil || next == nil || more == nil {
			continue
		}
		c.require(data.Value.Type.Is(openapi3.TypeArray) && data.Value.MaxItems != nil &&
			*data.Value.MaxItems == maxPageSize && data.Value.Items != nil && data.Value.Items.Ref != "", at,
			"data must be an array with maxItems %d, whose items are a component", maxPageSize)
		c.require(next.Value.Type.Includes(openapi3.TypeString) && next.Value.Type.IncludesNull(), at,
			"the type of next_cursor must be [string, 'null']")
		c.require(more.Value.Type.Is(openapi3.TypeBoolean), at, "the type of has_more must be boolean")
	}
}

func checkSorts(c *checker) {
	for _, p := range c.parameters {
		if p.In != "query" || p.Name != "sort" || p.Schema == nil {
			continue
		}
		c.require(strings.HasPrefix(p.Schema.Ref, schemaPrefix) && strings.HasSuffix(p.Schema.Ref, "Sort"), p.pointer,
			"the schema must be a component named …Sort")
		orders, at := p.Schema.Value, cmp.Or(p.Schema.Ref, p.pointer+"/schema")
		c.require(orders.Default != nil && slices.Contains(orders.Enum, orders.Default), at, "add a default from the enum")
		for _, order := range orders.Enum {
			text, _ := order.(string)
			reverse, descending := strings.CutPrefix(text, "-")
			if !descending {
				reverse = "-" + text
			}
			c.require(slices.Contains(orders.Enum, any(reverse)), at, "the enum contains %q: add %q", text, reverse)
		}
	}
}
