package audit

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

const (
	// monthsAhead is how many months have a partition before they begin.
	monthsAhead = 24
	// expirePage is the number of seals that a query reads to find the last one that expires.
	expirePage = 2_000
	// late is how much later than a later entry an entry can be created, by another clock or in a longer transaction.
	late = 24 * time.Hour
)

// CreatePartitions creates the partitions of the audit log for this month and the next 24, as far as they do not exist,
// and returns their number. Call it daily. Entries of a month without a partition are stored in a default partition.
func CreatePartitions(ctx context.Context, s *postgres.Store) (int, error) {
	created, err := s.Lookup().CreateAuditMonths(ctx, monthsAhead)
	return int(created), err
}

// Expired is the result of Expire.
type Expired struct {
	// Companies is the number of companies of which entries have expired.
	Companies int
	// Entries is the number of seals that were deleted.
	Entries int64
	// Partitions is the number of partitions that were removed.
	Partitions int
}

// expiry is the details of an entry about an expiry, which names the base of the chain.
type expiry struct {
	Sequence      int64     `json:"sequence"`
	Hash          string    `json:"hash"`
	ExpiredBefore time.Time `json:"expired_before"`
}

// Drain deletes the rows of a table in batches: it calls remove until that deletes fewer rows than it was asked to.
type Drain func(ctx context.Context, table string, remove func(ctx context.Context, atMost int) (int64, error)) error

// Expire removes the months of the audit log that ended longer ago than the retention, at least 30 days. Call it daily.
//
// For each company it records audit.expired, which names the last entry that expires and its hash, and makes it the
// base of the chain in the same transaction. Then it deletes the seals up to the bases, in batches to which all
// companies contribute, and once no company has any, the partitions. If it is interrupted, the next call continues. If
// the entries of a company cannot expire, those of the others do, and partitions with its entries remain.
func Expire(
	ctx context.Context, s *postgres.Store, r *Recorder, retention time.Duration, drain Drain,
) (result Expired, err error) {
	// A day more than the retention, because an entry that was created just after the end of the month can expire too.
	oldest := r.clock.Now().Add(-retention - late)
	before := time.Date(oldest.Year(), oldest.Month(), 1, 0, 0, 0, 0, time.UTC)
	companies, err := s.Lookup().AllCompanies(ctx)
	if err != nil {
		return Expired{}, err
	}
	failed := map[uuid.UUID]error{}
	for _, company := range companies {
		moved, err := expireCompany(ctx, s, r, company.ID, before)
		if err != nil {
			failed[company.ID] = fmt.Errorf("company %s: %w", company.ID, err)
		}
		if moved {
			result.Companies++
		}
		if ctx.Err() != nil {
			break
		}
	}
	err = drain(ctx, "audit_seals", func(ctx context.Context, atMost int) (int64, error) {
		n, err := forgetSeals(ctx, s, atMost, failed)
		result.Entries += n
		return n, err
	})
	all := append(slices.Collect(maps.Values(failed)), err)
	if err == nil {
		dropped, err := s.Lookup().DropAuditMonths(ctx, before)
		result.Partitions = int(dropped)
		all = append(all, err)
	}
	return result, errors.Join(all...)
}

// expireCompany moves the base of a company after its last entry that expires, and reports whether there is one.
func expireCompany(
	ctx context.Context, s *postgres.Store, r *Recorder, company uuid.UUID, before time.Time,
) (moved bool, err error) {
	last, err := lastExpired(ctx, s.Of(company), company, before)
	if err != nil || last.Sequence == 0 {
		return false, err
	}
	return moveBase(ctx, s, r, company, last, before)
}

// forgetSeals deletes at most so many seals up to the bases of their companies, the same number of each company that
// has enough, and returns their number. It adds companies whose seals cannot be deleted to failed, and skips those.
func forgetSeals(ctx context.Context, s *postgres.Store, atMost int, failed map[uuid.UUID]error) (int64, error) {
	left, err := s.Lookup().ListCompaniesWithExpiredSeals(ctx)
	deleted := 0
	for err == nil && deleted < atMost && len(left) > 0 {
		share, more := max(1, (atMost-deleted)/len(left)), left[:0]
		for _, company := range left {
			if failed[company] != nil || deleted >= atMost {
				continue
			}
			n, err := forgetSealsOf(ctx, s, company, share)
			if err != nil {
				failed[company] = fmt.Errorf("company %s: %w", company, err)
			}
			deleted += n
			if n == share {
				more = append(more, company)
			}
		}
		left, err = more, ctx.Err()
	}
	return int64(deleted), err
}

func forgetSealsOf(ctx context.Context, s *postgres.Store, company uuid.UUID, atMost int) (int, error) {
	var n int64
	err := s.InTx(ctx, company, func(tx *postgres.Tx) (err error) {
		n, err = tx.ForgetAuditSeals(ctx, db.ForgetAuditSealsParams{
			CompanyID: company, MaxRows: int32(atMost), //nolint:gosec // the size of a batch
		})
		return err
	})
	return int(n), err
}

// lastExpired returns the last position after the base whose entry was created before a time. The positions up to it
// are those of entries that were created less than a day later.
func lastExpired(ctx context.Context, tenant *db.Queries, company uuid.UUID, before time.Time) (Position, error) {
	base, err := readBase(ctx, tenant, company)
	if err != nil {
		return Position{}, err
	}
	var last Position
	for from := base.Sequence + 1; ; {
		seals, err := tenant.ListSealTimes(ctx, db.ListSealTimesParams{
			CompanyID: company, FromSequence: from, MaxRows: expirePage,
		})
		if err != nil {
			return Position{}, err
		}
		for _, one := range seals {
			switch {
			case one.CreatedAt == nil: // the entry is missing: it expires together with the next one
			case !one.CreatedAt.Before(before.Add(late)):
				return last, nil
			case one.CreatedAt.Before(before):
				last = Position{one.Sequence, one.Hash}
			}
			from = one.Sequence + 1
		}
		if len(seals) < expirePage {
			return last, nil
		}
	}
}

// moveBase records the expiry, seals the entry about it, so that the chain never is without a seal, and moves the base.
// It reports false if another process seals at the moment; the next call of Expire tries again.
func moveBase(
	ctx context.Context, s *postgres.Store, r *Recorder, company uuid.UUID, last Position, before time.Time,
) (moved bool, err error) {
	err = s.InTx(ctx, company, func(tx *postgres.Tx) error {
		mine, err := tx.TryLockSealing(ctx, company.String())
		if err != nil || !mine {
			return err
		}
		base, err := tx.GetAuditBase(ctx, company)
		if err != nil && !fault.Is(err, fault.ResourceNotFound) || base.Sequence >= last.Sequence {
			return err // another process has moved it
		}
		entry, err := r.recordPlain(ctx, tx, access.System(company), Entry{Action: AuditExpired, Resource: AuditLog}, expiry{
			Sequence: last.Sequence, Hash: hex.EncodeToString(last.Hash), ExpiredBefore: before,
		})
		if err != nil {
			return err
		}
		for n := sealBatch; n == sealBatch; {
			if n, err = sealNext(ctx, tx.Queries, company); err != nil {
				return err
			}
		}
		moved = true
		return tx.MoveAuditBase(ctx, db.MoveAuditBaseParams{CompanyID: company, EntryID: entry})
	})
	return moved && err == nil, err
}
