package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// aWhile is longer than the rights of a request count as fresh.
const aWhile = 50 * time.Millisecond

// loss ends the rights of a signed-in user, or of an API key.
type loss func(f *rightsFixture, actor *testkit.Client, id uuid.UUID)

// lossesOfUsers are the ways in which a user loses rights.
func lossesOfUsers() map[string]loss {
	return map[string]loss{
		"deactivated": func(f *rightsFixture, _ *testkit.Client, id uuid.UUID) {
			f.admin.Post("/api/v1/users/"+id.String()+"/deactivate", nil).Expect(http.StatusOK)
		},
		"demoted": func(f *rightsFixture, _ *testkit.Client, id uuid.UUID) {
			f.admin.Post("/api/v1/users/"+id.String()+"/change-role", api.ChangeRoleRequest{Role: api.RoleEmployee}).Expect(http.StatusOK)
		},
		"all sessions ended": func(f *rightsFixture, _ *testkit.Client, id uuid.UUID) {
			f.admin.Delete("/api/v1/users/" + id.String() + "/sessions").Expect(http.StatusOK)
		},
		"signed out": func(f *rightsFixture, actor *testkit.Client, _ uuid.UUID) {
			actor.At(f.other).Post("/api/v1/auth/logout", nil).Expect(http.StatusOK)
		},
	}
}

// lossesOfKeys are the ways in which an API key of the whole company loses the right to call an operation.
func lossesOfKeys() map[string]loss {
	patch := func(change func(f *rightsFixture) any) loss {
		return func(f *rightsFixture, _ *testkit.Client, id uuid.UUID) {
			f.admin.Patch("/api/v1/api-keys/"+id.String(), change(f)).Expect(http.StatusOK)
		}
	}
	return map[string]loss{
		"revoked": func(f *rightsFixture, _ *testkit.Client, id uuid.UUID) {
			f.admin.Post("/api/v1/api-keys/"+id.String()+"/revoke", nil).Expect(http.StatusOK)
		},
		"secret replaced": func(f *rightsFixture, _ *testkit.Client, id uuid.UUID) {
			f.admin.Post("/api/v1/api-keys/"+id.String()+"/rotate", map[string]any{"overlap_seconds": 0}).Expect(http.StatusOK)
		},
		"without the scope": patch(func(f *rightsFixture) any {
			other := "jobs:read"
			if f.op.Scope == other {
				other = "kits:read"
			}
			return map[string]any{"scopes": []string{other}}
		}),
		limitedToJobs: patch(func(f *rightsFixture) any {
			return map[string]any{
				"scopes": []string{"jobs:read"}, "job_ids": []uuid.UUID{f.installation.Hiring(f.company).Job(api.JobStatusOpen)},
			}
		}),
	}
}

const limitedToJobs = "limited to jobs"

// rightsFixture is a request for one operation, to one of two replicas. Its actor loses rights at the other one.
type rightsFixture struct {
	*fixture
	op    *gate.Operation
	other *testkit.Replica
	// admin is signed in at the other replica.
	admin *testkit.Client
}

// installed is an installation with two replicas, whose clock is stopped.
type installed struct {
	*testkit.Installation
	clock          *clocktest.Clock
	replica, other *testkit.Replica
}

func newInstalled(t *testing.T) *installed {
	t.Helper()
	i := &installed{Installation: testkit.New(t), clock: clocktest.Stopped()}
	i.Clock = i.clock.Source()
	i.replica, i.other = i.Replica(), i.Replica()
	return i
}

// request returns a request for an operation by a new user, an admin of a company of its own.
func (i *installed) request(t *testing.T, op *gate.Operation) *rightsFixture {
	t.Helper()
	installation := i.In(t)
	company := installation.Company("acme-" + uuid.NewString())
	caller := installation.User(company, "caller", api.RoleAdmin)
	s := &fixture{t, installation, i.replica, company, caller, i.replica.SignIn(t, caller)}
	return &rightsFixture{fixture: s, op: op, other: i.other, admin: i.other.SignIn(t, company.Users[api.RoleAdmin])}
}

