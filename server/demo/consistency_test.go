package demo_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/demo"
	"github.com/ai-interviewer-platform/interviewer/server/kitcontent"
	"github.com/ai-interviewer-platform/interviewer/server/servertest"
)

// TestDemoIsConsistent holds two parts of the demo to what the service would have left: each statement finds what it
// would not have. It is asked at times at which offices are open, closed, and change their clocks.
func TestDemoIsConsistent(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Time{
		"a Wednesday morning":          time.Date(2026, time.March, 4, 10, 7, 30, 123456000, time.UTC),
		"a Sunday night":               time.Date(2026, time.November, 1, 23, 59, 59, 0, time.UTC),
		"a Monday before work":         time.Date(2027, time.March, 29, 0, 1, 0, 0, time.UTC),
		"a Saturday in a leap year":    time.Date(2028, time.February, 26, 8, 30, 0, 0, time.UTC),
		"the last hour of the year":    time.Date(2026, time.December, 31, 23, 15, 0, 0, time.UTC),
		"a Wednesday just after night": time.Date(2026, time.July, 8, 0, 1, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := set(t, ticking(at))
			s.load(demo.Options{Scale: 2, Seed: uint64(at.Unix())}) //nolint:gosec // after 1970
			conn := s.Connect()
			if _, err := conn.Exec(t.Context(), "CREATE TEMP VIEW present AS SELECT '"+at.Format(time.RFC3339Nano)+"'::timestamptz AS now;"+views); err != nil {
				t.Fatal(err)
			}
			for what, sql := range flaws() {
				found, example := 0, ""
				err := conn.QueryRow(t.Context(),
					"WITH found AS ("+sql+") SELECT count(*), coalesce(min(found::text), '') FROM found").Scan(&found, &example)
				if err != nil {
					t.Errorf("%s: %v", what, err)
				} else if found > 0 {
					t.Errorf("%s: %d times, for example %s", what, found, example)
				}
			}
		})
	}
}

