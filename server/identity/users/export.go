package users

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ExportUsers streams the users that are visible to the actor, oldest first. The audit entry commits before the first
// line is sent.
func (u *Users) ExportUsers(
	ctx context.Context, call service.Call, request api.ExportUsersRequestObject,
) (api.ExportUsersResponseObject, error) {
	params, oldestFirst := request.Params, api.UserSortCreatedAtAsc
	query, _ := listQuery(call.Actor, api.ListUsersParams{
		Role: params.Role, IsActive: params.IsActive, Department: params.Department, UpdatedSince: params.UpdatedSince,
		Sort: &oldestFirst,
	})
	file, err := u.Export(ctx, call, service.Export{
		Name: "users", Action: audit.UsersExported, Resource: audit.User, Format: request.Params.Format,
		ByteOrderMark: request.Params.Bom, Delimiter: request.Params.Delimiter,
		Write: func(format api.ExportFormat, to bulk.Sink) error {
			return u.export(ctx, call.Actor, query, format, to)
		},
	})
	if err != nil {
		return nil, err
	}
	headers := api.ExportUsers200ResponseHeaders{ContentDisposition: file.ContentDisposition}
	switch file.Format {
	case api.ExportFormatCsv:
		return api.ExportUsers200TextCsvResponse{Body: file.Body, Headers: headers}, nil
	case api.ExportFormatXlsx:
		return api.ExportUsers200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{
			Body: file.Body, Headers: headers,
		}, nil
	case api.ExportFormatNdjson:
	}
	return api.ExportUsers200ApplicationXNdjsonResponse{Body: file.Body, Headers: headers}, nil
}

// entry is a user of an export.
type entry struct {
	row  db.User
	user api.User
}

// export writes the selected users in batches. Each batch is a query of its own, which checks again what is visible to
// the actor.
func (u *Users) export(
	ctx context.Context, actor access.Actor, query db.ListUsersParams, format api.ExportFormat, to bulk.Sink,
) error {
	tenant := u.Store.Of(query.CompanyID)
	query.MaxRows = bulk.Batch
	show := func(e entry) (api.User, error) { return e.user, nil }
	return bulk.Export(bulk.NewWriter(bulk.Format(format), to, exportTable()), show, func(after *entry) ([]entry, error) {
		if after != nil {
			query.AfterTime, query.AfterID = &after.row.CreatedAt, &after.row.ID
		}
		rows, err := tenant.ListUsers(ctx, query)
		if err != nil {
			return nil, err
		}
		alone, err := u.lastAdmin(ctx, tenant, rows...)
		batch := make([]entry, len(rows))
		for i, row := range rows {
			batch[i] = entry{row, convert(row, allowedActions(actor, row, alone))}
		}
		return batch, err
	})
}

// exportTable returns the columns of the CSV and XLSX exports.
func exportTable() bulk.Table {
	return bulk.Table{Columns: []string{
		"id", "email", "first_name", "last_name", "role", "department", "language", "is_active", "last_login_at",
		"created_at", "updated_at",
	}}
}
