// Package companies implements the operations on the actor's company and on its test companies.
package companies

import (
	"context"
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Companies implements the operations of the tag company.
type Companies struct {
	service.Deps
	Options
}

// Options are the dependencies that only companies needs.
type Options struct {
	Guard *session.Guard
	// Scopes lists every scope that an API key can have.
	Scopes []string
	// ShowKey converts an API key to what the actor may see of it.
	ShowKey func(actor access.Actor, row db.APIKeyDetails) api.APIKey
}

// New fails if a dependency is missing.
func New(deps service.Deps, options Options) (*Companies, error) {
	if err := service.Check("companies", deps, options); err != nil {
		return nil, err
	}
	return &Companies{deps, options}, nil
}

// GetCompany returns the actor's company.
func (c *Companies) GetCompany(
	ctx context.Context, call service.Call, _ api.GetCompanyRequestObject,
) (api.GetCompanyResponseObject, error) {
	id := call.Actor.CompanyID
	row, err := c.Store.Of(id).GetCompany(ctx, id)
	if err != nil {
		return nil, err
	}
	response := companyResponse(row)
	return api.GetCompany200JSONResponse{CompanyJSONResponse: response}, nil
}

// UpdateCompany changes the name and the settings.
func (c *Companies) UpdateCompany(
	ctx context.Context, call service.Call, request api.UpdateCompanyRequestObject,
) (api.UpdateCompanyResponseObject, error) {
	id, patch := call.Actor.CompanyID, request.Body
	if err := check(patch); err != nil {
		return nil, err
	}
	return service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.UpdateCompanyResponseObject, error) {
		var saved db.Company
		row, err := tx.GetCompanyForUpdate(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := etag.Check(request.Params.IfMatch, row.Version); err != nil {
			return nil, err
		}
		saved, err = c.save(ctx, tx, call.Actor, row, applyPatch(row, *patch))
		if err != nil {
			return nil, err
		}
		return api.UpdateCompany200JSONResponse{CompanyJSONResponse: companyResponse(saved)}, nil
	})
}

// save writes the changes of a patch and records them.
func (c *Companies) save(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.Company, change db.UpdateCompanyParams,
) (db.Company, error) {
	saved, err := c.write(ctx, tx, row, change)
	if err != nil || saved.Version == row.Version {
		return saved, err
	}
	return saved, c.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.CompanyUpdated, Resource: audit.Company, ID: &row.ID,
		Details: audit.Diff(attributes(row), attributes(saved)),
	})
}

// write writes a change. If nothing differs, the row and its version stay as they are.
func (c *Companies) write(
	ctx context.Context, tx *postgres.Tx, row db.Company, change db.UpdateCompanyParams,
) (db.Company, error) {
	if row.Name == change.Name && row.Timezone == change.Timezone &&
		slices.Equal(row.AllowedEmailDomains, change.AllowedEmailDomains) {
		return row, nil
	}
	change.Now = c.Clock.Now()
	saved, err := tx.UpdateCompany(ctx, change)
	if err != nil {
		return row, postgres.Guarded(err)
	}
	return saved, nil
}

// applyPatch applies a merge patch to a row: absent members keep their value, null clears it.
func applyPatch(row db.Company, patch api.UpdateCompanyRequest) db.UpdateCompanyParams {
	change := db.UpdateCompanyParams{
		CompanyID: row.ID, Version: row.Version, Name: row.Name, Timezone: row.Timezone,
		AllowedEmailDomains: row.AllowedEmailDomains,
	}
	if patch.Name != nil {
		change.Name = strings.TrimSpace(*patch.Name)
	}
	if patch.Settings == nil {
		return change
	}
	if patch.Settings.Timezone != nil {
		change.Timezone = *patch.Settings.Timezone
	}
	if domains := patch.Settings.AllowedEmailDomains; domains.IsNull() {
		change.AllowedEmailDomains = []string{}
	} else if listed, err := domains.Get(); err == nil {
		change.AllowedEmailDomains = listed
	}
	return change
}

// check fails with RuleViolated if the name is blank or the time zone is not in the IANA database.
func check(patch *api.UpdateCompanyRequest) error {
	f := fault.New(fault.RuleViolated)
	if patch.Name != nil && strings.TrimSpace(*patch.Name) == "" {
		f.Field("/name", "blank", "must have a visible character")
	}
	if patch.Settings != nil && patch.Settings.Timezone != nil && !calendar.ValidZone(*patch.Settings.Timezone) {
		f.Field("/settings/timezone", "unknown_timezone", calendar.ZoneError(*patch.Settings.Timezone))
	}
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// companyResponse returns the response for a company.
func companyResponse(row db.Company) api.CompanyJSONResponse {
	return api.CompanyJSONResponse{
		Body: api.Company{
			ID: row.ID, Name: row.Name, Slug: row.Slug, Mode: apikey.ModeOf(row), IsActive: row.IsActive,
			Settings:  api.CompanySettings{Timezone: row.Timezone, AllowedEmailDomains: row.AllowedEmailDomains},
			CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
		},
		Headers: api.CompanyResponseHeaders{ETag: etag.Of(row.Version)},
	}
}

// attributes are the values of a company whose changes the audit log records.
func attributes(row db.Company) map[string]any {
	return map[string]any{
		"name": row.Name, "timezone": row.Timezone, "allowed_email_domains": row.AllowedEmailDomains,
	}
}
