// Package apikey knows the secrets of API keys: how they look, how they are kept, and whose they are.
//
// A secret is aip_live_ or aip_test_, 32 random characters of base62 (190 bits), and a checksum of six, so that a
// typing error is told from a guess without asking anybody, and scanners of source code find secrets that were
// committed by mistake. It is shown once and kept as its SHA-256: what nobody can guess needs no slow hash.
package apikey

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"math/big"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	family   = "aip_"
	random   = 32
	checksum = 6
	// shown is how much of the random part tells keys apart where they are listed: 48 bits, which leaves 142 to guess.
	shown = 8
)

// ErrForm means that a text is no secret of an API key: it has another form, or its checksum is wrong.
var ErrForm = errors.New("not an API key")

// Secret is what a program proves with that it is who holds a key.
type Secret string

// New makes a secret for a company that is live or for tests.
func New(mode api.CompanyMode) Secret {
	var text strings.Builder
	text.WriteString(family + string(mode) + "_")
	for range random {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet)))) // which has no error to give
		text.WriteByte(alphabet[n.Int64()])
	}
	return Secret(text.String() + check(text.String()))
}

// Is reports whether a bearer token means to be the secret of an API key rather than an access token.
func Is(token string) bool { return strings.HasPrefix(token, family) }

// Parse reads a secret; it fails with ErrForm.
func Parse(token string) (Secret, error) {
	rest, found := strings.CutPrefix(token, family)
	mode, text, parted := strings.Cut(rest, "_")
	if !found || !parted || !api.CompanyMode(mode).Valid() || len(text) != random+checksum {
		return "", ErrForm
	}
	if end := len(token) - checksum; check(token[:end]) != token[end:] {
		return "", ErrForm
	}
	return Secret(token), nil
}

// Mode says for which companies the secret is.
func (s Secret) Mode() api.CompanyMode {
	mode, _, _ := strings.Cut(strings.TrimPrefix(string(s), family), "_")
	return api.CompanyMode(mode)
}

// Prefix is how the secret begins, as far as it may be shown.
func (s Secret) Prefix() string { return string(s[:len(s)-random-checksum+shown]) }

// Hash is what is kept of the secret.
func (s Secret) Hash() []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// String hides the secret from whatever prints it; Reveal shows it.
func (s Secret) String() string { return s.Prefix() + "…" }

// Format hides the secret in every format.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// Reveal gives the secret as text.
func (s Secret) Reveal() string { return string(s) }

// check is the CRC-32 (IEEE 802.3) of a text in base62, six characters with zeros before it.
func check(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	digits := [checksum]byte{}
	for i := checksum - 1; i >= 0; i-- {
		digits[i] = alphabet[sum%uint32(len(alphabet))]
		sum /= uint32(len(alphabet))
	}
	return string(digits[:])
}
