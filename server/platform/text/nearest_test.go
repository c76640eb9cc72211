package text_test

import (
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"email", "phone", "first_name", "last_name", "status"}
	for word, want := range map[string]string{
		"emial": "email", "EMAIL": "email", "e-mail": "email", "frist_name": "first_name", "last-name": "last_name",
		"lastname": "last_name", "statsu": "status", "shoe_size": "", "": "", "x": "", "fone": "phone", "phon": "phone",
		strings.Repeat("x", 100_000): "",
	} {
		t.Run(word[:min(len(word), 20)], func(t *testing.T) {
			t.Parallel()
			if got := text.Nearest(word, known); got != want {
				t.Errorf("%.20q: got %q, want %q", word, got, want)
			}
		})
	}
}
