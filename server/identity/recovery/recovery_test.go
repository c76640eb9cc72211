package recovery_test

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp/smtptest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	requestPath  = "/api/v1/auth/password-resets"
	completePath = "/api/v1/auth/password-resets/complete"
	better       = "seven-otters-paint-the-pier"
	public       = "https://hiring.example.com"
)

// stand is an installation that sends mails.
type stand struct {
	*testkit.Installation

	server *smtptest.Server
	acme   testkit.Company
	hr     testkit.User
}

func newStand(t *testing.T, o smtptest.Options) stand {
	t.Helper()
	s := stand{Installation: testkit.New(t), server: smtptest.Start(t, o)}
	s.Config.SMTPURL, s.Config.MailFrom = config.Secret(s.server.URL), "Hiring <hiring@example.com>"
	s.Config.PublicURL = public
	s.Config.WorkerPoll = 1
	s.acme = s.Company("acme")
	s.hr = s.acme.Users[api.RoleHr]
	return s
}

func (s stand) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := s.Database.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// mails waits until the server has accepted n mails.
func (s stand) mails(t *testing.T, n int) []smtptest.Mail {
	t.Helper()
	testkit.Eventually(t, time.Minute, "the mails are sent", func() bool { return len(s.server.Mails()) >= n })
	return s.server.Mails()
}

// state waits until the only mail of a kind has a state.
func (s stand) state(t *testing.T, kind, state string) {
	t.Helper()
	testkit.Eventually(t, time.Minute, "the mail of the kind "+kind+" is "+state, func() bool {
		return s.count(t, `SELECT count(*) FROM mails WHERE kind = $1 AND state = $2`, kind, state) == 1
	})
}

var linkForm = regexp.MustCompile(`https://hiring\.example\.com/password/(\S+)`)

// token requests a link for a user and returns the token of the mail.
func (s stand) token(t *testing.T, c *testkit.Client, user testkit.User) string {
	t.Helper()
	links := func() (found []string) {
		for _, m := range s.server.Mails() {
			if link := linkForm.FindStringSubmatch(m.Text); link != nil && strings.EqualFold(m.To, strings.TrimSpace(user.Email)) {
				found = append(found, link[1])
			}
		}
		return found
	}
	before := len(links())
	c.Post(requestPath, map[string]string{"email": user.Email}).Expect(http.StatusAccepted)
	testkit.Eventually(t, time.Minute, "the link is mailed", func() bool { return len(links()) > before })
	return links()[before]
}

func completion(token string) map[string]string {
	return map[string]string{"token": token, "new_password": better}
}

// TestForgottenPassword requests a link, and chooses a new password with it.
func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	s.Exec(`UPDATE users SET language = 'de' WHERE id = $1`, s.hr.ID)
	replica := s.Replica()
	session, nobody := replica.SignIn(t, s.hr), replica.Anonymous(t)
	token := s.token(t, nobody, testkit.User{Email: " HR@acme.example"})
	m := s.server.Mails()[0]
	if m.To != s.hr.Email || !strings.Contains(m.Text, "Hallo hr,") || !strings.Contains(m.HTML, `<html lang="de">`) ||
		!strings.Contains(m.HTML, `href="`+public+"/password/"+token+`"`) {
		t.Errorf("got the mail to %s with\n%s\n%s", m.To, m.Text, m.HTML)
	}
	if id := m.Header.Get("Message-Id"); s.count(t, `SELECT count(*) FROM mails WHERE '<' || id || '@example.com>' = $1`, id) != 1 {
		t.Errorf("Message-ID: got %q, want the id of the mail", id)
	}
	nobody.Post(completePath, map[string]string{"token": token, "new_password": "password123"}).
		Refused(http.StatusUnprocessableEntity, "password_refused")
	nobody.Post(completePath, completion(token)).Expect(http.StatusNoContent)
	if status := session.Get("/api/v1/users/me").Status; status != http.StatusUnauthorized {
		t.Errorf("a session from before: got status %d, want 401", status)
	}
	login := func(plain string) *testkit.Answer {
		return nobody.Post("/api/v1/auth/login", map[string]string{"email": s.hr.Email, "password": plain})
	}
	login(testkit.Password).Refused(http.StatusUnauthorized, "invalid_credentials")
	if pair := testkit.Decode[api.TokenPair](login(better).Expect(http.StatusOK)); pair.PasswordChangeRequired {
		t.Error("the user must change the password that they have chosen")
	}
	nobody.Post(completePath, completion(token)).Refused(http.StatusUnprocessableEntity, "invalid_reset_token")
	if second := s.mails(t, 2)[1]; !strings.Contains(second.Header.Get("Subject"), "=?") && !strings.Contains(second.Text, "geändert") ||
		strings.Contains(second.Text, "/password/") {
		t.Errorf("the mail about the change:\n%v\n%s", second.Header, second.Text)
	}
	for action, actor := range map[string]uuid.UUID{"auth.password_reset_requested": s.acme.ID, "auth.password_reset": s.hr.ID} {
		if n := s.count(t, `SELECT count(*) FROM audit_logs WHERE action = $1 AND actor_id = $2 AND resource_id = $3`,
			action, actor, s.hr.ID); n != 1 {
			t.Errorf("%s: got %d entries, want 1", action, n)
		}
	}
	if n := s.count(t, `SELECT count(*) FROM mails WHERE state = 'sent' AND ended_at IS NOT NULL`); n != 2 {
		t.Errorf("got %d mails that are sent, want 2", n)
	}
	if n := s.count(t, `SELECT count(*) FROM river.river_job AS j WHERE j::text LIKE '%acme.example%' OR j::text LIKE '%aippr%'`); n != 0 {
		t.Errorf("%d jobs contain an address or a token", n)
	}
}

