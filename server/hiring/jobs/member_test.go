package jobs_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// setMember requests that a user becomes a member of a job.
func setMember(c *testkit.Client, job, user uuid.UUID, body any) *testkit.Answer {
	return c.Do(http.MethodPut, path(job, "members", user.String()), body)
}

func decodeMembers(a *testkit.Answer) api.JobMemberPage {
	return testkit.Decode[api.JobMemberPage](a.Expect(http.StatusOK))
}

func TestSetAndRemoveMember(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, hr, lead := f.Job(api.JobStatusClosed), f.as[api.RoleHr], f.acme.Users[api.RoleTeamLead]
	set := func(role string) api.JobMember {
		t.Helper()
		return testkit.Decode[api.JobMember](setMember(hr, id, lead.ID, map[string]any{"role": role}).Expect(http.StatusOK))
	}

	// Setting the same role again changes nothing, not even updated_at.
	created := f.clock.Now().UTC()
	want := api.JobMember{
		User: api.PersonSummary{ID: lead.ID, FirstName: "team_lead", LastName: "Example"}, Role: api.JobRoleRecruiter,
		CreatedAt: created, UpdatedAt: created,
	}
	if got := set("recruiter"); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
	f.clock.Advance(time.Minute)
	if got := set("recruiter"); !reflect.DeepEqual(got, want) {
		t.Errorf("with the same role again: got\n%+v, want\n%+v", got, want)
	}
	want.Role, want.UpdatedAt = api.JobRoleHiringManager, f.clock.Now().UTC()
	if got := set("hiring_manager"); !reflect.DeepEqual(got, want) {
		t.Errorf("with another role: got\n%+v, want\n%+v", got, want)
	}
	got := decodeMembers(f.as[api.RoleTeamLead].Get(path(id, "members")))
	if !reflect.DeepEqual(got.Data, []api.JobMember{want}) || got.HasMore {
		t.Errorf("got members %+v, want only %+v", got, want)
	}
	if got := listPage(f.as[api.RoleTeamLead], map[string][]string{"mine": {"true"}}).Data; len(got) != 1 {
		t.Errorf("got %d jobs of the team lead, want 1: %+v", len(got), got)
	}

	if answer := hr.Delete(path(id, "members", lead.ID.String())).Expect(http.StatusNoContent); len(answer.Body) != 0 {
		t.Errorf("got body %s, want none", answer.Body)
	}
	hr.Delete(path(id, "members", lead.ID.String())).Refused(http.StatusNotFound, "not_found")
	if got := decodeMembers(hr.Get(path(id, "members"))); len(got.Data) != 0 {
		t.Errorf("got members %+v, want none", got)
	}

	// Each change is recorded once, with the role before and after.
	role := func(from, to any) map[string]any {
		return map[string]any{
			"user_id": lead.ID.String(), "changes": map[string]any{"role": map[string]any{"from": from, "to": to}},
		}
	}
	entries := auditEntries(f, id)
	if len(entries) != 3 {
		t.Fatalf("got audit entries %+v, want 3", entries)
	}
	for i, want := range []struct {
		name, action string
		details      map[string]any
	}{
		{"set", "job.member_set", role(nil, "recruiter")},
		{"changed", "job.member_set", role("recruiter", "hiring_manager")},
		{"removed", "job.member_removed", role("hiring_manager", nil)},
	} {
		t.Run(want.name, func(t *testing.T) {
			details := map[string]any(entries[i].Details)
			if string(entries[i].Action) != want.action || !reflect.DeepEqual(details, want.details) {
				t.Errorf("audit entry %d: got %+v, want %+v", i, entries[i], want)
			}
		})
	}
}

func TestSetMemberRefusesInvalidRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, hr := f.Job(api.JobStatusOpen), f.as[api.RoleHr]
	inactive := f.User(f.acme, "inactive", api.RoleEmployee)
	inactiveMember := f.User(f.acme, "member", api.RoleEmployee)
	f.Member(id, inactiveMember)
	f.Exec(`UPDATE users SET is_active = false WHERE id = ANY ($1)`, []uuid.UUID{inactive.ID, inactiveMember.ID})

	for _, user := range f.acme.Users {
		setMember(hr, id, user.ID, `{"role":"interviewer"}`).Expect(http.StatusOK)
	}
	refused := setMember(hr, id, inactive.ID, `{"role":"interviewer"}`).
		Refused(http.StatusUnprocessableEntity, "rule_violated")
	if len(refused.Errors) != 1 || *refused.Errors[0].Parameter != "user_id" || refused.Errors[0].Code != "inactive" {
		t.Errorf("got %+v, want one error with the code inactive for user_id", refused)
	}

	// An inactive member stays a member and can get another job role, but cannot be added again after removal.
	setMember(hr, id, inactiveMember.ID, `{"role":"recruiter"}`).Expect(http.StatusOK)
	hr.Delete(path(id, "members", inactiveMember.ID.String())).Expect(http.StatusNoContent)
	setMember(hr, id, inactiveMember.ID, `{"role":"recruiter"}`).
		Refused(http.StatusUnprocessableEntity, "rule_violated")

	t.Run("user of another company", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		id, hr := f.Job(api.JobStatusOpen), f.as[api.RoleHr]
		outsider := f.Company("globex").Users[api.RoleEmployee]
		foreign := setMember(hr, id, outsider.ID, `{"role":"interviewer"}`).Refused(http.StatusNotFound, "not_found")
		random := setMember(hr, id, uuid.Must(uuid.NewV7()), `{"role":"interviewer"}`).
			Refused(http.StatusNotFound, "not_found")
		foreign.Instance, foreign.RequestID = random.Instance, random.RequestID
		if !reflect.DeepEqual(foreign, random) {
			t.Errorf("got %+v for another company's user, want %+v as for a random id", foreign, random)
		}
		hr.Delete(path(id, "members", outsider.ID.String())).Refused(http.StatusNotFound, "not_found")
	})

	t.Run("malformed bodies", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		id, hr := f.Job(api.JobStatusOpen), f.acme.Users[api.RoleHr].ID
		for _, body := range []any{
			`{}`, `{"role":null}`, `{"role":"owner"}`, `{"role":"recruiter","user_id":"x"}`, `[]`, nil,
		} {
			setMember(f.as[api.RoleHr], id, hr, body).Refused(http.StatusBadRequest, "malformed_request")
		}
	})
}

