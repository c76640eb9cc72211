package smtp_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp/smtptest"
)

const sender = "Hiring <hiring@example.com>"

func message() smtp.Message {
	return smtp.Message{
		ID: "0198", Date: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC), Name: "Noël, \"Ann\"\r\nBcc: x@example.com",
		Address: "noel@example.com", Language: "fr", Subject: "Élan", Text: "Ça va\n.\n", HTML: "<p>Ça va</p>",
	}
}

func open(t *testing.T, s *smtptest.Server) *smtp.Server {
	t.Helper()
	opened, err := smtp.New(smtp.Options{URL: s.URL, From: sender, Roots: smtptest.Roots(t)})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// TestSend sends a message with STARTTLS and with TLS from the beginning.
func TestSend(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]smtptest.Options{"STARTTLS": {}, "TLS": {TLS: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := smtptest.Start(t, options)
			conn, err := open(t, s).Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			m := message()
			m.Name = "Noël, \"Ann\""
			if refused := conn.Send(m); refused != nil {
				t.Fatal(refused)
			}
			received := s.Mails()
			if len(received) != 1 {
				t.Fatalf("got %d messages, want 1", len(received))
			}
			got := received[0]
			for header, want := range map[string]string{
				"Message-Id": "<0198@example.com>", "Auto-Submitted": "auto-generated", "Content-Language": "fr",
				"From": `"Hiring" <hiring@example.com>`, "Date": "Mon, 02 Mar 2026 09:30:00 +0000", "X-Mailer": "", "User-Agent": "",
			} {
				if value := got.Header.Get(header); value != want {
					t.Errorf("%s: got %q, want %q", header, value, want)
				}
			}
			to, err := got.Header.AddressList("To")
			if err != nil || len(to) != 1 || to[0].Name != m.Name || to[0].Address != m.Address || got.To != m.Address {
				t.Errorf("recipient: got %v (error %v), to %q", to, err, got.To)
			}
			if text := strings.ReplaceAll(got.Text, "\r\n", "\n"); text != m.Text || got.HTML != m.HTML || got.From != "hiring@example.com" {
				t.Errorf("got the text %q and the HTML %q from %q", got.Text, got.HTML, got.From)
			}
		})
	}
}

// TestNamesAreNoHeaders sends a message to a name with a line break. It must not become a header.
func TestNamesAreNoHeaders(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{})
	conn, err := open(t, s).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if refused := conn.Send(message()); refused != nil {
		t.Fatal(refused)
	}
	for _, m := range s.Mails() {
		if m.Header.Get("Bcc") != "" {
			t.Errorf("the name became a header: %v", m.Header)
		}
	}
	if n := len(s.Mails()); n != 1 {
		t.Errorf("got %d messages, want 1", n)
	}
}

// TestRefusals expects that errors say what became of a message, and do not name its recipient.
func TestRefusals(t *testing.T) {
	t.Parallel()
	reply := func(code int) error {
		return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCode{code / 100, 1, 1}, Message: "no noel@example.com here"}
	}
	recipient := func(code int) smtptest.Options {
		return smtptest.Options{Recipient: func(int, string) error { return reply(code) }}
	}
	data := func(code int) smtptest.Options {
		return smtptest.Options{Data: func(int) error { return reply(code) }}
	}
	for name, test := range map[string]struct {
		options smtptest.Options
		want    smtp.Refusal
	}{
		"recipient, for now":  {recipient(451), smtp.Refusal{Code: 451}},
		"recipient, for good": {recipient(550), smtp.Refusal{Code: 550, Permanent: true}},
		"content, for now":    {data(452), smtp.Refusal{Code: 452}},
		"content, for good":   {data(554), smtp.Refusal{Code: 554, Permanent: true}},
		"no reply to content": {smtptest.Options{Data: func(int) error { return smtptest.ErrLost }}, smtp.Refusal{Unknown: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := open(t, smtptest.Start(t, test.options)).Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			m := message()
			m.Name = "Noël"
			got := conn.Send(m)
			if got == nil {
				t.Fatal("the message was accepted")
			}
			if got.Code != test.want.Code || got.Permanent != test.want.Permanent || got.Unknown != test.want.Unknown {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if text := got.Error(); strings.Contains(text, "noel") {
				t.Errorf("the error names the recipient: %s", text)
			}
		})
	}
}

// TestCheck expects that wrong passwords, unknown certificates and servers without TLS are refused before a message is
// sent, and that no error contains the password.
func TestCheck(t *testing.T) {
	t.Parallel()
	good, plain := smtptest.Start(t, smtptest.Options{}), smtptest.Start(t, smtptest.Options{NoTLS: true})
	wrong, err := url.Parse(good.URL)
	if err != nil {
		t.Fatal(err)
	}
	wrong.User = url.UserPassword(smtptest.User, "a wrong secret")
	for name, test := range map[string]struct {
		options smtp.Options
		fails   bool
	}{
		"good":                        {smtp.Options{URL: good.URL, Roots: smtptest.Roots(t)}, false},
		"wrong password":              {smtp.Options{URL: wrong.String(), Roots: smtptest.Roots(t)}, true},
		"unknown certificate":         {smtp.Options{URL: good.URL}, true},
		"unknown certificate, plain":  {smtp.Options{URL: good.URL, Plain: true}, true},
		"without TLS":                 {smtp.Options{URL: plain.URL}, true},
		"nobody listens":              {smtp.Options{URL: "smtp://127.0.0.1:1"}, true},
		"without TLS, in development": {smtp.Options{URL: "smtp://" + plain.URL[strings.LastIndexByte(plain.URL, '@')+1:], Plain: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.options.From = sender
			server, err := smtp.New(test.options)
			if err != nil {
				t.Fatal(err)
			}
			err = server.Check(t.Context())
			if (err != nil) != test.fails {
				t.Errorf("got error %v, want one: %v", err, test.fails)
			}
			if text := errorText(err); strings.Contains(text, "secret") || strings.Contains(text, smtptest.Password) {
				t.Errorf("the error contains the password: %s", text)
			}
		})
	}
	if n := good.Attempts() + plain.Attempts(); n != 0 {
		t.Errorf("checks have sent %d messages", n)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
