package demo_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // the program has it too

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// stage is an installation, and an operator who loads the demo into it.
type stage struct {
	*testkit.Installation
	t        *testing.T
	operator *operator.Operator
}

// set prepares an installation whose operator has a clock.
func set(t *testing.T, source clock.Source) stage {
	t.Helper()
	s := stage{testkit.New(t), t, nil}
	s.operator = s.anotherOperator(source)
	return s
}

func (s stage) anotherOperator(source clock.Source) *operator.Operator {
	s.t.Helper()
	kept, err := postgres.Open(s.t.Context(), postgres.Options{URL: s.DatabaseURL, MaxConns: 2, StatementTimeout: time.Minute})
	if err != nil {
		s.t.Fatal(err)
	}
	hasher := password.NewHasher(s.t.Context(), password.Options{Cost: bcrypt.MinCost, Workers: 1, Queue: 4})
	s.t.Cleanup(func() {
		hasher.Close()
		kept.Close()
	})
	return &operator.Operator{Store: kept, Clock: source, Audit: audit.NewRecorder(source), Hasher: hasher}
}

func (s stage) load(options demo.Options) demo.Loaded {
	s.t.Helper()
	loaded, err := demo.Load(s.t.Context(), s.operator, options)
	if err != nil {
		s.t.Fatal(err)
	}
	return loaded
}

// ask gives the one value that a statement has.
func ask[T any](s stage, sql string, args ...any) T {
	s.t.Helper()
	var value T
	conn := s.Connect()
	if err := conn.QueryRow(s.t.Context(), sql, args...).Scan(&value); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	if err := conn.Close(s.t.Context()); err != nil {
		s.t.Error(err)
	}
	return value
}

// ticking is a clock that stands still, with ids that count.
func ticking(at time.Time) clock.Source {
	var mu sync.Mutex
	next := uint64(0)
	return clock.Source{Now: func() time.Time { return at }, ID: func() uuid.UUID {
		mu.Lock()
		defer mu.Unlock()
		next++
		return uuid.MustParse(fmt.Sprintf("01980000-0000-7000-8000-%012x", next))
	}}
}

func TestStandardDemo(t *testing.T) {
	t.Parallel()
	s := set(t, clock.System())
	loaded := s.load(demo.Options{})
	if loaded.Companies != 2 || loaded.Users != 70 || loaded.Jobs != 14 || loaded.Kits != 4 || loaded.Candidates != 2020 ||
		loaded.Applications != 3026 || loaded.Interviews != 606 || loaded.Parts != 2 || loaded.Done != 2 || loaded.Of != 2 {
		t.Errorf("loaded are %+v", loaded)
	}
	rows := 0
	for table, said := range map[string]int{
		"users": loaded.Users, "jobs": loaded.Jobs, "kits": loaded.Kits, "candidates": loaded.Candidates,
		"applications": loaded.Applications, "interviews": loaded.Interviews, "scores": loaded.Scores, "job_members": -1,
		"kit_versions": -1, "application_moves": -1, "interview_panelists": -1, "interview_events": -1, "score_revisions": -1,
	} {
		there := ask[int](s, "SELECT count(*) FROM "+table)
		if said >= 0 && there != said || there == 0 {
			t.Errorf("of %s %d are there, %d are said to be", table, there, said)
		}
		rows += there
	}
	if rows-loaded.Users != loaded.Rows {
		t.Errorf("%d rows are there, %d are said to be", rows-loaded.Users, loaded.Rows)
	}
	for what, want := range map[string]int{
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
		if got := ask[int](s, what); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	for what, least := range map[string]int{
		`SELECT count(DISTINCT timezone) FROM interviews`:                                                                                                                5,
		`SELECT count(*) FROM candidates WHERE external_id IS NOT NULL`:                                                                                                  600,
		`SELECT count(*) FROM candidates WHERE status = 'archived'`:                                                                                                      40,
		`SELECT count(*) FROM interviews WHERE reschedules > 0`:                                                                                                          50,
		`SELECT count(*) FROM job_members JOIN users ON id = user_id WHERE email = 'lead@acme.example' AND job_members.role = 'hiring_manager'`:                          3,
		`SELECT count(*) FROM interview_panelists JOIN users ON id = user_id WHERE email = 'employee@acme.example'`:                                                      20,
		`SELECT count(*) FROM (SELECT FROM scores WHERE status = 'submitted' GROUP BY interview_id HAVING count(DISTINCT recommendation) > 1) AS differ`:                 100,
		`SELECT count(*) FROM (SELECT FROM scores WHERE status = 'submitted' GROUP BY interview_id HAVING count(DISTINCT recommendation) = 1 AND count(*) > 1) AS agree`: 60,
	} {
		if got := ask[int](s, what); got < least {
			t.Errorf("%s: %d, want %d or more", what, got, least)
		}
	}
	hires := `SELECT count(*) FILTER (WHERE stage = 'hired') < count(*) FILTER (WHERE stage = 'offer')
		AND count(*) FILTER (WHERE stage = 'offer') < count(*) FILTER (WHERE stage = 'evaluation')
		AND count(*) FILTER (WHERE stage = 'evaluation') < count(*) FILTER (WHERE stage = 'interview')
		AND count(*) FILTER (WHERE stage = 'interview') < count(*) FILTER (WHERE stage = 'screening')
		AND count(*) FILTER (WHERE stage = 'screening') < count(*) FILTER (WHERE stage = 'applied') FROM applications`
	if !ask[bool](s, hires) {
		t.Error("the applications are no funnel")
	}
}

// digest is the rows of a table as one text.
func (s stage) digest() string {
	s.t.Helper()
	all := ""
	for _, table := range append(demo.Tables(), "companies") {
		if table == "users" { // the same password has another hash each time
			table = "(SELECT id, email, first_name, last_name, role, department, created_at FROM users)"
		}
		all += ask[string](s, fmt.Sprintf(
			`SELECT '%[1]s: ' || count(*) || ' ' || coalesce(md5(string_agg(r::text, E'\n' ORDER BY r::text)), '') || E'\n' FROM %[1]s AS r`, table))
	}
	return all
}

// TestDemoIsDetermined loads the same demo twice, and two others.
func TestDemoIsDetermined(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 4, 11, 7, 30, 0, time.UTC)
	load := func(at time.Time, seed uint64) string {
		s := set(t, ticking(at))
		s.load(demo.Options{Seed: seed, Scale: 2})
		return s.digest()
	}
	first := load(at, 1)
	if again := load(at, 1); again != first {
		t.Errorf("two loads differ:\n%s\n%s", first, again)
	}
	if load(at, 2) == first {
		t.Error("another seed gives the same demo")
	}
	if load(at.Add(time.Hour), 1) == first {
		t.Error("another time gives the same demo")
	}
}

