package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"
)

// interview is the JSON of an interview i.
const interview = `json_build_object('id', i.id, 'allowed_actions', '[]'::json, 'application_id', i.application_id,
	'candidate', (SELECT json_build_object('id', c.id, 'first_name', c.first_name, 'last_name', c.last_name)
		FROM candidates AS c WHERE c.company_id = i.company_id AND c.id = i.candidate_id),
	'job', (SELECT json_build_object('id', j.id, 'title', j.title)
		FROM jobs AS j WHERE j.company_id = i.company_id AND j.id = i.job_id),
	'kit_version_id', i.kit_version_id, 'kit_id', (SELECT v.kit_id FROM kit_versions AS v
		WHERE v.company_id = i.company_id AND v.id = i.kit_version_id),
	'panel', (SELECT json_agg(json_build_object('user', json_build_object('id', u.id, 'first_name', u.first_name,
			'last_name', u.last_name), 'response', p.response, 'comment', p.comment, 'responded_at', p.responded_at,
			'score_required', p.score_required, 'has_submitted', EXISTS (SELECT FROM scores AS s
				WHERE s.company_id = i.company_id AND s.interview_id = i.id AND s.rater_id = u.id AND s.status = 'submitted')))
		FROM interview_panelists AS p JOIN users AS u ON u.company_id = p.company_id AND u.id = p.user_id
		WHERE p.company_id = i.company_id AND p.interview_id = i.id),
	'title', i.title, 'kind', i.kind, 'status', i.status, 'starts_at', i.starts_at, 'ends_at', i.ends_at,
	'starts_at_local', i.starts_at AT TIME ZONE i.timezone, 'ends_at_local', i.ends_at AT TIME ZONE i.timezone,
	'timezone', i.timezone, 'location', i.location, 'meeting_url', i.meeting_url, 'instructions', i.instructions,
	'reschedules', i.reschedules, 'started_at', i.started_at, 'finished_at', i.finished_at,
	'completed_at', i.completed_at, 'status_reason', i.status_reason, 'created_at', i.created_at,
	'updated_at', i.updated_at)`

// score is the JSON of a score s whose rater is u.
const score = `json_build_object('id', s.id, 'allowed_actions', '[]'::json, 'application_id', s.application_id,
	'interview_id', s.interview_id, 'job_id', s.job_id, 'rater', json_build_object('id', u.id, 'first_name', u.first_name,
	'last_name', u.last_name), 'ratings', s.ratings, 'recommendation', s.recommendation, 'comment', s.comment,
	'weighted_score', s.weighted_score, 'coverage', s.coverage, 'missing_criteria', '[]'::json, 'revision', s.revision,
	'status', s.status, 'status_reason', s.status_reason, 'submitted_at', s.submitted_at, 'created_at', s.created_at,
	'updated_at', s.updated_at)`

// These statements have the arguments company, user, status and limit. Each row is one JSON value.
const (
	interviewsOfUser = `SELECT ` + interview + ` FROM interview_panelists AS mine
		JOIN interviews AS i ON i.company_id = mine.company_id AND i.id = mine.interview_id
		WHERE mine.company_id = $1 AND mine.user_id = $2 AND $3 = ''
		ORDER BY i.starts_key, i.id LIMIT $4`
	applicationsByStatus = `SELECT json_build_object('id', a.id, 'allowed_actions', '["move","hold"]'::json,
			'allowed_stages', '["screening","interview"]'::json, 'candidate', json_build_object('id', c.id, 'first_name',
			c.first_name, 'last_name', c.last_name), 'job', json_build_object('id', j.id, 'title', j.title),
			'source', a.source, 'stage', a.stage, 'stage_entered_at', a.stage_entered_at, 'status', a.status,
			'created_at', a.created_at, 'updated_at', a.updated_at)
		FROM applications AS a JOIN candidates AS c ON c.company_id = a.company_id AND c.id = a.candidate_id
		JOIN jobs AS j ON j.company_id = a.company_id AND j.id = a.job_id
		WHERE a.company_id = $1 AND $2::uuid IS NOT NULL AND a.status = $3
		ORDER BY a.created_at DESC, a.id DESC LIMIT $4`
	scoresOfJobs = `SELECT ` + score + ` FROM scores AS s
		JOIN users AS u ON u.company_id = s.company_id AND u.id = s.rater_id
		WHERE s.company_id = $1 AND $3 = '' AND s.job_id = ANY (ARRAY(
			SELECT m.job_id FROM job_members AS m WHERE m.company_id = $1 AND m.user_id = $2))
		ORDER BY s.created_at DESC, s.id DESC LIMIT $4`
)

const oneInterview = `SELECT ` + interview + ` FROM interviews AS i WHERE i.company_id = $1 AND i.id = $2`

