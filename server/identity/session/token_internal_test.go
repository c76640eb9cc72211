package session

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// noon is the current time in these tests.
func noon() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

func keyring(t testing.TB) *Keyring {
	t.Helper()
	keys, err := NewKeyring("a key for tests that is long enough to be one: 91aa", "the key before it, long enough: 33c1")
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// openSession returns the state of an open session.
func openSession() State {
	return State{uuid.UUID{1}, uuid.UUID{2}, stored.RoleHR, 3, noon().Add(24 * time.Hour), false, true}
}

func issue(t testing.TB, access *Access, state State, session uuid.UUID) string {
	t.Helper()
	token, _, err := access.Issue(state, session)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestIssueAndVerify(t *testing.T) {
	t.Parallel()
	access := NewAccess(keyring(t), 15*time.Minute, noon)
	state, id := openSession(), uuid.UUID{9}
	token, lifetime, err := access.Issue(state, id)
	if err != nil || lifetime != 15*time.Minute {
		t.Fatalf("Issue: lifetime = %s (error %v), want 15m0s", lifetime, err)
	}
	got, err := access.Verify(token)
	if err != nil {
		t.Fatal(err)
	}
	want := Claims{state.UserID, state.CompanyID, id, 3, noon().Local(), noon().Add(15 * time.Minute).Local()}
	if got != want {
		t.Errorf("claims = %+v, want %+v", got, want)
	}
}

// Tokens issued in the last seconds of a session, and in the last fraction of a second, are valid until its end.
func TestTokenExpiresWithItsSession(t *testing.T) {
	t.Parallel()
	access := NewAccess(keyring(t), 15*time.Minute, noon)
	for left, want := range map[time.Duration]time.Duration{
		15*time.Minute - time.Microsecond: 15 * time.Minute,
		2500 * time.Millisecond:           3 * time.Second,
		time.Microsecond:                  time.Second,
	} {
		t.Run(left.String(), func(t *testing.T) {
			t.Parallel()
			state := openSession()
			state.ExpiresAt = noon().Add(left)
			token, lifetime, err := access.Issue(state, uuid.UUID{9})
			if err != nil || lifetime != want {
				t.Errorf("lifetime = %s, want %s (%v)", lifetime, want, err)
			}
			claims, err := access.Verify(token)
			if err != nil {
				t.Error(err)
			}
			if err := state.Admit(claims, state.ExpiresAt); !errors.Is(err, ErrEnded) {
				t.Errorf("Admit at the session's end: %v, want ErrEnded", err)
			}
		})
	}
}

// A shorter configured lifetime also applies to tokens already issued.
func TestTokenWithLongerLifetimeIsRefused(t *testing.T) {
	t.Parallel()
	keys := keyring(t)
	token := issue(t, NewAccess(keys, 15*time.Minute, noon), openSession(), uuid.UUID{9})
	if _, err := NewAccess(keys, 10*time.Minute, noon).Verify(token); !errors.Is(err, ErrClaims) {
		t.Errorf("a token of 15 minutes, verified with a lifetime of 10: %v, want %v", err, ErrClaims)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	keys := keyring(t)
	at := func(d time.Duration) *Access {
		return NewAccess(keys, 15*time.Minute, func() time.Time { return noon().Add(d) })
	}
	token := issue(t, at(0), openSession(), uuid.UUID{9})
	head, rest, _ := strings.Cut(token, ".")
	body, signature, _ := strings.Cut(rest, ".")
	another := strings.Split(issue(t, at(0), openSession(), uuid.UUID{8}), ".")[1]
	foreign, err := NewKeyring("another service's key, also long enough: 7d0e")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		access *Access
		token  string
		want   error
	}{
		"valid":                             {at(0), token, nil},
		"issued by a clock a minute ahead":  {at(-time.Minute), token, nil},
		"issued in the future":              {at(-time.Minute - time.Second), token, ErrClaims},
		"the microsecond before it expires": {at(15*time.Minute - time.Microsecond), token, nil},
		"when it expires":                   {at(15 * time.Minute), token, ErrExpired},
		"empty":                             {at(0), "", ErrForm},
		"too long":                          {at(0), head + "." + strings.Repeat("A", maxTokenSize) + "." + signature, ErrForm},
		"a line break in a part":            {at(0), head + "." + body + "." + signature[:9] + "\n" + signature[9:], ErrForm},
		"non-canonical base64":              {at(0), respell(token), ErrForm},
		"padded":                            {at(0), token + "=", ErrForm},
		"another keyring":                   {NewAccess(foreign, 15*time.Minute, noon), token, ErrKey},
		"another payload":                   {at(0), head + "." + another + "." + signature, ErrSignature},
		"no signature":                      {at(0), head + "." + body + ".", ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := test.access.Verify(test.token); !errors.Is(err, test.want) {
				t.Errorf("error = %v, want %v", err, test.want)
			}
		})
	}
}

// sign signs any header and payload with the current key.
func sign(keys *Keyring, head, body string) string {
	encoding := base64.RawURLEncoding
	signed := encoding.EncodeToString([]byte(head)) + "." + encoding.EncodeToString([]byte(body))
	return signed + "." + encoding.EncodeToString(mac(keys.signing().access, []byte(signed)))
}

// parts returns the header and the payload of a token that is valid at noon.
func parts(keys *Keyring) (head, body string) {
	head = fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"at+jwt"}`, keys.signing().id)
	return head, `{"iss":"ai-interviewer","aud":"ai-interviewer-api","sub":"02000000-0000-0000-0000-000000000000",` +
		`"cid":"01000000-0000-0000-0000-000000000000","sid":"09000000-0000-0000-0000-000000000000","epoch":3,` +
		fmt.Sprintf(`"iat":%d,"exp":%d}`, noon().Unix(), noon().Add(15*time.Minute).Unix())
}

// member returns the member of a JSON object with a name, as written.
func member(t *testing.T, object, name string) string {
	t.Helper()
	found := regexp.MustCompile(`"` + name + `":("[^"]*"|[0-9]+)`).FindString(object)
	if found == "" {
		t.Fatalf("%s has no member %s", object, name)
	}
	return found
}

