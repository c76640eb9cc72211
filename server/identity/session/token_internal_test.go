package session

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// noon is when these tests take place.
func noon() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

func keyring(t testing.TB) *Keyring {
	t.Helper()
	keys, err := NewKeyring("a key for tests that is long enough to be one: 91aa", "the key before it, long enough: 33c1")
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func living() State {
	return State{uuid.UUID{1}, uuid.UUID{2}, api.RoleHr, 3, noon().Add(24 * time.Hour), false}
}

func issue(t testing.TB, access *Access, state State, session uuid.UUID) string {
	t.Helper()
	token, _, err := access.Issue(state, session)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestIssuedTokenSaysWhatItWasIssuedFor(t *testing.T) {
	t.Parallel()
	access := NewAccess(keyring(t), 15*time.Minute, noon)
	state, id := living(), uuid.UUID{9}
	token, lives, err := access.Issue(state, id)
	if err != nil || lives != 15*time.Minute {
		t.Fatalf("Issue: lives %s, error %v", lives, err)
	}
	got, err := access.Verify(token)
	if err != nil {
		t.Fatal(err)
	}
	want := Claims{state.UserID, state.CompanyID, id, 3, noon().Local(), noon().Add(15 * time.Minute).Local()}
	if got != want {
		t.Errorf("the claims are %+v, want %+v", got, want)
	}
}

// A session in its last seconds, and in the last fraction of one, still gives a token that is good until its end.
func TestTokenEndsWithItsSession(t *testing.T) {
	t.Parallel()
	access := NewAccess(keyring(t), 15*time.Minute, noon)
	for left, want := range map[time.Duration]time.Duration{
		15*time.Minute - time.Microsecond: 15 * time.Minute,
		2500 * time.Millisecond:           3 * time.Second,
		time.Microsecond:                  time.Second,
	} {
		state := living()
		state.ExpiresAt = noon().Add(left)
		token, lives, err := access.Issue(state, uuid.UUID{9})
		if err != nil || lives != want {
			t.Errorf("with %s left the token lives %s, want %s (%v)", left, lives, want, err)
		}
		claims, err := access.Verify(token)
		if err != nil {
			t.Errorf("with %s left: %v", left, err)
		}
		if err := state.Admit(claims, state.ExpiresAt); !errors.Is(err, ErrEnded) {
			t.Errorf("with %s left the session's end gives %v", left, err)
		}
	}
}

// An operator who shortens the lifetime shortens that of the tokens already issued.
func TestLifetimeAboveTheConfiguredIsRefused(t *testing.T) {
	t.Parallel()
	keys := keyring(t)
	token := issue(t, NewAccess(keys, 15*time.Minute, noon), living(), uuid.UUID{9})
	if _, err := NewAccess(keys, 10*time.Minute, noon).Verify(token); !errors.Is(err, ErrClaims) {
		t.Errorf("a token of 15 minutes under a lifetime of 10 gives %v, want %v", err, ErrClaims)
	}
}

func TestVerifySaysWhyItRefuses(t *testing.T) {
	t.Parallel()
	keys := keyring(t)
	at := func(d time.Duration) *Access {
		return NewAccess(keys, 15*time.Minute, func() time.Time { return noon().Add(d) })
	}
	token := issue(t, at(0), living(), uuid.UUID{9})
	head, rest, _ := strings.Cut(token, ".")
	body, signature, _ := strings.Cut(rest, ".")
	another := strings.Split(issue(t, at(0), living(), uuid.UUID{8}), ".")[1]
	foreign, err := NewKeyring("another service's key, also long enough: 7d0e")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		access *Access
		token  string
		want   error
	}{
		"the token":                  {at(0), token, nil},
		"from a clock a minute fast": {at(-time.Minute), token, nil},
		"from the future":            {at(-time.Minute - time.Second), token, ErrClaims},
		"its last microsecond":       {at(15*time.Minute - time.Microsecond), token, nil},
		"its end":                    {at(15 * time.Minute), token, ErrExpired},
		"nothing":                    {at(0), "", ErrForm},
		"too long":                   {at(0), head + "." + strings.Repeat("A", maxTokenSize) + "." + signature, ErrForm},
		"a line break in a part":     {at(0), head + "." + body + "." + signature[:9] + "\n" + signature[9:], ErrForm},
		"another spelling":           {at(0), respell(token), ErrForm},
		"padded":                     {at(0), token + "=", ErrForm},
		"another service's":          {NewAccess(foreign, 15*time.Minute, noon), token, ErrKey},
		"another body":               {at(0), head + "." + another + "." + signature, ErrSignature},
		"no signature":               {at(0), head + "." + body + ".", ErrSignature},
	} {
		if _, err := test.access.Verify(test.token); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// respell changes the two bits at the end of a signature that a lenient reader drops.
func respell(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last^1])
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	state := living()
	claims := Claims{UserID: state.UserID, CompanyID: state.CompanyID, SessionID: uuid.UUID{9}, Epoch: state.Epoch}
	for name, test := range map[string]struct {
		change func(*State, *Claims)
		now    time.Time
		want   error
	}{
		"as it stands":      {func(*State, *Claims) {}, noon(), nil},
		"ended":             {func(s *State, _ *Claims) { s.Revoked = true }, noon(), ErrEnded},
		"an earlier epoch":  {func(_ *State, c *Claims) { c.Epoch-- }, noon(), ErrEnded},
		"a later epoch":     {func(_ *State, c *Claims) { c.Epoch++ }, noon(), ErrEnded},
		"another user":      {func(_ *State, c *Claims) { c.UserID[0]++ }, noon(), ErrEnded},
		"another company":   {func(_ *State, c *Claims) { c.CompanyID[0]++ }, noon(), ErrEnded},
		"its last instant":  {func(*State, *Claims) {}, state.ExpiresAt.Add(-time.Microsecond), nil},
		"the session's end": {func(*State, *Claims) {}, state.ExpiresAt, ErrEnded},
	} {
		s, c := state, claims
		test.change(&s, &c)
		if err := s.Admit(c, test.now); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	standing := Standing{Generation: 5, RotatedAt: noon(), ExpiresAt: noon().Add(time.Hour)}
	ended := standing
	ended.Ended = true
	for name, test := range map[string]struct {
		presented int32
		standing  Standing
		now       time.Time
		want      Verdict
	}{
		"the present one":                   {5, standing, noon(), Rotate},
		"the present one, much later":       {5, standing, noon().Add(time.Hour - time.Microsecond), Rotate},
		"the one before, at once":           {4, standing, noon(), Repeat},
		"the one before, a clock behind":    {4, standing, noon().Add(-time.Second), Repeat},
		"the one before, at 30 s":           {4, standing, noon().Add(Grace), Repeat},
		"the one before, at 30 s and 1 µs":  {4, standing, noon().Add(Grace + time.Microsecond), Reuse},
		"the one before that, at once":      {3, standing, noon(), Reuse},
		"the first":                         {1, standing, noon(), Reuse},
		"one that was never given":          {6, standing, noon(), Refuse},
		"none":                              {0, standing, noon(), Refuse},
		"below none":                        {-1, standing, noon(), Refuse},
		"the lowest number":                 {math.MinInt32, standing, noon(), Refuse},
		"the present one at the end":        {5, standing, noon().Add(time.Hour), Refuse},
		"the first, after the end":          {1, standing, noon().Add(time.Hour), Refuse},
		"the present one of an ended one":   {5, ended, noon(), Refuse},
		"the one before of an ended one":    {4, ended, noon(), Refuse},
		"a spent one of an ended one":       {1, ended, noon(), Refuse},
		"one never given to an ended one":   {6, ended, noon(), Refuse},
		"the first of a first generation":   {1, Standing{1, noon(), noon().Add(time.Hour), false}, noon(), Rotate},
		"the zeroth of a first generation":  {0, Standing{1, noon(), noon().Add(time.Hour), false}, noon(), Refuse},
		"the highest number of generations": {math.MaxInt32, standing, noon(), Refuse},
	} {
		if got := Judge(test.presented, test.standing, test.now); got != test.want {
			t.Errorf("%s: verdict %d, want %d", name, got, test.want)
		}
	}
}

func TestRefreshTokenIsDerivedTheSameAgain(t *testing.T) {
	t.Parallel()
	refresh := NewRefresh(keyring(t))
	said := RefreshToken{uuid.UUID{1}, uuid.UUID{9}, 7}
	token := refresh.Derive(said)
	if again := NewRefresh(keyring(t)).Derive(said); again != token {
		t.Errorf("another replica derives %q, not %q", again, token)
	}
	if got, err := refresh.Read(token); err != nil || got != said {
		t.Errorf("Read gives %+v, %v; want %+v", got, err, said)
	}
	for name, other := range map[string]string{
		"another spelling": respell(token), "padded": token + "=", "without its prefix": token[len(refreshPrefix):],
		"in upper case": strings.ToUpper(token), "a line break": token[:len(token)-1] + "\n" + token[len(token)-1:],
	} {
		if _, err := refresh.Read(other); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// What an earlier key has signed is believed as long as the key is listed, and nothing new is signed by it.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	ring := func(present string, previous ...string) *Keyring {
		keys, err := NewKeyring(present, previous...)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	const first, second = "the first key, long enough to be a key: 01", "the second key, long enough to be a key: 02"
	before, during, after := ring(first), ring(second, first), ring(second)
	said := RefreshToken{uuid.UUID{1}, uuid.UUID{9}, 7}
	access := func(keys *Keyring) *Access { return NewAccess(keys, time.Minute, noon) }
	old, oldRefresh := issue(t, access(before), living(), uuid.UUID{9}), NewRefresh(before).Derive(said)
	fresh, freshRefresh := issue(t, access(during), living(), uuid.UUID{9}), NewRefresh(during).Derive(said)
	for name, test := range map[string]struct {
		keys     *Keyring
		old, new bool
	}{
		"before": {before, true, false}, "during": {during, true, true}, "after": {after, false, true},
	} {
		for token, want := range map[string]bool{old: test.old, fresh: test.new} {
			if _, err := access(test.keys).Verify(token); (err == nil) != want {
				t.Errorf("%s the rotation an access token gives %v, want believed %t", name, err, want)
			}
		}
		for token, want := range map[string]bool{oldRefresh: test.old, freshRefresh: test.new} {
			if _, err := NewRefresh(test.keys).Read(token); (err == nil) != want {
				t.Errorf("%s the rotation a refresh token gives %v, want believed %t", name, err, want)
			}
		}
	}
}

func TestStateIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	state := living()
	state.ExpiresAt = state.ExpiresAt.Add(time.Microsecond)
	got, err := decodeState(state.encode())
	if err != nil || !got.ExpiresAt.Equal(state.ExpiresAt) {
		t.Fatalf("read %+v (%v), want %+v", got, err, state)
	}
	got.ExpiresAt = state.ExpiresAt
	if got != state {
		t.Errorf("read %+v, want %+v", got, state)
	}
}

// TestStateInRedisIsSigned: whoever can write to Redis can neither make a role up nor move a state to another session.
func TestStateInRedisIsSigned(t *testing.T) {
	t.Parallel()
	before, err := NewKeyring("the key before, which is long enough")
	if err != nil {
		t.Fatal(err)
	}
	now, err := NewKeyring("the present key, which is long enough", "the key before, which is long enough")
	if err != nil {
		t.Fatal(err)
	}
	nora, emil, state := uuid.New(), uuid.New(), living()
	for name, ring := range map[string]*Keyring{"present": now, "former": before} {
		if got, err := now.openState(nora, ring.sealState(nora, state)); err != nil || got.Role != state.Role {
			t.Errorf("a state under the %s key reads as %+v (%v)", name, got, err)
		}
	}
	sealed := now.sealState(nora, state)
	admin := strings.Replace(sealed, "|"+string(state.Role)+"|", "|admin|", 1)
	if admin == sealed {
		t.Fatal("the state is an admin's already")
	}
	for name, forged := range map[string]string{
		"a made-up role": admin, "no signature": state.encode(), "an empty one": state.encode() + "|", "nothing": "",
		"cut short": sealed[:len(sealed)-1], "something behind": sealed + "A",
	} {
		if got, err := now.openState(nora, forged); err == nil {
			t.Errorf("%s reads as %+v", name, got)
		}
	}
	if _, err := now.openState(emil, sealed); err == nil {
		t.Error("one session's state passes as another's")
	}
	if _, err := before.openState(nora, sealed); err == nil {
		t.Error("a state under a key that is not known is read")
	}
}
