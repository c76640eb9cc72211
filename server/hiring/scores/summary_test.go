package scores_test

import (
	"fmt"
	"math"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func interviewSummary(interview uuid.UUID) string {
	return "/api/v1/interviews/" + interview.String() + "/summary"
}

func (h house) applicationSummary() string {
	return "/api/v1/applications/" + h.application.String() + "/summary"
}

// nobody is what counts of recommendations are that nobody gave.
func nobody() object {
	return object{"definitely_no": 0.0, "no": 0.0, "no_decision": 0.0, "yes": 0.0, "strong_yes": 0.0}
}

func person(user testkit.User, firstName string) object {
	return object{"id": user.ID.String(), "first_name": firstName, "last_name": "Example"}
}

// TestAnInterviewsSummary holds the whole of it against figures that were calculated by hand: ratings 4 and 2, and 3 and
// not observed, by weights 3 and 1.
func TestAnInterviewsSummary(t *testing.T) {
	t.Parallel()
	h := build(t)
	lead, employee := h.acme.Users[api.RoleTeamLead], h.acme.Users[api.RoleEmployee]
	interview := h.interview(api.InterviewStatusInProgress, lead, employee, h.acme.Users[api.RoleAdmin])
	h.Exec(`UPDATE interview_panelists SET score_required = false WHERE user_id = $1`, h.acme.Users[api.RoleAdmin].ID)
	said := map[api.Role]object{
		api.RoleTeamLead: {"ratings": []object{rated("problem_solving", 4), rated("communication", 2)}, "recommendation": "yes"},
		api.RoleEmployee: {"ratings": []object{rated("problem_solving", 3), rated("communication", nil, "not_observed", true)}, "recommendation": "no"},
	}
	empty := object{
		"scores": 0.0, "weighted_mean": nil, "weighted_mean_reason": "nothing_observed", "criteria": []any{}, "recommendations": nobody(),
	}
	want := object{
		"interview_id": interview.String(), "status": "in_progress", "blinded": false, "required": 2.0,
		"missing": []any{person(lead, "team_lead"), person(employee, "employee")}, "figures": empty,
	}
	check := func(what string, c *testkit.Client) {
		t.Helper()
		if got := testkit.Decode[object](c.Get(interviewSummary(interview)).Expect(http.StatusOK)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v,\nwant %v", what, got, want)
		}
	}
	check("before any score", h.as[api.RoleHr])
	blinded := object{
		"scores": 0.0, "weighted_mean": nil, "weighted_mean_reason": "blinded", "criteria": []any{}, "recommendations": nobody(),
	}
	want["blinded"], want["figures"] = true, blinded
	check("blinded before any score", h.as[api.RoleEmployee])

	first := created(h.as[api.RoleTeamLead], interview, said[api.RoleTeamLead])
	check("with another's draft, blinded", h.as[api.RoleAdmin])
	h.as[api.RoleTeamLead].Post(path(first.ID, "submit"), nil).Expect(http.StatusOK)
	want["missing"] = []any{person(employee, "employee")}
	check("with another's score, blinded", h.as[api.RoleEmployee])
	check("with another's score, blinded, not required", h.as[api.RoleAdmin])

	second := created(h.as[api.RoleEmployee], interview, said[api.RoleEmployee])
	h.as[api.RoleEmployee].Post(path(second.ID, "submit"), nil).Expect(http.StatusOK)
	recommended := nobody()
	recommended["yes"], recommended["no"] = 1.0, 1.0
	want["blinded"], want["missing"] = false, []any{}
	want["figures"] = object{
		"scores": 2.0, "weighted_mean": (3.0*4 + 1*2 + 3*3) / 7, "recommendations": recommended,
		"criteria": []any{
			object{
				"key": "problem_solving", "title": "Problem solving", "n": 2.0, "not_observed": 0.0, "mean": 3.5, "minimum": 3.0, "maximum": 4.0,
				"standard_deviation": math.Sqrt(0.5),
			},
			object{
				"key": "communication", "title": "Communication", "n": 1.0, "not_observed": 1.0, "mean": 2.0, "minimum": 2.0, "maximum": 2.0,
				"standard_deviation": nil,
			},
		},
	}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr} {
		check(fmt.Sprintf("%s, with both scores", role), h.as[role])
	}
	want["blinded"], want["figures"] = true, blinded
	check("a panelist whose score is not required stays blinded", h.as[api.RoleAdmin])
}

