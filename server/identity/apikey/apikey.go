// Package apikey creates, parses and verifies the secrets of API keys.
//
// A secret consists of aip_live_ or aip_test_, 32 random base62 characters (190 bits), and a checksum of 6 characters.
// The checksum detects typing errors without a query, and the prefix lets scanners of source code find secrets that
// were committed by mistake. A secret is shown once; its SHA-256 hash is stored. A slow hash is not needed, because
// nobody can guess 190 random bits.
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
	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	family   = "aip_"
	random   = 32
	checksum = 6
	// shown is how many of the random characters are part of the prefix, by which people tell keys apart. They have 48
	// bits, so 142 bits remain secret.
	shown = 8
)

// ErrForm means that a text does not have the form of a secret, or that its checksum is wrong.
var ErrForm = errors.New("not an API key")

// Secret is the secret of an API key.
type Secret string

// New creates a secret for a company of a mode.
func New(mode api.CompanyMode) Secret {
	var text strings.Builder
	text.WriteString(family + string(mode) + "_")
	for range random {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet)))) // never fails
		text.WriteByte(alphabet[n.Int64()])
	}
	return Secret(text.String() + check(text.String()))
}

// Is reports whether a bearer token is an API key's secret rather than an access token, valid or not.
func Is(token string) bool { return strings.HasPrefix(token, family) }

// Parse parses a secret. It fails with ErrForm.
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

// Mode is the mode of the company that the secret belongs to.
func (s Secret) Mode() api.CompanyMode {
	mode, _, _ := strings.Cut(strings.TrimPrefix(string(s), family), "_")
	return api.CompanyMode(mode)
}

// ModeOf is the mode of a company.
func ModeOf(company db.Company) api.CompanyMode {
	if company.TestOf != nil {
		return api.CompanyModeTest
	}
	return api.CompanyModeLive
}

// Prefix is the beginning of the secret that may be shown.
func (s Secret) Prefix() string { return string(s[:len(s)-random-checksum+shown]) }

// Hash is the SHA-256 hash of the secret, which is stored.
func (s Secret) Hash() []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// String returns the prefix only, so that the secret is not printed by mistake. Reveal returns the secret.
func (s Secret) String() string { return s.Prefix() + "…" }

// Format returns the prefix only for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// Reveal returns the secret as text.
func (s Secret) Reveal() string { return string(s) }

// check is the CRC-32 (IEEE 802.3) of a text as 6 base62 digits with leading zeros.
func check(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	digits := [checksum]byte{}
	for i := checksum - 1; i >= 0; i-- {
		digits[i] = alphabet[sum%uint32(len(alphabet))]
		sum /= uint32(len(alphabet))
	}
	return string(digits[:])
}
