package users

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
)

// GetMe returns the profile of the signed-in user.
func (u *Users) GetMe(ctx context.Context, _ api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	actor := access.Of(ctx)
	row, err := u.Store.Of(actor.CompanyID).GetMe(ctx, db.GetMeParams{CompanyID: actor.CompanyID, ID: actor.ID})
	if err != nil {
		return nil, err
	}
	return api.GetMe200JSONResponse{
		Body: convertMe(row, u.Permissions(row.User.Role)), Headers: api.GetMe200ResponseHeaders{ETag: tagOf(row)},
	}, nil
}

// UpdateMe changes the names and the department of the signed-in user.
func (u *Users) UpdateMe(ctx context.Context, request api.UpdateMeRequestObject) (api.UpdateMeResponseObject, error) {
	actor, patch := access.Of(ctx), request.Body
	var response db.GetMeRow
	err := u.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		row, err := tx.GetUserForUpdate(ctx, db.GetUserForUpdateParams{CompanyID: actor.CompanyID, ID: actor.ID})
		if err != nil {
			return err
		}
		if err := etag.Check(request.Params.IfMatch, row.Version); err != nil {
			return err
		}
		change := applyPatch(row, profilePatch{patch.FirstName, patch.LastName, patch.Department})
		if _, err := u.save(ctx, tx, row, change); err != nil {
			return err
		}
		response, err = tx.GetMe(ctx, db.GetMeParams{CompanyID: actor.CompanyID, ID: actor.ID})
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateMe200JSONResponse{
		Body:    convertMe(response, u.Permissions(response.User.Role)),
		Headers: api.UpdateMe200ResponseHeaders{ETag: tagOf(response)},
	}, nil
}

func tagOf(row db.GetMeRow) string {
	return etag.Of(row.User.Version, row.User.LastLoginAt, row.CompanyName, row.CompanySlug, row.CompanyTimezone)
}
