package kits_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// viewer is somebody who stands before the kits of a company.
type viewer struct {
	client *testkit.Client
	role   api.Role
	// stranger is of another company; leads the job that a kit may belong to.
	stranger, leads bool
}

// stand gives everybody who may stand before a kit of the job of the house, by what they are.
func stand(t *testing.T, h house) map[string]viewer {
	t.Helper()
	other := h.User(h.acme, "other", api.RoleTeamLead)
	h.hiring.Job(api.JobStatusOpen, other)
	member := h.User(h.acme, "member", api.RoleEmployee)
	h.hiring.Member(h.job, member)
	globex := h.Company("globex")
	return map[string]viewer{
		"HR":                             {h.as[api.RoleHr], api.RoleHr, false, false},
		"an admin":                       {h.as[api.RoleAdmin], api.RoleAdmin, false, false},
		"the team lead":                  {h.as[api.RoleTeamLead], api.RoleTeamLead, false, true},
		"another team lead":              {h.replica.SignIn(t, other), api.RoleTeamLead, false, false},
		"an employee":                    {h.as[api.RoleEmployee], api.RoleEmployee, false, false},
		"an employee who is a member":    {h.replica.SignIn(t, member), api.RoleEmployee, false, false},
		"HR of another company":          {h.replica.SignIn(t, globex.Users[api.RoleHr]), api.RoleHr, true, false},
		"a team lead of another company": {h.replica.SignIn(t, globex.Users[api.RoleTeamLead]), api.RoleTeamLead, true, false},
	}
}

// outcome is how an attempt was answered: a status, and for a refusal its code.
func outcome(answer *testkit.Answer) string {
	if answer.Status < http.StatusBadRequest {
		return fmt.Sprint(answer.Status)
	}
	return fmt.Sprint(answer.Status, " ", testkit.Decode[api.Problem](answer).Code)
}

// refusal is how everybody is answered whatever the state of a kit is; empty where the state decides.
func refusal(v viewer, ofTheJob bool) string {
	switch {
	case v.role == api.RoleEmployee:
		return "403 permission_denied"
	case v.stranger:
		return "404 not_found"
	case v.role == api.RoleTeamLead && (!v.leads || !ofTheJob):
		return "403 role_not_allowed"
	}
	return ""
}

