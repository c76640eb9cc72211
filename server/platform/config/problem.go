package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one problem of the configuration. It never contains a value.
type Problem struct {
	// Variable is the name of the variable, or the path of the file that cannot be read.
	Variable string
	// Wrong completes a sentence that starts with the variable, such as "is missing".
	Wrong string
	// Remedy says how to correct it.
	Remedy string
}

// Problems are all problems of a configuration, at least one. It is the error that Load returns.
type Problems []Problem

// Error returns a line with the number of problems and one line for each.
func (p Problems) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d problem(s):", len(p))
	for _, one := range p {
		fmt.Fprintf(&b, "\n  %s %s; %s", one.Variable, one.Wrong, one.Remedy)
	}
	return b.String()
}

// Of reports whether one of some variables has a problem.
func (p Problems) Of(variables ...string) bool { return slices.ContainsFunc(variables, p.has) }

// has reports whether a variable has a problem.
func (p Problems) has(variable string) bool {
	for _, one := range p {
		if one.Variable == variable {
			return true
		}
	}
	return false
}
