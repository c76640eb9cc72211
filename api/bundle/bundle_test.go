package bundle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/ai-interviewer-platform/interviewer/api/bundle"
)

const entry = `openapi: 3.1.0
info: {title: Small, version: 1.0.0}
# The order of the paths is that of this list.
paths:
  /things/{thing_id}: {$ref: 'parts/things.yaml#/paths/~1things~1{thing_id}'}
  /owners: {$ref: 'parts/owners.yaml#/paths/~1owners'}
  /things: {$ref: 'parts/things.yaml#/paths/~1things'}
components:
  securitySchemes:
    key: {type: http, scheme: bearer}
`

const things = `paths:
  /things:
    get:
      responses:
        '200':
          description: The things.
          content:
            application/json:
              schema: {type: array, items: {$ref: '#/components/schemas/Thing'}}
              example: [&thing {id: 1, owner: {name: Ada}}]
  /things/{thing_id}:
    get:
      responses: # of one thing
        '200':
          description: The thing.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Thing'}
              example: *thing
components:
  schemas:
    Thing:
      properties:
        id: {type: integer}
        owner: {$ref: 'owners.yaml#/components/schemas/Owner'}
`

const owners = `paths:
  /owners:
    get:
      responses:
        '200':
          description: The owners.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Owner'}
components:
  schemas:
    Owner:
      properties:
        name: {type: string}
        things: {type: array, items: {$ref: 'things.yaml#/components/schemas/Thing'}}
`

const bundled = `openapi: 3.1.0
info: {title: Small, version: 1.0.0}
# The order of the paths is that of this list.
paths:
  /things/{thing_id}:
    get:
      responses: # of one thing
        '200':
          description: The thing.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Thing'}
              example: {id: 1, owner: {name: Ada}}
  /owners:
    get:
      responses:
        '200':
          description: The owners.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Owner'}
  /things:
    get:
      responses:
        '200':
          description: The things.
          content:
            application/json:
              schema: {type: array, items: {$ref: '#/components/schemas/Thing'}}
              example: [{id: 1, owner: {name: Ada}}]
components:
  securitySchemes:
    key: {type: http, scheme: bearer}
  schemas:
    Thing:
      properties:
        id: {type: integer}
        owner: {$ref: '#/components/schemas/Owner'}
    Owner:
      properties:
        name: {type: string}
        things: {type: array, items: {$ref: '#/components/schemas/Thing'}}
`

// write writes the small document, with a change to one of its files, and returns the path of the entry point.
func write(t *testing.T, file, old, changed string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "parts"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"openapi.yaml": entry, "parts/things.yaml": things, "parts/owners.yaml": owners} {
		if name == file {
			if strings.Count(text, old) != 1 {
				t.Fatalf("%s has %q %d times, want once", name, old, strings.Count(text, old))
			}
			text = strings.Replace(text, old, changed, 1)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "openapi.yaml")
}

func TestLoadBundlesTheParts(t *testing.T) {
	t.Parallel()
	document, err := bundle.Load(write(t, "", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	text, err := document.Text()
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != bundled {
		t.Errorf("the bundle is\n%s\nwant\n%s", text, bundled)
	}
}

func TestNodesKnowTheirFileAndLine(t *testing.T) {
	t.Parallel()
	path := write(t, "", "", "")
	document, err := bundle.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]struct {
		file string
		line int
	}{
		"Small":       {"openapi.yaml", 2},
		"The things.": {"parts/things.yaml", 6},
		"The thing.":  {"parts/things.yaml", 15},
		"The owners.": {"parts/owners.yaml", 6},
		"Ada":         {"parts/things.yaml", 10}, // both times: where the anchor is
		"integer":     {"parts/things.yaml", 24},
		"bearer":      {"openapi.yaml", 10},
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			count := 0
			each(document.Root, func(node *yaml.Node) {
				if node.Value != value {
					return
				}
				count++
				file, err := filepath.Rel(filepath.Dir(path), document.File(node))
				if err != nil || filepath.ToSlash(file) != want.file || node.Line != want.line {
					t.Errorf("is at %s:%d (%v), want %s:%d", file, node.Line, err, want.file, want.line)
				}
			})
			if count == 0 {
				t.Error("is not in the bundle")
			}
		})
	}
}

func each(node *yaml.Node, do func(*yaml.Node)) {
	do(node)
	for _, child := range node.Content {
		each(child, do)
	}
}

func TestLoadReportsErrorsByFileAndLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, old, changed, want string }{
		"missing file": {
			"openapi.yaml", "parts/owners.yaml", "parts/people.yaml",
			"openapi.yaml:6: parts/people.yaml#/paths/~1owners: open ",
		},
		"missing path": {
			"parts/things.yaml", "  /things:", "  /thing:",
			"openapi.yaml:7: parts/things.yaml#/paths/~1things: is not the path /things of a part",
		},
		"path of another name": {
			"openapi.yaml", "  /owners:", "  /people:",
			"openapi.yaml:6: parts/owners.yaml#/paths/~1owners: is not the path /people of a part",
		},
		"unlisted path": {
			"openapi.yaml", "  /owners: {$ref: 'parts/owners.yaml#/paths/~1owners'}\n", "",
			"openapi.yaml does not list the path /owners",
		},
		"missing component of the same file": {
			"parts/owners.yaml", "schema: {$ref: '#/components/schemas/Owner'}", "schema: {$ref: '#/components/schemas/Person'}",
			"parts/owners.yaml:9: #/components/schemas/Person: is not a component",
		},
		"missing component of another file": {
			"parts/things.yaml", "owners.yaml#/components/schemas/Owner", "owners.yaml#/components/schemas/Person",
			"parts/things.yaml:25: owners.yaml#/components/schemas/Person: is not a component",
		},
		"reference into a component": {
			"parts/things.yaml", "owners.yaml#/components/schemas/Owner", "owners.yaml#/components/schemas/Owner/properties",
			"parts/things.yaml:25: owners.yaml#/components/schemas/Owner/properties: is not a component",
		},
		"reference without a pointer": {
			"parts/things.yaml", "owners.yaml#/components/schemas/Owner", "owners.yaml",
			"parts/things.yaml:25: owners.yaml: is not a component",
		},
		"two components of one name": {
			"parts/owners.yaml", "  schemas:\n", "  schemas:\n    Thing: {}\n",
			"parts/owners.yaml:12: Thing is also the name of a component in ",
		},
		"other content of a part": {
			"parts/owners.yaml", "components:\n", "tags: []\ncomponents:\n",
			"parts/owners.yaml:10: a part has paths and components, not tags",
		},
		"duplicate key": {
			"parts/owners.yaml", "        name: {type: string}\n", "        name: {type: string}\n        name: {type: integer}\n",
			`mapping key "name" already defined`,
		},
		"invalid YAML":         {"parts/owners.yaml", "paths:\n", "paths: [\n", "parts/owners.yaml: yaml: "},
		"part without mapping": {"parts/owners.yaml", owners, "[]", "parts/owners.yaml: is not a mapping"},
		"empty entry point":    {"openapi.yaml", entry, "", "openapi.yaml: is not a mapping"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bundle.Load(write(t, c.file, c.old, c.changed))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestLoadFailsWithoutAnEntryPoint(t *testing.T) {
	t.Parallel()
	if _, err := bundle.Load(filepath.Join(t.TempDir(), "openapi.yaml")); !os.IsNotExist(err) {
		t.Errorf("the error is %v, want one for a file that does not exist", err)
	}
}
