package interviews

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ExportInterviews streams the interviews that are visible to the actor, oldest first. The audit entry commits before
// the first line is sent.
func (i *Interviews) ExportInterviews(
	ctx context.Context, call service.Call, request api.ExportInterviewsRequestObject,
) (api.ExportInterviewsResponseObject, error) {
	params, oldestFirst := request.Params, api.InterviewSortCreatedAtAsc
	query := listQuery(call.Actor, api.ListInterviewsParams{
		Mine: params.Mine, JobID: params.JobID, CandidateID: params.CandidateID, ApplicationID: params.ApplicationID,
		PanelistID: params.PanelistID, Status: params.Status, Kind: params.Kind, StartsFrom: params.StartsFrom,
		StartsBefore: params.StartsBefore, UpdatedSince: params.UpdatedSince, Sort: &oldestFirst,
	})
	file, err := i.Export(ctx, call, service.Export{
		Name: "interviews", Action: audit.InterviewsExported, Resource: audit.Interview, Format: request.Params.Format,
		ByteOrderMark: request.Params.Bom, Delimiter: request.Params.Delimiter,
		Write: func(format api.ExportFormat, to bulk.Sink) error {
			return i.export(ctx, call.Actor, query, format, to)
		},
	})
	if err != nil {
		return nil, err
	}
	headers := api.ExportInterviews200ResponseHeaders{ContentDisposition: file.ContentDisposition}
	switch file.Format {
	case api.ExportFormatCsv:
		return api.ExportInterviews200TextCsvResponse{Body: file.Body, Headers: headers}, nil
	case api.ExportFormatXlsx:
		return api.ExportInterviews200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{
			Body: file.Body, Headers: headers,
		}, nil
	case api.ExportFormatNdjson:
	}
	return api.ExportInterviews200ApplicationXNdjsonResponse{Body: file.Body, Headers: headers}, nil
}

// surroundings is of how many interviews an export reads the surroundings at a time.
const surroundings = 50

// entry is an interview of an export.
type entry struct {
	row       db.Interview
	interview api.Interview
}

// export writes the selected interviews in batches. Each batch is a query of its own, which checks again what is
// visible to the actor.
func (i *Interviews) export(
	ctx context.Context, actor access.Actor, query db.ListInterviewsParams, format api.ExportFormat, to bulk.Sink,
) error {
	tenant := i.Store.Of(query.CompanyID)
	query.MaxRows = bulk.Batch
	show := func(e entry) (any, error) {
		if format == api.ExportFormatNdjson {
			return e.interview, nil
		}
		return flatten(e.interview), nil
	}
	return bulk.Export(bulk.NewWriter(bulk.Format(format), to, exportTable()), show, func(after *entry) ([]entry, error) {
		if after != nil {
			query.AfterTime, query.AfterID = &after.row.CreatedAt, &after.row.ID
		}
		rows, err := tenant.ListInterviews(ctx, query)
		if err != nil {
			return nil, err
		}
		batch := make([]entry, 0, len(rows))
		// For as few ids as a page has, the planner uses the indexes of what surrounds an interview.
		for part := range slices.Chunk(rows, surroundings) {
			interviews, err := i.convertAll(ctx, tenant, actor, part)
			if err != nil {
				return nil, err
			}
			for n, interview := range interviews {
				batch = append(batch, entry{part[n].Interview, interview})
			}
		}
		return batch, nil
	})
}

// tableRow is an interview in the CSV and XLSX exports, in which the fields of candidate, job and panel are columns.
type tableRow struct {
	api.Interview

	CandidateID uuid.UUID   `json:"candidate_id"`
	FirstName   string      `json:"candidate_first_name"`
	LastName    string      `json:"candidate_last_name"`
	JobID       uuid.UUID   `json:"job_id"`
	JobTitle    string      `json:"job_title"`
	PanelistIDs []uuid.UUID `json:"panelist_ids"`
	Panelists   []string    `json:"panelists"`
}

func flatten(i api.Interview) tableRow {
	row := tableRow{
		Interview: i, CandidateID: i.Candidate.ID, FirstName: i.Candidate.FirstName, LastName: i.Candidate.LastName,
		JobID: i.Job.ID, JobTitle: i.Job.Title,
	}
	for _, panelist := range i.Panel {
		row.PanelistIDs = append(row.PanelistIDs, panelist.User.ID)
		row.Panelists = append(row.Panelists, panelist.User.FirstName+" "+panelist.User.LastName)
	}
	return row
}

// exportTable returns the columns of the CSV and XLSX exports. It omits the allowed actions and the local times, which
// are of no use in a table.
func exportTable() bulk.Table {
	return bulk.Table{Columns: []string{
		"id", "application_id", "candidate_id", "candidate_first_name", "candidate_last_name", "job_id", "job_title",
		"kit_id", "kit_version_id", "title", "kind", "status", "starts_at", "ends_at", "timezone", "location", "meeting_url",
		"instructions", "reschedules", "panelist_ids", "panelists", "started_at", "finished_at", "completed_at",
		"status_reason", "created_at", "updated_at",
	}}
}
