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

// createScores creates interviews of two applications to two jobs. Each has a submitted score, a voided one and a
// draft, of three raters in turn. Many scores have the same times.
func (f fixture) createScores(interviews int) {
	f.t.Helper()
	raters := []testkit.User{
		f.acme.Users[api.RoleEmployee], f.User(f.acme, "rater-a", api.RoleEmployee), f.User(f.acme, "rater-b", api.RoleTeamLead),
	}
	otherJob := f.hiring.Job(api.JobStatusOpen)
	applications := []uuid.UUID{
		f.application, f.hiring.Application(f.hiring.Candidate(), otherJob, api.ApplicationStageInterview),
	}
	start := time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	for i := range interviews {
		interview := f.hiring.Interview(applications[i%2], f.version, api.InterviewStatusInProgress, raters...)
		for j, status := range statuses() {
			id := f.hiring.Score(interview, raters[(i+j)%3], status, 3)
			at := start.Add(time.Duration((i*3+j)/4) * time.Microsecond)
			f.Exec(`UPDATE scores SET created_at = $2, updated_at = $3 WHERE id = $1`,
				id, at, at.Add(time.Duration(j)*time.Second))
		}
	}
}

// list requests one page.
func list(c *testkit.Client, query url.Values) testkit.Page[api.Score] {
	return testkit.List[api.Score](c, collection, query)
}

// listAll requests all pages of a list.
func listAll(c *testkit.Client, query url.Values) []api.Score {
	return testkit.ListAll[api.Score](c, collection, query)
}

// compareBy returns the comparison of a sort order, ties by id.
func compareBy(sort string) func(a, b api.Score) int {
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

func TestEveryOrderListsEveryRowOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.createScores(14)
	for role, count := range map[api.Role]int{api.RoleHr: 28, api.RoleTeamLead: 7, api.RoleEmployee: 14} {
		for _, sort := range []string{"created_at", "-created_at", "updated_at", "-updated_at"} {
			t.Run(fmt.Sprintf("%s %s", role, sort), func(t *testing.T) {
				t.Parallel()
				all := list(f.as[role], url.Values{"sort": {sort}, "limit": {"200"}}).Data
				if len(all) != count {
					t.Fatalf("got %d scores on one page, want %d", len(all), count)
				}
				if !slices.IsSortedFunc(all, compareBy(sort)) {
					t.Errorf("got %v, want them sorted", testkit.IDs(all))
				}
				for _, limit := range []int{1, 3, 7} {
					got := listAll(f.as[role], url.Values{"sort": {sort}, "limit": {fmt.Sprint(limit)}})
					if !slices.Equal(testkit.IDs(got), testkit.IDs(all)) {
						t.Errorf("limit %d: got %v, want %v", limit, testkit.IDs(got), testkit.IDs(all))
					}
				}
			})
		}
	}
	t.Run("default", func(t *testing.T) {
		t.Parallel()
		got, want := list(f.as[api.RoleHr], nil).Data, list(f.as[api.RoleHr], url.Values{"sort": {"-created_at"}}).Data
		if !slices.Equal(testkit.IDs(got), testkit.IDs(want)) {
			t.Errorf("without sort: got %v, want the order -created_at: %v", testkit.IDs(got), testkit.IDs(want))
		}
	})
}

// TestListedScoreEqualsGet verifies that a list shows each score as GetScore does, with the criteria that drafts miss.
func TestListedScoreEqualsGet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.createScores(6)
	partial := map[uuid.UUID]bool{}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleHr} {
		interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[role])
		partial[createScore(f.as[role], interview, object{"comment": "Half done."}).ID] = true
	}

	for _, role := range []api.Role{api.RoleEmployee, api.RoleHr} {
		t.Run(string(role), func(t *testing.T) {
			listed := list(f.as[role].In(t), url.Values{"limit": {"200"}}).Data
			if !slices.ContainsFunc(listed, func(s api.Score) bool { return partial[s.ID] }) {
				t.Fatalf("got %v, want the partial draft among them", testkit.IDs(listed))
			}
			for _, want := range listed {
				if got := getScore(f.as[role].In(t), want.ID); !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v,\nlisted %+v", got, want)
				}
				missing := []api.ContentKey{}
				if partial[want.ID] {
					missing = []api.ContentKey{"problem_solving"}
				}
				if !slices.Equal(want.MissingCriteria, missing) {
					t.Errorf("%s score misses %v, want %v", want.Status, want.MissingCriteria, missing)
				}
			}
		})
	}
}

