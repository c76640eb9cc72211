package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	apiclient "github.com/ai-interviewer-platform/interviewer/gen/client"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// clientResponse has the methods that all responses of the generated client share.
type clientResponse interface {
	StatusCode() int
	GetBody() []byte
}

// sent returns the response of a call of the generated client. An error means that the connection failed or that the
// response does not match the specification.
func sent[A clientResponse](answer A, err error) A {
	if err != nil {
		panic(err)
	}
	return answer
}

// got returns the decoded body of a response, and ends the test if the request failed.
func got[T any](t *testing.T, answer clientResponse, value *T) T {
	t.Helper()
	if value == nil {
		t.Fatalf("got status %d, want success: %s", answer.StatusCode(), answer.GetBody())
	}
	return *value
}

// problemOf returns the problem in a response, and ends the test if there is none or it has another code.
func problemOf(t *testing.T, answer clientResponse, problem *apiclient.Problem, code string) apiclient.Problem {
	t.Helper()
	if problem == nil || problem.Code != code || int(problem.Status) != answer.StatusCode() {
		t.Fatalf("got status %d, want a problem with code %s: %s", answer.StatusCode(), code, answer.GetBody())
	}
	return *problem
}

// equals ends the test if two values differ.
func equals[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// person is a user with a generated client.
type person struct {
	id uuid.UUID
	*apiclient.ClientWithResponses
}

// hiring is a journey from a job to an offer: its participants, and the resources that it has created so far.
type hiring struct {
	*testing.T
	hr, lead, second, third, outsider person

	job, candidate, application, version, interview uuid.UUID
}

// TestJourneyFromJobToOffer runs a complete hiring process with the generated client, on two replicas in turn.
func TestJourneyFromJobToOffer(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	hire(t, installation, installation.Company("acme"), []*testkit.Replica{installation.Replica(), installation.Replica()})
}

// hire runs a complete hiring process in a company, on two replicas in turn.
func hire(t *testing.T, installation *testkit.Installation, acme testkit.Company, replicas []*testkit.Replica) {
	t.Helper()
	signIn := func(user testkit.User) person {
		slices.Reverse(replicas)
		return person{user.ID, replicas[0].SignIn(t, user).At(replicas[1]).Typed()}
	}
	h := &hiring{
		T: t, hr: signIn(acme.Users[api.RoleHr]), lead: signIn(acme.Users[api.RoleTeamLead]),
		second:   signIn(acme.Users[api.RoleEmployee]),
		third:    signIn(installation.User(acme, "third", api.RoleEmployee)),
		outsider: signIn(installation.User(acme, "outsider", api.RoleEmployee)),
	}
	h.openJob()
	h.publishKit()
	h.importCandidates()
	h.apply()
	h.holdInterview()
	h.scoreBlindly()
	h.decide()
}

// openJob creates a job, updates it with its ETag, and opens it.
func (h *hiring) openJob() {
	ctx, t := h.Context(), h.T
	created := sent(h.hr.CreateJobWithResponse(ctx, nil, apiclient.CreateJobRequest{
		Title: "Motion Planning Engineer", Location: nullable.NewNullableWithValue("Berlin"),
	}))
	h.job = got(t, created, created.JSON201).ID
	set := sent(h.hr.SetJobMemberWithResponse(ctx, h.job, h.lead.id, nil, apiclient.SetJobMemberRequest{
		Role: apiclient.JobRoleHiringManager,
	}))
	got(t, set, set.JSON200)

	first := created.Headers201.ETag
	unchanged := sent(h.hr.GetJobWithResponse(ctx, h.job, &apiclient.GetJobParams{IfNoneMatch: &first}))
	equals(t, "status of an unchanged job", unchanged.StatusCode(), http.StatusNotModified)
	clearing := apiclient.UpdateJobRequest{Location: nullable.NewNullNullable[string]()}
	patched := sent(h.hr.UpdateJobWithResponse(ctx, h.job, &apiclient.UpdateJobParams{IfMatch: &first}, clearing))
	if location := got(t, patched, patched.JSON200).Location; !location.IsNull() {
		t.Errorf("location: got %v, want null", location)
	}
	late := sent(h.hr.UpdateJobWithResponse(ctx, h.job, &apiclient.UpdateJobParams{IfMatch: &first}, clearing))
	problemOf(t, late, late.ApplicationProblemJSON412, "version_mismatch")

	opened := sent(h.hr.OpenJobWithResponse(ctx, h.job, nil))
	equals(t, "job status", got(t, opened, opened.JSON200).Status, apiclient.JobStatusOpen)
	hidden := sent(h.outsider.GetJobWithResponse(ctx, h.job, nil))
	problemOf(t, hidden, hidden.ApplicationProblemJSON404, "not_found")
	forbidden := sent(h.outsider.ListUsersWithResponse(ctx, nil))
	problemOf(t, forbidden, forbidden.ApplicationProblemJSON403, "permission_denied")
}

// publishKit creates and publishes a kit, and checks that the published version cannot be changed.
func (h *hiring) publishKit() {
	ctx, t := h.Context(), h.T
	anchors := []apiclient.Anchor{"Guesses.", "Follows.", "Solves what is usual.", "Takes the unknown apart.", "Shows others the way."}
	created := sent(h.hr.CreateKitWithResponse(ctx, nil, apiclient.CreateKitRequest{
		Name:      "Motion planning",
		Questions: []apiclient.KitQuestion{{Key: "detour", Text: "How would you plan around a person?"}},
		Criteria: []apiclient.KitCriterion{
			{Key: "planning", Title: "Planning", Weight: 3, Required: true, Anchors: anchors},
			{Key: "safety", Title: "Safety", Weight: 2, Required: true, Anchors: anchors},
		},
	}))
	kit := got(t, created, created.JSON201)
	h.version = kit.DraftVersionID.MustGet()
	emptied := apiclient.UpdateKitVersionRequest{Questions: []apiclient.KitQuestion{}}
	unbased := sent(h.hr.UpdateKitVersionWithResponse(ctx, kit.ID, h.version, nil, emptied))
	problemOf(t, unbased, unbased.ApplicationProblemJSON428, "precondition_required")
	published := sent(h.hr.PublishKitVersionWithResponse(ctx, kit.ID, h.version, nil))
	equals(t, "version status", got(t, published, published.JSON200).Status, apiclient.KitVersionStatusPublished)
	frozen := sent(h.hr.UpdateKitVersionWithResponse(ctx, kit.ID, h.version, &apiclient.UpdateKitVersionParams{IfMatch: new("*")}, emptied))
	problem := problemOf(t, frozen, frozen.ApplicationProblemJSON409, "state_conflict")
	equals(t, "state in the problem", *problem.State, "published")
	if !slices.Equal(*problem.AllowedActions, []string{"archive"}) {
		t.Errorf("allowed actions of a published version: got %v, want archive", *problem.AllowedActions)
	}
}

// importCandidates imports candidates from CSV, and lists them page by page.
func (h *hiring) importCandidates() {
	ctx, t := h.Context(), h.T
	upload := func(address string) *apiclient.ImportCandidatesCSVResponse {
		return sent(h.hr.ImportCandidatesCSVWithBodyWithResponse(ctx, nil, "text/csv", strings.NewReader(strings.Join([]string{
			"external_id,first_name,last_name,email,tags",
			"1,Mira,Solheim,mira@mail.example,planning", "2,Tomás,Quiroga," + address + ",planning",
			"3,Ngozi,Eze,ngozi@mail.example,planning",
		}, "\r\n"))))
	}
	wrong := upload("not an address")
	problem := problemOf(t, wrong, wrong.ApplicationProblemJSON422, "import_refused")
	if len(problem.Errors) != 1 || *problem.Errors[0].Line != 3 || *problem.Errors[0].Pointer != "/email" {
		t.Errorf("errors of the file: got %+v, want one for /email in line 3", problem.Errors)
	}
	imported := upload("tomas@mail.example")
	equals(t, "number of imported candidates", got(t, imported, imported.JSON200).Created, 3)

	var names []string
	query := apiclient.ListCandidatesParams{Tag: apiclient.ByTag{"planning"}, Sort: new(apiclient.CandidateSortNameAsc), Limit: new(int32(2))}
	for more := true; more; {
		listed := sent(h.hr.ListCandidatesWithResponse(ctx, &query))
		page := got(t, listed, listed.JSON200)
		for _, candidate := range page.Data {
			names = append(names, candidate.LastName)
			if candidate.FirstName == "Mira" {
				h.candidate = candidate.ID
			}
		}
		if more = page.HasMore; more {
			query.Cursor = new(page.NextCursor.MustGet())
			elsewhere := sent(h.hr.ListCandidatesWithResponse(ctx, &apiclient.ListCandidatesParams{Cursor: query.Cursor}))
			problemOf(t, elsewhere, elsewhere.ApplicationProblemJSON400, "invalid_cursor")
		}
	}
	if !slices.Equal(names, []string{"Eze", "Quiroga", "Solheim"}) {
		t.Errorf("listed candidates: got %v, want Eze, Quiroga and Solheim", names)
	}
}

// move moves the application to a stage.
func (h *hiring) move(by person, to apiclient.ApplicationStage) *apiclient.MoveApplicationResponse {
	return sent(by.MoveApplicationWithResponse(h.Context(), h.application, nil, apiclient.MoveApplicationRequest{To: to}))
}

// apply creates the application, and moves it to the stage interview.
func (h *hiring) apply() {
	ctx, t := h.Context(), h.T
	applying := apiclient.CreateApplicationRequest{CandidateID: &h.candidate, JobID: &h.job}
	created := sent(h.hr.CreateApplicationWithResponse(ctx, nil, applying))
	h.application = got(t, created, created.JSON201).ID
	again := sent(h.hr.CreateApplicationWithResponse(ctx, nil, applying))
	problemOf(t, again, again.ApplicationProblemJSON409, "application_exists")
	moved := h.move(h.lead, apiclient.ApplicationStageScreening)
	got(t, moved, moved.JSON200)
	skipped := h.move(h.lead, apiclient.ApplicationStageEvaluation)
	problemOf(t, skipped, skipped.ApplicationProblemJSON403, "role_not_allowed")
	moved = h.move(h.lead, apiclient.ApplicationStageInterview)
	got(t, moved, moved.JSON200)
}

// holdInterview schedules an interview with a panel of three, starts it and finishes it.
func (h *hiring) holdInterview() {
	ctx, t := h.Context(), h.T
	begins := time.Date(2090, time.March, 27, 8, 0, 0, 0, time.UTC)
	invitation := apiclient.CreateInterviewRequest{
		ApplicationID: h.application, KitVersionID: h.version, Title: "Technical interview", Kind: apiclient.InterviewKindVideo,
		Panel:    []apiclient.NewPanelist{{UserID: h.lead.id}, {UserID: h.second.id}, {UserID: h.third.id}},
		Schedule: &apiclient.ScheduleRequest{StartsAt: begins, EndsAt: begins.Add(time.Hour), Timezone: "Europe/Berlin"},
	}
	created := sent(h.lead.CreateInterviewWithResponse(ctx, nil, invitation))
	h.interview = got(t, created, created.JSON201).ID
	again := sent(h.lead.CreateInterviewWithResponse(ctx, nil, invitation))
	problemOf(t, again, again.ApplicationProblemJSON409, "schedule_conflict")
	for _, panelist := range []person{h.lead, h.second, h.third} {
		accepted := apiclient.RespondRequest{Response: apiclient.PanelAnswerAccepted}
		responded := sent(panelist.RespondToInterviewWithResponse(ctx, h.interview, nil, accepted))
		got(t, responded, responded.JSON200)
	}
	calendar := sent(h.second.GetInterviewCalendarWithResponse(ctx, h.interview, nil))
	if !strings.Contains(string(calendar.Body), "BEGIN:VEVENT") {
		t.Errorf("calendar: got %s, want an event", calendar.Body)
	}
	hidden := sent(h.outsider.GetInterviewWithResponse(ctx, h.interview, nil))
	problemOf(t, hidden, hidden.ApplicationProblemJSON404, "not_found")
	early := sent(h.second.FinishInterviewWithResponse(ctx, h.interview, nil))
	problem := problemOf(t, early, early.ApplicationProblemJSON409, "state_conflict")
	if !slices.Contains(*problem.AllowedActions, "start") {
		t.Errorf("allowed actions of a scheduled interview: got %v, want start among them", *problem.AllowedActions)
	}
	started := sent(h.second.StartInterviewWithResponse(ctx, h.interview, nil))
	got(t, started, started.JSON200)
	finished := sent(h.second.FinishInterviewWithResponse(ctx, h.interview, nil))
	equals(t, "interview status", got(t, finished, finished.JSON200).Status, apiclient.InterviewStatusAwaitingScores)
}

// submitScore creates a score as a draft, completes it and submits it.
func (h *hiring) submitScore(by person, planning, safety int32) uuid.UUID {
	ctx, t := h.Context(), h.T
	rate := func(key string, rating int32) apiclient.NewScoreRating {
		return apiclient.NewScoreRating{CriterionKey: key, Rating: nullable.NewNullableWithValue(rating)}
	}
	draft := sent(by.CreateScoreWithResponse(ctx, h.interview, nil, apiclient.CreateScoreRequest{
		Ratings: []apiclient.NewScoreRating{rate("planning", planning)},
	}))
	id := got(t, draft, draft.JSON201).ID
	incomplete := sent(by.SubmitScoreWithResponse(ctx, id, nil))
	problemOf(t, incomplete, incomplete.ApplicationProblemJSON422, "rule_violated")
	complete := apiclient.UpdateScoreRequest{
		Ratings:        []apiclient.NewScoreRating{rate("planning", planning), rate("safety", safety)},
		Recommendation: new(apiclient.RecommendationYes),
	}
	unbased := sent(by.UpdateScoreWithResponse(ctx, id, nil, complete))
	problemOf(t, unbased, unbased.ApplicationProblemJSON428, "precondition_required")
	saved := sent(by.UpdateScoreWithResponse(ctx, id, &apiclient.UpdateScoreParams{IfMatch: &draft.Headers201.ETag}, complete))
	got(t, saved, saved.JSON200)
	submitted := sent(by.SubmitScoreWithResponse(ctx, id, nil))
	equals(t, "score status", got(t, submitted, submitted.JSON200).Status, apiclient.ScoreStatusSubmitted)
	return id
}

// scoreBlindly submits the scores of the panel, and checks that a panelist sees no other score before their own.
func (h *hiring) scoreBlindly() {
	ctx, t := h.Context(), h.T
	status := func() apiclient.InterviewStatus {
		read := sent(h.hr.GetInterviewWithResponse(ctx, h.interview, nil))
		return got(t, read, read.JSON200).Status
	}
	first := h.submitScore(h.lead, 4, 5)
	hidden := sent(h.second.GetScoreWithResponse(ctx, first, nil))
	problemOf(t, hidden, hidden.ApplicationProblemJSON404, "not_found")
	listed := sent(h.second.ListScoresWithResponse(ctx, &apiclient.ListScoresParams{InterviewID: &h.interview}))
	equals(t, "number of listed scores", len(got(t, listed, listed.JSON200).Data), 0)
	summary := sent(h.second.GetInterviewSummaryWithResponse(ctx, h.interview, nil))
	if blind := got(t, summary, summary.JSON200); !blind.Blinded || blind.Figures.Scores != 0 {
		t.Errorf("summary before the own score: got %+v, want it blinded and without scores", blind)
	}
	h.submitScore(h.second, 2, 4)
	shown := sent(h.second.GetScoreWithResponse(ctx, first, nil))
	equals(t, "first rating", got(t, shown, shown.JSON200).Ratings[0].Rating.MustGet(), 4)
	equals(t, "interview status with one score missing", status(), apiclient.InterviewStatusAwaitingScores)
	h.submitScore(h.third, 4, 4)
	equals(t, "interview status with all scores", status(), apiclient.InterviewStatusCompleted)
}

// decide reads the summary of all scores and moves the application to offer.
func (h *hiring) decide() {
	ctx, t := h.Context(), h.T
	summary := sent(h.hr.GetApplicationSummaryWithResponse(ctx, h.application, nil))
	if figures := got(t, summary, summary.JSON200).Figures; figures.Scores != 3 || figures.Recommendations.Yes != 3 {
		t.Errorf("figures: got %+v, want 3 scores, all of them yes", figures)
	}
	moved := h.move(h.hr, apiclient.ApplicationStageEvaluation)
	got(t, moved, moved.JSON200)
	moved = h.move(h.hr, apiclient.ApplicationStageOffer)
	equals(t, "application stage", got(t, moved, moved.JSON200).Stage, apiclient.ApplicationStageOffer)
	back := h.move(h.hr, apiclient.ApplicationStageScreening)
	problemOf(t, back, back.ApplicationProblemJSON422, "rule_violated")
	history := sent(h.hr.ListApplicationHistoryWithResponse(ctx, h.application, nil))
	var stages []apiclient.ApplicationStage
	for _, move := range got(t, history, history.JSON200).Data {
		stages = append(stages, move.ToStage)
	}
	if !slices.Equal(stages, []apiclient.ApplicationStage{"applied", "screening", "interview", "evaluation", "offer"}) {
		t.Errorf("history: got %v, want every stage up to offer", stages)
	}
}
