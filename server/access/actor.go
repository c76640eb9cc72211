package access

import (
	"net/netip"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// Kind is the kind of an actor, as the table principals and the audit log name it.
type Kind = stored.ActorKind

// The kinds of actors. Only users and API keys have a standing.
const (
	KindUser      = stored.ActorKindUser
	KindAPIKey    = stored.ActorKindAPIKey
	KindCandidate = stored.ActorKindCandidate
	KindSystem    = stored.ActorKindSystem
	KindEvaluator = stored.ActorKindEvaluator
)

// Kinds lists the kinds of actors.
func Kinds() []Kind {
	return []Kind{KindUser, KindAPIKey, KindSystem, KindCandidate, KindEvaluator}
}

// Actor is on whose behalf something is read or done. It is an argument of everything that asks for rights or records
// an act. Its id is that of a row in principals.
//
// A user is described by the present state of their session, an API key by its row; nothing of it comes from the
// client. The zero value is nobody: it sees nothing and may do nothing, and its acts cannot be recorded.
type Actor struct {
	// Kind is empty for nobody: a request without credentials.
	Kind      Kind
	CompanyID uuid.UUID
	// ID is unique among the actors of the company, whatever their kinds.
	ID uuid.UUID
	// SessionID is the session of a user; uuid.Nil for other actors.
	SessionID uuid.UUID
	// Role is the user's role, or the role that the API key acts as (Key.Role); empty for other actors.
	Role stored.Role
	// Restricted is true for a user who must change a password that somebody else has chosen before anything else.
	Restricted bool
	// Key describes an API key; nil for other actors.
	Key *Key
	// Origin is the request through which the actor acts; zero for work in the background and of the operator.
	Origin Origin
}

// Origin is what the audit log tells about the request of an act.
type Origin struct {
	// RequestID is the X-Request-Id.
	RequestID string
	// IP is the client's address.
	IP netip.Addr
	// UserAgent is the header as valid UTF-8, cut to 512 characters.
	UserAgent string
}

// System returns the actor of a company's system. Its id is that of the company.
func System(company uuid.UUID) Actor { return Actor{Kind: KindSystem, CompanyID: company, ID: company} }

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
func (k Key) Role() stored.Role {
	switch {
	case k.Jobs != nil:
		return stored.RoleTeamLead
	case k.Test:
		return stored.RoleAdmin
	}
	return stored.RoleHR
}

// Includes reports whether the key has all scopes and jobs of another, which may be an earlier state of it.
func (k Key) Includes(other Key) bool {
	return subset(other.Scopes, k.Scopes) && (k.Jobs == nil || other.Jobs != nil && subset(other.Jobs, k.Jobs))
}

func subset[T comparable](some, all []T) bool {
	return !slices.ContainsFunc(some, func(one T) bool { return !slices.Contains(all, one) })
}

// Standing is what the key sees and may do within its scopes.
func (k Key) Standing() Standing { return Actor{Kind: KindAPIKey, Role: k.Role(), Key: &k}.Standing() }

// Standing is what the actor sees and may do beyond the permissions of the specification. Candidates, evaluators, the
// system and nobody have none.
func (a Actor) Standing() Standing {
	switch {
	case a.Kind == KindUser && a.Key == nil:
		return StandingOf(a.Role)
	case a.Limited():
		return limitedKey()
	case a.Kind == KindAPIKey && a.Key != nil:
		return StandingOf(a.Role)
	}
	return Standing{}
}

// Reach is which applications, candidates, interviews and scores the actor sees.
func (a Actor) Reach() Reach { return a.Standing().Hiring }

// Limited reports whether the actor is an API key that is limited to some jobs.
func (a Actor) Limited() bool { return a.Kind == KindAPIKey && a.Key != nil && a.Key.Jobs != nil }

// Holds reports whether the actor has a permission, as far as the scopes of an API key decide. It is always true for
// users: their permissions are those of their role, which the gate checks. It is always false for actors of other
// kinds.
func (a Actor) Holds(permission string) bool {
	if a.Kind == KindAPIKey && a.Key != nil {
		return slices.Contains(a.Key.Scopes, permission)
	}
	return a.Kind == KindUser
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

// Persons are the people who act through the actor: the user, or the holders of the API key. Nobody acts through actors
// of other kinds.
//
// A restriction that applies to a person also applies to every API key that the person holds; otherwise a key would be
// a way around it. See Is. Rights to one's own data, such as reading own sessions, belong to users only; keys do not
// have them.
func (a Actor) Persons() []uuid.UUID {
	switch {
	case a.Kind == KindUser:
		return []uuid.UUID{a.ID}
	case a.Kind == KindAPIKey && a.Key != nil:
		return a.Key.Holders
	}
	return nil
}

// Is reports whether a person acts through the actor.
func (a Actor) Is(person uuid.UUID) bool { return slices.Contains(a.Persons(), person) }

// ShownID is the id of the actor of a past act in responses. It is nil for the system, and for the system's acts that
// earlier versions of the service recorded without an id.
func ShownID(company uuid.UUID, id *uuid.UUID) *uuid.UUID {
	if id == nil || *id == company {
		return nil
	}
	return id
}

// Summarize describes the actor of a past event, by the name of the user or of the API key. Actors of other kinds get
// the name of their kind.
func Summarize(id uuid.UUID, kind Kind, name string) api.ActorSummary {
	switch kind {
	case KindCandidate:
		name = "Candidate"
	case KindEvaluator:
		name = "Evaluator"
	case KindSystem:
		name = "System"
	case KindUser, KindAPIKey:
	}
	return api.ActorSummary{ID: id, Type: api.AuditActorType(kind), Name: name}
}
