package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// State is the state of a session, which decides whether its access tokens are valid. Of two states of one session,
// the one with the higher epoch is newer: each change that invalidates access tokens increments the epoch, under the
// lock of the session's row.
type State struct {
	CompanyID uuid.UUID
	UserID    uuid.UUID
	Role      stored.Role
	Epoch     int32
	ExpiresAt time.Time
	Revoked   bool
	// PasswordChangeRequired is true if the session was opened with a password that its user must change first.
	PasswordChangeRequired bool
}

// Admit returns ErrEnded if a verified token is not valid in this state.
func (s State) Admit(c Claims, now time.Time) error {
	if s.Revoked || s.Epoch != c.Epoch || s.UserID != c.UserID || s.CompanyID != c.CompanyID || !now.Before(s.ExpiresAt) {
		return ErrEnded
	}
	return nil
}

var errState = errors.New("not a session state")

// sealState encodes the state of a session for Redis. The state is signed together with the session's id, so that write
// access to Redis is not enough to forge a role or to use one session's state for another.
func (k *Keyring) sealState(session uuid.UUID, s State) string {
	text := s.encode()
	return text + "|" + base64.RawURLEncoding.EncodeToString(stateMAC(k.signing(), session, text))
}

// openState verifies and decodes the result of sealState, under any accepted key.
func (k *Keyring) openState(session uuid.UUID, sealed string) (State, error) {
	end := strings.LastIndexByte(sealed, '|')
	if end < 0 {
		return State{}, errState
	}
	text := sealed[:end]
	signature, err := base64.RawURLEncoding.Strict().DecodeString(sealed[end+1:])
	if err != nil {
		return State{}, errState
	}
	for _, key := range k.secrets {
		if hmac.Equal(signature, stateMAC(key, session, text)) {
			return decodeState(text)
		}
	}
	return State{}, errState
}

func stateMAC(key secret, session uuid.UUID, text string) []byte {
	digest := hmac.New(sha256.New, key.state)
	digest.Write(session[:])
	digest.Write([]byte(text))
	return digest.Sum(nil)
}

// encode returns the state as text. The epoch comes first: the script that stores states parses it.
func (s State) encode() string {
	return strings.Join([]string{
		strconv.Itoa(int(s.Epoch)), strconv.FormatBool(s.Revoked), s.CompanyID.String(), s.UserID.String(), string(s.Role),
		strconv.FormatInt(s.ExpiresAt.UnixMicro(), 10), strconv.FormatBool(s.PasswordChangeRequired),
	}, "|")
}

// decodeState parses the result of encode, and refuses every other text. The state of an ended session needs no role.
func decodeState(text string) (State, error) {
	parts := strings.Split(text, "|")
	const members = 7 // earlier versions of the service write six; their states are read from PostgreSQL again
	if len(parts) != members {
		return State{}, errState
	}
	epoch, err1 := strconv.ParseInt(parts[0], 10, 32)
	revoked, err2 := strconv.ParseBool(parts[1])
	company, err3 := uuid.Parse(parts[2])
	user, err4 := uuid.Parse(parts[3])
	expires, err5 := strconv.ParseInt(parts[5], 10, 64)
	restricted, err6 := strconv.ParseBool(parts[6])
	state := State{company, user, stored.Role(parts[4]), int32(epoch), time.UnixMicro(expires), revoked, restricted}
	known := state.Role.Valid() || state.Revoked && state.Role == ""
	if errors.Join(err1, err2, err3, err4, err5, err6) != nil || epoch < 1 || !known || state.encode() != text {
		return State{}, errState
	}
	return state, nil
}
