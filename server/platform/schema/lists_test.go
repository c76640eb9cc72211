package schema_test

import (
	"fmt"
	"slices"
	"strings"
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
// the visible_ functions accept, in the order of the list, also page by page, by looking them up, by walking an index, by
// merging those of jobs and panels, and by going on with a plan for the values.
func TestListsReturnVisibleRows(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	actors := readers(t, installation, acme)
	conn := service(t, installation, acme.ID)
	for _, limits := range [][2]int{{10_000, 1000}, {10_000, 3}, {10_000, 2}, {0, 1000}} {
		for n, name := range []string{"list_lookup_limit", "list_walk_limit"} {
			installation.Exec(fmt.Sprintf(`CREATE OR REPLACE FUNCTION %s() RETURNS integer
				LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN %d`, name, limits[n]))
		}
		for name, actor := range actors {
			for reach, sees := range map[string]bool{"own": actor.own, "jobs": actor.jobs, "all": name != "unknown", "none": false} {
				who := fmt.Sprintf("%s with reach %s and limits %d", name, reach, limits)
				t.Run(who, func(t *testing.T) {
					compareLists(t, conn, acme.ID, actor.id, reach, sees, who)
					compareOrders(t, conn, acme.ID, actor.id, reach)
				})
			}
		}
	}
}

// orders are the columns of the orders of the lists. A position has the values of all but the last, which is the id.
func orders() map[string]map[string][]string {
	byTime := func(columns ...string) map[string][]string {
		all := map[string][]string{}
		for _, column := range columns {
			all[column] = []string{column, "id"}
		}
		return all
	}
	candidates := byTime("created_at", "updated_at")
	candidates["name"] = []string{"last_name COLLATE alphabetical", "first_name COLLATE alphabetical", "id"}
	interviews := byTime("created_at", "updated_at")
	interviews["starts_at"] = []string{"starts_key", "id"}
	return map[string]map[string][]string{
		"applications": byTime("created_at", "updated_at", "stage_entered_at"), "interviews": interviews,
		"scores": byTime("created_at", "updated_at"), "candidates": candidates,
	}
}

// filtersOfOrders are filters that lists have statements of their own for, and some that they check row by row.
func filtersOfOrders() map[string][]comparison {
	const panels = `(SELECT interview_id FROM interview_panelists WHERE user_id = $1)`
	return map[string][]comparison{
		"applications": {{"", "true"}, {", wanted_statuses => '{active}'", "status = 'active'"}},
		"interviews": {
			{"", "true"},
			{", mine => true", "id IN " + panels},
			{", mine => false", "id NOT IN " + panels},
			{", wanted_statuses => '{completed}'", "status = 'completed'"},
			{", wanted_kinds => '{video}'", "kind = 'video'"},
			{", starts_before => '2999-01-01'", "starts_at < '2999-01-01'"},
		},
		"scores": {
			{"", "true"},
			{", wanted_status => 'submitted'", "status = 'submitted'"},
			{", wanted_rater => $1", "rater_id = $1"},
		},
		"candidates": {{"", "true"}, {", wanted_status => 'active'", "status = 'active'"}, {", wanted_source => 'x'", "source = 'x'"}},
	}
}

// compareOrders reads each list in each order, in pages of two rows.
func compareOrders(t *testing.T, conn *pgx.Conn, company, actor uuid.UUID, reach string) {
	t.Helper()
	for kind, sorts := range orders() {
		for sort, columns := range sorts {
			for _, prefix := range []string{"", "-"} {
				for _, filter := range filtersOfOrders()[kind] {
					direction := map[string]string{"": "", "-": " DESC"}[prefix]
					var want []uuid.UUID
					read := func(sql string) (id uuid.UUID, ids []uuid.UUID) {
						rows, err := conn.Query(t.Context(), "SELECT id FROM (SELECT $1::uuid AS a) AS actor, LATERAL ("+sql+") AS l", actor)
						if err != nil {
							t.Fatal(err)
						}
						if ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID]); err != nil {
							t.Fatalf("%s: %v", sql, err)
						}
						if len(ids) > 0 {
							id = ids[len(ids)-1]
						}
						return id, ids
					}
					_, want = read(fmt.Sprintf("SELECT id FROM visible_%s('%s', $1, '%s') WHERE %s ORDER BY %s LIMIT 1000", kind, company, reach,
						filter.condition, strings.Join(columns, direction+", ")+direction))
					var got []uuid.UUID
					after := ""
					for {
						last, ids := read(fmt.Sprintf("SELECT id FROM list_%s('%s', $1, '%s', sort => '%s', max_rows => 2%s%s)", kind, company, reach,
							prefix+sort, filter.arguments, after))
						got = append(got, ids...)
						if len(ids) < 2 {
							break
						}
						after = fmt.Sprintf(", after_id => '%s', after_time => (SELECT %s FROM %s WHERE id = '%s')", last, columns[0], kind, last)
						if sort == "name" {
							after = fmt.Sprintf(`, after_id => '%s', after_text => (SELECT last_name || E'\x01' || first_name FROM candidates WHERE id = '%s')`, last, last)
						}
					}
					if !slices.Equal(got, want) {
						t.Errorf("list_%s by %s%s%s returns %v, want %v", kind, prefix, sort, filter.arguments, got, want)
					}
				}
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
