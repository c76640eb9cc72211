// Package audit writes the audit log and seals it against changes.
//
// An entry is written in the transaction of the act that it records, so that neither exists without the other. Failed
// and denied acts are recorded in a transaction of their own. The actor is an argument, and knows the request that it
// acts through. Acts of the service itself have the system of the company as their actor.
//
// A Sealer links the entries of each company into a hash chain; Verify recomputes the chain and reports every entry
// that was changed, deleted or inserted without the service.
package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// Action is the name of an act, as resource.verb. The specification lists all actions: new ones may be added, existing
// ones never change.
type Action string

// The actions.
const (
	Login           Action = "auth.login"
	Logout          Action = "auth.logout"
	TokenRefreshed  Action = "auth.token_refreshed"
	TokenReused     Action = "auth.token_reused"
	PasswordChanged Action = "auth.password_changed"
	PasswordReset   Action = "auth.password_reset"
	// ResetRequested is the mail with a link to choose a password.
	ResetRequested     Action = "auth.password_reset_requested"
	SessionRevoked     Action = "session.revoked"
	AccessDenied       Action = "access.denied"
	UserCreated        Action = "user.created"
	UsersExported      Action = "user.exported"
	UserUpdated        Action = "user.updated"
	UserDeactivated    Action = "user.deactivated"
	UserReactivated    Action = "user.reactivated"
	UserRoleChanged    Action = "user.role_changed"
	UserUnlocked       Action = "user.unlocked"
	CompanyCreated     Action = "company.created"
	CompanyUpdated     Action = "company.updated"
	CompanyDeactivated Action = "company.deactivated"
	CompanyReactivated Action = "company.reactivated"
	AuditExported      Action = "audit.exported"
	AuditVerified      Action = "audit.verified"
	AuditErased        Action = "audit.erased"
	AuditExpired       Action = "audit.expired"

	CompanyReset      Action = "company.reset"
	TestCompanyOpened Action = "company.test_opened"
	TestCompanyClosed Action = "company.test_closed"
	APIKeyCreated     Action = "api_key.created"
	APIKeyUpdated     Action = "api_key.updated"
	APIKeyRotated     Action = "api_key.rotated"
	APIKeyRevoked     Action = "api_key.revoked"

	JobCreated             Action = "job.created"
	JobsExported           Action = "job.exported"
	JobUpdated             Action = "job.updated"
	JobOpened              Action = "job.opened"
	JobHeld                Action = "job.held"
	JobClosed              Action = "job.closed"
	JobMemberSet           Action = "job.member_set"
	JobMemberRemoved       Action = "job.member_removed"
	CandidateCreated       Action = "candidate.created"
	CandidateUpdated       Action = "candidate.updated"
	CandidateArchived      Action = "candidate.archived"
	CandidateRestored      Action = "candidate.restored"
	CandidatesImported     Action = "candidate.imported"
	CandidatesExported     Action = "candidate.exported"
	CandidateMerged        Action = "candidate.merged"
	CandidateMergeUndone   Action = "candidate.merge_undone"
	CandidateDistinguished Action = "candidate.distinguished"
	ApplicationCreated     Action = "application.created"
	ApplicationMoved       Action = "application.moved"
	ApplicationHeld        Action = "application.held"
	ApplicationResumed     Action = "application.resumed"
	ApplicationRejected    Action = "application.rejected"
	ApplicationWithdrawn   Action = "application.withdrawn"
	ApplicationReactivated Action = "application.reactivated"
	ApplicationsExported   Action = "application.exported"
	KitCreated             Action = "kit.created"
	KitUpdated             Action = "kit.updated"
	KitVersionCreated      Action = "kit.version_created"
	KitVersionUpdated      Action = "kit.version_updated"
	KitVersionPublished    Action = "kit.version_published"
	KitVersionArchived     Action = "kit.version_archived"
	InterviewCreated       Action = "interview.created"
	InterviewsExported     Action = "interview.exported"
	InterviewUpdated       Action = "interview.updated"
	InterviewScheduled     Action = "interview.scheduled"
	InterviewRescheduled   Action = "interview.rescheduled"
	InterviewResponded     Action = "interview.responded"
	InterviewStarted       Action = "interview.started"
	InterviewFinished      Action = "interview.finished"
	InterviewMissed        Action = "interview.no_show"
	InterviewCancelled     Action = "interview.cancelled"
	InterviewCompleted     Action = "interview.completed"
	InterviewReopened      Action = "interview.reopened"
	PanelistSet            Action = "interview.panelist_set"
	PanelistRemoved        Action = "interview.panelist_removed"
	ScoreCreated           Action = "score.created"
	ScoreUpdated           Action = "score.updated"
	ScoreSubmitted         Action = "score.submitted"
	ScoreReopened          Action = "score.reopened"
	ScoreVoided            Action = "score.voided"
	ScoresExported         Action = "score.exported"
)

