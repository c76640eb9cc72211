package scores_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// telling are the operations that show what scores say. Once a panelist has submitted, these and no others tell two worlds
// apart that differ in what colleagues have said.
func telling() []string {
	return []string{"ExportScores", "GetApplicationSummary", "GetInterviewSummary", "GetScore", "ListScoreRevisions", "ListScores"}
}

// queries says with which queries each GET operation is asked; an operation with none but nil is asked without. What is
// silent knows nothing of any company's hiring, and is not asked.
func (p *pair) queries() (asked map[string][]string, silent []string) {
	at := "interview_id=" + p.blinded.String()
	return map[string][]string{
		"ListSessions": nil, "GetMe": nil, "ListUsers": {"?limit=200", "?limit=3"}, "GetUser": nil, "ListUserSessions": nil, "GetCompany": nil,
		"ListJobs": {"?mine=true", "?sort=-updated_at"}, "GetJob": nil, "ListJobMembers": nil, "GetJobPipeline": nil, "GetJobPipelineChart": nil,
		"ListInterviewerFigures": {"", "?limit=1", "?job_id=" + p.job.String()},
		"ListCandidates":         {"", "?sort=-updated_at"}, "ExportCandidates": {"", "?format=csv"}, "GetCandidate": nil,
		"ListApplications": {"", "?limit=1&sort=-updated_at", "?stage=interview"}, "ExportApplications": {"", "?format=csv"},
		"GetApplication": nil, "ListApplicationHistory": nil, "GetApplicationSummary": nil,
		"ListKits": nil, "GetKit": nil, "ListKitVersions": nil, "GetKitVersion": nil,
		"ListInterviews": {"", "?limit=1&sort=-updated_at", "?status=awaiting_scores", "?mine=true", "?panelist_id=" + p.colleagues[0].ID.String()},
		"GetInterview":   nil, "ListInterviewHistory": nil, "GetInterviewCalendar": nil, "GetMyCalendar": nil, "GetInterviewSummary": nil,
		"ListScores": {
			"?limit=200", "?limit=1", "?limit=1&sort=updated_at", "?" + at, "?status=submitted&" + at, "?status=voided", "?status=draft",
			"?rater_id=" + p.colleagues[0].ID.String(), "?application_id=" + p.application.String(), "?job_id=" + p.job.String() + "&sort=-updated_at",
			"?updated_since=2020-01-01T00:00:00Z",
		},
		"ExportScores": {"", "?format=csv", "?" + at, "?format=csv&status=submitted&" + at}, "GetScore": nil, "ListScoreRevisions": {"", "?limit=1"},
		"ListAuditLogs": {
			"?limit=200", "?limit=5&sort=created_at&resource_type=score", "?action=score.submitted&action=score.voided", "?actor_id=" + p.colleagues[0].ID.String(),
			"?resource_id=" + p.blinded.String(),
		},
		"GetAuditLog": nil, "ExportAuditLogs": {"", "?format=csv&resource_type=score"},
		"ListTestCompanies": nil, "ListAPIKeys": nil, "GetAPIKey": nil, "GetMyAPIKey": nil,
	}, []string{"GetHealth", "GetReadiness", "GetMetrics", "GetSpecificationYAML", "GetSpecificationJSON", "GetStateMachines"}
}

// TestEveryReadingIsClassified fails for a GET operation that nobody has thought of yet.
func TestEveryReadingIsClassified(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	asked, silent := (&pair{colleagues: make([]testkit.User, 1)}).queries()
	known := slices.Sorted(maps.Keys(asked))
	known = append(known, silent...)
	slices.Sort(known)
	var specified []string
	for _, item := range document.Paths.Map() {
		if item.Get != nil {
			specified = append(specified, item.Get.OperationID)
		}
	}
	if slices.Sort(specified); !slices.Equal(known, specified) {
		t.Errorf("classified are %v,\nspecified  %v", known, specified)
	}
	for _, id := range telling() {
		if _, ok := asked[id]; !ok {
			t.Errorf("%s is not asked", id)
		}
	}
}

// TestBlindUntilSubmitted is the promise of this room. Two worlds are the same but for what three colleagues say of a
// candidate: their ratings, notes, comments and recommendations, written, submitted, reopened and voided. To a panelist of
// the interview, of whatever role, every answer of both is the same, byte for byte, until their own score is submitted;
// then what shows scores tells the worlds apart, and nothing else does; and when their score is reopened or voided, both
// are the same again.
func TestBlindUntilSubmitted(t *testing.T) {
	t.Parallel()
	p := twoWorlds(t)
	p.colleaguesSpeak()
	if differing := p.read(boss); !slices.Equal(differing, telling()) {
		t.Fatalf("the worlds should differ for HR who is not on the panel in %v, and do in %v", telling(), differing)
	}
	for _, who := range p.panelists() {
		p.mustBeBlind(who, "without a score")
		own := p.same(who, scoresOf(p.blinded), full(4, "yes")).Expect(http.StatusCreated)
		id := testkit.Decode[api.Score](own).ID
		p.mustBeBlind(who, "with a draft")

		p.same(who, path(id, "submit"), nil).Expect(http.StatusOK)
		p.mustSee(who, "after submitting")
		p.same(boss, path(id, "reopen"), object{"reason": "A mistake."}).Expect(http.StatusOK)
		p.mustBeBlind(who, "after their score was reopened")

		p.same(who, path(id, "submit"), nil).Expect(http.StatusOK)
		p.mustSee(who, "after submitting again")
		p.same(boss, path(id, "void"), object{"reason": "A mistake."}).Expect(http.StatusOK)
		p.mustBeBlind(who, "after their score was voided")
	}
}

