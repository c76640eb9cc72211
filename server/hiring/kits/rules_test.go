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
	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestKitWritePermissions enumerates the roles, as a member of the kit's job and not.
func TestKitWritePermissions(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	permitted := map[stored.Role][2]bool{ // as a member, otherwise
		stored.RoleEmployee: {false, false}, stored.RoleTeamLead: {true, false}, stored.RoleHR: {true, true}, stored.RoleAdmin: {true, true},
	}
	for _, name := range document.Components.Schemas["Role"].Value.Enum {
		role := stored.Role(name.(string))
		for i, member := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s member=%t", role, member), func(t *testing.T) {
				t.Parallel()
				want, known := permitted[role]
				if !known {
					t.Fatal("the test has no expectation for this role")
				}
				relation := lifecycle.Relation{Role: role, Member: member}
				err := checkWrite(relation)
				if (err == nil) != want[i] || err != nil && !fault.Is(err, fault.RoleNotAllowed) {
					t.Errorf("checkWrite: got %v, may write: %t", err, want[i])
				}
				withDraft, withoutDraft := []api.KitAction{}, []api.KitAction{}
				if want[i] {
					withDraft = []api.KitAction{api.KitActionUpdate}
					withoutDraft = []api.KitAction{api.KitActionUpdate, api.KitActionCreateVersion}
				}
				if got := kitActions(relation, false); !slices.Equal(got, withoutDraft) {
					t.Errorf("actions without a draft: got %v, want %v", got, withoutDraft)
				}
				if got := kitActions(relation, true); !slices.Equal(got, withDraft) {
					t.Errorf("actions with a draft: got %v, want %v", got, withDraft)
				}
			})
		}
	}
}

// TestReach verifies which kits an actor sees and which jobs the actor leads. An unknown role reaches nothing.
func TestReach(t *testing.T) {
	t.Parallel()
	key := &access.Key{Jobs: []uuid.UUID{uuid.New()}}
	for name, test := range map[string]struct {
		actor      access.Actor
		kits, jobs string
	}{
		"employee":        {access.Actor{Kind: access.KindUser, Role: stored.RoleEmployee}, "own", "own"},
		"team lead":       {access.Actor{Kind: access.KindUser, Role: stored.RoleTeamLead}, "all", "jobs"},
		"HR":              {access.Actor{Kind: access.KindUser, Role: stored.RoleHR}, "all", "all"},
		"admin":           {access.Actor{Kind: access.KindUser, Role: stored.RoleAdmin}, "all", "all"},
		"key of HR":       {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleHR, Key: &access.Key{}}, "all", "all"},
		"job key, lead":   {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleTeamLead, Key: key}, "jobs", "jobs"},
		"job key, admin":  {access.Actor{Kind: access.KindAPIKey, Role: stored.RoleAdmin, Key: key}, "jobs", "jobs"},
		"an unknown role": {access.Actor{Kind: access.KindUser, Role: "auditor"}, "none", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query := listQuery(test.actor, api.ListKitsParams{})
			if query.Reach != test.kits || query.JobReach != test.jobs {
				t.Errorf("got reach %s and job reach %s, want %s and %s", query.Reach, query.JobReach, test.kits, test.jobs)
			}
		})
	}
}

