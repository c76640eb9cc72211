package demo_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // the program embeds it, too

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// fixture is an installation with an operator that loads the demo into it.
type fixture struct {
	*testkit.Installation
	t        *testing.T
	operator *operator.Operator
}

func newFixture(t *testing.T, source clock.Source) fixture {
	t.Helper()
	f := fixture{testkit.New(t), t, nil}
	f.operator = f.newOperator(source)
	return f
}

func (f fixture) newOperator(source clock.Source) *operator.Operator {
	f.t.Helper()
	store, err := postgres.Open(f.t.Context(), postgres.Options{URL: f.DatabaseURL, MaxConns: 2, StatementTimeout: time.Minute})
	if err != nil {
		f.t.Fatal(err)
	}
	hasher := password.NewHasher(password.Options{Cost: bcrypt.MinCost, Workers: 1, Queue: 4})
	f.t.Cleanup(func() {
		hasher.Close()
		store.Close()
	})
	o, err := operator.New(operator.Options{Store: store, Clock: source, Audit: audit.NewRecorder(source), Hasher: hasher})
	if err != nil {
		f.t.Fatal(err)
	}
	return o
}

func (f fixture) load(options demo.Options) demo.Loaded {
	f.t.Helper()
	loaded, err := demo.Load(f.t.Context(), f.operator, options)
	if err != nil {
		f.t.Fatal(err)
	}
	return loaded
}

// query returns the single value of a statement.
func query[T any](f fixture, sql string, args ...any) T {
	f.t.Helper()
	var value T
	conn := f.Connect()
	if err := conn.QueryRow(f.t.Context(), sql, args...).Scan(&value); err != nil {
		f.t.Fatalf("%s: %v", sql, err)
	}
	if err := conn.Close(f.t.Context()); err != nil {
		f.t.Error(err)
	}
	return value
}

// fixedClock is a clock with a fixed time and consecutive ids.
func fixedClock(at time.Time) clock.Source {
	var mu sync.Mutex
	next := uint64(0)
	source := clock.System()
	source.Now = func() time.Time { return at }
	source.ID = func() uuid.UUID {
		mu.Lock()
		defer mu.Unlock()
		next++
		return uuid.MustParse(fmt.Sprintf("01980000-0000-7000-8000-%012x", next))
	}
	return source
}

