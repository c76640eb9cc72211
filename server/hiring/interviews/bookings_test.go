package interviews_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// checkBookings verifies that the bookings are the people who are busy because of an interview, and their number.
func (f fixture) checkBookings(name string, want int) {
	f.t.Helper()
	var count, different int
	err := f.Database.QueryRow(f.t.Context(), `
		WITH due AS (
			SELECT i.id, i.candidate_id AS person, tstzrange(i.starts_at, i.ends_at) AS during FROM interviews AS i
			WHERE i.status IN ('scheduled', 'in_progress')
			UNION ALL
			SELECT i.id, p.user_id, tstzrange(i.starts_at, i.ends_at) FROM interviews AS i
			JOIN interview_panelists AS p ON p.interview_id = i.id
			WHERE i.status IN ('scheduled', 'in_progress') AND p.response <> 'declined'
		)
		SELECT (SELECT count(*) FROM bookings),
			(SELECT count(*) FROM due FULL JOIN bookings AS b ON b.interview_id = due.id AND b.person_id = due.person
			WHERE b.during IS DISTINCT FROM due.during)`).Scan(&count, &different)
	if err != nil || count != want || different != 0 {
		f.t.Errorf("%s: got %d bookings, %d of them wrong (%v), want %d", name, count, different, err, want)
	}
}

// TestBookingsFollowInterviews changes an interview in every way that changes who is busy.
func TestBookingsFollowInterviews(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lead, panelist := f.clients["lead"], f.clients["panelist"]
	id := decode(lead.Post(collection, f.createBody(map[string]any{"panel": f.panelOf("panelist", "hr")})).
		Expect(http.StatusCreated)).ID
	for _, step := range []struct {
		name string
		act  func()
		want int
	}{
		{"draft", func() {}, 0},
		{"schedule", func() { lead.Post(path(id, "schedule"), scheduleAt(0)).Expect(http.StatusOK) }, 3},
		{"decline", func() {
			panelist.Post(path(id, "respond"), map[string]any{"response": "declined"}).Expect(http.StatusOK)
		}, 2},
		{"tentative", func() {
			panelist.Post(path(id, "respond"), map[string]any{"response": "tentative"}).Expect(http.StatusOK)
		}, 3},
		{"decline again", func() {
			panelist.Post(path(id, "respond"), map[string]any{"response": "declined"}).Expect(http.StatusOK)
		}, 2},
		{"reschedule", func() { lead.Post(path(id, "reschedule"), scheduleAt(30)).Expect(http.StatusOK) }, 3},
		{"add", func() { f.setPanelist("lead", id, f.users["outsider"].ID, map[string]any{}).Expect(http.StatusOK) }, 4},
		{"remove", func() { f.removePanelist("lead", id, f.users["hr"].ID).Expect(http.StatusOK) }, 3},
		{"start", func() { lead.Post(path(id, "start"), nil).Expect(http.StatusOK) }, 3},
		{"finish", func() { lead.Post(path(id, "finish"), nil).Expect(http.StatusOK) }, 0},
		{"another", func() {
			lead.Post(collection, f.createBody(map[string]any{"panel": f.panelOf("panelist"), "schedule": scheduleAt(90)})).
				Expect(http.StatusCreated)
		}, 2},
	} {
		step.act()
		f.checkBookings(step.name, step.want)
	}
}

// TestDatabaseRefusesOverlap has PostgreSQL decide about an interview that the service does not find: a booking whose
// interview is no longer scheduled, which cannot happen otherwise.
func TestDatabaseRefusesOverlap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lead := f.clients["lead"]
	booked := f.newInterview(api.InterviewStatusDraft, "panelist")
	lead.Post(path(booked, "schedule"), scheduleAt(0)).Expect(http.StatusOK)
	conn := f.Connect()
	for _, sql := range []string{`SET session_replication_role = replica`, `UPDATE interviews SET status = 'cancelled'`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := f.Application(f.Candidate(), f.job, api.ApplicationStageInterview)
	third := f.Application(f.Candidate(), f.job, api.ApplicationStageInterview)
	draft := f.Interview(third, f.kitVersion, api.InterviewStatusDraft, f.users["panelist"])
	other := f.Interview(elsewhere, f.kitVersion, api.InterviewStatusDraft, f.users["outsider"])
	lead.Post(path(other, "schedule"), scheduleAt(45)).Expect(http.StatusOK)
	for name, send := range map[string]func(fixture) *testkit.Answer{
		"schedule": func(f fixture) *testkit.Answer {
			return f.clients["lead"].Post(path(draft, "schedule"), scheduleAt(30))
		},
		"create": func(f fixture) *testkit.Answer {
			return f.clients["lead"].Post(collection, f.createBody(map[string]any{
				"application_id": third, "panel": f.panelOf("panelist"), "schedule": scheduleAt(-30),
			}))
		},
		"add a panelist": func(f fixture) *testkit.Answer {
			return f.setPanelist("lead", other, f.users["panelist"].ID, map[string]any{})
		},
	} {
		t.Run(name, func(t *testing.T) { send(f.in(t)).Refused(http.StatusConflict, "schedule_conflict") })
	}
	lead.Post(path(draft, "schedule"), scheduleAt(30, "allow_conflicts", true)).Expect(http.StatusOK)
	f.setPanelist("lead", other, f.users["panelist"].ID, map[string]any{"allow_conflicts": true}).Expect(http.StatusOK)
}

// TestLanes checks which pairs of overlapping bookings of a person PostgreSQL accepts.
func TestLanes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	book := func(minutes int, allow bool) error {
		id := f.newInterview(api.InterviewStatusDraft, "panelist")
		return pgx.BeginFunc(t.Context(), f.Database, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE interviews SET status = 'scheduled', timezone = 'UTC',
				starts_at = TIMESTAMPTZ '2055-01-12 09:00Z' + $2 * INTERVAL '1 minute',
				ends_at = TIMESTAMPTZ '2055-01-12 10:00Z' + $2 * INTERVAL '1 minute' WHERE id = $1`, id, minutes)
			if err != nil || allow {
				return err
			}
			_, err = tx.Exec(t.Context(), `UPDATE bookings SET lanes = DEFAULT WHERE interview_id = $1`, id)
			return err
		})
	}
	refused := func(err error) bool {
		var reported *pgconn.PgError
		return errors.As(err, &reported) && reported.ConstraintName == "bookings_overlap"
	}
	for _, step := range []struct {
		name    string
		minutes int
		allow   bool
		refused bool
	}{
		{"the first", 0, false, false},
		{"adjacent", 60, false, false},
		{"overlaps the first", 30, false, true},
		{"overlaps both, allowed", 30, true, false},
		{"overlaps the allowed one only", 90, false, true},
		{"overlaps three, allowed", 10, true, false},
		{"after all", 120, false, false},
	} {
		if err := book(step.minutes, step.allow); refused(err) != step.refused || !step.refused && err != nil {
			t.Errorf("%s: got error %v, want refused %v", step.name, err, step.refused)
		}
	}
	f.checkBookings("at the end", 10)
}
