package docs

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// problem is one code as its page shows it.
type problem struct {
	fault.Description
	Code   fault.Code
	Status int
}

// Path is the path of the problem's page.
func (p problem) Path() string { return ProblemPath(p.Code) }

// StatusText is the name of the problem's HTTP status.
func (p problem) StatusText() string { return http.StatusText(p.Status) }

// group is the problems that share one HTTP status.
type group struct {
	Status     int
	StatusText string
	Problems   []problem
}

// problemGroups gives every code, grouped by status in ascending order; within a group the order is that of the codes.
func problemGroups(status func(fault.Kind) int) []group {
	var groups []group
	for _, code := range fault.Codes() {
		p := problem{Description: code.Describe(), Code: code}
		p.Status = status(p.Kind)
		at, found := slices.BinarySearchFunc(groups, p.Status, func(g group, s int) int { return g.Status - s })
		if !found {
			groups = slices.Insert(groups, at, group{Status: p.Status, StatusText: p.StatusText()})
		}
		groups[at].Problems = append(groups[at].Problems, p)
	}
	return groups
}

// problemList is the list of all problems.
func problemList(groups []group) markup {
	return fill(problemsMain, values{"groups": joined(groups, func(g group) markup {
		return fill(problemsGroup, values{
			"status": g.Status, "class": g.Status / 100, "status-text": g.StatusText,
			"entries": joined(g.Problems, func(p problem) markup {
				return fill(`<li><a href="{path}"><code>{code}</code></a><p>{meaning}</p></li>`,
					values{"path": p.Path(), "code": p.Code, "meaning": p.Meaning})
			}),
		})
	})})
}

// problem is the page of one problem: what it means, what to do, how it looks, and where it may come from.
func (b *book) problem(p problem, g group) markup {
	others := joined(slices.DeleteFunc(slices.Clone(g.Problems), func(o problem) bool { return o.Code == p.Code }),
		func(other problem) markup {
			return fill(`<li><a href="{path}"><code>{code}</code></a></li>`,
				values{"path": other.Path(), "code": other.Code})
		})
	if others != "" {
		others = fill("<h2>Others with this status</h2>\n<ul class=\"inline\">\n{others}</ul>", values{"others": others})
	}
	answering := b.answering(p)
	return fill(problemMain, values{
		"problems": problemsPath, "title": p.Title, "meaning": p.Meaning, "code": p.Code, "status": p.Status,
		"class": p.Status / 100, "status-text": p.StatusText(), "remedy": p.Remedy, "others": others,
		"example": highlighted(b.problemExample(p, answering).JSON()), "sources": b.sources(answering),
	})
}

// sources lists the operations that a problem may come from, by tag; a problem that no operation declares may come from
// every path.
func (b *book) sources(answering []*reference.Operation) markup {
	if len(answering) == 0 {
		return "<p>Every path may answer this, also one that no operation has.</p>"
	}
	about := "<p>" + written(len(answering), "operation", "operations") + " may answer this.</p>\n"
	groups := joined(b.Tags, func(t *reference.Tag) markup {
		here := slices.DeleteFunc(slices.Clone(answering), func(o *reference.Operation) bool { return o.Tag != t.Name })
		if len(here) == 0 {
			return ""
		}
		return fill(sourceGroup, values{
			"title": titled(t.Name), "path": tagPath(t.Name),
			"operations": joined(here, func(o *reference.Operation) markup {
				return fill(`<li><a href="{path}">{id}</a></li>`, values{"path": operationPath(o), "id": o.ID})
			}),
		})
	})
	return markup(about) + fill("<dl class=\"sources\">\n{groups}</dl>", values{"groups": groups})
}

// problemExample gives a document with the problem's code: one that the specification shows, or one as the server
// writes it.
func (b *book) problemExample(p problem, answering []*reference.Operation) reference.Value {
	instance := "/api/v1/nothing"
	for _, o := range answering {
		for _, answer := range o.Answers {
			for _, media := range answer.Media {
				if media.Example.Get("code").Text == string(p.Code) {
					return media.Example
				}
			}
		}
	}
	if len(answering) > 0 {
		instance = answering[0].Path
		for _, parameter := range answering[0].Parameters {
			instance = strings.ReplaceAll(instance, "{"+parameter.Name+"}", parameter.Sample().Text)
		}
	}
	example := reference.Value{Kind: reference.Object}
	for _, m := range []struct{ name, text string }{
		{"type", p.Path()},
		{"title", p.Title},
		{"status", ""},
		{"detail", p.Meaning},
		{"instance", instance},
		{"code", string(p.Code)},
		{"request_id", "01980a3e-7b1c-7c7e-8f00-0123456789af"},
	} {
		value := reference.TextOf(m.text)
		if m.name == "status" {
			value = reference.NumberOf(p.Status)
		}
		example.Members = append(example.Members, reference.Member{Name: m.name, Value: value})
	}
	if p.Code == fault.StateConflict {
		example.Members = append(example.Members, reference.Member{Name: "state", Value: reference.TextOf("cancelled")},
			reference.Member{Name: "allowed_actions", Value: reference.Value{Kind: reference.List}})
	}
	return example
}
