package idempotency

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// example returns a request and what the gate knows about it.
func example(t *testing.T) (*http.Request, Request) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/jobs?dry_run=true", http.NoBody)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("If-Match", `"1"`)
	return r, Request{
		Operation: "CreateJob", Key: "key", Query: url.Values{"dry_run": {"true"}}, Body: []byte(`{"title":"Welder"}`),
	}
}

func sumOf(t *testing.T, r *http.Request, about Request) [32]byte {
	t.Helper()
	sum, err := take(r, about).sum()
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestFingerprint checks which parts of a request identify it.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(r *http.Request, about *Request)
		same   bool
	}{
		"unchanged":     {func(*http.Request, *Request) {}, true},
		"key":           {func(_ *http.Request, about *Request) { about.Key = "other" }, true},
		"raw query":     {func(r *http.Request, _ *Request) { r.URL.RawQuery = "dry_run=true&limit=50" }, true},
		"other header":  {func(r *http.Request, _ *Request) { r.Header.Set("User-Agent", "other") }, true},
		"operation":     {func(_ *http.Request, about *Request) { about.Operation = "CreateKit" }, false},
		"path":          {func(r *http.Request, _ *Request) { r.URL.Path = "/api/v1/kits" }, false},
		"query":         {func(_ *http.Request, about *Request) { about.Query = url.Values{"dry_run": {"false"}} }, false},
		"no query":      {func(_ *http.Request, about *Request) { about.Query = nil }, false},
		"If-Match":      {func(r *http.Request, _ *Request) { r.Header.Set("If-Match", `"2"`) }, false},
		"no If-Match":   {func(r *http.Request, _ *Request) { r.Header.Del("If-Match") }, false},
		"media type":    {func(r *http.Request, _ *Request) { r.Header.Set("Content-Type", "text/csv") }, false},
		"body":          {func(_ *http.Request, about *Request) { about.Body = []byte(`{"title":"Fitter"}`) }, false},
		"no body":       {func(_ *http.Request, about *Request) { about.Body = nil }, false},
		"shifted parts": {shiftParts, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, about := example(t)
			want := sumOf(t, r, about)
			test.change(r, &about)
			if got := sumOf(t, r, about); (got == want) != test.same {
				t.Errorf("same fingerprint: got %t, want %t", got == want, test.same)
			}
		})
	}
}

// shiftParts moves a byte from the path to the operation, so that the concatenation of all parts stays the same.
func shiftParts(r *http.Request, about *Request) {
	about.Operation += r.URL.Path[:1]
	r.URL.Path = r.URL.Path[1:]
}

