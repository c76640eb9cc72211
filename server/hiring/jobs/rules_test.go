package jobs

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"
	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestReach: who sees which jobs. A role that nobody has decided about sees none.
func TestReach(t *testing.T) {
	t.Parallel()
	key := &access.Key{Jobs: []uuid.UUID{uuid.New()}}
	for _, c := range []struct {
		actor access.Actor
		want  string
	}{
		{access.Actor{Role: api.RoleEmployee}, "own"},
		{access.Actor{Role: api.RoleTeamLead}, "all"},
		{access.Actor{Role: api.RoleHr}, "all"},
		{access.Actor{Role: api.RoleAdmin}, "all"},
		{access.Actor{Role: api.RoleHr, Key: &access.Key{}}, "all"},
		{access.Actor{Role: api.RoleTeamLead, Key: key}, "jobs"},
		{access.Actor{Role: api.RoleAdmin, Key: key}, "jobs"},
		{access.Actor{Role: "auditor"}, "none"},
	} {
		if got := listQuery(c.actor, api.ListJobsParams{}).Reach; got != c.want {
			t.Errorf("%+v lists %s jobs, want %s", c.actor, got, c.want)
		}
	}
}

func TestMayJoin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ active, member, may bool }{
		{true, true, true}, {true, false, true}, {false, true, true}, {false, false, false},
	} {
		if err := mayJoin(c.active, c.member); (err == nil) != c.may || err != nil && !fault.Is(err, fault.RuleViolated) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestPatch: a patch sets what it names, clears what it names as null, and leaves the rest; a row changes only where a
// value differs; and the patch of what is there already changes nothing.
func TestPatch(t *testing.T) {
	t.Parallel()
	texts := rapid.Map(rapid.StringMatching(`[a-zé ]{0,5}[a-z]`), strings.TrimSpace)
	optionally := rapid.Ptr(texts, true)
	nullably := rapid.Custom(func(t *rapid.T) nullable.Nullable[string] {
		switch rapid.IntRange(0, 2).Draw(t, "said") {
		case 0:
			return nil
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
		change := edit(row, patch)
		after := row
		after.Title, after.Department, after.Location, after.Description = change.Title, change.Department, change.Location, change.Description
		if changes(after, change) || changes(after, edit(after, patch)) {
			t.Fatalf("the patch of %+v changes it again", after)
		}
		if change.Version != row.Version {
			t.Fatalf("it is guarded by the version %d", change.Version)
		}
		got := []string{change.Title, shown(change.Department), shown(change.Location), change.Description}
		want := []string{
			wantedText(row.Title, patch.Title), wantedNullable(row.Department, patch.Department),
			wantedNullable(row.Location, patch.Location), wantedText(row.Description, patch.Description),
		}
		if !slices.Equal(got, want) {
			t.Fatalf("it becomes %q, want %q", got, want)
		}
		before := []string{row.Title, shown(row.Department), shown(row.Location), row.Description}
		if changes(row, change) == slices.Equal(before, want) {
			t.Fatalf("of %q to %q: changes %t", before, want, changes(row, change))
		}
	})
}

func shown(text *string) string {
	if text == nil {
		return "null"
	}
	return "=" + *text
}

func wantedText(was string, patch *string) string {
	if patch == nil {
		return was
	}
	return *patch
}

func wantedNullable(was *string, patch nullable.Nullable[string]) string {
	if !patch.IsSpecified() {
		return shown(was)
	}
	if patch.IsNull() {
		return "null"
	}
	return "=" + strings.TrimSpace(patch.MustGet())
}
