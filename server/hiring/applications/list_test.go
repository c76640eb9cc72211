package applications_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// applicationSet is a set of applications of every stage and status, several of which have the same times. The team lead
// leads the first of three jobs.
type applicationSet struct {
	jobs, candidates []uuid.UUID
	all              []api.Application
	// panel has the applications with an interview for which the employee is a panelist: every fifth one.
	panel []uuid.UUID
}

// visibleTo reports whether a role sees an application.
func (s applicationSet) visibleTo(role api.Role, a api.Application) bool {
	switch role {
	case api.RoleTeamLead:
		return a.Job.ID == s.jobs[0]
	case api.RoleEmployee:
		return slices.Contains(s.panel, a.ID)
	case api.RoleHr, api.RoleAdmin:
		return true
	}
	return false
}

// insertApplications inserts n applications in acme and one in another company.
func insertApplications(t *testing.T, f fixture, n int) applicationSet {
	t.Helper()
	c := applicationSet{jobs: []uuid.UUID{
		f.hiring.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead]), f.hiring.Job(api.JobStatusOpen),
		f.hiring.Job(api.JobStatusClosed),
	}}
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	conn, start := f.Connect(), time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	stages, states := apiStages(), lifecycle.Application().States
	for i := range n {
		if i%2 == 0 {
			c.candidates = append(c.candidates, f.hiring.Candidate())
		}
		id := f.hiring.Application(c.candidates[i/2], c.jobs[i%3], stages[i%len(stages)])
		status := api.ApplicationStatus(states[i%len(states)].Name)
		if (status == api.ApplicationStatusHired) != (stages[i%len(stages)] == api.ApplicationStageHired) {
			status = api.ApplicationStatusWithdrawn
		}
		if stages[i%len(stages)] == api.ApplicationStageHired {
			status = api.ApplicationStatusHired
		}
		at := start.Add(time.Duration(i/4) * time.Microsecond)
		_, err := conn.Exec(t.Context(), `
			UPDATE applications SET status = $2::text, created_at = $3, updated_at = $4, stage_entered_at = $5,
				rejection_reason = CASE WHEN $2::text = 'rejected' THEN 'location' END WHERE id = $1`,
			id, status, at, at.Add(time.Duration(i%3)*time.Second), at.Add(time.Duration(i*7%5)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if i%5 == 0 {
			f.hiring.Interview(id, version, api.InterviewStatusScheduled, f.acme.Users[api.RoleEmployee])
			c.panel = append(c.panel, id)
		}
	}
	globex := f.Hiring(f.Company("globex"))
	globex.Application(globex.Candidate(), globex.Job(api.JobStatusOpen), api.ApplicationStageOffer)
	c.all = listPage(f.as[api.RoleHr], url.Values{"limit": {"200"}}).Data
	if len(c.all) != n {
		t.Fatalf("got %d applications as HR, want %d", len(c.all), n)
	}
	return c
}

// listPage requests one page.
func listPage(c *testkit.Client, query url.Values) testkit.Page[api.Application] {
	return testkit.List[api.Application](c, collection, query)
}

// listAll requests all pages of a list.
func listAll(c *testkit.Client, query url.Values) []api.Application {
	return testkit.ListAll[api.Application](c, collection, query)
}

// comparison returns the comparison of applications that a value of the parameter sort stands for.
func comparison(sort string) func(a, b api.Application) int {
	by := map[string]func(a api.Application) time.Time{
		"created_at":       func(a api.Application) time.Time { return a.CreatedAt },
		"updated_at":       func(a api.Application) time.Time { return a.UpdatedAt },
		"stage_entered_at": func(a api.Application) time.Time { return a.StageEnteredAt },
	}[strings.TrimPrefix(sort, "-")]
	return func(a, b api.Application) int {
		c := cmp.Or(by(a).Compare(by(b)), strings.Compare(a.ID.String(), b.ID.String()))
		if strings.HasPrefix(sort, "-") {
			return -c
		}
		return c
	}
}

func TestEveryOrderListsEveryRowOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := insertApplications(t, f, 40)
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	sorts := document.Components.Schemas["ApplicationSort"].Value.Enum
	if len(sorts) != 6 {
		t.Errorf("got %d values of ApplicationSort, want 6", len(sorts))
	}
	for _, value := range sorts {
		sort := value.(string)
		t.Run(sort, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			for _, role := range []api.Role{api.RoleAdmin, api.RoleTeamLead, api.RoleEmployee} {
				want := slices.DeleteFunc(slices.Clone(c.all), func(a api.Application) bool { return !c.visibleTo(role, a) })
				slices.SortFunc(want, comparison(sort))
				for _, limit := range []string{"1", "3", "7", "200"} {
					got := listAll(f.as[role], url.Values{"sort": {sort}, "limit": {limit}})
					if !slices.Equal(testkit.IDs(got), testkit.IDs(want)) {
						t.Errorf("%s, limit %s: got %d applications, want %d in order", role, limit, len(got), len(want))
					}
				}
			}
		})
	}
	descending := listPage(f.as[api.RoleHr], url.Values{"limit": {"200"}, "sort": {"-created_at"}}).Data
	if !slices.Equal(testkit.IDs(c.all), testkit.IDs(descending)) {
		t.Error("the list without sort has another order, want -created_at")
	}
}

