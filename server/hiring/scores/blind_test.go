package scores_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// scoreOperations returns the operations that show the content of scores. Two worlds that differ only in the scores of
// colleagues must differ in the answers of exactly these operations to a panelist who has submitted their own score.
func scoreOperations() []string {
	return []string{"ExportScores", "GetApplicationSummary", "GetInterviewSummary", "GetScore", "ListScoreRevisions", "ListScores"}
}

// requests returns the queries with which each GET operation is requested, nil for one request without a query. It also
// returns the operations that are not requested, because they do not show data of a company.
func (p *worldPair) requests() (requested map[string][]string, unrelated []string) {
	interview, colleague := "interview_id="+p.blinded.String(), p.colleagues[0].ID.String()
	unrelated = []string{
		"GetHealth", "GetReadiness", "GetMetrics", "GetSpecificationYAML", "GetSpecificationJSON", "GetStateMachines",
		"FollowEvents", // its positions and ids differ; requireSameEvents compares the rest
	}
	return map[string][]string{
		"ListSessions": nil, "GetMe": nil, "ListUsers": {"?limit=200", "?limit=3"}, "ExportUsers": {"", "?format=csv"}, "GetUser": nil, "ListUserSessions": nil,
		"GetCompany": nil,
		"ListJobs":   {"?mine=true", "?sort=-updated_at"}, "ExportJobs": {"", "?format=csv"}, "GetJob": nil, "ListJobMembers": nil,
		"ListUserJobs": {"", "?limit=1"}, "GetJobPipeline": nil,
		"GetJobPipelineChart":    nil,
		"ListInterviewerFigures": {"", "?limit=1", "?job_id=" + p.job.String()},
		"ListCandidates":         {"", "?sort=-updated_at"}, "ExportCandidates": {"", "?format=csv"}, "GetCandidate": nil,
		"ListDuplicateCandidates": {"", "?limit=1"}, "ListCandidateMerges": {"", "?limit=1"},
		"ListApplications":   {"", "?limit=1&sort=-updated_at", "?stage=interview"},
		"ExportApplications": {"", "?format=csv"},
		"GetApplication":     nil, "ListApplicationHistory": nil, "GetApplicationSummary": nil,
		"ListKits": nil, "GetKit": nil, "ListKitVersions": nil, "GetKitVersion": nil,
		"ListInterviews": {
			"", "?limit=1&sort=-updated_at", "?status=awaiting_scores", "?mine=true", "?panelist_id=" + colleague,
		},
		"ExportInterviews": {"", "?format=csv", "?format=csv&status=awaiting_scores"},
		"GetInterview":     nil, "ListInterviewHistory": nil, "GetInterviewCalendar": nil, "GetMyCalendar": nil,
		"GetInterviewSummary": nil,
		"ListScores": {
			"?limit=200", "?limit=1", "?limit=1&sort=updated_at", "?" + interview, "?status=submitted&" + interview,
			"?status=voided", "?status=draft", "?rater_id=" + colleague, "?application_id=" + p.application.String(),
			"?job_id=" + p.job.String() + "&sort=-updated_at", "?updated_since=2020-01-01T00:00:00Z",
		},
		"ExportScores": {"", "?format=csv", "?" + interview, "?format=csv&status=submitted&" + interview},
		"GetScore":     nil, "ListScoreRevisions": {"", "?limit=1"},
		"ListAuditLogs": {
			"?limit=200", "?limit=5&sort=created_at&resource_type=score", "?action=score.submitted&action=score.voided",
			"?actor_id=" + colleague, "?resource_id=" + p.blinded.String(),
		},
		"GetAuditLog": nil, "ExportAuditLogs": {"", "?format=csv&resource_type=score"},
		"ListTestCompanies": nil, "ListAPIKeys": nil, "GetAPIKey": nil, "GetMyAPIKey": nil,
	}, unrelated
}

// TestEveryReadOperationIsClassified fails for a GET operation that requests does not know.
func TestEveryReadOperationIsClassified(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	requested, unrelated := (&worldPair{colleagues: make([]testkit.User, 1)}).requests()
	classified := append(slices.Collect(maps.Keys(requested)), unrelated...)
	slices.Sort(classified)
	var specified []string
	for _, item := range document.Paths.Map() {
		if item.Get != nil {
			specified = append(specified, item.Get.OperationID)
		}
	}
	for _, id := range specified {
		if !slices.Contains(classified, id) {
			t.Errorf("%s is missing in requests: add it with the queries to send, or as unrelated to the data of a company", id)
		}
	}
	for i, id := range classified {
		if !slices.Contains(specified, id) || i > 0 && classified[i-1] == id {
			t.Errorf("%s is in requests twice, or is not a GET operation of the specification", id)
		}
	}
	for _, id := range scoreOperations() {
		if _, ok := requested[id]; !ok {
			t.Errorf("%s is not requested", id)
		}
	}
}

