package audit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// TestEnumsMatchConstants compares the actions and the types of resource with the enums of the specification, which are
// the values of the audit log's filters.
func TestEnumsMatchConstants(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	source, err := parser.ParseFile(token.NewFileSet(), "audit.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	actions, types := constants(t, source)
	for name, recorded := range map[string][]string{"AuditAction": actions, "AuditResourceType": types} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var listed []string
			for _, value := range document.Components.Schemas[name].Value.Enum {
				listed = append(listed, value.(string))
			}
			slices.Sort(listed)
			slices.Sort(recorded)
			if len(recorded) == 0 || !slices.Equal(listed, recorded) {
				t.Errorf("%s = %q, want %q as in package audit", name, listed, recorded)
			}
		})
	}
}

// constants returns the values of the constants of type Action, and of the untyped constants.
func constants(t *testing.T, source *ast.File) (actions, types []string) {
	t.Helper()
	for _, declared := range source.Decls {
		block, ok := declared.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		for _, spec := range block.Specs {
			constant := spec.(*ast.ValueSpec)
			value, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if constant.Type == nil {
				types = append(types, value)
			} else {
				actions = append(actions, value)
			}
		}
	}
	return actions, types
}
