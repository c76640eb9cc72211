package reports_test

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const interviewers = "/api/v1/reports/interviewers"

// interviewFixture is a fixture with a kit version and the time at which all its interviews end.
type interviewFixture struct {
	fixture
	version uuid.UUID
	ended   time.Time
}

func newInterviewFixture(t *testing.T) interviewFixture {
	t.Helper()
	f := newFixture(t)
	_, version := f.KitVersion(api.KitVersionStatusPublished)
	return interviewFixture{f, version, time.Now().UTC().Truncate(time.Hour).Add(-48 * time.Hour)}
}

// addInterview inserts an interview that was finished at f.ended, 30 minutes after its planned end, or that is planned
// to end at f.ended if it is not finished.
func (f interviewFixture) addInterview(job uuid.UUID, status api.InterviewStatus, users ...testkit.User) uuid.UUID {
	interview := f.Interview(f.Application(f.Candidate(), job, "interview"), f.version, status, users...)
	f.Exec(`UPDATE interviews SET starts_at = $2::timestamptz - INTERVAL '1 hour',
		ends_at = $2::timestamptz - CASE WHEN finished_at IS NULL THEN INTERVAL '0' ELSE INTERVAL '30 minutes' END,
		finished_at = CASE WHEN finished_at IS NOT NULL THEN $2::timestamptz END
		WHERE id = $1 AND starts_at IS NOT NULL`, interview, f.ended)
	return interview
}

// afterEnd returns the time that is a number of hours after the interviews' end.
func (f interviewFixture) afterEnd(hours float64) time.Time {
	return f.ended.Add(time.Duration(hours * float64(time.Hour)))
}

// addScore inserts a score that was submitted a number of hours after the interview's end.
func (f interviewFixture) addScore(interview uuid.UUID, rater testkit.User, hours float64) uuid.UUID {
	score := f.Score(interview, rater, api.ScoreStatusSubmitted, 3)
	f.Exec(`UPDATE scores SET submitted_at = $2 WHERE id = $1`, score, f.afterEnd(hours))
	return score
}

// addRevision inserts a revision of a score: it was submitted a number of hours after the interview's end, and HR
// reopened it later.
func (f interviewFixture) addRevision(score uuid.UUID, hours float64) {
	f.Exec(`
		INSERT INTO score_revisions
			(company_id, id, score_id, revision, event, ratings, coverage, submitted_at, reason, actor_id, created_at)
		SELECT company_id, $2, id, (SELECT 1 + count(*) FROM score_revisions WHERE score_id = $1), 'reopen', '[]', 1, $3,
			'Wrong.', $4, now()
		FROM scores WHERE id = $1`,
		score, uuid.Must(uuid.NewV7()), f.afterEnd(hours), f.acme.Users[api.RoleHr].ID)
}

// interviewerFigures returns the expected figures of a user.
func interviewerFigures(
	user testkit.User, interviews, open, submitted int32, median nullable.Nullable[float64],
) api.InterviewerFigures {
	name, _, _ := strings.Cut(user.Email, "@")
	return api.InterviewerFigures{
		User:       api.PersonSummary{ID: user.ID, FirstName: name, LastName: "Example"},
		Interviews: interviews, OpenScores: open, SubmittedScores: submitted, MedianHoursToSubmit: median,
	}
}

func listPage(c *testkit.Client, query string) api.InterviewerFiguresPage {
	return testkit.Decode[api.InterviewerFiguresPage](c.Get(interviewers + query).Expect(http.StatusOK))
}

