package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/interviews"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/events"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/worker"
)

const (
	// recordsEvery, sessionsEvery, auditEvery, changesEvery, removalsEvery and mailsEvery are the periods of the jobs that
	// delete expired rows.
	recordsEvery  = time.Minute
	sessionsEvery = 15 * time.Minute
	auditEvery    = 24 * time.Hour
	changesEvery  = time.Hour
	removalsEvery = time.Hour
	mailsEvery    = time.Hour
	// checkpointAttempts is small, because the next checkpoint replaces one that cannot be written.
	checkpointAttempts = 5
)

// The arguments of the periodic jobs. They have none: these jobs work on all companies.
type (
	deleteExpiredIdempotencyRecords struct{}
	deleteEndedSessions             struct{}
	expireAuditLogs                 struct{}
	deleteOldChanges                struct{}
	deleteOldPanelRemovals          struct{}
	deleteOldMails                  struct{}
	writeAuditCheckpoint            struct{}
)

// Kind is the name of the job.
func (deleteExpiredIdempotencyRecords) Kind() string { return "delete_expired_idempotency_records" }

// Kind is the name of the job.
func (deleteEndedSessions) Kind() string { return "delete_ended_sessions" }

// Kind is the name of the job.
func (expireAuditLogs) Kind() string { return "expire_audit_logs" }

// Kind is the name of the job.
func (deleteOldChanges) Kind() string { return "delete_old_changes" }

// Kind is the name of the job.
func (deleteOldPanelRemovals) Kind() string { return "delete_old_panel_removals" }

// Kind is the name of the job.
func (deleteOldMails) Kind() string { return "delete_old_mails" }

// Kind is the name of the job.
func (writeAuditCheckpoint) Kind() string { return "write_audit_checkpoint" }

// employ builds the worker with all jobs and rounds of the service. A new kind of job is registered here.
func (s *Server) employ(o Options, mails mailing, metrics *telemetry.Metrics) (err error) {
	c, sealer := o.Config, audit.NewSealer(s.store, metrics.AuditSealed)
	checkpoint, err := s.checkpoint(o)
	if err != nil {
		return err
	}
	s.worker, err = worker.New(worker.Options{
		Pool: s.store.Pool(), Log: o.Log, Now: o.Clock.Now, Observer: metrics,
		Jobs: append(mails.jobs(s, o), []worker.Job{
			worker.Define(worker.Kind{Queue: worker.QueueMaintenance, Every: recordsEvery},
				func(ctx context.Context, _ deleteExpiredIdempotencyRecords) error {
					return s.worker.Drain(ctx, "idempotency_records", s.keeper.DeleteExpired)
				}),
			worker.Define(worker.Kind{Queue: worker.QueueMaintenance, Every: sessionsEvery},
				func(ctx context.Context, _ deleteEndedSessions) error {
					before := o.Clock.Now().Add(-c.SessionRetention.Duration())
					return s.worker.Drain(ctx, "sessions", func(ctx context.Context, atMost int) (int64, error) {
						return session.DeleteEnded(ctx, s.store, before, atMost)
					})
				}),
			worker.Define(worker.Kind{Queue: worker.QueueMaintenance, Every: auditEvery},
				func(ctx context.Context, _ expireAuditLogs) error {
					if _, err := audit.CreatePartitions(ctx, s.store); err != nil {
						return err
					}
					_, err := audit.Expire(ctx, s.store, audit.NewRecorder(o.Clock), c.AuditRetention.Duration(), s.worker.Drain)
					return err
				}),
			worker.Define(worker.Kind{Queue: worker.QueueMaintenance, Every: changesEvery},
				func(ctx context.Context, _ deleteOldChanges) error {
					now := o.Clock.Now()
					return s.worker.Drain(ctx, "changes", func(ctx context.Context, atMost int) (int64, error) {
						return events.DeleteOld(ctx, s.store, now, c.EventRetention.Duration(), atMost)
					})
				}),
			worker.Define(worker.Kind{Queue: worker.QueueMaintenance, Every: removalsEvery},
				func(ctx context.Context, _ deleteOldPanelRemovals) error {
					now := o.Clock.Now()
					return s.worker.Drain(ctx, "panel_removals", func(ctx context.Context, atMost int) (int64, error) {
						return interviews.DeleteOldRemovals(ctx, s.store, now, atMost)
					})
				}),
			checkpoint,
		}...),
		Rounds:  []worker.Round{{Name: "seal audit entries", Every: audit.SealEvery, Run: sealer.Round}},
		Workers: c.Workers, PollInterval: c.WorkerPoll.Duration(),
		PollOnly:   c.WorkerPollOnly || c.DatabasePoolMode == config.PoolTransaction,
		JobTimeout: c.JobTimeout.Duration(), RescueAfter: c.JobRescue.Duration(),
		StopTimeout:  c.ShutdownTimeout.Duration(),
		KeepFinished: c.JobRetention.Duration(), KeepDiscarded: c.JobDiscardedRetention.Duration(),
	})
	return err
}

// checkpoint returns the job that writes checkpoints of the audit log. Without a key or a destination it is not
// enqueued, but a process that has neither still runs one that another process has enqueued, so that it fails visibly.
func (s *Server) checkpoint(o Options) (worker.Job, error) {
	c := o.Config
	kind := worker.Kind{Queue: worker.QueueMaintenance, Attempts: checkpointAttempts}
	var key ed25519.PrivateKey
	if c.AuditCheckpointKey != "" && c.AuditCheckpointTo != "" {
		kind.Every = c.AuditCheckpointEvery.Duration()
		var err error
		if key, err = audit.ParseKey(c.AuditCheckpointKey.Reveal()); err != nil {
			return worker.Job{}, fmt.Errorf("AUDIT_CHECKPOINT_KEY: %w", err)
		}
	}
	return worker.Define(kind, func(ctx context.Context, _ writeAuditCheckpoint) error {
		if key == nil {
			return errors.New("AUDIT_CHECKPOINT_KEY or AUDIT_CHECKPOINT_TO is missing in this process")
		}
		return audit.Checkpoint(ctx, s.store, o.Clock.Now(), key, c.AuditCheckpointTo.Reveal())
	}), nil
}

// jobsReady returns an error while the database lacks the tables that jobs need.
func (s *Server) jobsReady(ctx context.Context) error {
	latest, err := schema.Latest()
	if err != nil {
		return err
	}
	version, err := s.store.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	jobs, err := s.store.JobSchemaVersion(ctx)
	if err != nil {
		return err
	}
	wanted, err := schema.LatestJobs()
	if err != nil {
		return err
	}
	if version < int64(latest) || jobs < int64(wanted) { //nolint:gosec // small numbers
		return errors.New("the database schema is older than this program")
	}
	return nil
}

// watchJobs adds the metrics of the queue and of sealing, which are read from the database at each scrape.
func (s *Server) watchJobs(ctx context.Context, now func() time.Time, metrics *telemetry.Metrics) {
	metrics.WatchJobs(ctx, func(ctx context.Context) ([]telemetry.JobDepth, error) {
		return worker.Depths(ctx, s.store.Pool())
	})
	metrics.WatchSealing(ctx, func(ctx context.Context) (int64, time.Duration, error) {
		entries, oldest, err := audit.Waiting(ctx, s.store)
		if err != nil || entries == 0 {
			return 0, 0, err
		}
		return entries, max(0, now().Sub(oldest)), nil
	})
}
