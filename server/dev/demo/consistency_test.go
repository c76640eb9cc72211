package demo_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/kitcontent"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestDataIsConsistent loads the demo at times when offices are open, closed or change their clocks, and checks that no
// violation is found.
func TestDataIsConsistent(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Time{
		"on a Wednesday morning":             time.Date(2026, time.March, 4, 10, 7, 30, 123456000, time.UTC),
		"on a Sunday night":                  time.Date(2026, time.November, 1, 23, 59, 59, 0, time.UTC),
		"on a Monday before working hours":   time.Date(2027, time.March, 29, 0, 1, 0, 0, time.UTC),
		"on a Saturday in a leap year":       time.Date(2028, time.February, 26, 8, 30, 0, 0, time.UTC),
		"in the last hour of the year":       time.Date(2026, time.December, 31, 23, 15, 0, 0, time.UTC),
		"on a Wednesday just after midnight": time.Date(2026, time.July, 8, 0, 1, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scale := 1
			if at.Weekday() == time.Wednesday {
				scale = 2
			}
			f := newFixture(t, fixedClock(at))
			f.load(demo.Options{Scale: scale, Seed: uint64(at.Unix())})
			conn := f.Connect()
			if _, err := conn.Exec(t.Context(), indexes); err != nil {
				t.Fatal(err)
			}
			createViews(t, conn, at)

			for _, v := range violations() {
				found, example := 0, ""
				err := conn.QueryRow(t.Context(),
					"WITH found AS ("+v.query+") SELECT count(*), coalesce(min(found::text), '') FROM found").Scan(&found, &example)
				if err != nil {
					t.Errorf("%s: %v", v.name, err)
				} else if found > 0 {
					t.Errorf("%s: got %d, want 0; for example %s", v.name, found, example)
				}
			}
		})
	}
}

// createViews creates the temporary tables that the queries of violations use.
func createViews(t *testing.T, on interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}, at time.Time,
) {
	t.Helper()
	_, err := on.Exec(t.Context(), "CREATE TEMP TABLE present AS SELECT '"+at.Format(time.RFC3339Nano)+"'::timestamptz AS now;"+views())
	if err != nil {
		t.Fatal(err)
	}
}

