package schema

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// changedCollations selects the collations of the schema whose order may have changed, because the library that
// provides them has another version than when they were created or refreshed.
const changedCollations = `
	SELECT format('The collation %s was created with version %s of its library, and the server now has %s: '
			'run "interviewer migrate reindex".',
		collname, collversion, pg_collation_actual_version(oid))
	FROM pg_collation
	WHERE collnamespace = 'public'::regnamespace AND collversion <> pg_collation_actual_version(oid)`

// ChangedCollations returns a sentence for each collation whose indexes may have another order than PostgreSQL now has,
// as after an upgrade of ICU. Lists in this order can then leave out or repeat entries.
func ChangedCollations(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	rows, err := conn.Query(ctx, changedCollations)
	if err != nil {
		return nil, fmt.Errorf("compare the versions of collations: %w", err)
	}
	changed, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("compare the versions of collations: %w", err)
	}
	return changed, nil
}

// ChangedCollations is the function ChangedCollations for the database of the migrator.
func (m *Migrator) ChangedCollations(ctx context.Context) ([]string, error) {
	return ChangedCollations(ctx, m.conn)
}

// reportCollations reports the collations that have changed as progress.
func (m *Migrator) reportCollations(ctx context.Context) error {
	changed, err := m.ChangedCollations(ctx)
	for _, sentence := range changed {
		m.Progress(sentence)
	}
	return err
}

// Reindex builds the indexes again that depend on ICU: those in alphabetical order, and those of folded texts. Requests
// are served meanwhile. Then it records the present version of ICU.
func (m *Migrator) Reindex(ctx context.Context) (err error) {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer func() {
		if failed := m.unlock(ctx); err == nil {
			err = failed
		}
	}()
	rows, err := m.conn.Query(ctx, `
		SELECT i.indexrelid::regclass::text FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
		WHERE c.relnamespace = 'public'::regnamespace AND (
			c.relname LIKE '%\_terms\_idx'
			OR 'public.alphabetical'::regcollation::oid = ANY (i.indcollation)
		)
		ORDER BY 1`)
	if err != nil {
		return fmt.Errorf("list the indexes that depend on ICU: %w", err)
	}
	indexes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list the indexes that depend on ICU: %w", err)
	}
	for _, index := range indexes {
		m.Progress("Building the index " + index + " again while requests are served.")
		if _, err := m.conn.Exec(ctx, "REINDEX INDEX CONCURRENTLY "+index); err != nil {
			return fmt.Errorf("build the index %s again: %w", index, err)
		}
	}
	if _, err := m.conn.Exec(ctx, "ALTER COLLATION public.alphabetical REFRESH VERSION"); err != nil {
		return fmt.Errorf("record the version of ICU: %w", err)
	}
	return nil
}
