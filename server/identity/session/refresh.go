package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Grace is how long a used refresh token still returns the current one, for lost responses and for parallel browser
// tabs.
const Grace = 30 * time.Second

// maxRecent bounds the rotations that a session remembers. A client that rotates more often within Grace must not send
// the oldest of these tokens again.
const maxRecent = 20

const (
	refreshPrefix = "aiprt_"
	keyIDSize     = 8
	refreshBody   = 1 + keyIDSize + 16 + 16 + 4
	refreshMAC    = sha256.Size
	refreshFormat = 1
)

var errRefreshToken = errors.New("not one of our refresh tokens")

// RefreshToken is the content of a refresh token. Tokens are not stored: a token is derived by HMAC from its session
// and generation, so the successor of a token can be returned again without having been stored.
type RefreshToken struct {
	CompanyID  uuid.UUID
	SessionID  uuid.UUID
	Generation int32
}

// Refresh derives and parses refresh tokens.
type Refresh struct{ keys *Keyring }

// NewRefresh returns a Refresh that uses the keys.
func NewRefresh(keys *Keyring) *Refresh { return &Refresh{keys} }

// Derive returns the token of a generation.
func (r *Refresh) Derive(t RefreshToken) string {
	key := r.keys.signing()
	body := make([]byte, 0, refreshBody+refreshMAC)
	body = append(body, refreshFormat)
	body = append(body, key.id...)
	body = append(body, t.CompanyID[:]...)
	body = append(body, t.SessionID[:]...)
	body = binary.BigEndian.AppendUint32(body, uint32(t.Generation)) //nolint:gosec // a generation is positive
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(append(body, mac(key.refresh, body)...))
}

// Read verifies and parses a token. It needs no database to refuse tokens that we did not issue.
func (r *Refresh) Read(token string) (RefreshToken, error) {
	encoded, found := strings.CutPrefix(token, refreshPrefix)
	if !found || len(encoded) != base64.RawURLEncoding.EncodedLen(refreshBody+refreshMAC) {
		return RefreshToken{}, errRefreshToken
	}
	signed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || signed[0] != refreshFormat {
		return RefreshToken{}, errRefreshToken
	}
	body := signed[:refreshBody]
	for _, key := range r.keys.secrets {
		if key.id == string(body[1:1+keyIDSize]) && hmac.Equal(mac(key.refresh, body), signed[refreshBody:]) {
			return RefreshToken{
				CompanyID:  uuid.UUID(body[1+keyIDSize : 17+keyIDSize]),
				SessionID:  uuid.UUID(body[17+keyIDSize : 33+keyIDSize]),
				Generation: int32(binary.BigEndian.Uint32(body[33+keyIDSize:])), //nolint:gosec // signed by us
			}, nil
		}
	}
	return RefreshToken{}, errRefreshToken
}

func mac(key, body []byte) []byte {
	digest := hmac.New(sha256.New, key)
	digest.Write(body)
	return digest.Sum(nil)
}

// Decision is the result of presenting a refresh token.
type Decision int

// The decisions.
const (
	// Rotate uses the token up and issues the next generation.
	Rotate Decision = iota + 1
	// Repeat issues the current generation again: the token was used up, and Grace has not passed since.
	Repeat
	// Reuse ends the session: the token was used up earlier, so two parties hold it.
	Reuse
	// Refuse issues nothing and changes nothing: the session has ended, or the generation was never issued.
	Refuse
)

// Rotation is the state of a session's refresh tokens, as stored.
type Rotation struct {
	Generation int32
	RotatedAt  time.Time
	// Recent are the times of the latest rotations, oldest first. The last one is RotatedAt; otherwise a release that
	// does not know them has rotated since, and they do not count.
	Recent    []time.Time
	ExpiresAt time.Time
	Ended     bool
}

// usedAt returns the time when a generation was used up. It is known for the latest ones only.
func (r Rotation) usedAt(generation int32) (at time.Time, known bool) {
	later := int(r.Generation - generation) // rotations since then, including that of the generation
	n := len(r.Recent)
	switch {
	case later == 1:
		return r.RotatedAt, true
	case n < later || !r.Recent[n-1].Equal(r.RotatedAt):
		return time.Time{}, false
	}
	return r.Recent[n-later], true
}

// Rotated returns the value of Recent after a rotation: that of the rotations within Grace.
func (r Rotation) Rotated(now time.Time) []time.Time {
	recent := r.Recent
	if n := len(recent); n > 0 && !recent[n-1].Equal(r.RotatedAt) {
		recent = nil
	}
	recent = slices.DeleteFunc(slices.Clone(recent), func(t time.Time) bool { return now.After(t.Add(Grace)) })
	recent = append(recent, now)
	return recent[max(len(recent)-maxRecent, 0):]
}

// Decide decides about a presented generation (RFC 9700, section 4.14.2, with Grace for concurrent requests). For an
// ended session the decision is Refuse for every generation.
func Decide(presented int32, r Rotation, now time.Time) Decision {
	switch {
	case r.Ended || !now.Before(r.ExpiresAt) || presented > r.Generation || presented < 1:
		return Refuse
	case presented == r.Generation:
		return Rotate
	}
	if at, known := r.usedAt(presented); known && !now.After(at.Add(Grace)) {
		return Repeat
	}
	return Reuse
}
