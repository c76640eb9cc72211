// Package auditlog lets people read what happened, as far as they may see it, take it out of the system, and prove that
// nobody has changed it.
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

// sight is which entries a caller sees: all, or their own and those on some types of resource.
type sight struct {
	all   bool
	types []string
}

// see gives what a role sees. HR answers for hiring, so it sees what happened to hiring resources.
func see(role api.Role) sight {
	switch role {
	case api.RoleAdmin:
		return sight{all: true, types: []string{}}
	case api.RoleHr:
		return sight{types: []string{"job", "candidate", "application", "kit", "interview", "score"}}
	case api.RoleEmployee, api.RoleTeamLead:
	}
	return sight{types: []string{}}
}

// ListAuditLogs lists the entries that the actor may see.
func (a *AuditLog) ListAuditLogs(
	ctx context.Context, request api.ListAuditLogsRequestObject,
) (api.ListAuditLogsResponseObject, error) {
	who, wanted := access.Of(ctx), request.Params
	query := a.query(who, api.ExportAuditLogsParams{
		ActorID: wanted.ActorID, Action: wanted.Action, ResourceType: wanted.ResourceType, ResourceID: wanted.ResourceID,
		Outcome: wanted.Outcome, CreatedFrom: wanted.CreatedFrom, CreatedBefore: wanted.CreatedBefore,
	})
	query.Ascending = optional.Or(wanted.Sort, api.AuditSortCreatedAtDesc) == api.AuditSortCreatedAtAsc
	wanted.Cursor, wanted.Limit = nil, nil
	shown, err := page.Read(ctx, a.Cursors, page.List[db.ListAuditLogsRow, api.AuditLog]{
		Scope:  page.Scope{Company: who.CompanyID, Operation: "ListAuditLogs", Query: wanted},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.ListAuditLogsRow, error) {
			query.AfterTime, query.AfterID, query.MaxRows = w.AfterTime, w.AfterID, w.MaxRows
			return a.Store.Planned(who.CompanyID).ListAuditLogs(ctx, query)
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
		Body: api.AuditLogPage(shown.Body), Headers: api.ListAuditLogs200ResponseHeaders{Link: shown.Link},
	}, nil
}

// GetAuditLog shows one entry to those who would see it in the list.
func (a *AuditLog) GetAuditLog(
	ctx context.Context, request api.GetAuditLogRequestObject,
) (api.GetAuditLogResponseObject, error) {
	who := access.Of(ctx)
	visible := see(who.Role)
	row, err := a.Store.Of(who.CompanyID).GetAuditLog(ctx, db.GetAuditLogParams{
		CompanyID: who.CompanyID, ID: request.AuditLogID,
		SeesAll: visible.all, CallerID: who.ID, VisibleTypes: visible.types,
	})
	if err != nil {
		return nil, err
	}
	shown, err := convert(row.AuditLog, row.Sequence, row.Hash)
	if err != nil {
		return nil, err
	}
	return api.GetAuditLog200JSONResponse{
		Body: shown, Headers: api.GetAuditLog200ResponseHeaders{ETag: etag.OfShown(shown)},
	}, nil
}

// query is what selects the entries that the filters match and the caller sees.
func (a *AuditLog) query(who access.Actor, wanted api.ExportAuditLogsParams) db.ListAuditLogsParams {
	visible := see(who.Role)
	return db.ListAuditLogsParams{
		CompanyID: who.CompanyID, SeesAll: visible.all, CallerID: who.ID, VisibleTypes: visible.types,
		ActorID: wanted.ActorID, Actions: optional.Strings(wanted.Action), ResourceType: (*string)(wanted.ResourceType),
		ResourceID: wanted.ResourceID, Outcome: (*string)(wanted.Outcome),
		CreatedFrom: wanted.CreatedFrom, CreatedBefore: wanted.CreatedBefore,
	}
}