// TestLockedUserSignsInAfterReset fails to sign in until the account is throttled, and resets the password.
func TestLockedUserSignsInAfterReset(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	nobody := s.Replica().Anonymous(t)
	login := func(plain string) *testkit.Answer {
		return nobody.Post("/api/v1/auth/login", map[string]string{"email": s.hr.Email, "password": plain})
	}
	for range s.Config.LoginPerAccountAndIP {
		login("wrong-password-" + better).Expect(http.StatusUnauthorized)
	}
	login(testkit.Password).Refused(http.StatusTooManyRequests, "too_many_attempts")
	nobody.Post(completePath, completion(s.token(t, nobody, s.hr))).Expect(http.StatusNoContent)
	login(better).Expect(http.StatusOK)
}

// TestRequestRevealsNothing compares what requests for an active, an inactive and an unknown user do: their responses, the
// statements that they send to PostgreSQL, and the form of the jobs that they leave.
func TestRequestRevealsNothing(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	s.Exec(`UPDATE users SET is_active = false WHERE id = $1`, s.acme.Users[api.RoleAdmin].ID)
	s.Config.Workers = 0 // the statements are those of requests only
	seen := &statements{}
	s.Statements = seen
	nobody := s.Replica().Anonymous(t)
	nobody.Post(requestPath, map[string]string{"email": "first@acme.example"}).Expect(http.StatusAccepted) // prepares statements
	var want []string
	var body string
	for _, email := range []string{s.hr.Email, s.acme.Users[api.RoleAdmin].Email, "nobody@acme.example", "x@x"} {
		seen.reset()
		answer := nobody.Post(requestPath, map[string]string{"email": email}).Expect(http.StatusAccepted)
		got := seen.list()
		if want == nil {
			want, body = got, string(answer.Body)
		}
		if !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s: got the statements\n%s\nwant\n%s", email, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if string(answer.Body) != body {
			t.Errorf("%s: got %s, want %s", email, answer.Body, body)
		}
	}
	if n := s.count(t, `SELECT count(*) FROM mails`); n != 0 {
		t.Errorf("the requests have written %d mails", n)
	}
	if n := s.count(t, `SELECT count(DISTINCT (length(args::text), queue, priority, max_attempts)) FROM river.river_job WHERE kind = 'mail_password_link'`); n != 1 {
		t.Errorf("got jobs of %d forms, want 1", n)
	}
}

// statements collects the statements of requests for links.
type statements struct {
	mu  sync.Mutex
	sql []string
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.add(data.SQL)
	return ctx
}

func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (s *statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	for _, one := range data.Batch.QueuedQueries {
		s.add(one.SQL)
	}
	return ctx
}