func TestInterviewerFigures(t *testing.T) {
	t.Parallel()
	f := newInterviewFixture(t)
	job := f.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead])
	anna, ben := f.User(f.acme, "anna", api.RoleEmployee), f.User(f.acme, "ben", api.RoleHr)
	carl, dora := f.User(f.acme, "carl", api.RoleEmployee), f.User(f.acme, "dora", api.RoleEmployee)
	emil, fay := f.User(f.acme, "emil", api.RoleEmployee), f.User(f.acme, "fay", api.RoleEmployee)

	// Anna has one open score, that of the interview that awaits scores. Interviews that have not started, were missed
	// or were cancelled need none. Her median is that of 2 and 5 hours.
	for _, status := range []api.InterviewStatus{"draft", "scheduled", "no_show", "cancelled", "awaiting_scores"} {
		f.addInterview(job, status, anna)
	}
	f.addScore(f.addInterview(job, "completed", anna, ben), anna, 2)
	f.addScore(f.addInterview(job, "completed", anna), anna, 5)

	// Ben's scores are not required, so none is open. A draft does not count as submitted.
	f.Score(f.addInterview(job, "in_progress", ben), ben, api.ScoreStatusDraft, 5)
	f.Exec(`UPDATE interview_panelists SET score_required = false WHERE user_id = $1`, ben.ID)

	// Carl's second score was reopened twice; its first submission counts, after 10 hours. His third one was voided and
	// written again; the new one counts, after 40 hours.
	f.addScore(f.addInterview(job, "awaiting_scores", carl), carl, 0.5)
	resubmitted := f.addScore(f.addInterview(job, "awaiting_scores", carl), carl, 30)
	f.addRevision(resubmitted, 20)
	f.addRevision(resubmitted, 10)
	rewritten := f.addInterview(job, "awaiting_scores", carl)
	f.Exec(`UPDATE scores SET status = 'voided' WHERE id = $1`, f.addScore(rewritten, carl, 1))
	f.addScore(rewritten, carl, 40)

	// Dora has three open scores: a draft, a reopened one, and that of an interview in progress. The missing score of a
	// completed interview is not open.
	f.Score(f.addInterview(job, "awaiting_scores", dora), dora, api.ScoreStatusDraft, 5)
	reopened := f.addScore(f.addInterview(job, "awaiting_scores", dora), dora, 1)
	f.addRevision(reopened, 1)
	f.Exec(`UPDATE scores SET status = 'draft', submitted_at = NULL WHERE id = $1`, reopened)
	f.addInterview(job, "completed", dora)
	f.addInterview(job, "in_progress", dora)

	// Emil's interview was cancelled in progress, so the hours count from its planned end.
	cancelled := f.addInterview(job, "in_progress", emil)
	f.addScore(cancelled, emil, 1.5)
	f.Exec(`UPDATE interviews SET status = 'cancelled' WHERE id = $1`, cancelled)

	// Fay submitted before the end, which counts as 0 hours.
	f.addScore(f.addInterview(job, "awaiting_scores", fay), fay, -0.75)

	want := []api.InterviewerFigures{
		interviewerFigures(anna, 6, 1, 2, value(3.5)), interviewerFigures(ben, 2, 0, 0, null()),
		interviewerFigures(carl, 3, 0, 3, value(10)), interviewerFigures(dora, 4, 3, 0, null()),
		interviewerFigures(emil, 0, 0, 1, value(1.5)), interviewerFigures(fay, 1, 0, 1, value(0)),
	}
	for _, role := range []api.Role{api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			got := listPage(f.as[role].In(t), "")
			if !reflect.DeepEqual(got.Data, want) || got.HasMore || !got.NextCursor.IsNull() {
				t.Errorf("got\n%+v, want\n%+v", got.Data, want)
			}
		})
	}
	f.as[api.RoleEmployee].Get(interviewers).Refused(http.StatusForbidden, "permission_denied")
}

// TestFiguresRevealNoRating checks that the response does not change with the content of a score.
func TestFiguresRevealNoRating(t *testing.T) {
	t.Parallel()
	f := newInterviewFixture(t)
	rater := f.acme.Users[api.RoleEmployee]
	f.addScore(f.addInterview(f.Job(api.JobStatusOpen), "completed", rater), rater, 2)
	before := f.as[api.RoleHr].Get(interviewers).Expect(http.StatusOK).Body
	if got := testkit.Decode[api.InterviewerFiguresPage](f.as[api.RoleHr].Get(interviewers)).Data; len(got) != 1 {
		t.Errorf("got figures of %d interviewers, want 1", len(got))
	}
	f.Exec(`UPDATE scores SET ratings = '[]', recommendation = 'definitely_no', weighted_score = 1, coverage = 0.5,
		comment = 'Weak.'`)
	if after := f.as[api.RoleHr].Get(interviewers).Expect(http.StatusOK).Body; string(after) != string(before) {
		t.Errorf("got %s after the score changed, want %s as before", after, before)
	}
}