// TestMembersAreListedInOrderAdded lists members of whom several were added at the same time, with every page size.
func TestMembersAreListedInOrderAdded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, other := f.Job(api.JobStatusOpen), f.Job(api.JobStatusOpen, f.acme.Users[api.RoleHr])
	for i := range 11 {
		user := f.User(f.acme, fmt.Sprintf("member%d", i), api.RoleEmployee)
		f.Exec(`INSERT INTO job_members (company_id, job_id, user_id, role, created_at, updated_at)
			VALUES ($1, $2, $3, 'interviewer', $4, $4)`, f.acme.ID, id, user.ID,
			f.clock.Now().Add(-time.Duration(i/3)*time.Minute))
	}
	whole := decodeMembers(f.as[api.RoleHr].Get(path(id, "members"))).Data
	sorted := slices.IsSortedFunc(whole, func(a, b api.JobMember) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return slices.Compare(a.User.ID[:], b.User.ID[:])
	})
	if len(whole) != 11 || !sorted {
		t.Fatalf("got %d members, in order: %t; want 11 in order", len(whole), sorted)
	}

	for limit := 1; limit <= 12; limit++ {
		query := fmt.Sprintf("?limit=%d", limit)
		var all []api.JobMember
		for cursor, pages := "", 0; pages < 20; pages++ {
			got := decodeMembers(f.as[api.RoleTeamLead].Get(path(id, "members") + query + cursor))
			if all = append(all, got.Data...); !got.HasMore {
				break
			}
			cursor = "&cursor=" + got.NextCursor.MustGet()
			// The cursor is bound to this job.
			f.as[api.RoleHr].Get(path(other, "members")+query+cursor).Refused(http.StatusBadRequest, "invalid_cursor")
		}
		if !reflect.DeepEqual(all, whole) {
			t.Errorf("limit %d: got %d members, want the %d of the single page in the same order", limit, len(all), len(whole))
		}
	}
}

// TestConcurrentMemberChanges sets and removes the same member on two replicas at once. In whatever order the changes
// happen, each audit entry must start with the role with which the previous entry ended.
func TestConcurrentMemberChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, user := f.Job(api.JobStatusOpen), f.acme.Users[api.RoleEmployee].ID
	clients := []*testkit.Client{f.as[api.RoleHr], f.as[api.RoleAdmin].At(f.Replica())}
	var all sync.WaitGroup
	for i, client := range clients {
		all.Go(func() {
			for n := range 12 {
				role := []string{"recruiter", "interviewer", "hiring_manager"}[(n+i)%3]
				setMember(client, id, user, map[string]any{"role": role}).Expect(http.StatusOK)
				if n%3 == i {
					got := client.Delete(path(id, "members", user.String())).Status
					if got != http.StatusNoContent && got != http.StatusNotFound {
						t.Errorf("removal got status %d, want 204 or 404", got)
					}
				}
			}
		})
	}
	all.Wait()

	var role any
	entries := auditEntries(f, id)
	if len(entries) == 0 {
		t.Error("got no audit entries")
	}
	for _, entry := range entries {
		changed := entry.Details["changes"].(map[string]any)["role"].(map[string]any)
		if changed["from"] != role || changed["to"] == role {
			t.Errorf("got a change %v in the audit log, want one from the role %v", changed, role)
		}
		role = changed["to"]
	}
	var current any
	for _, member := range decodeMembers(f.as[api.RoleHr].Get(path(id, "members"))).Data {
		current = string(member.Role)
	}
	if current != role {
		t.Errorf("the role is %v, want %v as in the last audit entry", current, role)
	}
}

// TestKeyCannotMakeItsHolderAMember checks that an API key cannot give access to a job to a holder who has become a
// team lead, and that it can make other users members.
func TestKeyCannotMakeItsHolderAMember(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, former := f.Job(api.JobStatusOpen), f.User(f.acme, "former", api.RoleAdmin)
	created := testkit.Decode[api.APIKeyWithSecret](f.replica.SignIn(t, former).Post("/api/v1/api-keys", map[string]any{
		"name": "Sync", "scopes": []string{"jobs:read", "jobs:write"},
	}).Expect(http.StatusCreated))
	program := f.replica.Bearer(t, created.Secret)

	// Admins can make themselves members, so their keys can, too.
	setMember(program, id, former.ID, `{"role":"recruiter"}`).Expect(http.StatusOK)
	program.Delete(path(id, "members", former.ID.String())).Expect(http.StatusNoContent)

	f.as[api.RoleAdmin].Post("/api/v1/users/"+former.ID.String()+"/change-role", `{"role":"team_lead"}`).
		Expect(http.StatusOK)
	setMember(program, id, former.ID, `{"role":"recruiter"}`).Refused(http.StatusForbidden, "role_not_allowed")
	setMember(program, id, f.acme.Users[api.RoleTeamLead].ID, `{"role":"recruiter"}`).Expect(http.StatusOK)
	setMember(f.as[api.RoleHr], id, former.ID, `{"role":"recruiter"}`).Expect(http.StatusOK)
}
