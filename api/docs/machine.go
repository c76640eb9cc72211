package docs

import (
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// machineDiagrams returns the names of the diagrams of the state machines. make generate draws them from the tables in
// package lifecycle.
func machineDiagrams() []string {
	var names []string
	for _, machine := range lifecycle.All() {
		names = append(names, machineDiagram(machine))
	}
	return names
}

func machineDiagram(machine api.StateMachine) string { return "machine/" + machine.Name + ".svg" }

// words replaces the underscores in a name with spaces.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// transition is a row of the table of a state machine. from lists all states in which the action is allowed.
type transition struct {
	action, to, reason, description string
	from, by                        []string
}

// transitions returns the transitions of a machine. Those that differ only in their first state are merged.
func transitions(machine api.StateMachine) []transition {
	var rows []transition
	for _, t := range machine.Transitions {
		row := transition{action: t.Action, to: t.To, reason: string(t.Reason), description: t.Description}
		if t.From == t.To {
			row.to = "unchanged"
		}
		for _, actor := range t.By {
			row.by = append(row.by, words(string(actor)))
		}
		if t.IsAutomatic {
			row.by = []string{"automatic"}
		}
		at := slices.IndexFunc(rows, func(r transition) bool {
			return r.action == row.action && r.to == row.to && slices.Equal(r.by, row.by)
		})
		if at < 0 {
			at, rows = len(rows), append(rows, row)
		}
		rows[at].from = append(rows[at].from, t.From)
	}
	return rows
}