// validContent returns questions and criteria without errors, whose optional members are absent.
func validContent() ([]api.KitQuestion, []api.KitCriterion) {
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

// fieldErrors returns the errors that checkContent finds, as pointers and codes.
func fieldErrors(questions []api.KitQuestion, criteria []api.KitCriterion) []string {
	f := fault.New(fault.RuleViolated)
	checkContent(f, contentOf(questions, criteria))
	found := []string{}
	for _, field := range f.Fields() {
		found = append(found, field.Pointer+" "+field.Code)
	}
	return found
}

func TestCheckContent(t *testing.T) {
	t.Parallel()
	type (
		questions = []api.KitQuestion
		criteria  = []api.KitCriterion
	)
	text := nullable.NewNullableWithValue[string]
	for name, test := range map[string]struct {
		change func(q questions, c criteria)
		want   []string
	}{
		"valid": {func(questions, criteria) {}, nil},
		"duplicate question key": {
			func(q questions, _ criteria) { q[1].Key = "outage" },
			[]string{"/questions/1/key duplicate"},
		},
		"duplicate criterion key": {
			func(_ questions, c criteria) { c[1].Key = "depth" },
			[]string{"/criteria/1/key duplicate", "/questions/0/criteria/1 unknown"},
		},
		"question key equal to a criterion key": {func(q questions, _ criteria) { q[1].Key = "calm" }, nil},
		"unknown criterion": {
			func(q questions, _ criteria) { q[1].Criteria = []api.ContentKey{"calm", "wit"} },
			[]string{"/questions/1/criteria/1 unknown"},
		},
		"blank question": {
			func(q questions, _ criteria) { q[0].Text = "\u2003\n" },
			[]string{"/questions/0/text blank"},
		},
		"blank guidance": {
			func(q questions, _ criteria) { q[1].Guidance = text(" ") },
			[]string{"/questions/1/guidance blank"},
		},
		"control character in guidance": {
			func(q questions, _ criteria) { q[1].Guidance = text("a\u0007") },
			[]string{"/questions/1/guidance control_character"},
		},
		"blank title": {
			func(_ questions, c criteria) { c[1].Title = "\u00a0" },
			[]string{"/criteria/1/title blank"},
		},
		"line break in title": {
			func(_ questions, c criteria) { c[0].Title = "a\nb" },
			[]string{"/criteria/0/title control_character"},
		},
		"blank description": {
			func(_ questions, c criteria) { c[0].Description = text("") },
			[]string{"/criteria/0/description blank"},
		},
		"blank anchor": {
			func(_ questions, c criteria) { c[1].Anchors[4] = " " },
			[]string{"/criteria/1/anchors/4 blank"},
		},
		"line break in anchor": {func(_ questions, c criteria) { c[1].Anchors[0] = "a\nb" }, nil},
		"several errors": {
			func(q questions, c criteria) {
				q[0].Text, q[1].Key, q[1].Criteria = "", "outage", []api.ContentKey{"wit"}
				c[0].Title, c[0].Anchors[2] = "a\u202e", "\u0007 "
			},
			[]string{
				"/criteria/0/title control_character", "/criteria/0/anchors/2 control_character", "/questions/0/text blank",
				"/questions/1/key duplicate", "/questions/1/criteria/0 unknown",
			},
		},
		"empty": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var (
				q questions
				c criteria
			)
			if test.change != nil {
				q, c = validContent()
				test.change(q, c)
			}
			if got := fieldErrors(q, c); !slices.Equal(got, test.want) {
				t.Errorf("got errors %v, want %v", got, test.want)
			}
		})
	}
}

func TestCheckPublishable(t *testing.T) {
	t.Parallel()
	questions, criteria := validContent()
	if err := checkPublishable(contentOf(questions, criteria)); err != nil {
		t.Errorf("valid content: got %v, want no error", err)
	}
	if err := checkPublishable(contentOf(questions[1:], nil)); !fault.Is(err, fault.RuleViolated) {
		t.Errorf("content without criteria: got %v, want RuleViolated", err)
	}
}

func TestCheckKit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		name, description string
		want              []string
	}{
		"no description":         {"Kit", "", nil},
		"description of lines":   {"Kit", "One\nTwo", nil},
		"no name":                {"", "", []string{"/name blank"}},
		"control characters":     {"a\nb", "a\u0007", []string{"/name control_character", "/description control_character"}},
		"name of 200 characters": {strings.Repeat("é", 200), "d", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fault.New(fault.RuleViolated)
			checkKit(f, test.name, test.description)
			var got []string
			for _, field := range f.Fields() {
				got = append(got, field.Pointer+" "+field.Code)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got errors %v, want %v", got, test.want)
			}
		})
	}
}

