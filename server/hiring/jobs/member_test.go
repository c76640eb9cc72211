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

func put(c *testkit.Client, job, user uuid.UUID, body any) *testkit.Answer {
	return c.Do(http.MethodPut, path(job, "members", user.String()), body)
}

func members(a *testkit.Answer) api.JobMemberPage {
	return testkit.Decode[api.JobMemberPage](a.Expect(http.StatusOK))
}

func TestSetAndRemoveAMember(t *testing.T) {
	t.Parallel()
	h := build(t)
	id, hr, lead := h.Job(api.JobStatusClosed), h.as[api.RoleHr], h.acme.Users[api.RoleTeamLead]
	began := h.clock.Now().UTC()
	want := api.JobMember{
		User: api.PersonSummary{ID: lead.ID, FirstName: "team_lead", LastName: "Example"}, Role: api.JobRoleRecruiter,
		CreatedAt: began, UpdatedAt: began,
	}
	set := func(role string) api.JobMember {
		t.Helper()
		return testkit.Decode[api.JobMember](put(hr, id, lead.ID, map[string]any{"role": role}).Expect(http.StatusOK))
	}
	if got := set("recruiter"); !reflect.DeepEqual(got, want) {
		t.Errorf("the member is\n%+v, want\n%+v", got, want)
	}
	h.clock.Advance(time.Minute)
	if got := set("recruiter"); !reflect.DeepEqual(got, want) {
		t.Errorf("set again, the member is\n%+v, want\n%+v", got, want)
	}
	want.Role, want.UpdatedAt = api.JobRoleHiringManager, h.clock.Now().UTC()
	if got := set("hiring_manager"); !reflect.DeepEqual(got, want) {
		t.Errorf("with another role, the member is\n%+v, want\n%+v", got, want)
	}
	if got := members(h.as[api.RoleTeamLead].Get(path(id, "members"))); !reflect.DeepEqual(got.Data, []api.JobMember{want}) || got.HasMore {
		t.Errorf("the members are %+v", got)
	}
	if got := list(h.as[api.RoleTeamLead], map[string][]string{"mine": {"true"}}).Data; len(got) != 1 {
		t.Errorf("the team lead's jobs are %+v", got)
	}
	if answer := hr.Delete(path(id, "members", lead.ID.String())).Expect(http.StatusNoContent); len(answer.Body) != 0 {
		t.Errorf("removed with %s", answer.Body)
	}
	hr.Delete(path(id, "members", lead.ID.String())).Refused(http.StatusNotFound, "not_found")
	if got := members(hr.Get(path(id, "members"))); len(got.Data) != 0 {
		t.Errorf("the members are %+v", got)
	}
	role := func(from, to any) map[string]any {
		return map[string]any{
			"user_id": lead.ID.String(), "changes": map[string]any{"role": map[string]any{"from": from, "to": to}},
		}
	}
	entries := recorded(h, id)
	for i, want := range []struct {
		action  string
		details map[string]any
	}{
		{"job.member_set", role(nil, "recruiter")},
		{"job.member_set", role("recruiter", "hiring_manager")},
		{"job.member_removed", role("hiring_manager", nil)},
	} {
		if len(entries) != 3 || string(entries[i].Action) != want.action || !reflect.DeepEqual(map[string]any(entries[i].Details), want.details) {
			t.Fatalf("recorded %+v, want %d: %+v", entries, i, want)
		}
	}
}

func TestWhoMayBeAMember(t *testing.T) {
	t.Parallel()
	h := build(t)
	id, hr := h.Job(api.JobStatusOpen), h.as[api.RoleHr]
	left := h.User(h.acme, "left", api.RoleEmployee)
	stays := h.User(h.acme, "stays", api.RoleEmployee)
	h.Member(id, stays)
	h.Exec(`UPDATE users SET is_active = false WHERE id = ANY ($1)`, []uuid.UUID{left.ID, stays.ID})
	for _, user := range h.acme.Users {
		put(hr, id, user.ID, `{"role":"interviewer"}`).Expect(http.StatusOK)
	}
	refused := put(hr, id, left.ID, `{"role":"interviewer"}`).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if len(refused.Errors) != 1 || *refused.Errors[0].Parameter != "user_id" || refused.Errors[0].Code != "inactive" {
		t.Errorf("refused with %+v", refused)
	}
	// Who is a member already goes on being one, and may be given another job role.
	put(hr, id, stays.ID, `{"role":"recruiter"}`).Expect(http.StatusOK)
	hr.Delete(path(id, "members", stays.ID.String())).Expect(http.StatusNoContent)
	put(hr, id, stays.ID, `{"role":"recruiter"}`).Refused(http.StatusUnprocessableEntity, "rule_violated")

	stranger := h.Company("globex").Users[api.RoleEmployee]
	foreign := put(hr, id, stranger.ID, `{"role":"interviewer"}`).Refused(http.StatusNotFound, "not_found")
	random := put(hr, id, uuid.Must(uuid.NewV7()), `{"role":"interviewer"}`).Refused(http.StatusNotFound, "not_found")
	foreign.Instance, foreign.RequestID = random.Instance, random.RequestID
	if !reflect.DeepEqual(foreign, random) {
		t.Errorf("a foreign id %+v is told from a random one %+v", foreign, random)
	}
	hr.Delete(path(id, "members", stranger.ID.String())).Refused(http.StatusNotFound, "not_found")
	for _, body := range []any{`{}`, `{"role":null}`, `{"role":"owner"}`, `{"role":"recruiter","user_id":"x"}`, `[]`, nil} {
		put(hr, id, h.acme.Users[api.RoleHr].ID, body).Refused(http.StatusBadRequest, "malformed_request")
	}
}

