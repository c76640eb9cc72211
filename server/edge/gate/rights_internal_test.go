package gate

import (
	"testing"

	"github.com/google/uuid"
)

// TestLost compares the jobs to which an API key was limited with those to which it is limited now.
func TestLost(t *testing.T) {
	t.Parallel()
	a, b := uuid.UUID{1}, uuid.UUID{2}
	for name, test := range map[string]struct {
		before, now []uuid.UUID
		want        bool
	}{
		"unlimited":         {nil, nil, false},
		"limited":           {nil, []uuid.UUID{a}, true},
		"no longer limited": {[]uuid.UUID{a}, nil, false},
		"same job":          {[]uuid.UUID{a}, []uuid.UUID{a}, false},
		"one job more":      {[]uuid.UUID{a}, []uuid.UUID{b, a}, false},
		"one job fewer":     {[]uuid.UUID{a, b}, []uuid.UUID{a}, true},
		"another job":       {[]uuid.UUID{a}, []uuid.UUID{b}, true},
		"no job":            {[]uuid.UUID{a}, []uuid.UUID{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := lost(test.before, test.now); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