func TestStandardDemo(t *testing.T) {
	t.Parallel()
	f := newFixture(t, clock.System())

	loaded := f.load(demo.Options{})

	want := demo.Loaded{
		Companies: 2, Users: 70, Jobs: 14, Kits: 4, Candidates: 2020, Applications: 3026, Interviews: 606,
		Parts: 2, Done: 2, Of: 2,
		Scores: loaded.Scores, Rows: loaded.Rows, // compared with the tables below
	}
	if loaded != want {
		t.Errorf("got %+v, want %+v", loaded, want)
	}
	rows := 0
	for table, want := range map[string]int{ // -1 means any number except 0
		"users": loaded.Users, "jobs": loaded.Jobs, "kits": loaded.Kits, "candidates": loaded.Candidates,
		"applications": loaded.Applications, "interviews": loaded.Interviews, "scores": loaded.Scores, "job_members": -1,
		"kit_versions": -1, "application_moves": -1, "interview_panelists": -1, "interview_events": -1, "score_revisions": -1,
	} {
		got := query[int](f, "SELECT count(*) FROM "+table)
		if want >= 0 && got != want || got == 0 {
			t.Errorf("rows of %s: got %d, want %d", table, got, want)
		}
		rows += got
	}
	if got := rows - loaded.Users; got != loaded.Rows {
		t.Errorf("rows of all tables: got %d, want %d", got, loaded.Rows)
	}

	for sql, want := range map[string]int{
		`SELECT count(DISTINCT status) FROM jobs`:                                                                       4,
		`SELECT count(DISTINCT department) FROM jobs`:                                                                   5,
		`SELECT count(DISTINCT (stage, status)) FROM applications`:                                                      21,
		`SELECT count(DISTINCT rejection_reason) FROM applications`:                                                     12,
		`SELECT count(DISTINCT event) FROM application_moves`:                                                           9,
		`SELECT count(DISTINCT status) FROM interviews`:                                                                 7,
		`SELECT count(DISTINCT event) FROM interview_events`:                                                            9,
		`SELECT count(DISTINCT response) FROM interview_panelists`:                                                      4,
		`SELECT count(DISTINCT status) FROM scores`:                                                                     3,
		`SELECT count(DISTINCT recommendation) FROM scores`:                                                             5,
		`SELECT count(DISTINCT status) FROM kit_versions`:                                                               3,
		`SELECT count(DISTINCT event) FROM score_revisions`:                                                             2,
		`SELECT count(DISTINCT status) FROM candidates`:                                                                 2,
		`SELECT count(*) FROM audit_logs WHERE action = 'candidate.imported' AND actor_type = 'system'`:                 2,
		`SELECT count(*) FROM audit_logs WHERE action NOT IN ('candidate.imported', 'user.created', 'company.created')`: 0,
	} {
		if got := query[int](f, sql); got != want {
			t.Errorf("%s: got %d, want %d", sql, got, want)
		}
	}
	for sql, minimum := range map[string]int{
		`SELECT count(DISTINCT timezone) FROM interviews`:                                                                                                                5,
		`SELECT count(*) FROM candidates WHERE external_id IS NOT NULL`:                                                                                                  600,
		`SELECT count(*) FROM candidates WHERE status = 'archived'`:                                                                                                      40,
		`SELECT count(*) FROM interviews WHERE reschedules > 0`:                                                                                                          50,
		`SELECT count(*) FROM job_members JOIN users ON id = user_id WHERE email = 'lead@acme.example' AND job_members.role = 'hiring_manager'`:                          3,
		`SELECT count(*) FROM interview_panelists JOIN users ON id = user_id WHERE email = 'employee@acme.example'`:                                                      20,
		`SELECT count(*) FROM (SELECT FROM scores WHERE status = 'submitted' GROUP BY interview_id HAVING count(DISTINCT recommendation) > 1) AS differ`:                 100,
		`SELECT count(*) FROM (SELECT FROM scores WHERE status = 'submitted' GROUP BY interview_id HAVING count(DISTINCT recommendation) = 1 AND count(*) > 1) AS agree`: 60,
	} {
		if got := query[int](f, sql); got < minimum {
			t.Errorf("%s: got %d, want %d or more", sql, got, minimum)
		}
	}

	// Each stage has fewer applications than the previous one.
	funnel := `SELECT count(*) FILTER (WHERE stage = 'hired') < count(*) FILTER (WHERE stage = 'offer')
		AND count(*) FILTER (WHERE stage = 'offer') < count(*) FILTER (WHERE stage = 'evaluation')
		AND count(*) FILTER (WHERE stage = 'evaluation') < count(*) FILTER (WHERE stage = 'interview')
		AND count(*) FILTER (WHERE stage = 'interview') < count(*) FILTER (WHERE stage = 'screening')
		AND count(*) FILTER (WHERE stage = 'screening') < count(*) FILTER (WHERE stage = 'applied') FROM applications`
	if !query[bool](f, funnel) {
		t.Error("a stage has as many applications as the previous one or more, want fewer")
	}
}

// digest returns the number of rows and a hash of the content of each table that a load writes to.
func (f fixture) digest() string {
	f.t.Helper()
	all := ""
	for _, table := range append(demo.Tables(), "companies") {
		if table == "users" { // without the password hash, which is salted
			table = "(SELECT id, email, first_name, last_name, role, department, created_at FROM users)"
		}
		all += query[string](f, fmt.Sprintf(
			`SELECT '%[1]s: ' || count(*) || ' ' || coalesce(md5(string_agg(r::text, E'\n' ORDER BY r::text)), '') || E'\n' FROM %[1]s AS r`, table))
	}
	return all
}

