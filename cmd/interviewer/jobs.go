package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/worker"
)

func (p program) jobs() *cobra.Command {
	c := &cobra.Command{
		Use: "jobs", Short: "List, retry and discard background jobs",
		Long: `Lists, retries and discards background jobs. A job has one of these states: available, running,
scheduled (due later), retryable (failed, due again later), completed, discarded (failed in all attempts), cancelled
(discarded by the operator), pending.`,
	}
	c.AddCommand(p.listJobs(), p.retryJobs(), p.discardJobs())
	return c
}

func (p program) listJobs() *cobra.Command {
	var states, kinds []string
	var asJSON bool
	limit := 100
	c := &cobra.Command{
		Use: "list", Short: "List jobs", Args: cobra.NoArgs,
		Long: `Lists jobs, the latest first. Completed and cancelled jobs are listed until JOB_RETENTION_DAYS have passed,
discarded ones until JOB_DISCARDED_RETENTION_DAYS have passed.`,
		Example: "  interviewer jobs list --state discarded,retryable\n" +
			"  interviewer jobs list --kind delete_ended_sessions --limit 10 --json | jq .",
		RunE: func(c *cobra.Command, _ []string) error {
			for _, state := range states {
				if !slices.Contains(worker.States(), state) {
					return fmt.Errorf("--state must be one of %s, not %q", strings.Join(worker.States(), ", "), state)
				}
			}
			if limit < 1 || limit > 10_000 {
				return errors.New("--limit must be from 1 to 10000")
			}
			return p.withJobs(c.Context(), func(ctx context.Context, o *worker.Operator) error {
				rows, err := o.List(ctx, states, kinds, limit)
				if err != nil {
					return err
				}
				if asJSON {
					return p.printJobsAsJSON(rows)
				}
				return p.printJobs(rows)
			})
		},
	}
	c.Flags().StringSliceVar(&states, "state", nil, "only jobs in these states, separated by commas")
	c.Flags().StringSliceVar(&kinds, "kind", nil, "only jobs of these kinds, separated by commas")
	c.Flags().IntVar(&limit, "limit", limit, "the maximum number of jobs, 1 to 10000")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line, with all details")
	return c
}

func (p program) printJobs(rows []worker.Row) error {
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tKIND\tSTATE\tATTEMPT\tDUE\tERROR")
	for _, row := range rows {
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%d/%d\t%s\t%s\n", row.ID, row.Kind, row.State, row.Attempt, row.MaxAttempts,
			row.ScheduledAt.UTC().Format(time.RFC3339), row.Error)
	}
	return table.Flush()
}

func (p program) printJobsAsJSON(rows []worker.Row) error {
	encoder := json.NewEncoder(p.out)
	for _, row := range rows {
		if err := encoder.Encode(row); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	return nil
}

func (p program) retryJobs() *cobra.Command {
	var kind string
	c := &cobra.Command{
		Use: "retry [ID…]", Short: "Run jobs again",
		Long: `Runs jobs again as soon as a worker is free: those with the given ids in whatever state, or with --kind all
jobs of a kind that were discarded, cancelled or wait for another attempt. A job that has used all of its attempts gets
one more. Ids are processed in their order; the command stops at the first that is unknown or running.`,
		Example: "  interviewer jobs retry 1041 1042\n  interviewer jobs retry --kind delete_ended_sessions",
		Args:    cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			ids, err := jobIDs(args)
			if err != nil {
				return err
			}
			if (kind == "") == (len(ids) == 0) {
				return errors.New("name either ids or --kind")
			}
			return p.withJobs(c.Context(), func(ctx context.Context, o *worker.Operator) error {
				if kind != "" {
					n, err := o.RetryKind(ctx, kind)
					return errors.Join(err, p.print("%d jobs run again.\n", n))
				}
				for _, id := range ids {
					if err := o.Retry(ctx, id); err != nil {
						return err
					}
				}
				return p.print("%d jobs run again.\n", len(ids))
			})
		},
	}
	c.Flags().StringVar(&kind, "kind", "", "retry all failed jobs of this kind")
	return c
}

func (p program) discardJobs() *cobra.Command {
	return &cobra.Command{
		Use: "discard ID…", Short: "Cancel jobs", Args: cobra.MinimumNArgs(1),
		Long: `Cancels jobs: they are not run again, unless they are retried. A running job is interrupted. Ids are processed
in their order; the command stops at the first that is unknown or finished.`,
		Example: "  interviewer jobs discard 1041 1042",
		RunE: func(c *cobra.Command, args []string) error {
			ids, err := jobIDs(args)
			if err != nil {
				return err
			}
			return p.withJobs(c.Context(), func(ctx context.Context, o *worker.Operator) error {
				for _, id := range ids {
					if err := o.Discard(ctx, id); err != nil {
						return err
					}
				}
				return p.print("%d jobs were discarded.\n", len(ids))
			})
		},
	}
}

func jobIDs(args []string) ([]int64, error) {
	ids := make([]int64, len(args))
	for i, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id < 1 {
			return nil, fmt.Errorf("%q is not the id of a job", arg)
		}
		ids[i] = id
	}
	return ids, nil
}

// withJobs calls act with an operator of the queue.
func (p program) withJobs(ctx context.Context, act func(ctx context.Context, o *worker.Operator) error) error {
	return p.withOperator(ctx, func(ctx context.Context, o *operator.Operator) error {
		jobs, err := worker.NewOperator(o.Store.Pool())
		if err != nil {
			return err
		}
		return act(ctx, jobs)
	})
}
