package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	mostOnAPage    = 200
	usuallyOnAPage = 50
)

func listRules() []Rule {
	return []Rule{
		{
			"lists-are-paged",
			"Every List… takes limit, from 1 to 200 and 50 by default, and a cursor; nothing else does.",
			func(l *look) {
				for _, op := range l.operations {
					lists := op.verb() == "List"
					for _, component := range []string{"Limit", "Cursor"} {
						l.ask(op.refers(component) == lists, op.pointer, "the parameter %s belongs to lists", component)
					}
					for _, name := range []string{"limit", "cursor", "offset", "page", "per_page"} {
						l.ask(!op.takes("query", name) || lists && slices.Contains([]string{"limit", "cursor"}, name), op.pointer,
							"pages by %q", name)
					}
				}
				at := "#/components/parameters/Limit"
				limit := l.api.Components.Parameters["Limit"]
				l.ask(limit != nil, "#/components/parameters", "has no Limit")
				if limit != nil {
					s := limit.Value.Schema.Value
					l.ask(s.Min != nil && *s.Min == 1 && s.Max != nil && *s.Max == mostOnAPage && s.Default == float64(usuallyOnAPage),
						at, "is not from 1 to %d, %d by default", mostOnAPage, usuallyOnAPage)
				}
			},
		},
		{
			"pages-have-one-form",
			"A list answers {data, next_cursor, has_more}, all of them always, and a Link to the next page.",
			pagesHaveOneForm,
		},
		{
			"sorts-go-both-ways",
			"An order is one of an enum of the document, which has each both ways, and a default.",
			sortsGoBothWays,
		},
		{
			"lists-can-be-followed",
			"A list that is ordered by updated_at can be asked for what has changed since, and the other way round.",
			func(l *look) {
				for _, op := range l.operations {
					if op.verb() == "List" {
						sort := op.inputs.GetByInAndName("query", "sort")
						ordered := sort != nil && slices.Contains(sort.Schema.Value.Enum, any("updated_at"))
						l.ask(ordered == op.refers("UpdatedSince"), op.pointer,
							"has updated_since without sort=updated_at, or the other way round")
					}
				}
			},
		},
	}
}

func pagesHaveOneForm(l *look) {
	members := []string{"data", "has_more", "next_cursor"}
	for _, op := range l.operations {
		_, response := op.success()
		if op.verb() != "List" || response == nil {
			continue
		}
		at := op.pointer + "/responses/200"
		l.ask(response.Headers["Link"] != nil, at, "has no header Link")
		body := response.Content[jsonMedia]
		l.ask(body != nil && strings.HasSuffix(body.Schema.Ref, "Page"), at, "is not a component called …Page")
		if body == nil {
			continue
		}
		page := body.Schema.Value
		required := slices.Sorted(slices.Values(page.Required))
		l.ask(len(page.Properties) == len(members) && slices.Equal(required, members), at,
			"does not have the members %v alone", members)
		data, next, more := page.Properties["data"], page.Properties["next_cursor"], page.Properties["has_more"]
		if data == nil || next == nil || more == nil {
			continue
		}
		l.ask(data.Value.Type.Is(openapi3.TypeArray) && data.Value.MaxItems != nil && *data.Value.MaxItems == mostOnAPage &&
			data.Value.Items != nil && data.Value.Items.Ref != "", at, "data is no list of at most %d components", mostOnAPage)
		l.ask(next.Value.Type.Includes(openapi3.TypeString) && next.Value.Type.IncludesNull(), at,
			"next_cursor is no text or null")
		l.ask(more.Value.Type.Is(openapi3.TypeBoolean), at, "has_more is no boolean")
	}
}

func sortsGoBothWays(l *look) {
	for _, p := range l.parameters {
		if p.In != "query" || p.Name != "sort" || p.Schema == nil {
			continue
		}
		l.ask(strings.HasPrefix(p.Schema.Ref, schemaPrefix) && strings.HasSuffix(p.Schema.Ref, "Sort"), p.pointer,
			"is not one of an enum called …Sort")
		orders, at := p.Schema.Value, cmp.Or(p.Schema.Ref, p.pointer+"/schema")
		l.ask(orders.Default != nil && slices.Contains(orders.Enum, orders.Default), at, "has no default")
		for _, order := range orders.Enum {
			text, _ := order.(string)
			back, reversed := strings.CutPrefix(text, "-")
			if !reversed {
				back = "-" + text
			}
			l.ask(slices.Contains(orders.Enum, any(back)), at, "has %q and not %q", text, back)
		}
	}
}
