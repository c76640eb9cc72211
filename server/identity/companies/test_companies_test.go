package companies_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	tests = "/api/v1/test-companies"
	reset = path + "/reset"
)

type object = map[string]any

// testCompany is a test company and a client with its first API key.
type testCompany struct {
	t       *testing.T
	opened  api.NewTestCompany
	program *testkit.Client
	replica *testkit.Replica
}

func open(t *testing.T, replica *testkit.Replica, admin *testkit.Client) testCompany {
	t.Helper()
	opened := testkit.Decode[api.NewTestCompany](admin.Post(tests, object{"name": "Nightly"}).Expect(http.StatusCreated))
	return testCompany{t, opened, replica.Bearer(t, opened.Secret), replica}
}

// initial is the password of new users.
const initial = "amber-kettle-whistles-west"

// person creates a user of the test company with the initial password.
func (s testCompany) person(email string, role api.Role) *testkit.Answer {
	s.t.Helper()
	return s.program.Post("/api/v1/users", object{
		"email": email, "password": initial, "first_name": "Pat", "last_name": "Partner", "role": role,
	})
}

// signInAgain signs a user in who has changed the initial password.
func (s testCompany) signInAgain(email string) *testkit.Client {
	s.t.Helper()
	return s.replica.SignIn(s.t, testkit.User{Email: email, Test: s.opened.TestCompany.Slug})
}

// signIn signs a new user in, who changes the initial password.
func (s testCompany) signIn(email string) *testkit.Client {
	s.t.Helper()
	return s.replica.FirstSignIn(s.t, testkit.User{Email: email, Test: s.opened.TestCompany.Slug}, initial)
}

func id(a *testkit.Answer) string {
	location := a.Header.Get("Location")
	return location[strings.LastIndex(location, "/")+1:]
}

// run performs the core of hiring, as an integration test of a partner would, and returns the ids of what it created.
func (s testCompany) run() (ids []string) {
	s.t.Helper()
	post := func(c *testkit.Client, path string, body any, want int) *testkit.Answer {
		s.t.Helper()
		answer := c.Post("/api/v1/"+path, body).Expect(want)
		if answer.Header.Get("Location") != "" {
			ids = append(ids, answer.Header.Get("Location"))
		}
		return answer
	}
	rater := id(post(s.program, "users", object{
		"email": "nora@partner.example", "password": initial, "first_name": "Nora", "last_name": "Lind",
	}, 201))
	post(s.program, "users", object{
		"email": "boss@partner.example", "password": initial, "first_name": "Ben", "last_name": "Boss", "role": "admin",
	}, 201)
	job := id(post(s.program, "jobs", object{"title": "Welder"}, 201))
	post(s.program, "jobs/"+job+"/open", nil, 200)
	candidate := id(post(s.program, "candidates", object{"first_name": "Mira", "last_name": "Solheim", "external_id": "ats-1"}, 201))
	application := id(post(s.program, "applications", object{"candidate_id": candidate, "job_id": job}, 201))
	anchors := []string{"one", "two", "three", "four", "five"}
	kit := testkit.Decode[api.Kit](post(s.program, "kits", object{"name": "Kit", "criteria": []object{
		{"key": "craft", "title": "Craft", "weight": 1, "required": true, "anchors": anchors},
	}}, 201))
	version := kit.DraftVersionID.MustGet()
	post(s.program, fmt.Sprintf("kits/%s/versions/%s/publish", kit.ID, version), nil, 200)
	interview := id(post(s.program, "interviews", object{
		"application_id": application, "kit_version_id": version, "title": "Technical", "kind": "video", "panel": []object{{"user_id": rater}},
		"schedule": object{"starts_at": "2055-01-12T10:00:00Z", "ends_at": "2055-01-12T11:00:00Z", "timezone": "Europe/Berlin"},
	}, 201))
	post(s.program, "interviews/"+interview+"/start", nil, 200)
	post(s.program, "interviews/"+interview+"/finish", nil, 200)
	nora := s.signIn("nora@partner.example")
	score := id(post(nora, "interviews/"+interview+"/scores", object{
		"ratings": []object{{"criterion_key": "craft", "rating": 4}}, "recommendation": "yes",
	}, 201))
	post(nora, "scores/"+score+"/submit", nil, 200)
	s.program.Get("/api/v1/scores/" + score).Expect(http.StatusOK)
	return ids
}

