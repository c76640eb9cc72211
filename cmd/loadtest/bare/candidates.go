package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"
)

const columns = `created_at, email, external_id, first_name, id, last_name, links, location, phone, source, status,
	tags, updated_at`

// candidate is a candidate in the form of the service.
type candidate struct {
	AllowedActions []string  `json:"allowed_actions"`
	CreatedAt      time.Time `json:"created_at"`
	Email          *string   `json:"email"`
	ExternalID     *string   `json:"external_id"`
	FirstName      string    `json:"first_name"`
	ID             uuid.UUID `json:"id"`
	LastName       string    `json:"last_name"`
	Links          []string  `json:"links"`
	Location       *string   `json:"location"`
	Phone          *string   `json:"phone"`
	Source         *string   `json:"source"`
	Status         string    `json:"status"`
	Tags           []string  `json:"tags"`
	UpdatedAt      time.Time `json:"updated_at"`
}

func scan(row pgx.CollectableRow) (candidate, error) {
	c := candidate{AllowedActions: []string{"update", "apply"}}
	err := row.Scan(&c.CreatedAt, &c.Email, &c.ExternalID, &c.FirstName, &c.ID, &c.LastName, &c.Links, &c.Location,
		&c.Phone, &c.Source, &c.Status, &c.Tags, &c.UpdatedAt)
	return c, err
}

// listCandidates lists candidates, the newest first. A cursor is the time and the id of the last one.
func (b *bare) listCandidates(c echo.Context) error {
	limit, err := strconv.Atoi(c.QueryParam("limit"))
	if err != nil {
		limit = 50
	}
	where, arguments := "company_id = $1", []any{b.company, limit + 1}
	with := func(condition string, values ...any) {
		for _, value := range values {
			arguments = append(arguments, value)
			condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(arguments)), 1)
		}
		where += " AND " + condition
	}
	if at, id, found := strings.Cut(c.QueryParam("cursor"), "_"); found {
		with("(created_at, id) < (?::text::timestamptz, ?::text::uuid)", at, id)
	}
	if source := c.QueryParam("source"); source != "" {
		with("source = ?", source)
	}
	if q := c.QueryParam("q"); q != "" {
		with("candidate_terms(first_name, last_name, email, tags) LIKE ?", "%"+strings.ToLower(q)+"%")
	}
	rows, err := b.pool.Query(c.Request().Context(), "SELECT "+columns+" FROM candidates WHERE "+where+
		" ORDER BY created_at DESC, id DESC LIMIT $2", arguments...)
	if err != nil {
		return fmt.Errorf("list candidates: %w", err)
	}
	list := struct {
		Data       []candidate `json:"data"`
		HasMore    bool        `json:"has_more"`
		NextCursor *string     `json:"next_cursor"`
	}{}
	if list.Data, err = pgx.CollectRows(rows, scan); err != nil {
		return fmt.Errorf("list candidates: %w", err)
	}
	if len(list.Data) > limit {
		last := list.Data[limit-1]
		cursor := last.CreatedAt.UTC().Format(time.RFC3339Nano) + "_" + last.ID.String()
		list.Data, list.HasMore, list.NextCursor = list.Data[:limit], true, &cursor
	}
	return c.JSON(http.StatusOK, list)
}

func (b *bare) getCandidate(c echo.Context) error {
	return b.one(c, http.StatusOK, "SELECT "+columns+" FROM candidates WHERE company_id = $1 AND id = $2",
		b.company, c.Param("id"))
}

