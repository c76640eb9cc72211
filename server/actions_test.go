package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// TestAllowedActionsOfKeysFollowScopes compares the actions that every state machine allows an API key with the
// permission of the operation that performs the action.
func TestAllowedActionsOfKeysFollowScopes(t *testing.T) {
	t.Parallel()
	permissions := map[string]string{}
	for _, op := range loadContract(t).Operations() {
		permissions[op.Method+" "+strings.TrimPrefix(op.Path, "/api/v1")] = op.Permission
	}
	checkActionScopes(t, lifecycle.Job(), "/jobs/{job_id}", permissions)
	checkActionScopes(t, lifecycle.Candidate(), "/candidates/{candidate_id}", permissions)
	checkActionScopes(t, lifecycle.Application(), "/applications/{application_id}", permissions)
	checkActionScopes(t, lifecycle.KitVersion(), "/kits/{kit_id}/versions/{kit_version_id}", permissions)
	checkActionScopes(t, lifecycle.Interview(), "/interviews/{interview_id}", permissions)
	checkActionScopes(t, lifecycle.Score(), "/scores/{score_id}", permissions)
	move := permissions["POST /applications/{application_id}/move"]
	for scope, want := range map[string]int{move: 4, "jobs:write": 0} {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			relation := lifecycle.Relation{Role: stored.RoleHR, Key: &access.Key{Scopes: []string{scope}}}
			if got := len(lifecycle.Reachable(stored.ApplicationStageApplied, relation)); got != want {
				t.Errorf("stages a key with scope %s can move an application to: got %d, want %d", scope, got, want)
			}
		})
	}
}

// checkActionScopes checks that each action is allowed for a key that has the permission of its operation, and for no
// other key. permissions has the permission of each operation by "METHOD path".
func checkActionScopes[S, A ~string](t *testing.T, m lifecycle.Machine[S, A], base string, permissions map[string]string) {
	t.Helper()
	for _, transition := range m.Transitions {
		operation := map[string]string{
			"update":             http.MethodPatch + " " + base,
			"apply":              http.MethodPost + " /applications",
			"schedule_interview": http.MethodPost + " /interviews",
			"set_panel":          http.MethodPut + " " + base + "/panel/{user_id}",
			"mark_no_show":       http.MethodPost + " " + base + "/no-show",
			"create_score":       http.MethodPost + " " + base + "/scores",
		}[string(transition.Action)]
		if operation == "" {
			operation = http.MethodPost + " " + base + "/" + string(transition.Action)
		}
		permission := permissions[operation]
		if permission == "" {
			t.Errorf("%s: no operation %s performs the action %s", m.Name, operation, transition.Action)
		}
		if len(transition.By) == 0 {
			continue
		}
		all := lifecycle.Relation{Role: stored.RoleAdmin, Member: true, Panelist: true, Rater: true}
		with, without := all, all
		with.Key = &access.Key{Scopes: []string{permission}}
		without.Key = &access.Key{Scopes: []string{permission + "x", "jobs:read"}}
		for _, from := range transition.From {
			if !slices.Contains(m.Allowed(from, with), transition.Action) {
				t.Errorf("%s: a key with scope %s is not allowed %s", m.Name, permission, transition.Action)
			}
			if slices.Contains(m.Allowed(from, without), transition.Action) {
				t.Errorf("%s: a key without scope %s is allowed %s", m.Name, permission, transition.Action)
			}
		}
	}
}
