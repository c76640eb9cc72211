// Package reports calculates figures about hiring: the pipeline of a job and the workload of interviewers. The figures
// depend on states and times only, never on ratings, so that they need no rule of blindness.
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

// New returns an error that names every missing dependency.
func New(deps service.Deps) (*Reports, error) {
	if err := service.Check("reports", deps); err != nil {
		return nil, err
	}
	return &Reports{deps}, nil
}

// GetJobPipeline returns how many applications of a job are in each stage, reached it and passed it. The ETag is weak
// and does not cover as_of, which is different in every response.
func (r *Reports) GetJobPipeline(
	ctx context.Context, call service.Call, request api.GetJobPipelineRequestObject,
) (api.GetJobPipelineResponseObject, error) {
	pipeline, err := r.pipeline(ctx, call.Actor, request.JobID)
	if err != nil {
		return nil, err
	}
	tagged := pipeline
	tagged.AsOf = time.Time{}
	tag := etag.Weak(etag.OfShown(tagged))
	return api.GetJobPipeline200JSONResponse{Body: pipeline, Headers: api.GetJobPipeline200ResponseHeaders{ETag: tag}}, nil
}

// GetJobPipelineChart draws how many applications have reached each stage of a job.
func (r *Reports) GetJobPipelineChart(
	ctx context.Context, call service.Call, request api.GetJobPipelineChartRequestObject,
) (api.GetJobPipelineChartResponseObject, error) {
	pipeline, err := r.pipeline(ctx, call.Actor, request.JobID)
	if err != nil {
		return nil, err
	}
	picture, err := chart.Funnel(pipeline.JobTitle, funnel(pipeline.Stages))
	if err != nil {
		return nil, err
	}
	return api.GetJobPipelineChart200ImageSvgXMLResponse{
		Body: bytes.NewReader(picture), ContentLength: int64(len(picture)),
		Headers: api.GetJobPipelineChart200ResponseHeaders{ETag: etag.OfContent(picture)},
	}, nil
}

// pipeline returns the pipeline of a job. A job of which the actor does not see all applications is not found.
func (r *Reports) pipeline(ctx context.Context, actor access.Actor, id uuid.UUID) (api.JobPipeline, error) {
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
	pipeline := pipelineFigures(counts, stays)
	pipeline.JobID, pipeline.JobTitle, pipeline.AsOf = job.ID, job.Title, asOf.UTC()
	return pipeline, nil
}