// TestViolationsAreDetected causes each violation and checks that its query finds it, so that TestDataIsConsistent cannot
// pass because of a query that finds nothing. The cases share one connection, so they are not subtests.
func TestViolationsAreDetected(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 4, 10, 7, 30, 0, time.UTC)
	f := newFixture(t, fixedClock(at))
	f.load(demo.Options{})
	conn := f.Connect()
	if _, err := conn.Exec(t.Context(), indexes); err != nil {
		t.Fatal(err)
	}

	for _, v := range violations() {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.Exec(t.Context(), "SET LOCAL session_replication_role = replica;"+v.cause) // disables triggers
		if err != nil {
			t.Fatalf("%s: %v", v.cause, err)
		}
		createViews(t, tx, at)
		found := 0
		if err := tx.QueryRow(t.Context(), "SELECT count(*) FROM ("+v.query+") AS found").Scan(&found); err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		if found == 0 {
			t.Errorf("%s: got 0 after %s, want 1 or more", v.name, v.cause)
		}
		if err := tx.Rollback(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKitVersionsMatchTheAPI checks that the content hash of every version is that of the content in the API's response,
// and that the API accepts the same content for a new kit.
func TestKitVersionsMatchTheAPI(t *testing.T) {
	t.Parallel()
	f := newFixture(t, fixedClock(time.Now().UTC().Truncate(time.Microsecond)))
	f.load(demo.Options{})
	client := f.Replica().Anonymous(t)
	login := map[string]string{"email": "hr@acme.example", "password": demo.Password}
	client.Adopt(client.Post("/api/v1/auth/login", login).Expect(http.StatusOK))

	published := 0
	for _, kit := range testkit.Decode[api.KitPage](client.Get("/api/v1/kits").Expect(http.StatusOK)).Data {
		versions := testkit.Decode[api.KitVersionPage](client.Get("/api/v1/kits/" + kit.ID.String() + "/versions").Expect(http.StatusOK))
		for _, version := range versions.Data {
			content, err := json.Marshal(map[string]any{
				"name": "Copy", "criteria": version.Criteria, "questions": version.Questions,
			})
			if err != nil {
				t.Fatal(err)
			}
			var shown struct {
				Criteria  []stored.KitCriterionV1
				Questions []stored.KitQuestionV1
			}
			if err := json.Unmarshal(content, &shown); err != nil {
				t.Fatal(err)
			}
			want, err := kitcontent.Hash(shown.Criteria, shown.Questions)
			if err != nil {
				t.Fatalf("hash version %d of %s: %v", version.Number, kit.Name, err)
			}
			got, missing := version.ContentHash.Get()
			switch {
			case version.Status == api.KitVersionStatusDraft:
				if missing == nil {
					t.Errorf("version %d of %s: got hash %q, want none for a draft", version.Number, kit.Name, got)
				}
			case missing != nil || got != want:
				t.Errorf("version %d of %s: got hash %q, want %q", version.Number, kit.Name, got, want)
			default:
				published++
			}

			client.Post("/api/v1/kits", json.RawMessage(content)).Expect(http.StatusCreated)

			if n := len(version.Criteria); n < 5 || n > 7 {
				t.Errorf("version %d of %s: got %d criteria, want 5 to 7", version.Number, kit.Name, n)
			}
			if n := len(version.Questions); n < 8 || n > 12 {
				t.Errorf("version %d of %s: got %d questions, want 8 to 12", version.Number, kit.Name, n)
			}
		}
	}
	if published != 4 {
		t.Errorf("got %d published or archived versions, want 4", published)
	}
}

// views returns statements that create tables used by several queries: moves and events with their predecessors, and
// the times when users and candidates are in interviews.
func views() string {
	return strings.Join([]string{
		`CREATE TEMP TABLE moves AS SELECT m.*, a.created_at AS applied_at,
		lag(to_stage) OVER w AS stage_before, lag(to_status) OVER w AS status_before, lag(m.created_at) OVER w AS moved_before,
		row_number() OVER w AS n, row_number() OVER (PARTITION BY application_id ORDER BY m.created_at DESC) AS from_end,
		array_position(ARRAY['applied', 'screening', 'interview', 'evaluation', 'offer', 'hired'], from_stage::text) AS from_rank,
		array_position(ARRAY['applied', 'screening', 'interview', 'evaluation', 'offer', 'hired'], to_stage::text) AS to_rank,
		max(m.created_at) FILTER (WHERE from_stage IS DISTINCT FROM to_stage) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS entered
		FROM application_moves AS m JOIN applications AS a ON a.id = m.application_id
		WINDOW w AS (PARTITION BY application_id ORDER BY m.created_at)`,
		`CREATE TEMP TABLE events AS SELECT e.*, i.application_id, i.job_id, i.created_by,
		lag(to_status) OVER w AS status_before, lag(e.created_at) OVER w AS happened_before, row_number() OVER w AS n,
		row_number() OVER (PARTITION BY interview_id ORDER BY e.created_at DESC) AS from_end,
		max(to_starts_at) FILTER (WHERE event IN ('schedule', 'reschedule')) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) IS NOT NULL AS had_time
		FROM interview_events AS e JOIN interviews AS i ON i.id = e.interview_id WINDOW w AS (PARTITION BY interview_id ORDER BY e.created_at)`,
		`CREATE TEMP TABLE managers AS SELECT id FROM users WHERE role IN ('hr', 'admin')`,
		`CREATE TEMP TABLE leads AS SELECT job_id, user_id FROM job_members JOIN users ON id = user_id WHERE users.role = 'team_lead'`,
		`CREATE TEMP TABLE appointments AS SELECT p.user_id AS id, i.id AS interview_id, i.starts_at, i.ends_at FROM interview_panelists AS p
		JOIN interviews AS i ON i.id = p.interview_id WHERE i.starts_at IS NOT NULL AND i.status <> 'cancelled' AND p.response <> 'declined'
		UNION ALL SELECT candidate_id, id, starts_at, ends_at FROM interviews WHERE starts_at IS NOT NULL AND status <> 'cancelled'`,
		`CREATE TEMP TABLE results AS SELECT s.id, s.weighted_score, s.coverage, s.status, s.recommendation,
		sum((c->>'weight')::float * (r->>'rating')::float) FILTER (WHERE (r->>'rating') IS NOT NULL)
			/ sum((c->>'weight')::float) FILTER (WHERE (r->>'rating') IS NOT NULL) AS score,
		coalesce(sum((c->>'weight')::float) FILTER (WHERE (r->>'rating') IS NOT NULL), 0) / sum((c->>'weight')::float) AS covered,
		count(*) FILTER (WHERE (c->>'required')::boolean AND (r IS NULL OR (r->>'rating') IS NULL AND NOT (r->>'not_observed')::boolean)) AS missing,
		count(*) FILTER (WHERE (r->>'rating') IS NOT NULL AND (r->>'not_observed')::boolean) AS both_ways,
		array_agg(c->>'key' ORDER BY k) FILTER (WHERE r IS NOT NULL) AS wanted, (SELECT array_agg(x->>'criterion_key') FROM jsonb_array_elements(s.ratings) AS x) AS given
		FROM scores AS s JOIN interviews AS i ON i.id = s.interview_id JOIN kit_versions AS v ON v.id = i.kit_version_id
		CROSS JOIN LATERAL jsonb_array_elements(v.criteria) WITH ORDINALITY AS x (c, k)
		LEFT JOIN LATERAL jsonb_array_elements(s.ratings) AS y (r) ON r->>'criterion_key' = c->>'key'
		GROUP BY s.company_id, s.id`,
		`CREATE INDEX ON moves (application_id)`, `CREATE INDEX ON events (interview_id)`, `CREATE INDEX ON appointments (id)`,
		`ANALYZE moves`, `ANALYZE events`, `ANALYZE appointments`,
	}, ";")
}

// indexes are for queries without a company_id, which no index of the schema supports.
const indexes = `CREATE INDEX ON application_moves (application_id); CREATE INDEX ON interview_panelists (interview_id);
	CREATE INDEX ON scores (interview_id); CREATE INDEX ON interview_events (interview_id); CREATE INDEX ON score_revisions (score_id);
	ANALYZE`