// TestBlindUntilSubmitted proves blindness. Two worlds differ only in the scores of three colleagues about a candidate:
// their ratings, notes, comments and recommendations, written, submitted, reopened and voided. Until a panelist of the
// interview, whatever their role, submits their own score, every answer to them is equal byte for byte in both worlds.
// Afterwards the operations that show scores differ, and no others. If their score is reopened or voided, all answers
// are equal again.
func TestBlindUntilSubmitted(t *testing.T) {
	t.Parallel()
	p := twoWorlds(t)
	from := map[string][2]string{}
	for _, actor := range p.panelists() {
		from[actor] = p.positions(actor)
	}
	p.writeColleagueScores()
	for actor, positions := range from {
		p.requireSameEvents(actor, positions)
	}
	if got := p.differingOperations(otherHR); !slices.Equal(got, scoreOperations()) {
		t.Fatalf("HR who is not on the panel: worlds differ in %v, want %v", got, scoreOperations())
	}

	for _, actor := range p.panelists() {
		p.requireBlind(actor, "without a score")
		created := p.requireSame(actor, scoresOf(p.blinded), completeBody(4, "yes")).Expect(http.StatusCreated)
		id := testkit.Decode[api.Score](created).ID
		p.requireBlind(actor, "with a draft")

		p.requireSame(actor, path(id, "submit"), nil).Expect(http.StatusOK)
		p.requireVisible(actor, "after submitting")
		p.requireSame(otherHR, path(id, "reopen"), object{"reason": "A mistake."}).Expect(http.StatusOK)
		p.requireBlind(actor, "after their score was reopened")

		p.requireSame(actor, path(id, "submit"), nil).Expect(http.StatusOK)
		p.requireVisible(actor, "after submitting again")
		p.requireSame(otherHR, path(id, "void"), object{"reason": "A mistake."}).Expect(http.StatusOK)
		p.requireBlind(actor, "after their score was voided")
	}
}

// TestKeysAreBlindUntilCompleted proves blindness of API keys, whose secret a panelist may know. To a key, whatever its
// scopes, both worlds are equal until the interview is completed. Afterwards they stay equal to a key of which a
// panelist without a submitted score is a holder.
func TestKeysAreBlindUntilCompleted(t *testing.T) {
	t.Parallel()
	p := twoWorlds(t)
	p.writeColleagueScores()
	setHolders := func(users ...uuid.UUID) {
		for _, w := range p.worlds {
			w.Exec(`DELETE FROM api_key_holders WHERE api_key_id = $1`, p.key.ID)
			w.Exec(`INSERT INTO api_key_holders (company_id, api_key_id, user_id)
				SELECT company_id, $1, id FROM users WHERE id = ANY ($2)`, p.key.ID, users)
		}
	}
	interview := "/api/v1/interviews/" + p.blinded.String()

	p.requireBlind(apiKey, "while scores are awaited")
	p.requireSame(otherHR, interview+"/complete", object{"reason": "Enough is known."}).Expect(http.StatusOK)
	p.requireVisible(apiKey, "after the interview was completed")
	setHolders(p.users[otherHR].ID, p.users["admin"].ID)
	p.requireBlind(apiKey, "with a holder who is a panelist and has submitted nothing")
	setHolders(p.users[otherHR].ID)
	p.requireVisible(apiKey, "with a holder of HR who is not on the panel")
	p.requireSame(otherHR, interview+"/reopen", object{"reason": "One more score is to come."}).Expect(http.StatusOK)
	p.requireBlind(apiKey, "after the interview was reopened")
}

// requireBlind fails if any answer differs between the worlds.
func (p *worldPair) requireBlind(actor, when string) {
	p.t.Helper()
	if got := p.differingOperations(actor); len(got) > 0 {
		p.t.Errorf("%s, %s: worlds differ in %v, want no difference", actor, when, got)
	}
	p.requireScoresNotFound(actor)
}

// positions returns the current positions of an actor in the events of both worlds.
func (p *worldPair) positions(actor string) (cursors [2]string) {
	p.t.Helper()
	for n, w := range p.worlds {
		w.settle()
		cursors[n] = testkit.Decode[api.EventFeed](w.request(actor, http.MethodGet, "/api/v1/events", nil).Expect(http.StatusOK)).NextCursor
	}
	return cursors
}

// requireSameEvents fails if the events after positions differ in more than their ids, or say more about the scores of
// colleagues than that the interview and its list of scores may have changed.
func (p *worldPair) requireSameEvents(actor string, from [2]string) {
	p.t.Helper()
	var got [2]string
	for n, w := range p.worlds {
		w.settle()
		answer := w.request(actor, http.MethodGet, "/api/v1/events?limit=200&cursor="+from[n], nil).Expect(http.StatusOK)
		for _, event := range testkit.Decode[api.EventFeed](answer).Data {
			event.ID, event.CreatedAt = "", time.Time{}
			text, err := json.Marshal(event)
			if err != nil {
				p.t.Fatal(err)
			}
			got[n] += string(text) + "\n"
			blinded := event.InterviewID != nil && *event.InterviewID == p.blinded
			if blinded && (event.Actor != nil || event.PartID != nil || len(event.ChangedFields) > 0) {
				p.t.Errorf("%s: an event tells about a score of a colleague: %s", actor, text)
			}
		}
	}
	if got[0] != got[1] || !strings.Contains(got[0], "interview_scores.updated") {
		p.t.Errorf("%s: got events\n%sand\n%swant equal ones about the scores", actor, got[0], got[1])
	}
}

