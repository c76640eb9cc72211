package schema_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestMain ignores the goroutine that golang-migrate leaves behind after a failed migration: it reads ahead.
func TestMain(m *testing.M) {
	testkit.Main(m, goleak.IgnoreAnyFunction("github.com/golang-migrate/migrate/v4.(*Migration).Buffer"))
}
