package operator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// reset finds an account and resets its password.
func reset(t *testing.T, o *operator.Operator, email, company, plain string) error {
	t.Helper()
	account, err := o.FindAccount(t.Context(), email, company)
	if err != nil {
		return err
	}
	return o.ResetPassword(t.Context(), account, plain)
}

const good = "violet-harbor-counts-seven"

// setup returns an installation and an operator of it.
func setup(t *testing.T) (*testkit.Installation, *operator.Operator) {
	t.Helper()
	installation := testkit.New(t)
	s, err := postgres.Open(t.Context(), postgres.Options{URL: installation.DatabaseURL, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	hasher := password.NewHasher(password.Options{Cost: bcrypt.MinCost, Workers: 1, Queue: 4})
	t.Cleanup(func() {
		hasher.Close()
		s.Close()
	})
	o, err := operator.New(operator.Options{
		Store: s, Clock: clock.System(), Audit: audit.NewRecorder(clock.System()), Hasher: hasher,
	})
	if err != nil {
		t.Fatal(err)
	}
	return installation, o
}

func count(t *testing.T, installation *testkit.Installation, sql string, args ...any) int {
	t.Helper()
	var n int
	conn := installation.Connect()
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return n
}

func TestCreateCompany(t *testing.T) {
	t.Parallel()
	installation, o := setup(t)
	created, err := o.CreateCompany(t.Context(), "  Acme Robotics ", "acme-robotics")
	if err != nil || created.Name != "Acme Robotics" || created.Slug != "acme-robotics" || !created.IsActive {
		t.Fatalf("created = %+v (error %v), want the active company Acme Robotics, acme-robotics", created, err)
	}
	if found, err := o.FindCompany(t.Context(), "acme-robotics"); err != nil || found.ID != created.ID {
		t.Errorf("found = %+v (error %v), want the company %s", found, err, created.ID)
	}
	for name, test := range map[string]struct {
		name, slug string
		want       fault.Code
	}{
		"the same slug":  {"Other", "acme-robotics", fault.SlugTaken},
		"no name":        {" \u00a0", "other", fault.RuleViolated},
		"a long name":    {strings.Repeat("é", 201), "other", fault.RuleViolated},
		"no slug":        {"Other", "", fault.RuleViolated},
		"capitals":       {"Other", "Other", fault.RuleViolated},
		"a double dash":  {"Other", "a--b", fault.RuleViolated},
		"a leading dash": {"Other", "-a", fault.RuleViolated},
		"a line feed":    {"Other", "other\n", fault.RuleViolated},
		"a long slug":    {"Other", strings.Repeat("a", 64), fault.RuleViolated},
		"neither":        {"", "", fault.RuleViolated},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := o.CreateCompany(t.Context(), test.name, test.slug); !fault.Is(err, test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := o.CreateCompany(t.Context(), strings.Repeat("é", 200), strings.Repeat("a", 63)); err != nil {
		t.Errorf("the longest name and slug: %v", err)
	}
	if all, err := o.Companies(t.Context()); err != nil || len(all) != 2 {
		t.Errorf("companies = %d (error %v), want 2", len(all), err)
	}
	if n := count(t, installation, `SELECT count(*) FROM audit_logs WHERE action = 'company.created' AND actor_type = 'system'
		AND actor_id = company_id AND session_id IS NULL AND ip IS NULL AND request_id = ''`); n != 2 {
		t.Errorf("%d entries record a new company, want 2", n)
	}
	if _, err := o.FindCompany(t.Context(), "unknown"); !fault.Is(err, fault.ResourceNotFound) {
		t.Errorf("error for an unknown slug = %v, want %s", err, fault.ResourceNotFound)
	}
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	installation, o := setup(t)
	replica := installation.Replica()
	for _, slug := range []string{"acme", "globex"} {
		if _, err := o.CreateCompany(t.Context(), slug, slug); err != nil {
			t.Fatal(err)
		}
	}
	acme, err := o.FindCompany(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	globex, err := o.FindCompany(t.Context(), "globex")
	if err != nil {
		t.Fatal(err)
	}
	ada := operator.Person{Email: " Ada@Acme.Example ", FirstName: " Ada ", LastName: "Okafor", Role: stored.RoleAdmin, Department: " IT "}
	created, err := o.CreateUser(t.Context(), acme, ada, good)
	if err != nil || created.Email != "ada@acme.example" || created.FirstName != "Ada" || *created.Department != "IT" {
		t.Fatalf("created = %+v (error %v), want Ada of IT with the email ada@acme.example", created, err)
	}
	for name, test := range map[string]struct {
		change func(p *operator.Person)
		plain  string
		want   fault.Code
	}{
		"the same email":           {func(*operator.Person) {}, good, fault.EmailTaken},
		"no email":                 {func(p *operator.Person) { p.Email = "" }, good, fault.RuleViolated},
		"no at":                    {func(p *operator.Person) { p.Email = "ada.acme.example" }, good, fault.RuleViolated},
		"two ats":                  {func(p *operator.Person) { p.Email = "a@b@acme.example" }, good, fault.RuleViolated},
		"no dot":                   {func(p *operator.Person) { p.Email = "ada@acme" }, good, fault.RuleViolated},
		"letters beyond ASCII":     {func(p *operator.Person) { p.Email = "adä@acme.example" }, good, fault.RuleViolated},
		"a line feed in the email": {func(p *operator.Person) { p.Email = "a\nb@acme.example" }, good, fault.RuleViolated},
		"a long local part":        {func(p *operator.Person) { p.Email = strings.Repeat("a", 65) + "@acme.example" }, good, fault.RuleViolated},
		"a long email":             {func(p *operator.Person) { p.Email = "a@" + strings.Repeat("b.", 130) + "cc" }, good, fault.RuleViolated},
		"no first name":            {func(p *operator.Person) { p.FirstName = "\u00a0" }, good, fault.RuleViolated},
		"a long last name":         {func(p *operator.Person) { p.LastName = strings.Repeat("é", 101) }, good, fault.RuleViolated},
		"a long department":        {func(p *operator.Person) { p.Department = strings.Repeat("é", 101) }, good, fault.RuleViolated},
		"no role":                  {func(p *operator.Person) { p.Role = "" }, good, fault.RuleViolated},
		"another role":             {func(p *operator.Person) { p.Role = "owner" }, good, fault.RuleViolated},
		"a short password":         {func(*operator.Person) {}, "short", fault.PasswordRefused},
		"a common password":        {func(*operator.Person) {}, "password1234", fault.PasswordRefused},
		"a long password":          {func(*operator.Person) {}, strings.Repeat("ab", 37), fault.PasswordRefused},
	} {
		t.Run(name, func(t *testing.T) {
			person := ada
			test.change(&person)
			if _, err := o.CreateUser(t.Context(), globex, person, test.plain); !fault.Is(err, test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	// The API accepts every email that the operator can give to a user.
	for _, email := range []string{
		"ada@acme.example", "a@b.co", "o'brien+x@acme.example", "!#$%&'*+/=?^_`{|}~-@a-b.example", strings.Repeat("a", 64) + "@acme.example",
	} {
		t.Run(email, func(t *testing.T) {
			person := ada
			person.Email = email
			if _, err := o.CreateUser(t.Context(), acme, person, good); err != nil && !fault.Is(err, fault.EmailTaken) {
				t.Errorf("error = %v, want none or %s", err, fault.EmailTaken)
			}
			login := map[string]string{"email": email, "password": good}
			c := replica.Anonymous(t)
			c.Adopt(c.Post("/api/v1/auth/login", login).Expect(http.StatusOK))
			c.Get("/api/v1/users").Refused(http.StatusForbidden, "password_change_required")
		})
	}
}

func TestResetPasswordEndsSessions(t *testing.T) {
	t.Parallel()
	installation, o := setup(t)
	acme := installation.Company("acme")
	replicas := []*testkit.Replica{installation.Replica(), installation.Replica()}
	client := replicas[0].SignIn(t, acme.Users[api.RoleHr])
	for _, replica := range replicas {
		client.At(replica).Get("/api/v1/users/me").Expect(http.StatusOK)
	}
	if err := reset(t, o, "hr@acme.example", "", "short"); !fault.Is(err, fault.PasswordRefused) {
		t.Errorf("error for a short password = %v, want %s", err, fault.PasswordRefused)
	}
	if err := reset(t, o, "nobody@acme.example", "", good); !fault.Is(err, fault.ResourceNotFound) {
		t.Errorf("error for an unknown user = %v, want %s", err, fault.ResourceNotFound)
	}
	if err := reset(t, o, " HR@acme.example ", "", good); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Second, "both replicas refuse the session", func() bool {
		return client.At(replicas[0]).Get("/api/v1/users/me").Status == http.StatusUnauthorized &&
			client.At(replicas[1]).Get("/api/v1/users/me").Status == http.StatusUnauthorized
	})
	for name, c := range map[string]struct {
		plain  string
		status int
	}{
		"old password": {testkit.Password, http.StatusUnauthorized},
		"new password": {good, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			login := map[string]string{"email": "hr@acme.example", "password": c.plain}
			replicas[1].Anonymous(t).Post("/api/v1/auth/login", login).Expect(c.status)
		})
	}
	// The operator knows the new password, so its user must change it.
	reset := replicas[1].Anonymous(t)
	reset.Adopt(reset.Post("/api/v1/auth/login", map[string]string{"email": "hr@acme.example", "password": good}).
		Expect(http.StatusOK))
	reset.Get("/api/v1/users").Refused(http.StatusForbidden, "password_change_required")
	if n := count(t, installation, `SELECT count(*) FROM audit_logs WHERE action = 'auth.password_reset' AND resource_id = $1`,
		acme.Users[api.RoleHr].ID); n != 1 {
		t.Errorf("%d entries record the reset, want 1", n)
	}
	if n := count(t, installation, `SELECT count(*) FROM mails WHERE kind = 'password_changed' AND user_id = $1`,
		acme.Users[api.RoleHr].ID); n != 1 {
		t.Errorf("%d mails tell the user, want 1", n)
	}
}

func TestSwitchCompany(t *testing.T) {
	t.Parallel()
	installation, o := setup(t)
	acme, globex := installation.Company("acme"), installation.Company("globex")
	replica := installation.Replica()
	client, stranger := replica.SignIn(t, acme.Users[api.RoleHr]), replica.SignIn(t, globex.Users[api.RoleHr])
	if err := o.SwitchCompany(t.Context(), "acme", false); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Second, "the company's sessions have ended", func() bool {
		return client.Get("/api/v1/users/me").Status == http.StatusUnauthorized
	})
	stranger.Get("/api/v1/users/me").Expect(http.StatusOK)
	login := map[string]string{"email": "hr@acme.example", "password": testkit.Password}
	replica.Anonymous(t).Post("/api/v1/auth/login", login).Refused(http.StatusUnauthorized, "invalid_credentials")
	if err := o.SwitchCompany(t.Context(), "acme", false); !fault.Is(err, fault.StateConflict) {
		t.Errorf("error of a second deactivation = %v, want %s", err, fault.StateConflict)
	}
	if err := o.SwitchCompany(t.Context(), "nobody", false); !fault.Is(err, fault.ResourceNotFound) {
		t.Errorf("error for an unknown company = %v, want %s", err, fault.ResourceNotFound)
	}
	if err := o.SwitchCompany(t.Context(), "acme", true); err != nil {
		t.Fatal(err)
	}
	replica.SignIn(t, acme.Users[api.RoleHr])
	for _, action := range []string{"company.deactivated", "company.reactivated"} {
		if n := count(t, installation, `SELECT count(*) FROM audit_logs WHERE action = $1 AND resource_id = $2`, action, acme.ID); n != 1 {
			t.Errorf("%d entries have the action %s, want 1", n, action)
		}
	}
}

// TestSwitchCompanyWithTestCompanies shows that test companies are deactivated and activated with their company, except
// those that were closed.
func TestSwitchCompanyWithTestCompanies(t *testing.T) {
	t.Parallel()
	installation, o := setup(t)
	acme := installation.Company("acme")
	replicas := []*testkit.Replica{installation.Replica(), installation.Replica()}
	replica := replicas[0]
	admin := replica.SignIn(t, acme.Users[api.RoleAdmin])
	const tests = "/api/v1/test-companies"
	type object = map[string]any
	open := func() (api.NewTestCompany, *testkit.Client) {
		opened := testkit.Decode[api.NewTestCompany](admin.Post(tests, object{"name": "Nightly"}).Expect(http.StatusCreated))
		return opened, replica.Bearer(t, opened.Secret)
	}
	stays, program := open()
	closed, _ := open()
	admin.Post(tests+"/"+closed.TestCompany.ID.String()+"/close", nil).Expect(http.StatusNoContent)
	program.Post("/api/v1/users", object{
		"email": "hr@acme.example", "password": good, "first_name": "Nora", "last_name": "Lind", "role": "admin",
	}).Expect(http.StatusCreated)
	nora := testkit.User{Email: "hr@acme.example", Test: stays.TestCompany.Slug}
	client := replica.FirstSignIn(t, nora, good)

	for _, active := range []bool{false, true} {
		if err := o.SwitchCompany(t.Context(), stays.TestCompany.Slug, active); !fault.Is(err, fault.StateConflict) {
			t.Errorf("error of switching a test company to active %t = %v, want %s", active, err, fault.StateConflict)
		}
	}
	if err := o.SwitchCompany(t.Context(), "acme", false); err != nil {
		t.Fatal(err)
	}
	program.Get("/api/v1/company").Refused(http.StatusUnauthorized, "invalid_token")
	testkit.Eventually(t, time.Second, "the test company's sessions have ended", func() bool {
		return client.At(replicas[0]).Get("/api/v1/users/me").Status == http.StatusUnauthorized &&
			client.At(replicas[1]).Get("/api/v1/users/me").Status == http.StatusUnauthorized
	})
	login := object{"email": nora.Email, "password": testkit.Password, "company": nora.Test}
	replica.Anonymous(t).Post("/api/v1/auth/login", login).Refused(http.StatusUnauthorized, "invalid_credentials")
	all, err := o.Companies(t.Context())
	for _, one := range all {
		if one.IsActive {
			t.Errorf("%s is listed as active", one.Slug)
		}
	}
	if err != nil || len(all) != 3 {
		t.Errorf("companies = %d (error %v), want 3", len(all), err)
	}

	if err := o.SwitchCompany(t.Context(), "acme", true); err != nil {
		t.Fatal(err)
	}
	client.Get("/api/v1/users/me").Refused(http.StatusUnauthorized, "invalid_token")
	refresh := object{"refresh_token": client.RefreshToken}
	replica.Anonymous(t).Post("/api/v1/auth/refresh", refresh).Refused(http.StatusUnauthorized, "invalid_refresh_token")
	replica.SignIn(t, nora).Get("/api/v1/users/me").Expect(http.StatusOK)
	program.Get("/api/v1/company").Expect(http.StatusOK)
	admin = replica.SignIn(t, acme.Users[api.RoleAdmin])
	listed := testkit.Decode[api.TestCompanyPage](admin.Get(tests).Expect(http.StatusOK))
	if len(listed.Data) != 1 || listed.Data[0] != stays.TestCompany {
		t.Errorf("test companies after the activation = %+v, want only %+v", listed.Data, stays.TestCompany)
	}
	if all, err = o.Companies(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.IsActive == (one.ID == closed.TestCompany.ID) {
			t.Errorf("%s is listed as active = %t, want %t", one.Slug, one.IsActive, !one.IsActive)
		}
	}

	// The operator can reset passwords in test companies, also of emails that belong to another user elsewhere.
	if err := reset(t, o, nora.Email, nora.Test, good); err != nil {
		t.Fatal(err)
	}
	login["password"] = good
	replica.Anonymous(t).Post("/api/v1/auth/login", login).Expect(http.StatusOK)
	replica.SignIn(t, acme.Users[api.RoleHr])
	for _, test := range []string{"nobody", closed.TestCompany.Slug} {
		if err := reset(t, o, nora.Email, test, good); !fault.Is(err, fault.ResourceNotFound) {
			t.Errorf("error for a user of %s = %v, want %s", test, err, fault.ResourceNotFound)
		}
	}
}

// TestLoginDuringDeactivation shows that a login to a test company while its company is deactivated is refused, or that its
// session is ended.
func TestLoginDuringDeactivation(t *testing.T) {
	t.Parallel()
	installation, o := setup(t)
	acme := installation.Company("acme")
	replica := installation.Replica()
	opened := testkit.Decode[api.NewTestCompany](replica.SignIn(t, acme.Users[api.RoleAdmin]).
		Post("/api/v1/test-companies", map[string]string{"name": "Nightly"}).Expect(http.StatusCreated))
	installation.User(testkit.Company{ID: opened.TestCompany.ID, Slug: "acme"}, "nora", api.RoleHr)
	login := map[string]string{"email": "nora@acme.example", "password": testkit.Password, "company": opened.TestCompany.Slug}
	// The login waits for the lock on the test company's row, which the deactivation holds. Before that it has read the
	// company as active.
	holder := installation.Connect()
	for _, sql := range []string{`BEGIN`, `SELECT FROM companies WHERE test_of IS NOT NULL FOR NO KEY UPDATE`, `UPDATE companies SET is_active = false WHERE slug = 'acme'`} {
		if _, err := holder.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	answers := make(chan *testkit.Answer, 1)
	go func() { answers <- replica.Anonymous(t).Post("/api/v1/auth/login", login) }()
	testkit.Eventually(t, 10*time.Second, "the login waits", func() bool {
		return count(t, installation, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 1
	})
	if _, err := holder.Exec(t.Context(), `COMMIT`); err != nil {
		t.Fatal(err)
	}
	(<-answers).Refused(http.StatusUnauthorized, "invalid_credentials")
	if err := o.SwitchCompany(t.Context(), "acme", true); err != nil {
		t.Fatal(err)
	}
	replica.Anonymous(t).Post("/api/v1/auth/login", login).Expect(http.StatusOK)
	// In the other order the deactivation waits for the login and ends its session.
	if err := o.SwitchCompany(t.Context(), "acme", false); err != nil {
		t.Fatal(err)
	}
	if n := count(t, installation, `SELECT count(*) FROM sessions WHERE revoked_at IS NULL`); n != 0 {
		t.Errorf("%d sessions are open, want none", n)
	}
}
