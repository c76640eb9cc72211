package main

import (
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp/smtptest"
)

// TestMailTest sends a test mail, and shows why a server refuses one, without the password.
func TestMailTest(t *testing.T) {
	t.Parallel()
	const to = "ada@acme.example"
	environ := func(s *smtptest.Server) []string {
		return []string{
			"DATABASE_URL=postgres://x@localhost/x", "REDIS_URL=redis://localhost", "SECRET_KEY=Zk3vX9pQw7Lr2Tn8Yb5Hc1Jd6Mf4Gs0Ua+Ee/Io=Bq",
			"SMTP_URL=" + s.URL, "MAIL_FROM=Hiring <hiring@example.com>", "PUBLIC_URL=https://hiring.example.com",
		}
	}
	good := smtptest.Start(t, smtptest.Options{})
	if out := call(t, environ(good), "", "mail", "test", to).succeeds(t); !strings.Contains(out, "has accepted the mail") {
		t.Errorf("got output %q", out)
	}
	if mails := good.Mails(); len(mails) != 1 || mails[0].To != to || !strings.Contains(mails[0].Text, "nothing to do") {
		t.Errorf("got mails %+v, want one to %s", mails, to)
	}
	refusing := smtptest.Start(t, smtptest.Options{Recipient: func(int, string) error {
		return &smtp.SMTPError{Code: 550, Message: "no such user"}
	}})
	r := call(t, environ(refusing), "", "mail", "test", to)
	r.fails(t, exitFailure, "550")
	if strings.Contains(r.err, smtptest.Password) {
		t.Error("the password is printed")
	}
	call(t, append(environ(good), "SMTP_URL="), "", "mail", "test", to).fails(t, exitFailure, "SMTP_URL is not set")
}
