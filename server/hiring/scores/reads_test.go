package scores_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// seat is what somebody has on the panel of an interview.
type seat string

const (
	absent    seat = "not on the panel"
	empty     seat = "on the panel without a score"
	drafting  seat = "on the panel with a draft"
	submitted seat = "on the panel with a submitted score"
	voided    seat = "on the panel with a voided score"
)

func seats() []seat { return []seat{absent, empty, drafting, submitted, voided} }

// reader is somebody who might read the scores of others.
type reader struct {
	role   api.Role
	member bool // of the interview's job
	seat   seat
}

func readers() []reader {
	var all []reader
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		for _, member := range []bool{false, true} {
			for _, at := range seats() {
				all = append(all, reader{role, member, at})
			}
		}
	}
	return all
}

// manages says whether a reader is HR or an admin; leads, whether they are a team lead whose job it is.
func (r reader) manages() bool { return r.role == api.RoleHr || r.role == api.RoleAdmin }
func (r reader) leads() bool   { return r.role == api.RoleTeamLead && r.member }

// sees says whether a reader sees the interview at all.
func (r reader) sees() bool { return r.manages() || r.leads() || r.seat != absent }

// reads is the whole rule of who reads another's score, written by hand.
func (r reader) reads(status api.ScoreStatus) bool {
	switch {
	case status == api.ScoreStatusDraft:
		return false
	case status == api.ScoreStatusVoided && !r.manages():
		return false
	case r.seat == absent:
		return r.manages() || r.leads()
	}
	return r.seat == submitted
}

// scene is an interview of its own for one reader: a colleague for each status, with a score of that status.
type scene struct {
	house
	reader
	user                   testkit.User
	client                 *testkit.Client
	interview, application uuid.UUID
	scores                 map[api.ScoreStatus]uuid.UUID
	own                    uuid.UUID
}

func statuses() []api.ScoreStatus {
	return []api.ScoreStatus{api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided}
}

// scene arranges what a reader might read. The names of readers do not say what they are, so that nothing is found by them.
func (h house) scene(n int, r reader, colleagues map[api.ScoreStatus]testkit.User) scene {
	h.t.Helper()
	user, client := h.join(fmt.Sprintf("reader-%d", n), r.role)
	var members, panel []testkit.User
	if r.member {
		members = append(members, user)
	}
	if r.seat != absent {
		panel = append(panel, user)
	}
	for _, status := range statuses() {
		panel = append(panel, colleagues[status])
	}
	job := h.hiring.Job(api.JobStatusOpen, members...)
	application := h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageInterview)
	s := scene{
		house: h, reader: r, user: user, client: client, application: application, scores: map[api.ScoreStatus]uuid.UUID{},
		interview: h.hiring.Interview(application, h.version, api.InterviewStatusInProgress, panel...),
	}
	for i, status := range statuses() {
		s.scores[status] = h.hiring.Score(s.interview, colleagues[status], status, i+1)
		h.Exec(`INSERT INTO score_revisions (company_id, id, score_id, revision, event, ratings, recommendation, coverage, reason, actor_id, created_at)
			VALUES ($1, $2, $3, 1, 'reopen', '[]', 'no', 0, 'Mistaken.', $4, now())`,
			h.acme.ID, uuid.New(), s.scores[status], h.acme.Users[api.RoleHr].ID)
	}
	switch r.seat {
	case drafting:
		s.own = h.hiring.Score(s.interview, user, api.ScoreStatusDraft, 5)
	case submitted:
		s.own = h.hiring.Score(s.interview, user, api.ScoreStatusSubmitted, 5)
	case voided:
		s.own = h.hiring.Score(s.interview, user, api.ScoreStatusVoided, 5)
	case absent, empty:
	}
	return s
}

