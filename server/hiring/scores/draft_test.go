package scores_test

import (
	"fmt"
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
	f := newFixture(t)
	employee := f.as[api.RoleEmployee]
	score := createScore(employee, f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee]), nil)
	tag := employee.Get(path(score.ID)).Header.Get("ETag")
	for _, step := range []struct {
		name    string
		patch   object
		changes bool
		valid   func(s api.Score) bool
	}{
		{"comment", object{"comment": " Good. "}, true, func(s api.Score) bool { return s.Comment.MustGet() == "Good." }},
		{
			"same comment",
			object{"comment": "Good.\t"},
			false,
			func(s api.Score) bool { return s.Comment.MustGet() == "Good." },
		},
		{
			"both ratings in another order",
			object{"ratings": []object{rated("communication", 2), rated("problem_solving", 4)}},
			true,
			func(s api.Score) bool {
				return len(s.Ratings) == 2 && s.Ratings[0].CriterionKey == "problem_solving" &&
					s.WeightedScore.MustGet() == 3.5 && s.Coverage == 1 && len(s.MissingCriteria) == 0 &&
					s.Comment.MustGet() == "Good."
			},
		},
		{
			"same ratings in the order of the kit",
			object{"ratings": []object{rated("problem_solving", 4), rated("communication", 2)}},
			false,
			func(s api.Score) bool { return len(s.Ratings) == 2 },
		},
		{
			"recommendation",
			object{"recommendation": "strong_yes"},
			true,
			func(s api.Score) bool { return *s.Recommendation == "strong_yes" },
		},
		{
			"one rating, which replaces both",
			object{"ratings": []object{rated("communication", nil, "note", "Asked back.")}},
			true,
			func(s api.Score) bool {
				return len(s.Ratings) == 1 && s.Ratings[0].Note.MustGet() == "Asked back." && s.WeightedScore.IsNull() &&
					s.Coverage == 0 && *s.WeightedScoreReason == api.NoFigureReasonNothingObserved &&
					slices.Equal(s.MissingCriteria, []string{"problem_solving"})
			},
		},
		{"no ratings", object{"ratings": []object{}}, true, func(s api.Score) bool { return len(s.Ratings) == 0 }},
		{
			"null comment",
			object{"comment": nil},
			true,
			func(s api.Score) bool { return s.Comment.IsNull() && *s.Recommendation == "strong_yes" },
		},
	} {
		t.Run(step.name, func(t *testing.T) {
			answer := employee.In(t).Do(http.MethodPatch, path(score.ID), step.patch,
				"If-Match", tag, "Content-Type", "application/merge-patch+json").Expect(http.StatusOK)
			got, gotTag := testkit.Decode[api.Score](answer), answer.Header.Get("ETag")
			if !step.valid(got) {
				t.Errorf("got %s", answer.Body)
			}
			if (gotTag != tag) != step.changes || got.UpdatedAt.After(score.UpdatedAt) != step.changes {
				t.Errorf("ETag went from %s to %s and updated_at from %s to %s; want a change: %t", tag, gotTag, score.UpdatedAt, got.UpdatedAt, step.changes)
			}
			read := employee.In(t).Get(path(score.ID))
			if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != gotTag {
				t.Errorf("read %s, want %s", read.Body, answer.Body)
			}
			score, tag = got, gotTag
		})
	}
	f.requireAudited(score.ID, "score.created", "score.updated", "score.updated", "score.updated", "score.updated",
		"score.updated", "score.updated")
}

func TestPatchRequiresIfMatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee := f.as[api.RoleEmployee]
	score := createScore(employee, f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee]), nil)
	tag := employee.Get(path(score.ID)).Header.Get("ETag")
	patch := func(tag string, body object) *testkit.Answer {
		return employee.Do(http.MethodPatch, path(score.ID), body, "If-Match", tag)
	}

	employee.Patch(path(score.ID), object{"comment": "One."}).
		Refused(http.StatusPreconditionRequired, "precondition_required")
	patch(tag, object{"comment": "One."}).Expect(http.StatusOK)
	patch(tag, object{"comment": "Two."}).Refused(http.StatusPreconditionFailed, "version_mismatch")
	patch("W/"+tag, object{"comment": "Two."}).Refused(http.StatusPreconditionFailed, "version_mismatch")
	patch("*", object{"comment": "Two."}).Expect(http.StatusOK)
	patch("*", object{}).Refused(http.StatusBadRequest, "malformed_request")
	if got := getScore(employee, score.ID).Comment.MustGet(); got != "Two." {
		t.Errorf("comment: got %q, want %q", got, "Two.")
	}
}