func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.createScores(12)
	all := list(f.as[api.RoleHr], url.Values{"limit": {"200"}}).Data
	one, since := all[5], all[9].UpdatedAt
	ofJob := func(s api.Score) bool { return s.JobID == one.JobID }
	ofRater := func(s api.Score) bool { return s.Rater.ID == one.Rater.ID }
	submitted := func(s api.Score) bool { return s.Status == "submitted" }
	none := func(api.Score) bool { return false }
	for name, test := range map[string]struct {
		query   url.Values
		matches func(s api.Score) bool
	}{
		"interview": {
			url.Values{"interview_id": {one.InterviewID.String()}},
			func(s api.Score) bool { return s.InterviewID == one.InterviewID },
		},
		"application": {
			url.Values{"application_id": {one.ApplicationID.String()}},
			func(s api.Score) bool { return s.ApplicationID == one.ApplicationID },
		},
		"job":       {url.Values{"job_id": {one.JobID.String()}}, ofJob},
		"rater":     {url.Values{"rater_id": {one.Rater.ID.String()}}, ofRater},
		"submitted": {url.Values{"status": {"submitted"}}, submitted},
		"voided":    {url.Values{"status": {"voided"}}, func(s api.Score) bool { return s.Status == "voided" }},
		"draft":     {url.Values{"status": {"draft"}}, none},
		"since": {
			url.Values{"updated_since": {since.Format(time.RFC3339Nano)}},
			func(s api.Score) bool { return !s.UpdatedAt.Before(since) },
		},
		"unknown rater": {url.Values{"rater_id": {uuid.NewString()}}, none},
		"several filters": {
			url.Values{
				"job_id": {one.JobID.String()}, "rater_id": {one.Rater.ID.String()}, "status": {"submitted"},
				"sort": {"updated_at"},
			},
			func(s api.Score) bool { return ofJob(s) && ofRater(s) && submitted(s) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := testkit.IDs(slices.DeleteFunc(slices.Clone(all), func(s api.Score) bool { return !test.matches(s) }))
			test.query.Set("limit", "3")
			got := testkit.IDs(listAll(f.as[api.RoleHr], test.query))
			byID := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
			slices.SortFunc(want, byID)
			slices.SortFunc(got, byID)
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}

	// Raters find their own drafts, and not those of others.
	employee := f.acme.Users[api.RoleEmployee].ID
	drafts := list(f.as[api.RoleEmployee], url.Values{"status": {"draft"}, "limit": {"200"}}).Data
	if len(drafts) != 4 {
		t.Errorf("drafts of the employee: got %d, want 4", len(drafts))
	}
	i := slices.IndexFunc(all, func(s api.Score) bool { return s.Rater.ID != employee })
	other := url.Values{"status": {"draft"}, "rater_id": {all[i].Rater.ID.String()}}
	if got := list(f.as[api.RoleEmployee], other).Data; len(got) > 0 {
		t.Errorf("drafts of another rater: got %d, want 0", len(got))
	}
}

func TestCursorOfAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.createScores(6)
	hr := f.as[api.RoleHr]
	cursor := *list(hr, url.Values{"limit": {"1"}, "status": {"submitted"}}).NextCursor
	for _, query := range []string{
		"", "&status=voided", "&status=submitted&sort=created_at", "&status=submitted&job_id=" + f.job.String(),
	} {
		hr.Get(collection+"?cursor="+cursor+query).Refused(http.StatusBadRequest, "invalid_cursor")
	}
	hr.Get(collection + "?status=submitted&sort=-created_at&limit=2&cursor=" + cursor).Expect(http.StatusOK)

	globex := f.Company("globex")
	f.replica.SignIn(t, globex.Users[api.RoleHr]).Get(collection+"?status=submitted&cursor="+cursor).
		Refused(http.StatusBadRequest, "invalid_cursor")
	stranger := f.replica.SignIn(t, globex.Users[api.RoleAdmin])
	if got := list(stranger, url.Values{"job_id": {f.job.String()}}).Data; len(got) > 0 {
		t.Errorf("scores of a job of another company: got %d, want 0", len(got))
	}
}
