// Package mail sends mails to users.
//
// # Rows and jobs
//
// The act that causes a mail adds a row to the table mails and a job that sends it, in its transaction, with an Outbox.
// The row names the user and the kind of mail and has no text and no address: a Sender renders the mail when it sends
// it, in the language of the user.
//
// # Once
//
// A Sender connects, records that it is sending, hands the mail over, and records the result. If the process dies or
// the connection fails in between, nobody knows whether the server has accepted the mail. It is then recorded as
// unknown and not sent again. Everything before that can be repeated, and is.
//
// # Links
//
// The token of a link is derived from the id of the mail by HMAC, with a key for this purpose, and is not stored.
// Whether the link is still valid is in the row.
//
// A new kind of mail is a value of stored.MailKind, a migration that permits it, and its texts in every language.
package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/worker"
)

const (
	// attempts is how often a mail is tried: with River's pauses, for about a day.
	attempts = 14
	// kept is how long the row of a mail is kept.
	kept = 30 * 24 * time.Hour
	// ResetLifetime is how long the link of a mail of the kind password_reset is valid.
	ResetLifetime = 30 * time.Minute
)

// Send are the arguments of the job that sends a mail.
type Send struct {
	CompanyID, MailID uuid.UUID
}

// Kind is the name of the job.
func (Send) Kind() string { return "send_mail" }

// JobKind describes how jobs of the kind Send are run.
func JobKind() worker.Kind { return worker.Kind{Queue: worker.QueueMail, Attempts: attempts} }

// Kinds lists the kinds of mails.
func Kinds() []stored.MailKind {
	return []stored.MailKind{stored.MailKindPasswordReset, stored.MailKindPasswordChanged}
}

// lifetime returns how long the link of a kind of mail is valid; 0 if it has none.
func lifetime(kind stored.MailKind) time.Duration {
	if kind == stored.MailKindPasswordReset {
		return ResetLifetime
	}
	return 0
}

// Outbox adds mails in the transaction of the act that causes them. Both fields are required.
type Outbox struct {
	Clock clock.Source
	// Enqueue inserts the job that sends a mail.
	Enqueue func(ctx context.Context, tx *postgres.Tx, args Send) error
}

// Add adds a mail to a user of the transaction's company. It adds none, and returns false, if there is a mail with the
// id.
func (o Outbox) Add(
	ctx context.Context, tx *postgres.Tx, company, id, user uuid.UUID, kind stored.MailKind,
) (added bool, err error) {
	now := o.Clock.Now()
	row := db.InsertMailParams{CompanyID: company, ID: id, UserID: user, Kind: kind, Now: now}
	if valid := lifetime(kind); valid > 0 {
		until := now.Add(valid)
		row.LinkExpiresAt = &until
	}
	inserted, err := tx.InsertMail(ctx, row)
	if err != nil || inserted == 0 {
		return false, err
	}
	return true, o.Enqueue(ctx, tx, Send{company, id})
}

// PasswordChanged adds the mail that tells a user that their password was changed. Users cannot turn it off.
func (o Outbox) PasswordChanged(ctx context.Context, tx *postgres.Tx, company, user uuid.UUID) error {
	_, err := o.Add(ctx, tx, company, o.Clock.ID(), user, stored.MailKindPasswordChanged)
	return err
}

// Waiting returns the number of mails that wait, by kind, of all companies.
func Waiting(ctx context.Context, store *postgres.Store) (map[string]int64, error) {
	rows, err := store.Lookup().CountWaitingMails(ctx)
	if err != nil {
		return nil, err
	}
	waiting := make(map[string]int64, len(Kinds()))
	for _, kind := range Kinds() {
		waiting[string(kind)] = 0
	}
	for _, row := range rows {
		waiting[row.Kind] = row.Mails
	}
	return waiting, nil
}

// DeleteOld deletes mails of all companies that are older than 30 days, at most so many, the oldest first.
func DeleteOld(ctx context.Context, store *postgres.Store, now time.Time, atMost int) (int64, error) {
	return store.Lookup().DeleteOldMails(ctx, db.DeleteOldMailsParams{
		Before: now.Add(-kept), AtMost: int32(atMost), //nolint:gosec // a batch
	})
}