// TestFlawsAreFound breaks one thing after the other, and expects a statement to find it.
func TestFlawsAreFound(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 4, 10, 7, 30, 0, time.UTC)
	s := set(t, ticking(at))
	s.load(demo.Options{})
	conn := s.Connect()
	if _, err := conn.Exec(t.Context(), "CREATE TEMP VIEW present AS SELECT '"+at.Format(time.RFC3339)+"'::timestamptz AS now;"+views); err != nil {
		t.Fatal(err)
	}
	count := func(tx pgx.Tx) (found int) {
		for what, sql := range flaws() {
			one := 0
			if err := tx.QueryRow(t.Context(), "SELECT count(*) FROM ("+sql+") AS found").Scan(&one); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			found += one
		}
		return found
	}
	for _, damage := range []string{
		`UPDATE applications SET stage_entered_at = stage_entered_at - INTERVAL '1 second' WHERE id = (SELECT min(id::text)::uuid FROM applications)`,
		`UPDATE application_moves SET seconds = seconds + 1 WHERE id = (SELECT min(id::text)::uuid FROM application_moves WHERE seconds > 0)`,
		`UPDATE interviews SET starts_at = starts_at - INTERVAL '1 day' WHERE id = (SELECT min(id::text)::uuid FROM interviews WHERE status = 'completed')`,
		`UPDATE scores SET weighted_score = 1 WHERE id = (SELECT min(id::text)::uuid FROM scores WHERE weighted_score > 1.5)`,
		`UPDATE scores SET status = 'draft' WHERE id = (SELECT min(s.id::text)::uuid FROM scores AS s JOIN interviews AS i ON i.id = s.interview_id WHERE i.status = 'completed')`,
		`UPDATE interview_events SET reason = 'other' WHERE id = (SELECT min(id::text)::uuid FROM interview_events WHERE event = 'cancel')`,
		`UPDATE candidates SET status = 'archived' WHERE id = (SELECT min(candidate_id::text)::uuid FROM applications WHERE status = 'active')`,
		`DELETE FROM interview_panelists WHERE (interview_id, user_id) = (SELECT interview_id, user_id FROM interview_panelists JOIN interviews ON id = interview_id WHERE status = 'scheduled' ORDER BY interview_id, score_required DESC LIMIT 1)`,
	} {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "SET LOCAL session_replication_role = replica"); err != nil { // no triggers
			t.Fatal(err)
		}
		tag, err := tx.Exec(t.Context(), damage)
		if err != nil || tag.RowsAffected() != 1 {
			t.Fatalf("%s: %v, %v", damage, tag, err)
		}
		if count(tx) == 0 {
			t.Errorf("nothing finds %s", damage)
		}
		if err := tx.Rollback(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKitsAreProven computes the hash of every version from what the API shows of it.
func TestKitsAreProven(t *testing.T) {
	t.Parallel()
	s := set(t, ticking(time.Now().UTC().Truncate(time.Microsecond)))
	s.load(demo.Options{})
	replica := s.Replica()
	client := replica.Anonymous(t)
	login := map[string]string{"email": "hr@acme.example", "password": demo.Password}
	client.Adopt(client.Post("/api/v1/auth/login", login).Expect(http.StatusOK))
	published := 0
	for _, kit := range servertest.Decode[api.KitPage](client.Get("/api/v1/kits").Expect(http.StatusOK)).Data {
		versions := servertest.Decode[api.KitVersionPage](client.Get("/api/v1/kits/" + kit.ID.String() + "/versions").Expect(http.StatusOK))
		for _, version := range versions.Data {
			hash, err := kitcontent.Hash(version.Criteria, version.Questions)
			said, has := version.ContentHash.Get()
			if err != nil || (has == nil) != (version.Status != api.KitVersionStatusDraft) || has == nil && hash != said {
				t.Errorf("version %d of %s is %s with the hash %s, computed is %s, %v", version.Number, kit.Name, version.Status, said, hash, err)
			}
			if has == nil {
				published++
			}
			// What is there could have been written through the API, too.
			content, err := json.Marshal(map[string]any{"name": "Copy", "criteria": version.Criteria, "questions": version.Questions})
			if err != nil {
				t.Fatal(err)
			}
			client.Post("/api/v1/kits", json.RawMessage(content)).Expect(http.StatusCreated)
			if n, q := len(version.Criteria), len(version.Questions); n < 5 || n > 7 || q < 8 || q > 12 {
				t.Errorf("version %d of %s has %d criteria and %d questions", version.Number, kit.Name, n, q)
			}
		}
	}
	if published != 4 {
		t.Errorf("%d versions are published or archived, want 4", published)
	}
}

// views are what several statements look at: moves and events with those before them, and sittings that take time.
var views = strings.Join([]string{
	`CREATE TEMP VIEW moves AS SELECT m.*, a.created_at AS applied_at,
		lag(to_stage) OVER w AS stage_before, lag(to_status) OVER w AS status_before, lag(m.created_at) OVER w AS moved_before,
		row_number() OVER w AS n, row_number() OVER (PARTITION BY application_id ORDER BY m.created_at DESC) AS from_end,
		array_position(ARRAY['applied', 'screening', 'interview', 'evaluation', 'offer', 'hired'], from_stage::text) AS from_rank,
		array_position(ARRAY['applied', 'screening', 'interview', 'evaluation', 'offer', 'hired'], to_stage::text) AS to_rank,
		max(m.created_at) FILTER (WHERE from_stage IS DISTINCT FROM to_stage) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS entered
		FROM application_moves AS m JOIN applications AS a ON a.id = m.application_id
		WINDOW w AS (PARTITION BY application_id ORDER BY m.created_at)`,
	`CREATE TEMP VIEW events AS SELECT e.*, i.application_id, i.job_id, i.created_by,
		lag(to_status) OVER w AS status_before, lag(e.created_at) OVER w AS happened_before, row_number() OVER w AS n,
		row_number() OVER (PARTITION BY interview_id ORDER BY e.created_at DESC) AS from_end,
		max(to_starts_at) FILTER (WHERE event IN ('schedule', 'reschedule')) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) IS NOT NULL AS had_time
		FROM interview_events AS e JOIN interviews AS i ON i.id = e.interview_id WINDOW w AS (PARTITION BY interview_id ORDER BY e.created_at)`,
	`CREATE TEMP VIEW managers AS SELECT id FROM users WHERE role IN ('hr', 'admin')`,
	`CREATE TEMP VIEW leads AS SELECT job_id, user_id FROM job_members JOIN users ON id = user_id WHERE users.role = 'team_lead'`,
	`CREATE TEMP VIEW seats AS SELECT p.user_id AS id, i.id AS interview_id, i.starts_at, i.ends_at FROM interview_panelists AS p
		JOIN interviews AS i ON i.id = p.interview_id WHERE i.starts_at IS NOT NULL AND i.status <> 'cancelled' AND p.response <> 'declined'
		UNION ALL SELECT candidate_id, id, starts_at, ends_at FROM interviews WHERE starts_at IS NOT NULL AND status <> 'cancelled'`,
	`CREATE TEMP VIEW figures AS SELECT s.id, s.weighted_score, s.coverage, s.status, s.recommendation,
		sum((c->>'weight')::float * (r->>'rating')::float) FILTER (WHERE (r->>'rating') IS NOT NULL)
			/ sum((c->>'weight')::float) FILTER (WHERE (r->>'rating') IS NOT NULL) AS score,
		coalesce(sum((c->>'weight')::float) FILTER (WHERE (r->>'rating') IS NOT NULL), 0) / sum((c->>'weight')::float) AS covered,
		count(*) FILTER (WHERE (c->>'required')::boolean AND (r IS NULL OR (r->>'rating') IS NULL AND NOT (r->>'not_observed')::boolean)) AS missing,
		count(*) FILTER (WHERE (r->>'rating') IS NOT NULL AND (r->>'not_observed')::boolean) AS both_ways,
		array_agg(c->>'key' ORDER BY k) FILTER (WHERE r IS NOT NULL) AS wanted, (SELECT array_agg(x->>'criterion_key') FROM jsonb_array_elements(s.ratings) AS x) AS given
		FROM scores AS s JOIN interviews AS i ON i.id = s.interview_id JOIN kit_versions AS v ON v.id = i.kit_version_id
		CROSS JOIN LATERAL jsonb_array_elements(v.criteria) WITH ORDINALITY AS x (c, k)
		LEFT JOIN LATERAL jsonb_array_elements(s.ratings) AS y (r) ON r->>'criterion_key' = c->>'key'
		GROUP BY s.id`,
}, ";")

// flaws are statements that find what must not be.
func flaws() map[string]string {
	all := map[string]string{}
	for _, of := range []map[string]string{flawsOfApplications(), flawsOfInterviews(), flawsOfScores(), flawsOfTheRest()} {
		for what, sql := range of {
			all[what] = sql
		}
	}
	return all
}

func flawsOfApplications() map[string]string {
	return map[string]string{
		"an application that is not where its last move led": `SELECT a.id FROM applications AS a JOIN moves AS m ON m.application_id = a.id
			WHERE m.from_end = 1 AND (m.to_stage <> a.stage OR m.to_status <> a.status OR m.created_at <> a.updated_at OR m.n <> a.version
				OR m.rejection_reason IS DISTINCT FROM a.rejection_reason)`,
		"an application without moves": `SELECT id FROM applications AS a WHERE NOT EXISTS (SELECT FROM application_moves AS m WHERE m.application_id = a.id)`,
		"a first move that is no application": `SELECT id FROM moves WHERE n = 1 AND (event <> 'apply' OR from_stage IS NOT NULL OR from_status IS NOT NULL
			OR to_stage <> 'applied' OR to_status <> 'active' OR created_at <> applied_at OR seconds IS NOT NULL)`,
		"a move that begins elsewhere than the one before ended": `SELECT id FROM moves WHERE n > 1
			AND (event = 'apply' OR from_stage IS DISTINCT FROM stage_before OR from_status IS DISTINCT FROM status_before OR created_at <= moved_before)`,
		"a stay of another length": `SELECT id FROM moves WHERE n > 1 AND seconds IS DISTINCT FROM
			CASE WHEN from_stage <> to_stage THEN floor(extract(epoch FROM created_at - entered))::bigint END`,
		"a stage that was entered at another time": `SELECT a.id FROM applications AS a WHERE stage_entered_at <>
			(SELECT max(created_at) FROM application_moves AS m WHERE m.application_id = a.id AND from_stage IS DISTINCT FROM to_stage)`,
		"another furthest stage": `SELECT a.id FROM applications AS a WHERE array_position(ARRAY['applied', 'screening', 'interview', 'evaluation', 'offer', 'hired'], furthest_stage::text)
			<> (SELECT max(to_rank) FROM moves AS m WHERE m.application_id = a.id)`,
		"an event that its stages do not permit": `SELECT id, event, from_stage, to_stage FROM moves WHERE n > 1 AND NOT CASE event
			WHEN 'advance' THEN to_rank = from_rank + 1 WHEN 'skip' THEN to_rank > from_rank + 1 AND to_rank < 6 WHEN 'return' THEN to_rank < from_rank
			ELSE to_rank = from_rank END`,
		"an event that its statuses do not permit": `SELECT id, event, from_status, to_status FROM moves WHERE n > 1 AND NOT CASE event
			WHEN 'advance' THEN from_status = 'active' AND to_status = CASE WHEN to_stage = 'hired' THEN 'hired' ELSE 'active' END
			WHEN 'skip' THEN from_status = 'active' AND to_status = 'active' WHEN 'return' THEN from_status = 'active' AND to_status = 'active'
			WHEN 'hold' THEN from_status = 'active' AND to_status = 'on_hold' WHEN 'resume' THEN from_status = 'on_hold' AND to_status = 'active'
			WHEN 'reject' THEN from_status = 'active' AND to_status = 'rejected' WHEN 'withdraw' THEN from_status IN ('active', 'on_hold') AND to_status = 'withdrawn'
			WHEN 'reactivate' THEN from_status IN ('rejected', 'withdrawn') AND to_status = 'active' END`,
		"a move without the reason that it needs": `SELECT id FROM moves WHERE event IN ('return', 'reactivate') AND reason IS NULL
			OR (event = 'reject') <> (rejection_reason IS NOT NULL)`,
		"a move by somebody who may not": `SELECT id, event FROM moves AS m WHERE actor_id NOT IN (SELECT id FROM managers)
			AND (event IN ('apply', 'skip', 'return', 'reactivate') OR NOT EXISTS (SELECT FROM leads AS l WHERE l.job_id = m.job_id AND l.user_id = m.actor_id))`,
		"a move in the future or long ago": `SELECT m.id FROM moves AS m, present WHERE created_at > now OR created_at < now - INTERVAL '190 days'`,
		"an application to a job that did not take any": `SELECT a.id, j.title FROM applications AS a JOIN jobs AS j ON j.id = a.job_id
			WHERE j.opened_at IS NULL OR a.created_at < j.opened_at OR j.status = 'closed' AND a.created_at > j.closed_at OR j.status = 'on_hold' AND a.created_at > j.updated_at`,
		"an active application to a closed job": `SELECT a.id FROM applications AS a JOIN jobs AS j ON j.id = a.job_id WHERE a.status IN ('active', 'on_hold') AND j.status = 'closed'`,
		"a candidate who applied twice to a job": `SELECT candidate_id, job_id FROM applications GROUP BY 1, 2 HAVING count(*) > 1`,
		"a candidate who was hired and is considered": `SELECT a.id FROM applications AS a JOIN applications AS b ON b.candidate_id = a.candidate_id
			WHERE a.status = 'hired' AND b.id <> a.id AND b.status IN ('active', 'on_hold', 'hired')`,
	}
}

func flawsOfInterviews() map[string]string {
	return map[string]string{
		"an interview without a beginning": `SELECT i.id FROM interviews AS i LEFT JOIN events AS e ON e.interview_id = i.id AND e.n = 1
			WHERE e.id IS NULL OR e.event <> 'create' OR e.from_status IS NOT NULL OR e.to_status <> 'draft' OR e.created_at <> i.created_at OR e.to_starts_at IS NOT NULL
				OR e.actor_id IS DISTINCT FROM i.created_by`,
		"an event that does not follow the one before": `SELECT id FROM events WHERE n > 1 AND (event = 'create' OR from_status IS DISTINCT FROM status_before OR created_at <= happened_before)`,
		"an event that its states do not permit": `SELECT id, event FROM events WHERE n > 1 AND NOT CASE event
			WHEN 'schedule' THEN from_status IN ('draft', 'no_show') AND to_status = 'scheduled' WHEN 'reschedule' THEN from_status = 'scheduled' AND to_status = 'scheduled'
			WHEN 'start' THEN from_status = 'scheduled' AND to_status = 'in_progress' WHEN 'finish' THEN from_status = 'in_progress' AND to_status = 'awaiting_scores'
			WHEN 'mark_no_show' THEN from_status = 'scheduled' AND to_status = 'no_show' WHEN 'cancel' THEN from_status IN ('draft', 'scheduled', 'no_show') AND to_status = 'cancelled'
			WHEN 'complete' THEN from_status = 'awaiting_scores' AND to_status = 'completed' AND actor_id IS NULL
			WHEN 'reopen' THEN from_status = 'completed' AND to_status = 'awaiting_scores' AND reason IS NOT NULL END`,
		"an interview that is not where its last event led": `SELECT i.id FROM interviews AS i JOIN events AS e ON e.interview_id = i.id AND e.from_end = 1
			WHERE e.to_status <> i.status OR e.n <> i.version
				OR greatest(e.created_at, (SELECT max(responded_at) FROM interview_panelists AS p WHERE p.interview_id = i.id)) <> i.updated_at`,
		"times of an event that are not those before": `SELECT id FROM (SELECT e.*, lag(to_starts_at) OVER w AS was_start, lag(to_ends_at) OVER w AS was_end, lag(to_timezone) OVER w AS was_zone
			FROM events AS e WHERE actor_id IS NOT NULL WINDOW w AS (PARTITION BY interview_id ORDER BY created_at)) AS e
			WHERE from_starts_at IS DISTINCT FROM was_start OR from_ends_at IS DISTINCT FROM was_end OR from_timezone IS DISTINCT FROM was_zone
				OR event NOT IN ('schedule', 'reschedule') AND to_starts_at IS DISTINCT FROM from_starts_at`,
		"times of what happened by itself": `SELECT id FROM events WHERE actor_id IS NULL AND (from_starts_at IS NOT NULL OR to_starts_at IS NOT NULL)`,
		"another time than the last event says": `SELECT i.id FROM interviews AS i WHERE (starts_at, ends_at, timezone) IS DISTINCT FROM
			(SELECT (to_starts_at, to_ends_at, to_timezone) FROM events AS e WHERE e.interview_id = i.id AND actor_id IS NOT NULL ORDER BY n DESC LIMIT 1)
			AND NOT (status = 'draft' AND starts_at IS NULL)`,
		"another number of reschedules": `SELECT i.id FROM interviews AS i WHERE reschedules <> (SELECT count(*) FROM events AS e WHERE e.interview_id = i.id AND event = 'reschedule')`,
		"a reschedule to the same time": `SELECT id FROM events WHERE event = 'reschedule' AND from_starts_at = to_starts_at`,
		"another reason than the last event's": `SELECT i.id FROM interviews AS i WHERE status_reason IS DISTINCT FROM
			(SELECT reason FROM events AS e WHERE e.interview_id = i.id AND event <> 'reschedule' ORDER BY n DESC LIMIT 1)`,
		"a start, an end or a completion at another time": `SELECT i.id FROM interviews AS i WHERE
			started_at IS DISTINCT FROM (SELECT max(created_at) FROM events AS e WHERE e.interview_id = i.id AND event = 'start')
			OR finished_at IS DISTINCT FROM (SELECT max(created_at) FROM events AS e WHERE e.interview_id = i.id AND event = 'finish')
			OR completed_at IS DISTINCT FROM CASE WHEN status = 'completed' THEN (SELECT max(created_at) FROM events AS e WHERE e.interview_id = i.id AND event = 'complete') END`,
		"an interview that is held at another time than it was scheduled for": `SELECT id FROM interviews WHERE started_at NOT BETWEEN starts_at - INTERVAL '5 minutes' AND starts_at + INTERVAL '6 minutes'
			OR finished_at NOT BETWEEN ends_at - INTERVAL '7 minutes' AND ends_at + INTERVAL '11 minutes'`,
		"an event in the future": `SELECT e.id, event FROM events AS e, present WHERE created_at > now`,
		"an event by somebody who may not": `SELECT id, event FROM events AS e WHERE actor_id NOT IN (SELECT id FROM managers)
			AND NOT EXISTS (SELECT FROM leads AS l WHERE l.job_id = e.job_id AND l.user_id = e.actor_id)
			AND (event NOT IN ('start', 'finish', 'mark_no_show') OR NOT EXISTS (SELECT FROM interview_panelists AS p WHERE p.interview_id = e.interview_id AND p.user_id = e.actor_id))`,
		"an interview outside of working hours": `SELECT id, starts_at, timezone FROM interviews WHERE starts_at IS NOT NULL AND (extract(isodow FROM starts_at AT TIME ZONE timezone) > 5
			OR (starts_at AT TIME ZONE timezone)::time < '09:00' OR (ends_at AT TIME ZONE timezone)::time > '18:00' OR ends_at - starts_at NOT BETWEEN INTERVAL '30 minutes' AND INTERVAL '90 minutes')`,
		"a time that was given outside of working hours": `SELECT id FROM events WHERE to_starts_at IS NOT NULL AND (extract(isodow FROM to_starts_at AT TIME ZONE to_timezone) > 5
			OR (to_starts_at AT TIME ZONE to_timezone)::time < '09:00' OR (to_ends_at AT TIME ZONE to_timezone)::time > '18:00' OR event IN ('schedule', 'reschedule') AND to_starts_at <= created_at)`,
		"an interview long ago or far ahead": `SELECT id FROM interviews, present WHERE starts_at NOT BETWEEN now - INTERVAL '56 days' AND now + INTERVAL '28 days'`,
		"an interview that is scheduled for the past": `SELECT id FROM interviews, present WHERE status = 'scheduled' AND starts_at < now OR status = 'no_show' AND starts_at > now`,
		"an interview under way for days": `SELECT id FROM interviews, present WHERE status = 'in_progress' AND started_at < now - INTERVAL '3 days'`,
		"somebody who is in two interviews at once": `SELECT a.id FROM seats AS a JOIN seats AS b ON b.id = a.id AND b.interview_id <> a.interview_id AND b.starts_at < a.ends_at AND a.starts_at < b.ends_at`,
		"a panel that is too small or too large": `SELECT i.id FROM interviews AS i LEFT JOIN interview_panelists AS p ON p.interview_id = i.id GROUP BY i.id
			HAVING count(p) NOT BETWEEN 2 AND 4 OR count(p) FILTER (WHERE score_required) < 2 OR bool_or(p.created_at <> i.created_at) OR bool_and(p.response = 'declined')`,
		"a response at a time at which nobody asked": `SELECT p.interview_id FROM interview_panelists AS p JOIN interviews AS i ON i.id = p.interview_id CROSS JOIN present
			WHERE (response = 'needs_action') <> (responded_at IS NULL) OR p.updated_at <> coalesce(responded_at, p.created_at) OR comment IS NOT NULL AND responded_at IS NULL
				OR responded_at <= (SELECT max(created_at) FROM events AS e WHERE e.interview_id = i.id AND event IN ('schedule', 'reschedule'))
				OR responded_at >= least(now, (SELECT min(created_at) FROM events AS e WHERE e.interview_id = i.id AND event IN ('start', 'cancel')), i.starts_at)`,
		"an interview by a version that was not the published one": `SELECT i.id FROM interviews AS i JOIN kit_versions AS v ON v.id = i.kit_version_id
			WHERE v.status = 'draft' OR i.created_at < v.published_at OR i.created_at > v.archived_at`,
		"an interview of an application that was not to be interviewed": `SELECT i.id FROM interviews AS i WHERE ('interview', 'active') IS DISTINCT FROM
			(SELECT (m.to_stage, m.to_status) FROM application_moves AS m WHERE m.application_id = i.application_id AND m.created_at <= i.created_at ORDER BY m.created_at DESC LIMIT 1)`,
		"an application that was moved on before its interviews were over": `SELECT i.id, i.status FROM interviews AS i JOIN applications AS a ON a.id = i.application_id
			WHERE (a.status, a.stage) IS DISTINCT FROM ('active', 'interview') AND (i.status NOT IN ('completed', 'cancelled', 'no_show')
				OR (SELECT min(created_at) FROM events AS e WHERE e.interview_id = i.id AND event IN ('complete', 'cancel', 'mark_no_show')) > a.updated_at)`,
	}
}

func flawsOfScores() map[string]string {
	return map[string]string{
		"a score before the interview, or one that was submitted before it was begun": `SELECT s.id FROM scores AS s JOIN interviews AS i ON i.id = s.interview_id CROSS JOIN present
			WHERE i.started_at IS NULL OR s.created_at < i.started_at OR s.submitted_at <= s.created_at OR s.updated_at < s.created_at OR s.updated_at > now
				OR s.status = 'submitted' AND s.updated_at <> s.submitted_at`,
		"a score of an interview whose state does not know it": `SELECT s.id, s.status, i.status FROM scores AS s JOIN interviews AS i ON i.id = s.interview_id
			WHERE i.status NOT IN ('in_progress', 'awaiting_scores', 'completed') OR s.status = 'draft' AND i.status = 'completed' OR s.status = 'submitted' AND i.status = 'in_progress'`,
		"a completed interview without a required score": `SELECT i.id FROM interviews AS i JOIN interview_panelists AS p ON p.interview_id = i.id
			WHERE i.status = 'completed' AND p.score_required AND NOT EXISTS (SELECT FROM scores AS s WHERE s.interview_id = i.id AND s.rater_id = p.user_id AND s.status = 'submitted')`,
		"a completion that is not with the last required score": `SELECT i.id FROM interviews AS i WHERE i.status = 'completed' AND i.completed_at - greatest(i.finished_at,
			(SELECT max(s.submitted_at) FROM scores AS s JOIN interview_panelists AS p ON p.interview_id = s.interview_id AND p.user_id = s.rater_id WHERE s.interview_id = i.id AND p.score_required AND s.status = 'submitted'))
			NOT BETWEEN INTERVAL '0' AND INTERVAL '1 second'`,
		"a score after the completion": `SELECT s.id FROM scores AS s JOIN interviews AS i ON i.id = s.interview_id WHERE s.submitted_at > i.completed_at`,
		"an interview that awaits nothing": `SELECT i.id FROM interviews AS i WHERE i.status = 'awaiting_scores' AND NOT EXISTS (SELECT FROM interview_panelists AS p
			WHERE p.interview_id = i.id AND p.score_required AND NOT EXISTS (SELECT FROM scores AS s WHERE s.interview_id = i.id AND s.rater_id = p.user_id AND s.status = 'submitted'))`,
		"other figures than the ratings come to": `SELECT id, weighted_score, score FROM figures WHERE (weighted_score IS NULL) <> (score IS NULL)
			OR abs(weighted_score - score) > 1e-12 OR abs(coverage - covered) > 1e-12`,
		"ratings that are not those of the kit": `SELECT id FROM figures WHERE given IS NOT NULL AND wanted IS DISTINCT FROM given OR both_ways > 0 OR status <> 'draft' AND missing > 0`,
		"a recommendation against the score":    `SELECT id, weighted_score, recommendation FROM figures WHERE weighted_score > 4.2 AND recommendation IN ('no', 'definitely_no') OR weighted_score < 2.5 AND recommendation IN ('yes', 'strong_yes')`,
		"a score that was reopened or voided without a trace": `SELECT s.id FROM scores AS s WHERE
			(SELECT count(*) FROM score_revisions AS r WHERE r.score_id = s.id) <> s.revision - 1 + CASE WHEN s.status = 'voided' THEN 1 ELSE 0 END
			OR (s.status = 'voided') <> (s.status_reason IS NOT NULL)`,
		"a revision of something that was not submitted": `SELECT r.id FROM score_revisions AS r JOIN scores AS s ON s.id = r.score_id
			WHERE r.submitted_at IS NULL OR r.submitted_at >= r.created_at OR r.recommendation IS NULL OR r.actor_id NOT IN (SELECT id FROM managers)
				OR NOT EXISTS (SELECT FROM interview_events AS e WHERE e.interview_id = s.interview_id AND e.event = 'reopen' AND e.created_at < r.created_at)`,
	}
}

func flawsOfTheRest() map[string]string {
	rest := map[string]string{
		"a candidate who is younger than their application": `SELECT c.id FROM candidates AS c JOIN applications AS a ON a.candidate_id = c.id WHERE c.created_at >= a.created_at`,
		"a candidate who changed before they came":          `SELECT id FROM candidates, present WHERE updated_at < candidates.created_at OR updated_at > now OR (version = 1) <> (updated_at = candidates.created_at)`,
		"an archived candidate who is considered": `SELECT c.id FROM candidates AS c JOIN applications AS a ON a.candidate_id = c.id
			WHERE c.status = 'archived' AND (a.status IN ('active', 'on_hold') OR a.updated_at > c.updated_at)`,
		"an email elsewhere":            `SELECT email FROM candidates WHERE email !~ '^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*[0-9]*(\.[0-9]+)?@mail\.example$'`,
		"an email of two":               `SELECT email FROM candidates WHERE email IS NOT NULL GROUP BY company_id, email HAVING count(*) > 1`,
		"a job that was not opened":     `SELECT id FROM jobs, present WHERE (status = 'draft') <> (opened_at IS NULL) OR (status = 'closed') <> (closed_at IS NOT NULL) OR created_at >= opened_at OR opened_at >= closed_at OR updated_at > now OR updated_at <> coalesce(closed_at, CASE WHEN status <> 'on_hold' THEN opened_at END, updated_at)`,
		"a job without its people":      `SELECT j.id FROM jobs AS j WHERE (SELECT count(*) FROM job_members AS m WHERE m.job_id = j.id AND m.role = 'hiring_manager') <> 1 OR (SELECT count(*) FROM job_members AS m WHERE m.job_id = j.id AND m.role = 'recruiter') < 1`,
		"a hiring manager who is none":  `SELECT m.job_id FROM job_members AS m JOIN users AS u ON u.id = m.user_id WHERE (m.role = 'hiring_manager') <> (u.role = 'team_lead') OR (m.role = 'recruiter') <> (u.role = 'hr')`,
		"a kit that changed otherwise":  `SELECT k.id FROM kits AS k WHERE updated_at <> (SELECT max(updated_at) FROM kit_versions AS v WHERE v.kit_id = k.id)`,
		"a version out of order":        `SELECT v.id FROM kit_versions AS v JOIN kit_versions AS w ON w.kit_id = v.kit_id AND w.number = v.number + 1 WHERE w.created_at < v.published_at OR w.published_at <> v.archived_at OR v.status = 'archived' AND w.status = 'draft'`,
		"somebody younger than an act":  `SELECT m.id FROM application_moves AS m JOIN users AS u ON u.id = m.actor_id WHERE m.created_at < u.created_at`,
		"a blank or untrimmed text":     `SELECT t FROM (SELECT first_name AS t FROM candidates UNION SELECT last_name FROM candidates UNION SELECT reason FROM application_moves UNION SELECT reason FROM interview_events UNION SELECT comment FROM scores UNION SELECT instructions FROM interviews UNION SELECT title FROM jobs UNION SELECT description FROM jobs UNION SELECT description FROM kits) AS x WHERE t <> btrim(t, E' \n\t')`,
		"tags that are not as they are": `SELECT id FROM candidates WHERE tags::text <> lower(tags::text) OR cardinality(tags) <> (SELECT count(DISTINCT x) FROM unnest(tags) AS x)`,
	}
	for _, table := range []string{
		"candidates", "applications", "application_moves", "interviews", "interview_events", "scores", "score_revisions", "jobs", "kits", "kit_versions",
	} {
		rest["an id of another time in "+table] = `SELECT id FROM ` + table + ` WHERE ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint
			<> floor(extract(epoch FROM created_at) * 1000) OR substr(id::text, 15, 1) <> '7'`
	}
	return rest
}