// TestHashMatchesRFC8785 compares with a hash that Python's json (with sorted keys and without spaces, which equals RFC
// 8785 for these values) and hashlib computed.
func TestHashMatchesRFC8785(t *testing.T) {
	t.Parallel()
	questions := []api.KitQuestion{{
		Key: "outage", Text: "What happened?", Criteria: []api.ContentKey{"problem_solving"},
		Minutes: nullable.NewNullableWithValue[int32](15),
	}}
	criteria := []api.KitCriterion{{
		Key: "problem_solving", Title: "Problem <solving> & more", Weight: 3, Required: true,
		Anchors: []api.Anchor{"1", "2", "3", "4", "fünf \u2028 😀 \"x\" \\ \n\tend"},
	}}
	got, err := contentOf(questions, criteria).hash()
	if want := "3a90f889a04b9378a0e7c68e895c372d101d4bd91b8a15b8c197b084d587073d"; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// drawContent draws any content that the specification accepts, valid or not.
func drawContent(t *rapid.T) content {
	key := rapid.StringMatching(`[a-z][a-z0-9_]{0,5}`)
	text := rapid.String()
	optionalText := rapid.Custom(func(t *rapid.T) nullable.Nullable[string] {
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return nullable.Nullable[string]{}
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

// TestContentRoundTrips encodes and decodes any content, and passes it through a client that knows only JSON: content and hash do not change. Two contents have the same hash only if they are equal.
func TestContentRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawContent(t)
		encoded, err := json.MarshalIndent(map[string]any{"criteria": c.Criteria, "questions": c.Questions}, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		var decoded content
		if err := json.Unmarshal(encoded, &decoded); err != nil || !decoded.equal(c) || !c.patched(nil, nil).equal(c) {
			t.Fatalf("decoded: got %+v, %v, want %+v", decoded, err, c)
		}
		hash, err := c.hash()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := decoded.hash(); err != nil || again != hash {
			t.Fatalf("hash after decoding: got %s, %v, want %s", again, err, hash)
		}

		var generic map[string]any
		if err := json.Unmarshal(encoded, &generic); err != nil {
			t.Fatal(err)
		}
		if again := hashOf(t, generic); again != hash {
			t.Fatalf("hash computed by a client: got %s, want %s, of %s", again, hash, encoded)
		}

		other := drawContent(t)
		if otherHash, err := other.hash(); err != nil || (otherHash == hash) != c.equal(other) {
			t.Fatalf("hashes %s and %s, %v of %+v and %+v", hash, otherHash, err, c, other)
		}
	})
}

// hashOf computes the hash of a content as a client does that decoded it without knowing its members. It encodes the
// content as RFC 8785 requires: with sorted members, as encoding/json does for maps, and without unnecessary escapes.
func hashOf(t *rapid.T, generic map[string]any) string {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(generic); err != nil {
		t.Fatal(err)
	}
	// encoding/json always escapes U+2028 and U+2029. Replacing a double backslash by itself skips escaped backslashes.
	unescape := strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029")
	canonical := unescape.Replace(strings.TrimSuffix(encoded.String(), "\n"))
	digest := sha256.Sum256([]byte(canonical))
	return hex.EncodeToString(digest[:])
}

// TestAbsentMembersAreListed verifies that absent optional members are null in the normalized JSON.
func TestAbsentMembersAreListed(t *testing.T) {
	t.Parallel()
	questions, criteria := validContent()
	c := contentOf(questions, criteria)
	encodedQuestions, err := json.Marshal(c.Questions)
	if err != nil {
		t.Fatal(err)
	}
	encodedCriteria, err := json.Marshal(c.Criteria)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"guidance":null`, `"minutes":null`} {
		if strings.Count(string(encodedQuestions), want) != 2 {
			t.Errorf("questions: got %s, want %s twice", encodedQuestions, want)
		}
	}
	if strings.Count(string(encodedCriteria), `"description":null`) != 2 {
		t.Errorf("criteria: got %s, want a null description twice", encodedCriteria)
	}
	if c.Questions[1].Criteria == nil {
		t.Error("criteria of a question without criteria: got nil, want an empty list")
	}
	if got := contentOf(nil, nil); got.Criteria == nil || got.Questions == nil || len(got.Criteria)+len(got.Questions) != 0 {
		t.Errorf("content of nil: got %#v, want two empty lists", got)
	}
}
