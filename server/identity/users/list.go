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
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

const (
	// shortWalk is the number of users that a search reads in the order of the list before it uses the index. A common
	// text fills a page from them; reading all its hits from the index would cost more, the larger the company is.
	shortWalk = 2000
	// trigram is the number of consecutive letters or digits that a text must have for the index to find it.
	trigram = 3
	// fewHits is the largest number of users that a search takes from the trigram index. A text that more users contain
	// is found by reading on in the order of the list.
	fewHits = 2000
)

// ListUsers lists the users of the company.
func (u *Users) ListUsers(
	ctx context.Context, request api.ListUsersRequestObject,
) (api.ListUsersResponseObject, error) {
	who := access.Of(ctx)
	tenant := u.Store.Planned(who.CompanyID)
	query, scope := listQuery(who.CompanyID, request.Params)
	query.Ids = visible(who)
	shown, err := page.Read(ctx, u.Cursors, page.List[db.User, api.User]{
		Scope: scope, Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.User, error) {
			query.AfterTime, query.AfterText, query.AfterID, query.MaxRows = w.AfterTime, w.AfterText, w.AfterID, w.MaxRows
			return u.find(ctx, tenant, query, request.Params.Q)
		},
		Place: func(row db.User) page.Place { return placeOf(row, query.Sort) },
		Show: func(rows []db.User) ([]api.User, error) {
			alone, err := u.lastAdmin(ctx, tenant, rows...)
			if err != nil {
				return nil, err
			}
			return page.Each(func(row db.User) api.User { return convert(row, allowedActions(who, row, alone)) })(rows)
		},
	})
	if err != nil {
		return nil, err
	}
	return api.ListUsers200JSONResponse{
		Body: api.UserPage(shown.Body), Headers: api.ListUsers200ResponseHeaders{Link: shown.Link},
	}, nil
}

// listQuery returns the query for the filters and the sort order of a request, and the scope of its cursors.
func listQuery(company uuid.UUID, wanted api.ListUsersParams) (db.ListUsersParams, page.Scope) {
	sort := optional.Or(wanted.Sort, api.UserSortCreatedAtDesc)
	query := db.ListUsersParams{
		CompanyID: company, Roles: optional.Strings(wanted.Role), IsActive: wanted.IsActive, Department: wanted.Department,
		UpdatedSince: wanted.UpdatedSince, Sort: string(sort),
	}
	wanted.Cursor, wanted.Limit, wanted.Sort = nil, nil, &sort
	return query, page.Scope{Company: company, Operation: "ListUsers", Query: wanted}
}

// find returns the users of one page, and one more if there is a next page.
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
	if query.Ids == nil && indexed(*text) {
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

// indexed reports whether the trigram index can find a text. For any other text the index would read the whole company.
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

// placeOf returns the position of a user in a sort order.
func placeOf(row db.User, sort string) page.Place {
	switch strings.TrimPrefix(sort, "-") {
	case "updated_at":
		return page.At(row.UpdatedAt, row.ID)
	case "name":
		return page.By(row.NameKey, row.ID)
	case "email":
		return page.By(row.Email, row.ID)
	default:
		return page.At(row.CreatedAt, row.ID)
	}
}