// settle waits until all events of the world are complete.
func (w *world) settle() {
	w.t.Helper()
	testkit.Eventually(w.t, time.Minute, "all events are complete", func() (complete bool) {
		err := w.Database.QueryRow(w.t.Context(),
			`SELECT NOT EXISTS (SELECT FROM changes WHERE transaction_id >= first_running_transaction())`).Scan(&complete)
		return err == nil && complete
	})
}

// requireVisible fails if the worlds do not differ in the operations that show scores, or differ in others. Every
// panelist who submitted a score reads a colleague's submitted score, so the list must show one in each world.
func (p *worldPair) requireVisible(actor, when string) {
	p.t.Helper()
	if got := p.differingOperations(actor); !slices.Equal(got, scoreOperations()) {
		p.t.Errorf("%s, %s: worlds differ in %v, want %v", actor, when, got, scoreOperations())
	}
	for i, w := range p.worlds {
		target := collection + "?limit=200&interview_id=" + p.blinded.String()
		body := string(w.request(actor, http.MethodGet, target, nil).Expect(http.StatusOK).Body)
		if !strings.Contains(body, mark(i)) || strings.Contains(body, mark(1-i)) {
			p.t.Errorf("%s, %s, in world %d: the list does not show the scores of this world", actor, when, i)
		}
	}
}

// requireScoresNotFound requests every operation on each score of a colleague. The answer must equal that for a score
// that does not exist.
func (p *worldPair) requireScoresNotFound(actor string) {
	p.t.Helper()
	missing := uuid.MustParse("01980a3e-7b1c-7c7e-8f00-0123456789b6")
	for _, id := range p.scores {
		for _, w := range p.worlds {
			for _, operation := range []struct {
				method string
				action []string
				body   any
			}{
				{http.MethodGet, nil, nil},
				{http.MethodGet, []string{"revisions"}, nil},
				{http.MethodPost, []string{"reopen"}, object{"reason": "\u0007"}},
				{http.MethodPost, []string{"void"}, object{"reason": "\u0007"}},
				{http.MethodPost, []string{"submit"}, nil},
				{http.MethodPatch, nil, object{"comment": "Mine."}},
			} {
				requireSameRefusal(p.t,
					w.request(actor, operation.method, path(id, operation.action...), operation.body),
					w.request(actor, operation.method, path(missing, operation.action...), operation.body))
			}
		}
	}
}

// differingOperations requests every operation in both worlds and returns those whose answers differ.
func (p *worldPair) differingOperations(actor string) []string {
	p.t.Helper()
	requested, _ := p.requests()
	differing := map[string]bool{}
	for _, operation := range p.operations {
		queries := requested[operation.id]
		if queries == nil {
			queries = []string{""}
		}
		for _, query := range queries {
			if strings.Contains(operation.id, "AuditLog") {
				p.sealAuditLogs() // an entry shows whether it is sealed, which happens in the background
			}
			for _, path := range p.fillPath(operation.path) {
				if p.differs(actor, path+query, slices.Contains(scoreOperations(), operation.id)) {
					differing[operation.id] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(differing))
}

// differs reports whether the answers for a path, and for up to three pages that follow it, differ between the worlds.
// If the operation does not show scores, no answer may contain a text of a colleague, even the same in both worlds.
func (p *worldPair) differs(actor, path string, showsScores bool) (found bool) {
	p.t.Helper()
	for pages := 0; path != "" && pages < 4; pages++ {
		one, other := p.request(actor, http.MethodGet, path, nil)
		found = found || format(one) != format(other)
		if !showsScores && (quotesColleague(one) || quotesColleague(other)) {
			p.t.Errorf("%s: answer to %s contains a colleague's text: %s", path, actor, one.Body)
		}
		path = nextPage(one)
	}
	return found
}

// quotesColleague reports whether an answer contains a text that a colleague wrote.
func quotesColleague(a *testkit.Answer) bool {
	return strings.Contains(string(a.Body), mark(0)) || strings.Contains(string(a.Body), mark(1))
}

// nextPage returns the path of the next page from the header Link; empty if there is none.
func nextPage(a *testkit.Answer) string {
	link := a.Header.Get("Link")
	if a.Status != http.StatusOK || link == "" {
		return ""
	}
	return strings.TrimPrefix(link[:strings.Index(link, ">")], "<")
}

// format returns the status, headers and body of an answer as text. It omits Date, which net/http sets from the real
// clock.
func format(a *testkit.Answer) string {
	var text strings.Builder
	fmt.Fprintln(&text, a.Status)
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		if name != "Date" {
			fmt.Fprintln(&text, name, a.Header[name])
		}
	}
	text.Write(a.Body)
	return text.String()
}
