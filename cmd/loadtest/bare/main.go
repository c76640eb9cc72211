// Command bare is the server that the load test compares the service with: echo and pgx, and the same tables, rows and
// JSON. It has no authentication, permissions, row-level security, audit, limits, validation, log or metrics, so its
// speed is that of the stack.
//
// The bearer token of a request is the id of its user, unchecked. Tables are copies in the schema "bare", with indexes
// and checks but without triggers and foreign keys; see prepare in cmd/loadtest. PostgreSQL writes the JSON of what has
// parts: interviews, applications and scores.
//
//	DATABASE_URL=postgres://… COMPANY=UUID PORT=8001 bare
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"
)

// connections is the size of the pool, which is the default of the service.
const connections = 16

// stopTime bounds how long running requests may take when the server stops.
const stopTime = 25 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

// bare is the server.
type bare struct {
	pool    *pgxpool.Pool
	company uuid.UUID
}

func run(ctx context.Context) error {
	company, err := uuid.Parse(os.Getenv("COMPANY"))
	if err != nil {
		return fmt.Errorf("COMPANY: %w", err)
	}
	options, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	options.MaxConns = connections
	options.ConnConfig.RuntimeParams["search_path"] = "bare, public"
	pool, err := pgxpool.NewWithConfig(ctx, options)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer pool.Close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", os.Getenv("PORT")))
	if err != nil {
		return fmt.Errorf("listen on PORT: %w", err)
	}
	routes := (&bare{pool: pool, company: company}).routes() //nolint:contextcheck // each request has its own
	server := &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	return errors.Join(server.Shutdown(bounded), server.Close())
}

func (b *bare) routes() http.Handler {
	e := echo.New()
	e.GET("/health", func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"status": "healthy", "service": "bare", "version": "0"})
	})
	e.GET("/health/ready", b.ready)
	v1 := e.Group("/api/v1")
	v1.POST("/auth/login", b.login)
	v1.POST("/auth/refresh", b.refresh)
	v1.GET("/users/me", b.me)
	v1.GET("/candidates", b.listCandidates)
	v1.GET("/candidates/export", b.exportCandidates)
	v1.POST("/candidates/import.ndjson", b.importCandidates)
	v1.GET("/candidates/:id", b.getCandidate)
	v1.POST("/candidates", b.createCandidate)
	v1.PATCH("/candidates/:id", b.patchCandidate)
	v1.GET("/interviews", b.list(interviewsOfUser))
	v1.GET("/interviews/:id", b.get(oneInterview))
	v1.GET("/applications", b.list(applicationsByStatus))
	v1.GET("/scores", b.list(scoresOfJobs))
	v1.POST("/interviews", b.createInterview)
	v1.POST("/interviews/:id/respond", b.respond)
	v1.POST("/interviews/:id/start", b.startInterview)
	v1.POST("/interviews/:id/scores", b.createScore)
	v1.PATCH("/scores/:id", b.patchScore)
	v1.POST("/interviews/:id/cancel", b.cancelInterview)
	return e
}

func (b *bare) ready(c echo.Context) error {
	if err := b.pool.Ping(c.Request().Context()); err != nil {
		return c.NoContent(http.StatusServiceUnavailable)
	}
	return c.NoContent(http.StatusOK)
}

// user returns the user of a request, and the zero UUID if the token is not an id.
func user(c echo.Context) uuid.UUID {
	const scheme = "Bearer "
	header := c.Request().Header.Get(echo.HeaderAuthorization)
	id, _ := uuid.Parse(header[min(len(scheme), len(header)):])
	return id
}
