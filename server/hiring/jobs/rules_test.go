package jobs

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestListReach checks which jobs each kind of actor can list. A role without grants sees none.
func TestListReach(t *testing.T) {
	t.Parallel()
	limited := &access.Key{Jobs: []uuid.UUID{uuid.New()}}
	for name, test := range map[string]struct {
		actor access.Actor
		want  string
	}{
		"employee":                  {access.Actor{Kind: access.KindUser, Role: stored.RoleEmployee}, "own"},
		"team lead":                 {access.Actor{Kind: access.KindUser, Role: stored.RoleTeamLead}, "all"},
		"HR":                        {access.Actor{Kind: access.KindUser, Role: stored.RoleHR}, "all"},
		"admin":                     {access.Actor{Kind: access.KindUser, Role: stored.RoleAdmin}, "all"},
		"key for all jobs":          {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleHR, Key: &access.Key{}}, "all"},
		"team lead's key for a job": {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleTeamLead, Key: limited}, "jobs"},
		"admin's key for a job":     {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleAdmin, Key: limited}, "jobs"},
		"unknown role":              {access.Actor{Kind: access.KindUser, Role: "auditor"}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := listQuery(test.actor, api.ListJobsParams{}).Reach; got != test.want {
				t.Errorf("reach is %q, want %q", got, test.want)
			}
		})
	}
}

func TestReadsUser(t *testing.T) {
	t.Parallel()
	self, colleague := uuid.New(), uuid.New()
	key := func(limit []uuid.UUID, scopes ...string) *access.Key { return &access.Key{Jobs: limit, Scopes: scopes} }
	for _, test := range []struct {
		name            string
		actor           access.Actor
		self, colleague bool
	}{
		{"employee", access.Actor{Kind: access.KindUser, Role: stored.RoleEmployee}, true, false},
		{"team lead", access.Actor{Kind: access.KindUser, Role: stored.RoleTeamLead}, true, true},
		{"hr", access.Actor{Kind: access.KindUser, Role: stored.RoleHR}, true, true},
		{"admin", access.Actor{Kind: access.KindUser, Role: stored.RoleAdmin}, true, true},
		{"unknown role", access.Actor{Kind: access.KindUser, Role: "auditor"}, false, false},
		{"key that reads users", access.Actor{Kind: access.KindAPIKey, Role: stored.RoleHR, Key: key(nil, "users:read")}, true, true},
		{"key that reads jobs", access.Actor{Kind: access.KindAPIKey, Role: stored.RoleHR, Key: key(nil, "jobs:read")}, false, false},
		{"limited key", access.Actor{Kind: access.KindAPIKey, Role: stored.RoleTeamLead, Key: key([]uuid.UUID{uuid.New()}, "jobs:read")}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.actor.ID = self
			if got := readsUser(test.actor, self); got != test.self {
				t.Errorf("itself: got %t, want %t", got, test.self)
			}
			if got := readsUser(test.actor, colleague); got != test.colleague {
				t.Errorf("a colleague: got %t, want %t", got, test.colleague)
			}
		})
	}
}

func TestCheckNewMember(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ active, member, refused bool }{
		"active member":   {true, true, false},
		"active user":     {true, false, false},
		"inactive member": {false, true, false},
		"inactive user":   {false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkNewMember(test.active, test.member)
			if got := fault.Is(err, fault.RuleViolated); got != test.refused || !test.refused && err != nil {
				t.Errorf("got %v, want refused: %t", err, test.refused)
			}
		})
	}
}

// TestApplyPatch checks that a patch sets the members it contains, clears those that are null, and keeps the others;
// that hasChanges reports exactly the patches that change a value; and that a patch changes nothing when applied again.
func TestApplyPatch(t *testing.T) {
	t.Parallel()
	texts := rapid.Map(rapid.StringMatching(`[a-zé ]{0,5}[a-z]`), strings.TrimSpace)
	optionally := rapid.Ptr(texts, true)
	nullably := rapid.Custom(func(t *rapid.T) nullable.Nullable[string] {
		switch rapid.IntRange(0, 2).Draw(t, "absent, null or text") {
		case 0:
			return nullable.Nullable[string]{}
		case 1:
			return nullable.NewNullNullable[string]()
		}
		return nullable.NewNullableWithValue(" " + texts.Draw(t, "text") + "\n")
	})
	rapid.Check(t, func(t *rapid.T) {
		row := db.Job{
			Title: texts.Draw(t, "title"), Department: optionally.Draw(t, "department"), Location: optionally.Draw(t, "location"),
			Description: texts.Draw(t, "description"), Version: 3,
		}
		patch := api.UpdateJobRequest{
			Title: optionally.Draw(t, "new title"), Description: optionally.Draw(t, "new description"),
			Department: nullably.Draw(t, "new department"), Location: nullably.Draw(t, "new location"),
		}
		change := applyPatch(row, patch)

		after := row
		after.Title, after.Department = change.Title, change.Department
		after.Location, after.Description = change.Location, change.Description
		if hasChanges(after, change) || hasChanges(after, applyPatch(after, patch)) {
			t.Fatalf("the patch changes %+v a second time", after)
		}
		if change.Version != row.Version {
			t.Fatalf("the update expects version %d, want %d", change.Version, row.Version)
		}

		got := []string{change.Title, textOrNull(change.Department), textOrNull(change.Location), change.Description}
		want := []string{
			patchedText(row.Title, patch.Title), patchedNullable(row.Department, patch.Department),
			patchedNullable(row.Location, patch.Location), patchedText(row.Description, patch.Description),
		}
		if !slices.Equal(got, want) {
			t.Fatalf("patched to %q, want %q", got, want)
		}
		before := []string{row.Title, textOrNull(row.Department), textOrNull(row.Location), row.Description}
		if hasChanges(row, change) == slices.Equal(before, want) {
			t.Fatalf("hasChanges is %t for %q patched to %q", hasChanges(row, change), before, want)
		}
	})
}

// textOrNull formats an optional text so that null and every text are different.
func textOrNull(text *string) string {
	if text == nil {
		return "null"
	}
	return "=" + *text
}

// patchedText is the expected value of a required text after a patch.
func patchedText(before string, patch *string) string {
	if patch == nil {
		return before
	}
	return *patch
}

// patchedNullable is the expected value of an optional text after a patch, formatted like textOrNull.
func patchedNullable(before *string, patch nullable.Nullable[string]) string {
	if !patch.IsSpecified() {
		return textOrNull(before)
	}
	if patch.IsNull() {
		return "null"
	}
	return "=" + strings.TrimSpace(patch.MustGet())
}
