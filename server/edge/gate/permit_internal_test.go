package gate

import (
	"testing"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestOnlyUsersAndKeysArePermitted checks for every operation that an actor of another kind, and one without a kind, is
// denied, whatever role and API key it has.
func TestOnlyUsersAndKeysArePermitted(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	contract, err := Load(document)
	if err != nil {
		t.Fatal(err)
	}
	key := &access.Key{Scopes: contract.Scopes(), Test: true}
	for _, op := range contract.Operations() {
		if op.Public {
			continue
		}
		for _, kind := range append(access.Kinds(), "", "robot") {
			if kind == access.KindUser || kind == access.KindAPIKey {
				continue
			}
			for _, actor := range []access.Actor{{Kind: kind, Role: stored.RoleAdmin}, {Kind: kind, Role: stored.RoleAdmin, Key: key}} {
				if err := op.permit(&actor); !fault.Is(err, fault.PermissionDenied) {
					t.Errorf("%s: the kind %q with a key %t: got %v, want %s", op.ID, kind, actor.Key != nil, err, fault.PermissionDenied)
				}
			}
		}
	}
}
