package password

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// testCost is above bcrypt's minimum, so that tests can make hashes of lower cost.
const testCost = bcrypt.MinCost + 2

func newHasher(t *testing.T) *Hasher {
	t.Helper()
	h := NewHasher(Options{Cost: testCost, Workers: 1})
	t.Cleanup(h.Close)
	return h
}

func hashAt(t *testing.T, plain string, cost int) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(plain), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestMatches(t *testing.T) {
	t.Parallel()
	const plain = "correct horse"
	ascii72, euro72 := strings.Repeat("a", MaxBytes), strings.Repeat("€", MaxBytes/len("€"))
	at := func(plain string, cost int) string { return hashAt(t, plain, cost) }
	tests := map[string]struct {
		stored, plain string
		want          bool
	}{
		"right":                        {at(plain, testCost), plain, true},
		"wrong":                        {at(plain, testCost), "incorrect horse", false},
		"other case":                   {at(plain, testCost), "Correct horse", false},
		"empty":                        {at(plain, testCost), "", false},
		"empty password, its hash":     {at("", testCost), "", true},
		"no such account":              {"", plain, false},
		"no such account, empty":       {"", "", false},
		"lower cost, right":            {at(plain, bcrypt.MinCost), plain, true},
		"lower cost, wrong":            {at(plain, bcrypt.MinCost), "incorrect horse", false},
		"higher cost, right":           {at(plain, testCost+maxSurplus), plain, true},
		"far higher cost":              {at(plain, testCost+maxSurplus+1), plain, false},
		"72 bytes":                     {at(ascii72, testCost), ascii72, true},
		"73 bytes, the first 72 right": {at(ascii72, testCost), ascii72 + "a", false},
		"72 bytes of € signs":          {at(euro72, testCost), euro72, true},
		"75 bytes of € signs, the first 72 right": {at(euro72, testCost), euro72 + "€", false},
		"cut within a character":                  {at(ascii72, testCost), ascii72[:71] + "€", false},
		"1 MiB":                                   {at(ascii72, testCost), strings.Repeat("a", 1<<20), false},
		"repeated after NUL":                      {at(plain, testCost), plain + "\x00" + plain, false},
		"NUL at the end":                          {at(plain, testCost), plain + "\x00", false},
		"prefix 2b":                               {"$2b" + at(plain, testCost)[3:], plain, true},
		"prefix 2y":                               {"$2y" + at(plain, testCost)[3:], plain, true},
		"plain text as hash":                      {plain, plain, false},
		"truncated hash":                          {at(plain, testCost)[:59], plain, false},
		"newline after the hash":                  {at(plain, testCost) + "\n", plain, false},
		"composed, by a former release":           {at("kr\u00fcmelkuchen", testCost), "kru\u0308melkuchen", true},
		"decomposed, by a former release":         {at("kru\u0308melkuchen", testCost), "kru\u0308melkuchen", true},
		"no-break space, by a former release":     {at("two\u00a0words", testCost), "two\u00a0words", true},
		"a control character, by a former one":    {at("tab\tbed", testCost), "tab\tbed", true},
		"compatible letters are others":           {at("\ufb01sh and chips", testCost), "fish and chips", false},
		"composed to 72 bytes":                    {at(strings.Repeat("\u00fc", 36), testCost), strings.Repeat("u\u0308", 36), true},
		"another algorithm":                       {"$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA", plain, false},
	}
	h := newHasher(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := h.Matches(t.Context(), "acme", test.stored, test.plain)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("matches = %v, want %v", got, test.want)
			}
		})
	}
}

