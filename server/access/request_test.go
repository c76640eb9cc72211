package access_test

import (
	"log/slog"
	"net/netip"
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
	request.Actor = &access.Actor{Kind: access.KindUser, ID: uuid.UUID{7}}
	if actor := access.RequestOf(ctx).Actor; actor == nil || *actor != *request.Actor {
		t.Errorf("the actor is %+v, want %+v", actor, *request.Actor)
	}
}

func TestOriginOfRequest(t *testing.T) {
	t.Parallel()
	address := netip.MustParseAddr("192.0.2.1")
	request := access.Request{ID: "id", IP: address, UserAgent: "curl", Operation: "Login"}
	want := access.Origin{RequestID: "id", IP: address, UserAgent: "curl"}
	if got := request.Origin(); got != want {
		t.Errorf("the origin is %+v, want %+v", got, want)
	}
}

func TestLogAttrs(t *testing.T) {
	t.Parallel()
	actor := access.Actor{Kind: access.KindUser, CompanyID: uuid.UUID{1}, ID: uuid.UUID{2}, SessionID: uuid.UUID{3}}
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
			got := access.LogAttrs(access.With(t.Context(), test.request), nil)
			if !slices.EqualFunc(got, test.want, slog.Attr.Equal) {
				t.Errorf("attributes %v, want %v", got, test.want)
			}
		})
	}
}
