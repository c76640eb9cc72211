package applications_test

import (
	"bytes"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// waitForLock returns when a statement of a replica waits for a lock.
func (f fixture) waitForLock(t *testing.T) {
	t.Helper()
	watch := f.Connect()
	testkit.Eventually(t, 10*time.Second, "a statement waits for the row", func() bool {
		var waiting int
		err := watch.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND application_name = 'interviewer' AND wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting > 0
	})
}

// TestApplicationReachesHire moves an application from the first stage to the last with a clock that only the test
// advances. After each move it checks the response and the history, and in the end the audit log.
func TestApplicationReachesHire(t *testing.T) {
	t.Parallel()
	installation, clock := testkit.New(t), clocktest.Stopped()
	installation.Clock = clock.Source()
	f := newFixtureOn(t, installation)
	hr := f.as[api.RoleHr]
	id := testkit.Decode[api.Application](hr.Post(collection, map[string]any{
		"candidate_id": f.hiring.Candidate(), "job_id": f.hiring.Job(api.JobStatusOpen),
	}).Expect(http.StatusCreated)).ID
	for _, step := range []struct {
		name     string
		after    time.Duration
		body     string
		event    api.ApplicationEvent
		to       api.ApplicationStage
		furthest api.ApplicationStage
		reason   string
		seconds  int64
	}{
		{"advance to screening", 90*time.Second + 999999*time.Microsecond, `{"to":"screening"}`, "advance", "screening", "screening", "", 90},
		{
			"skip to evaluation",
			time.Hour, `{"to":"evaluation","reason":"  Known from before. "}`,
			"skip", "evaluation", "evaluation", "Known from before.", 3600,
		},
		{
			"return to applied",
			0, `{"to":"applied","reason":"The wrong person\nwas moved."}`,
			"return", "applied", "evaluation", "The wrong person\nwas moved.", 0,
		},
		{"skip to offer", 24 * time.Hour, `{"to":"offer"}`, "skip", "offer", "offer", "", 86400},
		{"advance to hired", time.Minute, `{"to":"hired","reason":"Signed."}`, "advance", "hired", "hired", "Signed.", 60},
	} {
		t.Run(step.name, func(t *testing.T) {
			hr := f.replica.SignIn(t, f.acme.Users[api.RoleHr])
			before := getApplication(hr, id)
			clock.Advance(step.after)
			hr = f.replica.SignIn(t, f.acme.Users[api.RoleHr]) // the previous access token may have expired
			answer := hr.Post(path(id, "move"), step.body).Expect(http.StatusOK)

			// The response is the moved application.
			entered := clock.Now()
			moved := testkit.Decode[api.Application](answer)
			status := api.ApplicationStatusActive
			if step.to == api.ApplicationStageHired {
				status = api.ApplicationStatusHired
			}
			if moved.Stage != step.to || moved.Status != status || !moved.StageEnteredAt.Equal(entered) ||
				!moved.UpdatedAt.Equal(entered) || !moved.CreatedAt.Equal(before.CreatedAt) {
				t.Errorf("%s: got %+v, want %s and %s since %s", step.body, moved, step.to, status, entered)
			}
			if again := hr.Get(path(id)); !bytes.Equal(again.Body, answer.Body) {
				t.Errorf("the move returned %s, GetApplication returned %s", answer.Body, again.Body)
			}

			// The history ends with the move.
			moves := getHistory(hr, id)
			last := moves[len(moves)-1]
			reason, _ := last.Reason.Get()
			if last.Event != step.event || *last.FromStage != before.Stage || last.ToStage != step.to ||
				*last.FromStatus != before.Status || last.ToStatus != status || reason != step.reason ||
				last.Actor.ID != f.acme.Users[api.RoleHr].ID || !last.CreatedAt.Equal(entered) {
				t.Errorf("%s: the history ends with %+v, want %s from %s", step.body, last, step.event, before.Stage)
			}

			// The reports use the seconds in the previous stage and the furthest stage.
			var seconds int64
			var furthest string
			err := f.Database.QueryRow(t.Context(), `SELECT m.seconds, a.furthest_stage FROM application_moves AS m
			JOIN applications AS a ON a.id = m.application_id WHERE m.id = $1`, last.ID).Scan(&seconds, &furthest)
			if err != nil || seconds != step.seconds || furthest != string(step.furthest) {
				t.Errorf("%s: got %d seconds and furthest stage %s, %v; want %d and %s",
					step.body, seconds, furthest, err, step.seconds, step.furthest)
			}
		})
	}

	hr = f.replica.SignIn(t, f.acme.Users[api.RoleHr])
	hired := getApplication(hr, id)
	if len(hired.AllowedActions) != 0 || len(hired.AllowedStages) != 0 {
		t.Errorf("hired: got actions %v and stages %v, want none", hired.AllowedActions, hired.AllowedStages)
	}
	f.as[api.RoleAdmin] = f.replica.SignIn(t, f.acme.Users[api.RoleAdmin])
	entries := auditEntries(f, id)
	if len(entries) != 6 || entries[5].Action != "application.moved" ||
		entries[5].ActorID.MustGet() != f.acme.Users[api.RoleHr].ID {
		t.Fatalf("got audit entries %+v, want 6, the last an application.moved by HR", entries)
	}
	want := `{"changes":{"stage":{"from":"offer","to":"hired"},"status":{"from":"active","to":"hired"}}}`
	if got := auditDetails(t, entries[5]); got != want {
		t.Errorf("last audit entry: got details %s, want %s", got, want)
	}
	want = `{"changes":{"stage":{"from":"screening","to":"evaluation"}}}`
	if got := auditDetails(t, entries[2]); got != want {
		t.Errorf("third audit entry: got details %s, want %s", got, want)
	}
}

// TestActions performs each action that changes the status, and checks the response, the history and the audit log. The
// stage and the time since when it lasts do not change.
func TestActions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lead, hr := f.as[api.RoleTeamLead], f.as[api.RoleHr]
	job := f.hiring.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead])
	id := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageInterview)
	initial := getApplication(hr, id)
	for i, step := range []struct {
		client    *testkit.Client
		action    string
		body      any
		from, to  api.ApplicationStatus
		rejection api.RejectionReason
		reason    string
		audited   string
		changes   string
	}{
		{
			lead, "hold", nil, "active", "on_hold", "", "",
			"application.held", `{"changes":{"status":{"from":"active","to":"on_hold"}}}`,
		},
		{
			lead, "resume", `{"reason":"Budget is back."}`, "on_hold", "active", "", "Budget is back.",
			"application.resumed", `{"changes":{"status":{"from":"on_hold","to":"active"}}}`,
		},
		{
			lead, "reject", `{"rejection_reason":"lacks_experience","reason":"Has not led a team."}`,
			"active", "rejected", "lacks_experience", "Has not led a team.", "application.rejected",
			`{"changes":{"rejection_reason":{"from":null,"to":"lacks_experience"},"status":{"from":"active","to":"rejected"}}}`,
		},
		{
			hr, "reactivate", `{"reason":" The certificate arrived. "}`,
			"rejected", "active", "", "The certificate arrived.", "application.reactivated",
			`{"changes":{"rejection_reason":{"from":"lacks_experience","to":null},"status":{"from":"rejected","to":"active"}}}`,
		},
		{
			lead, "hold", `{}`, "active", "on_hold", "", "",
			"application.held", `{"changes":{"status":{"from":"active","to":"on_hold"}}}`,
		},
		{
			lead, "withdraw", nil, "on_hold", "withdrawn", "", "",
			"application.withdrawn", `{"changes":{"status":{"from":"on_hold","to":"withdrawn"}}}`,
		},
	} {
		t.Run(step.action, func(t *testing.T) {
			answer := step.client.In(t).Post(path(id, step.action), step.body).Expect(http.StatusOK)

			got := testkit.Decode[api.Application](answer)
			if got.Status != step.to || got.Stage != initial.Stage || !got.StageEnteredAt.Equal(initial.StageEnteredAt) ||
				!got.UpdatedAt.After(initial.UpdatedAt) || !isReason(got.RejectionReason, step.rejection) {
				t.Errorf("got %+v, want %s with rejection reason %q", got, step.to, step.rejection)
			}
			again := step.client.In(t).Get(path(id))
			if !bytes.Equal(again.Body, answer.Body) || again.Header.Get("ETag") != answer.Header.Get("ETag") {
				t.Errorf("%s returned %s, GetApplication returned %s", step.action, answer.Body, again.Body)
			}

			last := getHistory(hr.In(t), id)[i+1]
			reason, _ := last.Reason.Get()
			if string(last.Event) != step.action || *last.FromStatus != step.from || last.ToStatus != step.to ||
				reason != step.reason || *last.FromStage != initial.Stage || last.ToStage != initial.Stage ||
				!isReason(last.RejectionReason, step.rejection) {
				t.Errorf("the history has %+v, want %s from %s", last, step.action, step.from)
			}
			entry := auditEntries(f, id)[i]
			if string(entry.Action) != step.audited || auditDetails(t, entry) != step.changes {
				t.Errorf("got audit entry %s %s, want %s %s", entry.Action, auditDetails(t, entry), step.audited, step.changes)
			}
		})
	}

	// Only moves that leave a stage have the seconds that it lasted.
	var timed int
	err := f.Database.QueryRow(t.Context(),
		`SELECT count(*) FROM application_moves WHERE seconds IS NOT NULL`).Scan(&timed)
	if err != nil || timed != 0 {
		t.Errorf("%d moves have seconds, %v; want none", timed, err)
	}
}

