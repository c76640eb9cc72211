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

// withoutETag lists the Get operations whose response describes the present moment, so that an ETag would be useless.
func withoutETag() []string { return []string{"GetHealth", "GetReadiness", "GetMetrics"} }

// TestEveryGetOfOneResourceHasETag checks that exactly the GET operations for one resource have an ETag, take
// If-None-Match and declare 304. Lists, exports and withoutETag are the others. Every PUT takes If-None-Match: *.
func TestEveryGetOfOneResourceHasETag(t *testing.T) {
	t.Parallel()
	operations := specifiedOperations(t)
	for _, op := range loadContract(t).Operations() {
		tagged, takes := operations[op.ID].hasETag(), operations[op.ID].hasParameter("header", "If-None-Match")
		if op.Method != http.MethodGet {
			if takes != (op.Method == http.MethodPut) {
				t.Errorf("%s, a %s, takes If-None-Match: %t", op.ID, op.Method, takes)
			}
			continue
		}
		one := strings.HasPrefix(op.ID, "Get") && !op.Streaming && !slices.Contains(withoutETag(), op.ID)
		if tagged != one || takes != one || (operations[op.ID].Responses.Value("304") != nil) != one {
			t.Errorf("%s: ETag %v, If-None-Match %v; want %v for both and for a 304", op.ID, tagged, takes, one)
		}
	}
}

// constantResources lists the resources with an ETag that do not change while a server runs.
func constantResources() []string {
	return []string{"GetSpecificationYAML", "GetSpecificationJSON", "GetStateMachines", "GetAuditLog"}
}

// resourceChanges has, for each operation whose response has an ETag, a change of that response.
func resourceChanges() map[string]func(s *fixture, request exampleRequest) {
	post := func(path, action string, body any) func(*fixture, exampleRequest) {
		return func(s *fixture, request exampleRequest) {
			s.client.Post(pathOf(&gate.Operation{Path: path}, request.parameters)+action, body).Expect(http.StatusOK)
		}
	}
	patch := func(path string, body any) func(*fixture, exampleRequest) {
		return func(s *fixture, request exampleRequest) {
			s.client.Do(http.MethodPatch, pathOf(&gate.Operation{Path: path}, request.parameters), body, "If-Match", "*").
				Expect(http.StatusOK)
		}
	}
	apply := func(s *fixture, request exampleRequest) {
		h := s.installation.Hiring(s.company)
		h.Application(h.Candidate(), uuid.MustParse(request.parameters["job_id"]), api.ApplicationStageOffer)
	}
	reason := map[string]any{"reason": "All scores are known."}
	renamed := patch("/api/v1/users/me", map[string]any{"first_name": "Renamed"})
	const interview = "/api/v1/interviews/{interview_id}"
	return map[string]func(*fixture, exampleRequest){
		"GetMe": renamed, "GetUser": renamed,
		"GetCompany": patch("/api/v1/company", map[string]any{"name": "Renamed"}),
		"GetAPIKey":  patch("/api/v1/api-keys/{api_key_id}", map[string]any{"name": "Renamed"}),
		"GetMyAPIKey": func(s *fixture, _ exampleRequest) {
			s.installation.Exec(`UPDATE api_keys SET name = 'Renamed', version = version + 1 WHERE company_id = $1`, s.company.ID)
		},
		"GetJob":              post("/api/v1/jobs/{job_id}", "/hold", nil),
		"GetJobPipeline":      apply,
		"GetJobPipelineChart": apply,
		"GetCandidate":        patch("/api/v1/candidates/{candidate_id}", map[string]any{"first_name": "Renamed"}),
		"GetApplication":      post("/api/v1/applications/{application_id}", "/hold", nil),
		"GetApplicationSummary": func(s *fixture, request exampleRequest) {
			s.installation.Exec(`UPDATE interviews SET title = 'Renamed' WHERE application_id = $1`, request.parameters["application_id"])
		},
		"GetKit":               patch("/api/v1/kits/{kit_id}", map[string]any{"name": "Renamed"}),
		"GetKitVersion":        post("/api/v1/kits/{kit_id}/versions/{kit_version_id}", "/archive", nil),
		"GetInterview":         patch(interview, map[string]any{"title": "Renamed"}),
		"GetInterviewCalendar": patch(interview, map[string]any{"title": "Renamed"}),
		"GetMyCalendar":        func(s *fixture, _ exampleRequest) { s.newInterview(api.InterviewStatusScheduled) },
		"GetInterviewSummary":  post(interview, "/complete", reason),
		"GetScore":             patch("/api/v1/scores/{score_id}", map[string]any{"comment": "On second thoughts."}),
	}
}

