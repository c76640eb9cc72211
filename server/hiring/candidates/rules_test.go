package candidates

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	openapi_types "github.com/oapi-codegen/runtime/types"
	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

func roles() []stored.Role {
	return []stored.Role{stored.RoleEmployee, stored.RoleTeamLead, stored.RoleHR, stored.RoleAdmin}
}

// TestDecide covers every combination of status, action, role and busy.
func TestDecide(t *testing.T) {
	t.Parallel()
	const active, archived = stored.CandidateStatusActive, stored.CandidateStatusArchived
	type input struct {
		status stored.CandidateStatus
		action api.CandidateAction
		busy   bool
	}
	type decision struct {
		to   stored.CandidateStatus
		code fault.Code
	}
	for in, managers := range map[input]decision{
		{active, api.CandidateActionUpdate, false}:    {to: active},
		{active, api.CandidateActionUpdate, true}:     {to: active},
		{active, api.CandidateActionApply, false}:     {to: active},
		{active, api.CandidateActionApply, true}:      {to: active},
		{active, api.CandidateActionArchive, false}:   {to: archived},
		{active, api.CandidateActionArchive, true}:    {code: fault.ActiveApplications},
		{active, api.CandidateActionRestore, false}:   {code: fault.StateConflict},
		{active, api.CandidateActionRestore, true}:    {code: fault.StateConflict},
		{archived, api.CandidateActionUpdate, false}:  {to: archived},
		{archived, api.CandidateActionUpdate, true}:   {to: archived},
		{archived, api.CandidateActionApply, false}:   {code: fault.StateConflict},
		{archived, api.CandidateActionApply, true}:    {code: fault.StateConflict},
		{archived, api.CandidateActionArchive, false}: {code: fault.StateConflict},
		{archived, api.CandidateActionArchive, true}:  {code: fault.StateConflict},
		{archived, api.CandidateActionRestore, false}: {to: active},
		{archived, api.CandidateActionRestore, true}:  {to: active},
	} {
		t.Run(fmt.Sprintf("%s %s, busy %t", in.action, in.status, in.busy), func(t *testing.T) {
			t.Parallel()
			for _, role := range roles() {
				relation, want := lifecycle.Relation{Role: role}, managers
				if role == stored.RoleEmployee || role == stored.RoleTeamLead {
					want = decision{code: fault.RoleNotAllowed}
				}
				to, err := decide(in.status, in.action, relation, in.busy)
				if want.code == "" && (err != nil || to != want.to) || want.code != "" && !fault.Is(err, want.code) {
					t.Errorf("%s %+v: got %s, %v, want %+v", role, in, to, err, want)
				}

				// The allowed actions agree with the decision, also in the problem of a conflict.
				allowed := allowedActions(in.status, relation, in.busy)
				if slices.Contains(allowed, in.action) != (err == nil) {
					t.Errorf("%s %+v: got allowed actions %v, but the decision is %v", role, in, allowed, err)
				}
				if allowed == nil {
					t.Errorf("%s %+v: got nil as allowed actions, want a list", role, in)
				}
				var f *fault.Fault
				if errors.As(err, &f) && f.Kind() == fault.Conflict {
					state, actions := f.State()
					if state != string(in.status) || fmt.Sprint(actions) != fmt.Sprint(allowed) {
						t.Errorf("%s %+v: got state %s and actions %v, want %s and %v", role, in, state, actions, in.status, allowed)
					}
				}
			}
		})
	}
}

// describeErrors formats errors as "/pointer code", separated by commas.
func describeErrors(fieldErrors []fault.Field) string {
	texts := make([]string, len(fieldErrors))
	for i, field := range fieldErrors {
		texts[i] = field.Pointer + " " + field.Code
	}
	return strings.Join(texts, ", ")
}

func TestCheckProfile(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	for name, test := range map[string]struct {
		change func(p *profile)
		want   string
	}{
		"valid": {func(*profile) {}, ""},
		"blank names": {
			func(p *profile) { p.FirstName, p.LastName = "", "\u2003" }, "/first_name blank, /last_name blank",
		},
		"control character":  {func(p *profile) { p.Location = text("Os\x1blo") }, "/location control_character"},
		"direction override": {func(p *profile) { p.Source = text("web\u202etis") }, "/source control_character"},
		"blank phone":        {func(p *profile) { p.Phone = text("") }, "/phone blank"},
		"blank tag":          {func(p *profile) { p.Tags = []string{"a", ""} }, "/tags/1 blank"},
		"control in tag":     {func(p *profile) { p.Tags = []string{"a\u0007"} }, "/tags/0 control_character"},
		"links":              {func(p *profile) { p.Links = []string{"https://a.example/x?y#z", "http://[::1]:80/"} }, ""},
		"links without a host": {
			func(p *profile) { p.Links = []string{"https://:443/x", "http:///x"} }, "/links/0 link, /links/1 link",
		},
		"other scheme":       {func(p *profile) { p.Links = []string{"javascript:alert(1)"} }, "/links/0 link"},
		"bad escape in link": {func(p *profile) { p.Links = []string{"https://a.example/%zz"} }, "/links/0 link"},
		"direction in link":  {func(p *profile) { p.Links = []string{"https://a.example/\u202e"} }, "/links/0 control_character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := emptyProfile()
			p.FirstName, p.LastName = "Mira", "Solheim"
			test.change(&p)
			if got := describeErrors(checkProfile(p)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if err := asError(checkProfile(p)); (err != nil) != (test.want != "") {
				t.Errorf("got error %v, want one: %t", err, test.want != "")
			}
		})
	}
}

