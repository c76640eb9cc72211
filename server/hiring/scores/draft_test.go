package scores_test

import (
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestPatchIsAMergePatch(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee := h.as[api.RoleEmployee]
	score := created(employee, h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee]), nil)
	tag := employee.Get(path(score.ID)).Header.Get("ETag")
	for _, step := range []struct {
		name    string
		patch   object
		changes bool
		holds   func(s api.Score) bool
	}{
		{"a comment", object{"comment": " Good. "}, true, func(s api.Score) bool { return s.Comment.MustGet() == "Good." }},
		{"the same comment", object{"comment": "Good.\t"}, false, func(s api.Score) bool { return s.Comment.MustGet() == "Good." }},
		{
			"both ratings, the other way round",
			object{"ratings": []object{rated("communication", 2), rated("problem_solving", 4)}},
			true,
			func(s api.Score) bool {
				return len(s.Ratings) == 2 && s.Ratings[0].CriterionKey == "problem_solving" && s.WeightedScore.MustGet() == 3.5 &&
					s.Coverage == 1 && len(s.MissingCriteria) == 0 && s.Comment.MustGet() == "Good."
			},
		},
		{
			"the same ratings in the kit's order",
			object{"ratings": []object{rated("problem_solving", 4), rated("communication", 2)}},
			false,
			func(s api.Score) bool { return len(s.Ratings) == 2 },
		},
		{"a recommendation", object{"recommendation": "strong_yes"}, true, func(s api.Score) bool { return *s.Recommendation == "strong_yes" }},
		{
			"one rating, which replaces both",
			object{"ratings": []object{rated("communication", nil, "note", "Asked back.")}},
			true,
			func(s api.Score) bool {
				return len(s.Ratings) == 1 && s.Ratings[0].Note.MustGet() == "Asked back." && s.WeightedScore.IsNull() && s.Coverage == 0 &&
					*s.WeightedScoreReason == api.NoFigureReasonNothingObserved && slices.Equal(s.MissingCriteria, []string{"problem_solving"})
			},
		},
		{"no rating", object{"ratings": []object{}}, true, func(s api.Score) bool { return len(s.Ratings) == 0 }},
		{"no comment", object{"comment": nil}, true, func(s api.Score) bool { return s.Comment.IsNull() && *s.Recommendation == "strong_yes" }},
	} {
		answer := employee.Do("PATCH", path(score.ID), step.patch, "If-Match", tag, "Content-Type", "application/merge-patch+json").
			Expect(http.StatusOK)
		is := testkit.Decode[api.Score](answer)
		if !step.holds(is) {
			t.Errorf("%s: %s", step.name, answer.Body)
		}
		next := answer.Header.Get("ETag")
		if (next != tag) != step.changes || is.UpdatedAt.After(score.UpdatedAt) != step.changes {
			t.Errorf("%s: changed is not %t: %s to %s, %s to %s", step.name, step.changes, tag, next, score.UpdatedAt, is.UpdatedAt)
		}
		read := employee.Get(path(score.ID))
		if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != next {
			t.Errorf("%s: answered %s, read %s", step.name, answer.Body, read.Body)
		}
		score, tag = is, next
	}
	h.audited(score.ID, "score.created", "score.updated", "score.updated", "score.updated", "score.updated", "score.updated", "score.updated")
}

func TestPatchSaysWhatItIsBasedOn(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee := h.as[api.RoleEmployee]
	score := created(employee, h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee]), nil)
	tag := employee.Get(path(score.ID)).Header.Get("ETag")
	employee.Patch(path(score.ID), object{"comment": "One."}).Refused(428, "precondition_required")
	employee.Do("PATCH", path(score.ID), object{"comment": "One."}, "If-Match", tag).Expect(http.StatusOK)
	employee.Do("PATCH", path(score.ID), object{"comment": "Two."}, "If-Match", tag).Refused(412, "version_mismatch")
	employee.Do("PATCH", path(score.ID), object{"comment": "Two."}, "If-Match", "W/"+tag).Refused(412, "version_mismatch")
	employee.Do("PATCH", path(score.ID), object{"comment": "Two."}, "If-Match", "*").Expect(http.StatusOK)
	employee.Do("PATCH", path(score.ID), object{}, "If-Match", "*").Refused(400, "malformed_request")
	if got := testkit.Decode[api.Score](employee.Get(path(score.ID))).Comment.MustGet(); got != "Two." {
		t.Errorf("the comment is %q", got)
	}
}

