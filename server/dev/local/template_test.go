package local_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// createAnswer creates the table answer with one row.
func createAnswer(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `CREATE TABLE answer (n int); INSERT INTO answer VALUES (42)`)
	return errors.Join(err, conn.Close(ctx))
}

func TestConcurrentTemplateAndClone(t *testing.T) {
	t.Parallel()
	server := startPostgres(t, tempDir(t))
	var prepared atomic.Int32
	prepare := func(ctx context.Context, url string) error {
		prepared.Add(1)
		return createAnswer(ctx, url)
	}
	// The group ends after its parallel subtests, so prepared is final afterwards.
	t.Run("group", func(t *testing.T) {
		for i := range 8 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				if err := server.Template(t.Context(), `a "template"`, prepare); err != nil {
					t.Fatal(err)
				}
				url, drop, err := server.Clone(t.Context(), `a "template"`)
				if err != nil {
					t.Fatal(err)
				}
				if got := answer(t, url); got != 42 {
					t.Errorf("row of the clone: got %d, want 42", got)
				}
				execute(t, url, `UPDATE answer SET n = `+strconv.Itoa(i))
				if got := answer(t, url); got != i {
					t.Errorf("row of the clone after the update: got %d, want %d", got, i)
				}
				if err := drop(); err != nil { // with a connection still open
					t.Error(err)
				}
				if _, err := pgx.Connect(t.Context(), url); err == nil {
					t.Error("the dropped clone accepts connections")
				}
			})
		}
	})
	if n := prepared.Load(); n != 1 {
		t.Errorf("calls of prepare: got %d, want 1", n)
	}
}

func TestTemplateReplacesIncompleteOne(t *testing.T) {
	t.Parallel()
	server := startPostgres(t, tempDir(t))
	failure := errors.New("a migration fails")
	err := server.Template(t.Context(), "broken", func(ctx context.Context, url string) error {
		return errors.Join(createAnswer(ctx, url), failure)
	})
	if !errors.Is(err, failure) {
		t.Fatalf("got error %v, want that of prepare", err)
	}
	if err := server.Template(t.Context(), "broken", createAnswer); err != nil {
		t.Fatal(err)
	}

	// The clone can be dropped after its context has ended.
	ctx, cancel := context.WithCancel(t.Context())
	_, drop, err := server.Clone(ctx, "broken")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := drop(); err != nil {
		t.Errorf("drop after the context has ended: %v", err)
	}
}
