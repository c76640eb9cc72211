// Package login implements the operations of the tag auth: login, token refresh, logout, change of password, and the
// lists and revocation of sessions.
//
// An unknown email address, a wrong password and an inactive account get the same response. No password is hashed
// before the throttle has allowed the attempt. Revocation takes effect on all replicas within a second.
package login

import (
	"net/http"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/mail"
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
	Outbox   mail.Outbox
	Metrics  *telemetry.Metrics
	// SessionLifetime is the time from a login to the expiry of its session.
	SessionLifetime time.Duration
	// PlainCookie omits Secure from the cookie, for development: Safari does not store Secure cookies of
	// http://localhost.
	PlainCookie bool `optional:"true"`
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
	cookiePath = "/api/v1/auth"
)

// cookie returns the Set-Cookie header for a refresh token, or one that expires the cookie if the token is empty.
// Max-Age is rounded up: a Max-Age of 0 would be omitted, and browsers would keep the cookie until they are closed.
func (a *Service) cookie(token string, lifetime time.Duration) string {
	c := http.Cookie{ //nolint:gosec // Secure is set, except in development
		Name: cookieName, Value: token, Path: cookiePath, MaxAge: int((lifetime + time.Second - 1) / time.Second),
		HttpOnly: true, Secure: !a.PlainCookie, SameSite: http.SameSiteStrictMode,
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c.String()
}
