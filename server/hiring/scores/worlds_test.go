package scores_test

import (
	"fmt"
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
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	// otherHR is a user of HR who is not on the panel.
	otherHR = "other-hr"
	// apiKey is the actor that sends requests with the API key.
	apiKey = "api-key"
)

// worldPair is two installations, called worlds, that start with the same rows. Times and ids are the same in both as
// long as they receive the same requests.
type worldPair struct {
	t      *testing.T
	worlds [2]*world
	// users contains the panelists, by a name for their kind, otherHR, and the colleagues, by their first names.
	users      map[string]testkit.User
	colleagues []testkit.User
	// key is an API key with all scopes that permit reading.
	key testkit.Key
	// scores are the colleagues' scores of the interview blinded. The interview visible belongs to the same application;
	// only colleagues are on its panel, and its scores are the same in both worlds.
	scores                             []uuid.UUID
	job, application, blinded, visible uuid.UUID
	candidate, kit, version            uuid.UUID
	operations                         []operation
}

// operation is a GET operation of the specification.
type operation struct{ id, path string }

// world is one installation of a worldPair.
type world struct {
	*testkit.Installation
	*steppedClock
	t       *testing.T
	clients map[string]*testkit.Client
	sealer  *audit.Sealer
	conn    *pgx.Conn
}

// panelists returns the actors who must be blind: one of each role, and a team lead who is a member of the job.
func (p *worldPair) panelists() []string {
	return []string{"employee", "member", "team_lead", "hr", "admin"}
}

// twoWorlds creates one world and copies it.
func twoWorlds(t *testing.T) *worldPair {
	t.Helper()
	p := &worldPair{t: t, users: map[string]testkit.User{}}
	first, second := testkit.New(t), testkit.New(t)

	// The users.
	acme := first.Company("acme")
	for role, user := range acme.Users {
		p.users[string(role)] = user
	}
	p.users["member"] = first.User(acme, "member", api.RoleTeamLead)
	p.users[otherHR] = first.User(acme, otherHR, api.RoleHr)
	for _, name := range []string{"ada", "ben", "cem"} {
		p.users[name] = first.User(acme, name, api.RoleEmployee)
		p.colleagues = append(p.colleagues, p.users[name])
	}

	// An application with two interviews, and the API key.
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
		"jobs:read", "candidates:read", "applications:read", "kits:read", "interviews:read", "scores:read", "reports:read",
		"users:read", "company:read", "audit:read", "audit:verify",
	})

	copyRows(t, first, second)
	start := time.Now().UTC().Truncate(time.Second).Add(time.Minute)
	for i, installation := range []*testkit.Installation{first, second} {
		p.worlds[i] = p.newWorld(installation, start)
	}

	// The operations to request.
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	requested, _ := p.requests()
	for path, item := range document.Paths.Map() {
		if item.Get == nil {
			continue
		}
		if _, ok := requested[item.Get.OperationID]; ok {
			p.operations = append(p.operations, operation{item.Get.OperationID, path})
		}
	}
	slices.SortFunc(p.operations, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return p
}

// newWorld starts a replica of an installation and signs all users in.
func (p *worldPair) newWorld(installation *testkit.Installation, start time.Time) *world {
	p.t.Helper()
	w := &world{
		Installation: installation, t: p.t, steppedClock: &steppedClock{now: start}, clients: map[string]*testkit.Client{},
		conn: installation.Connect(),
	}
	installation.Clock = clock.Source{Now: w.Now, ID: w.ID, Random: zeros{}}
	replica := installation.Replica()
	w.sealer = audit.NewSealer(installation.Store(1), func(int) {})
	w.clients[apiKey] = replica.Bearer(p.t, p.key.Secret.Reveal())
	for _, name := range slices.Sorted(maps.Keys(p.users)) {
		w.step()
		w.clients[name] = replica.SignIn(p.t, p.users[name])
	}
	return w
}

// zeros provides bytes that are equal in both worlds: with other salts, the hashes of equal audit entries would differ.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// request sends one request after a step of the clock. The steps are so short that all requests of a test fit into the
// lifetime of an access token.
func (w *world) request(actor, method, path string, body any) *testkit.Answer {
	w.t.Helper()
	w.step()
	headers := []string{}
	if method == http.MethodPatch {
		headers = append(headers, "If-Match", "*")
	}
	return w.clients[actor].Do(method, path, body, headers...)
}

// request sends the same request to both worlds.
func (p *worldPair) request(actor, method, path string, body any) (one, other *testkit.Answer) {
	p.t.Helper()
	return p.worlds[0].request(actor, method, path, body), p.worlds[1].request(actor, method, path, body)
}

// requireSame sends the same POST request to both worlds and fails if the answers differ.
func (p *worldPair) requireSame(actor, path string, body any) *testkit.Answer {
	p.t.Helper()
	one, other := p.request(actor, http.MethodPost, path, body)
	if format(one) != format(other) {
		p.t.Fatalf("%s by %s: got\n%s\nin one world, and in the other\n%s", path, actor, format(one), format(other))
	}
	return one
}

