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

// house is an installation with a company, its people signed in, and an application to a job that the team lead is a
// member of.
type house struct {
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

func build(t *testing.T) house {
	t.Helper()
	installation := testkit.New(t)
	h := house{
		Installation: installation, t: t, replica: installation.Replica(), acme: installation.Company("acme"),
		as: map[api.Role]*testkit.Client{},
	}
	h.hiring = h.Hiring(h.acme)
	h.job = h.hiring.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead])
	h.application = h.hiring.Application(h.hiring.Candidate(), h.job, api.ApplicationStageInterview)
	_, h.version = h.hiring.KitVersion(api.KitVersionStatusPublished)
	for role, user := range h.acme.Users {
		h.as[role] = h.replica.SignIn(t, user)
	}
	return h
}

// interview arranges an interview of the application.
func (h house) interview(status api.InterviewStatus, panel ...testkit.User) uuid.UUID {
	h.t.Helper()
	return h.hiring.Interview(h.application, h.version, status, panel...)
}

// join creates somebody and signs them in.
func (h house) join(name string, role api.Role) (testkit.User, *testkit.Client) {
	h.t.Helper()
	user := h.User(h.acme, name, role)
	return user, h.replica.SignIn(h.t, user)
}

func path(id uuid.UUID, action ...string) string {
	return strings.Join(append([]string{collection, id.String()}, action...), "/")
}

func scoresOf(interview uuid.UUID) string {
	return "/api/v1/interviews/" + interview.String() + "/scores"
}

// object is a body.
type object = map[string]any

// rated is a rating of a criterion as a client sends it, with further members.
func rated(key string, level any, members ...any) object {
	rating := object{"criterion_key": key, "rating": level}
	for i := 0; i+1 < len(members); i += 2 {
		rating[members[i].(string)] = members[i+1]
	}
	return rating
}

// full is a body that can be submitted.
func full(level int, recommendation api.Recommendation) object {
	return object{
		"ratings":        []object{rated("problem_solving", level), rated("communication", level)},
		"recommendation": recommendation, "comment": "Said so at length.",
	}
}

// created begins a score and gives it.
func created(c *testkit.Client, interview uuid.UUID, body any) api.Score {
	return testkit.Decode[api.Score](c.Post(scoresOf(interview), body).Expect(http.StatusCreated))
}

// pointers are what an answer says is wrong, as pointer and code.
func pointers(p api.Problem) []string {
	var found []string
	for _, e := range p.Errors {
		found = append(found, *e.Pointer+" "+e.Code)
	}
	return found
}

func TestCreate(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee := h.acme.Users[api.RoleEmployee]
	interview := h.interview(api.InterviewStatusInProgress, employee)
	answer := h.as[api.RoleEmployee].Post(scoresOf(interview), object{
		"ratings": []object{
			rated("communication", nil, "not_observed", true),
			rated("problem_solving", 4, "note", " Found the cause\nin two steps.\t"),
		},
		"recommendation": "yes", "comment": " Would work with her.\u00a0",
	}).Expect(http.StatusCreated)
	got := testkit.Decode[object](answer)
	want := object{
		"id": got["id"], "interview_id": interview.String(), "application_id": h.application.String(), "job_id": h.job.String(),
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
		t.Errorf("created %v,\nwant    %v", got, want)
	}
	id := uuid.MustParse(got["id"].(string))
	if location := answer.Header.Get("Location"); location != path(id) {
		t.Errorf("Location is %q", location)
	}
	read := h.as[api.RoleEmployee].Get(path(id)).Expect(http.StatusOK)
	if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("created %s %s, read %s %s", answer.Header.Get("ETag"), answer.Body, read.Header.Get("ETag"), read.Body)
	}
}