// TestAnApplicationsSummary pools the interviews that the reader sees and is not blinded in, in the order of their times.
func TestAnApplicationsSummary(t *testing.T) {
	t.Parallel()
	h := build(t)
	lead, employee, hr := h.acme.Users[api.RoleTeamLead], h.acme.Users[api.RoleEmployee], h.acme.Users[api.RoleHr]
	untimed := h.interview(api.InterviewStatusDraft, lead)
	late := h.interview(api.InterviewStatusInProgress, lead, hr)
	early := h.interview(api.InterviewStatusCompleted, lead, employee)
	h.Exec(`UPDATE interviews SET starts_at = starts_at - INTERVAL '3 days', ends_at = ends_at - INTERVAL '3 days' WHERE id = $1`, early)
	h.hiring.Score(late, lead, api.ScoreStatusSubmitted, 2)
	h.hiring.Score(late, hr, api.ScoreStatusDraft, 1)
	h.hiring.Score(early, lead, api.ScoreStatusSubmitted, 5)
	h.hiring.Score(early, employee, api.ScoreStatusSubmitted, 4)

	for role, want := range map[api.Role]struct {
		interviews []uuid.UUID
		scores     []int32
		blinded    []bool
		all        int32
		mean       any
	}{
		api.RoleAdmin:    {[]uuid.UUID{early, late, untimed}, []int32{2, 1, 0}, []bool{false, false, false}, 3, 11.0 / 3},
		api.RoleTeamLead: {[]uuid.UUID{early, late, untimed}, []int32{2, 1, 0}, []bool{false, false, true}, 3, 11.0 / 3},
		api.RoleHr:       {[]uuid.UUID{early, late, untimed}, []int32{2, 0, 0}, []bool{false, true, false}, 2, 4.5},
		api.RoleEmployee: {[]uuid.UUID{early}, []int32{2}, []bool{false}, 2, 4.5},
	} {
		got := testkit.Decode[api.ApplicationSummary](h.as[role].Get(h.applicationSummary()).Expect(http.StatusOK))
		var interviews []uuid.UUID
		var scores []int32
		var blinded []bool
		count := int32(0)
		for _, one := range got.Interviews {
			interviews, scores, blinded = append(interviews, one.InterviewID), append(scores, one.Scores), append(blinded, one.Blinded)
			if one.Blinded {
				count++
				if one.WeightedMeanReason == nil || *one.WeightedMeanReason != "blinded" || !one.WeightedMean.IsNull() {
					t.Errorf("%s: a blinded interview shows %+v", role, one)
				}
			}
			if one.StartsAt.IsNull() != (one.InterviewID == untimed) || one.Title == "" || one.Status == "" {
				t.Errorf("%s: an interview shows %+v", role, one)
			}
		}
		if !slices.Equal(interviews, want.interviews) || !slices.Equal(scores, want.scores) || !slices.Equal(blinded, want.blinded) ||
			got.BlindedInterviews != count || got.ApplicationID != h.application {
			t.Errorf("%s: %+v", role, got)
		}
		if got.Figures.Scores != want.all || got.Figures.WeightedMean.MustGet() != want.mean || got.Figures.Recommendations.Yes != want.all {
			t.Errorf("%s: the figures are %+v", role, got.Figures)
		}
	}
}

// TestAnApplicationOfWhichAllIsBlinded says why it has no figure; one without interviews, that nothing was observed.
func TestAnApplicationOfWhichAllIsBlinded(t *testing.T) {
	t.Parallel()
	h := build(t)
	reason := func() api.NoFigureReason {
		got := testkit.Decode[api.ApplicationSummary](h.as[api.RoleHr].Get(h.applicationSummary()).Expect(http.StatusOK))
		if got.Figures.WeightedMeanReason == nil || got.Figures.Scores != 0 || len(got.Figures.Criteria) > 0 {
			t.Fatalf("the figures are %+v", got.Figures)
		}
		return *got.Figures.WeightedMeanReason
	}
	if got := reason(); got != "nothing_observed" {
		t.Errorf("without interviews: %s", got)
	}
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleHr], h.acme.Users[api.RoleEmployee])
	h.hiring.Score(interview, h.acme.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 3)
	if got := reason(); got != "blinded" {
		t.Errorf("blinded: %s", got)
	}
}

// TestKitsArePooledByKey: criteria of several kits with the same key are one, by the weights of each.
func TestKitsArePooledByKey(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee := h.acme.Users[api.RoleEmployee]
	h.hiring.Score(h.interview(api.InterviewStatusInProgress, employee), employee, api.ScoreStatusSubmitted, 2)
	_, other := h.hiring.KitVersion(api.KitVersionStatusDraft)
	h.Exec(`UPDATE kit_versions SET criteria = jsonb_set(jsonb_set(criteria, '{0,weight}', '10'), '{0,title}', '"Solving"') WHERE id = $1`, other)
	second := h.hiring.Interview(h.application, other, api.InterviewStatusInProgress, employee)
	h.hiring.Score(second, employee, api.ScoreStatusSubmitted, 5)
	got := testkit.Decode[api.ApplicationSummary](h.as[api.RoleEmployee].Get(h.applicationSummary()).Expect(http.StatusOK)).Figures
	if want := (4.0*2 + 11*5) / 15; got.WeightedMean.MustGet() != want || len(got.Criteria) != 2 || got.Criteria[0].N != 2 ||
		got.Criteria[0].Mean.MustGet() != 3.5 || got.Criteria[0].Title != "Solving" {
		t.Errorf("pooled %+v, want a mean of %v", got, want)
	}
}
