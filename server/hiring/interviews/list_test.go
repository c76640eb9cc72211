package interviews_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// createMany creates n interviews of two jobs in every status and kind. Many have equal sort keys. The panelist is on
// the panel of every third one, the other lead on that of every fifth one.
func (f fixture) createMany(n int) (otherJob uuid.UUID) {
	f.t.Helper()
	otherJob = f.Job(api.JobStatusOpen, f.users["other_lead"])
	kinds := []api.InterviewKind{
		api.InterviewKindPhone, api.InterviewKindVideo, api.InterviewKindOnsite, api.InterviewKindText, api.InterviewKindAi,
	}
	conn, first := f.Connect(), time.Date(2055, 1, 1, 9, 0, 0, 0, time.UTC)
	applications := []uuid.UUID{f.application, f.Application(f.candidate, otherJob, api.ApplicationStageInterview)}
	for range 2 {
		candidate := f.Candidate()
		applications = append(applications, f.Application(candidate, f.job, api.ApplicationStageInterview),
			f.Application(candidate, otherJob, api.ApplicationStageInterview))
	}
	for i := range n {
		panel := []testkit.User{}
		if i%3 == 0 {
			panel = append(panel, f.users["panelist"])
		}
		if i%5 == 0 {
			panel = append(panel, f.users["other_lead"])
		}
		id := f.Interview(applications[i%len(applications)], f.kitVersion, statuses()[i%7], panel...)
		starts := first.Add(time.Duration(i/4) * time.Hour)
		_, err := conn.Exec(f.t.Context(), `UPDATE interviews SET kind = $2,
			starts_at = CASE WHEN status <> 'draft' THEN $3::timestamptz END,
			ends_at = CASE WHEN status <> 'draft' THEN $3::timestamptz + interval '1 hour' END,
			created_at = $4, updated_at = $5 WHERE id = $1`,
			id, kinds[i%5], starts, first.Add(time.Duration(i/3)*time.Microsecond),
			first.Add(time.Duration(i%4)*time.Second))
		if err != nil {
			f.t.Fatal(err)
		}
	}
	return otherJob
}

// list returns a page as a user reads it.
func (f fixture) list(name string, query url.Values) testkit.Page[api.Interview] {
	f.t.Helper()
	return testkit.List[api.Interview](f.clients[name], collection, query)
}

// listAll returns every interview as HR reads it.
func (f fixture) listAll() []api.Interview {
	f.t.Helper()
	page := f.list("hr", url.Values{"limit": {"200"}})
	if page.HasMore {
		f.t.Fatal("got more than one page")
	}
	return page.Data
}

// compareBy returns the comparison of a sort order. Interviews without a time come last, and ties are broken by id.
func compareBy(sort string) func(a, b api.Interview) int {
	starts := func(i api.Interview) time.Time {
		if at, err := i.StartsAt.Get(); err == nil {
			return at
		}
		return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return testkit.SortOrder(sort, map[string]func(a, b api.Interview) int{
		"starts_at":  func(a, b api.Interview) int { return starts(a).Compare(starts(b)) },
		"created_at": func(a, b api.Interview) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b api.Interview) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	})
}

// listPages reads a list to its end and calls between before each further page.
func (f fixture) listPages(name string, query url.Values, between func()) []api.Interview {
	f.t.Helper()
	return testkit.ListAll[api.Interview](f.clients[name], collection, query, between)
}

func TestEveryOrderListsEveryInterviewOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.createMany(38)
	for _, sort := range []string{
		"starts_at", "-starts_at", "created_at", "-created_at", "updated_at", "-updated_at",
	} {
		for _, name := range []string{"hr", "lead", "other_lead", "panelist"} {
			t.Run(name+" by "+sort, func(t *testing.T) {
				t.Parallel()
				f := f.in(t)
				want := f.list(name, url.Values{"sort": {sort}, "limit": {"200"}}).Data
				if !slices.IsSortedFunc(want, compareBy(sort)) || len(want) < 10 {
					t.Errorf("got %v, want at least 10 interviews in order", testkit.IDs(want))
				}
				for _, limit := range []string{"1", "3", "7"} {
					got := f.listPages(name, url.Values{"sort": {sort}, "limit": {limit}}, func() {})
					wantEqual(t, "pages of "+limit, testkit.IDs(got), testkit.IDs(want))
				}
			})
		}
	}
	wantEqual(t, "default order", testkit.IDs(f.listAll()),
		testkit.IDs(f.list("hr", url.Values{"limit": {"200"}, "sort": {"starts_at"}}).Data))
}

// TestListEqualsGet verifies that a user's list contains exactly the interviews that the user can get, with the same
// content.
func TestListEqualsGet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.createMany(30)
	f.clients["foreign"] = f.replica.SignIn(t, f.Company("globex").Users[api.RoleAdmin])
	all := f.listAll()
	if len(all) != 30 {
		t.Fatalf("HR got %d interviews, want 30", len(all))
	}
	for name, want := range map[string]int{
		"hr": 30, "admin": 30, "lead": 15, "other_lead": 18, "panelist": 10, "outsider": 0, "foreign": 0,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			listed := map[uuid.UUID]api.Interview{}
			for _, interview := range f.list(name, url.Values{"limit": {"200"}}).Data {
				listed[interview.ID] = interview
			}
			if len(listed) != want {
				t.Errorf("got %d interviews, want %d", len(listed), want)
			}
			for _, interview := range all {
				answer := f.clients[name].Get(path(interview.ID))
				row, ok := listed[interview.ID]
				if ok != (answer.Status == http.StatusOK) {
					t.Errorf("an interview is listed %t, but GET returns %d", ok, answer.Status)
				}
				if !ok {
					continue
				}
				got := decode(answer)
				got.Conflicts = nil // lists do not contain conflicts
				if fmt.Sprint(got) != fmt.Sprint(row) {
					t.Errorf("listed as %+v, but GET returns %+v", row, got)
				}
			}
		})
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	otherJob := f.createMany(40)
	all := f.listAll()
	on := func(i api.Interview, name string) bool {
		return slices.ContainsFunc(i.Panel, func(p api.Panelist) bool { return p.User.ID == f.users[name].ID })
	}
	starts := func(i api.Interview) time.Time { at, _ := i.StartsAt.Get(); return at }
	middle := time.Date(2055, 1, 1, 13, 0, 0, 0, time.UTC)
	updated := time.Date(2055, 1, 1, 9, 0, 2, 0, time.UTC)
	otherLead := f.users["other_lead"].ID.String()
	for _, test := range []struct {
		name  string // of the user
		query url.Values
		keeps func(api.Interview) bool
	}{
		{
			"panelist",
			url.Values{"mine": {"true"}},
			func(i api.Interview) bool { return on(i, "panelist") },
		},
		{
			"panelist",
			url.Values{"mine": {"false"}},
			func(api.Interview) bool { return false },
		},
		{
			"other_lead",
			url.Values{"mine": {"true"}},
			func(i api.Interview) bool { return on(i, "other_lead") },
		},
		{
			"other_lead",
			url.Values{"mine": {"false"}},
			func(i api.Interview) bool { return !on(i, "other_lead") && i.Job.ID == otherJob },
		},
		{
			"hr",
			url.Values{"mine": {"true"}},
			func(api.Interview) bool { return false },
		},
		{
			"hr",
			url.Values{"mine": {"false"}},
			func(api.Interview) bool { return true },
		},
		{
			"hr",
			url.Values{"panelist_id": {otherLead}},
			func(i api.Interview) bool { return on(i, "other_lead") },
		},
		{
			"hr",
			url.Values{"panelist_id": {uuid.NewString()}},
			func(api.Interview) bool { return false },
		},
		{
			"panelist",
			url.Values{"panelist_id": {otherLead}},
			func(i api.Interview) bool { return on(i, "other_lead") && on(i, "panelist") },
		},
		{
			"hr",
			url.Values{"job_id": {f.job.String()}},
			func(i api.Interview) bool { return i.Job.ID == f.job },
		},
		{
			"lead",
			url.Values{"job_id": {otherJob.String()}},
			func(api.Interview) bool { return false },
		},
		{
			"hr",
			url.Values{"candidate_id": {f.candidate.String()}},
			func(i api.Interview) bool { return i.Candidate.ID == f.candidate },
		},
		{
			"hr",
			url.Values{"application_id": {f.application.String()}},
			func(i api.Interview) bool { return i.ApplicationID == f.application },
		},
		{
			"hr",
			url.Values{"status": {"draft"}},
			func(i api.Interview) bool { return i.Status == "draft" },
		},
		{
			"hr",
			url.Values{"status": {"no_show", "completed"}},
			func(i api.Interview) bool { return i.Status == "no_show" || i.Status == "completed" },
		},
		{
			"hr",
			url.Values{"kind": {"ai", "phone"}},
			func(i api.Interview) bool { return i.Kind == "ai" || i.Kind == "phone" },
		},
		{
			"hr",
			url.Values{"starts_from": {"2055-01-01T14:00:00+01:00"}},
			func(i api.Interview) bool { return !i.StartsAt.IsNull() && !starts(i).Before(middle) },
		},
		{
			"hr",
			url.Values{"starts_before": {"2055-01-01T13:00:00Z"}},
			func(i api.Interview) bool { return !i.StartsAt.IsNull() && starts(i).Before(middle) },
		},
		{
			"hr",
			url.Values{"starts_from": {"2055-01-01T13:00:00Z"}, "starts_before": {"2055-01-01T14:00:00Z"}},
			func(i api.Interview) bool { return starts(i).Equal(middle) },
		},
		{
			"hr",
			url.Values{"starts_from": {"0000-01-01T00:00:00+14:00"}, "starts_before": {"9999-12-31T23:59:59-14:00"}},
			func(i api.Interview) bool { return !i.StartsAt.IsNull() },
		},
		{
			"hr",
			url.Values{"updated_since": {"2055-01-01T09:00:02Z"}},
			func(i api.Interview) bool { return !i.UpdatedAt.Before(updated) },
		},
		{
			"other_lead",
			url.Values{
				"mine": {"true"}, "status": {"scheduled", "draft", "in_progress"}, "kind": {"phone"},
				"job_id": {otherJob.String()},
			},
			func(i api.Interview) bool {
				return on(i, "other_lead") && (i.Status == "scheduled" || i.Status == "draft" || i.Status == "in_progress") &&
					i.Kind == "phone" && i.Job.ID == otherJob
			},
		},
	} {
		t.Run(test.name+" "+test.query.Encode(), func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			for _, sort := range []string{"starts_at", "-updated_at"} {
				want := []api.Interview{}
				for _, interview := range all {
					if test.keeps(interview) {
						want = append(want, interview)
					}
				}
				slices.SortFunc(want, compareBy(sort))
				test.query.Set("sort", sort)
				test.query.Set("limit", "3")
				wantEqual(t, "by "+sort, testkit.IDs(f.listPages(test.name, test.query, func() {})), testkit.IDs(want))
			}
		})
	}
	for query, code := range map[string]string{
		"mine=yes": "malformed_request", "status=open": "malformed_request", "status=draft&status=draft": "malformed_request",
		"kind=": "malformed_request", "sort=title": "malformed_request", "starts_from=today": "malformed_request",
		"job_id=1": "malformed_request", "q=x": "malformed_request", "limit=0": "malformed_request",
		"cursor=x": "invalid_cursor",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			f.clients["hr"].Get(collection+"?"+query).Refused(http.StatusBadRequest, code)
		})
	}
}

