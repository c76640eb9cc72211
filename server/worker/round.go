package worker

import (
	"context"
	"log/slog"
	"time"
)

const (
	// leadEvery is how often a replica looks whether it has become the leader.
	leadEvery = time.Second
	// leadTimeout bounds such a look.
	leadTimeout = 5 * time.Second
)

// Round is work that is due so often that a row for each time would be wasteful. The leader calls Run every so often,
// and again without a pause as long as Run reports that there is more to do. If the leader is killed, another replica
// continues within 15 seconds; for that time two replicas can believe that they lead, so Run must tolerate it.
type Round struct {
	// Name identifies the work in the log.
	Name string
	// Every is the pause between two calls.
	Every time.Duration
	// Run does one round and reports whether more is left. An error is logged once in a row.
	Run func(ctx context.Context) (more bool, err error)
}

// lead calls a round while this worker is the leader.
func (w *Worker) lead(ctx context.Context, round Round) {
	failing := false
	for pause := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		leads, err := w.leads(ctx)
		pause = leadEvery
		more := false
		if err == nil && leads {
			pause = round.Every
			more, err = round.Run(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing {
			w.Log.WarnContext(ctx, "background work failed; trying again",
				slog.String("work", round.Name), slog.Any("error", err))
		}
		failing = err != nil
		if more && err == nil {
			pause = 0
		}
	}
}

// leads reports whether the worker is the elected leader.
func (w *Worker) leads(ctx context.Context) (leads bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, leadTimeout)
	defer cancel()
	err = w.Pool.QueryRow(ctx,
		"SELECT EXISTS (SELECT FROM river.river_leader WHERE leader_id = $1 AND expires_at > now())", w.client.ID()).
		Scan(&leads)
	return leads, err
}
