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

// fixture is one company whose users have logged in.
type fixture struct {
	acme testkit.Company
	// as has the client of each role.
	as map[api.Role]*testkit.Client
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation := testkit.New(t)
	replica := installation.Replica()
	f := fixture{installation.Company("acme"), map[api.Role]*testkit.Client{}}
	for role, user := range f.acme.Users {
		f.as[role] = replica.SignIn(t, user)
	}
	return f
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for role, statuses := range map[api.Role][2]int{
		api.RoleEmployee: {403, 403}, api.RoleTeamLead: {403, 403}, api.RoleHr: {200, 403}, api.RoleAdmin: {200, 200},
	} {
		t.Run(string(role), func(t *testing.T) {
			if got := f.as[role].In(t).Get(path).Status; got != statuses[0] {
				t.Errorf("status of GET = %d, want %d", got, statuses[0])
			}
			if got := f.as[role].In(t).Patch(path, `{"name":"Acme"}`).Status; got != statuses[1] {
				t.Errorf("status of PATCH = %d, want %d", got, statuses[1])
			}
		})
	}
	response := testkit.Decode[api.Company](f.as[api.RoleHr].Get(path).Expect(http.StatusOK))
	if response.ID != f.acme.ID || response.Name != "Acme" || response.Slug != "acme" || response.Settings.Timezone != "UTC" || !response.IsActive ||
		len(response.Settings.AllowedEmailDomains) != 0 {
		t.Errorf("company = %+v, want the active company acme in UTC without email domains", response)
	}
}

func TestUpdateCompany(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	patched := func(body string) api.Company {
		t.Helper()
		return testkit.Decode[api.Company](f.as[api.RoleAdmin].Patch(path, body).Expect(http.StatusOK))
	}
	if c := patched(`{"name":" Acmé ","settings":{"timezone":"Europe/Berlin"}}`); c.Name != "Acmé" || c.Settings.Timezone != "Europe/Berlin" {
		t.Errorf("company = %+v, want the name Acmé and the time zone Europe/Berlin", c)
	}
	if c := patched(`{"settings":{"allowed_email_domains":["a.example","b.example"]}}`); len(c.Settings.AllowedEmailDomains) != 2 ||
		c.Settings.Timezone != "Europe/Berlin" || c.Name != "Acmé" {
		t.Errorf("company = %+v, want two email domains, and the name and time zone of the first patch", c)
	}
	if c := patched(`{"settings":{"allowed_email_domains":null}}`); c.Settings.AllowedEmailDomains == nil ||
		len(c.Settings.AllowedEmailDomains) != 0 {
		t.Errorf("email domains = %v, want an empty list", c.Settings.AllowedEmailDomains)
	}
	f.as[api.RoleAdmin].Do(http.MethodPatch, path, `{"name":"Other"}`, "Content-Type", "application/merge-patch+json").Expect(http.StatusOK)
}

func TestRules(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before := string(f.as[api.RoleAdmin].Get(path).Body)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"no member":                        {`{}`, 400},
		"no setting":                       {`{"settings":{}}`, 400},
		"null name":                        {`{"name":null}`, 400},
		"empty name":                       {`{"name":""}`, 400},
		"name of 201 letters":              {`{"name":"` + strings.Repeat("é", 201) + `"}`, 400},
		"slug":                             {`{"slug":"other"}`, 400},
		"is_active":                        {`{"is_active":false}`, 400},
		"null settings":                    {`{"settings":null}`, 400},
		"null time zone":                   {`{"settings":{"timezone":null}}`, 400},
		"unknown setting":                  {`{"settings":{"other":1}}`, 400},
		"domain in capitals":               {`{"settings":{"allowed_email_domains":["A.example"]}}`, 400},
		"domain twice":                     {`{"settings":{"allowed_email_domains":["a.example","a.example"]}}`, 400},
		"domain with an at sign":           {`{"settings":{"allowed_email_domains":["@a.example"]}}`, 400},
		"domain without a dot":             {`{"settings":{"allowed_email_domains":["a"]}}`, 400},
		"domains as a string":              {`{"settings":{"allowed_email_domains":"a.example"}}`, 400},
		"blank name":                       {`{"name":"\u3000"}`, 422},
		"unknown time zone":                {`{"settings":{"timezone":"Mars/Olympus"}}`, 422},
		"time zone Local":                  {`{"settings":{"timezone":"Local"}}`, 422},
		"time zone as a relative path":     {`{"settings":{"timezone":"../../etc/passwd"}}`, 422},
		"time zone as an absolute path":    {`{"settings":{"timezone":"/etc/localtime"}}`, 422},
		"time zone of the directory posix": {`{"settings":{"timezone":"posix/Europe/Berlin"}}`, 422},
		"time zone with two slashes":       {`{"settings":{"timezone":"Europe//Berlin"}}`, 422},
	} {
		t.Run(name, func(t *testing.T) {
			if got := f.as[api.RoleAdmin].In(t).Patch(path, c.body).Status; got != c.status {
				t.Errorf("status = %d, want %d", got, c.status)
			}
		})
	}
	p := f.as[api.RoleAdmin].Patch(path, `{"name":"\u3000","settings":{"timezone":"Local"}}`).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if len(p.Errors) != 2 {
		t.Errorf("the problem has %d errors, want 2", len(p.Errors))
	}
	if after := string(f.as[api.RoleAdmin].Get(path).Body); after != before {
		t.Errorf("company after refused requests = %s, want %s", after, before)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	admin := f.as[api.RoleAdmin]
	first := admin.Get(path).Expect(http.StatusOK).Header.Get("ETag")
	admin.Do(http.MethodGet, path, nil, "If-None-Match", first).Expect(http.StatusNotModified)
	if got := admin.Do(http.MethodPatch, path, `{"name":"acme"}`, "If-Match", first).Expect(http.StatusOK).Header.Get("ETag"); got != first {
		t.Errorf("ETag after a patch without changes = %s, want %s", got, first)
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
			t.Errorf("status of a patch = %d, want 200 or 412", status)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d patches succeeded, want 1", succeeded)
	}
	admin.Do(http.MethodGet, path, nil, "If-None-Match", first).Expect(http.StatusOK)
	admin.Do(http.MethodPatch, path, `{"name":"x"}`, "If-Match", first).Refused(http.StatusPreconditionFailed, "version_mismatch")
}
