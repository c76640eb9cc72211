package scores

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// maxInterviews is how many interviews the summary of an application lists. Its figures are made of all of them.
const maxInterviews = 200

// GetInterviewSummary shows the submitted scores of an interview together, to those who see the interview. To a
// panelist who has not submitted theirs it says who is missing and nothing else.
func (s *Scores) GetInterviewSummary(
	ctx context.Context, request api.GetInterviewSummaryRequestObject,
) (api.GetInterviewSummaryResponseObject, error) {
	who := access.Of(ctx)
	seen, err := visibility.Of(ctx, s.Store.Of(who.CompanyID), who)
	if err != nil {
		return nil, err
	}
	found, err := s.interviews(ctx, seen, &request.InterviewID, nil)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.New(fault.ResourceNotFound)
	}
	raters, err := s.Store.Of(who.CompanyID).ListRequiredRaters(ctx, db.ListRequiredRatersParams{
		CompanyID: who.CompanyID, InterviewID: request.InterviewID,
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

// GetApplicationSummary shows the submitted scores of an application's interviews together, as far as the caller sees
// these and is not blinded.
func (s *Scores) GetApplicationSummary(
	ctx context.Context, request api.GetApplicationSummaryRequestObject,
) (api.GetApplicationSummaryResponseObject, error) {
	who := access.Of(ctx)
	seen, err := visibility.Of(ctx, s.Store.Of(who.CompanyID), who)
	if err != nil {
		return nil, err
	}
	application, err := s.Store.Of(who.CompanyID).GetApplication(ctx, db.GetApplicationParams{
		CompanyID: who.CompanyID, ID: request.ApplicationID, SeesAll: seen.All, Jobs: seen.Jobs,
		Applications: seen.Applications,
	})
	if err != nil {
		return nil, err
	}
	found, err := s.interviews(ctx, seen, nil, &application.Application.ID)
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

// interviews gives one interview, or those of an application, with the submitted scores that the caller reads. Those
// that the caller does not see are not among them.
func (s *Scores) interviews(ctx context.Context, seen visibility.Sight, one, application *uuid.UUID) ([]scored, error) {
	who := access.Of(ctx)
	tenant := s.Store.Planned(who.CompanyID)
	rows, err := tenant.ListInterviewsWithScores(ctx, db.ListInterviewsWithScoresParams{
		CompanyID: who.CompanyID, CallerID: who.ID, SeesAll: seen.All, Jobs: seen.Jobs, Interviews: seen.Interviews,
		ByKey: who.Key != nil, Eyes: who.Persons(),
		InterviewID: one, ApplicationID: application,
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
	criteria, err := s.criteriaOf(ctx, tenant, who.CompanyID, kits)
	if err != nil {
		return nil, err
	}
	return group(rows, criteria)
}

// figures are what an interview comes to by itself.
func (s scored) figures() api.InterviewFigures {
	own := figures(s.submissions, s.Blinded)
	return api.InterviewFigures{
		InterviewID: s.ID, Title: s.Title, Status: s.Status, StartsAt: optional.Time(s.StartsAt), Blinded: s.Blinded,
		Scores: own.Scores, WeightedMean: own.WeightedMean, WeightedMeanReason: own.WeightedMeanReason,
	}
}