func TestLoadIsReproducible(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 4, 11, 7, 30, 0, time.UTC)
	load := func(at time.Time, seed uint64) string {
		f := newFixture(t, fixedClock(at))
		f.load(demo.Options{Seed: seed, Scale: 2})
		return f.digest()
	}
	first := load(at, 1)

	if got := load(at, 1); got != first {
		t.Errorf("same seed and time: got\n%s\nwant\n%s", got, first)
	}
	if load(at, 2) == first {
		t.Error("another seed gives the same data")
	}
	if load(at.Add(time.Hour), 1) == first {
		t.Error("another time gives the same data")
	}
}

// TestSecondLoadChangesNothing changes loaded rows before the second load.
func TestSecondLoadChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, clock.System())
	f.load(demo.Options{})
	f.Exec(`UPDATE jobs SET title = 'Another title' WHERE title = 'Perception Engineer'`)
	f.Exec(`UPDATE kits SET name = 'Another name' WHERE name LIKE 'Customer%'`)
	f.Exec(`UPDATE candidates SET external_id = NULL WHERE external_id = 'demo-0000-0001'`)
	before := f.digest()

	second := f.load(demo.Options{})

	if want := (demo.Loaded{Done: 2, Of: 2}); second != want {
		t.Errorf("second load: got %+v, want %+v", second, want)
	}
	if after := f.digest(); after != before {
		t.Errorf("after the second load: got\n%s\nwant\n%s", after, before)
	}
}

// TestLoadIntoExistingCompany loads the demo into a company that exists, but has only two users, both deactivated.
func TestLoadIntoExistingCompany(t *testing.T) {
	t.Parallel()
	f := newFixture(t, clock.System())
	company, err := f.operator.CreateCompany(t.Context(), "Acme Robotics", "acme-robotics")
	if err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"lead@acme.example", "hr@acme.example"} {
		_, err := f.operator.CreateUserWithHash(t.Context(), company.ID, operator.Person{
			Email: email, FirstName: "Lars", LastName: "Lindqvist", Role: stored.RoleTeamLead,
		}, "none")
		if err != nil {
			t.Fatal(err)
		}
	}
	f.Exec(`UPDATE users SET is_active = false`)

	loaded := f.load(demo.Options{})

	if loaded.Companies != 1 || loaded.Users != 68 || loaded.Jobs != 14 || loaded.Interviews < 500 {
		t.Errorf("got %+v, want 1 company, 68 users, 14 jobs and 500 or more interviews", loaded)
	}
}

// TestConcurrentLoads loads the demo twice at the same time, as two replicas that start together.
func TestConcurrentLoads(t *testing.T) {
	t.Parallel()
	f := newFixture(t, clock.System())
	other := f.newOperator(clock.System())
	var loaded [2]demo.Loaded
	var errs [2]error
	var group sync.WaitGroup
	for i, o := range []*operator.Operator{f.operator, other} {
		group.Go(func() { loaded[i], errs[i] = demo.Load(t.Context(), o, demo.Options{Seed: uint64(i)}) })
	}
	group.Wait()

	for i, err := range errs {
		if err != nil || loaded[i].Done != 2 {
			t.Errorf("load %d: got %d parts and error %v, want 2 parts", i, loaded[i].Done, err)
		}
	}
	if got := loaded[0].Parts + loaded[1].Parts; got != 2 {
		t.Errorf("parts loaded by both: got %d, want 2", got)
	}
	if got := query[int](f, `SELECT count(*) FROM candidates`); got != 2020 {
		t.Errorf("candidates: got %d, want 2020", got)
	}
	if got := query[int](f, `SELECT count(*) FROM users`); got != 70 {
		t.Errorf("users: got %d, want 70", got)
	}
	if got := loaded[0].Users + loaded[1].Users; got != 70 {
		t.Errorf("users loaded by both: got %d, want 70", got)
	}
}

