package schema_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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

// TestRowsAreReadThroughVisibility verifies that every query that reads tables of hiring or the audit log, or reads for
// an actor, takes the rows from a function with the visibility rule, or is exempt for one of the listed reasons.
func TestRowsAreReadThroughVisibility(t *testing.T) {
	t.Parallel()
	const (
		afterCheck = "runs after the transaction has locked a row that the actor sees, or has checked that the actor may write"
		lookup     = "reads what belongs to rows that were read through visibility"
		imports    = "an import writes any candidate of the company"
		decides    = "counts for a decision; the result is not shown"
		seals      = "seals or verifies the whole audit log"
		erases     = "erases payloads of the audit log; what is erased is not shown"
	)
	exempt := map[string]string{
		"GetApplicationStatus": afterCheck, "LockApplicant": afterCheck, "LockAppliedJob": afterCheck,
		"GetKitVersionForInterview": afterCheck, "GetNewestKitVersion": afterCheck,
		"ListInterviewsNotBegunForUpdate": afterCheck, "ListKnownJobs": afterCheck,
		"GetInterviewSurroundings": lookup, "ListInterviewPanels": lookup, "ListKitCriteria": lookup,
		"ListRequiredRaters": lookup, "CountPipeline": lookup,
		"ListImportedCandidates": imports, "ListImportedCandidatesForUpdate": imports,
		"ListOpenApplicationsOf": imports, "ListImportedNames": imports,
		"ListImportedAliases": imports, "LockMergedCandidate": afterCheck, "LockApplicationsOfCandidates": afterCheck,
		"LockInterviewsOfApplications": afterCheck, "ListApplicationItems": afterCheck, "ListCandidateMerges": afterCheck,
		"ListDuplicates":  "find_duplicates selects pairs from visible_candidates",
		"IsBusyCandidate": decides, "CountMissingScores": decides,
		"ListAuditLogsByID": seals, "ListSealedAuditLogs": seals, "ListUnsealedAuditLogs": seals, "ListUnerasedAuditLogs": seals,
		"GetLastExpiry": seals, "ListSealTimes": seals, "ListErasableAuditLogs": erases, "CountErasableAuditLogs": erases,
		"ListBookings":     "shows users who may schedule when others are busy, but not with what",
		"ListMyInterviews": "reads the interviews on whose panel the user is",
		"GetReportedJob":   "uses led_jobs, because a report requires that all applications of the job are visible",
		"LeadsJob":         "uses jobs_of_actor",
		"FilterVisible":    "uses which_visible, which reads through the function of each type",
		"LocateResources":  "reads the jobs and applications of resources that the reader sees, or has lost",
		"SetActor":         "reads nothing",
		"ResetCompany":     "deletes everything of a test company",
	}
	reads := regexp.MustCompile(`\b(FROM|JOIN) (jobs|applications|candidates|interviews|scores|kits|kit_versions|audit_logs)\b|@actor_id`)
	rule := regexp.MustCompile(`\b(visible|list)_(jobs|applications|candidates|interviews|panelists|scores|kits|kit_versions|users|audit_entries)\(`)
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