// TestWritesByTheMatrix lets everybody try everything on kits of the company, of the team lead's job and of another, in each
// state of their version, and compares what happens with what was decided, and with what kit and version had offered.
func TestWritesByTheMatrix(t *testing.T) {
	t.Parallel()
	h := build(t)
	foreign, conn := h.hiring.Job(api.JobStatusOpen), h.Connect()
	viewers := stand(t, h)
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range document.Components.Schemas["Role"].Value.Enum {
		if !slices.ContainsFunc(slices.Collect(maps.Values(viewers)), func(v viewer) bool { return string(v.role) == role }) {
			t.Errorf("nobody stands before a kit as %s", role)
		}
	}
	machine := lifecycle.KitVersion()
	legal := map[api.KitVersionStatus][]api.KitVersionAction{
		api.KitVersionStatusDraft: {"update", "publish"}, api.KitVersionStatusPublished: {"archive"}, api.KitVersionStatusArchived: {},
	}
	actions := map[api.KitVersionAction]func(c *testkit.Client, kit, version uuid.UUID) *testkit.Answer{
		api.KitVersionActionUpdate: func(c *testkit.Client, kit, version uuid.UUID) *testkit.Answer {
			return c.Do(http.MethodPatch, path(kit, "versions", version), `{"questions":[{"key":"q","text":"x"}]}`, "If-Match", "*")
		},
		api.KitVersionActionPublish: func(c *testkit.Client, kit, version uuid.UUID) *testkit.Answer {
			return act(c, kit, version, "publish")
		},
		api.KitVersionActionArchive: func(c *testkit.Client, kit, version uuid.UUID) *testkit.Answer {
			return act(c, kit, version, "archive")
		},
	}
	for name, v := range viewers {
		for of, job := range map[string]*uuid.UUID{"the company": nil, "the job": &h.job, "another job": &foreign} {
			for _, state := range machine.States {
				fresh := func() (kit, version uuid.UUID) {
					kit, version = h.hiring.KitVersion(state.Name)
					if _, err := conn.Exec(t.Context(), `UPDATE kits SET job_id = $2 WHERE id = $1`, kit, job); err != nil {
						t.Fatal(err)
					}
					return kit, version
				}
				refused := refusal(v, of == "the job")
				for _, way := range machine.Transitions {
					attempt, known := actions[way.Action]
					if !known {
						t.Fatalf("no request for the action %s", way.Action)
					}
					k, id := fresh()
					want := refused
					may := refused == "" && slices.Contains(legal[state.Name], way.Action)
					switch {
					case may:
						want = "200"
					case refused == "":
						want = "409 state_conflict"
					}
					if v.role != api.RoleEmployee && !v.stranger {
						if offered := slices.Contains(version(v.client, k, id).AllowedActions, way.Action); offered != may {
							t.Errorf("%s, a %s version of a kit of %s: %s is offered: %t", name, state.Name, of, way.Action, offered)
						}
					}
					answer := attempt(v.client, k, id)
					if got := outcome(answer); got != want {
						t.Errorf("%s, a %s version of a kit of %s: %s: %s, want %s", name, state.Name, of, way.Action, got, want)
					}
					if answer.Status == http.StatusConflict {
						p := testkit.Decode[api.Problem](answer)
						if p.State == nil || *p.State != string(state.Name) || p.AllowedActions == nil || len(*p.AllowedActions) != len(legal[state.Name]) {
							t.Errorf("the conflict names %v and %v", p.State, p.AllowedActions)
						}
					}
				}
				k, _ := fresh()
				want := map[api.KitAction]string{api.KitActionUpdate: "200", api.KitActionCreateVersion: "201"}
				if state.Name == api.KitVersionStatusDraft {
					want[api.KitActionCreateVersion] = "409 draft_exists"
				}
				if refused != "" {
					want = map[api.KitAction]string{api.KitActionUpdate: refused, api.KitActionCreateVersion: refused}
				}
				if v.role != api.RoleEmployee && !v.stranger {
					offered := kit(v.client, k).AllowedActions
					for action, result := range want {
						if slices.Contains(offered, action) != (len(result) == 3) {
							t.Errorf("%s, a kit of %s with a %s version: offered is %v", name, of, state.Name, offered)
						}
					}
				}
				if got := outcome(v.client.Do(http.MethodPatch, path(k), `{"name":"Other"}`, "If-Match", "*")); got != want[api.KitActionUpdate] {
					t.Errorf("%s updates a kit of %s: %s, want %s", name, of, got, want[api.KitActionUpdate])
				}
				if got := outcome(v.client.Post(path(k, "versions"), nil)); got != want[api.KitActionCreateVersion] {
					t.Errorf("%s begins a version of a kit of %s with a %s one: %s, want %s", name, of, state.Name, got, want[api.KitActionCreateVersion])
				}
			}
			// A kit of a job that is none of one's company cannot be created; one of no job is one of the own company.
			body := map[string]any{"name": "Kit"}
			if job != nil {
				body["job_id"] = job
			}
			want := refusal(v, of == "the job")
			switch {
			case v.stranger && job != nil:
				want = "422 rule_violated"
			case v.stranger && v.role == api.RoleTeamLead:
				want = "403 role_not_allowed"
			case v.stranger, want == "":
				want = "201"
			}
			if got := outcome(v.client.Post(collection, body)); got != want {
				t.Errorf("%s creates a kit of %s: %s, want %s", name, of, got, want)
			}
		}
	}
}
