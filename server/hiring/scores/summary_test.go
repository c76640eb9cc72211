package scores_test

import (
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

// getApplicationSummary returns the summary of the fixture's application as a role sees it.
func (f fixture) getApplicationSummary(role api.Role) api.ApplicationSummary {
	f.t.Helper()
	answer := f.as[role].Get("/api/v1/applications/" + f.application.String() + "/summary")
	return testkit.Decode[api.ApplicationSummary](answer.Expect(http.StatusOK))
}

// noRecommendations returns counts of recommendations that are all zero.
func noRecommendations() object {
	return object{"definitely_no": 0.0, "no": 0.0, "no_decision": 0.0, "yes": 0.0, "strong_yes": 0.0}
}

// noFigures returns the figures of no scores.
func noFigures(reason api.NoFigureReason) object {
	return object{
		"scores": 0.0, "weighted_mean": nil, "weighted_mean_reason": string(reason), "criteria": []any{},
		"recommendations": noRecommendations(),
	}
}

func person(user testkit.User, firstName string) object {
	return object{"id": user.ID.String(), "first_name": firstName, "last_name": "Example"}
}

// TestInterviewSummary compares summaries with figures calculated by hand. The criteria have the weights 3 and 1; one
// rater gave 4 and 2, the other 3 and not observed. The score of the admin is not required.
func TestInterviewSummary(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lead, employee := f.acme.Users[api.RoleTeamLead], f.acme.Users[api.RoleEmployee]
	interview := f.interview(api.InterviewStatusInProgress, lead, employee, f.acme.Users[api.RoleAdmin])
	f.Exec(`UPDATE interview_panelists SET score_required = false WHERE user_id = $1`, f.acme.Users[api.RoleAdmin].ID)
	bodies := map[api.Role]object{
		api.RoleTeamLead: {
			"ratings": []object{rated("problem_solving", 4), rated("communication", 2)}, "recommendation": "yes",
		},
		api.RoleEmployee: {
			"ratings":        []object{rated("problem_solving", 3), rated("communication", nil, "not_observed", true)},
			"recommendation": "no",
		},
	}
	want := object{
		"interview_id": interview.String(), "status": "in_progress", "blinded": false, "required": 2.0,
		"missing": []any{person(lead, "team_lead"), person(employee, "employee")}, "figures": noFigures("nothing_observed"),
	}
	check := func(when string, role api.Role) {
		t.Helper()
		answer := f.as[role].Get(interviewSummary(interview)).Expect(http.StatusOK)
		if got := testkit.Decode[object](answer); !reflect.DeepEqual(got, want) {
			t.Errorf("%s as %s: got %v,\nwant %v", when, role, got, want)
		}
	}
	submit := func(role api.Role) {
		t.Helper()
		score := createScore(f.as[role], interview, bodies[role])
		if role == api.RoleTeamLead {
			check("with another rater's draft", api.RoleAdmin)
		}
		f.as[role].Post(path(score.ID, "submit"), nil).Expect(http.StatusOK)
	}

	check("without scores", api.RoleHr)
	want["blinded"], want["figures"] = true, noFigures("blinded")
	check("without scores", api.RoleEmployee)

	submit(api.RoleTeamLead)
	want["missing"] = []any{person(employee, "employee")}
	check("with another rater's score", api.RoleEmployee)
	check("with another rater's score", api.RoleAdmin)

	submit(api.RoleEmployee)
	recommendations := noRecommendations()
	recommendations["yes"], recommendations["no"] = 1.0, 1.0
	want["blinded"], want["missing"] = false, []any{}
	want["figures"] = object{
		"scores": 2.0, "weighted_mean": (3.0*4 + 1*2 + 3*3) / 7, "recommendations": recommendations,
		"criteria": []any{
			object{
				"key": "problem_solving", "title": "Problem solving", "n": 2.0, "not_observed": 0.0, "mean": 3.5,
				"minimum": 3.0, "maximum": 4.0, "standard_deviation": math.Sqrt(0.5),
			},
			object{
				"key": "communication", "title": "Communication", "n": 1.0, "not_observed": 1.0, "mean": 2.0,
				"minimum": 2.0, "maximum": 2.0, "standard_deviation": nil,
			},
		},
	}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr} {
		check("with both scores", role)
	}
	// A panelist whose score is not required is blinded too.
	want["blinded"], want["figures"] = true, noFigures("blinded")
	check("with both scores", api.RoleAdmin)
}