// TestReset shows that after a reset nothing of a run is left, and that the same run succeeds again, with the same emails
// and external ids.
func TestReset(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica, acme := installation.Replica(), installation.Company("acme")
	admin := replica.SignIn(t, acme.Users[api.RoleAdmin])
	s := open(t, replica, admin)
	if !strings.HasPrefix(s.opened.Secret, "aip_test_") || s.opened.APIKey.Mode != api.CompanyModeTest || s.opened.APIKey.ActsAs != api.RoleAdmin ||
		len(s.opened.APIKey.AllowedActions) != 0 {
		t.Errorf("opened = %+v, want a test key that acts as an admin and offers no actions", s.opened)
	}
	company := testkit.Decode[api.Company](s.program.Get(path).Expect(http.StatusOK))
	if company.Mode != api.CompanyModeTest || company.ID != s.opened.TestCompany.ID || company.ID == acme.ID {
		t.Errorf("company = %+v, want the test company %s", company, s.opened.TestCompany.ID)
	}
	ids := s.run()
	for range 2 {
		deleted := testkit.Decode[api.CompanyReset](s.program.Post(reset, nil).Expect(http.StatusOK))
		if want := (api.CompanyReset{Jobs: 1, Candidates: 1, Applications: 1, Kits: 1, Interviews: 1, Scores: 1, Users: 2}); deleted != want {
			t.Errorf("the reset deleted %+v, want %+v", deleted, want)
		}
		for _, location := range ids {
			if strings.Contains(location, "/scores/") || strings.Contains(location, "/users/") {
				continue
			}
			s.program.Get(location).Refused(http.StatusNotFound, "not_found")
		}
		ids = s.run()
	}
	if got := testkit.Decode[api.CompanyReset](s.program.Post(reset, nil).Expect(http.StatusOK)); got.Users != 2 {
		t.Errorf("reset = %+v, want 2 users deleted", got)
	}
	if got := testkit.Decode[api.CompanyReset](s.program.Post(reset, nil).Expect(http.StatusOK)); got != (api.CompanyReset{}) {
		t.Errorf("reset of an empty company = %+v, want nothing deleted", got)
	}
	proof := testkit.Decode[api.AuditVerification](s.program.Post("/api/v1/audit-logs/verify", nil).Expect(http.StatusOK))
	if proof.Status != "intact" {
		t.Errorf("audit log after the reset = %+v, want it intact", proof)
	}
	entries := testkit.Decode[api.AuditLogPage](admin.Get("/api/v1/audit-logs?action=company.test_opened").Expect(http.StatusOK))
	if len(entries.Data) != 1 || entries.Data[0].Details["key_prefix"] != s.opened.APIKey.Prefix {
		t.Errorf("entries of the opening = %+v, want one with the key prefix %s", entries.Data, s.opened.APIKey.Prefix)
	}
	admin.Get("/api/v1/jobs").Expect(http.StatusOK)
	if got := testkit.Decode[api.Company](admin.Get(path).Expect(http.StatusOK)); got.Mode != api.CompanyModeLive {
		t.Errorf("mode of the company = %s, want %s", got.Mode, api.CompanyModeLive)
	}
}

// TestResetByUser shows that a reset keeps the user who requests it and ends the sessions of all others.
func TestResetByUser(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica := installation.Replica()
	s := open(t, replica, replica.SignIn(t, installation.Company("acme").Users[api.RoleAdmin]))
	s.run()
	boss := s.signIn("boss@partner.example")
	nora := s.signInAgain("nora@partner.example")
	nora.Get("/api/v1/users/me").Expect(http.StatusOK)
	if got := testkit.Decode[api.CompanyReset](boss.Post(reset, nil).Expect(http.StatusOK)); got.Users != 1 {
		t.Errorf("reset = %+v, want 1 user deleted", got)
	}
	boss.Get("/api/v1/users/me").Expect(http.StatusOK)
	for _, replica := range []*testkit.Replica{replica, installation.Replica()} {
		nora.At(replica).Get("/api/v1/users/me").Refused(http.StatusUnauthorized, "invalid_token")
	}
}