func (s *statements) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (s *statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// add keeps a statement, unless it is one of the polls and checks that a replica repeats.
func (s *statements) add(sql string) {
	for _, repeated := range []string{"ListSessionChanges", "schema_migrations", "river_migration", "transaction_read_only", "pg_is_in_recovery"} {
		if strings.Contains(sql, repeated) {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sql = append(s.sql, sql)
}

func (s *statements) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sql = nil
}

// list returns the statements without those that only prepare a session for the lookup, which a poll may send as well.
func (s *statements) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for _, sql := range s.sql {
		if strings.Contains(sql, "FindAccount") || strings.Contains(sql, "INSERT") || strings.Contains(sql, "UPDATE") {
			found = append(found, sql)
		}
	}
	return found
}

// TestOnlyActiveUsersGetLinks requests links for users who cannot sign in.
func TestOnlyActiveUsersGetLinks(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	globex := s.Company("globex")
	s.Exec(`UPDATE users SET is_active = false WHERE id = $1`, s.hr.ID)
	s.Exec(`UPDATE companies SET is_active = false WHERE id = $1`, globex.ID)
	nobody := s.Replica().Anonymous(t)
	for _, email := range []string{s.hr.Email, globex.Users[api.RoleHr].Email, "nobody@acme.example"} {
		nobody.Post(requestPath, map[string]string{"email": email}).Expect(http.StatusAccepted)
	}
	nobody.Post(requestPath, map[string]any{"email": s.acme.Users[api.RoleAdmin].Email, "company": "acme"}).Expect(http.StatusAccepted)
	testkit.Eventually(t, time.Minute, "the jobs are completed", func() bool {
		return s.count(t, `SELECT count(*) FROM river.river_job WHERE kind = 'mail_password_link' AND state = 'completed'`) == 4
	})
	if n := s.count(t, `SELECT count(*) FROM mails`); n != 0 {
		t.Errorf("got %d mails, want none", n)
	}
}

// TestRequestsAreLimited requests links for one account, which exists or does not, until the limit.
func TestRequestsAreLimited(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	nobody := s.Replica().Anonymous(t)
	for _, email := range []string{s.hr.Email, "nobody@acme.example"} {
		for range 5 {
			nobody.Post(requestPath, map[string]string{"email": email}).Expect(http.StatusAccepted)
		}
		refused := nobody.Post(requestPath, map[string]string{"email": strings.ToUpper(email)}).
			Refused(http.StatusTooManyRequests, "too_many_attempts")
		if !strings.Contains(refused.Detail, "links") {
			t.Errorf("%s: got detail %q, want one about links", email, refused.Detail)
		}
	}
	// The limits are not those of signing in.
	nobody.Post("/api/v1/auth/login", map[string]string{"email": s.hr.Email, "password": testkit.Password}).Expect(http.StatusOK)
}

// TestLinksEnd ends links in every way. All of them are refused with the same response as one that never existed.
func TestLinksEnd(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	var late atomic.Int64 // nanoseconds
	now := clock.System()
	now.Now = func() time.Time { return time.Now().Add(time.Duration(late.Load())) }
	s.Clock = now
	replica := s.Replica()
	nobody := replica.Anonymous(t)
	store := s.Store(2)
	hasher := password.NewHasher(password.Options{Cost: bcrypt.MinCost, Workers: 1, Queue: 4})
	t.Cleanup(hasher.Close)
	o, err := operator.New(operator.Options{Store: store, Clock: clock.System(), Audit: audit.NewRecorder(clock.System()), Hasher: hasher})
	if err != nil {
		t.Fatal(err)
	}
	garbage := nobody.Post(completePath, completion("aippr_x")).Refused(http.StatusUnprocessableEntity, "invalid_reset_token")
	for name, end := range map[string]func(t *testing.T, user testkit.User){
		"changed by the user": func(t *testing.T, user testkit.User) {
			t.Helper()
			replica.SignIn(t, user).Post("/api/v1/auth/password", map[string]string{
				"current_password": testkit.Password, "new_password": "amber-canyon-whistles-south",
			}).Expect(http.StatusNoContent)
		},
		"changed by the operator": func(t *testing.T, user testkit.User) {
			t.Helper()
			account, err := o.FindAccount(t.Context(), user.Email, "")
			if err == nil {
				err = o.ResetPassword(t.Context(), account, "amber-canyon-whistles-south")
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"the email changes": func(t *testing.T, user testkit.User) {
			t.Helper()
			s.Exec(`UPDATE users SET email = 'new-' || email WHERE id = $1`, user.ID)
		},
		"the user is deactivated": func(t *testing.T, user testkit.User) {
			t.Helper()
			s.Exec(`UPDATE users SET is_active = false WHERE id = $1`, user.ID)
		},
		"a later link is used": func(t *testing.T, user testkit.User) {
			t.Helper()
			nobody.Post(completePath, completion(s.token(t, nobody, user))).Expect(http.StatusNoContent)
		},
	} {
		t.Run(name, func(t *testing.T) { // one after the other: the mails have one order
			user := s.User(s.acme, "user-"+uuid.NewString()[:8], api.RoleEmployee)
			token := s.token(t, nobody, user)
			// A change of the profile does not end a link.
			s.Exec(`UPDATE users SET first_name = 'New', email = email WHERE id = $1`, user.ID)
			end(t, user)
			got := nobody.Post(completePath, completion(token)).Refused(http.StatusUnprocessableEntity, "invalid_reset_token")
			got.RequestID = garbage.RequestID
			if got.Detail != garbage.Detail || got.Title != garbage.Title || len(got.Errors) != 1 || got.Errors[0].Code != garbage.Errors[0].Code {
				t.Errorf("got %+v, want %+v", got, garbage)
			}
		})
	}
	t.Run("half an hour has passed", func(t *testing.T) {
		early := s.token(t, nobody, s.hr)
		other := replica.Anonymous(t)
		late.Store(int64(31 * time.Minute))
		other.Post(completePath, completion(early)).Refused(http.StatusUnprocessableEntity, "invalid_reset_token")
		late.Store(int64(29 * time.Minute))
		other.Post(completePath, completion(early)).Expect(http.StatusNoContent)
	})
}

// TestLinkIsUsedOnce uses a link twice at the same time, and while the password is being changed.
func TestLinkIsUsedOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	replicas := []*testkit.Replica{s.Replica(), s.Replica()}
	token := s.token(t, replicas[0].Anonymous(t), s.hr)
	// Both requests wait for this lock on the user's row.
	held, err := s.Connect().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec(t.Context(), `SELECT FROM users WHERE id = $1 FOR UPDATE`, s.hr.ID); err != nil {
		t.Fatal(err)
	}
	statuses := make(chan int, len(replicas))
	for _, replica := range replicas {
		go func() { statuses <- replica.Anonymous(t).Post(completePath, completion(token)).Status }()
	}
	testkit.Eventually(t, time.Minute, "both requests wait", func() bool {
		return s.count(t, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
			AND query LIKE '%LockRecoverableUser%'`) == len(replicas)
	})
	if err := held.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := []int{<-statuses, <-statuses}
	slices.Sort(got)
	if want := []int{http.StatusNoContent, http.StatusUnprocessableEntity}; !slices.Equal(got, want) {
		t.Errorf("got the statuses %v, want %v", got, want)
	}
	if n := s.count(t, `SELECT count(*) FROM audit_logs WHERE action = 'auth.password_reset'`); n != 1 {
		t.Errorf("got %d resets, want 1", n)
	}
}

// TestRetries sends a mail to a server that refuses it for now, and then for good.
func TestRetries(t *testing.T) {
	t.Parallel()
	t.Run("for now", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, smtptest.Options{Recipient: func(attempt int, _ string) error {
			if attempt == 1 {
				return &gosmtp.SMTPError{Code: 451, Message: "try again"}
			}
			return nil
		}})
		s.token(t, s.Replica().Anonymous(t), s.hr)
		s.state(t, "password_reset", "sent")
		if n := s.count(t, `SELECT attempts FROM mails WHERE smtp_code = 451`); n != 2 {
			t.Errorf("got %d attempts, want 2", n)
		}
	})
	t.Run("for good", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, smtptest.Options{Recipient: func(int, string) error {
			return &gosmtp.SMTPError{Code: 550, Message: "no such user"}
		}})
		replica := s.Replica()
		replica.Anonymous(t).Post(requestPath, map[string]string{"email": s.hr.Email}).Expect(http.StatusAccepted)
		s.state(t, "password_reset", "failed")
		testkit.Eventually(t, time.Minute, "the job is completed", func() bool {
			return s.count(t, `SELECT count(*) FROM river.river_job WHERE kind = 'send_mail' AND state = 'completed' AND attempt = 1`) == 1
		})
		if n := s.server.Attempts(); n != 1 {
			t.Errorf("got %d attempts, want 1", n)
		}
		if n := s.count(t, `SELECT smtp_code FROM mails`); n != 550 {
			t.Errorf("got the code %d, want 550", n)
		}
		metrics := string(replica.Anonymous(t).Get("/metrics").Expect(http.StatusOK).Body)
		for _, series := range []string{
			`interviewer_mails_total{kind="password_reset",outcome="failed"} 1`, `interviewer_mails_waiting{kind="password_reset"} 0`,
		} {
			if !strings.Contains(metrics, series) {
				t.Errorf("the metrics lack %s", series)
			}
		}
	})
}

// TestWithoutServer keeps mails if no server is configured.
func TestWithoutServer(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	s.Config.SMTPURL = ""
	s.Replica().Anonymous(t).Post(requestPath, map[string]string{"email": s.hr.Email}).Expect(http.StatusAccepted)
	s.state(t, "password_reset", "kept")
	if n := s.server.Attempts(); n != 0 {
		t.Errorf("got %d attempts, want none", n)
	}
}
