package docs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/api/docs/sample"
)

const (
	operationsPath  = Prefix + "/operations"
	schemasPath     = Prefix + "/schemas"
	permissionsPath = Prefix + "/permissions"
	tryPath         = Prefix + "/try"
)

// OperationPath is the lasting address of an operation: it leads to where the operation is described.
func OperationPath(id string) string { return operationsPath + "/" + id }

// operationPath is where an operation is described.
func operationPath(o *reference.Operation) string { return tagPath(o.Tag) + "#" + o.ID }

func tagPath(tag string) string { return Prefix + "/" + tag }

// book is what the pages are written from.
type book struct {
	*reference.Document
	problems  []group
	byCall    map[string]*reference.Operation
	byID      map[string]*reference.Operation
	languages []sample.Language
	// demo is whether the installation holds demo data.
	demo bool
}

func newBook(d *reference.Document, problems []group, demo bool) *book {
	b := &book{
		Document: d, problems: problems, languages: sample.Languages(), demo: demo,
		byCall: map[string]*reference.Operation{}, byID: map[string]*reference.Operation{},
	}
	for _, o := range d.Operations() {
		b.byCall[o.Method+" "+o.Path], b.byID[o.ID] = o, o
	}
	return b
}

// titled is a name of the specification as a heading: words, the first with a capital.
func titled(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' })
	for i, word := range words {
		if word == "api" {
			words[i] = "API"
		}
	}
	text := strings.Join(words, " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// joined puts pieces of markup together.
func joined[T any](all []T, piece func(T) markup) markup {
	var written strings.Builder
	for _, one := range all {
		written.WriteString(string(piece(one)) + "\n")
	}
	return markup(written.String())
}

// method is the method of an operation, in its colour.
func method(o *reference.Operation) markup {
	return fill(`<span class="method {class}">{method}</span>`,
		values{"class": strings.ToLower(o.Method), "method": o.Method})
}

// pathOf is a path that may break after each slash, with its parameters marked.
func pathOf(path string) markup {
	var written strings.Builder
	for i, part := range strings.Split(path, "/") {
		if i > 0 {
			written.WriteString("/<wbr>")
		}
		piece := string(fill("{part}", values{"part": part}))
		if strings.HasPrefix(part, "{") {
			piece = "<b>" + piece + "</b>"
		}
		written.WriteString(piece)
	}
	return markup(strings.ReplaceAll(written.String(), "/<wbr><wbr>", "/"))
}

// side is the navigation beside a page: the guide, and every operation. The part that the page belongs to is open.
func (b *book) side(at string) markup {
	open := func(is bool) markup {
		if is {
			return " open"
		}
		return ""
	}
	tags := joined(b.Tags, func(t *reference.Tag) markup {
		return fill(sideTag, values{
			"title": titled(t.Name), "path": tagPath(t.Name), "open": open(tagPath(t.Name) == at),
			"current": current(tagPath(t.Name) == at),
			"operations": joined(t.Operations, func(o *reference.Operation) markup {
				return fill(`<li><a href="{href}" data-path="{path}">{method}<span>{summary}</span></a></li>`, values{
					"href": operationPath(o), "path": o.Path, "method": method(o), "summary": o.Summary,
				})
			}),
		})
	})
	return fill(sideNavigation, values{
		"home": Prefix, "open": open(at == Prefix), "tags": tags,
		"chapters": joined(chapters(), func(c chapter) markup {
			return fill(`<li><a href="{home}#{id}">{title}</a></li>`, values{"home": Prefix, "id": c.id, "title": c.title})
		}),
		"more": joined([]struct{ path, title string }{
			{schemasPath, "Schemas"},
			{permissionsPath, "Permissions"},
			{problemsPath, "Problems"},
			{machinesPath, "State machines"},
		}, func(l struct{ path, title string }) markup {
			return fill(`<li><a href="{path}"{current}>{title}</a></li>`,
				values{"path": l.path, "title": l.title, "current": current(l.path == at)})
		}),
	})
}

// group gives the page of a tag.
func (b *book) group(t *reference.Tag) markup {
	return fill(tagMain, values{
		"title": titled(t.Name), "description": b.told(t.Description),
		"index": joined(t.Operations, func(o *reference.Operation) markup {
			return fill(`<li><a href="#{id}">{method}<code>{path}</code></a></li>`,
				values{"id": o.ID, "method": method(o), "path": pathOf(o.Path)})
		}),
		"operations": joined(t.Operations, b.operation),
	})
}

// rights gives the page of who may do what.
func (b *book) rights() markup {
	return fill(permissionsMain, values{
		"roles": joined(b.Roles, func(role string) markup {
			return fill(`<th scope="col">{role}</th>`, values{"role": role})
		}),
		"rows": joined(b.Permissions, func(p *reference.Permission) markup {
			cells := joined(b.Roles, func(role string) markup { return mark(slices.Contains(p.Roles, role)) })
			key := map[reference.Keys]string{
				reference.NoKey: "–", reference.CompanyKey: "company", reference.TestKey: "test",
				reference.JobKey: "jobs", reference.EveryKey: "every",
			}[p.Key]
			if p.Scope != p.Name {
				key = "with " + p.Scope
			}
			return fill(permissionRow, values{
				"name": p.Name, "cells": cells, "key": key,
				"operations": joined(p.Operations, func(o *reference.Operation) markup {
					return fill(`<li><a href="{href}">{id}</a></li>`, values{"href": operationPath(o), "id": o.ID})
				}),
			})
		}),
	})
}

// mark is a cell of a table that says yes or no.
func mark(yes bool) markup {
	if yes {
		return `<td class="yes">yes</td>`
	}
	return `<td class="no">–</td>`
}

// shapes gives the page of all schemas that have names, in alphabetical order.
func (b *book) shapes() markup {
	sorted := slices.Clone(b.Schemas)
	slices.SortFunc(sorted, func(x, y *reference.Schema) int { return strings.Compare(x.Name, y.Name) })
	return fill(schemasMain, values{
		"count": len(sorted),
		"schemas": joined(sorted, func(s *reference.Schema) markup {
			detail := b.bounds(s)
			if s.Type == "object" {
				detail = b.fields(s, flat)
			}
			return fill(schemaSection, values{
				"name": s.Name, "type": plainType(s), "description": b.told(s.Description), "detail": detail,
			})
		}),
	})
}

// written is a count with its word.
func written(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}
