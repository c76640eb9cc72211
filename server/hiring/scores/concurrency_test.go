package scores_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// completions counts what the completion of an interview leaves: events and audit entries.
func (h house) completions(interview uuid.UUID) (events, entries int) {
	h.t.Helper()
	err := h.Database.QueryRow(h.t.Context(), `SELECT
		(SELECT count(*) FROM interview_events WHERE interview_id = $1 AND event = 'complete'),
		(SELECT count(*) FROM audit_logs WHERE resource_id = $1 AND action = 'interview.completed')`, interview).Scan(&events, &entries)
	if err != nil {
		h.t.Fatal(err)
	}
	return events, entries
}

// together lets all begin at once, and waits for all.
func together(n int, act func(i int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() { <-begin; act(i) })
	}
	close(begin)
	all.Wait()
}

// TestTheLastOfSimultaneousSubmissionsCompletes lets a whole panel submit at once over two replicas: all succeed, and the
// interview completes exactly once.
func TestTheLastOfSimultaneousSubmissionsCompletes(t *testing.T) {
	t.Parallel()
	h := build(t)
	replicas := []*testkit.Replica{h.replica, h.Replica()}
	const panelists, rounds = 10, 4
	var panel []testkit.User
	var clients []*testkit.Client
	for i := range panelists {
		user := h.User(h.acme, fmt.Sprintf("panelist-%d", i), api.RoleEmployee)
		panel, clients = append(panel, user), append(clients, replicas[i%2].SignIn(t, user))
	}
	for range rounds {
		interview := h.interview(api.InterviewStatusAwaitingScores, panel...)
		scores := make([]uuid.UUID, panelists)
		for i, user := range panel {
			scores[i] = h.hiring.Score(interview, user, api.ScoreStatusDraft, i%5+1)
		}
		answers := make([]*testkit.Answer, panelists)
		together(panelists, func(i int) { answers[i] = clients[i].Post(path(scores[i], "submit"), nil) })
		for _, answer := range answers {
			answer.Expect(http.StatusOK)
		}
		if status := h.status(interview); status != "completed" {
			t.Errorf("the interview is %s", status)
		}
		if events, entries := h.completions(interview); events != 1 || entries != 1 {
			t.Errorf("completed by %d events and %d audit entries", events, entries)
		}
	}
}

// TestTheEndAndTheLastSubmissionMeet lets a panel submit while the interview is ended: whichever comes last completes it,
// exactly once.
func TestTheEndAndTheLastSubmissionMeet(t *testing.T) {
	t.Parallel()
	h := build(t)
	second := h.Replica()
	panel := []testkit.User{h.acme.Users[api.RoleEmployee], h.acme.Users[api.RoleTeamLead], h.acme.Users[api.RoleAdmin]}
	for range 5 {
		interview := h.interview(api.InterviewStatusInProgress, panel...)
		acts := []func() *testkit.Answer{func() *testkit.Answer {
			return h.as[api.RoleHr].At(second).Post("/api/v1/interviews/"+interview.String()+"/finish", nil)
		}}
		for _, user := range panel {
			id := h.hiring.Score(interview, user, api.ScoreStatusDraft, 4)
			acts = append(acts, func() *testkit.Answer { return h.as[user.Role].Post(path(id, "submit"), nil) })
		}
		answers := make([]*testkit.Answer, len(acts))
		together(len(acts), func(i int) { answers[i] = acts[i]() })
		for _, answer := range answers {
			answer.Expect(http.StatusOK)
		}
		if events, entries := h.completions(interview); h.status(interview) != "completed" || events != 1 || entries != 1 {
			t.Errorf("the interview is %s, completed by %d events and %d audit entries", h.status(interview), events, entries)
		}
	}
}

