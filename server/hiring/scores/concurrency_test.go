package scores_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// completions returns the number of events and of audit entries about the completion of an interview.
func (f fixture) completions(interview uuid.UUID) (events, entries int) {
	f.t.Helper()
	err := f.Database.QueryRow(f.t.Context(), `SELECT
		(SELECT count(*) FROM interview_events WHERE interview_id = $1 AND event = 'complete'),
		(SELECT count(*) FROM audit_logs WHERE resource_id = $1 AND action = 'interview.completed')`, interview).
		Scan(&events, &entries)
	if err != nil {
		f.t.Fatal(err)
	}
	return events, entries
}

// requireCompletedOnce fails if an interview is not completed, or was completed more than once.
func (f fixture) requireCompletedOnce(interview uuid.UUID) {
	f.t.Helper()
	events, entries := f.completions(interview)
	if status := f.interviewStatus(interview); status != "completed" || events != 1 || entries != 1 {
		f.t.Errorf("got status %s, %d events and %d audit entries; want completed, 1 and 1", status, events, entries)
	}
}

// newPanel creates panelists, each signed in at one of the replicas.
func (f fixture) newPanel(size int, replicas ...*testkit.Replica) ([]testkit.User, []*testkit.Client) {
	f.t.Helper()
	var panel []testkit.User
	var clients []*testkit.Client
	for i := range size {
		user := f.User(f.acme, fmt.Sprintf("panelist-%d", i), api.RoleEmployee)
		panel, clients = append(panel, user), append(clients, replicas[i%len(replicas)].SignIn(f.t, user))
	}
	return panel, clients
}

// runConcurrently starts n calls at the same time and waits for all.
func runConcurrently(n int, call func(i int)) {
	var calls sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		calls.Go(func() { <-start; call(i) })
	}
	close(start)
	calls.Wait()
}

// TestSimultaneousSubmissionsCompleteOnce submits the scores of a whole panel at once to two replicas. All submissions
// succeed, and the interview is completed exactly once.
func TestSimultaneousSubmissionsCompleteOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const panelists, rounds = 10, 4
	panel, clients := f.newPanel(panelists, f.replica, f.Replica())
	for range rounds {
		interview := f.interview(api.InterviewStatusAwaitingScores, panel...)
		scores := make([]uuid.UUID, panelists)
		for i, user := range panel {
			scores[i] = f.hiring.Score(interview, user, api.ScoreStatusDraft, i%5+1)
		}
		answers := make([]*testkit.Answer, panelists)
		runConcurrently(panelists, func(i int) { answers[i] = clients[i].Post(path(scores[i], "submit"), nil) })
		for _, answer := range answers {
			answer.Expect(http.StatusOK)
		}
		f.requireCompletedOnce(interview)
	}
}

// TestFinishAndLastSubmissionCompleteOnce finishes an interview while its panel submits. Whichever request comes last
// completes the interview, exactly once.
func TestFinishAndLastSubmissionCompleteOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	second := f.Replica()
	panel := []testkit.User{f.acme.Users[api.RoleEmployee], f.acme.Users[api.RoleTeamLead], f.acme.Users[api.RoleAdmin]}
	for range 5 {
		interview := f.interview(api.InterviewStatusInProgress, panel...)
		requests := []func() *testkit.Answer{func() *testkit.Answer {
			return f.as[api.RoleHr].At(second).Post("/api/v1/interviews/"+interview.String()+"/finish", nil)
		}}
		for _, user := range panel {
			id := f.hiring.Score(interview, user, api.ScoreStatusDraft, 4)
			requests = append(requests, func() *testkit.Answer { return f.as[user.Role].Post(path(id, "submit"), nil) })
		}
		answers := make([]*testkit.Answer, len(requests))
		runConcurrently(len(requests), func(i int) { answers[i] = requests[i]() })
		for _, answer := range answers {
			answer.Expect(http.StatusOK)
		}
		f.requireCompletedOnce(interview)
	}
}

