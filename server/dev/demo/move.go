package demo

import (
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// move makes the application of a course and its history. The times become such at which people work.
func (g *generator) move(c *course, placed []time.Time) {
	row := &c.row
	for i, s := range c.steps {
		at := c.job.office.within(placed[i])
		if i == 0 {
			*row = applicationRow{
				ID: g.id(at), JobID: c.job.id, Stage: s.stage, FurthestStage: s.stage, Status: s.status,
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
		move.RejectionReason, move.Reason = g.reasons(s)
		move.ActorID = g.mover(c, s.event).id
		row.Stage, row.Status, row.RejectionReason = s.stage, s.status, move.RejectionReason
		row.FurthestStage = lifecycle.Further(row.FurthestStage, s.stage)
		row.UpdatedAt = at
		row.Version++
		c.moves = append(c.moves, move)
	}
	who := c.applicant
	row.Source = who.row.Source
	if len(who.jobs) > 1 {
		row.Source = maybe(g.chance, 0.8, g.library.phrases.Sources)
	}
	who.considered = who.considered || !c.closed() || c.status == api.ApplicationStatusHired
	if who.first.IsZero() || row.CreatedAt.Before(who.first) {
		who.first = row.CreatedAt
	}
	if row.UpdatedAt.After(who.last) {
		who.last = row.UpdatedAt
	}
}

// mover is who makes a move: what team leads may do is done by one of the job now and then, and the rest by those who
// run hiring.
func (g *generator) mover(c *course, event api.ApplicationEvent) person {
	switch event {
	case api.ApplicationEventApply, api.ApplicationEventSkip, api.ApplicationEventReturn, api.ApplicationEventReactivate:
	case api.ApplicationEventAdvance, api.ApplicationEventHold, api.ApplicationEventResume, api.ApplicationEventReject,
		api.ApplicationEventWithdraw:
		if len(c.job.leads) > 0 && g.happens(0.45) {
			return pick(g.chance, c.job.leads)
		}
	}
	return g.manager()
}

// manager is one of those who run hiring: mostly of HR.
func (g *generator) manager() person {
	weights := make([]int, len(g.managers))
	for i, p := range g.managers {
		if weights[i] = 1; p.role == api.RoleHr {
			weights[i] = 8
		}
	}
	return g.managers[g.weighted(weights)]
}

// reasons are why a step was taken: of a rejection one of the list, and of some a sentence.
func (g *generator) reasons(s step) (*api.RejectionReason, *string) {
	said := g.library.phrases.Moves
	switch s.event {
	case api.ApplicationEventReject:
		reason := g.rejection(s.stage)
		return &reason, maybe(g.chance, 0.5, said.Reject[reason])
	case api.ApplicationEventWithdraw:
		return nil, maybe(g.chance, 0.7, said.Withdraw)
	case api.ApplicationEventHold:
		return nil, maybe(g.chance, 0.8, said.Hold)
	case api.ApplicationEventResume:
		return nil, maybe(g.chance, 0.5, said.Resume)
	case api.ApplicationEventReturn:
		return nil, maybe(g.chance, 1, said.Return)
	case api.ApplicationEventReactivate:
		return nil, maybe(g.chance, 1, said.Reactivate)
	case api.ApplicationEventSkip:
		return nil, maybe(g.chance, 0.7, said.Skip)
	case api.ApplicationEventApply, api.ApplicationEventAdvance:
	}
	return nil, nil
}

// rejection is why somebody is rejected in a stage.
func (g *generator) rejection(stage api.ApplicationStage) api.RejectionReason {
	reasons := []api.RejectionReason{
		api.RejectionReasonNotQualified, api.RejectionReasonLacksExperience, api.RejectionReasonFailedAssessment,
		api.RejectionReasonStrongerCandidate, api.RejectionReasonCompensation, api.RejectionReasonLocation,
		api.RejectionReasonWorkAuthorization, api.RejectionReasonAvailability, api.RejectionReasonPositionFilled,
		api.RejectionReasonPositionCancelled, api.RejectionReasonDuplicate, api.RejectionReasonOther,
	}
	weights := []int{30, 25, 2, 8, 3, 8, 7, 4, 5, 2, 4, 2}
	switch stage {
	case api.ApplicationStageInterview, api.ApplicationStageEvaluation:
		weights = []int{8, 18, 34, 24, 4, 2, 2, 4, 2, 1, 0, 1}
	case api.ApplicationStageOffer, api.ApplicationStageHired:
		weights = []int{0, 0, 0, 3, 5, 0, 1, 1, 0, 1, 0, 1}
	case api.ApplicationStageApplied, api.ApplicationStageScreening:
	}
	return reasons[g.weighted(weights)]
}
