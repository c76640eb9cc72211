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
	// maxWork bounds the work of one response: each change and each resource that it affects is one, and each query for
	// the resources of a change is queryWork. A reader who sees little gets short pages, and no request reads the whole
	// log.
	maxWork, queryWork = 4000, 20
	// batchChanges is how many changes are read at once.
	batchChanges = 200
	// pageRows is how many applications or interviews are read at once of a change that affects many.
	pageRows = 100
)

// The kinds of change that are neither types of the API nor looked up by change_targets.
const (
	kindReset           = "reset"
	kindInterviewScores = "interview_scores"
	kindOwnScore        = "own_score"
	kindKit             = "kit"
	kindInterviewKit    = "interview_kit"
	kindKeyHolder       = "key_holder"
	kindCandidateMerged = "candidate_merged"
	kindOldCandidate    = "application_candidate"
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
	work  int
	found []api.Change
	more  bool
}

// target is a resource that a change affects.
type target struct {
	key
	// personal says that the change concerns only this reader, who may have lost the resource.
	personal bool
	// parent is an interview or an application whose readers may have lost the resource; the zero value for none.
	parent key
	// after is the position of a reader who has read the target.
	after position
}

// key identifies a resource.
type key struct {
	of api.ChangeType
	id uuid.UUID
}

// read collects changes until a page is full, the log ends, or it has worked enough.
func (r *reader) read(ctx context.Context) error {
	r.found, r.more = []api.Change{}, true
	seen := map[key]bool{}
	for r.more && len(r.found) < r.limit && r.work < maxWork {
		targets, reached, more, err := r.next(ctx)
		if err != nil {
			return err
		}
		visible, err := r.visible(ctx, targets)
		if err != nil {
			return err
		}
		for n, t := range targets {
			lost := t.personal || visible[t.parent]
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
		r.at, r.more = reached, more
	}
	return nil
}

// hintAtSurvivors adds to removed candidates those that they were merged into, if the actor sees them.
func (r *reader) hintAtSurvivors(ctx context.Context) error {
	var removed []uuid.UUID
	for _, change := range r.found {
		if change.Removed && change.Type == api.ChangeTypeCandidate {
			removed = append(removed, change.ID)
		}
	}
	if len(removed) == 0 {
		return nil
	}
	rows, err := r.queries.ListSurvivors(ctx, db.ListSurvivorsParams{
		CompanyID: r.actor.CompanyID, ActorID: r.actor.ID, Reach: r.actor.Reach().String(), Ids: removed,
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		for n := range r.found {
			if change := &r.found[n]; change.Type == api.ChangeTypeCandidate && change.ID == row.MergedID {
				change.MergedIntoID = &row.SurvivorID
			}
		}
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
	for n, change := range changes {
		reached = r.after(change)
		if change.ConcernsReader {
			affected, rest, err := r.affected(ctx, change, within)
			if err != nil {
				return nil, r.at, false, err
			}
			targets = append(targets, affected...)
			if rest != nil {
				return targets, *rest, true, nil
			}
		}
		within = nil
		r.work++
		if n < len(changes)-1 && (len(targets) >= r.limit-len(r.found) || r.work >= maxWork) {
			return targets, reached, true, nil
		}
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

// parts are the resources that changes of some kinds affect, all with the id of the change.
func parts(kind string) []api.ChangeType {
	switch kind {
	case kindInterviewScores, kindOwnScore:
		return []api.ChangeType{api.ChangeTypeInterview, api.ChangeTypeInterviewScores}
	case kindCandidateMerged, kindOldCandidate:
		return []api.ChangeType{api.ChangeTypeCandidate}
	case kindKit, kindInterviewKit:
		return []api.ChangeType{api.ChangeTypeKit, api.ChangeTypeKitVersions}
	}
	if of := api.ChangeType(kind); of.Valid() {
		return []api.ChangeType{of}
	}
	return nil
}

// parentOf returns the type of the parent of a change.
func parentOf(kind string) api.ChangeType {
	if kind == kindOldCandidate {
		return api.ChangeTypeApplication
	}
	return api.ChangeTypeInterview
}

// affected returns the resources that a change affects, and the position of the rest; nil if there is no rest.
func (r *reader) affected(
	ctx context.Context, change db.ListChangesRow, from *pagePosition,
) (targets []target, rest *position, err error) {
	if change.Kind == kindReset {
		return nil, nil, fault.New(fault.ChangesExpired)
	}
	// A position within a change is the one before it and a place among the resources.
	within := r.after(change)
	within.Change--
	if change.Kind == kindCandidateMerged {
		change.Personal = r.actor.Reach() == access.ReachAll // others have seen it by an application that has moved
	}
	add := func(of api.ChangeType, id uuid.UUID, after position) {
		r.work++
		t := target{key: key{of, id}, personal: change.Personal, after: after}
		if change.ParentID != nil {
			t.parent = key{parentOf(change.Kind), *change.ParentID}
		}
		targets = append(targets, t)
	}
	if simple := parts(change.Kind); simple != nil {
		for n, of := range simple {
			if from != nil && from.Read > n {
				continue
			}
			after := r.after(change)
			if n < len(simple)-1 {
				after = within
				after.Page = &pagePosition{Read: n + 1}
			}
			add(of, change.ResourceID, after)
		}
		return targets, nil, nil
	}
	if change.Kind == kindKeyHolder {
		change.Personal = false // what the key sees of interviews does not depend on its holders
	}
	if from == nil {
		from = &pagePosition{}
	}
	r.work += queryWork
	rows, err := r.queries.ListChangeTargets(ctx, db.ListChangeTargetsParams{
		CompanyID: r.actor.CompanyID, Reach: r.actor.Reach().String(), Kind: change.Kind, ResourceID: change.ResourceID,
		AfterTime: from.Time, AfterID: from.ID, AfterType: from.Type, AfterTarget: from.Target, MaxRows: pageRows,
	})
	if err != nil {
		return nil, nil, err
	}
	for n := range rows {
		row := &rows[n]
		after := within
		after.Page = &pagePosition{Time: &row.KeyTime, ID: &row.KeyID, Type: &row.Type, Target: &row.ID}
		if n == len(rows)-1 {
			if row.More {
				rest = &after
			} else {
				after = r.after(change)
			}
		}
		add(api.ChangeType(row.Type), row.ID, after)
	}
	return targets, rest, nil
}

// visible returns which of the targets and of their parents the actor sees.
func (r *reader) visible(ctx context.Context, targets []target) (map[key]bool, error) {
	wanted := map[api.ChangeType][]uuid.UUID{}
	for _, t := range targets {
		wanted[t.of] = append(wanted[t.of], t.id)
		if t.parent.id != uuid.Nil {
			wanted[t.parent.of] = append(wanted[t.parent.of], t.parent.id)
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
