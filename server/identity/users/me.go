package users

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// GetMe returns the profile of the signed-in user.
func (u *Users) GetMe(
	ctx context.Context, call service.Call, _ api.GetMeRequestObject,
) (api.GetMeResponseObject, error) {
	actor := call.Actor
	row, err := u.Store.Of(actor.CompanyID).GetMe(ctx, db.GetMeParams{CompanyID: actor.CompanyID, ID: actor.ID})
	if err != nil {
		return nil, err
	}
	return api.GetMe200JSONResponse{
		Body: convertMe(row, u.Permissions(row.User.Role)), Headers: api.GetMe200ResponseHeaders{ETag: tagOf(row)},
	}, nil
}

// UpdateMe changes the names, the department and the language of the signed-in user.
func (u *Users) UpdateMe(
	ctx context.Context, call service.Call, request api.UpdateMeRequestObject,
) (api.UpdateMeResponseObject, error) {
	actor, patch := call.Actor, request.Body
	return service.Commit(ctx, u.Store, call, func(tx *postgres.Tx) (api.UpdateMeResponseObject, error) {
		var response db.GetMeRow
		row, err := tx.GetUserForUpdate(ctx, db.GetUserForUpdateParams{CompanyID: actor.CompanyID, ID: actor.ID})
		if err != nil {
			return nil, err
		}
		if err := etag.Check(request.Params.IfMatch, row.Version); err != nil {
			return nil, err
		}
		change := applyPatch(row, profilePatch{patch.FirstName, patch.LastName, patch.Department, patch.Language})
		if _, err := u.save(ctx, tx, actor, row, change); err != nil {
			return nil, err
		}
		response, err = tx.GetMe(ctx, db.GetMeParams{CompanyID: actor.CompanyID, ID: actor.ID})
		if err != nil {
			return nil, err
		}
		return api.UpdateMe200JSONResponse{
			Body:    convertMe(response, u.Permissions(response.User.Role)),
			Headers: api.UpdateMe200ResponseHeaders{ETag: tagOf(response)},
		}, nil
	})
}

func tagOf(row db.GetMeRow) string {
	return etag.Of(row.User.Version, row.User.LastLoginAt, row.CompanyName, row.CompanySlug, row.CompanyTimezone)
}
