package demo

import (
	"time"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// addMoves sets the row of an application and adds its moves. It changes the placed times to working hours.
func (g *generator) addMoves(app *application, placed []time.Time) {
	row := &app.row
	for i, s := range app.steps {
		at := app.job.office.workTime(placed[i])
		if i == 0 {
			*row = applicationRow{
				ID: g.id(at), JobID: app.job.id, Stage: s.stage, FurthestStage: s.stage, Status: s.status,
				StageEnteredAt: at, CreatedAt: at,
			}
		} else if !at.After(row.UpdatedAt) {
			at = row.UpdatedAt.Add(g.between(time.Minute, 5*time.Minute))
		}
		move := moveRow{
			ID: g.id(at), ApplicationID: row.ID, JobID: row.JobID, Event: s.event, ToStage: s.stage, ToStatus: s.status,
			CreatedAt: at,
		}
		if i > 0 {
			stage, status := row.Stage, row.Status
			move.FromStage, move.FromStatus = &stage, &status
		}
		if i > 0 && s.stage != row.Stage {
			seconds := int64(at.Sub(row.StageEnteredAt) / time.Second)
			move.Seconds, row.StageEnteredAt = &seconds, at
		}
		move.RejectionReason, move.Reason = g.moveReasons(s)
		move.ActorID = g.moveActor(app, s.event).id
		row.Stage, row.Status, row.RejectionReason = s.stage, s.status, move.RejectionReason
		row.FurthestStage = lifecycle.Further(row.FurthestStage, s.stage)
		row.UpdatedAt = at
		row.Version++
		app.moves = append(app.moves, move)
	}
	cand := app.candidate
	row.Source = cand.row.Source
	if len(cand.jobs) > 1 {
		row.Source = maybe(g.random, 0.8, g.library.phrases.Sources)
	}
	cand.considered = cand.considered || !app.closed() || app.status == stored.ApplicationStatusHired
	if cand.first.IsZero() || row.CreatedAt.Before(cand.first) {
		cand.first = row.CreatedAt
	}
	if row.UpdatedAt.After(cand.last) {
		cand.last = row.UpdatedAt
	}
}

// moveActor returns the user who makes a move: a team lead of the job for some of the moves that team leads are
// allowed to make, otherwise somebody who manages hiring.
func (g *generator) moveActor(app *application, event stored.ApplicationEvent) person {
	switch event {
	case stored.ApplicationEventApply, stored.ApplicationEventSkip, stored.ApplicationEventReturn,
		stored.ApplicationEventReactivate:
	case stored.ApplicationEventAdvance, stored.ApplicationEventHold, stored.ApplicationEventResume,
		stored.ApplicationEventReject, stored.ApplicationEventWithdraw:
		if len(app.job.leads) > 0 && g.chance(0.45) {
			return pick(g.random, app.job.leads)
		}
	}
	return g.randomManager()
}

// randomManager returns a user who manages hiring, in most cases one of HR.
func (g *generator) randomManager() person {
	weights := make([]int, len(g.managers))
	for i, p := range g.managers {
		if weights[i] = 1; p.role == stored.RoleHR {
			weights[i] = 8
		}
	}
	return g.managers[g.weightedIndex(weights)]
}

// moveReasons returns the reasons of a move: the rejection reason of a rejection, and a text for some moves.
func (g *generator) moveReasons(s step) (*stored.RejectionReason, *string) {
	phrases := g.library.phrases.Moves
	switch s.event {
	case stored.ApplicationEventReject:
		reason := g.rejectionReason(s.stage)
		return &reason, maybe(g.random, 0.5, phrases.Reject[reason])
	case stored.ApplicationEventWithdraw:
		return nil, maybe(g.random, 0.7, phrases.Withdraw)
	case stored.ApplicationEventHold:
		return nil, maybe(g.random, 0.8, phrases.Hold)
	case stored.ApplicationEventResume:
		return nil, maybe(g.random, 0.5, phrases.Resume)
	case stored.ApplicationEventReturn:
		return nil, maybe(g.random, 1, phrases.Return)
	case stored.ApplicationEventReactivate:
		return nil, maybe(g.random, 1, phrases.Reactivate)
	case stored.ApplicationEventSkip:
		return nil, maybe(g.random, 0.7, phrases.Skip)
	case stored.ApplicationEventApply, stored.ApplicationEventAdvance:
	}
	return nil, nil
}

// rejectionReason returns a reason for a rejection in a stage.
func (g *generator) rejectionReason(stage stored.ApplicationStage) stored.RejectionReason {
	reasons := []stored.RejectionReason{
		stored.RejectionReasonNotQualified, stored.RejectionReasonLacksExperience, stored.RejectionReasonFailedAssessment,
		stored.RejectionReasonStrongerCandidate, stored.RejectionReasonCompensation, stored.RejectionReasonLocation,
		stored.RejectionReasonWorkAuthorization, stored.RejectionReasonAvailability, stored.RejectionReasonPositionFilled,
		stored.RejectionReasonPositionCancelled, stored.RejectionReasonDuplicate, stored.RejectionReasonOther,
	}
	weights := []int{30, 25, 2, 8, 3, 8, 7, 4, 5, 2, 4, 2}
	switch stage {
	case stored.ApplicationStageInterview, stored.ApplicationStageEvaluation:
		weights = []int{8, 18, 34, 24, 4, 2, 2, 4, 2, 1, 0, 1}
	case stored.ApplicationStageOffer, stored.ApplicationStageHired:
		weights = []int{0, 0, 0, 3, 5, 0, 1, 1, 0, 1, 0, 1}
	case stored.ApplicationStageApplied, stored.ApplicationStageScreening:
	}
	return reasons[g.weightedIndex(weights)]
}
