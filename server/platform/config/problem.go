package config

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with the configuration. It never contains the value that is wrong.
type Problem struct {
	// Variable is the name of the variable, or the path of the file that could not be read.
	Variable string
	// Wrong completes the sentence that begins with the variable: "is missing".
	Wrong string
	// Remedy says what to do about it.
	Remedy string
}

// Problems is everything wrong with a configuration, at least one thing. It is the error that Load returns.
type Problems []Problem

// Error gives one line for each problem, after a line that counts them.
func (p Problems) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d problem(s):", len(p))
	for _, one := range p {
		fmt.Fprintf(&b, "\n  %s %s; %s", one.Variable, one.Wrong, one.Remedy)
	}
	return b.String()
}

// has reports whether something is already known to be wrong with a variable.
func (p Problems) has(variable string) bool {
	for _, one := range p {
		if one.Variable == variable {
			return true
		}
	}
	return false
}
