package changes

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// maxTargets is how many resources one response checks at least before it ends without being full. A reader who sees
	// little gets short pages, and no request reads the whole log.
	maxTargets = 2000
	// batchChanges is how many changes are read at once.
	batchChanges = 200
	// pageRows is how many applications or interviews are read at once of a change that affects many.
	pageRows = 100
)

// The kinds of change that are not resources of their own; see the table changes.
const (
	kindReset           = "reset"
	kindInterviewScores = "interview_scores"
)

// reader reads the changes of one actor.
type reader struct {
	queries *db.Queries
	actor   access.Actor
	// end is the position after the last change that is complete.
	end position
	// at is the position that the reader has reached.
	at    position
	limit int
	// holds reports whether the actor has a permission.
	holds func(permission string) bool
	found []api.Change
	more  bool
}

// target is a resource that a change affects.
type target struct {
	key
	// personal says that the change concerns only this reader, who may have lost the resource.
	personal bool
	// parent is an interview whose readers may have lost the resource; the zero value for none.
	parent uuid.UUID
	// after is the position of a reader who has read the target.
	after position
}

// key identifies a resource.
type key struct {
	of api.ChangeType
	id uuid.UUID
}

// read collects changes until a page is full, the log ends, or enough was checked.
func (r *reader) read(ctx context.Context) error {
	r.found, r.more = []api.Change{}, true
	seen := map[key]bool{}
	for checked := 0; r.more && len(r.found) < r.limit && checked < maxTargets; {
		targets, reached, more, err := r.next(ctx)
		if err != nil {
			return err
		}
		visible, err := r.visible(ctx, targets)
		if err != nil {
			return err
		}
		for n, t := range targets {
			lost := t.personal || visible[key{api.ChangeTypeInterview, t.parent}]
			if seen[t.key] || !visible[t.key] && !lost || !r.reads(t.of) {
				continue
			}
			seen[t.key] = true
			r.found = append(r.found, api.Change{Type: t.of, ID: t.id, Removed: !visible[t.key]})
			if len(r.found) == r.limit && n < len(targets)-1 {
				r.at = t.after
				return nil
			}
		}
		checked += len(targets)
		r.at, r.more = reached, more
	}
	return nil
}

// reads reports whether the actor can read resources of a type. Without a standing, an actor has no resources to lose.
func (r *reader) reads(of api.ChangeType) bool {
	return r.holds(permissionFor(of)) && reachOf(r.actor, of) != access.ReachNone
}

// next returns what the next changes affect, the position after them, and whether the log goes on.
func (r *reader) next(ctx context.Context) (targets []target, reached position, more bool, err error) {
	changes, err := r.queries.ListChanges(ctx, db.ListChangesParams{
		CompanyID: r.actor.CompanyID, ReaderID: r.actor.ID, AfterTransaction: r.at.Transaction, AfterID: r.at.Change,
		BeforeTransaction: r.end.Transaction, MaxRows: batchChanges,
	})
	if err != nil {
		return nil, r.at, false, err
	}
	within := r.at.Page
	for _, change := range changes {
		affected, rest, err := r.affected(ctx, change, within)
		if err != nil {
			return nil, r.at, false, err
		}
		targets = append(targets, affected...)
		if rest != nil {
			return targets, *rest, true, nil
		}
		reached, within = r.after(change), nil
	}
	if len(changes) == batchChanges {
		return targets, reached, true, nil
	}
	return targets, r.end, false, nil
}

// after is the position after a change.
func (r *reader) after(change db.ListChangesRow) position {
	return position{History: r.at.History, At: r.at.At, Transaction: change.TransactionID, Change: change.ID}
}

// affected returns a page of the resources that a change affects, and the position of the next page; nil for the last
// page.
func (r *reader) affected(
	ctx context.Context, change db.ListChangesRow, from *pagePosition,
) (targets []target, rest *position, err error) {
	if change.Kind == kindReset {
		return nil, nil, fault.New(fault.ChangesExpired)
	}
	if of := api.ChangeType(change.Kind); of.Valid() && of != api.ChangeTypeKit {
		return []target{{key: key{of, change.ResourceID}, personal: change.Personal, after: r.after(change)}}, nil, nil
	}
	if from == nil {
		from = &pagePosition{}
	}
	rows, err := r.queries.ListChangeTargets(ctx, db.ListChangeTargetsParams{
		CompanyID: r.actor.CompanyID, ReaderID: r.actor.ID, Kind: change.Kind, ResourceID: change.ResourceID,
		AfterTime: from.AfterTime, AfterID: from.AfterID, MaxRows: pageRows,
	})
	if err != nil {
		return nil, nil, err
	}
	// A position within the change is one before it and a place on a page.
	within := r.after(change)
	within.Change--
	for n := min(from.Skip, len(rows)); n < len(rows); n++ {
		t := target{key: key{api.ChangeType(rows[n].Type), rows[n].ID}, personal: change.Personal, after: within}
		t.after.Page = &pagePosition{AfterTime: from.AfterTime, AfterID: from.AfterID, Skip: n + 1}
		switch {
		case change.ParentID != nil:
			t.parent = *change.ParentID
		case change.Kind == kindInterviewScores && t.of == api.ChangeTypeScore:
			t.parent = change.ResourceID
		}
		targets = append(targets, t)
	}
	if len(rows) == 0 || !rows[0].IsFull {
		return targets, nil, nil
	}
	within.Page = &pagePosition{AfterTime: &rows[0].NextTime, AfterID: &rows[0].NextID}
	return targets, &within, nil
}

// visible returns which of the targets and of their parents the actor sees.
func (r *reader) visible(ctx context.Context, targets []target) (map[key]bool, error) {
	wanted := map[api.ChangeType][]uuid.UUID{}
	for _, t := range targets {
		wanted[t.of] = append(wanted[t.of], t.id)
		if t.parent != uuid.Nil {
			wanted[api.ChangeTypeInterview] = append(wanted[api.ChangeTypeInterview], t.parent)
		}
	}
	visible := map[key]bool{}
	for of, ids := range wanted {
		found, err := r.queries.FilterVisible(ctx, db.FilterVisibleParams{
			CompanyID: r.actor.CompanyID, ActorID: r.actor.ID, Reach: reachOf(r.actor, of).String(), Type: string(of), Ids: ids,
		})
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			visible[key{of, id}] = true
		}
	}
	return visible, nil
}
