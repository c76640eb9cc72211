package caller_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/caller"
)

func TestTheRequestTravelsWithTheContext(t *testing.T) {
	t.Parallel()
	if outside := caller.RequestOf(t.Context()); outside == nil || *outside != (caller.Request{}) {
		t.Errorf("outside a request there is %+v", outside)
	}
	request := &caller.Request{ID: "id"}
	ctx := caller.With(t.Context(), request)
	if caller.RequestOf(ctx) != request {
		t.Error("the context carries another request")
	}
	// The door fills in the caller later, and whoever asks then gets them.
	request.Caller = &caller.Caller{UserID: uuid.UUID{7}}
	who := caller.Of(ctx)
	if who != *request.Caller {
		t.Errorf("the caller is %+v", who)
	}
	who.UserID = uuid.UUID{8}
	if caller.Of(ctx).UserID != (uuid.UUID{7}) {
		t.Error("whoever asks for the caller can change who it is")
	}
}

func TestNobodyIsADefect(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("an operation that needs a caller ran without one, and nothing happened")
		}
	}()
	caller.Of(caller.With(t.Context(), &caller.Request{}))
}
