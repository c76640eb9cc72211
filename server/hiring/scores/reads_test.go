package scores_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// panelState is what a user is to the panel of an interview.
type panelState string

const (
	notOnPanel    panelState = "not on the panel"
	withoutScore  panelState = "panelist without a score"
	withDraft     panelState = "panelist with a draft"
	withSubmitted panelState = "panelist with a submitted score"
	withVoided    panelState = "panelist with a voided score"
)

func panelStates() []panelState {
	return []panelState{notOnPanel, withoutScore, withDraft, withSubmitted, withVoided}
}

// reader is a user who tries to read the scores of others.
type reader struct {
	role     api.Role
	isMember bool // of the interview's job
	state    panelState
}

// readers returns every combination of role, membership and panel state.
func readers() []reader {
	var all []reader
	for _, role := range access.Roles() {
		for _, isMember := range []bool{false, true} {
			for _, state := range panelStates() {
				all = append(all, reader{api.Role(role), isMember, state})
			}
		}
	}
	return all
}

func (r reader) String() string { return fmt.Sprintf("%s, member %t, %s", r.role, r.isMember, r.state) }

// isManager reports whether a reader is HR or an admin.
func (r reader) isManager() bool { return r.role == api.RoleHr || r.role == api.RoleAdmin }

// leads reports whether a reader is a team lead of the job.
func (r reader) leads() bool { return r.role == api.RoleTeamLead && r.isMember }

// seesInterview reports whether a reader sees the interview.
func (r reader) seesInterview() bool { return r.isManager() || r.leads() || r.state != notOnPanel }

// seesScore reports whether a reader sees the score of another rater. It is the expected visibility rule.
func (r reader) seesScore(status api.ScoreStatus) bool {
	switch {
	case status == api.ScoreStatusDraft:
		return false
	case status == api.ScoreStatusVoided && !r.isManager():
		return false
	case r.state == notOnPanel:
		return r.isManager() || r.leads()
	}
	return r.state == withSubmitted
}

// scenario is an interview for one reader. Its panel has a colleague for each status, with a score of that status.
type scenario struct {
	fixture
	reader
	user                   testkit.User
	client                 *testkit.Client
	interview, application uuid.UUID
	scores                 map[api.ScoreStatus]uuid.UUID
	own                    uuid.UUID // uuid.Nil if the reader has no score
}

func statuses() []api.ScoreStatus {
	return []api.ScoreStatus{api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided}
}

// newScenario creates the scenario of a reader. The job is new too, so that its members are known. Each score of a
// colleague has one revision.
func (f fixture) newScenario(n int, r reader, colleagues map[api.ScoreStatus]testkit.User) scenario {
	f.t.Helper()
	user, client := f.newUser(fmt.Sprintf("reader-%d", n), r.role)
	var members, panel []testkit.User
	if r.isMember {
		members = append(members, user)
	}
	if r.state != notOnPanel {
		panel = append(panel, user)
	}
	for _, status := range statuses() {
		panel = append(panel, colleagues[status])
	}
	job := f.hiring.Job(api.JobStatusOpen, members...)
	application := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageInterview)
	s := scenario{
		fixture: f, reader: r, user: user, client: client, application: application,
		scores:    map[api.ScoreStatus]uuid.UUID{},
		interview: f.hiring.Interview(application, f.version, api.InterviewStatusInProgress, panel...),
	}
	for i, status := range statuses() {
		s.scores[status] = f.hiring.Score(s.interview, colleagues[status], status, i+1)
		f.Exec(`INSERT INTO score_revisions
				(company_id, id, score_id, revision, event, ratings, recommendation, coverage, reason, actor_id, created_at)
			VALUES ($1, $2, $3, 1, 'reopen', '[]', 'no', 0, 'Mistaken.', $4, now())`,
			f.acme.ID, uuid.New(), s.scores[status], f.acme.Users[api.RoleHr].ID)
	}
	switch r.state {
	case withDraft:
		s.own = f.hiring.Score(s.interview, user, api.ScoreStatusDraft, 5)
	case withSubmitted:
		s.own = f.hiring.Score(s.interview, user, api.ScoreStatusSubmitted, 5)
	case withVoided:
		s.own = f.hiring.Score(s.interview, user, api.ScoreStatusVoided, 5)
	case notOnPanel, withoutScore:
	}
	return s
}

