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

// crowd is applications of every stage and status to three jobs, whose times collide: the first is the team lead's, and the
// employee is on the panel of an interview of every fifth.
type crowd struct {
	jobs, candidates []uuid.UUID
	all              []api.Application
	panel            []uuid.UUID
}

func fill(t *testing.T, h house, n int) crowd {
	t.Helper()
	c := crowd{jobs: []uuid.UUID{
		h.hiring.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead]), h.hiring.Job(api.JobStatusOpen), h.hiring.Job(api.JobStatusClosed),
	}}
	_, version := h.hiring.KitVersion(api.KitVersionStatusPublished)
	conn, began := h.Connect(), time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	stages, states := lifecycle.Stages(), lifecycle.Application().States
	for i := range n {
		if i%2 == 0 {
			c.candidates = append(c.candidates, h.hiring.Candidate())
		}
		id := h.hiring.Application(c.candidates[i/2], c.jobs[i%3], stages[i%len(stages)])
		status := states[i%len(states)].Name
		if (status == api.ApplicationStatusHired) != (stages[i%len(stages)] == api.ApplicationStageHired) {
			status = api.ApplicationStatusWithdrawn
		}
		if stages[i%len(stages)] == api.ApplicationStageHired {
			status = api.ApplicationStatusHired
		}
		at := began.Add(time.Duration(i/4) * time.Microsecond)
		_, err := conn.Exec(t.Context(), `UPDATE applications SET status = $2::text, created_at = $3, updated_at = $4, stage_entered_at = $5,
			rejection_reason = CASE WHEN $2::text = 'rejected' THEN 'location' END WHERE id = $1`,
			id, status, at, at.Add(time.Duration(i%3)*time.Second), at.Add(time.Duration(i*7%5)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if i%5 == 0 {
			h.hiring.Interview(id, version, api.InterviewStatusScheduled, h.acme.Users[api.RoleEmployee])
			c.panel = append(c.panel, id)
		}
	}
	elsewhere := h.Hiring(h.Company("globex"))
	elsewhere.Application(elsewhere.Candidate(), elsewhere.Job(api.JobStatusOpen), api.ApplicationStageOffer)
	c.all = list(h.as[api.RoleHr], url.Values{"limit": {"200"}}).Data
	if len(c.all) != n {
		t.Fatalf("HR sees %d applications, want %d", len(c.all), n)
	}
	return c
}

// list asks for one page.
func list(c *testkit.Client, query url.Values) api.ApplicationPage {
	return testkit.Decode[api.ApplicationPage](c.Get(collection + "?" + query.Encode()).Expect(http.StatusOK))
}

// every follows a list from page to page to its end.
func every(t *testing.T, c *testkit.Client, query url.Values) []api.Application {
	t.Helper()
	var all []api.Application
	query = with(query, nil)
	for range 1000 {
		got := list(c, query)
		all = append(all, got.Data...)
		if !got.HasMore {
			if !got.NextCursor.IsNull() {
				t.Error("the last page has a cursor")
			}
			return all
		}
		query.Set("cursor", got.NextCursor.MustGet())
	}
	t.Fatal("the list does not end")
	return nil
}

// with gives a query with other values; a name without values is left out.
func with(query, changes url.Values) url.Values {
	other := url.Values{}
	for _, part := range []url.Values{query, changes} {
		for name, values := range part {
			other[name] = slices.Clone(values)
		}
	}
	return other
}

func ids(applications []api.Application) []uuid.UUID {
	found := make([]uuid.UUID, len(applications))
	for i, a := range applications {
		found[i] = a.ID
	}
	return found
}

// order is what each sort order means, in Go.
func order(sort string) func(a, b api.Application) int {
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

func TestEveryOrderGivesEverythingOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	c := fill(t, h, 40)
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	sees := map[api.Role]func(a api.Application) bool{
		api.RoleAdmin:    func(api.Application) bool { return true },
		api.RoleTeamLead: func(a api.Application) bool { return a.Job.ID == c.jobs[0] },
		api.RoleEmployee: func(a api.Application) bool { return slices.Contains(c.panel, a.ID) },
	}
	for _, name := range document.Components.Schemas["ApplicationSort"].Value.Enum {
		sort := name.(string)
		for role, visible := range sees {
			want := slices.DeleteFunc(slices.Clone(c.all), func(a api.Application) bool { return !visible(a) })
			slices.SortFunc(want, order(sort))
			for _, limit := range []string{"1", "3", "7", "200"} {
				got := every(t, h.as[role], url.Values{"sort": {sort}, "limit": {limit}})
				if !slices.Equal(ids(got), ids(want)) {
					t.Errorf("%s by %s as %s: %d applications, not the %d in their order", sort, limit, role, len(got), len(want))
				}
			}
		}
	}
	if got, want := ids(c.all), ids(list(h.as[api.RoleHr], url.Values{"limit": {"200"}, "sort": {"-created_at"}}).Data); !slices.Equal(got, want) {
		t.Error("the order without sort is not -created_at")
	}
}

// TestAListedApplicationIsTheOneThatIsRead compares the whole representation, for everybody.
func TestAListedApplicationIsTheOneThatIsRead(t *testing.T) {
	t.Parallel()
	h := build(t)
	fill(t, h, 30)
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr} {
		listed := list(h.as[role], nil).Data
		if len(listed) == 0 {
			t.Errorf("%s sees nothing", role)
		}
		for _, a := range listed {
			one := read(h.as[role], a.ID)
			if !reflect.DeepEqual(a, one) {
				t.Errorf("%s lists %+v, reads %+v", role, a, one)
			}
			if (a.RejectionReason != nil) != (a.Status == api.ApplicationStatusRejected) {
				t.Errorf("%s: rejected because of %v", a.Status, a.RejectionReason)
			}
		}
	}
}