// isReason compares an optional rejection reason with one that is "" if absent.
func isReason(got *api.RejectionReason, want api.RejectionReason) bool {
	if got == nil {
		return want == ""
	}
	return *got == want
}

func TestActionsRefuseInvalidRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	id := f.hiring.Application(f.hiring.Candidate(), f.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	for _, test := range []struct {
		action, body string
		status       int
		code         string
	}{
		{"move", ``, 400, "malformed_request"},
		{"move", `{}`, 400, "malformed_request"},
		{"move", `{"to":"fired"}`, 400, "malformed_request"},
		{"move", `{"to":"evaluation","reason":""}`, 400, "malformed_request"},
		{"move", `{"to":"evaluation","status":"hired"}`, 400, "malformed_request"},
		{"move", `{"to":"evaluation","reason":"\u2003"}`, 422, "rule_violated"},
		{"move", `{"to":"evaluation","reason":"a\u0007b"}`, 422, "rule_violated"},
		{"move", `{"to":"applied"}`, 422, "rule_violated"},
		{"move", `{"to":"applied","reason":"\u00a0"}`, 422, "rule_violated"},
		{"hold", `{"reason":"\u2003"}`, 422, "rule_violated"},
		{"hold", `{"to":"offer"}`, 400, "malformed_request"},
		{"reject", `{}`, 400, "malformed_request"},
		{"reject", `{"rejection_reason":"age"}`, 400, "malformed_request"},
		{"reject", `{"rejection_reason":"other","reason":"a\u202eb"}`, 422, "rule_violated"},
		{"withdraw", `{"reason":"a\u0000b"}`, 422, "rule_violated"},
		{"reactivate", `{}`, 400, "malformed_request"},
		{"resume", `{"reason":"Now."}`, 409, "state_conflict"},
		{"reactivate", `{"reason":"Now."}`, 409, "state_conflict"},
	} {
		t.Run(test.action+" "+test.body, func(t *testing.T) {
			p := f.in(t).as[api.RoleHr].Post(path(id, test.action), test.body).Refused(test.status, test.code)
			if test.status == http.StatusUnprocessableEntity && (len(p.Errors) != 1 || *p.Errors[0].Pointer != "/reason") {
				t.Errorf("got errors %+v, want one for /reason", p.Errors)
			}
		})
	}
	got := getApplication(hr, id)
	if got.Stage != api.ApplicationStageInterview || got.Status != api.ApplicationStatusActive ||
		len(getHistory(hr, id)) != 1 {
		t.Errorf("after refused requests: got %+v, want no change", got)
	}
	for action, body := range map[string]string{
		"move": `{"to":"offer"}`, "hold": "", "resume": "", "reject": `{"rejection_reason":"other"}`, "withdraw": "",
		"reactivate": `{"reason":"r"}`,
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			hr.In(t).Post(path(uuid.New(), action), body).Refused(http.StatusNotFound, "not_found")
		})
	}
}

