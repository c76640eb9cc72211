// Package users implements the operations on the users of a company: their profiles, roles and whether they may log in.
//
// An actor manages only users whose role their standing allows. A company keeps at least one active admin, also if two
// requests arrive at the same time. Deactivation ends all sessions of the user at every replica at once.
package users

import (
	"context"
	"errors"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Users implements the operations of the tag users.
type Users struct {
	service.Deps
	Options
}

// Options are the dependencies that only users needs.
type Options struct {
	Hasher *password.Hasher
	Guard  *session.Guard
	// Permissions lists the permissions of a role.
	Permissions func(stored.Role) []string
}

// New fails if a dependency is missing.
func New(deps service.Deps, options Options) (*Users, error) {
	if err := service.Check("users", deps, options); err != nil {
		return nil, err
	}
	return &Users{deps, options}, nil
}

// GetUser returns one user if the actor sees them.
func (u *Users) GetUser(
	ctx context.Context, call service.Call, request api.GetUserRequestObject,
) (api.GetUserResponseObject, error) {
	actor := call.Actor
	tenant := u.Store.Of(actor.CompanyID)
	row, err := tenant.GetVisibleUser(ctx, db.GetVisibleUserParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Users.String(), ID: request.UserID,
	})
	if err != nil {
		return nil, err
	}
	response, err := u.userResponse(ctx, tenant, actor, row)
	if err != nil {
		return nil, err
	}
	return api.GetUser200JSONResponse{UserJSONResponse: response}, nil
}

// CreateUser creates an active user with an initial password.
func (u *Users) CreateUser(
	ctx context.Context, call service.Call, request api.CreateUserRequestObject,
) (api.CreateUserResponseObject, error) {
	actor, body := call.Actor, *request.Body
	role := stored.RoleEmployee
	if body.Role != nil {
		role = stored.Role(*body.Role)
	}
	if err := canGiveRole(actor, role); err != nil {
		return nil, err
	}
	company, err := u.Store.Of(actor.CompanyID).GetCompany(ctx, actor.CompanyID)
	if err != nil {
		return nil, err
	}
	row := newUser(body, role, actor.CompanyID)
	if err := checkProfile(row.FirstName, row.LastName, row.Department); err != nil {
		return nil, err
	}
	if err := checkDomain(row.Email, company.AllowedEmailDomains); err != nil {
		return nil, err
	}
	err = password.Check("/password", body.Password, password.Personal{
		Email: row.Email, FirstName: row.FirstName, LastName: row.LastName,
		CompanyName: company.Name, CompanySlug: company.Slug,
	})
	if err != nil {
		return nil, err
	}
	if row.PasswordHash, err = u.Hasher.Hash(ctx, password.OfCompany(actor.CompanyID), body.Password); err != nil {
		return nil, err
	}
	row.ID, row.Now, row.PasswordChangeRequired = u.Clock.ID(), u.Clock.Now(), true
	response, err := service.Commit(ctx, u.Store, call, func(tx *postgres.Tx) (api.CreateUserResponseObject, error) {
		var response api.UserJSONResponse
		created, err := tx.InsertUser(ctx, row)
		if err != nil {
			return nil, err
		}
		err = u.Audit.Record(ctx, tx, actor, audit.Entry{
			Action: audit.UserCreated, Resource: audit.User, ID: &created.ID,
			Details: audit.Diff(emptyAttributes(), attributes(created)),
		})
		if err != nil {
			return nil, err
		}
		response, err = u.userResponse(ctx, tx.Queries, actor, created)
		if err != nil {
			return nil, err
		}
		return api.CreateUser201JSONResponse{
			Body: response.Body,
			Headers: api.CreateUser201ResponseHeaders{
				ETag: response.Headers.ETag, Location: "/api/v1/users/" + response.Body.ID.String(),
			},
		}, nil
	})
	return response, u.nameConflict(ctx, actor, row.Email, err)
}

