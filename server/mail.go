package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/recovery"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/mail"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/worker"
)

// mailing is what sends mails.
type mailing struct {
	sender *mail.Sender
	outbox mail.Outbox
}

// mailing prepares the sending of mails. Without a server it says so in the log.
func (s *Server) mailing(
	ctx context.Context, o Options, secrets *session.Keyring, metrics *telemetry.Metrics,
) (mailing, error) {
	c := o.Config
	renderer := mail.Renderer{App: c.AppName, Links: mail.NewLinks(secrets.Links())}
	if c.PublicURL != "" {
		renderer.Site = c.PublicURL + c.BasePath
	}
	m := mailing{
		sender: &mail.Sender{
			Store: s.store, Clock: o.Clock, Log: o.Log, Renderer: renderer,
			Observe: func(kind stored.MailKind, state stored.MailState) { metrics.Mail(string(kind), string(state)) },
		},
		outbox: mail.Outbox{
			Clock: o.Clock,
			Enqueue: func(ctx context.Context, tx *postgres.Tx, args mail.Send) error {
				return s.worker.Enqueue(ctx, tx, args)
			},
		},
	}
	var err error
	switch {
	case c.SMTPURL != "":
		m.sender.Server, err = smtp.New(smtp.Options{
			URL: c.SMTPURL.Reveal(), From: c.MailFrom, Roots: o.MailRoots, Plain: c.Environment == config.Development,
		})
		if err != nil {
			return mailing{}, fmt.Errorf("SMTP_URL or MAIL_FROM: %w", err)
		}
	case c.Environment == config.Development:
		o.Log.InfoContext(ctx, "mails are not sent, but shown", slog.String("path", c.BasePath+mail.OutboxPath))
	default:
		o.Log.WarnContext(ctx, "SMTP_URL is not set: users get no links to choose a password and no security mails")
	}
	metrics.WatchMails(ctx, func(ctx context.Context) (map[string]int64, error) { return mail.Waiting(ctx, s.store) })
	return m, nil
}

// jobs are the kinds of jobs about mails.
func (m mailing) jobs(s *Server, o Options) []worker.Job {
	return []worker.Job{
		worker.Define(mail.JobKind(), m.sender.Send),
		worker.Define(worker.Kind{}, recovery.MailLinkJob(s.store, audit.NewRecorder(o.Clock), m.outbox)),
		worker.Define(worker.Kind{Queue: worker.QueueMaintenance, Every: mailsEvery},
			func(ctx context.Context, _ deleteOldMails) error {
				now := o.Clock.Now()
				return s.worker.Drain(ctx, "mails", func(ctx context.Context, atMost int) (int64, error) {
					return mail.DeleteOld(ctx, s.store, now, atMost)
				})
			}),
	}
}

// resetThrottle returns the limits of requests for links. A person needs one or two; the limit of an address is that of
// sign-ins, because the users of an office share it.
func resetThrottle(c *config.Config) ratelimit.ThrottlePolicy {
	return ratelimit.ThrottlePolicy{
		Name: "reset", PairLimit: 5, PairWindow: c.LoginWindow.Duration(),
		NetworkLimit: c.LoginPerIP, NetworkWindow: c.LoginWindow.Duration(),
		AccountFree: 5, AccountDelay: time.Minute,
	}
}

// routeMail routes the page behind the links of mails and, in development, those that show mails. They are outside the
// specification.
func (s *Server) routeMail(e *echo.Echo, o Options, all operations, m mailing) {
	page := echo.WrapHandler(all.Page(o.Config.AppName))
	e.Match([]string{http.MethodGet, http.MethodHead, http.MethodPost}, mail.PasswordPath+":token", page)
	if o.Config.Environment != config.Development {
		return
	}
	pages := echo.WrapHandler(mail.Development(s.store, m.sender.Renderer))
	for _, path := range []string{mail.OutboxPath, mail.PreviewPath} {
		e.Match([]string{http.MethodGet, http.MethodHead}, path, pages)
	}
}
