package worker

import (
	"context"
	"time"
)

const (
	// firstBatch, smallestBatch and largestBatch are numbers of rows.
	firstBatch    = 500
	smallestBatch = 200
	largestBatch  = 5_000
	// wantedTime is how long the deletion of one batch should take: its locks and its share of the disk are then
	// hardly noticed.
	wantedTime = 50 * time.Millisecond
	// shortestPause and longestPause bound the time between two batches.
	shortestPause = 5 * time.Millisecond
	longestPause  = 2 * time.Second
	// margin is the part of a job's time limit that is left when Drain stops.
	margin = 4
)

// Drain deletes the rows of a table that have expired, in batches, until none is left. Remove deletes at most so many
// rows, the oldest first, commits, and returns their number; fewer than atMost means that none is left.
//
// Drain adapts to the load: after a batch it rests as long as the batch took, and it makes the batches smaller if they
// take longer than 50 ms. If the job's time limit is near or the worker stops, it returns Again.
func (w *Worker) Drain(
	ctx context.Context, table string, remove func(ctx context.Context, atMost int) (int64, error),
) error {
	began, size := w.Now(), firstBatch
	until := began.Add(w.JobTimeout - w.JobTimeout/margin)
	for {
		before := w.Now()
		n, err := remove(ctx, size)
		if err != nil {
			return err
		}
		w.Observer.RowsDeleted(table, n)
		if n < int64(size) {
			return nil
		}
		now := w.Now()
		if stopping(ctx) || now.After(until) {
			return Again()
		}
		took := now.Sub(before)
		size = nextSize(size, took)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(max(took, shortestPause), longestPause)):
		}
	}
}

// nextSize returns the size of the next batch, so that it takes about wantedTime. It at most doubles.
func nextSize(size int, took time.Duration) int {
	fits := 2 * size
	if took > wantedTime/2 {
		fits = int(int64(size) * int64(wantedTime) / int64(took))
	}
	return min(max(fits, smallestBatch), largestBatch)
}