// TestInterviewerFiguresVisibility checks that HR and admins see the figures of all jobs, and team leads those of the
// jobs of which they are members, but not those of other jobs for which they are panelists. The filter job_id selects
// one job.
func TestInterviewerFiguresVisibility(t *testing.T) {
	t.Parallel()
	f := newInterviewFixture(t)
	globex := f.Company("globex")
	lead := f.acme.Users[api.RoleTeamLead]
	mine, other := f.Job(api.JobStatusOpen, lead), f.Job(api.JobStatusOpen)
	anna, ben := f.User(f.acme, "anna", api.RoleEmployee), f.User(f.acme, "ben", api.RoleEmployee)
	f.addScore(f.addInterview(mine, "completed", anna), anna, 2)
	f.addScore(f.addInterview(other, "awaiting_scores", anna, lead), anna, 4)
	f.addInterview(other, "awaiting_scores", ben)

	hiring := f.Installation.Hiring(globex)
	foreign := hiring.Job(api.JobStatusOpen)
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	application := hiring.Application(hiring.Candidate(), foreign, "interview")
	hiring.Interview(application, version, "completed", globex.Users[api.RoleHr])

	ofAll := []api.InterviewerFigures{
		interviewerFigures(anna, 2, 0, 2, value(3)), interviewerFigures(ben, 1, 1, 0, null()),
		interviewerFigures(lead, 1, 1, 0, null()),
	}
	ofMine := []api.InterviewerFigures{interviewerFigures(anna, 1, 0, 1, value(2))}
	ofOther := []api.InterviewerFigures{
		interviewerFigures(anna, 1, 0, 1, value(4)), interviewerFigures(ben, 1, 1, 0, null()),
		interviewerFigures(lead, 1, 1, 0, null()),
	}
	none := []api.InterviewerFigures{}
	query := func(job uuid.UUID) string { return "?job_id=" + job.String() }
	for _, test := range []struct {
		name  string
		role  api.Role
		query string
		want  []api.InterviewerFigures
	}{
		{"HR", api.RoleHr, "", ofAll},
		{"admin", api.RoleAdmin, "", ofAll},
		{"team lead", api.RoleTeamLead, "", ofMine},
		{"HR, job of the team lead", api.RoleHr, query(mine), ofMine},
		{"team lead, own job", api.RoleTeamLead, query(mine), ofMine},
		{"admin, other job", api.RoleAdmin, query(other), ofOther},
		{"team lead, other job", api.RoleTeamLead, query(other), none},
		{"HR, job of another company", api.RoleHr, query(foreign), none},
		{"HR, unknown job", api.RoleHr, query(uuid.Must(uuid.NewV7())), none},
		{"team lead, job of another company", api.RoleTeamLead, query(foreign), none},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := listPage(f.as[test.role].In(t), test.query).Data; !reflect.DeepEqual(got, test.want) {
				t.Errorf("query %q: got\n%+v, want\n%+v", test.query, got, test.want)
			}
		})
	}
	outsider := f.replica.SignIn(t, globex.Users[api.RoleTeamLead])
	if got := listPage(outsider, "").Data; len(got) != 0 {
		t.Errorf("team lead without jobs: got %+v, want none", got)
	}
}

// TestInterviewersAreSortedByName lists interviewers with equal names, with every page size.
func TestInterviewersAreSortedByName(t *testing.T) {
	t.Parallel()
	f := newInterviewFixture(t)
	job := f.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead])
	var users []testkit.User
	for i := range 13 {
		user := f.User(f.acme, fmt.Sprintf("u%d", i), api.RoleEmployee)
		f.Exec(`UPDATE users SET last_name = $2, first_name = $3 WHERE id = $1`, user.ID,
			[]string{"Özil", "özil", "Berg", "berg", "日本"}[i%5], []string{"Ada", "ada", "Bo"}[i%3])
		users = append(users, user)
	}
	f.addInterview(job, "scheduled", users...)
	whole := listPage(f.as[api.RoleHr], "?limit=200").Data
	sorted := slices.IsSortedFunc(whole, func(a, b api.InterviewerFigures) int {
		return cmp.Or(testkit.CompareNames(a.User.LastName, b.User.LastName),
			testkit.CompareNames(a.User.FirstName, b.User.FirstName), strings.Compare(a.User.ID.String(), b.User.ID.String()))
	})
	if len(whole) != 13 || !sorted {
		t.Fatalf("got %d interviewers, in order: %t; want 13 in order", len(whole), sorted)
	}

	cursor := listPage(f.as[api.RoleHr], "?limit=2").NextCursor.MustGet()
	for limit := 1; limit <= 14; limit++ {
		var all []api.InterviewerFigures
		for after, pages := "", 0; pages < 20; pages++ {
			got := listPage(f.as[api.RoleTeamLead], fmt.Sprintf("?limit=%d%s", limit, after))
			if all = append(all, got.Data...); !got.HasMore {
				break
			}
			after = "&cursor=" + got.NextCursor.MustGet()
		}
		if !reflect.DeepEqual(all, whole) {
			t.Errorf("limit %d: got %d interviewers, want the %d of the single page in the same order",
				limit, len(all), len(whole))
		}
	}

	link := f.as[api.RoleHr].Get(interviewers + "?limit=2").Header.Get("Link")
	if want := "<" + interviewers + "?cursor=" + cursor + `&limit=2>; rel="next"`; link != want {
		t.Errorf("got Link %s, want %s", link, want)
	}

	// The cursor is bound to the filter and to the company.
	f.as[api.RoleHr].Get(interviewers+"?job_id="+job.String()+"&cursor="+cursor).
		Refused(http.StatusBadRequest, "invalid_cursor")
	f.replica.SignIn(t, f.Company("globex").Users[api.RoleHr]).Get(interviewers+"?cursor="+cursor).
		Refused(http.StatusBadRequest, "invalid_cursor")
	for _, invalid := range []string{"limit=0", "limit=201", "job_id=x", "job_id=", "sort=name", "cursor=", "q=a"} {
		f.as[api.RoleHr].Get(interviewers+"?"+invalid).Refused(http.StatusBadRequest, "malformed_request")
	}
}