// Parsers differ on duplicate members, capitalization and trailing data. Verify refuses them all, in tokens that are
// otherwise valid and signed with the current key.
func TestVerifyParsesStrictly(t *testing.T) {
	t.Parallel()
	keys := keyring(t)
	head, body := parts(keys)
	notBefore := func(d time.Duration) string {
		return strings.Replace(body, "{", fmt.Sprintf(`{"nbf":%d,`, noon().Add(d).Unix()), 1)
	}
	type testCase struct {
		head, body string
		want       error
	}
	tests := map[string]testCase{
		"valid":                        {head, body, nil},
		"space within":                 {strings.ReplaceAll(head, ",", ", "), strings.ReplaceAll(body, ":", " : "), nil},
		"nbf in the past":              {head, notBefore(-time.Hour), nil},
		"nbf now":                      {head, notBefore(0), nil},
		"nbf by a clock a minute fast": {head, notBefore(time.Minute), nil},
		"nbf in the future":            {head, notBefore(time.Minute + time.Second), ErrClaims},
		"nbf beyond all times":         {head, strings.Replace(body, "{", `{"nbf":9223372036854775807,`, 1), ErrClaims},
		"nbf as text":                  {head, strings.Replace(body, "{", `{"nbf":"0",`, 1), ErrClaims},
		"nbf in capitals":              {head, strings.Replace(body, "{", `{"NBF":0,`, 1), ErrClaims},
		"unknown header member":        {strings.Replace(head, "{", `{"jku":"https://example.com",`, 1), body, ErrForm},
		"unknown claim":                {head, strings.Replace(body, "{", `{"role":"admin",`, 1), ErrClaims},
		"space after the header":       {head + " ", body, ErrForm},
		"object after the header":      {head + "{}", body, ErrForm},
		"bracket after the header":     {head + "}", body, ErrForm},
		"NUL after the header":         {head + "\x00", body, ErrForm},
		"space after the payload":      {head, body + "\n", ErrClaims},
		"object after the payload":     {head, body + body, ErrClaims},
		"bracket after the payload":    {head, body + "}", ErrClaims},
		"text after the payload":       {head, body + "x", ErrClaims},
		"payload in a list":            {head, "[" + body + "]", ErrClaims},
		"header in a list":             {"[" + head + "]", body, ErrForm},
		"null payload":                 {head, "null", ErrClaims},
		"empty payload":                {head, "", ErrClaims},
		"empty header":                 {"", body, ErrForm},
		"cut payload":                  {head, body[:len(body)-1], ErrClaims},
		"invalid UTF-8":                {head, strings.Replace(body, "ai-interviewer-api", "ai-interviewer-api\xff", 1), ErrClaims},
		"byte order mark":              {"\ufeff" + head, body, ErrForm},
	}
	for _, name := range []string{"alg", "kid", "typ"} {
		m := member(t, head, name)
		upper := strings.Replace(m, name, strings.ToUpper(name), 1)
		tests["duplicate "+name] = testCase{strings.Replace(head, m, m+","+m, 1), body, ErrForm}
		tests[name+" in capitals"] = testCase{strings.Replace(head, m, upper, 1), body, ErrForm}
		tests[name+" also in capitals"] = testCase{strings.Replace(head, m, m+","+upper, 1), body, ErrForm}
	}
	for _, name := range []string{"iss", "aud", "sub", "cid", "sid", "epoch", "iat", "exp"} {
		m := member(t, body, name)
		upper := strings.Replace(m, name, strings.ToUpper(name[:1])+name[1:], 1)
		tests["duplicate "+name] = testCase{head, strings.Replace(body, m, m+","+m, 1), ErrClaims}
		tests[name+" capitalized"] = testCase{head, strings.Replace(body, m, upper, 1), ErrClaims}
		tests[name+" also capitalized"] = testCase{head, strings.Replace(body, m, m+","+upper, 1), ErrClaims}
	}
	access := NewAccess(keys, 15*time.Minute, noon)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := access.Verify(sign(keys, test.head, test.body)); !errors.Is(err, test.want) {
				t.Errorf("error = %v, want %v", err, test.want)
			}
		})
	}
}

