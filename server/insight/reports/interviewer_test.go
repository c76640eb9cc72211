package reports_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const interviewers = "/api/v1/reports/interviewers"

// panel arranges interviews with the least words: of a job, in a status, held by some users.
type panel struct {
	house
	version uuid.UUID
	ended   time.Time
}

func arrange(t *testing.T) panel {
	t.Helper()
	h := build(t)
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	return panel{h, version, time.Now().UTC().Truncate(time.Hour).Add(-48 * time.Hour)}
}

// held gives an interview of a job that ended at p.ended, half an hour late, or was to end then where it did not.
func (p panel) held(job uuid.UUID, status api.InterviewStatus, users ...testkit.User) uuid.UUID {
	interview := p.Interview(p.Application(p.Candidate(), job, "interview"), p.version, status, users...)
	p.Exec(`UPDATE interviews SET starts_at = $2::timestamptz - INTERVAL '1 hour',
		ends_at = $2::timestamptz - CASE WHEN finished_at IS NULL THEN INTERVAL '0' ELSE INTERVAL '30 minutes' END,
		finished_at = CASE WHEN finished_at IS NOT NULL THEN $2::timestamptz END
		WHERE id = $1 AND starts_at IS NOT NULL`, interview, p.ended)
	return interview
}

// submitted gives a score that came in so many hours after the interview's end.
func (p panel) submitted(interview uuid.UUID, rater testkit.User, hours float64) uuid.UUID {
	score := p.Score(interview, rater, api.ScoreStatusSubmitted, 3)
	p.Exec(`UPDATE scores SET submitted_at = $2 WHERE id = $1`, score, p.ended.Add(time.Duration(hours*float64(time.Hour))))
	return score
}

// reopened notes that a score was submitted so many hours after the interview's end, before HR reopened it.
func (p panel) reopened(score uuid.UUID, hours float64) {
	p.Exec(`INSERT INTO score_revisions (company_id, id, score_id, revision, event, ratings, coverage, submitted_at, reason, actor_id, created_at)
		SELECT company_id, $2, id, (SELECT 1 + count(*) FROM score_revisions WHERE score_id = $1), 'reopen', '[]', 1, $3, 'Wrong.', $4, now()
		FROM scores WHERE id = $1`,
		score, uuid.Must(uuid.NewV7()), p.ended.Add(time.Duration(hours*float64(time.Hour))), p.acme.Users[api.RoleHr].ID)
}

func figure(user testkit.User, interviews, open, submitted int32, median nullable.Nullable[float64]) api.InterviewerFigures {
	name, _, _ := strings.Cut(user.Email, "@")
	return api.InterviewerFigures{
		User:       api.PersonSummary{ID: user.ID, FirstName: name, LastName: "Example"},
		Interviews: interviews, OpenScores: open, SubmittedScores: submitted, MedianHoursToSubmit: median,
	}
}

func list(c *testkit.Client, query string) api.InterviewerFiguresPage {
	return testkit.Decode[api.InterviewerFiguresPage](c.Get(interviewers + query).Expect(http.StatusOK))
}

