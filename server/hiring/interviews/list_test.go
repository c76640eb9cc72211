package interviews_test

import (
	"cmp"
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

// many fills a company with interviews whose sort keys collide: of two jobs, of every status and kind, a third of them on
// the panelist's panel, a fifth of them on the rival's.
func (h house) many(n int) (otherJob uuid.UUID) {
	h.t.Helper()
	otherJob = h.Job(api.JobStatusOpen, h.people["rival"])
	kinds := []api.InterviewKind{api.InterviewKindPhone, api.InterviewKindVideo, api.InterviewKindOnsite, api.InterviewKindText, api.InterviewKindAi}
	conn, began := h.Connect(), time.Date(2027, 1, 1, 9, 0, 0, 0, time.UTC)
	applications := []uuid.UUID{h.applies, h.Application(h.mira, otherJob, api.ApplicationStageInterview)}
	for range 2 {
		candidate := h.Candidate()
		applications = append(applications, h.Application(candidate, h.job, api.ApplicationStageInterview),
			h.Application(candidate, otherJob, api.ApplicationStageInterview))
	}
	for i := range n {
		panel := []testkit.User{}
		if i%3 == 0 {
			panel = append(panel, h.people["panelist"])
		}
		if i%5 == 0 {
			panel = append(panel, h.people["rival"])
		}
		id := h.Interview(applications[i%len(applications)], h.version, statuses()[i%7], panel...)
		at := began.Add(time.Duration(i/4) * time.Hour)
		_, err := conn.Exec(h.t.Context(), `UPDATE interviews SET kind = $2, starts_at = CASE WHEN status <> 'draft' THEN $3::timestamptz END,
			ends_at = CASE WHEN status <> 'draft' THEN $3::timestamptz + interval '1 hour' END, created_at = $4, updated_at = $5 WHERE id = $1`,
			id, kinds[i%5], at, began.Add(time.Duration(i/3)*time.Microsecond), began.Add(time.Duration(i%4)*time.Second))
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return otherJob
}

func (h house) list(as string, query url.Values) api.InterviewPage {
	h.t.Helper()
	return testkit.Decode[api.InterviewPage](h.as[as].Get(collection + "?" + query.Encode()).Expect(http.StatusOK))
}

// all gives every interview as HR reads it.
func (h house) all() []api.Interview {
	h.t.Helper()
	page := h.list("hr", url.Values{"limit": {"200"}})
	if page.HasMore {
		h.t.Fatal("there is more than a page")
	}
	return page.Data
}

func ids(interviews []api.Interview) []uuid.UUID {
	found := make([]uuid.UUID, len(interviews))
	for i, one := range interviews {
		found[i] = one.ID
	}
	return found
}

// order is what each order means, in Go; without a time is behind all others, and ties are broken by id.
func order(sort string) func(a, b api.Interview) int {
	starts := func(i api.Interview) time.Time {
		if at, err := i.StartsAt.Get(); err == nil {
			return at
		}
		return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return func(a, b api.Interview) int {
		c := 0
		switch strings.TrimPrefix(sort, "-") {
		case "starts_at":
			c = starts(a).Compare(starts(b))
		case "created_at":
			c = a.CreatedAt.Compare(b.CreatedAt)
		case "updated_at":
			c = a.UpdatedAt.Compare(b.UpdatedAt)
		}
		c = cmp.Or(c, strings.Compare(a.ID.String(), b.ID.String()))
		if strings.HasPrefix(sort, "-") {
			return -c
		}
		return c
	}
}

// walk follows a list to its end.
func (h house) walk(as string, query url.Values, between func()) []api.Interview {
	h.t.Helper()
	var all []api.Interview
	next := url.Values{}
	for name, values := range query {
		next[name] = values
	}
	for range 500 {
		page := h.list(as, next)
		all = append(all, page.Data...)
		if !page.HasMore {
			return all
		}
		next.Set("cursor", page.NextCursor.MustGet())
		between()
	}
	h.t.Fatal("the list does not end")
	return nil
}

func TestEveryOrderGivesEveryInterviewOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.many(38)
	for _, sort := range []string{"starts_at", "-starts_at", "created_at", "-created_at", "updated_at", "-updated_at"} {
		for _, as := range []string{"hr", "lead", "rival", "panelist"} {
			whole := h.list(as, url.Values{"sort": {sort}, "limit": {"200"}}).Data
			if !slices.IsSortedFunc(whole, order(sort)) || len(whole) < 10 {
				t.Errorf("%s by %s: %d interviews, not in order", as, sort, len(whole))
			}
			for _, limit := range []string{"1", "3", "7"} {
				got := h.walk(as, url.Values{"sort": {sort}, "limit": {limit}}, func() {})
				same(t, as+" by "+sort+" in pages of "+limit, ids(got), ids(whole))
			}
		}
	}
	same(t, "the order without sort", ids(h.all()), ids(h.list("hr", url.Values{"limit": {"200"}, "sort": {"starts_at"}}).Data))
}

// TestWhatIsListed: everyone is listed what they see one by one, shown as it is there.
func TestWhatIsListed(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.many(30)
	globex := h.Company("globex")
	h.as["foreign"] = h.replica.SignIn(t, globex.Users[api.RoleAdmin])
	all := h.all()
	if len(all) != 30 {
		t.Fatalf("HR is listed %d", len(all))
	}
	for _, as := range []string{"hr", "admin", "lead", "rival", "panelist", "other", "foreign"} {
		listed := map[uuid.UUID]api.Interview{}
		for _, one := range h.list(as, url.Values{"limit": {"200"}}).Data {
			listed[one.ID] = one
		}
		for _, one := range all {
			answer := h.as[as].Get(path(one.ID))
			row, is := listed[one.ID]
			if is != (answer.Status == http.StatusOK) {
				t.Errorf("%s: listed %t, and read with %d", as, is, answer.Status)
			}
			if is {
				single := shown(answer)
				single.Conflicts = nil
				if fmt.Sprint(single) != fmt.Sprint(row) {
					t.Errorf("%s: listed as %+v, read as %+v", as, row, single)
				}
			}
		}
		if want := map[string]int{"hr": 30, "admin": 30, "lead": 15, "other": 0, "foreign": 0}; len(listed) != want[as] && as != "rival" && as != "panelist" {
			t.Errorf("%s is listed %d", as, len(listed))
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	h := build(t)
	otherJob := h.many(40)
	all := h.all()
	on := func(i api.Interview, name string) bool {
		return slices.ContainsFunc(i.Panel, func(p api.Panelist) bool { return p.User.ID == h.people[name].ID })
	}
	starts := func(i api.Interview) time.Time { at, _ := i.StartsAt.Get(); return at }
	middle := time.Date(2027, 1, 1, 13, 0, 0, 0, time.UTC)
	updated := time.Date(2027, 1, 1, 9, 0, 2, 0, time.UTC)
	for _, test := range []struct {
		as    string
		query url.Values
		keeps func(api.Interview) bool
	}{
		{"panelist", url.Values{"mine": {"true"}}, func(i api.Interview) bool { return on(i, "panelist") }},
		{"panelist", url.Values{"mine": {"false"}}, func(api.Interview) bool { return false }},
		{"rival", url.Values{"mine": {"true"}}, func(i api.Interview) bool { return on(i, "rival") }},
		{"rival", url.Values{"mine": {"false"}}, func(i api.Interview) bool { return !on(i, "rival") && i.Job.ID == otherJob }},
		{"hr", url.Values{"mine": {"true"}}, func(api.Interview) bool { return false }},
		{"hr", url.Values{"mine": {"false"}}, func(api.Interview) bool { return true }},
		{"hr", url.Values{"panelist_id": {h.people["rival"].ID.String()}}, func(i api.Interview) bool { return on(i, "rival") }},
		{"hr", url.Values{"panelist_id": {uuid.NewString()}}, func(api.Interview) bool { return false }},
		{"panelist", url.Values{"panelist_id": {h.people["rival"].ID.String()}}, func(i api.Interview) bool { return on(i, "rival") && on(i, "panelist") }},
		{"hr", url.Values{"job_id": {h.job.String()}}, func(i api.Interview) bool { return i.Job.ID == h.job }},
		{"lead", url.Values{"job_id": {otherJob.String()}}, func(api.Interview) bool { return false }},
		{"hr", url.Values{"candidate_id": {h.mira.String()}}, func(i api.Interview) bool { return i.Candidate.ID == h.mira }},
		{"hr", url.Values{"application_id": {h.applies.String()}}, func(i api.Interview) bool { return i.ApplicationID == h.applies }},
		{"hr", url.Values{"status": {"draft"}}, func(i api.Interview) bool { return i.Status == "draft" }},
		{"hr", url.Values{"status": {"no_show", "completed"}}, func(i api.Interview) bool { return i.Status == "no_show" || i.Status == "completed" }},
		{"hr", url.Values{"kind": {"ai", "phone"}}, func(i api.Interview) bool { return i.Kind == "ai" || i.Kind == "phone" }},
		{"hr", url.Values{"starts_from": {"2027-01-01T14:00:00+01:00"}}, func(i api.Interview) bool { return !i.StartsAt.IsNull() && !starts(i).Before(middle) }},
		{"hr", url.Values{"starts_before": {"2027-01-01T13:00:00Z"}}, func(i api.Interview) bool { return !i.StartsAt.IsNull() && starts(i).Before(middle) }},
		{"hr", url.Values{"starts_from": {"2027-01-01T13:00:00Z"}, "starts_before": {"2027-01-01T14:00:00Z"}}, func(i api.Interview) bool { return starts(i).Equal(middle) }},
		{"hr", url.Values{"starts_from": {"0000-01-01T00:00:00+14:00"}, "starts_before": {"9999-12-31T23:59:59-14:00"}}, func(i api.Interview) bool { return !i.StartsAt.IsNull() }},
		{"hr", url.Values{"updated_since": {"2027-01-01T09:00:02Z"}}, func(i api.Interview) bool { return !i.UpdatedAt.Before(updated) }},
		{
			"rival",
			url.Values{"mine": {"true"}, "status": {"scheduled", "draft", "in_progress"}, "kind": {"phone"}, "job_id": {otherJob.String()}},
			func(i api.Interview) bool {
				return on(i, "rival") && (i.Status == "scheduled" || i.Status == "draft" || i.Status == "in_progress") && i.Kind == "phone" && i.Job.ID == otherJob
			},
		},
	} {
		for _, sort := range []string{"starts_at", "-updated_at"} {
			want := []api.Interview{}
			for _, one := range all {
				if test.keeps(one) {
					want = append(want, one)
				}
			}
			slices.SortFunc(want, order(sort))
			test.query.Set("sort", sort)
			test.query.Set("limit", "3")
			same(t, test.as+" "+test.query.Encode(), ids(h.walk(test.as, test.query, func() {})), ids(want))
		}
	}
	for query, code := range map[string]string{
		"mine=yes": "malformed_request", "status=open": "malformed_request", "status=draft&status=draft": "malformed_request", "kind=": "malformed_request",
		"sort=title": "malformed_request", "starts_from=today": "malformed_request", "job_id=1": "malformed_request", "q=x": "malformed_request",
		"limit=0": "malformed_request", "cursor=x": "invalid_cursor",
	} {
		h.as["hr"].Get(collection+"?"+query).Refused(http.StatusBadRequest, code)
	}
}

// TestCursorsBelongToTheirList: to its filters, its order, and whoever walks it.
func TestCursorsBelongToTheirList(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.many(12)
	first := h.list("hr", url.Values{"limit": {"2"}, "mine": {"false"}})
	cursor := first.NextCursor.MustGet()
	h.list("hr", url.Values{"limit": {"5"}, "mine": {"false"}, "cursor": {cursor}, "sort": {"starts_at"}})
	for _, query := range []url.Values{
		{}, {"mine": {"true"}}, {"mine": {"false"}, "sort": {"-starts_at"}}, {"mine": {"false"}, "status": {"draft"}},
	} {
		query.Set("cursor", cursor)
		h.as["hr"].Get(collection+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	}
	h.as["admin"].Get(collection+"?"+url.Values{"mine": {"false"}, "cursor": {cursor}}.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	link := h.as["hr"].Get(collection + "?limit=2").Header.Get("Link")
	target, _, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
	if next := testkit.Decode[api.InterviewPage](h.as["hr"].Get(target).Expect(http.StatusOK)); len(next.Data) != 2 || next.Data[0].ID == first.Data[0].ID {
		t.Errorf("the link %q leads to %+v", link, next)
	}
}

// TestNewInterviewsDoNotDisturbAWalk: what was there is given once, whatever comes in between.
func TestNewInterviewsDoNotDisturbAWalk(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.many(16)
	for _, sort := range []string{"starts_at", "-starts_at", "-created_at"} {
		before := h.list("hr", url.Values{"limit": {"200"}, "sort": {sort}}).Data
		seen := map[uuid.UUID]int{}
		for _, one := range h.walk("hr", url.Values{"limit": {"3"}, "sort": {sort}}, func() {
			h.held(api.InterviewStatusDraft)
			h.held(api.InterviewStatusScheduled)
		}) {
			seen[one.ID]++
		}
		for _, one := range before {
			if seen[one.ID] != 1 {
				t.Errorf("%s: one that was there was given %d times", sort, seen[one.ID])
			}
		}
	}
}

// TestAJobOfManyInterviews: a list that does not read a job's interviews one by one gives the same.
func TestAJobOfManyInterviews(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.Exec(`INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status, starts_at, ends_at,
			timezone, created_by, created_at, updated_at)
		SELECT $1, gen_random_uuid(), $2, $3, $4, $5, 'Interview', 'video', 'completed', now() + make_interval(hours => n % 7),
			now() + make_interval(hours => 1 + n % 7), 'UTC', $6, now(), now()
		FROM generate_series(1, 1001) AS n`, h.acme.ID, h.applies, h.job, h.mira, h.version, h.people["hr"].ID)
	elsewhere := h.Application(h.Candidate(), h.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	own := h.Interview(elsewhere, h.version, api.InterviewStatusScheduled, h.people["lead"])
	h.Interview(elsewhere, h.version, api.InterviewStatusScheduled)
	all := h.walk("lead", url.Values{"limit": {"200"}}, func() {})
	if len(all) != 1002 || !slices.Contains(ids(all), own) || !slices.IsSortedFunc(all, order("starts_at")) {
		t.Errorf("the lead is listed %d, in order %t", len(all), slices.IsSortedFunc(all, order("starts_at")))
	}
	if got := h.walk("hr", url.Values{"limit": {"200"}, "job_id": {h.job.String()}}, func() {}); len(got) != 1001 {
		t.Errorf("the job has %d", len(got))
	}
}
