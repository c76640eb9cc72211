package kits

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"
	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestWhoWritesAKit is the whole of it: for every role, whether it writes a kit of a job that somebody is a member of, and
// another.
func TestWhoWritesAKit(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	decided := map[api.Role][2]bool{
		api.RoleEmployee: {false, false}, api.RoleTeamLead: {true, false}, api.RoleHr: {true, true}, api.RoleAdmin: {true, true},
	}
	for _, name := range document.Components.Schemas["Role"].Value.Enum {
		role := api.Role(name.(string))
		for i, member := range []bool{true, false} {
			want, known := decided[role]
			if !known {
				t.Errorf("nobody has decided about %s", role)
			}
			who := lifecycle.Standing{Role: role, Member: member}
			if err := mayWrite(who); (err == nil) != want[i] || err != nil && !fault.Is(err, fault.RoleNotAllowed) {
				t.Errorf("%s, member %t: %v", role, member, err)
			}
			if got := len(kitActions(who, false)) == 2; got != want[i] {
				t.Errorf("%s, member %t, is offered %v", role, member, kitActions(who, false))
			}
			if got := slices.Equal(kitActions(who, true), []api.KitAction{api.KitActionUpdate}); got != want[i] {
				t.Errorf("%s, member %t, is offered %v while there is a draft", role, member, kitActions(who, true))
			}
		}
	}
}

// TestReach: who sees which kits, and leads which jobs. A role that nobody has decided about sees none.
func TestReach(t *testing.T) {
	t.Parallel()
	key := &access.Key{Jobs: []uuid.UUID{uuid.New()}}
	for _, c := range []struct {
		actor      access.Actor
		kits, jobs string
	}{
		{access.Actor{Role: api.RoleEmployee}, "own", "own"},
		{access.Actor{Role: api.RoleTeamLead}, "all", "jobs"},
		{access.Actor{Role: api.RoleHr}, "all", "all"},
		{access.Actor{Role: api.RoleAdmin}, "all", "all"},
		{access.Actor{Role: api.RoleHr, Key: &access.Key{}}, "all", "all"},
		{access.Actor{Role: api.RoleTeamLead, Key: key}, "jobs", "jobs"},
		{access.Actor{Role: api.RoleAdmin, Key: key}, "jobs", "jobs"},
		{access.Actor{Role: "auditor"}, "none", "none"},
	} {
		query := listQuery(c.actor, api.ListKitsParams{})
		if query.Reach != c.kits || query.JobReach != c.jobs {
			t.Errorf("%+v lists %s kits and leads %s jobs, want %s and %s", c.actor, query.Reach, query.JobReach, c.kits, c.jobs)
		}
	}
}

// sound is a content without a flaw, with what may be absent left out.
func sound() ([]api.KitQuestion, []api.KitCriterion) {
	anchors := []api.Anchor{"one", "two", "three", "four", "five"}
	questions := []api.KitQuestion{
		{Key: "outage", Text: "What happened?\nAnd then?", Criteria: []api.ContentKey{"depth", "calm"}},
		{Key: "depth", Text: "How deep?"},
	}
	criteria := []api.KitCriterion{
		{Key: "depth", Title: "Depth", Weight: 3, Required: true, Anchors: slices.Clone(anchors)},
		{Key: "calm", Title: "Calm", Weight: 1, Anchors: slices.Clone(anchors)},
	}
	return questions, criteria
}

// wrong lists what checkContent finds, as pointers and codes.
func wrong(questions []api.KitQuestion, criteria []api.KitCriterion) []string {
	f := fault.New(fault.RuleViolated)
	checkContent(f, contentOf(questions, criteria))
	found := []string{}
	for _, field := range f.Fields() {
		found = append(found, field.Pointer+" "+field.Code)
	}
	return found
}

