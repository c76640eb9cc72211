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

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// exported reads an export as NDJSON.
func exported(t *testing.T, c *testkit.Client, query string) []api.Score {
	t.Helper()
	var scores []api.Score
	for line := range strings.Lines(string(c.Get(collection + "/export" + query).Expect(http.StatusOK).Body)) {
		var score api.Score
		if err := json.Unmarshal([]byte(line), &score); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		scores = append(scores, score)
	}
	return scores
}

// table reads an export as CSV, its header line first.
func table(t *testing.T, c *testkit.Client, query string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(string(c.Get(collection + "/export?format=csv" + query).Expect(http.StatusOK).Body))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestTheExportIsTheListOldestFirst(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.crowd(9)
	for _, query := range []string{"", "&status=submitted", "&job_id=" + h.job.String(), "&updated_since=2999-01-01T00:00:00Z"} {
		for _, role := range []api.Role{api.RoleHr, api.RoleEmployee} {
			filters, err := url.ParseQuery("limit=5&sort=created_at" + query)
			if err != nil {
				t.Fatal(err)
			}
			want := every(t, h.as[role], filters)
			got := exported(t, h.as[role], "?format=ndjson"+query)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %q: exported %d scores, listed %d", role, query, len(got), len(want))
			}
		}
	}
}

// TestATableHasALineForEachRating, and one for a score without ratings, because it may recommend something.
func TestATableHasALineForEachRating(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee := h.acme.Users[api.RoleEmployee]
	first := created(h.as[api.RoleEmployee], h.interview(api.InterviewStatusInProgress, employee), object{
		"ratings":        []object{rated("problem_solving", 4, "note", "=1+1, she said"), rated("communication", nil, "not_observed", true)},
		"recommendation": "yes", "comment": "On\ntwo \"lines\"",
	})
	second := created(h.as[api.RoleEmployee], h.interview(api.InterviewStatusInProgress, employee), object{"recommendation": "no"})
	rows := table(t, h.as[api.RoleEmployee], "")
	begin := func(s api.Score) []string {
		return []string{
			s.ID.String(), s.InterviewID.String(), h.application.String(), h.job.String(), employee.ID.String(), "employee", "Example", "draft", "1",
		}
	}
	ends := func(s api.Score) []string {
		at := func(v any) string {
			encoded, _ := json.Marshal(v)
			return strings.Trim(string(encoded), `"`)
		}
		return []string{"", "", at(s.CreatedAt), at(s.UpdatedAt)}
	}
	want := [][]string{
		{
			"id", "interview_id", "application_id", "job_id", "rater_id", "rater_first_name", "rater_last_name", "status", "revision",
			"criterion_key", "rating", "not_observed", "note", "recommendation", "comment", "weighted_score", "coverage", "submitted_at",
			"status_reason", "created_at", "updated_at",
		},
		slices.Concat(begin(first), []string{"problem_solving", "4", "false", "'=1+1, she said", "yes", "On\ntwo \"lines\"", "4", "0.75"}, ends(first)),
		slices.Concat(begin(first), []string{"communication", "", "true", "", "yes", "On\ntwo \"lines\"", "4", "0.75"}, ends(first)),
		slices.Concat(begin(second), []string{"", "", "", "", "no", "", "", "0"}, ends(second)),
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("the table is %q,\nwant         %q", rows, want)
	}
	if rows := table(t, h.as[api.RoleHr], ""); len(rows) != 1 {
		t.Errorf("whoever reads nothing gets %d lines besides the header", len(rows)-1)
	}
}

// TestALongExportIsWhole takes out more scores than a statement reads at a time, at and around full batches.
func TestALongExportIsWhole(t *testing.T) {
	t.Parallel()
	h := build(t)
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee])
	total := 0
	for _, more := range []int{499, 1, 1, 500} {
		h.Exec(`INSERT INTO scores (company_id, id, interview_id, application_id, job_id, rater_id, status, ratings, created_at, updated_at)
			SELECT company_id, gen_random_uuid(), id, application_id, job_id, $2, 'voided', CASE n % 3 WHEN 0 THEN '[]'::jsonb ELSE
				'[{"criterion_key": "problem_solving", "rating": 2, "not_observed": false, "note": null},
				{"criterion_key": "communication", "rating": 2, "not_observed": false, "note": null}]'::jsonb END,
				TIMESTAMPTZ '2026-01-01' + n / 7 * INTERVAL '1 microsecond', now()
			FROM interviews, generate_series(1, $3) AS n WHERE id = $1`, interview, h.acme.Users[api.RoleEmployee].ID, more)
		total += more
		got := exported(t, h.as[api.RoleHr], "")
		if len(got) != total || !slices.IsSortedFunc(got, order("created_at")) || len(distinct(ids(got))) != total {
			t.Errorf("of %d scores %d were exported, %d of them different", total, len(got), len(distinct(ids(got))))
		}
		var inTable []uuid.UUID
		for _, row := range table(t, h.as[api.RoleHr], "")[1:] {
			inTable = append(inTable, uuid.MustParse(row[0]))
		}
		if !slices.Equal(slices.Compact(inTable), ids(got)) {
			t.Errorf("the table has other scores than the export of %d", total)
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

func TestAnExportIsRecordedAndNamed(t *testing.T) {
	t.Parallel()
	h := build(t)
	for format, media := range map[string]string{"csv": "text/csv", "ndjson": "application/x-ndjson"} {
		answer := h.as[api.RoleTeamLead].Get(fmt.Sprintf("%s/export?format=%s&job_id=%s", collection, format, h.job)).Expect(http.StatusOK)
		name := regexp.MustCompile(`^attachment; filename="scores-\d{8}T\d{6}Z\.` + format + `"$`)
		if got := answer.Header.Get("Content-Disposition"); !name.MatchString(got) || !strings.HasPrefix(answer.Header.Get("Content-Type"), media) {
			t.Errorf("%s: %q %q", format, got, answer.Header.Get("Content-Type"))
		}
		var count int
		err := h.Database.QueryRow(t.Context(), `SELECT count(*) FROM audit_logs WHERE action = 'score.exported' AND resource_type = 'score'
			AND actor_id = $1 AND details->>'format' = $2 AND details->>'query' LIKE '%job_id=' || $3`,
			h.acme.Users[api.RoleTeamLead].ID, format, h.job.String()).Scan(&count)
		if err != nil || count != 1 {
			t.Errorf("%s: recorded %d times, %v", format, count, err)
		}
	}
	if body := h.as[api.RoleHr].Get(collection + "/export").Expect(http.StatusOK).Body; len(body) > 0 {
		t.Errorf("nothing to export gives %q", body)
	}
}
