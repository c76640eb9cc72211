package lifecycle

import (
	"fmt"
	"slices"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// actorSet has one bit for each api.MachineActor.
type actorSet uint8

// actorSets is the number of different actorSets.
const actorSets = 1 << 5

// bitOf returns the bit of an actor. An unknown actor has none, so that it is allowed nothing.
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
	role   api.Role
	member bool
}

// actorsOf has the machine actor of every known role, as package access defines it. An unknown role has none.
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

func setOf(actors []api.MachineActor) actorSet {
	var set actorSet
	for _, actor := range actors {
		set |= bitOf(actor)
	}
	return set
}

// actionSet has one bit for each action of a machine, in the order of the table.
type actionSet uint32

// index holds what a machine looks up for every row of a list. It is computed once.
type index[S, A ~string] struct {
	states  []S
	actions []A
	// by are the actors of each transition.
	by []actorSet
	// allowedIn are the allowed actions of each state and actorSet.
	allowedIn [][actorSets]allowed[A]
}

// allowed are the actions of an actorSet in one state, as a set and in the order of the table.
type allowed[A ~string] struct {
	set     actionSet
	actions []A
}

// build returns the machine of a table.
func build[S, A ~string](t Table[S, A]) Machine[S, A] {
	x := &index[S, A]{}
	for _, way := range t.Transitions {
		x.by = append(x.by, setOf(way.By))
		if !slices.Contains(x.actions, way.Action) {
			x.actions = append(x.actions, way.Action)
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

// find returns the actions that a table allows some actors in a state.
func (x *index[S, A]) find(t Table[S, A], state S, actors actorSet) allowed[A] {
	found := allowed[A]{actions: []A{}}
	for i, way := range t.Transitions {
		if x.by[i]&actors != 0 && slices.Contains(way.From, state) && !slices.Contains(found.actions, way.Action) {
			found.set |= x.bit(way.Action)
			found.actions = append(found.actions, way.Action)
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
