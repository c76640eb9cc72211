package completion_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/completion"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// fixture is a company with an application, a kit version and four users for panels. No replica runs: the tests call
// the completer in transactions of their own.
type fixture struct {
	*testkit.Installation
	*testkit.Hiring
	t           *testing.T
	store       *postgres.Store
	completer   completion.Completer
	company     testkit.Company
	application uuid.UUID
	kitVersion  uuid.UUID
	users       []testkit.User
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation := testkit.New(t)
	company := installation.Company("acme")
	f := fixture{
		Installation: installation, Hiring: installation.Hiring(company), t: t, store: installation.Store(8), company: company,
		completer: completion.Completer{Clock: clock.System(), Audit: audit.NewRecorder(clock.System())},
		users: []testkit.User{
			company.Users[api.RoleEmployee], company.Users[api.RoleTeamLead],
			company.Users[api.RoleHr], company.Users[api.RoleAdmin],
		},
	}
	f.application = f.Application(f.Candidate(), f.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	_, f.kitVersion = f.KitVersion(api.KitVersionStatusPublished)
	return f
}

// in returns the fixture for a subtest.
func (f fixture) in(t *testing.T) fixture {
	f.t = t
	return f
}

// interview creates an interview whose panel are the first n users. Their scores are required.
func (f fixture) interview(status api.InterviewStatus, n int) uuid.UUID {
	f.t.Helper()
	return f.Interview(f.application, f.kitVersion, status, f.users[:n]...)
}

// lock returns an interview, locked until the end of the transaction, as the callers of Complete do.
func (f fixture) lock(tx *postgres.Tx, id uuid.UUID) (db.Interview, error) {
	row, err := tx.GetInterviewForUpdate(f.t.Context(), db.GetInterviewForUpdateParams{
		CompanyID: f.company.ID, ActorID: f.company.Users[api.RoleHr].ID, Reach: access.ReachAll.String(), ID: id,
	})
	return row.Interview, err
}

// actor is the user whose act completes interviews.
func (f fixture) actor() access.Actor {
	return access.Actor{Kind: access.KindUser, CompanyID: f.company.ID, ID: f.company.Users[api.RoleHr].ID, Role: stored.RoleHR}
}

// complete calls Complete in a transaction and returns its result.
func (f fixture) complete(id uuid.UUID) db.Interview {
	f.t.Helper()
	var result db.Interview
	err := f.store.InTx(f.t.Context(), f.company.ID, func(tx *postgres.Tx) error {
		locked, err := f.lock(tx, id)
		if err != nil {
			return err
		}
		result, err = f.completer.Complete(f.t.Context(), tx, f.actor(), locked)
		return err
	})
	if err != nil {
		f.t.Fatalf("complete interview: %v", err)
	}
	return result
}

// saved is the state of an interview in the database.
type saved struct {
	status      api.InterviewStatus
	version     int64
	completedAt *time.Time
	// events and entries count the completions in the history and in the audit log. Only those that say that the
	// interview was completed automatically are counted.
	events, entries int
	// otherEvents and otherEntries count all others.
	otherEvents, otherEntries int
}

func (f fixture) saved(id uuid.UUID) saved {
	f.t.Helper()
	var s saved
	err := f.Database.QueryRow(f.t.Context(), `
		WITH event AS (
			SELECT event = 'complete' AND from_status = 'awaiting_scores' AND to_status = 'completed'
				AND actor_id = company_id AND reason IS NULL AS automatic
			FROM interview_events WHERE interview_id = $1
		), entry AS (
			SELECT action = 'interview.completed' AND details = '{"automatic": true}' AS automatic
			FROM audit_logs WHERE resource_id = $1
		)
		SELECT status, version, completed_at,
			(SELECT count(*) FROM event WHERE automatic), (SELECT count(*) FROM entry WHERE automatic),
			(SELECT count(*) FROM event WHERE NOT automatic), (SELECT count(*) FROM entry WHERE NOT automatic)
		FROM interviews WHERE id = $1`, id).
		Scan(&s.status, &s.version, &s.completedAt, &s.events, &s.entries, &s.otherEvents, &s.otherEntries)
	if err != nil {
		f.t.Fatalf("read interview: %v", err)
	}
	return s
}

// checkCompleted verifies that an interview was completed exactly once.
func (f fixture) checkCompleted(id uuid.UUID) {
	f.t.Helper()
	got := f.saved(id)
	if got.status != api.InterviewStatusCompleted || got.version != 2 || got.completedAt == nil ||
		got.events != 1 || got.entries != 1 || got.otherEvents != 0 || got.otherEntries != 0 {
		f.t.Errorf("got %+v, want an interview that was completed once", got)
	}
}

// checkUnchanged verifies that an interview still has its first version and a status, without history and audit
// entries.
func (f fixture) checkUnchanged(id uuid.UUID, status api.InterviewStatus) {
	f.t.Helper()
	got := f.saved(id)
	if got.status != status || got.version != 1 || got.events+got.entries+got.otherEvents+got.otherEntries != 0 {
		f.t.Errorf("got %+v, want an unchanged interview that is %s", got, status)
	}
}

// TestComplete runs all tests of Complete against one database.
func TestComplete(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, test := range map[string]func(*testing.T, fixture){
		"panels":                 testPanels,
		"last score":             testLastScore,
		"other statuses":         testOtherStatuses,
		"outdated row":           testOutdatedRow,
		"concurrent last scores": testConcurrentLastScores,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, f.in(t))
		})
	}
}

