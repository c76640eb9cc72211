package mail_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/mail"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp/smtptest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// The environment of the process that TestKilledWhileSending kills.
const (
	victimDatabase = "MAIL_VICTIM_DATABASE"
	victimServer   = "MAIL_VICTIM_SMTP"
	victimMail     = "MAIL_VICTIM_MAIL"
)

func renderer() mail.Renderer {
	return mail.Renderer{App: "Interviewer", Site: "https://hiring.example.com", Links: mail.NewLinks([][]byte{[]byte("key")})}
}

// sender returns a sender to a server without TLS, which only development permits.
func sender(store *postgres.Store, url string) (*mail.Sender, error) {
	server, err := smtp.New(smtp.Options{URL: url, From: "hiring@example.com", Plain: true})
	return &mail.Sender{
		Store: store, Clock: clock.System(), Log: slog.New(slog.DiscardHandler), Renderer: renderer(), Server: server,
		Observe: func(stored.MailKind, stored.MailState) {},
	}, err
}

// runVictim sends a mail until it is killed.
func runVictim(url string) {
	ctx := context.Background()
	store, err := postgres.Open(ctx, postgres.Options{URL: url, MaxConns: 2})
	if err == nil {
		var s *mail.Sender
		if s, err = sender(store, os.Getenv(victimServer)); err == nil {
			var args mail.Send
			_, err = fmt.Sscan(os.Getenv(victimMail), scanned{&args.CompanyID}, scanned{&args.MailID})
			if err == nil {
				err = s.Send(ctx, args)
			}
		}
	}
	fmt.Fprintln(os.Stderr, "the victim was not killed:", err)
	os.Exit(1)
}

// scanned reads an id.
type scanned struct{ id *uuid.UUID }

func (s scanned) Scan(state fmt.ScanState, _ rune) error {
	text, err := state.Token(true, nil)
	if err == nil {
		*s.id, err = uuid.Parse(string(text))
	}
	return err
}

// waiting adds a mail that waits, and returns the arguments of its job.
func waiting(t *testing.T, i *testkit.Installation, acme testkit.Company, kind stored.MailKind) mail.Send {
	t.Helper()
	args := mail.Send{CompanyID: acme.ID, MailID: uuid.Must(uuid.NewV7())}
	i.Exec(`INSERT INTO mails (company_id, id, user_id, kind, created_at, link_expires_at)
		VALUES ($1, $2, $3, $4::text, now(), CASE $4::text WHEN 'password_reset' THEN now() + interval '30 minutes' END)`,
		args.CompanyID, args.MailID, acme.Users[api.RoleHr].ID, kind)
	return args
}

func state(t *testing.T, i *testkit.Installation, args mail.Send) (state string, attempts int) {
	t.Helper()
	if err := i.Database.QueryRow(t.Context(), `SELECT state, attempts FROM mails WHERE id = $1`, args.MailID).
		Scan(&state, &attempts); err != nil {
		t.Fatal(err)
	}
	return state, attempts
}

// withoutUser is the URL of a server without the user, for which TLS is not needed.
func withoutUser(s *smtptest.Server) string {
	return "smtp://" + s.URL[strings.LastIndexByte(s.URL, '@')+1:]
}

// TestKilledWhileSending kills a process after the server got the mail and before the process records that. The next process
// does not send the mail again.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	args := waiting(t, i, i.Company("acme"), stored.MailKindPasswordChanged)
	victim := exec.CommandContext(t.Context(), os.Args[0])
	s := smtptest.Start(t, smtptest.Options{NoTLS: true, Anonymous: true, Data: func(int) error {
		if err := victim.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = victim.Wait() // the result is that of the kill
		return nil
	}})
	victim.Env = append(os.Environ(), victimDatabase+"="+i.DatabaseURL, victimServer+"="+withoutUser(s),
		victimMail+"="+args.CompanyID.String()+" "+args.MailID.String())
	victim.Stderr = os.Stderr
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Minute, "the server has accepted the mail", func() bool { return len(s.Mails()) == 1 })
	if got, _ := state(t, i, args); got != "sending" {
		t.Fatalf("got the state %s after the kill, want sending", got)
	}
	next, err := sender(i.Store(2), withoutUser(s))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := next.Send(t.Context(), args); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := state(t, i, args); got != "unknown" || s.Attempts() != 1 {
		t.Errorf("got the state %s and %d attempts, want unknown and 1", got, s.Attempts())
	}
}

