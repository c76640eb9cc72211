package access_test

import (
	"log/slog"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/access"
)

func TestRequestOfContext(t *testing.T) {
	t.Parallel()
	if outside := access.RequestOf(t.Context()); outside == nil || !reflect.DeepEqual(*outside, access.Request{}) {
		t.Errorf("the request outside a request is %+v, want an empty one", outside)
	}
	request := &access.Request{ID: "id"}
	ctx := access.With(t.Context(), request)
	if access.RequestOf(ctx) != request {
		t.Error("RequestOf does not return the request that With put into the context")
	}
	// The gate adds the actor after the context was made.
	request.Actor = &access.Actor{ID: uuid.UUID{7}}
	actor := access.Of(ctx)
	if actor != *request.Actor {
		t.Errorf("the actor is %+v, want %+v", actor, *request.Actor)
	}
	actor.ID = uuid.UUID{8}
	if access.Of(ctx).ID != (uuid.UUID{7}) {
		t.Error("a change of the returned actor changed the actor of the request")
	}
}

func TestOfPanicsWithoutActor(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("Of returned although the request is anonymous, want a panic")
		}
	}()
	access.Of(access.With(t.Context(), &access.Request{}))
}

func TestLogAttrs(t *testing.T) {
	t.Parallel()
	actor := access.Actor{CompanyID: uuid.UUID{1}, ID: uuid.UUID{2}, SessionID: uuid.UUID{3}}
	for name, test := range map[string]struct {
		request *access.Request
		want    []slog.Attr
	}{
		"outside a request": {&access.Request{}, nil},
		"anonymous": {
			&access.Request{ID: "r-1", Operation: "Login"},
			[]slog.Attr{slog.String("request_id", "r-1"), slog.String("operation", "Login")},
		},
		"signed in": {
			&access.Request{ID: "r-2", Operation: "GetMe", Actor: &actor},
			[]slog.Attr{
				slog.String("request_id", "r-2"), slog.String("operation", "GetMe"),
				slog.String("user_id", actor.ID.String()), slog.String("company_id", actor.CompanyID.String()),
				slog.String("session_id", actor.SessionID.String()),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := access.LogAttrs(access.With(t.Context(), test.request))
			if !slices.EqualFunc(got, test.want, slog.Attr.Equal) {
				t.Errorf("attributes %v, want %v", got, test.want)
			}
		})
	}
}
