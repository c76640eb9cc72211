package schema_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestMain ignores what golang-migrate leaves behind after a migration that fails: it reads the next migrations ahead.
func TestMain(m *testing.M) {
	testkit.Main(m, goleak.IgnoreAnyFunction("github.com/golang-migrate/migrate/v4.(*Migration).Buffer"))
}
