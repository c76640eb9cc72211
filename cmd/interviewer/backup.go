package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ai-interviewer-platform/interviewer/server/platform/backup"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
)

func (p program) backup() *cobra.Command {
	var path, bin string
	c := &cobra.Command{
		Use: "backup", Short: "Write a backup of the database into a file", Args: cobra.NoArgs,
		Long: `Writes the rows of all companies into a file in the custom format of pg_dump, from one snapshot, while the
service runs. Beside it the command writes a manifest, FILE.json, that "interviewer restore" verifies the restored
database by: keep both. Only the owner of the files can read them; they are not encrypted.

It connects to MIGRATION_DATABASE_URL or, if that is unset, DATABASE_URL, and reads as the role interviewer_backup. The
login must be a member of that role, as the owner of the database is. It needs pg_dump of the server's version or a
later one.`,
		Example: "  interviewer backup --output interviewer-$(date +%F).dump\n" +
			"  interviewer backup --output nightly.dump --bin /usr/lib/postgresql/17/bin",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withBackup(c.Context(), path, bin, func(ctx context.Context, o backup.Options) error {
				m, err := backup.Create(ctx, o)
				if err != nil {
					return err
				}
				return p.print("%s: %d rows of %d tables, %d audit chains, %d rights, %d bytes\n",
					path, m.Rows(), len(m.Tables), len(m.Heads), len(m.Rights), m.Bytes)
			})
		},
	}
	c.Flags().StringVar(&path, "output", "", "the file to write, which must not exist (required)")
	c.Flags().StringVar(&bin, "bin", "", "the directory of pg_dump; by default PATH and the directories of packages")
	required(c, "output")
	return c
}

func (p program) restore() *cobra.Command {
	var bin string
	c := &cobra.Command{
		Use: "restore FILE", Short: "Restore a backup into an empty database", Args: cobra.ExactArgs(1),
		Long: `Restores a file of "interviewer backup" into an empty database, also in another cluster, and verifies the
result: the number of rows of every table, the end of every audit chain, and the owners, policies and grants of the
roles. It creates the roles of the service if they do not exist; logins are not part of a backup. A database that is not
empty is refused. If the restore fails, the database stays empty.

It connects to MIGRATION_DATABASE_URL or, if that is unset, DATABASE_URL, as the owner of the database. It needs
pg_restore of the server's version or a later one.`,
		Example: "  createdb --owner interviewer_owner interviewer_restored\n" +
			"  MIGRATION_DATABASE_URL=postgres://interviewer_owner@db/interviewer_restored \\\n" +
			"    interviewer restore interviewer-2026-11-30.dump",
		RunE: func(c *cobra.Command, args []string) error {
			return p.withBackup(c.Context(), args[0], bin, func(ctx context.Context, o backup.Options) error {
				m, err := backup.Restore(ctx, o)
				if err != nil {
					return err
				}
				return p.printRestored(m)
			})
		},
	}
	c.Flags().StringVar(&bin, "bin", "", "the directory of pg_restore; by default PATH and the directories of packages")
	return c
}

// printRestored prints what was verified.
func (p program) printRestored(m backup.Manifest) error {
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, row := range []struct {
		name  string
		value any
	}{
		{"tables", len(m.Tables)},
		{"rows", m.Rows()},
		{"audit chains", len(m.Heads)},
		{"rights", len(m.Rights)},
		{"schema version", m.Schema},
	} {
		_, _ = fmt.Fprintf(table, "%s\t%d\tas in the backup\n", row.name, row.value)
	}
	return table.Flush()
}

// withBackup calls act with the options of a backup or restore.
func (p program) withBackup(
	ctx context.Context, path, bin string, act func(context.Context, backup.Options) error,
) (err error) {
	c, err := p.load()
	if err != nil {
		return err
	}
	d, err := p.startDatabase(ctx, c)
	defer func() { err = errors.Join(err, d.stop()) }()
	if err != nil {
		return err
	}
	return act(ctx, backup.Options{
		URL: migrationURL(c), Path: path, Bin: bin, Now: clock.System().Now,
		Progress: func(message string) { p.message("%s", message) },
	})
}
