package local_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// makeAnswer fills a database with the table answer and its one row.
func makeAnswer(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `CREATE TABLE answer (n int); INSERT INTO answer VALUES (42)`)
	return errors.Join(err, conn.Close(ctx))
}

func TestTemplateAndClones(t *testing.T) {
	t.Parallel()
	server := startPostgres(t, folder(t))
	var prepared atomic.Int32
	prepare := func(ctx context.Context, url string) error {
		prepared.Add(1)
		return makeAnswer(ctx, url)
	}
	// The group ends when all its tests have, so that the server outlives them.
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
					t.Errorf("the clone holds %d, want 42", got)
				}
				execute(t, url, `UPDATE answer SET n = `+strconv.Itoa(i))
				if got := answer(t, url); got != i {
					t.Errorf("the clone holds %d after an update to %d", got, i)
				}
				if err := drop(); err != nil { // With a connection still open.
					t.Error(err)
				}
				if _, err := pgx.Connect(t.Context(), url); err == nil {
					t.Error("the dropped clone takes connections")
				}
			})
		}
	})
	if n := prepared.Load(); n != 1 {
		t.Errorf("prepared %d times, want once", n)
	}
}

func TestUnfinishedTemplateIsMadeAnew(t *testing.T) {
	t.Parallel()
	server := startPostgres(t, folder(t))
	failure := errors.New("a migration fails")
	err := server.Template(t.Context(), "broken", func(ctx context.Context, url string) error {
		return errors.Join(makeAnswer(ctx, url), failure)
	})
	if !errors.Is(err, failure) {
		t.Fatalf("error %v, want the one of the preparation", err)
	}
	if err := server.Template(t.Context(), "broken", makeAnswer); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, drop, err := server.Clone(ctx, "broken")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := drop(); err != nil {
		t.Errorf("dropping after the context has ended: %v", err)
	}
}