// TestDemoIsLoadedOnce holds a second load to changing nothing, whatever has been changed since the first.
func TestDemoIsLoadedOnce(t *testing.T) {
	t.Parallel()
	s := set(t, clock.System())
	s.load(demo.Options{})
	s.Exec(`UPDATE jobs SET title = 'Another title', title_key = DEFAULT WHERE title = 'Perception Engineer'`)
	s.Exec(`UPDATE kits SET name = 'Another name', name_key = DEFAULT WHERE name LIKE 'Customer%'`)
	s.Exec(`UPDATE candidates SET external_id = NULL WHERE external_id = 'demo-0000-0001'`)
	before := s.digest()
	if again := s.load(demo.Options{}); again.Rows != 0 || again.Companies != 0 || again.Users != 0 || again.Parts != 0 || again.Done != 2 {
		t.Errorf("again: %+v", again)
	}
	if after := s.digest(); after != before {
		t.Errorf("a second load changed\n%s\nto\n%s", before, after)
	}
}

// TestDemoOfAnEarlierRelease finds a company with people who have left since, and nothing else.
func TestDemoOfAnEarlierRelease(t *testing.T) {
	t.Parallel()
	s := set(t, clock.System())
	company, err := s.operator.CreateCompany(t.Context(), "Acme Robotics", "acme-robotics")
	if err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"lead@acme.example", "hr@acme.example"} {
		_, err := s.operator.CreateUserWithHash(t.Context(), company.ID, operator.Person{
			Email: email, FirstName: "Lars", LastName: "Lindqvist", Role: api.RoleTeamLead,
		}, "none")
		if err != nil {
			t.Fatal(err)
		}
	}
	s.Exec(`UPDATE users SET is_active = false`)
	if loaded := s.load(demo.Options{}); loaded.Companies != 1 || loaded.Users != 68 || loaded.Jobs != 14 || loaded.Interviews < 500 {
		t.Errorf("loaded are %+v", loaded)
	}
}

