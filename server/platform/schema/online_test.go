package schema_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// waiting is the condition that a migration waits for a lock.
const waiting = `SELECT pid::text FROM pg_stat_activity
	WHERE datname = current_database() AND application_name = 'interviewer-migrate' AND wait_event_type = 'Lock'`

// first creates a table with some rows.
const first = `CREATE TABLE notes (id integer PRIMARY KEY, text text);
	INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 100) AS n;`

// files returns migrations, of which the first one creates the table notes.
func files(second string) fs.FS {
	return fstest.MapFS{
		"migrations/0001_notes.up.sql":    {Data: []byte(first)},
		"migrations/0001_notes.down.sql":  {Data: []byte("DROP TABLE notes;")},
		"migrations/0002_second.up.sql":   {Data: []byte(second)},
		"migrations/0002_second.down.sql": {Data: []byte("")},
	}
}

// concurrently is a migration that builds an index beside other transactions, between two other statements.
const concurrently = `-- migrate: no transaction
CREATE TABLE IF NOT EXISTS tags (id integer PRIMARY KEY);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS notes_text_idx ON notes (text);
-- next
CREATE TABLE IF NOT EXISTS labels (id integer PRIMARY KEY);
`

// online is a database with the table notes, whose schema can be migrated by several programs.
type online struct {
	t       *testing.T
	address string
	conn    *pgx.Conn
	files   fs.FS
}

func newOnline(t *testing.T, second string) *online {
	t.Helper()
	o := &online{t: t, files: files(second)}
	o.address, o.conn = empty(t)
	o.exec(o.conn, first, `CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)`,
		`INSERT INTO schema_migrations VALUES (1, false)`)
	return o
}

func (o *online) exec(conn *pgx.Conn, statements ...string) {
	o.t.Helper()
	for _, sql := range statements {
		if _, err := conn.Exec(o.t.Context(), sql); err != nil {
			o.t.Fatalf("%s: %v", sql, err)
		}
	}
}

// start migrates in the background. The channel gets the error.
func (o *online) start(progress func(string)) <-chan error {
	ended := make(chan error, 1)
	go func() {
		m, err := schema.Open(o.t.Context(), o.address, schema.Options{Files: o.files, Progress: progress})
		if err == nil {
			_, err = m.Up(o.t.Context())
			_ = m.Close(o.t.Context())
		}
		ended <- err
	}()
	return ended
}

func (o *online) version() string {
	o.t.Helper()
	return strings.Join(column(o.t, o.conn, `SELECT version || ' ' || dirty FROM schema_migrations`), ", ")
}

// TestInterruptedIndexIsBuiltAgain kills a migration while it builds an index, and migrates again.
func TestInterruptedIndexIsBuiltAgain(t *testing.T) {
	t.Parallel()
	o := newOnline(t, concurrently)
	writer := connect(t, o.address)
	o.exec(writer, `BEGIN`, `INSERT INTO notes VALUES (1000, 'open')`) // the index has to wait for this transaction
	ended := o.start(nil)
	testkit.Eventually(t, 10*time.Second, "the migration waits for the transaction", func() bool {
		return len(column(t, o.conn, waiting)) == 1
	})
	o.exec(o.conn, `SELECT pg_terminate_backend(pid::integer) FROM (`+waiting+`) AS w`)
	if err := <-ended; err == nil {
		t.Fatal("the killed migration returned no error")
	}
	const index = `SELECT indisvalid::text FROM pg_index WHERE indexrelid = 'notes_text_idx'::regclass`
	if got := column(t, o.conn, index); len(got) != 1 || got[0] != "false" || o.version() != "1 false" {
		t.Fatalf("after the interruption: got valid %q and version %s, want an invalid index and 1 false", got, o.version())
	}
	o.exec(writer, `COMMIT`)
	if err := <-o.start(nil); err != nil {
		t.Fatalf("the second migration: got error %v", err)
	}
	if got := column(t, o.conn, index); len(got) != 1 || got[0] != "true" || o.version() != "2 false" {
		t.Errorf("after the second migration: got valid %q and version %s, want a valid index and 2 false", got, o.version())
	}
}

