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

// steady gives times and ids that depend only on how often it was asked since it was last moved. It moves on with every
// request, so that what the service does by itself in the background does not matter.
type steady struct {
	mu    sync.Mutex
	now   time.Time
	count uint32
}

func (s *steady) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// ID is a UUIDv7 of the time, and a number.
func (s *steady) ID() (id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	binary.BigEndian.PutUint64(id[:8], uint64(s.now.UnixMilli())<<16)
	id[6], id[8] = 0x70, 0x80
	binary.BigEndian.PutUint32(id[12:], s.count)
	return id
}

func (s *steady) step() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.count = s.now.Add(100*time.Millisecond), 0
}

// copyRows puts every row of one database into another.
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
	if err := rows.Err(); err != nil || len(tables) < 10 {
		t.Fatal(len(tables), err)
	}
	if _, err := target.Exec(t.Context(), `SET session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	for name, columns := range tables {
		var content bytes.Buffer
		table := name + " (" + columns + ")"
		if _, err := source.PgConn().CopyTo(t.Context(), &content, "COPY "+table+" TO STDOUT (FORMAT binary)"); err != nil {
			t.Fatal(name, err)
		}
		if _, err := target.PgConn().CopyFrom(t.Context(), &content, "COPY "+table+" FROM STDIN (FORMAT binary)"); err != nil {
			t.Fatal(name, err)
		}
	}
}
