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

// waitsForALock waits until a statement of a replica waits for a row that somebody else holds.
func (h house) waitsForALock(t *testing.T) {
	t.Helper()
	watch := h.Connect()
	testkit.Eventually(t, 10*time.Second, "a statement waits for the row", func() bool {
		var waiting int
		err := watch.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND application_name = 'interviewer' AND wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting > 0
	})
}

// TestTheWayToAHire walks an application from the first stage to the last under a clock that is moved by hand, and reads
// after each move what is shown, what the history says and what was recorded.
func TestTheWayToAHire(t *testing.T) {
	t.Parallel()
	installation, now := testkit.New(t), clocktest.Stopped()
	installation.Clock = now.Source()
	h := enter(t, installation)
	hr := h.as[api.RoleHr]
	id := testkit.Decode[api.Application](hr.Post(collection, map[string]any{
		"candidate_id": h.hiring.Candidate(), "job_id": h.hiring.Job(api.JobStatusOpen),
	}).Expect(http.StatusCreated)).ID
	for _, leg := range []struct {
		after    time.Duration
		body     string
		event    api.ApplicationEvent
		to       api.ApplicationStage
		furthest api.ApplicationStage
		reason   string
		seconds  int64
	}{
		{90*time.Second + 999999*time.Microsecond, `{"to":"screening"}`, "advance", "screening", "screening", "", 90},
		{time.Hour, `{"to":"evaluation","reason":"  Known from before. "}`, "skip", "evaluation", "evaluation", "Known from before.", 3600},
		{0, `{"to":"applied","reason":"The wrong person\nwas moved."}`, "return", "applied", "evaluation", "The wrong person\nwas moved.", 0},
		{24 * time.Hour, `{"to":"offer"}`, "skip", "offer", "offer", "", 86400},
		{time.Minute, `{"to":"hired","reason":"Signed."}`, "advance", "hired", "hired", "Signed.", 60},
	} {
		before := read(hr, id)
		now.Advance(leg.after)
		hr = h.replica.SignIn(t, h.acme.Users[api.RoleHr]) // the token from before may have expired
		answer := hr.Post(path(id, "move"), leg.body).Expect(http.StatusOK)
		entered := now.Now()
		moved := testkit.Decode[api.Application](answer)
		status := api.ApplicationStatusActive
		if leg.to == api.ApplicationStageHired {
			status = api.ApplicationStatusHired
		}
		if moved.Stage != leg.to || moved.Status != status || !moved.StageEnteredAt.Equal(entered) || !moved.UpdatedAt.Equal(entered) ||
			!moved.CreatedAt.Equal(before.CreatedAt) {
			t.Errorf("%s made %+v", leg.body, moved)
		}
		if again := hr.Get(path(id)); !bytes.Equal(again.Body, answer.Body) {
			t.Errorf("the move answered %s, read is %s", answer.Body, again.Body)
		}
		moves := history(hr, id)
		last := moves[len(moves)-1]
		reason, _ := last.Reason.Get()
		if last.Event != leg.event || *last.FromStage != before.Stage || last.ToStage != leg.to || *last.FromStatus != before.Status ||
			last.ToStatus != status || reason != leg.reason || last.Actor.ID != h.acme.Users[api.RoleHr].ID || !last.CreatedAt.Equal(entered) {
			t.Errorf("%s stands in the history as %+v", leg.body, last)
		}
		var seconds int64
		var furthest string
		err := h.Database.QueryRow(t.Context(), `SELECT m.seconds, a.furthest_stage FROM application_moves AS m
			JOIN applications AS a ON a.id = m.application_id WHERE m.id = $1`, last.ID).Scan(&seconds, &furthest)
		if err != nil || seconds != leg.seconds || furthest != string(leg.furthest) {
			t.Errorf("%s: the stage lasted %d seconds, want %d; the furthest is %s; %v", leg.body, seconds, leg.seconds, furthest, err)
		}
	}
	hired := read(hr, id)
	if len(hired.AllowedActions) != 0 || len(hired.AllowedStages) != 0 {
		t.Errorf("after the hire, HR may %v, to %v", hired.AllowedActions, hired.AllowedStages)
	}
	h.as[api.RoleAdmin] = h.replica.SignIn(t, h.acme.Users[api.RoleAdmin])
	entries := recorded(h, id)
	if len(entries) != 6 || entries[5].Action != "application.moved" || entries[5].ActorID.MustGet() != h.acme.Users[api.RoleHr].ID {
		t.Fatalf("recorded is %+v", entries)
	}
	if got, want := details(t, entries[5]), `{"changes":{"stage":{"from":"offer","to":"hired"},"status":{"from":"active","to":"hired"}}}`; got != want {
		t.Errorf("recorded is %s, want %s", got, want)
	}
	if got, want := details(t, entries[2]), `{"changes":{"stage":{"from":"screening","to":"evaluation"}}}`; got != want {
		t.Errorf("recorded is %s, want %s", got, want)
	}
}

