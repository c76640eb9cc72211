package gate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
)

func TestCheckPart(t *testing.T) {
	t.Parallel()
	c, err := gate.Load(document(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		members map[string]any
		wrong   string
	}{
		{map[string]any{}, ""},
		{map[string]any{"first_name": "Mira", "email": nil, "tags": []any{"a", "b"}, "external_id": "ats 1"}, ""},
		{map[string]any{"email": "mira@mail"}, "/email format"},
		{map[string]any{"email": strings.Repeat("a", 65) + "@mail.example"}, "/email format"},
		{map[string]any{"first_name": ""}, "/first_name min_length, /first_name pattern"},
		{map[string]any{"last_name": strings.Repeat("é", 101)}, "/last_name max_length"},
		{map[string]any{"last_name": nil}, "/last_name type"},
		{map[string]any{"links": []any{"ftp://a.example/x"}}, "/links/0 pattern"},
		{map[string]any{"tags": []any{"a", "a"}}, "/tags unique_items"},
		{map[string]any{"tags": []any{"a", " b", "c|d"}, "phone": "1"}, "/phone min_length, /tags/1 pattern, /tags/2 pattern"},
		{map[string]any{"status": "active"}, "/status unknown"},
	} {
		var said []string
		for _, field := range c.CheckPart("CreateCandidateRequest", test.members) {
			said = append(said, field.Pointer+" "+field.Code)
		}
		if got := strings.Join(said, ", "); got != test.wrong {
			t.Errorf("%v: %s, want %s", test.members, got, test.wrong)
		}
	}
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, `"Nothing"`) {
			t.Errorf("a schema that is not there: %s", said)
		}
	}()
	c.CheckPart("Nothing", nil)
}