// TestOnlyRaterWrites verifies that to everybody else, whether they read the score or not, updating and submitting it
// has the same answer as for a score that does not exist.
func TestOnlyRaterWrites(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee := f.as[api.RoleEmployee]
	panelist, asPanelist := f.newUser("panelist", api.RoleEmployee)
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee], panelist)
	score := createScore(employee, interview, completeBody(4, "yes"))
	f.hiring.Score(interview, panelist, api.ScoreStatusSubmitted, 2)
	others := map[string]*testkit.Client{
		"panelist": asPanelist, "team lead": f.as[api.RoleTeamLead], "HR": f.as[api.RoleHr],
		"admin":                 f.as[api.RoleAdmin],
		"HR of another company": f.replica.SignIn(t, f.Company("globex").Users[api.RoleHr]),
	}

	for _, status := range []string{"draft", "submitted"} {
		if status == "submitted" {
			employee.Post(path(score.ID, "submit"), nil).Expect(http.StatusOK)
		}
		for name, other := range others {
			t.Run(fmt.Sprintf("%s, %s score", name, status), func(t *testing.T) {
				body, missing := object{"comment": "Mine."}, uuid.New()
				requireSameRefusal(t,
					other.In(t).Do(http.MethodPatch, path(score.ID), body, "If-Match", "*"),
					other.In(t).Do(http.MethodPatch, path(missing), body, "If-Match", "*"))
				requireSameRefusal(t, other.In(t).Patch(path(score.ID), body), other.In(t).Patch(path(missing), body))
				requireSameRefusal(t, other.In(t).Post(path(score.ID, "submit"), nil), other.In(t).Post(path(missing, "submit"), nil))
			})
		}
	}
	if got := getScore(employee, score.ID).Comment.MustGet(); got != comment {
		t.Errorf("comment: got %q, want %q", got, comment)
	}
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	panelist, _ := f.newUser("panelist", api.RoleEmployee)
	interview := f.interview(api.InterviewStatusAwaitingScores, f.acme.Users[api.RoleHr], panelist)
	hr := f.as[api.RoleHr]
	draft := createScore(hr, interview, object{
		"ratings": []object{rated("communication", 2), rated("problem_solving", 4)}, "recommendation": "no",
	})
	if want := []api.ScoreAction{"update", "submit"}; !slices.Equal(draft.AllowedActions, want) {
		t.Errorf("allowed actions of a draft: got %v, want %v", draft.AllowedActions, want)
	}

	answer := hr.Post(path(draft.ID, "submit"), nil).Expect(http.StatusOK)
	got := testkit.Decode[api.Score](answer)
	want := draft
	want.Status, want.SubmittedAt, want.UpdatedAt = "submitted", got.SubmittedAt, got.SubmittedAt.MustGet()
	want.AllowedActions = []api.ScoreAction{}
	if !reflect.DeepEqual(got, want) || got.SubmittedAt.MustGet().Before(draft.UpdatedAt) ||
		got.WeightedScore.MustGet() != 3.5 || got.Coverage != 1 {
		t.Errorf("submitted: got %+v,\nwant %+v", got, want)
	}
	read := hr.Get(path(draft.ID))
	if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("read: got %s, want %s", read.Body, answer.Body)
	}

	// A submitted score cannot be submitted or updated.
	body := object{"comment": "More."}
	for _, answer := range []*testkit.Answer{
		hr.Post(path(draft.ID, "submit"), nil), hr.Patch(path(draft.ID), body),
		hr.Do(http.MethodPatch, path(draft.ID), body, "If-Match", "*"),
	} {
		p := answer.Refused(http.StatusConflict, "state_conflict")
		if *p.State != "submitted" || len(*p.AllowedActions) > 0 {
			t.Errorf("got state %s and actions %v, want submitted and none", *p.State, *p.AllowedActions)
		}
	}
	f.as[api.RoleEmployee].Post(path(draft.ID, "submit"), body).Refused(http.StatusBadRequest, "malformed_request")

	f.requireAudited(draft.ID, "score.created", "score.submitted")
	if status := f.interviewStatus(interview); status != "awaiting_scores" {
		t.Errorf("interview with a missing score: got status %s, want awaiting_scores", status)
	}
}

