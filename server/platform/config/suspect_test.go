package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

func TestSuspects(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(file, []byte("PORT=1\nCOLOR=blue\nSECRETKEY=x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"HOME=/", "PATH=/bin", "ACCESS_TOKEN_EXPIRE_MINUTE=5", "DATABASE_URL=x", "PWD=/", "USER=x", "REDIS_URI=x"}
	got, err := config.Suspects(environ, file)
	want := []config.Suspect{
		{"ACCESS_TOKEN_EXPIRE_MINUTE", "ACCESS_TOKEN_EXPIRE_MINUTES"}, {"COLOR", ""}, {"REDIS_URI", "REDIS_URL"}, {"SECRETKEY", "SECRET_KEY"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v and error %v, want %v", got, err, want)
	}
}
