package interviews

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

const (
	// longest is how long an interview may last.
	longest = 24 * time.Hour
	// maxPanel is how many people a panel may have.
	maxPanel = 20
	// maxConflicts is how many conflicts an interview shows.
	maxConflicts = 100
	// firstYear and lastYear bound when an interview may be held. The past is allowed, because interviews are also
	// recorded after they were held; what lies further away is a slip of the pen.
	firstYear, lastYear = 2000, 2099
)

type machine = lifecycle.Machine[api.InterviewStatus, api.InterviewAction]

// machineFor returns the machine of interviews without the actions that the panel, the application or an existing score
// of the user rule out: an interview without a panel cannot be scheduled, it gets no time while its application is not
// active, and a panelist writes one score.
func machineFor(panel []db.ListInterviewPanelsRow, user uuid.UUID, application api.ApplicationStatus) machine {
	m := lifecycle.Interview()
	if len(panel) == 0 {
		m = m.Without(api.InterviewActionSchedule)
	}
	if !considered(application) {
		m = m.Without(api.InterviewActionSchedule, api.InterviewActionReschedule)
	}
	if own := panelist(panel, user); own != nil && own.ScoreStatus != nil {
		m = m.Without(api.InterviewActionCreateScore)
	}
	return m
}

// panelist returns a user's entry of a panel; nil if the user is not on it.
func panelist(panel []db.ListInterviewPanelsRow, user uuid.UUID) *db.ListInterviewPanelsRow {
	i := slices.IndexFunc(panel, func(p db.ListInterviewPanelsRow) bool { return p.InterviewPanelist.UserID == user })
	if i < 0 {
		return nil
	}
	return &panel[i]
}

// maySchedule reports whether somebody is one of those who give an interview its time, in whatever state it is.
func maySchedule(who lifecycle.Standing) bool {
	return lifecycle.Interview().May(lifecycle.Interview().Initial, api.InterviewActionSchedule, who)
}

// held is an interview whose row is locked, and what its panel and the caller are to it.
type held struct {
	row      db.Interview
	panel    []db.ListInterviewPanelsRow
	standing lifecycle.Standing
	machine  machine
	// application is the status of the application that it belongs to.
	application api.ApplicationStatus
	// to is the state that the action leads to.
	to api.InterviewStatus
}

// considered reports whether an application is, so that its interviews get a time.
func considered(application api.ApplicationStatus) bool {
	return application == api.ApplicationStatusActive
}

// decide gives the state after an action, as the machine does. Where the state permits that an interview gets a time,
// and only its application or its empty panel keeps it from that, it says so.
func (h held) decide(action api.InterviewAction, reason *string) (api.InterviewStatus, error) {
	to, err := h.machine.Decide(h.row.Status, action, h.standing, reason)
	times := action == api.InterviewActionSchedule || action == api.InterviewActionReschedule
	if !times || !fault.Is(err, fault.StateConflict) || !lifecycle.Interview().May(h.row.Status, action, h.standing) {
		return to, err
	}
	if !considered(h.application) {
		return to, h.refuse(fmt.Sprintf(
			"The application is %s; its interviews get no time before it is active again.", h.application))
	}
	return to, h.refuse("Nobody is on the interview's panel; put somebody on it before you schedule it.")
}

// refuse is the conflict of something that an action, though the state permits it, may not do.
func (h held) refuse(why string) error {
	allowed := []string{}
	for _, action := range h.machine.Allowed(h.row.Status, h.standing) {
		allowed = append(allowed, string(action))
	}
	return fault.New(fault.StateConflict).In(string(h.row.Status), allowed).With("%s", why)
}

// mayChangeKit decides whether another version of a kit may be chosen: once an interview has a time, its panel prepares
// by the one that it has.
func mayChangeKit(h held) error {
	if h.row.Status == api.InterviewStatusDraft {
		return nil
	}
	return h.refuse("The kit version can be changed while the interview is a draft.")
}

// mayChangeSeat decides whether the actor may add a user to a panel or remove them from it. Once the interview has
// begun nobody does that to themselves, neither in person nor with an API key whose secret they know: by leaving they
// would see the scores that are hidden from a panelist who has not submitted, and by joining they would score after
// they have read the others.
func mayChangeSeat(h held, who access.Actor, user uuid.UUID) error {
	switch {
	case !who.Is(user) || !lifecycle.TakesScores(h.row.Status):
		return nil
	case who.Key != nil:
		return h.refuse("The interview has begun, and the user knows the secret of this API key." +
			" Another person must add them to the panel or remove them from it.")
	}
	return h.refuse("The interview has begun. Another person must add you to the panel or remove you from it.")
}

// mayJoin decides whether a user may be put on the panel of an interview.
func mayJoin(h held, active bool) error {
	if !active {
		return fault.New(fault.RuleViolated).With("Only an active user can be put on a panel.").
			Parameter("user_id", "inactive", "names a user who is inactive")
	}
	if len(h.panel) >= maxPanel {
		return h.refuse(fmt.Sprintf("A panel has at most %d people.", maxPanel))
	}
	return nil
}

// mayLeave decides whether somebody may be taken off the panel of an interview: once it has a time, somebody holds it.
func mayLeave(h held) error {
	if len(h.panel) > 1 || h.row.Status == api.InterviewStatusDraft {
		return nil
	}
	return h.refuse("The last panelist of an interview that has a time stays; put somebody else on the panel first.")
}