// list sends a page of a statement's rows.
func (b *bare) list(statement string) echo.HandlerFunc {
	return func(c echo.Context) error {
		limit, err := strconv.Atoi(c.QueryParam("limit"))
		if err != nil {
			limit = 50
		}
		rows, err := b.pool.Query(c.Request().Context(), statement, b.company, user(c), c.QueryParam("status"), limit+1)
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		defer rows.Close()
		var out bytes.Buffer
		out.WriteString(`{"data":[`)
		n := 0
		for ; rows.Next(); n++ {
			if n > 0 && n < limit {
				out.WriteByte(',')
			}
			if n < limit {
				out.Write(rows.RawValues()[0])
			}
		}
		if rows.Err() != nil {
			return fmt.Errorf("list: %w", rows.Err())
		}
		fmt.Fprintf(&out, `],"has_more":%t,"next_cursor":null}`, n > limit)
		return c.JSONBlob(http.StatusOK, out.Bytes())
	}
}

// get sends the row of a statement with the arguments company and id.
func (b *bare) get(statement string) echo.HandlerFunc {
	return func(c echo.Context) error { return b.send(c, http.StatusOK, statement, b.company, c.Param("id")) }
}

// send sends the JSON value that a statement returns.
func (b *bare) send(c echo.Context, status int, statement string, arguments ...any) error {
	var value json.RawMessage
	if err := b.pool.QueryRow(c.Request().Context(), statement, arguments...).Scan(&value); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return c.JSONBlob(status, value)
}

// createInterview books an interview with its panel.
func (b *bare) createInterview(c echo.Context) error {
	var in struct {
		Application uuid.UUID `json:"application_id"`
		KitVersion  uuid.UUID `json:"kit_version_id"`
		Title, Kind string
		Panel       []struct {
			User uuid.UUID `json:"user_id"`
		}
		Schedule struct {
			Starts   time.Time `json:"starts_at"`
			Ends     time.Time `json:"ends_at"`
			Timezone string
		}
	}
	if err := json.NewDecoder(c.Request().Body).Decode(&in); err != nil {
		return c.NoContent(http.StatusBadRequest)
	}
	id, ctx := uuid.Must(uuid.NewV7()), c.Request().Context()
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind,
			status, starts_at, ends_at, timezone, created_by, created_at, updated_at)
		SELECT company_id, $2, id, job_id, candidate_id, $4, $5, $6, 'scheduled', $7, $8, $9, $10, now(), now()
		FROM applications WHERE company_id = $1 AND id = $3`, b.company, id, in.Application, in.KitVersion, in.Title, in.Kind,
		in.Schedule.Starts, in.Schedule.Ends, in.Schedule.Timezone, user(c))
	for _, panelist := range in.Panel {
		batch.Queue(`INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at)
			VALUES ($1, $2, $3, now(), now())`, b.company, id, panelist.User)
	}
	if err := b.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("create interview: %w", err)
	}
	return b.send(c, http.StatusCreated, oneInterview, b.company, id)
}

// updated changes a row, and sends the interview of the request.
func (b *bare) updated(c echo.Context, statement string, arguments ...any) error {
	if _, err := b.pool.Exec(c.Request().Context(), statement, arguments...); err != nil {
		return fmt.Errorf("update: %w", err)
	}
	return b.send(c, http.StatusOK, oneInterview, b.company, c.Param("id"))
}

func (b *bare) respond(c echo.Context) error {
	return b.updated(c, `UPDATE interview_panelists SET response = 'accepted', responded_at = now(), updated_at = now()
		WHERE company_id = $1 AND interview_id = $2 AND user_id = $3`, b.company, c.Param("id"), user(c))
}

func (b *bare) startInterview(c echo.Context) error {
	return b.updated(c, `UPDATE interviews SET status = 'in_progress', started_at = now(), version = version + 1,
		updated_at = now() WHERE company_id = $1 AND id = $2`, b.company, c.Param("id"))
}

func (b *bare) cancelInterview(c echo.Context) error {
	return b.updated(c, `UPDATE interviews SET status = 'cancelled', status_reason = 'Load test', version = version + 1,
		updated_at = now() WHERE company_id = $1 AND id = $2`, b.company, c.Param("id"))
}

func (b *bare) createScore(c echo.Context) error {
	return b.send(c, http.StatusCreated, `WITH s AS (
			INSERT INTO scores (company_id, id, interview_id, application_id, job_id, rater_id, comment, created_at, updated_at)
			SELECT company_id, $3, id, application_id, job_id, $4, 'Load test', now(), now() FROM interviews
			WHERE company_id = $1 AND id = $2 RETURNING *)
		SELECT `+score+` FROM s JOIN users AS u ON u.company_id = s.company_id AND u.id = s.rater_id`,
		b.company, c.Param("id"), uuid.Must(uuid.NewV7()), user(c))
}

func (b *bare) patchScore(c echo.Context) error {
	return b.send(c, http.StatusOK, `WITH s AS (
			UPDATE scores SET comment = 'Again', version = version + 1, updated_at = now()
			WHERE company_id = $1 AND id = $2 RETURNING *)
		SELECT `+score+` FROM s JOIN users AS u ON u.company_id = s.company_id AND u.id = s.rater_id`,
		b.company, c.Param("id"))
}