// TestResetOfOtherCompanies shows that neither an admin nor a key can reset a live company or close a foreign test company.
func TestResetOfOtherCompanies(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica, acme, globex := installation.Replica(), installation.Company("acme"), installation.Company("globex")
	admin := replica.SignIn(t, acme.Users[api.RoleAdmin])
	hiring := installation.Hiring(acme)
	hiring.Application(hiring.Candidate(), hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	admin.Post(reset, nil).Refused(http.StatusConflict, "not_a_test_company")
	replica.Bearer(t, installation.Key(acme, []string{"company:reset"}).Secret.Reveal()).Post(reset, nil).
		Refused(http.StatusForbidden, "permission_denied")
	var left int
	if err := installation.Database.QueryRow(t.Context(), `SELECT count(*) FROM applications`).Scan(&left); err != nil || left != 1 {
		t.Errorf("applications left = %d (error %v), want 1", left, err)
	}

	s := open(t, replica, admin)
	other := replica.SignIn(t, globex.Users[api.RoleAdmin])
	other.Post(tests+"/"+s.opened.TestCompany.ID.String()+"/close", nil).Refused(http.StatusNotFound, "not_found")
	if got := testkit.Decode[api.TestCompanyPage](other.Get(tests).Expect(http.StatusOK)); len(got.Data) != 0 {
		t.Errorf("test companies listed to another company = %+v, want none", got)
	}
	s.program.Post(tests, object{"name": "Nested"}).Refused(http.StatusForbidden, "permission_denied")
	s.run()
	boss := s.signIn("boss@partner.example")
	boss.Post(tests, object{"name": "Nested"}).Refused(http.StatusConflict, "state_conflict")

	listed := testkit.Decode[api.TestCompanyPage](admin.Get(tests).Expect(http.StatusOK))
	if len(listed.Data) != 1 || listed.Data[0] != s.opened.TestCompany {
		t.Errorf("test companies = %+v, want only %+v", listed.Data, s.opened.TestCompany)
	}
	admin.Post(tests+"/"+s.opened.TestCompany.ID.String()+"/close", nil).Expect(http.StatusNoContent)
	s.program.Get(path).Refused(http.StatusUnauthorized, "invalid_token")
	boss.At(installation.Replica()).Get("/api/v1/users/me").Refused(http.StatusUnauthorized, "invalid_token")
	admin.Post(tests+"/"+s.opened.TestCompany.ID.String()+"/close", nil).Refused(http.StatusNotFound, "not_found")
	admin.Get("/api/v1/users/me").Expect(http.StatusOK)
	next := open(t, replica, admin)
	next.run()
	admin.Post(tests+"/"+next.opened.TestCompany.ID.String()+"/close", nil).Expect(http.StatusNoContent)
	for n := range 20 {
		admin.Post(tests, object{"name": fmt.Sprint("Nightly ", n)}).Expect(http.StatusCreated)
	}
	admin.Post(tests, object{"name": "One too many"}).Refused(http.StatusConflict, "limit_reached")
	admin.Post(tests, object{"name": " "}).Refused(http.StatusUnprocessableEntity, "rule_violated")
}

const login = "/api/v1/auth/login"

// TestEmailsOfTestCompanies shows that the same email can belong to a user of a live company and to one of each test
// company, and that each of them logs in to their own company only.
func TestEmailsOfTestCompanies(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica, acme, globex := installation.Replica(), installation.Company("acme"), installation.Company("globex")
	admin := replica.SignIn(t, acme.Users[api.RoleAdmin])
	companies := []testCompany{open(t, replica, admin), open(t, replica, replica.SignIn(t, globex.Users[api.RoleAdmin])), open(t, replica, admin)}
	created := map[string]string{acme.Users[api.RoleHr].Email: acme.Users[api.RoleHr].ID.String()}
	for _, s := range companies[:2] {
		for _, email := range []string{"hr@acme.example", "employee@globex.example"} { // of users of the live companies
			created[s.opened.TestCompany.Slug+email] = id(s.person(email, api.RoleAdmin).Expect(http.StatusCreated))
			s.person(strings.ToUpper(email), api.RoleEmployee).Refused(http.StatusConflict, "email_taken")
		}
	}
	if got := testkit.Decode[api.Me](replica.SignIn(t, acme.Users[api.RoleHr]).Get("/api/v1/users/me").Expect(http.StatusOK)); got.Company.Slug != "acme" {
		t.Errorf("company of a login without a company = %s, want acme", got.Company.Slug)
	}
	for _, s := range companies[:2] {
		me := testkit.Decode[api.Me](s.signIn("hr@acme.example").Get("/api/v1/users/me").Expect(http.StatusOK))
		if slug := s.opened.TestCompany.Slug; me.Company.Slug != slug || me.ID.String() != created[slug+"hr@acme.example"] {
			t.Errorf("login to %s = %+v, want the user %s of that company", slug, me, created[slug+"hr@acme.example"])
		}
	}
	// A changed email is available again in its company, and the new one is taken there, but nowhere else.
	first := companies[0]
	moved := "/api/v1/users/" + created[first.opened.TestCompany.Slug+"hr@acme.example"]
	first.program.Patch(moved, object{"email": "employee@globex.example"}).Refused(http.StatusConflict, "email_taken")
	first.program.Patch(moved, object{"email": "admin@acme.example"}).Expect(http.StatusOK)
	first.signInAgain("admin@acme.example")
	first.person("hr@acme.example", api.RoleHr).Expect(http.StatusCreated)

	// All refusals are equal: with the password of the user who has the email elsewhere, and with an unknown password.
	first.person("only@partner.example", api.RoleAdmin).Expect(http.StatusCreated)
	idle := open(t, replica, admin)
	idle.person("hr@acme.example", api.RoleAdmin).Expect(http.StatusCreated)
	idle.signIn("hr@acme.example")
	admin.Post(tests+"/"+idle.opened.TestCompany.ID.String()+"/close", nil).Expect(http.StatusNoContent)
	var want string
	for name, refused := range map[string]object{
		"unknown email":                            {"email": "nobody@acme.example"},
		"user of a test company":                   {"email": "only@partner.example"},
		"user of a test company at a live company": {"email": "only@partner.example", "company": "acme"},
		"user of another test company":             {"email": "only@partner.example", "company": companies[1].opened.TestCompany.Slug},
		"slug of a live company":                   {"email": "hr@acme.example", "company": "acme"},
		"unknown slug":                             {"email": "hr@acme.example", "company": "nobodys"},
		"test company without users":               {"email": "hr@acme.example", "company": companies[2].opened.TestCompany.Slug},
		"closed test company":                      {"email": "hr@acme.example", "company": idle.opened.TestCompany.Slug},
		"user of a live company at a test company": {"email": "team_lead@acme.example", "company": first.opened.TestCompany.Slug},
	} {
		t.Run(name, func(t *testing.T) {
			for _, password := range []string{testkit.Password, "unknown-password-of-nobody"} {
				refused["password"] = password
				answer := replica.Anonymous(t).Post(login, refused)
				problem := answer.Refused(http.StatusUnauthorized, "invalid_credentials")
				answer.Header.Del("X-Request-Id")
				answer.Header.Del("Date")
				got := fmt.Sprint(answer.Header, strings.ReplaceAll(string(answer.Body), problem.RequestID, ""))
				if want == "" {
					want = got
				}
				if got != want {
					t.Errorf("%v: response = %s, want %s as for the first request", refused, got, want)
				}
			}
		})
	}
	for _, company := range []any{"", "Acme", "a--b", "-a", "a b", strings.Repeat("a", 64), 7} {
		replica.Anonymous(t).Post(login, object{"email": "hr@acme.example", "password": testkit.Password, "company": company}).
			Refused(http.StatusBadRequest, "malformed_request")
	}
}

// TestThrottlesOfTestCompanies shows that failed logins of a user of a test company do not delay users of other companies
// with the same email, and that unknown companies do not circumvent the limit of an address.
func TestThrottlesOfTestCompanies(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	installation.Config.LoginPerAccount, installation.Config.LoginPerAccountAndIP, installation.Config.LoginPerIP = 3, 100, 11
	replica, acme := installation.Replica(), installation.Company("acme")
	admin := replica.SignIn(t, acme.Users[api.RoleAdmin])
	s, other := open(t, replica, admin), open(t, replica, admin)
	for _, s := range []testCompany{s, other} {
		s.person("hr@acme.example", api.RoleAdmin).Expect(http.StatusCreated)
	}
	slug := s.opened.TestCompany.Slug
	guess := func(address, company string) *testkit.Answer {
		t.Helper()
		c := replica.Anonymous(t)
		c.Header.Set("X-Forwarded-For", address)
		return c.Post(login, object{"email": "hr@acme.example", "password": "unknown-password-of-nobody", "company": company})
	}
	for range 3 {
		guess("192.0.2.1", slug).Refused(http.StatusUnauthorized, "invalid_credentials")
	}
	guess("192.0.2.2", slug).Refused(http.StatusTooManyRequests, "too_many_attempts")
	replica.SignIn(t, acme.Users[api.RoleHr])
	boss := other.signIn("hr@acme.example")
	for range 3 { // wrong current passwords count as well
		boss.Post("/api/v1/auth/password", object{"current_password": "unknown-password-of-nobody", "new_password": "violet-harbor-counts-seven"}).
			Refused(http.StatusUnprocessableEntity, "wrong_password")
	}
	guess("192.0.2.3", other.opened.TestCompany.Slug).Refused(http.StatusTooManyRequests, "too_many_attempts")
	replica.SignIn(t, acme.Users[api.RoleHr])
	for n := range 8 {
		guess("192.0.2.1", fmt.Sprint("nobodys-", n)).Refused(http.StatusUnauthorized, "invalid_credentials")
	}
	guess("192.0.2.1", "nobodys").Refused(http.StatusTooManyRequests, "too_many_attempts")
}

// TestResetOfSettingsAndKeys shows that a reset restores the company's settings and revokes the keys of a run.
func TestResetOfSettingsAndKeys(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica := installation.Replica()
	s := open(t, replica, replica.SignIn(t, installation.Company("acme").Users[api.RoleAdmin]))
	before := testkit.Decode[api.Company](s.program.Get(path).Expect(http.StatusOK))
	tag := s.program.Get(path).Header.Get("ETag")
	s.program.Post(reset, nil).Expect(http.StatusOK)
	if got := s.program.Get(path).Header.Get("ETag"); got != tag {
		t.Errorf("ETag after a reset without changes = %s, want %s", got, tag)
	}
	run := func() (boss *testkit.Client, keys []api.APIKeyWithSecret) {
		t.Helper()
		s.person("boss@partner.example", api.RoleAdmin).Expect(http.StatusCreated)
		boss = s.signIn("boss@partner.example")
		boss.Patch(path, object{"name": "Other", "settings": object{"timezone": "Europe/Oslo", "allowed_email_domains": []string{"else.example"}}}).
			Expect(http.StatusOK)
		s.person("late@partner.example", api.RoleEmployee).Refused(http.StatusUnprocessableEntity, "rule_violated")
		for _, scope := range []string{"jobs:read", "company:reset"} {
			keys = append(keys, testkit.Decode[api.APIKeyWithSecret](
				boss.Post("/api/v1/api-keys", object{"name": scope, "scopes": []string{scope, "company:read"}}).Expect(http.StatusCreated)))
		}
		return boss, keys
	}
	_, keys := run()
	asker := replica.Bearer(t, keys[1].Secret)
	if got := testkit.Decode[api.CompanyReset](asker.Post(reset, nil).Expect(http.StatusOK)); got != (api.CompanyReset{Users: 1, APIKeys: 1}) {
		t.Errorf("reset = %+v, want 1 user and 1 API key deleted", got)
	}
	replica.Bearer(t, keys[0].Secret).Get(path).Refused(http.StatusUnauthorized, "invalid_token")
	after := testkit.Decode[api.Company](asker.Get(path).Expect(http.StatusOK))
	if after.Name != before.Name || after.Settings.Timezone != before.Settings.Timezone || len(after.Settings.AllowedEmailDomains) != 0 {
		t.Errorf("after the reset the company is %+v, want %+v", after, before)
	}
	if got := s.program.Get(path).Header.Get("ETag"); got == tag {
		t.Errorf("ETag of a company that was changed and restored = %s, want another", got)
	}

	boss, _ := run() // the same again, reset by a user, who is kept; all keys except the first are revoked
	if got := testkit.Decode[api.CompanyReset](boss.Post(reset, nil).Expect(http.StatusOK)); got != (api.CompanyReset{APIKeys: 3}) {
		t.Errorf("reset = %+v, want 3 API keys deleted", got)
	}
	asker.Get(path).Refused(http.StatusUnauthorized, "invalid_token")
	s.person("late@partner.example", api.RoleEmployee).Expect(http.StatusCreated)
	entries := testkit.Decode[api.AuditLogPage](s.program.Get("/api/v1/audit-logs?action=company.reset").Expect(http.StatusOK))
	changes, _ := entries.Data[0].Details["changes"].(map[string]any)
	if len(changes) != 3 || entries.Data[0].Details["api_keys"] != 3. {
		t.Errorf("details of the last reset = %v, want 3 changes and 3 API keys", entries.Data[0].Details)
	}
}
