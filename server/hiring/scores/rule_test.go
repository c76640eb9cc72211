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

// TestTheRuleStandsEverywhereTheSame reads the queries: every statement that shows what a score says, or locks it, has
// the rule, word for word; and no room but this one asks for what scores say.
func TestTheRuleStandsEverywhereTheSame(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../db/queries/*/*.sql")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	content := regexp.MustCompile(`\b(ratings|recommendation|weighted_score|coverage)\b`)
	says := regexp.MustCompile(`embed\((scores|score_revisions)\)|scores\.\*|UPDATE OF|` + content.String())
	writes := regexp.MustCompile(`^(InsertScore|UpdateScore|TransitionScore|InsertScoreRevision) `)
	rules := map[string]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range strings.Split(string(text), "-- name: ")[1:] {
			name, _, _ := strings.Cut(statement, " ")
			_, after, found := strings.Cut(statement, "(scores.rater_id = @caller_id\n")
			rule, _, closed := strings.Cut(after, "\n        ))")
			switch {
			case found && closed:
				rules[rule]++
			case filepath.Base(file) == "scores.sql" && says.MatchString(statement) && !writes.MatchString(statement):
				t.Errorf("%s shows or locks scores, whoever reads them", name)
			case filepath.Base(file) != "scores.sql" && content.MatchString(statement) && !strings.Contains(statement, "\nINSERT INTO"):
				t.Errorf("%s: %s asks what scores say", file, name)
			}
		}
	}
	if len(rules) != 1 {
		t.Errorf("there are %d rules, want one: %v", len(rules), rules)
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
