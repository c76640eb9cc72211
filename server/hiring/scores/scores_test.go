package scores_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const collection = "/api/v1/scores"

// fixture is an installation with one replica, a company whose users are signed in, and an application to a job of
// which the team lead is a member.
type fixture struct {
	*testkit.Installation
	t           *testing.T
	replica     *testkit.Replica
	acme        testkit.Company
	hiring      *testkit.Hiring
	as          map[api.Role]*testkit.Client
	job         uuid.UUID
	application uuid.UUID
	version     uuid.UUID
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation := testkit.New(t)
	f := fixture{
		Installation: installation, t: t, replica: installation.Replica(), acme: installation.Company("acme"),
		as: map[api.Role]*testkit.Client{},
	}
	f.hiring = f.Hiring(f.acme)
	f.job = f.hiring.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead])
	f.application = f.hiring.Application(f.hiring.Candidate(), f.job, api.ApplicationStageInterview)
	_, f.version = f.hiring.KitVersion(api.KitVersionStatusPublished)
	for role, user := range f.acme.Users {
		f.as[role] = f.replica.SignIn(t, user)
	}
	return f
}

// interview creates an interview of the application. Its kit has the criteria problem_solving, which is required and
// has weight 3, and communication, which is optional and has weight 1.
func (f fixture) interview(status api.InterviewStatus, panel ...testkit.User) uuid.UUID {
	f.t.Helper()
	return f.hiring.Interview(f.application, f.version, status, panel...)
}

// newUser creates a user and signs them in.
func (f fixture) newUser(name string, role api.Role) (testkit.User, *testkit.Client) {
	f.t.Helper()
	user := f.User(f.acme, name, role)
	return user, f.replica.SignIn(f.t, user)
}

// path returns the path of a score, or of an action on it.
func path(id uuid.UUID, action ...string) string {
	return strings.Join(append([]string{collection, id.String()}, action...), "/")
}

func scoresOf(interview uuid.UUID) string {
	return "/api/v1/interviews/" + interview.String() + "/scores"
}

// object is the body of a request.
type object = map[string]any

// rated returns a rating of a request. The members are names and values of further members.
func rated(key string, level any, members ...any) object {
	rating := object{"criterion_key": key, "rating": level}
	for i := 0; i+1 < len(members); i += 2 {
		rating[members[i].(string)] = members[i+1]
	}
	return rating
}

// comment is the comment of every completeBody.
const comment = "Explained every step."

// completeBody returns a body with which a score can be submitted.
func completeBody(level int, recommendation api.Recommendation) object {
	return object{
		"ratings":        []object{rated("problem_solving", level), rated("communication", level)},
		"recommendation": recommendation, "comment": comment,
	}
}

func createScore(c *testkit.Client, interview uuid.UUID, body any) api.Score {
	return testkit.Decode[api.Score](c.Post(scoresOf(interview), body).Expect(http.StatusCreated))
}

func getScore(c *testkit.Client, id uuid.UUID) api.Score {
	return testkit.Decode[api.Score](c.Get(path(id)).Expect(http.StatusOK))
}

// fieldErrors returns the errors of a problem, as pointers and codes.
func fieldErrors(p api.Problem) []string {
	var found []string
	for _, e := range p.Errors {
		found = append(found, *e.Pointer+" "+e.Code)
	}
	return found
}

// requireSameRefusal fails if two refusals differ in more than request id and instance, or if one is a success.
func requireSameRefusal(t *testing.T, got, want *testkit.Answer) {
	t.Helper()
	format := func(a *testkit.Answer) string {
		if a.Status < http.StatusBadRequest {
			t.Errorf("%s %s: got status %d, want a refusal", a.Request.Method, a.Request.URL.Path, a.Status)
		}
		var p api.Problem
		a.Into(&p)
		p.RequestID, p.Instance = "", ""
		return fmt.Sprintf("%d %+v", a.Status, p)
	}
	if one, other := format(got), format(want); one != other {
		t.Errorf("%s %s: got\n%s\nwant the answer of %s:\n%s",
			got.Request.Method, got.Request.URL.Path, one, want.Request.URL.Path, other)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee := f.acme.Users[api.RoleEmployee]
	interview := f.interview(api.InterviewStatusInProgress, employee)
	answer := f.as[api.RoleEmployee].Post(scoresOf(interview), object{
		"ratings": []object{
			rated("communication", nil, "not_observed", true),
			rated("problem_solving", 4, "note", " Found the cause\nin two steps.\t"),
		},
		"recommendation": "yes", "comment": " Would work with her.\u00a0",
	}).Expect(http.StatusCreated)

	got := testkit.Decode[object](answer)
	want := object{
		"id": got["id"], "interview_id": interview.String(), "application_id": f.application.String(),
		"job_id": f.job.String(),
		"rater":  object{"id": employee.ID.String(), "first_name": "employee", "last_name": "Example"},
		"status": "draft", "revision": 1.0,
		"ratings": []any{
			object{"criterion_key": "problem_solving", "rating": 4.0, "not_observed": false, "note": "Found the cause\nin two steps."},
			object{"criterion_key": "communication", "rating": nil, "not_observed": true, "note": nil},
		},
		"recommendation": "yes", "comment": "Would work with her.", "weighted_score": 4.0, "coverage": 0.75,
		"missing_criteria": []any{}, "submitted_at": nil, "status_reason": nil, "allowed_actions": []any{"update", "submit"},
		"created_at": got["created_at"], "updated_at": got["created_at"],
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v,\nwant %v", got, want)
	}

	id := uuid.MustParse(got["id"].(string))
	if location := answer.Header.Get("Location"); location != path(id) {
		t.Errorf("Location: got %q, want %q", location, path(id))
	}
	read := f.as[api.RoleEmployee].Get(path(id)).Expect(http.StatusOK)
	if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("read: got %s %s, want %s %s", read.Header.Get("ETag"), read.Body, answer.Header.Get("ETag"), answer.Body)
	}
}

