package gate

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// TestRespond checks that a response that an attempt has recorded is not encoded again.
func TestRespond(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attempt service.Attempt
		want    string
	}{
		"without an attempt": {nil, "{\"status\":\"up\"}\n"},
		"not recorded":       {attempted(false), "{\"status\":\"up\"}\n"},
		"recorded":           {attempted(true), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			c := echo.New().NewContext(request, recorder)
			call := decoded{Context: c, call: service.Call{Attempt: test.attempt}}
			if err := Respond(&call, api.GetHealth200JSONResponse{Status: "up"}); err != nil {
				t.Fatal(err)
			}
			if got := recorder.Body.String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// attempted is an attempt that has recorded its response, or not.
type attempted bool

func (attempted) Begin(context.Context, *postgres.Tx) error                { return nil }
func (attempted) Record(context.Context, *postgres.Tx, api.Response) error { return nil }
func (attempted) Committed()                                               {}
func (a attempted) Recorded() bool                                         { return bool(a) }
