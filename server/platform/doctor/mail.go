package doctor

import (
	"context"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp"
)

// mailWait is how long the check waits for the mail server.
const mailWait = 10 * time.Second

// mailChecks lists the checks of the mail server.
func mailChecks() []check { return []check{{"mail: server", mailServer}} }

// mailServer connects, negotiates TLS and authenticates. It sends nothing.
func mailServer(ctx context.Context, x *examination) Result {
	c := x.Config
	switch {
	case c.SMTPURL == "" && c.Environment == config.Development:
		return ok("none; development shows mails at /dev/outbox")
	case c.SMTPURL == "":
		return warning("SMTP_URL is not set, so users get no links to choose a password and no security mails",
			"Set SMTP_URL, MAIL_FROM and PUBLIC_URL.")
	}
	server, err := smtp.New(smtp.Options{
		URL: c.SMTPURL.Reveal(), From: c.MailFrom, Roots: x.MailRoots, Plain: c.Environment == config.Development,
	})
	if err != nil {
		return failure(err.Error(), "Correct SMTP_URL and MAIL_FROM.")
	}
	ctx, cancel := context.WithTimeout(ctx, mailWait)
	defer cancel()
	if err := server.Check(ctx); err != nil {
		return failure(err.Error(), "Check the host, port, user and password in SMTP_URL, and the server's certificate. "+
			"A server without STARTTLS cannot be used.")
	}
	return ok(server.Address() + " accepts the connection and the user")
}
