package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

const (
	sealEvery   = time.Second
	sealTimeout = 30 * time.Second
	sealBatch   = 500
)

// Sealer adds entries to the hash chain of their company shortly after they were committed, so that writing an entry
// waits for no lock. Every replica runs a sealer; for each company only one of them works at a time.
type Sealer struct {
	store  *postgres.Store
	log    *slog.Logger
	sealed func(n int)
}

// NewSealer returns a sealer that calls sealed with the number of entries of each batch.
func NewSealer(s *postgres.Store, log *slog.Logger, sealed func(n int)) *Sealer {
	return &Sealer{s, log, sealed}
}

// Run seals once per second until the context ends.
func (s *Sealer) Run(ctx context.Context) {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	warned := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.Seal(ctx)
		if err != nil && !warned && !errors.Is(err, context.Canceled) {
			s.log.WarnContext(ctx, "audit entries could not be sealed; trying again", slog.Any("error", err))
		}
		warned = err != nil
	}
}

// Seal seals all pending entries. If the entries of a company cannot be sealed, those of the others are sealed anyway.
func (s *Sealer) Seal(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	companies, err := s.store.Lookup().ListCompaniesToSeal(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, company := range companies {
		for more := true; more; {
			if more, err = s.sealBatch(ctx, company); err != nil {
				failed = append(failed, fmt.Errorf("company %s: %w", company, err))
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// sealBatch seals one batch of a company's entries, and reports whether this sealer should look for more.
func (s *Sealer) sealBatch(ctx context.Context, company uuid.UUID) (more bool, err error) {
	count := 0
	err = s.store.InTx(ctx, company, func(tx *postgres.Tx) error {
		mine, err := tx.TryLockSealing(ctx, company.String())
		if err != nil || !mine {
			return err
		}
		last, err := tx.GetLastSeal(ctx, company)
		if err != nil && !fault.Is(err, fault.ResourceNotFound) {
			return err
		}
		rows, err := tx.ListPendingAuditLogs(ctx, db.ListPendingAuditLogsParams{
			CompanyID: company, MaxRows: sealBatch,
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		seals := db.InsertSealsParams{CompanyID: company}
		for _, row := range rows {
			last.Sequence, last.Hash = last.Sequence+1, Link(last.Hash, last.Sequence+1, row)
			seals.Sequences = append(seals.Sequences, last.Sequence)
			seals.AuditLogIds = append(seals.AuditLogIds, row.ID)
			seals.Hashes = append(seals.Hashes, last.Hash)
		}
		if err := tx.InsertSeals(ctx, seals); err != nil {
			return err
		}
		count = len(rows)
		return tx.DeletePendingAuditLogs(ctx, db.DeletePendingAuditLogsParams{
			CompanyID: company, AuditLogIds: seals.AuditLogIds,
		})
	})
	if err == nil {
		s.sealed(count)
	}
	return err == nil && count == sealBatch, err
}
