package scores_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// query is a named query of db/queries, without comments.
type query struct{ file, name, sql string }

// queries returns all queries. The tests of this file check source text, because no test at run time shows that a query
// which returns the right rows takes them from the function with the visibility rule.
func queries(t *testing.T) []query {
	t.Helper()
	files, err := filepath.Glob("../../../db/queries/*/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 2 {
		t.Fatalf("got %d files of queries, want at least 2", len(files))
	}
	comments := regexp.MustCompile(`(?m)^\s*--.*$`)
	var all []query
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "-- name: ")[1:] {
			head, body, _ := strings.Cut(part, "\n")
			name, _, _ := strings.Cut(head, " ")
			sql := strings.TrimSpace(comments.ReplaceAllString(body, ""))
			all = append(all, query{filepath.Base(file), name, sql})
		}
	}
	return all
}

// isWrite reports whether a query inserts or updates rows.
func (q query) isWrite() bool {
	return strings.Contains(q.sql, "INSERT INTO") || strings.HasPrefix(q.sql, "UPDATE")
}

// TestScoresAreReadThroughTheRule verifies that every query that returns the content of scores or locks them takes them
// from visible_scores or list_scores, and that only the queries in scores.sql read the content.
func TestScoresAreReadThroughTheRule(t *testing.T) {
	t.Parallel()
	content := regexp.MustCompile(`\b(ratings|recommendation|weighted_score|coverage)\b`)
	reads := regexp.MustCompile(
		`embed\((scores|score_revisions)\)|\bscores\.\*|FOR NO KEY UPDATE OF scores|` + content.String())
	rule := regexp.MustCompile(`\b(visible|list)_scores\(`)
	checked := 0
	for _, q := range queries(t) {
		switch {
		case q.isWrite():
		case q.file != "scores.sql" && content.MatchString(q.sql):
			t.Errorf("%s: %s reads the content of scores", q.file, q.name)
		case q.file == "scores.sql" && reads.MatchString(q.sql):
			if checked++; !rule.MatchString(q.sql) {
				t.Errorf("%s reads scores without visible_scores or list_scores", q.name)
			}
		}
	}
	if checked < 5 {
		t.Errorf("checked %d queries that read scores, want at least 5", checked)
	}
}

// TestHiringIsReadThroughVisibility verifies that every query that reads tables of hiring, or reads for an actor, takes
// the rows from a function with the visibility rule, or is exempt for one of the listed reasons.
func TestHiringIsReadThroughVisibility(t *testing.T) {
	t.Parallel()
	const (
		afterCheck = "runs after the transaction has locked a row that the actor sees, or has checked that the actor may write"
		lookup     = "reads what belongs to rows that were read through visibility"
		imports    = "an import writes any candidate of the company"
		decides    = "counts for a decision; the result is not shown"
	)
	exempt := map[string]string{
		"GetApplicationStatus": afterCheck, "LockApplicant": afterCheck, "LockAppliedJob": afterCheck,
		"GetKitVersionForInterview": afterCheck, "GetNewestKitVersion": afterCheck,
		"ListInterviewsNotBegunForUpdate": afterCheck, "ListKnownJobs": afterCheck,
		"ListInterviewSurroundings": lookup, "ListInterviewPanels": lookup, "ListKitCriteria": lookup,
		"ListRequiredRaters": lookup, "CountPipeline": lookup,
		"ListImportedCandidates": imports, "ListImportedCandidatesForUpdate": imports,
		"ListBusyCandidates": decides, "CountMissingScores": decides,
		"ListBookings":     "shows users who may schedule when others are busy, but not with what",
		"ListMyInterviews": "reads the interviews on whose panel the user is",
		"GetReportedJob":   "uses jobs_of_actor, because a report requires that all applications of the job are visible",
		"LeadsJob":         "uses jobs_of_actor",
		"ResetCompany":     "deletes everything of a test company",
	}
	reads := regexp.MustCompile(`\b(FROM|JOIN) (jobs|applications|candidates|interviews|scores|kits|kit_versions)\b|@actor_id`)
	rule := regexp.MustCompile(`\b(visible|list)_(jobs|applications|candidates|interviews|interviewers|scores|kits|kit_versions)\(`)
	used, checked := map[string]bool{}, 0
	for _, q := range queries(t) {
		if q.file == "demo.sql" || q.isWrite() || !reads.MatchString(q.sql) {
			continue
		}
		checked++
		if rule.MatchString(q.sql) {
			continue
		}
		used[q.name] = true
		if exempt[q.name] == "" {
			t.Errorf("%s: %s does not take its rows from a visible_ or list_ function", q.file, q.name)
		}
	}
	for name := range exempt {
		if !used[name] {
			t.Errorf("%s is exempt but does not need to be", name)
		}
	}
	if checked < 40 {
		t.Errorf("checked %d queries, want at least 40", checked)
	}
}

// TestOtherCompanySeesNothing requests a score, its interview and its application from another company, in every role
// and by every operation. Each answer must equal that for an id that does not exist.
func TestOtherCompanySeesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	globex := f.Company("globex")
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee])
	score := f.hiring.Score(interview, f.acme.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 3)
	for role, user := range globex.Users {
		stranger := f.replica.SignIn(t, user)
		mayOverride := role == api.RoleHr || role == api.RoleAdmin
		for _, operation := range []struct {
			method, before, after string
			id                    uuid.UUID
			body                  any
			isOverride            bool
		}{
			{http.MethodGet, collection + "/", "", score, nil, false},
			{http.MethodGet, collection + "/", "/revisions", score, nil, false},
			{http.MethodPatch, collection + "/", "", score, object{"comment": "Mine."}, false},
			{http.MethodPost, collection + "/", "/submit", score, nil, false},
			{http.MethodPost, collection + "/", "/reopen", score, object{"reason": "A mistake."}, true},
			{http.MethodPost, collection + "/", "/void", score, object{"reason": "A mistake."}, true},
			{http.MethodPost, "/api/v1/interviews/", "/scores", interview, nil, false},
			{http.MethodGet, "/api/v1/interviews/", "/summary", interview, nil, false},
			{http.MethodGet, "/api/v1/applications/", "/summary", f.application, nil, false},
		} {
			request := func(id uuid.UUID) *testkit.Answer {
				return stranger.Do(operation.method, operation.before+id.String()+operation.after, operation.body, "If-Match", "*")
			}
			got := request(operation.id)
			requireSameRefusal(t, got, request(uuid.New()))
			if operation.isOverride && !mayOverride {
				got.Refused(http.StatusForbidden, "permission_denied")
				continue
			}
			got.Refused(http.StatusNotFound, "not_found")
		}
		for _, filter := range []string{"?interview_id=" + interview.String(), "?job_id=" + f.job.String(), ""} {
			if got := exportNDJSON(t, stranger, filter); len(got) > 0 {
				t.Errorf("%s of another company exports %d scores with %q, want 0", role, len(got), filter)
			}
		}
	}
}
