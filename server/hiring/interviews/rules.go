package interviews

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

const (
	// maxDuration is the longest duration of an interview.
	maxDuration = 24 * time.Hour
	// maxPanel is the largest number of panelists of an interview.
	maxPanel = 20
	// maxConflicts is the largest number of conflicts in a response.
	maxConflicts = 100
	// firstYear and lastYear limit the times of an interview; years outside these limits are typing errors.
	firstYear, lastYear = 2000, 2099
	// clockDifference is how long before now an interview may start that is not scheduled in the past: clocks of
	// clients differ from ours, and requests take time.
	clockDifference = 5 * time.Minute
)

type machine = lifecycle.Machine[stored.InterviewStatus, api.InterviewAction]

// machineFor returns the machine of interviews without the actions that the panel, the application or an existing score
// of the user rule out: an interview without a panel cannot be scheduled, an interview of an inactive application can
// be neither scheduled nor rescheduled, and a panelist writes one score.
func machineFor(panel []db.ListInterviewPanelsRow, user uuid.UUID, application stored.ApplicationStatus) machine {
	m := lifecycle.Interview()
	if len(panel) == 0 {
		m = m.Without(api.InterviewActionSchedule)
	}
	if application != stored.ApplicationStatusActive {
		m = m.Without(api.InterviewActionSchedule, api.InterviewActionReschedule)
	}
	if own := panelist(panel, user); own != nil && own.ScoreStatus != nil {
		m = m.Without(api.InterviewActionCreateScore)
	}
	return m
}

// panelist returns a user's entry in a panel; nil if the user is not on it.
func panelist(panel []db.ListInterviewPanelsRow, user uuid.UUID) *db.ListInterviewPanelsRow {
	i := slices.IndexFunc(panel, func(p db.ListInterviewPanelsRow) bool { return p.InterviewPanelist.UserID == user })
	if i < 0 {
		return nil
	}
	return &panel[i]
}

// canSchedule reports whether an actor may schedule interviews, regardless of an interview's state.
func canSchedule(relation lifecycle.Relation) bool {
	return lifecycle.Interview().May(lifecycle.Interview().Initial, api.InterviewActionSchedule, relation)
}

// lockedInterview is an interview whose row is locked, with everything that decides about an action.
type lockedInterview struct {
	row      db.Interview
	panel    []db.ListInterviewPanelsRow
	relation lifecycle.Relation // of the actor
	machine  machine
	// application is the status of the interview's application.
	application stored.ApplicationStatus
	// to is the status after the action.
	to stored.InterviewStatus
}

// decide returns the status after an action, or the fault of the machine. If the interview's state permits to schedule
// or reschedule it, and only the application or the empty panel prevents that, the fault says so.
func (l lockedInterview) decide(action api.InterviewAction, reason *string) (stored.InterviewStatus, error) {
	to, err := l.machine.Decide(l.row.Status, action, l.relation, reason)
	setsTime := action == api.InterviewActionSchedule || action == api.InterviewActionReschedule
	if !setsTime || !fault.Is(err, fault.StateConflict) ||
		!lifecycle.Interview().May(l.row.Status, action, l.relation) {
		return to, err
	}
	if l.application != stored.ApplicationStatusActive {
		return to, l.refuse(fmt.Sprintf(
			"The application is %s. Make it active again before you schedule its interviews.", l.application))
	}
	return to, l.refuse("The panel is empty. Add a panelist before you schedule the interview.")
}

// refuse returns a StateConflict for an action that the state permits, but another rule does not.
func (l lockedInterview) refuse(detail string) error {
	allowed := []string{}
	for _, action := range l.machine.Allowed(l.row.Status, l.relation) {
		allowed = append(allowed, string(action))
	}
	return fault.New(fault.StateConflict).In(string(l.row.Status), allowed).With("%s", detail)
}

// canChangeKit returns StateConflict unless the interview is a draft. The panel prepares with the kit version that the
// interview has when it is scheduled.
func canChangeKit(locked lockedInterview) error {
	if locked.row.Status == stored.InterviewStatusDraft {
		return nil
	}
	return locked.refuse("The kit version can be changed only while the interview is a draft." +
		" Create another interview to use another version.")
}

