package schema_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// schemas are the schemas of the specification that contain the columns of a table.
func schemas() map[string][]string {
	return map[string][]string{
		"companies": {"Company", "CompanySettings"}, "users": {"User"}, "sessions": {"Session"}, "api_keys": {"APIKey"}, "jobs": {"Job"},
		"candidates": {"Candidate"}, "candidate_merges": {"Candidate"}, "applications": {"Application"}, "application_moves": {"ApplicationMove"}, "kits": {"Kit"},
		"kit_versions": {"KitVersion"}, "interviews": {"Interview"}, "interview_panelists": {"Panelist"},
		"interview_events": {"InterviewEvent"}, "panel_removals": {"Interview"}, "scores": {"Score"}, "score_revisions": {"ScoreRevision"}, "audit_logs": {"AuditLog"},
	}
}

// unlimited are the limits, in characters, of columns that the specification does not limit.
func unlimited() map[string]int {
	return map[string]int{
		"candidate_merges.filled": 64,                                                 // names of columns
		"changes.event":           64, "changes.actor_kind": 16, "changes.fields": 64, // enums and names of the specification
		"users.password_hash": 500, "login_emails.email": 254, "companies.opened_as": 200,
		"api_keys.scopes": 64, "audit_logs.action": 64, "audit_logs.resource_type": 64, // enums of the specification
	}
}

// maxLength returns the maxLength of a schema or of its elements; 0 for none.
func maxLength(ref *openapi3.SchemaRef) int {
	if ref == nil {
		return 0
	}
	schema := ref.Value
	if schema.MaxLength != nil {
		return int(*schema.MaxLength)
	}
	for _, part := range append(append(schema.AllOf, schema.OneOf...), schema.AnyOf...) {
		if limit := maxLength(part); limit > 0 {
			return limit
		}
	}
	return maxLength(schema.Items)
}

// specified returns the maxLength of a property of a schema or of those that it includes; 0 for none.
func specified(ref *openapi3.SchemaRef, property string) int {
	if limit := maxLength(ref.Value.Properties[property]); limit > 0 {
		return limit
	}
	for _, part := range ref.Value.AllOf {
		if limit := specified(part, property); limit > 0 {
			return limit
		}
	}
	return 0
}

// TestTextsHaveLimits compares the constraint of every column with text with the specification.
func TestTextsHaveLimits(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]bool{}
	for _, row := range column(t, conn, `
		SELECT format('%s.%s|%s', c.relname, a.attname, (
			SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint AS k
			WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)))
		FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
			AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' -- which consists of other columns
			AND a.atttypid IN ('text'::regtype, 'text[]'::regtype, 'varchar'::regtype, 'varchar[]'::regtype)`) {
		name, definition, _ := strings.Cut(row, "|")
		checked[name] = true
		table, of, _ := strings.Cut(name, ".")
		if regexp.MustCompile(`\(` + of + ` = ANY \(ARRAY\[`).MatchString(definition) {
			continue // a list of values
		}
		got := 0
		if limit := regexp.MustCompile(`(?:length|longest)\(` + of + `\) <= (\d+)`).FindStringSubmatch(definition); limit != nil {
			got, _ = strconv.Atoi(limit[1])
		}
		want := unlimited()[name]
		for _, schema := range schemas()[table] {
			if limit := specified(document.Components.Schemas[schema], of); limit > 0 {
				want = limit
			}
		}
		if got != want || want == 0 {
			t.Errorf("%s: got the limit %d, want %d of the specification or of this test", name, got, want)
		}
	}
	for name := range unlimited() {
		if !checked[name] {
			t.Errorf("%s has a limit here, but is no column with text", name)
		}
	}
}

// TestConstraintsAreValidated refuses checks that existing rows can violate, except those below.
func TestConstraintsAreValidated(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	same(t, "constraints that are not validated", column(t, conn, `SELECT conname FROM pg_constraint AS k
		JOIN pg_class AS c ON c.oid = k.conrelid WHERE NOT k.convalidated AND NOT c.relispartition`),
		[]string{"principals_kind_known", "principals_system", "audit_logs_texts"}) // entries cannot be changed
}
