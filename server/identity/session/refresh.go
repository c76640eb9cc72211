package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Grace is how long a spent refresh token still gives its successor, for answers that were lost and for parallel tabs.
const Grace = 30 * time.Second

const (
	refreshPrefix = "aiprt_"
	keyIDSize     = 8
	refreshBody   = 1 + keyIDSize + 16 + 16 + 4
	refreshMAC    = sha256.Size
	refreshFormat = 1
)

var errRefreshToken = errors.New("not a refresh token of ours")

// RefreshToken is what a refresh token says. It is not stored anywhere: it is derived by HMAC from the session and the
// generation, so the successor of a token can be given twice without having been kept.
type RefreshToken struct {
	CompanyID  uuid.UUID
	SessionID  uuid.UUID
	Generation int32
}

// Refresh derives and reads refresh tokens.
type Refresh struct{ keys *Keyring }

// NewRefresh takes the keys.
func NewRefresh(keys *Keyring) *Refresh { return &Refresh{keys} }

// Derive gives the token of a generation.
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

// Read verifies a token and says what it names. A token that is not ours is refused without a look at the database.
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
				Generation: int32(binary.BigEndian.Uint32(body[33+keyIDSize:])), //nolint:gosec // we signed it
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

// Verdict is what becomes of a refresh token that was presented.
type Verdict int

// The verdicts.
const (
	// Rotate spends the token and gives the next generation.
	Rotate Verdict = iota + 1
	// Repeat gives the present generation once more: the token is its direct predecessor and within the grace.
	Repeat
	// Reuse ends the session: the token was spent longer ago, so two parties hold it.
	Reuse
	// Refuse gives nothing and changes nothing: the session has ended, or never knew such a generation.
	Refuse
)

// Standing is what a session's row says about its refresh tokens.
type Standing struct {
	Generation int32
	RotatedAt  time.Time
	ExpiresAt  time.Time
	Ended      bool
}

// Judge decides about a presented generation (RFC 9700, section 4.14.2, with a grace for concurrency). An end is final:
// a session that has ended gives the same answer whatever is presented.
func Judge(presented int32, s Standing, now time.Time) Verdict {
	switch {
	case s.Ended || !now.Before(s.ExpiresAt) || presented > s.Generation || presented < 1:
		return Refuse
	case presented == s.Generation:
		return Rotate
	case presented == s.Generation-1 && !now.After(s.RotatedAt.Add(Grace)):
		return Repeat
	}
	return Reuse
}