// canChangePanelist returns StateConflict if the actor must not add a user to the panel or remove the user from it.
// Once an interview has begun, nobody adds or removes themselves, neither in person nor with an API key whose secret
// they know. By leaving they would see scores that are hidden from panelists who have not submitted; by joining they
// could write a score after reading the others.
func canChangePanelist(locked lockedInterview, actor access.Actor, user uuid.UUID) error {
	switch {
	case !actor.Is(user) || !lifecycle.TakesScores(locked.row.Status):
		return nil
	case actor.Key != nil:
		return locked.refuse("The interview has begun, and the user is a key holder of this API key." +
			" Another person must add them to the panel or remove them from it.")
	}
	return locked.refuse("The interview has begun. Another person must add you to the panel or remove you from it.")
}

// canJoin returns RuleViolated if a user is inactive, and StateConflict if the panel is full.
func canJoin(locked lockedInterview, active bool) error {
	if !active {
		return fault.New(fault.RuleViolated).With("Only active users can join a panel. Choose another user.").
			Parameter("user_id", "inactive", "must be the id of an active user")
	}
	if len(locked.panel) >= maxPanel {
		return locked.refuse(fmt.Sprintf(
			"The panel has the maximum of %d panelists. Remove one before you add another.", maxPanel))
	}
	return nil
}

// canLeave returns StateConflict if a panelist is the last one of an interview that is not a draft.
func canLeave(locked lockedInterview) error {
	if len(locked.panel) > 1 || locked.row.Status == stored.InterviewStatusDraft {
		return nil
	}
	return locked.refuse("Only a draft can be without a panel. Add another panelist before you remove the last panelist.")
}

// lacksScore reports whether a panelist's score is required and not submitted.
func lacksScore(p db.ListInterviewPanelsRow) bool {
	return p.InterviewPanelist.ScoreRequired && !hasSubmitted(p)
}

// hasSubmitted reports whether a panelist's score is submitted.
func hasSubmitted(p db.ListInterviewPanelsRow) bool {
	return p.ScoreStatus != nil && *p.ScoreStatus == stored.ScoreStatusSubmitted
}

// occupiesTime reports whether the candidate and the panelists of an interview are busy at its time.
func occupiesTime(status stored.InterviewStatus) bool {
	return status == stored.InterviewStatusScheduled || status == stored.InterviewStatusInProgress
}

// span is a half-open interval of time: it includes from and excludes to.
type span struct{ from, to time.Time }

func (s span) overlaps(other span) bool { return s.from.Before(other.to) && other.from.Before(s.to) }

// overlapping returns the bookings that overlap a span, in their order. Adjacent times do not overlap.
func overlapping(during span, bookings []db.ListBookingsRow) []db.ListBookingsRow {
	return slices.DeleteFunc(slices.Clone(bookings), func(b db.ListBookingsRow) bool {
		return !during.overlaps(span{b.StartsAt, b.EndsAt})
	})
}

// conflictFault returns a ScheduleConflict that lists each person once, with the time of their other interview in a
// zone; pointer returns the part of the request that names the person. It reveals nothing else about the other
// interview.
func conflictFault(conflicts []db.ListBookingsRow, zone string, pointer func(db.ListBookingsRow) string) error {
	zones := zoneCache{}
	f := fault.New(fault.ScheduleConflict)
	listed := map[uuid.UUID]bool{}
	for _, c := range conflicts {
		if listed[c.PersonID] {
			continue
		}
		listed[c.PersonID] = true
		_ = f.Field(pointer(c), "booked", fmt.Sprintf("%s %s is booked from %s to %s (%s)", c.FirstName, c.LastName,
			zones.in(c.StartsAt, zone).Format(time.RFC3339), zones.in(c.EndsAt, zone).Format(time.RFC3339), zone))
	}
	return f
}

// checkTimes adds the violations of an interview's times to a fault; prefix is the pointer of the object that contains
// them. The times have the offsets of the request.
func checkTimes(f *fault.Fault, prefix string, during span, zone string) {
	location, err := calendar.LoadZone(zone)
	for _, end := range []struct {
		name string
		at   time.Time
	}{{"/starts_at", during.from}, {"/ends_at", during.to}} {
		if year := end.at.UTC().Year(); year < firstYear || year > lastYear {
			_ = f.Field(prefix+end.name, "out_of_range",
				fmt.Sprintf("must be in the years %d to %d", firstYear, lastYear))
		} else if err == nil {
			checkOffset(f, prefix+end.name, end.at, location)
		}
	}
	switch {
	case !during.to.After(during.from):
		_ = f.Field(prefix+"/ends_at", "not_after_start", "must be after starts_at")
	case during.to.Sub(during.from) > maxDuration:
		_ = f.Field(prefix+"/ends_at", "too_long", "must be within 24 hours of starts_at")
	}
	if err != nil {
		_ = f.Field(prefix+"/timezone", "unknown", calendar.ZoneError(zone))
	}
}