// mark returns a word that is in every text that colleagues write in a world, and nowhere else.
func mark(world int) string { return []string{"Zinnober", "Ultramarin"}[world] }

// scoreBody returns the body of a colleague's score in a world. Every part of it differs between the worlds.
func scoreBody(world, turn int) object {
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

// writeColleagueScores writes the colleagues' scores of the interview. Ada's is reopened and submitted again, Ben's is
// voided and followed by another draft, and Cem's stays submitted.
func (p *worldPair) writeColleagueScores() {
	p.t.Helper()
	ada, ben, cem := p.createScore("ada", 0), p.createScore("ben", 1), p.createScore("cem", 2)
	for turn := range 2 {
		p.updateScore("ada", ada, turn)
	}
	p.act("ada", ada, "submit", nil)
	p.act("ben", ben, "submit", nil)
	p.act("cem", cem, "submit", nil)
	p.act(otherHR, ada, "reopen", object{"reason": "A mistake."})
	p.updateScore("ada", ada, 2)
	p.act("ada", ada, "submit", nil)
	p.act(otherHR, ben, "void", object{"reason": "A mistake."})
	p.scores = []uuid.UUID{ada, ben, cem, p.createScore("ben", 0)}
}

// createScore creates a colleague's score with different content in each world. Its id is the same in both.
func (p *worldPair) createScore(actor string, turn int) uuid.UUID {
	p.t.Helper()
	var ids [2]uuid.UUID
	for i, w := range p.worlds {
		answer := w.request(actor, http.MethodPost, scoresOf(p.blinded), scoreBody(i, turn)).Expect(http.StatusCreated)
		ids[i] = testkit.Decode[api.Score](answer).ID
	}
	if ids[0] != ids[1] {
		p.t.Fatalf("ids of a score: got %s and %s, want the same in both worlds", ids[0], ids[1])
	}
	return ids[0]
}

// updateScore updates a colleague's draft with different content in each world.
func (p *worldPair) updateScore(actor string, id uuid.UUID, turn int) {
	p.t.Helper()
	for i, w := range p.worlds {
		w.request(actor, http.MethodPatch, path(id), scoreBody(i, turn)).Expect(http.StatusOK)
	}
}

// act takes an action on a score in both worlds. The answers may differ.
func (p *worldPair) act(actor string, id uuid.UUID, action string, body any) {
	p.t.Helper()
	one, other := p.request(actor, http.MethodPost, path(id, action), body)
	one.Expect(http.StatusOK)
	other.Expect(http.StatusOK)
}

// sealAuditLogs waits until every entry of both audit logs is sealed, because an entry shows whether it is.
func (p *worldPair) sealAuditLogs() {
	p.t.Helper()
	for _, w := range p.worlds {
		testkit.Eventually(p.t, 30*time.Second, "all entries are sealed", func() bool {
			var pending int
			if err := w.sealer.Seal(p.t.Context()); err != nil {
				p.t.Fatal(err)
			}
			err := w.conn.QueryRow(p.t.Context(), `SELECT count(*) FROM audit_pending`).Scan(&pending)
			return err == nil && pending == 0
		})
	}
}

// fillPath returns the paths that result from all ids for the parameters of a path template, sorted.
func (p *worldPair) fillPath(template string) []string {
	p.t.Helper()
	paths := []string{template}
	for parameter, ids := range map[string][]uuid.UUID{
		"{user_id}": {p.colleagues[0].ID, p.users["hr"].ID}, "{job_id}": {p.job}, "{candidate_id}": {p.candidate},
		"{application_id}": {p.application}, "{kit_id}": {p.kit}, "{kit_version_id}": {p.version},
		"{api_key_id}": {p.key.ID}, "{interview_id}": {p.blinded, p.visible}, "{score_id}": p.scores,
		"{audit_log_id}": p.auditEntryIDs(template),
	} {
		var filled []string
		for _, path := range paths {
			if !strings.Contains(path, parameter) {
				filled = append(filled, path)
				continue
			}
			for _, id := range ids {
				filled = append(filled, strings.ReplaceAll(path, parameter, id.String()))
			}
		}
		paths = filled
	}
	for _, path := range paths {
		if strings.Contains(path, "{") {
			p.t.Fatalf("%s has a parameter for which the test has no ids", path)
		}
	}
	slices.Sort(paths)
	return paths
}

// auditEntryIDs returns the ids of the audit entries about the colleagues' scores, which are the same in both worlds;
// nil if the path template has no parameter for them.
func (p *worldPair) auditEntryIDs(template string) []uuid.UUID {
	p.t.Helper()
	if !strings.Contains(template, "{audit_log_id}") {
		return nil
	}
	rows, err := p.worlds[0].conn.Query(p.t.Context(),
		`SELECT id FROM audit_logs WHERE resource_id = ANY ($1) AND action LIKE 'score.%' ORDER BY created_at, id`, p.scores)
	if err != nil {
		p.t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		p.t.Fatal(err)
	}
	if len(ids) == 0 {
		p.t.Fatal("got no audit entries about the colleagues' scores")
	}
	return ids
}
