package interviews

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// zoneCache holds the zones that were loaded for a response. A page of interviews usually has few different zones.
type zoneCache map[string]*time.Location

// in returns a time in a zone. A zone that a later release of the IANA database no longer contains becomes UTC.
func (c zoneCache) in(t time.Time, zone string) time.Time {
	location, known := c[zone]
	if !known {
		var err error
		if location, err = time.LoadLocation(zone); err != nil {
			location = time.UTC
		}
		c[zone] = location
	}
	return t.In(location)
}

// local returns a time in its zone, or null if it or the zone is nil.
func (c zoneCache) local(t *time.Time, zone *string) nullable.Nullable[time.Time] {
	if t == nil || zone == nil {
		return nullable.NewNullNullable[time.Time]()
	}
	return nullable.NewNullableWithValue(c.in(*t, *zone))
}

// convert converts an interview for an actor with an id and a relation to it.
func convert(d interviewDetails, relation lifecycle.Relation, actor uuid.UUID, zones zoneCache) api.Interview {
	row := d.row
	panel := make([]api.Panelist, len(d.panel))
	for n, p := range d.panel {
		panel[n] = convertPanelist(p)
	}
	return api.Interview{
		ID: row.ID, ApplicationID: row.ApplicationID,
		Candidate: api.PersonSummary{
			ID: row.CandidateID, FirstName: d.related.CandidateFirstName, LastName: d.related.CandidateLastName,
		},
		Job:   api.JobSummary{ID: row.JobID, Title: d.related.JobTitle},
		KitID: d.related.KitID, KitVersionID: row.KitVersionID,
		Title: row.Title, Kind: api.InterviewKind(row.Kind), Status: api.InterviewStatus(row.Status),
		StartsAt: optional.Time(row.StartsAt), EndsAt: optional.Time(row.EndsAt), Timezone: optional.Of(row.Timezone),
		StartsAtLocal: zones.local(row.StartsAt, row.Timezone), EndsAtLocal: zones.local(row.EndsAt, row.Timezone),
		Location: optional.Of(row.Location), MeetingURL: optional.Of(row.MeetingURL),
		Instructions: optional.Of(row.Instructions), Reschedules: row.Reschedules, Panel: panel,
		StartedAt: optional.Time(row.StartedAt), FinishedAt: optional.Time(row.FinishedAt),
		CompletedAt: optional.Time(row.CompletedAt), StatusReason: optional.Of(row.StatusReason),
		AllowedActions: machineFor(d.panel, actor, d.related.ApplicationStatus).Allowed(row.Status, relation),
		CreatedAt:      row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

func convertPanelist(p db.ListInterviewPanelsRow) api.Panelist {
	row := p.InterviewPanelist
	return api.Panelist{
		User:     api.PersonSummary{ID: row.UserID, FirstName: p.FirstName, LastName: p.LastName},
		Response: api.PanelResponse(row.Response), Comment: optional.Of(row.Comment),
		RespondedAt: optional.Time(row.RespondedAt), ScoreRequired: row.ScoreRequired, HasSubmitted: hasSubmitted(p),
	}
}

// convertConflicts converts at most maxConflicts conflicts of an interview with a zone. They contain the person and the
// time, and nothing else about the other interview.
func convertConflicts(rows []db.ListBookingsRow, zone string) []api.ScheduleConflict {
	rows, zones := rows[:min(len(rows), maxConflicts)], zoneCache{}
	conflicts := make([]api.ScheduleConflict, len(rows))
	for n, row := range rows {
		conflicts[n] = api.ScheduleConflict{
			Kind:     api.ScheduleConflictKind(row.Kind),
			Person:   api.PersonSummary{ID: row.PersonID, FirstName: row.FirstName, LastName: row.LastName},
			StartsAt: row.StartsAt.UTC(), EndsAt: row.EndsAt.UTC(),
			StartsAtLocal: zones.in(row.StartsAt, zone), EndsAtLocal: zones.in(row.EndsAt, zone),
		}
	}
	return conflicts
}

func convertEvent(row db.InterviewEvent) api.InterviewEvent {
	return api.InterviewEvent{
		ID: row.ID, Event: api.InterviewEventKind(row.Event),
		FromStatus: (*api.InterviewStatus)(row.FromStatus), ToStatus: api.InterviewStatus(row.ToStatus),
		FromStartsAt: optional.Time(row.FromStartsAt), FromEndsAt: optional.Time(row.FromEndsAt),
		FromTimezone: optional.Of(row.FromTimezone),
		ToStartsAt:   optional.Time(row.ToStartsAt), ToEndsAt: optional.Time(row.ToEndsAt),
		ToTimezone: optional.Of(row.ToTimezone), Reason: optional.Of(row.Reason),
		ActorID:   optional.Of(access.ShownID(row.CompanyID, row.ActorID)),
		CreatedAt: row.CreatedAt.UTC(),
	}
}

// newInterview converts a request to a row without job, candidate, id and time of creation.
func newInterview(wanted api.CreateInterviewRequest, company, creator uuid.UUID) db.InsertInterviewParams {
	return db.InsertInterviewParams{
		CompanyID: company, ApplicationID: wanted.ApplicationID, KitVersionID: wanted.KitVersionID,
		Title: strings.TrimSpace(wanted.Title), Kind: stored.InterviewKind(wanted.Kind),
		Status: lifecycle.Interview().Initial, Location: optional.Text(nil, wanted.Location),
		MeetingURL:   optional.Text(nil, wanted.MeetingURL),
		Instructions: optional.Text(nil, wanted.Instructions), CreatedBy: creator,
	}
}

// applyPatch returns the update for a patch: absent members keep their values, null clears them.
func applyPatch(row db.Interview, patch api.UpdateInterviewRequest) db.UpdateInterviewParams {
	change := db.UpdateInterviewParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version,
		KitVersionID: row.KitVersionID, Title: optional.Trimmed(row.Title, patch.Title), Kind: row.Kind,
		Location:     optional.Text(row.Location, patch.Location),
		MeetingURL:   optional.Text(row.MeetingURL, patch.MeetingURL),
		Instructions: optional.Text(row.Instructions, patch.Instructions),
	}
	if patch.KitVersionID != nil {
		change.KitVersionID = *patch.KitVersionID
	}
	if patch.Kind != nil {
		change.Kind = stored.InterviewKind(*patch.Kind)
	}
	return change
}

// hasChanges reports whether an update changes a row.
func hasChanges(row db.Interview, change db.UpdateInterviewParams) bool {
	return row.KitVersionID != change.KitVersionID || row.Title != change.Title || row.Kind != change.Kind ||
		!optional.Same(row.Location, change.Location) || !optional.Same(row.MeetingURL, change.MeetingURL) ||
		!optional.Same(row.Instructions, change.Instructions)
}

// attributes returns the attributes of an interview that the audit log compares. It does not contain reasons; only the
// history does.
func attributes(row db.Interview) map[string]any {
	return map[string]any{
		"kit_version_id": row.KitVersionID, "title": row.Title, "kind": row.Kind, "status": row.Status,
		"location": optional.Plain(row.Location), "meeting_url": optional.Plain(row.MeetingURL),
		"instructions": optional.Plain(row.Instructions),
		"starts_at":    utc(row.StartsAt), "ends_at": utc(row.EndsAt),
		"timezone": optional.Plain(row.Timezone), "reschedules": row.Reschedules,
	}
}

// emptyAttributes returns all attributes as null, to compare a new interview with.
func emptyAttributes() map[string]any {
	none := attributes(db.Interview{})
	for name := range none {
		none[name] = nil
	}
	return none
}

// utc returns a time in UTC, or nil.
func utc(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC()
}

// trimmed returns an optional text without leading and trailing white space.
func trimmed(text *string) *string {
	if text == nil {
		return nil
	}
	t := strings.TrimSpace(*text)
	return &t
}
