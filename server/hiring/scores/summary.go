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
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// maxInterviews is the number of interviews that the summary of an application lists at most. Its figures cover all.
const maxInterviews = 200

// GetInterviewSummary returns the figures of the submitted scores of an interview that the actor sees. For a panelist
// who has not submitted a score, it returns the raters whose scores are missing, but no figures.
func (s *Scores) GetInterviewSummary(
	ctx context.Context, call service.Call, request api.GetInterviewSummaryRequestObject,
) (api.GetInterviewSummaryResponseObject, error) {
	actor := call.Actor
	found, err := s.scoredInterviews(ctx, actor, &request.InterviewID, nil)
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
	body := api.InterviewSummary{
		InterviewID: interview.ID, Status: api.InterviewStatus(interview.Status), Blinded: interview.Blinded,
		Required: toInt32(len(raters)), Missing: missing, Figures: summarize(interview.submissions, interview.Blinded),
	}
	return api.GetInterviewSummary200JSONResponse{
		Body: body, Headers: api.GetInterviewSummary200ResponseHeaders{ETag: etag.OfShown(body)},
	}, nil
}

// GetApplicationSummary returns the figures of the submitted scores of an application. It excludes interviews that the
// actor does not see or is blinded for.
func (s *Scores) GetApplicationSummary(
	ctx context.Context, call service.Call, request api.GetApplicationSummaryRequestObject,
) (api.GetApplicationSummaryResponseObject, error) {
	actor := call.Actor
	application, err := s.Store.Of(actor.CompanyID).GetApplication(ctx, db.GetApplicationParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: request.ApplicationID,
	})
	if err != nil {
		return nil, err
	}
	found, err := s.scoredInterviews(ctx, actor, nil, &application.Application.ID)
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
	body := api.ApplicationSummary{
		ApplicationID: application.Application.ID, BlindedInterviews: toInt32(blinded), Interviews: listed,
		Figures: summarize(all, len(all) == 0 && blinded > 0),
	}
	return api.GetApplicationSummary200JSONResponse{
		Body: body, Headers: api.GetApplicationSummary200ResponseHeaders{ETag: etag.OfShown(body)},
	}, nil
}

// scoredInterviews returns the given interview, or the interviews of an application, that the actor sees, with the
// submitted scores that the actor sees. One of the two ids is nil.
func (s *Scores) scoredInterviews(
	ctx context.Context, actor access.Actor, interview, application *uuid.UUID,
) ([]scoredInterview, error) {
	tenant := s.Store.Planned(actor.CompanyID)
	rows, err := tenant.ListInterviewsWithScores(ctx, db.ListInterviewsWithScoresParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), InterviewID: interview,
		ApplicationID: application,
	})
	if err != nil {
		return nil, err
	}
	var versions []uuid.UUID
	for _, row := range rows {
		if row.ScoreID != nil {
			versions = append(versions, row.KitVersionID)
		}
	}
	criteria, err := s.criteriaByVersion(ctx, tenant, actor.CompanyID, versions)
	if err != nil {
		return nil, err
	}
	return groupByInterview(rows, criteria), nil
}

// figures returns the figures of one interview.
func (s scoredInterview) figures() api.InterviewFigures {
	own := summarize(s.submissions, s.Blinded)
	return api.InterviewFigures{
		InterviewID: s.ID, Title: s.Title, Status: api.InterviewStatus(s.Status), StartsAt: optional.Time(s.StartsAt),
		Blinded: s.Blinded, Scores: own.Scores, WeightedMean: own.WeightedMean, WeightedMeanReason: own.WeightedMeanReason,
	}
}