// TestReactivateRequiresActiveCandidate reactivates an application while a transaction that archives its candidate is
// open. The request must wait for its end and then be refused.
func TestReactivateRequiresActiveCandidate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	candidate := f.hiring.Candidate()
	id := f.hiring.Application(candidate, f.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	hr, reason := f.as[api.RoleHr], `{"reason":"Once more."}`
	hr.Post(path(id, "withdraw"), nil).Expect(http.StatusOK)
	tx, err := f.Database.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `UPDATE candidates SET status = 'archived' WHERE id = $1`, candidate); err != nil {
		t.Fatal(err)
	}
	answer := make(chan *testkit.Answer, 1)
	go func() { answer <- hr.Post(path(id, "reactivate"), reason) }()
	f.waitForLock(t)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := (<-answer).Refused(http.StatusConflict, "state_conflict")
	if *p.State != "archived" || !slices.Equal(*p.AllowedActions, []string{"update", "restore"}) {
		t.Errorf("got state %s and actions %v, want archived, update and restore", *p.State, *p.AllowedActions)
	}

	// After the candidate is restored, the application can be reactivated.
	f.Exec(`UPDATE candidates SET status = 'active' WHERE id = $1`, candidate)
	hr.Post(path(id, "reactivate"), reason).Expect(http.StatusOK)
}

