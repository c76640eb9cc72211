package demo

import (
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// addEvent adds an event and changes the interview's row as the service would.
func (i *interview) addEvent(
	g *generator, event stored.InterviewEvent, to stored.InterviewStatus, at time.Time, actor *uuid.UUID, reason *string,
) {
	row := &i.row
	if event == stored.InterviewEventCreate {
		row.ID, row.CreatedAt = g.id(at), at
		for n := range i.panel {
			i.panel[n].InterviewID = row.ID
		}
	}
	entry := eventRow{
		ID: g.id(at), InterviewID: row.ID, Event: event, ToStatus: to, Reason: reason, ActorID: actor, CreatedAt: at,
	}
	if event != stored.InterviewEventCreate {
		from := row.Status
		entry.FromStatus = &from
	}
	if event != stored.InterviewEventCreate && actor != nil {
		entry.FromStartsAt, entry.FromEndsAt, entry.FromTimezone = row.StartsAt, row.EndsAt, row.Timezone
		entry.ToStartsAt, entry.ToEndsAt, entry.ToTimezone = row.StartsAt, row.EndsAt, row.Timezone
	}
	i.events = append(i.events, entry)
	row.Status, row.StatusReason = to, reason
	row.UpdatedAt = at
	row.Version++
}

// setTime adds a schedule or reschedule event with a time.
func (i *interview) setTime(
	g *generator, event stored.InterviewEvent, when period, at time.Time, actor uuid.UUID, zone string, reason *string,
) {
	oldReason := i.row.StatusReason
	i.addEvent(g, event, stored.InterviewStatusScheduled, at, &actor, reason)
	row, entry := &i.row, &i.events[len(i.events)-1]
	row.StartsAt, row.EndsAt, row.Timezone = &when.from, &when.to, &zone
	entry.ToStartsAt, entry.ToEndsAt, entry.ToTimezone = row.StartsAt, row.EndsAt, row.Timezone
	if event == stored.InterviewEventReschedule {
		row.Reschedules++
		row.StatusReason = oldReason
	}
}

// schedule schedules an interview for the period when, sometimes after a missed appointment or for another time first.
// It returns when the panel was last invited, which is earlier than before and than the start of the interview.
func (g *generator) schedule(
	app *application, i *interview, s plannedInterview, when period, minutes int, by person, before time.Time,
) time.Time {
	phrases, zone := g.library.phrases.Interviews, app.job.office.String()
	first := earlier(when.from, before)
	at := i.row.CreatedAt.Add(g.between(20*time.Millisecond, time.Second))
	if available := first.Sub(at) - 2*time.Hour; available > 0 && g.chance(0.35) {
		at = g.workTime(app, at, at.Add(g.between(0, min(8*time.Hour, available/2))))
	}
	set := func(event stored.InterviewEvent, p period, at time.Time, reason *string) {
		i.setTime(g, event, p, at, by.id, zone, reason)
	}
	if s.missedBefore {
		within := period{at.Add(2 * time.Hour), when.from.Add(-20 * time.Hour)}
		proposed, found := g.randomSlot(app.job.office, within, minutes)
		if found {
			set(stored.InterviewEventSchedule, proposed, at, nil)
			missed := proposed.from.Add(g.between(12*time.Minute, 25*time.Minute))
			observer := pick(g.random, i.raters)
			i.addEvent(g, stored.InterviewEventMarkNoShow, stored.InterviewStatusNoShow, missed, &observer.id,
				maybe(g.random, 0.8, phrases.NoShow))
			at = missed.Add(g.between(time.Hour, 8*time.Hour))
			set(stored.InterviewEventSchedule, when, at, nil)
			return at
		}
	}
	// The interview is scheduled for up to two other times first, as long as there is time before the next appointment.
	for moves := g.weightedIndex([]int{80, 16, 4}); moves >= 0; moves-- {
		event, reason := stored.InterviewEventReschedule, maybe(g.random, 0.85, phrases.Reschedule)
		if i.row.StartsAt == nil {
			event, reason = stored.InterviewEventSchedule, nil
		}
		next := g.workTime(app, at, at.Add(g.between(time.Hour, 30*time.Hour)))
		proposed, found := g.randomSlot(app.job.office, period{at.Add(4 * time.Hour), when.to.Add(3 * day)}, minutes)
		same := proposed.from.Equal(when.from) || i.row.StartsAt != nil && proposed.from.Equal(*i.row.StartsAt)
		if moves == 0 || !found || same || !next.Before(earlier(proposed.from, first).Add(-time.Hour)) {
			set(event, when, at, reason)
			return at
		}
		set(event, proposed, at, reason)
		at = next
	}
	return at
}

// addResponses sets the responses of panelists, given within a period.
func (g *generator) addResponses(i *interview, to stored.InterviewStatus, within period) {
	responses := []stored.PanelResponse{
		stored.PanelResponseAccepted, stored.PanelResponseNeedsAction, stored.PanelResponseTentative,
		stored.PanelResponseDeclined,
	}
	weights := []int{90, 6, 4, 0}
	if to == stored.InterviewStatusScheduled || to == stored.InterviewStatusCancelled {
		weights = []int{58, 26, 8, 8}
	}
	for n := range i.panel {
		p := &i.panel[n]
		response := responses[g.weightedIndex(weights)]
		if n == 0 && response == stored.PanelResponseDeclined {
			response = stored.PanelResponseAccepted
		}
		available := within.to.Sub(within.from) - time.Minute
		if response == stored.PanelResponseNeedsAction || available <= 0 {
			continue
		}
		at := within.from.Add(30*time.Second + g.between(0, min(available, 2*day)))
		p.Response, p.RespondedAt, p.UpdatedAt = response, &at, at
		probability := 0.15
		if response != stored.PanelResponseAccepted {
			probability = 0.7
		}
		p.Comment = maybe(g.random, probability, g.library.phrases.Interviews.Respond[response])
		i.row.UpdatedAt = later(i.row.UpdatedAt, at)
	}
}

// advanceTo adds the events after the panel was invited, up to the planned status, and the scores.
func (g *generator) advanceTo(app *application, i *interview, to stored.InterviewStatus, asked, by time.Time) {
	phrases := g.library.phrases.Interviews
	conductor := pick(g.random, i.raters).id
	starts, ends := *i.row.StartsAt, *i.row.EndsAt
	switch to {
	case stored.InterviewStatusCancelled:
		asked = later(asked, i.row.UpdatedAt)
		at := asked.Add(time.Second + g.between(0, earlier(starts, by).Sub(asked)-time.Minute))
		canceller := g.scheduler(app)
		i.addEvent(g, stored.InterviewEventCancel, to, at, &canceller.id, maybe(g.random, 0.9, phrases.Cancel))
		return
	case stored.InterviewStatusNoShow:
		at := starts.Add(g.between(12*time.Minute, 25*time.Minute))
		i.addEvent(g, stored.InterviewEventMarkNoShow, to, at, &conductor, maybe(g.random, 0.8, phrases.NoShow))
		return
	case stored.InterviewStatusDraft, stored.InterviewStatusScheduled:
		return
	case stored.InterviewStatusInProgress, stored.InterviewStatusAwaitingScores, stored.InterviewStatusCompleted:
	}
	started := starts.Add(g.between(-2*time.Minute, min(5*time.Minute, g.now.Sub(starts))))
	i.row.StartedAt = &started
	i.addEvent(g, stored.InterviewEventStart, stored.InterviewStatusInProgress, started, &conductor, nil)
	if to != stored.InterviewStatusInProgress {
		finished := ends.Add(g.between(-6*time.Minute, 10*time.Minute))
		i.row.FinishedAt = &finished
		i.addEvent(g, stored.InterviewEventFinish, stored.InterviewStatusAwaitingScores, finished, &conductor, nil)
	}
	g.addScores(app, i, to, by)
}
