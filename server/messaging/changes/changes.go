// Package changes reads the log of changes, for readers that keep copies of the resources that they see.
//
// Triggers write the log, so that no statement that changes a resource can forget it. A change names resources and has
// no content: readers read the resources again, with their own rights. This package turns the log of a company into the
// log of one reader. It leaves out resources that the reader does not see, and names those that the reader has lost as
// removed.
//
// A change that affects many resources, such as a new member of a job with all its applications, is one row of the log.
// It is expanded while it is read, page by page; see change_targets in the database.
package changes

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Options are what the package needs besides Deps.
type Options struct {
	// Retention is how long changes are kept.
	Retention time.Duration
	// Holds reports whether a role is granted a permission.
	Holds func(role stored.Role, permission string) bool
}

// Changes implements the operations of the tag changes.
type Changes struct {
	service.Deps
	Options
}

// New returns an error that names every missing dependency.
func New(deps service.Deps, options Options) (*Changes, error) {
	if err := service.Check("changes", deps, options); err != nil {
		return nil, err
	}
	return &Changes{deps, options}, nil
}

// position is a place in the log of a company. It is the content of a cursor.
type position struct {
	// History names the history of transactions that the numbers belong to.
	History string
	// At is a time at which no change after the position had been deleted.
	At time.Time
	// Transaction and Change are the last change that was read.
	Transaction, Change int64
	// Page is where the reader is in the change after that one, if it affects many resources.
	Page *pagePosition `json:",omitempty"`
}

// pagePosition is a place among the resources that one change affects: the last one that was read.
type pagePosition struct {
	// Read is how many were read of a change that affects a fixed number.
	Read int `json:",omitempty"`
	// Time and ID are the key of the last row of change_targets that was read, and Type and Target its resource.
	Time   *time.Time `json:",omitempty"`
	ID     *uuid.UUID `json:",omitempty"`
	Type   *string    `json:",omitempty"`
	Target *uuid.UUID `json:",omitempty"`
}

// rules is part of the history that positions belong to. It changes when a release changes what readers see: by other
// permissions of roles, or other rules of visibility.
const rules = "1"

// FollowChanges names the resources that have changed for the actor since a position.
func (c *Changes) FollowChanges(
	ctx context.Context, call service.Call, request api.FollowChangesRequestObject,
) (api.FollowChangesResponseObject, error) {
	actor := call.Actor
	end, err := c.Store.Of(actor.CompanyID).GetChangeLogEnd(ctx)
	if err != nil {
		return nil, err
	}
	scope := page.Scope{Company: actor.CompanyID, Operation: "FollowChanges", Query: actor.ID}
	last := position{History: rules + "-" + end.History, At: c.Clock.Now(), Transaction: end.TransactionID}
	if request.Params.Cursor == nil {
		return c.respond(scope, []api.Change{}, last, false)
	}
	var from position
	if err := c.Cursors.Decode(scope, *request.Params.Cursor, &from); err != nil {
		return nil, err
	}
	if from.History != last.History || from.Transaction > last.Transaction || last.At.Sub(from.At) > c.Retention {
		return nil, fault.New(fault.ChangesExpired)
	}
	limit := page.DefaultLimit
	if request.Params.Limit != nil {
		limit = int(*request.Params.Limit)
	}
	r := reader{
		queries: c.Store.Of(actor.CompanyID), actor: actor, end: last, at: from, limit: limit,
		holds: func(permission string) bool { return c.Holds(actor.Role, permission) && actor.Holds(permission) },
	}
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	if err := r.hintAtSurvivors(ctx); err != nil {
		return nil, err
	}
	return c.respond(scope, r.found, r.at, r.more)
}

func (c *Changes) respond(
	scope page.Scope, found []api.Change, at position, more bool,
) (api.FollowChangesResponseObject, error) {
	cursor, err := c.Cursors.Encode(scope, at)
	if err != nil {
		return nil, err
	}
	return api.FollowChanges200JSONResponse{Data: found, NextCursor: cursor, HasMore: more}, nil
}

// margin is how much longer changes are kept than positions are valid, because positions are compared with the clock
// of a replica, and changes have that of PostgreSQL.
const margin = time.Hour

// DeleteOld deletes changes of all companies whose retention has ended, at most so many, the oldest first, and returns
// their number.
func DeleteOld(
	ctx context.Context, s *postgres.Store, now time.Time, retention time.Duration, atMost int,
) (int64, error) {
	return s.Lookup().DeleteOldChanges(ctx, db.DeleteOldChangesParams{
		Before: now.Add(-retention - margin),
		AtMost: int32(min(atMost, math.MaxInt32)), //nolint:gosec // bounded on this line
	})
}

// reachOf is which resources of a type the actor sees.
func reachOf(actor access.Actor, of api.ChangeType) access.Reach {
	standing := actor.Standing()
	switch of {
	case api.ChangeTypeUser:
		return standing.Users
	case api.ChangeTypeJob, api.ChangeTypeJobMembers:
		return standing.Jobs
	case api.ChangeTypeKit, api.ChangeTypeKitVersions:
		return standing.Kits
	case api.ChangeTypeCandidate, api.ChangeTypeApplication, api.ChangeTypeInterview, api.ChangeTypeInterviewScores:
		return standing.Hiring
	}
	return access.ReachNone
}

// permissionFor is the permission that reads resources of a type.
func permissionFor(of api.ChangeType) string {
	switch of {
	case api.ChangeTypeUser:
		return "users:read"
	case api.ChangeTypeJob, api.ChangeTypeJobMembers:
		return "jobs:read"
	case api.ChangeTypeKit, api.ChangeTypeKitVersions:
		return "kits:read"
	case api.ChangeTypeCandidate:
		return "candidates:read"
	case api.ChangeTypeApplication:
		return "applications:read"
	case api.ChangeTypeInterview:
		return "interviews:read"
	case api.ChangeTypeInterviewScores:
		return "scores:read"
	}
	return ""
}
