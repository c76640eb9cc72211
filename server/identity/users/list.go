package users

import (
	"context"
	"math"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
)

const (
	// shortWalk is how many users a search looks at in the list's order before it asks the index: a common text fills a
	// page from them, and reading all its hits from the index would cost the more, the larger the company.
	shortWalk = 2000
	// trigram is how many letters or digits in a row a text must have for the index to find it.
	trigram = 3
	// fewHits is up to how many users a search takes from the trigram index. A text that more users contain is found by
	// walking on.
	fewHits = 2000
)

// ListUsers lists the company's users, by filters and in an order of the caller's choice.
func (u *Users) ListUsers(
	ctx context.Context, request api.ListUsersRequestObject,
) (api.ListUsersResponseObject, error) {
	who, wanted := access.Of(ctx), request.Params
	query, scope := listQuery(who.CompanyID, wanted)
	list, err := u.Cursors.Open(scope, wanted.Cursor, wanted.Limit)
	if err != nil {
		return nil, err
	}
	query.AfterTime, query.AfterText, query.AfterID = list.After.Time, list.After.Text, list.After.ID
	query.MaxRows = list.MaxRows()
	tenant := u.Store.Planned(who.CompanyID)
	found, err := u.find(ctx, tenant, query, wanted.Q)
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, found, func(row db.User) page.Place { return placeOf(row, query.Sort) })
	if err != nil {
		return nil, err
	}
	alone, err := u.lastAdmin(ctx, tenant, shown.Rows...)
	if err != nil {
		return nil, err
	}
	data := make([]api.User, len(shown.Rows))
	for i, row := range shown.Rows {
		data[i] = convert(row, allowedActions(who, row, alone))
	}
	return api.ListUsers200JSONResponse{
		Body:    api.UserPage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListUsers200ResponseHeaders{Link: shown.Link},
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

// find gives the users of one page, and one more where there is a next one.
func (u *Users) find(
	ctx context.Context, tenant *db.Queries, query db.ListUsersParams, text *string,
) ([]db.User, error) {
	query.Walked = query.MaxRows
	if text == nil {
		return tenant.ListUsers(ctx, query)
	}
	pattern := page.Contains(*text)
	query.Pattern, query.Walked = &pattern, shortWalk
	rows, err := tenant.ListUsers(ctx, query)
	if err != nil || len(rows) == int(query.MaxRows) {
		return rows, err
	}
	query.Walked = math.MaxInt32
	if indexed(*text) {
		ids, err := tenant.SearchUsers(ctx, db.SearchUsersParams{
			CompanyID: query.CompanyID, Pattern: pattern, AtMost: fewHits + 1,
		})
		if err != nil {
			return nil, err
		}
		if len(ids) <= fewHits {
			query.Ids, query.Pattern = ids, nil
		}
	}
	return tenant.ListUsers(ctx, query)
}

// indexed reports whether the trigram index can find a text; for any other it would read the whole company.
func indexed(text string) bool {
	run := 0
	for _, r := range text {
		if run++; !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			run = 0
		}
		if run == trigram {
			return true
		}
	}
	return false
}

func placeOf(row db.User, sort string) page.Place {
	switch api.UserSort(strings.TrimPrefix(sort, "-")) { //nolint:exhaustive // the descending orders were trimmed
	case api.UserSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.UserSortNameAsc:
		return page.By(row.NameKey, row.ID)
	case api.UserSortEmailAsc:
		return page.By(row.Email, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}
