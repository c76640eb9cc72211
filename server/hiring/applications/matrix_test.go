package applications_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// viewer is somebody who stands before an application.
type viewer struct {
	client *testkit.Client
	role   api.Role
	// sees the application; leads its job.
	sees, leads bool
}

// stand arranges an application and everybody who may stand before it: every role with and without a part in its job, on
// and off the panel of an interview of it, and in another company.
func stand(t *testing.T) (house, uuid.UUID, map[string]viewer) {
	t.Helper()
	h := build(t)
	colleague := func(name string, role api.Role) testkit.User { return h.User(h.acme, name, role) }
	lead, member := h.acme.Users[api.RoleTeamLead], colleague("member", api.RoleEmployee)
	otherLead, panelLead, panelist := colleague("other", api.RoleTeamLead), colleague("lead", api.RoleTeamLead), colleague("panelist", api.RoleEmployee)
	h.hiring.Job(api.JobStatusOpen, otherLead, panelLead)
	job := h.hiring.Job(api.JobStatusOpen, lead, member)
	id := h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageApplied)
	_, version := h.hiring.KitVersion(api.KitVersionStatusPublished)
	h.hiring.Interview(id, version, api.InterviewStatusScheduled, panelLead, panelist)
	viewers := map[string]viewer{
		"HR":                             {h.as[api.RoleHr], api.RoleHr, true, true},
		"an admin":                       {h.as[api.RoleAdmin], api.RoleAdmin, true, true},
		"the team lead":                  {h.as[api.RoleTeamLead], api.RoleTeamLead, true, true},
		"another team lead":              {h.replica.SignIn(t, otherLead), api.RoleTeamLead, false, false},
		"another team lead on a panel":   {h.replica.SignIn(t, panelLead), api.RoleTeamLead, true, false},
		"an employee on a panel":         {h.replica.SignIn(t, panelist), api.RoleEmployee, true, false},
		"an employee who is a member":    {h.replica.SignIn(t, member), api.RoleEmployee, false, false},
		"an employee":                    {h.as[api.RoleEmployee], api.RoleEmployee, false, false},
		"HR of another company":          {nil, api.RoleHr, false, false},
		"a team lead of another company": {nil, api.RoleTeamLead, false, false},
	}
	globex := h.Company("globex")
	for name, v := range viewers {
		if v.client == nil {
			v.client = h.replica.SignIn(t, globex.Users[v.role])
			viewers[name] = v
		}
	}
	return h, id, viewers
}

// TestEveryRoleStands expects that no role of the API was forgotten before an application.
func TestEveryRoleStands(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	_, _, viewers := stand(t)
	for _, role := range document.Components.Schemas["Role"].Value.Enum {
		found := false
		for _, v := range viewers {
			found = found || string(v.role) == role
		}
		if !found {
			t.Errorf("nobody stands before an application as %s", role)
		}
	}
}

// put brings an application into a stage and a status, whatever its way there.
func put(t *testing.T, conn *pgx.Conn, id uuid.UUID, stage api.ApplicationStage, status api.ApplicationStatus) {
	t.Helper()
	_, err := conn.Exec(t.Context(), `UPDATE applications SET stage = $2, furthest_stage = $2, status = $3::text,
		rejection_reason = CASE WHEN $3::text = 'rejected' THEN 'other' END WHERE id = $1`, id, stage, status)
	if err != nil {
		t.Fatal(err)
	}
}

// outcome is how an attempt was answered: a status, and for a refusal its code.
func outcome(answer *testkit.Answer) string {
	if answer.Status == http.StatusOK {
		return "200"
	}
	return fmt.Sprint(answer.Status, " ", testkit.Decode[api.Problem](answer).Code)
}

