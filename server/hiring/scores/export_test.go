package scores_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// exportNDJSON returns the scores of an export as NDJSON.
func exportNDJSON(t *testing.T, c *testkit.Client, query string) []api.Score {
	t.Helper()
	var scores []api.Score
	for line := range strings.Lines(string(c.Get(collection + "/export" + query).Expect(http.StatusOK).Body)) {
		var score api.Score
		if err := json.Unmarshal([]byte(line), &score); err != nil {
			t.Fatalf("decode line %s: %v", line, err)
		}
		scores = append(scores, score)
	}
	return scores
}

// exportCSV returns the rows of an export as CSV, with the header.
func exportCSV(t *testing.T, c *testkit.Client, query string) [][]string {
	t.Helper()
	body := string(c.Get(collection + "/export?format=csv" + query).Expect(http.StatusOK).Body)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatal("got no rows, want a header")
	}
	return rows
}

func TestExportEqualsListOldestFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.createScores(9)
	for name, test := range map[string]struct {
		query   string
		isEmpty bool
	}{
		"all": {"", false}, "status": {"&status=submitted", false}, "job": {"&job_id=" + f.job.String(), false},
		"nothing": {"&updated_since=2999-01-01T00:00:00Z", true},
	} {
		for _, role := range []api.Role{api.RoleHr, api.RoleEmployee} {
			t.Run(fmt.Sprintf("%s as %s", name, role), func(t *testing.T) {
				t.Parallel()
				filters, err := url.ParseQuery("limit=5&sort=created_at" + test.query)
				if err != nil {
					t.Fatal(err)
				}
				want := listAll(f.as[role], filters)
				if (len(want) == 0) != test.isEmpty {
					t.Fatalf("listed %d scores, want none: %t", len(want), test.isEmpty)
				}
				got := exportNDJSON(t, f.as[role], "?format=ndjson"+test.query)
				if !slices.EqualFunc(got, want, func(a, b api.Score) bool { return reflect.DeepEqual(a, b) }) {
					t.Errorf("got %+v, want %+v", got, want)
				}
			})
		}
	}
}

// TestCSVHasOneRowPerRating verifies the CSV export: a row for each rating, and one for a score without ratings,
// because it may have a recommendation.
func TestCSVHasOneRowPerRating(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee, client := f.acme.Users[api.RoleEmployee], f.as[api.RoleEmployee]
	first := createScore(client, f.interview(api.InterviewStatusInProgress, employee), object{
		"ratings": []object{
			rated("problem_solving", 4, "note", "=1+1, she said"), rated("communication", nil, "not_observed", true),
		},
		"recommendation": "yes", "comment": "On\ntwo \"lines\"",
	})
	second := createScore(client, f.interview(api.InterviewStatusInProgress, employee), object{"recommendation": "no"})

	row := func(s api.Score, values ...string) []string {
		head := []string{
			s.ID.String(), s.InterviewID.String(), f.application.String(), f.job.String(), employee.ID.String(), "employee",
			"Example", "draft", "1",
		}
		timestamp := func(at time.Time) string { return at.Format(time.RFC3339Nano) }
		return slices.Concat(head, values, []string{"", "", timestamp(s.CreatedAt), timestamp(s.UpdatedAt)})
	}
	want := [][]string{
		{
			"id", "interview_id", "application_id", "job_id", "rater_id", "rater_first_name", "rater_last_name", "status",
			"revision", "criterion_key", "rating", "not_observed", "note", "recommendation", "comment", "weighted_score",
			"coverage", "submitted_at", "status_reason", "created_at", "updated_at",
		},
		// A leading apostrophe keeps spreadsheets from evaluating the note as a formula.
		row(first, "problem_solving", "4", "false", "'=1+1, she said", "yes", "On\ntwo \"lines\"", "4", "0.75"),
		row(first, "communication", "", "true", "", "yes", "On\ntwo \"lines\"", "4", "0.75"),
		row(second, "", "", "", "", "no", "", "", "0"),
	}
	if got := exportCSV(t, client, ""); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q,\nwant %q", got, want)
	}
	if got := exportCSV(t, f.as[api.RoleHr], ""); len(got) != 1 {
		t.Errorf("HR, who sees no drafts: got %d rows, want only the header", len(got))
	}
}