// TestTheActions takes each action that changes the status, and reads what is shown, what the history says and what was
// recorded. The stage and since when it lasts stay.
func TestTheActions(t *testing.T) {
	t.Parallel()
	h := build(t)
	lead, hr := h.as[api.RoleTeamLead], h.as[api.RoleHr]
	job := h.hiring.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead])
	id := h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageInterview)
	began := read(hr, id)
	for i, act := range []struct {
		by        *testkit.Client
		action    string
		body      any
		from, to  api.ApplicationStatus
		rejection api.RejectionReason
		reason    string
		recorded  string
		changes   string
	}{
		{lead, "hold", nil, "active", "on_hold", "", "", "application.held", `{"changes":{"status":{"from":"active","to":"on_hold"}}}`},
		{lead, "resume", `{"reason":"Budget is back."}`, "on_hold", "active", "", "Budget is back.", "application.resumed", `{"changes":{"status":{"from":"on_hold","to":"active"}}}`},
		{lead, "reject", `{"rejection_reason":"lacks_experience","reason":"Has not led a team."}`, "active", "rejected", "lacks_experience", "Has not led a team.", "application.rejected", `{"changes":{"rejection_reason":{"from":null,"to":"lacks_experience"},"status":{"from":"active","to":"rejected"}}}`},
		{hr, "reactivate", `{"reason":" The certificate arrived. "}`, "rejected", "active", "", "The certificate arrived.", "application.reactivated", `{"changes":{"rejection_reason":{"from":"lacks_experience","to":null},"status":{"from":"rejected","to":"active"}}}`},
		{lead, "hold", `{}`, "active", "on_hold", "", "", "application.held", `{"changes":{"status":{"from":"active","to":"on_hold"}}}`},
		{lead, "withdraw", nil, "on_hold", "withdrawn", "", "", "application.withdrawn", `{"changes":{"status":{"from":"on_hold","to":"withdrawn"}}}`},
	} {
		answer := act.by.Post(path(id, act.action), act.body).Expect(http.StatusOK)
		got := testkit.Decode[api.Application](answer)
		if got.Status != act.to || got.Stage != began.Stage || !got.StageEnteredAt.Equal(began.StageEnteredAt) || !got.UpdatedAt.After(began.UpdatedAt) {
			t.Errorf("%s made %+v", act.action, got)
		}
		if (got.RejectionReason != nil) != (act.rejection != "") || got.RejectionReason != nil && *got.RejectionReason != act.rejection {
			t.Errorf("%s: the rejection reason is %v", act.action, got.RejectionReason)
		}
		if again := act.by.Get(path(id)); !bytes.Equal(again.Body, answer.Body) || again.Header.Get("ETag") != answer.Header.Get("ETag") {
			t.Errorf("%s answered %s, read is %s", act.action, answer.Body, again.Body)
		}
		last := history(hr, id)[i+1]
		reason, _ := last.Reason.Get()
		if string(last.Event) != act.action || *last.FromStatus != act.from || last.ToStatus != act.to || reason != act.reason ||
			*last.FromStage != began.Stage || last.ToStage != began.Stage ||
			(last.RejectionReason != nil) != (act.rejection != "") || last.RejectionReason != nil && *last.RejectionReason != act.rejection {
			t.Errorf("%s stands in the history as %+v", act.action, last)
		}
		entry := recorded(h, id)[i]
		if string(entry.Action) != act.recorded || details(t, entry) != act.changes {
			t.Errorf("%s is recorded as %s %s, want %s", act.action, entry.Action, details(t, entry), act.changes)
		}
	}
	var timed int
	if err := h.Database.QueryRow(t.Context(), `SELECT count(*) FROM application_moves WHERE seconds IS NOT NULL`).Scan(&timed); err != nil || timed != 0 {
		t.Errorf("%d moves that changed no stage say how long one lasted, %v", timed, err)
	}
}