// TestWhoReadsWhat asks every operation that shows or touches a score, as every reader, for a colleague's score of every
// status, and for the reader's own.
func TestWhoReadsWhat(t *testing.T) {
	t.Parallel()
	h := build(t)
	colleagues := map[api.ScoreStatus]testkit.User{}
	for _, status := range statuses() {
		colleagues[status] = h.User(h.acme, "author-of-a-"+string(status), api.RoleEmployee)
	}
	kept, err := postgres.Open(t.Context(), postgres.Options{URL: h.DatabaseURL, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kept.Close)
	for n, r := range readers() {
		s := h.scene(n, r, colleagues)
		name := fmt.Sprintf("%s, member %t, %s", r.role, r.member, r.seat)
		want := []string{}
		for _, status := range statuses() {
			reads := r.reads(status)
			if reads {
				want = append(want, s.scores[status].String())
			}
			found := s.touch(s.scores[status])
			maps.Copy(found, s.statements(kept, s.scores[status]))
			for what, found := range found {
				if found != reads {
					t.Errorf("%s: %s finds a colleague's %s score: %t", name, what, status, found)
				}
			}
		}
		if s.own != uuid.Nil {
			want = append(want, s.own.String())
			for what, found := range s.touch(s.own) {
				if !found {
					t.Errorf("%s: %s does not find one's own score", name, what)
				}
			}
		}
		slices.Sort(want)
		for what, got := range s.collect() {
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("%s: %s gives %d scores, want %d", name, what, len(got), len(want))
			}
		}
		s.sums(name)
	}
}

// touch asks every operation on one score whether it is there. An act is refused for another reason where it is: a
// reason that cannot be kept, a state, or that it is one's own.
func (s scene) touch(id uuid.UUID) map[string]bool {
	s.t.Helper()
	found := map[string]bool{}
	ask := func(what string, answer, random *testkit.Answer, expected ...int) {
		s.t.Helper()
		if found[what] = answer.Status != http.StatusNotFound; !found[what] {
			unlike(s.t, answer, random)
		} else if !slices.Contains(expected, answer.Status) {
			s.t.Errorf("%s of a score that is there: %d %s", what, answer.Status, answer.Body)
		}
	}
	random := uuid.New()
	ask("GET", s.client.Get(path(id)), s.client.Get(path(random)), 200)
	ask("the revisions", s.client.Get(path(id, "revisions")), s.client.Get(path(random, "revisions")), 200)
	if found["the revisions"] && id != s.own {
		var page api.ScoreRevisionPage
		if s.client.Get(path(id, "revisions")).Into(&page); len(page.Data) != 1 {
			s.t.Errorf("%d revisions, want 1", len(page.Data))
		}
	}
	if s.manages() {
		reason := object{"reason": "\u0007"}
		for _, act := range []string{"reopen", "void"} {
			expected := []int{409, 422}
			if id == s.own {
				expected = []int{403}
			}
			ask(act, s.client.Post(path(id, act), reason), s.client.Post(path(random, act), reason), expected...)
		}
	}
	return found
}

// statements asks each statement about one score by itself: where an operation runs several of them, each applies the
// rule although another has applied it before.
func (s scene) statements(kept *postgres.Store, id uuid.UUID) map[string]bool {
	s.t.Helper()
	ctx, tenant := s.t.Context(), kept.Of(s.acme.ID)
	actor := access.Actor{CompanyID: s.acme.ID, ID: s.user.ID, Role: s.user.Role}
	by := db.GetScoreForUpdateParams{CompanyID: s.acme.ID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id}
	found := map[string]bool{}
	note := func(what string, err error) {
		if found[what] = err == nil; err != nil && !fault.Is(err, fault.ResourceNotFound) {
			s.t.Errorf("%s: %v", what, err)
		}
	}
	_, err := tenant.GetScore(ctx, db.GetScoreParams{CompanyID: by.CompanyID, ActorID: by.ActorID, Reach: by.Reach, ID: id})
	note("the statement GetScore", err)
	_, err = tenant.GetScoredInterviewForUpdate(ctx, db.GetScoredInterviewForUpdateParams(by))
	note("the statement GetScoredInterviewForUpdate", err)
	_, err = tenant.GetScoreForUpdate(ctx, by)
	note("the statement GetScoreForUpdate", err)
	revisions, err := tenant.ListScoreRevisions(ctx, db.ListScoreRevisionsParams{
		CompanyID: by.CompanyID, ActorID: by.ActorID, Reach: by.Reach, ScoreID: id, MaxRows: 1,
	})
	note("the statement ListScoreRevisions", err)
	found["the statement ListScoreRevisions"] = len(revisions) > 0
	by.OwnOnly = true
	_, err = tenant.GetScoredInterviewForUpdate(ctx, db.GetScoredInterviewForUpdateParams(by))
	if _, err2 := tenant.GetScoreForUpdate(ctx, by); (err == nil) != (id == s.own) || (err2 == nil) != (id == s.own) {
		s.t.Errorf("another's score is found as one's own: %v, %v", err, err2)
	}
	return found
}

