package smtp_test

import (
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/testkit/leak"
)

func TestMain(m *testing.M) { leak.Main(m, func() error { return nil }) }
