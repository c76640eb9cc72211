package applications_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// participant is a user with a relation to an application.
type participant struct {
	client *testkit.Client
	role   api.Role
	// sees is true if the application is visible to the user; leads, if the user leads its job.
	sees, leads bool
}

// newParticipants creates an application and users of every role: members of its job and others, panelists of its
// interview and others, and users of another company.
func newParticipants(t *testing.T) (fixture, uuid.UUID, map[string]participant) {
	t.Helper()
	f := newFixture(t)
	user := func(name string, role api.Role) testkit.User { return f.User(f.acme, name, role) }
	lead, member := f.acme.Users[api.RoleTeamLead], user("member", api.RoleEmployee)
	otherLead, panelLead := user("other", api.RoleTeamLead), user("lead", api.RoleTeamLead)
	panelist := user("panelist", api.RoleEmployee)
	f.hiring.Job(api.JobStatusOpen, otherLead, panelLead)
	job := f.hiring.Job(api.JobStatusOpen, lead, member)
	id := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageApplied)
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	f.hiring.Interview(id, version, api.InterviewStatusScheduled, panelLead, panelist)
	participants := map[string]participant{
		"HR":                             {f.as[api.RoleHr], api.RoleHr, true, true},
		"an admin":                       {f.as[api.RoleAdmin], api.RoleAdmin, true, true},
		"the team lead":                  {f.as[api.RoleTeamLead], api.RoleTeamLead, true, true},
		"another team lead":              {f.replica.SignIn(t, otherLead), api.RoleTeamLead, false, false},
		"another team lead on a panel":   {f.replica.SignIn(t, panelLead), api.RoleTeamLead, true, false},
		"an employee on a panel":         {f.replica.SignIn(t, panelist), api.RoleEmployee, true, false},
		"an employee who is a member":    {f.replica.SignIn(t, member), api.RoleEmployee, false, false},
		"an employee":                    {f.as[api.RoleEmployee], api.RoleEmployee, false, false},
		"HR of another company":          {nil, api.RoleHr, false, false},
		"a team lead of another company": {nil, api.RoleTeamLead, false, false},
	}
	globex := f.Company("globex")
	for name, v := range participants {
		if v.client == nil {
			v.client = f.replica.SignIn(t, globex.Users[v.role])
			participants[name] = v
		}
	}
	return f, id, participants
}

// TestEveryRoleHasParticipant checks that the participants cover every role of the API.
func TestEveryRoleHasParticipant(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	_, _, participants := newParticipants(t)
	for _, role := range document.Components.Schemas["Role"].Value.Enum {
		found := false
		for _, p := range participants {
			found = found || string(p.role) == role
		}
		if !found {
			t.Errorf("no participant has the role %s", role)
		}
	}
}

// setState sets the stage and the status of an application, without the moves that lead to them.
func setState(t *testing.T, conn *pgx.Conn, id uuid.UUID, stage api.ApplicationStage, status api.ApplicationStatus) {
	t.Helper()
	_, err := conn.Exec(t.Context(), `UPDATE applications SET stage = $2, furthest_stage = $2, status = $3::text,
		rejection_reason = CASE WHEN $3::text = 'rejected' THEN 'other' END WHERE id = $1`, id, stage, status)
	if err != nil {
		t.Fatal(err)
	}
}

// describeAnswer returns the status of an answer, followed by the code if it is a problem.
func describeAnswer(answer *testkit.Answer) string {
	if answer.Status == http.StatusOK {
		return "200"
	}
	return fmt.Sprint(answer.Status, " ", testkit.Decode[api.Problem](answer).Code)
}

// apiStages returns the stages in order, as the API names them.
func apiStages() []api.ApplicationStage {
	stages := make([]api.ApplicationStage, len(lifecycle.Stages()))
	for i, stage := range lifecycle.Stages() {
		stages[i] = api.ApplicationStage(stage)
	}
	return stages
}

// TestMoveMatrix moves an application between every pair of stages as every participant, with a reason and without. The
// answer must be as expected, and a move must succeed exactly if the allowed stages contain its stage.
func TestMoveMatrix(t *testing.T) {
	t.Parallel()
	f, id, participants := newParticipants(t)
	conn, stages := f.Connect(), apiStages()
	last := len(stages) - 1
	// The stages are given by their index, so that i+1 is the next one.
	expected := func(p participant, i, j int, reason bool) string {
		switch {
		case p.role == api.RoleEmployee:
			return "403 permission_denied"
		case !p.sees:
			return "404 not_found"
		case !p.leads:
			return "403 role_not_allowed"
		case i == last, i == j, j == last && i != last-1:
			return "409 state_conflict"
		case j == i+1:
			return "200"
		case p.role == api.RoleTeamLead:
			return "403 role_not_allowed"
		case j < i && !reason:
			return "422 rule_violated"
		}
		return "200"
	}
	for name, p := range participants {
		for i, from := range stages {
			status := api.ApplicationStatusActive
			if i == last {
				status = api.ApplicationStatusHired
			}
			setState(t, conn, id, from, status)
			var allowed []api.ApplicationStage
			if p.sees {
				allowed = getApplication(p.client, id).AllowedStages
			}
			for j, to := range stages {
				for _, body := range []map[string]any{{"to": to}, {"to": to, "reason": "It was decided so."}} {
					setState(t, conn, id, from, status)
					answer := p.client.Post(path(id, "move"), body)
					withReason := len(body) == 2
					if got, want := describeAnswer(answer), expected(p, i, j, withReason); got != want {
						t.Errorf("%s, from %s by %v: got %s, want %s", name, from, body, got, want)
					}
					// The allowed stages include those that need a reason.
					if listed := slices.Contains(allowed, to); withReason && listed != (answer.Status == http.StatusOK) {
						t.Errorf("%s, from %s to %s: got status %d, in the allowed stages: %t", name, from, to, answer.Status, listed)
					}
					if answer.Status == http.StatusConflict {
						checkConflict(t, answer, status, getApplication(p.client, id).AllowedActions)
					}
				}
			}
		}
	}
}

