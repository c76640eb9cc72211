package contract

import (
	"testing"

	"github.com/google/uuid"
)

// TestStreamsOfOneCaller lets each caller have so many at once, and forgets those that have ended.
func TestStreamsOfOneCaller(t *testing.T) {
	t.Parallel()
	var s streams
	nora, emil := uuid.New(), uuid.New()
	for range streamsEach {
		if !s.begin(nora) {
			t.Fatal("a stream within the bound was refused")
		}
	}
	if s.begin(nora) {
		t.Error("a stream beyond the bound was let through")
	}
	if !s.begin(emil) {
		t.Error("one caller's streams count against another")
	}
	s.end(nora)
	if !s.begin(nora) {
		t.Error("a stream that has ended still counts")
	}
	s.end(emil)
	for range streamsEach {
		s.end(nora)
	}
	if len(s.open) != 0 {
		t.Errorf("ended streams are remembered: %v", s.open)
	}
}
