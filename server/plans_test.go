package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// largeTables lists the tables that grow with the number of candidates. No list may read one of them sequentially.
func largeTables() []string {
	return []string{
		"candidates", "applications", "application_moves", "interviews", "interview_panelists", "interview_events", "scores",
		"score_revisions", "audit_logs", "audit_logs_before", "audit_seals",
	}
}

// maxRowsFiltered is the number of rows that one plan node may read and discard: those of a short index scan in a text
// search. A filter without an index discards nearly all rows of a table.
const maxRowsFiltered = 2500

// statement is an SQL statement of the service with its arguments.
type statement struct {
	sql  string
	args []any
	// planned says that the service has it planned with its arguments; otherwise, its plan is kept and serves all arguments.
	planned bool
}

// recorder collects the SELECT statements of the service.
type recorder struct {
	mu   sync.Mutex
	seen []statement
	// planned are the connections whose batch makes PostgreSQL plan with the arguments.
	planned map[*pgx.Conn]bool
}

func (r *recorder) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.record(conn, data.SQL, data.Args)
	return ctx
}

func (*recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (*recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (r *recorder) TraceBatchQuery(_ context.Context, conn *pgx.Conn, data pgx.TraceBatchQueryData) {
	r.record(conn, data.SQL, data.Args)
}

func (r *recorder) TraceBatchEnd(_ context.Context, conn *pgx.Conn, _ pgx.TraceBatchEndData) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.planned, conn)
}

func (r *recorder) record(conn *pgx.Conn, sql string, args []any) {
	if strings.Contains(sql, "'plan_cache_mode', 'force_custom_plan'") {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.planned[conn] = true
		return
	}
	_, text, _ := strings.Cut(sql, "\n")
	if first := strings.Fields(uncommented(text)); len(first) == 0 || first[0] != "SELECT" && first[0] != "WITH" ||
		strings.Contains(sql, "INSERT INTO") {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, statement{sql, args, r.planned[conn]})
}

// uncommented returns a statement without the comments before it.
func uncommented(sql string) string {
	for strings.HasPrefix(strings.TrimSpace(sql), "--") {
		_, sql, _ = strings.Cut(strings.TrimSpace(sql), "\n")
	}
	return sql
}

// take returns the statements since the last call.
func (r *recorder) take() []statement {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.seen
	r.seen = nil
	return taken
}

// explainer runs statements under the role of the service, and collects their plans with auto_explain, including the
// plans of statements inside functions.
type explainer struct {
	t     *testing.T
	conn  *pgx.Conn
	plans []string
	// used are the indexes in all plans so far.
	used map[string]bool
}

func newExplainer(t *testing.T, i *testkit.Installation, company uuid.UUID) *explainer {
	t.Helper()
	e := &explainer{t: t, used: map[string]bool{}}
	config, err := pgx.ParseConfig(i.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) { e.plans = append(e.plans, notice.Message) }
	if e.conn, err = pgx.ConnectConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.conn.Close(context.Background()) })
	for _, sql := range []string{
		`LOAD 'auto_explain'`, `SET auto_explain.log_min_duration = 0`, `SET auto_explain.log_analyze = on`, `SET auto_explain.log_nested_statements = on`,
		`SET auto_explain.log_format = json`, `SET auto_explain.log_level = notice`,
		`SET jit = off`, `SET random_page_cost = 1.1`, fmt.Sprintf(`SET app.company_id = '%s'`, company), `SET ROLE ` + postgres.ServiceRole,
	} {
		if _, err := e.conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return e
}

// scans returns the sequential scans of large tables, and the nodes that discard many rows, in the plans of a statement.
func (e *explainer) scans(s statement) []string {
	e.t.Helper()
	mode := "force_generic_plan"
	if s.planned {
		mode = "force_custom_plan"
	}
	if _, err := e.conn.Exec(e.t.Context(), `SET plan_cache_mode = `+mode); err != nil {
		e.t.Fatal(err)
	}
	e.plans = nil
	rows, err := e.conn.Query(e.t.Context(), s.sql, s.args...)
	if err != nil {
		e.t.Fatalf("%s: %v", s.sql, err)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		e.t.Fatalf("%s: %v", s.sql, err)
	}
	var found []string
	for _, plan := range e.plans {
		_, object, ok := strings.Cut(plan, "plan:\n")
		if !ok {
			continue
		}
		var explained struct{ Plan map[string]any }
		if err := json.Unmarshal([]byte(object), &explained); err != nil {
			e.t.Fatalf("%v in %s", err, plan)
		}
		found = append(found, e.walk(explained.Plan)...)
	}
	if len(e.plans) == 0 {
		e.t.Fatalf("auto_explain reported no plan for %s", s.sql)
	}
	return found
}

