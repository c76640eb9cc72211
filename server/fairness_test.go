package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	candidatesPath = "/api/v1/candidates"
	importPath     = candidatesPath + "/import.csv?mode=partial"
	exportPath     = candidatesPath + "/export"
)

// twoCompanies are an installation whose companies share its replicas.
type twoCompanies struct {
	*testkit.Installation

	acme, globex testkit.Company
}

func newTwoCompanies(t testing.TB) twoCompanies {
	t.Helper()
	i := testkit.New(t)
	i.Config.CompanyShare = 50
	return twoCompanies{i, i.Company("acme"), i.Company("globex")}
}

// hold runs a statement in a transaction of its own, which keeps its locks until release.
func (c twoCompanies) hold(t testing.TB, sql string, args ...any) (release func()) {
	t.Helper()
	conn := c.Connect()
	run := func(sql string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	run(`BEGIN`)
	run(sql, args...)
	return func() { t.Helper(); run(`ROLLBACK`) }
}

// awaitLocks waits until some statements of the service wait for a lock.
func (c twoCompanies) awaitLocks(t testing.TB, want int) {
	t.Helper()
	testkit.Eventually(t, 30*time.Second, fmt.Sprint(want, " statements wait for a lock"), func() bool {
		var waiting int
		err := c.Database.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'interviewer' AND wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting >= want
	})
}

// metricValue reads a metric, which is a whole number, of a replica.
func metricValue(t testing.TB, replica *testkit.Replica, name string) (value int) {
	t.Helper()
	for line := range strings.Lines(string(replica.Anonymous(t).Get("/metrics").Body)) {
		if number, found := strings.CutPrefix(line, name+" "); found {
			if _, err := fmt.Sscan(number, &value); err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// rename changes a candidate.
func rename(c *testkit.Client, id uuid.UUID) *testkit.Answer {
	return c.Patch(candidatesPath+"/"+id.String(), map[string]string{"first_name": "Nora"})
}

// importOne imports a candidate with an external id.
func importOne(c *testkit.Client, externalID string) *testkit.Answer {
	return c.Do(http.MethodPost, importPath, "external_id,first_name,last_name\n"+externalID+",Mira,Solheim\n",
		"Content-Type", "text/csv")
}

// TestLocksThatAreHeldForLong holds a lock until the request that waits for it has been answered.
func TestLocksThatAreHeldForLong(t *testing.T) {
	t.Parallel()
	c := newTwoCompanies(t)
	c.Config.DatabaseWait = 300
	replica := c.Replica()
	candidate := c.Hiring(c.acme).Candidate()
	c.Exec(`UPDATE candidates SET external_id = 'x' WHERE id = $1`, candidate)
	hr := replica.SignIn(t, c.acme.Users[api.RoleHr])
	for name, test := range map[string]struct {
		lock   string
		args   []any
		send   func(*testkit.Client) *testkit.Answer
		status int
		code   string
		after  int
	}{
		"a row, changed": {
			lock: `SELECT FROM candidates WHERE id = $1 FOR UPDATE`, args: []any{candidate},
			send:   func(c *testkit.Client) *testkit.Answer { return rename(c, candidate) },
			status: http.StatusConflict, code: "concurrent_request", after: http.StatusOK,
		},
		"another import, imported": {
			lock: `SELECT pg_advisory_xact_lock(hashtextextended(concat('import ', $1::uuid), 0))`, args: []any{c.acme.ID},
			send:   func(c *testkit.Client) *testkit.Answer { return importOne(c, "y") },
			status: http.StatusConflict, code: "concurrent_request", after: http.StatusOK,
		},
		"a table, read": {
			lock: `LOCK TABLE kits IN ACCESS EXCLUSIVE MODE`,
			send: func(c *testkit.Client) *testkit.Answer { return c.Get("/api/v1/kits") },
			// The client has no part in it: only a migration locks a table.
			status: http.StatusServiceUnavailable, code: "overloaded", after: http.StatusOK,
		},
	} {
		t.Run(name, func(t *testing.T) {
			release := c.hold(t, test.lock, test.args...)
			refused := test.send(hr.In(t)) // the lock is still held when it is answered
			refused.Refused(test.status, test.code)
			if refused.Header.Get("Retry-After") != "1" {
				t.Errorf("Retry-After: got %q, want 1", refused.Header.Get("Retry-After"))
			}
			release()
			test.send(hr.In(t)).Expect(test.after)
		})
	}
	if n := metricValue(t, replica, "interviewer_lock_timeouts_total"); n != 3 {
		t.Errorf("got %d lock timeouts in the metrics, want 3", n)
	}
}

// TestImportWaitsLongerThanEdits holds a row of an import for longer than an edit of it waits.
func TestImportWaitsLongerThanEdits(t *testing.T) {
	t.Parallel()
	c := newTwoCompanies(t)
	c.Config.DatabaseWait = 300
	replica := c.Replica()
	candidate := c.Hiring(c.acme).Candidate()
	c.Exec(`UPDATE candidates SET external_id = 'x' WHERE id = $1`, candidate)
	hr := replica.SignIn(t, c.acme.Users[api.RoleHr])
	release := c.hold(t, `SELECT FROM candidates WHERE id = $1 FOR UPDATE`, candidate)
	imported := make(chan *testkit.Answer, 1)
	go func() { imported <- importOne(hr, "x") }()
	c.awaitLocks(t, 1)
	rename(hr, candidate).Refused(http.StatusConflict, "concurrent_request")
	release()
	(<-imported).Expect(http.StatusOK)
}

// TestConnectionsOfOneCompany fills the share of a company with requests that wait for a lock. Requests of another
// company, and sign-ins, succeed while all of them still wait.
func TestConnectionsOfOneCompany(t *testing.T) {
	t.Parallel()
	c := newTwoCompanies(t) // of four connections, a company gets two
	replica := c.Replica()
	candidate := c.Hiring(c.acme).Candidate()
	hr, other := replica.SignIn(t, c.acme.Users[api.RoleHr]), replica.SignIn(t, c.globex.Users[api.RoleHr])
	release := c.hold(t, `SELECT FROM candidates WHERE id = $1 FOR UPDATE`, candidate)
	const edits = 12
	var answered atomic.Int32
	answers := make(chan *testkit.Answer, edits)
	for range edits {
		go func() {
			answer := rename(hr, candidate)
			answered.Add(1)
			answers <- answer
		}()
	}
	c.awaitLocks(t, 2)
	testkit.Eventually(t, 30*time.Second, "the other edits wait for a connection", func() bool {
		return metricValue(t, replica, `interviewer_shares_waited_total{resource="connections"}`) >= edits-2
	})

	other.Get("/api/v1/jobs").Expect(http.StatusOK)
	other.Post("/api/v1/jobs", map[string]string{"title": "Welder", "department": "Hall 1", "description": "Welds."}).
		Expect(http.StatusCreated)
	replica.SignIn(t, c.globex.Users[api.RoleEmployee])
	if n := answered.Load(); n != 0 {
		t.Errorf("%d edits were answered before the requests of the other company, want none", n)
	}
	release()
	for range edits {
		if answer := <-answers; answer.Status != http.StatusOK {
			t.Errorf("an edit that waited got %d %s, want 200", answer.Status, answer.Body)
		}
	}
}

// TestNoConnectionInTime lets an import hold the only connection of a company.
func TestNoConnectionInTime(t *testing.T) {
	t.Parallel()
	c := newTwoCompanies(t)
	c.Config.DatabaseWait, c.Config.CompanyShare = 300, 1
	replica := c.Replica()
	candidate := c.Hiring(c.acme).Candidate()
	c.Exec(`UPDATE candidates SET external_id = 'x' WHERE id = $1`, candidate)
	hr, other := replica.SignIn(t, c.acme.Users[api.RoleHr]), replica.SignIn(t, c.globex.Users[api.RoleHr])
	release := c.hold(t, `SELECT FROM candidates WHERE id = $1 FOR UPDATE`, candidate)
	imported := make(chan *testkit.Answer, 1)
	go func() { imported <- importOne(hr, "x") }()
	c.awaitLocks(t, 1)

	refused := hr.Get("/api/v1/jobs")
	problem := refused.Refused(http.StatusServiceUnavailable, "overloaded")
	if !strings.Contains(problem.Detail, "Your company") || refused.Header.Get("Retry-After") != "1" {
		t.Errorf("got the detail %q and Retry-After %q, want what to do, and 1",
			problem.Detail, refused.Header.Get("Retry-After"))
	}
	other.Get("/api/v1/jobs").Expect(http.StatusOK)
	release()
	(<-imported).Expect(http.StatusOK)
	hr.Get("/api/v1/jobs").Expect(http.StatusOK)
}

// TestHashingOfOneCompany queues sign-ins of one company. A sign-in of another company is answered before them. On a busy
// machine all may be answered before it is sent, so there are several tries: without turns, none succeeds.
func TestHashingOfOneCompany(t *testing.T) {
	t.Parallel()
	c := newTwoCompanies(t)
	c.Config.HashWorkers, c.HashCost = 1, 10
	c.HashWait, c.Config.RequestTimeout = 5*time.Minute, 300 // no sign-in gives up, however busy the machine is
	c.Config.LoginPerAccountAndIP, c.Config.LoginPerAccount, c.Config.LoginPerIP = 1000, 1000, 1000
	replica := c.Replica()
	const tries = 10
	for range tries {
		if overtakes(t, c, replica) {
			return
		}
	}
	t.Errorf("in %d tries, all sign-ins were answered before that of the other company, want that some still wait", tries)
}

// overtakes queues sign-ins of one company, signs in at another, and reports whether most of the others still wait then.
func overtakes(t *testing.T, c twoCompanies, replica *testkit.Replica) bool {
	t.Helper()
	const each = 4
	users := []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin}
	var answered atomic.Int32
	statuses := make(chan int, each*len(users))
	for _, role := range users {
		for range each {
			go func() {
				body := map[string]string{"email": c.acme.Users[role].Email, "password": "not the password"}
				answer := replica.Anonymous(t).Post(loginPath, body)
				answered.Add(1)
				statuses <- answer.Status
			}()
		}
	}
	testkit.Eventually(t, 30*time.Second, "the sign-ins wait", func() bool {
		waiting := metricValue(t, replica, `interviewer_hashing{state="waiting"}`)
		return waiting+int(answered.Load()) >= cap(statuses)-1
	})
	body := map[string]string{"email": c.globex.Users[api.RoleHr].Email, "password": testkit.Password}
	status := replica.Anonymous(t).Post(loginPath, body).Status
	before := int(answered.Load())
	for range cap(statuses) {
		if status := <-statuses; status != http.StatusUnauthorized {
			t.Errorf("a sign-in that waited: got %d, want 401", status)
		}
	}
	return status == http.StatusOK && before < cap(statuses)-1
}

// openUpload begins an import whose body ends with finish, which expects that the import succeeds.
func openUpload(t *testing.T, client *testkit.Client) (finish func()) {
	t.Helper()
	body, sender := io.Pipe()
	t.Cleanup(func() { _ = sender.CloseWithError(io.ErrUnexpectedEOF) }) // if the test failed before finish
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, client.URL+importPath, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", "Bearer "+client.Token)
	status := make(chan int, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			status <- 0
			return
		}
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	// More than the connection buffers, so the operation has begun to read when all is written. Blank lines are ignored.
	rows := strings.Repeat(strings.Repeat(" ", 1023)+"\n", 16<<10)
	if _, err := io.WriteString(sender, "external_id,first_name,last_name\n"+rows); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		_, _ = io.WriteString(sender, uuid.NewString()+",Mira,Solheim\n")
		_ = sender.Close()
		if got := <-status; got != http.StatusOK {
			t.Errorf("an open import: got status %d, want 200", got)
		}
	}
}

// awaitRefusal sends requests until one is refused because the company has as many as it can.
func awaitRefusal(t *testing.T, kind string, send func() *testkit.Answer) {
	t.Helper()
	var last *testkit.Answer
	testkit.Eventually(t, 10*time.Second, "one more is refused", func() bool {
		last = send()
		return last.Status != http.StatusOK
	})
	problem := last.Refused(http.StatusTooManyRequests, "rate_limited")
	if !strings.Contains(problem.Detail, kind) || last.Header.Get("Retry-After") == "" {
		t.Errorf("got the detail %q and Retry-After %q, want what to wait for, and how long",
			problem.Detail, last.Header.Get("Retry-After"))
	}
}

// TestUploadsOfOneCompany runs imports of one company at two replicas, with Redis and without it.
func TestUploadsOfOneCompany(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]bool{"with Redis": false, "without Redis": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTwoCompanies(t)
			c.Config.CompanyUploads = 2
			first, second := c.Replica(), c.Replica()
			hr, admin := first.SignIn(t, c.acme.Users[api.RoleHr]), first.SignIn(t, c.acme.Users[api.RoleAdmin])
			other := second.SignIn(t, c.globex.Users[api.RoleHr])
			if down {
				c.Redis.Kill()
			}
			elsewhere := second
			if down {
				elsewhere = first // each replica counts by itself
			}
			finish := []func(){openUpload(t, hr), openUpload(t, admin.At(elsewhere))}
			for _, at := range []*testkit.Replica{first, elsewhere} {
				awaitRefusal(t, "2 imports", func() *testkit.Answer { return importOne(hr.At(at), "x") })
			}
			if down {
				importOne(hr.At(second), "y").Expect(http.StatusOK)
			}
			importOne(other, "x").Expect(http.StatusOK)
			importOne(other.At(first), "x").Expect(http.StatusOK)
			finish[0]()
			importOne(hr, "x").Expect(http.StatusOK)
			finish[1]()
		})
	}
}

