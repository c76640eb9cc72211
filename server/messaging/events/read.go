package events

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
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
	kindJobAccess       = "job_access"
	kindInterviewAccess = "interview_access"
	kindUserName        = "user_name"
)

// reader reads the events of one actor, or of a company.
type reader struct {
	queries *db.Queries
	// ids makes the ids of events.
	ids     page.Codec
	company uuid.UUID
	// id is the actor's; uuid.Nil for nobody, who has no events of their own.
	id uuid.UUID
	// end is the position after the last change that is complete.
	end position
	// at is the position that the reader has reached.
	at     position
	limit  int
	filter filter
	// reach is which applications, candidates, interviews and scores the reader sees, and reachOf which resources of a
	// type.
	reach   access.Reach
	reachOf func(of api.EventResourceType) access.Reach
	// holds reports whether the reader has a permission.
	holds func(permission string) bool
	// everything says that the reader is the company: events tell everything that they can.
	everything bool
	work       int
	found      []api.Event
	more       bool
}

// filter selects events. The zero value selects all.
type filter struct {
	Types   []api.EventType       `json:",omitempty"`
	Type    api.EventResourceType `json:",omitempty"`
	ID, Job uuid.UUID
}

func filterOf(params api.FollowEventsParams) filter {
	f := filter{Types: slices.Sorted(slices.Values(params.Type))}
	if params.ResourceType != nil {
		f.Type = *params.ResourceType
	}
	if params.ResourceID != nil {
		f.ID = *params.ResourceID
	}
	if params.JobID != nil {
		f.Job = *params.JobID
	}
	return f
}

// includes reports whether the filter selects a resource, apart from its job.
func (f filter) includes(k key) bool {
	return (f.Type == "" || f.Type == k.of) && (f.ID == uuid.Nil || f.ID == k.id)
}

// target is a resource that a change affects.
type target struct {
	key

	change *db.ListChangesRow
	// place is the place of the target among those of its change.
	place pagePosition
	// personal says that the change concerns only this reader, who may have lost the resource.
	personal bool
	// parent is an interview or an application whose readers may have lost the resource; the zero value for none.
	parent key
	// part is the score or the version of a kit that the change is about, which the reader may not see; the zero value
	// for none.
	part key
	// after is the position of a reader who has read the target.
	after position
}

// key identifies a resource, or a score or a version of a kit.
type key struct {
	of api.EventResourceType
	id uuid.UUID
}

// The parts of resources that readers of the resource may not see.
const (
	partScore      api.EventResourceType = "score"
	partKitVersion api.EventResourceType = "kit_version"
)

// read collects events until a page is full, the log ends, or it has worked enough.
func (r *reader) read(ctx context.Context) error {
	r.found, r.more = []api.Event{}, true
	for r.more && len(r.found) < r.limit && r.work < maxWork {
		targets, reached, more, err := r.next(ctx)
		if err != nil {
			return err
		}
		full, err := r.add(ctx, targets)
		if err != nil {
			return err
		}
		if full {
			break
		}
		r.at, r.more = reached, more
	}
	return r.hintAtSurvivors(ctx)
}

// add adds the events of targets to those found. If the page is full before their end, it sets the position.
func (r *reader) add(ctx context.Context, targets []target) (full bool, err error) {
	selected := slices.DeleteFunc(slices.Clone(targets), func(t target) bool {
		return !r.filter.includes(t.key) || !r.reads(t.of)
	})
	visible, err := r.visible(ctx, selected)
	if err != nil {
		return false, err
	}
	var events []api.Event
	var of []target
	for _, t := range selected {
		if !visible[t.key] && !t.personal && !visible[t.parent] {
			continue
		}
		event := r.describe(t, visible)
		if len(r.filter.Types) == 0 || slices.Contains(r.filter.Types, event.Type) {
			events, of = append(events, event), append(of, t)
		}
	}
	if events, of, err = r.locate(ctx, events, of); err != nil {
		return false, err
	}
	for n, event := range events {
		if event.ID, err = eventID(r.ids, r.company, of[n], r.at.History); err != nil {
			return false, err
		}
		r.found = append(r.found, event)
		if len(r.found) == r.limit && of[n].after != targets[len(targets)-1].after {
			r.at = of[n].after
			return true, nil
		}
	}
	return false, nil
}

// describe returns the event of a target, without its id and what locate adds.
func (r *reader) describe(t target, visible map[key]bool) api.Event {
	event := api.Event{
		CreatedAt: t.change.CreatedAt.UTC(), Resource: api.EventResource{Type: t.of, ID: t.id},
		ChangedFields: []string{}, Removed: !visible[t.key],
	}
	concealed := t.part.id != uuid.Nil && !visible[t.part] && !r.everything
	named := t.change.Event != nil && !concealed && subject(*t.change.Event) == t.of
	switch {
	case named && (visible[t.key] || t.change.Kind == kindCandidateMerged):
		event.Type, event.PartID = api.EventType(*t.change.Event), t.change.PartID
	case event.Removed:
		event.Type = api.EventType(t.of + ".hidden")
	case t.change.Kind == kindJobAccess || t.change.Kind == kindInterviewAccess:
		event.Type = api.EventType(t.of + ".visible")
	default:
		event.Type = api.EventType(t.of + ".updated")
	}
	if concealed {
		return event
	}
	if t.change.ActorKind != nil && t.change.ActorID != nil {
		event.Actor = &api.EventActor{Kind: api.AuditActorType(*t.change.ActorKind), ID: *t.change.ActorID}
	}
	if fields := r.fields(t, named); fields != nil && !event.Removed {
		event.ChangedFields = fields
	}
	return event
}

