package access_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/access"
)

func TestTheRequestTravelsWithTheContext(t *testing.T) {
	t.Parallel()
	if outside := access.RequestOf(t.Context()); outside == nil || *outside != (access.Request{}) {
		t.Errorf("outside a request there is %+v", outside)
	}
	request := &access.Request{ID: "id"}
	ctx := access.With(t.Context(), request)
	if access.RequestOf(ctx) != request {
		t.Error("the context carries another request")
	}
	// The door fills in the caller later, and whoever asks then gets them.
	request.Actor = &access.Actor{UserID: uuid.UUID{7}}
	who := access.Of(ctx)
	if who != *request.Actor {
		t.Errorf("the caller is %+v", who)
	}
	who.UserID = uuid.UUID{8}
	if access.Of(ctx).UserID != (uuid.UUID{7}) {
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
	access.Of(access.With(t.Context(), &access.Request{}))
}