func TestSearchPattern(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// With a letter or digit: accepted.
		"berg": "%berg%", "- abc -": "%- abc -%", "a": "%a%", "山田": "%山田%", "7": "%7%", "c++": "%c++%", "o'n": "%o'n%",
		`a\b`: `%a\\b%`, "a_b_c%d": `%a\_b\_c\%d%`,
		// Without: refused.
		"": "", " ": "", "%": "", "___": "", "@": "", "++": "", "😀😀😀": "", "\u200d\u0301": "",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := searchPattern(text)
			if got != want || (err != nil) != (want == "") {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
			if err != nil && !fault.Is(err, fault.RuleViolated) {
				t.Errorf("got %v, want %s", err, fault.RuleViolated)
			}
		})
	}
}

// TestNormalizeTags checks that normalized tags are trimmed, without duplicates, and do not change when normalized
// again.
func TestNormalizeTags(t *testing.T) {
	t.Parallel()
	got := normalizeTags([]string{" ROS2", "ros2", "Straße", "\u00a0a b ", ""})
	if want := []string{"ros2", "straße", "a b", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		tags := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("aAäÄ \u00a0ß"))), 0, 6).Draw(t, "tags")
		once := normalizeTags(tags)
		if once == nil || !slices.Equal(normalizeTags(once), once) {
			t.Fatalf("%q is normalized to %q, and that to %q", tags, once, normalizeTags(once))
		}
		for i, tag := range once {
			if tag != strings.TrimSpace(tag) || slices.Contains(once[:i], tag) {
				t.Fatalf("%q is normalized to %q", tags, once)
			}
		}
	})
}

// TestPatched patches every field of a profile with a value and with null. The keys are the fields that change.
func TestPatched(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	before := profile{
		FirstName: "Mira", LastName: "Solheim", Email: text("mira@mail.example"), Phone: text("123"), Location: text("Oslo"),
		Links: []string{"https://a.example"}, Tags: []string{"a"}, Source: text("fair"), ExternalID: text("ats-1"),
	}
	null, value := nullable.NewNullNullable[string](), nullable.NewNullableWithValue(" x ")
	for want, patch := range map[string]api.UpdateCandidateRequest{
		"":            {},
		"first_name":  {FirstName: text(" M ")},
		"last_name":   {LastName: text("S")},
		"email":       {Email: nullable.NewNullableWithValue(openapi_types.Email("New@Mail.example"))},
		"phone":       {Phone: value},
		"location":    {Location: value},
		"links":       {Links: []string{}},
		"tags":        {Tags: []string{"A", "b"}},
		"source":      {Source: value},
		"external_id": {ExternalID: nullable.NewNullableWithValue("x")},
		"email,phone,location,source,external_id": {
			Email: nullable.NewNullNullable[openapi_types.Email](), Phone: null, Location: null, Source: null, ExternalID: null,
		},
	} {
		t.Run("changed: "+want, func(t *testing.T) {
			t.Parallel()
			edited := before.patched(patch)
			if got := strings.Join(changedFields(before, edited), ","); got != want {
				t.Errorf("got changed fields %q, want %q", got, want)
			}
			if got := changedFields(edited, edited.patched(patch)); len(got) > 0 {
				t.Errorf("the patch of %q changes %q when applied again", want, got)
			}
		})
	}

	edited := before.patched(api.UpdateCandidateRequest{
		FirstName: text(" M "), Email: nullable.NewNullableWithValue(openapi_types.Email("New@Mail.example")),
		Phone: null, Source: value, Tags: []string{"A", "b"},
	})
	if edited.FirstName != "M" || *edited.Email != "new@mail.example" || edited.Phone != nil || *edited.Source != "x" ||
		!slices.Equal(edited.Tags, []string{"a", "b"}) || *edited.Location != "Oslo" {
		t.Errorf("got %+v", edited)
	}
}
