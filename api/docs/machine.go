package docs

import (
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

const machinesPath = Prefix + "/state-machines"

// machinePictures names the pictures of the state machines, which make generate draws from the table that decides.
func machinePictures() []string {
	var names []string
	for _, machine := range lifecycle.All() {
		names = append(names, "machine/"+machine.Name+".svg")
	}
	return names
}

// machines is the page of all state machines: for each its picture, its states, and the ways between them.
func machines(assets string) markup {
	var sections strings.Builder
	for _, machine := range lifecycle.All() {
		sections.WriteString(string(fill(machineSection, values{
			"name": machine.Name, "title": strings.ReplaceAll(machine.Name, "_", " "),
			"picture": assets + "machine/" + machine.Name + ".svg",
			"states":  machineStates(machine), "ways": machineWays(machine),
		})) + "\n")
	}
	return fill(machinesMain, values{"machines": markup(sections.String())})
}

func machineStates(machine api.StateMachine) markup {
	var rows strings.Builder
	for _, state := range machine.States {
		rows.WriteString(string(fill("<li><code>{name}</code> {description}</li>",
			values{"name": state.Name, "description": state.Description})) + "\n")
	}
	return markup(rows.String())
}

// machineWays lists the transitions, those that differ only in the state before in one row.
func machineWays(machine api.StateMachine) markup {
	type row struct {
		way  api.MachineTransition
		from []string
	}
	var rows []row
	for _, way := range machine.Transitions {
		to := way.To
		if way.From == way.To {
			to = ""
		}
		same := slices.IndexFunc(rows, func(r row) bool {
			return r.way.Action == way.Action && r.way.To == to && slices.Equal(r.way.By, way.By)
		})
		if same < 0 {
			same, rows = len(rows), append(rows, row{way: way})
			rows[same].way.To = to
		}
		rows[same].from = append(rows[same].from, way.From)
	}
	var written strings.Builder
	for _, r := range rows {
		by := make([]string, len(r.way.By))
		for i, actor := range r.way.By {
			by[i] = strings.ReplaceAll(string(actor), "_", " ")
		}
		if r.way.IsAutomatic {
			by = []string{"by itself"}
		}
		if r.way.To == "" {
			r.way.To = "stays"
		}
		written.WriteString(string(fill("<tr><td><code>{action}</code></td><td>{from}</td><td>{to}</td><td>{by}</td>"+
			"<td>{reason}</td><td>{description}</td></tr>", values{
			"action": r.way.Action, "from": strings.Join(r.from, ", "), "to": r.way.To, "by": strings.Join(by, ", "),
			"reason": r.way.Reason, "description": r.way.Description,
		})) + "\n")
	}
	return markup(written.String())
}
