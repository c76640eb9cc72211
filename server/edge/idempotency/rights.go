package idempotency

import (
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// rights are what the actor could see and do when a request was answered. The response is repeated to a user with the
// same role, and to an API key with at least the same scopes and jobs.
type rights struct {
	// Role is a user's.
	Role stored.Role `json:"role,omitempty"`
	// Scopes and Jobs are those of an API key; Jobs is nil for a key of the whole company.
	Scopes []string    `json:"scopes,omitempty"`
	Jobs   []uuid.UUID `json:"jobs,omitempty"`
}

func rightsOf(actor access.Actor) rights {
	if actor.Key != nil {
		return rights{Scopes: actor.Key.Scopes, Jobs: actor.Key.Jobs}
	}
	return rights{Role: actor.Role}
}

// within reports whether the present rights include these.
func (r rights) within(present rights) bool {
	return r.Role == present.Role && present.key().Includes(r.key())
}

func (r rights) key() access.Key { return access.Key{Scopes: r.Scopes, Jobs: r.Jobs} }
