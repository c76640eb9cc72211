package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

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

// Position is a position of a company's chain and its hash.
type Position struct {
	Sequence int64
	Hash     []byte
}

// Verification is the result of a verification.
type Verification struct {
	// Checked is the number of entries that were checked.
	Checked int
	// Base is the position before the first entry: the entries up to there have expired. 0 if none has.
	Base int64
	// Head and Hash are the position and the hash of the last entry that was checked; 0 and nil if there was none.
	Head int64
	Hash []byte
	// Next is the position at which the next verification continues; 0 if the end of the chain was reached.
	Next int64
	// Pending is the number of entries that are not sealed yet; 0 unless the end of the chain was reached.
	Pending  int64
	Findings []Finding
}

// Add adds findings, except those about a position that a finding of the same kind names.
func (v *Verification) Add(findings ...Finding) {
	for _, f := range findings {
		named := slices.ContainsFunc(v.Findings, func(g Finding) bool { return f.Kind == g.Kind && f.Sequence == g.Sequence })
		if !named && len(v.Findings) < findingsAtMost {
			v.Findings = append(v.Findings, f)
		}
	}
}

// Verify recomputes the hash chain of a company from a position on, for at most atMost entries. An entry whose hash
// does not follow from its row and from the hash before it is reported as altered. The verification then continues from
// the stored hash, so that one change does not cause further findings. A payload that was erased must be listed by an
// entry about the erasure. At the end of the chain, Verify also reports rows that the service did not write. If the
// chain ends before the first position, that position is reported as missing.
//
// The chain begins at its base, which must be the one that the last entry about an expiry names; otherwise the base is
// reported as missing. Entries up to the base are not checked.
func Verify(ctx context.Context, s *postgres.Store, company uuid.UUID, from int64, atMost int) (Verification, error) {
	w := walk{tenant: s.Of(company), company: company, expected: from, named: map[uuid.UUID]bool{}}
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
			return w.Verification, w.finish(ctx, from)
		case w.Checked == atMost:
			w.Next = w.expected
		}
	}
	return w.Verification, nil
}

// Compare reports those positions, known from an earlier verification or a checkpoint, that the chain of a company does
// not contain: as missing if nothing is sealed there, and as replaced if the hash differs. Positions whose entries have
// expired are not compared; their number is the second result.
func Compare(ctx context.Context, s *postgres.Store, company uuid.UUID, known []Position) ([]Finding, int, error) {
	tenant := s.Of(company)
	base, err := readBase(ctx, tenant, company)
	if err != nil {
		return nil, 0, err
	}
	var findings []Finding
	expired := 0
	for _, one := range known {
		if one.Sequence < base.Sequence {
			expired++
			continue
		}
		hash, err := base.Hash, error(nil)
		if one.Sequence > base.Sequence {
			hash, err = tenant.GetSealHash(ctx, db.GetSealHashParams{CompanyID: company, Sequence: one.Sequence})
		}
		switch {
		case fault.Is(err, fault.ResourceNotFound):
			findings = append(findings, Finding{Kind: api.AuditFindingKindMissing, Sequence: one.Sequence})
		case err != nil:
			return findings, expired, err
		case !bytes.Equal(hash, one.Hash):
			findings = append(findings, Finding{Kind: api.AuditFindingKindReplaced, Sequence: one.Sequence})
		}
	}
	return findings, expired, nil
}

// walk is a verification in progress.
type walk struct {
	Verification
	tenant  *db.Queries
	company uuid.UUID
	base    db.AuditBase
	// expected is the next position, and before the hash of the position before it; nil if that is not known.
	expected int64
	before   []byte
	// named are the entries that a finding names.
	named map[uuid.UUID]bool
}

