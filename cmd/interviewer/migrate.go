package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
)

func (p program) migrate() *cobra.Command {
	c := &cobra.Command{
		Use: "migrate", Short: "Migrate the database schema",
		Long: `Migrates the database schema to another version. It connects to MIGRATION_DATABASE_URL or, if that is
unset, DATABASE_URL; the role must be allowed to create roles, tables and extensions. The service can run meanwhile. An
interrupted migration is completed by running the command again.`,
	}
	up := &cobra.Command{
		Use: "up", Short: "Apply pending migrations", Args: cobra.NoArgs,
		Long: "Applies all pending migrations, and those of the tables of the job queue. The command can run concurrently, " +
			"for example on several replicas.",
		Example: "  interviewer migrate up\n  MIGRATION_DATABASE_URL=postgres://owner@db/interviewer interviewer migrate up",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withSchema(c.Context(), func(ctx context.Context, m *schema.Migrator) error {
				applied, err := m.Up(ctx)
				if err != nil {
					return err
				}
				return p.print("%d migrations were applied.\n", applied)
			})
		},
	}
	var steps int
	var sure bool
	down := &cobra.Command{
		Use: "down", Short: "Revert the last migrations and delete their data", Args: cobra.NoArgs,
		Long: `Reverts the last migrations, the latest first, and deletes the data in the tables and columns that they
added. Use it in development, or to undo a release before it is in use.`,
		Example: "  interviewer migrate down --steps 1 --yes",
		RunE: func(c *cobra.Command, _ []string) error {
			if !sure {
				return errors.New("reverting a migration deletes the data in its tables and columns: set --yes to confirm")
			}
			if steps < 1 {
				return errors.New("--steps must be at least 1")
			}
			return p.withSchema(c.Context(), func(ctx context.Context, m *schema.Migrator) error {
				if err := m.Down(ctx, steps); err != nil {
					return err
				}
				return p.showStatus(ctx, m)
			})
		},
	}
	down.Flags().IntVar(&steps, "steps", 1, "the number of migrations to revert")
	down.Flags().BoolVar(&sure, "yes", false, "confirm that the data of these migrations is deleted")
	status := &cobra.Command{
		Use: "status", Short: "List applied and pending migrations", Args: cobra.NoArgs,
		Long:    "Lists every migration of this program, and whether it has been applied to the database.",
		Example: "  interviewer migrate status",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withSchema(c.Context(), p.showStatus)
		},
	}
	reindex := &cobra.Command{
		Use: "reindex", Short: "Build the indexes again that depend on ICU", Args: cobra.NoArgs,
		Long: `Builds the indexes of names, titles and searches again, and records the version of ICU. Run it after an
upgrade of PostgreSQL or of the operating system that changes the version of ICU; "interviewer migrate status" reports
that. The service can run meanwhile. The command needs the role that owns the tables.`,
		Example: "  interviewer migrate reindex",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withSchema(c.Context(), func(ctx context.Context, m *schema.Migrator) error {
				if err := m.Reindex(ctx); err != nil {
					return err
				}
				return p.print("The indexes that depend on ICU were built again.\n")
			})
		},
	}
	c.AddCommand(up, down, status, reindex)
	return c
}

func (p program) showStatus(ctx context.Context, m *schema.Migrator) error {
	current, err := m.Version(ctx)
	if err != nil {
		return err
	}
	names, err := schema.Names()
	if err != nil {
		return err
	}
	for _, version := range slices.Sorted(maps.Keys(names)) {
		state := "pending"
		if version <= current {
			state = "applied"
		}
		if err := p.print("%04d  %-8s %s\n", version, state, names[version]); err != nil {
			return err
		}
	}
	ready, err := m.JobsReady(ctx)
	if err != nil {
		return err
	}
	state := "pending"
	if ready {
		state = "applied"
	}
	if err := p.print("jobs  %-8s tables of the queue\n", state); err != nil {
		return err
	}
	changed, err := m.ChangedCollations(ctx)
	if err != nil {
		return err
	}
	for _, sentence := range changed {
		if err := p.print("%s\n", sentence); err != nil {
			return err
		}
	}
	if latest, err := schema.Latest(); err == nil && current > latest {
		return p.print("The schema has version %d, from a newer release than this program.\n", current)
	}
	return nil
}

// withSchema calls act with a migrator that is connected as the role for migrations.
func (p program) withSchema(ctx context.Context, act func(context.Context, *schema.Migrator) error) (err error) {
	c, err := p.load()
	if err != nil {
		return err
	}
	d, err := p.startDatabase(ctx, c)
	defer func() { err = errors.Join(err, d.stop()) }()
	if err != nil {
		return err
	}
	m, err := schema.Open(ctx, migrationURL(c), p.schemaOptions())
	if err != nil {
		return fmt.Errorf("open database for migrations: %w", err)
	}
	defer func() { err = errors.Join(err, m.Close(ctx)) }()
	return act(ctx, m)
}
