package interviews

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// wantTransition is the specified effect of an action in a state. It is written by hand from the product's description,
// independently of the state machine.
type wantTransition struct {
	to     stored.InterviewStatus
	by     string // any of L (leads of the job, HR and admins), M (HR and admins) and P (panelists)
	reason bool   // whether a reason is required
}

// wantTransitions returns the specified transitions by action and state.
func wantTransitions() map[api.InterviewAction]map[stored.InterviewStatus]wantTransition {
	const (
		draft, scheduled  = stored.InterviewStatusDraft, stored.InterviewStatusScheduled
		running, awaiting = stored.InterviewStatusInProgress, stored.InterviewStatusAwaitingScores
		completed, missed = stored.InterviewStatusCompleted, stored.InterviewStatusNoShow
		cancelled         = stored.InterviewStatusCancelled
	)
	unfinished := map[stored.InterviewStatus]wantTransition{
		draft: {draft, "L", false}, scheduled: {scheduled, "L", false}, running: {running, "L", false},
		awaiting: {awaiting, "L", false}, missed: {missed, "L", false},
	}
	return map[api.InterviewAction]map[stored.InterviewStatus]wantTransition{
		api.InterviewActionUpdate:     unfinished,
		api.InterviewActionSetPanel:   unfinished,
		api.InterviewActionSchedule:   {draft: {scheduled, "L", false}, missed: {scheduled, "L", false}},
		api.InterviewActionReschedule: {scheduled: {scheduled, "L", false}},
		api.InterviewActionRespond:    {scheduled: {scheduled, "P", false}},
		api.InterviewActionStart:      {scheduled: {running, "LP", false}},
		api.InterviewActionFinish:     {running: {awaiting, "LP", false}},
		api.InterviewActionMarkNoShow: {scheduled: {missed, "LP", false}},
		api.InterviewActionCancel: {
			draft: {cancelled, "L", false}, scheduled: {cancelled, "L", false}, missed: {cancelled, "L", false},
			running: {cancelled, "M", true},
		},
		api.InterviewActionCreateScore: {running: {running, "P", false}, awaiting: {awaiting, "P", false}},
		api.InterviewActionComplete:    {awaiting: {completed, "M", true}},
		api.InterviewActionReopen:      {completed: {awaiting, "M", true}},
	}
}

// permits reports whether an actor with a relation may perform the transition.
func (w wantTransition) permits(s lifecycle.Relation) bool {
	manager := s.Role == stored.RoleHR || s.Role == stored.RoleAdmin
	for _, actor := range w.by {
		if actor == 'M' && manager || actor == 'L' && (manager || s.Role == stored.RoleTeamLead && s.Member) ||
			actor == 'P' && s.Panelist {
			return true
		}
	}
	return false
}

func allStatuses() []stored.InterviewStatus {
	return []stored.InterviewStatus{
		stored.InterviewStatusDraft, stored.InterviewStatusScheduled, stored.InterviewStatusInProgress,
		stored.InterviewStatusAwaitingScores, stored.InterviewStatusCompleted, stored.InterviewStatusNoShow,
		stored.InterviewStatusCancelled,
	}
}

// allRelations returns every relation that a user can have towards an interview.
func allRelations() []lifecycle.Relation {
	all := []lifecycle.Relation{}
	for _, role := range []stored.Role{stored.RoleEmployee, stored.RoleTeamLead, stored.RoleHR, stored.RoleAdmin} {
		for _, is := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
			all = append(all, lifecycle.Relation{Role: role, Member: is[0], Panelist: is[1]})
		}
	}
	return all
}

