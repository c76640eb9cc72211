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

const (
	none = access.ReachNone
	own  = access.ReachOwn
	jobs = access.ReachJobs
	all  = access.ReachAll
)

// reaches is what an actor sees, in the order hiring, jobs, kits, users, audit log.
type reaches [5]access.Reach

func reachesOf(s access.Standing) reaches {
	return reaches{s.Hiring, s.Jobs, s.Kits, s.Users, s.AuditLog}
}

// TestStandingOfRoles writes down every role's standing a second time: a change must be made on purpose.
func TestStandingOfRoles(t *testing.T) {
	t.Parallel()
	hiring := []string{"job", "candidate", "application", "kit", "interview", "score"}
	for role, want := range map[stored.Role]struct {
		reaches    reaches
		auditTypes []string
		manages    []stored.Role
		member     api.MachineActor // in a job that the actor is a member of
		elsewhere  api.MachineActor // in other jobs
	}{
		stored.RoleEmployee: {reaches: reaches{own, own, own, own, own}},
		stored.RoleTeamLead: {reaches: reaches{jobs, all, all, all, own}, member: api.MachineActorTeamLead},
		stored.RoleHR: {
			reaches: reaches{all, all, all, all, own}, auditTypes: hiring,
			manages: []stored.Role{stored.RoleEmployee, stored.RoleTeamLead},
			member:  api.MachineActorHr, elsewhere: api.MachineActorHr,
		},
		stored.RoleAdmin: {
			reaches: reaches{all, all, all, all, all},
			manages: []stored.Role{stored.RoleEmployee, stored.RoleTeamLead, stored.RoleHR, stored.RoleAdmin},
			member:  api.MachineActorAdmin, elsewhere: api.MachineActorAdmin,
		},
		"observer": {},
		"":         {},
	} {
		t.Run("role "+string(role), func(t *testing.T) {
			t.Parallel()
			got := access.StandingOf(role)
			if reachesOf(got) != want.reaches || !slices.Equal(got.AuditTypes, want.auditTypes) {
				t.Errorf("reaches are %v and %v, want %v and %v", reachesOf(got), got.AuditTypes, want.reaches, want.auditTypes)
			}
			for _, other := range append(access.Roles(), "observer", "") {
				if got.Manages(other) != slices.Contains(want.manages, other) {
					t.Errorf("manages %q: %t", other, got.Manages(other))
				}
			}
			if member, elsewhere := got.MachineActor(true), got.MachineActor(false); member != want.member || elsewhere != want.elsewhere {
				t.Errorf("acts as %q in its jobs and as %q elsewhere, want %q and %q", member, elsewhere, want.member, want.elsewhere)
			}
			if !slices.Contains(access.Roles(), role) && !reflect.DeepEqual(got, access.Standing{}) {
				t.Errorf("an unknown role has the standing %+v, want none", got)
			}
		})
	}
}

// TestRolesAreThoseOfTheSpecification fails when the specification has a role that has no entry here.
func TestRolesAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	var specified []stored.Role
	for _, value := range document.Components.Schemas["Role"].Value.Enum {
		specified = append(specified, stored.Role(value.(string)))
	}
	if !slices.Equal(access.Roles(), specified) {
		t.Errorf("the roles are %v, the specification has %v", access.Roles(), specified)
	}
}

func TestStandingOfKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key     access.Key
		role    stored.Role
		reaches reaches
		manages []stored.Role
		member  api.MachineActor
		other   api.MachineActor
	}{
		"whole company": {
			access.Key{},
			stored.RoleHR,
			reaches{all, all, all, all, own},
			[]stored.Role{stored.RoleEmployee, stored.RoleTeamLead},
			api.MachineActorHr, api.MachineActorHr,
		},
		"test company": {
			access.Key{Test: true},
			stored.RoleAdmin,
			reaches{all, all, all, all, all},
			access.Roles(),
			api.MachineActorAdmin, api.MachineActorAdmin,
		},
		"limited to a job": {
			access.Key{Jobs: []uuid.UUID{{1}}},
			stored.RoleTeamLead,
			reaches{jobs, jobs, jobs, none, none},
			nil,
			api.MachineActorTeamLead, "",
		},
		"limited to no job": {
			access.Key{Jobs: []uuid.UUID{}},
			stored.RoleTeamLead,
			reaches{jobs, jobs, jobs, none, none},
			nil,
			api.MachineActorTeamLead, "",
		},
		"limited to a job of a test company": {
			access.Key{Jobs: []uuid.UUID{{1}}, Test: true},
			stored.RoleTeamLead,
			reaches{jobs, jobs, jobs, none, none},
			nil,
			api.MachineActorTeamLead, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.key.Role() != test.role {
				t.Errorf("acts as %s, want %s", test.key.Role(), test.role)
			}
			actor := access.Actor{Kind: access.KindAPIKey, ID: uuid.UUID{9}, Role: test.key.Role(), Key: &test.key}
			got := actor.Standing()
			if reachesOf(got) != test.reaches || actor.Reach() != test.reaches[0] {
				t.Errorf("reaches are %v, want %v", reachesOf(got), test.reaches)
			}
			for _, role := range append(access.Roles(), "observer") {
				if got.Manages(role) != slices.Contains(test.manages, role) {
					t.Errorf("manages %q: %t", role, got.Manages(role))
				}
			}
			if got.MachineActor(true) != test.member || got.MachineActor(false) != test.other {
				t.Errorf("acts as %q in its jobs and as %q elsewhere", got.MachineActor(true), got.MachineActor(false))
			}
			// The role of a key is taken from the key, so a limited key gains nothing from another role.
			actor.Role = stored.RoleAdmin
			if actor.Limited() && reachesOf(actor.Standing()) != test.reaches {
				t.Errorf("with another role the reaches are %v", reachesOf(actor.Standing()))
			}
		})
	}
}

