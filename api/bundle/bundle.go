// Package bundle makes one OpenAPI document of an entry point and the parts that it refers to.
//
// The entry point lists every path and refers to the part that describes it. A part is a file with paths and
// components, and nothing else. References are those of OpenAPI: '#/components/schemas/Job' names a component of the
// same file, 'jobs.yaml#/components/schemas/Job' one of another file, whose path is relative to the file that refers to
// it. The bundle has the components of all files, so their names must be unique.
package bundle

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document is a bundled document.
type Document struct {
	// Root is the mapping of the document. It has no aliases, and every reference in it is local.
	Root *yaml.Node

	files map[*yaml.Node]string
}

// File returns the path of the file that a node below Root was read from. The Line of the node is a line of that file.
func (d *Document) File(node *yaml.Node) string { return d.files[node] }

// Text returns the document as YAML with its comments. Paths are in the order of the entry point, components in the
// order of the parts.
func (d *Document) Text() ([]byte, error) {
	var text strings.Builder
	encoder := yaml.NewEncoder(&text)
	const indent = 2
	encoder.SetIndent(indent)
	if err := encoder.Encode(d.Root); err != nil {
		return nil, fmt.Errorf("write the bundle: %w", err)
	}
	return []byte(text.String()), nil
}

// Load reads a document from its entry point. The error lists everything that is wrong with the references: those that
// lead nowhere, paths of a part that the entry point does not list, and components that have the same name.
func Load(entry string) (*Document, error) {
	text, err := os.ReadFile(entry) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, err
	}
	b := newBundler()
	root, err := b.parse(entry, text)
	if err != nil {
		return nil, err
	}
	b.document.Root = root.node
	b.paths(root)
	b.resolve(root, root.node)
	b.merge(root)
	if len(b.flaws) > 0 {
		return nil, errors.Join(b.flaws...)
	}
	return b.document, nil
}

// Parse returns the document in a text that has no parts. It does not look at the references.
func Parse(text []byte) (*Document, error) {
	b := newBundler()
	root, err := b.parse("", text)
	if err != nil {
		return nil, err
	}
	b.document.Root = root.node
	return b.document, nil
}

// part is one file of the document, the entry point included.
type part struct {
	file string
	node *yaml.Node
}

type bundler struct {
	document *Document
	parts    map[string]*part // by file
	order    []*part          // without the entry point, in the order of the first references to them
	listed   map[*yaml.Node]bool
	flaws    []error
}

func newBundler() *bundler {
	return &bundler{
		document: &Document{files: map[*yaml.Node]string{}},
		parts:    map[string]*part{},
		listed:   map[*yaml.Node]bool{},
	}
}

func (b *bundler) flaw(p *part, at *yaml.Node, format string, args ...any) {
	b.flaws = append(b.flaws, fmt.Errorf("%s:%d: %s", p.file, at.Line, fmt.Sprintf(format, args...)))
}

// parse reads the text of a file, and replaces its aliases by copies: an anchor is not known in other files, and some
// parsers refuse a document with many aliases.
func (b *bundler) parse(file string, text []byte) (*part, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if document.Kind != yaml.DocumentNode || document.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: is not a mapping", file)
	}
	var value any // a node may have the same key twice, a value may not
	if err := document.Decode(&value); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	p := &part{file: file, node: document.Content[0]}
	b.parts[file] = p
	b.expand(p, p.node)
	return p, nil
}

func (b *bundler) expand(p *part, node *yaml.Node) {
	node.Anchor = ""
	b.document.files[node] = p.file
	for i, child := range node.Content {
		if child.Kind == yaml.AliasNode {
			node.Content[i] = clone(child.Alias)
		}
		b.expand(p, node.Content[i])
	}
}

func clone(node *yaml.Node) *yaml.Node {
	twin := *node
	twin.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		twin.Content[i] = clone(child)
	}
	return &twin
}

