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

// keptPaths returns the paths that the violations change. The tests parse the specification a few hundred times, so they
// use only these paths and the components that these refer to, except for the rule that needs the whole specification.
func keptPaths() []string {
	return []string{
		"/health", "/health/ready", base + "auth/login", base + "users/me", base + "company", base + "jobs", base + "jobs/{job_id}",
		base + "jobs/{job_id}/open", base + "kits", base + "kits/{kit_id}", base + "candidates", base + "candidates/import.csv", base + "applications",
		base + "audit-logs/{audit_log_id}", base + "api-keys",
	}
}

// specification returns the specification: all of it, and reduced to keptPaths.
var specification = sync.OnceValues(func() (documents struct{ whole, part object }, err error) { //nolint:gochecknoglobals // read once
	var document object
	if err = yaml.Unmarshal([]byte(spec.Specification), &document); err != nil {
		return documents, err
	}
	documents.whole, _ = clone(document).(object)
	documents.part = document
	paths, _ := document["paths"].(object)
	maps.DeleteFunc(paths, func(path string, _ any) bool { return !slices.Contains(keptPaths(), path) })
	delete(document, "webhooks")
	components, _ := document["components"].(object)
	used := map[string]bool{}
	addReferences(document["paths"], components, used)
	addReferences(document["x-response-headers"], components, used)
	for kind, members := range components {
		if kind != "securitySchemes" {
			maps.DeleteFunc(members.(object), func(name string, _ any) bool { return !used["#/components/"+kind+"/"+name] })
		}
	}
	return documents, nil
})

// clone copies mappings and lists, and what they contain.
func clone(value any) any {
	switch value := value.(type) {
	case object:
		members := make(object, len(value))
		for name, member := range value {
			members[name] = clone(member)
		}
		return members
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = clone(item)
		}
		return items
	default:
		return value
	}
}

// addReferences adds every component that a value refers to, directly or indirectly, to used.
func addReferences(value any, components object, used map[string]bool) {
	switch value := value.(type) {
	case object:
		if ref, ok := value["$ref"].(string); ok && !used[ref] {
			used[ref] = true
			steps := strings.Split(ref, "/")
			members, _ := components[steps[2]].(object)
			addReferences(members[steps[3]], components, used)
		}
		for _, member := range value {
			addReferences(member, components, used)
		}
	case []any:
		for _, item := range value {
			addReferences(item, components, used)
		}
	}
}

// tree is a copy of the specification that a test changes.
type tree struct {
	t    *testing.T
	root any
}

// newTree returns a copy of the whole or of the reduced specification.
func newTree(t *testing.T, whole bool) *tree {
	t.Helper()
	documents, err := specification()
	if err != nil {
		t.Fatal(err)
	}
	if whole {
		return &tree{t, clone(documents.whole)}
	}
	return &tree{t, clone(documents.part)}
}

// document parses the changed specification.
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

// at returns the value at a pointer. It must exist.
func (g *tree) at(pointer string) any {
	g.t.Helper()
	value := g.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = unescape(token)
		switch inner := value.(type) {
		case map[string]any:
			member, found := inner[token]
			if !found {
				g.t.Fatalf("%s: got the members %v, want %q", pointer, slices.Sorted(maps.Keys(inner)), token)
			}
			value = member
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i >= len(inner) {
				g.t.Fatalf("%s: the item %q does not exist", pointer, token)
			}
			value = inner[i]
		default:
			g.t.Fatalf("%s: %q: a %T has no members", pointer, token, value)
		}
	}
	return value
}

// parent returns the mapping that contains the last member of a pointer, and the name of the member.
func (g *tree) parent(pointer string) (map[string]any, string) {
	g.t.Helper()
	cut := strings.LastIndex(pointer, "/")
	mapping, ok := g.at(pointer[:cut]).(map[string]any)
	if !ok {
		g.t.Fatalf("%s: not a member of a mapping", pointer)
	}
	return mapping, unescape(pointer[cut+1:])
}

// set sets a member, which may be new, or an existing item.
func (g *tree) set(pointer string, value any) {
	g.t.Helper()
	cut := strings.LastIndex(pointer, "/")
	if list, ok := g.at(pointer[:cut]).([]any); ok {
		i, err := strconv.Atoi(pointer[cut+1:])
		if err != nil || i >= len(list) {
			g.t.Fatalf("%s: the item does not exist", pointer)
		}
		list[i] = value
		return
	}
	mapping, name := g.parent(pointer)
	mapping[name] = value
}

// remove removes a member. It must exist.
func (g *tree) remove(pointer string) {
	g.t.Helper()
	mapping, name := g.parent(pointer)
	if _, found := mapping[name]; !found {
		g.t.Fatalf("%s: the member does not exist", pointer)
	}
	delete(mapping, name)
}

// push appends an item to a list.
func (g *tree) push(pointer string, value any) {
	g.t.Helper()
	list, _ := g.at(pointer).([]any)
	g.set(pointer, append(list, value))
}

// drop removes the items of a list for which a function returns true. There must be at least one.
func (g *tree) drop(pointer string, which func(item any) bool) {
	g.t.Helper()
	list, _ := g.at(pointer).([]any)
	rest := slices.DeleteFunc(slices.Clone(list), which)
	if len(rest) == len(list) {
		g.t.Fatalf("%s: the list has no such item", pointer)
	}
	g.set(pointer, rest)
}

// refersTo returns a function that reports whether an item is a reference to a component.
func refersTo(to string) func(any) bool {
	return func(item any) bool {
		mapping, _ := item.(map[string]any)
		return mapping["$ref"] == to
	}
}

// object is a mapping of the document.
type object = map[string]any
