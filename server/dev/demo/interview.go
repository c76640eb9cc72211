package demo

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// interview is one interview in the making, with all that belongs to it.
type interview struct {
	row       interviewRow
	panel     []panelistRow
	raters    []person
	kit       *kitVersion
	notes     map[string]noteText
	events    []eventRow
	scores    []scoreRow
	revisions []revisionRow
}

// stint is when an application was in the stage of interviews: up to the present where it still is.
func (c *course) stint(now time.Time) period {
	enters := entering(c.steps)
	if enters+1 < len(c.moves) {
		return period{c.moves[enters].CreatedAt, c.moves[enters+1].CreatedAt}
	}
	return period{c.moves[enters].CreatedAt, now}
}

// interview makes the interviews of a course: each in its week of the stage, but the last one of an application that
// still is there when last says.
func (g *generator) interview(c *course, last period) {
	if len(c.sittings) == 0 {
		return
	}
	stint := c.stint(g.now)
	after := stint.from
	for n, s := range c.sittings {
		begins := stint.from.Add(time.Duration(n) * sittingTime)
		within, by := period{begins.Add(day), begins.Add(sittingTime - scoringTime)}, begins.Add(sittingTime)
		if n == len(c.sittings)-1 {
			by = stint.to
			if last != (period{}) {
				within = last
			}
		}
		if made := g.sit(c, n, s, within, period{after, earlier(by, stint.to).Add(-10 * time.Minute)}); made != nil {
			c.interviews = append(c.interviews, made)
			after = made.row.UpdatedAt
		}
	}
}

// sit makes one interview that is held within a period, and everything of it that has happened by now within another.
// It gives nil where people's calendars leave no time.
func (g *generator) sit(c *course, n int, s sitting, within, happens period) *interview {
	i := g.announce(c, n)
	size := 2 + g.weighted([]int{45, 40, 15})
	scheduler := g.scheduler(c)
	i.row.CreatedBy = scheduler.id
	room := earlier(earlier(within.from, g.now), happens.to).Sub(happens.from)
	created := g.atWork(c, happens.from, happens.from.Add(g.between(0, min(22*time.Hour, room*6/10))))
	if i.choose(g, c.job.family, n, created); i.kit == nil {
		return nil
	}
	if s.to == api.InterviewStatusDraft {
		i.seat(g, g.panel(c.job, size, func(uuid.UUID) bool { return true }), created)
		i.happen(g, api.InterviewEventKindCreate, s.to, created, &scheduler.id, nil)
		return i
	}
	minutes := g.minutes(i.row.Kind)
	within.from = later(within.from, created.Add(2*time.Hour))
	if s.to != api.InterviewStatusScheduled && s.to != api.InterviewStatusCancelled {
		within.to = earlier(within.to, happens.to.Add(-2*time.Hour))
	}
	var when period
	var panel []person
	var found bool
	if s.to == api.InterviewStatusInProgress {
		when, panel, found = g.underWay(c, minutes, size)
	} else {
		when, panel, found = g.book(c, within, minutes, size)
	}
	if !found || when.from.Sub(created) < 20*time.Minute {
		return nil
	}
	i.seat(g, panel, created)
	i.happen(g, api.InterviewEventKindCreate, api.InterviewStatusDraft, created, &scheduler.id, nil)
	asked := g.appoint(c, i, s, when, minutes, scheduler, happens.to)
	g.respond(i, s.to, period{asked, earlier(when.from, happens.to).Add(-10 * time.Minute)})
	g.pass(c, i, s.to, asked, happens.to)
	return i
}

// announce begins an interview with what it is called and where it is held.
func (g *generator) announce(c *course, n int) *interview {
	said := g.library.phrases.Interviews
	i := &interview{row: interviewRow{
		ApplicationID: c.row.ID, JobID: c.job.id, Instructions: maybe(g.chance, 0.3, said.Instructions),
	}}
	row := &i.row
	row.Kind = []api.InterviewKind{
		api.InterviewKindVideo, api.InterviewKindOnsite, api.InterviewKindPhone, api.InterviewKindText,
	}[g.weighted([]int{55, 22 + 10*n, max(0, 20-15*n), 3})]
	switch row.Kind {
	case api.InterviewKindOnsite:
		row.Location = maybe(g.chance, 1, said.Rooms)
	case api.InterviewKindVideo, api.InterviewKindText:
		url := "https://meet.example/" + g.letters(3) + "-" + g.letters(4) + "-" + g.letters(3)
		row.MeetingURL = &url
	case api.InterviewKindPhone, api.InterviewKindAi:
		row.Location = c.applicant.row.Phone
	}
	return i
}

// choose gives an interview its kit and title: the first is about the work itself, the second with the hiring manager.
func (i *interview) choose(g *generator, of family, n int, at time.Time) {
	chosen, known := g.kits[of]
	i.row.Title = map[family]string{
		"engineering": "Technical interview", "customers": "Conversation and case", leadership: "Hiring manager interview",
	}[of]
	if second, has := g.kits[leadership]; (n == 1 || !known) && has {
		chosen, i.row.Title = second, "Hiring manager interview"
	}
	if n > 1 {
		i.row.Title = "Final conversation"
	}
	i.notes = chosen.notes
	if i.kit = chosen.at(at); i.kit != nil {
		i.row.KitVersionID = i.kit.id
	}
}

// scheduler is who sets interviews of a course up.
func (g *generator) scheduler(c *course) person {
	if len(c.job.leads) > 0 && g.happens(0.4) {
		return pick(g.chance, c.job.leads)
	}
	return g.manager()
}

// atWork gives a time at which people of a course's job work: about a time, and at least some minutes after another.
func (g *generator) atWork(c *course, after, about time.Time) time.Time {
	return later(c.job.office.within(about), after.Add(g.between(time.Minute, 6*time.Minute)))
}

func (g *generator) minutes(kind api.InterviewKind) int {
	switch kind {
	case api.InterviewKindPhone:
		return pick(g.chance, []int{30, 45})
	case api.InterviewKindOnsite:
		return pick(g.chance, []int{60, 90})
	case api.InterviewKindVideo, api.InterviewKindText, api.InterviewKindAi:
	}
	return pick(g.chance, []int{45, 60})
}

func (g *generator) letters(number int) string {
	var b strings.Builder
	for range number {
		b.WriteByte("abcdefghijkmnopqrstuvwxyz"[g.IntN(25)])
	}
	return b.String()
}

// seat puts people on the panel. The scores of the first two are required; who joins them may be there to learn.
func (i *interview) seat(g *generator, panel []person, at time.Time) {
	i.raters = panel
	for n, p := range panel {
		i.panel = append(i.panel, panelistRow{
			UserID: p.id, Response: api.PanelResponseNeedsAction, ScoreRequired: n < 2 || g.happens(0.6),
			CreatedAt: at, UpdatedAt: at,
		})
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