// paths replaces the references of the entry point to the paths of the parts by these paths.
func (b *bundler) paths(root *part) {
	_, paths := member(root.node, "paths")
	for path, item := range members(paths) {
		_, ref := member(item, "$ref")
		if ref == nil {
			continue
		}
		file, pointer, _ := strings.Cut(ref.Value, "#")
		p := b.load(root, ref, file)
		if p == nil {
			continue
		}
		_, parts := member(p.node, "paths")
		_, described := member(parts, path.Value)
		if described == nil || pointer != "/paths/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(path.Value) {
			b.flaw(root, ref, "%s: is not the path %s of a part", ref.Value, path.Value)
			continue
		}
		b.listed[described] = true
		*item = *described
		b.document.files[item] = p.file
	}
}

// load returns the part in a file, which is relative to the file that refers to it, or nil where there is none.
func (b *bundler) load(from *part, ref *yaml.Node, file string) *part {
	path := filepath.Join(filepath.Dir(from.file), filepath.FromSlash(file))
	if p := b.parts[path]; p != nil {
		return p
	}
	text, err := os.ReadFile(path) //nolint:gosec // the document names its parts
	if err == nil {
		var p *part
		if p, err = b.parse(path, text); err == nil {
			b.order = append(b.order, p)
			for key := range members(p.node) {
				if !slices.Contains([]string{"paths", "components"}, key.Value) {
					b.flaw(p, key, "a part has paths and components, not %s", key.Value)
				}
			}
			b.resolve(p, p.node)
			return p
		}
	}
	b.flaw(from, ref, "%s: %v", ref.Value, err)
	return nil
}

// resolve makes the references within a node of a part local. It leaves out the paths that are those of other parts.
func (b *bundler) resolve(p *part, node *yaml.Node) {
	if b.document.files[node] != p.file {
		return
	}
	if _, ref := member(node, "$ref"); ref != nil && ref.Kind == yaml.ScalarNode {
		b.refer(p, ref)
	}
	for _, child := range node.Content {
		b.resolve(p, child)
	}
}

func (b *bundler) refer(p *part, ref *yaml.Node) {
	file, pointer, _ := strings.Cut(ref.Value, "#")
	target := p
	if file != "" {
		if target = b.load(p, ref, file); target == nil {
			return
		}
	}
	found := target.node
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for _, step := range steps {
		_, found = member(found, step)
	}
	if found == nil || len(steps) != len([]string{"components", "schemas", "Job"}) || steps[0] != "components" {
		b.flaw(p, ref, "%s: is not a component", ref.Value)
		return
	}
	ref.Value = "#" + pointer
}

// merge adds the components of the parts to those of the entry point.
func (b *bundler) merge(root *part) {
	for _, p := range b.order {
		_, paths := member(p.node, "paths")
		for path, item := range members(paths) {
			if !b.listed[item] {
				b.flaw(p, path, "%s does not list the path %s", root.file, path.Value)
			}
		}
		_, components := member(p.node, "components")
		for kind, named := range members(components) {
			all := ensure(ensure(root.node, "components"), kind.Value)
			for name, component := range members(named) {
				if other, _ := member(all, name.Value); other != nil {
					b.flaw(p, name, "%s is also the name of a component in %s:%d", name.Value, b.document.File(other), other.Line)
					continue
				}
				all.Content = append(all.Content, name, component)
			}
		}
	}
}

// ensure returns the mapping that is the member of a mapping, and adds an empty one where there is none.
func ensure(mapping *yaml.Node, name string) *yaml.Node {
	_, value := member(mapping, name)
	if value == nil {
		value = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
	}
	return value
}

// member returns the key and the value of a member, or nil where the node is not a mapping or does not have the member.
func member(node *yaml.Node, name string) (key, value *yaml.Node) {
	for key, value := range members(node) {
		if key.Value == name {
			return key, value
		}
	}
	return nil, nil
}

// members iterates over the members of a mapping in their order. Other nodes, and nil, have none.
func members(node *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if node == nil || node.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i < len(node.Content); i += 2 {
			if !yield(node.Content[i], node.Content[i+1]) {
				return
			}
		}
	}
}