// TestLongExportIsComplete exports numbers of scores at and around full batches.
func TestLongExportIsComplete(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee])
	total := 0
	for _, more := range []int{499, 1, 1, 500} {
		f.Exec(`INSERT INTO scores (company_id, id, interview_id, application_id, job_id, rater_id, status, ratings,
				created_at, updated_at)
			SELECT company_id, gen_random_uuid(), id, application_id, job_id, $2, 'voided',
				CASE n % 3 WHEN 0 THEN '[]'::jsonb ELSE
					'[{"criterion_key": "problem_solving", "rating": 2, "not_observed": false, "note": null},
					{"criterion_key": "communication", "rating": 2, "not_observed": false, "note": null}]'::jsonb END,
				TIMESTAMPTZ '2026-01-01' + n / 7 * INTERVAL '1 microsecond', now()
			FROM interviews, generate_series(1, $3) AS n WHERE id = $1`,
			interview, f.acme.Users[api.RoleEmployee].ID, more)
		total += more

		exported := exportNDJSON(t, f.as[api.RoleHr], "")
		if len(exported) != total || !slices.IsSortedFunc(exported, compareBy("created_at")) {
			t.Errorf("NDJSON: got %d scores, want %d, sorted", len(exported), total)
		}
		if got := len(distinct(testkit.IDs(exported))); got != total {
			t.Errorf("NDJSON: got %d different scores, want %d", got, total)
		}
		var inCSV []uuid.UUID
		for _, row := range exportCSV(t, f.as[api.RoleHr], "")[1:] {
			inCSV = append(inCSV, uuid.MustParse(row[0]))
		}
		if !slices.Equal(slices.Compact(inCSV), testkit.IDs(exported)) {
			t.Errorf("CSV: got other scores than the NDJSON export of %d scores", total)
		}
	}
}

func distinct(all []uuid.UUID) map[uuid.UUID]bool {
	found := map[uuid.UUID]bool{}
	for _, id := range all {
		found[id] = true
	}
	return found
}

func TestExportIsAuditedAndNamed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for format, mediaType := range map[string]string{"csv": "text/csv", "ndjson": "application/x-ndjson"} {
		t.Run(format, func(t *testing.T) {
			target := fmt.Sprintf("%s/export?format=%s&job_id=%s", collection, format, f.job)
			answer := f.as[api.RoleTeamLead].In(t).Get(target).Expect(http.StatusOK)
			name := regexp.MustCompile(`^attachment; filename="scores-\d{8}T\d{6}Z\.` + format + `"$`)
			if got := answer.Header.Get("Content-Disposition"); !name.MatchString(got) {
				t.Errorf("got Content-Disposition %q, want %s", got, name)
			}
			if got := answer.Header.Get("Content-Type"); !strings.HasPrefix(got, mediaType) {
				t.Errorf("got Content-Type %q, want %s", got, mediaType)
			}

			var entries int
			err := f.Database.QueryRow(t.Context(), `SELECT count(*) FROM audit_logs
			WHERE action = 'score.exported' AND resource_type = 'score' AND actor_id = $1
			AND details->>'format' = $2 AND details->>'query' LIKE '%job_id=' || $3`,
				f.acme.Users[api.RoleTeamLead].ID, format, f.job.String()).Scan(&entries)
			if err != nil || entries != 1 {
				t.Errorf("got %d audit entries, %v, want 1", entries, err)
			}
		})
	}
	if body := f.as[api.RoleHr].Get(collection + "/export").Expect(http.StatusOK).Body; len(body) > 0 {
		t.Errorf("export of no scores: got body %q, want none", body)
	}
}
