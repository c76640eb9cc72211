package idempotency

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

// contents is what a record holds.
type contents struct {
	Sum    [sha256.Size]byte `json:"sum"`
	Rights rights            `json:"rights"`
	Answer Answer            `json:"answer"`
}

var errSealed = errors.New("not sealed with this secret and key")

// hashOf is how a record is found without keeping its key.
func hashOf(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// box is AES-256-GCM with a key that needs both the server's secret and the client's key.
func box(secret []byte, key string) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, secret, []byte(key), "ai-interviewer idempotency record", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key of a record: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func seal(secret []byte, key string, record contents) ([]byte, error) {
	plain, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	sealer, err := box(secret, key)
	if err != nil {
		return nil, err
	}
	return sealer.Seal(nil, nil, plain, nil), nil //nolint:gosec // the cipher makes the nonce itself
}

func open(secret []byte, key string, sealed []byte) (record contents, err error) {
	opener, err := box(secret, key)
	if err != nil {
		return record, err
	}
	plain, err := opener.Open(nil, nil, sealed, nil)
	if err != nil {
		return record, errSealed
	}
	err = json.Unmarshal(plain, &record)
	return record, err
}
