package server_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// untagged are the GET operations for one thing that carry no ETag: what is going on now is another answer every time.
func untagged() []string { return []string{"GetHealth", "GetReadiness", "GetMetrics"} }

// TestEveryReadingOfOneThingIsTagged fails for a GET operation without an ETag that is neither a page of a list, nor an
// export, nor about this moment; and for one that has an ETag and takes no If-None-Match, or the other way round.
func TestEveryReadingOfOneThingIsTagged(t *testing.T) {
	t.Parallel()
	operations := document(t)
	for _, op := range agreed(t).Operations() {
		tagged, takes := operations[op.ID].tagged(), operations[op.ID].takes("header", "If-None-Match")
		if op.Method != http.MethodGet {
			if takes {
				t.Errorf("%s is no GET and takes If-None-Match", op.ID)
			}
			continue
		}
		one := strings.HasPrefix(op.ID, "Get") && !op.Streaming && !slices.Contains(untagged(), op.ID)
		if tagged != one || takes != one || (operations[op.ID].Responses.Value("304") != nil) != one {
			t.Errorf("%s: ETag %v, If-None-Match %v; both and a 304 should be %v", op.ID, tagged, takes, one)
		}
	}
}

// forever are the tagged things that never change while a server runs.
func forever() []string {
	return []string{"GetSpecificationYAML", "GetSpecificationJSON", "GetStateMachines", "GetAuditLog"}
}

// alterations change what an operation shows. An operation without one fails the test.
func alterations() map[string]func(s *scene, at call) {
	post := func(path, action string, body any) func(*scene, call) {
		return func(s *scene, at call) {
			s.client.Post(target(&gate.Operation{Path: path}, at.parameters)+action, body).Expect(http.StatusOK)
		}
	}
	patch := func(path string, body any) func(*scene, call) {
		return func(s *scene, at call) {
			s.client.Do(http.MethodPatch, target(&gate.Operation{Path: path}, at.parameters), body, "If-Match", "*").
				Expect(http.StatusOK)
		}
	}
	apply := func(s *scene, at call) {
		h := s.installation.Hiring(s.company)
		h.Application(h.Candidate(), uuid.MustParse(at.parameters["job_id"]), api.ApplicationStageOffer)
	}
	reason := map[string]any{"reason": "Enough is known."}
	renamed := patch("/api/v1/users/me", map[string]any{"first_name": "Renamed"})
	const interview = "/api/v1/interviews/{interview_id}"
	return map[string]func(*scene, call){
		"GetMe": renamed, "GetUser": renamed,
		"GetCompany": patch("/api/v1/company", map[string]any{"name": "Renamed"}),
		"GetAPIKey":  patch("/api/v1/api-keys/{api_key_id}", map[string]any{"name": "Renamed"}),
		"GetMyAPIKey": func(s *scene, _ call) {
			s.installation.Exec(`UPDATE api_keys SET name = 'Renamed', version = version + 1 WHERE company_id = $1`, s.company.ID)
		},
		"GetJob":              post("/api/v1/jobs/{job_id}", "/hold", nil),
		"GetJobPipeline":      apply,
		"GetJobPipelineChart": apply,
		"GetCandidate":        patch("/api/v1/candidates/{candidate_id}", map[string]any{"first_name": "Renamed"}),
		"GetApplication":      post("/api/v1/applications/{application_id}", "/hold", nil),
		"GetApplicationSummary": func(s *scene, at call) {
			s.installation.Exec(`UPDATE interviews SET title = 'Renamed' WHERE application_id = $1`, at.parameters["application_id"])
		},
		"GetKit":               patch("/api/v1/kits/{kit_id}", map[string]any{"name": "Renamed"}),
		"GetKitVersion":        post("/api/v1/kits/{kit_id}/versions/{kit_version_id}", "/archive", nil),
		"GetInterview":         patch(interview, map[string]any{"title": "Renamed"}),
		"GetInterviewCalendar": patch(interview, map[string]any{"title": "Renamed"}),
		"GetMyCalendar":        func(s *scene, _ call) { s.held(api.InterviewStatusScheduled) },
		"GetInterviewSummary":  post(interview, "/complete", reason),
		"GetScore":             patch("/api/v1/scores/{score_id}", map[string]any{"comment": "On second thoughts."}),
	}
}

