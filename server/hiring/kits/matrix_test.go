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

// viewer is a user who tries to change kits.
type viewer struct {
	client *testkit.Client
	role   api.Role
	// isStranger is true for a user of another company, leads for a team lead who is a member of the fixture's job.
	isStranger, leads bool
}

// newViewers returns a viewer of each kind, by description.
func newViewers(t *testing.T, f fixture) map[string]viewer {
	t.Helper()
	other := f.User(f.acme, "other", api.RoleTeamLead)
	f.hiring.Job(api.JobStatusOpen, other)
	member := f.User(f.acme, "member", api.RoleEmployee)
	f.hiring.Member(f.job, member)
	globex := f.Company("globex")
	return map[string]viewer{
		"HR":                           {f.as[api.RoleHr], api.RoleHr, false, false},
		"admin":                        {f.as[api.RoleAdmin], api.RoleAdmin, false, false},
		"team lead":                    {f.as[api.RoleTeamLead], api.RoleTeamLead, false, true},
		"other team lead":              {f.replica.SignIn(t, other), api.RoleTeamLead, false, false},
		"employee":                     {f.as[api.RoleEmployee], api.RoleEmployee, false, false},
		"employee and member":          {f.replica.SignIn(t, member), api.RoleEmployee, false, false},
		"HR of another company":        {f.replica.SignIn(t, globex.Users[api.RoleHr]), api.RoleHr, true, false},
		"team lead of another company": {f.replica.SignIn(t, globex.Users[api.RoleTeamLead]), api.RoleTeamLead, true, false},
	}
}

// outcome returns the status of an answer and, for a refusal, its code.
func outcome(answer *testkit.Answer) string {
	if answer.Status < http.StatusBadRequest {
		return fmt.Sprint(answer.Status)
	}
	return fmt.Sprint(answer.Status, " ", testkit.Decode[api.Problem](answer).Code)
}

// refusal returns the outcome for a viewer who may not change a kit in any state; empty if the state decides.
func refusal(v viewer, isOfJob bool) string {
	switch {
	case v.role == api.RoleEmployee:
		return "403 permission_denied"
	case v.isStranger:
		return "404 not_found"
	case v.role == api.RoleTeamLead && (!v.leads || !isOfJob):
		return "403 role_not_allowed"
	}
	return ""
}