func TestInterviewersInFigures(t *testing.T) {
	t.Parallel()
	p := arrange(t)
	job := p.Job(api.JobStatusOpen, p.acme.Users[api.RoleTeamLead])
	anna, ben := p.User(p.acme, "anna", api.RoleEmployee), p.User(p.acme, "ben", api.RoleHr)
	carl, dora := p.User(p.acme, "carl", api.RoleEmployee), p.User(p.acme, "dora", api.RoleEmployee)
	emil, fay := p.User(p.acme, "emil", api.RoleEmployee), p.User(p.acme, "fay", api.RoleEmployee)

	// Anna owes one score: neither what has not begun nor what was missed or called off asks for one.
	for _, status := range []api.InterviewStatus{"draft", "scheduled", "no_show", "cancelled", "awaiting_scores"} {
		p.held(job, status, anna)
	}
	p.submitted(p.held(job, "completed", anna, ben), anna, 2)
	p.submitted(p.held(job, "completed", anna), anna, 5)

	// Of Ben no score is required, so none is open; nor does a draft count as submitted.
	p.Score(p.held(job, "in_progress", ben), ben, api.ScoreStatusDraft, 5)
	p.Exec(`UPDATE interview_panelists SET score_required = false WHERE user_id = $1`, ben.ID)

	// Carl was reopened twice and is measured by the first time, and wrote one anew for one that does not count.
	p.submitted(p.held(job, "awaiting_scores", carl), carl, 0.5)
	again := p.submitted(p.held(job, "awaiting_scores", carl), carl, 30)
	p.reopened(again, 20)
	p.reopened(again, 10)
	anew := p.held(job, "awaiting_scores", carl)
	p.Exec(`UPDATE scores SET status = 'voided' WHERE id = $1`, p.submitted(anew, carl, 1))
	p.submitted(anew, carl, 40)

	// Dora owes a draft, a score that was reopened, and one that is under way; for one HR no longer waits.
	p.Score(p.held(job, "awaiting_scores", dora), dora, api.ScoreStatusDraft, 5)
	open := p.submitted(p.held(job, "awaiting_scores", dora), dora, 1)
	p.reopened(open, 1)
	p.Exec(`UPDATE scores SET status = 'draft', submitted_at = NULL WHERE id = $1`, open)
	p.held(job, "completed", dora)
	p.held(job, "in_progress", dora)

	// An interview that was never finished, because it was broken off, is measured by its planned end.
	broken := p.held(job, "in_progress", emil)
	p.submitted(broken, emil, 1.5)
	p.Exec(`UPDATE interviews SET status = 'cancelled' WHERE id = $1`, broken)

	// Fay was there before the end.
	p.submitted(p.held(job, "awaiting_scores", fay), fay, -0.75)

	want := []api.InterviewerFigures{
		figure(anna, 6, 1, 2, number(3.5)), figure(ben, 2, 0, 0, null()), figure(carl, 3, 0, 3, number(10)),
		figure(dora, 4, 3, 0, null()), figure(emil, 0, 0, 1, number(1.5)), figure(fay, 1, 0, 1, number(0)),
	}
	for _, role := range []api.Role{api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		got := list(p.as[role], "")
		if !reflect.DeepEqual(got.Data, want) || got.HasMore || !got.NextCursor.IsNull() {
			t.Errorf("%s sees\n%+v, want\n%+v", role, got.Data, want)
		}
	}
	p.as[api.RoleEmployee].Get(interviewers).Refused(http.StatusForbidden, "permission_denied")
}

// TestNoRatingIsTold: the figures are the same whatever the ratings are.
func TestNoRatingIsTold(t *testing.T) {
	t.Parallel()
	p := arrange(t)
	rater := p.acme.Users[api.RoleEmployee]
	p.submitted(p.held(p.Job(api.JobStatusOpen), "completed", rater), rater, 2)
	before := p.as[api.RoleHr].Get(interviewers).Expect(http.StatusOK).Body
	p.Exec(`UPDATE scores SET ratings = '[]', recommendation = 'definitely_no', weighted_score = 1, coverage = 0.5, comment = 'Weak.'`)
	if after := p.as[api.RoleHr].Get(interviewers).Expect(http.StatusOK).Body; string(after) != string(before) {
		t.Errorf("it was %s, and is %s", before, after)
	}
}

