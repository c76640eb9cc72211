package access

import (
	"slices"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// Reach is which resources of a kind an actor sees. Each value includes the ones before it; the zero value sees
// nothing.
type Reach int

const (
	// ReachNone sees nothing.
	ReachNone Reach = iota
	// ReachOwn sees what concerns the actor personally: the interviews whose panel they are on and the application,
	// candidate, job and kit version of these; the jobs they are a member of; their own user; their own audit entries.
	ReachOwn
	// ReachJobs also sees what belongs to the jobs that a user is a member of, or that an API key is limited to.
	ReachJobs
	// ReachAll sees everything of the company.
	ReachAll
)

// String is the name of the reach in the functions of the database that select visible rows.
func (r Reach) String() string {
	switch r {
	case ReachOwn:
		return "own"
	case ReachJobs:
		return "jobs"
	case ReachAll:
		return "all"
	case ReachNone:
	}
	return "none"
}

// Standing is what a role or an API key sees and may do beyond the permissions of the specification. A permission
// admits an actor to an operation; the standing decides for which resources. The zero value sees and may do nothing.
type Standing struct {
	// Hiring is which applications, candidates, interviews and scores the actor sees.
	Hiring Reach
	// Jobs is which jobs the actor sees.
	Jobs Reach
	// Kits is which kits the actor sees. With ReachJobs, these include the published kits of the whole company.
	Kits Reach
	// Users is which users the actor sees.
	Users Reach
	// AuditLog is which entries of the audit log the actor sees; with ReachOwn, those of the actor's own acts.
	AuditLog Reach
	// AuditTypes are the types of resource whose entries the actor sees besides those.
	AuditTypes []string

	// transitions is what the state machines call the actor.
	transitions api.MachineActor
	// manages are the roles whose users the actor manages.
	manages []stored.Role
}

// Manages reports whether the actor may create, edit, deactivate and reactivate users of a role, and give and take the
// role.
func (s Standing) Manages(role stored.Role) bool { return slices.Contains(s.manages, role) }

// Covers reports whether an actor with this standing sees and may do everything that an API key with another standing
// does. Only ReachAll covers the jobs of a key, because the jobs of the actor may be others. What concerns a key
// personally needs no cover: it is on no panel and is a member of no job.
func (s Standing) Covers(key Standing) bool {
	covers := func(mine, other Reach) bool { return mine == ReachAll || other <= ReachOwn }
	contains := func(types []string) bool {
		return !slices.ContainsFunc(types, func(name string) bool { return !slices.Contains(s.AuditTypes, name) })
	}
	// The later actors may perform every transition of the earlier ones.
	order := []api.MachineActor{"", api.MachineActorTeamLead, api.MachineActorHr, api.MachineActorAdmin}
	return covers(s.Hiring, key.Hiring) && covers(s.Jobs, key.Jobs) && covers(s.Kits, key.Kits) &&
		covers(s.Users, key.Users) && covers(s.AuditLog, key.AuditLog) &&
		(s.AuditLog == ReachAll || contains(key.AuditTypes)) &&
		!slices.ContainsFunc(key.manages, func(role stored.Role) bool { return !s.Manages(role) }) &&
		slices.Index(order, s.transitions) >= slices.Index(order, key.transitions)
}

// MachineActor is the name that the state machines of hiring have for the actor, given whether the actor is a member of
// the resource's job; empty if they have none. An actor that sees the resources of its jobs only acts on these only.
func (s Standing) MachineActor(member bool) api.MachineActor {
	if s.Hiring == ReachAll || s.Hiring == ReachJobs && member {
		return s.transitions
	}
	return ""
}

// Roles lists the roles that have a standing.
func Roles() []stored.Role {
	return []stored.Role{stored.RoleEmployee, stored.RoleTeamLead, stored.RoleHR, stored.RoleAdmin}
}

// Administers reports whether users of a role administer the company. A company always has an active user who does.
func Administers(role stored.Role) bool { return role == stored.RoleAdmin }

// StandingOf is the standing of a role. An unknown role has none.
func StandingOf(role stored.Role) Standing {
	switch role {
	case stored.RoleEmployee:
		return Standing{Hiring: ReachOwn, Jobs: ReachOwn, Kits: ReachOwn, Users: ReachOwn, AuditLog: ReachOwn}
	case stored.RoleTeamLead:
		return Standing{
			Hiring: ReachJobs, Jobs: ReachAll, Kits: ReachAll, Users: ReachAll, AuditLog: ReachOwn,
			transitions: api.MachineActorTeamLead,
		}
	case stored.RoleHR:
		return Standing{
			Hiring: ReachAll, Jobs: ReachAll, Kits: ReachAll, Users: ReachAll, AuditLog: ReachOwn,
			AuditTypes:  []string{"job", "candidate", "application", "kit", "interview", "score"},
			transitions: api.MachineActorHr, manages: []stored.Role{stored.RoleEmployee, stored.RoleTeamLead},
		}
	case stored.RoleAdmin:
		return Standing{
			Hiring: ReachAll, Jobs: ReachAll, Kits: ReachAll, Users: ReachAll, AuditLog: ReachAll,
			transitions: api.MachineActorAdmin, manages: Roles(),
		}
	}
	return Standing{}
}

// limitedKey is the standing of an API key that is limited to some jobs: a team lead's, for these jobs only.
func limitedKey() Standing {
	return Standing{Hiring: ReachJobs, Jobs: ReachJobs, Kits: ReachJobs, transitions: api.MachineActorTeamLead}
}