// collect gives the scores of the scene's interview as each operation that gives several shows them.
func (s scene) collect() map[string][]string {
	s.t.Helper()
	found := map[string][]string{"the lists by status": {}, "the export": {}, "the table": {}}
	for what, query := range map[string]string{
		"the list by interview": "?limit=200&interview_id=" + s.interview.String(), "the whole list": "?limit=200",
		"the list by application": "?limit=200&sort=-updated_at&application_id=" + s.application.String(),
	} {
		found[what] = nil
		for _, score := range testkit.Decode[api.ScorePage](s.client.Get(collection + query).Expect(http.StatusOK)).Data {
			if score.InterviewID == s.interview {
				found[what] = append(found[what], score.ID.String())
			}
		}
	}
	for _, status := range statuses() {
		query := fmt.Sprintf("?interview_id=%s&status=%s", s.interview, status)
		for _, score := range testkit.Decode[api.ScorePage](s.client.Get(collection + query).Expect(http.StatusOK)).Data {
			found["the lists by status"] = append(found["the lists by status"], score.ID.String())
		}
	}
	query := "/export?interview_id=" + s.interview.String()
	for line := range strings.Lines(string(s.client.Get(collection + query).Expect(http.StatusOK).Body)) {
		var score api.Score
		if err := json.Unmarshal([]byte(line), &score); err != nil {
			s.t.Fatal(err)
		}
		found["the export"] = append(found["the export"], score.ID.String())
	}
	table, err := csv.NewReader(strings.NewReader(string(s.client.Get(collection + query + "&format=csv").Body))).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, row := range table[1:] {
		found["the table"] = append(found["the table"], row[0])
	}
	found["the table"] = slices.Compact(found["the table"])
	return found
}

// sums holds the summaries against the rule.
func (s scene) sums(name string) {
	s.t.Helper()
	one := s.client.Get("/api/v1/interviews/" + s.interview.String() + "/summary")
	all := s.client.Get("/api/v1/applications/" + s.application.String() + "/summary")
	if !s.sees() {
		unlike(s.t, one, s.client.Get("/api/v1/interviews/"+uuid.NewString()+"/summary"))
		unlike(s.t, all, s.client.Get("/api/v1/applications/"+uuid.NewString()+"/summary"))
		one.Refused(404, "not_found")
		all.Refused(404, "not_found")
		return
	}
	want := int32(0) // the colleague's submitted score, and the reader's own
	if s.reads(api.ScoreStatusSubmitted) {
		want++
	}
	if s.seat == submitted {
		want++
	}
	blind := s.seat != absent && s.seat != submitted
	interview := testkit.Decode[api.InterviewSummary](one.Expect(http.StatusOK))
	application := testkit.Decode[api.ApplicationSummary](all.Expect(http.StatusOK))
	if interview.Figures.Scores != want || interview.Blinded != blind {
		s.t.Errorf("%s: the interview's summary is %+v", name, interview)
	}
	if application.Figures.Scores != want || application.Interviews[0].Scores != want || application.Interviews[0].Blinded != blind ||
		(application.BlindedInterviews == 1) != blind {
		s.t.Errorf("%s: the application's summary is %+v", name, application)
	}
}
