package apikey_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
)

func TestParseReadsNewSecrets(t *testing.T) {
	t.Parallel()
	seen := map[apikey.Secret]bool{}
	for range 1000 {
		for _, mode := range []api.CompanyMode{api.CompanyModeLive, api.CompanyModeTest} {
			made := apikey.New(mode)
			read, err := apikey.Parse(made.Reveal())
			if err != nil || read != made || read.Mode() != mode || seen[made] || len(made.Hash()) != 32 || !apikey.Is(made.Reveal()) {
				t.Fatalf("%s reads as %s of mode %s (error %v), want the same new key of mode %s", made.Reveal(), read.Reveal(), read.Mode(), err, mode)
			}
			seen[made] = true
			if prefix := made.Prefix(); len(prefix) != 17 || !strings.HasPrefix(made.Reveal(), prefix) {
				t.Fatalf("prefix of %s = %s, want its first 17 characters", made.Reveal(), prefix)
			}
			for _, format := range []string{"%s", "%v", "%+v", "%#v", "%q", "%x"} {
				if text := fmt.Sprintf(format, made); strings.Contains(text, made.Reveal()[17:]) {
					t.Fatalf("%s shows the secret: %s", format, text)
				}
			}
		}
	}
}

// TestKnownSecret fixes the form of secrets, on which scanners of source code depend: the checksum is a CRC-32 in base62.
func TestKnownSecret(t *testing.T) {
	t.Parallel()
	const known = "aip_live_000000000000000000000000000000000Ir8Bv"
	if _, err := apikey.Parse(known); err != nil {
		t.Errorf("%s: %v", known, err)
	}
}

// FuzzParse shows that a secret reads as itself and that a changed character is detected.
func FuzzParse(f *testing.F) {
	f.Add("", uint8(0))
	f.Add(apikey.New(api.CompanyModeLive).Reveal(), uint8(12))
	f.Add("aip_live_", uint8(3))
	f.Add("aip_test_"+strings.Repeat("a", 38), uint8(9))
	f.Fuzz(func(t *testing.T, text string, at uint8) {
		read, err := apikey.Parse(text)
		if err != nil {
			if !errors.Is(err, apikey.ErrForm) {
				t.Fatalf("error for %q = %v, want %v", text, err, apikey.ErrForm)
			}
			return
		}
		if read.Reveal() != text || len(text) != 47 {
			t.Fatalf("%q of %d characters reads as %q, want the same text of 47 characters", text, len(text), read.Reveal())
		}
		other := []byte(text)
		other[9+at%38] ^= 1
		if _, err := apikey.Parse(string(other)); err == nil {
			t.Fatalf("%q is accepted although %q is the secret", other, text)
		}
	})
}
