package kits

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ListKits lists the kits that the actor sees.
func (k *Kits) ListKits(
	ctx context.Context, call service.Call, request api.ListKitsRequestObject,
) (api.ListKitsResponseObject, error) {
	actor, params := call.Actor, request.Params
	query := listQuery(actor, params)
	sort := api.KitSort(query.Sort)
	scope := params
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	list, err := page.Read(ctx, k.Cursors, page.List[db.ListKitsRow, api.Kit]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListKits", Query: scope},
		Cursor: params.Cursor, Limit: params.Limit,
		IDs: params.ID,
		ByID: func(ids []uuid.UUID) ([]db.ListKitsRow, error) {
			query.Ids, query.MaxRows = ids, int32(len(ids)) //nolint:gosec // at most 100
			return k.Store.Planned(actor.CompanyID).ListKits(ctx, query)
		},
		Fetch: func(w page.Window) ([]db.ListKitsRow, error) {
			query.AfterTime, query.AfterText, query.AfterID, query.MaxRows = w.AfterTime, w.AfterText, w.AfterID, w.MaxRows
			return k.Store.Planned(actor.CompanyID).ListKits(ctx, query)
		},
		Place: func(row db.ListKitsRow) page.Place { return listPosition(row.Kit, sort) },
		Show: page.Each(func(row db.ListKitsRow) api.Kit {
			return convertKit(db.GetKitRow(row), lifecycle.RelationOf(actor, row.IsMember))
		}),
	})
	if err != nil {
		return nil, err
	}
	return api.ListKits200JSONResponse{
		Body:    api.KitPage(list.Body),
		Headers: api.ListKits200ResponseHeaders{Link: list.Link},
	}, nil
}

// listQuery returns the query for the kits that the actor sees and that match the parameters.
func listQuery(actor access.Actor, params api.ListKitsParams) db.ListKitsParams {
	query := db.ListKitsParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Kits.String(),
		JobReach: actor.Reach().String(), JobID: params.JobID, IsPublished: params.IsPublished,
		UpdatedSince: params.UpdatedSince, Sort: string(api.KitSortCreatedAtDesc),
	}
	if params.Sort != nil {
		query.Sort = string(*params.Sort)
	}
	if params.Q != nil {
		pattern := page.Contains(*params.Q)
		query.Pattern = &pattern
	}
	return query
}

// listPosition returns the position of a kit in a sort order.
func listPosition(row db.Kit, sort api.KitSort) page.Place {
	ascending := api.KitSort(strings.TrimPrefix(string(sort), "-"))
	switch ascending { //nolint:exhaustive // the prefix of descending orders is removed above
	case api.KitSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.KitSortNameAsc:
		return page.By(row.Name, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}

// ListKitVersions lists the versions of a kit that the actor sees, newest first.
func (k *Kits) ListKitVersions(
	ctx context.Context, call service.Call, request api.ListKitVersionsRequestObject,
) (api.ListKitVersionsResponseObject, error) {
	actor := call.Actor
	tenant := k.Store.Of(actor.CompanyID)
	kit, err := getKit(ctx, tenant, actor, request.KitID)
	if err != nil {
		return nil, err
	}
	list, err := page.Read(ctx, k.Cursors, page.List[db.KitVersion, api.KitVersion]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListKitVersions", Query: kit.Kit.ID},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.KitVersion, error) {
			return tenant.ListKitVersions(ctx, db.ListKitVersionsParams{
				CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Kits.String(), KitID: kit.Kit.ID,
				AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.KitVersion) page.Place { return page.Place{ID: row.ID} },
		Show: page.Each(func(row db.KitVersion) api.KitVersion {
			return convertVersion(row, lifecycle.RelationOf(actor, kit.IsMember))
		}),
	})
	if err != nil {
		return nil, err
	}
	return api.ListKitVersions200JSONResponse{
		Body:    api.KitVersionPage(list.Body),
		Headers: api.ListKitVersions200ResponseHeaders{Link: list.Link},
	}, nil
}
