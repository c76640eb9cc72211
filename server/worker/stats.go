package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// Depths counts the jobs that are not completed and not canceled, of all replicas.
func Depths(ctx context.Context, pool *pgxpool.Pool) ([]telemetry.JobDepth, error) {
	rows, err := pool.Query(ctx, `SELECT kind, state::text, count(*),
			greatest(0, extract(epoch FROM now() - min(scheduled_at)))::float8
		FROM river.river_job
		WHERE state IN ('available', 'discarded', 'pending', 'retryable', 'running', 'scheduled') GROUP BY kind, state`)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (telemetry.JobDepth, error) {
		var d telemetry.JobDepth
		var seconds float64
		err := row.Scan(&d.Kind, &d.State, &d.Jobs, &seconds)
		d.Oldest = time.Duration(seconds * float64(time.Second))
		return d, err
	})
}