func testPanels(t *testing.T, f fixture) {
	const (
		noScore   = api.ScoreStatus("")
		draft     = api.ScoreStatusDraft
		submitted = api.ScoreStatusSubmitted
		voided    = api.ScoreStatusVoided
	)
	type panelist struct {
		score    api.ScoreStatus
		optional bool
		declined bool
		removed  bool
	}
	for _, test := range []struct {
		name  string
		panel []panelist
		want  bool // whether the interview is completed
	}{
		{"all submitted", []panelist{{score: submitted}, {score: submitted}}, true},
		{"none written", []panelist{{score: noScore}, {score: noScore}}, false},
		{"one missing", []panelist{{score: submitted}, {score: noScore}}, false},
		{"one a draft", []panelist{{score: submitted}, {score: draft}}, false},
		{"one voided", []panelist{{score: submitted}, {score: voided}}, false},
		{"optional one missing", []panelist{{score: submitted}, {score: noScore, optional: true}}, true},
		{"optional one a draft", []panelist{{score: submitted}, {score: draft, optional: true}}, true},
		{"optional one submitted, required missing", []panelist{{score: noScore}, {score: submitted, optional: true}}, false},
		{"all optional", []panelist{{score: noScore, optional: true}, {score: noScore, optional: true}}, true},
		{"declined and required", []panelist{{score: submitted}, {score: noScore, declined: true}}, false},
		{"declined and optional", []panelist{{score: submitted}, {score: noScore, declined: true, optional: true}}, true},
		{"declined and submitted", []panelist{{score: submitted}, {score: submitted, declined: true}}, true},
		{"removed", []panelist{{score: submitted}, {score: noScore, removed: true}}, true},
		{"removed, another missing", []panelist{{score: submitted}, {removed: true}, {score: noScore}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			id := f.interview(api.InterviewStatusAwaitingScores, len(test.panel))
			for n, p := range test.panel {
				if p.score != noScore {
					f.Score(id, f.users[n], p.score, 4)
				}
				if p.removed {
					f.Exec(`DELETE FROM interview_panelists WHERE interview_id = $1 AND user_id = $2`, id, f.users[n].ID)
				}
				f.Exec(`UPDATE interview_panelists SET score_required = NOT $3::boolean,
					response = CASE WHEN $4::boolean THEN 'declined' ELSE 'accepted' END, responded_at = now()
					WHERE interview_id = $1 AND user_id = $2`, id, f.users[n].ID, p.optional, p.declined)
			}

			got := f.complete(id)

			if !test.want {
				if got.Status != stored.InterviewStatusAwaitingScores {
					t.Errorf("got an interview that is %s, want %s", got.Status, api.InterviewStatusAwaitingScores)
				}
				f.checkUnchanged(id, api.InterviewStatusAwaitingScores)
				return
			}
			if got.Status != stored.InterviewStatusCompleted || got.CompletedAt == nil || got.Version != 2 {
				t.Errorf("got %+v, want the completed interview", got)
			}
			f.checkCompleted(id)
		})
	}
}

