// Package login lets people in and out: signing in, refreshing, signing out, changing a password, and looking after the
// sessions that are open. It promises that an unknown email, a wrong password and an account that is switched off
// cannot be told apart, that no password is hashed before the throttle has agreed, and that an end is known everywhere
// at once.
package login

import (
	"net/http"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Service implements the operations of the tag auth.
type Service struct {
	service.Deps
	Options
}

// Options are the dependencies that only login needs.
type Options struct {
	Hasher   *password.Hasher
	Throttle *ratelimit.Throttle
	Access   *session.Access
	Refresh  *session.Refresh
	Guard    *session.Guard
	Metrics  *telemetry.Metrics
	// SessionLifetime is how long a session lasts after login.
	SessionLifetime time.Duration
}

// New fails if a dependency is missing.
func New(deps service.Deps, options Options) (*Service, error) {
	if err := service.Check("login", deps, options); err != nil {
		return nil, err
	}
	return &Service{deps, options}, nil
}

const (
	cookieName = "refresh_token"
	cookiePath = "/api/v1/auth/refresh"
)

// cookie is the header that hands a refresh token to a browser, or takes it back where there is none. Begun seconds
// count whole: without a Max-Age, a browser would keep the cookie of a session's last moment until it is closed.
func cookie(token string, lifetime time.Duration) string {
	c := http.Cookie{ //nolint:gosec // all three attributes are set
		Name: cookieName, Value: token, Path: cookiePath, MaxAge: int((lifetime + time.Second - 1) / time.Second),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode,
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c.String()
}
