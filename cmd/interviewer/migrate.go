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
		Use: "migrate", Short: "Move the database schema",
		Long: `Moves the database schema to another version. It uses MIGRATION_DATABASE_URL where that is set, DATABASE_URL
otherwise; the role must be allowed to create roles, tables and extensions. A migration and its version commit
together, so one that is killed half-way has not happened.`,
	}
	up := &cobra.Command{
		Use: "up", Short: "Run the migrations that are missing", Args: cobra.NoArgs,
		Long:    "Runs the migrations that are missing, and does nothing where there are none. Any number may run at once.",
		Example: "  interviewer migrate up\n  MIGRATION_DATABASE_URL=postgres://owner@db/interviewer interviewer migrate up",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withSchema(c.Context(), func(m *schema.Migrator) error {
				applied, err := m.Up()
				if err != nil {
					return err
				}
				return p.print("%d migrations were run.\n", applied)
			})
		},
	}
	var steps int
	var sure bool
	down := &cobra.Command{
		Use: "down", Short: "Take back the last migrations, and their data", Args: cobra.NoArgs,
		Long: `Takes back the last migrations, the latest first, and with them the data that they made room for. It is for
development, and for a release that has to be undone before anybody has used it.`,
		Example: "  interviewer migrate down --steps 1 --yes",
		RunE: func(c *cobra.Command, _ []string) error {
			if !sure {
				return errors.New("taking back a migration destroys the data it made room for: give --yes if you are sure")
			}
			if steps < 1 {
				return errors.New("--steps must be at least 1")
			}
			return p.withSchema(c.Context(), func(m *schema.Migrator) error {
				if err := m.Down(steps); err != nil {
					return err
				}
				return p.showStatus(m)
			})
		},
	}
	down.Flags().IntVar(&steps, "steps", 1, "how many migrations to take back")
	down.Flags().BoolVar(&sure, "yes", false, "destroy the data of these migrations")
	status := &cobra.Command{
		Use: "status", Short: "Show which migrations were run", Args: cobra.NoArgs,
		Long:    "Lists every migration that this program knows, and whether the database has it.",
		Example: "  interviewer migrate status",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withSchema(c.Context(), p.showStatus)
		},
	}
	c.AddCommand(up, down, status)
	return c
}

func (p program) showStatus(m *schema.Migrator) error {
	present, err := m.Version()
	if err != nil {
		return err
	}
	names, err := schema.Names()
	if err != nil {
		return err
	}
	for _, version := range slices.Sorted(maps.Keys(names)) {
		state := "pending"
		if version <= present {
			state = "applied"
		}
		if err := p.print("%04d  %-8s %s\n", version, state, names[version]); err != nil {
			return err
		}
	}
	if latest, err := schema.Latest(); err == nil && present > latest {
		return p.print("The schema has version %d: a newer program than this one has moved it.\n", present)
	}
	return nil
}

func (p program) withSchema(ctx context.Context, act func(m *schema.Migrator) error) (err error) {
	c, err := p.load()
	if err != nil {
		return err
	}
	b, err := p.attach(ctx, c)
	defer func() { err = errors.Join(err, b.stop()) }()
	if err != nil {
		return err
	}
	m, err := schema.Open(ctx, migrationURL(c))
	if err != nil {
		return fmt.Errorf("the database cannot be reached: %w", err)
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	return act(m)
}