// TestIfNoneMatch calls every operation whose response has an ETag. GET and HEAD with the current ETag get 304 with the
// headers of the full response. Other ETags get the full response, and so does the ETag after the resource has changed.
func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica := installation.Replica()
	requests, operations, changes := minimalRequests(), specifiedOperations(t), resourceChanges()
	for _, op := range loadContract(t).Operations() {
		if op.Method != http.MethodGet || !operations[op.ID].hasETag() {
			continue
		}
		change := changes[op.ID]
		delete(changes, op.ID)
		if (change == nil) != slices.Contains(constantResources(), op.ID) {
			t.Errorf("%s must be either in resourceChanges or in constantResources", op.ID)
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			company := installation.Company(strings.ToLower(op.ID))
			caller := installation.User(company, "caller", api.RoleAdmin)
			s := &fixture{t, installation, replica, company, caller, replica.SignIn(t, caller)}
			if !op.Public && len(op.Roles) == 0 {
				s.client = replica.Bearer(t, installation.Key(company, []string{"jobs:read"}).Secret.Reveal())
			}
			var request exampleRequest
			if build := requests[op.ID]; build != nil {
				request = build(s)
			}
			path := pathOf(op, request.parameters)
			if op.ID == "GetAuditLog" {
				s.waitUntilSealed(path)
			}
			full := s.client.Get(path).Expect(http.StatusOK)
			tag := full.Header.Get("ETag")
			s.expectNotModified(path, full, tag, "W/"+strings.TrimPrefix(tag, "W/"), `"x", `+tag, tag+` , W/"x"`, "*")
			s.expectHead(path, full)
			s.expectFullResponse(path, tag, `"x"`, `"x", W/"y"`)
			if strings.Contains(op.Path, "{") {
				s.client.Do(http.MethodGet, pathOf(op, nil), nil, "If-None-Match", "*").Refused(http.StatusNotFound, "not_found")
			}
			if change == nil {
				return
			}
			change(s, request)
			changed := s.client.Do(http.MethodGet, path, nil, "If-None-Match", tag).Expect(http.StatusOK)
			if changed.Header.Get("ETag") == tag {
				t.Errorf("the changed resource has the same ETag %s", tag)
			}
		})
	}
	for id := range changes {
		t.Errorf("resourceChanges has %s, which is not an operation with an ETag", id)
	}
}

// waitUntilSealed waits until an audit entry is sealed. It does not change after that.
func (s *fixture) waitUntilSealed(path string) {
	s.t.Helper()
	testkit.Eventually(s.t, 30*time.Second, "the entry is sealed", func() bool {
		return !testkit.Decode[api.AuditLog](s.client.Get(path).Expect(http.StatusOK)).Sequence.IsNull()
	})
}

// expectNotModified expects 304 for each value of If-None-Match.
func (s *fixture) expectNotModified(path string, full *testkit.Answer, headers ...string) {
	s.t.Helper()
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, header := range headers {
			answer := s.client.Do(method, path, nil, "If-None-Match", header).Expect(http.StatusNotModified)
			if len(answer.Body) > 0 {
				s.t.Errorf("If-None-Match %s: the 304 has a body of %d bytes", header, len(answer.Body))
			}
			expectSameHeaders(s.t, answer, full, "Content-Type", "Content-Length", "Content-Disposition")
		}
	}
}

// expectHead expects the response to HEAD to have the headers of the response to GET.
func (s *fixture) expectHead(path string, full *testkit.Answer) {
	s.t.Helper()
	answer := s.client.Do(http.MethodHead, path, nil).Expect(http.StatusOK)
	// A long response to GET is chunked, so only one of the two has a Content-Length.
	expectSameHeaders(s.t, answer, full, "Content-Length", "Transfer-Encoding")
	s.client.Do(http.MethodHead, path+"?unknown=1", nil).Expect(http.StatusBadRequest)
}

// expectFullResponse expects 200 with the body for each value of If-None-Match.
func (s *fixture) expectFullResponse(path, tag string, headers ...string) {
	s.t.Helper()
	for _, header := range headers {
		answer := s.client.Do(http.MethodGet, path, nil, "If-None-Match", header).Expect(http.StatusOK)
		if answer.Header.Get("ETag") != tag || len(answer.Body) == 0 {
			s.t.Errorf("If-None-Match %s: got ETag %s and %d bytes, want ETag %s and a body",
				header, answer.Header.Get("ETag"), len(answer.Body), tag)
		}
	}
}

// expectSameHeaders expects two responses to have the same headers, except the given ones and those that differ between
// all responses.
func expectSameHeaders(t *testing.T, a, b *testkit.Answer, except ...string) {
	t.Helper()
	remaining := func(header http.Header) http.Header {
		kept := maps.Clone(header)
		for _, name := range append(except, "Date", "X-Request-Id") {
			kept.Del(name)
		}
		return kept
	}
	if one, other := remaining(a.Header), remaining(b.Header); !maps.EqualFunc(one, other, slices.Equal[[]string]) {
		t.Errorf("headers: got %v, want %v", one, other)
	}
}