// TestCoverage compares the standing of every role with that of every kind of API key.
func TestCoverage(t *testing.T) {
	t.Parallel()
	keys := map[string]access.Key{
		"company": {}, "test company": {Test: true}, "limited": {Jobs: []uuid.UUID{{1}}},
		"limited, test company": {Jobs: []uuid.UUID{{1}}, Test: true},
	}
	for role, want := range map[stored.Role][]string{
		stored.RoleEmployee: nil,
		stored.RoleTeamLead: nil, // of other jobs
		stored.RoleHR:       {"company", "limited", "limited, test company"},
		stored.RoleAdmin:    {"company", "limited", "limited, test company", "test company"},
		"observer":          nil,
	} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			for name, key := range keys {
				if got := access.StandingOf(role).Covers(key.Standing()); got != slices.Contains(want, name) {
					t.Errorf("key %q: covered: got %t, want %t", name, got, !got)
				}
			}
		})
	}
	// Every part of a key's standing counts.
	for name, narrow := range map[string]func(*access.Standing){
		"hiring":         func(s *access.Standing) { s.Hiring = jobs },
		"jobs":           func(s *access.Standing) { s.Jobs = jobs },
		"kits":           func(s *access.Standing) { s.Kits = jobs },
		"users":          func(s *access.Standing) { s.Users = own },
		"audit log":      func(s *access.Standing) { s.AuditLog = own },
		"managed users":  func(s *access.Standing) { *s = reachesWithout(*s, access.StandingOf(stored.RoleHR)) },
		"no transitions": func(s *access.Standing) { *s = reachesWithout(*s, access.Standing{}) },
	} {
		t.Run("without "+name, func(t *testing.T) {
			t.Parallel()
			admin := access.StandingOf(stored.RoleAdmin)
			narrow(&admin)
			if admin.Covers(access.StandingOf(stored.RoleAdmin)) {
				t.Errorf("got covered with %+v, want not covered", admin)
			}
		})
	}
}

// reachesWithout returns the reaches of one standing with the rights of another.
func reachesWithout(s, rights access.Standing) access.Standing {
	rights.Hiring, rights.Jobs, rights.Kits, rights.Users, rights.AuditLog = s.Hiring, s.Jobs, s.Kits, s.Users, s.AuditLog
	return rights
}

func TestSeesUser(t *testing.T) {
	t.Parallel()
	self, colleague := uuid.UUID{1}, uuid.UUID{2}
	for name, test := range map[string]struct {
		actor           access.Actor
		self, colleague bool
	}{
		"employee":     {access.Actor{Kind: access.KindUser, ID: self, Role: stored.RoleEmployee}, true, false},
		"team lead":    {access.Actor{Kind: access.KindUser, ID: self, Role: stored.RoleTeamLead}, true, true},
		"unknown role": {access.Actor{Kind: access.KindUser, ID: self, Role: "observer"}, false, false},
		"key":          {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleHR, Key: &access.Key{}}, true, true},
		"limited key":  {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleTeamLead, Key: &access.Key{Jobs: []uuid.UUID{}}}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := [2]bool{test.actor.SeesUser(self), test.actor.SeesUser(colleague)}; got != [2]bool{test.self, test.colleague} {
				t.Errorf("sees self and colleague: got %v, want %t and %t", got, test.self, test.colleague)
			}
		})
	}
}