// bcrypt alone accepts these wrong passwords.
func TestMatchesRefusesWhatBcryptAccepts(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("a", MaxBytes)
	for name, test := range map[string]struct{ set, sent string }{
		"longer than 72 bytes": {longest, longest + "b"},
		"continued after NUL":  {"secret", "secret\x00secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hash := hashAt(t, test.set, bcrypt.MinCost)
			if err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(test.sent)); err != nil {
				t.Errorf("bcrypt refuses %q: %v", test.sent, err)
			}
			if matches, err := newHasher(t).Matches(t.Context(), "acme", hash, test.sent); err != nil || matches {
				t.Errorf("%q matches the hash of %q = %t (error %v), want false", test.sent, test.set, matches, err)
			}
		})
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	h := newHasher(t)
	tests := map[string]struct {
		plain  string
		accept bool
	}{
		"usual":                {"correct horse", true},
		"72 bytes":             {strings.Repeat("a", 72), true},
		"73 bytes":             {strings.Repeat("a", 73), false},
		"72 bytes of 24 runes": {strings.Repeat("€", 24), true},
		"73 bytes of 25 runes": {strings.Repeat("€", 24) + "a", false},
		"72 bytes of 18 runes": {strings.Repeat("🐎", 18), true},
		"NUL":                  {"correct\x00horse", false},
		"1 MiB":                {strings.Repeat("a", 1<<20), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hash, err := h.Hash(t.Context(), "acme", test.plain)
			if !test.accept {
				if err == nil || hash != "" {
					t.Errorf("hash = %q, error = %v, want an error alone", hash, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if cost, err := bcrypt.Cost([]byte(hash)); err != nil || cost != testCost {
				t.Errorf("cost = %d (%v), want %d", cost, err, testCost)
			}
			if matches, err := h.Matches(t.Context(), "acme", hash, test.plain); err != nil || !matches {
				t.Errorf("matches = %v (error %v), want true", matches, err)
			}
		})
	}
}

// TestHashNormalizes hashes and compares spellings of one password (RFC 8265, section 4.2).
func TestHashNormalizes(t *testing.T) {
	t.Parallel()
	h := newHasher(t)
	for name, test := range map[string]struct {
		set, sent string
		want      bool
	}{
		"composed and decomposed":  {"kr\u00fcmelkuchen", "kru\u0308melkuchen", true},
		"decomposed and composed":  {"kru\u0308melkuchen", "kr\u00fcmelkuchen", true},
		"no-break space and space": {"two\u00a0words", "two words", true},
		"wide space and space":     {"two\u3000words", "two words", true},
		"another case":             {"Two words", "two words", false},
		"wide letters":             {"\uff54wo words", "two words", false},
		"spaces at the ends":       {"two words ", "two words", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hash, err := h.Hash(t.Context(), "acme", test.set)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := h.Matches(t.Context(), "acme", hash, test.sent); err != nil || got != test.want {
				t.Errorf("matches = %t (error %v), want %t", got, err, test.want)
			}
		})
	}
}

func TestDefaultCostIs12(t *testing.T) {
	t.Parallel()
	h := NewHasher(Options{Workers: 1})
	t.Cleanup(h.Close)
	tail := strings.Repeat("x", 53)
	if !h.NeedsRehash("$2a$11$"+tail) || h.NeedsRehash("$2a$12$"+tail) {
		t.Error("the default cost is not 12")
	}
}

func TestConcurrentCallersGetTheirOwnResults(t *testing.T) {
	t.Parallel()
	const callers = 40
	h := NewHasher(Options{Cost: bcrypt.MinCost, Workers: 3, Queue: callers, Wait: time.Minute})
	t.Cleanup(h.Close)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			hash, err := h.Hash(t.Context(), "acme", fmt.Sprintf("password of %d", i))
			if err != nil {
				t.Error(err)
				return
			}
			for other := i; other < i+2; other++ {
				matches, err := h.Matches(t.Context(), "acme", hash, fmt.Sprintf("password of %d", other))
				if err != nil || matches != (other == i) {
					t.Errorf("password of %d matches the hash of %d = %v (error %v), want %v", other, i, matches, err, other == i)
				}
			}
		})
	}
	all.Wait()
	wantLoad(t, h, 0, 0)
}

