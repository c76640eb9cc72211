package auditlog_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const collection = "/api/v1/audit-logs"

// fixture is an installation with one replica and one company whose users have logged in.
type fixture struct {
	*testkit.Installation
	replica *testkit.Replica
	acme    testkit.Company
	as      map[api.Role]*testkit.Client
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation := testkit.New(t)
	h := fixture{installation, installation.Replica(), installation.Company("acme"), map[api.Role]*testkit.Client{}}
	for role, user := range h.acme.Users {
		h.as[role] = h.replica.SignIn(t, user)
	}
	return h
}

// write inserts n entries of an actor, spread over actions, types and outcomes. Three entries each have the same time.
func (h fixture) write(company testkit.Company, actor uuid.UUID, resource string, n int) {
	h.Exec(`WITH l AS (
			INSERT INTO audit_logs (company_id, id, created_at, actor_type, actor_id, action, resource_type, resource_id, outcome, user_agent, details)
			SELECT $1, gen_random_uuid(), '2026-01-01T00:00:00Z'::timestamptz + make_interval(secs => i / 3), 'user', $2,
				(ARRAY['candidate.created', 'candidate.archived'])[1 + i % 2], $3, $2,
				(ARRAY['success', 'failure', 'denied'])[1 + i % 3], '=cmd' || i, jsonb_build_object('i', i)
			FROM generate_series(0, $4 - 1) AS i RETURNING company_id, id)
		INSERT INTO audit_pending SELECT company_id, id FROM l`, company.ID, actor, resource, n)
}

// list requests one page.
func list(c *testkit.Client, query url.Values) testkit.Page[api.AuditLog] {
	return testkit.List[api.AuditLog](c, collection, query)
}

// listAll requests all pages of a list.
func listAll(c *testkit.Client, query url.Values) []api.AuditLog {
	return testkit.ListAll[api.AuditLog](c, collection, query)
}

func TestVisibility(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	globex := h.Company("globex")
	h.write(globex, globex.Users[api.RoleAdmin].ID, "candidate", 4)
	for _, resource := range []string{"candidate", "interview", "user", "session"} {
		h.write(h.acme, h.acme.Users[api.RoleTeamLead].ID, resource, 4)
	}
	hiring := []string{"job", "candidate", "application", "kit", "interview", "score"}
	everything := listAll(h.as[api.RoleAdmin], url.Values{"limit": {"3"}})
	if len(everything) != 16+4 { // and the four logins
		t.Errorf("the admin sees %d entries, want 20", len(everything))
	}
	for role, client := range h.as {
		t.Run(string(role), func(t *testing.T) {
			visible := func(e api.AuditLog) bool {
				actor, _ := e.ActorID.Get()
				return role == api.RoleAdmin || actor == h.acme.Users[role].ID || role == api.RoleHr && slices.Contains(hiring, string(e.ResourceType))
			}
			response := listAll(client.In(t), url.Values{"limit": {"3"}})
			for _, e := range everything {
				listed := slices.ContainsFunc(response, func(s api.AuditLog) bool { return s.ID == e.ID })
				status := client.In(t).Get(collection + "/" + e.ID.String()).Status
				if listed != visible(e) || (status == http.StatusOK) != visible(e) || !visible(e) && status != http.StatusNotFound {
					t.Errorf("%s on %s is listed: %t, read with status %d, want visible: %t", e.Action, e.ResourceType, listed, status, visible(e))
				}
			}
			if lines := strings.Count(string(client.In(t).Get(collection+"/export").Expect(http.StatusOK).Body), "\n"); lines != len(response) {
				t.Errorf("exported lines = %d, want %d as listed", lines, len(response))
			}
			client.In(t).Get(collection+"/"+uuid.NewString()).Refused(http.StatusNotFound, "not_found")
		})
	}
	foreign := testkit.Decode[api.AuditLogPage](h.replica.SignIn(t, globex.Users[api.RoleAdmin]).Get(collection)).Data[0]
	h.as[api.RoleAdmin].Get(collection+"/"+foreign.ID.String()).Refused(http.StatusNotFound, "not_found")
	if got := listAll(h.as[api.RoleEmployee], url.Values{"actor_id": {h.acme.Users[api.RoleTeamLead].ID.String()}}); len(got) != 0 {
		t.Errorf("acts of another user that an employee sees with a filter = %d, want 0", len(got))
	}
}

