package scores_test

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
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// crowd arranges the scores of three raters in two jobs, whose times collide; each interview has a submitted score, a
// voided one and a draft.
func (h house) crowd(interviews int) {
	h.t.Helper()
	raters := []testkit.User{h.acme.Users[api.RoleEmployee], h.User(h.acme, "rater-a", api.RoleEmployee), h.User(h.acme, "rater-b", api.RoleTeamLead)}
	jobs := []uuid.UUID{h.job, h.hiring.Job(api.JobStatusOpen)}
	applications := []uuid.UUID{h.application, h.hiring.Application(h.hiring.Candidate(), jobs[1], api.ApplicationStageInterview)}
	began := time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	for i := range interviews {
		interview := h.hiring.Interview(applications[i%2], h.version, api.InterviewStatusInProgress, raters...)
		for j, status := range statuses() {
			id := h.hiring.Score(interview, raters[(i+j)%3], status, 3)
			at := began.Add(time.Duration((i*3+j)/4) * time.Microsecond)
			h.Exec(`UPDATE scores SET created_at = $2, updated_at = $3 WHERE id = $1`, id, at, at.Add(time.Duration(j)*time.Second))
		}
	}
}

func list(c *testkit.Client, query url.Values) api.ScorePage {
	return testkit.Decode[api.ScorePage](c.Get(collection + "?" + query.Encode()).Expect(http.StatusOK))
}

// every follows a list from page to page to its end.
func every(t *testing.T, c *testkit.Client, query url.Values) []api.Score {
	t.Helper()
	var all []api.Score
	walked := url.Values{}
	for name, values := range query {
		walked[name] = slices.Clone(values)
	}
	for range 1000 {
		got := list(c, walked)
		all = append(all, got.Data...)
		if !got.HasMore {
			if !got.NextCursor.IsNull() {
				t.Error("the last page has a cursor")
			}
			return all
		}
		walked.Set("cursor", got.NextCursor.MustGet())
	}
	t.Fatal("the list does not end")
	return nil
}

func ids(scores []api.Score) []uuid.UUID {
	found := make([]uuid.UUID, len(scores))
	for i, s := range scores {
		found[i] = s.ID
	}
	return found
}

func order(sort string) func(a, b api.Score) int {
	return func(a, b api.Score) int {
		c := a.CreatedAt.Compare(b.CreatedAt)
		if strings.HasSuffix(sort, "updated_at") {
			c = a.UpdatedAt.Compare(b.UpdatedAt)
		}
		if c = cmp.Or(c, strings.Compare(a.ID.String(), b.ID.String())); strings.HasPrefix(sort, "-") {
			return -c
		}
		return c
	}
}

func TestEveryOrderGivesEachScoreOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.crowd(14)
	for role, want := range map[api.Role]int{api.RoleHr: 28, api.RoleTeamLead: 7, api.RoleEmployee: 14} {
		for _, sort := range []string{"created_at", "-created_at", "updated_at", "-updated_at"} {
			whole := list(h.as[role], url.Values{"sort": {sort}, "limit": {"200"}}).Data
			if len(whole) != want {
				t.Fatalf("%s, %s: %d scores on the one page, want %d", role, sort, len(whole), want)
			}
			if !slices.IsSortedFunc(whole, order(sort)) {
				t.Errorf("%s, %s: not in order", role, sort)
			}
			for _, limit := range []int{1, 3, 7} {
				if got := every(t, h.as[role], url.Values{"sort": {sort}, "limit": {fmt.Sprint(limit)}}); !slices.Equal(ids(got), ids(whole)) {
					t.Errorf("%s, %s by %d: walked %d scores, not the %d of the one page", role, sort, limit, len(got), len(whole))
				}
			}
		}
	}
	if got, want := ids(list(h.as[api.RoleHr], nil).Data), ids(list(h.as[api.RoleHr], url.Values{"sort": {"-created_at"}}).Data); !slices.Equal(got, want) {
		t.Error("the order without sort is not -created_at")
	}
}

