package scores

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ExportScores streams the scores that the actor sees. The export is recorded in the audit log before it starts.
func (s *Scores) ExportScores(
	ctx context.Context, call service.Call, request api.ExportScoresRequestObject,
) (api.ExportScoresResponseObject, error) {
	query := listQuery(call.Actor, request.Params, api.ScoreSortCreatedAtAsc)
	file, err := s.Export(ctx, call, service.Export{
		Name: "scores", Action: audit.ScoresExported, Resource: audit.Score, Format: request.Params.Format,
		ByteOrderMark: request.Params.Bom, Delimiter: request.Params.Delimiter,
		Write: func(format api.ExportFormat, to bulk.Sink) error {
			return s.export(ctx, call.Actor, query, format, to)
		},
	})
	if err != nil {
		return nil, err
	}
	headers := api.ExportScores200ResponseHeaders{ContentDisposition: file.ContentDisposition}
	switch file.Format {
	case api.ExportFormatCsv:
		return api.ExportScores200TextCsvResponse{Body: file.Body, Headers: headers}, nil
	case api.ExportFormatXlsx:
		return api.ExportScores200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{
			Body: file.Body, Headers: headers,
		}, nil
	case api.ExportFormatNdjson:
	}
	return api.ExportScores200ApplicationXNdjsonResponse{Body: file.Body, Headers: headers}, nil
}

// export writes the selected scores in batches. Each batch is one statement, which evaluates the visibility rule anew.
func (s *Scores) export(
	ctx context.Context, actor access.Actor, query db.ListScoresParams, format api.ExportFormat, to bulk.Sink,
) error {
	query.MaxRows = bulk.Batch
	tenant, toLines := s.Store.Of(query.CompanyID), linesOf(format)
	// bulk.Export reads batches until one has fewer than bulk.Batch lines. A score has at least one line, so a full batch
	// of scores is never taken for the last.
	return bulk.Export(bulk.NewWriter(bulk.Format(format), to, csvTable()), line.row, func(after *line) ([]line, error) {
		if after != nil {
			query.AfterTime, query.AfterID = &after.score.CreatedAt, &after.score.ID
		}
		rows, err := tenant.ListScores(ctx, query)
		if err != nil {
			return nil, err
		}
		converted, err := s.convertAll(ctx, tenant, actor, rows)
		if err != nil {
			return nil, err
		}
		lines := make([]line, 0, len(converted))
		for _, score := range converted {
			lines = append(lines, toLines(score)...)
		}
		return lines, nil
	})
}

// line is one line of an export with the score it belongs to.
type line struct {
	score api.Score
	value any
}

func (l line) row() (any, error) { return l.value, nil }

// linesOf returns a function that splits a score into lines: one object in NDJSON, one line for each rating in CSV
// and XLSX. A score without ratings has one line there too, because it may have a recommendation.
func linesOf(format api.ExportFormat) func(api.Score) []line {
	if format == api.ExportFormatNdjson {
		return func(score api.Score) []line { return []line{{score, score}} }
	}
	return func(score api.Score) []line {
		plain := csvRow{Score: score, RaterID: score.Rater.ID, First: score.Rater.FirstName, Last: score.Rater.LastName}
		if len(score.Ratings) == 0 {
			return []line{{score, plain}}
		}
		lines := make([]line, len(score.Ratings))
		for i := range score.Ratings {
			part := plain
			part.ScoreRating = &score.Ratings[i]
			lines[i] = line{score, part}
		}
		return lines
	}
}

// csvRow is one rating with its score, without nested objects.
type csvRow struct {
	api.Score
	*api.ScoreRating
	RaterID uuid.UUID `json:"rater_id"`
	First   string    `json:"rater_first_name"`
	Last    string    `json:"rater_last_name"`
}

// csvTable returns the columns of the CSV export.
func csvTable() bulk.Table {
	return bulk.Table{Columns: []string{
		"id", "interview_id", "application_id", "job_id", "rater_id", "rater_first_name", "rater_last_name", "status",
		"revision", "criterion_key", "rating", "not_observed", "note", "recommendation", "comment", "weighted_score",
		"coverage", "submitted_at", "status_reason", "created_at", "updated_at",
	}}
}
