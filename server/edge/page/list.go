package page

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// List describes one page of a list that a client asked for. R is a row of the query, T an entry of the response.
type List[R, T any] struct {
	// Scope is what the list's cursors belong to.
	Scope Scope
	// Cursor and Limit are the parameters of the request; nil if absent.
	Cursor *string
	Limit  *int32
	// IDs are the ids that the client asked for; none if the client did not ask for ids.
	IDs []uuid.UUID
	// ByID returns the rows with the IDs.
	ByID func(ids []uuid.UUID) ([]R, error)
	// Fetch returns the rows of the window, in the list's order.
	Fetch func(Window) ([]R, error)
	// Place returns the position of a row in the list's order.
	Place func(R) Place
	// Show converts the rows of the page; Each builds it from a function for one row.
	Show func([]R) ([]T, error)
}

// Window selects the rows of one page. Its fields have the names of the query parameters.
type Window struct {
	// AfterTime, AfterText and AfterID are the position of the last entry of the previous page; nil on the first page.
	AfterTime *time.Time
	AfterText *string
	AfterID   *uuid.UUID
	// MaxRows is one more than the page holds: the additional row shows that there is a next page.
	MaxRows int32
}

// Place is the position of an entry in a list: its sort key, which is a time or a text, and its id, which breaks ties.
type Place struct {
	Time *time.Time `json:",omitempty"`
	Text *string    `json:",omitempty"`
	ID   uuid.UUID
}

// At is a position in a list that is ordered by time.
func At(t time.Time, id uuid.UUID) Place { return Place{Time: &t, ID: id} }

// By is a position in a list that is ordered by text.
func By(text string, id uuid.UUID) Place { return Place{Text: &text, ID: id} }

// ByName is a position in a list that is ordered by last name and first name. The list functions of the database
// separate the two again.
func ByName(lastName, firstName string, id uuid.UUID) Place { return By(lastName+"\x01"+firstName, id) }

// Page is one page of a list in the form of a response.
type Page[T any] struct {
	Body Body[T]
	// Link is the header that leads to the next page; nil on the last page.
	Link *string
}

// Body has the fields of the pages in the API, in the same order, so that a Body[api.User] converts to an api.UserPage.
type Body[T any] struct {
	Data    []T
	HasMore bool
	// NextCursor is null on the last page.
	NextCursor nullable.Nullable[string]
}

// Read returns one page of a list. A cursor that was not issued for the list's scope is the fault InvalidCursor; ids
// together with a cursor or a filter are MalformedRequest.
func Read[R, T any](ctx context.Context, codec Codec, list List[R, T]) (Page[T], error) {
	if len(list.IDs) > 0 {
		return readByID(ctx, list)
	}
	limit := int32(DefaultLimit)
	if list.Limit != nil {
		limit = *list.Limit
	}
	window := Window{MaxRows: limit + 1}
	if list.Cursor != nil {
		var place Place
		if err := codec.Decode(list.Scope, *list.Cursor, &place); err != nil {
			return Page[T]{}, err
		}
		window.AfterTime, window.AfterText, window.AfterID = place.Time, place.Text, &place.ID
	}
	rows, err := list.Fetch(window)
	if err != nil {
		return Page[T]{}, err
	}
	next, cursor := "", nullable.NewNullNullable[string]()
	more := len(rows) > int(limit)
	if more {
		rows = rows[:limit]
		if next, err = codec.Encode(list.Scope, list.Place(rows[len(rows)-1])); err != nil {
			return Page[T]{}, err
		}
		cursor.Set(next)
	}
	data, err := list.Show(rows)
	if err != nil {
		return Page[T]{}, err
	}
	return Page[T]{Body[T]{data, more, cursor}, Link(ctx, next)}, nil
}

// readByID returns the entries with the ids that the client asked for.
func readByID[R, T any](ctx context.Context, list List[R, T]) (Page[T], error) {
	for name := range access.RequestOf(ctx).Query {
		// Some clients always send the defaults of limit and sort.
		if name != "id" && name != "limit" && name != "sort" {
			return Page[T]{}, fault.New(fault.MalformedRequest).
				Parameter("id", "combined", "cannot be combined with cursor or filters")
		}
	}
	rows, err := list.ByID(list.IDs)
	if err != nil {
		return Page[T]{}, err
	}
	data, err := list.Show(rows)
	return Page[T]{Body: Body[T]{Data: data, NextCursor: nullable.NewNullNullable[string]()}}, err
}

// Each converts rows one by one.
func Each[R, T any](convert func(R) T) func([]R) ([]T, error) {
	return EachOrError(func(row R) (T, error) { return convert(row), nil })
}

// EachOrError converts rows one by one, up to the first error.
func EachOrError[R, T any](convert func(R) (T, error)) func([]R) ([]T, error) {
	return func(rows []R) ([]T, error) {
		data := make([]T, len(rows))
		for i, row := range rows {
			var err error
			if data[i], err = convert(row); err != nil {
				return nil, err
			}
		}
		return data, nil
	}
}
