package schema_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// update rewrites rights.txt: go test ./server/platform/schema -run TestRightsAreListed -update.
var update = flag.Bool("update", false, "write rights.txt from the migrations") //nolint:gochecknoglobals // a flag

// TestRightsAreListed compares the list of rights that the program expects with those of a migrated database.
func TestRightsAreListed(t *testing.T) {
	t.Parallel()
	got, err := schema.Rights(t.Context(), testkit.New(t).Database)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("rights.txt", []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	same(t, "rights; if the migrations are right, run with -update", got, schema.ExpectedRights())
}