// respell changes the two unused bits at the end of a token, which lenient decoders ignore.
func respell(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last^1])
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	state := openSession()
	claims := Claims{UserID: state.UserID, CompanyID: state.CompanyID, SessionID: uuid.UUID{9}, Epoch: state.Epoch}
	for name, test := range map[string]struct {
		change func(*State, *Claims)
		now    time.Time
		want   error
	}{
		"unchanged":            {func(*State, *Claims) {}, noon(), nil},
		"ended":                {func(s *State, _ *Claims) { s.Revoked = true }, noon(), ErrEnded},
		"an earlier epoch":     {func(_ *State, c *Claims) { c.Epoch-- }, noon(), ErrEnded},
		"a later epoch":        {func(_ *State, c *Claims) { c.Epoch++ }, noon(), ErrEnded},
		"another user":         {func(_ *State, c *Claims) { c.UserID[0]++ }, noon(), ErrEnded},
		"another company":      {func(_ *State, c *Claims) { c.CompanyID[0]++ }, noon(), ErrEnded},
		"the last microsecond": {func(*State, *Claims) {}, state.ExpiresAt.Add(-time.Microsecond), nil},
		"the session's end":    {func(*State, *Claims) {}, state.ExpiresAt, ErrEnded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := state, claims
			test.change(&s, &c)
			if err := s.Admit(c, test.now); !errors.Is(err, test.want) {
				t.Errorf("error = %v, want %v", err, test.want)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	open := Rotation{Generation: 5, RotatedAt: noon(), ExpiresAt: noon().Add(time.Hour)}
	ended := open
	ended.Ended = true
	second := time.Second
	tabs, outdated := open, open
	tabs.Recent = []time.Time{noon().Add(-20 * second), noon().Add(-10 * second), noon()}
	outdated.Recent = []time.Time{noon().Add(-20 * second), noon().Add(-10 * second)} // and one of the previous release
	for name, test := range map[string]struct {
		presented int32
		rotation  Rotation
		now       time.Time
		want      Decision
	}{
		"the current one":                      {5, open, noon(), Rotate},
		"the current one, much later":          {5, open, noon().Add(time.Hour - time.Microsecond), Rotate},
		"the previous one, at once":            {4, open, noon(), Repeat},
		"the previous one, clock behind":       {4, open, noon().Add(-time.Second), Repeat},
		"the previous one, at 30 s":            {4, open, noon().Add(Grace), Repeat},
		"the previous one, at 30 s and 1 µs":   {4, open, noon().Add(Grace + time.Microsecond), Reuse},
		"the one before the previous, at once": {3, open, noon(), Reuse},
		"the first":                            {1, open, noon(), Reuse},
		"one never issued":                     {6, open, noon(), Refuse},
		"zero":                                 {0, open, noon(), Refuse},
		"negative":                             {-1, open, noon(), Refuse},
		"the lowest int32":                     {math.MinInt32, open, noon(), Refuse},
		"the current one, at the end":          {5, open, noon().Add(time.Hour), Refuse},
		"the first, after the end":             {1, open, noon().Add(time.Hour), Refuse},
		"the current one of an ended session":  {5, ended, noon(), Refuse},
		"the previous one of an ended session": {4, ended, noon(), Refuse},
		"a used one of an ended session":       {1, ended, noon(), Refuse},
		"one never issued of an ended session": {6, ended, noon(), Refuse},
		"the first, current":                   {1, Rotation{Generation: 1, RotatedAt: noon(), ExpiresAt: noon().Add(time.Hour)}, noon(), Rotate},
		"zero when the first is current":       {0, Rotation{Generation: 1, RotatedAt: noon(), ExpiresAt: noon().Add(time.Hour)}, noon(), Refuse},
		"the highest int32":                    {math.MaxInt32, open, noon(), Refuse},
		"used second to last, at once":         {3, tabs, noon(), Repeat},
		"used second to last, after 30 s":      {3, tabs, noon().Add(20 * second), Repeat},
		"used second to last, too late":        {3, tabs, noon().Add(20*second + time.Microsecond), Reuse},
		"used third to last, after 30 s":       {2, tabs, noon().Add(10 * second), Repeat},
		"used third to last, too late":         {2, tabs, noon().Add(10*second + time.Microsecond), Reuse},
		"used before all that are known":       {1, tabs, noon(), Reuse},
		"the previous one, others known":       {4, tabs, noon().Add(Grace), Repeat},
		"used before the previous release":     {3, outdated, noon(), Reuse},
		"used at the previous release":         {4, outdated, noon(), Repeat},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Decide(test.presented, test.rotation, test.now); got != test.want {
				t.Errorf("decision %d, want %d", got, test.want)
			}
		})
	}
}

