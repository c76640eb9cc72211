package users

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/caller"
	"github.com/ai-interviewer-platform/interviewer/server/page"
)

const (
	// shortestTrigram is how many characters a text must have for the trigram index to find it.
	shortestTrigram = 3
	// fewHits is up to how many users a search takes from the trigram index. A text that more users contain is found soon
	// by walking the list in its order.
	fewHits = 2000
)

// position is where a page ended: the sort keys of its last user.
type position struct {
	Time  *time.Time `json:",omitempty"`
	Text  *string    `json:",omitempty"`
	Text2 *string    `json:",omitempty"`
	ID    uuid.UUID
}

// ListUsers lists the company's users, by filters and in an order of the caller's choice.
func (u *Users) ListUsers(ctx context.Context, request api.ListUsersRequestObject) (api.ListUsersResponseObject, error) {
	who, wanted := caller.Of(ctx), request.Params
	limit := page.Limit(wanted.Limit)
	query, scope := listQuery(who.CompanyID, wanted)
	query.MaxRows = limit + 1
	if wanted.Cursor != nil {
		var after position
		if err := u.Cursors.Decode(scope, *wanted.Cursor, &after); err != nil {
			return nil, err
		}
		query.AfterTime, query.AfterText, query.AfterText2, query.AfterID = after.Time, after.Text, after.Text2, &after.ID
	}
	if err := u.search(ctx, &query, wanted.Q); err != nil {
		return nil, err
	}
	tenant := u.Store.Planned(who.CompanyID)
	rows, err := u.Queries.ListUsers(ctx, tenant, query)
	if err != nil {
		return nil, err
	}
	rows, more := page.Cut(rows, limit)
	next := ""
	if more {
		if next, err = u.Cursors.Encode(scope, positionOf(rows[len(rows)-1], query.Sort)); err != nil {
			return nil, err
		}
	}
	found := make([]db.User, len(rows))
	for i, row := range rows {
		found[i] = row.User
	}
	alone, err := u.lastAdmin(ctx, tenant, found...)
	if err != nil {
		return nil, err
	}
	shown := make([]api.User, len(found))
	for i, row := range found {
		shown[i] = convert(row, allowedActions(who, row, alone))
	}
	return api.ListUsers200JSONResponse{
		Body:    api.UserPage{Data: shown, NextCursor: page.Next(next), HasMore: more},
		Headers: api.ListUsers200ResponseHeaders{Link: page.Link(caller.RequestOf(ctx), next)},
	}, nil
}

func listQuery(company uuid.UUID, wanted api.ListUsersParams) (db.ListUsersParams, page.Scope) {
	sort := api.UserSortCreatedAtDesc
	if wanted.Sort != nil {
		sort = *wanted.Sort
	}
	query := db.ListUsersParams{
		CompanyID: company, IsActive: wanted.IsActive, Department: wanted.Department,
		UpdatedSince: wanted.UpdatedSince, Sort: string(sort),
	}
	for _, role := range wanted.Role {
		query.Roles = append(query.Roles, string(role))
	}
	wanted.Cursor, wanted.Limit, wanted.Sort = nil, nil, &sort
	return query, page.Scope{Company: company, Operation: "ListUsers", Query: wanted}
}

// search narrows a list to the users that contain a text: by their ids where the trigram index finds few, and by looking
// at each user on the way where they are many or the text is too short for the index.
func (u *Users) search(ctx context.Context, query *db.ListUsersParams, text *string) error {
	if text == nil {
		return nil
	}
	pattern := page.Contains(*text)
	if utf8.RuneCountInString(*text) >= shortestTrigram {
		ids, err := u.Queries.SearchUsers(ctx, u.Store.Planned(query.CompanyID), db.SearchUsersParams{
			CompanyID: query.CompanyID, Pattern: pattern, AtMost: fewHits + 1,
		})
		if err != nil {
			return err
		}
		if len(ids) <= fewHits {
			query.Ids = ids
			return nil
		}
	}
	query.Pattern = &pattern
	return nil
}

func positionOf(row db.ListUsersRow, sort string) position {
	p := position{ID: row.User.ID}
	switch api.UserSort(strings.TrimPrefix(sort, "-")) { //nolint:exhaustive // the descending orders were trimmed
	case api.UserSortCreatedAtAsc:
		p.Time = &row.User.CreatedAt
	case api.UserSortUpdatedAtAsc:
		p.Time = &row.User.UpdatedAt
	case api.UserSortNameAsc:
		p.Text, p.Text2 = &row.LastKey, &row.FirstKey
	case api.UserSortEmailAsc:
		p.Text = &row.User.Email
	}
	return p
}
