package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

const (
	// SealEvery is the pause between two rounds.
	SealEvery   = time.Second
	sealTimeout = 30 * time.Second
	// sealBatch is the maximum number of entries of a company that one round seals.
	sealBatch = 500
	// sealParallel is the number of companies that a round seals at the same time.
	sealParallel = 4
)

// Sealer adds entries to the hash chain of their company shortly after they were committed, so that writing an entry
// waits for no lock. One replica seals for all; for each company only one sealer works at a time.
type Sealer struct {
	store  *postgres.Store
	sealed func(n int)
}

// NewSealer returns a sealer that calls sealed with the number of entries of each batch.
func NewSealer(s *postgres.Store, sealed func(n int)) *Sealer { return &Sealer{s, sealed} }

// Seal seals all pending entries, round by round. If the entries of a company cannot be sealed, those of the others are
// sealed anyway.
func (s *Sealer) Seal(ctx context.Context) error {
	var failed []error
	for more := true; more; {
		var err error
		more, err = s.Round(ctx)
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// Round seals up to 500 entries of each company that has some, and reports whether a company has more. The company with
// the oldest entry comes first. A company that writes without a pause delays the others by one batch in each round. If
// the entries of a company cannot be sealed, those of the others are sealed anyway.
func (s *Sealer) Round(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	companies, err := s.store.Lookup().ListCompaniesAwaitingSeal(ctx)
	if err != nil {
		return false, err
	}
	failed := make([]error, len(companies))
	rest := make([]bool, len(companies))
	var all errgroup.Group
	all.SetLimit(sealParallel)
	for i, company := range companies {
		all.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			more, err := s.sealBatch(ctx, company.CompanyID)
			if err != nil {
				failed[i] = fmt.Errorf("company %s: %w", company.CompanyID, err)
			}
			rest[i] = more
			return nil
		})
	}
	err = all.Wait()
	return slices.Contains(rest, true), errors.Join(append(failed, err)...)
}

// Waiting returns the number of entries to seal of all companies, and the time of the oldest of them; the zero time for
// none.
func Waiting(ctx context.Context, s *postgres.Store) (entries int64, oldest time.Time, err error) {
	if entries, err = s.Lookup().CountAuditLogsAwaitingSeal(ctx); err != nil || entries == 0 {
		return 0, time.Time{}, err
	}
	companies, err := s.Lookup().ListCompaniesAwaitingSeal(ctx)
	if err != nil || len(companies) == 0 {
		return 0, time.Time{}, err
	}
	return entries, time.Unix(companies[0].OldestID.Time().UnixTime()).UTC(), nil
}

// sealBatch seals one batch of a company's entries, and reports whether this sealer should look for more.
func (s *Sealer) sealBatch(ctx context.Context, company uuid.UUID) (more bool, err error) {
	count := 0
	err = s.store.InTx(ctx, company, func(tx *postgres.Tx) error {
		mine, err := tx.TryLockSealing(ctx, company.String())
		if err != nil || !mine {
			return err
		}
		count, err = sealNext(ctx, tx.Queries, company)
		return err
	})
	if err == nil {
		s.sealed(count)
	}
	return err == nil && count == sealBatch, err
}

// sealNext seals the next batch of a company's entries in tx, which must hold the lock for sealing, and returns their
// number.
func sealNext(ctx context.Context, tx *db.Queries, company uuid.UUID) (int, error) {
	last, err := tx.GetLastSeal(ctx, company)
	if err != nil && !fault.Is(err, fault.ResourceNotFound) {
		return 0, err
	}
	pending, err := tx.ListPendingAuditLogs(ctx, db.ListPendingAuditLogsParams{CompanyID: company, MaxRows: sealBatch})
	if err != nil || len(pending) == 0 {
		return 0, err
	}
	ids, created := make([]uuid.UUID, len(pending)), period{}
	for i, one := range pending {
		ids[i] = one.AuditLogID
		created.add(one.EntryCreatedAt)
	}
	rows, err := readEntries(ctx, tx, company, ids, created)
	if err != nil {
		return 0, err
	}
	seals := db.InsertSealsParams{CompanyID: company}
	for _, one := range pending {
		row, found := entryOf(rows[one.AuditLogID], one.EntryCreatedAt)
		if !found {
			continue // it was removed without the service; an entry that was never sealed leaves no trace
		}
		last.Sequence++
		if last.Hash, err = link(formatOf(row), last.Hash, last.Sequence, row); err != nil {
			return 0, err
		}
		seals.Sequences = append(seals.Sequences, last.Sequence)
		seals.AuditLogIds = append(seals.AuditLogIds, row.ID)
		seals.Hashes = append(seals.Hashes, last.Hash)
		seals.Formats = append(seals.Formats, formatOf(row))
		seals.EntryCreatedAts = append(seals.EntryCreatedAts, row.CreatedAt)
	}
	if err := tx.InsertSeals(ctx, seals); err != nil {
		return 0, err
	}
	return len(pending), tx.DeletePendingAuditLogs(ctx, db.DeletePendingAuditLogsParams{
		CompanyID: company, AuditLogIds: ids,
	})
}

// period is a range of times of entries, which limits the partitions that a query reads.
type period struct {
	from, until time.Time
	// open is set if a time is not known, as with entries of earlier versions of the service.
	open bool
}

func (p *period) add(at *time.Time) {
	switch {
	case at == nil:
		p.open = true
	case p.from.IsZero():
		p.from, p.until = *at, *at
	case at.Before(p.from):
		p.from = *at
	case at.After(p.until):
		p.until = *at
	}
}

// readEntries returns those of some entries that exist and were created in a period, by id. Only in a table that was
// changed without the service can an id have several rows.
func readEntries(
	ctx context.Context, tx *db.Queries, company uuid.UUID, ids []uuid.UUID, created period,
) (map[uuid.UUID][]db.AuditLog, error) {
	from, until := created.from, created.until
	if created.open {
		from, until = always()
	}
	rows, err := tx.ListAuditLogsByID(ctx, db.ListAuditLogsByIDParams{
		CompanyID: company, Ids: ids, CreatedFrom: from, CreatedUntil: until,
	})
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID][]db.AuditLog, len(rows))
	for _, row := range rows {
		byID[row.ID] = append(byID[row.ID], row)
	}
	return byID, nil
}

// entryOf returns the row of an entry that was created at a time; any row if the time is not known.
func entryOf(rows []db.AuditLog, at *time.Time) (db.AuditLog, bool) {
	for _, row := range rows {
		if at == nil || row.CreatedAt.Equal(*at) {
			return row, true
		}
	}
	return db.AuditLog{}, false
}

// always is the range of all times that PostgreSQL stores.
func always() (from, until time.Time) {
	return time.Date(-4700, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(294_000, 1, 1, 0, 0, 0, 0, time.UTC)
}
