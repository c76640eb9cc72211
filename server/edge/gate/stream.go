package gate

import (
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// streamTime bounds an answer that takes as long as its client reads, and a body that takes as long as it sends.
	streamTime = time.Hour
	// streamsEach is how many of them one caller may have under way at a replica: each holds a connection and a batch in
	// memory for as long as nobody goes on.
	streamsEach = 2
	// streamRetry is when somebody who has too many may ask again.
	streamRetry = 10 * time.Second
)

// streams counts the exports and imports under way at this replica, by caller. The zero value is ready.
type streams struct {
	mu   sync.Mutex
	open map[uuid.UUID]int
}

// run lets an export or import take its time, if its caller has not too many of them.
func (s *streams) run(c echo.Context, who uuid.UUID, next echo.HandlerFunc) error {
	if !s.begin(who) {
		return fault.New(fault.RateLimited).
			With("At most %d exports or imports may run at once.", streamsEach).After(streamRetry)
	}
	defer s.end(who)
	// Both deadlines count for both: the server also listens for the client's leaving while it writes, and takes the end
	// of the time to read for that. Where the connection cannot take a deadline there is none to extend.
	deadline := time.Now().Add(streamTime) //nolint:forbidigo // the connection's own clock
	connection := http.NewResponseController(c.Response())
	_ = connection.SetReadDeadline(deadline)
	_ = connection.SetWriteDeadline(deadline)
	return next(c)
}

func (s *streams) begin(who uuid.UUID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[who] >= streamsEach {
		return false
	}
	if s.open == nil {
		s.open = map[uuid.UUID]int{}
	}
	s.open[who]++
	return true
}

func (s *streams) end(who uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[who]--; s.open[who] == 0 {
		delete(s.open, who)
	}
}
