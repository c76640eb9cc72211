package config_test

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

// TestRandomKeysAreAccepted checks that no key of random bytes counts as weak.
func TestRandomKeysAreAccepted(t *testing.T) {
	t.Parallel()
	random := rand.NewChaCha8([32]byte{1})
	raw := make([]byte, 48)
	for range 300 {
		_, _ = random.Read(raw)
		for _, key := range []string{
			base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw[:32]),
			base64.StdEncoding.EncodeToString(raw[:24]), hex.EncodeToString(raw[:32]), hex.EncodeToString(raw[:16]),
		} {
			mustLoad(t, production("SECRET_KEY="+key), "")
		}
	}
}
