package interviews

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// clocks are the zones that were looked up while something is shown, because a page of interviews has few of them.
type clocks map[string]*time.Location

// local is a time by the clocks of its zone, null where there is none. A zone that the IANA database has dropped since
// it was accepted is shown as UTC.
func (c clocks) local(at *time.Time, zone *string) nullable.Nullable[time.Time] {
	if at == nil || zone == nil {
		return nullable.NewNullNullable[time.Time]()
	}
	location, known := c[*zone]
	if !known {
		var err error
		if location, err = time.LoadLocation(*zone); err != nil {
			location = time.UTC
		}
		c[*zone] = location
	}
	return nullable.NewNullableWithValue(at.In(location))
}

func convert(w whole, who lifecycle.Standing, user uuid.UUID, c clocks) api.Interview {
	row := w.row
	panel := make([]api.Panelist, len(w.panel))
	for n, p := range w.panel {
		panel[n] = convertPanelist(p)
	}
	return api.Interview{
		ID: row.ID, ApplicationID: row.ApplicationID,
		Candidate: api.PersonSummary{
			ID: row.CandidateID, FirstName: w.around.CandidateFirstName, LastName: w.around.CandidateLastName,
		},
		Job: api.JobSummary{ID: row.JobID, Title: w.around.JobTitle}, KitID: w.around.KitID, KitVersionID: row.KitVersionID,
		Title: row.Title, Kind: row.Kind, Status: row.Status,
		StartsAt: optional.Time(row.StartsAt), EndsAt: optional.Time(row.EndsAt), Timezone: optional.Of(row.Timezone),
		StartsAtLocal: c.local(row.StartsAt, row.Timezone), EndsAtLocal: c.local(row.EndsAt, row.Timezone),
		Location: optional.Of(row.Location), MeetingURL: optional.Of(row.MeetingURL),
		Instructions: optional.Of(row.Instructions), Reschedules: row.Reschedules, Panel: panel,
		StartedAt: optional.Time(row.StartedAt), FinishedAt: optional.Time(row.FinishedAt),
		CompletedAt: optional.Time(row.CompletedAt), StatusReason: optional.Of(row.StatusReason),
		AllowedActions: machineFor(w.panel, user, w.around.ApplicationStatus).Allowed(row.Status, who),
		CreatedAt:      row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

func convertPanelist(p db.ListInterviewPanelsRow) api.Panelist {
	row := p.InterviewPanelist
	return api.Panelist{
		User:     api.PersonSummary{ID: row.UserID, FirstName: p.FirstName, LastName: p.LastName},
		Response: row.Response, Comment: optional.Of(row.Comment), RespondedAt: optional.Time(row.RespondedAt),
		ScoreRequired: row.ScoreRequired, HasSubmitted: submitted(p),
	}
}

// convertConflicts shows who is booked twice and when, and not what for.
func convertConflicts(rows []db.ListBookingsRow) []api.ScheduleConflict {
	rows = rows[:min(len(rows), maxConflicts)]
	shown := make([]api.ScheduleConflict, len(rows))
	for n, row := range rows {
		shown[n] = api.ScheduleConflict{
			Kind:     api.ScheduleConflictKind(row.Kind),
			Person:   api.PersonSummary{ID: row.PersonID, FirstName: row.FirstName, LastName: row.LastName},
			StartsAt: row.StartsAt.UTC(), EndsAt: row.EndsAt.UTC(),
		}
	}
	return shown
}

func convertEvent(row db.InterviewEvent) api.InterviewEvent {
	return api.InterviewEvent{
		ID: row.ID, Event: row.Event, FromStatus: row.FromStatus, ToStatus: row.ToStatus,
		FromStartsAt: optional.Time(row.FromStartsAt), FromEndsAt: optional.Time(row.FromEndsAt),
		FromTimezone: optional.Of(row.FromTimezone),
		ToStartsAt:   optional.Time(row.ToStartsAt), ToEndsAt: optional.Time(row.ToEndsAt),
		ToTimezone: optional.Of(row.ToTimezone), Reason: optional.Of(row.Reason), ActorID: optional.Of(row.ActorID),
		CreatedAt: row.CreatedAt.UTC(),
	}
}

// newInterview takes what a client wants of a new interview into the form of a row; what it belongs to, id and time
// come later.
func newInterview(wanted api.CreateInterviewRequest, company, creator uuid.UUID) db.InsertInterviewParams {
	return db.InsertInterviewParams{
		CompanyID: company, ApplicationID: wanted.ApplicationID, KitVersionID: wanted.KitVersionID,
		Title: strings.TrimSpace(wanted.Title), Kind: wanted.Kind, Status: lifecycle.Interview().Initial,
		Location: optional.Text(nil, wanted.Location), MeetingURL: optional.Text(nil, wanted.MeetingURL),
		Instructions: optional.Text(nil, wanted.Instructions), CreatedBy: creator,
	}
}

// edit applies a patch to a row: absent stays, null clears.
func edit(row db.Interview, patch api.UpdateInterviewRequest) db.UpdateInterviewParams {
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
		change.Kind = *patch.Kind
	}
	return change
}

func changes(row db.Interview, change db.UpdateInterviewParams) bool {
	return row.KitVersionID != change.KitVersionID || row.Title != change.Title || row.Kind != change.Kind ||
		!optional.Same(row.Location, change.Location) || !optional.Same(row.MeetingURL, change.MeetingURL) ||
		!optional.Same(row.Instructions, change.Instructions)
}

// attributes is what the audit compares of an interview. Reasons stand in the history alone.
func attributes(row db.Interview) map[string]any {
	return map[string]any{
		"kit_version_id": row.KitVersionID, "title": row.Title, "kind": row.Kind, "status": row.Status,
		"location": optional.Plain(row.Location), "meeting_url": optional.Plain(row.MeetingURL),
		"instructions": optional.Plain(row.Instructions), "starts_at": instant(row.StartsAt), "ends_at": instant(row.EndsAt),
		"timezone": optional.Plain(row.Timezone), "reschedules": row.Reschedules,
	}
}

// blank is what an interview was before there was one.
func blank() map[string]any {
	none := attributes(db.Interview{})
	for name := range none {
		none[name] = nil
	}
	return none
}

func instant(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC()
}

// trimmed is a text that may be absent without the white space around it.
func trimmed(text *string) *string {
	if text == nil {
		return nil
	}
	t := strings.TrimSpace(*text)
	return &t
}
