package scores_test

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	// boss is HR who is not on the panel.
	boss = "boss"
	// program is who asks with the API key.
	program = "program"
)

// pair is two worlds that begin as the same rows, and in which time and ids are the same as long as the same is asked.
type pair struct {
	t      *testing.T
	worlds [2]*world
	// users are the panelists by the names of what they are, boss, and the colleagues by their first names.
	users      map[string]testkit.User
	colleagues []testkit.User
	// key is an API key that can read everything a key can read, and act on interviews.
	key testkit.Key
	// scores are the colleagues' of the interview blinded; visible is another interview of the same application, which
	// the panelists are not on the panel of, and of which colleagues have said the same in both worlds.
	scores                             []uuid.UUID
	job, application, blinded, visible uuid.UUID
	candidate, kit, version            uuid.UUID
	readings                           []reading
}

// reading is a GET operation of the specification.
type reading struct{ operation, path string }

// world is one of the two.
type world struct {
	*testkit.Installation
	*steady
	t       *testing.T
	clients map[string]*testkit.Client
	sealer  *audit.Sealer
	rows    *pgx.Conn
}

// panelists are the people who must be blind: one of each role, and of team leads one whose job it is, and one of whom it
// is not.
func (p *pair) panelists() []string {
	return []string{"employee", "member", "team_lead", "hr", "admin"}
}

// twoWorlds arranges one world, and copies it.
func twoWorlds(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, users: map[string]testkit.User{}}
	first, second := testkit.New(t), testkit.New(t)
	acme := first.Company("acme")
	for role, user := range acme.Users {
		p.users[string(role)] = user
	}
	p.users["member"], p.users[boss] = first.User(acme, "member", api.RoleTeamLead), first.User(acme, boss, api.RoleHr)
	for _, name := range []string{"ada", "ben", "cem"} {
		p.users[name] = first.User(acme, name, api.RoleEmployee)
		p.colleagues = append(p.colleagues, p.users[name])
	}
	hiring := first.Hiring(acme)
	p.job = hiring.Job(api.JobStatusOpen, p.users["member"])
	p.candidate = hiring.Candidate()
	p.application = hiring.Application(p.candidate, p.job, api.ApplicationStageInterview)
	p.kit, p.version = hiring.KitVersion(api.KitVersionStatusPublished)
	panel := slices.Clone(p.colleagues)
	for _, name := range p.panelists() {
		panel = append(panel, p.users[name])
	}
	p.blinded = hiring.Interview(p.application, p.version, api.InterviewStatusAwaitingScores, panel...)
	p.visible = hiring.Interview(p.application, p.version, api.InterviewStatusAwaitingScores, p.colleagues...)
	hiring.Score(p.visible, p.colleagues[0], api.ScoreStatusSubmitted, 3)
	p.key = first.Key(acme, []string{
		"jobs:read", "candidates:read", "applications:read", "kits:read", "interviews:read", "scores:read", "reports:read", "users:read",
		"company:read", "audit:read", "audit:verify",
	})
	copyRows(t, first, second)
	began := time.Now().UTC().Truncate(time.Second).Add(time.Minute)
	for i, installation := range []*testkit.Installation{first, second} {
		p.worlds[i] = p.begin(installation, began)
	}
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range document.Paths.Map() {
		if asked, _ := p.queries(); item.Get != nil {
			if _, ok := asked[item.Get.OperationID]; ok {
				p.readings = append(p.readings, reading{item.Get.OperationID, path})
			}
		}
	}
	slices.SortFunc(p.readings, func(a, b reading) int { return strings.Compare(a.operation, b.operation) })
	return p
}

// begin starts a replica of a world, and signs everybody in.
func (p *pair) begin(installation *testkit.Installation, began time.Time) *world {
	p.t.Helper()
	w := &world{
		Installation: installation, t: p.t, steady: &steady{now: began}, clients: map[string]*testkit.Client{},
		rows: installation.Connect(),
	}
	installation.Clock = clock.Source{Now: w.Now, ID: w.ID}
	replica := installation.Replica()
	kept, err := postgres.Open(p.t.Context(), postgres.Options{URL: installation.DatabaseURL, MaxConns: 1})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(kept.Close)
	w.sealer = audit.NewSealer(kept, slog.New(slog.DiscardHandler), func(int) {})
	w.clients[program] = replica.Bearer(p.t, p.key.Secret.Reveal())
	for _, name := range slices.Sorted(maps.Keys(p.users)) {
		w.step()
		w.clients[name] = replica.SignIn(p.t, p.users[name])
	}
	return w
}

// ask sends one request, a moment after the one before: all of them fit into the lifetime of a token.
func (w *world) ask(who, method, path string, body any) *testkit.Answer {
	w.t.Helper()
	w.step()
	headers := []string{}
	if method == http.MethodPatch {
		headers = append(headers, "If-Match", "*")
	}
	return w.clients[who].Do(method, path, body, headers...)
}

// ask sends the same request to both worlds.
func (p *pair) ask(who, method, path string, body any) (one, other *testkit.Answer) {
	p.t.Helper()
	return p.worlds[0].ask(who, method, path, body), p.worlds[1].ask(who, method, path, body)
}