func TestCreatePartialDraft(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	missing := []api.ContentKey{"problem_solving"}
	for name, test := range map[string]struct {
		body     any
		ratings  int
		missing  []api.ContentKey
		weighted any // nil means no weighted score
		coverage float64
	}{
		"no body":                {nil, 0, missing, nil, 0},
		"empty object":           {object{}, 0, missing, nil, 0},
		"no ratings":             {object{"ratings": []object{}}, 0, missing, nil, 0},
		"rating without a level": {object{"ratings": []object{rated("problem_solving", nil)}}, 1, missing, nil, 0},
		"optional criterion":     {object{"ratings": []object{rated("communication", 2)}}, 1, missing, 2.0, 0.25},
		"both criteria":          {completeBody(3, "no"), 2, []api.ContentKey{}, 3.0, 1},
		"different ratings": {
			object{"ratings": []object{rated("problem_solving", 5), rated("communication", 1)}}, 2, []api.ContentKey{}, 4.0, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			user, client := f.newUser("rater-"+strings.ReplaceAll(name, " ", "-"), api.RoleEmployee)
			got := createScore(client, f.interview(api.InterviewStatusAwaitingScores, user), test.body)

			if weighted, err := got.WeightedScore.Get(); test.weighted == nil {
				if err == nil || got.WeightedScoreReason == nil ||
					*got.WeightedScoreReason != api.NoFigureReasonNothingObserved {
					t.Errorf("got weighted score %v and reason %v, want nothing_observed", got.WeightedScore, got.WeightedScoreReason)
				}
			} else if err != nil || weighted != test.weighted || got.WeightedScoreReason != nil {
				t.Errorf("got weighted score %v and reason %v, want %v", got.WeightedScore, got.WeightedScoreReason, test.weighted)
			}
			if len(got.Ratings) != test.ratings || !slices.Equal(got.MissingCriteria, test.missing) ||
				got.Coverage != test.coverage {
				t.Errorf("got %+v, want %d ratings, missing %v, coverage %v", got, test.ratings, test.missing, test.coverage)
			}
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee := f.acme.Users[api.RoleEmployee]
	_, otherLead := f.newUser("other-lead", api.RoleTeamLead)
	_, otherEmployee := f.newUser("other-employee", api.RoleEmployee)
	stranger := f.replica.SignIn(t, f.Company("globex").Users[api.RoleAdmin])
	interview := f.interview(api.InterviewStatusInProgress, employee)

	// Only panelists create scores.
	for name, client := range map[string]*testkit.Client{
		"team lead of the job": f.as[api.RoleTeamLead], "HR": f.as[api.RoleHr], "admin": f.as[api.RoleAdmin],
	} {
		t.Run(name, func(t *testing.T) {
			client.In(t).Post(scoresOf(interview), completeBody(3, "yes")).Refused(http.StatusForbidden, "role_not_allowed")
		})
	}
	for name, client := range map[string]*testkit.Client{
		"team lead of another job": otherLead, "employee": otherEmployee, "admin of another company": stranger,
	} {
		t.Run(name, func(t *testing.T) {
			client.In(t).Post(scoresOf(interview), completeBody(3, "yes")).Refused(http.StatusNotFound, "not_found")
			requireSameRefusal(t, client.In(t).Post(scoresOf(interview), nil), client.In(t).Post(scoresOf(uuid.New()), nil))
		})
	}

	// The interview must take scores.
	for status, actions := range map[api.InterviewStatus][]string{
		api.InterviewStatusDraft: {}, api.InterviewStatusScheduled: {"respond", "start", "mark_no_show"},
		api.InterviewStatusCompleted: {}, api.InterviewStatusNoShow: {}, api.InterviewStatusCancelled: {},
	} {
		t.Run(string(status), func(t *testing.T) {
			answer := f.as[api.RoleEmployee].In(t).Post(scoresOf(f.interview(status, employee)), nil)
			p := answer.Refused(http.StatusConflict, "state_conflict")
			if *p.State != string(status) || !slices.Equal(*p.AllowedActions, actions) {
				t.Errorf("got state %s and actions %v, want %s and %v", *p.State, *p.AllowedActions, status, actions)
			}
		})
	}

	// A panelist has one score of an interview.
	createScore(f.as[api.RoleEmployee], interview, nil)
	f.as[api.RoleEmployee].Post(scoresOf(interview), nil).Refused(http.StatusConflict, "score_exists")
}

// TestEveryFlawIsReported sends invalid bodies to CreateScore and UpdateScore.
func TestEveryFlawIsReported(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee := f.as[api.RoleEmployee]
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee])
	interviewOfDraft := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee])
	draft := createScore(employee, interviewOfDraft, completeBody(4, "yes"))
	send := func(body object) []*testkit.Answer {
		return []*testkit.Answer{
			employee.Post(scoresOf(interview), body), employee.Do(http.MethodPatch, path(draft.ID), body, "If-Match", "*"),
		}
	}
	ratings := func(all ...object) object { return object{"ratings": all} }

	// Violations of rules.
	for name, test := range map[string]struct {
		body object
		want []string
	}{
		"unknown criterion": {
			ratings(rated("problem_solving", 3), rated("charm", 3)), []string{"/ratings/1/criterion_key unknown_key"},
		},
		"duplicate criterion": {
			ratings(rated("communication", 3), rated("communication", 3)),
			[]string{"/ratings/1/criterion_key duplicate_key"},
		},
		"rated and not observed": {
			ratings(rated("communication", 3, "not_observed", true)),
			[]string{"/ratings/0/not_observed rated_and_not_observed"},
		},
		"blank note":        {ratings(rated("communication", 3, "note", "\u2003")), []string{"/ratings/0/note blank"}},
		"control character": {object{"comment": "Loud\u0007."}, []string{"/comment control_character"}},
		"blank comment":     {object{"comment": "\u00a0"}, []string{"/comment blank"}},
		"several errors": {
			object{"comment": "\u202e", "ratings": []object{
				rated("charm", 1, "not_observed", true), rated("communication", 1, "note", "\u0001"), rated("charm", nil),
			}},
			[]string{
				"/ratings/0/criterion_key unknown_key", "/ratings/0/not_observed rated_and_not_observed",
				"/ratings/2/criterion_key unknown_key", "/ratings/2/criterion_key duplicate_key",
				"/ratings/1/note control_character", "/comment control_character",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, answer := range send(test.body) {
				got := fieldErrors(answer.Refused(http.StatusUnprocessableEntity, "rule_violated"))
				if !slices.Equal(got, test.want) {
					t.Errorf("got errors %v, want %v", got, test.want)
				}
			}
		})
	}

	// Bodies that do not match the schema.
	for name, body := range map[string]object{
		"level above the maximum":  ratings(rated("communication", 6)),
		"level below the minimum":  ratings(rated("communication", 0)),
		"fractional level":         ratings(rated("communication", 2.5)),
		"no key":                   ratings(object{"rating": 3}),
		"unknown recommendation":   {"recommendation": "maybe"},
		"empty comment":            {"comment": ""},
		"comment of 10001 letters": {"comment": strings.Repeat("x", 10001)},
		"note of 4001 letters":     ratings(rated("communication", 3, "note", strings.Repeat("x", 4001))),
		"rater":                    {"rater_id": uuid.New()},
		"status":                   {"status": "submitted"},
		"figure":                   {"weighted_score": 5},
	} {
		t.Run(name, func(t *testing.T) {
			for _, answer := range send(body) {
				if answer.Status != http.StatusBadRequest {
					t.Errorf("got %d %s, want 400", answer.Status, answer.Body)
				}
			}
		})
	}

	if got := getScore(employee, draft.ID); !reflect.DeepEqual(got, draft) {
		t.Errorf("draft after refused updates: got %+v, want %+v", got, draft)
	}
}

func TestConditionalScoreRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee := f.as[api.RoleEmployee]
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee])
	score := createScore(employee, interview, completeBody(4, "yes"))
	tag := employee.Get(path(score.ID)).Header.Get("ETag")
	read := func(tags string) *testkit.Answer {
		return employee.Do(http.MethodGet, path(score.ID), nil, "If-None-Match", tags)
	}
	unchanged := read(`"0", ` + tag).Expect(http.StatusNotModified)
	if len(unchanged.Body) > 0 || unchanged.Header.Get("ETag") != tag {
		t.Errorf("304: got body %q and ETag %q, want no body and %q", unchanged.Body, unchanged.Header.Get("ETag"), tag)
	}

	// The ETag covers members that change without changing the score's row.
	for name, change := range map[string]func(){
		"rater renamed": func() {
			f.Exec(`UPDATE users SET last_name = 'Renamed' WHERE id = $1`, f.acme.Users[api.RoleEmployee].ID)
		},
		"interview completed": func() {
			f.Exec(`UPDATE interviews SET status = 'completed', completed_at = now() WHERE id = $1`, interview)
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := employee.In(t).Get(path(score.ID)).Header.Get("ETag")
			change()
			if after := read(before).Expect(http.StatusOK).Header.Get("ETag"); after == before {
				t.Errorf("ETag is still %s", after)
			}
		})
	}
}