// TestFingerprintOfStream checks that a streamed body counts as a whole, however much of it the operation reads.
func TestFingerprintOfStream(t *testing.T) {
	t.Parallel()
	const body = "first_name,last_name\r\nMira,Solheim\r\n"
	stream := func(body io.Reader) (*http.Request, *fingerprint) {
		r, about := example(t)
		r.Body, about.Body, about.Streams = io.NopCloser(body), nil, true
		return r, take(r, about)
	}
	_, unread := stream(strings.NewReader(body))
	want, err := unread.sum()
	if err != nil {
		t.Fatal(err)
	}

	t.Run("read partly", func(t *testing.T) {
		t.Parallel()
		r, fp := stream(strings.NewReader(body))
		if _, err := io.ReadFull(r.Body, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		if got, err := fp.sum(); err != nil || got != want {
			t.Errorf("got %x (error %v), want %x", got, err, want)
		}
	})
	t.Run("read completely", func(t *testing.T) {
		t.Parallel()
		r, fp := stream(strings.NewReader(body))
		if got, err := io.ReadAll(r.Body); err != nil || string(got) != body {
			t.Fatalf("body of the operation: got %q (error %v), want %q", got, err, body)
		}
		if got, err := fp.sum(); err != nil || got != want {
			t.Errorf("got %x (error %v), want %x", got, err, want)
		}
	})
	t.Run("taken twice", func(t *testing.T) {
		t.Parallel()
		_, fp := stream(strings.NewReader(body))
		_, _ = fp.sum()
		if got, err := fp.sum(); err != nil || got != want {
			t.Errorf("got %x (error %v), want %x", got, err, want)
		}
	})
	t.Run("another end", func(t *testing.T) {
		t.Parallel()
		_, fp := stream(strings.NewReader(body + "Tom,Quiroga\r\n"))
		if got, err := fp.sum(); err != nil || got == want {
			t.Errorf("got %x (error %v), want another fingerprint", got, err)
		}
	})
	t.Run("closed", func(t *testing.T) {
		t.Parallel()
		_, fp := stream(io.MultiReader(strings.NewReader(body), iotest.ErrReader(http.ErrBodyReadAfterClose)))
		if got, err := fp.sum(); err != nil || got != want {
			t.Errorf("got %x (error %v), want %x", got, err, want)
		}
	})
	t.Run("broken", func(t *testing.T) {
		t.Parallel()
		_, fp := stream(io.MultiReader(strings.NewReader(body), iotest.ErrReader(io.ErrUnexpectedEOF)))
		if _, err := fp.sum(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got error %v, want %v", err, io.ErrUnexpectedEOF)
		}
	})
}

// TestRightsWithin checks which changes of an actor's rights permit a replay.
func TestRightsWithin(t *testing.T) {
	t.Parallel()
	job, other := uuid.New(), uuid.New()
	user := func(role stored.Role) access.Actor { return access.Actor{Kind: access.KindUser, Role: role} }
	key := func(scopes []string, jobs ...uuid.UUID) access.Actor {
		return access.Actor{Kind: access.KindAPIKey, Role: stored.RoleHR, Key: &access.Key{Scopes: scopes, Jobs: jobs}}
	}
	both := []string{"jobs:read", "jobs:write"}
	for name, test := range map[string]struct {
		recorded, present access.Actor
		want              bool
	}{
		"same role":            {user(stored.RoleHR), user(stored.RoleHR), true},
		"higher role":          {user(stored.RoleHR), user(stored.RoleAdmin), false},
		"lower role":           {user(stored.RoleHR), user(stored.RoleEmployee), false},
		"same scopes":          {key(both), key(both), true},
		"more scopes":          {key(both[:1]), key(both), true},
		"scopes reordered":     {key(both), key([]string{"jobs:write", "jobs:read"}), true},
		"scope lost":           {key(both), key(both[:1]), false},
		"scope exchanged":      {key(both[:1]), key([]string{"kits:read"}), false},
		"same jobs":            {key(both, job), key(both, job), true},
		"more jobs":            {key(both, job), key(both, job, other), true},
		"job lost":             {key(both, job, other), key(both, job), false},
		"no longer limited":    {key(both, job), key(both), true},
		"limited since":        {key(both), key(both, job), false},
		"limited to no job":    {key(both, job), access.Actor{Kind: access.KindAPIKey, Key: &access.Key{Scopes: both, Jobs: []uuid.UUID{}}}, false},
		"user and key":         {user(stored.RoleHR), key(both), false},
		"key and user":         {key(both), user(stored.RoleHR), false},
		"key without scopes":   {key(nil), key(both), true},
		"unlimited, no scopes": {key(nil), key(nil, job), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := rightsOf(test.recorded).within(rightsOf(test.present)); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// TestSealedRecord checks that only the secret and the key that sealed a record open it.
func TestSealedRecord(t *testing.T) {
	t.Parallel()
	secret := []byte("a secret of the server")
	want := record{
		[32]byte{1}, rights{Role: stored.RoleHR}, Response{http.StatusCreated, http.Header{"Etag": {`"1"`}}, []byte("secret body")},
	}
	sealed, err := seal(secret, "key", want)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, want.Response.Body) {
		t.Error("the sealed record contains the body")
	}

	got, err := open(secret, "key", sealed)
	if err != nil {
		t.Fatal(err)
	}
	if got.Sum != want.Sum || got.Rights.Role != want.Rights.Role || got.Response.Status != want.Response.Status ||
		got.Response.Header.Get("ETag") != `"1"` || !bytes.Equal(got.Response.Body, want.Response.Body) {
		t.Errorf("got %+v, want %+v", got, want)
	}

	tampered := bytes.Clone(sealed)
	tampered[len(tampered)/2] ^= 1
	for name, test := range map[string]struct {
		secret []byte
		key    string
		sealed []byte
	}{
		"another secret": {[]byte("another secret"), "key", sealed},
		"another key":    {secret, "other", sealed},
		"tampered":       {secret, "key", tampered},
		"truncated":      {secret, "key", sealed[:len(sealed)-1]},
		"empty":          {secret, "key", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := open(test.secret, test.key, test.sealed); !errors.Is(err, errSealed) {
				t.Errorf("got error %v, want %v", err, errSealed)
			}
		})
	}
}
