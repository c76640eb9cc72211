package lifecycle

import (
	"fmt"
	"slices"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// actorSet has one bit for each api.MachineActor.
type actorSet uint8

// actorSets is the number of different actorSets.
const actorSets = 1 << 5

// bitOf returns the bit of an actor. An unknown actor has no bit, so that no action is allowed.
func bitOf(actor api.MachineActor) actorSet {
	switch actor {
	case api.MachineActorHr:
		return 1 << 0
	case api.MachineActorAdmin:
		return 1 << 1
	case api.MachineActorTeamLead:
		return 1 << 2
	case api.MachineActorPanelist:
		return 1 << 3
	case api.MachineActorRater:
		return 1 << 4
	}
	return 0
}

// roleOf is a role and whether its holder is a member of the resource's job.
type roleOf struct {
	role   stored.Role
	member bool
}

// actorsOf maps every known role to its machine actor, as package access defines it. An unknown role has none.
//
//nolint:gochecknoglobals // immutable
var actorsOf = roleActors()

func roleActors() map[roleOf]actorSet {
	sets := map[roleOf]actorSet{}
	for _, role := range access.Roles() {
		for _, member := range []bool{false, true} {
			sets[roleOf{role, member}] = bitOf(access.StandingOf(role).MachineActor(member))
		}
	}
	return sets
}

// setOf returns the set of actors.
func setOf(actors []api.MachineActor) actorSet {
	var set actorSet
	for _, actor := range actors {
		set |= bitOf(actor)
	}
	return set
}

// actionSet has one bit for each action of a machine, in the order of the table.
type actionSet uint32

// index contains precomputed answers about a table, because a machine is asked for every row of a list.
type index[S, A ~string] struct {
	states  []S
	actions []A
	// by contains the actors of each transition.
	by []actorSet
	// allowedIn contains the allowed actions by state and actorSet.
	allowedIn [][actorSets]allowed[A]
}

// allowed contains the allowed actions of an actorSet in one state, as a set and in the order of the table.
type allowed[A ~string] struct {
	set     actionSet
	actions []A
}

// build returns the machine of a table. It panics if the table has more than 32 actions.
func build[S, A ~string](t Table[S, A]) Machine[S, A] {
	x := &index[S, A]{}
	for _, transition := range t.Transitions {
		x.by = append(x.by, setOf(transition.By))
		if !slices.Contains(x.actions, transition.Action) {
			x.actions = append(x.actions, transition.Action)
		}
	}
	if len(x.actions) > 32 {
		panic(fmt.Sprintf("lifecycle: machine %s has %d actions; an actionSet has 32 bits", t.Name, len(x.actions)))
	}
	for _, state := range t.States {
		x.states = append(x.states, state.Name)
		var in [actorSets]allowed[A]
		for actors := range in {
			in[actors] = x.find(t, state.Name, actorSet(actors))
		}
		x.allowedIn = append(x.allowedIn, in)
	}
	return Machine[S, A]{Table: &t, index: x}
}

// find searches a table for the actions that actors may perform in a state.
func (x *index[S, A]) find(t Table[S, A], state S, actors actorSet) allowed[A] {
	found := allowed[A]{actions: []A{}}
	for i, transition := range t.Transitions {
		action := transition.Action
		if x.by[i]&actors != 0 && slices.Contains(transition.From, state) && !slices.Contains(found.actions, action) {
			found.set |= x.bit(action)
			found.actions = append(found.actions, action)
		}
	}
	found.actions = slices.Clip(found.actions)
	return found
}

// allowed returns the actions that actors may perform in a state, without regard to scopes.
func (x *index[S, A]) allowed(state S, actors actorSet) allowed[A] {
	i := slices.Index(x.states, state)
	if i < 0 {
		return allowed[A]{actions: []A{}}
	}
	return x.allowedIn[i][actors]
}

// bit returns the bit of an action; 0 if the machine does not have it.
func (x *index[S, A]) bit(action A) actionSet {
	i := slices.Index(x.actions, action)
	if i < 0 {
		return 0
	}
	return 1 << i
}