func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	h := build(t)
	c := fill(t, h, 60)
	since := c.all[30].UpdatedAt
	for name, test := range map[string]struct {
		query url.Values
		keep  func(a api.Application) bool
	}{
		"job":       {url.Values{"job_id": {c.jobs[1].String()}}, func(a api.Application) bool { return a.Job.ID == c.jobs[1] }},
		"candidate": {url.Values{"candidate_id": {c.candidates[7].String()}}, func(a api.Application) bool { return a.Candidate.ID == c.candidates[7] }},
		"stage":     {url.Values{"stage": {"offer"}}, func(a api.Application) bool { return a.Stage == api.ApplicationStageOffer }},
		"stages": {url.Values{"stage": {"offer", "applied"}}, func(a api.Application) bool {
			return a.Stage == api.ApplicationStageOffer || a.Stage == api.ApplicationStageApplied
		}},
		"status": {url.Values{"status": {"rejected"}}, func(a api.Application) bool { return a.Status == api.ApplicationStatusRejected }},
		"statuses": {url.Values{"status": {"active", "hired"}}, func(a api.Application) bool {
			return a.Status == api.ApplicationStatusActive || a.Status == api.ApplicationStatusHired
		}},
		"since": {url.Values{"updated_since": {since.Format(time.RFC3339Nano)}}, func(a api.Application) bool { return !a.UpdatedAt.Before(since) }},
		"all": {url.Values{
			"job_id": {c.jobs[0].String()}, "stage": {"applied", "screening"}, "status": {"active", "withdrawn"},
			"updated_since": {since.Format(time.RFC3339Nano)}, "sort": {"stage_entered_at"},
		}, func(a api.Application) bool {
			return a.Job.ID == c.jobs[0] && (a.Stage == api.ApplicationStageApplied || a.Stage == api.ApplicationStageScreening) &&
				(a.Status == api.ApplicationStatusActive || a.Status == api.ApplicationStatusWithdrawn) && !a.UpdatedAt.Before(since)
		}},
		"an unknown job":       {url.Values{"job_id": {uuid.NewString()}}, func(api.Application) bool { return false }},
		"an unknown candidate": {url.Values{"candidate_id": {uuid.NewString()}}, func(api.Application) bool { return false }},
	} {
		for role, visible := range map[api.Role]func(a api.Application) bool{
			api.RoleHr:       func(api.Application) bool { return true },
			api.RoleTeamLead: func(a api.Application) bool { return a.Job.ID == c.jobs[0] },
			api.RoleEmployee: func(a api.Application) bool { return slices.Contains(c.panel, a.ID) },
		} {
			want := ids(slices.DeleteFunc(slices.Clone(c.all), func(a api.Application) bool { return !test.keep(a) || !visible(a) }))
			got := ids(every(t, h.as[role], with(test.query, url.Values{"limit": {"4"}})))
			sorted := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
			slices.SortFunc(want, sorted)
			slices.SortFunc(got, sorted)
			if !slices.Equal(got, want) {
				t.Errorf("%s as %s: %d applications, want %d", name, role, len(got), len(want))
			}
		}
	}
	for _, bad := range []string{
		"job_id=x", "candidate_id=", "stage=none", "stage=offer&stage=offer", "status=closed", "updated_since=yesterday", "limit=0", "limit=201",
		"sort=stage", "sort=created_at&sort=updated_at", "q=a", "unknown=1", "job_id=" + c.jobs[0].String() + "&job_id=" + c.jobs[1].String(),
	} {
		h.as[api.RoleHr].Get(collection+"?"+bad).Refused(http.StatusBadRequest, "malformed_request")
	}
}

