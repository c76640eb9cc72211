package schema

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"github.com/golang-migrate/migrate/v4/database"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// noTransaction is the first line of a migration whose statements run one by one; separator is a line between them.
	noTransaction = "-- migrate: no transaction"
	separator     = "\n-- next\n"

	undefinedTable        = "42P01"
	lockNotAvailable      = "55P03"
	deadlockDetected      = "40P01"
	insufficientPrivilege = "42501"
)

// driver runs migrations on the connection of its Migrator. golang-migrate marks a version as dirty before it runs the
// migration and as clean afterwards, and refuses to go on with a dirty one. Here no version is ever dirty: the version
// of a transaction is committed with it, and other migrations can run again.
type driver struct {
	database.Driver
	migrator *Migrator
	ctx      context.Context //nolint:containedctx // golang-migrate passes none
	target   int
}

// Lock and Unlock do nothing: the Migrator holds a lock.
func (*driver) Lock() error   { return nil }
func (*driver) Unlock() error { return nil }

// Close closes what golang-migrate's driver holds.
func (d *driver) Close() error { return d.Driver.Close() } //nolint:wrapcheck // wrapped by its callers

// SetVersion keeps the version that a migration leads to. Run writes it.
func (d *driver) SetVersion(version int, dirty bool) error {
	if dirty {
		d.target = version
	}
	return nil
}

// Run runs the migration that leads to the last version of SetVersion, and writes this version.
func (d *driver) Run(migration io.Reader) error {
	text, err := io.ReadAll(migration)
	if err != nil {
		return fmt.Errorf("read migration: %w", err)
	}
	mark := "\n;\nDELETE FROM schema_migrations;"
	if d.target > database.NilVersion {
		mark += fmt.Sprintf("\nINSERT INTO schema_migrations (version, dirty) VALUES (%d, false);", d.target)
	}
	steps, found := strings.CutPrefix(string(text), noTransaction+"\n")
	if !found {
		return d.briefly(string(text) + mark)
	}
	for i, step := range strings.Split(steps, separator) {
		if err := d.step(step); err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return d.briefly(mark)
}

// step runs one statement outside a transaction.
func (d *driver) step(statement string) error {
	index := concurrentIndex.FindStringSubmatch(statement)
	if index == nil {
		return d.briefly(statement)
	}
	// An index that was not completed stays behind as invalid, and would count as existing.
	var invalid bool
	err := d.migrator.conn.QueryRow(d.ctx, `
		SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid)`, index[1]).Scan(&invalid)
	if err != nil {
		return fmt.Errorf("look for an unfinished index %s: %w", index[1], err)
	}
	if invalid {
		if err := d.exec(0, "DROP INDEX CONCURRENTLY IF EXISTS "+index[1]); err != nil {
			return err
		}
	}
	working := time.AfterFunc(quiet, func() {
		d.migrator.Progress("Building the index " + index[1] + " while requests are served.")
	})
	defer working.Stop()
	// It waits for the transactions that are running, while no request waits for it.
	return d.exec(0, statement)
}

// concurrentIndex matches the creation of an index, with its name.
var concurrentIndex = regexp.MustCompile(
	`(?i)\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+IF\s+NOT\s+EXISTS\s+([a-z0-9_]+)\b`)

// briefly runs statements with a short wait for locks, in one transaction if they are several. It tries again, with a
// longer wait, while they do not get a lock.
//
// Requests queue behind a statement that waits. The first waits are short for a second reason: a call of a function
// that returns rows of a table fails in PostgreSQL if the table gets a column while the call is in the queue.
func (d *driver) briefly(statements string) error {
	ctx, cancel := context.WithTimeout(d.ctx, patience)
	defer cancel()
	var waiting *time.Timer
	for wait := minLockTimeout; ; wait = min(wait*5/4, maxLockTimeout) {
		err := d.exec(wait, statements)
		if !hasCode(err, lockNotAvailable) && !hasCode(err, deadlockDetected) {
			return err
		}
		if waiting == nil {
			waiting = time.AfterFunc(quiet, func() {
				d.migrator.Progress("The migration waits for a lock that another transaction holds, and tries again.")
			})
			defer waiting.Stop()
		}
		// The pause lets the requests run that have queued behind the statement. It varies, so as not to meet the same
		// regular transaction each time.
		if pause(ctx, 5*wait+rand.N(10*wait)) != nil { //nolint:gosec // not a secret
			return fmt.Errorf("other transactions hold a lock; end them and migrate again: %w", err)
		}
	}
}

// exec runs statements, each of which waits for a lock for at most a time; 0 means for as long as it takes.
func (d *driver) exec(wait time.Duration, statements string) error {
	settings := fmt.Sprintf("SET lock_timeout = %d; SET statement_timeout = 0", wait.Milliseconds())
	if _, err := d.migrator.conn.Exec(d.ctx, settings); err != nil {
		return fmt.Errorf("set the timeouts of a migration: %w", err)
	}
	_, err := d.migrator.conn.Exec(d.ctx, statements)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Position > 0 {
		return fmt.Errorf("line %d: %w", lineOf(statements, int(refused.Position)), err)
	}
	if err != nil {
		return fmt.Errorf("run migration: %w", err)
	}
	return nil
}

// lineOf returns the line, from 1, of a character of a text, from 1.
func lineOf(text string, position int) int {
	characters := []rune(text)
	return 1 + strings.Count(string(characters[:min(position-1, len(characters))]), "\n")
}

func hasCode(err error, code string) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == code
}
