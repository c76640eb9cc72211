package server_test

import (
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// slow is a request that runs until it is ended: the server waits for its body.
type slow struct {
	body  *io.PipeWriter
	reply chan reply
}

// beginSlow sends a request without its body. It returns when the server reads the body.
func beginSlow(t *testing.T, url, token string) slow {
	t.Helper()
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = 2
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Expect", "100-continue")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	s := slow{writer, make(chan reply, 1)}
	go func() { s.reply <- exchange(request) }()
	if _, err := writer.Write([]byte("{")); err != nil {
		t.Fatalf("the server did not read the body: %+v", <-s.reply)
	}
	return s
}

// end sends the rest of the body, an empty object, and returns the status.
func (s slow) end() int {
	_, _ = s.body.Write([]byte("}")) // fails if the server has responded already
	_ = s.body.Close()
	return (<-s.reply).status
}

// TestAdmission fills the places of a company. Its next request waits and is refused; those of another company, health
// checks and the end of a session are not. Then it fills those of a network's public requests.
func TestAdmission(t *testing.T) {
	t.Parallel()
	c := newTwoCompanies(t)
	c.Config.DatabaseMaxConnections, c.Config.HashQueue, c.Config.HashWorkers = 4, 4, 1
	replica := c.Replica()
	hr, leaving := replica.SignIn(t, c.acme.Users[api.RoleHr]), replica.SignIn(t, c.acme.Users[api.RoleEmployee])
	other := replica.SignIn(t, c.globex.Users[api.RoleHr])
	busy := func(t *testing.T, answer *testkit.Answer) {
		t.Helper()
		answer.Refused(http.StatusServiceUnavailable, "server_busy")
		if after := answer.Header.Get("Retry-After"); after != "1" {
			t.Errorf("Retry-After: got %q, want 1", after)
		}
	}
	fill := func(t *testing.T, number int, path, token string) (end func()) {
		t.Helper()
		running := make([]slow, number)
		for n := range running {
			running[n] = beginSlow(t, hr.URL+path, token)
		}
		return func() {
			for _, s := range running {
				if status := s.end(); status != http.StatusBadRequest {
					t.Errorf("a request with a place got %d, want 400 for its body", status)
				}
			}
		}
	}

	ofCompany := (4*4 + 8*min(runtime.GOMAXPROCS(0), runtime.NumCPU())) / 2 // a share of 50 %
	end := fill(t, ofCompany, "/api/v1/jobs", hr.Token)
	if got := metricValue(t, replica, `interviewer_admission{kind="company",state="running"}`); got != ofCompany {
		t.Errorf("%d requests run, want %d", got, ofCompany)
	}
	busy(t, hr.Get("/api/v1/users/me"))
	other.Get("/api/v1/users/me").Expect(http.StatusOK)
	replica.Anonymous(t).Get("/health/ready").Expect(http.StatusOK)
	leaving.Post("/api/v1/auth/logout", nil).Expect(http.StatusOK)
	if got := metricValue(t, replica, `interviewer_shares_refused_total{resource="requests"}`); got != 1 {
		t.Errorf("%d requests were refused, want 1", got)
	}
	end()
	hr.Get("/api/v1/users/me").Expect(http.StatusOK)

	end = fill(t, (2*(4+1)+8*min(runtime.GOMAXPROCS(0), runtime.NumCPU()))/2, "/api/v1/auth/login", "")
	busy(t, replica.Anonymous(t).Post("/api/v1/auth/login", map[string]string{"email": "a@b.example", "password": "x"}))
	hr.Get("/api/v1/users/me").Expect(http.StatusOK)
	end()
	replica.SignIn(t, c.acme.Users[api.RoleEmployee])
}
