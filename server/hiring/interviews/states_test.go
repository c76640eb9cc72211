package interviews

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// way is what an action does in a state, written by hand from the product's description: who may take it there, which
// state it leads to, and whether it needs a reason.
type way struct {
	to     api.InterviewStatus
	by     string // L(eaders), M(anagers), P(anelists)
	reason bool
}

// product is the life of an interview as the product describes it.
func product() map[api.InterviewAction]map[api.InterviewStatus]way {
	const (
		draft, scheduled  = api.InterviewStatusDraft, api.InterviewStatusScheduled
		running, awaiting = api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores
		completed, missed = api.InterviewStatusCompleted, api.InterviewStatusNoShow
		cancelled         = api.InterviewStatusCancelled
	)
	unfinished := map[api.InterviewStatus]way{
		draft: {draft, "L", false}, scheduled: {scheduled, "L", false}, running: {running, "L", false},
		awaiting: {awaiting, "L", false}, missed: {missed, "L", false},
	}
	return map[api.InterviewAction]map[api.InterviewStatus]way{
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

func (w way) permits(who lifecycle.Standing) bool {
	manager := who.Role == api.RoleHr || who.Role == api.RoleAdmin
	for _, actor := range w.by {
		if actor == 'M' && manager || actor == 'L' && (manager || who.Role == api.RoleTeamLead && who.Member) ||
			actor == 'P' && who.Panelist {
			return true
		}
	}
	return false
}

func allStatuses() []api.InterviewStatus {
	return []api.InterviewStatus{
		api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusInProgress,
		api.InterviewStatusAwaitingScores, api.InterviewStatusCompleted, api.InterviewStatusNoShow,
		api.InterviewStatusCancelled,
	}
}

// allStandings are all that a caller can be to an interview.
func allStandings() []lifecycle.Standing {
	all := []lifecycle.Standing{}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		for _, is := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
			all = append(all, lifecycle.Standing{Role: role, Member: is[0], Panelist: is[1]})
		}
	}
	return all
}

// panelOf makes a panel of the caller, if they are on it, and one other person; or of nobody.
func panelOf(caller uuid.UUID, who lifecycle.Standing, staffed bool, written *api.ScoreStatus) []db.ListInterviewPanelsRow {
	panel := []db.ListInterviewPanelsRow{}
	if who.Panelist {
		panel = append(panel, db.ListInterviewPanelsRow{
			InterviewPanelist: db.InterviewPanelist{UserID: caller, ScoreRequired: true}, ScoreStatus: written,
		})
	}
	if staffed {
		theirs := api.ScoreStatusSubmitted
		panel = append(panel, db.ListInterviewPanelsRow{
			InterviewPanelist: db.InterviewPanelist{UserID: uuid.New()}, ScoreStatus: &theirs,
		})
	}
	return panel
}

func outcome(err error) fault.Code {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Code()
	}
	return ""
}

// TestEveryActionInEveryStateForEveryone tries every pair of state and action for everyone, with and without a
// reason, a panel, and a score of their own, whatever has become of the application.
func TestEveryActionInEveryStateForEveryone(t *testing.T) {
	t.Parallel()
	caller, draft, submitted := uuid.New(), api.ScoreStatusDraft, api.ScoreStatusSubmitted
	why, blank := "Because.", " \u00a0"
	for _, status := range allStatuses() {
		for _, who := range allStandings() {
			for _, staffed := range []bool{true, false} {
				for _, written := range []*api.ScoreStatus{nil, &draft, &submitted} {
					for _, application := range []api.ApplicationStatus{
						api.ApplicationStatusActive, api.ApplicationStatusOnHold, api.ApplicationStatusHired,
						api.ApplicationStatusRejected, api.ApplicationStatusWithdrawn,
					} {
						panel := panelOf(caller, who, staffed, written)
						h := held{
							row: db.Interview{Status: status}, panel: panel, standing: who,
							machine: machineFor(panel, caller, application), application: application,
						}
						active := application == api.ApplicationStatusActive
						legal := []api.InterviewAction{}
						for action, ways := range product() {
							w, here := ways[status]
							ever := false
							for _, other := range ways {
								ever = ever || other.permits(who)
							}
							possible := here && w.permits(who) &&
								(action != api.InterviewActionSchedule || len(panel) > 0 && active) &&
								(action != api.InterviewActionReschedule || active) &&
								(action != api.InterviewActionCreateScore || written == nil)
							if possible {
								legal = append(legal, action)
							}
							for _, reason := range []*string{nil, &blank, &why} {
								want := fault.Code("")
								switch {
								case !ever:
									want = fault.RoleNotAllowed
								case !possible:
									want = fault.StateConflict
								case w.reason && reason != &why:
									want = fault.RuleViolated
								}
								name := fmt.Sprintf("%s in %s by %+v, panel of %d, own score %v, the application %s", action, status, who, len(panel), written, application)
								to, err := h.decide(action, reason)
								if outcome(err) != want || err == nil && to != w.to {
									t.Errorf("%s: %s, %v; want %s, %q", name, to, err, w.to, want)
								}
								if want == fault.StateConflict {
									checkConflict(t, name, err, h)
								}
							}
						}
						shown := h.machine.Allowed(status, who)
						slices.Sort(shown)
						slices.Sort(legal)
						if !slices.Equal(shown, legal) {
							t.Errorf("in %s %+v is offered %v, and may %v", status, who, shown, legal)
						}
					}
				}
			}
		}
	}
}

