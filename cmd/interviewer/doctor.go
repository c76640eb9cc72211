package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/doctor"
)

func (p program) doctor() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "doctor", Short: "Check the configuration, PostgreSQL, Redis and the mail server", Args: cobra.NoArgs,
		Long: `Checks the configuration, PostgreSQL, Redis and the mail server of an installation, and prints what was found
and what to do. It changes nothing, sends no mail and can run beside the service. States: ok; warning, which does not
prevent the service from working; failed; unknown, if an earlier failure prevents the check. A failed check does not
prevent the others: the table always has all of them. The command fails, with exit code 1, if a check is failed or
unknown.`,
		Example: "  interviewer doctor\n  interviewer doctor --json | jq '.[] | select(.state != \"ok\")'",
		RunE: func(c *cobra.Command, _ []string) error {
			findings, err := p.examine(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				encoder := json.NewEncoder(p.out)
				encoder.SetIndent("", "  ")
				err = encoder.Encode(findings)
			} else {
				err = p.printDiagnosis(findings)
			}
			if err == nil && !doctor.Healthy(findings) {
				err = errors.New("at least one check failed")
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return c
}

func (p program) examine(ctx context.Context) (findings []doctor.Finding, err error) {
	c, err := config.Read(p.environ, p.dotenv)
	var problems config.Problems
	switch {
	case errors.As(err, &problems) && c == nil:
		return doctor.Problems(problems), nil
	case errors.As(err, &problems):
		return doctor.Examine(ctx, doctor.Options{
			Config: c, Invalid: problems, Warnings: config.Warnings(p.environ), Now: clock.System().Now,
		}), nil
	case err != nil:
		return nil, err
	}
	d, err := p.startDatabase(ctx, c)
	defer func() { err = errors.Join(err, d.stop()) }()
	if err != nil {
		return nil, err
	}
	return doctor.Examine(ctx, doctor.Options{
		Config: c, Warnings: config.Warnings(p.environ), Now: clock.System().Now, MailRoots: p.mailRoots,
	}), nil
}

func (p program) printDiagnosis(findings []doctor.Finding) error {
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "CHECK\tSTATE\tFOUND")
	for _, f := range findings {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", f.Check, f.State, strings.Join(strings.Fields(f.Found), " "))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	for _, f := range findings {
		if f.Remedy == "" {
			continue
		}
		if err := p.print("\n%s: %s\n", f.Check, f.Remedy); err != nil {
			return err
		}
		for _, statement := range f.Statements {
			if err := p.print("  %s;\n", statement); err != nil {
				return err
			}
		}
	}
	return nil
}