// The types of resource. An act on a kit version is recorded for the kit, with the version in the details.
const (
	User        = "user"
	Session     = "session"
	Company     = "company"
	APIKey      = "api_key"
	AuditLog    = "audit_log"
	Job         = "job"
	Candidate   = "candidate"
	Application = "application"
	Kit         = "kit"
	Interview   = "interview"
	Score       = "score"
	Operation   = "operation"
)

// Details are the data of an entry that have no column. They must not contain a password, a token or another secret.
type Details map[string]any

// Change is the value of an attribute before and after an act.
type Change struct {
	From any `json:"from"`
	To   any `json:"to"`
}

// Diff returns the attributes that differ, as the details of a change. Both maps must have the same keys.
func Diff(from, to map[string]any) Details {
	changes := map[string]Change{}
	for name, was := range from {
		if is := to[name]; !reflect.DeepEqual(was, is) {
			changes[name] = Change{was, is}
		}
	}
	return Details{"changes": changes}
}

// Entry describes an act to record.
type Entry struct {
	Action   Action
	Resource string
	// ID is the id of the resource; nil if there is none.
	ID *uuid.UUID
	// Outcome is the outcome; empty stands for success.
	Outcome stored.AuditOutcome
	Details Details
}

// Recorder writes entries.
type Recorder struct {
	clock clock.Source
}

// NewRecorder returns a recorder that takes times and ids from a source.
func NewRecorder(source clock.Source) *Recorder { return &Recorder{source} }

// Record writes an entry about an act of an actor in tx, which must act for the actor's company. The entry is sent with
// the next statement of tx, or with its commit. Nobody cannot have acted: without a kind of actor it fails.
func (r *Recorder) Record(ctx context.Context, tx *postgres.Tx, actor access.Actor, e Entry) error {
	details := e.Details
	if details == nil {
		details = Details{}
	}
	row, err := r.entry(actor, e, details)
	if err != nil {
		return err
	}
	row.IP, row.UserAgent, row.RequestID = Address(actor.Origin.IP), actor.Origin.UserAgent, actor.Origin.RequestID
	return r.insert(ctx, tx, row)
}

// recordPlain writes an entry without the client and the request, and returns its id. It is never erased.
func (r *Recorder) recordPlain(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, e Entry, details any,
) (uuid.UUID, error) {
	row, err := r.entry(actor, e, details)
	if err != nil {
		return row.ID, err
	}
	return row.ID, r.insert(ctx, tx, row)
}

func (r *Recorder) entry(actor access.Actor, e Entry, details any) (db.InsertAuditLogParams, error) {
	if actor.Kind == "" {
		return db.InsertAuditLogParams{}, fmt.Errorf("audit: the act %s has no actor", e.Action)
	}
	encoded, err := json.Marshal(details)
	if err != nil {
		return db.InsertAuditLogParams{}, fmt.Errorf("encode audit details: %w", err)
	}
	row := db.InsertAuditLogParams{
		CompanyID: actor.CompanyID, ID: r.clock.ID(), CreatedAt: r.clock.Now(),
		ActorType: actor.Kind, ActorID: &actor.ID,
		Action: string(e.Action), ResourceType: e.Resource, ResourceID: e.ID,
		Outcome: e.Outcome, Details: storable(encoded),
	}
	if row.Outcome == "" {
		row.Outcome = stored.AuditOutcomeSuccess
	}
	if actor.SessionID != uuid.Nil {
		row.SessionID = &actor.SessionID
	}
	return row, nil
}

// insert adds the salt and the input of the digest.
func (r *Recorder) insert(ctx context.Context, tx *postgres.Tx, row db.InsertAuditLogParams) error {
	row.Salt = r.clock.Bytes(saltSize)
	row.DigestHead = payloadHead(row.Salt, row.IP, row.UserAgent, row.RequestID)
	return tx.Later().InsertAuditLog(ctx, row)
}

// storable replaces U+0000 in encoded JSON, which PostgreSQL's jsonb rejects, by U+FFFD: no text that a client sends
// may prevent an entry. Backslashes are read in pairs, so that an escaped backslash before u0000 is not mistaken for an
// escape.
func storable(encoded []byte) []byte {
	if !bytes.Contains(encoded, []byte(`\u0000`)) {
		return encoded
	}
	return []byte(strings.NewReplacer(`\\`, `\\`, `\u0000`, `\ufffd`).Replace(string(encoded)))
}

// Address converts an IP address to the form that PostgreSQL stores; nil if it is not known.
func Address(ip netip.Addr) *netip.Addr {
	if !ip.IsValid() {
		return nil
	}
	ip = ip.Unmap().WithZone("")
	return &ip
}