// TestKeysAreBlindUntilCompleted: whoever is on a panel can have a key, or know somebody who has. To an API key, whatever its
// scopes, the two worlds are the same until the interview is completed.
func TestKeysAreBlindUntilCompleted(t *testing.T) {
	t.Parallel()
	p := twoWorlds(t)
	p.colleaguesSpeak()
	p.mustBeBlind(program, "while scores are awaited")
	p.same(boss, "/api/v1/interviews/"+p.blinded.String()+"/complete", object{"reason": "Enough is known."}).Expect(http.StatusOK)
	p.mustSee(program, "after the interview was completed")
	known := func(to ...uuid.UUID) {
		for _, w := range p.worlds {
			w.Exec(`UPDATE api_keys SET known_to = $2 WHERE id = $1`, p.key.ID, to)
		}
	}
	known(p.users[boss].ID, p.users["admin"].ID)
	p.mustBeBlind(program, "as a key that a panelist knows who has submitted nothing")
	known(p.users[boss].ID)
	p.mustSee(program, "as a key that only HR knows who is not on the panel")
	p.same(boss, "/api/v1/interviews/"+p.blinded.String()+"/reopen", object{"reason": "One more score is to come."}).Expect(http.StatusOK)
	p.mustBeBlind(program, "after the interview was reopened")
}

// mustBeBlind fails where anything tells the worlds apart.
func (p *pair) mustBeBlind(who, when string) {
	p.t.Helper()
	if differing := p.read(who); len(differing) > 0 {
		p.t.Errorf("%s, %s, sees a difference in %v", who, when, differing)
	}
	p.touch(who)
}

// mustSee fails where the worlds do not differ where scores are shown, or differ elsewhere. Only HR and admins read a
// colleague's score that is voided, but everybody reads one that is submitted.
func (p *pair) mustSee(who, when string) {
	p.t.Helper()
	if differing := p.read(who); !slices.Equal(differing, telling()) {
		p.t.Errorf("%s, %s, sees a difference in %v, and should in %v", who, when, differing, telling())
	}
	for i, w := range p.worlds {
		body := string(w.ask(who, http.MethodGet, collection+"?limit=200&interview_id="+p.blinded.String(), nil).Expect(http.StatusOK).Body)
		if !strings.Contains(body, mark(i)) || strings.Contains(body, mark(1-i)) {
			p.t.Errorf("%s, %s, does not read what was said in world %d", who, when, i)
		}
	}
}

// touch tries to act on colleagues' scores. To who is blind they are not there: the answer is that of an id that nobody
// has.
func (p *pair) touch(who string) {
	p.t.Helper()
	nobodys := uuid.MustParse("01980a3e-7b1c-7c7e-8f00-0123456789b6")
	for _, id := range p.scores {
		for _, w := range p.worlds {
			for _, act := range []struct {
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
				unlike(p.t, w.ask(who, act.method, path(id, act.action...), act.body),
					w.ask(who, act.method, path(nobodys, act.action...), act.body))
			}
		}
	}
}

// read asks every operation in both worlds, and gives those whose answers differ.
func (p *pair) read(who string) []string {
	p.t.Helper()
	asked, _ := p.queries()
	differing := map[string]bool{}
	for _, r := range p.readings {
		queries := asked[r.operation]
		if queries == nil {
			queries = []string{""}
		}
		for _, query := range queries {
			if strings.Contains(r.operation, "AuditLog") {
				p.seal() // an entry shows whether it is sealed, and that happens in the background
			}
			for _, path := range p.paths(r.path) {
				if p.differs(who, path+query, slices.Contains(telling(), r.operation)) {
					differing[r.operation] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(differing))
}

// differs asks both worlds for a path and the pages that follow it. Where no scores are shown, nothing that a colleague
// has said may be in an answer, even if it were the same in both worlds.
func (p *pair) differs(who, path string, shows bool) (found bool) {
	p.t.Helper()
	for pages := 0; path != "" && pages < 4; pages++ {
		one, other := p.ask(who, http.MethodGet, path, nil)
		found = found || dump(one) != dump(other)
		if !shows && (said(one) || said(other)) {
			p.t.Errorf("%s shows %s what a colleague has said: %s", path, who, one.Body)
		}
		path = following(one)
	}
	return found
}

// said reports whether an answer has a text of a colleague in it.
func said(a *testkit.Answer) bool {
	return strings.Contains(string(a.Body), mark(0)) || strings.Contains(string(a.Body), mark(1))
}

// following is where the next page is, of an answer that has one.
func following(a *testkit.Answer) string {
	link := a.Header.Get("Link")
	if a.Status != http.StatusOK || link == "" {
		return ""
	}
	return strings.TrimPrefix(link[:strings.Index(link, ">")], "<")
}

// dump is an answer, whole: its status, its headers and its body. The header Date is HTTP's, by the clock on the wall.
func dump(a *testkit.Answer) string {
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