// TestTheListShowsWhatGetShows: whoever lists scores sees each of them as it is shown alone.
func TestTheListShowsWhatGetShows(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.crowd(6)
	created(h.as[api.RoleHr], h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleHr]), object{"comment": "Half done."})
	created(h.as[api.RoleEmployee], h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee]), object{"comment": "Half done."})
	for _, role := range []api.Role{api.RoleEmployee, api.RoleHr} {
		for _, listed := range list(h.as[role], url.Values{"limit": {"200"}}).Data {
			read := testkit.Decode[api.Score](h.as[role].Get(path(listed.ID)).Expect(http.StatusOK))
			if !reflect.DeepEqual(listed, read) {
				t.Errorf("%s: listed %+v,\nread   %+v", role, listed, read)
			}
			if half := !listed.Comment.IsNull(); half != slices.Equal(listed.MissingCriteria, []string{"problem_solving"}) {
				t.Errorf("%s: a %s score misses %v", role, listed.Status, listed.MissingCriteria)
			}
		}
	}
}

func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.crowd(12)
	all := list(h.as[api.RoleHr], url.Values{"limit": {"200"}}).Data
	one, since := all[5], all[9].UpdatedAt
	for name, test := range map[string]struct {
		query url.Values
		keep  func(s api.Score) bool
	}{
		"interview":   {url.Values{"interview_id": {one.InterviewID.String()}}, func(s api.Score) bool { return s.InterviewID == one.InterviewID }},
		"application": {url.Values{"application_id": {one.ApplicationID.String()}}, func(s api.Score) bool { return s.ApplicationID == one.ApplicationID }},
		"job":         {url.Values{"job_id": {one.JobID.String()}}, func(s api.Score) bool { return s.JobID == one.JobID }},
		"rater":       {url.Values{"rater_id": {one.Rater.ID.String()}}, func(s api.Score) bool { return s.Rater.ID == one.Rater.ID }},
		"submitted":   {url.Values{"status": {"submitted"}}, func(s api.Score) bool { return s.Status == "submitted" }},
		"voided":      {url.Values{"status": {"voided"}}, func(s api.Score) bool { return s.Status == "voided" }},
		"draft":       {url.Values{"status": {"draft"}}, func(api.Score) bool { return false }},
		"since": {
			url.Values{"updated_since": {since.Format(time.RFC3339Nano)}}, func(s api.Score) bool { return !s.UpdatedAt.Before(since) },
		},
		"nobody's": {url.Values{"rater_id": {uuid.NewString()}}, func(api.Score) bool { return false }},
		"all at once": {
			url.Values{"job_id": {one.JobID.String()}, "rater_id": {one.Rater.ID.String()}, "status": {"submitted"}, "sort": {"updated_at"}},
			func(s api.Score) bool {
				return s.JobID == one.JobID && s.Rater.ID == one.Rater.ID && s.Status == "submitted"
			},
		},
	} {
		want := ids(slices.DeleteFunc(slices.Clone(all), func(s api.Score) bool { return !test.keep(s) }))
		test.query.Set("limit", "3")
		got := ids(every(t, h.as[api.RoleHr], test.query))
		sorted := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
		slices.SortFunc(want, sorted)
		slices.SortFunc(got, sorted)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d scores, want %d", name, len(got), len(want))
		}
	}
	own := list(h.as[api.RoleEmployee], url.Values{"status": {"draft"}, "limit": {"200"}}).Data
	if len(own) != 4 {
		t.Errorf("%d drafts of one's own, want 4", len(own))
	}
	if other := list(h.as[api.RoleEmployee], url.Values{"status": {"draft"}, "rater_id": {one.Rater.ID.String()}}).Data; len(other) > 0 &&
		one.Rater.ID != h.acme.Users[api.RoleEmployee].ID {
		t.Errorf("%d drafts of another", len(other))
	}
}

func TestCursorsBelongToTheirList(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.crowd(6)
	cursor := list(h.as[api.RoleHr], url.Values{"limit": {"1"}, "status": {"submitted"}}).NextCursor.MustGet()
	for _, query := range []string{"", "&status=voided", "&status=submitted&sort=created_at", "&status=submitted&job_id=" + h.job.String()} {
		h.as[api.RoleHr].Get(collection+"?cursor="+cursor+query).Refused(400, "invalid_cursor")
	}
	h.as[api.RoleHr].Get(collection + "?status=submitted&sort=-created_at&limit=2&cursor=" + cursor).Expect(http.StatusOK)
	globex := h.Company("globex")
	h.replica.SignIn(t, globex.Users[api.RoleHr]).Get(collection+"?status=submitted&cursor="+cursor).Refused(400, "invalid_cursor")
	if got := list(h.replica.SignIn(t, globex.Users[api.RoleAdmin]), url.Values{"job_id": {h.job.String()}}); len(got.Data) > 0 {
		t.Error("another company's scores are listed")
	}
}
