package scores_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// statement is a named query of db/queries.
type statement struct{ file, name, sql string }

// statements reads every query. A test of source text is the last resort: nothing at run time shows that a query which
// returns the right rows today takes them from the function that holds the rule.
func statements(t *testing.T) []statement {
	t.Helper()
	files, err := filepath.Glob("../../../db/queries/*/*.sql")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	var all []statement
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range strings.Split(string(text), "-- name: ")[1:] {
			head, body, _ := strings.Cut(query, "\n")
			name, _, _ := strings.Cut(head, " ")
			sql := regexp.MustCompile(`(?m)^\s*--.*$`).ReplaceAllString(body, "")
			all = append(all, statement{filepath.Base(file), name, strings.TrimSpace(sql)})
		}
	}
	return all
}

// TestScoresAreReadThroughTheRule: every statement that returns or locks what a score says takes the score from
// visible_scores or list_scores, and only the queries of scores read what scores say.
func TestScoresAreReadThroughTheRule(t *testing.T) {
	t.Parallel()
	content := regexp.MustCompile(`\b(ratings|recommendation|weighted_score|coverage)\b`)
	reads := regexp.MustCompile(`embed\((scores|score_revisions)\)|\bscores\.\*|FOR NO KEY UPDATE OF scores|` + content.String())
	rule := regexp.MustCompile(`\b(visible|list)_scores\(`)
	seen := 0
	for _, s := range statements(t) {
		if strings.Contains(s.sql, "INSERT INTO") || strings.HasPrefix(s.sql, "UPDATE") {
			continue
		}
		switch {
		case s.file != "scores.sql" && content.MatchString(s.sql):
			t.Errorf("%s: %s reads what scores say", s.file, s.name)
		case s.file == "scores.sql" && reads.MatchString(s.sql):
			if seen++; !rule.MatchString(s.sql) {
				t.Errorf("%s reads scores without visible_scores or list_scores", s.name)
			}
		}
	}
	if seen < 5 {
		t.Errorf("%d statements that read scores were found, want at least 5", seen)
	}
}

// TestHiringIsReadThroughVisibility: every statement that reads rows of hiring, or reads for an actor, takes them from a
// function that holds the rule of who sees them, or is listed here with the reason why it does not.
func TestHiringIsReadThroughVisibility(t *testing.T) {
	t.Parallel()
	const (
		locked    = "runs after the transaction has locked a row that the actor sees, or has checked that the actor may write"
		lookup    = "reads what belongs to rows that were read through visibility"
		importing = "an import writes any candidate of the company"
		counting  = "counts for a decision, and its result is not shown"
	)
	exempt := map[string]string{
		"GetApplicationStatus": locked, "LockApplicant": locked, "LockAppliedJob": locked, "GetKitVersionForInterview": locked,
		"GetNewestKitVersion": locked, "ListInterviewsNotBegunForUpdate": locked, "ListKnownJobs": locked,
		"ListInterviewSurroundings": lookup, "ListInterviewPanels": lookup, "ListKitCriteria": lookup, "ListRequiredRaters": lookup,
		"CountPipeline": lookup, "ListImportedCandidates": importing, "ListImportedCandidatesForUpdate": importing,
		"ListBusyCandidates": counting, "CountMissingScores": counting,
		"ListBookings":     "tells those who may schedule that people are busy, and not with what",
		"ListMyInterviews": "reads the interviews on whose panel the user is",
		"GetReportedJob":   "asks jobs_of_actor: a report needs all applications of a job to be visible",
		"LeadsJob":         "asks jobs_of_actor",
		"ResetCompany":     "deletes everything of a test company",
	}
	table := regexp.MustCompile(`\b(FROM|JOIN) (jobs|applications|candidates|interviews|scores|kits|kit_versions)\b|@actor_id`)
	rule := regexp.MustCompile(`\b(visible|list)_(jobs|applications|candidates|interviews|interviewers|scores|kits|kit_versions)\(`)
	used, checked := map[string]bool{}, 0
	for _, s := range statements(t) {
		writes := strings.Contains(s.sql, "INSERT INTO") || strings.HasPrefix(s.sql, "UPDATE")
		if s.file == "demo.sql" || writes || !table.MatchString(s.sql) {
			continue
		}
		if checked++; rule.MatchString(s.sql) {
			continue
		}
		if used[s.name] = true; exempt[s.name] == "" {
			t.Errorf("%s: %s does not take its rows from a visible_ or list_ function", s.file, s.name)
		}
	}
	for name := range exempt {
		if !used[name] {
			t.Errorf("%s is exempt and does not need to be", name)
		}
	}
	if checked < 40 {
		t.Errorf("%d statements were checked, want at least 40", checked)
	}
}

// TestAnotherCompanyFindsNothing asks for a score, its interview and its application from outside, in every role and by
// every operation: the answer is that of an id that nobody has.
func TestAnotherCompanyFindsNothing(t *testing.T) {
	t.Parallel()
	h := build(t)
	globex := h.Company("globex")
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee])
	score := h.hiring.Score(interview, h.acme.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 3)
	for role, user := range globex.Users {
		outsider := h.replica.SignIn(t, user)
		for _, ask := range []struct {
			method, before, after string
			id                    uuid.UUID
			body                  any
			overrides             bool
		}{
			{"GET", collection + "/", "", score, nil, false},
			{"GET", collection + "/", "/revisions", score, nil, false},
			{"PATCH", collection + "/", "", score, object{"comment": "Mine."}, false},
			{"POST", collection + "/", "/submit", score, nil, false},
			{"POST", collection + "/", "/reopen", score, object{"reason": "A mistake."}, true},
			{"POST", collection + "/", "/void", score, object{"reason": "A mistake."}, true},
			{"POST", "/api/v1/interviews/", "/scores", interview, nil, false},
			{"GET", "/api/v1/interviews/", "/summary", interview, nil, false},
			{"GET", "/api/v1/applications/", "/summary", h.application, nil, false},
		} {
			theirs := outsider.Do(ask.method, ask.before+ask.id.String()+ask.after, ask.body, "If-Match", "*")
			unlike(t, theirs, outsider.Do(ask.method, ask.before+uuid.NewString()+ask.after, ask.body, "If-Match", "*"))
			if ask.overrides && role != api.RoleHr && role != api.RoleAdmin {
				theirs.Refused(403, "permission_denied")
				continue
			}
			theirs.Refused(404, "not_found")
		}
		for _, query := range []string{"?interview_id=" + interview.String(), "?job_id=" + h.job.String(), ""} {
			if got := exported(t, outsider, query); len(got) > 0 {
				t.Errorf("%s of another company takes out %d scores by %q", role, len(got), query)
			}
		}
	}
}