// TestMovesByTheMatrix lets everybody try every pair of stages, with a reason and without, and compares what happens with
// what was decided, and with what the application had offered.
func TestMovesByTheMatrix(t *testing.T) {
	t.Parallel()
	h, id, viewers := stand(t)
	conn, stages := h.Connect(), lifecycle.Stages()
	last := len(stages) - 1
	decided := func(v viewer, i, j int, reason bool) string {
		switch {
		case v.role == api.RoleEmployee:
			return "403 permission_denied"
		case !v.sees:
			return "404 not_found"
		case !v.leads:
			return "403 role_not_allowed"
		case i == last, i == j, j == last && i != last-1:
			return "409 state_conflict"
		case j == i+1:
			return "200"
		case v.role == api.RoleTeamLead:
			return "403 role_not_allowed"
		case j < i && !reason:
			return "422 rule_violated"
		}
		return "200"
	}
	for name, v := range viewers {
		for i, from := range stages {
			status := api.ApplicationStatusActive
			if i == last {
				status = api.ApplicationStatusHired
			}
			put(t, conn, id, from, status)
			var offered []api.ApplicationStage
			if v.sees {
				offered = read(v.client, id).AllowedStages
			}
			for j, to := range stages {
				for _, body := range []map[string]any{{"to": to}, {"to": to, "reason": "It was decided so."}} {
					put(t, conn, id, from, status)
					answer := v.client.Post(path(id, "move"), body)
					want := decided(v, i, j, len(body) == 2)
					if got := outcome(answer); got != want {
						t.Errorf("%s, from %s by %v: %s, want %s", name, from, body, got, want)
					}
					if promised := slices.Contains(offered, to); len(body) == 2 && promised != (answer.Status == http.StatusOK) {
						t.Errorf("%s, from %s to %s: offered: %t, answered: %d", name, from, to, promised, answer.Status)
					}
					if answer.Status == http.StatusConflict {
						p := testkit.Decode[api.Problem](answer)
						var legal []string
						for _, action := range read(v.client, id).AllowedActions {
							legal = append(legal, string(action))
						}
						if p.State == nil || *p.State != string(status) || p.AllowedActions == nil || !slices.Equal(*p.AllowedActions, legal) {
							t.Errorf("%s, from %s to %s: the conflict names %v and %v", name, from, to, p.State, p.AllowedActions)
						}
					}
				}
			}
		}
	}
}

// TestActionsByTheMatrix lets everybody try every action of the machine in every status, and compares what happens with what
// the machine says of their standing, and with what the application had offered.
func TestActionsByTheMatrix(t *testing.T) {
	t.Parallel()
	h, id, viewers := stand(t)
	conn, machine := h.Connect(), lifecycle.Application()
	bodies := map[api.ApplicationAction]map[string]any{
		api.ApplicationActionMove: {"to": api.ApplicationStageEvaluation}, api.ApplicationActionHold: {}, api.ApplicationActionResume: {},
		api.ApplicationActionReject: {"rejection_reason": "other"}, api.ApplicationActionWithdraw: {},
		api.ApplicationActionReactivate: {"reason": "It was decided so."},
	}
	denied := func(v viewer, action api.ApplicationAction) bool { // by the door, for want of a permission
		return v.role == api.RoleEmployee || v.role == api.RoleTeamLead && action == api.ApplicationActionReactivate
	}
	for name, v := range viewers {
		standing := lifecycle.Standing{Role: v.role, Member: v.leads}
		for _, state := range machine.States {
			stage := api.ApplicationStageInterview
			if state.Name == api.ApplicationStatusHired {
				stage = api.ApplicationStageHired
			}
			for _, way := range machine.Transitions {
				action := way.Action
				if action == api.ApplicationActionScheduleInterview {
					continue // it creates an interview, in another room
				}
				body, known := bodies[action]
				if !known {
					t.Fatalf("no request for the action %s", action)
				}
				put(t, conn, id, stage, state.Name)
				want := "200"
				reason := "It was decided so."
				_, err := machine.Decide(state.Name, action, standing, &reason)
				switch {
				case denied(v, action):
					want = "403 permission_denied"
				case !v.sees:
					want = "404 not_found"
				case err != nil && machine.May(state.Name, action, standing):
					t.Fatal(err)
				case err != nil && v.leads:
					want = "409 state_conflict"
				case err != nil:
					want = "403 role_not_allowed"
				}
				var offered []api.ApplicationAction
				if v.sees {
					offered = read(v.client, id).AllowedActions
				}
				answer := v.client.Post(path(id, string(action)), body)
				if got := outcome(answer); got != want {
					t.Errorf("%s: %s when %s: %s, want %s", name, action, state.Name, got, want)
				}
				if promised := slices.Contains(offered, action); promised != (answer.Status == http.StatusOK) {
					t.Errorf("%s: %s when %s: offered: %t, answered: %d", name, action, state.Name, promised, answer.Status)
				}
				if answer.Status == http.StatusConflict {
					p := testkit.Decode[api.Problem](answer)
					legal := []string{}
					for _, one := range offered {
						legal = append(legal, string(one))
					}
					if p.State == nil || *p.State != string(state.Name) || p.AllowedActions == nil || !slices.Equal(*p.AllowedActions, legal) {
						t.Errorf("%s: %s when %s: the conflict names %v and %v", name, action, state.Name, p.State, p.AllowedActions)
					}
				}
			}
			// What the interviews' room does is offered by the same machine.
			put(t, conn, id, stage, state.Name)
			if v.sees && !slices.Equal(read(v.client, id).AllowedActions, machine.Allowed(state.Name, standing)) {
				t.Errorf("%s when %s is offered %v", name, state.Name, read(v.client, id).AllowedActions)
			}
		}
	}
}
