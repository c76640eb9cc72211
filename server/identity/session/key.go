// Package session implements sessions: access tokens that every replica verifies, refresh tokens that rotate, and
// revocation that takes effect on all replicas within a second.
//
// PostgreSQL is the source of truth. Redis and the memory of each replica hold copies of a session's state. Copies
// have an epoch; the copy with the higher epoch is newer. No copy can revive an ended session.
package session

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/lestrrat-go/jwx/v2/jwa"
)

const keySize = 32

// secret holds the keys derived from one SECRET_KEY (HKDF, RFC 5869). Each purpose has its own key, so that a signature
// for one purpose is not valid for another.
type secret struct {
	id      string
	header  string // of access tokens, encoded
	access  []byte
	refresh []byte
	state   []byte
	record  []byte
	cursor  []byte
	link    []byte
}

// Keyring holds the accepted secrets. The first one signs; all of them verify.
type Keyring struct {
	secrets  []secret
	throttle []byte
}

// NewKeyring derives the keys of the current secret, and of the previous ones, which still verify.
func NewKeyring(current string, previous ...string) (*Keyring, error) {
	ring := &Keyring{}
	for _, text := range append([]string{current}, previous...) {
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
		cursor, err := derive(text, "cursor")
		if err != nil {
			return nil, err
		}
		link, err := derive(text, "mail link")
		if err != nil {
			return nil, err
		}
		name := hex.EncodeToString(id)[:keyIDSize]
		head, err := json.Marshal(header{Algorithm: jwa.HS256.String(), KeyID: name, Type: tokenType})
		if err != nil {
			return nil, fmt.Errorf("encode the header of access tokens: %w", err)
		}
		ring.secrets = append(ring.secrets, secret{
			name, base64.RawURLEncoding.EncodeToString(head), access, refresh, state, record, cursor, link,
		})
	}
	var err error
	if ring.throttle, err = derive(current, "login throttle"); err != nil {
		return nil, err
	}
	return ring, nil
}

// Cursors returns the keys of cursors: the first one signs, all of them verify.
func (k *Keyring) Cursors() [][]byte {
	cursors := make([][]byte, len(k.secrets))
	for i, s := range k.secrets {
		cursors[i] = s.cursor
	}
	return cursors
}

// Links returns the keys of the links in mails: the first one derives their tokens, all of them verify.
func (k *Keyring) Links() [][]byte {
	links := make([][]byte, len(k.secrets))
	for i, s := range k.secrets {
		links[i] = s.link
	}
	return links
}

// Throttle returns the key by which the login throttle hashes email addresses.
func (k *Keyring) Throttle() []byte { return k.throttle }

// Records returns the keys of stored idempotency records: the first one seals, all of them open.
func (k *Keyring) Records() [][]byte {
	records := make([][]byte, len(k.secrets))
	for i, s := range k.secrets {
		records[i] = s.record
	}
	return records
}

func (k *Keyring) signing() secret { return k.secrets[0] }

func (k *Keyring) find(id string) (secret, bool) {
	for _, s := range k.secrets {
		if s.id == id {
			return s, true
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
