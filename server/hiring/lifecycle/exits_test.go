package lifecycle_test

import (
	"slices"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// exits returns, for each state of each machine, the actions that lead to another state and that people can take. A
// state without any is final.
func exits() map[string][]string {
	return map[string][]string{
		"job draft": {"open", "close"}, "job open": {"hold", "close"}, "job on_hold": {"open", "close"},
		"job closed": {"open"},

		"candidate active": {"archive"}, "candidate archived": {"restore"},

		// The move to hired is a consequence of the stage.
		"application active":    {"hold", "reject", "withdraw"},
		"application on_hold":   {"resume", "reject", "withdraw"},
		"application rejected":  {"reactivate"},
		"application withdrawn": {"reactivate"},
		"application hired":     nil,

		"application_stage applied":    {"advance", "skip"},
		"application_stage screening":  {"advance", "skip", "return"},
		"application_stage interview":  {"advance", "skip", "return"},
		"application_stage evaluation": {"advance", "return"},
		"application_stage offer":      {"advance", "return"},
		"application_stage hired":      nil,

		"kit_version draft": {"publish"}, "kit_version published": {"archive"}, "kit_version archived": nil,

		"interview draft":           {"schedule", "cancel"},
		"interview scheduled":       {"start", "mark_no_show", "cancel"},
		"interview in_progress":     {"finish", "cancel"},
		"interview awaiting_scores": {"complete"},
		"interview completed":       {"reopen"},
		"interview no_show":         {"schedule", "cancel"},
		"interview cancelled":       nil,

		"score draft": {"submit"}, "score submitted": {"reopen", "void"}, "score voided": nil,
	}
}

// TestEveryStateHasExits compares the exits of every state of every published machine with the expected ones. HR and
// admins can leave every state that is not final; only a score belongs to its rater until it is submitted.
func TestEveryStateHasExits(t *testing.T) {
	t.Parallel()
	want := exits()
	for _, machine := range lifecycle.All() {
		for _, state := range machine.States {
			name := machine.Name + " " + state.Name
			expected, known := want[name]
			if !known {
				t.Errorf("%s: no exits are expected; list them, or nil if the state is final", name)
			}
			delete(want, name)
			var got []string
			byHR := false
			for _, transition := range machine.Transitions {
				if transition.From != state.Name || transition.To == state.Name || len(transition.By) == 0 {
					continue
				}
				byHR = byHR || slices.Contains(transition.By, api.MachineActorHr) &&
					slices.Contains(transition.By, api.MachineActorAdmin)
				if !slices.Contains(got, transition.Action) {
					got = append(got, transition.Action)
				}
			}
			slices.Sort(got)
			slices.Sort(expected)
			if !slices.Equal(got, expected) {
				t.Errorf("%s: got the exits %v, want %v", name, got, expected)
			}
			if state.IsFinal != (len(expected) == 0) {
				t.Errorf("%s: got final %t, want %t", name, state.IsFinal, len(expected) == 0)
			}
			if !byHR && !state.IsFinal && name != "score draft" {
				t.Errorf("%s: HR and admins cannot leave it", name)
			}
		}
	}
	for name := range want {
		t.Errorf("no machine has the state %s", name)
	}
}