func TestADraftBeginsWithAsMuchAsThereIsToSay(t *testing.T) {
	t.Parallel()
	h := build(t)
	for name, test := range map[string]struct {
		body     any
		ratings  int
		missing  []api.ContentKey
		weighted any
		coverage float64
	}{
		"nothing":          {nil, 0, []api.ContentKey{"problem_solving"}, nil, 0},
		"an empty object":  {object{}, 0, []api.ContentKey{"problem_solving"}, nil, 0},
		"no ratings":       {object{"ratings": []object{}}, 0, []api.ContentKey{"problem_solving"}, nil, 0},
		"an empty rating":  {object{"ratings": []object{rated("problem_solving", nil)}}, 1, []api.ContentKey{"problem_solving"}, nil, 0},
		"the optional one": {object{"ratings": []object{rated("communication", 2)}}, 1, []api.ContentKey{"problem_solving"}, 2.0, 0.25},
		"both":             {full(3, "no"), 2, []api.ContentKey{}, 3.0, 1},
		"an average":       {object{"ratings": []object{rated("problem_solving", 5), rated("communication", 1)}}, 2, []api.ContentKey{}, 4.0, 1},
	} {
		user, client := h.join("author-of-"+strings.ReplaceAll(name, " ", "-"), api.RoleEmployee)
		score := created(client, h.interview(api.InterviewStatusAwaitingScores, user), test.body)
		weighted, err := score.WeightedScore.Get()
		if (err == nil) != (test.weighted != nil) || err == nil && weighted != test.weighted {
			t.Errorf("%s: weighted score %v", name, score.WeightedScore)
		}
		if (score.WeightedScoreReason != nil) != (test.weighted == nil) ||
			score.WeightedScoreReason != nil && *score.WeightedScoreReason != api.NoFigureReasonNothingObserved {
			t.Errorf("%s: the reason is %v", name, score.WeightedScoreReason)
		}
		if len(score.Ratings) != test.ratings || !slices.Equal(score.MissingCriteria, test.missing) || score.Coverage != test.coverage {
			t.Errorf("%s: created %+v", name, score)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee := h.acme.Users[api.RoleEmployee]
	_, foreignLead := h.join("lead-elsewhere", api.RoleTeamLead)
	_, bystander := h.join("bystander", api.RoleEmployee)
	globex := h.Company("globex")
	outsider := h.replica.SignIn(t, globex.Users[api.RoleAdmin])
	running := h.interview(api.InterviewStatusInProgress, employee)
	for name, test := range map[string]struct {
		by     *testkit.Client
		status int
		code   string
	}{
		"the job's team lead, who is not on the panel": {h.as[api.RoleTeamLead], 403, "role_not_allowed"},
		"hr, who is not on the panel":                  {h.as[api.RoleHr], 403, "role_not_allowed"},
		"an admin, who is not on the panel":            {h.as[api.RoleAdmin], 403, "role_not_allowed"},
		"another job's team lead":                      {foreignLead, 404, "not_found"},
		"an employee without anything to do with it":   {bystander, 404, "not_found"},
		"another company's admin":                      {outsider, 404, "not_found"},
	} {
		if p := test.by.Post(scoresOf(running), full(3, "yes")); p.Status != test.status {
			t.Errorf("%s: %d %s", name, p.Status, p.Body)
		} else {
			p.Refused(test.status, test.code)
		}
	}
	for _, by := range []*testkit.Client{foreignLead, bystander, outsider} {
		unlike(t, by.Post(scoresOf(running), nil), by.Post(scoresOf(uuid.New()), nil))
	}
	for status, actions := range map[api.InterviewStatus][]string{
		api.InterviewStatusDraft: {}, api.InterviewStatusScheduled: {"respond", "start", "mark_no_show"},
		api.InterviewStatusCompleted: {}, api.InterviewStatusNoShow: {}, api.InterviewStatusCancelled: {},
	} {
		p := h.as[api.RoleEmployee].Post(scoresOf(h.interview(status, employee)), nil).Refused(409, "state_conflict")
		if *p.State != string(status) || !slices.Equal(*p.AllowedActions, actions) {
			t.Errorf("%s: state %v, actions %v", status, *p.State, *p.AllowedActions)
		}
	}
	created(h.as[api.RoleEmployee], running, nil)
	h.as[api.RoleEmployee].Post(scoresOf(running), nil).Refused(409, "score_exists")
}

// unlike fails where two refusals differ in anything but the id that was asked for.
func unlike(t *testing.T, one, other *testkit.Answer) {
	t.Helper()
	plain := func(a *testkit.Answer) string {
		var p api.Problem
		a.Into(&p)
		p.RequestID, p.Instance = "", ""
		return fmt.Sprintf("%d %+v", a.Status, p)
	}
	if plain(one) != plain(other) {
		t.Errorf("%s %s differs from\n%s %s:\n%s\n%s",
			one.Request.Method, one.Request.URL.Path, other.Request.Method, other.Request.URL.Path, plain(one), plain(other))
	}
}

func TestEverythingThatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	h := build(t)
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee])
	draft := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee])
	score := created(h.as[api.RoleEmployee], draft, full(4, "yes"))
	for name, test := range map[string]struct {
		body object
		want []string
	}{
		"an unknown criterion": {
			object{"ratings": []object{rated("problem_solving", 3), rated("charm", 3)}}, []string{"/ratings/1/criterion_key unknown_key"},
		},
		"one criterion twice": {
			object{"ratings": []object{rated("communication", 3), rated("communication", 3)}}, []string{"/ratings/1/criterion_key duplicate_key"},
		},
		"rated and not observed": {
			object{"ratings": []object{rated("communication", 3, "not_observed", true)}}, []string{"/ratings/0/not_observed rated_and_not_observed"},
		},
		"a blank note":    {object{"ratings": []object{rated("communication", 3, "note", "\u2003")}}, []string{"/ratings/0/note blank"}},
		"a bell":          {object{"comment": "Loud\u0007."}, []string{"/comment control_character"}},
		"a blank comment": {object{"comment": "\u00a0"}, []string{"/comment blank"}},
		"all at once": {
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
		for _, answer := range []*testkit.Answer{
			h.as[api.RoleEmployee].Post(scoresOf(interview), test.body),
			h.as[api.RoleEmployee].Do("PATCH", path(score.ID), test.body, "If-Match", "*"),
		} {
			if got := pointers(answer.Refused(422, "rule_violated")); !slices.Equal(got, test.want) {
				t.Errorf("%s: %v, want %v", name, got, test.want)
			}
		}
	}
	for name, body := range map[string]object{
		"a level beyond the scale": {"ratings": []object{rated("communication", 6)}},
		"a level below it":         {"ratings": []object{rated("communication", 0)}},
		"half a level":             {"ratings": []object{rated("communication", 2.5)}},
		"no key":                   {"ratings": []object{{"rating": 3}}},
		"null for ratings":         {"ratings": nil},
		"null for recommendation":  {"recommendation": nil},
		"no such recommendation":   {"recommendation": "maybe"},
		"an empty comment":         {"comment": ""},
		"a comment too long":       {"comment": strings.Repeat("x", 10001)},
		"a note too long":          {"ratings": []object{rated("communication", 3, "note", strings.Repeat("x", 4001))}},
		"a rater":                  {"rater_id": uuid.New()},
		"a status":                 {"status": "submitted"},
		"a figure":                 {"weighted_score": 5},
	} {
		for _, answer := range []*testkit.Answer{
			h.as[api.RoleEmployee].Post(scoresOf(interview), body),
			h.as[api.RoleEmployee].Do("PATCH", path(score.ID), body, "If-Match", "*"),
		} {
			if answer.Status != 400 {
				t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
			}
		}
	}
	if got := testkit.Decode[api.Score](h.as[api.RoleEmployee].Get(path(score.ID))); !reflect.DeepEqual(got, score) {
		t.Errorf("what was refused has changed the score: %+v", got)
	}
}

func TestAScoreIsReadAgainOnlyWhenItHasChanged(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee := h.as[api.RoleEmployee]
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee])
	score := created(employee, interview, full(4, "yes"))
	tag := employee.Get(path(score.ID)).Header.Get("ETag")
	same := employee.Do("GET", path(score.ID), nil, "If-None-Match", `"0", `+tag).Expect(http.StatusNotModified)
	if len(same.Body) > 0 || same.Header.Get("ETag") != tag {
		t.Errorf("304 with %q and %q", same.Body, same.Header.Get("ETag"))
	}
	for name, act := range map[string]func(){
		"a rater's new name": func() {
			h.Exec(`UPDATE users SET last_name = 'Renamed' WHERE id = $1`, h.acme.Users[api.RoleEmployee].ID)
		},
		"the interview's end": func() {
			h.Exec(`UPDATE interviews SET status = 'completed', completed_at = now() WHERE id = $1`, interview)
		},
	} {
		before := employee.Get(path(score.ID)).Header.Get("ETag")
		act()
		if employee.Do("GET", path(score.ID), nil, "If-None-Match", before).Expect(http.StatusOK).Header.Get("ETag") == before {
			t.Errorf("%s leaves the tag as it was", name)
		}
	}
}