// TestApplicationSummary verifies that the summary pools the interviews that the reader sees and is not blinded for,
// and lists interviews in the order of their times.
func TestApplicationSummary(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lead, employee, hr := f.acme.Users[api.RoleTeamLead], f.acme.Users[api.RoleEmployee], f.acme.Users[api.RoleHr]
	unscheduled := f.interview(api.InterviewStatusDraft, lead)
	late := f.interview(api.InterviewStatusInProgress, lead, hr)
	early := f.interview(api.InterviewStatusCompleted, lead, employee)
	f.Exec(`UPDATE interviews SET starts_at = starts_at - INTERVAL '3 days', ends_at = ends_at - INTERVAL '3 days'
		WHERE id = $1`, early)
	f.hiring.Score(late, lead, api.ScoreStatusSubmitted, 2)
	f.hiring.Score(late, hr, api.ScoreStatusDraft, 1)
	f.hiring.Score(early, lead, api.ScoreStatusSubmitted, 5)
	f.hiring.Score(early, employee, api.ScoreStatusSubmitted, 4)

	type interview struct {
		id      uuid.UUID
		scores  int32
		blinded bool
	}
	for role, want := range map[api.Role]struct {
		interviews []interview
		blinded    int32
		scores     int32
		mean       float64
	}{
		api.RoleAdmin:    {[]interview{{early, 2, false}, {late, 1, false}, {unscheduled, 0, false}}, 0, 3, 11.0 / 3},
		api.RoleTeamLead: {[]interview{{early, 2, false}, {late, 1, false}, {unscheduled, 0, true}}, 1, 3, 11.0 / 3},
		api.RoleHr:       {[]interview{{early, 2, false}, {late, 0, true}, {unscheduled, 0, false}}, 1, 2, 4.5},
		api.RoleEmployee: {[]interview{{early, 2, false}}, 0, 2, 4.5},
	} {
		t.Run(string(role), func(t *testing.T) {
			got := f.getApplicationSummary(role)
			var interviews []interview
			for _, figures := range got.Interviews {
				interviews = append(interviews, interview{figures.InterviewID, figures.Scores, figures.Blinded})
				if figures.Blinded && (figures.WeightedMeanReason == nil || *figures.WeightedMeanReason != "blinded" ||
					!figures.WeightedMean.IsNull()) {
					t.Errorf("blinded interview: got %+v, want no mean", figures)
				}
				if figures.StartsAt.IsNull() != (figures.InterviewID == unscheduled) || figures.Title == "" || figures.Status == "" {
					t.Errorf("interview: got %+v, want title, status and, if scheduled, time", figures)
				}
			}
			if !slices.Equal(interviews, want.interviews) || got.BlindedInterviews != want.blinded ||
				got.ApplicationID != f.application {
				t.Errorf("got %+v, want interviews %v, %d blinded", got, want.interviews, want.blinded)
			}
			if got.Figures.Scores != want.scores || got.Figures.WeightedMean.MustGet() != want.mean ||
				got.Figures.Recommendations.Yes != want.scores {
				t.Errorf("got figures %+v, want %d scores with mean %v", got.Figures, want.scores, want.mean)
			}
		})
	}
}

// TestBlindedApplicationSummary verifies the reason for the missing mean: nothing_observed without interviews, blinded
// if the reader is blinded for every interview with scores.
func TestBlindedApplicationSummary(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	check := func(when string, want api.NoFigureReason) {
		t.Helper()
		got := f.getApplicationSummary(api.RoleHr).Figures
		if got.WeightedMeanReason == nil || got.Scores != 0 || len(got.Criteria) > 0 {
			t.Fatalf("%s: got figures %+v, want none", when, got)
		}
		if *got.WeightedMeanReason != want {
			t.Errorf("%s: got reason %s, want %s", when, *got.WeightedMeanReason, want)
		}
	}
	check("without interviews", "nothing_observed")
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleHr], f.acme.Users[api.RoleEmployee])
	f.hiring.Score(interview, f.acme.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 3)
	check("blinded", "blinded")
}

// TestSummaryPoolsCriteriaByKey verifies that criteria of different kits with the same key are pooled, with the weights
// of each kit.
func TestSummaryPoolsCriteriaByKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee := f.acme.Users[api.RoleEmployee]
	f.hiring.Score(f.interview(api.InterviewStatusInProgress, employee), employee, api.ScoreStatusSubmitted, 2)
	_, otherVersion := f.hiring.KitVersion(api.KitVersionStatusDraft)
	f.Exec(`UPDATE kit_versions SET criteria =
		jsonb_set(jsonb_set(criteria, '{0,weight}', '10'), '{0,title}', '"Solving"') WHERE id = $1`, otherVersion)
	second := f.hiring.Interview(f.application, otherVersion, api.InterviewStatusInProgress, employee)
	f.hiring.Score(second, employee, api.ScoreStatusSubmitted, 5)

	got := f.getApplicationSummary(api.RoleEmployee).Figures
	if want := (4.0*2 + 11*5) / 15; got.WeightedMean.MustGet() != want {
		t.Errorf("weighted mean: got %v, want %v", got.WeightedMean.MustGet(), want)
	}
	if len(got.Criteria) != 2 || got.Criteria[0].N != 2 || got.Criteria[0].Mean.MustGet() != 3.5 ||
		got.Criteria[0].Title != "Solving" {
		t.Errorf("criteria: got %+v, want two, the first with 2 ratings, mean 3.5 and title Solving", got.Criteria)
	}
}
