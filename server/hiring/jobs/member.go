package jobs

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ListJobMembers lists the members of a job that is visible to the actor, in the order in which they were added.
func (j *Jobs) ListJobMembers(
	ctx context.Context, call service.Call, request api.ListJobMembersRequestObject,
) (api.ListJobMembersResponseObject, error) {
	actor := call.Actor
	job, err := j.get(ctx, actor, request.JobID)
	if err != nil {
		return nil, err
	}
	response, err := page.Read(ctx, j.Cursors, page.List[db.ListJobMembersRow, api.JobMember]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListJobMembers", Query: job.ID},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.ListJobMembersRow, error) {
			return j.Store.Of(actor.CompanyID).ListJobMembers(ctx, db.ListJobMembersParams{
				CompanyID: actor.CompanyID, JobID: job.ID, AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.ListJobMembersRow) page.Place {
			return page.At(row.JobMember.CreatedAt, row.JobMember.UserID)
		},
		Show: page.Each(func(row db.ListJobMembersRow) api.JobMember {
			return convertMember(row.JobMember, row.FirstName, row.LastName)
		}),
	})
	if err != nil {
		return nil, err
	}
	return api.ListJobMembers200JSONResponse{
		Body:    api.JobMemberPage(response.Body),
		Headers: api.ListJobMembers200ResponseHeaders{Link: response.Link},
	}, nil
}

// ListUserJobs lists the jobs of a user that the actor sees. It fails with ResourceNotFound for a user that the actor
// does not see.
func (j *Jobs) ListUserJobs(
	ctx context.Context, call service.Call, request api.ListUserJobsRequestObject,
) (api.ListUserJobsResponseObject, error) {
	actor := call.Actor
	if err := j.findUser(ctx, actor, request.UserID); err != nil {
		return nil, err
	}
	shown, err := page.Read(ctx, j.Cursors, page.List[db.ListUserJobsRow, api.UserJob]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListUserJobs", Query: request.UserID},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.ListUserJobsRow, error) {
			return j.Store.Of(actor.CompanyID).ListUserJobs(ctx, db.ListUserJobsParams{
				CompanyID: actor.CompanyID, UserID: request.UserID, ActorID: actor.ID,
				Reach: actor.Standing().Jobs.String(), AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.ListUserJobsRow) page.Place {
			return page.At(row.JobMember.CreatedAt, row.JobMember.JobID)
		},
		Show: page.Each(func(row db.ListUserJobsRow) api.UserJob { return convertUserJob(actor, row) }),
	})
	if err != nil {
		return nil, err
	}
	return api.ListUserJobs200JSONResponse{
		Body:    api.UserJobPage(shown.Body),
		Headers: api.ListUserJobs200ResponseHeaders{Link: shown.Link},
	}, nil
}

// findUser fails with ResourceNotFound if the actor does not see the user. An API key that does not read users sees the
// members of its jobs, as in ListJobMembers.
func (j *Jobs) findUser(ctx context.Context, actor access.Actor, user uuid.UUID) error {
	tenant := j.Store.Of(actor.CompanyID)
	if readsUser(actor, user) {
		_, err := tenant.GetUser(ctx, db.GetUserParams{CompanyID: actor.CompanyID, ID: user})
		return err
	}
	if actor.Key == nil {
		return fault.New(fault.ResourceNotFound)
	}
	member, err := tenant.IsMemberOfVisibleJob(ctx, db.IsMemberOfVisibleJobParams{
		CompanyID: actor.CompanyID, UserID: user, ActorID: actor.ID, Reach: actor.Standing().Jobs.String(),
	})
	if err == nil && !member {
		return fault.New(fault.ResourceNotFound)
	}
	return err
}

// SetJobMember makes a user a member of a job, or gives a member another job role. If the member already has the role,
// it writes nothing.
func (j *Jobs) SetJobMember(
	ctx context.Context, call service.Call, request api.SetJobMemberRequestObject,
) (api.SetJobMemberResponseObject, error) {
	actor := call.Actor
	return service.Commit(ctx, j.Store, call, func(tx *postgres.Tx) (api.SetJobMemberResponseObject, error) {
		job, err := lock(ctx, tx, actor, request.JobID)
		if err != nil {
			return nil, err
		}
		user, err := tx.GetUser(ctx, db.GetUserParams{CompanyID: actor.CompanyID, ID: request.UserID})
		if err != nil {
			return nil, err
		}
		if err := checkAppointment(actor, user); err != nil {
			return nil, err
		}
		member, err := j.setMember(
			ctx, tx, actor, job, user, stored.JobRole(request.Body.Role), request.Params.IfNoneMatch)
		return api.SetJobMember200JSONResponse(convertMember(member, user.FirstName, user.LastName)), err
	})
}

// setMember gives a user a role in a job, and returns the membership. If the user has the role, it writes nothing. With
// an If-None-Match header it refuses to change a member.
func (j *Jobs) setMember(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, job db.Job, user db.User, role stored.JobRole,
	unless *string,
) (db.JobMember, error) {
	before, err := j.member(ctx, tx, job, user.ID)
	if err != nil {
		return db.JobMember{}, err
	}
	if err := etag.CheckNew(unless, before != nil); err != nil {
		return db.JobMember{}, err
	}
	if err := checkNewMember(user.IsActive, before != nil); err != nil {
		return db.JobMember{}, err
	}
	if before != nil && before.Role == role {
		return *before, nil
	}
	member, err := tx.SetJobMember(ctx, db.SetJobMemberParams{
		CompanyID: actor.CompanyID, JobID: job.ID, UserID: user.ID, Role: role, Now: j.Clock.Now(),
	})
	if err != nil {
		return member, err
	}
	return member, j.record(ctx, tx, actor, audit.JobMemberSet, job.ID, membershipDetails(user.ID, before, &member))
}

// RemoveJobMember removes a member from a job.
func (j *Jobs) RemoveJobMember(
	ctx context.Context, call service.Call, request api.RemoveJobMemberRequestObject,
) (api.RemoveJobMemberResponseObject, error) {
	actor := call.Actor
	return service.Commit(ctx, j.Store, call, func(tx *postgres.Tx) (api.RemoveJobMemberResponseObject, error) {
		job, err := lock(ctx, tx, actor, request.JobID)
		if err != nil {
			return nil, err
		}
		member, err := tx.DeleteJobMember(ctx, db.DeleteJobMemberParams{
			CompanyID: actor.CompanyID, JobID: job.ID, UserID: request.UserID,
		})
		if err != nil {
			return nil, err
		}
		err = j.record(ctx, tx, actor, audit.JobMemberRemoved, job.ID, membershipDetails(member.UserID, &member, nil))
		if err != nil {
			return nil, err
		}
		return api.RemoveJobMember204Response{}, nil
	})
}

// member returns a user's membership of a job, or nil if the user is not a member.
func (j *Jobs) member(ctx context.Context, tx *postgres.Tx, job db.Job, user uuid.UUID) (*db.JobMember, error) {
	row, err := tx.GetJobMember(ctx, db.GetJobMemberParams{
		CompanyID: job.CompanyID, JobID: job.ID, UserID: user,
	})
	if fault.Is(err, fault.ResourceNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &row, nil
}