// one sends the candidate that a statement returns.
func (b *bare) one(c echo.Context, status int, statement string, arguments ...any) error {
	rows, err := b.pool.Query(c.Request().Context(), statement, arguments...)
	if err != nil {
		return fmt.Errorf("query candidate: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, scan)
	if err != nil {
		return fmt.Errorf("read candidate: %w", err)
	}
	return c.JSON(status, found)
}

// created is the body of a request that creates a candidate.
type created struct {
	FirstName  string   `json:"first_name"`
	LastName   string   `json:"last_name"`
	Email      *string  `json:"email"`
	Phone      *string  `json:"phone"`
	Location   *string  `json:"location"`
	Source     *string  `json:"source"`
	ExternalID *string  `json:"external_id"`
	Links      []string `json:"links"`
	Tags       []string `json:"tags"`
}

const insert = `INSERT INTO candidates (company_id, id, first_name, last_name, email, phone, location, source,
	external_id, links, tags, created_at, updated_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, COALESCE($10::text[], '{}'), COALESCE($11::text[], '{}'), now(), now())`

func (b *bare) values(in created) []any {
	return []any{
		b.company, uuid.Must(uuid.NewV7()), in.FirstName, in.LastName, in.Email, in.Phone, in.Location, in.Source,
		in.ExternalID, in.Links, in.Tags,
	}
}

// createCandidate creates a candidate. With an Idempotency-Key, the key is inserted in the same transaction, which is
// one round trip.
func (b *bare) createCandidate(c echo.Context) error {
	var in created
	if err := json.NewDecoder(c.Request().Body).Decode(&in); err != nil {
		return c.NoContent(http.StatusBadRequest)
	}
	key := c.Request().Header.Get("Idempotency-Key")
	if key == "" {
		return b.one(c, http.StatusCreated, insert+" RETURNING "+columns, b.values(in)...)
	}
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO keys (company_id, key) VALUES ($1, $2)`, b.company, key)
	var made candidate
	batch.Queue(insert+" RETURNING "+columns, b.values(in)...).Query(func(rows pgx.Rows) (err error) {
		made, err = pgx.CollectExactlyOneRow(rows, scan)
		return err
	})
	if err := b.pool.SendBatch(c.Request().Context(), batch).Close(); err != nil {
		return fmt.Errorf("create candidate with a key: %w", err)
	}
	return c.JSON(http.StatusCreated, made)
}

func (b *bare) patchCandidate(c echo.Context) error {
	var in struct {
		Location *string `json:"location"`
	}
	if err := json.NewDecoder(c.Request().Body).Decode(&in); err != nil {
		return c.NoContent(http.StatusBadRequest)
	}
	return b.one(c, http.StatusOK, `UPDATE candidates SET location = COALESCE($3, location), version = version + 1,
		updated_at = now() WHERE company_id = $1 AND id = $2 RETURNING `+columns, b.company, c.Param("id"), in.Location)
}

// exportCandidates streams all candidates, one JSON object per line.
func (b *bare) exportCandidates(c echo.Context) error {
	rows, err := b.pool.Query(c.Request().Context(),
		"SELECT "+columns+" FROM candidates WHERE company_id = $1 ORDER BY created_at, id", b.company)
	if err != nil {
		return fmt.Errorf("export candidates: %w", err)
	}
	c.Response().Header().Set(echo.HeaderContentType, "application/x-ndjson")
	out := json.NewEncoder(c.Response())
	for rows.Next() {
		found, err := scan(rows)
		if err == nil {
			err = out.Encode(found)
		}
		if err != nil {
			rows.Close()
			return fmt.Errorf("export candidates: %w", err)
		}
	}
	return rows.Err()
}

// importCandidates creates a candidate for every line, in batches of 500 rows within one transaction.
func (b *bare) importCandidates(c echo.Context) error {
	const size = 500
	ctx := c.Request().Context()
	in, total := json.NewDecoder(bufio.NewReader(c.Request().Body)), 0
	err := pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		for ended := false; !ended; {
			batch := &pgx.Batch{}
			for batch.Len() < size {
				var line created
				err := in.Decode(&line)
				if ended = errors.Is(err, io.EOF); ended {
					break
				}
				if err != nil {
					return fmt.Errorf("read line %d: %w", total+1, err)
				}
				batch.Queue(insert, b.values(line)...)
				total++
			}
			if err := tx.SendBatch(ctx, batch).Close(); err != nil {
				return fmt.Errorf("insert up to line %d: %w", total, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]int{"created": total})
}
