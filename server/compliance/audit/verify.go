package audit

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

const (
	// VerifyAtMost is how many links a caller of the service may have checked at once.
	VerifyAtMost = 100_000
	// findingsAtMost is how many findings one verification names.
	findingsAtMost = 100
	verifyBatch    = 2_000
)

// Finding is one thing that is not as it was sealed.
type Finding struct {
	Kind api.AuditFindingKind
	// Sequence is the place in the chain, 0 where there is none.
	Sequence int64
	// ID is the entry, nil where it is gone.
	ID *uuid.UUID
}

// Verification is what a walk along a chain has found.
type Verification struct {
	Checked int
	// Head and Hash are the last link that was checked; 0 and nil where there was none.
	Head int64
	Hash []byte
	// Next is where the next walk goes on; 0 when the end was reached.
	Next     int64
	Pending  int64
	Findings []Finding
}

// Verify walks a company's chain from a sequence on and recomputes every link, at most so many of them. A link whose
// hash does not follow from its row and the hash before it is named as altered; the walk goes on from the hash that
// stands there, so that each finding is one of its own. At the chain's end it also names rows that never came by the
// service.
func Verify(ctx context.Context, s *postgres.Store, company uuid.UUID, from int64, atMost int) (Verification, error) {
	w := walk{tenant: s.Of(company), company: company, expected: from}
	if err := w.begin(ctx); err != nil {
		return w.Verification, err
	}
	for w.Next == 0 {
		batch := min(verifyBatch, atMost-w.Checked)
		links, err := w.tenant.ListSeals(ctx, db.ListSealsParams{
			CompanyID: company, FromSequence: w.expected, MaxRows: int32(batch) + 1, //nolint:gosec // at most 2,001
		})
		if err != nil {
			return w.Verification, err
		}
		last := len(links) <= batch
		if err := w.follow(ctx, links[:min(len(links), batch)]); err != nil {
			return w.Verification, err
		}
		switch {
		case last:
			return w.Verification, w.finish(ctx)
		case w.Checked == atMost:
			w.Next = w.expected
		}
	}
	return w.Verification, nil
}

// walk is a verification on its way along the chain.
type walk struct {
	Verification
	tenant  *db.Queries
	company uuid.UUID
	// expected is the sequence that comes next, and before the hash that its link builds on; nil where it is not known.
	expected int64
	before   []byte
}

// begin reads the hash that the first link builds on.
func (w *walk) begin(ctx context.Context) (err error) {
	if w.expected == 1 {
		return nil
	}
	w.before, err = w.tenant.GetSealHash(ctx, db.GetSealHashParams{
		CompanyID: w.company, Sequence: w.expected - 1,
	})
	if fault.Is(err, fault.ResourceNotFound) { // where there are later links, this one is missing
		w.expected--
		return nil
	}
	return err
}

// follow checks links, each against its row and the one before it.
func (w *walk) follow(ctx context.Context, links []db.ListSealsRow) error {
	ids := make([]uuid.UUID, len(links))
	for i, link := range links {
		ids[i] = link.AuditLogID
	}
	rows, err := w.tenant.ListSealedAuditLogs(ctx, db.ListSealedAuditLogsParams{CompanyID: w.company, Ids: ids})
	if err != nil {
		return err
	}
	sealed := make(map[uuid.UUID]db.AuditLog, len(rows))
	for _, row := range rows {
		sealed[row.ID] = row
	}
	for _, link := range links {
		for ; w.expected < link.Sequence; w.expected++ {
			w.before = nil
			if !w.find(Finding{Kind: api.AuditFindingKindMissing, Sequence: w.expected}) {
				w.expected = link.Sequence
				break
			}
		}
		w.check(link, sealed)
	}
	return nil
}

// check holds one link against its row. What a link builds on is not known behind a gap: there the row cannot be
// checked, and the gap has been named.
func (w *walk) check(link db.ListSealsRow, sealed map[uuid.UUID]db.AuditLog) {
	row, found := sealed[link.AuditLogID]
	known := w.before != nil || link.Sequence == 1
	switch {
	case !found:
		w.find(Finding{Kind: api.AuditFindingKindMissing, Sequence: link.Sequence})
	case known && !bytes.Equal(Link(w.before, link.Sequence, row), link.Hash):
		w.find(Finding{Kind: api.AuditFindingKindAltered, Sequence: link.Sequence, ID: &row.ID})
	}
	w.Checked++
	w.Head, w.Hash = link.Sequence, link.Hash
	w.expected, w.before = link.Sequence+1, link.Hash
}

// finish looks at what stands outside the chain.
func (w *walk) finish(ctx context.Context) error {
	strangers, err := w.tenant.ListUnsealedAuditLogs(ctx, db.ListUnsealedAuditLogsParams{
		CompanyID: w.company, MaxRows: findingsAtMost,
	})
	if err != nil {
		return err
	}
	for _, id := range strangers {
		w.find(Finding{Kind: api.AuditFindingKindUnsealed, ID: &id})
	}
	w.Pending, err = w.tenant.CountPendingAuditLogs(ctx, w.company)
	return err
}

// find keeps a finding and reports whether there is room for more.
func (w *walk) find(f Finding) bool {
	if len(w.Findings) < findingsAtMost {
		w.Findings = append(w.Findings, f)
	}
	return len(w.Findings) < findingsAtMost
}
