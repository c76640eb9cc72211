package login_test

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func encode(part []byte) string { return base64.RawURLEncoding.EncodeToString(part) }

func decode(t *testing.T, part string) map[string]any {
	t.Helper()
	content, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// forger changes a valid token and signs it with the real key, so that each case tests one check only.
type forger struct {
	t            *testing.T
	key          []byte
	head, claims map[string]any
}

func newForger(t *testing.T, i *testkit.Installation, token string) forger {
	t.Helper()
	key, err := hkdf.Key(sha256.New, []byte(i.Config.SecretKey.Reveal()), nil, "ai-interviewer access token", 32)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	return forger{t, key, decode(t, parts[0]), decode(t, parts[1])}
}

// change returns a copy with a member set, or removed if the value is nil.
func change(of map[string]any, name string, value any) map[string]any {
	changed := maps.Clone(of)
	changed[name] = value
	if value == nil {
		delete(changed, name)
	}
	return changed
}

func (f forger) sign(head, claims map[string]any, key []byte, with func() hash.Hash) string {
	f.t.Helper()
	first, err := json.Marshal(head)
	if err != nil {
		f.t.Fatal(err)
	}
	second, err := json.Marshal(claims)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.signText(string(first), string(second), key, with)
}

// signText signs a header and claims that may be malformed.
func (f forger) signText(head, claims string, key []byte, with func() hash.Hash) string {
	signed := encode([]byte(head)) + "." + encode([]byte(claims))
	mac := hmac.New(with, key)
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

func rawJSON(t *testing.T, part string) string {
	t.Helper()
	content, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func (f forger) header(name string, value any) string {
	return f.sign(change(f.head, name, value), f.claims, f.key, sha256.New)
}

func (f forger) claim(name string, value any) string {
	return f.sign(f.head, change(f.claims, name, value), f.key, sha256.New)
}

// serialized returns a token in JSON serialization, with additional claims outside of the signed part.
func serialized(t *testing.T, token string, general bool) string {
	t.Helper()
	parts := strings.Split(token, ".")
	signature := map[string]any{"protected": parts[0], "signature": parts[2]}
	outer := map[string]any{"payload": parts[1], "sub": uuid.NewString(), "role": "admin", "epoch": 1, "exp": 1 << 40}
	if general {
		outer["signatures"] = []any{signature}
	} else {
		maps.Copy(outer, signature)
	}
	text, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme, globex := i.Company("acme"), i.Company("globex")
	replica := i.Replica()
	hr := replica.SignIn(t, acme.Users[api.RoleHr])
	admin := replica.SignIn(t, acme.Users[api.RoleAdmin])
	f := newForger(t, i, hr.Token)
	other := newForger(t, i, admin.Token)
	parts := strings.Split(hr.Token, ".")
	now := time.Now().Unix()
	number := func(name string) int64 {
		n, err := f.claims[name].(json.Number).Int64()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	stranger := sha256.Sum256([]byte("another key"))
	forgeries := map[string]string{
		"alg none, unsigned":       encode([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + parts[1] + ".",
		"alg none, signed":         f.header("alg", "none"),
		"alg None":                 f.header("alg", "None"),
		"alg hs256":                f.header("alg", "hs256"),
		"alg HS384":                f.sign(change(f.head, "alg", "HS384"), f.claims, f.key, sha512.New384),
		"alg HS512":                f.sign(change(f.head, "alg", "HS512"), f.claims, f.key, sha512.New),
		"alg RS256":                f.header("alg", "RS256"),
		"alg ES256":                f.header("alg", "ES256"),
		"no alg":                   f.header("alg", nil),
		"another key":              f.sign(f.head, f.claims, stranger[:], sha256.New),
		"an empty key":             f.sign(f.head, f.claims, nil, sha256.New),
		"the secret itself as key": f.sign(f.head, f.claims, []byte(i.Config.SecretKey.Reveal()), sha256.New),
		"another kid":              f.header("kid", "00000000"),
		"no kid":                   f.header("kid", nil),
		"an empty kid":             f.header("kid", ""),
		"a number as kid":          f.header("kid", 1),
		"no typ":                   f.header("typ", nil),
		"typ JWT":                  f.header("typ", "JWT"),
		"typ at+JWT":               f.header("typ", "at+JWT"),
		"jku header":               f.header("jku", "https://attacker.example/keys"),
		"jwk header":               f.header("jwk", map[string]any{"kty": "oct", "k": encode(stranger[:])}),
		"crit header":              f.header("crit", []string{"exp"}),
		"b64 false":                f.header("b64", false),
		"flattened JSON":           serialized(t, hr.Token, false),
		"general JSON":             serialized(t, hr.Token, true),
		"flattened JSON in dots":   "." + serialized(t, hr.Token, false) + ".",
		"one part":                 parts[0],
		"two parts":                parts[0] + "." + parts[1],
		"four parts":               hr.Token + ".",
		"five parts, as of a JWE":  hr.Token + "..",
		"empty parts":              "..",
		"no signature":             parts[0] + "." + parts[1] + ".",
		"half a signature":         hr.Token[:len(hr.Token)-22],
		"another's signature":      parts[0] + "." + parts[1] + "." + strings.Split(admin.Token, ".")[2],
		"another's claims":         parts[0] + "." + strings.Split(admin.Token, ".")[1] + "." + parts[2],
		"trailing data":            hr.Token + "A",
		"padded":                   hr.Token + "=",
		"padded claims":            parts[0] + "." + parts[1] + "=." + parts[2],
		"standard base64":          parts[0] + "." + parts[1] + "." + strings.Repeat("+/", 21) + "A",
		"non-canonical base64":     respell(hr.Token),
		"claims that are a list":   parts[0] + "." + encode([]byte(`[]`)) + "." + parts[2],
		"another issuer":           f.claim("iss", "attacker"),
		"another audience":         f.claim("aud", "ai-interviewer"),
		"several audiences":        f.claim("aud", []string{"ai-interviewer-api"}),
		"another's session":        f.claim("sid", other.claims["sid"]),
		"another's subject":        f.claim("sub", other.claims["sub"]),
		"another company":          f.claim("cid", globex.ID),
		"unknown company":          f.claim("cid", uuid.New()),
		"unknown session":          f.claim("sid", uuid.New()),
		"nil company":              f.claim("cid", uuid.Nil),
		"nil subject":              f.claim("sub", uuid.Nil),
		"nil session":              f.claim("sid", uuid.Nil),
		"epoch 0":                  f.claim("epoch", 0),
		"epoch -1":                 f.claim("epoch", -1),
		"epoch 2":                  f.claim("epoch", 2),
		"epoch as text":            f.claim("epoch", "1"),
		"epoch beyond 32 bits":     f.claim("epoch", 1<<32+1),
		"expired a second ago":     f.sign(f.head, change(change(f.claims, "iat", now-900), "exp", now-1), f.key, sha256.New),
		"lifetime a second longer": f.claim("exp", number("exp")+1),
		"exp 2^60":                 f.claim("exp", int64(1)<<60),
		"a fraction as exp":        f.claim("exp", float64(number("exp"))-0.5),
		"not valid yet":            f.claim("nbf", now+840), // exp is at now+900
		"nbf in capitals":          f.claim("NBF", now-120),
		"issued in the future":     f.sign(f.head, change(change(f.claims, "iat", now+3600), "exp", now+4200), f.key, sha256.New),
		"iat 0":                    f.claim("iat", 0),
		"iat -1":                   f.claim("iat", -1),
		"exp before iat":           f.claim("exp", number("iat")-1),
		"the refresh token":        hr.RefreshToken,
		"a space":                  " ",
	}
	for _, name := range []string{"iss", "aud", "sub", "cid", "sid", "epoch", "iat", "exp"} {
		forgeries["without "+name] = f.claim(name, nil)
		forgeries[name+" in capitals"] = f.sign(f.head, change(change(f.claims, name, nil), strings.ToUpper(name), f.claims[name]),
			f.key, sha256.New)
		forgeries["another "+name+" in capitals"] = f.claim(strings.ToUpper(name), f.claims[name])
		forgeries["null as "+name] = f.sign(f.head, withNull(f.claims, name), f.key, sha256.New)
	}
	first, claims := rawJSON(t, parts[0]), rawJSON(t, parts[1])
	for name, raw := range map[string][2]string{
		"duplicate alg":          {strings.Replace(first, "{", `{"alg":"HS256",`, 1), claims},
		"duplicate sub":          {first, strings.Replace(claims, "{", fmt.Sprintf(`{"sub":%q,`, f.claims["sub"]), 1)},
		"data after the header":  {first + "{}", claims},
		"data after the claims":  {first, claims + "{}"},
		"space after the claims": {first, claims + " "},
	} {
		forgeries[name] = f.signText(raw[0], raw[1], f.key, sha256.New)
	}
	for name, token := range forgeries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := replica.Anonymous(t).Do(http.MethodGet, mePath, nil, "Authorization", "Bearer "+token).
				Expect(http.StatusUnauthorized)
			if challenge := answer.Header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Bearer ") {
				t.Errorf("WWW-Authenticate = %q, want a Bearer challenge", challenge)
			}
			admin.Get(mePath).Expect(http.StatusOK)
		})
	}
	// A token that the forger signs unchanged is accepted.
	hr.Token = f.sign(f.head, f.claims, f.key, sha256.New)
	hr.Get(mePath).Expect(http.StatusOK)
}

func withNull(claims map[string]any, name string) map[string]any {
	changed := maps.Clone(claims)
	changed[name] = nil
	return changed
}

// respell changes the two unused bits at the end of a token, which lenient decoders ignore.
func respell(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return token[:len(token)-1] + string(alphabet[strings.IndexByte(alphabet, token[len(token)-1])^1])
}

func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	replica := i.Replica()
	token := replica.SignIn(t, acme.Users[api.RoleHr]).Token
	for name, test := range map[string]struct {
		values []string
		status int
		code   string
	}{
		"as documented":      {[]string{"Bearer " + token}, http.StatusOK, ""},
		"in lower case":      {[]string{"bearer " + token}, http.StatusOK, ""},
		"in upper case":      {[]string{"BEARER " + token}, http.StatusOK, ""},
		"none":               {nil, http.StatusUnauthorized, "missing_token"},
		"empty":              {[]string{""}, http.StatusUnauthorized, "missing_token"},
		"the scheme alone":   {[]string{"Bearer"}, http.StatusUnauthorized, "missing_token"},
		"the token alone":    {[]string{token}, http.StatusUnauthorized, "missing_token"},
		"another scheme":     {[]string{"Basic " + token}, http.StatusUnauthorized, "missing_token"},
		"twice the same":     {[]string{"Bearer " + token, "Bearer " + token}, http.StatusUnauthorized, "missing_token"},
		"one, and another":   {[]string{"Bearer " + token, "Basic eDp5"}, http.StatusUnauthorized, "missing_token"},
		"two in one":         {[]string{"Bearer " + token + ", Bearer " + token}, http.StatusUnauthorized, "invalid_token"},
		"two spaces between": {[]string{"Bearer  " + token}, http.StatusOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := replica.Anonymous(t)
			c.Header["Authorization"] = test.values
			answer := c.Get(mePath).Expect(test.status)
			if test.code != "" {
				answer.Refused(test.status, test.code)
			}
		})
	}
	replica.Anonymous(t).Get(mePath+"?access_token="+token).Refused(http.StatusUnauthorized, "missing_token")
}

