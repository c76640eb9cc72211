package audit

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/fault"
	"github.com/ai-interviewer-platform/interviewer/server/store"
)

const (
	// VerifyAtMost is how many links one verification checks.
	VerifyAtMost = 100_000
	// findingsAtMost is how many findings it names.
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

// Verify walks a company's chain from a sequence on and recomputes every link. A link whose hash does not follow from its
// row and the hash before it is named as altered; the walk goes on from the hash that stands there, so that each finding
// is one of its own. At the chain's end it also names rows that never came by the service.
func Verify(ctx context.Context, s *store.Store, company uuid.UUID, from int64) (Verification, error) {
	queries, tenant := db.New(), s.Of(company)
	v := Verification{}
	expected := from
	if from > 1 {
		hash, err := queries.GetSealHash(ctx, tenant, db.GetSealHashParams{CompanyID: company, Sequence: from - 1})
		if err != nil && !fault.Is(err, fault.ResourceNotFound) {
			return v, err
		}
		v.Hash = hash
	}
	for v.Checked < VerifyAtMost {
		links, err := queries.ListSeals(ctx, tenant, db.ListSealsParams{
			CompanyID: company, FromSequence: expected, MaxRows: min(verifyBatch, int32(VerifyAtMost-v.Checked)), //nolint:gosec // at most 100,000
		})
		if err != nil {
			return v, err
		}
		for _, link := range links {
			v.follow(link, expected)
			expected = link.Sequence + 1
		}
		if len(links) < verifyBatch && v.Checked < VerifyAtMost {
			return v, v.finish(ctx, s, company)
		}
	}
	v.Next = expected
	return v, nil
}

// follow checks one link against the one before it.
func (v *Verification) follow(link db.ListSealsRow, expected int64) {
	if link.Sequence != expected {
		v.find(Finding{Kind: api.AuditFindingKindMissing, Sequence: expected})
	} else if !bytes.Equal(Link(v.Hash, link.Sequence, link.AuditLog), link.Hash) {
		v.find(Finding{Kind: api.AuditFindingKindAltered, Sequence: link.Sequence, ID: &link.AuditLog.ID})
	}
	v.Checked++
	v.Head, v.Hash = link.Sequence, link.Hash
}

// finish looks at what stands outside the chain.
func (v *Verification) finish(ctx context.Context, s *store.Store, company uuid.UUID) error {
	queries, tenant := db.New(), s.Of(company)
	strangers, err := queries.ListUnsealedAuditLogs(ctx, tenant, db.ListUnsealedAuditLogsParams{
		CompanyID: company, MaxRows: findingsAtMost,
	})
	if err != nil {
		return err
	}
	for _, id := range strangers {
		v.find(Finding{Kind: api.AuditFindingKindUnsealed, ID: &id})
	}
	v.Pending, err = queries.CountPendingAuditLogs(ctx, tenant, company)
	return err
}

func (v *Verification) find(f Finding) {
	if len(v.Findings) < findingsAtMost {
		v.Findings = append(v.Findings, f)
	}
}
