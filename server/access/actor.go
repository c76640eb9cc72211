package access

import (
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// Actor is a signed-in user, described by the present state of their session, or an API key, described by its row.
// Nothing in it comes from the client.
type Actor struct {
	CompanyID uuid.UUID
	// ID is the id of the user or of the API key. The two never share an id.
	ID uuid.UUID
	// SessionID is uuid.Nil for an API key.
	SessionID uuid.UUID
	// Role is the user's role, or the role that the API key acts as (Key.Role).
	Role api.Role
	// Key is nil for a user.
	Key *Key
}

// Key describes an API key.
type Key struct {
	// Scopes are the permissions of the key.
	Scopes []string
	// Jobs are the jobs that the key is limited to; nil for a key of the whole company.
	Jobs []uuid.UUID
	// Test is true for a key of a test company.
	Test bool
	// Holders are the users who were shown a secret of the key.
	Holders []uuid.UUID
}

// Role is the role that the key acts as: team lead if it is limited to jobs, admin in a test company, and HR
// otherwise. The key's scopes bound what it may do in this role.
func (k Key) Role() api.Role {
	switch {
	case k.Jobs != nil:
		return api.RoleTeamLead
	case k.Test:
		return api.RoleAdmin
	}
	return api.RoleHr
}

// Standing is what the key sees and may do within its scopes.
func (k Key) Standing() Standing { return Actor{Role: k.Role(), Key: &k}.Standing() }

// Standing is what the actor sees and may do beyond the permissions of the specification.
func (a Actor) Standing() Standing {
	if a.Limited() {
		return limitedKey()
	}
	return StandingOf(a.Role)
}

// Reach is which applications, candidates, interviews and scores the actor sees.
func (a Actor) Reach() Reach { return a.Standing().Hiring }

// Limited reports whether the actor is an API key that is limited to some jobs.
func (a Actor) Limited() bool { return a.Key != nil && a.Key.Jobs != nil }

// Holds reports whether the actor has a permission, as far as the scopes of an API key decide. It is always true for
// users: their permissions are those of their role, which the gate checks.
func (a Actor) Holds(permission string) bool {
	return a.Key == nil || slices.Contains(a.Key.Scopes, permission)
}

// SeesUser reports whether the actor sees a user of the company.
func (a Actor) SeesUser(user uuid.UUID) bool {
	switch a.Standing().Users {
	case ReachAll:
		return true
	case ReachOwn:
		return a.ID == user
	case ReachNone, ReachJobs:
	}
	return false
}

// ReadsUsers reports whether the actor reads all users of the company, and so their email addresses.
func (a Actor) ReadsUsers() bool {
	return a.Standing().Users == ReachAll && a.Holds("users:read")
}

// Persons are the people who act through the actor: the user, or the holders of the API key.
//
// A restriction that applies to a person also applies to every API key that the person holds; otherwise a key would be
// a way around it. See Is. Rights to one's own data, such as reading own sessions, belong to users only; keys do not
// have them.
func (a Actor) Persons() []uuid.UUID {
	if a.Key != nil {
		return a.Key.Holders
	}
	return []uuid.UUID{a.ID}
}

// Is reports whether a person acts through the actor.
func (a Actor) Is(person uuid.UUID) bool { return slices.Contains(a.Persons(), person) }

// Type is the kind of the actor, as the audit log names it.
func (a Actor) Type() api.AuditActorType {
	if a.Key != nil {
		return api.AuditActorTypeAPIKey
	}
	return api.AuditActorTypeUser
}

// Summarize describes the actor of a past event; key is true if it was an API key.
func Summarize(id uuid.UUID, name string, key bool) api.ActorSummary {
	actor := api.ActorSummary{ID: id, Type: api.AuditActorTypeUser, Name: name}
	if key {
		actor.Type = api.AuditActorTypeAPIKey
	}
	return actor
}