// begin reads the base and the hash before the first position.
func (w *walk) begin(ctx context.Context) (err error) {
	if w.base, err = readBase(ctx, w.tenant, w.company); err != nil {
		return err
	}
	w.Base = w.base.Sequence
	if err := w.checkBase(ctx); err != nil {
		return err
	}
	if w.expected <= w.base.Sequence+1 {
		w.expected, w.before = w.base.Sequence+1, w.base.Hash
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

// readBase returns the base of a company's chain; the zero value if no entry has expired.
func readBase(ctx context.Context, tenant *db.Queries, company uuid.UUID) (db.AuditBase, error) {
	base, err := tenant.GetAuditBase(ctx, company)
	if fault.Is(err, fault.ResourceNotFound) {
		return db.AuditBase{}, nil
	}
	return base, err
}

// checkBase reports the base as missing if it is not the one that the last entry about an expiry names.
func (w *walk) checkBase(ctx context.Context) error {
	entry, err := w.tenant.GetLastExpiry(ctx, w.company)
	if fault.Is(err, fault.ResourceNotFound) {
		if w.base.Sequence > 0 {
			w.find(Finding{Kind: api.AuditFindingKindMissing, Sequence: w.base.Sequence})
		}
		return nil
	}
	if err != nil {
		return err
	}
	var named expiry
	if err := json.Unmarshal(entry.Details, &named); err != nil {
		named = expiry{}
	}
	proven, err := w.proven(ctx, map[uuid.UUID]bool{entry.ID: true})
	if err != nil {
		return err
	}
	if _, found := proven[entry.ID]; !found || entry.ID != w.base.EntryID || named.Sequence != w.base.Sequence ||
		named.Hash != hex.EncodeToString(w.base.Hash) || !named.ExpiredBefore.Equal(w.base.ExpiredBefore) {
		w.find(Finding{Kind: api.AuditFindingKindMissing, Sequence: max(w.base.Sequence, named.Sequence)})
	}
	return nil
}

// proven returns those of some entries that the chain proves: they are sealed and unchanged, and not erased. Entries
// that wait for their seal are included.
func (w *walk) proven(ctx context.Context, ids map[uuid.UUID]bool) (map[uuid.UUID]db.AuditLog, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list := make([]uuid.UUID, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	rows, err := w.tenant.ListSealedAuditLogs(ctx, db.ListSealedAuditLogsParams{CompanyID: w.company, Ids: list})
	if err != nil {
		return nil, err
	}
	proven := make(map[uuid.UUID]db.AuditLog, len(rows))
	for _, row := range rows {
		entry := row.AuditLog
		if entry.Digest == nil || entry.ErasedBy != nil || !bytes.Equal(PayloadDigest(entry), entry.Digest) {
			continue
		}
		if row.Sequence == nil {
			pending, err := w.tenant.IsAuditLogPending(ctx, db.IsAuditLogPendingParams{CompanyID: w.company, ID: entry.ID})
			if err != nil {
				return nil, err
			}
			if pending {
				proven[entry.ID] = entry
			}
			continue
		}
		previous := row.Previous
		if *row.Sequence == w.base.Sequence+1 {
			previous = w.base.Hash
		}
		hash, err := link(*row.Format, previous, *row.Sequence, entry)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(hash, row.Hash) {
			proven[entry.ID] = entry
		}
	}
	return proven, nil
}

// follow checks some links, each against its row and the link before it.
func (w *walk) follow(ctx context.Context, links []db.ListSealsRow) error {
	sealed, err := w.read(ctx, links)
	if err != nil {
		return err
	}
	erasures := map[uuid.UUID]bool{}
	for _, rows := range sealed {
		for _, row := range rows {
			if row.ErasedBy != nil {
				erasures[*row.ErasedBy] = true
			}
		}
	}
	proven, err := w.proven(ctx, erasures)
	if err != nil {
		return err
	}
	lists := make(map[uuid.UUID]erasure, len(proven))
	for id, entry := range proven {
		lists[id] = readErasure(entry)
	}
	for _, one := range links {
		for ; w.expected < one.Sequence; w.expected++ {
			w.before = nil
			if !w.find(Finding{Kind: api.AuditFindingKindMissing, Sequence: w.expected}) {
				w.expected = one.Sequence
				break
			}
		}
		if err := w.check(ctx, one, sealed[one.AuditLogID], lists); err != nil {
			return err
		}
	}
	return nil
}

// read returns the rows of some links. Rows whose time was changed are found by their ids alone.
func (w *walk) read(ctx context.Context, links []db.ListSealsRow) (map[uuid.UUID][]db.AuditLog, error) {
	ids, created := make([]uuid.UUID, len(links)), period{}
	for i, one := range links {
		ids[i] = one.AuditLogID
		created.add(one.EntryCreatedAt)
	}
	sealed, err := readEntries(ctx, w.tenant, w.company, ids, created)
	if err != nil || created.open {
		return sealed, err
	}
	var elsewhere []uuid.UUID
	for _, id := range ids {
		if len(sealed[id]) == 0 {
			elsewhere = append(elsewhere, id)
		}
	}
	if len(elsewhere) == 0 {
		return sealed, nil
	}
	moved, err := readEntries(ctx, w.tenant, w.company, elsewhere, period{open: true})
	for id, rows := range moved {
		sealed[id] = rows
	}
	return sealed, err
}

// check compares one link with its row. After a gap, the hash before the link is not known: the row cannot be checked,
// and the gap was reported already.
func (w *walk) check(
	ctx context.Context, one db.ListSealsRow, rows []db.AuditLog, erasures map[uuid.UUID]erasure,
) error {
	known := w.before != nil || one.Sequence == 1
	intact := -1
	for i, row := range rows {
		same, err := w.matches(one, row, known, erasures)
		if err != nil {
			return err
		}
		if same {
			intact = i
			break
		}
	}
	switch {
	case len(rows) == 0:
		w.find(Finding{Kind: api.AuditFindingKindMissing, Sequence: one.Sequence})
	case intact < 0:
		w.name(Finding{Kind: api.AuditFindingKindAltered, Sequence: one.Sequence, ID: &rows[0].ID})
	default:
		if err := w.checkErased(ctx, rows[intact]); err != nil {
			return err
		}
		if len(rows) > 1 && one.EntryCreatedAt == nil { // otherwise the search for unsealed entries finds the others
			w.name(Finding{Kind: api.AuditFindingKindUnsealed, ID: &rows[intact].ID})
		}
	}
	w.Checked++
	w.Head, w.Hash = one.Sequence, one.Hash
	w.expected, w.before = one.Sequence+1, one.Hash
	return nil
}

// matches reports whether a row is what a link sealed.
func (w *walk) matches(
	one db.ListSealsRow, row db.AuditLog, known bool, erasures map[uuid.UUID]erasure,
) (bool, error) {
	switch {
	case row.ErasedBy != nil && !erasures[*row.ErasedBy].covers(one, row):
		return false, nil
	case row.ErasedBy == nil && row.Digest != nil && !bytes.Equal(PayloadDigest(row), row.Digest):
		return false, nil
	case !known, row.ErasedBy != nil && one.Format == formatWhole:
		return true, nil
	}
	hash, err := link(one.Format, w.before, one.Sequence, row)
	return bytes.Equal(hash, one.Hash), err
}

// checkErased reports the entries that an entry about an erasure lists and that have a payload nevertheless.
func (w *walk) checkErased(ctx context.Context, entry db.AuditLog) error {
	if entry.Action != string(AuditErased) {
		return nil
	}
	list := readErasure(entry)
	restored, err := w.tenant.ListUnerasedAuditLogs(ctx, db.ListUnerasedAuditLogsParams{
		CompanyID: w.company, Ids: list.Entries, EntryID: &entry.ID,
	})
	if err != nil {
		return err
	}
	for _, one := range restored {
		sequence := int64(0)
		if one.Sequence != nil {
			sequence = *one.Sequence
		}
		w.name(Finding{Kind: api.AuditFindingKindAltered, Sequence: sequence, ID: &one.ID})
	}
	return nil
}

// finish looks for rows outside the chain, and for a chain that ends before the first position that was asked for.
func (w *walk) finish(ctx context.Context, from int64) error {
	if from > 1 && w.Head < from && from > w.base.Sequence {
		w.find(Finding{Kind: api.AuditFindingKindMissing, Sequence: from})
	}
	unsealed, err := w.tenant.ListUnsealedAuditLogs(ctx, db.ListUnsealedAuditLogsParams{
		CompanyID: w.company, ExpiredBefore: w.keptFrom(), MaxRows: findingsAtMost,
	})
	if err != nil {
		return err
	}
	for _, id := range unsealed {
		w.name(Finding{Kind: api.AuditFindingKindUnsealed, ID: &id})
	}
	w.Pending, err = w.tenant.CountPendingAuditLogs(ctx, w.company)
	return err
}

// keptFrom is the time before which entries have expired.
func (w *walk) keptFrom() time.Time {
	if w.base.Sequence > 0 {
		return w.base.ExpiredBefore
	}
	from, _ := always()
	return from
}

// name adds a finding about an entry, unless another one names the entry.
func (w *walk) name(f Finding) {
	if !w.named[*f.ID] {
		w.named[*f.ID] = true
		w.find(f)
	}
}

// find adds a finding and reports whether more can be added.
func (w *walk) find(f Finding) bool {
	if len(w.Findings) < findingsAtMost {
		w.Findings = append(w.Findings, f)
	}
	return len(w.Findings) < findingsAtMost
}
