package candidates

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oapi-codegen/nullable"
	openapi_types "github.com/oapi-codegen/runtime/types"
	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

func roles() []api.Role {
	return []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin}
}

// TestDecide goes through every status, action, role and occupation.
func TestDecide(t *testing.T) {
	t.Parallel()
	const active, archived = api.CandidateStatusActive, api.CandidateStatusArchived
	type question struct {
		status api.CandidateStatus
		action api.CandidateAction
		busy   bool
	}
	type answer struct {
		to   api.CandidateStatus
		code fault.Code
	}
	answers := map[question]answer{
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
	}
	for asked, want := range answers {
		for _, role := range roles() {
			who := lifecycle.Standing{Role: role}
			if role == api.RoleEmployee || role == api.RoleTeamLead {
				want = answer{code: fault.RoleNotAllowed}
			} else {
				want = answers[asked]
			}
			to, err := decide(asked.status, asked.action, who, asked.busy)
			if want.code == "" && (err != nil || to != want.to) || want.code != "" && !fault.Is(err, want.code) {
				t.Errorf("%s %+v: %s, %v, want %+v", role, asked, to, err, want)
			}
			allowed := allowedActions(asked.status, who, asked.busy)
			if slices.Contains(allowed, asked.action) != (err == nil) {
				t.Errorf("%s %+v: offered %v, and trying gives %v", role, asked, allowed, err)
			}
			if allowed == nil {
				t.Errorf("%s %+v: the actions are nil", role, asked)
			}
			var f *fault.Fault
			if errors.As(err, &f) && f.Kind() == fault.Conflict {
				state, actions := f.State()
				if state != string(asked.status) || fmt.Sprint(actions) != fmt.Sprint(allowed) {
					t.Errorf("%s %+v: refused in %s with %v", role, asked, state, actions)
				}
			}
		}
	}
}

// said gives what is wrong as "/pointer code", each on its own.
func said(wrong []fault.Field) string {
	texts := make([]string, len(wrong))
	for i, field := range wrong {
		texts[i] = field.Pointer + " " + field.Code
	}
	return strings.Join(texts, ", ")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	for name, test := range map[string]struct {
		change func(p *profile)
		wrong  string
	}{
		"nothing":        {func(*profile) {}, ""},
		"blank names":    {func(p *profile) { p.FirstName, p.LastName = "", "\u2003" }, "/first_name blank, /last_name blank"},
		"a control":      {func(p *profile) { p.Location = text("Os\x1blo") }, "/location control_character"},
		"a direction":    {func(p *profile) { p.Source = text("web\u202etis") }, "/source control_character"},
		"a blank phone":  {func(p *profile) { p.Phone = text("") }, "/phone blank"},
		"a blank tag":    {func(p *profile) { p.Tags = []string{"a", ""} }, "/tags/1 blank"},
		"a control tag":  {func(p *profile) { p.Tags = []string{"a\u0007"} }, "/tags/0 control_character"},
		"links":          {func(p *profile) { p.Links = []string{"https://a.example/x?y#z", "http://[::1]:80/"} }, ""},
		"no host":        {func(p *profile) { p.Links = []string{"https://:443/x", "http:///x"} }, "/links/0 link, /links/1 link"},
		"another scheme": {func(p *profile) { p.Links = []string{"javascript:alert(1)"} }, "/links/0 link"},
		"no address":     {func(p *profile) { p.Links = []string{"https://a.example/%zz"} }, "/links/0 link"},
		"a hidden mark":  {func(p *profile) { p.Links = []string{"https://a.example/\u202e"} }, "/links/0 control_character"},
	} {
		p := blank()
		p.FirstName, p.LastName = "Mira", "Solheim"
		test.change(&p)
		if got := said(check(p)); got != test.wrong {
			t.Errorf("%s: %q, want %q", name, got, test.wrong)
		}
		if err := refuse(check(p)); (err != nil) != (test.wrong != "") {
			t.Errorf("%s: refused with %v", name, err)
		}
	}
}

func TestSearchPattern(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"berg": "%berg%", "abc": "%abc%", "x1y": "%x1y%", "- abc -": "%- abc -%", "a_b_c%d": `% a\_b\_c\%d%`, "鈴木一": "%鈴木一%",
		"a": "% a%", "be": "% be%", "山田": "% 山田%", "7": "% 7%", "c++": "% c++%", "o'n": "% o'n%", `a\b`: `% a\\b%`, "ab cd": "% ab cd%",
		"": "", " ": "", "%": "", "___": "", "@": "", "++": "", "😀😀😀": "", "\u200d\u0301": "",
	} {
		got, err := searchPattern(text)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q is looked for as %q, %v, want %q", text, got, err, want)
		}
		if err != nil && !fault.Is(err, fault.RuleViolated) {
			t.Errorf("%q is refused with %v", text, err)
		}
	}
}

// TestKeywords are the same however often they are made, each once, and without white space around them.
func TestKeywords(t *testing.T) {
	t.Parallel()
	if got := keywords([]string{" ROS2", "ros2", "Straße", "\u00a0a b ", ""}); !slices.Equal(got, []string{"ros2", "straße", "a b", ""}) {
		t.Errorf("kept as %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		tags := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("aAäÄ \u00a0ß"))), 0, 6).Draw(t, "tags")
		once := keywords(tags)
		if once == nil || !slices.Equal(keywords(once), once) {
			t.Fatalf("%q becomes %q and then %q", tags, once, keywords(once))
		}
		for i, tag := range once {
			if tag != strings.TrimSpace(tag) || slices.Contains(once[:i], tag) {
				t.Fatalf("%q becomes %q", tags, once)
			}
		}
	})
}

// TestPatched goes through every field of a profile in each of the three ways: absent, null, and a value.
func TestPatched(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	was := profile{
		FirstName: "Mira", LastName: "Solheim", Email: text("mira@mail.example"), Phone: text("123"), Location: text("Oslo"),
		Links: []string{"https://a.example"}, Tags: []string{"a"}, Source: text("fair"), ExternalID: text("ats-1"),
	}
	null, value := nullable.NewNullNullable[string](), nullable.NewNullableWithValue(" x ")
	for name, patch := range map[string]api.UpdateCandidateRequest{
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
		edited := was.patched(patch)
		if got := strings.Join(changes(was, edited), ","); got != name {
			t.Errorf("%s: changes %q", name, got)
		}
		if got := changes(edited, edited.patched(patch)); len(got) > 0 {
			t.Errorf("%s: once more changes %q", name, got)
		}
	}
	edited := was.patched(api.UpdateCandidateRequest{
		FirstName: text(" M "), Email: nullable.NewNullableWithValue(openapi_types.Email("New@Mail.example")), Phone: null, Source: value,
		Tags: []string{"A", "b"},
	})
	if edited.FirstName != "M" || *edited.Email != "new@mail.example" || edited.Phone != nil || *edited.Source != "x" ||
		!slices.Equal(edited.Tags, []string{"a", "b"}) || *edited.Location != "Oslo" {
		t.Errorf("edited to %+v", edited)
	}
}
