package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/ai-interviewer-platform/interviewer"

// tree maps each package, by its path from the root of the module, to the packages of the module that it imports.
// Test files are ignored.
type tree map[string][]string

// read reads the packages of a module.
func read(root fs.FS) (tree, error) {
	found := tree{}
	for _, folder := range []string{"api", "cmd", "db", "gen", "server"} {
		err := fs.WalkDir(root, folder, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
				return err
			}
			imports, err := importsOf(root, file)
			if err != nil {
				return err
			}
			found[path.Dir(file)] = append(found[path.Dir(file)], imports...)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read packages in %s: %w", folder, err)
		}
	}
	return found, nil
}

// importsOf returns the packages of the module that a file imports.
func importsOf(root fs.FS, file string) (imports []string, err error) {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return nil, err
	}
	source, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	for _, spec := range source.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if own, ok := strings.CutPrefix(imported, module+"/"); ok {
			imports = append(imports, own)
		}
	}
	return imports, nil
}

// packages returns the packages sorted by path.
func (t tree) packages() []string { return slices.Sorted(maps.Keys(t)) }

// matches reports whether a package matches one of the patterns. See layer.packages.
func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if folder, ok := strings.CutSuffix(pattern, "/**"); ok {
			return name == folder || strings.HasPrefix(name, folder+"/")
		}
		matched, err := path.Match(pattern, name)
		return err == nil && matched
	})
}