// walk returns what scans returns for a node of a plan and those below it, and adds their indexes to used.
func (e *explainer) walk(node map[string]any) []string {
	var found []string
	if index, ok := node["Index Name"].(string); ok {
		e.used[index] = true
	}
	table, _ := node["Relation Name"].(string)
	if node["Node Type"] == "Seq Scan" && slices.Contains(largeTables(), table) {
		found = append(found, "Seq Scan on "+table)
	}
	if removed, _ := node["Rows Removed by Filter"].(float64); removed > maxRowsFiltered {
		found = append(found, fmt.Sprintf("%v discards %v rows", node["Node Type"], removed))
	}
	children, _ := node["Plans"].([]any)
	for _, child := range children {
		found = append(found, e.walk(child.(map[string]any))...)
	}
	return found
}

// populate fills a company with many rows, in jobs of very different sizes. The team lead is a member of a small and old
// job only, which comes last in the descending order of time.
func populate(t *testing.T, i *testkit.Installation, company testkit.Company) map[string]string {
	t.Helper()
	h := i.Hiring(company)
	lead, employee := company.Users[api.RoleTeamLead], company.Users[api.RoleEmployee]
	small := h.Job(api.JobStatusOpen, lead)
	big := h.Job(api.JobStatusOpen)
	others := make([]uuid.UUID, 150)
	for n := range others {
		others[n] = h.Job(api.JobStatusOpen)
	}
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	conn := i.Connect()
	run := func(sql string, args ...any) {
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%v in %s", err, sql)
		}
	}
	run(`SET session_replication_role = replica`) // skips foreign key checks and triggers: the rows are consistent
	for _, table := range largeTables() {
		rows, err := conn.Query(t.Context(), `SELECT relid::regclass::text FROM pg_partition_tree($1::text::regclass) WHERE isleaf`, table)
		if err != nil {
			t.Fatal(err)
		}
		leaves, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, leaf := range leaves {
			run(`ALTER TABLE ` + leaf + ` SET (fillfactor = 10)`) // as many pages as a table ten times as large
		}
	}
	run(`INSERT INTO candidates (company_id, id, first_name, last_name, email, tags, source, external_id, status, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'First' || n, 'Last' || n % 5000, 'c' || n || '@mail.example', ARRAY['tag' || n % 300], 'source' || n % 9,
			'ext-' || n, CASE WHEN n % 50 = 0 THEN 'archived' ELSE 'active' END,
			now() - n * INTERVAL '1 minute', now() - n * INTERVAL '1 minute' FROM generate_series(1, 12000) AS n`, company.ID)
	run(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage, furthest_stage, status, stage_entered_at, created_at, updated_at)
		SELECT $1, gen_random_uuid(), id,
			CASE WHEN row_number() OVER (ORDER BY created_at) <= 30 THEN $2::uuid
				WHEN row_number() OVER (ORDER BY created_at) % 4 = 0 THEN ($4::uuid[])[1 + row_number() OVER (ORDER BY created_at) % 150]
				ELSE $3::uuid END,
			(ARRAY['applied', 'applied', 'screening', 'interview', 'offer'])[1 + row_number() OVER () % 5],
			(ARRAY['applied', 'applied', 'screening', 'interview', 'offer'])[1 + row_number() OVER () % 5],
			CASE WHEN row_number() OVER () % 40 = 0 THEN 'withdrawn' ELSE 'active' END, created_at, created_at, created_at
		FROM candidates WHERE company_id = $1`, company.ID, small, big, others)
	run(`INSERT INTO application_moves
			(company_id, id, application_id, job_id, candidate_id, event, from_stage, to_stage, to_status, seconds, actor_id, created_at)
		SELECT $1, gen_random_uuid(), id, job_id, candidate_id, 'advance', 'applied', 'screening', 'active', 86400, $2, created_at
		FROM applications WHERE company_id = $1`, company.ID, lead.ID)
	run(`INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status, starts_at, ends_at,
			timezone, finished_at, created_by, created_at, updated_at)
		SELECT $1, gen_random_uuid(), id, job_id, candidate_id, $2, 'Interview', 'video', 'awaiting_scores', created_at, created_at + INTERVAL '1 hour',
			'UTC', created_at, $3, created_at, created_at FROM applications WHERE company_id = $1 ORDER BY job_id <> $4, id LIMIT 6000`, company.ID, version, lead.ID, small)
	run(`INSERT INTO users (company_id, id, email, password_hash, first_name, last_name)
		SELECT $1, gen_random_uuid(), 'u' || n || '@acme.example', '', 'User', 'Number' || n FROM generate_series(1, 300) AS n`, company.ID)
	run(`INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at)
		SELECT $1, i.id, u.id, now(), now() FROM (SELECT id, row_number() OVER () AS n FROM interviews WHERE company_id = $1) AS i
		JOIN (SELECT id, row_number() OVER () AS n FROM users WHERE company_id = $1) AS u ON u.n IN (1 + i.n % 300, 1 + (i.n + 7) % 300)`, company.ID)
	run(`INSERT INTO scores (company_id, id, interview_id, application_id, job_id, rater_id, status, recommendation, submitted_at, created_at, updated_at)
		SELECT $1, gen_random_uuid(), i.id, i.application_id, i.job_id, p.user_id, 'submitted', 'yes', now(), i.created_at, i.created_at
		FROM interviews AS i JOIN interview_panelists AS p ON p.company_id = i.company_id AND p.interview_id = i.id WHERE i.company_id = $1`, company.ID)
	run(`INSERT INTO audit_logs (company_id, id, created_at, actor_type, actor_id, action, resource_type, resource_id, outcome)
		SELECT $1, gen_random_uuid(), created_at, 'user', $2, 'candidate.created', 'candidate', id, 'success' FROM candidates WHERE company_id = $1`,
		company.ID, company.Users[api.RoleHr].ID)
	run(`INSERT INTO audit_seals (company_id, sequence, audit_log_id, hash)
		SELECT company_id, row_number() OVER (), id, sha256('x') FROM audit_logs WHERE company_id = $1`, company.ID)
	run(`INSERT INTO interview_events (company_id, id, interview_id, event, to_status, created_at)
		SELECT company_id, gen_random_uuid(), id, 'create', 'draft', created_at FROM interviews WHERE company_id = $1`, company.ID)
	run(`INSERT INTO score_revisions (company_id, id, score_id, revision, event, ratings, coverage, reason, actor_id, created_at)
		SELECT company_id, gen_random_uuid(), id, 1, 'reopen', '[]', 0, 'x', rater_id, created_at FROM scores WHERE company_id = $1`, company.ID)
	candidate := h.Candidate()
	application := h.Application(candidate, small, api.ApplicationStageInterview)
	interview := h.Interview(application, version, api.InterviewStatusAwaitingScores, lead, employee)
	score := h.Score(interview, employee, api.ScoreStatusSubmitted, 4)
	run(`ANALYZE`)
	var kit uuid.UUID
	if err := conn.QueryRow(t.Context(), `SELECT kit_id FROM kit_versions WHERE id = $1`, version).Scan(&kit); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"job_id": small.String(), "candidate_id": candidate.String(), "application_id": application.String(), "kit_id": kit.String(),
		"kit_version_id": version.String(), "interview_id": interview.String(), "score_id": score.String(),
		"user_id": employee.ID.String(), "panelist_id": employee.ID.String(), "rater_id": employee.ID.String(),
		"actor_id": company.Users[api.RoleHr].ID.String(), "resource_id": candidate.String(),
	}
}

// values has the values for the filters of lists, in addition to ids and enum values.
func values() map[string][]string {
	return map[string][]string{
		"q": {"last4711", "first", "zzz", "la", "x", "last4711 first", "Äß"}, "email": {"c7@mail.example"}, "external_id": {"ext-7"}, "source": {"source3"},
		"tag": {"tag7", "nothing"}, "department": {"Robotics"}, "mine": {"true", "false"}, "is_active": {"false"}, "is_published": {"true", "false"},
		"updated_since": {"2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z"}, "starts_from": {"2020-01-01T00:00:00Z"},
		"starts_before": {"2999-01-01T00:00:00Z"}, "created_from": {"2020-01-01T00:00:00Z"}, "created_before": {"2999-01-01T00:00:00Z"},
		"action": {"candidate.created"}, "resource_type": {"candidate", "score"}, "is_revoked": {"true", "false"}, "id": {"01980a3e-7b1c-7c7e-8f00-0123456789b0"},
	}
}

// TestReadsUseIndexes calls every GET operation, in every order and with each of its filters, as users who see everything,
// little and almost nothing. The plans of all statements, those that are kept and those for the arguments, must use indexes
// of the large tables.
func TestReadsUseIndexes(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company := installation.Company("acme")
	ids := populate(t, installation, company)
	seen := &recorder{planned: map[*pgx.Conn]bool{}}
	installation.Statements = seen
	replica := installation.Replica()
	explain := newExplainer(t, installation, company.ID)
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	tried, statements := 0, 0
	for _, role := range []api.Role{api.RoleHr, api.RoleTeamLead, api.RoleEmployee} {
		client := replica.SignIn(t, company.Users[role])
		for _, op := range loadContract(t).Operations() {
			specified := document.Paths.Find(op.Path).GetOperation(op.Method)
			if op.Method != http.MethodGet || op.Public || !op.Roles[stored.Role(role)] {
				continue
			}
			for _, query := range queries(t, specified, ids) {
				path := pathOf(op, ids) + "?" + query.Encode()
				seen.take()
				if op.Streaming && len(query) > 0 {
					begin(t, client, path) // the export without a filter is read to its end
				} else if answer := client.Get(path); answer.Status != http.StatusOK && answer.Status != http.StatusNotFound {
					t.Fatalf("GET %s as %s: got status %d, want 200 or 404: %s", path, role, answer.Status, answer.Body)
				}
				taken := seen.take()
				statements += len(taken)
				for _, s := range taken {
					for _, scan := range explain.scans(s) {
						t.Errorf("GET %s as %s: %s\n%s", path, role, scan, s.sql)
					}
				}
				tried++
			}
		}
	}
	t.Logf("%d statements of %d requests", statements, tried)
	checkIndexes(t, installation, explain, company.ID)
	if statements < tried {
		t.Errorf("statements: got %d, want at least one for each of %d requests", statements, tried)
	}
}

// smallTables returns statements of the service that use an index of a table that is small in this test. PostgreSQL would
// read the table instead.
func smallTables(company, user uuid.UUID) []statement {
	return []statement{
		{`SELECT * FROM api_key_details WHERE company_id = $1 ORDER BY created_at DESC, id DESC LIMIT 50`, []any{company}, true},                             // ListAPIKeys
		{`SELECT * FROM api_key_jobs WHERE company_id = $1 AND job_id = $2`, []any{company, user}, true},                                                     // the foreign key of a deleted job
		{`SELECT * FROM api_key_holders WHERE company_id = $1 AND user_id = $2`, []any{company, user}, true},                                                 // that of a deleted user
		{`SELECT * FROM candidates WHERE company_id = $1 AND merged_into = $2`, []any{company, user}, true},                                                  // the foreign key of a deleted candidate
		{`SELECT * FROM candidate_merges WHERE company_id = $1 AND merged_id = $2 ORDER BY created_at LIMIT 1`, []any{company, user}, true},                  // GetLastMerge
		{`SELECT * FROM candidate_merges WHERE company_id = $1 AND survivor_id = $2`, []any{company, user}, true},                                            // the foreign key of a deleted candidate
		{`SELECT * FROM candidate_distinctions WHERE company_id = $1 AND second_id = $2`, []any{company, user}, true},                                        // the same
		{`SELECT * FROM companies WHERE test_of = $1 ORDER BY created_at, id LIMIT 50`, []any{company}, true},                                                // ListTestCompanies
		{`SELECT job_id FROM jobs_of_actor($1, $2, 'jobs')`, []any{company, user}, true},                                                                     // every list
		{`SELECT * FROM sessions WHERE company_id = $1 AND user_id = $2 AND revoked_at IS NULL`, []any{company, user}, true},                                 // ListSessions
		{`SELECT * FROM session_changes(10)`, nil, true},                                                                                                     // PollSessions
		{`SELECT delete_ended_sessions('2001-01-01', 10)`, nil, true},                                                                                        // DeleteEndedSessions
		{`SELECT delete_expired_idempotency_records('2001-01-01', 10)`, nil, true},                                                                           // its job
		{`SELECT delete_old_changes('2001-01-01', 10)`, nil, true},                                                                                           // its job
		{`SELECT delete_old_panel_removals('2001-01-01', 10)`, nil, true},                                                                                    // its job
		{`SELECT * FROM panel_removals WHERE company_id = $1 AND interview_id = $2`, []any{company, user}, true},                                             // the foreign key of a deleted interview
		{`SELECT (SELECT i.job_id FROM interviews AS i WHERE i.company_id = $1 AND i.id = r) FROM unnest(ARRAY[$2::uuid]) AS r`, []any{company, user}, true}, // LocateResources
		{`SELECT * FROM changes WHERE company_id = $1 AND kind = 'application_candidate' AND parent_id = $2`, []any{company, user}, true},                    // change_targets
		{`SELECT * FROM mails WHERE company_id = $1 AND user_id = $2 AND link_expires_at IS NOT NULL`, []any{company, user}, true},                           // end_password_links
		{`SELECT delete_old_mails('2001-01-01', 10)`, nil, true},                                                                                             // its job
		{`SELECT * FROM count_waiting_mails()`, nil, true},                                                                                                   // CountWaitingMails
	}
}

// checkIndexes verifies that every index is in a plan, or is unique, or belongs to a constraint.
func checkIndexes(t *testing.T, i *testkit.Installation, e *explainer, company uuid.UUID) {
	t.Helper()
	if _, err := e.conn.Exec(t.Context(), `SET enable_seqscan = off`); err != nil {
		t.Fatal(err)
	}
	for _, s := range smallTables(company, uuid.New()) {
		e.scans(s)
	}
	used := []string{}
	for index := range e.used {
		used = append(used, index)
	}
	rows, err := i.Database.Query(t.Context(), `
		SELECT x.indexrelid::regclass::text FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indrelid
		WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND NOT x.indisunique AND NOT x.indisexclusion
			AND NOT EXISTS (
				SELECT FROM pg_partition_tree(x.indexrelid) AS leaf JOIN pg_class AS l ON l.oid = leaf.relid WHERE l.relname = ANY ($1)
			)
			AND x.indexrelid::regclass::text <> ALL ($1)`, used)
	if err != nil {
		t.Fatal(err)
	}
	unused, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range unused {
		if index != "users_terms_idx" { // find_users needs it for thousands of users; this test has some hundred
			t.Errorf("the index %s is in no plan", index)
		}
	}
}

// begin starts an export and leaves once it has received something. All batches of an export have the same statement.
// The exports that were left before may still run; then it waits.
func begin(t *testing.T, client *testkit.Client, path string) {
	t.Helper()
	testkit.Eventually(t, time.Minute, "the export begins", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, client.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+client.Token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode == http.StatusTooManyRequests {
			return false
		}
		if _, err := response.Body.Read(make([]byte, 1)); response.StatusCode != http.StatusOK || err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("GET %s: got status %d, error %v, want 200", path, response.StatusCode, err)
		}
		return true
	})
}

// filtersInEveryOrder are filters of lists that are tested in every order. Lists have statements of their own for them.
func filtersInEveryOrder() map[string][]string {
	return map[string][]string{
		"ListApplications": {"job_id", "candidate_id"}, "ListInterviews": {"job_id", "application_id", "mine", "panelist_id"},
		"ListScores": {"job_id", "interview_id", "rater_id"}, "ListCandidates": {"source", "email", "q"},
	}
}

// queries returns the queries of an operation that are tested: the empty one, and each parameter with each of its values.
func queries(t *testing.T, op *openapi3.Operation, ids map[string]string) []url.Values {
	t.Helper()
	all := []url.Values{{}}
	for _, parameter := range op.Parameters {
		p := parameter.Value
		if p.In != openapi3.ParameterInQuery || slices.Contains([]string{"limit", "cursor", "after", "format", "bom", "delimiter", "from_sequence"}, p.Name) {
			continue
		}
		given := values()[p.Name]
		schema := p.Schema.Value
		if schema.Items != nil {
			schema = schema.Items.Value
		}
		if len(schema.Enum) > 0 {
			given = nil
		}
		for _, value := range schema.Enum {
			given = append(given, fmt.Sprint(value))
		}
		if id := ids[p.Name]; id != "" {
			given = append(given, id)
		}
		if len(given) == 0 {
			t.Errorf("%s: values has no value for %s", op.OperationID, p.Name)
		}
		for _, value := range given {
			query := url.Values{p.Name: {value}}
			if op.OperationID == "FollowEvents" && p.Name == "resource_id" {
				query.Set("resource_type", "candidate")
			}
			all = append(all, query)
		}
		if p.Name == "sort" {
			for _, filter := range filtersInEveryOrder()[op.OperationID] {
				wanted := ids[filter]
				if wanted == "" {
					wanted = values()[filter][0]
				}
				for _, order := range given {
					all = append(all, url.Values{"sort": {order}, filter: {wanted}})
				}
			}
		}
	}
	return all
}
