package kits

import (
	"context"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
)

// ListKits lists the kits that the caller sees, by filters and in an order of their choice.
func (k *Kits) ListKits(ctx context.Context, request api.ListKitsRequestObject) (api.ListKitsResponseObject, error) {
	who, wanted := access.Of(ctx), request.Params
	r, err := k.reader(ctx, k.Store.Of(who.CompanyID))
	if err != nil {
		return nil, err
	}
	query, scope := listQuery(who, r, wanted)
	list, err := k.Cursors.Open(scope, wanted.Cursor, wanted.Limit)
	if err != nil {
		return nil, err
	}
	query.AfterTime, query.AfterText, query.AfterID = list.After.Time, list.After.Text, list.After.ID
	query.MaxRows = list.MaxRows()
	rows, err := k.Store.Planned(who.CompanyID).ListKits(ctx, query)
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, rows, func(row db.ListKitsRow) page.Place { return placeOf(row.Kit, query.Sort) })
	if err != nil {
		return nil, err
	}
	data := make([]api.Kit, len(shown.Rows))
	for i, row := range shown.Rows {
		data[i] = convertKit(db.GetKitRow(row), r.standing(row.Kit))
	}
	return api.ListKits200JSONResponse{
		Body:    api.KitPage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListKits200ResponseHeaders{Link: shown.Link},
	}, nil
}

func listQuery(who access.Actor, r reader, wanted api.ListKitsParams) (db.ListKitsParams, page.Scope) {
	sort := api.KitSortCreatedAtDesc
	if wanted.Sort != nil {
		sort = *wanted.Sort
	}
	query := db.ListKitsParams{
		CompanyID: who.CompanyID, SeesAll: r.everything, Kits: r.kits, Versions: r.versions, JobID: wanted.JobID,
		IsPublished: wanted.IsPublished, UpdatedSince: wanted.UpdatedSince, Sort: string(sort),
	}
	if wanted.Q != nil {
		pattern := page.Contains(*wanted.Q)
		query.Pattern = &pattern
	}
	wanted.Cursor, wanted.Limit, wanted.Sort = nil, nil, &sort
	return query, page.Scope{Company: who.CompanyID, Operation: "ListKits", Query: wanted}
}

func placeOf(row db.Kit, sort string) page.Place {
	switch api.KitSort(strings.TrimPrefix(sort, "-")) { //nolint:exhaustive // the descending orders were trimmed
	case api.KitSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.KitSortNameAsc:
		return page.By(row.NameKey, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}

// ListKitVersions lists the versions of a kit that the caller may read, to those who see the kit.
func (k *Kits) ListKitVersions(
	ctx context.Context, request api.ListKitVersionsRequestObject,
) (api.ListKitVersionsResponseObject, error) {
	seen, r, err := k.see(ctx, request.KitID)
	if err != nil {
		return nil, err
	}
	kit := seen.Kit
	scope := page.Scope{Company: kit.CompanyID, Operation: "ListKitVersions", Query: kit.ID}
	list, err := k.Cursors.Open(scope, request.Params.Cursor, request.Params.Limit)
	if err != nil {
		return nil, err
	}
	rows, err := k.Store.Of(kit.CompanyID).ListKitVersions(ctx, db.ListKitVersionsParams{
		CompanyID: kit.CompanyID, KitID: kit.ID, SeesAll: r.everything, Versions: r.versions, AfterID: list.After.ID,
		MaxRows: list.MaxRows(),
	})
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, rows, func(row db.KitVersion) page.Place { return page.Place{ID: row.ID} })
	if err != nil {
		return nil, err
	}
	data := make([]api.KitVersion, len(shown.Rows))
	for i, row := range shown.Rows {
		if data[i], err = convertVersion(row, r.standing(kit)); err != nil {
			return nil, err
		}
	}
	return api.ListKitVersions200JSONResponse{
		Body:    api.KitVersionPage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListKitVersions200ResponseHeaders{Link: shown.Link},
	}, nil
}
