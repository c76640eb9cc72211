package demo

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// interview is a generated interview with its dependent rows.
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

// interviewStage returns when the application was in the interview stage. If it still is, the period ends now.
func (app *application) interviewStage(now time.Time) period {
	entered := interviewStep(app.steps)
	if entered+1 < len(app.moves) {
		return period{app.moves[entered].CreatedAt, app.moves[entered+1].CreatedAt}
	}
	return period{app.moves[entered].CreatedAt, now}
}

// addInterviews makes the interviews of an application, each in its own week of the interview stage. If the
// application is still in that stage, the last interview takes place within the period last.
func (g *generator) addInterviews(app *application, last period) {
	if len(app.planned) == 0 {
		return
	}
	stage := app.interviewStage(g.now)
	after := stage.from
	for n, s := range app.planned {
		start := stage.from.Add(time.Duration(n) * interviewTime)
		within, by := period{start.Add(day), start.Add(interviewTime - scoringTime)}, start.Add(interviewTime)
		if n == len(app.planned)-1 {
			by = stage.to
			if last != (period{}) {
				within = last
			}
		}
		history := period{after, earlier(by, stage.to).Add(-10 * time.Minute)}
		if made := g.newInterview(app, n, s, within, history); made != nil {
			app.interviews = append(app.interviews, made)
			after = made.row.UpdatedAt
		}
	}
}

// newInterview makes the n-th interview of an application. It takes place within one period, and all its events
// happen within another. It returns nil if no common free time is found.
func (g *generator) newInterview(app *application, n int, s plannedInterview, within, history period) *interview {
	i := g.describe(app, n)
	size := 2 + g.weightedIndex([]int{45, 40, 15})
	scheduler := g.scheduler(app)
	i.row.CreatedBy = scheduler.id
	available := earlier(earlier(within.from, g.now), history.to).Sub(history.from)
	created := g.workTime(app, history.from, history.from.Add(g.between(0, min(22*time.Hour, available*6/10))))
	if i.chooseKit(g, app.job.category, n, created); i.kit == nil {
		return nil
	}
	if s.status == stored.InterviewStatusDraft {
		i.setPanel(g, g.choosePanel(app.job, size, func(uuid.UUID) bool { return true }), created)
		i.addEvent(g, stored.InterviewEventCreate, s.status, created, &scheduler.id, nil)
		return i
	}
	minutes := g.minutes(i.row.Kind)
	within.from = later(within.from, created.Add(2*time.Hour))
	if s.status != stored.InterviewStatusScheduled && s.status != stored.InterviewStatusCancelled {
		within.to = earlier(within.to, history.to.Add(-2*time.Hour))
	}
	var when period
	var panel []person
	var found bool
	if s.status == stored.InterviewStatusInProgress {
		when, panel, found = g.findCurrentTime(app, minutes, size)
	} else {
		when, panel, found = g.findTime(app, within, minutes, size)
	}
	if !found || when.from.Sub(created) < 20*time.Minute {
		return nil
	}
	i.setPanel(g, panel, created)
	i.addEvent(g, stored.InterviewEventCreate, stored.InterviewStatusDraft, created, &scheduler.id, nil)
	asked := g.schedule(app, i, s, when, minutes, scheduler, history.to)
	g.addResponses(i, s.status, period{asked, earlier(when.from, history.to).Add(-10 * time.Minute)})
	g.advanceTo(app, i, s.status, asked, history.to)
	return i
}

// describe returns an interview with its kind and place.
func (g *generator) describe(app *application, n int) *interview {
	phrases := g.library.phrases.Interviews
	i := &interview{row: interviewRow{
		ApplicationID: app.row.ID, JobID: app.job.id, Instructions: maybe(g.random, 0.3, phrases.Instructions),
	}}
	row := &i.row
	row.Kind = []stored.InterviewKind{
		stored.InterviewKindVideo, stored.InterviewKindOnsite, stored.InterviewKindPhone, stored.InterviewKindText,
	}[g.weightedIndex([]int{55, 22 + 10*n, max(0, 20-15*n), 3})]
	switch row.Kind {
	case stored.InterviewKindOnsite:
		row.Location = maybe(g.random, 1, phrases.Rooms)
	case stored.InterviewKindVideo, stored.InterviewKindText:
		url := "https://meet.example/" + g.letters(3) + "-" + g.letters(4) + "-" + g.letters(3)
		row.MeetingURL = &url
	case stored.InterviewKindPhone, stored.InterviewKindAI:
		row.Location = app.candidate.row.Phone
	}
	return i
}

// chooseKit sets the kit and title. First interviews use the kit of the job's category, second ones that of hiring
// managers. It leaves the kit nil if none was published at the time.
func (i *interview) chooseKit(g *generator, of jobCategory, n int, at time.Time) {
	chosen, known := g.kits[of]
	i.row.Title = map[jobCategory]string{
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

// scheduler returns the user who schedules an interview: a team lead of the job or somebody who manages hiring.
func (g *generator) scheduler(app *application) person {
	if len(app.job.leads) > 0 && g.chance(0.4) {
		return pick(g.random, app.job.leads)
	}
	return g.randomManager()
}

// workTime returns a time in the working hours of the job near about, at least some minutes later than after.
func (g *generator) workTime(app *application, after, about time.Time) time.Time {
	return later(app.job.office.workTime(about), after.Add(g.between(time.Minute, 6*time.Minute)))
}

func (g *generator) minutes(kind stored.InterviewKind) int {
	switch kind {
	case stored.InterviewKindPhone:
		return pick(g.random, []int{30, 45})
	case stored.InterviewKindOnsite:
		return pick(g.random, []int{60, 90})
	case stored.InterviewKindVideo, stored.InterviewKindText, stored.InterviewKindAI:
	}
	return pick(g.random, []int{45, 60})
}

func (g *generator) letters(number int) string {
	var b strings.Builder
	for range number {
		b.WriteByte("abcdefghijkmnopqrstuvwxyz"[g.IntN(25)])
	}
	return b.String()
}

// setPanel sets the panel. The scores of the first two panelists are always required, those of others not always.
func (i *interview) setPanel(g *generator, panel []person, at time.Time) {
	i.raters = panel
	for n, p := range panel {
		i.panel = append(i.panel, panelistRow{
			UserID: p.id, Response: stored.PanelResponseNeedsAction, ScoreRequired: n < 2 || g.chance(0.6),
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