func TestFiltersAndOrder(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	lead, hr := h.acme.Users[api.RoleTeamLead].ID, h.acme.Users[api.RoleHr].ID
	h.write(h.acme, lead, "candidate", 20)
	h.write(h.acme, hr, "interview", 20)
	all := listAll(h.as[api.RoleAdmin], url.Values{})
	if !slices.IsSortedFunc(all, func(a, b api.AuditLog) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(b.ID.String(), a.ID.String())
	}) {
		t.Error("the list is not ordered by -created_at")
	}
	at := func(second int) time.Time { return time.Date(2026, 1, 1, 0, 0, second, 0, time.UTC) }
	for name, test := range map[string]struct {
		query url.Values
		keep  func(e api.AuditLog) bool
	}{
		"nothing": {url.Values{}, func(api.AuditLog) bool { return true }},
		"actor":   {url.Values{"actor_id": {lead.String()}}, func(e api.AuditLog) bool { id, _ := e.ActorID.Get(); return id == lead }},
		"action":  {url.Values{"action": {"candidate.created"}}, func(e api.AuditLog) bool { return e.Action == "candidate.created" }},
		"actions": {url.Values{"action": {"candidate.created", "auth.login"}}, func(e api.AuditLog) bool {
			return e.Action == "candidate.created" || e.Action == "auth.login"
		}},
		"type":     {url.Values{"resource_type": {"interview"}}, func(e api.AuditLog) bool { return e.ResourceType == "interview" }},
		"resource": {url.Values{"resource_id": {hr.String()}}, func(e api.AuditLog) bool { id, _ := e.ResourceID.Get(); return id == hr }},
		"outcome":  {url.Values{"outcome": {"denied"}}, func(e api.AuditLog) bool { return e.Outcome == api.AuditOutcomeDenied }},
		"time": {url.Values{"created_from": {at(2).Format(time.RFC3339)}, "created_before": {at(4).Format(time.RFC3339)}}, func(e api.AuditLog) bool {
			return !e.CreatedAt.Before(at(2)) && e.CreatedAt.Before(at(4))
		}},
		"no match": {url.Values{"action": {"job.closed"}}, func(api.AuditLog) bool { return false }},
		"several": {
			url.Values{"actor_id": {hr.String()}, "outcome": {"success"}, "resource_type": {"interview"}, "action": {"candidate.archived"}},
			func(e api.AuditLog) bool {
				id, _ := e.ActorID.Get()
				return id == hr && e.Outcome == api.AuditOutcomeSuccess && e.ResourceType == "interview" && e.Action == "candidate.archived"
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			admin := h.replica.Bearer(t, h.as[api.RoleAdmin].Token)
			var want []uuid.UUID
			for _, e := range all {
				if test.keep(e) {
					want = append(want, e.ID)
				}
			}
			for _, sort := range []string{"-created_at", "created_at"} {
				for _, limit := range []string{"1", "4", "7"} {
					test.query.Set("sort", sort)
					test.query.Set("limit", limit)
					var got []uuid.UUID
					for _, e := range listAll(admin, test.query) {
						got = append(got, e.ID)
					}
					if sort == "created_at" {
						slices.Reverse(got)
					}
					if !slices.Equal(got, want) {
						t.Errorf("sorted by %s, %s per page: got %d entries, want %d in order", sort, limit, len(got), len(want))
					}
				}
			}
		})
	}
	cursor := *list(h.as[api.RoleAdmin], url.Values{"limit": {"2"}}).NextCursor
	for _, other := range []string{"sort=created_at", "outcome=success", "action=auth.login", "actor_id=" + lead.String()} {
		h.as[api.RoleAdmin].Get(collection+"?cursor="+cursor+"&"+other).Refused(http.StatusBadRequest, "invalid_cursor")
	}
	for _, bad := range []string{"actor_id=x", "outcome=maybe", "sort=id", "action=Auth.Login", "action=auth.logn", "resource_type=users", "created_from=now", "resource_type=' OR 1=1", "format=csv"} {
		h.as[api.RoleAdmin].Get(collection+"?"+strings.ReplaceAll(bad, " ", "%20")).Refused(http.StatusBadRequest, "malformed_request")
	}
}

