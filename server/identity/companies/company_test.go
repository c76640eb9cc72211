package companies_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const path = "/api/v1/company"

func newFixture(t *testing.T) (testkit.Company, map[api.Role]*testkit.Client) {
	t.Helper()
	installation := testkit.New(t)
	replica, acme := installation.Replica(), installation.Company("acme")
	clients := map[api.Role]*testkit.Client{}
	for role, user := range acme.Users {
		clients[role] = replica.SignIn(t, user)
	}
	return acme, clients
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	acme, as := newFixture(t)
	for role, statuses := range map[api.Role][2]int{
		api.RoleEmployee: {403, 403}, api.RoleTeamLead: {403, 403}, api.RoleHr: {200, 403}, api.RoleAdmin: {200, 200},
	} {
		if got := as[role].Get(path).Status; got != statuses[0] {
			t.Errorf("GET by %s: %d, want %d", role, got, statuses[0])
		}
		if got := as[role].Patch(path, `{"name":"Acme"}`).Status; got != statuses[1] {
			t.Errorf("PATCH by %s: %d, want %d", role, got, statuses[1])
		}
	}
	response := testkit.Decode[api.Company](as[api.RoleHr].Get(path).Expect(http.StatusOK))
	if response.ID != acme.ID || response.Name != "Acme" || response.Slug != "acme" || response.Settings.Timezone != "UTC" || !response.IsActive ||
		len(response.Settings.AllowedEmailDomains) != 0 {
		t.Errorf("response: got %+v", response)
	}
}

func TestUpdateCompany(t *testing.T) {
	t.Parallel()
	_, as := newFixture(t)
	patched := func(body string) api.Company {
		t.Helper()
		return testkit.Decode[api.Company](as[api.RoleAdmin].Patch(path, body).Expect(http.StatusOK))
	}
	if c := patched(`{"name":" Acmé ","settings":{"timezone":"Europe/Berlin"}}`); c.Name != "Acmé" || c.Settings.Timezone != "Europe/Berlin" {
		t.Errorf("company: got %+v", c)
	}
	if c := patched(`{"settings":{"allowed_email_domains":["a.example","b.example"]}}`); len(c.Settings.AllowedEmailDomains) != 2 ||
		c.Settings.Timezone != "Europe/Berlin" || c.Name != "Acmé" {
		t.Errorf("company: got %+v", c)
	}
	if c := patched(`{"settings":{"allowed_email_domains":null}}`); c.Settings.AllowedEmailDomains == nil ||
		len(c.Settings.AllowedEmailDomains) != 0 {
		t.Errorf("company: got %+v", c)
	}
	as[api.RoleAdmin].Do(http.MethodPatch, path, `{"name":"Other"}`, "Content-Type", "application/merge-patch+json").Expect(http.StatusOK)
}

func TestRules(t *testing.T) {
	t.Parallel()
	_, as := newFixture(t)
	before := string(as[api.RoleAdmin].Get(path).Body)
	for body, status := range map[string]int{
		`{}`: 400, `{"settings":{}}`: 400, `{"name":null}`: 400, `{"name":""}`: 400, `{"name":"` + strings.Repeat("é", 201) + `"}`: 400,
		`{"slug":"other"}`: 400, `{"is_active":false}`: 400, `{"settings":null}`: 400, `{"settings":{"timezone":null}}`: 400,
		`{"settings":{"other":1}}`: 400, `{"settings":{"allowed_email_domains":["A.example"]}}`: 400,
		`{"settings":{"allowed_email_domains":["a.example","a.example"]}}`: 400, `{"settings":{"allowed_email_domains":["@a.example"]}}`: 400,
		`{"settings":{"allowed_email_domains":["a"]}}`: 400, `{"settings":{"allowed_email_domains":"a.example"}}`: 400,
		`{"name":"\u3000"}`: 422, `{"settings":{"timezone":"Mars/Olympus"}}`: 422, `{"settings":{"timezone":"Local"}}`: 422,
		`{"settings":{"timezone":"../../etc/passwd"}}`: 422, `{"settings":{"timezone":"/etc/localtime"}}`: 422,
		`{"settings":{"timezone":"posix/Europe/Berlin"}}`: 422, `{"settings":{"timezone":"Europe//Berlin"}}`: 422,
	} {
		if got := as[api.RoleAdmin].Patch(path, body).Status; got != status {
			t.Errorf("%s: %d, want %d", body, got, status)
		}
	}
	p := as[api.RoleAdmin].Patch(path, `{"name":"\u3000","settings":{"timezone":"Local"}}`).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if len(p.Errors) != 2 {
		t.Errorf("the problem has %d errors, want 2", len(p.Errors))
	}
	if after := string(as[api.RoleAdmin].Get(path).Body); after != before {
		t.Errorf("refused requests changed %s to %s", before, after)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	_, as := newFixture(t)
	admin := as[api.RoleAdmin]
	first := admin.Get(path).Expect(http.StatusOK).Header.Get("ETag")
	admin.Do(http.MethodGet, path, nil, "If-None-Match", first).Expect(http.StatusNotModified)
	if got := admin.Do(http.MethodPatch, path, `{"name":"acme"}`, "If-Match", first).Expect(http.StatusOK).Header.Get("ETag"); got != first {
		t.Errorf("a patch without changes changed the version %s to %s", first, got)
	}
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			statuses[i] = admin.Do(http.MethodPatch, path, fmt.Sprintf(`{"name":"n%d"}`, i), "If-Match", first).Status
		})
	}
	all.Wait()
	succeeded := 0
	for _, status := range statuses {
		switch status {
		case http.StatusOK:
			succeeded++
		case http.StatusPreconditionFailed:
		default:
			t.Errorf("a patch returned %d", status)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d patches succeeded, want 1", succeeded)
	}
	admin.Do(http.MethodGet, path, nil, "If-None-Match", first).Expect(http.StatusOK)
	admin.Do(http.MethodPatch, path, `{"name":"x"}`, "If-Match", first).Refused(http.StatusPreconditionFailed, "version_mismatch")
}
