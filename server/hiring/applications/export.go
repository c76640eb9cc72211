package applications

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
)

// ExportApplications streams the applications that the caller sees. That they took them out is recorded before the
// first line.
func (a *Applications) ExportApplications(
	ctx context.Context, request api.ExportApplicationsRequestObject,
) (api.ExportApplicationsResponseObject, error) {
	who, format := access.Of(ctx), api.ExportFormatNdjson
	if request.Params.Format != nil {
		format = *request.Params.Format
	}
	var seen visibility.Sight
	err := a.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) (err error) {
		if seen, err = visibility.Of(ctx, tx, who); err != nil {
			return err
		}
		return a.Audit.Record(ctx, tx, who.CompanyID, audit.Entry{
			Action: audit.ApplicationsExported, Resource: audit.Application,
			Details: audit.Details{"format": format, "query": access.RequestOf(ctx).Target.RawQuery},
		})
	})
	if err != nil {
		return nil, err
	}
	stream := bulk.Stream(func(to io.Writer) error {
		err := a.export(ctx, listQuery(who, seen, request.Params, api.ApplicationSortCreatedAtAsc), seen, format, to)
		if err != nil {
			a.Log.WarnContext(ctx, "application export broken off", slog.Any("error", err))
		}
		return err
	})
	headers := api.ExportApplications200ResponseHeaders{ContentDisposition: fmt.Sprintf(
		`attachment; filename="applications-%s.%s"`, a.Clock.Now().Format("20060102T150405Z"), format)}
	if format == api.ExportFormatCsv {
		return api.ExportApplications200TextCsvResponse{Body: stream, Headers: headers}, nil
	}
	return api.ExportApplications200ApplicationXNdjsonResponse{Body: stream, Headers: headers}, nil
}

// export writes the applications that a query selects, in batches of one statement each.
func (a *Applications) export(
	ctx context.Context, query db.ListApplicationsParams, seen visibility.Sight, format api.ExportFormat, to io.Writer,
) error {
	query.MaxRows = bulk.Batch
	var err error
	if query.Ids, err = a.narrow(ctx, a.Store.Planned(query.CompanyID), query); err != nil {
		return err
	}
	convertRow := func(row db.ListApplicationsRow) (any, error) {
		shown := convert(db.GetApplicationRow(row), seen.Standing(row.Application.JobID))
		if format == api.ExportFormatCsv {
			return flatten(shown), nil
		}
		return shown, nil
	}
	out := bulk.NewWriter(bulk.Format(format), to, table())
	return bulk.Export(out, convertRow, func(after *db.ListApplicationsRow) ([]db.ListApplicationsRow, error) {
		if after != nil {
			query.AfterTime, query.AfterID = &after.Application.CreatedAt, &after.Application.ID
		}
		return a.Store.Planned(query.CompanyID).ListApplications(ctx, query)
	})
}

// line is an application whose candidate and job are cells of their own.
type line struct {
	api.Application

	CandidateID uuid.UUID `json:"candidate_id"`
	FirstName   string    `json:"candidate_first_name"`
	LastName    string    `json:"candidate_last_name"`
	JobID       uuid.UUID `json:"job_id"`
	JobTitle    string    `json:"job_title"`
}

func flatten(shown api.Application) line {
	return line{
		Application: shown, CandidateID: shown.Candidate.ID, FirstName: shown.Candidate.FirstName,
		LastName: shown.Candidate.LastName, JobID: shown.Job.ID, JobTitle: shown.Job.Title,
	}
}

// table is the applications as CSV. What the caller may do with them is left to the other format: nobody acts from a
// spreadsheet.
func table() bulk.Table {
	return bulk.Table{Columns: []string{
		"id", "candidate_id", "candidate_first_name", "candidate_last_name", "job_id", "job_title", "stage", "status",
		"rejection_reason", "source", "stage_entered_at", "created_at", "updated_at",
	}}
}