// fields returns the fields of the target that the change has changed; nil for none. named says that the event of the
// change is about the target.
func (r *reader) fields(t target, named bool) []string {
	switch {
	case named || t.change.Event == nil && t.change.Fields != nil:
		return t.change.Fields
	case t.of == api.EventResourceTypeInterview && t.part.of == partScore:
		return []string{"panel"} // who has submitted a score
	case t.change.Kind != kindUserName:
		return nil
	case t.of == api.EventResourceTypeJobMembers:
		return []string{"user"}
	case t.of == api.EventResourceTypeInterviewScores:
		return []string{"rater"}
	}
	return []string{"panel"}
}

// subject returns the type of the resource that an event is about.
func subject(event string) api.EventResourceType {
	switch name, _, _ := strings.Cut(event, "."); name {
	case "score":
		return api.EventResourceTypeInterviewScores
	case "kit_version":
		return api.EventResourceTypeKitVersions
	case "job_member":
		return api.EventResourceTypeJobMembers
	default:
		return api.EventResourceType(name)
	}
}

// locate adds the job, the application and the interview of events, and leaves out those of other jobs than that of the
// filter.
func (r *reader) locate(ctx context.Context, events []api.Event, of []target) ([]api.Event, []target, error) {
	wanted := map[api.EventResourceType][]uuid.UUID{}
	for _, t := range of {
		switch t.of {
		case api.EventResourceTypeUser, api.EventResourceTypeCandidate:
		default:
			wanted[t.of] = append(wanted[t.of], t.id)
		}
	}
	located := map[key]db.LocateResourcesRow{}
	for of, ids := range wanted {
		rows, err := r.queries.LocateResources(ctx, db.LocateResourcesParams{
			CompanyID: r.company, Type: string(of), Ids: ids,
		})
		if err != nil {
			return nil, nil, err
		}
		for _, row := range rows {
			located[key{of, row.ID}] = row
		}
	}
	keptEvents, keptTargets := events[:0], of[:0]
	for n, event := range events {
		at := located[of[n].key]
		if r.filter.Job != uuid.Nil && at.JobID != r.filter.Job {
			continue
		}
		if at.JobID != uuid.Nil {
			event.JobID = &at.JobID
		}
		if at.ApplicationID != uuid.Nil {
			event.ApplicationID = &at.ApplicationID
		}
		if of[n].of == api.EventResourceTypeInterview || of[n].of == api.EventResourceTypeInterviewScores {
			event.InterviewID = &of[n].id
		}
		keptEvents, keptTargets = append(keptEvents, event), append(keptTargets, of[n])
	}
	return keptEvents, keptTargets, nil
}

