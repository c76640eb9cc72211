package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp"
)

// recordTime limits the statement that records a result. It does not end with the job: the server has the mail.
const recordTime = 10 * time.Second

// Sender sends mails.
type Sender struct {
	Store    *postgres.Store
	Clock    clock.Source
	Log      *slog.Logger
	Renderer Renderer
	// Server is nil if none is configured. Mails are then kept and not sent.
	Server *smtp.Server
	// Observe is called with the kind and the final state of a mail.
	Observe func(kind stored.MailKind, state stored.MailState)
}

// Send sends a mail, unless it was sent before. It returns an error if the mail can be tried again.
func (s *Sender) Send(ctx context.Context, args Send) error {
	row, err := s.Store.Of(args.CompanyID).GetMail(ctx, db.GetMailParams{CompanyID: args.CompanyID, ID: args.MailID})
	switch {
	case fault.Is(err, fault.ResourceNotFound):
		return nil // the user was deleted
	case err != nil:
		return err
	}
	now := s.Clock.Now()
	switch {
	case row.Mail.State == stored.MailStateSending:
		s.Log.WarnContext(ctx, "a process ended while it sent a mail, which is not sent again: the server may have it",
			slog.String("kind", string(row.Mail.Kind)), slog.String("mail_id", args.MailID.String()))
		return s.end(ctx, row.Mail, stored.MailStateUnknown, 0)
	case row.Mail.State != stored.MailStateWaiting:
		return nil
	case lifetime(row.Mail.Kind) > 0 && (row.Mail.LinkExpiresAt == nil || !now.Before(*row.Mail.LinkExpiresAt)):
		return s.end(ctx, row.Mail, stored.MailStateCanceled, 0)
	case s.Server == nil:
		return s.end(ctx, row.Mail, stored.MailStateKept, 0)
	}
	return s.deliver(ctx, row)
}

// deliver hands a waiting mail over to the server.
func (s *Sender) deliver(ctx context.Context, row db.GetMailRow) error {
	content, err := s.Renderer.Render(ctx, row)
	if err != nil {
		return err
	}
	conn, err := s.Server.Connect(ctx)
	if err != nil {
		return errors.Join(err, s.postpone(ctx, row.Mail, 0))
	}
	defer conn.Close()
	began, err := s.Store.Of(row.Mail.CompanyID).MoveMail(ctx, db.MoveMailParams{
		CompanyID: row.Mail.CompanyID, ID: row.Mail.ID, WasState: stored.MailStateWaiting, State: stored.MailStateSending,
	})
	if err != nil || began == 0 { // 0: another process sends it
		return err
	}
	row.Mail.State = stored.MailStateSending
	refused := conn.Send(smtp.Message{
		ID: row.Mail.ID.String(), Date: s.Clock.Now(), Name: row.FirstName + " " + row.LastName, Address: row.Email,
		Language: string(row.Language), Subject: content.Subject, Text: content.Text, HTML: content.HTML,
	})
	if refused == nil {
		return s.end(ctx, row.Mail, stored.MailStateSent, 0)
	}
	s.Log.WarnContext(ctx, "a mail was not accepted", slog.String("kind", string(row.Mail.Kind)),
		slog.String("mail_id", row.Mail.ID.String()), slog.Any("error", refused))
	switch {
	case refused.Unknown:
		return s.end(ctx, row.Mail, stored.MailStateUnknown, 0)
	case refused.Permanent:
		return s.end(ctx, row.Mail, stored.MailStateFailed, refused.Code)
	}
	return errors.Join(refused, s.postpone(ctx, row.Mail, refused.Code))
}

// postpone counts an attempt that failed. After the last one the mail has failed.
func (s *Sender) postpone(ctx context.Context, m db.Mail, code int) error {
	if m.Attempts+1 >= attempts {
		return s.end(ctx, m, stored.MailStateFailed, code)
	}
	return s.move(ctx, m, stored.MailStateWaiting, code, nil)
}

// end records the final state of a mail.
func (s *Sender) end(ctx context.Context, m db.Mail, state stored.MailState, code int) error {
	now := s.Clock.Now()
	if err := s.move(ctx, m, state, code, &now); err != nil {
		return err
	}
	s.Observe(m.Kind, state)
	return nil
}

func (s *Sender) move(ctx context.Context, m db.Mail, state stored.MailState, code int, ended *time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	change := db.MoveMailParams{
		CompanyID: m.CompanyID, ID: m.ID, WasState: m.State, State: state, Attempts: 1, EndedAt: ended,
	}
	if code != 0 {
		reply := int32(code) //nolint:gosec // three digits
		change.SMTPCode = &reply
	}
	if _, err := s.Store.Of(m.CompanyID).MoveMail(ctx, change); err != nil {
		return fmt.Errorf("record that mail %s is %s: %w", m.ID, state, err)
	}
	return nil
}
