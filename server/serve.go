package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/edge/base"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
)

// Handler returns the service. That of a headless replica has only the operations for health checks and scrapes.
func (s *Server) Handler() http.Handler {
	if !s.headless {
		return base.Mount(s.path, s.handler)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/health", "/health/ready", "/metrics":
			s.handler.ServeHTTP(w, r)
		default:
			http.Error(w, "this process runs background jobs only", http.StatusNotFound)
		}
	})
}

// Prepare checks what a replica needs before it answers requests: that row-level security applies to its database role,
// that the database has the rights of the roles and the triggers of the tables, and that it can read which sessions
// have ended recently. It checks them at the same time, each on a connection of its own. The error is a postgres.Unfit
// if waiting does not help.
func (s *Server) Prepare(ctx context.Context) error {
	checks := []func(context.Context) error{
		s.store.CheckRole,
		func(ctx context.Context) error { return schema.CheckRights(ctx, s.store.Pool()) },
		s.checkStructure,
		s.guard.Poll,
	}
	errs := make([]error, len(checks))
	var all sync.WaitGroup
	for i, check := range checks {
		all.Go(func() { errs[i] = check(ctx) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil { // the first explains the others
			return err
		}
	}
	return nil
}

// checkStructure fails if triggers are missing, and logs what else the tables lack.
func (s *Server) checkStructure(ctx context.Context) error {
	essential, others, err := schema.Lacking(ctx, s.store.Pool())
	if err := errors.Join(err, schema.CheckStructure(essential)); err != nil {
		return err
	}
	if len(others) > 0 {
		s.log.WarnContext(ctx, "the database lacks owners, constraints or indexes; run the statements as the owner of its "+
			"tables, and those with OWNER TO as a superuser", slog.Any("statements", others))
	}
	return nil
}

// Listen opens a listener for Serve. It does not use Multipath TCP, whose sockets do not take the filter with which a
// stopping replica refuses connections.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var options net.ListenConfig
	options.SetMultipathTCP(false)
	listener, err := options.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for requests: %w", err)
	}
	return listener, nil
}

// Serve answers requests on a listener until the context ends. Then the replica reports that it is not ready, and goes
// on answering requests for the duration of drain, so that load balancers and clients can turn to another replica: it
// closes each connection after its next response. Finally it accepts no more connections, except those that are open
// already, and waits up to shutdown for the running requests. It fails if some of them were cut off. The worker takes
// no more jobs as soon as the context ends; Close waits for the running ones.
func (s *Server) Serve(ctx context.Context, listener net.Listener, drain, shutdown time.Duration) error {
	const slow, kept = 30 * time.Second, 256
	handler := newHandover(s.closeWhenStopping(s.Handler()), kept)
	defer handler.Close()
	serving := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: slow, WriteTimeout: s.timeout + slow, IdleTimeout: 2 * time.Minute,
		// The connection reads more than the gate accepts, so that the gate sends the response.
		MaxHeaderBytes: 4 * gate.MaxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		// Without this, net/http would answer "OPTIONS *" itself: without our headers, log and metrics.
		DisableGeneralOptionsHandler: true,
	}
	ended := make(chan error, 1)
	go func() { ended <- serving.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.log.InfoContext(ctx, "stopping: finishing running requests")
	s.meta.Stop()
	s.endJobs()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-time.After(drain):
	}
	s.refuseConnections(ctx, listener)
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	if err := serving.Shutdown(bounded); err != nil {
		return errors.Join(fmt.Errorf("some requests were cut off: %w", err), serving.Close())
	}
	return nil
}

// closeWhenStopping makes clients that keep their connections open connect elsewhere while the replica stops. Ending
// keep-alive with http.Server would also close connections on which a client is just sending a request.
func (s *Server) closeWhenStopping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.meta.Stopping() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