// TestSubmissionsAndOverridesDoNotBlockEachOther lets authors write and submit while HR reopens and voids, all of one
// interview: each act succeeds or finds another state, none is broken off, and the interview completes if and only if no
// required score is missing.
func TestSubmissionsAndOverridesDoNotBlockEachOther(t *testing.T) {
	t.Parallel()
	h := build(t)
	second := h.Replica()
	const panelists = 6
	var panel []testkit.User
	var clients []*testkit.Client
	for i := range panelists {
		user := h.User(h.acme, fmt.Sprintf("panelist-%d", i), api.RoleEmployee)
		panel, clients = append(panel, user), append(clients, h.replica.SignIn(t, user))
	}
	interview := h.interview(api.InterviewStatusAwaitingScores, panel...)
	hr, reason := h.as[api.RoleHr].At(second), object{"reason": "A mistake."}
	var mu sync.Mutex
	counted := map[string]int{}
	note := func(what string, a *testkit.Answer, allowed ...int) {
		mu.Lock()
		defer mu.Unlock()
		counted[fmt.Sprint(what, " ", a.Status)]++
		for _, status := range allowed {
			if a.Status == status {
				return
			}
		}
		t.Errorf("%s: %d %s", what, a.Status, a.Body)
	}
	scores := make([]uuid.UUID, panelists)
	for i, user := range panel {
		scores[i] = h.hiring.Score(interview, user, api.ScoreStatusDraft, 3)
	}
	together(2*panelists, func(i int) {
		who := i % panelists
		for turn := range 6 {
			switch {
			case i < panelists && turn%2 == 0:
				note("write", clients[who].Do("PATCH", path(scores[who]), object{"comment": fmt.Sprint(turn)}, "If-Match", "*"), 200, 409)
			case i < panelists:
				note("submit", clients[who].Post(path(scores[who], "submit"), nil), 200, 409)
			case turn == 5 && who%2 == 0:
				note("void", hr.Post(path(scores[who], "void"), reason), 200, 404, 409)
			default:
				note("reopen", hr.Post(path(scores[who], "reopen"), reason), 200, 404, 409)
			}
		}
	})
	var missing int
	err := h.Database.QueryRow(t.Context(), `SELECT count(*) FROM interview_panelists AS p WHERE interview_id = $1 AND NOT EXISTS (
		SELECT FROM scores AS s WHERE s.interview_id = $1 AND s.rater_id = p.user_id AND s.status = 'submitted')`, interview).Scan(&missing)
	if err != nil {
		t.Fatal(err)
	}
	events, _ := h.completions(interview)
	if status := h.status(interview); (status == "completed") != (missing == 0) || (events == 1) != (missing == 0) || events > 1 {
		t.Errorf("%d scores are missing, and the interview is %s with %d completions: %v", missing, status, events, counted)
	}
}

// TestOneOfTwoFirstScores: of two requests at once to begin one's own score, one does.
func TestOneOfTwoFirstScores(t *testing.T) {
	t.Parallel()
	h := build(t)
	clients := []*testkit.Client{h.as[api.RoleEmployee], h.as[api.RoleEmployee].At(h.Replica())}
	for range 5 {
		interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee])
		var answers [6]*testkit.Answer
		together(len(answers), func(i int) { answers[i] = clients[i%2].Post(scoresOf(interview), nil) })
		began := 0
		for _, answer := range answers {
			if answer.Status == http.StatusCreated {
				began++
				continue
			}
			answer.Refused(409, "score_exists")
		}
		if began != 1 {
			t.Errorf("%d scores began", began)
		}
	}
}

// TestOneOfTwoPatchesOfTheSameVersion: the second is told that the draft has changed.
func TestOneOfTwoPatchesOfTheSameVersion(t *testing.T) {
	t.Parallel()
	h := build(t)
	clients := []*testkit.Client{h.as[api.RoleEmployee], h.as[api.RoleEmployee].At(h.Replica())}
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee])
	score := created(clients[0], interview, nil)
	for round := range 5 {
		tag := clients[0].Get(path(score.ID)).Header.Get("ETag")
		var answers [6]*testkit.Answer
		together(len(answers), func(i int) {
			answers[i] = clients[i%2].Do("PATCH", path(score.ID), object{"comment": fmt.Sprint(round, i)}, "If-Match", tag)
		})
		wrote := 0
		for _, answer := range answers {
			if answer.Status == http.StatusOK {
				wrote++
				continue
			}
			answer.Refused(412, "version_mismatch")
		}
		if wrote != 1 {
			t.Errorf("%d patches of one version were written", wrote)
		}
	}
}