// TestCursorOfAnotherListIsRefused verifies that a cursor is valid only for the same filters, order and user.
func TestCursorOfAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.createMany(12)
	first := f.list("hr", url.Values{"limit": {"2"}, "mine": {"false"}})
	cursor := *first.NextCursor
	f.list("hr", url.Values{"limit": {"5"}, "mine": {"false"}, "cursor": {cursor}, "sort": {"starts_at"}})
	for _, query := range []url.Values{
		{}, {"mine": {"true"}}, {"mine": {"false"}, "sort": {"-starts_at"}}, {"mine": {"false"}, "status": {"draft"}},
	} {
		query.Set("cursor", cursor)
		f.clients["hr"].Get(collection+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	}
	f.clients["admin"].Get(collection+"?"+url.Values{"mine": {"false"}, "cursor": {cursor}}.Encode()).
		Refused(http.StatusBadRequest, "invalid_cursor")

	// The Link header leads to the next page.
	link := f.clients["hr"].Get(collection + "?limit=2").Header.Get("Link")
	target, _, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
	next := testkit.Decode[api.InterviewPage](f.clients["hr"].Get(target).Expect(http.StatusOK))
	if len(next.Data) != 2 || next.Data[0].ID == first.Data[0].ID {
		t.Errorf("the link %q leads to %+v, want the second page", link, next)
	}
}