// TestActsAreRecorded performs acts over HTTP and looks for the entry of each, with its actor, client and changes. The
// entries of the operator's commands are tested in package operator, those of refreshes in package login.
func TestActsAreRecorded(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	admin, employee := h.as[api.RoleAdmin], h.acme.Users[api.RoleEmployee]
	const secret = "violet-harbor-counts-seven"
	created := testkit.Decode[api.User](admin.Post("/api/v1/users", map[string]any{
		"email": "nora@acme.example", "password": secret, "first_name": "Nora", "last_name": "Lind",
	}).Expect(http.StatusCreated))
	one := "/api/v1/users/" + created.ID.String()
	admin.Do(http.MethodPatch, one, `{"first_name":"Nóra","department":"<nil>"}`, "X-Request-Id", "a-request-of-mine",
		"X-Forwarded-For", "203.0.113.9", "User-Agent", "probe/1.0").Expect(http.StatusOK)
	admin.Post(one+"/change-role", `{"role":"team_lead"}`).Expect(http.StatusOK)
	admin.Post(one+"/deactivate", nil).Expect(http.StatusOK)
	admin.Post(one+"/reactivate", nil).Expect(http.StatusOK)
	admin.Patch("/api/v1/company", `{"settings":{"timezone":"Europe/Berlin"}}`).Expect(http.StatusOK)
	h.as[api.RoleEmployee].Get("/api/v1/users").Expect(http.StatusForbidden)
	h.as[api.RoleHr].Post("/api/v1/users/"+employee.ID.String()+"/change-role", `{"role":"admin"}`).Expect(http.StatusForbidden)
	h.replica.Anonymous(t).Post("/api/v1/auth/login", map[string]string{"email": "hr@acme.example", "password": secret}).
		Expect(http.StatusUnauthorized)
	other := h.replica.SignIn(t, h.acme.Users[api.RoleTeamLead])
	other.Post("/api/v1/auth/password", map[string]string{"current_password": testkit.Password, "new_password": secret}).
		Expect(http.StatusNoContent)
	other.Post("/api/v1/auth/logout", nil).Expect(http.StatusOK)
	admin.Do(http.MethodDelete, "/api/v1/users/"+employee.ID.String()+"/sessions", nil).Expect(http.StatusOK)
	admin.Get(collection + "/export").Expect(http.StatusOK)
	admin.Post(collection+"/verify", nil).Expect(http.StatusOK)

	all := listAll(admin, url.Values{"limit": {"200"}})
	find := func(action string, outcome api.AuditOutcome) api.AuditLog {
		t.Helper()
		for _, e := range all {
			if string(e.Action) == action && e.Outcome == outcome {
				return e
			}
		}
		t.Errorf("no entry has the action %s and the outcome %s", action, outcome)
		return api.AuditLog{}
	}
	for _, action := range []string{
		"auth.login", "auth.logout", "auth.password_changed", "session.revoked", "user.created", "user.updated", "user.role_changed",
		"user.deactivated", "user.reactivated", "company.updated", "audit.exported", "audit.verified",
	} {
		find(action, api.AuditOutcomeSuccess)
	}
	find("auth.login", api.AuditOutcomeFailure)
	find("access.denied", api.AuditOutcomeDenied)

	updated := find("user.updated", api.AuditOutcomeSuccess)
	if actor, _ := updated.ActorID.Get(); actor != h.acme.Users[api.RoleAdmin].ID || updated.SessionID.IsNull() ||
		updated.IP.MustGet() != "203.0.113.9" || updated.UserAgent != "probe/1.0" || updated.RequestID != "a-request-of-mine" ||
		updated.ResourceID.MustGet() != created.ID || updated.ActorType != api.AuditActorTypeUser {
		t.Errorf("entry of the update = %+v, want the data of the admin's request", updated)
	}
	for action, want := range map[string]string{
		"user.updated":      "map[changes:map[department:map[from:<nil> to:<nil>] first_name:map[from:Nora to:Nóra]]]",
		"user.role_changed": "map[changes:map[role:map[from:employee to:team_lead]]]",
		"user.deactivated":  "map[changes:map[is_active:map[from:true to:false]]]",
		"user.reactivated":  "map[changes:map[is_active:map[from:false to:true]]]",
		"company.updated":   "map[changes:map[timezone:map[from:UTC to:Europe/Berlin]]]",
		"user.created": "map[changes:map[email:map[from:<nil> to:nora@acme.example] first_name:map[from:<nil> to:Nora] " +
			"is_active:map[from:<nil> to:true] language:map[from:<nil> to:en] last_name:map[from:<nil> to:Lind] role:map[from:<nil> to:employee]]]",
	} {
		t.Run(action, func(t *testing.T) {
			if got := fmt.Sprint(find(action, api.AuditOutcomeSuccess).Details); got != want {
				t.Errorf("details = %s, want %s", got, want)
			}
		})
	}
	var text string
	if err := h.Database.QueryRow(t.Context(), `SELECT string_agg(l::text, ' ') FROM audit_logs AS l`).Scan(&text); err != nil {
		t.Fatal(err)
	}
	for _, forbidden := range []string{secret, testkit.Password, "$2a$", "password_hash", admin.Token, admin.RefreshToken, other.RefreshToken} {
		if strings.Contains(text, forbidden) {
			t.Errorf("the audit log contains %q", forbidden)
		}
	}
}

