package docs

import (
	"net/http"
	"slices"

	"github.com/ai-interviewer-platform/interviewer/server/fault"
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
