package gate

import (
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// streamTime bounds the duration of an export or upload, which its client decides.
	streamTime = time.Hour
	// streamsEach is how many exports and uploads an actor may run at once on one replica. Each of them holds a connection
	// and a batch in memory while the client does nothing.
	streamsEach = 2
	// streamRetry is the Retry-After for an actor that has too many.
	streamRetry = 10 * time.Second
)

// stream runs an export or upload within the bounds of its company and its actor. It fails with RateLimited.
func (g *Gate) stream(c echo.Context, op *Operation, actor *access.Actor, next echo.HandlerFunc) error {
	leases, kind := g.Exports, "exports"
	if op.Upload {
		leases, kind = g.Uploads, "imports"
	}
	return g.streams.run(c, actor.ID, func(c echo.Context) error {
		release, ok := leases.Take(c.Request().Context(), actor.CompanyID.String())
		if !ok {
			return fault.New(fault.RateLimited).After(streamRetry).With(
				"Your company already has %d %s that run. Wait until one of them ends, and repeat the request.",
				leases.Limit(), kind)
		}
		defer release()
		return next(c)
	})
}

// streams counts the exports and uploads that run on this replica, by actor. The zero value is ready to use.
type streams struct {
	mu   sync.Mutex
	open map[uuid.UUID]int
}

// run runs an export or upload with the deadlines of one. It fails with RateLimited if the actor has too many.
func (s *streams) run(c echo.Context, actor uuid.UUID, next echo.HandlerFunc) error {
	if !s.begin(actor) {
		return fault.New(fault.RateLimited).
			With("At most %d exports or imports may run at once.", streamsEach).After(streamRetry)
	}
	defer s.end(actor)
	// Exports need the read deadline as well: while it writes, the server reads to notice that the client has left, and
	// treats an expired deadline as that. A connection without support for deadlines has none to extend.
	deadline := time.Now().Add(streamTime) //nolint:forbidigo // the connection compares with the system clock
	connection := http.NewResponseController(c.Response())
	_ = connection.SetReadDeadline(deadline)
	_ = connection.SetWriteDeadline(deadline)
	return next(c)
}

func (s *streams) begin(actor uuid.UUID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[actor] >= streamsEach {
		return false
	}
	if s.open == nil {
		s.open = map[uuid.UUID]int{}
	}
	s.open[actor]++
	return true
}

func (s *streams) end(actor uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[actor]--; s.open[actor] == 0 {
		delete(s.open, actor)
	}
}
