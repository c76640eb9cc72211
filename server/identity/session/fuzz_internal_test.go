package session

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func FuzzVerify(f *testing.F) {
	access := NewAccess(keyring(f), 15*time.Minute, noon)
	token := issue(f, access, living(), uuid.UUID{9})
	for _, seed := range []string{
		token, token + ".", respell(token), "..", `{"payload":"e30","protected":"e30","signature":""}`,
		strings.Replace(token, ".", "=.", 1), token + "\n", strings.ToUpper(token),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := access.Verify(text); err == nil && text != token {
			t.Errorf("accepted: %q", text)
		}
	})
}

func FuzzRefreshRead(f *testing.F) {
	refresh := NewRefresh(keyring(f))
	token := refresh.Derive(RefreshToken{uuid.UUID{1}, uuid.UUID{9}, 7})
	for _, seed := range []string{token, respell(token), refreshPrefix, token + "A", "", token[1:]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if said, err := refresh.Read(text); err == nil && refresh.Derive(said) != text {
			t.Errorf("accepted: %q", text)
		}
	})
}

func FuzzDecodeState(f *testing.F) {
	ended := State{uuid.UUID{1}, uuid.UUID{2}, "", 4, noon(), true}
	for _, seed := range []string{
		living().encode(), ended.encode(), "", "|||||", "1|T|||hr|0", "-1|false|a|b|hr|9",
		strings.ToUpper(living().encode()), "0" + living().encode(),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		state, err := decodeState(text)
		if err == nil && (state.encode() != text || state.Epoch < 1 || !state.Revoked && !state.Role.Valid()) {
			t.Errorf("%q was read as %+v", text, state)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	access := NewAccess(keyring(b), 15*time.Minute, noon)
	token := issue(b, access, living(), uuid.UUID{9})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := access.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}