// key returns an API key of the company that may call the operation.
func (f *rightsFixture) key() testkit.Key {
	if f.op.Keys == gate.KeyReachEvery {
		return f.installation.Key(f.company, []string{"jobs:read"})
	}
	return f.installation.Key(f.company, []string{f.op.Scope})
}

// callable reports whether an API key of a live company may call an operation.
func callable(op *gate.Operation) bool {
	return op.Keys != "" && op.Keys != gate.KeyReachTest
}

// acts is the number of an actor's successful acts in the audit log.
func (f *rightsFixture) acts(actor uuid.UUID) (n int) {
	f.t.Helper()
	err := f.installation.Database.QueryRow(f.t.Context(), `SELECT count(*) FROM audit_logs
		WHERE company_id = $1 AND actor_id = $2 AND outcome = 'success'`, f.company.ID, actor).Scan(&n)
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// reply is the response to a request, or why there is none.
type reply struct {
	status  int
	code    string
	content []byte
	err     error
}

// exchange sends a request and reads the response.
func exchange(request *http.Request) (r reply) {
	// The transport waits for the server to read the body, however long that takes.
	transport := &http.Transport{ExpectContinueTimeout: time.Hour, DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return reply{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	r.status = response.StatusCode
	r.content, r.err = io.ReadAll(response.Body)
	var problem api.Problem
	if json.Unmarshal(r.content, &problem) == nil {
		r.code = problem.Code
	}
	return r
}

// arriving is a request of which the server has read the first part of the body.
type arriving struct {
	rest  []byte
	body  *io.PipeWriter
	reply chan reply
}

// begin sends headers and the first half of a body. It returns when the server reads the body, and therefore has
// authenticated the actor.
func (f *rightsFixture) begin(actor *testkit.Client, example exampleRequest, headers ...string) *arriving {
	f.t.Helper()
	content := []byte("{}")
	switch body := example.body.(type) {
	case nil:
	case string:
		content = []byte(body)
	default:
		var err error
		if content, err = json.Marshal(body); err != nil {
			f.t.Fatal(err)
		}
	}
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(f.t.Context(), f.op.Method, actor.URL+pathOf(f.op, example.parameters), reader)
	if err != nil {
		f.t.Fatal(err)
	}
	request.ContentLength = int64(len(content))
	headers = slices.Concat([]string{
		"Authorization", "Bearer " + actor.Token, "Content-Type", "application/json", "Expect", "100-continue",
	}, example.headers, headers)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	a := &arriving{rest: content[len(content)/2:], body: writer, reply: make(chan reply, 1)}
	go func() { a.reply <- exchange(request) }()
	if _, err := writer.Write(content[:len(content)/2]); err != nil {
		f.t.Fatalf("the server did not read the body of %s: %+v", f.op.ID, <-a.reply)
	}
	return a
}

// end sends the rest of the body and returns the response.
func (a *arriving) end() reply {
	_, _ = a.body.Write(a.rest) // fails if the server has responded already
	_ = a.body.Close()
	return <-a.reply
}

// expectRefused expects the response to be the refusal of an actor who has lost the rights.
func (f *rightsFixture) expectRefused(got reply, want string) {
	f.t.Helper()
	status := http.StatusUnauthorized
	if want == "permission_denied" {
		status = http.StatusForbidden
	}
	if got.err != nil || got.status != status || got.code != want {
		f.t.Errorf("%s: got %d %s (error %v) %s, want %d %s", f.op.ID, got.status, got.code, got.err, got.content, status, want)
	}
}

// TestRightsEndWhileBodyArrives sends half of the body of every request that requires authentication, ends the rights of
// its actor at another replica, and sends the rest some time later. Each request is refused as if it began now, and
// changes nothing. Operations that take no body are called with an empty object, which they ignore.
func TestRightsEndWhileBodyArrives(t *testing.T) {
	t.Parallel()
	i := newInstalled(t)
	requests := minimalRequests()
	for _, op := range loadContract(t).Operations() {
		for name, lose := range lossesOfUsers() {
			if op.Public || len(op.Roles) == 0 {
				continue
			}
			t.Run(op.ID+"/user "+name, func(t *testing.T) {
				t.Parallel()
				f := i.request(t, op)
				example := f.example(requests, op.ID)
				if example.body == nil && name != "deactivated" {
					return // one loss is enough for an operation that takes no body
				}
				request := f.begin(f.client, example)
				lose(f, f.client, f.caller.ID)
				testkit.Eventually(t, time.Minute, "the replica learns of it", func() bool {
					return f.client.Get("/api/v1/users/me").Status == http.StatusUnauthorized
				})
				i.clock.Advance(aWhile)
				before := f.acts(f.caller.ID)
				f.expectRefused(request.end(), "invalid_token")
				if after := f.acts(f.caller.ID); after != before {
					t.Errorf("acts of the user: got %d after the loss, want 0", after-before)
				}
			})
		}
		for name, lose := range lossesOfKeys() {
			if op.Public || op.UsersOnly != "" || !callable(op) || name == "without the scope" && op.Keys == gate.KeyReachEvery ||
				name == limitedToJobs && op.Keys != gate.KeyReachCompany {
				continue
			}
			t.Run(op.ID+"/key "+name, func(t *testing.T) {
				t.Parallel()
				f := i.request(t, op)
				example, key := f.example(requests, op.ID), f.key()
				if example.body == nil && name != "revoked" {
					return
				}
				actor := f.replica.Bearer(t, key.Secret.Reveal())
				request := f.begin(actor, example)
				lose(f, actor, key.ID)
				i.clock.Advance(aWhile)
				f.expectRefused(request.end(), refusalOf(name))
				if acts := f.acts(key.ID); acts != 0 {
					t.Errorf("acts of the key: got %d, want 0", acts)
				}
			})
		}
	}
}

// refusalOf is the code with which a key is refused after a loss.
func refusalOf(loss string) string {
	if loss == "without the scope" || loss == limitedToJobs {
		return "permission_denied"
	}
	return "invalid_token"
}

// TestTransactionsConfirmRights does the same while the clock stops: the gate takes the rights for fresh, and this
// replica may not have learned of the loss. The transaction of every operation that changes something reads the rights
// itself, so nothing is changed.
func TestTransactionsConfirmRights(t *testing.T) {
	t.Parallel()
	i := newInstalled(t)
	requests := minimalRequests()
	for _, op := range loadContract(t).Operations() {
		// Signing out of a session that has ended succeeds, and changes nothing.
		if op.Public || op.Method == http.MethodGet || op.ID == "Logout" {
			continue
		}
		t.Run(op.ID+"/user", func(t *testing.T) {
			t.Parallel()
			f := i.request(t, op)
			example := f.example(requests, op.ID)
			if example.status >= http.StatusBadRequest {
				return
			}
			request := f.begin(f.client, example)
			f.client.At(f.other).Post("/api/v1/auth/logout", nil).Expect(http.StatusOK)
			before := f.acts(f.caller.ID)
			f.expectRefused(request.end(), "invalid_token")
			if after := f.acts(f.caller.ID); after != before {
				t.Errorf("acts of the user: got %d after signing out, want 0", after-before)
			}
		})
		for name, lose := range lossesOfKeys() {
			if !callable(op) || name == limitedToJobs && op.Keys != gate.KeyReachCompany {
				continue
			}
			t.Run(op.ID+"/key "+name, func(t *testing.T) {
				t.Parallel()
				f := i.request(t, op)
				example, key := f.example(requests, op.ID), f.key()
				if example.status >= http.StatusBadRequest {
					return
				}
				actor := f.replica.Bearer(t, key.Secret.Reveal())
				request := f.begin(actor, example)
				lose(f, actor, key.ID)
				f.expectRefused(request.end(), refusalOf(name))
				if acts := f.acts(key.ID); acts != 0 {
					t.Errorf("acts of the key: got %d, want 0", acts)
				}
			})
		}
	}
}

// operation returns an operation of the specification.
func operation(t *testing.T, id string) *gate.Operation {
	t.Helper()
	for _, op := range loadContract(t).Operations() {
		if op.ID == id {
			return op
		}
	}
	t.Fatalf("the specification has no operation %s", id)
	return nil
}

// TestReplayNeedsRights repeats an import with its Idempotency-Key. The response of the first request is not shown to a
// user who was signed out while the body of the second arrived.
func TestReplayNeedsRights(t *testing.T) {
	t.Parallel()
	i := newInstalled(t)
	f := i.request(t, operation(t, "ImportCandidatesCSV"))
	example := f.example(minimalRequests(), f.op.ID)
	headers := append(slices.Clone(example.headers), "Idempotency-Key", "import-1")
	f.client.Do(f.op.Method, f.op.Path, example.body, headers...).Expect(http.StatusOK)
	request := f.begin(f.client, example, "Idempotency-Key", "import-1")
	f.client.Post("/api/v1/auth/logout", nil).Expect(http.StatusOK)
	f.expectRefused(request.end(), "invalid_token")
}

// TestRightsEndWhileLockIsAwaited signs an admin out while their request waits for the lock of a row.
func TestRightsEndWhileLockIsAwaited(t *testing.T) {
	t.Parallel()
	i := newInstalled(t)
	f := i.request(t, operation(t, "UpdateUser"))
	target := f.newEmployee()
	holder := f.installation.Connect()
	lock, err := holder.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), `SELECT FROM users WHERE id = $1 FOR UPDATE`, target.ID); err != nil {
		t.Fatal(err)
	}
	request := f.begin(f.client, exampleRequest{
		parameters: map[string]string{"user_id": target.ID.String()}, body: map[string]any{"department": "Hall 9"},
	})
	answered := make(chan reply, 1)
	go func() { answered <- request.end() }()
	testkit.Eventually(t, time.Minute, "the request waits for the lock", func() bool {
		var waiting bool
		err := f.installation.Database.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting)
		return err == nil && waiting
	})
	f.client.At(f.other).Post("/api/v1/auth/logout", nil).Expect(http.StatusOK)
	if err := lock.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.expectRefused(<-answered, "invalid_token")
	var department *string
	err = f.installation.Database.QueryRow(t.Context(), `SELECT department FROM users WHERE id = $1`, target.ID).Scan(&department)
	if err != nil || department != nil {
		t.Errorf("department: got %v (error %v), want none", department, err)
	}
}

