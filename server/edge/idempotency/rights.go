package idempotency

import (
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// rights are what its sender could see and do when a request was answered. Who has the same role, and a key that has no
// less, is answered again.
type rights struct {
	// Role is a person's.
	Role api.Role `json:"role,omitempty"`
	// Scopes and Jobs are a key's; it was for the whole company where Jobs is nil.
	Scopes []string    `json:"scopes,omitempty"`
	Jobs   []uuid.UUID `json:"jobs,omitempty"`
}

func rightsOf(who access.Actor) rights {
	if who.Key != nil {
		return rights{Scopes: who.Key.Scopes, Jobs: who.Key.Jobs}
	}
	return rights{Role: who.Role}
}

// within reports whether somebody with the present rights may see whatever could be seen with these.
func (r rights) within(present rights) bool {
	return r.Role == present.Role && subset(r.Scopes, present.Scopes) &&
		(present.Jobs == nil || r.Jobs != nil && subset(r.Jobs, present.Jobs))
}

func subset[T comparable](some, all []T) bool {
	return !slices.ContainsFunc(some, func(one T) bool { return !slices.Contains(all, one) })
}
