package demo

import (
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// happen is one event of an interview, as the service would have written it: the row changes, and the history says from
// what to what.
func (i *interview) happen(
	g *generator, event api.InterviewEventKind, to api.InterviewStatus, at time.Time, actor *uuid.UUID, reason *string,
) {
	row := &i.row
	if event == api.InterviewEventKindCreate {
		row.ID, row.CreatedAt = g.id(at), at
		for n := range i.panel {
			i.panel[n].InterviewID = row.ID
		}
	}
	said := eventRow{
		ID: g.id(at), InterviewID: row.ID, Event: event, ToStatus: to, Reason: reason, ActorID: actor, CreatedAt: at,
	}
	if event != api.InterviewEventKindCreate {
		from := row.Status
		said.FromStatus = &from
	}
	if event != api.InterviewEventKindCreate && actor != nil {
		said.FromStartsAt, said.FromEndsAt, said.FromTimezone = row.StartsAt, row.EndsAt, row.Timezone
		said.ToStartsAt, said.ToEndsAt, said.ToTimezone = row.StartsAt, row.EndsAt, row.Timezone
	}
	i.events = append(i.events, said)
	row.Status, row.StatusReason = to, reason
	row.UpdatedAt = at
	row.Version++
}

// settle gives an interview a time: its first one, another one, or one after the candidate missed it.
func (i *interview) settle(
	g *generator, event api.InterviewEventKind, when period, at time.Time, actor uuid.UUID, zone string, reason *string,
) {
	kept := i.row.StatusReason
	i.happen(g, event, api.InterviewStatusScheduled, at, &actor, reason)
	row, said := &i.row, &i.events[len(i.events)-1]
	row.StartsAt, row.EndsAt, row.Timezone = &when.from, &when.to, &zone
	said.ToStartsAt, said.ToEndsAt, said.ToTimezone = row.StartsAt, row.EndsAt, row.Timezone
	if event == api.InterviewEventKindReschedule {
		row.Reschedules++
		row.StatusReason = kept
	}
}

// appoint schedules an interview for a time, sometimes after it was to be at another, and tells when the panel was
// asked last, which is before that time and before another.
func (g *generator) appoint(
	c *course, i *interview, s sitting, when period, minutes int, by person, before time.Time,
) time.Time {
	said, zone := g.library.phrases.Interviews, c.job.office.String()
	first := earlier(when.from, before)
	at := i.row.CreatedAt.Add(g.between(20*time.Millisecond, time.Second))
	if room := first.Sub(at) - 2*time.Hour; room > 0 && g.happens(0.35) {
		at = g.atWork(c, at, at.Add(g.between(0, min(8*time.Hour, room/2))))
	}
	set := func(event api.InterviewEventKind, p period, at time.Time, reason *string) {
		i.settle(g, event, p, at, by.id, zone, reason)
	}
	if s.missed {
		tried, found := g.slot(c.job.office, period{at.Add(2 * time.Hour), when.from.Add(-20 * time.Hour)}, minutes)
		if found {
			set(api.InterviewEventKindSchedule, tried, at, nil)
			missed := tried.from.Add(g.between(12*time.Minute, 25*time.Minute))
			waited := pick(g.chance, i.raters)
			i.happen(g, api.InterviewEventKindMarkNoShow, api.InterviewStatusNoShow, missed, &waited.id,
				maybe(g.chance, 0.8, said.NoShow))
			at = missed.Add(g.between(time.Hour, 8*time.Hour))
			set(api.InterviewEventKindSchedule, when, at, nil)
			return at
		}
	}
	for moves := g.weighted([]int{80, 16, 4}); moves >= 0; moves-- {
		event, reason := api.InterviewEventKindReschedule, maybe(g.chance, 0.85, said.Reschedule)
		if i.row.StartsAt == nil {
			event, reason = api.InterviewEventKindSchedule, nil
		}
		next := g.atWork(c, at, at.Add(g.between(time.Hour, 30*time.Hour)))
		tried, found := g.slot(c.job.office, period{at.Add(4 * time.Hour), when.to.Add(3 * day)}, minutes)
		same := tried.from.Equal(when.from) || i.row.StartsAt != nil && tried.from.Equal(*i.row.StartsAt)
		if moves == 0 || !found || same || !next.Before(earlier(tried.from, first).Add(-time.Hour)) {
			set(event, when, at, reason)
			return at
		}
		set(event, tried, at, reason)
		at = next
	}
	return at
}

// respond lets the panel say whether they come, within a period.
func (g *generator) respond(i *interview, to api.InterviewStatus, within period) {
	answers := []api.PanelResponse{
		api.PanelResponseAccepted, api.PanelResponseNeedsAction, api.PanelResponseTentative, api.PanelResponseDeclined,
	}
	weights := []int{90, 6, 4, 0}
	if to == api.InterviewStatusScheduled || to == api.InterviewStatusCancelled {
		weights = []int{58, 26, 8, 8}
	}
	for n := range i.panel {
		p := &i.panel[n]
		answer := answers[g.weighted(weights)]
		if n == 0 && answer == api.PanelResponseDeclined {
			answer = api.PanelResponseAccepted
		}
		room := within.to.Sub(within.from) - time.Minute
		if answer == api.PanelResponseNeedsAction || room <= 0 {
			continue
		}
		at := within.from.Add(30*time.Second + g.between(0, min(room, 2*day)))
		p.Response, p.RespondedAt, p.UpdatedAt = answer, &at, at
		often := 0.15
		if answer != api.PanelResponseAccepted {
			often = 0.7
		}
		p.Comment = maybe(g.chance, often, g.library.phrases.Interviews.Respond[answer])
		i.row.UpdatedAt = later(i.row.UpdatedAt, at)
	}
}

// pass brings an interview whose panel was asked to the state that it has come to.
func (g *generator) pass(c *course, i *interview, to api.InterviewStatus, asked, by time.Time) {
	said := g.library.phrases.Interviews
	conductor := pick(g.chance, i.raters).id
	starts, ends := *i.row.StartsAt, *i.row.EndsAt
	switch to {
	case api.InterviewStatusCancelled:
		asked = later(asked, i.row.UpdatedAt)
		at := asked.Add(time.Second + g.between(0, earlier(starts, by).Sub(asked)-time.Minute))
		canceller := g.scheduler(c)
		i.happen(g, api.InterviewEventKindCancel, to, at, &canceller.id, maybe(g.chance, 0.9, said.Cancel))
		return
	case api.InterviewStatusNoShow:
		at := starts.Add(g.between(12*time.Minute, 25*time.Minute))
		i.happen(g, api.InterviewEventKindMarkNoShow, to, at, &conductor, maybe(g.chance, 0.8, said.NoShow))
		return
	case api.InterviewStatusDraft, api.InterviewStatusScheduled:
		return
	case api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores, api.InterviewStatusCompleted:
	}
	started := starts.Add(g.between(-2*time.Minute, min(5*time.Minute, g.now.Sub(starts))))
	i.row.StartedAt = &started
	i.happen(g, api.InterviewEventKindStart, api.InterviewStatusInProgress, started, &conductor, nil)
	if to != api.InterviewStatusInProgress {
		finished := ends.Add(g.between(-6*time.Minute, 10*time.Minute))
		i.row.FinishedAt = &finished
		i.happen(g, api.InterviewEventKindFinish, api.InterviewStatusAwaitingScores, finished, &conductor, nil)
	}
	g.judge(c, i, to, by)
}
