package companies

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// maxTestCompanies is how many test companies a company may have open.
const maxTestCompanies = 20

// ListTestCompanies lists the open test companies of the company.
func (c *Companies) ListTestCompanies(
	ctx context.Context, call service.Call, request api.ListTestCompaniesRequestObject,
) (api.ListTestCompaniesResponseObject, error) {
	id := call.Actor.CompanyID
	response, err := page.Read(ctx, c.Cursors, page.List[db.Company, api.TestCompany]{
		Scope:  page.Scope{Company: id, Operation: "ListTestCompanies"},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.Company, error) {
			return c.Store.Of(id).ListTestCompanies(ctx, db.ListTestCompaniesParams{
				CompanyID: id, AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.Company) page.Place { return page.At(row.CreatedAt, row.ID) },
		Show:  page.Each(convertTest),
	})
	if err != nil {
		return nil, err
	}
	return api.ListTestCompanies200JSONResponse{
		Body: api.TestCompanyPage(response.Body), Headers: api.ListTestCompanies200ResponseHeaders{Link: response.Link},
	}, nil
}

// CreateTestCompany opens a test company with an API key that has every scope. Its response is the only one that
// contains the secret of the key.
func (c *Companies) CreateTestCompany(
	ctx context.Context, call service.Call, request api.CreateTestCompanyRequestObject,
) (api.CreateTestCompanyResponseObject, error) {
	actor, name := call.Actor, strings.TrimSpace(request.Body.Name)
	f := fault.New(fault.RuleViolated)
	if text.Check(f, "/name", name); len(f.Fields()) > 0 {
		return nil, f
	}
	secret := apikey.New(api.CompanyModeTest)
	return service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.CreateTestCompanyResponseObject, error) {
		parent, err := tx.GetCompanyForUpdate(ctx, actor.CompanyID)
		if err != nil {
			return nil, err
		}
		if err := c.mayOpen(ctx, tx, parent); err != nil {
			return nil, err
		}
		row := db.InsertTestCompanyParams{
			ID: c.Clock.ID(), Name: name, Slug: testSlug(parent.Slug), TestOf: parent.ID, Now: c.Clock.Now(),
		}
		err = c.Audit.Record(ctx, tx, actor, audit.Entry{
			Action: audit.TestCompanyOpened, Resource: audit.Company, ID: &row.ID,
			Details: audit.Details{"name": row.Name, "slug": row.Slug, "key_prefix": secret.Prefix()},
		})
		if err != nil {
			return nil, err
		}
		var opened db.Company
		var key db.APIKeyDetails
		err = within(ctx, tx, actor, row.ID, func() error {
			if opened, err = tx.InsertTestCompany(ctx, row); err != nil {
				return err
			}
			first := db.InsertAPIKeyParams{
				CompanyID: row.ID, ID: c.Clock.ID(), Name: name, Prefix: secret.Prefix(), Hash: secret.Hash(),
				Scopes: c.Scopes, Now: row.Now,
			}
			if err := tx.InsertAPIKey(ctx, first); err != nil {
				return err
			}
			key, err = tx.GetAPIKey(ctx, db.GetAPIKeyParams{CompanyID: row.ID, ID: first.ID})
			return err
		})
		if err != nil {
			return nil, err
		}
		return api.CreateTestCompany201JSONResponse{
			TestCompany: convertTest(opened), APIKey: c.ShowKey(actor, key), Secret: secret.Reveal(),
		}, nil
	})
}

// within calls fn while the transaction acts for a test company of the actor's company.
func within(ctx context.Context, tx *postgres.Tx, actor access.Actor, test uuid.UUID, fn func() error) error {
	if err := tx.ActFor(ctx, test); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	return tx.ActFor(ctx, actor.CompanyID)
}

// mayOpen decides whether a company may open another test company. A test company may not open any.
func (c *Companies) mayOpen(ctx context.Context, tx *postgres.Tx, parent db.Company) error {
	if parent.TestOf != nil {
		return fault.New(fault.StateConflict).With("A test company cannot open test companies.")
	}
	count, err := tx.CountTestCompanies(ctx, parent.ID)
	if err == nil && count >= maxTestCompanies {
		err = fault.New(fault.LimitReached).
			With("The company has %d test companies. Close one that is no longer needed.", maxTestCompanies)
	}
	return err
}

