// Package auditlog implements the operations on the audit log: reading, exporting and verifying that it is
// unchanged.
package auditlog

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// AuditLog implements the operations of the tag audit.
type AuditLog struct{ service.Deps }

// New fails if a dependency is missing.
func New(deps service.Deps) (*AuditLog, error) {
	if err := service.Check("auditlog", deps); err != nil {
		return nil, err
	}
	return &AuditLog{deps}, nil
}

// ListAuditLogs lists the entries that the actor sees.
func (a *AuditLog) ListAuditLogs(
	ctx context.Context, call service.Call, request api.ListAuditLogsRequestObject,
) (api.ListAuditLogsResponseObject, error) {
	actor, filters := call.Actor, request.Params
	query := a.query(actor, api.ExportAuditLogsParams{
		ActorID: filters.ActorID, Action: filters.Action, ResourceType: filters.ResourceType, ResourceID: filters.ResourceID,
		Outcome: filters.Outcome, CreatedFrom: filters.CreatedFrom, CreatedBefore: filters.CreatedBefore,
	})
	query.Ascending = optional.Or(filters.Sort, api.AuditSortCreatedAtDesc) == api.AuditSortCreatedAtAsc
	filters.Cursor, filters.Limit = nil, nil
	response, err := page.Read(ctx, a.Cursors, page.List[db.ListAuditLogsRow, api.AuditLog]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListAuditLogs", Query: filters},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.ListAuditLogsRow, error) {
			query.AfterTime, query.AfterID, query.MaxRows = w.AfterTime, w.AfterID, w.MaxRows
			return a.Store.Planned(actor.CompanyID).ListAuditLogs(ctx, query)
		},
		Place: func(row db.ListAuditLogsRow) page.Place { return page.At(row.AuditLog.CreatedAt, row.AuditLog.ID) },
		Show: page.EachOrError(func(row db.ListAuditLogsRow) (api.AuditLog, error) {
			return convert(row.AuditLog, row.Sequence, row.Hash)
		}),
	})
	if err != nil {
		return nil, err
	}
	return api.ListAuditLogs200JSONResponse{
		Body: api.AuditLogPage(response.Body), Headers: api.ListAuditLogs200ResponseHeaders{Link: response.Link},
	}, nil
}

// GetAuditLog returns one entry if the actor sees it.
func (a *AuditLog) GetAuditLog(
	ctx context.Context, call service.Call, request api.GetAuditLogRequestObject,
) (api.GetAuditLogResponseObject, error) {
	actor := call.Actor
	standing := actor.Standing()
	row, err := a.Store.Of(actor.CompanyID).GetAuditLog(ctx, db.GetAuditLogParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: standing.AuditLog.String(),
		VisibleTypes: standing.AuditTypes, ID: request.AuditLogID,
	})
	if err != nil {
		return nil, err
	}
	response, err := convert(row.AuditLog, row.Sequence, row.Hash)
	if err != nil {
		return nil, err
	}
	return api.GetAuditLog200JSONResponse{
		Body: response, Headers: api.GetAuditLog200ResponseHeaders{ETag: etag.OfShown(response)},
	}, nil
}

// query selects the entries that match the filters and that the actor sees.
func (a *AuditLog) query(actor access.Actor, filters api.ExportAuditLogsParams) db.ListAuditLogsParams {
	standing := actor.Standing()
	return db.ListAuditLogsParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: standing.AuditLog.String(), VisibleTypes: standing.AuditTypes,
		WantedActor: filters.ActorID, Actions: optional.Strings(filters.Action),
		ResourceType: (*string)(filters.ResourceType), ResourceID: filters.ResourceID, Outcome: (*string)(filters.Outcome),
		CreatedFrom: filters.CreatedFrom, CreatedBefore: filters.CreatedBefore,
	}
}
