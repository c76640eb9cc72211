package mail_test

import (
	"os"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestMain runs the tests, or the process that TestKilledWhileSending kills.
func TestMain(m *testing.M) {
	if url := os.Getenv(victimDatabase); url != "" {
		runVictim(url)
		return
	}
	testkit.Main(m)
}
