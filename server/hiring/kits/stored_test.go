package kits_test

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestStoredContentKeepsItsHash publishes content that earlier releases stored. The hash must be the one that they
// computed, and reading and patching must neither add nor remove members.
func TestStoredContentKeepsItsHash(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../kitcontent/testdata/hashes.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded []struct{ Name, Hash string }
	var contents []struct{ Criteria, Questions json.RawMessage }
	for _, into := range []any{&recorded, &contents} {
		if err := json.Unmarshal(file, into); err != nil {
			t.Fatal(err)
		}
	}
	f := newFixture(t)
	for i, version := range recorded {
		switch version.Name {
		case "empty", "members absent, null and set", "other order, notation and unknown members":
			// The service never accepted this content.
			continue
		}
		t.Run(version.Name, func(t *testing.T) {
			t.Parallel()
			client := f.as[api.RoleHr].In(t)
			kit, draft := f.hiring.KitVersion(api.KitVersionStatusDraft)
			f.Exec(`UPDATE kit_versions SET criteria = $3, questions = $4 WHERE company_id = $1 AND id = $2`,
				f.acme.ID, draft, contents[i].Criteria, contents[i].Questions)
			before := getVersion(client, kit, draft)
			published := testkit.Decode[api.KitVersion](client.Post(path(kit, "versions", draft, "publish"), nil).Expect(http.StatusOK))
			if got := published.ContentHash.MustGet(); got != version.Hash {
				t.Errorf("hash: got %s, want %s", got, version.Hash)
			}
			if !reflect.DeepEqual(published.Criteria, before.Criteria) || !reflect.DeepEqual(published.Questions, before.Questions) {
				t.Errorf("content: got %+v and %+v, want %+v and %+v", published.Criteria, published.Questions, before.Criteria, before.Questions)
			}
		})
	}
}