// TestSubmissionsAndOverridesDoNotDeadlock updates and submits the scores of one interview while HR reopens and voids
// them. Each request succeeds or finds a state that refuses it, and the interview is completed if and only if no
// required score is missing.
func TestSubmissionsAndOverridesDoNotDeadlock(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const panelists = 6
	panel, clients := f.newPanel(panelists, f.replica)
	hr, reason := f.as[api.RoleHr].At(f.Replica()), object{"reason": "A mistake."}
	interview := f.interview(api.InterviewStatusAwaitingScores, panel...)
	scores := make([]uuid.UUID, panelists)
	for i, user := range panel {
		scores[i] = f.hiring.Score(interview, user, api.ScoreStatusDraft, 3)
	}

	var mu sync.Mutex
	counts := map[string]int{}
	check := func(action string, answer *testkit.Answer, allowed ...int) {
		mu.Lock()
		defer mu.Unlock()
		counts[fmt.Sprint(action, " ", answer.Status)]++
		if !slices.Contains(allowed, answer.Status) {
			t.Errorf("%s: got %d %s, want one of %v", action, answer.Status, answer.Body, allowed)
		}
	}
	// For each score, one goroutine acts as its rater and one as HR.
	runConcurrently(2*panelists, func(i int) {
		rater := i % panelists
		client, id, isRater := clients[rater], scores[rater], i < panelists
		for turn := range 6 {
			switch {
			case isRater && turn%2 == 0:
				body := object{"comment": fmt.Sprint(turn)}
				check("update", client.Do(http.MethodPatch, path(id), body, "If-Match", "*"), 200, 409)
			case isRater:
				check("submit", client.Post(path(id, "submit"), nil), 200, 409)
			case turn == 5 && rater%2 == 0:
				check("void", hr.Post(path(id, "void"), reason), 200, 404, 409)
			default:
				check("reopen", hr.Post(path(id, "reopen"), reason), 200, 404, 409)
			}
		}
	})

	var missing int
	err := f.Database.QueryRow(t.Context(), `SELECT count(*) FROM interview_panelists AS p
		WHERE interview_id = $1 AND NOT EXISTS (SELECT FROM scores AS s
			WHERE s.interview_id = $1 AND s.rater_id = p.user_id AND s.status = 'submitted')`, interview).Scan(&missing)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus, wantEvents := "awaiting_scores", 0
	if missing == 0 {
		wantStatus, wantEvents = "completed", 1
	}
	events, _ := f.completions(interview)
	if status := f.interviewStatus(interview); status != wantStatus || events != wantEvents {
		t.Errorf("%d scores are missing: got status %s and %d completions, want %s and %d; answers: %v",
			missing, status, events, wantStatus, wantEvents, counts)
	}
}

// TestConcurrentFirstScores creates the same panelist's score several times at once. One request succeeds.
func TestConcurrentFirstScores(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	clients := []*testkit.Client{f.as[api.RoleEmployee], f.as[api.RoleEmployee].At(f.Replica())}
	for range 5 {
		interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee])
		var answers [6]*testkit.Answer
		runConcurrently(len(answers), func(i int) { answers[i] = clients[i%2].Post(scoresOf(interview), nil) })
		created := 0
		for _, answer := range answers {
			if answer.Status == http.StatusCreated {
				created++
				continue
			}
			answer.Refused(http.StatusConflict, "score_exists")
		}
		if created != 1 {
			t.Errorf("got %d created scores, want 1", created)
		}
	}
}

// TestConcurrentPatchesOfOneVersion sends patches with the same ETag at once. One succeeds, the others fail with
// version_mismatch.
func TestConcurrentPatchesOfOneVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	clients := []*testkit.Client{f.as[api.RoleEmployee], f.as[api.RoleEmployee].At(f.Replica())}
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee])
	score := createScore(clients[0], interview, nil)
	for round := range 5 {
		tag := clients[0].Get(path(score.ID)).Header.Get("ETag")
		var answers [6]*testkit.Answer
		runConcurrently(len(answers), func(i int) {
			body := object{"comment": fmt.Sprint(round, i)}
			answers[i] = clients[i%2].Do(http.MethodPatch, path(score.ID), body, "If-Match", tag)
		})
		updated := 0
		for _, answer := range answers {
			if answer.Status == http.StatusOK {
				updated++
				continue
			}
			answer.Refused(http.StatusPreconditionFailed, "version_mismatch")
		}
		if updated != 1 {
			t.Errorf("got %d successful patches, want 1", updated)
		}
	}
}
