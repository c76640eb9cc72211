package docs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/api/docs/sample"
)

const (
	machinesPath    = Prefix + "/state-machines"
	operationsPath  = Prefix + "/operations"
	permissionsPath = Prefix + "/permissions"
	problemsPath    = Prefix + "/problems"
	schemasPath     = Prefix + "/schemas"
	tryPath         = Prefix + "/try"
)

// OperationPath returns the permanent address of an operation. It redirects to the operation's section, whose path
// changes if the operation moves to another group.
func OperationPath(id string) string { return operationsPath + "/" + id }

func operationPath(o *reference.Operation) string { return tagPath(o.Tag) + "#" + o.ID }

func tagPath(tag string) string { return Prefix + "/" + tag }

// renderer renders the pages. Its templ components are in the *.templ files.
type renderer struct {
	*reference.Document
	product, version, specURL, base string
	// assets is the directory of the assets, with a trailing slash.
	assets    string
	demo      bool
	problems  []statusGroup
	languages []sample.Language
	// byCall has keys such as "POST /api/v1/auth/login".
	byCall map[string]*reference.Operation
	byID   map[string]*reference.Operation
}

func newRenderer(o Options, assets string) *renderer {
	r := &renderer{
		Document: o.Document, product: o.Title, version: o.Version, specURL: o.SpecURL, base: o.Base, assets: assets,
		demo:     o.Demo,
		problems: groupByStatus(o.Status), languages: sample.Languages(),
		byCall: map[string]*reference.Operation{}, byID: map[string]*reference.Operation{},
	}
	for _, operation := range r.Operations() {
		r.byCall[operation.Method+" "+operation.Path], r.byID[operation.ID] = operation, operation
	}
	return r
}

// heading converts a name of the specification, such as api-keys, to a heading.
func heading(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' })
	for i, word := range words {
		if word == "api" {
			words[i] = "API"
		}
	}
	text := strings.Join(words, " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// count formats a number with a noun.
func count(n int, singular, plural string) string {
	if n == 1 {
		return "1 " + singular
	}
	return fmt.Sprintf("%d %s", n, plural)
}

// separator returns the text between the items of a list, which precedes every item except the first one.
func separator(i int, text string) string {
	if i == 0 {
		return ""
	}
	return text
}

// sortedSchemas returns the named schemas in alphabetical order.
func (r *renderer) sortedSchemas() []*reference.Schema {
	return slices.SortedFunc(slices.Values(r.Schemas), func(a, b *reference.Schema) int {
		return strings.Compare(a.Name, b.Name)
	})
}
