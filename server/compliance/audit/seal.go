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

// Sealer links rows into each company's chain shortly after they were committed, so that writing a row waits for
// nobody. Every replica has one; for each company one of them works at a time.
type Sealer struct {
	store  *postgres.Store
	log    *slog.Logger
	sealed func(n int)
}

// NewSealer takes a function that is told how many rows were sealed.
func NewSealer(s *postgres.Store, log *slog.Logger, sealed func(n int)) *Sealer {
	return &Sealer{s, log, sealed}
}

// Run seals again and again until the context ends.
func (s *Sealer) Run(ctx context.Context) {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	complained := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.Seal(ctx)
		if err != nil && !complained && !errors.Is(err, context.Canceled) {
			s.log.WarnContext(ctx, "audit rows wait for their seal", slog.Any("error", err))
		}
		complained = err != nil
	}
}

// Seal seals everything that waits. A company whose rows cannot be sealed does not keep the others from it.
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

// sealBatch seals some rows of a company, and reports whether there may be more for this sealer to do.
func (s *Sealer) sealBatch(ctx context.Context, company uuid.UUID) (more bool, err error) {
	count := 0
	err = s.store.InTx(ctx, company, func(tx *db.Queries) error {
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
