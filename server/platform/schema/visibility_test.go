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
		"panels_of_actor('" + id + "', '" + id + "', 'jobs')",
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
// known reach: they lead the job, are on the panel and wrote the score.
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
	conn := service(t, installation, acme.ID)
	calls := map[string]string{}
	for _, name := range functions(t, conn, "visible_") {
		calls[name] = "SELECT count(*) FROM " + name + "($1, $2, $3)"
	}
	for _, name := range functions(t, conn, "list_") {
		if name == "list_interviewers" || name == "list_users" {
			continue // the first needs a reach of jobs at least, the second takes no actor
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
				if rows > 0 != sees {
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
	for actor, want := range map[uuid.UUID]int{acme.Users[api.RoleHr].ID: 1, uuid.New(): 0} {
		var rows int
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM visible_scores($1, $2, 'all')`, acme.ID, actor).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if rows != want {
			t.Errorf("%s: scores: got %d, want %d", actor, rows, want)
		}
	}
}
