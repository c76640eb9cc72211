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
	// VerifyAtMost is the largest number of entries that one request verifies.
	VerifyAtMost = 100_000
	// findingsAtMost is the largest number of findings that one verification reports.
	findingsAtMost = 100
	verifyBatch    = 2_000
)

// Finding is one deviation from what was sealed.
type Finding struct {
	Kind api.AuditFindingKind
	// Sequence is the position in the chain; 0 if there is none.
	Sequence int64
	// ID is the id of the entry; nil if the entry is missing.
	ID *uuid.UUID
}

// Verification is the result of a verification.
type Verification struct {
	// Checked is the number of entries that were checked.
	Checked int
	// Head and Hash are the position and the hash of the last entry that was checked; 0 and nil if there was none.
	Head int64
	Hash []byte
	// Next is the position at which the next verification continues; 0 if the end of the chain was reached.
	Next int64
	// Pending is the number of entries that are not sealed yet; 0 unless the end of the chain was reached.
	Pending  int64
	Findings []Finding
}

// Verify recomputes the hash chain of a company from a position on, for at most atMost entries. An entry whose hash
// does not follow from its row and from the hash before it is reported as altered. The verification then continues from
// the stored hash, so that one change does not cause further findings. At the end of the chain, Verify also reports
// rows that the service did not write.
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

// walk is a verification in progress.
type walk struct {
	Verification
	tenant  *db.Queries
	company uuid.UUID
	// expected is the next position, and before the hash of the position before it; nil if that is not known.
	expected int64
	before   []byte
}

// begin reads the hash before the first position.
func (w *walk) begin(ctx context.Context) (err error) {
	if w.expected == 1 {
		return nil
	}
	w.before, err = w.tenant.GetSealHash(ctx, db.GetSealHashParams{
		CompanyID: w.company, Sequence: w.expected - 1,
	})
	if fault.Is(err, fault.ResourceNotFound) { // if there are later entries, this one is missing
		w.expected--
		return nil
	}
	return err
}

// follow checks some links, each against its row and the link before it.
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

// check compares one link with its row. After a gap, the hash before the link is not known: the row cannot be checked,
// and the gap was reported already.
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

// finish looks for rows outside the chain.
func (w *walk) finish(ctx context.Context) error {
	unsealed, err := w.tenant.ListUnsealedAuditLogs(ctx, db.ListUnsealedAuditLogsParams{
		CompanyID: w.company, MaxRows: findingsAtMost,
	})
	if err != nil {
		return err
	}
	for _, id := range unsealed {
		w.find(Finding{Kind: api.AuditFindingKindUnsealed, ID: &id})
	}
	w.Pending, err = w.tenant.CountPendingAuditLogs(ctx, w.company)
	return err
}

// find adds a finding and reports whether more can be added.
func (w *walk) find(f Finding) bool {
	if len(w.Findings) < findingsAtMost {
		w.Findings = append(w.Findings, f)
	}
	return len(w.Findings) < findingsAtMost
}