// testLastScore submits the scores of a panel one after the other. Only the last one completes the
// interview, and another call changes nothing.
func testLastScore(t *testing.T, f fixture) {
	id := f.interview(api.InterviewStatusAwaitingScores, len(f.users))
	// Submitted scores of another interview of the same panel do not count.
	other := f.interview(api.InterviewStatusAwaitingScores, len(f.users))
	for _, user := range f.users {
		f.Score(other, user, api.ScoreStatusSubmitted, 3)
	}

	for _, user := range f.users {
		if got := f.complete(id); got.Status != stored.InterviewStatusAwaitingScores {
			t.Fatalf("before the score of %s: got %s, want %s", user.Role, got.Status, api.InterviewStatusAwaitingScores)
		}
		f.checkUnchanged(id, api.InterviewStatusAwaitingScores)
		f.Score(id, user, api.ScoreStatusSubmitted, 4)
	}

	for range 2 {
		if got := f.complete(id); got.Status != stored.InterviewStatusCompleted {
			t.Errorf("after the last score: got %s, want %s", got.Status, api.InterviewStatusCompleted)
		}
		f.checkCompleted(id)
	}
	f.checkUnchanged(other, api.InterviewStatusAwaitingScores)
}

// testOtherStatuses calls Complete in every other status, with all scores submitted.
func testOtherStatuses(t *testing.T, f fixture) {
	for _, status := range []api.InterviewStatus{
		api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusInProgress,
		api.InterviewStatusCompleted, api.InterviewStatusNoShow, api.InterviewStatusCancelled,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			id := f.interview(status, 1)
			f.Score(id, f.users[0], api.ScoreStatusSubmitted, 4)
			if got := f.complete(id); got.Status != stored.InterviewStatus(status) || got.Version != 1 {
				t.Errorf("got %s in version %d, want %s in version 1", got.Status, got.Version, status)
			}
			f.checkUnchanged(id, status)
		})
	}
}

// testOutdatedRow passes a row that was read before another transaction completed the interview.
func testOutdatedRow(t *testing.T, f fixture) {
	id := f.interview(api.InterviewStatusAwaitingScores, 1)
	f.Score(id, f.users[0], api.ScoreStatusSubmitted, 4)
	var outdated db.Interview
	err := f.store.InTx(t.Context(), f.company.ID, func(tx *postgres.Tx) (err error) {
		outdated, err = f.lock(tx, id)
		return err
	})
	if err != nil {
		t.Fatalf("read interview: %v", err)
	}
	f.complete(id)

	err = f.store.InTx(t.Context(), f.company.ID, func(tx *postgres.Tx) error {
		_, err := f.completer.Complete(t.Context(), tx, f.actor(), outdated)
		return err
	})

	if err == nil {
		t.Error("got no error, want one")
	}
	f.checkCompleted(id)
}

// testConcurrentLastScores submits the scores of a whole panel at once. Exactly one transaction completes
// the interview: the last one, which sees all scores.
func testConcurrentLastScores(t *testing.T, f fixture) {
	for range 5 {
		id := f.interview(api.InterviewStatusAwaitingScores, len(f.users))
		scores := make([]uuid.UUID, len(f.users))
		for n, user := range f.users {
			scores[n] = f.Score(id, user, api.ScoreStatusDraft, 4)
		}

		completed := make([]bool, len(scores))
		errs := make([]error, len(scores))
		start := make(chan struct{})
		var all sync.WaitGroup
		for n, score := range scores {
			all.Go(func() {
				<-start
				completed[n], errs[n] = f.submit(id, score)
			})
		}
		close(start)
		all.Wait()

		count := 0
		for n, err := range errs {
			if err != nil {
				t.Errorf("submission %d: %v", n, err)
			}
			if completed[n] {
				count++
			}
		}
		if count != 1 {
			t.Errorf("got %d submissions that completed the interview, want 1", count)
		}
		f.checkCompleted(id)
	}
}

// submit submits a score as the operation does: it locks the interview first. It reports whether the interview was
// completed.
func (f fixture) submit(interview, score uuid.UUID) (completed bool, err error) {
	err = f.store.InTx(f.t.Context(), f.company.ID, func(tx *postgres.Tx) error {
		locked, err := f.lock(tx, interview)
		if err != nil {
			return err
		}
		_, err = tx.TransitionScore(f.t.Context(), db.TransitionScoreParams{
			CompanyID: f.company.ID, ID: score, FromStatus: stored.ScoreStatusDraft, ToStatus: stored.ScoreStatusSubmitted,
			Now: f.completer.Clock.Now(),
		})
		if err != nil {
			return err
		}
		result, err := f.completer.Complete(f.t.Context(), tx, f.actor(), locked)
		completed = result.Status == stored.InterviewStatusCompleted
		return err
	})
	return completed, err
}