// TestRotated checks which rotations a session remembers.
func TestRotated(t *testing.T) {
	t.Parallel()
	ago := func(seconds ...int) []time.Time {
		var times []time.Time
		for _, s := range seconds {
			times = append(times, noon().Add(time.Duration(-s)*time.Second))
		}
		return times
	}
	many := make([]time.Time, 0, maxRecent)
	for n := range maxRecent {
		many = append(many, noon().Add(time.Duration(n-maxRecent)*time.Second))
	}
	for name, test := range map[string]struct {
		recent []time.Time
		last   time.Time
		want   []time.Time
	}{
		"none":                       {nil, ago(5)[0], ago(0)},
		"within 30 s":                {ago(30, 5), ago(5)[0], ago(30, 5, 0)},
		"some earlier":               {ago(90, 31, 30, 5), ago(5)[0], ago(30, 5, 0)},
		"all earlier":                {ago(90, 31), ago(31)[0], ago(0)},
		"then by an earlier release": {ago(20, 10), ago(5)[0], ago(0)},
		"as many as are remembered":  {many, many[maxRecent-1], append(slices.Clone(many[1:]), noon())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := slices.Clone(test.recent)
			got := Rotation{RotatedAt: test.last, Recent: test.recent}.Rotated(noon())
			if !slices.Equal(got, test.want) {
				t.Errorf("remembered: %v, want %v", got, test.want)
			}
			if !slices.Equal(test.recent, before) {
				t.Errorf("the rotation was changed to %v, want %v", test.recent, before)
			}
		})
	}
}

