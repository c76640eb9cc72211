package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func FuzzVerify(f *testing.F) {
	access := NewAccess(keyring(f), 15*time.Minute, noon)
	token := issue(f, access, openSession(), uuid.UUID{9})
	for _, seed := range []string{
		token, token + ".", respell(token), "..", `{"payload":"e30","protected":"e30","signature":""}`,
		strings.Replace(token, ".", "=.", 1), token + "\n", strings.ToUpper(token),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := access.Verify(text); err == nil && text != token {
			t.Errorf("accepted %q, want only %q", text, token)
		}
	})
}

// Every header and payload that Verify accepts, signed with the current key, has each known member once, exactly
// spelled, and nothing else. encoding/json reads them for comparison.
func FuzzVerifySigned(f *testing.F) {
	keys := keyring(f)
	access := NewAccess(keys, 15*time.Minute, noon)
	head, body := parts(keys)
	f.Add(head, body)
	f.Add(head, strings.Replace(body, "{", `{"nbf":1,`, 1))
	f.Add(head, strings.Replace(body, `"exp"`, `"exp":1,"exp"`, 1))
	f.Add(head, strings.Replace(body, `"exp"`, `"EXP"`, 1))
	f.Add(head+" ", body+"{}")
	f.Add(strings.Replace(head, `"alg"`, `"Alg"`, 1), body)
	f.Fuzz(func(t *testing.T, head, body string) {
		if _, err := access.Verify(sign(keys, head, body)); err != nil {
			return
		}
		if got := names(t, head); !slices.Equal(got, []string{"alg", "kid", "typ"}) {
			t.Errorf("accepted a header with the members %q, want alg, kid and typ", got)
		}
		got := slices.DeleteFunc(names(t, body), func(name string) bool { return name == "nbf" })
		if !slices.Equal(got, []string{"aud", "cid", "epoch", "exp", "iat", "iss", "sid", "sub"}) {
			t.Errorf("accepted a payload with the members %q, want the eight of access tokens", got)
		}
	})
}

// names returns the sorted names of the members of a flat JSON object, with duplicates. Nothing may follow the object.
func names(t *testing.T, object string) []string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(object))
	var tokens []json.Token
	for token, err := decoder.Token(); err == nil; token, err = decoder.Token() {
		tokens = append(tokens, token)
	}
	if len(tokens) < 2 || tokens[len(tokens)-1] != json.Delim('}') || decoder.InputOffset() != int64(len(object)) {
		t.Fatalf("%q is not one object", object)
	}
	var found []string
	for member := range slices.Chunk(tokens[1:len(tokens)-1], 2) {
		found = append(found, fmt.Sprint(member[0]))
	}
	slices.Sort(found)
	return found
}

func FuzzRefreshRead(f *testing.F) {
	refresh := NewRefresh(keyring(f))
	token := refresh.Derive(RefreshToken{uuid.UUID{1}, uuid.UUID{9}, 7})
	for _, seed := range []string{token, respell(token), refreshPrefix, token + "A", "", token[1:]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if content, err := refresh.Read(text); err == nil && refresh.Derive(content) != text {
			t.Errorf("accepted %q, want only %q", text, refresh.Derive(content))
		}
	})
}

func FuzzDecodeState(f *testing.F) {
	ended := State{uuid.UUID{1}, uuid.UUID{2}, "", 4, noon(), true, false}
	for _, seed := range []string{
		openSession().encode(), ended.encode(), "", "|||||", "1|T|||hr|0", "-1|false|a|b|hr|9",
		strings.ToUpper(openSession().encode()), "0" + openSession().encode(),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		state, err := decodeState(text)
		if err == nil && (state.encode() != text || state.Epoch < 1 || !state.Revoked && !state.Role.Valid()) {
			t.Errorf("%q is decoded as %+v, want an error or a valid state that is encoded as this text", text, state)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	access := NewAccess(keyring(b), 15*time.Minute, noon)
	token := issue(b, access, openSession(), uuid.UUID{9})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := access.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}
