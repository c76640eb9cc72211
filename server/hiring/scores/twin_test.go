package scores_test

import (
	"bytes"
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// steppedClock is a source of times and ids. Its time changes only by steps, and an id depends only on the time and on
// how many ids were taken since the last step. The tests take a step before each request, so that work in the
// background does not influence the times and ids of later requests.
type steppedClock struct {
	mu    sync.Mutex
	now   time.Time
	count uint32
}

func (s *steppedClock) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// ID returns a UUIDv7 of the current time and a counter.
func (s *steppedClock) ID() (id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	binary.BigEndian.PutUint64(id[:8], uint64(s.now.UnixMilli())<<16)
	id[6], id[8] = 0x70, 0x80
	binary.BigEndian.PutUint32(id[12:], s.count)
	return id
}

// step advances the time by 100 ms and resets the counter of ids.
func (s *steppedClock) step() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.count = s.now.Add(100*time.Millisecond), 0
}

// copyRows copies every row of one database into another with the same empty tables.
func copyRows(t *testing.T, from, to *testkit.Installation) {
	t.Helper()
	source, target := from.Connect(), to.Connect()
	rows, err := source.Query(t.Context(), `SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
		FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_migrations' GROUP BY c.relname`)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]string{}
	for rows.Next() {
		var name, columns string
		if err := rows.Scan(&name, &columns); err != nil {
			t.Fatal(err)
		}
		tables[name] = columns
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(tables) < 10 {
		t.Fatalf("got %d tables, want at least 10", len(tables))
	}
	// Without triggers and foreign keys, the tables can be copied in any order.
	if _, err := target.Exec(t.Context(), `SET session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	for name, columns := range tables {
		var content bytes.Buffer
		table := name + " (" + columns + ")"
		if _, err := source.PgConn().CopyTo(t.Context(), &content, "COPY "+table+" TO STDOUT (FORMAT binary)"); err != nil {
			t.Fatalf("copy table %s: %v", name, err)
		}
		if _, err := target.PgConn().CopyFrom(t.Context(), &content, "COPY "+table+" FROM STDIN (FORMAT binary)"); err != nil {
			t.Fatalf("copy table %s: %v", name, err)
		}
	}
}