// checkOffset adds a violation to a fault unless a time has the offset of a zone at that time, or is in UTC, which
// names the same instant in every zone. A wall time that the zone skips has no offset. One that occurs twice has two,
// and the offset of the request says which is meant.
func checkOffset(f *fault.Fault, pointer string, t time.Time, zone *time.Location) {
	_, offset := t.Zone()
	if _, correct := t.In(zone).Zone(); offset == 0 || offset == correct {
		return
	}
	const wall = "2006-01-02T15:04:05"
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	if local.Format(wall) != t.Format(wall) {
		_ = f.Field(pointer, "nonexistent",
			fmt.Sprintf("does not exist in %s, because the clocks are set forward; choose another time", zone))
		return
	}
	_ = f.Field(pointer, "offset_mismatch", fmt.Sprintf("must have the offset %s, which %s has at that time, or be in UTC",
		local.Format("-07:00"), zone))
}

// checkPast adds a violation to a fault if an interview starts in the past. known is the start that the interview has
// already, nil if it has none: a request that keeps the start and moves the end is valid after the start.
func checkPast(f *fault.Fault, prefix string, start, now time.Time, known *time.Time) {
	if known != nil && known.Equal(start) || !start.Before(now.Add(-clockDifference)) {
		return
	}
	_ = f.Field(prefix+"/starts_at", "past",
		"must not be in the past; set allow_past to true to record an interview that was already held")
}

// checkReason adds the violations of an optional reason to a fault; prefix is the pointer of the object that contains
// it.
func checkReason(f *fault.Fault, prefix string, reason *string) {
	text.OptionalLines(f, prefix+"/reason", reason)
}

// checkTexts adds the violations of an interview's texts to a fault.
func checkTexts(f *fault.Fault, title string, location, meetingURL, instructions *string) {
	text.Check(f, "/title", title)
	text.Optional(f, "/location", location)
	text.Optional(f, "/meeting_url", meetingURL)
	text.OptionalLines(f, "/instructions", instructions)
	if meetingURL == nil {
		return
	}
	if parsed, err := url.Parse(*meetingURL); err != nil || parsed.Hostname() == "" {
		_ = f.Field("/meeting_url", "invalid", "must be an http(s) URL with a host")
	}
}

// checkKitVersion adds a violation to a fault if interviews of a job cannot use a kit version. A nil version does not
// exist. If job is nil, the kit's job is not checked.
func checkKitVersion(f *fault.Fault, version *db.GetKitVersionForInterviewRow, job *uuid.UUID) {
	const pointer = "/kit_version_id"
	switch {
	case version == nil:
		_ = f.Field(pointer, "unknown", "must be the id of a kit version of the company")
	case version.Status != stored.KitVersionStatusPublished:
		_ = f.Field(pointer, "not_published",
			fmt.Sprintf("must be the id of a published kit version; this version is %s", version.Status))
	case version.JobID != nil && job != nil && *version.JobID != *job:
		_ = f.Field(pointer, "other_job", "must belong to a kit for all jobs or for the job of the application")
	}
}

// checkPanel adds the violations of a new panel to a fault. The map active contains the users of the company among the
// panel, and whether they are active.
func checkPanel(f *fault.Fault, panel []uuid.UUID, active map[uuid.UUID]bool) {
	for i, user := range panel {
		pointer := fmt.Sprintf("/panel/%d/user_id", i)
		isActive, known := active[user]
		switch {
		case !known:
			_ = f.Field(pointer, "unknown", "must be the id of a user of the company")
		case !isActive:
			_ = f.Field(pointer, "inactive", "must be the id of an active user")
		case slices.Contains(panel[:i], user):
			_ = f.Field(pointer, "duplicate", "is already on the panel; list each user once")
		}
	}
}

// errorOf returns f if it contains violations, otherwise nil.
func errorOf(f *fault.Fault) error {
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}
