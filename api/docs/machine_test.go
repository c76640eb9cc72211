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

// update has the pictures of the state machines drawn anew; make generate sets it.
var update = flag.Bool("update", false, "draw the pictures of the state machines anew") //nolint:gochecknoglobals // a flag

// TestPicturesShowTheMachines draws each state machine from the table that decides, and compares it with the picture
// that the reference page shows.
func TestPicturesShowTheMachines(t *testing.T) {
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
		kept, err := os.ReadFile("asset/machine/" + name)
		if err != nil {
			t.Error(err)
		}
		if !bytes.Equal(kept, drawn) {
			t.Errorf("asset/machine/%s is not what the table says: run make generate and commit it", name)
		}
	}
	entries, err := os.ReadDir("asset/machine")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(known, entry.Name()) {
			t.Errorf("asset/machine/%s shows no machine that there is", entry.Name())
		}
	}
}

// crowded is how many ways an action may have before they are drawn thin and without its name at each.
const crowded = 5

// draw gives the picture of a machine. Actions that a state permits without ending it stand in the state.
func draw(t *testing.T, m api.StateMachine) []byte {
	t.Helper()
	var dot strings.Builder
	dot.WriteString(`digraph { rankdir=LR; bgcolor="transparent"; nodesep=0.45; ranksep=0.8;
		node [shape=box style="rounded,filled" fillcolor="#eef0fb" color="#3f4fc4" fontname="Helvetica" fontsize=12 margin="0.3,0.12"];
		edge [fontname="Helvetica" fontsize=10 color="#566074" fontcolor="#1b2333" arrowsize=0.7];
		begin [shape=point width=0.16 color="#1b2333"];
	`)
	fmt.Fprintf(&dot, "begin -> %q;\n", m.Initial)
	ways, edges := map[string]int{}, map[[2]string][]string{}
	var order [][2]string
	within := map[string][]string{}
	for _, way := range m.Transitions {
		if way.From == way.To {
			within[way.From] = append(within[way.From], words(way.Action))
			continue
		}
		ways[way.Action]++
	}
	for _, way := range m.Transitions {
		pair := [2]string{way.From, way.To}
		switch {
		case way.From == way.To:
		case ways[way.Action] > crowded:
			color := map[bool]string{true: "#8f5a00", false: "#9aa3b8"}[way.Reason == api.MachineReasonRequired]
			fmt.Fprintf(&dot, "%q -> %q [style=dashed penwidth=0.8 color=%q constraint=false];\n", way.From, way.To, color)
		default:
			if edges[pair] == nil {
				order = append(order, pair)
			}
			edges[pair] = append(edges[pair], label(way))
		}
	}
	for _, state := range m.States {
		text := "<b>" + words(state.Name) + "</b>"
		if inside := within[state.Name]; len(inside) > 0 {
			text += `<br/><font point-size="9" color="#566074">` + strings.Join(inside, ", ") + "</font>"
		}
		style := ""
		if state.IsFinal {
			style = ` peripheries=2 fillcolor="#f6f7fb"`
		}
		fmt.Fprintf(&dot, "%q [label=<%s>%s];\n", state.Name, text, style)
	}
	for _, pair := range order {
		fmt.Fprintf(&dot, "%q -> %q [label=%q];\n", pair[0], pair[1], strings.Join(edges[pair], "\n"))
	}
	dot.WriteString("}")
	return render(t, dot.String())
}

func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// label is what stands at a way: the action, marked where it needs a reason, and in italics' stead a word where it
// happens by itself.
func label(way api.MachineTransition) string {
	switch {
	case way.IsAutomatic:
		return words(way.Action) + " (by itself)"
	case way.Reason == api.MachineReasonRequired:
		return words(way.Action) + " (reason)"
	}
	return words(way.Action)
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
	// The comment says which release drew it, and the types a doctype that nobody fetches; the picture is what counts.
	return regexp.MustCompile(`(?s)<\?xml.*?<svg`).ReplaceAll(drawn.Bytes(), []byte("<svg"))
}

// TestStateMachinesAreShown expects every machine on its page: its picture, its states, and every way with who may
// take it.
func TestStateMachinesAreShown(t *testing.T) {
	t.Parallel()
	h := standard(t)
	answer := ask(t, h, http.MethodGet, docs.Prefix+"/state-machines")
	if answer.Code != http.StatusOK {
		t.Fatalf("the page is answered %d", answer.Code)
	}
	page := html.UnescapeString(answer.Body.String())
	pictures := regexp.MustCompile(`<img[^>]* src="([^"]+/machine/[a-z_]+\.svg)"`).FindAllStringSubmatch(page, -1)
	if len(pictures) != len(lifecycle.All()) {
		t.Errorf("%d machines have %d pictures", len(lifecycle.All()), len(pictures))
	}
	for _, picture := range pictures {
		got := ask(t, h, http.MethodGet, picture[1])
		if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "<svg") || got.Header().Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s is answered %d as %s", picture[1], got.Code, got.Header().Get("Content-Type"))
		}
	}
	for _, machine := range lifecycle.All() {
		for _, state := range machine.States {
			if !strings.Contains(page, state.Description) {
				t.Errorf("%s: the state %s is not described", machine.Name, state.Name)
			}
		}
		for _, way := range machine.Transitions {
			if !strings.Contains(page, way.Description) {
				t.Errorf("%s: %s is not described", machine.Name, way.Action)
			}
		}
	}
}