// TestConcurrentMovesOneSucceeds performs the same move many times at once, on two replicas, and then moves that exclude
// each other. Each must be decided on the result of the previous one, and the history must be in that order.
func TestConcurrentMovesOneSucceeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	clients := []*testkit.Client{f.as[api.RoleHr], f.as[api.RoleAdmin].At(f.Replica())}
	id := f.hiring.Application(f.hiring.Candidate(), f.hiring.Job(api.JobStatusOpen), api.ApplicationStageApplied)
	statuses := make([]int, 12)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() { statuses[i] = clients[i%2].Post(path(id, "move"), `{"to":"screening"}`).Status })
	}
	all.Wait()
	slices.Sort(statuses)
	want := append([]int{http.StatusOK}, slices.Repeat([]int{http.StatusConflict}, 11)...)
	if moves := getHistory(clients[0], id); !slices.Equal(statuses, want) || len(moves) != 2 {
		t.Errorf("got statuses %v and history %+v, want %v and 2 moves", statuses, moves, want)
	}

	// Rejections and moves happen at once. In the history, each move starts from the state in which the previous ended.
	for i := range statuses {
		body := `{"rejection_reason":"other"}`
		if i%2 == 0 {
			all.Go(func() { clients[0].Post(path(id, "reject"), body) })
			continue
		}
		all.Go(func() { clients[1].Post(path(id, "move"), `{"to":"interview"}`) })
	}
	all.Wait()
	moves := getHistory(clients[0], id)
	for i, move := range moves[1:] {
		previous := moves[i]
		if move.CreatedAt.Before(previous.CreatedAt) || *move.FromStage != previous.ToStage ||
			*move.FromStatus != previous.ToStatus {
			t.Errorf("%+v does not follow %+v", move, previous)
		}
	}
	got, last := getApplication(clients[0], id), moves[len(moves)-1]
	if got.Status != api.ApplicationStatusRejected || last.ToStage != got.Stage {
		t.Errorf("got %+v after %+v, want rejected in the stage of the last move", got, last)
	}
}
