package session

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

const (
	issuer    = "ai-interviewer"
	audience  = "ai-interviewer-api"
	tokenType = "at+jwt" // RFC 9068

	// maxTokenSize is well above what is issued; nothing longer is worth decoding.
	maxTokenSize = 2048
	// skew is how far the clocks of two replicas may be apart.
	skew = time.Minute
)

// Reasons why an access token is not believed, for metrics and the log; the caller is told only that it is invalid.
var (
	ErrForm      = errors.New("form")      // not a compact JWS of ours
	ErrKey       = errors.New("key")       // signed by a key that is not, or no longer, ours
	ErrSignature = errors.New("signature") // the signature does not match
	ErrClaims    = errors.New("claims")    // a claim is missing or wrong
	ErrExpired   = errors.New("expired")   // past its time
	ErrEnded     = errors.New("ended")     // its session has ended, or it is from an earlier epoch
)

// Claims are what an access token says. The role is not among them: it is read from the session's present state.
type Claims struct {
	UserID    uuid.UUID
	CompanyID uuid.UUID
	SessionID uuid.UUID
	Epoch     int32
	IssuedAt  time.Time
	ExpiresAt time.Time
}

type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

type payload struct {
	Issuer    string    `json:"iss"`
	Audience  string    `json:"aud"`
	Subject   uuid.UUID `json:"sub"`
	Company   uuid.UUID `json:"cid"`
	Session   uuid.UUID `json:"sid"`
	Epoch     int32     `json:"epoch"`
	IssuedAt  int64     `json:"iat"`
	ExpiresAt int64     `json:"exp"`
}

// Access issues and verifies access tokens: JWTs under HMAC-SHA256 (RFC 7519, RFC 8725).
type Access struct {
	keys     *Keyring
	lifetime time.Duration
	now      func() time.Time
}

// NewAccess takes the keys, how long a token lives, and the clock.
func NewAccess(keys *Keyring, lifetime time.Duration, now func() time.Time) *Access {
	return &Access{keys, lifetime, now}
}

// Lifetime is how long a token lives.
func (a *Access) Lifetime() time.Duration { return a.lifetime }

// Issue signs a token for a session as it stands. The token never outlives the session.
func (a *Access) Issue(state State, session uuid.UUID) (token string, expiresIn time.Duration, err error) {
	now := a.now().Truncate(time.Second)
	expires := now.Add(a.lifetime)
	if state.ExpiresAt.Before(expires) {
		expires = state.ExpiresAt
	}
	body, err := json.Marshal(payload{
		issuer, audience, state.UserID, state.CompanyID, session, state.Epoch, now.Unix(), expires.Unix(),
	})
	if err != nil {
		return "", 0, fmt.Errorf("encode access token: %w", err)
	}
	key := a.keys.signing()
	headers := jws.NewHeaders()
	if err := errors.Join(headers.Set(jws.KeyIDKey, key.id), headers.Set(jws.TypeKey, tokenType)); err != nil {
		return "", 0, fmt.Errorf("encode access token: %w", err)
	}
	signed, err := jws.Sign(body, jws.WithKey(jwa.HS256, key.access, jws.WithProtectedHeaders(headers)))
	if err != nil {
		return "", 0, fmt.Errorf("sign access token: %w", err)
	}
	return string(signed), expires.Sub(now), nil
}

// Verify reads a token in compact serialization and in no other form, and checks everything that needs no state. The
// error is one of the reasons above.
func (a *Access) Verify(token string) (Claims, error) {
	key, err := a.keyOf(token)
	if err != nil {
		return Claims{}, err
	}
	body, err := jws.Verify([]byte(token), jws.WithKey(jwa.HS256, key.access), jws.WithCompact())
	if err != nil {
		return Claims{}, ErrSignature
	}
	var said payload
	if json.Unmarshal(body, &said) != nil {
		return Claims{}, ErrClaims
	}
	return a.check(said)
}

// keyOf reads the header before anything is verified: its algorithm and type must be ours to the letter, whatever key it
// names.
func (a *Access) keyOf(token string) (secret, error) {
	if len(token) > maxTokenSize || strings.Count(token, ".") != 2 {
		return secret{}, ErrForm
	}
	encoded, _, _ := strings.Cut(token, ".")
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return secret{}, ErrForm
	}
	var head header
	decoder := json.NewDecoder(bytes.NewReader(decoded))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&head) != nil || head.Algorithm != jwa.HS256.String() || head.Type != tokenType {
		return secret{}, ErrForm
	}
	key, known := a.keys.find(head.KeyID)
	if !known {
		return secret{}, ErrKey
	}
	return key, nil
}

func (a *Access) check(said payload) (Claims, error) {
	now := a.now()
	claims := Claims{
		said.Subject, said.Company, said.Session, said.Epoch, time.Unix(said.IssuedAt, 0), time.Unix(said.ExpiresAt, 0),
	}
	switch {
	case said.Issuer != issuer, said.Audience != audience,
		said.Subject == uuid.Nil, said.Company == uuid.Nil, said.Session == uuid.Nil,
		said.Epoch < 1, said.IssuedAt <= 0, said.ExpiresAt <= said.IssuedAt,
		claims.ExpiresAt.Sub(claims.IssuedAt) > a.lifetime,
		claims.IssuedAt.After(now.Add(skew)):
		return Claims{}, ErrClaims
	case !now.Before(claims.ExpiresAt):
		return Claims{}, ErrExpired
	}
	return claims, nil
}