// hintAtSurvivors adds to removed candidates those that they were merged into, if the actor sees them.
func (r *reader) hintAtSurvivors(ctx context.Context) error {
	var removed []uuid.UUID
	for _, event := range r.found {
		if event.Removed && event.Resource.Type == api.EventResourceTypeCandidate {
			removed = append(removed, event.Resource.ID)
		}
	}
	if len(removed) == 0 {
		return nil
	}
	rows, err := r.queries.ListSurvivors(ctx, db.ListSurvivorsParams{
		CompanyID: r.company, ActorID: r.id, Reach: r.reach.String(), Ids: removed,
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		for n := range r.found {
			event := &r.found[n]
			if event.Removed && event.Resource.Type == api.EventResourceTypeCandidate && event.Resource.ID == row.MergedID {
				event.MergedIntoID = &row.SurvivorID
			}
		}
	}
	return nil
}

// reads reports whether the reader can read resources of a type. Without a standing, an actor has no resources to lose.
func (r *reader) reads(of api.EventResourceType) bool {
	return r.holds(permissionFor(of)) && r.reachOf(of) != access.ReachNone
}

// next returns what the next changes affect, the position after them, and whether the log goes on.
func (r *reader) next(ctx context.Context) (targets []target, reached position, more bool, err error) {
	changes, err := r.queries.ListChanges(ctx, db.ListChangesParams{
		CompanyID: r.company, ReaderID: r.id, AfterTransaction: r.at.Transaction, AfterID: r.at.Change,
		BeforeTransaction: r.end.Transaction, MaxRows: batchChanges,
	})
	if err != nil {
		return nil, r.at, false, err
	}
	within := r.at.Page
	for n := range changes {
		change := &changes[n]
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
		if n < len(changes)-1 && (len(targets) >= max(r.limit-len(r.found), pageRows) || r.work >= maxWork) {
			return targets, reached, true, nil
		}
	}
	if len(changes) == batchChanges {
		return targets, reached, true, nil
	}
	return targets, r.end, false, nil
}

// after is the position after a change.
func (r *reader) after(change *db.ListChangesRow) position {
	return position{History: r.at.History, At: r.at.At, Transaction: change.TransactionID, Change: change.ID}
}

// parts are the resources that changes of some kinds affect, all with the id of the change.
func parts(kind string) []api.EventResourceType {
	switch kind {
	case kindInterviewScores, kindOwnScore:
		return []api.EventResourceType{api.EventResourceTypeInterview, api.EventResourceTypeInterviewScores}
	case kindCandidateMerged, kindOldCandidate:
		return []api.EventResourceType{api.EventResourceTypeCandidate}
	case kindKit, kindInterviewKit:
		return []api.EventResourceType{api.EventResourceTypeKit, api.EventResourceTypeKitVersions}
	}
	if of := api.EventResourceType(kind); of.Valid() {
		return []api.EventResourceType{of}
	}
	return nil
}

// partOf returns the type of the part that a change is about, if readers of the resource may not see it; empty for
// none.
func partOf(change *db.ListChangesRow) api.EventResourceType {
	if change.Event == nil || change.PartID == nil {
		return ""
	}
	switch name, _, _ := strings.Cut(*change.Event, "."); api.EventResourceType(name) {
	case partScore:
		return partScore
	case partKitVersion:
		return partKitVersion
	default:
		return ""
	}
}

// parentOf returns the type of the parent of a change.
func parentOf(kind string) api.EventResourceType {
	if kind == kindOldCandidate {
		return api.EventResourceTypeApplication
	}
	return api.EventResourceTypeInterview
}

// affected returns the resources that a change affects, and the position of the rest; nil if there is no rest.
func (r *reader) affected(
	ctx context.Context, change *db.ListChangesRow, from *pagePosition,
) (targets []target, rest *position, err error) {
	if change.Kind == kindReset && r.everything {
		return nil, nil, nil
	}
	if change.Kind == kindReset {
		return nil, nil, fault.New(fault.EventsExpired)
	}
	// A position within a change is the one before it and a place among the resources.
	within := r.after(change)
	within.Change--
	if change.Kind == kindCandidateMerged {
		change.Personal = r.reach == access.ReachAll // others have seen it by an application that has moved
	}
	add := func(of api.EventResourceType, id uuid.UUID, place pagePosition, after position) {
		r.work++
		t := target{key: key{of, id}, change: change, place: place, personal: change.Personal, after: after}
		if change.ParentID != nil {
			t.parent = key{parentOf(change.Kind), *change.ParentID}
		}
		if part := partOf(change); part != "" {
			t.part = key{part, *change.PartID}
		}
		targets = append(targets, t)
	}
	if simple := parts(change.Kind); simple != nil {
		for n, of := range simple {
			if from != nil && from.Read > n {
				continue
			}
			place := pagePosition{Read: n + 1}
			after := r.after(change)
			if n < len(simple)-1 {
				after = within
				after.Page = &place
			}
			add(of, change.ResourceID, place, after)
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
		CompanyID: r.company, Reach: r.reach.String(), Kind: change.Kind, ResourceID: change.ResourceID,
		AfterTime: from.Time, AfterID: from.ID, AfterType: from.Type, AfterTarget: from.Target, MaxRows: pageRows,
	})
	if err != nil {
		return nil, nil, err
	}
	for n := range rows {
		row := &rows[n]
		place := pagePosition{Time: &row.KeyTime, ID: &row.KeyID, Type: &row.Type, Target: &row.ID}
		after := within
		after.Page = &place
		if n == len(rows)-1 {
			if row.More {
				rest = &after
			} else {
				after = r.after(change)
			}
		}
		if n > 0 && row.Type == rows[n-1].Type && row.ID == rows[n-1].ID && row.KeyID == rows[n-1].KeyID {
			continue // a candidate of an application now and before
		}
		add(api.EventResourceType(row.Type), row.ID, place, after)
	}
	return targets, rest, nil
}

// reachOfPart is reachOf, also for scores and versions of kits.
func (r *reader) reachOfPart(of api.EventResourceType) access.Reach {
	switch of {
	case partScore:
		return r.reachOf(api.EventResourceTypeInterviewScores)
	case partKitVersion:
		return r.reachOf(api.EventResourceTypeKitVersions)
	default:
		return r.reachOf(of)
	}
}

// visible returns which of the targets, of their parents and of their parts the actor sees.
func (r *reader) visible(ctx context.Context, targets []target) (map[key]bool, error) {
	wanted := map[api.EventResourceType][]uuid.UUID{}
	for _, t := range targets {
		wanted[t.of] = append(wanted[t.of], t.id)
		for _, other := range []key{t.parent, t.part} {
			if other.id != uuid.Nil {
				wanted[other.of] = append(wanted[other.of], other.id)
			}
		}
	}
	visible := map[key]bool{}
	for of, ids := range wanted {
		found, err := r.queries.FilterVisible(ctx, db.FilterVisibleParams{
			CompanyID: r.company, ActorID: r.id, Reach: r.reachOfPart(of).String(), Type: string(of), Ids: ids,
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