// newPanel returns a panel of the user, if their relation is that of a panelist, and of another user if other is true.
// own is the status of the user's score, nil for none.
func newPanel(user uuid.UUID, s lifecycle.Relation, other bool, own *stored.ScoreStatus) []db.ListInterviewPanelsRow {
	panel := []db.ListInterviewPanelsRow{}
	if s.Panelist {
		panel = append(panel, db.ListInterviewPanelsRow{
			InterviewPanelist: db.InterviewPanelist{UserID: user, ScoreRequired: true}, ScoreStatus: own,
		})
	}
	if other {
		submitted := stored.ScoreStatusSubmitted
		panel = append(panel, db.ListInterviewPanelsRow{
			InterviewPanelist: db.InterviewPanelist{UserID: uuid.New()}, ScoreStatus: &submitted,
		})
	}
	return panel
}

// codeOf returns the code of a fault, empty for other errors and nil.
func codeOf(err error) fault.Code {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Code()
	}
	return ""
}

// TestActionsByStateAndRelation tries every action in every state for every relation: with and without a reason, a
// panel and an own score, and for every status of the application.
func TestActionsByStateAndRelation(t *testing.T) {
	t.Parallel()
	draft, submitted := stored.ScoreStatusDraft, stored.ScoreStatusSubmitted
	for _, status := range allStatuses() {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			for _, s := range allRelations() {
				for _, other := range []bool{true, false} {
					for _, own := range []*stored.ScoreStatus{nil, &draft, &submitted} {
						for _, application := range []stored.ApplicationStatus{
							stored.ApplicationStatusActive, stored.ApplicationStatusOnHold, stored.ApplicationStatusHired,
							stored.ApplicationStatusRejected, stored.ApplicationStatusWithdrawn,
						} {
							user := uuid.New()
							panel := newPanel(user, s, other, own)
							checkActions(t, lockedInterview{
								row: db.Interview{Status: status}, panel: panel, relation: s,
								machine: machineFor(panel, user, application), application: application,
							}, own)
						}
					}
				}
			}
		})
	}
}

// checkActions compares the decisions about all actions on an interview, and its allowed actions, with the
// specification. own is the status of the actor's score, nil for none.
func checkActions(t *testing.T, locked lockedInterview, own *stored.ScoreStatus) {
	t.Helper()
	why, blank := "Because.", " \u00a0"
	active := locked.application == stored.ApplicationStatusActive
	wantAllowed := []api.InterviewAction{}
	for action, transitions := range wantTransitions() {
		w, exists := transitions[locked.row.Status]
		inAnyState := false
		for _, other := range transitions {
			inAnyState = inAnyState || other.permits(locked.relation)
		}
		allowed := exists && w.permits(locked.relation) &&
			(action != api.InterviewActionSchedule || len(locked.panel) > 0 && active) &&
			(action != api.InterviewActionReschedule || active) &&
			(action != api.InterviewActionCreateScore || own == nil)
		if allowed {
			wantAllowed = append(wantAllowed, action)
		}

		for _, reason := range []*string{nil, &blank, &why} {
			want := fault.Code("")
			switch {
			case !inAnyState:
				want = fault.RoleNotAllowed
			case !allowed:
				want = fault.StateConflict
			case w.reason && reason != &why:
				want = fault.RuleViolated
			}
			name := fmt.Sprintf("%s in %s by %+v, panel of %d, own score %v, application %s",
				action, locked.row.Status, locked.relation, len(locked.panel), own, locked.application)
			to, err := locked.decide(action, reason)
			if codeOf(err) != want || err == nil && to != w.to {
				t.Errorf("%s: got %s, %v; want %s, %q", name, to, err, w.to, want)
			}
			if want == fault.StateConflict {
				checkConflict(t, name, err, locked)
			}
		}
	}

	got := slices.Clone(locked.machine.Allowed(locked.row.Status, locked.relation))
	slices.Sort(got)
	slices.Sort(wantAllowed)
	if !slices.Equal(got, wantAllowed) {
		t.Errorf("allowed actions in %s of %+v: got %v, want %v", locked.row.Status, locked.relation, got, wantAllowed)
	}
}