// TestOnlyTheAuthorWrites asks with everybody else, whether they read the score or not: to them it is not there.
func TestOnlyTheAuthorWrites(t *testing.T) {
	t.Parallel()
	h := build(t)
	colleague, onPanel := h.join("colleague", api.RoleEmployee)
	globex := h.Company("globex")
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee], colleague)
	draft := created(h.as[api.RoleEmployee], interview, full(4, "yes"))
	h.hiring.Score(interview, colleague, api.ScoreStatusSubmitted, 2)
	others := map[string]*testkit.Client{
		"a colleague on the panel": onPanel, "the team lead": h.as[api.RoleTeamLead], "hr": h.as[api.RoleHr], "an admin": h.as[api.RoleAdmin],
		"another company": h.replica.SignIn(t, globex.Users[api.RoleHr]),
	}
	for _, status := range []string{"draft", "submitted"} {
		if status == "submitted" {
			h.as[api.RoleEmployee].Post(path(draft.ID, "submit"), nil).Expect(http.StatusOK)
		}
		for name, other := range others {
			t.Logf("%s at a score that is %s", name, status)
			unlike(t, other.Do("PATCH", path(draft.ID), object{"comment": "Mine."}, "If-Match", "*"),
				other.Do("PATCH", path(uuid.New()), object{"comment": "Mine."}, "If-Match", "*"))
			unlike(t, other.Do("PATCH", path(draft.ID), object{"comment": "Mine."}), other.Do("PATCH", path(uuid.New()), object{"comment": "Mine."}))
			unlike(t, other.Post(path(draft.ID, "submit"), nil), other.Post(path(uuid.New(), "submit"), nil))
		}
	}
	if got := testkit.Decode[api.Score](h.as[api.RoleEmployee].Get(path(draft.ID))); got.Comment.MustGet() != "Said so at length." {
		t.Errorf("somebody has written: %+v", got)
	}
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	h := build(t)
	colleague, _ := h.join("colleague", api.RoleEmployee)
	interview := h.interview(api.InterviewStatusAwaitingScores, h.acme.Users[api.RoleHr], colleague)
	hr := h.as[api.RoleHr]
	score := created(hr, interview, object{"ratings": []object{rated("communication", 2), rated("problem_solving", 4)}, "recommendation": "no"})
	if !slices.Equal(score.AllowedActions, []api.ScoreAction{"update", "submit"}) {
		t.Errorf("a draft allows %v", score.AllowedActions)
	}
	answer := hr.Post(path(score.ID, "submit"), nil).Expect(http.StatusOK)
	got := testkit.Decode[api.Score](answer)
	at := got.SubmittedAt.MustGet()
	want := score
	want.Status, want.SubmittedAt, want.UpdatedAt = "submitted", got.SubmittedAt, at
	want.AllowedActions = []api.ScoreAction{}
	if !reflect.DeepEqual(got, want) || at.Before(score.UpdatedAt) || got.WeightedScore.MustGet() != 3.5 || got.Coverage != 1 {
		t.Errorf("submitted %+v\nfrom      %+v", got, score)
	}
	if read := hr.Get(path(score.ID)); string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("submitted %s, read %s", answer.Body, read.Body)
	}
	for _, act := range []*testkit.Answer{
		hr.Post(path(score.ID, "submit"), nil), hr.Do("PATCH", path(score.ID), object{"comment": "More."}, "If-Match", "*"),
		hr.Patch(path(score.ID), object{"comment": "More."}),
	} {
		if p := act.Refused(409, "state_conflict"); *p.State != "submitted" || len(*p.AllowedActions) > 0 {
			t.Errorf("state %v, actions %v", *p.State, *p.AllowedActions)
		}
	}
	h.as[api.RoleEmployee].Post(path(score.ID, "submit"), object{"comment": "More."}).Refused(400, "malformed_request")
	h.audited(score.ID, "score.created", "score.submitted")
	if status := h.status(interview); status != "awaiting_scores" {
		t.Errorf("the interview is %s although a score is missing", status)
	}
}

func TestSubmitNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee := h.as[api.RoleEmployee]
	score := created(employee, h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee]), nil)
	for _, step := range []struct {
		patch object
		want  []string
	}{
		{object{"comment": "Hm."}, []string{"/ratings required", "/recommendation required"}},
		{object{"ratings": []object{rated("communication", 5), rated("problem_solving", nil)}}, []string{"/ratings required", "/recommendation required"}},
		{object{"recommendation": "no_decision"}, []string{"/ratings required"}},
		{object{"ratings": []object{rated("problem_solving", nil, "not_observed", true)}}, nil},
	} {
		employee.Do("PATCH", path(score.ID), step.patch, "If-Match", "*").Expect(http.StatusOK)
		answer := employee.Post(path(score.ID, "submit"), nil)
		if step.want == nil {
			answer.Expect(http.StatusOK)
			break
		}
		p := answer.Refused(422, "rule_violated")
		if got := pointers(p); !slices.Equal(got, step.want) {
			t.Errorf("%v: %v, want %v", step.patch, got, step.want)
		}
		if p.Errors[0].Detail != "needs a rating of problem_solving, or that it was not observed" {
			t.Errorf("the detail is %q", p.Errors[0].Detail)
		}
	}
	got := testkit.Decode[api.Score](employee.Get(path(score.ID)))
	if got.Status != "submitted" || !got.WeightedScore.IsNull() || *got.WeightedScoreReason != "nothing_observed" || got.Coverage != 0 {
		t.Errorf("submitted %+v", got)
	}
}

// TestACompletedInterviewTakesNoScores holds all four actions against interviews whose scores stay as they are.
func TestACompletedInterviewTakesNoScores(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr, employee := h.as[api.RoleHr], h.as[api.RoleEmployee]
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee], h.acme.Users[api.RoleTeamLead])
	draft := created(employee, interview, full(4, "yes"))
	submitted := h.hiring.Score(interview, h.acme.Users[api.RoleTeamLead], api.ScoreStatusSubmitted, 2)
	for status, allowed := range map[string][]string{"completed": {"reopen"}, "cancelled": {}} {
		h.Exec(`UPDATE interviews SET status = $2 WHERE id = $1`, interview, status)
		for _, refused := range []struct {
			answer *testkit.Answer
			want   []string
		}{
			{employee.Do("PATCH", path(draft.ID), object{"comment": "More."}, "If-Match", "*"), []string{}},
			{employee.Post(path(draft.ID, "submit"), nil), []string{}},
			{hr.Post(path(submitted, "reopen"), object{"reason": "A mistake."}), allowed},
			{hr.Post(path(submitted, "void"), object{"reason": "A mistake."}), allowed},
		} {
			p := refused.answer.Refused(409, "state_conflict")
			if *p.State != status || !slices.Equal(*p.AllowedActions, refused.want) {
				t.Errorf("%s: %s: state %s, actions %v", status, refused.answer.Request.URL.Path, *p.State, *p.AllowedActions)
			}
			want := "The interview is " + status + ", and its scores stay as they are; "
			if status == "completed" {
				want += "HR or an admin would have to reopen it first."
			} else {
				want += "nothing changes that."
			}
			if p.Detail != want {
				t.Errorf("the detail is %q", p.Detail)
			}
		}
		for by, id := range map[*testkit.Client]uuid.UUID{employee: draft.ID, hr: submitted} {
			if got := testkit.Decode[api.Score](by.Get(path(id))); len(got.AllowedActions) > 0 {
				t.Errorf("%s: allowed_actions are %v", status, got.AllowedActions)
			}
		}
	}
}

// status is where an interview stands.
func (h house) status(interview uuid.UUID) (status string) {
	h.t.Helper()
	if err := h.Database.QueryRow(h.t.Context(), `SELECT status FROM interviews WHERE id = $1`, interview).Scan(&status); err != nil {
		h.t.Fatal(err)
	}
	return status
}

// audited fails where the audit log says anything else of a score than these actions, in their order, or anything of
// what the score says.
func (h house) audited(score uuid.UUID, actions ...string) {
	h.t.Helper()
	rows, err := h.Database.Query(h.t.Context(), `SELECT l.action, l.resource_type, (
			SELECT string_agg(member, ',' ORDER BY member) FROM jsonb_object_keys(l.details) AS member
		) = 'interview_id,revision' AND l.details->>'interview_id' = (SELECT interview_id::text FROM scores WHERE id = $1)
		FROM audit_logs AS l WHERE l.resource_id = $1 ORDER BY l.created_at, l.id`, score)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var action, resource string
		var bare bool
		if err := rows.Scan(&action, &resource, &bare); err != nil {
			h.t.Fatal(err)
		}
		if resource != "score" || !bare {
			h.t.Errorf("%s: the entry is about a %s, or says more than the interview and the revision", action, resource)
		}
		got = append(got, action)
	}
	if !slices.Equal(got, actions) {
		h.t.Errorf("the audit log says %v, want %v", got, actions)
	}
}
