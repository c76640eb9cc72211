package schema_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestValuesOfColumnsMatch compares the values of every type of the database that has a fixed set of values with the
// constants of its Go type and with the enumeration of the API.
func TestValuesOfColumnsMatch(t *testing.T) {
	t.Parallel()
	storedValues, apiValues := constants(t, "db/stored"), constants(t, "gen/api")
	// The types of the database, with their types in package stored and in the API.
	types := map[string]struct{ stored, api string }{
		"application_event":  {"ApplicationEvent", "ApplicationEvent"},
		"application_stage":  {"ApplicationStage", "ApplicationStage"},
		"application_status": {"ApplicationStatus", "ApplicationStatus"},
		"audit_actor":        {"ActorKind", "AuditActorType"},
		"audit_outcome":      {"AuditOutcome", "AuditOutcome"},
		"candidate_status":   {"CandidateStatus", "CandidateStatus"},
		"interview_event":    {"InterviewEvent", "InterviewEventKind"},
		"interview_kind":     {"InterviewKind", "InterviewKind"},
		"interview_status":   {"InterviewStatus", "InterviewStatus"},
		"job_role":           {"JobRole", "JobRole"},
		"job_status":         {"JobStatus", "JobStatus"},
		"kit_version_status": {"KitVersionStatus", "KitVersionStatus"},
		"panel_response":     {"PanelResponse", "PanelResponse"},
		"recommendation":     {"Recommendation", "Recommendation"},
		"rejection_reason":   {"RejectionReason", "RejectionReason"},
		"score_event":        {"ScoreEvent", "ScoreEvent"},
		"score_status":       {"ScoreStatus", "ScoreStatus"},
		"user_language":      {"Language", "Language"},
		"user_role":          {"Role", "Role"},
	}
	found := databaseValues(t)
	// The API does not show why a session ended. The previous release uses session_end.
	for _, name := range []string{"revocation_reason", "session_end"} {
		same(t, "values of "+name, storedValues["RevocationReason"], found[name])
		delete(found, name)
	}
	delete(storedValues, "RevocationReason")
	// The API does not show mails.
	for name, of := range map[string]string{"mail_kind": "MailKind", "mail_state": "MailState"} {
		same(t, "values of "+name, storedValues[of], found[name])
		delete(found, name)
		delete(storedValues, of)
	}
	// Most kinds of change are types of the API, in which the versions of a kit change with their kit.
	for _, name := range constants(t, "gen/api")["EventResourceType"] {
		if name != "kit_versions" && !slices.Contains(found["change_kind"], name) {
			t.Errorf("change_kind lacks the type %s of the API", name)
		}
	}
	delete(found, "change_kind")
	same(t, "types of the database with a fixed set of values", slices.Collect(maps.Keys(found)), slices.Collect(maps.Keys(types)))
	for name, goTypes := range types {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "values of stored."+goTypes.stored, storedValues[goTypes.stored], found[name])
			same(t, "values of api."+goTypes.api, apiValues[goTypes.api], found[name])
		})
	}
	for name := range storedValues {
		used := slices.ContainsFunc(slices.Collect(maps.Values(types)), func(of struct{ stored, api string }) bool {
			return of.stored == name
		})
		if !used {
			t.Errorf("stored.%s is not the type of a column", name)
		}
	}
}

// TestJSONColumnsHaveStoredTypes checks that the queries decode the JSON of columns, so that no handler decodes it into a
// type of the API. Generated queries cannot import the API: cmd/importrules refuses it.
func TestJSONColumnsHaveStoredTypes(t *testing.T) {
	t.Parallel()
	var raw []string
	for _, file := range parsed(t, "gen/db") {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, isType := node.(*ast.TypeSpec)
			if !isType {
				return true
			}
			fields, isStruct := spec.Type.(*ast.StructType)
			if !isStruct {
				return true
			}
			for _, field := range fields.Fields.List {
				if of, ok := field.Type.(*ast.SelectorExpr); ok && of.Sel.Name == "RawMessage" {
					raw = append(raw, spec.Name.Name+"."+field.Names[0].Name)
				}
			}
			return true
		})
	}
	// The details of an audit entry have no fixed members.
	same(t, "fields with JSON that is not decoded", raw, []string{"AuditLog.Details", "InsertAuditLogParams.Details"})
	columns := column(t, testkit.New(t).Connect(), `SELECT c.relname || '.' || a.attname FROM pg_attribute AS a
		JOIN pg_class AS c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
			AND NOT c.relispartition AND a.attnum > 0 AND a.atttypid IN ('json'::regtype, 'jsonb'::regtype)`)
	same(t, "columns with JSON", columns, []string{
		"audit_logs.details", "kit_versions.criteria", "kit_versions.questions", "score_revisions.ratings", "scores.ratings",
	})
}

// databaseValues returns the values of every enumeration of the database, and of every domain that lists its values.
func databaseValues(t *testing.T) map[string][]string {
	t.Helper()
	conn := testkit.New(t).Connect()
	found := map[string][]string{}
	for _, pair := range column(t, conn, `SELECT t.typname || ' ' || e.enumlabel FROM pg_enum AS e
		JOIN pg_type AS t ON t.oid = e.enumtypid WHERE t.typnamespace = 'public'::regnamespace`) {
		name, value, _ := strings.Cut(pair, " ")
		found[name] = append(found[name], value)
	}
	literal := regexp.MustCompile(`'([^']*)'::text`)
	for _, pair := range column(t, conn, `SELECT t.typname || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint AS c
		JOIN pg_type AS t ON t.oid = c.contypid WHERE t.typnamespace = 'public'::regnamespace`) {
		name, definition, _ := strings.Cut(pair, " ")
		for _, match := range literal.FindAllStringSubmatch(definition, -1) {
			found[name] = append(found[name], match[1])
		}
	}
	return found
}

// constants returns the values of the typed string constants of a package, by type.
func constants(t *testing.T, folder string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, file := range parsed(t, folder) {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			of, isNamed := spec.Type.(*ast.Ident)
			literal, isLiteral := spec.Values[0].(*ast.BasicLit)
			if !isNamed || !isLiteral || literal.Kind != token.STRING {
				return true
			}
			value, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			found[of.Name] = append(found[of.Name], value)
			return true
		})
	}
	return found
}

// parsed returns the files of a package, without those of tests.
func parsed(t *testing.T, folder string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "..", "..", filepath.FromSlash(folder), "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("files of %s: got %v, %v", folder, names, err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}
