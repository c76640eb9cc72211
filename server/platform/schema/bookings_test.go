package schema_test

import (
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