// pause observes statements, and stops before it sends the first one with a name until it is resumed.
type pause struct {
	name            string
	once            sync.Once
	reached, resume chan struct{}
}

func newPause(name string) *pause {
	return &pause{name: name, reached: make(chan struct{}), resume: make(chan struct{})}
}

func (p *pause) before(sql string) {
	if strings.Contains(sql, "-- name: "+p.name+" ") {
		p.once.Do(func() {
			close(p.reached)
			<-p.resume
		})
	}
}

func (p *pause) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	for _, query := range data.Batch.QueuedQueries {
		p.before(query.SQL)
	}
	return ctx
}

func (*pause) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (*pause) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func (p *pause) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	p.before(data.SQL)
	return ctx
}

func (*pause) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// paused returns an installation whose first replica stops before it sends a statement.
func paused(t *testing.T, statement string) (*installed, *pause) {
	t.Helper()
	i, p := newInstalled(t), newPause(statement)
	i.Statements = p
	i.replica = i.Replica()
	return i, p
}

// TestRightsEndDuringDryRun signs a user out while an import that writes nothing reads the candidates that its file
// refers to. The user does not get the report.
func TestRightsEndDuringDryRun(t *testing.T) {
	t.Parallel()
	i, p := paused(t, "ListImportedCandidates")
	f := i.request(t, operation(t, "ImportCandidatesCSV"))
	example := f.example(minimalRequests(), f.op.ID)
	f.op = &gate.Operation{ID: f.op.ID, Method: f.op.Method, Path: f.op.Path + "?dry_run=true"}
	request := f.begin(f.client, example)
	answered := make(chan reply, 1)
	go func() { answered <- request.end() }()
	select {
	case <-p.reached:
	case got := <-answered:
		t.Fatalf("the import did not read candidates: %+v", got)
	}
	f.client.Post("/api/v1/auth/logout", nil).Expect(http.StatusOK)
	close(p.resume)
	f.expectRefused(<-answered, "invalid_token")
}