// TestPagingIsStableUnderInserts creates interviews between pages. Each interview that existed before is listed once.
func TestPagingIsStableUnderInserts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.createMany(16)
	for _, sort := range []string{"starts_at", "-starts_at", "-created_at"} {
		t.Run(sort, func(t *testing.T) {
			f := f.in(t)
			before := f.list("hr", url.Values{"limit": {"200"}, "sort": {sort}}).Data
			seen := map[uuid.UUID]int{}
			for _, interview := range f.listPages("hr", url.Values{"limit": {"3"}, "sort": {sort}}, func() {
				f.newInterview(api.InterviewStatusDraft)
				f.newInterview(api.InterviewStatusScheduled)
			}) {
				seen[interview.ID]++
			}
			if len(before) < 16 {
				t.Fatalf("by %s: got %d interviews before, want at least 16", sort, len(before))
			}
			for _, interview := range before {
				if seen[interview.ID] != 1 {
					t.Errorf("by %s: got an interview %d times, want once", sort, seen[interview.ID])
				}
			}
		})
	}
}

// TestListOfJobWithManyInterviews lists more interviews of a job than the query reads one by one.
func TestListOfJobWithManyInterviews(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec(`INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status,
			starts_at, ends_at, timezone, created_by, created_at, updated_at)
		SELECT $1, gen_random_uuid(), $2, $3, $4, $5, 'Interview', 'video', 'completed',
			now() + make_interval(hours => n % 7), now() + make_interval(hours => 1 + n % 7), 'UTC', $6, now(), now()
		FROM generate_series(1, 1001) AS n`,
		f.company.ID, f.application, f.job, f.candidate, f.kitVersion, f.users["hr"].ID)
	elsewhere := f.Application(f.Candidate(), f.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	own := f.Interview(elsewhere, f.kitVersion, api.InterviewStatusScheduled, f.users["lead"])
	f.Interview(elsewhere, f.kitVersion, api.InterviewStatusScheduled)
	all := f.listPages("lead", url.Values{"limit": {"200"}}, func() {})
	if sorted := slices.IsSortedFunc(all, compareBy("starts_at")); len(all) != 1002 || !sorted ||
		!slices.Contains(testkit.IDs(all), own) {
		t.Errorf("the lead got %d interviews, sorted %t, want 1002 with the own one, sorted", len(all), sorted)
	}
	ofJob := f.listPages("hr", url.Values{"limit": {"200"}, "job_id": {f.job.String()}}, func() {})
	if len(ofJob) != 1001 {
		t.Errorf("got %d interviews of the job, want 1001", len(ofJob))
	}
}
