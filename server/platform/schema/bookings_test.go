package schema_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestInterviewsAreBooked checks that the migrations add the bookings of existing interviews, although they overlap, also if
// row-level security applies to the role that migrates.
func TestInterviewsAreBooked(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	owner := migrator(t, plainOwner(t, address, conn))
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := owner.Down(t.Context(), int(latest(t))-14); err != nil {
		t.Fatal(err)
	}
	exec := func(sql string) error {
		_, err := conn.Exec(t.Context(), sql)
		return err
	}
	for _, sql := range []string{
		`SET session_replication_role = replica`, // skips foreign keys
		`INSERT INTO companies (id, name, slug) VALUES ('10000000-0000-0000-0000-000000000000', 'A', 'a'), ('20000000-0000-0000-0000-000000000000', 'B', 'b')`,
		`INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status, starts_at, ends_at,
			timezone, created_by, created_at, updated_at)
		SELECT c.id, md5(c.slug || n)::uuid, c.id, c.id, '30000000-0000-0000-0000-000000000000', c.id, 't', 'video',
			CASE WHEN n <= 1200 THEN 'scheduled' ELSE 'completed' END, TIMESTAMPTZ '2027-01-12 09:00Z', TIMESTAMPTZ '2027-01-12 10:00Z', 'UTC', c.id, now(), now()
		FROM companies AS c, generate_series(1, 1210) AS n`,
		`INSERT INTO interview_panelists (company_id, interview_id, user_id, response, created_at, updated_at)
		SELECT i.company_id, i.id, p.id, p.response, now(), now() FROM interviews AS i, (VALUES ('40000000-0000-0000-0000-000000000000'::uuid, 'accepted'),
			('50000000-0000-0000-0000-000000000000', 'declined')) AS p (id, response)`,
		`SET session_replication_role = DEFAULT`,
	} {
		if err := exec(sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "bookings", column(t, conn, `SELECT concat_ws(' ', left(company_id::text, 1), left(person_id::text, 1), count(*), bool_and(NOT upper_inf(lanes)))
		FROM bookings GROUP BY company_id, person_id`), []string{"1 3 1200 t", "1 4 1200 t", "2 3 1200 t", "2 4 1200 t"})
	err := exec(`UPDATE bookings SET lanes = DEFAULT WHERE interview_id = md5('a1')::uuid`)
	if err == nil || !strings.Contains(err.Error(), "bookings_overlap") {
		t.Errorf("got error %v for a second booking, want bookings_overlap", err)
	}
}

// TestPanelistsHaveTheTimesOfInterviews checks that migration 0038 copies the times of existing interviews to their panelists, also if
// row-level security applies to the role that migrates, that later changes follow, and that neither is recorded as a change of a panel.
func TestPanelistsHaveTheTimesOfInterviews(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	owner := migrator(t, plainOwner(t, address, conn))
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := owner.Down(t.Context(), int(latest(t))-37); err != nil {
		t.Fatal(err)
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec(`SET session_replication_role = replica`) // skips foreign keys
	exec(`INSERT INTO companies (id, name, slug) VALUES ('10000000-0000-0000-0000-000000000000', 'A', 'a'), ('20000000-0000-0000-0000-000000000000', 'B', 'b')`)
	exec(`INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status, starts_at, ends_at,
			timezone, created_by, created_at, updated_at)
		SELECT c.id, md5(c.slug || n)::uuid, c.id, c.id, c.id, c.id, 't', 'video', 'completed', TIMESTAMPTZ '2027-01-12 09:00Z',
			TIMESTAMPTZ '2027-01-12 10:00Z', 'UTC', c.id, now(), now() FROM companies AS c, generate_series(1, 1210) AS n`)
	exec(`INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, created_by, created_at, updated_at)
		SELECT c.id, md5(c.slug)::uuid, c.id, c.id, c.id, c.id, 't', 'video', c.id, now(), now() FROM companies AS c`)
	const panel = `INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at)
		SELECT company_id, id, '%s', now(), now() FROM interviews`
	exec(fmt.Sprintf(panel, "40000000-0000-0000-0000-000000000000"))
	exec(`TRUNCATE changes`)
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "changes of the migration", column(t, conn, `SELECT DISTINCT kind::text FROM changes`), nil)
	const times = `SELECT concat_ws(' ', to_char(starts_key AT TIME ZONE 'UTC', 'YYYY-MM-DD'), count(*)) FROM interview_panelists GROUP BY starts_key`
	same(t, "times of existing panelists", column(t, conn, times), []string{"2027-01-12 2420", "9999-12-31 2"})
	// With the triggers of tables, but without those of foreign keys.
	for _, trigger := range []string{"interview_panelists_time", "interview_panelists_update_changes"} {
		exec(`ALTER TABLE interview_panelists ENABLE ALWAYS TRIGGER ` + trigger)
	}
	exec(`ALTER TABLE interviews ENABLE ALWAYS TRIGGER interviews_panelist_times`)
	exec(fmt.Sprintf(panel, "50000000-0000-0000-0000-000000000000"))
	same(t, "times of new panelists", column(t, conn, times), []string{"2027-01-12 4840", "9999-12-31 4"})
	exec(`UPDATE interviews SET starts_at = '2027-02-01 09:00Z', ends_at = '2027-02-01 10:00Z', timezone = 'UTC' WHERE id IN (md5('a')::uuid, md5('a1')::uuid)`)
	same(t, "times after a change", column(t, conn, times), []string{"2027-01-12 4838", "2027-02-01 4", "9999-12-31 2"})
	same(t, "changes of the panels of moved interviews", column(t, conn, `SELECT kind::text FROM changes`), nil)
	exec(`UPDATE interview_panelists SET response = 'accepted' WHERE interview_id = md5('a')::uuid`)
	same(t, "changes of responses", column(t, conn, `SELECT kind::text FROM changes`), []string{"interview"})
}
