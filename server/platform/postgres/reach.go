package postgres

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Queries name the reach of the actor as the third argument of the functions that decide what the actor sees.
var reachArgument = regexp.MustCompile(`\b(?:visible_\w+|list_\w+|led_jobs|jobs_of_actor|panels_of_actor)` +
	`\(\s*\$\d+,\s*\$\d+,\s*\$(\d+)`)

// reaches are the values of a reach.
func reaches() []string { return []string{"none", "own", "jobs", "all"} }

// parameter is a parameter of a statement.
var parameter = regexp.MustCompile(`\$\d+`)

// reachable is a statement with a parameter for the reach of the actor.
type reachable struct {
	// at is the index of the argument; -1 if there is none.
	at int
	// with are the statements with the reach as a constant, by reach.
	with map[string]string
}

// statementsByText remembers a reachable for each text of a statement. Statements are constants of the program.
var statementsByText sync.Map //nolint:gochecknoglobals // a memo of pure functions

// fixReach replaces the reach of the actor, which has one of four values, by a constant, so that PostgreSQL keeps a
// plan for each value. A plan for all values contains the conditions of each of them, and beginning to run it opens all
// tables of these conditions, which takes longer than reading a row.
func fixReach(sql string, args []any) (string, []any) {
	known, found := statementsByText.Load(sql)
	if !found {
		known, _ = statementsByText.LoadOrStore(sql, newReachable(sql))
	}
	r := known.(reachable) //nolint:forcetypeassert // nothing else is stored
	if r.at < 0 || r.at >= len(args) {
		return sql, args
	}
	value, _ := args[r.at].(string)
	fixed, found := r.with[value]
	if !found {
		return sql, args
	}
	return fixReach(fixed, slices.Concat(args[:r.at], args[r.at+1:])) // it may have another one, such as that of kits
}

func newReachable(sql string) reachable {
	match := reachArgument.FindStringSubmatch(sql)
	if match == nil {
		return reachable{at: -1}
	}
	number, _ := strconv.Atoi(match[1]) // digits by the expression
	r := reachable{at: number - 1, with: map[string]string{}}
	for _, reach := range reaches() {
		r.with[reach] = parameter.ReplaceAllStringFunc(sql, func(name string) string {
			n, _ := strconv.Atoi(strings.TrimPrefix(name, "$"))
			switch {
			case n == number:
				return "'" + reach + "'::text"
			case n > number:
				return "$" + strconv.Itoa(n-1)
			}
			return name
		})
	}
	return r
}
