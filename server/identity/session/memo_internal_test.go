package session

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

func TestMemoIsBounded(t *testing.T) {
	t.Parallel()
	var m memo[int, int]
	for n := range memoSize + 100 {
		m.put(n, -n)
		if value, found := m.get(n); !found || value != -n {
			t.Fatalf("got %d, %t after %d", value, found, n)
		}
	}
	if len(m.kept) != memoSize {
		t.Errorf("%d are kept, want %d", len(m.kept), memoSize)
	}
}

// TestRememberedTokenExpires verifies a token again, which is remembered, after it has expired, and variants of it.
func TestRememberedTokenExpires(t *testing.T) {
	t.Parallel()
	keys, err := NewKeyring(strings.Repeat("s", 32))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	access := NewAccess(keys, time.Minute, func() time.Time { return now })
	token, _, err := access.Issue(State{
		CompanyID: uuid.New(), UserID: uuid.New(), Role: stored.Role("hr"), Epoch: 1, ExpiresAt: now.Add(time.Hour),
	}, uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	first, err := access.Verify(token)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := access.Verify(token); err != nil || again != first {
		t.Errorf("the second time: %+v, %v, want %+v", again, err, first)
	}
	changed := token[:len(token)-10] + strings.Map(func(r rune) rune { return r ^ 1 }, token[len(token)-10:len(token)-9]) +
		token[len(token)-9:]
	if _, err := access.Verify(changed); err == nil {
		t.Error("another signature was accepted")
	}
	now = now.Add(-2 * time.Minute)
	if _, err := access.Verify(token); !errors.Is(err, ErrClaims) {
		t.Errorf("before it was issued: %v, want %v", err, ErrClaims)
	}
	now = now.Add(3 * time.Minute)
	if _, err := access.Verify(token); !errors.Is(err, ErrExpired) {
		t.Errorf("after its end: %v, want %v", err, ErrExpired)
	}
}
