package events_test

import (
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
