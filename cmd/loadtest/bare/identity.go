package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"golang.org/x/crypto/bcrypt"
)

// me is the user of a request, in the form of the service.
type me struct {
	Company struct {
		ID       uuid.UUID `json:"id"`
		Name     string    `json:"name"`
		Slug     string    `json:"slug"`
		Timezone string    `json:"timezone"`
	} `json:"company"`
	CreatedAt              time.Time  `json:"created_at"`
	Department             *string    `json:"department"`
	Email                  string     `json:"email"`
	FirstName              string     `json:"first_name"`
	ID                     uuid.UUID  `json:"id"`
	IsActive               bool       `json:"is_active"`
	Language               string     `json:"language"`
	LastLoginAt            *time.Time `json:"last_login_at"`
	LastName               string     `json:"last_name"`
	PasswordChangeRequired bool       `json:"password_change_required"`
	Permissions            []string   `json:"permissions"`
	Role                   string     `json:"role"`
	UpdatedAt              time.Time  `json:"updated_at"`
}

func (b *bare) me(c echo.Context) error {
	// The permissions of HR, so that the responses have the same size.
	m := me{Permissions: []string{
		"api_keys:read", "applications:move", "applications:read", "applications:write", "audit:read", "candidates:read",
		"candidates:write", "events:read", "company:read", "interviews:conduct", "interviews:override", "interviews:read",
		"interviews:respond", "interviews:schedule", "jobs:read", "jobs:write", "kits:read", "kits:write", "reports:read",
		"scores:override", "scores:read", "scores:write", "sessions:manage_own", "users:change_role", "users:create",
		"users:deactivate", "users:read", "users:read_self", "users:update",
	}}
	err := b.pool.QueryRow(c.Request().Context(), `
		SELECT c.id, c.name, c.slug, c.timezone, u.created_at, u.department, u.email, u.first_name, u.id, u.is_active,
			u.language, u.last_login_at, u.last_name, u.password_change_required, u.role, u.updated_at
		FROM users AS u JOIN companies AS c ON c.id = u.company_id
		WHERE u.company_id = $1 AND u.id = $2`, b.company, user(c)).Scan(
		&m.Company.ID, &m.Company.Name, &m.Company.Slug, &m.Company.Timezone, &m.CreatedAt, &m.Department, &m.Email,
		&m.FirstName, &m.ID, &m.IsActive, &m.Language, &m.LastLoginAt, &m.LastName, &m.PasswordChangeRequired, &m.Role,
		&m.UpdatedAt)
	if err != nil {
		return fmt.Errorf("get user: %w", err)
	}
	return c.JSON(http.StatusOK, m)
}

// tokens are the tokens of a session. A refresh token is the session's id, a dot and its generation.
type tokens struct {
	Access  string `json:"access_token"`
	Expires int    `json:"expires_in"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
}

// login verifies a password and opens a session. Without a password it opens one all the same, so that the load test
// can open many in a short time.
func (b *bare) login(c echo.Context) error {
	var in struct{ Email, Password string }
	if err := json.NewDecoder(c.Request().Body).Decode(&in); err != nil {
		return c.NoContent(http.StatusBadRequest)
	}
	ctx := c.Request().Context()
	var id uuid.UUID
	var hash string
	err := b.pool.QueryRow(ctx, `SELECT id, password_hash FROM users WHERE company_id = $1 AND email = $2`,
		b.company, in.Email).Scan(&id, &hash)
	if err != nil {
		return fmt.Errorf("find account: %w", err)
	}
	if in.Password != "" && bcrypt.CompareHashAndPassword([]byte(hash), []byte(in.Password)) != nil {
		return c.NoContent(http.StatusUnauthorized)
	}
	session := uuid.Must(uuid.NewV7())
	if _, err := b.pool.Exec(ctx, `
		INSERT INTO sessions (company_id, id, user_id, created_at, updated_at, rotated_at, expires_at)
		VALUES ($1, $2, $3, now(), now(), now(), now() + interval '7 days')`, b.company, session, id); err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	return c.JSON(http.StatusOK, b.tokens(id, session, 1))
}

// refresh rotates a session.
func (b *bare) refresh(c echo.Context) error {
	var in struct {
		Refresh string `json:"refresh_token"`
	}
	if err := json.NewDecoder(c.Request().Body).Decode(&in); err != nil {
		return c.NoContent(http.StatusBadRequest)
	}
	session, generation, _ := strings.Cut(in.Refresh, ".")
	var id uuid.UUID
	var next int
	err := b.pool.QueryRow(c.Request().Context(), `
		UPDATE sessions SET generation = generation + 1, rotated_at = now(), updated_at = now()
		WHERE company_id = $1 AND id = $2 AND generation = $3::text::int AND revoked_at IS NULL
		RETURNING user_id, generation`, b.company, session, generation).Scan(&id, &next)
	if err != nil {
		return fmt.Errorf("rotate session: %w", err)
	}
	return c.JSON(http.StatusOK, b.tokens(id, uuid.MustParse(session), next))
}

// tokens signs an access token as the service does.
func (b *bare) tokens(id, session uuid.UUID, generation int) tokens {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","typ":"at+jwt"}`)) + "." +
		encode(fmt.Appendf(nil, `{"sub":%q,"cid":%q,"sid":%q}`, id, b.company, session))
	mac := hmac.New(sha256.New, []byte("bare"))
	_, _ = mac.Write([]byte(signed)) // a hash never fails
	return tokens{
		Access: signed + "." + encode(mac.Sum(nil)), Expires: 900, Refresh: fmt.Sprintf("%s.%d", session, generation),
		Type: "bearer",
	}
}
