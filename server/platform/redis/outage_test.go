package redis_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

func TestStartsWithoutRedisAndFindsIt(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	r := open(t, server.URL, redis.Options{Timeout: patient})
	if err := r.Up(t.Context()); !errors.Is(err, redis.ErrDown) {
		t.Fatalf("without a server: %v, want ErrDown", err)
	}
	server.Start()
	comesUp(t, r)
}

func TestKilledAndBackEmpty(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: patient})
	comesUp(t, r)
	if err := set(t.Context(), r, "v"); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, eternity, "cached", func() bool {
		value, hit, err := cached(t.Context(), r)
		return err == nil && value == "v" && hit
	})

	server.Kill()
	goesDown(t, r)
	if _, _, err := cached(t.Context(), r); !errors.Is(err, redis.ErrDown) {
		t.Errorf("cached read without a server: %v, want ErrDown", err)
	}

	server.Start()
	comesUp(t, r)
	if value, _, err := cached(t.Context(), r); !rueidis.IsRedisNil(err) {
		t.Errorf("after a restart empty: %q, %v, want nothing", value, err)
	}
}

// More callers than rueidis has room for must all come back from a server that hangs, also those whom rueidis parks
// without regard to their context.
func TestHungReleasesEveryCaller(t *testing.T) {
	t.Parallel()
	const callers = 3000
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: patient})
	comesUp(t, r)

	server.Hang()
	var all sync.WaitGroup
	errs := make(chan error, callers)
	for range callers {
		all.Go(func() { errs <- set(t.Context(), r, "v") })
	}
	released := make(chan struct{})
	go func() { all.Wait(); close(released) }()
	select {
	case <-released:
	case <-time.After(eternity):
		t.Fatal("some callers still wait")
	}
	close(errs)
	for err := range errs {
		if !errors.Is(err, redis.ErrDown) {
			t.Fatalf("a caller got %v, want ErrDown", err)
		}
	}

	server.Resume()
	comesUp(t, r)
}

// While a server hangs, what was invalidated on it does not reach us: nothing cached may be believed for long, though
// nobody asks the server anything.
func TestHungEndsTheCache(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: patient})
	comesUp(t, r)
	if err := set(t.Context(), r, "v"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := cached(t.Context(), r); err != nil {
		t.Fatal(err)
	}

	server.Hang()
	redistest.Eventually(t, recovery, "the cache is given up", func() bool {
		_, hit, err := cached(t.Context(), r)
		if err == nil && !hit {
			t.Fatal("a hung server answered")
		}
		return errors.Is(err, redis.ErrDown)
	})

	server.Resume()
	comesUp(t, r)
}

// A caller who leaves, or has little time, must not take the connection from the others.
func TestCallerWhoLeavesDuringACall(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		leave func(context.Context) (context.Context, context.CancelFunc)
		want  error
	}{
		{"cancelled", context.WithCancel, context.Canceled},
		{"out of time", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			return ctx, func() { <-ctx.Done(); cancel() }
		}, context.DeadlineExceeded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			r := open(t, server.URL, redis.Options{Timeout: eternity})
			comesUp(t, r)
			before := connection(t, r)

			server.Hang()
			ctx, leave := test.leave(t.Context())
			go leave()
			if err := r.Up(ctx); !errors.Is(err, test.want) || errors.Is(err, redis.ErrDown) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			server.Resume()
			if after := connection(t, r); after != before {
				t.Errorf("connection %d was given up for %d", before, after)
			}
		})
	}
}

// connection is the number by which the server knows our connection.
func connection(t *testing.T, r *redis.Redis) (id int64) {
	t.Helper()
	err := r.Do(t.Context(), func(ctx context.Context, c rueidis.Client) (err error) {
		id, err = c.Do(ctx, c.B().ClientId().Build()).AsInt64()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestReplicaIsNoPrimary(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: eternity})
	comesUp(t, r)
	err := r.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
		return c.Do(ctx, c.B().Replicaof().Host("127.0.0.1").Port(1).Build()).Error()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := set(t.Context(), r, "v"); !errors.Is(err, redis.ErrDown) {
		t.Errorf("a write to a replica: %v, want ErrDown", err)
	}
}