func TestMatchesAfterCloseIsOverloaded(t *testing.T) {
	t.Parallel()
	h := newHasher(t)
	hash := hashAt(t, "correct horse", testCost)
	h.Close()
	matches, err := h.Matches(t.Context(), "acme", hash, "correct horse")
	if matches || !fault.Is(err, fault.Overloaded) {
		t.Errorf("matches = %v (error %v), want false and %s", matches, err, fault.Overloaded)
	}
}

func TestNeedsRehash(t *testing.T) {
	t.Parallel()
	h := newHasher(t)
	tests := map[string]struct {
		stored string
		want   bool
	}{
		"lower":      {hashAt(t, "x", testCost-1), true},
		"same":       {hashAt(t, "x", testCost), false},
		"higher":     {hashAt(t, "x", testCost+1), false},
		"none":       {"", false},
		"unreadable": {"secret", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := h.NeedsRehash(test.stored); got != test.want {
				t.Errorf("NeedsRehash = %v, want %v", got, test.want)
			}
		})
	}

	const plain = "correct horse"
	old := hashAt(t, plain, bcrypt.MinCost)
	upgraded, err := h.Hash(t.Context(), "acme", plain)
	if err != nil {
		t.Fatal(err)
	}
	matches, err := h.Matches(t.Context(), "acme", upgraded, plain)
	if !h.NeedsRehash(old) || h.NeedsRehash(upgraded) || !matches || err != nil {
		t.Errorf("upgrade from %s to %s: matches = %v (error %v), want true, and a rehash only of the first", old, upgraded, matches, err)
	}
}

// rounds returns the rounds that bcrypt computes for the comparisons: none for a malformed hash.
func rounds(t *testing.T, hashes [][]byte) (sum int) {
	t.Helper()
	for _, hash := range hashes {
		err := bcrypt.CompareHashAndPassword(hash, []byte("any"))
		if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
			t.Errorf("bcrypt does no work for %q: %v", hash, err)
			continue
		}
		cost, err := bcrypt.Cost(hash)
		if err != nil {
			t.Errorf("bcrypt cannot read %q: %v", hash, err)
		}
		sum += 1 << cost
	}
	return sum
}

func FuzzComparisonsTakeTheSameWork(f *testing.F) {
	tail := strings.Repeat("x", 53)
	for _, stored := range []string{
		"", "secret", "$", "$2a$", "$2a$04$" + tail, "$2a$05$" + tail, "$2b$06$" + tail, "$2y$07$" + tail,
		"$2a$08$" + tail, "$2a$31$" + tail, "$2a$32$" + tail, "$2a$03$" + tail, "$2a$00$" + tail, "$2a$+4$" + tail,
		"$2x$06$" + tail, "$2$06$" + tail + "x", "$3a$06$" + tail, "$2a$06$" + strings.Repeat("!", 53),
		"$2a$06$" + tail + "x", "$2a$06$" + tail[1:], "$2a$06$" + tail + "\n", "$2a$06x" + tail, "\x00",
	} {
		f.Add(stored)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		hashes, usable := comparisons(stored, testCost)
		if usable && string(hashes[0]) != stored {
			t.Errorf("the first hash is %q, want the stored one", hashes[0])
		}
		want := 1 << testCost
		if own, _ := costOf(stored); usable && own > testCost {
			want = 1 << min(own, testCost+maxSurplus)
		}
		if got := rounds(t, hashes); got != want {
			t.Errorf("%d rounds, want %d", got, want)
		}
	})
}

func BenchmarkMatches(b *testing.B) {
	h := NewHasher(Options{Workers: 1})
	defer h.Close()
	stored, err := h.Hash(b.Context(), "acme", "correct horse")
	if err != nil {
		b.Fatal(err)
	}
	cheap, err := bcrypt.GenerateFromPassword([]byte("correct horse"), Cost-2)
	if err != nil {
		b.Fatal(err)
	}
	for name, hash := range map[string]string{"wrong": stored, "unknown": "", "cheap": string(cheap)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if matches, err := h.Matches(b.Context(), "acme", hash, "incorrect horse"); err != nil || matches {
					b.Fatal(matches, err)
				}
			}
		})
	}
}
