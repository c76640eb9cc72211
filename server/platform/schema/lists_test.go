package schema_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// reader is an actor of TestListsReturnVisibleRows. With the reaches own and jobs, they see some hiring rows, or none.
type reader struct {
	id        uuid.UUID
	own, jobs bool
}

// readers inserts rows of three jobs, and returns actors who each see some of them for one reason only: a member, an API
// key of the job, a panelist, and a rater who is no panelist.
func readers(t *testing.T, installation *testkit.Installation, acme testkit.Company) map[string]reader {
	t.Helper()
	hiring := installation.Hiring(acme)
	member := installation.User(acme, "member", api.RoleTeamLead)
	panelist := installation.User(acme, "panelist", api.RoleEmployee)
	colleague := installation.User(acme, "colleague", api.RoleEmployee)
	rater := installation.User(acme, "rater", api.RoleEmployee)
	both := installation.User(acme, "both", api.RoleTeamLead)
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	var led uuid.UUID
	for n, members := range [][]testkit.User{{member, both}, {}, {}} {
		job := hiring.Job(api.JobStatusOpen, members...)
		if n == 0 {
			led = job
		}
		panels := [][]testkit.User{{colleague}, {colleague, rater}, {}}
		if n == 1 {
			panels = [][]testkit.User{{colleague, panelist, both}, {panelist}, {}}
		}
		for _, panel := range panels {
			application := hiring.Application(hiring.Candidate(), job, api.ApplicationStageInterview)
			interview := hiring.Interview(application, version, api.InterviewStatusCompleted, panel...)
			for m, user := range panel {
				statuses := []api.ScoreStatus{api.ScoreStatusVoided, api.ScoreStatusSubmitted}
				if m == 1 && n == 2 || user == both {
					statuses[1] = api.ScoreStatusDraft
				}
				for _, status := range statuses {
					hiring.Score(interview, user, status, 3)
				}
			}
		}
	}
	// A foreign key makes every rater a panelist, so the rule about raters is tested without it.
	conn := installation.Connect()
	for _, sql := range []string{
		`SET session_replication_role = replica`, `DELETE FROM interview_panelists WHERE user_id = '` + rater.ID.String() + `'`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return map[string]reader{
		"member":   {member.ID, false, true},
		"key":      {installation.Key(acme, []string{"scores:read"}, led).ID, false, true},
		"panelist": {panelist.ID, true, true},
		"rater":    {rater.ID, false, false},
		"both":     {both.ID, true, true},
		"stranger": {acme.Users[api.RoleEmployee].ID, false, false},
		"hr":       {acme.Users[api.RoleHr].ID, false, false},
		"unknown":  {uuid.New(), false, false},
	}
}

// comparison is a call of a list and the condition by which it selects visible rows.
type comparison struct{ arguments, condition string }

func comparisons() map[string][]comparison {
	const anyJob = `(SELECT id FROM jobs ORDER BY created_at, id LIMIT 1 OFFSET %d)`
	byJob := []comparison{{"", "true"}}
	for n := range 3 {
		job := fmt.Sprintf(anyJob, n)
		byJob = append(byJob, comparison{", wanted_job => " + job, "job_id = " + job})
	}
	scores := slices.Clone(byJob)
	for _, status := range []string{"draft", "submitted", "voided"} {
		scores = append(scores, comparison{", wanted_status => '" + status + "'", "status = '" + status + "'"})
	}
	return map[string][]comparison{
		"applications": byJob, "interviews": byJob, "scores": scores,
		"candidates": {
			{"", "true"},
			{", pattern => '%last%'", "true"},
			{", pattern => '%last1%'", "last_name LIKE 'Last1%'"},
			{", wanted_status => 'active'", "true"},
		},
		"users": {
			{"", "true"}, {", pattern => '%acme%'", "email LIKE '%acme%'"}, {", pattern => '%an%'", "email LIKE '%an%' OR last_name LIKE '%an%'"},
		},
	}
}

// TestListsReturnVisibleRows: lists find the rows of an actor by statements of their own. They must return the rows that
// the visible_ functions accept, by looking them up and by walking an index.
func TestListsReturnVisibleRows(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	actors := readers(t, installation, acme)
	conn := service(t, installation, acme.ID)
	for _, limit := range []int{10_000, 0} {
		installation.Exec(fmt.Sprintf(`CREATE OR REPLACE FUNCTION list_lookup_limit() RETURNS integer
			LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN %d`, limit))
		for name, actor := range actors {
			for reach, sees := range map[string]bool{"own": actor.own, "jobs": actor.jobs, "all": name != "unknown", "none": false} {
				who := fmt.Sprintf("%s with reach %s and limit %d", name, reach, limit)
				t.Run(who, func(t *testing.T) {
					compareLists(t, conn, acme.ID, actor.id, reach, sees, who)
				})
			}
		}
	}
}

func compareLists(t *testing.T, conn *pgx.Conn, company, actor uuid.UUID, reach string, sees bool, who string) {
	t.Helper()
	ids := func(from, condition string) []uuid.UUID {
		rows, err := conn.Query(t.Context(), fmt.Sprintf("SELECT id FROM %s WHERE %s ORDER BY id", from, condition))
		if err != nil {
			t.Fatal(err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for kind, calls := range comparisons() {
		for _, call := range calls {
			want := ids(fmt.Sprintf("visible_%s('%s', '%s', '%s')", kind, company, actor, reach), call.condition)
			got := ids(fmt.Sprintf("list_%s('%s', '%s', '%s', sort => 'created_at', max_rows => 1000%s)", kind, company, actor, reach,
				call.arguments), "true")
			if !slices.Equal(got, want) {
				t.Errorf("%s: list_%s%s returns %d rows, of which visible_%s accepts %d", who, kind, call.arguments, len(got), kind, len(want))
			}
			if call.arguments == "" && kind != "users" && sees && len(want) == 0 {
				t.Errorf("%s sees no %s", who, kind)
			}
		}
	}
}
