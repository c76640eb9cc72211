package session

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

const (
	issuer    = "ai-interviewer"
	audience  = "ai-interviewer-api"
	tokenType = "at+jwt" // RFC 9068

	// maxTokenSize is well above the size of issued tokens. Longer tokens are refused without decoding.
	maxTokenSize = 2048
	// skew is the largest tolerated difference between the clocks of two replicas.
	skew = time.Minute
)

// Reasons why an access token is refused, for metrics and the log. Clients only learn that the token is invalid.
var (
	ErrForm      = errors.New("form")      // not a compact JWS with our header
	ErrKey       = errors.New("key")       // signed by an unknown or removed key
	ErrSignature = errors.New("signature") // the signature does not match
	ErrClaims    = errors.New("claims")    // a claim is missing, malformed or wrong
	ErrExpired   = errors.New("expired")   // expired
	ErrEnded     = errors.New("ended")     // the session has ended, or the token is of an earlier epoch
)

// Claims are the content of an access token. The role is not part of it: it is read from the session's current state.
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
	NotBefore int64     `json:"nbf,omitzero"` // never issued, but checked
	ExpiresAt int64     `json:"exp"`
}

// Access issues and verifies access tokens: JWTs signed with HMAC-SHA256 (RFC 7519, RFC 8725).
type Access struct {
	keys     *Keyring
	lifetime time.Duration
	now      func() time.Time
	// signed has what valid signatures were made for, by the whole token. The keys never change, so only
	// check must be repeated.
	signed memo[string, payload]
}

// NewAccess returns an Access that issues tokens of the given lifetime.
func NewAccess(keys *Keyring, lifetime time.Duration, now func() time.Time) *Access {
	return &Access{keys: keys, lifetime: lifetime, now: now}
}

// Lifetime is the lifetime of issued tokens.
func (a *Access) Lifetime() time.Duration { return a.lifetime }

// Issue signs a token for a session in its current state. The token expires with the session at the latest, rounded up
// to the next second, because times in tokens are whole seconds; Guard.Check applies the session's exact end.
func (a *Access) Issue(state State, session uuid.UUID) (token string, expiresIn time.Duration, err error) {
	now := a.now().Truncate(time.Second)
	expires := now.Add(a.lifetime)
	if state.ExpiresAt.Before(expires) {
		expires = state.ExpiresAt.Add(time.Second - 1).Truncate(time.Second)
	}
	body, err := json.Marshal(payload{
		Issuer: issuer, Audience: audience, Subject: state.UserID, Company: state.CompanyID, Session: session,
		Epoch: state.Epoch, IssuedAt: now.Unix(), ExpiresAt: expires.Unix(),
	})
	if err != nil {
		return "", 0, fmt.Errorf("encode access token: %w", err)
	}
	key := a.keys.signing()
	text := base64.RawURLEncoding.AppendEncode(append([]byte(key.header), '.'), body)
	signer, err := jws.NewSigner(jwa.HS256)
	if err != nil {
		return "", 0, fmt.Errorf("sign access token: %w", err)
	}
	signature, err := signer.Sign(text, key.access)
	if err != nil {
		return "", 0, fmt.Errorf("sign access token: %w", err)
	}
	token = string(base64.RawURLEncoding.AppendEncode(append(text, '.'), signature))
	return token, expires.Sub(now), nil
}

// Verify parses a token in compact serialization, and checks everything that does not depend on the session's state.
// The error is one of the reasons above.
//
// Issue and Verify join, split and decode tokens themselves, and use jwx for the signature. jwx's own writer takes
// longer than the rest of a refresh, and its parsers accept other serializations, duplicate members and other
// capitalizations; parsers that differ on such tokens can be exploited.
func (a *Access) Verify(token string) (Claims, error) {
	if len(token) > maxTokenSize || strings.Count(token, ".") != 2 {
		return Claims{}, ErrForm
	}
	if known, found := a.signed.get(token); found {
		return a.check(known)
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
	var p payload
	if decodeObject(body, &p) != nil {
		return Claims{}, ErrClaims
	}
	claims, err := a.check(p)
	if err == nil {
		a.signed.put(strings.Clone(token), p) // the token is a part of all headers
	}
	return claims, err
}

// decodePart decodes one part of a token. It accepts the canonical encoding only, so that each token has exactly one
// spelling; the decoder alone would ignore line breaks.
func decodePart(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrForm
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

// decodeObject decodes a JSON object strictly: it refuses duplicate members, members that the struct does not have,
// names that differ in case, invalid UTF-8, and anything after the object.
func decodeObject(text []byte, into any) error {
	if len(text) == 0 || text[len(text)-1] != '}' { // the decoder alone would accept space after the object
		return ErrForm
	}
	return json.Unmarshal(text, into, json.RejectUnknownMembers(true))
}

// keyOf returns the key that the header names. The algorithm and the type must match exactly, for any key.
func (a *Access) keyOf(head []byte) (secret, error) {
	var h header
	if decodeObject(head, &h) != nil || h.Algorithm != jwa.HS256.String() || h.Type != tokenType {
		return secret{}, ErrForm
	}
	key, known := a.keys.find(h.KeyID)
	if !known {
		return secret{}, ErrKey
	}
	return key, nil
}

func (a *Access) check(p payload) (Claims, error) {
	now := a.now()
	claims := Claims{
		p.Subject, p.Company, p.Session, p.Epoch, time.Unix(p.IssuedAt, 0), time.Unix(p.ExpiresAt, 0),
	}
	switch {
	case p.Issuer != issuer, p.Audience != audience,
		p.Subject == uuid.Nil, p.Company == uuid.Nil, p.Session == uuid.Nil,
		p.Epoch < 1, p.IssuedAt <= 0, p.ExpiresAt <= p.IssuedAt,
		claims.ExpiresAt.Sub(claims.IssuedAt) > a.lifetime,
		claims.IssuedAt.After(now.Add(skew)), p.NotBefore > now.Add(skew).Unix():
		return Claims{}, ErrClaims
	case !now.Before(claims.ExpiresAt):
		return Claims{}, ErrExpired
	}
	return claims, nil
}
