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

// record is what is stored of a request and its response.
type record struct {
	Sum      [sha256.Size]byte `json:"sum"`
	Rights   rights            `json:"rights"`
	Response Response          `json:"answer"`
}

var errSealed = errors.New("the record was not sealed with this secret and key")

// hashOf identifies a record without storing its key.
func hashOf(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// box returns AES-256-GCM with an encryption key that is derived from both the server's secret and the client's key.
func box(secret []byte, key string) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, secret, []byte(key), "ai-interviewer idempotency record", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the encryption key of a record: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("encrypt a record: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func seal(secret []byte, key string, of record) ([]byte, error) {
	plain, err := json.Marshal(of)
	if err != nil {
		return nil, fmt.Errorf("encode a record: %w", err)
	}
	sealer, err := box(secret, key)
	if err != nil {
		return nil, err
	}
	return sealer.Seal(nil, nil, plain, nil), nil //nolint:gosec // the cipher generates the nonce itself
}

func open(secret []byte, key string, sealed []byte) (opened record, err error) {
	opener, err := box(secret, key)
	if err != nil {
		return opened, err
	}
	plain, err := opener.Open(nil, nil, sealed, nil)
	if err != nil {
		return opened, errSealed
	}
	if err := json.Unmarshal(plain, &opened); err != nil {
		return opened, fmt.Errorf("decode a record: %w", err)
	}
	return opened, nil
}