// missing reports whether an interview waits for a panelist's score.
func missing(p db.ListInterviewPanelsRow) bool {
	return p.InterviewPanelist.ScoreRequired && !submitted(p)
}

// submitted reports whether a panelist's score is submitted.
func submitted(p db.ListInterviewPanelsRow) bool {
	return p.ScoreStatus != nil && *p.ScoreStatus == api.ScoreStatusSubmitted
}

// occupies reports whether an interview takes the time of its people.
func occupies(status api.InterviewStatus) bool {
	return status == api.InterviewStatusScheduled || status == api.InterviewStatusInProgress
}

// span is a time from its first moment to the moment after its last.
type span struct{ from, to time.Time }

func (s span) overlaps(other span) bool { return s.from.Before(other.to) && other.from.Before(s.to) }

// booked gives those of some bookings, in their order, that take their people's time during a span. One that ends when
// the span begins, or begins when it ends, does not.
func booked(during span, bookings []db.ListBookingsRow) []db.ListBookingsRow {
	return slices.DeleteFunc(slices.Clone(bookings), func(b db.ListBookingsRow) bool {
		return !during.overlaps(span{b.StartsAt, b.EndsAt})
	})
}

// bookedTwice is the fault of conflicts, each person once; at says which part of the request names them. What else they
// are booked for is not told.
func bookedTwice(conflicts []db.ListBookingsRow, at func(db.ListBookingsRow) string) error {
	f := fault.New(fault.ScheduleConflict)
	told := map[uuid.UUID]bool{}
	for _, c := range conflicts {
		if told[c.PersonID] {
			continue
		}
		told[c.PersonID] = true
		_ = f.Field(at(c), "booked", fmt.Sprintf("%s %s is booked from %s to %s", c.FirstName, c.LastName,
			c.StartsAt.UTC().Format(time.RFC3339), c.EndsAt.UTC().Format(time.RFC3339)))
	}
	return f
}

// checkTimes adds to a fault what is wrong with the time of an interview, whose members stand below a pointer.
func checkTimes(f *fault.Fault, below string, during span, zone string) {
	for _, end := range []struct {
		name string
		at   time.Time
	}{{"/starts_at", during.from}, {"/ends_at", during.to}} {
		if year := end.at.UTC().Year(); year < firstYear || year > lastYear {
			_ = f.Field(below+end.name, "out_of_range", fmt.Sprintf("must be in the years %d to %d", firstYear, lastYear))
		}
	}
	switch {
	case !during.to.After(during.from):
		_ = f.Field(below+"/ends_at", "not_after_start", "must be after starts_at")
	case during.to.Sub(during.from) > longest:
		_ = f.Field(below+"/ends_at", "too_long", "must be within 24 hours of starts_at")
	}
	if !calendar.ValidZone(zone) {
		_ = f.Field(below+"/timezone", "unknown", "must be a time zone of the IANA database, such as Europe/Berlin")
	}
}

// checkReason adds to a fault what is wrong with a reason that may be absent.
func checkReason(f *fault.Fault, below string, reason *string) {
	text.OptionalLines(f, below+"/reason", reason)
}

// checkTexts adds to a fault what is wrong with what an interview says.
func checkTexts(f *fault.Fault, title string, location, meetingURL, instructions *string) {
	text.Check(f, "/title", title)
	text.Optional(f, "/location", location)
	text.Optional(f, "/meeting_url", meetingURL)
	text.OptionalLines(f, "/instructions", instructions)
	if meetingURL == nil {
		return
	}
	if parsed, err := url.Parse(*meetingURL); err != nil || parsed.Hostname() == "" {
		_ = f.Field("/meeting_url", "invalid", "must be a web address with a host")
	}
}

// checkKitVersion adds to a fault why interviews of a job may not use a version of a kit; nil stands for one that does
// not exist. Where the job is not known, any job's kit will do.
func checkKitVersion(f *fault.Fault, version *db.GetKitVersionForInterviewRow, job *uuid.UUID) {
	const at = "/kit_version_id"
	switch {
	case version == nil:
		_ = f.Field(at, "unknown", "must name a version of a kit")
	case version.Status != api.KitVersionStatusPublished:
		_ = f.Field(at, "not_published", fmt.Sprintf("must name a published version; this one is %s", version.Status))
	case version.JobID != nil && job != nil && *version.JobID != *job:
		_ = f.Field(at, "other_job", "must name a version of a kit for all jobs or for the job of the application")
	}
}

// checkPanel adds to a fault who may not be put on a panel together; active tells of each user of the company who is
// among them whether they are active.
func checkPanel(f *fault.Fault, panel []uuid.UUID, active map[uuid.UUID]bool) {
	for i, user := range panel {
		at := fmt.Sprintf("/panel/%d/user_id", i)
		isActive, known := active[user]
		switch {
		case !known:
			_ = f.Field(at, "unknown", "must name a user")
		case !isActive:
			_ = f.Field(at, "inactive", "must name an active user")
		case slices.Contains(panel[:i], user):
			_ = f.Field(at, "duplicate", "is on the panel already")
		}
	}
}

// wrong gives a fault in which something was found, and nil for one in which nothing was.
func wrong(f *fault.Fault) error {
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}
