package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

// tellEvery is how often a load tells how far it has come where no bar can be drawn.
const tellEvery = 5 * time.Second

func (p program) seed() *cobra.Command {
	force, wanted := false, demo.Options{Scale: 1}
	c := &cobra.Command{
		Use:   "seed",
		Short: "Load the demo data, or as much of it as a load test wants",
		Long: `Loads what is missing of the demo: the companies Acme Robotics and Globex with their people, jobs and kits, and
half a year of candidates, applications, interviews and scores. What is there stays as it is, so a second load changes
nothing.

--scale N gives one of them N parts of 2,000 candidates with 3,000 applications and 600 interviews each, and the people
and jobs that go with them: --scale 500 is a million candidates among nine million rows, which takes some minutes and
six gigabytes. Every part is a transaction of its own. A load that was interrupted goes on when the command is given
again, and a larger scale adds what is missing to the smaller.

Everybody knows the demo accounts' password, so in production the command does nothing unless --production is given.`,
		Example: "  interviewer seed\n  interviewer seed --scale 100\n  interviewer seed --scale 500 --company globex",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if wanted.Scale < 1 || wanted.Scale > demo.MaxScale {
				return fmt.Errorf("--scale must be 1 to %d, not %d", demo.MaxScale, wanted.Scale)
			}
			settings, err := p.load()
			if err != nil {
				return err
			}
			if settings.Environment == config.Production && !force {
				return errors.New(
					"everybody knows the password of demo accounts: give --production to load them into production")
			}
			return p.operateOn(c.Context(), func(ctx context.Context, c *config.Config, o *operator.Operator) error {
				return p.loadParts(ctx, c, o, wanted)
			})
		},
	}
	flags := c.Flags()
	flags.IntVar(&wanted.Scale, "scale", wanted.Scale, "how many parts the company has")
	flags.StringVar(&wanted.Enlarge, "company", "acme-robotics",
		"the company that --scale is about: acme-robotics or globex")
	flags.Uint64Var(&wanted.Seed, "seed", 0, "another number gives other people with other fates")
	flags.BoolVar(&force, "production", false, "load the demo data although APP_ENV is production")
	return c
}

// loadParts loads the demo, tells how far it has come, and says what it did. What was loaded before an error stays.
func (p program) loadParts(ctx context.Context, c *config.Config, o *operator.Operator, wanted demo.Options) error {
	began := o.Clock.Now()
	wanted.Progress = p.progress(o.Clock.Now)
	loaded, err := demo.Load(ctx, o, wanted)
	if err != nil {
		p.say("%d of %d parts are there. Give the same command again to go on.", loaded.Done, loaded.Of)
		return err
	}
	if loaded.Rows == 0 {
		return p.print("Everything was there already.\n")
	}
	took := o.Clock.Now().Sub(began)
	if err := p.print("Loaded: %s.\n", loaded); err != nil {
		return err
	}
	p.say("%d rows in %s, %s.", loaded.Rows, took.Round(time.Second/10), pace(loaded.Rows, took))
	return p.analyze(ctx, migrationURL(c))
}

// progress tells how far a load has come: by a bar at a terminal, and by a line every few seconds elsewhere.
func (p program) progress(now func() time.Time) func(demo.Loaded) {
	began := now()
	last := began
	var bar *progressbar.ProgressBar
	terminal, ok := p.err.(*os.File)
	drawn := ok && term.IsTerminal(int(terminal.Fd()))
	return func(l demo.Loaded) {
		switch at := now(); {
		case drawn:
			if bar == nil {
				bar = progressbar.NewOptions(l.Of, progressbar.OptionSetWriter(terminal),
					progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("Loading"))
			}
			_ = bar.Set(l.Done) // what cannot be drawn is not worth the load
		case at.Sub(last) >= tellEvery:
			last = at
			p.say("%d of %d parts, %d rows, %s", l.Done, l.Of, l.Rows, pace(l.Rows, at.Sub(began)))
		}
	}
}

func pace(rows int, in time.Duration) string {
	return fmt.Sprintf("%.0f rows a second", float64(rows)/max(in.Seconds(), 0.001))
}

// analyze brings PostgreSQL's statistics up to date with what was loaded, which only the owner of the tables may.
func (p program) analyze(ctx context.Context, url string) (err error) {
	options, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	refused := false
	options.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		refused = refused || notice.SeverityUnlocalized == "WARNING"
	}
	conn, err := pgx.ConnectConfig(ctx, options)
	if err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, "ANALYZE "+strings.Join(demo.Tables(), ", ")); err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	if refused {
		p.say("The statistics were not brought up to date, which only the owner of the tables may. Until PostgreSQL does\n" +
			"it by itself, large lists can be slow; set MIGRATION_DATABASE_URL, or run ANALYZE as the owner.")
	}
	return nil
}