// TestWriteMatrix tries every action as every viewer on kits without a job, of the team lead's job and of another job, in
// every state of their version. It compares the outcomes with the expected ones and with the allowed actions.
func TestWriteMatrix(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	otherJob, conn := f.hiring.Job(api.JobStatusOpen), f.Connect()
	viewers := newViewers(t, f)
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range document.Components.Schemas["Role"].Value.Enum {
		isViewer := func(v viewer) bool { return string(v.role) == role }
		if !slices.ContainsFunc(slices.Collect(maps.Values(viewers)), isViewer) {
			t.Errorf("no viewer has the role %s", role)
		}
	}

	machine := lifecycle.KitVersion()
	permitted := map[api.KitVersionStatus][]api.KitVersionAction{
		api.KitVersionStatusDraft:     {"update", "publish"},
		api.KitVersionStatusPublished: {"archive"},
		api.KitVersionStatusArchived:  {},
	}
	requests := map[api.KitVersionAction]func(c *testkit.Client, kit, version uuid.UUID) *testkit.Answer{
		api.KitVersionActionUpdate: func(c *testkit.Client, kit, version uuid.UUID) *testkit.Answer {
			body := `{"questions":[{"key":"q","text":"x"}]}`
			return c.Do(http.MethodPatch, path(kit, "versions", version), body, "If-Match", "*")
		},
		api.KitVersionActionPublish: func(c *testkit.Client, kit, version uuid.UUID) *testkit.Answer {
			return act(c, kit, version, "publish")
		},
		api.KitVersionActionArchive: func(c *testkit.Client, kit, version uuid.UUID) *testkit.Answer {
			return act(c, kit, version, "archive")
		},
	}

	for name, v := range viewers {
		t.Run(name, func(t *testing.T) {
			seesKits := v.role != api.RoleEmployee && !v.isStranger
			for of, job := range map[string]*uuid.UUID{"no job": nil, "the job": &f.job, "another job": &otherJob} {
				refused := refusal(v, of == "the job")
				for _, state := range machine.States {
					status := api.KitVersionStatus(state.Name)
					label := fmt.Sprintf("%s, kit of %s with a %s version", name, of, status)
					newKit := func() (kit, version uuid.UUID) {
						kit, version = f.hiring.KitVersion(status)
						if _, err := conn.Exec(t.Context(), `UPDATE kits SET job_id = $2 WHERE id = $1`, kit, job); err != nil {
							t.Fatal(err)
						}
						return kit, version
					}

					// Every action on the version.
					for _, transition := range machine.Transitions {
						action := transition.Action
						request, known := requests[action]
						if !known {
							t.Fatalf("the test has no request for the action %s", action)
						}
						may := refused == "" && slices.Contains(permitted[status], action)
						want := refused
						switch {
						case may:
							want = "200"
						case refused == "":
							want = "409 state_conflict"
						}
						kit, version := newKit()
						if seesKits {
							allowed := getVersion(v.client.In(t), kit, version).AllowedActions
							if slices.Contains(allowed, action) != may {
								t.Errorf("%s: allowed actions %v contain %s: %t, want %t", label, allowed, action, !may, may)
							}
						}
						answer := request(v.client.In(t), kit, version)
						if got := outcome(answer); got != want {
							t.Errorf("%s: %s: got %s, want %s", label, action, got, want)
						}
						if answer.Status == http.StatusConflict {
							p := testkit.Decode[api.Problem](answer)
							if p.State == nil || *p.State != string(status) ||
								p.AllowedActions == nil || len(*p.AllowedActions) != len(permitted[status]) {
								t.Errorf("%s: %s: conflict names %v and %v, want %s and %v",
									label, action, p.State, p.AllowedActions, status, permitted[status])
							}
						}
					}

					// Both actions on the kit.
					want := map[api.KitAction]string{api.KitActionUpdate: "200", api.KitActionCreateVersion: "201"}
					if status == api.KitVersionStatusDraft {
						want[api.KitActionCreateVersion] = "409 draft_exists"
					}
					if refused != "" {
						want = map[api.KitAction]string{api.KitActionUpdate: refused, api.KitActionCreateVersion: refused}
					}
					kit, _ := newKit()
					if seesKits {
						allowed := getKit(v.client.In(t), kit).AllowedActions
						for action, result := range want {
							succeeds := len(result) == len("200")
							if slices.Contains(allowed, action) != succeeds {
								t.Errorf("%s: allowed actions %v, but %s leads to %s", label, allowed, action, result)
							}
						}
					}
					update := v.client.In(t).Do(http.MethodPatch, path(kit), `{"name":"Other"}`, "If-Match", "*")
					if got := outcome(update); got != want[api.KitActionUpdate] {
						t.Errorf("%s: update: got %s, want %s", label, got, want[api.KitActionUpdate])
					}
					create := v.client.In(t).Post(path(kit, "versions"), nil)
					if got := outcome(create); got != want[api.KitActionCreateVersion] {
						t.Errorf("%s: create_version: got %s, want %s", label, got, want[api.KitActionCreateVersion])
					}
				}

				// Creating a kit. To a stranger the jobs do not exist; a kit without a job belongs to the stranger's own company.
				body := map[string]any{"name": "Kit"}
				if job != nil {
					body["job_id"] = job
				}
				want := refused
				switch {
				case v.isStranger && job != nil:
					want = "422 rule_violated"
				case v.isStranger && v.role == api.RoleTeamLead:
					want = "403 role_not_allowed"
				case v.isStranger, want == "":
					want = "201"
				}
				if got := outcome(v.client.In(t).Post(collection, body)); got != want {
					t.Errorf("%s creates a kit of %s: got %s, want %s", name, of, got, want)
				}
			}
		})
	}
}
