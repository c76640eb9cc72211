package scores

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// maxInterviews is how many interviews the summary of an application lists. Its figures cover all of them.
const maxInterviews = 200

// GetInterviewSummary shows the figures of the submitted scores of an interview that the actor sees. A panelist who has
// not submitted a score sees whose scores are missing, and no figures.
func (s *Scores) GetInterviewSummary(
	ctx context.Context, request api.GetInterviewSummaryRequestObject,
) (api.GetInterviewSummaryResponseObject, error) {
	actor := access.Of(ctx)
	found, err := s.interviews(ctx, actor, &request.InterviewID, nil)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.New(fault.ResourceNotFound)
	}
	raters, err := s.Store.Of(actor.CompanyID).ListRequiredRaters(ctx, db.ListRequiredRatersParams{
		CompanyID: actor.CompanyID, InterviewID: request.InterviewID,
	})
	if err != nil {
		return nil, err
	}
	missing := []api.PersonSummary{}
	for _, rater := range raters {
		if !rater.HasSubmitted {
			missing = append(missing, api.PersonSummary{ID: rater.ID, FirstName: rater.FirstName, LastName: rater.LastName})
		}
	}
	interview := found[0]
	shown := api.InterviewSummary{
		InterviewID: interview.ID, Status: interview.Status, Blinded: interview.Blinded, Required: whole(len(raters)),
		Missing: missing, Figures: figures(interview.submissions, interview.Blinded),
	}
	return api.GetInterviewSummary200JSONResponse{
		Body: shown, Headers: api.GetInterviewSummary200ResponseHeaders{ETag: etag.OfShown(shown)},
	}, nil
}

// GetApplicationSummary shows the figures of the submitted scores of an application's interviews, except of interviews
// that the actor does not see or is blinded for.
func (s *Scores) GetApplicationSummary(
	ctx context.Context, request api.GetApplicationSummaryRequestObject,
) (api.GetApplicationSummaryResponseObject, error) {
	actor := access.Of(ctx)
	application, err := s.Store.Of(actor.CompanyID).GetApplication(ctx, db.GetApplicationParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: request.ApplicationID,
	})
	if err != nil {
		return nil, err
	}
	found, err := s.interviews(ctx, actor, nil, &application.Application.ID)
	if err != nil {
		return nil, err
	}
	blinded, all := 0, []submission{}
	listed := []api.InterviewFigures{}
	for _, interview := range found {
		if interview.Blinded {
			blinded++
		}
		all = append(all, interview.submissions...)
		if len(listed) < maxInterviews {
			listed = append(listed, interview.figures())
		}
	}
	shown := api.ApplicationSummary{
		ApplicationID: application.Application.ID, BlindedInterviews: whole(blinded), Interviews: listed,
		Figures: figures(all, len(all) == 0 && blinded > 0),
	}
	return api.GetApplicationSummary200JSONResponse{
		Body: shown, Headers: api.GetApplicationSummary200ResponseHeaders{ETag: etag.OfShown(shown)},
	}, nil
}

// interviews returns one interview or those of an application, as far as the actor sees them, with the submitted scores
// that the actor sees.
func (s *Scores) interviews(ctx context.Context, actor access.Actor, one, application *uuid.UUID) ([]scored, error) {
	tenant := s.Store.Planned(actor.CompanyID)
	rows, err := tenant.ListInterviewsWithScores(ctx, db.ListInterviewsWithScoresParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), InterviewID: one,
		ApplicationID: application,
	})
	if err != nil {
		return nil, err
	}
	var kits []uuid.UUID
	for _, row := range rows {
		if row.ScoreID != nil {
			kits = append(kits, row.KitVersionID)
		}
	}
	criteria, err := s.criteriaOf(ctx, tenant, actor.CompanyID, kits)
	if err != nil {
		return nil, err
	}
	return group(rows, criteria)
}

// figures are those of one interview.
func (s scored) figures() api.InterviewFigures {
	own := figures(s.submissions, s.Blinded)
	return api.InterviewFigures{
		InterviewID: s.ID, Title: s.Title, Status: s.Status, StartsAt: optional.Time(s.StartsAt), Blinded: s.Blinded,
		Scores: own.Scores, WeightedMean: own.WeightedMean, WeightedMeanReason: own.WeightedMeanReason,
	}
}