func TestActionsRefuse(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	id := h.hiring.Application(h.hiring.Candidate(), h.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	for _, test := range []struct {
		action, body string
		status       int
		code         string
	}{
		{"move", ``, 400, "malformed_request"},
		{"move", `{}`, 400, "malformed_request"},
		{"move", `{"to":"fired"}`, 400, "malformed_request"},
		{"move", `{"to":"evaluation","reason":""}`, 400, "malformed_request"},
		{"move", `{"to":"evaluation","reason":null}`, 400, "malformed_request"},
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
		t.Log(test.action, test.body)
		p := hr.Post(path(id, test.action), test.body).Refused(test.status, test.code)
		if test.status == http.StatusUnprocessableEntity && (len(p.Errors) != 1 || *p.Errors[0].Pointer != "/reason") {
			t.Errorf("wrong is %+v", p.Errors)
		}
	}
	if got := read(hr, id); got.Stage != api.ApplicationStageInterview || got.Status != api.ApplicationStatusActive || len(history(hr, id)) != 1 {
		t.Errorf("what was refused has left %+v", got)
	}
	for _, action := range []string{"move", "hold", "resume", "reject", "withdraw", "reactivate"} {
		body := map[string]string{"move": `{"to":"offer"}`, "reject": `{"rejection_reason":"other"}`, "reactivate": `{"reason":"r"}`}[action]
		hr.Post(path(uuid.New(), action), body).Refused(http.StatusNotFound, "not_found")
	}
}

// TestNobodyIsTakenUpAgainWhoIsArchived: who is archived has no application that is considered, not even one from before.
func TestNobodyIsTakenUpAgainWhoIsArchived(t *testing.T) {
	t.Parallel()
	h := build(t)
	candidate := h.hiring.Candidate()
	id := h.hiring.Application(candidate, h.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	hr, reason := h.as[api.RoleHr], `{"reason":"Once more."}`
	hr.Post(path(id, "withdraw"), nil).Expect(http.StatusOK)
	tx, err := h.Database.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `UPDATE candidates SET status = 'archived' WHERE id = $1`, candidate); err != nil {
		t.Fatal(err)
	}
	answer := make(chan *testkit.Answer)
	go func() { answer <- hr.Post(path(id, "reactivate"), reason) }()
	h.waitsForALock(t)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := (<-answer).Refused(http.StatusConflict, "state_conflict")
	if *p.State != "archived" || !slices.Equal(*p.AllowedActions, []string{"update", "restore"}) {
		t.Errorf("the conflict names %s and %v", *p.State, *p.AllowedActions)
	}
	h.Exec(`UPDATE candidates SET status = 'active' WHERE id = $1`, candidate)
	hr.Post(path(id, "reactivate"), reason).Expect(http.StatusOK)
}

// TestOneOfManyMovesWins moves an application many times at once, at two replicas: each decides on what the one before has
// left, and the history tells it in order.
func TestOneOfManyMovesWins(t *testing.T) {
	t.Parallel()
	h := build(t)
	clients := []*testkit.Client{h.as[api.RoleHr], h.as[api.RoleAdmin].At(h.Replica())}
	id := h.hiring.Application(h.hiring.Candidate(), h.hiring.Job(api.JobStatusOpen), api.ApplicationStageApplied)
	statuses := make([]int, 12)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() { statuses[i] = clients[i%2].Post(path(id, "move"), `{"to":"screening"}`).Status })
	}
	all.Wait()
	won := 0
	for _, status := range statuses {
		switch status {
		case http.StatusOK:
			won++
		case http.StatusConflict:
		default:
			t.Errorf("a move was answered by %d", status)
		}
	}
	if moves := history(clients[0], id); won != 1 || len(moves) != 2 {
		t.Errorf("%d moves won, and the history is %+v", won, moves)
	}
	// Rejections and moves race: whatever comes first, the history leads from each state to the next.
	for i := range statuses {
		body := `{"rejection_reason":"other"}`
		if i%2 == 0 {
			all.Go(func() { clients[0].Post(path(id, "reject"), body) })
			continue
		}
		all.Go(func() { clients[1].Post(path(id, "move"), `{"to":"interview"}`) })
	}
	all.Wait()
	moves := history(clients[0], id)
	for i, move := range moves[1:] {
		if move.CreatedAt.Before(moves[i].CreatedAt) || *move.FromStage != moves[i].ToStage || *move.FromStatus != moves[i].ToStatus {
			t.Errorf("%+v does not follow %+v", move, moves[i])
		}
	}
	if got, last := read(clients[0], id), moves[len(moves)-1]; got.Status != api.ApplicationStatusRejected || last.ToStage != got.Stage {
		t.Errorf("it is %+v after %+v", got, last)
	}
}
