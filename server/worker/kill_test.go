package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/worker"
)

// victimDatabase is the environment variable that makes the test binary a process with a worker.
const victimDatabase = "WORKER_VICTIM_DATABASE"

// The advisory locks at which a greeting waits: before and after the commit of its effect.
const (
	beforeCommit = 101
	afterCommit  = 102
)

// greet has an effect: a row of the table effects, which a repetition finds.
func greet(store *postgres.Store) worker.Job {
	return worker.Define(worker.Kind{}, func(ctx context.Context, args greeting) error {
		pool := store.Pool()
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO effects (n, process) VALUES ($1, $2) ON CONFLICT (n) DO NOTHING`, args.N, os.Getpid()); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock_shared($1)`, beforeCommit)
			return err
		})
		if err != nil {
			return err
		}
		_, err = pool.Exec(ctx, `SELECT pg_advisory_xact_lock_shared($1)`, afterCommit)
		return err
	})
}

// runVictim runs a worker until it is killed.
func runVictim(url string) {
	ctx := context.Background()
	store, err := postgres.Open(ctx, postgres.Options{URL: url, MaxConns: 4, StatementTimeout: time.Minute})
	if err == nil {
		var w *worker.Worker
		w, err = worker.New(worker.Options{
			Pool: store.Pool(), Log: slog.New(slog.DiscardHandler), Now: time.Now, Observer: nobody{}, Jobs: []worker.Job{greet(store)}, Workers: 1,
			PollInterval: 100 * time.Millisecond, JobTimeout: time.Minute, RescueAfter: time.Hour, StopTimeout: time.Minute,
			KeepFinished: time.Hour, KeepDiscarded: time.Hour,
		})
		if err == nil {
			w.Run(ctx, func(context.Context) error { return nil })
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// nobody ignores what a worker reports.
type nobody struct{}

func (nobody) JobRun(string, string, time.Duration) {}
func (nobody) RowsDeleted(string, int64)            {}

// TestKilledJobRunsAgain kills the process of a job, before or after the commit of its effect. Another replica runs the job
// again, and the effect is there once.
func TestKilledJobRunsAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lock int
		mine bool // the effect is that of the other replica
	}{"before its commit": {beforeCommit, true}, "after its commit": {afterCommit, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			b.Exec(`CREATE TABLE effects (n integer PRIMARY KEY, process integer)`)
			b.Exec(`GRANT SELECT, INSERT ON effects TO interviewer_service`)
			gate := b.Connect()
			if _, err := gate.Exec(t.Context(), `SELECT pg_advisory_lock($1)`, test.lock); err != nil {
				t.Fatal(err)
			}
			store, err := postgres.Open(t.Context(), postgres.Options{URL: b.DatabaseURL, MaxConns: 4})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(store.Close)
			o := b.options(greet(store))
			o.JobTimeout, o.RescueAfter, o.Pool = time.Second, 1500*time.Millisecond, store.Pool()
			next, err := worker.New(o)
			if err != nil {
				t.Fatal(err)
			}
			victim := exec.CommandContext(t.Context(), os.Args[0])
			victim.Env = append(os.Environ(), victimDatabase+"="+b.DatabaseURL)
			victim.Stderr = os.Stderr
			if err := victim.Start(); err != nil {
				t.Fatal(err)
			}
			b.enqueue(next, greeting{N: 7}, true)
			b.eventually("the job waits", func() bool {
				return b.count(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted
					AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, test.lock) == 1
			})
			if err := victim.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := victim.Wait(); err == nil {
				t.Error("the killed process succeeded")
			}
			if _, err := gate.Exec(t.Context(), `SELECT pg_advisory_unlock($1)`, test.lock); err != nil {
				t.Fatal(err)
			}
			b.Exec(`UPDATE river.river_leader SET expires_at = now()`) // instead of a wait of 15 seconds
			b.start(o)
			b.eventually("another replica completes the job", func() bool {
				return b.count(`SELECT count(*) FROM river.river_job WHERE state = 'completed'`) == 1
			})
			if n := b.count(`SELECT count(*) FROM effects WHERE n = 7 AND (process = $1) = $2`, os.Getpid(), test.mine); n != 1 {
				t.Errorf("effects: got %d, want 1", n)
			}
			if n := b.tally.of("greeting completed"); n != 1 {
				t.Errorf("runs by the other replica: got %d, want 1", n)
			}
		})
	}
}
