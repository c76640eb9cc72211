package lint

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
)

// kept are the paths that the tests break something of. They read the document a few hundred times, so it is cut down
// to these and what they refer to, but for the rule that needs the whole.
func kept() []string {
	return []string{
		"/health", "/health/ready", base + "auth/login", base + "users/me", base + "company", base + "jobs", base + "jobs/{job_id}",
		base + "jobs/{job_id}/open", base + "kits", base + "kits/{kit_id}", base + "candidates", base + "candidates/import.csv", base + "applications",
		base + "audit-logs/{audit_log_id}", base + "api-keys",
	}
}

// written is the specification as JSON, whole and cut down. Every test takes a copy of its own.
var written = sync.OnceValues(func() (texts struct{ whole, part []byte }, err error) { //nolint:gochecknoglobals // read once
	var document inner
	if err = yaml.Unmarshal([]byte(spec.Specification), &document); err != nil {
		return texts, err
	}
	if texts.whole, err = json.Marshal(document); err != nil {
		return texts, err
	}
	paths, _ := document["paths"].(inner)
	maps.DeleteFunc(paths, func(path string, _ any) bool { return !slices.Contains(kept(), path) })
	components, _ := document["components"].(inner)
	used := map[string]bool{}
	follow(document["paths"], components, used)
	follow(document["x-response-headers"], components, used)
	for kind, members := range components {
		if kind != "securitySchemes" {
			maps.DeleteFunc(members.(inner), func(name string, _ any) bool { return !used["#/components/"+kind+"/"+name] })
		}
	}
	texts.part, err = json.Marshal(document)
	return texts, err
})

// follow notes every component that a value refers to.
func follow(value any, components inner, used map[string]bool) {
	switch value := value.(type) {
	case inner:
		if ref, ok := value["$ref"].(string); ok && !used[ref] {
			used[ref] = true
			steps := strings.Split(ref, "/")
			members, _ := components[steps[2]].(inner)
			follow(members[steps[3]], components, used)
		}
		for _, member := range value {
			follow(member, components, used)
		}
	case []any:
		for _, item := range value {
			follow(item, components, used)
		}
	}
}

// tree is a copy of the specification that a test breaks.
type tree struct {
	t    *testing.T
	root any
}

// plant takes a copy, of the whole or of the part.
func plant(t *testing.T, whole bool) *tree {
	t.Helper()
	texts, err := written()
	if err != nil {
		t.Fatal(err)
	}
	text := texts.part
	if whole {
		text = texts.whole
	}
	grown := &tree{t: t}
	if err := json.Unmarshal(text, &grown.root); err != nil {
		t.Fatal(err)
	}
	return grown
}

// document reads what the copy has become.
func (g *tree) document() *Document {
	g.t.Helper()
	text, err := json.Marshal(g.root)
	if err != nil {
		g.t.Fatal(err)
	}
	document, err := Read(g.t.Context(), text)
	if err != nil {
		g.t.Fatal(err)
	}
	return document
}

// at is the value that a pointer leads to, which has to be there.
func (g *tree) at(pointer string) any {
	g.t.Helper()
	value := g.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = unescape(token)
		switch inner := value.(type) {
		case map[string]any:
			member, found := inner[token]
			if !found {
				g.t.Fatalf("%s: %q is not there, only %v", pointer, token, slices.Sorted(maps.Keys(inner)))
			}
			value = member
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i >= len(inner) {
				g.t.Fatalf("%s: there is no item %q", pointer, token)
			}
			value = inner[i]
		default:
			g.t.Fatalf("%s: %q leads into %T", pointer, token, value)
		}
	}
	return value
}

// parent splits a pointer into the mapping that holds the last member, and its name.
func (g *tree) parent(pointer string) (map[string]any, string) {
	g.t.Helper()
	cut := strings.LastIndex(pointer, "/")
	mapping, ok := g.at(pointer[:cut]).(map[string]any)
	if !ok {
		g.t.Fatalf("%s: is no member of a mapping", pointer)
	}
	return mapping, unescape(pointer[cut+1:])
}

// set gives a member or an item a value; the member may be there already or not.
func (g *tree) set(pointer string, value any) {
	g.t.Helper()
	cut := strings.LastIndex(pointer, "/")
	if list, ok := g.at(pointer[:cut]).([]any); ok {
		i, err := strconv.Atoi(pointer[cut+1:])
		if err != nil || i >= len(list) {
			g.t.Fatalf("%s: there is no such item", pointer)
		}
		list[i] = value
		return
	}
	mapping, name := g.parent(pointer)
	mapping[name] = value
}

// remove takes a member away, which has to be there.
func (g *tree) remove(pointer string) {
	g.t.Helper()
	mapping, name := g.parent(pointer)
	if _, found := mapping[name]; !found {
		g.t.Fatalf("%s: is not there", pointer)
	}
	delete(mapping, name)
}

// push adds an item at the end of a list.
func (g *tree) push(pointer string, value any) {
	g.t.Helper()
	list, _ := g.at(pointer).([]any)
	g.set(pointer, append(list, value))
}

// drop takes the items that a function picks out of a list, of which there has to be one.
func (g *tree) drop(pointer string, which func(item any) bool) {
	g.t.Helper()
	list, _ := g.at(pointer).([]any)
	rest := slices.DeleteFunc(slices.Clone(list), which)
	if len(rest) == len(list) {
		g.t.Fatalf("%s: has no such item", pointer)
	}
	g.set(pointer, rest)
}

// refers picks the reference to a component.
func refers(to string) func(any) bool {
	return func(item any) bool {
		object, _ := item.(map[string]any)
		return object["$ref"] == to
	}
}

// inner is a mapping of the document.
type inner = map[string]any
