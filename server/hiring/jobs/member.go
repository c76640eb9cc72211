package jobs

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// ListJobMembers lists whose job it is, to those who see the job.
func (j *Jobs) ListJobMembers(
	ctx context.Context, request api.ListJobMembersRequestObject,
) (api.ListJobMembersResponseObject, error) {
	job, err := j.see(ctx, request.JobID)
	if err != nil {
		return nil, err
	}
	scope := page.Scope{Company: job.CompanyID, Operation: "ListJobMembers", Query: job.ID}
	list, err := j.Cursors.Open(scope, request.Params.Cursor, request.Params.Limit)
	if err != nil {
		return nil, err
	}
	rows, err := j.Store.Of(job.CompanyID).ListJobMembers(ctx, db.ListJobMembersParams{
		CompanyID: job.CompanyID, JobID: job.ID, AfterTime: list.After.Time, AfterID: list.After.ID, MaxRows: list.MaxRows(),
	})
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, rows, func(row db.ListJobMembersRow) page.Place {
		return page.At(row.JobMember.CreatedAt, row.JobMember.UserID)
	})
	if err != nil {
		return nil, err
	}
	data := make([]api.JobMember, len(shown.Rows))
	for i, row := range shown.Rows {
		data[i] = convertMember(row.JobMember, row.FirstName, row.LastName)
	}
	return api.ListJobMembers200JSONResponse{
		Body:    api.JobMemberPage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListJobMembers200ResponseHeaders{Link: shown.Link},
	}, nil
}

// SetJobMember makes a user a member of a job, or gives a member another job role. The role that they have already
// changes nothing.
func (j *Jobs) SetJobMember(
	ctx context.Context, request api.SetJobMemberRequestObject,
) (api.SetJobMemberResponseObject, error) {
	who := access.Of(ctx)
	var user db.User
	var member db.JobMember
	err := j.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		job, err := tx.GetJobForUpdate(ctx, db.GetJobForUpdateParams{CompanyID: who.CompanyID, ID: request.JobID})
		if err != nil {
			return err
		}
		user, err = tx.GetUser(ctx, db.GetUserParams{CompanyID: who.CompanyID, ID: request.UserID})
		if err != nil {
			return err
		}
		if err := mayAppoint(who, user); err != nil {
			return err
		}
		before, err := j.member(ctx, tx, job, user.ID)
		if err != nil {
			return err
		}
		if err := mayJoin(user.IsActive, before != nil); err != nil {
			return err
		}
		if before != nil && before.Role == request.Body.Role {
			member = *before
			return nil
		}
		member, err = tx.SetJobMember(ctx, db.SetJobMemberParams{
			CompanyID: who.CompanyID, JobID: job.ID, UserID: user.ID, Role: request.Body.Role, Now: j.Clock.Now(),
		})
		if err != nil {
			return err
		}
		return j.record(ctx, tx, audit.JobMemberSet, job.ID, membership(user.ID, before, &member))
	})
	if err != nil {
		return nil, err
	}
	return api.SetJobMember200JSONResponse(convertMember(member, user.FirstName, user.LastName)), nil
}

// RemoveJobMember takes a member off a job.
func (j *Jobs) RemoveJobMember(
	ctx context.Context, request api.RemoveJobMemberRequestObject,
) (api.RemoveJobMemberResponseObject, error) {
	who := access.Of(ctx)
	err := j.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		job, err := tx.GetJobForUpdate(ctx, db.GetJobForUpdateParams{CompanyID: who.CompanyID, ID: request.JobID})
		if err != nil {
			return err
		}
		member, err := tx.DeleteJobMember(ctx, db.DeleteJobMemberParams{
			CompanyID: who.CompanyID, JobID: job.ID, UserID: request.UserID,
		})
		if err != nil {
			return err
		}
		return j.record(ctx, tx, audit.JobMemberRemoved, job.ID, membership(member.UserID, &member, nil))
	})
	if err != nil {
		return nil, err
	}
	return api.RemoveJobMember204Response{}, nil
}

// member gives what a user is in a job; nil where they are not a member of it.
func (j *Jobs) member(ctx context.Context, tx *db.Queries, job db.Job, user uuid.UUID) (*db.JobMember, error) {
	row, err := tx.GetJobMember(ctx, db.GetJobMemberParams{
		CompanyID: job.CompanyID, JobID: job.ID, UserID: user,
	})
	if fault.Is(err, fault.ResourceNotFound) {
		return nil, nil
	}
	return &row, err
}
