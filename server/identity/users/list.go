package users

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ListUsers lists the users of the company.
func (u *Users) ListUsers(
	ctx context.Context, call service.Call, request api.ListUsersRequestObject,
) (api.ListUsersResponseObject, error) {
	actor := call.Actor
	tenant := u.Store.Of(actor.CompanyID)
	query, scope := listQuery(actor, request.Params)
	response, err := page.Read(ctx, u.Cursors, page.List[db.User, api.User]{
		Scope: scope, Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		IDs: request.Params.ID,
		ByID: func(ids []uuid.UUID) ([]db.User, error) {
			return tenant.ListUsersByID(ctx, db.ListUsersByIDParams{
				CompanyID: query.CompanyID, ActorID: query.ActorID, Reach: query.Reach, Ids: ids,
			})
		},
		Fetch: func(w page.Window) ([]db.User, error) {
			query.AfterTime, query.AfterText, query.AfterID, query.MaxRows = w.AfterTime, w.AfterText, w.AfterID, w.MaxRows
			return tenant.ListUsers(ctx, query)
		},
		Place: func(row db.User) page.Place { return listPosition(row, query.Sort) },
		Show: func(rows []db.User) ([]api.User, error) {
			alone, err := u.lastAdmin(ctx, tenant, rows...)
			if err != nil {
				return nil, err
			}
			return page.Each(func(row db.User) api.User { return convert(row, allowedActions(actor, row, alone)) })(rows)
		},
	})
	if err != nil {
		return nil, err
	}
	return api.ListUsers200JSONResponse{
		Body: api.UserPage{
			Data: response.Body.Data, HasMore: response.Body.HasMore, NextCursor: response.Body.NextCursor,
			Hint: page.Hint(len(response.Body.Data), call.Query, "department"),
		},
		Headers: api.ListUsers200ResponseHeaders{Link: response.Link},
	}, nil
}

// listQuery returns the query for the filters and the sort order of a request, and the scope of its cursors.
func listQuery(actor access.Actor, filters api.ListUsersParams) (db.ListUsersParams, page.Scope) {
	sort := optional.Or(filters.Sort, api.UserSortCreatedAtDesc)
	query := db.ListUsersParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Users.String(), Sort: string(sort),
		Roles: optional.Strings(filters.Role), IsActive: filters.IsActive, Department: filters.Department,
		UpdatedSince: filters.UpdatedSince,
	}
	if filters.Q != nil {
		pattern := page.Contains(*filters.Q)
		query.Pattern = &pattern
	}
	filters.Cursor, filters.Limit, filters.Sort = nil, nil, &sort
	return query, page.Scope{Company: actor.CompanyID, Operation: "ListUsers", Query: filters}
}

// listPosition returns the position of a user in a sort order.
func listPosition(row db.User, sort string) page.Place {
	switch strings.TrimPrefix(sort, "-") {
	case "updated_at":
		return page.At(row.UpdatedAt, row.ID)
	case "name":
		return page.ByName(row.LastName, row.FirstName, row.ID)
	case "email":
		return page.By(row.Email, row.ID)
	default:
		return page.At(row.CreatedAt, row.ID)
	}
}
