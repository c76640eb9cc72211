package access_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// TestKindsAreThoseOfTheSpecification fails when the specification names an actor that has no kind here.
func TestKindsAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	var specified []access.Kind
	for _, value := range document.Components.Schemas["AuditActorType"].Value.Enum {
		specified = append(specified, access.Kind(value.(string)))
	}
	if !slices.Equal(access.Kinds(), specified) {
		t.Errorf("the kinds are %v, the specification has %v", access.Kinds(), specified)
	}
}

// TestOnlyUsersAndKeysHaveAStanding gives each kind of actor everything that could give it rights: the role of an admin,
// and the description of an API key with every scope. Only a user and an API key gain from it.
func TestOnlyUsersAndKeysHaveAStanding(t *testing.T) {
	t.Parallel()
	key := &access.Key{Scopes: []string{"users:read"}, Test: true, Holders: []uuid.UUID{{5}}}
	for _, kind := range append(access.Kinds(), "", "robot") {
		t.Run("kind "+string(kind), func(t *testing.T) {
			t.Parallel()
			for name, actor := range map[string]access.Actor{
				"with a role":     {Kind: kind, ID: uuid.UUID{5}, Role: stored.RoleAdmin},
				"with a key":      {Kind: kind, ID: uuid.UUID{5}, Role: stored.RoleAdmin, Key: key},
				"with job limits": {Kind: kind, ID: uuid.UUID{5}, Role: stored.RoleAdmin, Key: &access.Key{Jobs: []uuid.UUID{{1}}}},
			} {
				want := kind == access.KindUser && actor.Key == nil || kind == access.KindAPIKey && actor.Key != nil
				if got := !reflect.DeepEqual(actor.Standing(), access.Standing{}); got != want {
					t.Errorf("%s: has a standing: got %t, want %t", name, got, want)
				}
				if kind == access.KindUser || kind == access.KindAPIKey {
					continue
				}
				if actor.Reach() != access.ReachNone || actor.SeesUser(actor.ID) || actor.ReadsUsers() || actor.Holds("users:read") ||
					actor.Limited() || actor.Is(uuid.UUID{5}) {
					t.Errorf("%s: reach %s, sees itself %t, reads users %t, holds a permission %t, is limited %t, is a person %t; want nothing",
						name, actor.Reach(), actor.SeesUser(actor.ID), actor.ReadsUsers(), actor.Holds("users:read"), actor.Limited(),
						actor.Is(uuid.UUID{5}))
				}
			}
		})
	}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	company := uuid.UUID{1}
	want := access.Actor{Kind: access.KindSystem, CompanyID: company, ID: company}
	if got := access.System(company); got != want {
		t.Errorf("the system is %+v, want %+v", got, want)
	}
}

// TestKeyIncludes compares a key with an earlier state of it.
func TestKeyIncludes(t *testing.T) {
	t.Parallel()
	a, b := uuid.UUID{1}, uuid.UUID{2}
	read, both := []string{"jobs:read"}, []string{"jobs:read", "jobs:write"}
	for name, test := range map[string]struct {
		before, now access.Key
		want        bool
	}{
		"the same":          {access.Key{Scopes: read}, access.Key{Scopes: read}, true},
		"one scope more":    {access.Key{Scopes: read}, access.Key{Scopes: both}, true},
		"one scope fewer":   {access.Key{Scopes: both}, access.Key{Scopes: read}, false},
		"limited to a job":  {access.Key{}, access.Key{Jobs: []uuid.UUID{a}}, false},
		"no longer limited": {access.Key{Jobs: []uuid.UUID{a}}, access.Key{}, true},
		"the same job":      {access.Key{Jobs: []uuid.UUID{a}}, access.Key{Jobs: []uuid.UUID{a}}, true},
		"one job more":      {access.Key{Jobs: []uuid.UUID{a}}, access.Key{Jobs: []uuid.UUID{b, a}}, true},
		"one job fewer":     {access.Key{Jobs: []uuid.UUID{a, b}}, access.Key{Jobs: []uuid.UUID{a}}, false},
		"another job":       {access.Key{Jobs: []uuid.UUID{a}}, access.Key{Jobs: []uuid.UUID{b}}, false},
		"no job":            {access.Key{Jobs: []uuid.UUID{a}}, access.Key{Jobs: []uuid.UUID{}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.now.Includes(test.before); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