// nameConflict adds the user that has an email address to the fault EmailTaken, if the actor can read it: not a user of
// another company. It returns all other errors as they are.
func (u *Users) nameConflict(ctx context.Context, actor access.Actor, email string, err error) error {
	var taken *fault.Fault
	if !fault.Is(err, fault.EmailTaken) || !errors.As(err, &taken) || !actor.Holds("users:read") {
		return err
	}
	other, lookup := u.Store.Of(actor.CompanyID).FindUser(ctx, db.FindUserParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Users.String(), Email: email,
	})
	if lookup == nil {
		return taken.ConflictsWith(audit.User, other)
	}
	return err
}

// UpdateUser changes the names, department, language and email of a user. Users change their own profile with UpdateMe.
func (u *Users) UpdateUser(
	ctx context.Context, call service.Call, request api.UpdateUserRequestObject,
) (api.UpdateUserResponseObject, error) {
	actor, patch := call.Actor, request.Body
	if !actor.SeesUser(request.UserID) {
		return nil, fault.New(fault.ResourceNotFound)
	}
	wanted := ""
	if patch.Email != nil {
		wanted = strings.ToLower(string(*patch.Email))
	}
	response, err := service.Commit(ctx, u.Store, call, func(tx *postgres.Tx) (api.UpdateUserResponseObject, error) {
		var response api.UserJSONResponse
		row, err := tx.GetUserForUpdate(ctx, db.GetUserForUpdateParams{
			CompanyID: actor.CompanyID, ID: request.UserID,
		})
		if err != nil {
			return nil, err
		}
		if err := canManage(actor, row); err != nil {
			return nil, err
		}
		if err := etag.Check(request.Params.IfMatch, row.Version); err != nil {
			return nil, err
		}
		change := applyPatch(row, profilePatch{patch.FirstName, patch.LastName, patch.Department, patch.Language})
		if patch.Email != nil {
			change.Email = wanted
		}
		if change.Email != row.Email {
			company, err := tx.GetCompany(ctx, actor.CompanyID)
			if err != nil {
				return nil, err
			}
			if err := checkDomain(change.Email, company.AllowedEmailDomains); err != nil {
				return nil, err
			}
		}
		saved, err := u.save(ctx, tx, actor, row, change)
		if err != nil {
			return nil, err
		}
		response, err = u.userResponse(ctx, tx.Queries, actor, saved)
		if err != nil {
			return nil, err
		}
		return api.UpdateUser200JSONResponse{UserJSONResponse: response}, nil
	})
	return response, u.nameConflict(ctx, actor, wanted, err)
}

// save writes an edited profile. An edit without changes leaves the row and its version as they are.
func (u *Users) save(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.User, change db.UpdateUserParams,
) (db.User, error) {
	if !hasChanges(row, change) {
		return row, nil
	}
	if err := checkProfile(change.FirstName, change.LastName, change.Department); err != nil {
		return row, err
	}
	change.Now = u.Clock.Now()
	saved, err := tx.UpdateUser(ctx, change)
	if err != nil {
		return row, postgres.Guarded(err)
	}
	return saved, u.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.UserUpdated, Resource: audit.User, ID: &row.ID,
		Details: audit.Diff(attributes(row), attributes(saved)),
	})
}

// userResponse converts a user for the actor, with the actions allowed to the actor, and computes its tag.
func (u *Users) userResponse(
	ctx context.Context, tenant *db.Queries, actor access.Actor, row db.User,
) (api.UserJSONResponse, error) {
	alone, err := u.lastAdmin(ctx, tenant, row)
	if err != nil {
		return api.UserJSONResponse{}, err
	}
	response := convert(row, allowedActions(actor, row, alone))
	return api.UserJSONResponse{
		Body:    response,
		Headers: api.UserResponseHeaders{ETag: etag.Of(row.Version, response.LastLoginAt, response.AllowedActions)},
	}, nil
}

// lastAdmin reports whether an active admin among the rows is the only one of the company. Without an active admin
// among them it does not ask the database.
func (u *Users) lastAdmin(ctx context.Context, tenant *db.Queries, rows ...db.User) (bool, error) {
	for _, row := range rows {
		if access.Administers(row.Role) && row.IsActive {
			count, err := tenant.CountActiveAdmins(ctx, row.CompanyID)
			return count <= 1, err
		}
	}
	return false, nil
}