func TestContent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(q []api.KitQuestion, c []api.KitCriterion)
		want  []string
	}{
		"nothing":                                {func([]api.KitQuestion, []api.KitCriterion) {}, nil},
		"a question's key twice":                 {func(q []api.KitQuestion, _ []api.KitCriterion) { q[1].Key = "outage" }, []string{"/questions/1/key duplicate"}},
		"a criterion's key twice":                {func(_ []api.KitQuestion, c []api.KitCriterion) { c[1].Key = "depth" }, []string{"/criteria/1/key duplicate", "/questions/0/criteria/1 unknown"}},
		"a question's key that is a criterion's": {func(q []api.KitQuestion, _ []api.KitCriterion) { q[1].Key = "calm" }, nil},
		"a criterion that is not there":          {func(q []api.KitQuestion, _ []api.KitCriterion) { q[1].Criteria = []api.ContentKey{"calm", "wit"} }, []string{"/questions/1/criteria/1 unknown"}},
		"a blank question":                       {func(q []api.KitQuestion, _ []api.KitCriterion) { q[0].Text = "\u2003\n" }, []string{"/questions/0/text blank"}},
		"a blank guidance":                       {func(q []api.KitQuestion, _ []api.KitCriterion) { q[1].Guidance = nullable.NewNullableWithValue(" ") }, []string{"/questions/1/guidance blank"}},
		"a bell in a guidance": {func(q []api.KitQuestion, _ []api.KitCriterion) {
			q[1].Guidance = nullable.NewNullableWithValue("a\u0007")
		}, []string{"/questions/1/guidance control_character"}},
		"a blank title":       {func(_ []api.KitQuestion, c []api.KitCriterion) { c[1].Title = "\u00a0" }, []string{"/criteria/1/title blank"}},
		"lines in a title":    {func(_ []api.KitQuestion, c []api.KitCriterion) { c[0].Title = "a\nb" }, []string{"/criteria/0/title control_character"}},
		"a blank description": {func(_ []api.KitQuestion, c []api.KitCriterion) { c[0].Description = nullable.NewNullableWithValue("") }, []string{"/criteria/0/description blank"}},
		"a blank anchor":      {func(_ []api.KitQuestion, c []api.KitCriterion) { c[1].Anchors[4] = " " }, []string{"/criteria/1/anchors/4 blank"}},
		"lines in an anchor":  {func(_ []api.KitQuestion, c []api.KitCriterion) { c[1].Anchors[0] = "a\nb" }, nil},
		"everything": {func(q []api.KitQuestion, c []api.KitCriterion) {
			q[0].Text, q[1].Key, q[1].Criteria = "", "outage", []api.ContentKey{"wit"}
			c[0].Title, c[0].Anchors[2] = "a\u202e", "\u0007 "
		}, []string{
			"/criteria/0/title control_character", "/criteria/0/anchors/2 control_character", "/questions/0/text blank",
			"/questions/1/key duplicate", "/questions/1/criteria/0 unknown",
		}},
	} {
		questions, criteria := sound()
		test.spoil(questions, criteria)
		if got := wrong(questions, criteria); !slices.Equal(got, test.want) {
			t.Errorf("%s: wrong is %v, want %v", name, got, test.want)
		}
	}
	if got := wrong(nil, nil); len(got) != 0 {
		t.Errorf("nothing at all: wrong is %v", got)
	}
	questions, criteria := sound()
	if err := mayPublish(contentOf(questions, criteria)); err != nil {
		t.Errorf("a sound content: %v", err)
	}
	if err := mayPublish(contentOf(questions[1:], nil)); !fault.Is(err, fault.RuleViolated) {
		t.Errorf("a content without a criterion: %v", err)
	}
}

func TestTextsOfAKit(t *testing.T) {
	t.Parallel()
	for text, want := range map[[2]string][]string{
		{"Kit", ""}:                     nil,
		{"Kit", "One\nTwo"}:             nil,
		{"", ""}:                        {"/name blank"},
		{"a\nb", "a\u0007"}:             {"/name control_character", "/description control_character"},
		{strings.Repeat("é", 200), "d"}: nil,
	} {
		f := fault.New(fault.RuleViolated)
		checkKit(f, text[0], text[1])
		var got []string
		for _, field := range f.Fields() {
			got = append(got, field.Pointer+" "+field.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: wrong is %v, want %v", text, got, want)
		}
	}
}

// TestHashIsTheStandards holds a hash against one that another program has computed: Python's json with sorted keys and without
// spaces, which for these values is RFC 8785, and its hashlib.
func TestHashIsTheStandards(t *testing.T) {
	t.Parallel()
	got, err := contentOf([]api.KitQuestion{{
		Key: "outage", Text: "What happened?", Criteria: []api.ContentKey{"problem_solving"}, Minutes: nullable.NewNullableWithValue[int32](15),
	}}, []api.KitCriterion{{
		Key: "problem_solving", Title: "Problem <solving> & more", Weight: 3, Required: true,
		Anchors: []api.Anchor{"1", "2", "3", "4", "fünf \u2028 😀 \"x\" \\ \n\tend"},
	}}).hash()
	if want := "3a90f889a04b9378a0e7c68e895c372d101d4bd91b8a15b8c197b084d587073d"; err != nil || got != want {
		t.Errorf("the hash is %s, %v; want %s", got, err, want)
	}
}

// contents draws any content that the specification lets through, sound or not.
func contents(t *rapid.T) content {
	key := rapid.StringMatching(`[a-z][a-z0-9_]{0,5}`)
	text := rapid.String()
	optionalText := rapid.Custom(func(t *rapid.T) nullable.Nullable[string] {
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return nullable.NewNullNullable[string]()
		}
		return nullable.NewNullableWithValue(text.Draw(t, "text"))
	})
	questions := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) api.KitQuestion {
		q := api.KitQuestion{
			Key: key.Draw(t, "key"), Text: text.Draw(t, "text"), Guidance: optionalText.Draw(t, "guidance"),
			Criteria: rapid.SliceOfN(key, 0, 3).Draw(t, "criteria"),
		}
		if rapid.Bool().Draw(t, "timed") {
			q.Minutes = nullable.NewNullableWithValue(rapid.Int32Range(1, 240).Draw(t, "minutes"))
		}
		return q
	}), 0, 4).Draw(t, "questions")
	criteria := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) api.KitCriterion {
		return api.KitCriterion{
			Key: key.Draw(t, "key"), Title: text.Draw(t, "title"), Description: optionalText.Draw(t, "description"),
			Weight: rapid.Int32Range(1, 100).Draw(t, "weight"), Required: rapid.Bool().Draw(t, "required"),
			Anchors: rapid.SliceOfN(text, 5, 5).Draw(t, "anchors"),
		}
	}), 0, 4).Draw(t, "criteria")
	return contentOf(questions, criteria)
}