// TestConditionsOfReadings goes through every operation whose answer carries an ETag: it is told 304, with the
// headers of the whole answer, to who has that answer, by GET and by HEAD; and the new answer once there is one.
func TestConditionsOfReadings(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica := installation.Replica()
	requests, operations, changes := minimal(), document(t), alterations()
	for _, op := range agreed(t).Operations() {
		if op.Method != http.MethodGet || !operations[op.ID].tagged() {
			continue
		}
		change := changes[op.ID]
		delete(changes, op.ID)
		if (change == nil) != slices.Contains(forever(), op.ID) {
			t.Errorf("%s: this test knows nothing that changes its answer", op.ID)
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			company := installation.Company(strings.ToLower(op.ID))
			caller := installation.User(company, "caller", api.RoleAdmin)
			s := &scene{t, installation, replica, company, caller, replica.SignIn(t, caller)}
			if !op.Public && len(op.Roles) == 0 {
				s.client = replica.Bearer(t, installation.Key(company, []string{"jobs:read"}).Secret.Reveal())
			}
			var request call
			if ask := requests[op.ID]; ask != nil {
				request = ask(s)
			}
			path := target(op, request.parameters)
			if op.ID == "GetAuditLog" {
				s.sealed(path)
			}
			whole := s.client.Get(path).Expect(http.StatusOK)
			tag := whole.Header.Get("ETag")
			s.unchanged(path, whole, tag, "W/"+strings.TrimPrefix(tag, "W/"), `"x", `+tag, tag+` , W/"x"`, "*")
			s.head(path, whole)
			s.shown(path, tag, `"x"`, `"x", W/"y"`)
			if strings.Contains(op.Path, "{") {
				s.client.Do(http.MethodGet, target(op, nil), nil, "If-None-Match", "*").Refused(http.StatusNotFound, "not_found")
			}
			if change == nil {
				return
			}
			change(s, request)
			now := s.client.Do(http.MethodGet, path, nil, "If-None-Match", tag).Expect(http.StatusOK)
			if now.Header.Get("ETag") == tag {
				t.Errorf("another answer has the same tag %s", tag)
			}
		})
	}
	for id := range changes {
		t.Errorf("%s is no operation whose answer is tagged", id)
	}
}

// sealed waits until an entry of the audit log is sealed, from when on it never changes.
func (s *scene) sealed(path string) {
	s.t.Helper()
	testkit.Eventually(s.t, 30*time.Second, "the entry is sealed", func() bool {
		return !testkit.Decode[api.AuditLog](s.client.Get(path).Expect(http.StatusOK)).Sequence.IsNull()
	})
}

// unchanged expects 304 for every header that names what the client has.
func (s *scene) unchanged(path string, whole *testkit.Answer, headers ...string) {
	s.t.Helper()
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, header := range headers {
			answer := s.client.Do(method, path, nil, "If-None-Match", header).Expect(http.StatusNotModified)
			if len(answer.Body) > 0 {
				s.t.Errorf("%s: a 304 with a body", header)
			}
			sameHeaders(s.t, answer, whole, "Content-Type", "Content-Length", "Content-Disposition")
		}
	}
}

// head expects the answer to HEAD to be that to GET without the body.
func (s *scene) head(path string, whole *testkit.Answer) {
	s.t.Helper()
	answer := s.client.Do(http.MethodHead, path, nil).Expect(http.StatusOK)
	// Of a long answer nobody knows the length before it is there.
	sameHeaders(s.t, answer, whole, "Content-Length", "Transfer-Encoding")
	s.client.Do(http.MethodHead, path+"?unknown=1", nil).Expect(http.StatusBadRequest)
}

// shown expects the whole answer for every header that names something else.
func (s *scene) shown(path, tag string, headers ...string) {
	s.t.Helper()
	for _, header := range headers {
		answer := s.client.Do(http.MethodGet, path, nil, "If-None-Match", header).Expect(http.StatusOK)
		if answer.Header.Get("ETag") != tag || len(answer.Body) == 0 {
			s.t.Errorf("%s: the same answer has the tag %s, had %s", header, answer.Header.Get("ETag"), tag)
		}
	}
}

// sameHeaders expects two answers to have the same headers, but for those that are named and those that name the request.
func sameHeaders(t *testing.T, a, b *testkit.Answer, but ...string) {
	t.Helper()
	plain := func(header http.Header) http.Header {
		kept := maps.Clone(header)
		for _, name := range append(but, "Date", "X-Request-Id") {
			kept.Del(name)
		}
		return kept
	}
	if one, other := plain(a.Header), plain(b.Header); !maps.EqualFunc(one, other, slices.Equal[[]string]) {
		t.Errorf("the headers are %v, and without a condition %v", one, other)
	}
}
