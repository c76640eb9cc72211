package gate_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestCheckPart(t *testing.T) {
	t.Parallel()
	c := load(t)
	for name, test := range map[string]struct {
		members map[string]any
		wrong   string
	}{
		"nothing": {map[string]any{}, ""},
		"valid members": {
			map[string]any{"first_name": "Mira", "email": nil, "tags": []any{"a", "b"}, "external_id": "ats 1"}, "",
		},
		"an email without a dot":    {map[string]any{"email": "mira@mail"}, "/email format"},
		"an email that is too long": {map[string]any{"email": strings.Repeat("a", 65) + "@mail.example"}, "/email format"},
		"an empty name":             {map[string]any{"first_name": ""}, "/first_name min_length, /first_name pattern"},
		"a name that is too long":   {map[string]any{"last_name": strings.Repeat("é", 101)}, "/last_name max_length"},
		"a name that is null":       {map[string]any{"last_name": nil}, "/last_name type"},
		"a link that is not http":   {map[string]any{"links": []any{"ftp://a.example/x"}}, "/links/0 pattern"},
		"a duplicate tag":           {map[string]any{"tags": []any{"a", "a"}}, "/tags unique_items"},
		"several": {
			map[string]any{"tags": []any{"a", " b", "c|d"}, "phone": "1"}, "/phone min_length, /tags/1 pattern, /tags/2 pattern",
		},
		"an unknown member": {map[string]any{"status": "active"}, "/status unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said []string
			for _, field := range c.CheckPart("CreateCandidateRequest", test.members) {
				said = append(said, field.Pointer+" "+field.Code)
			}
			if got := strings.Join(said, ", "); got != test.wrong {
				t.Errorf("%s, want %s", got, test.wrong)
			}
		})
	}
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, `"Nothing"`) {
			t.Errorf("an unknown schema: %s", said)
		}
	}()
	c.CheckPart("Nothing", nil)
}
