package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
)

// method is the name of the methods that are generated, and called by the generated responses.
const method = "AppendJSON"

// declared are the types that a file declares, by name.
type declared struct {
	types map[string]*ast.TypeSpec
	// roots are the types of bodies of responses.
	roots map[string]bool
}

// read reads the types of a generated file, and which of them are bodies: those of which a method appends the JSON.
func read(source []byte) (*declared, error) {
	file, err := parser.ParseFile(token.NewFileSet(), input, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	d := &declared{types: map[string]*ast.TypeSpec{}, roots: map[string]bool{}}
	for _, declaration := range file.Decls {
		if group, ok := declaration.(*ast.GenDecl); ok {
			for _, spec := range group.Specs {
				if named, ok := spec.(*ast.TypeSpec); ok {
					d.types[named.Name.Name] = named
				}
			}
		}
	}
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Recv == nil {
			continue
		}
		ast.Inspect(function, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			if selected, ok := call.Fun.(*ast.SelectorExpr); ok && selected.Sel.Name == method {
				root, found := d.body(function.Recv.List[0].Type, selected.X)
				if found != nil {
					err = errors.Join(err, fmt.Errorf("%s: %w", function.Name.Name, found))
				}
				d.roots[root] = true
			}
			return true
		})
	}
	if err == nil && len(d.roots) == 0 {
		return nil, errors.New("no response has a body")
	}
	return d, err
}

// body returns the name of the type whose JSON a method appends: T in T(response), and otherwise the type of the
// receiver's field Body.
func (d *declared) body(receiver, of ast.Expr) (string, error) {
	if conversion, ok := of.(*ast.CallExpr); ok {
		if name, ok := conversion.Fun.(*ast.Ident); ok {
			return name.Name, nil
		}
	}
	if selected, ok := of.(*ast.SelectorExpr); ok && selected.Sel.Name == "Body" {
		if name, ok := d.field(receiver).(*ast.Ident); ok {
			return name.Name, nil
		}
	}
	return "", errors.New("the body of a response is not a named type")
}

// field returns the type of the field Body of a struct, or of one that it embeds; nil if there is none.
func (d *declared) field(of ast.Expr) ast.Expr {
	structure := d.structure(of)
	if structure == nil {
		return nil
	}
	for _, field := range structure.Fields.List {
		switch {
		case len(field.Names) == 0:
			if found := d.field(field.Type); found != nil {
				return found
			}
		case field.Names[0].Name == "Body":
			return field.Type
		}
	}
	return nil
}

// structure returns the struct that a type is, or nil.
func (d *declared) structure(of ast.Expr) *ast.StructType {
	if name, ok := of.(*ast.Ident); ok && d.types[name.Name] != nil {
		return d.structure(d.types[name.Name].Type)
	}
	structure, _ := of.(*ast.StructType)
	return structure
}

// shown returns the names of the types that need the method: the bodies, and the structs that they contain.
func (d *declared) shown() ([]string, error) {
	needed := map[string]bool{}
	for _, root := range slices.Sorted(maps.Keys(d.roots)) {
		if d.types[root] == nil {
			return nil, fmt.Errorf("%s is not declared", root)
		}
		d.need(ast.NewIdent(root), needed)
	}
	return slices.Sorted(maps.Keys(needed)), nil
}

// need adds the structs and bodies that a type contains.
func (d *declared) need(of ast.Expr, needed map[string]bool) {
	switch of := of.(type) {
	case *ast.Ident:
		spec := d.types[of.Name]
		if spec == nil || needed[of.Name] {
			return
		}
		_, isStruct := spec.Type.(*ast.StructType)
		if d.roots[of.Name] || isStruct {
			needed[of.Name] = true
		}
		d.need(spec.Type, needed)
	case *ast.StructType:
		for _, field := range of.Fields.List {
			d.need(field.Type, needed)
		}
	case *ast.StarExpr:
		d.need(of.X, needed)
	case *ast.ArrayType:
		d.need(of.Elt, needed)
	case *ast.IndexExpr:
		d.need(of.Index, needed)
	}
}
