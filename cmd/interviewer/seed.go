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

// progressInterval is the time between progress messages if standard error is not a terminal.
const progressInterval = 5 * time.Second

func (p program) seed() *cobra.Command {
	force, options := false, demo.Options{Scale: 1}
	c := &cobra.Command{
		Use:   "seed",
		Short: "Load demo data, also in amounts for load tests",
		Long: `Loads the demo data: the companies Acme Robotics and Globex with users, jobs and kits, and half a year of
candidates, applications, interviews and scores. Existing data is not changed; only missing parts are added.

--scale N makes one of the companies larger: N parts, each with 2,000 candidates, 3,000 applications, 600
interviews, users and jobs. --scale 500 loads a million candidates and nine million rows in total, which takes
several minutes and six gigabytes. Each part is loaded in one transaction. To continue an interrupted load, or to
increase the scale, run the command again.

The password of the demo accounts is public. In production the command requires --production.`,
		Example: "  interviewer seed\n  interviewer seed --scale 100\n  interviewer seed --scale 500 --company globex",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if options.Scale < 1 || options.Scale > demo.MaxScale {
				return fmt.Errorf("--scale must be 1 to %d, not %d", demo.MaxScale, options.Scale)
			}
			settings, err := p.load()
			if err != nil {
				return err
			}
			if settings.Environment == config.Production && !force {
				return errors.New(
					"the password of the demo accounts is public: set --production to load them into production")
			}
			return p.withOperatorConfig(c.Context(), func(ctx context.Context, c *config.Config, o *operator.Operator) error {
				return p.loadDemoParts(ctx, c, o, options)
			})
		},
	}
	flags := c.Flags()
	flags.IntVar(&options.Scale, "scale", options.Scale, "the number of parts of the company")
	flags.StringVar(&options.Enlarge, "company", "acme-robotics",
		"the company that --scale applies to: acme-robotics or globex")
	flags.Uint64Var(&options.Seed, "seed", 0, "the seed of the random data")
	flags.BoolVar(&force, "production", false, "load the demo data even if APP_ENV is production")
	return c
}

// loadDemoParts loads the demo data and prints progress and result. Parts that were loaded before an error stay.
func (p program) loadDemoParts(
	ctx context.Context, c *config.Config, o *operator.Operator, options demo.Options,
) error {
	started := o.Clock.Now()
	options.Progress = p.progress(o.Clock.Now)
	loaded, err := demo.Load(ctx, o, options)
	if err != nil {
		p.message("%d of %d parts are loaded. To continue, run the command again.", loaded.Done, loaded.Of)
		return err
	}
	if loaded.Rows == 0 {
		return p.print("All demo data was already loaded.\n")
	}
	duration := o.Clock.Now().Sub(started)
	if err := p.print("Loaded: %s.\n", loaded); err != nil {
		return err
	}
	p.message("%d rows in %s, %s.", loaded.Rows, duration.Round(time.Second/10), rate(loaded.Rows, duration))
	return p.analyze(ctx, migrationURL(c))
}

// progress returns a function that shows the progress of a load: with a bar on a terminal, otherwise with a message
// every progressInterval.
func (p program) progress(now func() time.Time) func(demo.Loaded) {
	started := now()
	last := started
	var bar *progressbar.ProgressBar
	terminal, ok := p.err.(*os.File)
	isTerminal := ok && term.IsTerminal(int(terminal.Fd()))
	return func(l demo.Loaded) {
		switch at := now(); {
		case isTerminal:
			if bar == nil {
				bar = progressbar.NewOptions(l.Of, progressbar.OptionSetWriter(terminal),
					progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("Loading"))
			}
			_ = bar.Set(l.Done) // a failure to draw does not matter
		case at.Sub(last) >= progressInterval:
			last = at
			p.message("%d of %d parts, %d rows, %s", l.Done, l.Of, l.Rows, rate(l.Rows, at.Sub(started)))
		}
	}
}

func rate(rows int, in time.Duration) string {
	return fmt.Sprintf("%.0f rows a second", float64(rows)/max(in.Seconds(), 0.001))
}

// analyze updates PostgreSQL's statistics of the loaded tables. Only the owner of the tables can do that; for other
// roles PostgreSQL gives warnings.
func (p program) analyze(ctx context.Context, url string) (err error) {
	options, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("parse database URL: %w", err)
	}
	refused := false
	options.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		refused = refused || notice.SeverityUnlocalized == "WARNING"
	}
	conn, err := pgx.ConnectConfig(ctx, options)
	if err != nil {
		return fmt.Errorf("connect to database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, "ANALYZE "+strings.Join(demo.Tables(), ", ")); err != nil {
		return fmt.Errorf("analyze tables: %w", err)
	}
	if refused {
		p.message("The statistics were not updated, because only the owner of the tables can do that. Large lists can be\n" +
			"slow until PostgreSQL updates them automatically. Set MIGRATION_DATABASE_URL, or run ANALYZE as the owner.")
	}
	return nil
}
