package telemetry_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// gated is a writer that waits before each write until the test allows it.
type gated struct {
	allowed chan struct{}
	text    bytes.Buffer
	writes  int
}

func (g *gated) Write(p []byte) (int, error) {
	<-g.allowed
	g.writes++
	return g.text.Write(p)
}

func TestLinesAreWrittenInOrderAndTogether(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 500
	out := &gated{allowed: make(chan struct{})}
	lines := telemetry.NewLines(out)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if _, err := fmt.Fprintf(lines, "%d %d\n", w, i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait() // nothing waits for the writer
	close(out.allowed)
	if err := lines.Close(); err != nil {
		t.Fatal(err)
	}
	next := map[int]int{}
	for line := range strings.Lines(out.text.String()) {
		var w, i int
		if _, err := fmt.Sscanf(line, "%d %d\n", &w, &i); err != nil || next[w] != i {
			t.Fatalf("got line %q after %d lines of its writer: %v", line, next[w], err)
		}
		next[w]++
	}
	for w := range writers {
		if next[w] != each {
			t.Errorf("writer %d: got %d lines, want %d", w, next[w], each)
		}
	}
	if out.writes > 2 {
		t.Errorf("the lines were written by %d calls, want at most 2", out.writes)
	}
}

func TestLinesAreBounded(t *testing.T) {
	t.Parallel()
	out := &gated{allowed: make(chan struct{})}
	lines := telemetry.NewLines(out)
	const size, count = 64 << 10, 64
	written := make(chan int, count)
	go func() {
		defer close(written)
		for i := range count {
			_, _ = lines.Write(bytes.Repeat([]byte{'a'}, size))
			written <- i
		}
	}()
	// One mebibyte waits, and at most as much was taken by the writer.
	for range 16 {
		<-written
	}
	if more := len(written); more > 16 {
		t.Errorf("%d writes did not wait, want at most 32", 16+more)
	}
	close(out.allowed)
	for range written {
	}
	if err := lines.Close(); err != nil || out.text.Len() != size*count {
		t.Errorf("got %d bytes, %v; want %d", out.text.Len(), err, size*count)
	}
}

func TestLinesAfterClose(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	lines := telemetry.NewLines(&out)
	_, _ = io.WriteString(lines, "before\n")
	if err := lines.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(lines, "after\n"); err != nil || out.String() != "before\nafter\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

// broken is a writer that fails.
type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestLinesReportErrors(t *testing.T) {
	t.Parallel()
	want := errors.New("disk full")
	lines := telemetry.NewLines(broken{want})
	_, _ = io.WriteString(lines, "line\n")
	if err := lines.Close(); !errors.Is(err, want) {
		t.Errorf("Close returned %v, want %v", err, want)
	}
}