// TestScoreVisibilityMatrix requests every operation that shows or changes a score, as every reader, for a colleague's
// score of every status and for the reader's own score.
func TestScoreVisibilityMatrix(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	colleagues := map[api.ScoreStatus]testkit.User{}
	for _, status := range statuses() {
		colleagues[status] = f.User(f.acme, "rater-of-a-"+string(status), api.RoleEmployee)
	}
	store := f.Store(1)

	for n, r := range readers() {
		s := f.newScenario(n, r, colleagues)
		visible := []string{}
		for _, status := range statuses() {
			sees := r.seesScore(status)
			if sees {
				visible = append(visible, s.scores[status].String())
			}
			found := s.requestScore(s.scores[status])
			maps.Copy(found, s.queryScore(store, s.scores[status]))
			for operation, found := range found {
				if found != sees {
					t.Errorf("%s: %s finds a colleague's %s score: %t, want %t", r, operation, status, found, sees)
				}
			}
		}
		if s.own != uuid.Nil {
			visible = append(visible, s.own.String())
			for operation, found := range s.requestScore(s.own) {
				if !found {
					t.Errorf("%s: %s does not find the reader's own score", r, operation)
				}
			}
		}
		slices.Sort(visible)
		for operation, got := range s.listedScores() {
			if slices.Sort(got); !slices.Equal(got, visible) {
				t.Errorf("%s: %s: got %v, want %v", r, operation, got, visible)
			}
		}
		s.checkSummaries()
	}
}

// requestScore requests every operation on one score and reports which of them find it. The requests for actions are
// invalid, so that they change nothing: a score that is found is refused because of the reason, the state or the role.
func (s scenario) requestScore(id uuid.UUID) map[string]bool {
	s.t.Helper()
	found := map[string]bool{}
	check := func(operation string, got, missing *testkit.Answer, expected ...int) {
		s.t.Helper()
		if found[operation] = got.Status != http.StatusNotFound; !found[operation] {
			requireSameRefusal(s.t, got, missing)
		} else if !slices.Contains(expected, got.Status) {
			s.t.Errorf("%s: %s: got %d %s, want one of %v", s.reader, operation, got.Status, got.Body, expected)
		}
	}
	missing := uuid.New()
	check("GetScore", s.client.Get(path(id)), s.client.Get(path(missing)), 200)
	revisions := s.client.Get(path(id, "revisions"))
	check("ListScoreRevisions", revisions, s.client.Get(path(missing, "revisions")), 200)
	if found["ListScoreRevisions"] && id != s.own {
		if got := testkit.Decode[api.ScoreRevisionPage](revisions).Data; len(got) != 1 {
			s.t.Errorf("%s: got %d revisions, want 1", s.reader, len(got))
		}
	}
	if s.isManager() {
		reason := object{"reason": "\u0007"}
		for _, action := range []string{"reopen", "void"} {
			expected := []int{409, 422}
			if id == s.own {
				expected = []int{403}
			}
			check(action, s.client.Post(path(id, action), reason), s.client.Post(path(missing, action), reason), expected...)
		}
	}
	return found
}

// queryScore runs each query for one score by itself and reports which of them find it. An operation runs several of
// them; each must apply the visibility rule, not only the first.
func (s scenario) queryScore(store *postgres.Store, id uuid.UUID) map[string]bool {
	s.t.Helper()
	ctx, tenant := s.t.Context(), store.Of(s.acme.ID)
	actor := access.Actor{Kind: access.KindUser, CompanyID: s.acme.ID, ID: s.user.ID, Role: stored.Role(s.user.Role)}
	query := db.GetScoreForUpdateParams{
		CompanyID: s.acme.ID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	}
	found := map[string]bool{}
	check := func(name string, err error) {
		s.t.Helper()
		if found[name] = err == nil; err != nil && !fault.Is(err, fault.ResourceNotFound) {
			s.t.Errorf("%s: %s: got %v, want a row or ResourceNotFound", s.reader, name, err)
		}
	}
	_, err := tenant.GetScore(ctx, db.GetScoreParams{
		CompanyID: query.CompanyID, ActorID: query.ActorID, Reach: query.Reach, ID: id,
	})
	check("query GetScore", err)
	_, err = tenant.GetScoredInterviewForUpdate(ctx, db.GetScoredInterviewForUpdateParams(query))
	check("query GetScoredInterviewForUpdate", err)
	_, err = tenant.GetScoreForUpdate(ctx, query)
	check("query GetScoreForUpdate", err)
	revisions, err := tenant.ListScoreRevisions(ctx, db.ListScoreRevisionsParams{
		CompanyID: query.CompanyID, ActorID: query.ActorID, Reach: query.Reach, ScoreID: id, MaxRows: 1,
	})
	check("query ListScoreRevisions", err)
	found["query ListScoreRevisions"] = len(revisions) > 0

	query.OwnOnly = true
	_, interviewErr := tenant.GetScoredInterviewForUpdate(ctx, db.GetScoredInterviewForUpdateParams(query))
	_, scoreErr := tenant.GetScoreForUpdate(ctx, query)
	if isOwn := id == s.own; (interviewErr == nil) != isOwn || (scoreErr == nil) != isOwn {
		s.t.Errorf("%s: queries with OwnOnly: got %v and %v; own score: %t", s.reader, interviewErr, scoreErr, isOwn)
	}
	return found
}

