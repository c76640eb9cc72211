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

// Issue signs a token for a session as it stands. The token does not outlive the session, but for what is left of the
// session's last second, as times in tokens are whole seconds; the guard knows the session's end exactly.
func (a *Access) Issue(state State, session uuid.UUID) (token string, expiresIn time.Duration, err error) {
	now := a.now().Truncate(time.Second)
	expires := now.Add(a.lifetime)
	if state.ExpiresAt.Before(expires) {
		expires = state.ExpiresAt.Add(time.Second - 1).Truncate(time.Second)
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
//
// The parts are taken apart here, once, and the signature is asked of jwx's verifier for one algorithm. No other reader
// sees the token, so there is none that could find in it another form, another header or other claims.
func (a *Access) Verify(token string) (Claims, error) {
	if len(token) > maxTokenSize || strings.Count(token, ".") != 2 {
		return Claims{}, ErrForm
	}
	signed, last := token[:strings.LastIndexByte(token, '.')], token[strings.LastIndexByte(token, '.')+1:]
	first, middle, _ := strings.Cut(signed, ".")
	head, err1 := decodePart(first)
	body, err2 := decodePart(middle)
	signature, err3 := decodePart(last)
	if errors.Join(err1, err2, err3) != nil {
		return Claims{}, ErrForm
	}
	key, err := a.keyOf(head)
	if err != nil {
		return Claims{}, err
	}
	verifier, err := jws.NewVerifier(jwa.HS256)
	if err != nil || verifier.Verify([]byte(signed), signature, key.access) != nil {
		return Claims{}, ErrSignature
	}
	var said payload
	if json.Unmarshal(body, &said) != nil {
		return Claims{}, ErrClaims
	}
	return a.check(said)
}

// decodePart reads a part of a token. Only the one spelling that encoding gives is accepted, so that no second text
// passes for the same token; the decoder by itself would overlook line breaks.
func decodePart(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrForm
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

// keyOf reads the header before anything is verified: its algorithm and type must be ours to the letter, whatever key
// it names, and it may say nothing else.
func (a *Access) keyOf(head []byte) (secret, error) {
	var said header
	decoder := json.NewDecoder(bytes.NewReader(head))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&said) != nil || said.Algorithm != jwa.HS256.String() || said.Type != tokenType {
		return secret{}, ErrForm
	}
	key, known := a.keys.find(said.KeyID)
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