// checkConflict holds a conflict against what the interview's representation offers.
func checkConflict(t *testing.T, name string, err error, h held) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) {
		t.Fatalf("%s: %v", name, err)
	}
	state, actions := f.State()
	offered := []string{}
	for _, action := range h.machine.Allowed(h.row.Status, h.standing) {
		offered = append(offered, string(action))
	}
	if state != string(h.row.Status) || !slices.Equal(actions, offered) || actions == nil {
		t.Errorf("%s: the conflict names %q and %v, the interview is %s and offers %v", name, state, actions, h.row.Status, offered)
	}
}

func TestMaySchedule(t *testing.T) {
	t.Parallel()
	for _, who := range allStandings() {
		if got, want := maySchedule(who), (way{by: "L"}).permits(who); got != want {
			t.Errorf("%+v: %t, want %t", who, got, want)
		}
	}
}

// TestWhatThePanelAndTheStateForbid covers what an action may not do although the state permits it.
func TestWhatThePanelAndTheStateForbid(t *testing.T) {
	t.Parallel()
	who := lifecycle.Standing{Role: api.RoleHr}
	for _, status := range allStatuses() {
		for _, size := range []int{0, 1, 2, 19, 20, 21} {
			panel := make([]db.ListInterviewPanelsRow, size)
			h := held{row: db.Interview{Status: status}, panel: panel, standing: who, machine: machineFor(panel, uuid.New(), api.ApplicationStatusActive)}
			name := fmt.Sprintf("a panel of %d in %s", size, status)
			for what, decision := range map[string]struct {
				err  error
				want bool
			}{
				"change the kit": {mayChangeKit(h), status == api.InterviewStatusDraft},
				"join":           {mayJoin(h, true), size < 20},
				"leave":          {mayLeave(h), size > 1 || status == api.InterviewStatusDraft},
			} {
				if (decision.err == nil) != decision.want {
					t.Errorf("%s: %s: %v, want %t", name, what, decision.err, decision.want)
				}
				if decision.err != nil {
					checkConflict(t, name+": "+what, decision.err, h)
				}
			}
			if got := outcome(mayJoin(h, false)); got != fault.RuleViolated {
				t.Errorf("%s: an inactive user: %q", name, got)
			}
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	draft, in, void := api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided
	for _, test := range []struct {
		required        bool
		status          *api.ScoreStatus
		submits, misses bool
	}{
		{true, nil, false, true},
		{true, &draft, false, true},
		{true, &in, true, false},
		{true, &void, false, true},
		{false, nil, false, false},
		{false, &draft, false, false},
		{false, &in, true, false},
	} {
		p := db.ListInterviewPanelsRow{
			InterviewPanelist: db.InterviewPanelist{ScoreRequired: test.required}, ScoreStatus: test.status,
		}
		if submitted(p) != test.submits || missing(p) != test.misses {
			t.Errorf("%+v: submitted %t, missing %t", test, submitted(p), missing(p))
		}
	}
}

func TestOccupies(t *testing.T) {
	t.Parallel()
	for _, status := range allStatuses() {
		want := status == api.InterviewStatusScheduled || status == api.InterviewStatusInProgress
		if occupies(status) != want {
			t.Errorf("%s: %t", status, !want)
		}
	}
}