// listedScores returns the ids of the interview's scores that each operation with several scores shows.
func (s scenario) listedScores() map[string][]string {
	s.t.Helper()
	const byStatus, inNDJSON, inCSV = "lists by status", "NDJSON export", "CSV export"
	found := map[string][]string{byStatus: {}, inNDJSON: {}, inCSV: {}}
	get := func(query string) []api.Score {
		s.t.Helper()
		return testkit.Decode[api.ScorePage](s.client.Get(collection + query).Expect(http.StatusOK)).Data
	}
	for name, query := range map[string]string{
		"list by interview":   "?limit=200&interview_id=" + s.interview.String(),
		"list of all":         "?limit=200",
		"list by application": "?limit=200&sort=-updated_at&application_id=" + s.application.String(),
	} {
		found[name] = nil
		for _, score := range get(query) {
			if score.InterviewID == s.interview {
				found[name] = append(found[name], score.ID.String())
			}
		}
	}
	for _, status := range statuses() {
		for _, score := range get(fmt.Sprintf("?interview_id=%s&status=%s", s.interview, status)) {
			found[byStatus] = append(found[byStatus], score.ID.String())
		}
	}
	filter := "interview_id=" + s.interview.String()
	for _, score := range exportNDJSON(s.t, s.client, "?"+filter) {
		found[inNDJSON] = append(found[inNDJSON], score.ID.String())
	}
	for _, row := range exportCSV(s.t, s.client, "&"+filter)[1:] {
		found[inCSV] = append(found[inCSV], row[0])
	}
	found[inCSV] = slices.Compact(found[inCSV])
	return found
}

// checkSummaries compares the summaries of interview and application with the visibility rule.
func (s scenario) checkSummaries() {
	s.t.Helper()
	get := func(resource string, id uuid.UUID) *testkit.Answer {
		return s.client.Get("/api/v1/" + resource + "/" + id.String() + "/summary")
	}
	ofInterview, ofApplication := get("interviews", s.interview), get("applications", s.application)
	if !s.seesInterview() {
		requireSameRefusal(s.t, ofInterview, get("interviews", uuid.New()))
		requireSameRefusal(s.t, ofApplication, get("applications", uuid.New()))
		ofInterview.Refused(http.StatusNotFound, "not_found")
		ofApplication.Refused(http.StatusNotFound, "not_found")
		return
	}
	scores := int32(0) // the colleague's submitted score and the reader's own
	if s.seesScore(api.ScoreStatusSubmitted) {
		scores++
	}
	if s.state == withSubmitted {
		scores++
	}
	isBlinded := s.state != notOnPanel && s.state != withSubmitted
	interview := testkit.Decode[api.InterviewSummary](ofInterview.Expect(http.StatusOK))
	if interview.Figures.Scores != scores || interview.Blinded != isBlinded {
		s.t.Errorf("%s: interview summary: got %+v, want %d scores, blinded %t", s.reader, interview, scores, isBlinded)
	}
	application := testkit.Decode[api.ApplicationSummary](ofApplication.Expect(http.StatusOK))
	if application.Figures.Scores != scores || application.Interviews[0].Scores != scores ||
		application.Interviews[0].Blinded != isBlinded || (application.BlindedInterviews == 1) != isBlinded {
		s.t.Errorf("%s: application summary: got %+v, want %d scores, blinded %t", s.reader, application, scores, isBlinded)
	}
}
