package kitcontent_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/kitcontent"
)

// TestRecordedHashes verifies hashes of stored content that earlier releases computed: kits of the demo data, kits that
// were created by the API, and rows with absent members. A recorded hash never changes.
func TestRecordedHashes(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/hashes.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded []struct {
		Name      string                  `json:"name"`
		Hash      string                  `json:"hash"`
		Criteria  []stored.KitCriterionV1 `json:"criteria"`
		Questions []stored.KitQuestionV1  `json:"questions"`
	}
	if err := json.Unmarshal(file, &recorded); err != nil {
		t.Fatal(err)
	}
	if len(recorded) != 9 {
		t.Errorf("got %d recorded hashes, want 9", len(recorded))
	}
	for _, version := range recorded {
		t.Run(version.Name, func(t *testing.T) {
			t.Parallel()
			got, err := kitcontent.Hash(version.Criteria, version.Questions)
			if err != nil || got != version.Hash {
				t.Errorf("got %s, %v, want %s", got, err, version.Hash)
			}
		})
	}
}