// TestInterruptedLoadContinues cancels a load after its second part, while others are being loaded, and loads again.
func TestInterruptedLoadContinues(t *testing.T) {
	t.Parallel()
	f := newFixture(t, clock.System())
	ctx, cancel := context.WithCancel(t.Context())
	loaded, err := demo.Load(ctx, f.operator, demo.Options{Scale: 5, Progress: func(l demo.Loaded) {
		if l.Parts == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || loaded.Parts < 2 || loaded.Parts > 4 || loaded.Of != 6 {
		t.Fatalf("cancelled load: got %+v, error %v, want 2 to 4 of 6 parts and context.Canceled", loaded, err)
	}
	for table, want := range map[string]int{
		"candidates": loaded.Candidates, "interviews": loaded.Interviews, "scores": loaded.Scores,
	} {
		if got := query[int](f, `SELECT count(*) FROM `+table); got != want || got == 0 {
			t.Errorf("%s after the cancelled load: got %d, want %d", table, got, want)
		}
	}

	rest := f.load(demo.Options{Scale: 5})

	if rest.Parts != 6-loaded.Parts || rest.Done != 6 || rest.Users == 0 {
		t.Errorf("second load: got %+v, want %d parts, 6 done, and users", rest, 6-loaded.Parts)
	}
	if got := query[int](f, `SELECT count(*) FROM candidates`); got != 10020 {
		t.Errorf("candidates: got %d, want 10020", got)
	}
}

func TestLoadRefusesInvalidOptions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, clock.System())
	for name, c := range map[string]struct {
		options demo.Options
		want    string
	}{
		"unknown company": {demo.Options{Enlarge: "initech"}, `no demo company "initech"`},
		"negative scale":  {demo.Options{Scale: -1}, "the scale must be 1 to"},
		"too large scale": {demo.Options{Scale: demo.MaxScale + 1}, "the scale must be 1 to"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := demo.Load(t.Context(), f.operator, c.options); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
		})
	}
	if got := query[int](f, `SELECT count(*) FROM companies`); got != 0 {
		t.Errorf("companies: got %d, want 0", got)
	}
}

func TestEnlargeOtherCompany(t *testing.T) {
	t.Parallel()
	f := newFixture(t, clock.System())
	if loaded := f.load(demo.Options{Scale: 2, Enlarge: "globex"}); loaded.Candidates != 4020 || loaded.Of != 3 {
		t.Errorf("got %+v, want 4020 candidates and 3 parts", loaded)
	}
	got := query[int](f, `SELECT count(*) FROM interviews JOIN companies AS c ON c.id = company_id WHERE slug = 'globex'`)
	if got != 606 {
		t.Errorf("interviews of Globex: got %d, want 606", got)
	}
}

// TestListsOfDemoAccounts reads every page of every list through the API. The client validates each response against the
// specification.
func TestListsOfDemoAccounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t, clock.System())
	f.load(demo.Options{})
	f.Config.LoginPerIP = 1000
	replica := f.Replica()
	for _, email := range demo.Accounts() {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			client := replica.Anonymous(t)
			login := map[string]string{"email": email, "password": demo.Password}
			client.Adopt(client.Post("/api/v1/auth/login", login).Expect(http.StatusOK))
			me := testkit.Decode[api.Me](client.Get("/api/v1/users/me").Expect(http.StatusOK))
			lists := []string{"jobs", "candidates", "applications", "kits", "interviews", "scores"}
			if me.Role != api.RoleEmployee {
				lists = append(lists, "users")
			}

			for _, list := range lists {
				rows := 0
				for next := "/api/v1/" + list + "?limit=200"; next != ""; {
					page := testkit.Decode[struct {
						Data []struct{ ID uuid.UUID }
						Next *string `json:"next_cursor"`
					}](client.Get(next).Expect(http.StatusOK))
					rows += len(page.Data)
					next = ""
					if page.Next != nil {
						next = "/api/v1/" + list + "?limit=200&cursor=" + *page.Next
					}
				}
				if rows == 0 && list != "scores" { // an account can be without visible scores
					t.Errorf("%s: got no rows, want at least one", list)
				}
			}
		})
	}
}