// checkConflict verifies that a conflict contains the interview's state and allowed actions.
func checkConflict(t *testing.T, name string, err error, locked lockedInterview) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) {
		t.Fatalf("%s: got %v, want a fault", name, err)
	}
	state, actions := f.State()
	allowed := []string{}
	for _, action := range locked.machine.Allowed(locked.row.Status, locked.relation) {
		allowed = append(allowed, string(action))
	}
	if state != string(locked.row.Status) || !slices.Equal(actions, allowed) || actions == nil {
		t.Errorf("%s: got a conflict with %q and %v, want %q and %v", name, state, actions, locked.row.Status, allowed)
	}
}

func TestCanSchedule(t *testing.T) {
	t.Parallel()
	for _, s := range allRelations() {
		if got, want := canSchedule(s), (wantTransition{by: "L"}).permits(s); got != want {
			t.Errorf("%+v: got %t, want %t", s, got, want)
		}
	}
}

// TestRefusalsByPanelAndState covers the rules that refuse an action although the state machine permits it.
func TestRefusalsByPanelAndState(t *testing.T) {
	t.Parallel()
	for _, status := range allStatuses() {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{0, 1, 2, 19, 20, 21} {
				panel := make([]db.ListInterviewPanelsRow, size)
				locked := lockedInterview{
					row: db.Interview{Status: status}, panel: panel, relation: lifecycle.Relation{Role: stored.RoleHR},
					machine: machineFor(panel, uuid.New(), stored.ApplicationStatusActive),
				}
				for rule, test := range map[string]struct {
					err  error
					want bool
				}{
					"change the kit": {canChangeKit(locked), status == stored.InterviewStatusDraft},
					"join":           {canJoin(locked, true), size < 20},
					"leave":          {canLeave(locked), size > 1 || status == stored.InterviewStatusDraft},
				} {
					name := fmt.Sprintf("%s with a panel of %d", rule, size)
					t.Run(name, func(t *testing.T) {
						if (test.err == nil) != test.want {
							t.Errorf("%s: got %v, want permitted %t", name, test.err, test.want)
						}
						if test.err != nil {
							checkConflict(t, name, test.err, locked)
						}
					})
				}
				if got := codeOf(canJoin(locked, false)); got != fault.RuleViolated {
					t.Errorf("inactive user with a panel of %d: got %q, want %q", size, got, fault.RuleViolated)
				}
			}
		})
	}
}

func TestLacksScore(t *testing.T) {
	t.Parallel()
	draft, submitted, voided := stored.ScoreStatusDraft, stored.ScoreStatusSubmitted, stored.ScoreStatusVoided
	for _, test := range []struct {
		name                        string
		required                    bool
		status                      *stored.ScoreStatus
		wantSubmitted, wantLacksOne bool
	}{
		{"required without score", true, nil, false, true},
		{"required with draft", true, &draft, false, true},
		{"required and submitted", true, &submitted, true, false},
		{"required but voided", true, &voided, false, true},
		{"optional without score", false, nil, false, false},
		{"optional with draft", false, &draft, false, false},
		{"optional and submitted", false, &submitted, true, false},
		{"optional and voided", false, &voided, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := db.ListInterviewPanelsRow{
				InterviewPanelist: db.InterviewPanelist{ScoreRequired: test.required}, ScoreStatus: test.status,
			}
			if hasSubmitted(p) != test.wantSubmitted || lacksScore(p) != test.wantLacksOne {
				t.Errorf("got submitted %t and lacks a score %t, want %t and %t",
					hasSubmitted(p), lacksScore(p), test.wantSubmitted, test.wantLacksOne)
			}
		})
	}
}

func TestOccupiesTime(t *testing.T) {
	t.Parallel()
	for _, status := range allStatuses() {
		want := status == stored.InterviewStatusScheduled || status == stored.InterviewStatusInProgress
		if got := occupiesTime(status); got != want {
			t.Errorf("%s: got %t, want %t", status, got, want)
		}
	}
}
