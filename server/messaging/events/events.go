// Package events reads the log of changes as events, for readers that react to what happens, and for readers that keep
// copies of the resources that they see.
//
// Triggers write the log, so that no statement that changes a resource can forget it. A change names resources and has
// no content: readers read the resources again, with their own rights. This package turns the log of a company into the
// events of one reader. It leaves out resources that the reader does not see, and names those that the reader has lost
// as removed. Log is the same for the company as a whole.
//
// A change that affects many resources, such as a new member of a job with all its applications, is one row of the log.
// It is expanded while it is read, page by page; see change_targets in the database. Each resource that it affects is
// an event.
package events

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
	// Retention is how long events are kept.
	Retention time.Duration
	// Holds reports whether a role is granted a permission.
	Holds func(role stored.Role, permission string) bool
}

// Events implements the operations of the tag events.
type Events struct {
	service.Deps
	Options
}

// New returns an error that names every missing dependency.
func New(deps service.Deps, options Options) (*Events, error) {
	if err := service.Check("events", deps, options); err != nil {
		return nil, err
	}
	return &Events{deps, options}, nil
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

// FollowEvents returns the events of the actor since a position.
func (e *Events) FollowEvents(
	ctx context.Context, call service.Call, request api.FollowEventsRequestObject,
) (api.FollowEventsResponseObject, error) {
	actor, params := call.Actor, request.Params
	if params.ResourceID != nil && params.ResourceType == nil {
		return nil, fault.New(fault.MalformedRequest).Parameter("resource_id", "combined", "requires resource_type")
	}
	queries := e.Store.Of(actor.CompanyID)
	end, err := endOf(ctx, queries, e.Clock.Now())
	if err != nil {
		return nil, err
	}
	wanted := filterOf(params)
	scope := page.Scope{Company: actor.CompanyID, Operation: "FollowEvents", Query: struct {
		Reader uuid.UUID
		Filter filter
	}{actor.ID, wanted}}
	var from position
	switch {
	case params.Cursor != nil:
		if err := e.Cursors.Decode(scope, *params.Cursor, &from); err != nil {
			return nil, err
		}
		if params.After != nil {
			return nil, fault.New(fault.MalformedRequest).Parameter("after", "combined", "cannot be combined with cursor")
		}
	case params.After != nil:
		if from, err = afterEvent(e.Cursors, actor.CompanyID, end, *params.After); err != nil {
			return nil, err
		}
	default:
		return e.respond(scope, []api.Event{}, end, false)
	}
	if from.expired(end, e.Retention) {
		return nil, fault.New(fault.EventsExpired)
	}
	limit := page.DefaultLimit
	if params.Limit != nil {
		limit = int(*params.Limit)
	}
	r := reader{
		queries: queries, ids: e.Cursors, company: actor.CompanyID, id: actor.ID, end: end, at: from, limit: limit,
		filter: wanted, reach: actor.Reach(),
		reachOf: func(of api.EventResourceType) access.Reach { return reachOf(actor, of) },
		holds:   func(permission string) bool { return e.Holds(actor.Role, permission) && actor.Holds(permission) },
	}
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	return e.respond(scope, r.found, r.at, r.more)
}

// endOf returns the position after all changes of complete transactions.
func endOf(ctx context.Context, queries *db.Queries, now time.Time) (position, error) {
	end, err := queries.GetChangeLogEnd(ctx)
	if err != nil {
		return position{}, err
	}
	return position{History: rules + "-" + end.History, At: now, Transaction: end.TransactionID}, nil
}

// expired reports whether the log no longer has everything after a position.
func (p position) expired(end position, retention time.Duration) bool {
	return p.History != end.History || p.Transaction > end.Transaction || end.At.Sub(p.At) > retention
}

func (e *Events) respond(
	scope page.Scope, found []api.Event, at position, more bool,
) (api.FollowEventsResponseObject, error) {
	cursor, err := e.Cursors.Encode(scope, at)
	if err != nil {
		return nil, err
	}
	return api.FollowEvents200JSONResponse{Data: found, NextCursor: cursor, HasMore: more}, nil
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
func reachOf(actor access.Actor, of api.EventResourceType) access.Reach {
	standing := actor.Standing()
	switch of {
	case api.EventResourceTypeUser:
		return standing.Users
	case api.EventResourceTypeJob, api.EventResourceTypeJobMembers:
		return standing.Jobs
	case api.EventResourceTypeKit, api.EventResourceTypeKitVersions:
		return standing.Kits
	case api.EventResourceTypeCandidate, api.EventResourceTypeApplication, api.EventResourceTypeInterview,
		api.EventResourceTypeInterviewScores:
		return standing.Hiring
	}
	return access.ReachNone
}

// permissionFor is the permission that reads resources of a type.
func permissionFor(of api.EventResourceType) string {
	switch of {
	case api.EventResourceTypeUser:
		return "users:read"
	case api.EventResourceTypeJob, api.EventResourceTypeJobMembers:
		return "jobs:read"
	case api.EventResourceTypeKit, api.EventResourceTypeKitVersions:
		return "kits:read"
	case api.EventResourceTypeCandidate:
		return "candidates:read"
	case api.EventResourceTypeApplication:
		return "applications:read"
	case api.EventResourceTypeInterview:
		return "interviews:read"
	case api.EventResourceTypeInterviewScores:
		return "scores:read"
	}
	return ""
}