// Access tokens expire exactly, by the service's clock.
func TestAccessTokenExpires(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	now := clocktest.Stopped()
	i.Clock = now.Source()
	hr := i.Company("acme").Users[api.RoleHr]
	c := i.Replica().SignIn(t, hr)
	now.Advance(15*time.Minute - time.Microsecond)
	c.Get(mePath).Expect(http.StatusOK)
	now.Advance(time.Microsecond)
	c.Get(mePath).Refused(http.StatusUnauthorized, "invalid_token")
	c.Adopt(c.Post(refreshPath, refreshBody(c.RefreshToken)).Expect(http.StatusOK))
	c.Get(mePath).Expect(http.StatusOK)
}

// A new key signs immediately. Tokens of the previous key are valid until the operator removes it from the list.
func TestSecretKeyRotates(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	hr := i.Company("acme").Users[api.RoleHr]
	first := i.Config.SecretKey
	before := i.Replica()
	i.Config.SecretKey, i.Config.SecretKeysPrevious = "the next key, as long as a key must be: b8", []config.Secret{first}
	during := i.Replica()
	i.Config.SecretKeysPrevious = nil
	after := i.Replica()

	old := before.SignIn(t, hr)
	old.At(during).Get(mePath).Expect(http.StatusOK)
	old.At(after).Get(mePath).Refused(http.StatusUnauthorized, "invalid_token")
	old.At(after).Post(refreshPath, refreshBody(old.RefreshToken)).Refused(http.StatusUnauthorized, "invalid_refresh_token")

	renewed := old.At(during)
	renewed.Adopt(renewed.Post(refreshPath, refreshBody(old.RefreshToken)).Expect(http.StatusOK))
	renewed.At(after).Get(mePath).Expect(http.StatusOK)
	renewed.At(before).Get(mePath).Refused(http.StatusUnauthorized, "invalid_token")
	renewed.At(after).Post(refreshPath, refreshBody(renewed.RefreshToken)).Expect(http.StatusOK)
}