// checkConflict checks that a problem has the state and the allowed actions of an application.
func checkConflict(
	t *testing.T, answer *testkit.Answer, status api.ApplicationStatus, allowed []api.ApplicationAction,
) {
	t.Helper()
	p := testkit.Decode[api.Problem](answer)
	same := func(a string, b api.ApplicationAction) bool { return a == string(b) }
	if p.State == nil || *p.State != string(status) ||
		p.AllowedActions == nil || !slices.EqualFunc(*p.AllowedActions, allowed, same) {
		t.Errorf("%s: got state %v and actions %v, want %s and %v",
			answer.Request.URL.Path, p.State, p.AllowedActions, status, allowed)
	}
}

// TestActionMatrix performs every action in every status as every participant. The answer must be what the state machine
// decides for their relation, and an action must succeed exactly if the allowed actions contain it.
func TestActionMatrix(t *testing.T) {
	t.Parallel()
	f, id, participants := newParticipants(t)
	conn, machine := f.Connect(), lifecycle.Application()
	bodies := map[api.ApplicationAction]map[string]any{
		api.ApplicationActionMove: {"to": api.ApplicationStageEvaluation}, api.ApplicationActionHold: {},
		api.ApplicationActionResume: {}, api.ApplicationActionReject: {"rejection_reason": "other"},
		api.ApplicationActionWithdraw: {}, api.ApplicationActionReactivate: {"reason": "It was decided so."},
	}
	// deniedByGate reports whether the role lacks the permission that the operation requires.
	deniedByGate := func(p participant, action api.ApplicationAction) bool {
		return p.role == api.RoleEmployee || p.role == api.RoleTeamLead && action == api.ApplicationActionReactivate
	}
	for name, p := range participants {
		relation := lifecycle.Relation{Role: stored.Role(p.role), Member: p.leads}
		for _, state := range machine.States {
			stage := api.ApplicationStageInterview
			if state.Name == stored.ApplicationStatusHired {
				stage = api.ApplicationStageHired
			}
			for _, transition := range machine.Transitions {
				action := transition.Action
				if action == api.ApplicationActionScheduleInterview {
					continue // it is an operation of the package interviews
				}
				body, known := bodies[action]
				if !known {
					t.Fatalf("no request for the action %s", action)
				}
				setState(t, conn, id, stage, api.ApplicationStatus(state.Name))
				want := "200"
				reason := "It was decided so."
				_, err := machine.Decide(state.Name, action, relation, &reason)
				switch {
				case deniedByGate(p, action):
					want = "403 permission_denied"
				case !p.sees:
					want = "404 not_found"
				case err != nil && machine.May(state.Name, action, relation):
					t.Fatal(err)
				case err != nil && p.leads:
					want = "409 state_conflict"
				case err != nil:
					want = "403 role_not_allowed"
				}
				var allowed []api.ApplicationAction
				if p.sees {
					allowed = getApplication(p.client, id).AllowedActions
				}
				answer := p.client.Post(path(id, string(action)), body)
				if got := describeAnswer(answer); got != want {
					t.Errorf("%s: %s when %s: got %s, want %s", name, action, state.Name, got, want)
				}
				if listed := slices.Contains(allowed, action); listed != (answer.Status == http.StatusOK) {
					t.Errorf("%s: %s when %s: got status %d, in the allowed actions: %t",
						name, action, state.Name, answer.Status, listed)
				}
				if answer.Status == http.StatusConflict {
					checkConflict(t, answer, api.ApplicationStatus(state.Name), allowed)
				}
			}

			// The complete list, with schedule_interview, is that of the machine.
			setState(t, conn, id, stage, api.ApplicationStatus(state.Name))
			if p.sees {
				got, want := getApplication(p.client, id).AllowedActions, machine.Allowed(state.Name, relation)
				if !slices.Equal(got, want) {
					t.Errorf("%s when %s: got allowed actions %v, want %v", name, state.Name, got, want)
				}
			}
		}
	}
}
