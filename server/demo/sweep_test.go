package demo_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/demo"
)

func TestSweep(t *testing.T) {
	for range 40 {
		at := time.Unix(1_770_000_000+rand.Int64N(60_000_000), rand.Int64N(1e9)).UTC().Truncate(time.Microsecond)
		seed := rand.Uint64()
		t.Run(at.Format(time.RFC3339Nano), func(t *testing.T) {
			s := set(t, ticking(at))
			l := s.load(demo.Options{Scale: 2, Seed: seed})
			conn := s.Connect()
			conn.Exec(t.Context(), indexes)
			look(t, conn, at)
			for _, flaw := range flaws() {
				found, example := 0, ""
				if err := conn.QueryRow(t.Context(), "WITH found AS ("+flaw.sql+") SELECT count(*), coalesce(min(found::text), '') FROM found").Scan(&found, &example); err != nil || found > 0 {
					t.Errorf("%d %s: %d times, for example %s %v", seed, flaw.what, found, example, err)
				}
			}
			got := ask[string](s, `select concat_ws(' ', (SELECT count(DISTINCT (stage, status)) FROM applications), (SELECT count(DISTINCT rejection_reason) FROM applications),
			(SELECT count(DISTINCT event) FROM application_moves), (SELECT count(DISTINCT status) FROM interviews), (SELECT count(DISTINCT event) FROM interview_events),
			(SELECT count(DISTINCT response) FROM interview_panelists), (SELECT count(DISTINCT status) FROM scores), (SELECT count(DISTINCT recommendation) FROM scores), (SELECT count(DISTINCT event) FROM score_revisions), (SELECT count(DISTINCT timezone) FROM interviews))`)
			if got[:len("21 12 9 7 9 4 3 5 2")] != "21 12 9 7 9 4 3 5 2" || l.Interviews != 1206 {
				t.Error(got, l)
			}
		})
	}
}
