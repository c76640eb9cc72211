package scores

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
)

// ExportScores streams the scores that the caller reads. That they took them out is recorded before the first line.
func (s *Scores) ExportScores(
	ctx context.Context, request api.ExportScoresRequestObject,
) (api.ExportScoresResponseObject, error) {
	who, wanted := access.Of(ctx), request.Params
	format := api.ExportFormatNdjson
	if wanted.Format != nil {
		format = *wanted.Format
	}
	query, err := s.query(ctx, wanted)
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		return s.Audit.Record(ctx, tx, who.CompanyID, audit.Entry{
			Action: audit.ScoresExported, Resource: audit.Score,
			Details: audit.Details{"format": format, "query": access.RequestOf(ctx).Target.RawQuery},
		})
	})
	if err != nil {
		return nil, err
	}
	stream := bulk.Stream(func(to io.Writer) error {
		err := s.export(ctx, query, format, to)
		if err != nil {
			s.Log.WarnContext(ctx, "export of scores broken off", slog.Any("error", err))
		}
		return err
	})
	name := fmt.Sprintf(`attachment; filename="scores-%s.%s"`, s.Clock.Now().Format("20060102T150405Z"), format)
	headers := api.ExportScores200ResponseHeaders{ContentDisposition: name}
	if format == api.ExportFormatCsv {
		return api.ExportScores200TextCsvResponse{Body: stream, Headers: headers}, nil
	}
	return api.ExportScores200ApplicationXNdjsonResponse{Body: stream, Headers: headers}, nil
}

// export writes the scores that a query selects, oldest first, in batches of one statement each. A score has at least
// one line, so a batch that is full in scores is full in lines, and what follows it is asked for.
func (s *Scores) export(ctx context.Context, query db.ListScoresParams, format api.ExportFormat, to io.Writer) error {
	query.Sort, query.MaxRows = string(api.ScoreSortCreatedAtAsc), bulk.Batch
	tenant, inLines := s.Store.Planned(query.CompanyID), linesOf(format)
	return bulk.Export(bulk.NewWriter(bulk.Format(format), to, table()), line.row, func(after *line) ([]line, error) {
		if after != nil {
			query.AfterTime, query.AfterID = &after.score.CreatedAt, &after.score.ID
		}
		rows, err := tenant.ListScores(ctx, query)
		if err != nil {
			return nil, err
		}
		shown, err := s.show(ctx, tenant, rows)
		if err != nil {
			return nil, err
		}
		lines := make([]line, 0, len(shown))
		for _, score := range shown {
			lines = append(lines, inLines(score)...)
		}
		return lines, nil
	})
}

// line is what an export says in one line, and of which score.
type line struct {
	score api.Score
	says  any
}

func (l line) row() (any, error) { return l.says, nil }

// linesOf gives how a score is written: as one object, or in a table with a line for each rating. One without ratings
// has a line as well, since it may recommend something.
func linesOf(format api.ExportFormat) func(api.Score) []line {
	if format == api.ExportFormatNdjson {
		return func(score api.Score) []line { return []line{{score, score}} }
	}
	return func(score api.Score) []line {
		plain := flat{Score: score, RaterID: score.Rater.ID, First: score.Rater.FirstName, Last: score.Rater.LastName}
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

// flat is one rating with the score that it belongs to, and no object within.
type flat struct {
	api.Score
	*api.ScoreRating
	RaterID uuid.UUID `json:"rater_id"`
	First   string    `json:"rater_first_name"`
	Last    string    `json:"rater_last_name"`
}

// table are the columns of the export as CSV.
func table() bulk.Table {
	return bulk.Table{Columns: []string{
		"id", "interview_id", "application_id", "job_id", "rater_id", "rater_first_name", "rater_last_name", "status",
		"revision", "criterion_key", "rating", "not_observed", "note", "recommendation", "comment", "weighted_score",
		"coverage", "submitted_at", "status_reason", "created_at", "updated_at",
	}}
}