// CloseTestCompany closes a test company, revokes its keys and ends the sessions of its users.
func (c *Companies) CloseTestCompany(
	ctx context.Context, call service.Call, request api.CloseTestCompanyRequestObject,
) (api.CloseTestCompanyResponseObject, error) {
	actor, now := call.Actor, c.Clock.Now()
	var ended []db.Session
	response, err := service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.CloseTestCompanyResponseObject, error) {
		row, err := tx.GetTestCompany(ctx, db.GetTestCompanyParams{CompanyID: actor.CompanyID, ID: request.TestCompanyID})
		if err != nil {
			return nil, err
		}
		err = c.Audit.Record(ctx, tx, actor, audit.Entry{
			Action: audit.TestCompanyClosed, Resource: audit.Company, ID: &row.ID, Details: audit.Details{"slug": row.Slug},
		})
		if err != nil {
			return nil, err
		}
		err = within(ctx, tx, actor, row.ID, func() error {
			if _, err := tx.GetCompanyAlone(ctx, row.ID); err != nil {
				return err
			}
			_, err := tx.CloseTestCompany(ctx, db.CloseTestCompanyParams{ID: row.ID, TestOf: actor.CompanyID, Now: now})
			if err != nil {
				return postgres.Guarded(err)
			}
			if _, err := tx.RevokeAPIKeys(ctx, db.RevokeAPIKeysParams{CompanyID: row.ID, Now: now}); err != nil {
				return err
			}
			// Only the audit log of the company is kept.
			_, ended, err = c.empty(ctx, tx, row.ID, uuid.Nil)
			return err
		})
		if err != nil {
			return nil, err
		}
		return api.CloseTestCompany204Response{}, nil
	})
	if err != nil {
		return nil, err
	}
	c.Guard.Publish(ctx, "", ended...)
	return response, nil
}

// empty deletes the data of a test company, except the user keep, and returns the sessions that it ended. The sessions
// are deleted, so replicas do not find them when they read changed sessions; the caller must publish them.
func (c *Companies) empty(
	ctx context.Context, tx *postgres.Tx, company, keep uuid.UUID,
) (db.ResetCompanyRow, []db.Session, error) {
	ended, err := tx.EndTestSessions(ctx, db.EndTestSessionsParams{
		CompanyID: company, ExceptUserID: keep, Now: c.Clock.Now(),
	})
	if err != nil {
		return db.ResetCompanyRow{}, nil, err
	}
	deleted, err := tx.ResetCompany(ctx, db.ResetCompanyParams{CompanyID: company, CallerID: keep})
	return deleted, ended, err
}

// ResetCompany puts a test company back to its initial state. The user or the API key that requests it is kept.
func (c *Companies) ResetCompany(
	ctx context.Context, call service.Call, _ api.ResetCompanyRequestObject,
) (api.ResetCompanyResponseObject, error) {
	actor := call.Actor
	var ended []db.Session
	response, err := service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.ResetCompanyResponseObject, error) {
		row, err := tx.GetCompanyAlone(ctx, actor.CompanyID)
		if err != nil {
			return nil, err
		}
		if row.TestOf == nil {
			return nil, fault.New(fault.NotATestCompany)
		}
		var deleted db.ResetCompanyRow
		if deleted, ended, err = c.empty(ctx, tx, row.ID, actor.ID); err != nil {
			return nil, err
		}
		revoked, err := tx.RevokeLaterAPIKeys(ctx, db.RevokeLaterAPIKeysParams{
			CompanyID: row.ID, CallerID: actor.ID, Now: c.Clock.Now(),
		})
		if err != nil {
			return nil, err
		}
		restored, err := c.write(ctx, tx, row, asOpened(row))
		if err != nil {
			return nil, err
		}
		details := audit.Diff(attributes(row), attributes(restored))
		details["jobs"], details["candidates"], details["users"] = deleted.Jobs, deleted.Candidates, deleted.Users
		details["api_keys"] = revoked
		err = c.Audit.Record(ctx, tx, actor, audit.Entry{
			Action: audit.CompanyReset, Resource: audit.Company, ID: &row.ID, Details: details,
		})
		if err != nil {
			return nil, err
		}
		return api.ResetCompany200JSONResponse{
			Jobs: deleted.Jobs, Candidates: deleted.Candidates, Applications: deleted.Applications, Kits: deleted.Kits,
			Interviews: deleted.Interviews, Scores: deleted.Scores, Users: deleted.Users, APIKeys: revoked,
		}, nil
	})
	if err != nil {
		return nil, err
	}
	c.Guard.Publish(ctx, "", ended...)
	return response, nil
}

// asOpened is the change that restores the initial name and settings of a test company.
func asOpened(row db.Company) db.UpdateCompanyParams {
	change := db.UpdateCompanyParams{
		CompanyID: row.ID, Version: row.Version, Name: row.Name, Timezone: "UTC", AllowedEmailDomains: []string{},
	}
	if row.OpenedAs != nil {
		change.Name = *row.OpenedAs
	}
	return change
}

func convertTest(row db.Company) api.TestCompany {
	return api.TestCompany{ID: row.ID, Name: row.Name, Slug: row.Slug, CreatedAt: row.CreatedAt.UTC()}
}

// testSlug returns a unique slug for a test company that begins with the slug of its company and has at most 63
// characters.
func testSlug(of string) string {
	const longest = 63 - len("-test-") - 8
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails
	return strings.TrimRight(of[:min(len(of), longest)], "-") + "-test-" + hex.EncodeToString(random)
}