func TestRefreshTokenIsDeterministic(t *testing.T) {
	t.Parallel()
	refresh := NewRefresh(keyring(t))
	content := RefreshToken{uuid.UUID{1}, uuid.UUID{9}, 7}
	token := refresh.Derive(content)
	if again := NewRefresh(keyring(t)).Derive(content); again != token {
		t.Errorf("another replica derives %q, want %q", again, token)
	}
	if got, err := refresh.Read(token); err != nil || got != content {
		t.Errorf("Read gives %+v, %v; want %+v", got, err, content)
	}
	for name, other := range map[string]string{
		"non-canonical base64": respell(token), "padded": token + "=", "no prefix": token[len(refreshPrefix):],
		"upper case": strings.ToUpper(token), "line break": token[:len(token)-1] + "\n" + token[len(token)-1:],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := refresh.Read(other); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// Tokens signed with a previous key are accepted while the key is listed. It signs no new tokens.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	ring := func(current string, previous ...string) *Keyring {
		keys, err := NewKeyring(current, previous...)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	const first, second = "the first key, long enough to be a key: 01", "the second key, long enough to be a key: 02"
	before, during, after := ring(first), ring(second, first), ring(second)
	content := RefreshToken{uuid.UUID{1}, uuid.UUID{9}, 7}
	access := func(keys *Keyring) *Access { return NewAccess(keys, time.Minute, noon) }
	old, oldRefresh := issue(t, access(before), openSession(), uuid.UUID{9}), NewRefresh(before).Derive(content)
	fresh, freshRefresh := issue(t, access(during), openSession(), uuid.UUID{9}), NewRefresh(during).Derive(content)
	for name, test := range map[string]struct {
		keys     *Keyring
		old, new bool
	}{
		"before": {before, true, false}, "during": {during, true, true}, "after": {after, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for token, want := range map[string]bool{old: test.old, fresh: test.new} {
				if _, err := access(test.keys).Verify(token); (err == nil) != want {
					t.Errorf("access token: %v, want accepted %t", err, want)
				}
			}
			for token, want := range map[string]bool{oldRefresh: test.old, freshRefresh: test.new} {
				if _, err := NewRefresh(test.keys).Read(token); (err == nil) != want {
					t.Errorf("refresh token: %v, want accepted %t", err, want)
				}
			}
		})
	}
}

func TestStateEncoding(t *testing.T) {
	t.Parallel()
	state := openSession()
	state.ExpiresAt = state.ExpiresAt.Add(time.Microsecond)
	got, err := decodeState(state.encode())
	if err != nil || !got.ExpiresAt.Equal(state.ExpiresAt) {
		t.Fatalf("decoded %+v (%v), want %+v", got, err, state)
	}
	got.ExpiresAt = state.ExpiresAt
	if got != state {
		t.Errorf("decoded %+v, want %+v", got, state)
	}
}

// Write access to Redis is not enough to forge a role, or to use one session's state for another.
func TestStateInRedisIsSigned(t *testing.T) {
	t.Parallel()
	before, err := NewKeyring("the previous key, which is long enough")
	if err != nil {
		t.Fatal(err)
	}
	now, err := NewKeyring("the current key, which is long enough", "the previous key, which is long enough")
	if err != nil {
		t.Fatal(err)
	}
	nora, emil, state := uuid.New(), uuid.New(), openSession()
	for name, ring := range map[string]*Keyring{"current": now, "previous": before} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := now.openState(nora, ring.sealState(nora, state)); err != nil || got.Role != state.Role {
				t.Errorf("role of a state signed with the %s key = %s (error %v), want %s", name, got.Role, err, state.Role)
			}
		})
	}
	sealed := now.sealState(nora, state)
	admin := strings.Replace(sealed, "|"+string(state.Role)+"|", "|admin|", 1)
	if admin == sealed {
		t.Fatal("the state already has the role admin")
	}
	for name, forged := range map[string]string{
		"forged role": admin, "no signature": state.encode(), "empty signature": state.encode() + "|", "empty": "",
		"truncated": sealed[:len(sealed)-1], "trailing data": sealed + "A",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := now.openState(nora, forged); err == nil {
				t.Errorf("accepted as %+v", got)
			}
		})
	}
	if _, err := now.openState(emil, sealed); err == nil {
		t.Error("one session's state is accepted for another")
	}
	if _, err := before.openState(nora, sealed); err == nil {
		t.Error("a state signed with an unknown key is accepted")
	}
}
