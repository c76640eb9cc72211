package schema

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

var (
	// structureQuery lists what belongs to the tables of a database as the statements that restore it.
	//
	//go:embed structure.sql
	structureQuery string

	// structureText is the result of structureQuery after all migrations of this program, a line each. The test
	// TestStructureIsListed writes it with -update.
	//
	//go:embed structure.txt
	structureText string
)

// Structure returns the owners, constraints, indexes and enabled triggers of the tables of a database. Each is the SQL
// statement that restores it, without a semicolon; CURRENT_USER stands for the owner of most tables. Every login can
// read them.
func Structure(ctx context.Context, in Beginner) (structure []string, err error) {
	err = pgx.BeginTxFunc(ctx, in, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		structure, err = listed(ctx, tx, structureQuery)
		return err
	})
	return structure, wrap("read the structure of the tables", err)
}

// ExpectedStructure returns the structure of a database that has all migrations of this program.
func ExpectedStructure() []string {
	return strings.Split(strings.TrimSuffix(structureText, "\n"), "\n")
}

// isEssential reports whether the service must not run without a part of the structure. Without a trigger, it writes
// rows that are wrong. Without an owner, a constraint or an index, it works: slower, or until the next migration.
func isEssential(statement string) bool {
	return strings.HasPrefix(statement, "CREATE OR REPLACE TRIGGER ") || strings.Contains(statement, " ENABLE TRIGGER ")
}

// Lacking returns the parts of the structure that a database lacks: those without which the service must not run, and
// the others, each as the statements that restore them. It does not check a schema of another version than this
// program's: a migration completes an older one, and a newer one can differ.
func Lacking(ctx context.Context, in interface {
	Querier
	Beginner
},
) (essential, others []string, err error) {
	version, err := version(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	if latest, err := Latest(); err != nil || version != latest {
		return nil, nil, err
	}
	got, err := Structure(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	var owner string
	err = in.QueryRow(ctx, `SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class
		WHERE relnamespace IN ('public'::regnamespace, to_regnamespace('river')) AND relkind IN ('r', 'p')
		GROUP BY relowner ORDER BY count(*) DESC, relowner LIMIT 1`).Scan(&owner)
	if err != nil {
		return nil, nil, fmt.Errorf("read the owner of the tables: %w", err)
	}
	present := make(map[string]bool, len(got))
	for _, statement := range got {
		present[ungrouped(statement)] = true
	}
	for _, statement := range ExpectedStructure() {
		if present[ungrouped(statement)] {
			continue
		}
		if isEssential(statement) {
			essential = append(essential, statement)
		} else {
			others = append(others, restore(statement, owner)...)
		}
	}
	return essential, others, nil
}

// ungrouped returns a statement without parentheses, by which it is compared: after a dump and a restore, and after the
// statement itself, PostgreSQL groups the parts of a condition differently, a AND b AND c instead of (a AND b) AND c.
func ungrouped(statement string) string {
	return strings.NewReplacer("(", "", ")", "").Replace(statement)
}

// restore returns the statements for a missing part of the structure. An index that exists is not valid, or another
// one, and is replaced; so is a constraint.
func restore(statement, owner string) []string {
	if before, found := strings.CutSuffix(statement, " OWNER TO CURRENT_USER"); found {
		return []string{before + " OWNER TO " + owner}
	}
	if table, constraint, found := strings.Cut(statement, " ADD CONSTRAINT "); found {
		name, _, _ := strings.Cut(constraint, " ")
		return []string{table + " DROP CONSTRAINT IF EXISTS " + name, statement}
	}
	words := strings.Fields(statement) // CREATE [UNIQUE] INDEX name ON schema.table …
	on := 0
	for words[on] != "ON" {
		on++
	}
	schema, _, _ := strings.Cut(words[on+1], ".")
	return []string{"DROP INDEX IF EXISTS " + schema + "." + words[on-1], statement}
}

// CheckStructure returns a postgres.Unfit that names missing triggers, with the statements that create them.
func CheckStructure(essential []string) error {
	if len(essential) == 0 {
		return nil
	}
	return &postgres.Unfit{
		Problem: fmt.Sprintf("%d triggers are missing or disabled in the database. Run these statements as its owner, and "+
			"those with ENABLE TRIGGER ALL as a superuser:", len(essential)),
		Statements: essential,
	}
}