// TestMembersInTheOrderInWhichTheyWereAdded walks members of whom several were added at the same time.
func TestMembersInTheOrderInWhichTheyWereAdded(t *testing.T) {
	t.Parallel()
	h := build(t)
	id, other := h.Job(api.JobStatusOpen), h.Job(api.JobStatusOpen, h.acme.Users[api.RoleHr])
	for i := range 11 {
		user := h.User(h.acme, fmt.Sprintf("member%d", i), api.RoleEmployee)
		h.Exec(`INSERT INTO job_members (company_id, job_id, user_id, role, created_at, updated_at)
			VALUES ($1, $2, $3, 'interviewer', now() - make_interval(mins => $4), now())`, h.acme.ID, id, user.ID, i/3)
	}
	whole := members(h.as[api.RoleHr].Get(path(id, "members"))).Data
	sorted := slices.IsSortedFunc(whole, func(a, b api.JobMember) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return slices.Compare(a.User.ID[:], b.User.ID[:])
	})
	if len(whole) != 11 || !sorted {
		t.Fatalf("%d members, in order: %t", len(whole), sorted)
	}
	for limit := 1; limit <= 12; limit++ {
		query := fmt.Sprintf("?limit=%d", limit)
		var walked []api.JobMember
		for cursor, pages := "", 0; pages < 20; pages++ {
			got := members(h.as[api.RoleTeamLead].Get(path(id, "members") + query + cursor))
			if walked = append(walked, got.Data...); !got.HasMore {
				break
			}
			cursor = "&cursor=" + got.NextCursor.MustGet()
			h.as[api.RoleHr].Get(path(other, "members")+query+cursor).Refused(http.StatusBadRequest, "invalid_cursor")
		}
		if !reflect.DeepEqual(walked, whole) {
			t.Errorf("by %d: walked %d members, want %d", limit, len(walked), len(whole))
		}
	}
}

// TestMembersAtOnce lets two replicas set and remove the same member at the same moment. Whatever the order, each entry of the
// record begins where the one before has ended.
func TestMembersAtOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	id, user := h.Job(api.JobStatusOpen), h.acme.Users[api.RoleEmployee].ID
	clients := []*testkit.Client{h.as[api.RoleHr], h.as[api.RoleAdmin].At(h.Replica())}
	var all sync.WaitGroup
	for i, client := range clients {
		all.Go(func() {
			for n := range 12 {
				role := []string{"recruiter", "interviewer", "hiring_manager"}[(n+i)%3]
				put(client, id, user, map[string]any{"role": role}).Expect(http.StatusOK)
				if n%3 == i {
					if got := client.Delete(path(id, "members", user.String())).Status; got != http.StatusNoContent && got != http.StatusNotFound {
						t.Errorf("removed with %d", got)
					}
				}
			}
		})
	}
	all.Wait()
	var role any
	for _, entry := range recorded(h, id) {
		changed := entry.Details["changes"].(map[string]any)["role"].(map[string]any)
		if changed["from"] != role || changed["to"] == role {
			t.Errorf("the role was %v, and the record says %v", role, changed)
		}
		role = changed["to"]
	}
	var now any
	for _, member := range members(h.as[api.RoleHr].Get(path(id, "members"))).Data {
		now = string(member.Role)
	}
	if now != role {
		t.Errorf("the role is %v, and the record ends with %v", now, role)
	}
}

// TestKeysDoNotAppointTheirHolders shows that an API key gives a holder who has become a team lead no access to a job,
// and that it appoints other people.
func TestKeysDoNotAppointTheirHolders(t *testing.T) {
	t.Parallel()
	h := build(t)
	id, former := h.Job(api.JobStatusOpen), h.User(h.acme, "former", api.RoleAdmin)
	created := testkit.Decode[api.APIKeyWithSecret](h.replica.SignIn(t, former).Post("/api/v1/api-keys", map[string]any{
		"name": "Sync", "scopes": []string{"jobs:read", "jobs:write"},
	}).Expect(http.StatusCreated))
	program := h.replica.Bearer(t, created.Secret)
	put(program, id, former.ID, `{"role":"recruiter"}`).Expect(http.StatusOK) // an admin may appoint themselves
	program.Delete(path(id, "members", former.ID.String())).Expect(http.StatusNoContent)

	h.as[api.RoleAdmin].Post("/api/v1/users/"+former.ID.String()+"/change-role", `{"role":"team_lead"}`).Expect(http.StatusOK)
	put(program, id, former.ID, `{"role":"recruiter"}`).Refused(http.StatusForbidden, "role_not_allowed")
	put(program, id, h.acme.Users[api.RoleTeamLead].ID, `{"role":"recruiter"}`).Expect(http.StatusOK)
	put(h.as[api.RoleHr], id, former.ID, `{"role":"recruiter"}`).Expect(http.StatusOK)
}