// TestListedApplicationEqualsGet compares the applications of a list with what GetApplication returns.
func TestListedApplicationEqualsGet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	insertApplications(t, f, 30)
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr} {
		t.Run(string(role), func(t *testing.T) {
			f := f.in(t)
			listed := listPage(f.as[role], nil).Data
			if len(listed) == 0 {
				t.Error("got an empty list")
			}
			for _, a := range listed {
				if got := getApplication(f.as[role], a.ID); !reflect.DeepEqual(a, got) {
					t.Errorf("listed %+v, GetApplication returned %+v", a, got)
				}
				if (a.RejectionReason != nil) != (a.Status == api.ApplicationStatusRejected) {
					t.Errorf("got status %s with rejection reason %v", a.Status, a.RejectionReason)
				}
			}
		})
	}
}

func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := insertApplications(t, f, 60)
	since := c.all[30].UpdatedAt
	for name, test := range map[string]struct {
		query url.Values
		keep  func(a api.Application) bool
	}{
		"job": {url.Values{"job_id": {c.jobs[1].String()}}, func(a api.Application) bool { return a.Job.ID == c.jobs[1] }},
		"candidate": {url.Values{"candidate_id": {c.candidates[7].String()}}, func(a api.Application) bool {
			return a.Candidate.ID == c.candidates[7]
		}},
		"stage": {url.Values{"stage": {"offer"}}, func(a api.Application) bool {
			return a.Stage == api.ApplicationStageOffer
		}},
		"stages": {url.Values{"stage": {"offer", "applied"}}, func(a api.Application) bool {
			return a.Stage == api.ApplicationStageOffer || a.Stage == api.ApplicationStageApplied
		}},
		"status": {url.Values{"status": {"rejected"}}, func(a api.Application) bool {
			return a.Status == api.ApplicationStatusRejected
		}},
		"statuses": {url.Values{"status": {"active", "hired"}}, func(a api.Application) bool {
			return a.Status == api.ApplicationStatusActive || a.Status == api.ApplicationStatusHired
		}},
		"updated_since": {url.Values{"updated_since": {since.Format(time.RFC3339Nano)}}, func(a api.Application) bool {
			return !a.UpdatedAt.Before(since)
		}},
		"all filters": {url.Values{
			"job_id": {c.jobs[0].String()}, "stage": {"applied", "screening"}, "status": {"active", "withdrawn"},
			"updated_since": {since.Format(time.RFC3339Nano)}, "sort": {"stage_entered_at"},
		}, func(a api.Application) bool {
			return a.Job.ID == c.jobs[0] && !a.UpdatedAt.Before(since) &&
				(a.Stage == api.ApplicationStageApplied || a.Stage == api.ApplicationStageScreening) &&
				(a.Status == api.ApplicationStatusActive || a.Status == api.ApplicationStatusWithdrawn)
		}},
		"unknown job":       {url.Values{"job_id": {uuid.NewString()}}, func(api.Application) bool { return false }},
		"unknown candidate": {url.Values{"candidate_id": {uuid.NewString()}}, func(api.Application) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			for _, role := range []api.Role{api.RoleHr, api.RoleTeamLead, api.RoleEmployee} {
				want := testkit.IDs(slices.DeleteFunc(slices.Clone(c.all), func(a api.Application) bool {
					return !test.keep(a) || !c.visibleTo(role, a)
				}))
				got := testkit.IDs(listAll(f.as[role], testkit.With(test.query, url.Values{"limit": {"4"}})))
				byID := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
				slices.SortFunc(want, byID)
				slices.SortFunc(got, byID)
				if !slices.Equal(got, want) {
					t.Errorf("%s: got %d applications, want %d", role, len(got), len(want))
				}
			}
		})
	}
	for _, invalid := range []string{
		"job_id=x", "candidate_id=", "stage=none", "stage=offer&stage=offer", "status=closed", "updated_since=yesterday",
		"limit=0", "limit=201", "sort=stage", "sort=created_at&sort=updated_at", "q=a", "unknown=1",
		"job_id=" + c.jobs[0].String() + "&job_id=" + c.jobs[1].String(),
	} {
		f.as[api.RoleHr].Get(collection+"?"+invalid).Refused(http.StatusBadRequest, "malformed_request")
	}
}

func TestCursorOfAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := insertApplications(t, f, 12)
	query := url.Values{"limit": {"2"}, "job_id": {c.jobs[0].String()}}
	answer := f.as[api.RoleHr].Get(collection + "?" + query.Encode()).Expect(http.StatusOK)
	cursor := testkit.Decode[api.ApplicationPage](answer).NextCursor.MustGet()
	same := url.Values{"job_id": query["job_id"], "cursor": {cursor}}
	link := answer.Header.Get("Link")
	if !strings.HasPrefix(link, "<"+collection+"?") || !strings.Contains(link, url.QueryEscape(cursor)) {
		t.Errorf("got Link %q, want one with the cursor %s", link, cursor)
	}

	// Another limit, the default sort by name and another user of the company belong to the same list.
	for _, changes := range []url.Values{{"limit": {"9"}}, {"sort": {"-created_at"}}} {
		if got := listPage(f.as[api.RoleAdmin], testkit.With(same, changes)).Data; len(got) == 0 {
			t.Errorf("%v: got an empty page, want applications after the cursor", changes)
		}
	}
	for _, other := range []url.Values{
		{"job_id": nil},
		{"job_id": {c.jobs[1].String()}},
		{"sort": {"created_at"}},
		{"stage": {"offer"}},
		{"status": {"active"}},
		{"candidate_id": {c.candidates[0].String()}},
		{"updated_since": {"2020-01-01T00:00:00Z"}},
		{"cursor": {cursor + "AA"}},
		{"cursor": {"x"}},
	} {
		f.as[api.RoleHr].Get(collection+"?"+testkit.With(same, other).Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	}
	outsider := f.replica.SignIn(t, testkit.User{Email: "hr@globex.example"})
	outsider.Get(collection+"?"+same.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")

	// Another user's cursor does not make more visible.
	for _, a := range listPage(f.as[api.RoleEmployee], same).Data {
		if !c.visibleTo(api.RoleEmployee, a) {
			t.Errorf("the employee got the invisible application %s", a.ID)
		}
	}
}

func TestHistoryPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	job := f.hiring.Job(api.JobStatusOpen)
	id := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageInterview)
	other := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageInterview)
	for range 6 {
		hr.Post(path(id, "hold"), nil).Expect(http.StatusOK)
		hr.Post(path(id, "resume"), nil).Expect(http.StatusOK)
	}
	// Moves with the same time are ordered by id.
	f.Exec(`
		INSERT INTO application_moves
			(company_id, id, application_id, job_id, candidate_id, event, to_stage, to_status, actor_id, created_at)
		SELECT company_id, gen_random_uuid(), application_id, job_id, candidate_id, 'hold', to_stage, 'on_hold', actor_id, now()
		FROM application_moves, generate_series(1, 5) WHERE application_id = $1 AND event = 'apply'`, id)
	whole := getHistory(hr, id)
	if len(whole) != 18 || !slices.IsSortedFunc(whole, func(a, b api.ApplicationMove) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID.String(), b.ID.String()))
	}) {
		t.Fatalf("got %d moves, want 18 in order: %+v", len(whole), whole)
	}

	for _, limit := range []int{1, 4, 7} {
		t.Run(fmt.Sprintf("limit %d", limit), func(t *testing.T) {
			var all []api.ApplicationMove
			query := url.Values{"limit": {fmt.Sprint(limit)}}
			for {
				answer := hr.In(t).Get(path(id, "history") + "?" + query.Encode()).Expect(http.StatusOK)
				got := testkit.Decode[api.ApplicationMovePage](answer)
				all = append(all, got.Data...)
				if !got.HasMore {
					break
				}
				query.Set("cursor", got.NextCursor.MustGet())
			}
			if !reflect.DeepEqual(all, whole) {
				t.Errorf("limit %d: got %d moves, want the %d of the single page in the same order", limit, len(all), len(whole))
			}
			if limit == 1 {
				// The cursor is bound to this application.
				hr.In(t).Get(path(other, "history")+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
			}
		})
	}
}