// TestWhosePanelsCount: a team lead sees the panels of the jobs that they are a member of, even where they sit on others
// themselves, HR and admins all; and everyone those of a job only, when they ask for it.
func TestWhosePanelsCount(t *testing.T) {
	t.Parallel()
	p := arrange(t)
	globex := p.Company("globex")
	lead := p.acme.Users[api.RoleTeamLead]
	mine, other := p.Job(api.JobStatusOpen, lead), p.Job(api.JobStatusOpen)
	anna, ben := p.User(p.acme, "anna", api.RoleEmployee), p.User(p.acme, "ben", api.RoleEmployee)
	p.submitted(p.held(mine, "completed", anna), anna, 2)
	p.submitted(p.held(other, "awaiting_scores", anna, lead), anna, 4)
	p.held(other, "awaiting_scores", ben)

	theirs := p.Installation.Hiring(globex)
	foreign := theirs.Job(api.JobStatusOpen)
	_, version := theirs.KitVersion(api.KitVersionStatusPublished)
	theirs.Interview(theirs.Application(theirs.Candidate(), foreign, "interview"), version, "completed", globex.Users[api.RoleHr])

	whole := []api.InterviewerFigures{figure(anna, 2, 0, 2, number(3)), figure(ben, 1, 1, 0, null()), figure(lead, 1, 1, 0, null())}
	first := []api.InterviewerFigures{figure(anna, 1, 0, 1, number(2))}
	second := []api.InterviewerFigures{figure(anna, 1, 0, 1, number(4)), figure(ben, 1, 1, 0, null()), figure(lead, 1, 1, 0, null())}
	of := func(job uuid.UUID) string { return "?job_id=" + job.String() }
	for _, c := range []struct {
		role  api.Role
		query string
		want  []api.InterviewerFigures
	}{
		{api.RoleHr, "", whole},
		{api.RoleAdmin, "", whole},
		{api.RoleTeamLead, "", first},
		{api.RoleHr, of(mine), first},
		{api.RoleTeamLead, of(mine), first},
		{api.RoleAdmin, of(other), second},
		{api.RoleTeamLead, of(other), []api.InterviewerFigures{}},
		{api.RoleHr, of(foreign), []api.InterviewerFigures{}},
		{api.RoleHr, of(uuid.Must(uuid.NewV7())), []api.InterviewerFigures{}},
		{api.RoleTeamLead, of(foreign), []api.InterviewerFigures{}},
	} {
		if got := list(p.as[c.role], c.query).Data; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s with %q sees\n%+v, want\n%+v", c.role, c.query, got, c.want)
		}
	}
	stranger := p.replica.SignIn(t, globex.Users[api.RoleTeamLead])
	if got := list(stranger, "").Data; len(got) != 0 {
		t.Errorf("a team lead of no job sees %+v", got)
	}
}

// TestInterviewersByName walks people whose names collide.
func TestInterviewersByName(t *testing.T) {
	t.Parallel()
	p := arrange(t)
	job := p.Job(api.JobStatusOpen, p.acme.Users[api.RoleTeamLead])
	var users []testkit.User
	for i := range 13 {
		user := p.User(p.acme, fmt.Sprintf("u%d", i), api.RoleEmployee)
		p.Exec(`UPDATE users SET last_name = $2, first_name = $3 WHERE id = $1`, user.ID,
			[]string{"Özil", "özil", "Berg", "berg", "日本"}[i%5], []string{"Ada", "ada", "Bo"}[i%3])
		users = append(users, user)
	}
	p.held(job, "scheduled", users...)
	whole := list(p.as[api.RoleHr], "?limit=200").Data
	sorted := slices.IsSortedFunc(whole, func(a, b api.InterviewerFigures) int {
		key := func(u api.PersonSummary) string {
			return strings.ToLower(u.LastName) + "\x01" + strings.ToLower(u.FirstName) + "\x01" + u.ID.String()
		}
		return strings.Compare(key(a.User), key(b.User))
	})
	if len(whole) != 13 || !sorted {
		t.Fatalf("%d people, in order: %t", len(whole), sorted)
	}
	cursor := list(p.as[api.RoleHr], "?limit=2").NextCursor.MustGet()
	for limit := 1; limit <= 14; limit++ {
		var walked []api.InterviewerFigures
		for after, pages := "", 0; pages < 20; pages++ {
			got := list(p.as[api.RoleTeamLead], fmt.Sprintf("?limit=%d%s", limit, after))
			if walked = append(walked, got.Data...); !got.HasMore {
				break
			}
			after = "&cursor=" + got.NextCursor.MustGet()
		}
		if !reflect.DeepEqual(walked, whole) {
			t.Errorf("by %d: walked %d people, want %d", limit, len(walked), len(whole))
		}
	}
	link := p.as[api.RoleHr].Get(interviewers + "?limit=2").Header.Get("Link")
	if want := "<" + interviewers + "?cursor=" + cursor + `&limit=2>; rel="next"`; link != want {
		t.Errorf("Link is %s, want %s", link, want)
	}
	p.as[api.RoleHr].Get(interviewers+"?job_id="+job.String()+"&cursor="+cursor).Refused(http.StatusBadRequest, "invalid_cursor")
	p.replica.SignIn(t, p.Company("globex").Users[api.RoleHr]).Get(interviewers+"?cursor="+cursor).
		Refused(http.StatusBadRequest, "invalid_cursor")
	for _, bad := range []string{"limit=0", "limit=201", "job_id=x", "job_id=", "sort=name", "cursor=", "q=a"} {
		p.as[api.RoleHr].Get(interviewers+"?"+bad).Refused(http.StatusBadRequest, "malformed_request")
	}
}
