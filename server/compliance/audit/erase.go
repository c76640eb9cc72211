package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// eraseBatch is the largest number of entries that one entry about an erasure lists.
const eraseBatch = 200

// Subject selects the entries whose payload is erased: those about a resource, and those of the acts of an actor.
type Subject struct {
	// ResourceID is the id of a resource; nil for none.
	ResourceID *uuid.UUID `json:"resource_id,omitempty"`
	// ActorID is the id of an actor; nil for none.
	ActorID *uuid.UUID `json:"actor_id,omitempty"`
}

// erasure is the details of an entry about an erasure. It has no personal data, because it is never erased.
type erasure struct {
	Subject

	Count int `json:"count"`
	// Entries are the ids of the erased entries.
	Entries []uuid.UUID `json:"entries"`
	// Remaining has the remainingDigest, in hexadecimal, of those that were sealed in format 1.
	Remaining map[uuid.UUID]string `json:"remaining,omitempty"`
}

// readErasure returns the details of an entry about an erasure; the zero value for other entries.
func readErasure(entry db.AuditLog) erasure {
	var e erasure
	if entry.Action != string(AuditErased) || json.Unmarshal(entry.Details, &e) != nil {
		return erasure{}
	}
	return e
}

// covers reports whether a row without a payload is as the erasure left it.
func (e erasure) covers(sealed db.ListSealsRow, row db.AuditLog) bool {
	if row.IP != nil || row.UserAgent != "" || row.RequestID != "" || row.Salt != nil ||
		!bytes.Equal(row.Details, []byte("{}")) {
		return false
	}
	if sealed.Format == formatWhole {
		want := hex.EncodeToString(remainingDigest(sealed.Sequence, sealed.Hash, row))
		return e.Remaining[row.ID] == want
	}
	return slices.Contains(e.Entries, row.ID)
}

// Erase erases the payload (ip, user_agent, request_id and details) of the oldest entries about a subject that still
// have one, at most 200, records that, and returns their number. Call it again, in another transaction, until it
// returns 0. Entries that are not sealed yet are not erased; seal them before. The other columns remain, and the chain
// proves them. It fails with ConcurrentRequest if another erasure was faster.
func (r *Recorder) Erase(ctx context.Context, tx *postgres.Tx, actor access.Actor, subject Subject) (int, error) {
	company := actor.CompanyID
	rows, err := tx.ListErasableAuditLogs(ctx, db.ListErasableAuditLogsParams{
		CompanyID: company, ResourceID: subject.ResourceID, SubjectActor: subject.ActorID, MaxRows: eraseBatch,
	})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	list := erasure{Subject: subject, Count: len(rows), Remaining: map[uuid.UUID]string{}}
	for _, row := range rows {
		list.Entries = append(list.Entries, row.AuditLog.ID)
		if row.Format == formatWhole {
			list.Remaining[row.AuditLog.ID] = hex.EncodeToString(remainingDigest(row.Sequence, row.Hash, row.AuditLog))
		}
	}
	entry, err := r.recordPlain(ctx, tx, actor, Entry{Action: AuditErased, Resource: AuditLog}, list)
	if err != nil {
		return 0, err
	}
	erased, err := tx.EraseAuditLogs(ctx, db.EraseAuditLogsParams{CompanyID: company, EntryID: entry})
	if err != nil {
		return 0, err
	}
	if erased != int64(len(rows)) {
		return 0, fault.New(fault.ConcurrentRequest)
	}
	return len(rows), nil
}

// Erasable returns the number of entries about a subject that have a payload.
func Erasable(ctx context.Context, tenant *db.Queries, company uuid.UUID, subject Subject) (int64, error) {
	return tenant.CountErasableAuditLogs(ctx, db.CountErasableAuditLogsParams{
		CompanyID: company, ResourceID: subject.ResourceID, SubjectActor: subject.ActorID,
	})
}
