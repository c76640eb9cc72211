package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// service returns a connection with the role of the service and a company as its tenant.
func service(t *testing.T, i *testkit.Installation, company uuid.UUID) *pgx.Conn {
	t.Helper()
	conn := i.Connect()
	for _, sql := range []string{
		fmt.Sprintf(`SET app.company_id = '%s'`, company), `SET plan_cache_mode = force_custom_plan`, `SET ROLE ` + postgres.ServiceRole,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return conn
}

// functions lists the functions of a kind that select rows for an actor.
func functions(t *testing.T, conn *pgx.Conn, prefix string) []string {
	t.Helper()
	found := column(t, conn, `SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		AND proname LIKE '`+strings.ReplaceAll(prefix, "_", `\_`)+`%' AND proretset ORDER BY proname`)
	if len(found) == 0 {
		t.Fatalf("no function is called %s…", prefix)
	}
	return found
}

// TestVisibilityIsInlined: PostgreSQL plans the functions that hold the rules of visibility as part of the query. If one
// could no longer be inlined, it would read all rows of the company for every query.
func TestVisibilityIsInlined(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	conn := service(t, installation, installation.Company("acme").ID)
	id := uuid.NewString()
	calls := []string{
		"blinds('" + id + "', '" + id + "', '" + id + "')", "jobs_of_actor('" + id + "', '" + id + "', 'jobs')",
		"panels_of_actor('" + id + "', '" + id + "', 'jobs')", "led_jobs('" + id + "', '" + id + "', 'jobs')",
		"led_jobs('" + id + "', '" + id + "', 'all')", "visible_audit_entries('" + id + "', '" + id + "', 'own', '{score}')",
	}
	for _, name := range functions(t, conn, "visible_") {
		for _, reach := range []string{"own", "jobs", "all"} {
			calls = append(calls, fmt.Sprintf("%s('%s', '%s', '%s')", name, id, id, reach))
		}
	}
	for _, call := range calls {
		name, _, _ := strings.Cut(call, "(")
		plan := strings.Join(column(t, conn, "EXPLAIN SELECT * FROM "+call), "\n")
		if strings.Contains(plan, "Function Scan on "+name) {
			t.Errorf("%s is not inlined:\n%s", call, plan)
		}
	}
}

// TestUnknownReachSeesNothing calls every function that selects rows for an actor. The actor would see the rows with any
// known reach: they lead the job, are on the panel, wrote the score and are the actor of an audit entry.
func TestUnknownReachSeesNothing(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	hiring, lead := installation.Hiring(acme), acme.Users[api.RoleTeamLead]
	job := hiring.Job(api.JobStatusOpen, lead)
	application := hiring.Application(hiring.Candidate(), job, api.ApplicationStageInterview)
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	interview := hiring.Interview(application, version, api.InterviewStatusInProgress, lead)
	hiring.Score(interview, lead, api.ScoreStatusSubmitted, 3)
	installation.Exec(`INSERT INTO audit_logs (company_id, id, created_at, actor_type, actor_id, action, resource_type, outcome)
		VALUES ($1, $2, now(), 'user', $3, 'score.submitted', 'score', 'success')`, acme.ID, uuid.New(), lead.ID)
	conn := service(t, installation, acme.ID)
	calls := map[string]string{}
	for _, name := range functions(t, conn, "visible_") {
		calls[name] = "SELECT count(*) FROM " + name + "($1, $2, $3)"
	}
	for _, name := range functions(t, conn, "list_") {
		if name == "list_interviewers" || name == "list_panelists" {
			continue // they need a reach of jobs at least
		}
		calls[name] = "SELECT count(*) FROM " + name + "($1, $2, $3, max_rows => 10, sort => 'created_at')"
	}
	for name, call := range calls {
		for reach, sees := range map[string]bool{"own": true, "jobs": true, "all": true, "none": false, "everything": false, "": false} {
			t.Run(name+"/"+reach, func(t *testing.T) {
				var rows int
				if err := conn.QueryRow(t.Context(), call, acme.ID, lead.ID, reach).Scan(&rows); err != nil {
					t.Fatal(err)
				}
				switch {
				case sees && rows == 0:
					t.Errorf("rows for reach %q: got 0, want at least 1", reach)
				case !sees && rows > 0:
					t.Errorf("rows for reach %q: got %d, want 0", reach, rows)
				}
			})
		}
		var rows int
		if err := conn.QueryRow(t.Context(), call, acme.ID, lead.ID, nil).Scan(&rows); err != nil || rows > 0 {
			t.Errorf("%s: rows without a reach: got %d (error %v), want 0", name, rows, err)
		}
	}
}

// TestUnknownActorIsBlinded checks that an id of neither a user nor an API key sees no score of another rater, with any
// reach.
func TestUnknownActorIsBlinded(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	hiring, rater := installation.Hiring(acme), acme.Users[api.RoleEmployee]
	application := hiring.Application(hiring.Candidate(), hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	interview := hiring.Interview(application, version, api.InterviewStatusCompleted, rater)
	hiring.Score(interview, rater, api.ScoreStatusSubmitted, 3)
	conn := service(t, installation, acme.ID)
	unknown := uuid.New()
	for name, c := range map[string]struct {
		actor uuid.UUID
		sees  bool
	}{
		"HR":            {acme.Users[api.RoleHr].ID, true},
		"unknown actor": {unknown, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, reach := range []string{"own", "jobs", "all"} {
				for _, from := range []string{"visible_scores($1, $2, $3)", "list_scores($1, $2, $3, max_rows => 10, sort => 'created_at')"} {
					var rows int
					if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+from, acme.ID, c.actor, reach).Scan(&rows); err != nil {
						t.Fatal(err)
					}
					want := 0
					if c.sees && reach == "all" {
						want = 1
					}
					if rows != want {
						t.Errorf("scores of %s with reach %s = %d, want %d", from, reach, rows, want)
					}
				}
			}
		})
	}
	// The members of a job and the panelists of an interview are users, and only a key is limited to jobs, so an unknown
	// actor has no other way to reach a score. The rule does not depend on that.
	var blinding int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM blinds($1, $2, $3)`, acme.ID, unknown, interview).Scan(&blinding); err != nil {
		t.Fatal(err)
	}
	if blinding == 0 {
		t.Error("nothing hides the scores from an unknown actor")
	}
}

// TestVisibleUsersAndAuditLogs compares the users and the audit entries that an actor sees with lists. No role has the
// reach jobs for either; like every reach, it includes the lower ones.
func TestVisibleUsersAndAuditLogs(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme, globex := installation.Company("acme"), installation.Company("globex")
	write := func(company testkit.Company, actor *uuid.UUID, resource string) {
		kind := "system"
		if actor != nil {
			kind = "user"
		}
		installation.Exec(`INSERT INTO audit_logs (company_id, id, created_at, actor_type, actor_id, action, resource_type, outcome)
			VALUES ($1, $2, now(), $3, $4, 'something.done', $5, 'success')`, company.ID, uuid.New(), kind, actor, resource)
	}
	actor, other := acme.Users[api.RoleHr].ID, acme.Users[api.RoleAdmin].ID
	foreign := globex.Users[api.RoleHr].ID
	write(acme, &actor, "session")
	write(acme, &other, "session")
	write(acme, &other, "score")
	write(acme, nil, "job")
	write(globex, &foreign, "score")
	conn := service(t, installation, acme.ID)
	everyone := make([]string, 0, len(acme.Users))
	for _, user := range acme.Users {
		everyone = append(everyone, user.ID.String())
	}
	all := []string{"session of actor", "session of other", "score of other", "job of nobody"}
	for reach, want := range map[string]struct{ users, entries, withTypes []string }{
		"none": {}, "": {}, "everything": {},
		"own":  {[]string{actor.String()}, all[:1], []string{all[0], all[2], all[3]}},
		"jobs": {[]string{actor.String()}, all[:1], []string{all[0], all[2], all[3]}},
		"all":  {everyone, all, all},
	} {
		t.Run("reach "+reach, func(t *testing.T) {
			const call = `('%s', '%s', '%s'%s)`
			same(t, "users with reach "+reach, column(t, conn,
				`SELECT id::text FROM visible_users`+fmt.Sprintf(call, acme.ID, actor, reach, "")), want.users)
			for types, entries := range map[string][]string{"": want.entries, ", '{score,job}'": want.withTypes} {
				same(t, "entries with reach "+reach+types, column(t, conn, fmt.Sprintf(`SELECT resource_type || ' of ' ||
				CASE actor_id WHEN '%s' THEN 'actor' WHEN '%s' THEN 'other' ELSE 'nobody' END FROM visible_audit_entries`, actor, other)+
					fmt.Sprintf(call, acme.ID, actor, reach, types)), entries)
			}
		})
	}
}

// TestHasTrigram: a text without three consecutive letters or digits is not searched by the trigram index.
func TestHasTrigram(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	for pattern, want := range map[string]bool{
		"%abc%": true, "%Åse%": true, "%a b cde%": true, "%x-123%": true, "%😀abc%": true, "%日本語%": true,
		"%ab%": false, "%a b c%": false, "%!!!%": false, "%ab-cd-ef%": false, "%😀😀😀%": false, `%\%\%\%%`: false, "%%": false,
		`%ab\_cd%`: false,
	} {
		t.Run(pattern, func(t *testing.T) {
			var got bool
			if err := conn.QueryRow(t.Context(), `SELECT has_trigram($1)`, pattern).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("got %t, want %t", got, want)
			}
		})
	}
}
