// Package session is what a sign-in leaves behind: access tokens that every replica can check, refresh tokens that
// rotate, and an end that bites at once. PostgreSQL holds the truth about a session; Redis and the memory of each
// replica only hold copies, which are compared by epoch, and never make an ended session live.
package session

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

const keySize = 32

// secret is a SECRET_KEY and what is derived from it: one key for each purpose, so that what is signed for one says
// nothing for another (HKDF, RFC 5869).
type secret struct {
	id      string
	access  []byte
	refresh []byte
	state   []byte
	record  []byte
}

// Keyring holds the secrets that are believed: the first signs, all verify.
type Keyring struct {
	secrets  []secret
	cursor   []byte
	throttle []byte
}

// NewKeyring derives the keys of the present secret and of those before it, which still verify.
func NewKeyring(present string, previous ...string) (*Keyring, error) {
	ring := &Keyring{}
	for _, text := range append([]string{present}, previous...) {
		id, err := derive(text, "key id")
		if err != nil {
			return nil, err
		}
		access, err := derive(text, "access token")
		if err != nil {
			return nil, err
		}
		refresh, err := derive(text, "refresh token")
		if err != nil {
			return nil, err
		}
		state, err := derive(text, "session state")
		if err != nil {
			return nil, err
		}
		record, err := derive(text, "idempotency record")
		if err != nil {
			return nil, err
		}
		ring.secrets = append(ring.secrets, secret{hex.EncodeToString(id)[:keyIDSize], access, refresh, state, record})
	}
	var err error
	if ring.cursor, err = derive(present, "cursor"); err != nil {
		return nil, err
	}
	if ring.throttle, err = derive(present, "login throttle"); err != nil {
		return nil, err
	}
	return ring, nil
}

// Cursor is the key that signs cursors.
func (k *Keyring) Cursor() []byte { return k.cursor }

// Throttle is the key under which the login throttle hides emails.
func (k *Keyring) Throttle() []byte { return k.throttle }

// Records are the secrets that seal what is kept to answer a request again: the first seals, all open.
func (k *Keyring) Records() [][]byte {
	records := make([][]byte, len(k.secrets))
	for i, known := range k.secrets {
		records[i] = known.record
	}
	return records
}

func (k *Keyring) signing() secret { return k.secrets[0] }

func (k *Keyring) find(id string) (secret, bool) {
	for _, known := range k.secrets {
		if known.id == id {
			return known, true
		}
	}
	return secret{}, false
}

func derive(text, purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, []byte(text), nil, "ai-interviewer "+purpose, keySize)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", purpose, err)
	}
	return key, nil
}