// TestDemoIsLoadedByTwoAtOnce is two replicas that start beside each other.
func TestDemoIsLoadedByTwoAtOnce(t *testing.T) {
	t.Parallel()
	s := set(t, clock.System())
	other := s.anotherOperator(clock.System())
	var all [2]demo.Loaded
	var errs [2]error
	var loaders sync.WaitGroup
	for i, o := range []*operator.Operator{s.operator, other} {
		loaders.Go(func() { all[i], errs[i] = demo.Load(t.Context(), o, demo.Options{Seed: uint64(i)}) })
	}
	loaders.Wait()
	for i, err := range errs {
		if err != nil || all[i].Done != 2 {
			t.Errorf("loader %d: %+v, %v", i, all[i], err)
		}
	}
	if got := all[0].Parts + all[1].Parts; got != 2 {
		t.Errorf("%d parts were loaded, want 2", got)
	}
	if got := ask[int](s, `SELECT count(*) FROM candidates`); got != 2020 {
		t.Errorf("%d candidates, want 2020", got)
	}
	if got := ask[int](s, `SELECT count(*) FROM users`); got != 70 || all[0].Users+all[1].Users != 70 {
		t.Errorf("%d users, %d and %d of them loaded, want 70", got, all[0].Users, all[1].Users)
	}
}

// TestDemoGoesOn interrupts a load after its second part, while others are under way, and loads again.
func TestDemoGoesOn(t *testing.T) {
	t.Parallel()
	s := set(t, clock.System())
	ctx, cancel := context.WithCancel(t.Context())
	loaded, err := demo.Load(ctx, s.operator, demo.Options{Scale: 5, Progress: func(l demo.Loaded) {
		if l.Parts == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || loaded.Parts < 2 || loaded.Parts > 4 || loaded.Of != 6 {
		t.Fatalf("loaded are %+v, %v", loaded, err)
	}
	for table, said := range map[string]int{"candidates": loaded.Candidates, "interviews": loaded.Interviews, "scores": loaded.Scores} {
		if got := ask[int](s, `SELECT count(*) FROM `+table); got != said || got == 0 {
			t.Errorf("of %s %d are there, %d are said to be", table, got, said)
		}
	}
	rest := s.load(demo.Options{Scale: 5})
	if rest.Parts != 6-loaded.Parts || rest.Done != 6 || rest.Users == 0 {
		t.Errorf("then loaded are %+v", rest)
	}
	if got := ask[int](s, `SELECT count(*) FROM candidates`); got != 10020 {
		t.Errorf("%d candidates, want 10020", got)
	}
}

func TestDemoOfOtherCompanies(t *testing.T) {
	t.Parallel()
	s := set(t, clock.System())
	for _, options := range []demo.Options{{Enlarge: "initech"}, {Scale: -1}, {Scale: demo.MaxScale + 1}} {
		if _, err := demo.Load(t.Context(), s.operator, options); err == nil {
			t.Errorf("%+v is taken", options)
		}
	}
	if got := ask[int](s, `SELECT count(*) FROM companies`); got != 0 {
		t.Errorf("what was refused has left %d companies", got)
	}
	if loaded := s.load(demo.Options{Scale: 2, Enlarge: "globex"}); loaded.Candidates != 4020 || loaded.Of != 3 {
		t.Errorf("loaded are %+v", loaded)
	}
	if got := ask[int](s, `SELECT count(*) FROM interviews JOIN companies AS c ON c.id = company_id WHERE slug = 'globex'`); got != 606 {
		t.Errorf("Globex has %d interviews, want 606", got)
	}
}

// TestDemoIsServed walks everything of both companies through the API: every answer is held against the specification.
func TestDemoIsServed(t *testing.T) {
	t.Parallel()
	s := set(t, clock.System())
	s.load(demo.Options{})
	s.Config.LoginPerIP = 1000
	replica := s.Replica()
	for _, email := range demo.Accounts() {
		client := replica.Anonymous(t)
		login := map[string]string{"email": email, "password": demo.Password}
		client.Adopt(client.Post("/api/v1/auth/login", login).Expect(http.StatusOK))
		me := testkit.Decode[api.Me](client.Get("/api/v1/users/me").Expect(http.StatusOK))
		lists := []string{"jobs", "candidates", "applications", "kits", "interviews", "scores"}
		if me.Role != api.RoleEmployee {
			lists = append(lists, "users")
		}
		for _, list := range lists {
			seen := 0
			for next := "/api/v1/" + list + "?limit=200"; next != ""; {
				page := testkit.Decode[struct {
					Data []struct{ ID uuid.UUID }
					Next *string `json:"next_cursor"`
				}](client.Get(next).Expect(http.StatusOK))
				seen += len(page.Data)
				next = ""
				if page.Next != nil {
					next = "/api/v1/" + list + "?limit=200&cursor=" + *page.Next
				}
			}
			if seen == 0 && list != "scores" {
				t.Errorf("%s sees no %s", email, list)
			}
		}
	}
}