// TestOutcomes lets a server answer in every way.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme, store := i.Company("acme"), i.Store(2)
	refuse := func(code int) func(int) error {
		return func(int) error { return &gosmtp.SMTPError{Code: code, Message: "no"} }
	}
	for name, test := range map[string]struct {
		data  func(int) error
		setup string
		fails bool
		state string
	}{
		"accepted":                   {nil, "", false, "sent"},
		"refused for now":            {refuse(451), "", true, "waiting"},
		"refused for now, too often": {refuse(451), `UPDATE mails SET attempts = 13`, true, "failed"},
		"refused for good":           {refuse(550), "", false, "failed"},
		"no reply":                   {func(int) error { return smtptest.ErrLost }, "", false, "unknown"},
		"the link has ended":         {nil, `UPDATE mails SET link_expires_at = NULL`, false, "canceled"},
		"the link has expired":       {nil, `UPDATE mails SET link_expires_at = now() - interval '1 second'`, false, "canceled"},
		"sent by another process":    {nil, `UPDATE mails SET state = 'sent'`, false, "sent"},
		"another process was killed": {nil, `UPDATE mails SET state = 'sending'`, false, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			s := smtptest.Start(t, smtptest.Options{NoTLS: true, Anonymous: true, Data: test.data})
			sending, err := sender(store, withoutUser(s))
			if err != nil {
				t.Fatal(err)
			}
			args := waiting(t, i, acme, stored.MailKindPasswordReset)
			if test.setup != "" {
				i.Exec(test.setup+` WHERE id = $1`, args.MailID)
			}
			if err := sending.Send(t.Context(), args); (err != nil) != test.fails {
				t.Errorf("got error %v, want one: %v", err, test.fails)
			}
			if got, _ := state(t, i, args); got != test.state {
				t.Errorf("got the state %s, want %s", got, test.state)
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		sending, err := sender(store, "smtp://127.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		args := waiting(t, i, acme, stored.MailKindPasswordChanged)
		err = sending.Send(t.Context(), args)
		if got, attempts := state(t, i, args); err == nil || got != "waiting" || attempts != 1 {
			t.Errorf("got the state %s after %d attempts and error %v, want waiting after 1", got, attempts, err)
		}
	})
}

// TestTexts renders every kind of mail in every language.
func TestTexts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, kind := range mail.Kinds() {
		for _, language := range mail.Languages() {
			content, err := renderer().Render(t.Context(), db.GetMailRow{
				Mail:      db.Mail{Kind: kind, ID: uuid.New(), CompanyID: uuid.New(), CreatedAt: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)},
				FirstName: "Zoë <b>", LastName: "x", Email: "zoe@acme.example", Language: language,
				CompanyName: "Acme & Söhne", Timezone: "Europe/Berlin",
			})
			if err != nil {
				t.Fatal(err)
			}
			name := string(kind) + " " + string(language)
			for part, text := range map[string]string{"subject": content.Subject, "text": content.Text, "HTML": content.HTML} {
				if text == "" || strings.ContainsAny(text, "{}") || seen[text] {
					t.Errorf("%s: the %s is empty, not filled in, or that of another mail:\n%s", name, part, text)
				}
				seen[text] = true
			}
			if !strings.Contains(content.Text, "Zoë <b>") || !strings.Contains(content.HTML, "Zoë &lt;b&gt;") ||
				!strings.Contains(content.HTML, "Acme &amp; Söhne") || !strings.Contains(content.HTML, `<html lang="`+string(language)+`">`) {
				t.Errorf("%s: got\n%s\n%s", name, content.Text, content.HTML)
			}
			linked := strings.Contains(content.Text, "https://hiring.example.com/password/aippr_")
			if linked != (kind == stored.MailKindPasswordReset) || linked != strings.Contains(content.HTML, "<a") {
				t.Errorf("%s: has a link: %v", name, linked)
			}
			if kind == stored.MailKindPasswordChanged && !strings.Contains(content.Text, "2026-07-01 14:00 CEST") {
				t.Errorf("%s: the time is not that of the company:\n%s", name, content.Text)
			}
		}
	}
}

