// Package reports shows hiring in figures: how far the applications of a job have come, and how the people who
// interview keep up. Its figures count states and times; none of them tells how anybody was rated.
package reports

import (
	"bytes"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/insight/chart"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Reports implements the operations of the tag reports.
type Reports struct{ service.Deps }

// New fails if a dependency is missing.
func New(deps service.Deps) (*Reports, error) {
	if err := service.Check("reports", deps); err != nil {
		return nil, err
	}
	return &Reports{deps}, nil
}

// GetJobPipeline shows how far the applications of a job have come.
func (r *Reports) GetJobPipeline(
	ctx context.Context, request api.GetJobPipelineRequestObject,
) (api.GetJobPipelineResponseObject, error) {
	shown, err := r.pipeline(ctx, request.JobID)
	if err != nil {
		return nil, err
	}
	counted := shown
	counted.AsOf = time.Time{} // which is another one at every question
	tag := etag.Weak(etag.OfShown(counted))
	return api.GetJobPipeline200JSONResponse{Body: shown, Headers: api.GetJobPipeline200ResponseHeaders{ETag: tag}}, nil
}

// GetJobPipelineChart draws for each stage of a job how many applications have reached it.
func (r *Reports) GetJobPipelineChart(
	ctx context.Context, request api.GetJobPipelineChartRequestObject,
) (api.GetJobPipelineChartResponseObject, error) {
	shown, err := r.pipeline(ctx, request.JobID)
	if err != nil {
		return nil, err
	}
	picture, err := chart.Funnel(shown.JobTitle, funnel(shown.Stages))
	if err != nil {
		return nil, err
	}
	return api.GetJobPipelineChart200ImageSvgXMLResponse{
		Body: bytes.NewReader(picture), ContentLength: int64(len(picture)),
		Headers: api.GetJobPipelineChart200ResponseHeaders{ETag: etag.OfContent(picture)},
	}, nil
}

// pipeline counts the pipeline of a job of whose applications the actor sees all.
func (r *Reports) pipeline(ctx context.Context, id uuid.UUID) (api.JobPipeline, error) {
	actor := access.Of(ctx)
	tenant := r.Store.Of(actor.CompanyID)
	job, err := tenant.GetReportedJob(ctx, db.GetReportedJobParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
	if err != nil {
		return api.JobPipeline{}, err
	}
	asOf := r.Clock.Now()
	counts, err := tenant.CountPipeline(ctx, db.CountPipelineParams{CompanyID: actor.CompanyID, JobID: id})
	if err != nil {
		return api.JobPipeline{}, err
	}
	stays, err := tenant.ListMedianStays(ctx, db.ListMedianStaysParams{CompanyID: actor.CompanyID, JobID: id})
	if err != nil {
		return api.JobPipeline{}, err
	}
	shown := figures(counts, stays)
	shown.JobID, shown.JobTitle, shown.AsOf = job.ID, job.Title, asOf.UTC()
	return shown, nil
}