func TestACursorBelongsToItsList(t *testing.T) {
	t.Parallel()
	h := build(t)
	c := fill(t, h, 12)
	query := url.Values{"limit": {"2"}, "job_id": {c.jobs[0].String()}}
	answer := h.as[api.RoleHr].Get(collection + "?" + query.Encode()).Expect(http.StatusOK)
	cursor := testkit.Decode[api.ApplicationPage](answer).NextCursor.MustGet()
	same := url.Values{"job_id": query["job_id"], "cursor": {cursor}}
	if link := answer.Header.Get("Link"); !strings.HasPrefix(link, "<"+collection+"?") || !strings.Contains(link, url.QueryEscape(cursor)) {
		t.Errorf("Link is %q", link)
	}
	for _, alike := range []url.Values{{"limit": {"9"}}, {"sort": {"-created_at"}}} {
		if got := list(h.as[api.RoleAdmin], with(same, alike)).Data; len(got) == 0 {
			t.Errorf("%v: nothing behind the cursor", alike)
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
		h.as[api.RoleHr].Get(collection+"?"+with(same, other).Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	}
	stranger := h.replica.SignIn(t, testkit.User{Email: "hr@globex.example"})
	stranger.Get(collection+"?"+same.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	// A cursor moves nobody's horizon: behind it everybody sees what they may.
	for _, a := range list(h.as[api.RoleEmployee], same).Data {
		if !slices.Contains(c.panel, a.ID) {
			t.Errorf("an employee is shown %s", a.ID)
		}
	}
}

func TestHistoryByPages(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	job := h.hiring.Job(api.JobStatusOpen)
	id, other := h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageInterview), h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageInterview)
	for range 6 {
		hr.Post(path(id, "hold"), nil).Expect(http.StatusOK)
		hr.Post(path(id, "resume"), nil).Expect(http.StatusOK)
	}
	// Moves of the same moment stand in the order of their ids.
	h.Exec(`INSERT INTO application_moves (company_id, id, application_id, job_id, candidate_id, event, to_stage, to_status, actor_id, created_at)
		SELECT company_id, gen_random_uuid(), application_id, job_id, candidate_id, 'hold', to_stage, 'on_hold', actor_id, now()
		FROM application_moves, generate_series(1, 5) WHERE application_id = $1 AND event = 'apply'`, id)
	whole := history(hr, id)
	if len(whole) != 18 || !slices.IsSortedFunc(whole, func(a, b api.ApplicationMove) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID.String(), b.ID.String()))
	}) {
		t.Fatalf("the history is %+v", whole)
	}
	for _, limit := range []int{1, 4, 7} {
		var walked []api.ApplicationMove
		query := url.Values{"limit": {fmt.Sprint(limit)}}
		for {
			got := testkit.Decode[api.ApplicationMovePage](hr.Get(path(id, "history") + "?" + query.Encode()).Expect(http.StatusOK))
			walked = append(walked, got.Data...)
			if !got.HasMore {
				break
			}
			query.Set("cursor", got.NextCursor.MustGet())
		}
		if !reflect.DeepEqual(walked, whole) {
			t.Errorf("by %d: walked %d moves, not the %d in their order", limit, len(walked), len(whole))
		}
		if limit == 1 {
			hr.Get(path(other, "history")+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
		}
	}
}