// TestReplicasDoNotBlockIndex starts three replicas while a transaction delays the index of the first. A replica that
// waits in PostgreSQL for the others would itself be waited for by the index: a deadlock.
func TestReplicasDoNotBlockIndex(t *testing.T) {
	t.Parallel()
	o := newOnline(t, concurrently)
	writer := connect(t, o.address)
	o.exec(writer, `BEGIN`, `INSERT INTO notes VALUES (1000, 'open')`)
	ended := []<-chan error{o.start(nil)}
	testkit.Eventually(t, 10*time.Second, "the index waits for the transaction", func() bool {
		return len(column(t, o.conn, waiting)) == 1
	})
	for range 2 {
		reported := make(chan string, 10)
		ended = append(ended, o.start(func(message string) { reported <- message }))
		if message := <-reported; !strings.Contains(message, "another program") {
			t.Errorf("got the message %q, want that it waits for another program", message)
		}
	}
	o.exec(writer, `COMMIT`)
	for i, e := range ended {
		if err := <-e; err != nil {
			t.Errorf("replica %d: got error %v", i, err)
		}
	}
	if o.version() != "2 false" {
		t.Errorf("got version %s, want 2 false", o.version())
	}
}

// TestRequestsPassWaitingMigration lets a migration wait for a table that a transaction reads, and reads the table
// meanwhile. The transaction ends once the migration has reported that it waits.
func TestRequestsPassWaitingMigration(t *testing.T) {
	t.Parallel()
	o := newOnline(t, `ALTER TABLE notes ADD COLUMN tag text;`)
	reader, other := connect(t, o.address), connect(t, o.address)
	o.exec(reader, `BEGIN`, `SELECT count(*) FROM notes`)
	reported := make(chan string, 10)
	ended := o.start(func(message string) { reported <- message })
	testkit.Eventually(t, 10*time.Second, "the migration waits for the reader", func() bool {
		return len(column(t, o.conn, waiting)) == 1
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 20 {
		if _, err := other.Exec(ctx, `SELECT count(*) FROM notes`); err != nil {
			t.Fatalf("a request beside the waiting migration: got error %v", err)
		}
	}
	select {
	case err := <-ended:
		t.Fatalf("the migration ended before the transaction: %v", err)
	case message := <-reported:
		if !strings.Contains(message, "lock") {
			t.Errorf("got the message %q, want that it waits for a lock", message)
		}
	}
	o.exec(reader, `COMMIT`)
	if err := <-ended; err != nil || o.version() != "2 false" {
		t.Errorf("got error %v and version %s, want 2 false", err, o.version())
	}
}

// TestErrorsNameTheLine checks that the error of a migration says where it failed.
func TestErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, want string }{
		"transaction":    {"SELECT 1;\nSELECT 1;\nSELECT nothing;", "line 3"},
		"no transaction": {"-- migrate: no transaction\nSELECT 1;\n-- next\nSELECT\n nothing;", "statement 2: line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOnline(t, c.sql)
			if err := <-o.start(nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
			if o.version() != "1 false" {
				t.Errorf("got version %s, want 1 false", o.version())
			}
		})
	}
}

// TestMigrationsWithoutTransactionCanBeRepeated runs every migration that has no transaction a second time, as after an
// interruption before its version was written.
func TestMigrationsWithoutTransactionCanBeRepeated(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	migrations := fstest.MapFS{}
	up := func() {
		t.Helper()
		m, err := schema.Open(t.Context(), address, schema.Options{Files: migrations})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = m.Close(t.Context()) }()
		if n, err := m.Up(t.Context()); err != nil || n != 1 {
			t.Fatalf("got %d migrations, error %v, want 1", n, err)
		}
	}
	for version := uint(1); version <= latest(t); version++ {
		repeatable := false
		names, err := fs.Glob(db.Migrations, fmt.Sprintf("migrations/%04d_*.sql", version))
		if err != nil || len(names) != 2 {
			t.Fatalf("version %d: got the files %v, error %v, want two", version, names, err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(db.Migrations, name)
			if err != nil {
				t.Fatal(err)
			}
			migrations[name] = &fstest.MapFile{Data: text}
			repeatable = repeatable || strings.HasSuffix(name, ".up.sql") && strings.HasPrefix(string(text), "-- migrate: no transaction\n")
		}
		up()
		if !repeatable {
			continue
		}
		before := picture(t, conn)
		if _, err := conn.Exec(t.Context(), `UPDATE schema_migrations SET version = version - 1`); err != nil {
			t.Fatal(err)
		}
		up()
		same(t, fmt.Sprintf("migration %d, run again", version), picture(t, conn), before)
	}
}
