package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// TestKeysAreOfferedWhatTheirScopesLetThemDo holds every action of every machine against the operation that does it.
func TestKeysAreOfferedWhatTheirScopesLetThemDo(t *testing.T) {
	t.Parallel()
	needed := map[string]string{}
	for _, op := range agreed(t).Operations() {
		needed[op.Method+" "+strings.TrimPrefix(op.Path, "/api/v1")] = op.Permission
	}
	offered(t, lifecycle.Job(), "/jobs/{job_id}", needed)
	offered(t, lifecycle.Candidate(), "/candidates/{candidate_id}", needed)
	offered(t, lifecycle.Application(), "/applications/{application_id}", needed)
	offered(t, lifecycle.KitVersion(), "/kits/{kit_id}/versions/{kit_version_id}", needed)
	offered(t, lifecycle.Interview(), "/interviews/{interview_id}", needed)
	offered(t, lifecycle.Score(), "/scores/{score_id}", needed)
	move := needed["POST /applications/{application_id}/move"]
	for scope, want := range map[string]int{move: 4, "jobs:write": 0} {
		who := lifecycle.Standing{Role: api.RoleHr, Scopes: []string{scope}}
		if got := len(lifecycle.Reachable(api.ApplicationStageApplied, who)); got != want {
			t.Errorf("a key with %s can move an application to %d stages, want %d", scope, got, want)
		}
	}
}

// offered expects each action to be offered to a key that has the permission of its operation, and to no other.
func offered[S, A ~string](t *testing.T, m lifecycle.Machine[S, A], base string, needed map[string]string) {
	t.Helper()
	for _, way := range m.Transitions {
		operation := map[string]string{
			"update":             http.MethodPatch + " " + base,
			"apply":              http.MethodPost + " /applications",
			"schedule_interview": http.MethodPost + " /interviews",
			"set_panel":          http.MethodPut + " " + base + "/panel/{user_id}",
			"mark_no_show":       http.MethodPost + " " + base + "/no-show",
			"create_score":       http.MethodPost + " " + base + "/scores",
		}[string(way.Action)]
		if operation == "" {
			operation = http.MethodPost + " " + base + "/" + string(way.Action)
		}
		permission := needed[operation]
		if permission == "" {
			t.Errorf("%s: %s is done by no operation %s", m.Name, way.Action, operation)
		}
		if len(way.By) == 0 {
			continue
		}
		all := lifecycle.Standing{Role: api.RoleAdmin, Member: true, Panelist: true, Rater: true}
		with, without := all, all
		with.Scopes, without.Scopes = []string{permission}, []string{permission + "x", "jobs:read"}
		for _, from := range way.From {
			if !slices.Contains(m.Allowed(from, with), way.Action) {
				t.Errorf("%s: a key with %s is not offered %s", m.Name, permission, way.Action)
			}
			if slices.Contains(m.Allowed(from, without), way.Action) {
				t.Errorf("%s: a key without %s is offered %s", m.Name, permission, way.Action)
			}
		}
	}
}