// same sends the same act to both worlds, and fails where the answers differ.
func (p *pair) same(who, path string, body any) *testkit.Answer {
	p.t.Helper()
	one, other := p.ask(who, http.MethodPost, path, body)
	if dump(one) != dump(other) {
		p.t.Fatalf("%s by %s differs:\n%s\n%s", path, who, dump(one), dump(other))
	}
	return one
}

// mark stands in every text that colleagues write in a world.
func mark(world int) string { return []string{"Zinnober", "Ultramarin"}[world] }

// opinion is what a colleague says in a world: the opposite of what they say in the other, in every respect.
func opinion(world, turn int) object {
	level, recommendation := []int{1, 5}[(world+turn)%2], []api.Recommendation{"definitely_no", "strong_yes"}[world]
	communication := rated("communication", 2+world, "note", mark(world)+strings.Repeat("!", 20*world))
	if world == 1 && turn == 2 {
		communication = rated("communication", nil, "not_observed", true)
	}
	return object{
		"ratings":        []object{rated("problem_solving", level, "note", mark(world)), communication},
		"recommendation": recommendation, "comment": fmt.Sprint(mark(world), " ", turn),
	}
}

// colleaguesSpeak lets the colleagues write their scores of the interview: the first one's is reopened and submitted
// anew, the second one's is voided and written again as a draft, and the third one's stays.
func (p *pair) colleaguesSpeak() {
	p.t.Helper()
	ada, ben, cem := p.begins("ada", 0), p.begins("ben", 1), p.begins("cem", 2)
	for turn := range 2 {
		p.says("ada", ada, turn)
	}
	p.act("ada", ada, "submit", nil)
	p.act("ben", ben, "submit", nil)
	p.act("cem", cem, "submit", nil)
	p.act(boss, ada, "reopen", object{"reason": "A mistake."})
	p.says("ada", ada, 2)
	p.act("ada", ada, "submit", nil)
	p.act(boss, ben, "void", object{"reason": "A mistake."})
	p.scores = []uuid.UUID{ada, ben, cem, p.begins("ben", 0)}
}

// begins lets a colleague begin a score, with another opinion in each world. Its id is the same in both.
func (p *pair) begins(who string, turn int) uuid.UUID {
	p.t.Helper()
	var ids [2]uuid.UUID
	for i, w := range p.worlds {
		answer := w.ask(who, http.MethodPost, scoresOf(p.blinded), opinion(i, turn)).Expect(http.StatusCreated)
		ids[i] = testkit.Decode[api.Score](answer).ID
	}
	if ids[0] != ids[1] {
		p.t.Fatal("the worlds have gone apart")
	}
	return ids[0]
}

// says lets a colleague write on, with another opinion in each world.
func (p *pair) says(who string, id uuid.UUID, turn int) {
	p.t.Helper()
	for i, w := range p.worlds {
		w.ask(who, http.MethodPatch, path(id), opinion(i, turn)).Expect(http.StatusOK)
	}
}

// act does the same in both worlds, whose answers may differ.
func (p *pair) act(who string, id uuid.UUID, action string, body any) {
	p.t.Helper()
	one, other := p.ask(who, http.MethodPost, path(id, action), body)
	one.Expect(http.StatusOK)
	other.Expect(http.StatusOK)
}

// seal waits until every entry of the audit log is sealed, in both worlds: an entry shows whether it is.
func (p *pair) seal() {
	p.t.Helper()
	for _, w := range p.worlds {
		testkit.Eventually(p.t, 30*time.Second, "all is sealed", func() bool {
			var waiting int
			if err := w.sealer.Seal(p.t.Context()); err != nil {
				p.t.Fatal(err)
			}
			err := w.rows.QueryRow(p.t.Context(), `SELECT count(*) FROM audit_pending`).Scan(&waiting)
			return err == nil && waiting == 0
		})
	}
}

// paths puts every id that there is into the places of a path.
func (p *pair) paths(template string) []string {
	p.t.Helper()
	paths := []string{template}
	for place, ids := range map[string][]uuid.UUID{
		"{user_id}": {p.colleagues[0].ID, p.users["hr"].ID}, "{job_id}": {p.job}, "{candidate_id}": {p.candidate},
		"{application_id}": {p.application}, "{kit_id}": {p.kit}, "{kit_version_id}": {p.version},
		"{api_key_id}": {p.key.ID}, "{interview_id}": {p.blinded, p.visible}, "{score_id}": p.scores, "{audit_log_id}": p.entries(template),
	} {
		var filled []string
		for _, path := range paths {
			if !strings.Contains(path, place) {
				filled = append(filled, path)
				continue
			}
			for _, id := range ids {
				filled = append(filled, strings.ReplaceAll(path, place, id.String()))
			}
		}
		paths = filled
	}
	for _, path := range paths {
		if strings.Contains(path, "{") {
			p.t.Fatalf("%s has a place for an id of which none is known here", path)
		}
	}
	slices.Sort(paths)
	return paths
}

// entries are the audit entries about the colleagues' scores, which are the same in both worlds.
func (p *pair) entries(template string) []uuid.UUID {
	p.t.Helper()
	if !strings.Contains(template, "{audit_log_id}") {
		return nil
	}
	rows, err := p.worlds[0].rows.Query(p.t.Context(),
		`SELECT id FROM audit_logs WHERE resource_id = ANY ($1) AND action LIKE 'score.%' ORDER BY created_at, id`, p.scores)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			p.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		p.t.Fatal("nothing is recorded of the colleagues' scores")
	}
	return ids
}