func TestAdministers(t *testing.T) {
	t.Parallel()
	for _, role := range append(access.Roles(), "observer", "") {
		if got, want := access.Administers(role), role == stored.RoleAdmin; got != want {
			t.Errorf("role %q: got %t, want %t", role, got, want)
		}
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind access.Kind
		key  *access.Key
		want bool
	}{
		"user":                  {access.KindUser, nil, true},
		"key with the scope":    {access.KindAPIKey, &access.Key{Scopes: []string{"jobs:read", "jobs:write"}}, true},
		"key without the scope": {access.KindAPIKey, &access.Key{Scopes: []string{"jobs:read"}}, false},
		"key without scopes":    {access.KindAPIKey, &access.Key{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (access.Actor{Kind: test.kind, Role: stored.RoleHR, Key: test.key}).Holds("jobs:write"); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestReadsUsers(t *testing.T) {
	t.Parallel()
	reader := []string{"interviews:read", "users:read"}
	for name, test := range map[string]struct {
		actor access.Actor
		want  bool
	}{
		"employee":                   {access.Actor{Kind: access.KindUser, Role: stored.RoleEmployee}, false},
		"team lead":                  {access.Actor{Kind: access.KindUser, Role: stored.RoleTeamLead}, true},
		"HR":                         {access.Actor{Kind: access.KindUser, Role: stored.RoleHR}, true},
		"admin":                      {access.Actor{Kind: access.KindUser, Role: stored.RoleAdmin}, true},
		"unknown role":               {access.Actor{Kind: access.KindUser, Role: "observer"}, false},
		"key with the scope":         {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleHR, Key: &access.Key{Scopes: reader}}, true},
		"key without the scope":      {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleHR, Key: &access.Key{Scopes: reader[:1]}}, false},
		"limited key":                {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleTeamLead, Key: &access.Key{Scopes: reader, Jobs: []uuid.UUID{}}}, false},
		"key of an unknown role":     {access.Actor{Kind: access.KindAPIKey, Role: "observer", Key: &access.Key{Scopes: reader}}, false},
		"test key without the scope": {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleAdmin, Key: &access.Key{Test: true}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.actor.ReadsUsers(); got != test.want {
				t.Errorf("ReadsUsers is %t, want %t", got, test.want)
			}
		})
	}
}

func TestPersonsBehindActors(t *testing.T) {
	t.Parallel()
	alice, bob, keyID := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{9}
	for name, test := range map[string]struct {
		actor   access.Actor
		persons []uuid.UUID
		isAlice bool
		isBob   bool
	}{
		"user":               {access.Actor{Kind: access.KindUser, ID: alice}, []uuid.UUID{alice}, true, false},
		"key of one person":  {access.Actor{Kind: access.KindAPIKey, ID: keyID, Key: &access.Key{Holders: []uuid.UUID{bob}}}, []uuid.UUID{bob}, false, true},
		"key of two":         {access.Actor{Kind: access.KindAPIKey, ID: keyID, Key: &access.Key{Holders: []uuid.UUID{alice, bob}}}, []uuid.UUID{alice, bob}, true, true},
		"key of nobody":      {access.Actor{Kind: access.KindAPIKey, ID: keyID, Key: &access.Key{Holders: []uuid.UUID{}}}, []uuid.UUID{}, false, false},
		"key without a list": {access.Actor{Kind: access.KindAPIKey, ID: keyID, Key: &access.Key{}}, nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.actor.Persons(); !reflect.DeepEqual(got, test.persons) {
				t.Errorf("the persons are %v, want %v", got, test.persons)
			}
			if test.actor.Is(alice) != test.isAlice || test.actor.Is(bob) != test.isBob {
				t.Errorf("Is(alice) is %t, Is(bob) is %t", test.actor.Is(alice), test.actor.Is(bob))
			}
		})
	}
}

func TestSummarize(t *testing.T) {
	t.Parallel()
	for kind, want := range map[access.Kind]string{
		access.KindUser: "Ada", access.KindAPIKey: "Ada", access.KindCandidate: "Candidate",
		access.KindEvaluator: "Evaluator", access.KindSystem: "System",
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			want := api.ActorSummary{ID: uuid.UUID{3}, Type: api.AuditActorType(kind), Name: want}
			if got := access.Summarize(uuid.UUID{3}, kind, "Ada"); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestShownID(t *testing.T) {
	t.Parallel()
	company, user := uuid.UUID{1}, uuid.UUID{2}
	if got := access.ShownID(company, &user); got == nil || *got != user {
		t.Errorf("the id of a user: got %v, want %s", got, user)
	}
	system := access.System(company).ID
	for name, id := range map[string]*uuid.UUID{"system": &system, "recorded without an id": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := access.ShownID(company, id); got != nil {
				t.Errorf("got %v, want none", got)
			}
		})
	}
}