// download requests an export, ends the rights of the actor while the statement of its first batch is stopped, and
// returns the response.
func (f *rightsFixture) download(actor *testkit.Client, id uuid.UUID, p *pause, lose loss, meanwhile func()) reply {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), f.op.Method, actor.URL+f.op.Path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+actor.Token)
	answered := make(chan reply, 1)
	go func() { answered <- exchange(request) }()
	select {
	case <-p.reached:
	case got := <-answered:
		f.t.Fatalf("%s did not read its first batch: %+v", f.op.ID, got)
	}
	resume := sync.OnceFunc(func() { close(p.resume) })
	defer resume()
	lose(f, actor, id)
	testkit.Eventually(f.t, time.Minute, "the replica learns of it", func() bool {
		return actor != f.client || actor.Get("/api/v1/users/me").Status == http.StatusUnauthorized
	})
	meanwhile()
	resume()
	return <-answered
}

// TestRightsEndDuringExport ends the rights of an actor while an export reads its first batch, for longer than a second.
// The connection is closed before a row is sent.
func TestRightsEndDuringExport(t *testing.T) {
	t.Parallel()
	for _, op := range loadContract(t).Operations() {
		if !op.Streaming {
			continue
		}
		for _, kind := range []string{"user", "key", limitedToJobs} {
			t.Run(op.ID+"/"+kind, func(t *testing.T) {
				t.Parallel()
				i, p := paused(t, "List"+strings.TrimPrefix(op.ID, "Export"))
				f := i.request(t, op)
				f.client.Post("/api/v1/candidates", map[string]any{"first_name": "Mira", "last_name": "Solheim"}).Expect(http.StatusCreated)
				h := f.newApplication()
				interview := h.hiring.Interview(h.application, h.version, api.InterviewStatusCompleted, h.colleague)
				h.hiring.Score(interview, h.colleague, api.ScoreStatusSubmitted, 3)
				actor, id, lose := f.client, f.caller.ID, lossesOfUsers()["deactivated"]
				if kind != "user" {
					key := f.key()
					actor, id, lose = f.replica.Bearer(t, key.Secret.Reveal()), key.ID, lossesOfKeys()["revoked"]
				}
				if kind == limitedToJobs {
					lose = func(f *rightsFixture, _ *testkit.Client, id uuid.UUID) {
						f.installation.Exec(`UPDATE api_keys SET limited_to_jobs = true WHERE id = $1`, id)
						f.installation.Exec(`INSERT INTO api_key_jobs (company_id, api_key_id, job_id, position)
							SELECT company_id, $1, id, 1 FROM jobs WHERE id = $2`, id, h.job)
					}
				}
				i.clock.Advance(time.Second) // an export of the audit log has the entries before it
				got := f.download(actor, id, p, lose, func() { i.clock.Advance(time.Second) })
				if got.err == nil || len(got.content) > 0 {
					t.Errorf("got %d %q (error %v), want no row and a closed connection", got.status, got.content, got.err)
				}
			})
		}
	}
}

// TestRightsEndBetweenBatches ends the rights of a user while an export reads its first batch. The export ends before
// the second batch, and is not complete.
func TestRightsEndBetweenBatches(t *testing.T) {
	t.Parallel()
	i, p := paused(t, "ListCandidates")
	f := i.request(t, operation(t, "ExportCandidates"))
	const batch = 500
	f.installation.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'Mira', 'Solheim', now(), now() FROM generate_series(1, $2)`, f.company.ID, batch+1)
	got := f.download(f.client, f.caller.ID, p, lossesOfUsers()["demoted"], func() {})
	if lines := bytes.Count(got.content, []byte("\n")); lines != batch || fmt.Sprint(got.err) != io.ErrUnexpectedEOF.Error() {
		t.Errorf("got %d lines and the error %v, want %d and %v", lines, got.err, batch, io.ErrUnexpectedEOF)
	}
}
