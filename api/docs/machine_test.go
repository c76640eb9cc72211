package docs_test

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-graphviz"

	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// update writes the diagrams of the state machines. make generate sets it.
var update = flag.Bool("update", false, "write the diagrams of the state machines") //nolint:gochecknoglobals // a flag

// TestDiagramsShowTheMachines draws each state machine from the table that the server uses, and compares the result
// with the diagram on the page.
func TestDiagramsShowTheMachines(t *testing.T) {
	t.Parallel()
	known := []string{}
	for _, machine := range lifecycle.All() {
		name := machine.Name + ".svg"
		known = append(known, name)
		drawn := draw(t, machine)
		if *update {
			if err := os.WriteFile("asset/machine/"+name, drawn, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		committed, err := os.ReadFile("asset/machine/" + name)
		if err != nil {
			t.Error(err)
		}
		if !bytes.Equal(committed, drawn) {
			t.Errorf("asset/machine/%s is outdated: run make generate and commit the result", name)
		}
	}
	entries, err := os.ReadDir("asset/machine")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(known, entry.Name()) {
			t.Errorf("asset/machine/%s does not belong to a state machine: delete it", entry.Name())
		}
	}
}

// maxLabelled is the number of transitions of an action above which they are drawn as dashed arrows without labels.
const maxLabelled = 5

// draw returns the diagram of a machine as SVG. Actions that do not change the state are listed inside it.
func draw(t *testing.T, m api.StateMachine) []byte {
	t.Helper()
	var dot strings.Builder
	dot.WriteString(`digraph { rankdir=LR; bgcolor="transparent"; nodesep=0.45; ranksep=0.8;
		node [shape=box style="rounded,filled" fillcolor="#eef0fb" color="#3f4fc4" fontname="Helvetica" fontsize=12 margin="0.3,0.12"];
		edge [fontname="Helvetica" fontsize=10 color="#566074" fontcolor="#1b2333" arrowsize=0.7];
		begin [shape=point width=0.16 color="#1b2333"];
	`)
	fmt.Fprintf(&dot, "begin -> %q;\n", m.Initial)
	count, labels := map[string]int{}, map[[2]string][]string{}
	var arrows [][2]string
	inside := map[string][]string{}
	for _, transition := range m.Transitions {
		if transition.From == transition.To {
			inside[transition.From] = append(inside[transition.From], words(transition.Action))
			continue
		}
		count[transition.Action]++
	}
	for _, transition := range m.Transitions {
		arrow := [2]string{transition.From, transition.To}
		switch {
		case transition.From == transition.To:
		case count[transition.Action] > maxLabelled:
			color := map[bool]string{true: "#8f5a00", false: "#9aa3b8"}[transition.Reason == api.MachineReasonRequired]
			fmt.Fprintf(&dot, "%q -> %q [style=dashed penwidth=0.8 color=%q constraint=false];\n", arrow[0], arrow[1], color)
		default:
			if labels[arrow] == nil {
				arrows = append(arrows, arrow)
			}
			labels[arrow] = append(labels[arrow], label(transition))
		}
	}
	for _, state := range m.States {
		text := "<b>" + words(state.Name) + "</b>"
		if actions := inside[state.Name]; len(actions) > 0 {
			text += `<br/><font point-size="9" color="#566074">` + strings.Join(actions, ", ") + "</font>"
		}
		style := ""
		if state.IsFinal {
			style = ` peripheries=2 fillcolor="#f6f7fb"`
		}
		fmt.Fprintf(&dot, "%q [label=<%s>%s];\n", state.Name, text, style)
	}
	for _, arrow := range arrows {
		fmt.Fprintf(&dot, "%q -> %q [label=%q];\n", arrow[0], arrow[1], strings.Join(labels[arrow], "\n"))
	}
	dot.WriteString("}")
	return render(t, dot.String())
}

func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// label returns the label of an arrow: the action, with a note if it is automatic or requires a reason.
func label(transition api.MachineTransition) string {
	switch {
	case transition.IsAutomatic:
		return words(transition.Action) + " (automatic)"
	case transition.Reason == api.MachineReasonRequired:
		return words(transition.Action) + " (reason)"
	}
	return words(transition.Action)
}

func render(t *testing.T, dot string) []byte {
	t.Helper()
	ctx := t.Context()
	engine, err := graphviz.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	graph, err := graphviz.ParseBytes([]byte(dot))
	if err != nil {
		t.Fatalf("%v in %s", err, dot)
	}
	var drawn bytes.Buffer
	if err := engine.Render(ctx, graph, graphviz.SVG, &drawn); err != nil {
		t.Fatal(err)
	}
	// The prolog contains the version of Graphviz and a DOCTYPE, which browsers ignore.
	return regexp.MustCompile(`(?s)<\?xml.*?<svg`).ReplaceAll(drawn.Bytes(), []byte("<svg"))
}

// TestStateMachinePageIsComplete checks the diagram, the states and the transitions of every machine.
func TestStateMachinePageIsComplete(t *testing.T) {
	t.Parallel()
	h := standard(t)
	w := send(t, h, http.MethodGet, docs.Prefix+"/state-machines")
	if w.Code != http.StatusOK {
		t.Fatalf("got status %d", w.Code)
	}
	page := html.UnescapeString(w.Body.String())
	diagrams := regexp.MustCompile(`<img[^>]* src="([^"]+/machine/[a-z_]+\.svg)"`).FindAllStringSubmatch(page, -1)
	if len(diagrams) != len(lifecycle.All()) {
		t.Errorf("got %d diagrams, want %d", len(diagrams), len(lifecycle.All()))
	}
	for _, diagram := range diagrams {
		w := send(t, h, http.MethodGet, diagram[1])
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<svg") || w.Header().Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s: got status %d with Content-Type %q", diagram[1], w.Code, w.Header().Get("Content-Type"))
		}
	}
	for _, machine := range lifecycle.All() {
		for _, state := range machine.States {
			if !strings.Contains(page, state.Description) {
				t.Errorf("%s: no description of the state %s", machine.Name, state.Name)
			}
		}
		for _, transition := range machine.Transitions {
			if !strings.Contains(page, transition.Description) {
				t.Errorf("%s: no description of %s", machine.Name, transition.Action)
			}
		}
	}
}