// TestContentComesBackAsItWas takes any content to the database's form and back, and through a client that knows nothing but
// JSON: it stays the same, and so does its hash. Any change of it changes the hash.
func TestContentComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := contents(t)
		questions, criteria, err := c.columns()
		if err != nil {
			t.Fatal(err)
		}
		back, err := kept(db.KitVersion{Questions: questions, Criteria: criteria})
		if err != nil || !back.equal(c) || !c.replaced(nil, nil).equal(c) {
			t.Fatalf("%+v came back as %+v, %v", c, back, err)
		}
		hash, err := c.hash()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := back.hash(); err != nil || again != hash {
			t.Fatalf("%+v has the hash %s, and %s when it came back, %v", c, hash, again, err)
		}
		var generic map[string]any
		encoded, err := json.MarshalIndent(c, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(encoded, &generic); err != nil {
			t.Fatal(err)
		}
		if again := hashOf(t, generic); again != hash {
			t.Fatalf("a client computes %s of %s, published is %s", again, encoded, hash)
		}
		other := contents(t)
		if otherHash, err := other.hash(); err != nil || (otherHash == hash) != c.equal(other) {
			t.Fatalf("%+v and %+v have the hashes %s and %s, %v", c, other, hash, otherHash, err)
		}
	})
}

// TestContentStaysInTheFormInWhichItWasPublished: a row that leaves out what may be left out is shown and hashed without it.
func TestContentStaysInTheFormInWhichItWasPublished(t *testing.T) {
	t.Parallel()
	row := db.KitVersion{
		Questions: json.RawMessage(`[{"key":"outage","text":"What happened?"}]`),
		Criteria:  json.RawMessage(`[{"key":"depth","title":"Depth","weight":1,"required":true,"anchors":["1","2","3","4","5"]}]`),
	}
	c, err := kept(row)
	if err != nil {
		t.Fatal(err)
	}
	questions, criteria, err := c.columns()
	if err != nil || strings.Contains(string(questions)+string(criteria), "null") {
		t.Errorf("it is shown as %s and %s, %v", questions, criteria, err)
	}
	if !c.equal(c.replaced(nil, nil)) {
		t.Error("it differs from the same content in the form of today")
	}
	for _, spoilt := range []db.KitVersion{
		{Questions: json.RawMessage(`{}`), Criteria: row.Criteria}, {Questions: row.Questions, Criteria: json.RawMessage(`"x"`)},
	} {
		if _, err := kept(spoilt); err == nil {
			t.Errorf("%s and %s are read", spoilt.Questions, spoilt.Criteria)
		}
	}
}

// hashOf is the hash of a content as somebody computes it who has decoded it without knowing its members, and writes it anew
// as RFC 8785 wants it: members in order, which a map's are, and nothing escaped that need not be.
func hashOf(t *rapid.T, generic map[string]any) string {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(generic); err != nil {
		t.Fatal(err)
	}
	canonical := strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSuffix(encoded.String(), "\n"))
	digest := sha256.Sum256([]byte(canonical))
	return hex.EncodeToString(digest[:])
}

// TestWhatIsAbsentIsThere: a content that leaves out what may be left out says so in its JSON.
func TestWhatIsAbsentIsThere(t *testing.T) {
	t.Parallel()
	questions, criteria := sound()
	c := contentOf(questions, criteria)
	encodedQuestions, encodedCriteria, err := c.columns()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"guidance":null`, `"minutes":null`} {
		if strings.Count(string(encodedQuestions), want) != 2 {
			t.Errorf("the questions are %s", encodedQuestions)
		}
	}
	if strings.Count(string(encodedCriteria), `"description":null`) != 2 {
		t.Errorf("the criteria are %s", encodedCriteria)
	}
	if c.Questions[1].Criteria == nil {
		t.Error("the criteria of a question that has none are nil")
	}
	if got := fmt.Sprint(contentOf(nil, nil)); got != "{[] []}" || contentOf(nil, nil).Criteria == nil || contentOf(nil, nil).Questions == nil {
		t.Errorf("nothing at all is %s", got)
	}
}
