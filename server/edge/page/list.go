package page

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// Place is where a page ended: the sort key of its last entry, which is a time or a text, and its id, which breaks
// ties.
type Place struct {
	Time *time.Time `json:",omitempty"`
	Text *string    `json:",omitempty"`
	ID   uuid.UUID
}

// At is a place in a list that is ordered by a time.
func At(t time.Time, id uuid.UUID) Place { return Place{Time: &t, ID: id} }

// By is a place in a list that is ordered by a text.
func By(text string, id uuid.UUID) Place { return Place{Text: &text, ID: id} }

// List is one page of a list while it is made.
type List struct {
	// After is where the page before ended; its members are nil on the first page.
	After After
	codec Codec
	scope Scope
	limit int32
}

// After is a Place in the form of a query's parameters.
type After struct {
	Time *time.Time
	Text *string
	ID   *uuid.UUID
}

// Open begins a page of a list: it reads the cursor and bounds the number of entries. A cursor of another list is the
// fault InvalidCursor.
func (c Codec) Open(scope Scope, cursor *string, limit *int32) (List, error) {
	l := List{codec: c, scope: scope, limit: Limit(limit)}
	if cursor == nil {
		return l, nil
	}
	var place Place
	if err := c.Decode(scope, *cursor, &place); err != nil {
		return l, err
	}
	l.After = After{place.Time, place.Text, &place.ID}
	return l, nil
}

// MaxRows is how many rows to ask for: one more than the page holds, as the sign that there are more.
func (l List) MaxRows() int32 { return l.limit + 1 }

// Page is what a page of a list shows besides its entries.
type Page[R any] struct {
	Rows []R
	More bool
	// Next is the cursor of the next page, null on the last one; Link is the header that leads there.
	Next nullable.Nullable[string]
	Link *string
}

// Close makes a page of the rows that were found; place tells where a row stands in the list's order.
func Close[R any](ctx context.Context, l List, rows []R, place func(R) Place) (Page[R], error) {
	rows, more := Cut(rows, l.limit)
	next := ""
	if more {
		var err error
		if next, err = l.codec.Encode(l.scope, place(rows[len(rows)-1])); err != nil {
			return Page[R]{}, err
		}
	}
	return Page[R]{Rows: rows, More: more, Next: Next(next), Link: Link(access.RequestOf(ctx), next)}, nil
}