// TestExportsOfOneCompany runs exports of one company at two replicas. They wait for a lock of the company's row, which
// their audit entry refers to.
func TestExportsOfOneCompany(t *testing.T) {
	t.Parallel()
	c := newTwoCompanies(t)
	c.Config.CompanyExports = 2
	first, second := c.Replica(), c.Replica()
	hr, admin := first.SignIn(t, c.acme.Users[api.RoleHr]), first.SignIn(t, c.acme.Users[api.RoleAdmin])
	other := second.SignIn(t, c.globex.Users[api.RoleHr])
	release := c.hold(t, `SELECT FROM companies WHERE id = $1 FOR UPDATE`, c.acme.ID)
	answers := make(chan *testkit.Answer, 2)
	for _, client := range []*testkit.Client{hr, admin.At(second)} {
		go func() { answers <- client.Get(exportPath) }()
	}
	c.awaitLocks(t, 2)
	for _, client := range []*testkit.Client{hr.At(second), admin} {
		awaitRefusal(t, "2 exports", func() *testkit.Answer { return client.Get(exportPath) })
	}
	other.Get(exportPath).Expect(http.StatusOK)
	other.At(first).Get(exportPath).Expect(http.StatusOK)
	release()
	for range 2 {
		(<-answers).Expect(http.StatusOK)
	}
	hr.Get(exportPath).Expect(http.StatusOK)
}