// TestLinks reads tokens with the keys of today and of yesterday, and refuses all others.
func TestLinks(t *testing.T) {
	t.Parallel()
	company, id := uuid.New(), uuid.New()
	former, present := []byte("former"), []byte("present")
	const kind = stored.MailKindPasswordReset
	token := mail.NewLinks([][]byte{former}).Token(kind, company, id)
	rotated := mail.NewLinks([][]byte{present, former})
	if c, m, err := rotated.Read(kind, token); err != nil || c != company || m != id {
		t.Errorf("got %s, %s and error %v", c, m, err)
	}
	if rotated.Token(kind, company, id) == token {
		t.Error("the former key derives tokens")
	}
	for name, wrong := range map[string]string{
		"other key": mail.NewLinks([][]byte{[]byte("x")}).Token(kind, company, id), "empty": "", "prefix": "aippr_",
		"other kind": rotated.Token(stored.MailKindPasswordChanged, company, id), "truncated": token[:len(token)-1],
		"longer": token + "A", "line break": token[:20] + "\n" + token[21:], "changed": token[:20] + "_" + token[21:],
	} {
		if _, _, err := rotated.Read(kind, wrong); err == nil {
			t.Errorf("%s: the token was accepted", name)
		}
	}
}

// TestDevelopmentPages reads the outbox and the preview, which other environments do not have.
func TestDevelopmentPages(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.BasePath = "/interviewer"
	acme := i.Company("acme")
	production := i.Replica()
	i.Config.Environment = config.Development
	replica := i.Replica()
	get := func(address string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	for _, path := range []string{mail.OutboxPath, mail.PreviewPath} {
		if status, body := get(production.URL + path); status != http.StatusNotFound {
			t.Errorf("%s in another environment: got status %d with %s", path, status, body)
		}
	}
	_, preview := get(replica.URL + mail.PreviewPath)
	if n := strings.Count(preview, "<article"); n != len(mail.Kinds())*len(mail.Languages()) {
		t.Errorf("got %d mails in the preview:\n%s", n, preview)
	}
	if _, empty := get(replica.URL + mail.OutboxPath); !strings.Contains(empty, "There are no mails.") {
		t.Errorf("got the empty outbox\n%s", empty)
	}
	replica.Anonymous(t).Post("/api/v1/auth/password-resets", map[string]string{"email": acme.Users[api.RoleHr].Email}).
		Expect(http.StatusAccepted)
	testkit.Eventually(t, time.Minute, "the mail is in the outbox", func() bool {
		_, body := get(replica.URL + mail.OutboxPath)
		return strings.Contains(body, "kept")
	})
	_, outbox := get(replica.URL + mail.OutboxPath)
	lines := strings.Split(outbox, `href="`)
	index := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, replica.URL+"/interviewer/password/") })
	if index < 0 {
		t.Fatalf("the outbox has no link to this replica:\n%s", outbox)
	}
	link, _, _ := strings.Cut(lines[index], `"`)
	if status, body := get(link); status != http.StatusOK || !strings.Contains(body, "<form") {
		t.Errorf("the link: got status %d with\n%s", status, body)
	}
	html := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "?html=") })
	query, _, _ := strings.Cut(lines[html], `"`)
	if status, body := get(replica.URL + mail.OutboxPath + query); status != http.StatusOK || !strings.Contains(body, link) {
		t.Errorf("the mail as HTML: got status %d with\n%s", status, body)
	}
	if status, _ := get(replica.URL + mail.OutboxPath + "?html=x"); status != http.StatusNotFound {
		t.Errorf("an unknown mail: got status %d, want 404", status)
	}
}

// TestOldMailsAreDeleted deletes mails that are older than 30 days, of all companies.
func TestOldMailsAreDeleted(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	for _, slug := range []string{"acme", "globex"} {
		company := i.Company(slug)
		i.Exec(`INSERT INTO mails (company_id, id, user_id, kind, created_at)
			SELECT $1, gen_random_uuid(), $2, 'password_changed', now() - n * interval '1 day' FROM unnest('{1,29,31,400}'::integer[]) AS n`,
			company.ID, company.Users[api.RoleHr].ID)
	}
	store := i.Store(2)
	if waiting, err := mail.Waiting(t.Context(), store); err != nil || waiting["password_changed"] != 8 || waiting["password_reset"] != 0 {
		t.Errorf("waiting: got %v and error %v", waiting, err)
	}
	for want := range []int64{0, 1} {
		deleted, err := mail.DeleteOld(t.Context(), store, time.Now(), 3)
		if wanted := []int64{3, 1}[want]; err != nil || deleted != wanted {
			t.Errorf("got %d deleted mails and error %v, want %d", deleted, err, wanted)
		}
	}
}