func TestSubmitNamesMissingRatings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee := f.as[api.RoleEmployee]
	score := createScore(employee, f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee]), nil)
	update := func(patch object) {
		employee.Do(http.MethodPatch, path(score.ID), patch, "If-Match", "*").Expect(http.StatusOK)
	}
	for _, step := range []struct {
		name  string
		patch object
		want  []string
	}{
		{"comment", object{"comment": "Hm."}, []string{"/ratings required", "/recommendation required"}},
		{
			"ratings without a required one",
			object{"ratings": []object{rated("communication", 5), rated("problem_solving", nil)}},
			[]string{"/ratings required", "/recommendation required"},
		},
		{"recommendation", object{"recommendation": "no_decision"}, []string{"/ratings required"}},
	} {
		t.Run(step.name, func(t *testing.T) {
			update(step.patch)
			p := employee.In(t).Post(path(score.ID, "submit"), nil).Refused(http.StatusUnprocessableEntity, "rule_violated")
			if got := fieldErrors(p); !slices.Equal(got, step.want) {
				t.Fatalf("after %v: got errors %v, want %v", step.patch, got, step.want)
			}
			if got, want := p.Errors[0].Detail, "must rate problem_solving or mark it not observed"; got != want {
				t.Errorf("after %v: got detail %q, want %q", step.patch, got, want)
			}
		})
	}

	// A score in which nothing was observed can be submitted.
	update(object{"ratings": []object{rated("problem_solving", nil, "not_observed", true)}})
	employee.Post(path(score.ID, "submit"), nil).Expect(http.StatusOK)
	got := getScore(employee, score.ID)
	if got.Status != "submitted" || !got.WeightedScore.IsNull() || *got.WeightedScoreReason != "nothing_observed" ||
		got.Coverage != 0 {
		t.Errorf("submitted: got %+v, want no weighted score because nothing was observed", got)
	}
}

// TestCompletedInterviewRefusesScores tries every action on scores of interviews that take no scores.
func TestCompletedInterviewRefusesScores(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr, employee := f.as[api.RoleHr], f.as[api.RoleEmployee]
	interview := f.interview(
		api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee], f.acme.Users[api.RoleTeamLead])
	draft := createScore(employee, interview, completeBody(4, "yes")).ID
	submitted := f.hiring.Score(interview, f.acme.Users[api.RoleTeamLead], api.ScoreStatusSubmitted, 2)

	for status, test := range map[string]struct {
		actionsOfHR []string
		detail      string
	}{
		"completed": {
			[]string{"reopen"},
			"The interview is completed, so its scores cannot be changed. Ask HR or an admin to reopen the interview.",
		},
		"cancelled": {
			[]string{},
			"The interview is cancelled, so its scores cannot be changed. " +
				"Scores can be changed only while an interview is in_progress or awaiting_scores.",
		},
	} {
		t.Run(status, func(t *testing.T) {
			f.Exec(`UPDATE interviews SET status = $2 WHERE id = $1`, interview, status)
			reason := object{"reason": "A mistake."}
			for _, request := range []struct {
				answer  *testkit.Answer
				actions []string
			}{
				{employee.In(t).Do(http.MethodPatch, path(draft), object{"comment": "More."}, "If-Match", "*"), []string{}},
				{employee.In(t).Post(path(draft, "submit"), nil), []string{}},
				{hr.In(t).Post(path(submitted, "reopen"), reason), test.actionsOfHR},
				{hr.In(t).Post(path(submitted, "void"), reason), test.actionsOfHR},
			} {
				p := request.answer.Refused(http.StatusConflict, "state_conflict")
				if *p.State != status || !slices.Equal(*p.AllowedActions, request.actions) {
					t.Errorf("%s: got state %s and actions %v, want %s and %v",
						request.answer.Request.URL.Path, *p.State, *p.AllowedActions, status, request.actions)
				}
				if p.Detail != test.detail {
					t.Errorf("got detail %q, want %q", p.Detail, test.detail)
				}
			}
			for client, id := range map[*testkit.Client]uuid.UUID{employee: draft, hr: submitted} {
				if got := getScore(client, id).AllowedActions; len(got) > 0 {
					t.Errorf("%s interview: got allowed actions %v, want none", status, got)
				}
			}
		})
	}
}

// interviewStatus returns the status of an interview in the database.
func (f fixture) interviewStatus(interview uuid.UUID) (status string) {
	f.t.Helper()
	err := f.Database.QueryRow(f.t.Context(), `SELECT status FROM interviews WHERE id = $1`, interview).Scan(&status)
	if err != nil {
		f.t.Fatal(err)
	}
	return status
}

// requireAudited fails if the audit entries about a score do not have exactly these actions, in this order, or if their
// details contain more than interview and revision.
func (f fixture) requireAudited(score uuid.UUID, actions ...string) {
	f.t.Helper()
	rows, err := f.Database.Query(f.t.Context(), `SELECT l.action, l.resource_type, (
			SELECT string_agg(member, ',' ORDER BY member) FROM jsonb_object_keys(l.details) AS member
		) = 'interview_id,revision' AND l.details->>'interview_id' = (SELECT interview_id::text FROM scores WHERE id = $1)
		FROM audit_logs AS l WHERE l.resource_id = $1 ORDER BY l.created_at, l.id`, score)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var action, resource string
		var isMinimal bool
		if err := rows.Scan(&action, &resource, &isMinimal); err != nil {
			f.t.Fatal(err)
		}
		if resource != "score" || !isMinimal {
			f.t.Errorf("entry %s about a %s: want a score, with interview_id and revision as only details", action, resource)
		}
		got = append(got, action)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	if !slices.Equal(got, actions) {
		f.t.Errorf("audited actions: got %v, want %v", got, actions)
	}
}
