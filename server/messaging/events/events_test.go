package events_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/events"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// start returns the current position of a reader, after which no earlier event comes again.
func start(t *testing.T, i *testkit.Installation, c *testkit.Client) string {
	t.Helper()
	settle(t, i)
	page := testkit.Decode[api.EventFeed](c.Get(eventsPath).Expect(http.StatusOK))
	if len(page.Data) != 0 || page.HasMore {
		panic("a position with changes")
	}
	return page.NextCursor
}

// settle waits until all changes are complete. Transactions of other tests delay them, because all databases of a cluster
// count transactions together.
func settle(t *testing.T, i *testkit.Installation) {
	t.Helper()
	testkit.Eventually(t, time.Minute, "all changes are complete", func() (complete bool) {
		err := i.Database.QueryRow(t.Context(),
			`SELECT NOT EXISTS (SELECT FROM changes WHERE transaction_id >= first_running_transaction())`).Scan(&complete)
		return err == nil && complete
	})
}

// after returns all changes after a position and the next position.
func after(t *testing.T, i *testkit.Installation, c *testkit.Client, cursor string) (found []api.Event, next string) {
	t.Helper()
	settle(t, i)
	return available(c, cursor)
}

// available returns the complete events after a position and the next position.
func available(c *testkit.Client, cursor string) (found []api.Event, next string) {
	return follow(c, "cursor="+cursor, "")
}

// follow returns the complete events after a position, which a parameter gives, with further parameters.
func follow(c *testkit.Client, position, filter string) (found []api.Event, next string) {
	for {
		page := testkit.Decode[api.EventFeed](c.Get(eventsPath + "?" + position + filter).Expect(http.StatusOK))
		found, position = append(found, page.Data...), "cursor="+page.NextCursor
		if !page.HasMore {
			return found, page.NextCursor
		}
	}
}