// TestDenialsOfUnusualPathsAreRecorded requests paths with characters that PostgreSQL's jsonb rejects.
func TestDenialsOfUnusualPathsAreRecorded(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	for _, id := range []string{"%00", "%ff", "a%5cu0000b", "%F0%9F%98%80"} {
		h.as[api.RoleEmployee].Do(http.MethodPatch, "/api/v1/users/"+id, `{"first_name":"x"}`).Refused(http.StatusForbidden, "permission_denied")
	}
	if got := listAll(h.as[api.RoleEmployee], url.Values{"action": {"access.denied"}}); len(got) != 4 {
		t.Errorf("%d denials are recorded, want 4", len(got))
	}
}

// TestFailedRecordsRollBack makes every insert into the audit log fail, and expects that no act changes anything.
func TestFailedRecordsRollBack(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	employee := h.acme.Users[api.RoleEmployee]
	h.Exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$`)
	h.Exec(`CREATE TRIGGER fail BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION fail()`)
	state := func() string {
		var text string
		err := h.Database.QueryRow(t.Context(), `SELECT (SELECT string_agg(u::text, ' ' ORDER BY id) FROM users AS u)
			|| (SELECT string_agg(s::text, ' ' ORDER BY id) FROM sessions AS s) || (SELECT string_agg(c::text, ' ') FROM companies AS c)`).Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := state()
	one := "/api/v1/users/" + employee.ID.String()
	for _, answer := range []*testkit.Answer{
		h.as[api.RoleAdmin].Patch(one, `{"first_name":"x"}`),
		h.as[api.RoleAdmin].Post(one+"/change-role", `{"role":"hr"}`),
		h.as[api.RoleAdmin].Post(one+"/deactivate", nil),
		h.as[api.RoleAdmin].Patch("/api/v1/company", `{"name":"x"}`),
		h.as[api.RoleAdmin].Patch("/api/v1/users/me", `{"first_name":"x"}`),
		h.as[api.RoleAdmin].Get(collection + "/export"),
		h.as[api.RoleAdmin].Post(collection+"/verify", nil),
		h.as[api.RoleAdmin].Post("/api/v1/users", map[string]any{
			"email": "nora@acme.example", "password": testkit.Password, "first_name": "Nora", "last_name": "Lind",
		}),
		h.as[api.RoleEmployee].Post("/api/v1/auth/logout", nil),
	} {
		if answer.Status != http.StatusInternalServerError {
			t.Errorf("%s %s: status = %d, want %d: %s", answer.Request.Method, answer.Request.URL.Path, answer.Status, http.StatusInternalServerError, answer.Body)
		}
	}
	if after := state(); after != before {
		t.Errorf("state =\n%s\nwant\n%s", after, before)
	}
	h.as[api.RoleEmployee].Get("/api/v1/users/me").Expect(http.StatusOK)
}

func TestVerify(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	h.write(h.acme, h.acme.Users[api.RoleHr].ID, "candidate", 10)
	admin := h.as[api.RoleAdmin]
	var whole api.AuditVerification
	testkit.Eventually(t, 10*time.Second, "everything is sealed", func() bool {
		whole = testkit.Decode[api.AuditVerification](admin.Post(collection+"/verify", nil).Expect(http.StatusOK))
		return whole.Checked >= 14
	})
	if whole.Status != api.AuditVerificationStatusIntact || len(whole.Findings) != 0 || !whole.NextSequence.IsNull() {
		t.Errorf("whole = %+v, want it intact, without findings and without a next sequence", whole)
	}
	part := testkit.Decode[api.AuditVerification](admin.Post(collection+"/verify?from_sequence=5", nil).Expect(http.StatusOK))
	if part.Checked < 10 || part.Status != api.AuditVerificationStatusIntact {
		t.Errorf("from sequence 5 = %+v, want it intact and at least 10 checked", part)
	}
	head, hash := part.HeadSequence.MustGet(), part.HeadHash.MustGet()
	verify := func(query string) api.AuditVerification {
		t.Helper()
		return testkit.Decode[api.AuditVerification](admin.Post(collection+"/verify?"+query, nil).Expect(http.StatusOK))
	}
	known := func(sequence int64, hash string) string {
		return fmt.Sprintf("known_sequence=%d&known_hash=%s", sequence, hash)
	}
	if got := verify(known(head, hash)); got.Status != api.AuditVerificationStatusIntact {
		t.Errorf("with the known head: %+v", got)
	}
	for query, want := range map[string]struct {
		kind     api.AuditFindingKind
		sequence int64
	}{
		"from_sequence=1000":                                       {api.AuditFindingKindMissing, 1000},
		"from_sequence=1000&" + known(1000, hash):                  {api.AuditFindingKindMissing, 1000},
		known(1000, hash):                                          {api.AuditFindingKindMissing, 1000},
		known(head, strings.Repeat("0", 64)):                       {api.AuditFindingKindReplaced, head},
		known(head-1, hash) + "&from_sequence=" + fmt.Sprint(head): {api.AuditFindingKindReplaced, head - 1},
	} {
		got := verify(query)
		if got.Status != api.AuditVerificationStatusBroken || len(got.Findings) != 1 || got.Findings[0].Kind != want.kind ||
			got.Findings[0].Sequence.MustGet() != want.sequence {
			t.Errorf("%s: got %+v, want %+v", query, got, want)
		}
	}
	for _, bad := range []string{"known_sequence=1", "known_hash=" + hash, known(0, hash), known(1, "x"), known(1, strings.ToUpper(strings.Repeat("a", 64)))} {
		admin.Post(collection+"/verify?"+bad, nil).Refused(http.StatusBadRequest, "malformed_request")
	}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr} {
		h.as[role].Post(collection+"/verify", nil).Refused(http.StatusForbidden, "permission_denied")
	}
	for _, bad := range []string{"0", "-1", "x", "9007199254740992"} {
		admin.Post(collection+"/verify?from_sequence="+bad, nil).Refused(http.StatusBadRequest, "malformed_request")
	}
	conn := h.Connect()
	for _, sql := range []string{
		`SET session_replication_role = replica`, `UPDATE audit_logs SET action = 'auth.logout' WHERE id = (SELECT audit_log_id FROM audit_seals WHERE sequence = 3)`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	broken := testkit.Decode[api.AuditVerification](admin.Post(collection+"/verify", nil).Expect(http.StatusOK))
	if broken.Status != api.AuditVerificationStatusBroken || len(broken.Findings) != 1 || broken.Findings[0].Sequence.MustGet() != 3 {
		t.Errorf("broken = %+v, want one finding, at sequence 3", broken)
	}
}
