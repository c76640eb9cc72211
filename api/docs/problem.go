package docs

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// problem is an error code with its description and HTTP status.
type problem struct {
	fault.Description
	Code   fault.Code
	Status int
}

// statusGroup contains the problems with one HTTP status.
type statusGroup struct {
	Status   int
	Problems []problem
}

// groupByStatus returns all error codes, grouped by status in ascending order. Groups keep the order of fault.Codes.
func groupByStatus(status func(fault.Kind) int) []statusGroup {
	var groups []statusGroup
	for _, code := range fault.Codes() {
		p := problem{Description: code.Describe(), Code: code}
		p.Status = status(p.Kind)
		at, found := slices.BinarySearchFunc(groups, p.Status, func(g statusGroup, s int) int { return g.Status - s })
		if !found {
			groups = slices.Insert(groups, at, statusGroup{Status: p.Status})
		}
		groups[at].Problems = append(groups[at].Problems, p)
	}
	return groups
}

// others returns the problems of a group except p.
func (g statusGroup) others(p problem) []problem {
	return slices.DeleteFunc(slices.Clone(g.Problems), func(other problem) bool { return other.Code == p.Code })
}

// returning returns the operations that can return a problem.
func (r *renderer) returning(p problem) []*reference.Operation {
	var all []*reference.Operation
	for _, o := range r.Operations() {
		declared := slices.ContainsFunc(problemsOf(o), func(response *reference.Response) bool {
			return response.Status == strconv.Itoa(p.Status)
		})
		if declared && MayAnswer(o, p.Code) {
			all = append(all, o)
		}
	}
	return all
}

// withTag returns the operations in a group.
func withTag(operations []*reference.Operation, tag string) []*reference.Operation {
	return slices.DeleteFunc(slices.Clone(operations), func(o *reference.Operation) bool { return o.Tag != tag })
}

// problemExample returns a problem document with the code: an example from the specification, or one like the server
// sends it.
func problemExample(p problem, operations []*reference.Operation) reference.Value {
	for _, o := range operations {
		for _, response := range o.Responses {
			for _, media := range response.Media {
				if media.Example.Get("code").Text == string(p.Code) {
					return media.Example
				}
			}
		}
	}
	instance := "/api/v1/nothing"
	if len(operations) > 0 {
		instance = operations[0].Path
		for _, parameter := range operations[0].Parameters {
			instance = strings.ReplaceAll(instance, "{"+parameter.Name+"}", parameter.Sample().Text)
		}
	}
	example := reference.Value{Kind: reference.Object, Members: []reference.Member{
		{Name: "type", Value: reference.TextOf(ProblemPath(p.Code))},
		{Name: "title", Value: reference.TextOf(p.Title)},
		{Name: "status", Value: reference.NumberOf(p.Status)},
		{Name: "detail", Value: reference.TextOf(p.Meaning)},
		{Name: "instance", Value: reference.TextOf(instance)},
		{Name: "code", Value: reference.TextOf(string(p.Code))},
		{Name: "request_id", Value: reference.TextOf("01980a3e-7b1c-7c7e-8f00-0123456789af")},
	}}
	if p.Code == fault.StateConflict {
		example.Members = append(example.Members,
			reference.Member{Name: "state", Value: reference.TextOf("cancelled")},
			reference.Member{Name: "allowed_actions", Value: reference.Value{Kind: reference.List}})
	}
	return example
}