// names returns changes as sorted texts such as "job 0198…" and "removed job 0198…".
func names(found []api.Event) []string {
	var all []string
	for _, event := range found {
		name := string(event.Resource.Type) + " " + event.Resource.ID.String()
		if event.Removed {
			name = "removed " + name
		}
		all = append(all, name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func expect(t *testing.T, what string, found []api.Event, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := names(found); !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %s\nwant %s", what, strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

// TestPositionsExpire checks which positions are refused with 410, and which with 400.
func TestPositionsExpire(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	var elapsed atomic.Int64 // replicas read the clock in the background
	began := i.Clock.Now()
	i.Clock.Now = func() time.Time { return began.Add(time.Duration(elapsed.Load())) }
	i.Config.EventRetention = 5
	acme, globex := i.Company("acme"), i.Company("globex")
	r := i.Replica()
	scopes := []string{"events:read", "jobs:read"}
	job := i.Hiring(acme).Job(api.JobStatusOpen)
	const gone = "events_expired"

	t.Run("too old", func(t *testing.T) {
		hr := r.SignIn(t, acme.Users[api.RoleHr])
		cursor := start(t, i, hr)
		defer elapsed.Store(0)
		elapsed.Store(int64(5 * 24 * time.Hour))
		hr = r.SignIn(t, acme.Users[api.RoleHr])
		_, cursor = after(t, i, hr, cursor)
		elapsed.Add(int64(5*24*time.Hour + time.Second))
		r.SignIn(t, acme.Users[api.RoleHr]).Get(eventsPath+"?cursor="+cursor).Refused(http.StatusGone, gone)
	})
	t.Run("another history of transactions", func(t *testing.T) {
		hr := r.SignIn(t, acme.Users[api.RoleHr])
		cursor := start(t, i, hr)
		other := i.In(t)
		other.Exec(`CREATE OR REPLACE FUNCTION transaction_history() RETURNS text LANGUAGE sql STABLE RETURN 'other'`)
		hr.Get(eventsPath+"?cursor="+cursor).Refused(http.StatusGone, gone)
	})
	t.Run("another role", func(t *testing.T) {
		user := i.In(t).User(acme, "promoted", api.RoleEmployee)
		cursor := start(t, i, r.SignIn(t, user))
		r.SignIn(t, acme.Users[api.RoleAdmin]).Post("/api/v1/users/"+user.ID.String()+"/change-role",
			map[string]any{"role": api.RoleTeamLead}).Expect(http.StatusOK)
		settle(t, i)
		r.SignIn(t, user).Get(eventsPath+"?cursor="+cursor).Refused(http.StatusGone, gone)
	})
	for name, event := range map[string]map[string]any{
		"other scopes":         {"scopes": []string{"events:read"}},
		"no longer limited":    {"job_ids": nil},
		"limited to some jobs": {"job_ids": []uuid.UUID{job}},
	} {
		t.Run(name, func(t *testing.T) {
			var jobs []uuid.UUID
			if name == "no longer limited" {
				jobs = append(jobs, job)
			}
			key := i.In(t).Key(acme, scopes, jobs...)
			reader := r.Bearer(t, key.Secret.Reveal())
			cursor := start(t, i, reader)
			r.SignIn(t, acme.Users[api.RoleAdmin]).Do(http.MethodPatch, "/api/v1/api-keys/"+key.ID.String(), event,
				"If-Match", "*").Expect(http.StatusOK)
			settle(t, i)
			reader.Get(eventsPath+"?cursor="+cursor).Refused(http.StatusGone, gone)
		})
	}
	t.Run("of another reader", func(t *testing.T) {
		cursor := start(t, i, r.SignIn(t, acme.Users[api.RoleHr]))
		for _, user := range []testkit.User{acme.Users[api.RoleAdmin], globex.Users[api.RoleHr]} {
			r.SignIn(t, user).Get(eventsPath+"?cursor="+cursor).Refused(http.StatusBadRequest, "invalid_cursor")
		}
	})
	t.Run("after the rotation of the key", func(t *testing.T) {
		key := i.In(t).Key(acme, scopes)
		cursor := start(t, i, r.Bearer(t, key.Secret.Reveal()))
		rotated := testkit.Decode[api.APIKeyWithSecret](r.SignIn(t, acme.Users[api.RoleAdmin]).Post(
			"/api/v1/api-keys/"+key.ID.String()+"/rotate", map[string]any{}).Expect(http.StatusOK))
		reader := r.Bearer(t, rotated.Secret)
		settle(t, i)
		reader.Get(eventsPath + "?cursor=" + cursor).Expect(http.StatusOK)
	})
}

// TestLongTransactionsAreNotPassed begins a transaction, lets another one commit after it, and reads. The event of the
// first must not be skipped when it commits last.
func TestLongTransactionsAreNotPassed(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	h := i.Hiring(acme)
	r := i.Replica()
	hr := r.SignIn(t, acme.Users[api.RoleHr])
	cursor := start(t, i, hr)
	long, err := i.Database.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slow := uuid.Must(uuid.NewV7())
	_, err = long.Exec(t.Context(), `INSERT INTO candidates (company_id, id, first_name, last_name, created_at, updated_at)
		VALUES ($1, $2, 'Slow', 'Example', now(), now())`, acme.ID, slow)
	if err != nil {
		t.Fatal(err)
	}
	quick := h.Candidate()
	found, cursor := available(hr, cursor)
	expect(t, "while the long transaction runs", found)
	if err := long.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, _ = after(t, i, hr, cursor)
	expect(t, "after it", found, "candidate "+slow.String(), "candidate "+quick.String())
}

// TestOneChangeAffectsManyResources adds a member to a job with many applications, and renames the job. Each request
// writes few changes, and the member follows all applications, page by page.
func TestOneChangeAffectsManyResources(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	r := i.Replica()
	lead, hr := r.SignIn(t, acme.Users[api.RoleTeamLead]), r.SignIn(t, acme.Users[api.RoleHr])
	job := i.Hiring(acme).Job(api.JobStatusOpen)
	const applications = 1234
	i.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, created_at, updated_at)
		SELECT $1, lpad(n::text, 32, '0')::uuid, 'First', 'Last', now(), now() FROM generate_series(1, $2::integer) AS n`, acme.ID, applications)
	i.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		SELECT company_id, id, id, $2, now(), now(), now() FROM candidates WHERE company_id = $1`, acme.ID, job)

	count := func() (n int) {
		if err := i.Database.QueryRow(t.Context(), `SELECT count(*) FROM changes`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	follow := func(c *testkit.Client, cursor string) (map[api.EventResourceType]int, int, string) {
		settle(t, i)
		found, pages := map[api.EventResourceType]int{}, 0
		for {
			page := testkit.Decode[api.EventFeed](c.Get(eventsPath + "?limit=150&cursor=" + cursor).Expect(http.StatusOK))
			if len(page.Data) > 150 {
				t.Fatalf("a page has %d changes, want at most 150", len(page.Data))
			}
			for _, event := range page.Data {
				found[event.Resource.Type]++
				if event.Removed {
					t.Fatalf("%s %s is removed", event.Type, event.Resource.ID)
				}
			}
			if cursor = page.NextCursor; !page.HasMore {
				return found, pages, cursor
			}
			pages++
		}
	}
	member := "/api/v1/jobs/" + job.String() + "/members/" + acme.Users[api.RoleTeamLead].ID.String()
	employee := r.SignIn(t, acme.Users[api.RoleEmployee])
	settle(t, i)
	cursor, hrCursor, ownCursor, before := start(t, i, lead), start(t, i, hr), start(t, i, employee), count()
	hr.Do(http.MethodPut, member, map[string]any{"role": "recruiter"}).Expect(http.StatusOK)
	if written := count() - before; written > 3 {
		t.Errorf("a new member wrote %d changes, want at most 3", written)
	}
	found, _, cursor := follow(lead, cursor)
	if found[api.EventResourceTypeApplication] != applications || found[api.EventResourceTypeCandidate] != applications ||
		found[api.EventResourceTypeJob] != 1 || found[api.EventResourceTypeJobMembers] == 0 {
		t.Errorf("a new member follows %v, want %d applications and candidates, the job and its members", found, applications)
	}
	hr.Do(http.MethodPut, "/api/v1/jobs/"+job.String()+"/members/"+acme.Users[api.RoleEmployee].ID.String(),
		map[string]any{"role": "interviewer"}).Expect(http.StatusOK)
	own, _ := after(t, i, employee, ownCursor)
	expect(t, "a member who sees no applications", own, "job "+job.String(), "job_members "+job.String())
	before = count()
	hr.Do(http.MethodPatch, "/api/v1/jobs/"+job.String(), map[string]any{"title": "Other"}, "If-Match", "*").Expect(http.StatusOK)
	if written := count() - before; written > 2 {
		t.Errorf("a new title wrote %d changes, want at most 2", written)
	}
	for name, c := range map[string]*testkit.Client{"lead": lead, "hr": hr} {
		from := map[string]string{"lead": cursor, "hr": hrCursor}[name]
		found, pages, _ := follow(c, from)
		if found[api.EventResourceTypeApplication] != applications || found[api.EventResourceTypeCandidate] != 0 || pages < 8 {
			t.Errorf("%s follows %v in %d pages, want %d applications", name, found, pages, applications)
		}
	}
	_, cursor = after(t, i, lead, cursor)
	hr.Delete(member).Expect(http.StatusNoContent)
	removed, _ := after(t, i, lead, cursor)
	gone := 0
	for _, event := range removed {
		if event.Removed {
			gone++
		}
	}
	if gone < 2*applications {
		t.Errorf("a removed member follows %d removed resources, want at least %d", gone, 2*applications)
	}
}

// TestPositionsWithinChange renames a user with many interviews. While a reader is between them, the user is removed from
// the panels that the reader has passed. The reader still follows all others, and no more than it asked for at once.
func TestPositionsWithinChange(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	h, r := i.Hiring(acme), i.Replica()
	hr, user := r.SignIn(t, acme.Users[api.RoleHr]), acme.Users[api.RoleEmployee]
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	application := h.Application(h.Candidate(), h.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	const interviews = 130
	missing := map[uuid.UUID]bool{}
	for range interviews {
		missing[h.Interview(application, version, api.InterviewStatusDraft, user)] = true
	}
	settle(t, i)
	cursor := start(t, i, hr)
	hr.Do(http.MethodPatch, "/api/v1/users/"+user.ID.String(), map[string]any{"last_name": "Other"}, "If-Match", "*").Expect(http.StatusOK)
	settle(t, i)
	for more := true; more; {
		page := testkit.Decode[api.EventFeed](hr.Get(eventsPath + "?limit=45&cursor=" + cursor).Expect(http.StatusOK))
		if len(page.Data) > 45 {
			t.Fatalf("a page has %d changes, want at most 45", len(page.Data))
		}
		for _, event := range page.Data {
			if delete(missing, event.Resource.ID); event.Resource.Type == api.EventResourceTypeInterview {
				i.Exec(`DELETE FROM interview_panelists WHERE interview_id = $1`, event.Resource.ID)
			}
		}
		cursor, more = page.NextCursor, page.HasMore
	}
	if len(missing) > 0 {
		t.Errorf("%d of %d interviews were not followed", len(missing), interviews)
	}
}

// TestNewHolderOfKey rotates a key by a user with many interviews, most of them without scores. The key follows the scores
// that it no longer sees, and nothing of jobs that it is not limited to.
func TestNewHolderOfKey(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	h, r := i.Hiring(acme), i.Replica()
	admin, rater := acme.Users[api.RoleAdmin], acme.Users[api.RoleEmployee]
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	mine, other := h.Job(api.JobStatusOpen), h.Job(api.JobStatusOpen)
	applied := h.Application(h.Candidate(), mine, api.ApplicationStageInterview)
	for range 110 {
		h.Interview(applied, version, api.InterviewStatusDraft, admin)
	}
	last := h.Interview(applied, version, api.InterviewStatusCompleted, admin, rater)
	h.Score(last, rater, api.ScoreStatusSubmitted, 3)
	foreign := h.Interview(h.Application(h.Candidate(), other, api.ApplicationStageInterview), version,
		api.InterviewStatusCompleted, admin, rater)
	h.Score(foreign, rater, api.ScoreStatusSubmitted, 3)
	key := i.Key(acme, []string{"events:read", "interviews:read", "scores:read"}, mine)
	reader := r.Bearer(t, key.Secret.Reveal())
	if n := len(testkit.List[entry](reader, "/api/v1/scores", url.Values{}).Data); n != 1 {
		t.Fatalf("the key sees %d scores, want 1", n)
	}
	settle(t, i)
	cursor := start(t, i, reader)
	rotated := testkit.Decode[api.APIKeyWithSecret](r.SignIn(t, admin).Post(
		"/api/v1/api-keys/"+key.ID.String()+"/rotate", map[string]any{}).Expect(http.StatusOK))
	reader = r.Bearer(t, rotated.Secret)
	found, _ := after(t, i, reader, cursor)
	followed := map[uuid.UUID]bool{}
	for _, event := range found {
		if followed[event.Resource.ID] = true; event.Resource.Type != api.EventResourceTypeInterviewScores || event.Removed {
			t.Errorf("the key follows %s %s, removed %t", event.Type, event.Resource.ID, event.Removed)
		}
	}
	if !followed[last] || followed[foreign] {
		t.Errorf("followed: its interview %t, that of another job %t, want true and false", followed[last], followed[foreign])
	}
	if n := len(testkit.List[entry](reader, "/api/v1/scores", url.Values{}).Data); n != 0 {
		t.Errorf("the key sees %d scores, want 0, because its new holder has not submitted one", n)
	}
}

// TestReadersFollowWhatTheySee checks that a reader follows neither types without the permission nor resources that are
// not visible to it.
func TestReadersFollowWhatTheySee(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme, globex := i.Company("acme"), i.Company("globex")
	h, r := i.Hiring(acme), i.Replica()
	mine, other := h.Job(api.JobStatusOpen), h.Job(api.JobStatusOpen)
	readers := map[string]*testkit.Client{
		"employee": r.SignIn(t, acme.Users[api.RoleEmployee]),
		"foreign":  r.SignIn(t, globex.Users[api.RoleAdmin]),
		"key":      r.Bearer(t, i.Key(acme, []string{"events:read", "candidates:read"}).Secret.Reveal()),
		"job key":  r.Bearer(t, i.Key(acme, []string{"events:read", "applications:read"}, mine).Secret.Reveal()),
	}
	from := map[string]string{}
	for name, c := range readers {
		from[name] = start(t, i, c)
	}
	candidate := h.Candidate()
	visible := h.Application(candidate, mine, api.ApplicationStageApplied)
	h.Application(h.Candidate(), other, api.ApplicationStageApplied)
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	h.Interview(h.Application(h.Candidate(), other, api.ApplicationStageApplied), version, api.InterviewStatusScheduled,
		acme.Users[api.RoleTeamLead])
	for name, wanted := range map[string]func(event api.Event) bool{
		"employee": func(api.Event) bool { return false },
		"foreign":  func(api.Event) bool { return false },
		"key":      func(event api.Event) bool { return event.Resource.Type == api.EventResourceTypeCandidate },
		"job key": func(event api.Event) bool {
			return event.Resource.Type == api.EventResourceTypeApplication && event.Resource.ID == visible
		},
	} {
		found, _ := after(t, i, readers[name], from[name])
		for _, event := range found {
			if !wanted(event) || event.Removed {
				t.Errorf("%s follows %s %s", name, event.Type, event.Resource.ID)
			}
		}
		if len(found) == 0 && strings.Contains(name, "key") {
			t.Errorf("%s follows nothing", name)
		}
	}
	refused := r.Bearer(t, i.Key(acme, []string{"candidates:read"}).Secret.Reveal())
	refused.Get(eventsPath).Refused(http.StatusForbidden, "permission_denied")
}

// TestDraftsOfOthersAreNotFollowed compares two worlds: in one, a panelist writes and edits a draft. The changes that
// another panelist, a team lead of the job and an API key follow must not differ.
func TestDraftsOfOthersAreNotFollowed(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	h, r := i.Hiring(acme), i.Replica()
	rater := i.User(acme, "rater", api.RoleEmployee)
	lead, panelist := acme.Users[api.RoleTeamLead], acme.Users[api.RoleEmployee]
	job := h.Job(api.JobStatusOpen, lead)
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	interview := h.Interview(h.Application(h.Candidate(), job, api.ApplicationStageApplied), version,
		api.InterviewStatusAwaitingScores, rater, panelist)
	scopes := []string{"events:read", "interviews:read", "scores:read"}
	readers := map[string]*testkit.Client{
		"panelist": r.SignIn(t, panelist), "lead": r.SignIn(t, lead), "hr": r.SignIn(t, acme.Users[api.RoleHr]),
		"key": r.Bearer(t, i.Key(acme, scopes).Secret.Reveal()),
	}
	from := map[string]string{}
	for name, c := range readers {
		from[name] = start(t, i, c)
	}
	writer := r.SignIn(t, rater)
	_, own := after(t, i, writer, start(t, i, writer))
	score := testkit.Decode[api.Score](writer.Post("/api/v1/interviews/"+interview.String()+"/scores",
		map[string]any{"comment": "good"}).Expect(http.StatusCreated)).ID
	writer.Do(http.MethodPatch, "/api/v1/scores/"+score.String(), map[string]any{"comment": "better"}, "If-Match", "*").
		Expect(http.StatusOK)
	for name, c := range readers {
		found, next := after(t, i, c, from[name])
		found = slices.DeleteFunc(found, func(event api.Event) bool { return event.Resource.Type == api.EventResourceTypeUser }) // the sign-in
		expect(t, name+" while there is a draft", found)
		from[name] = next
	}
	found, _ := after(t, i, writer, own)
	both := []string{"interview " + interview.String(), "interview_scores " + interview.String()}
	expect(t, "the rater", found, both...)

	writer.Do(http.MethodPatch, "/api/v1/scores/"+score.String(), map[string]any{
		"recommendation": "yes", "ratings": []map[string]any{{"criterion_key": "problem_solving", "rating": 4}},
	}, "If-Match", "*").Expect(http.StatusOK)
	writer.Do(http.MethodPost, "/api/v1/scores/"+score.String()+"/submit", nil, "If-Match", "*").Expect(http.StatusOK)
	for name, c := range readers {
		found, _ := after(t, i, c, from[name])
		expect(t, name+" after the submission", found, both...)
	}
}

// TestResetExpiresPositions resets a test company.
func TestResetExpiresPositions(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	r := i.Replica()
	created := testkit.Decode[api.NewTestCompany](r.SignIn(t, acme.Users[api.RoleAdmin]).Post("/api/v1/test-companies",
		map[string]any{"name": "Trial"}).Expect(http.StatusCreated))
	key := r.Bearer(t, created.Secret)
	key.Post("/api/v1/jobs", map[string]any{"title": "One"}).Expect(http.StatusCreated)
	settle(t, i)
	cursor := start(t, i, key)
	found, _ := after(t, i, key, cursor)
	expect(t, "before the reset", found)
	key.Post("/api/v1/company/reset", nil).Expect(http.StatusOK)
	settle(t, i)
	key.Get(eventsPath+"?cursor="+cursor).Refused(http.StatusGone, "events_expired")
	if found, _ := after(t, i, key, start(t, i, key)); len(found) != 0 {
		t.Errorf("after the reset: got %v, want no changes", found)
	}
}

// TestOldChangesAreDeleted deletes changes of all companies, the oldest first.
func TestOldChangesAreDeleted(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme, globex := i.Company("acme"), i.Company("globex")
	i.Exec(`DELETE FROM changes`)
	i.Exec(`INSERT INTO changes (company_id, kind, resource_id, created_at)
		SELECT company, 'job', company, now() - n * interval '1 day' FROM unnest(ARRAY[$1, $2]::uuid[]) AS company, generate_series(1, 20) AS n`,
		acme.ID, globex.ID)
	store := i.Store(2)
	count := func() (n int, oldest time.Duration) {
		var seconds float64
		err := i.Database.QueryRow(t.Context(), `SELECT count(*), extract(epoch FROM now() - min(created_at)) FROM changes`).Scan(&n, &seconds)
		if err != nil {
			t.Fatal(err)
		}
		return n, time.Duration(seconds) * time.Second
	}
	const day = 24 * time.Hour
	for _, want := range []struct{ deleted, left int }{{8, 32}, {8, 24}, {4, 20}, {0, 20}} {
		deleted, err := events.DeleteOld(t.Context(), store, time.Now(), 10*day, 8)
		left, oldest := count()
		if err != nil || int(deleted) != want.deleted || left != want.left {
			t.Errorf("got %d deleted, %d left (%v), want %+v", deleted, left, err, want)
		}
		if want.deleted == 0 && oldest > 10*day+time.Hour {
			t.Errorf("the oldest event is %s old, want at most 10 days", oldest)
		}
	}
}

// TestListsByID reads resources by their ids: those that the reader sees, on one page. Every list that has the parameter
// is tested.
func TestListsByID(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme, globex := i.Company("acme"), i.Company("globex")
	h, r := i.Hiring(acme), i.Replica()
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	hr := r.SignIn(t, acme.Users[api.RoleHr])
	foreign := r.SignIn(t, globex.Users[api.RoleHr])
	for range 3 {
		job := h.Job(api.JobStatusOpen)
		interview := h.Interview(h.Application(h.Candidate(), job, api.ApplicationStageApplied), version,
			api.InterviewStatusCompleted, acme.Users[api.RoleEmployee])
		h.Score(interview, acme.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 3)
		h.KitVersion(api.KitVersionStatusPublished)
	}
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	listed := 0
	for path, item := range document.Paths.Map() {
		if item.Get == nil || item.Get.Parameters.GetByInAndName("query", "id") == nil {
			continue
		}
		listed++
		t.Run(item.Get.OperationID, func(t *testing.T) {
			hr, foreign := hr.In(t), foreign.In(t)
			all := testkit.ListAll[entry](hr, path, url.Values{})
			ids := url.Values{"id": {uuid.NewString()}}
			for _, e := range all[:2] {
				ids.Add("id", e["id"].(string))
			}
			page := testkit.List[entry](hr, path, ids)
			if len(page.Data) != 2 || page.HasMore {
				t.Errorf("got %d entries, want the 2 that exist", len(page.Data))
			}
			for _, e := range page.Data {
				n := slices.IndexFunc(all, func(other entry) bool { return other["id"] == e["id"] })
				if n < 0 || fmt.Sprint(all[n]) != fmt.Sprint(e) {
					t.Errorf("got %v, want it as in the whole list", e)
				}
			}
			if page := testkit.List[entry](foreign, path, ids); len(page.Data) != 0 {
				t.Errorf("another company got %d entries, want none", len(page.Data))
			}
			ids.Set("limit", "1")
			if page := testkit.List[entry](hr, path, ids); len(page.Data) != 2 {
				t.Errorf("with a limit: got %d entries, want 2", len(page.Data))
			}
			ids.Set("updated_since", "2001-01-01T00:00:00Z")
			hr.Get(path+"?"+ids.Encode()).Refused(http.StatusBadRequest, "malformed_request")
			many := url.Values{}
			for range 100 {
				many.Add("id", uuid.NewString())
			}
			hr.Get(path + "?" + many.Encode()).Expect(http.StatusOK)
			many.Add("id", uuid.NewString())
			hr.Get(path+"?"+many.Encode()).Refused(http.StatusBadRequest, "malformed_request")
		})
	}
	if want := len(lists()) + 1; listed != want { // and scores
		t.Errorf("%d lists have the parameter id, want %d", listed, want)
	}
}

// TestRemovalsAfterMerges lets readers lose an application, by its job or by the interview that they are on the panel of,
// while they have not followed that its candidate was merged, once or twice, or that the merge was undone. Each reader
// learns that the former candidates are gone.
func TestRemovalsAfterMerges(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	r := i.Replica()
	type step struct {
		action     string
		into, gone int // of the three candidates
	}
	for name, moves := range map[string][]step{
		"a merge":         {{"merge", 1, 0}},
		"a chain":         {{"merge", 1, 0}, {"merge", 2, 1}},
		"an undone merge": {{"merge", 1, 0}, {"unmerge", 1, 0}},
		"an undone chain": {{"merge", 1, 0}, {"merge", 2, 1}, {"unmerge", 2, 1}, {"unmerge", 1, 0}},
	} {
		for _, lossFirst := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, lossFirst=%t", name, lossFirst), func(t *testing.T) {
				hr, admin := r.SignIn(t, acme.Users[api.RoleHr]), r.SignIn(t, acme.Users[api.RoleAdmin])
				h := i.In(t).Hiring(acme)
				lead, panelist := acme.Users[api.RoleTeamLead], acme.Users[api.RoleEmployee]
				job := h.Job(api.JobStatusOpen, lead)
				key := i.In(t).Key(acme, []string{"events:read", "jobs:read", "candidates:read", "applications:read", "interviews:read"}, job)
				candidates := []uuid.UUID{h.Candidate(), h.Candidate(), h.Candidate()}
				a := candidates[0]
				application := h.Application(a, job, api.ApplicationStageInterview)
				_, version := h.KitVersion(api.KitVersionStatusPublished)
				interview := h.Interview(application, version, api.InterviewStatusScheduled, panelist, acme.Users[api.RoleHr])
				readers := map[string]*testkit.Client{
					"lead": r.SignIn(t, lead), "panelist": r.SignIn(t, panelist), "key": r.Bearer(t, key.Secret.Reveal()),
				}
				cursors := map[string]string{}
				for who, reader := range readers {
					reader.Get("/api/v1/candidates/" + a.String()).Expect(http.StatusOK)
					cursors[who] = start(t, i, reader)
				}
				lose := func() {
					hr.Delete("/api/v1/jobs/" + job.String() + "/members/" + lead.ID.String()).Expect(http.StatusNoContent)
					hr.Do(http.MethodDelete, "/api/v1/interviews/"+interview.String()+"/panel/"+panelist.ID.String(), nil, "If-Match", "*").
						Expect(http.StatusOK)
					admin.Do(http.MethodPatch, "/api/v1/api-keys/"+key.ID.String(),
						map[string]any{"job_ids": []uuid.UUID{h.Job(api.JobStatusOpen)}}, "If-Match", "*").Expect(http.StatusOK)
				}
				if lossFirst {
					lose()
				}
				for _, s := range moves {
					hr.Post("/api/v1/candidates/"+candidates[s.into].String()+"/"+s.action,
						map[string]any{"candidate_id": candidates[s.gone]}).Expect(http.StatusOK)
				}
				if !lossFirst {
					lose()
				}
				for who, reader := range readers {
					found, _ := after(t, i, reader, cursors[who])
					if !slices.Contains(names(found), "removed candidate "+a.String()) {
						t.Errorf("%s: got %v, want candidate %s removed", who, names(found), a)
					}
				}
			})
		}
	}
}
