package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/kitcontent"
)

// groundwork makes what all parts of a company's demo stand on: its jobs with their members, and the kits of their
// families.
type groundwork struct {
	chance
	batch
	now time.Time
	// people are those who are there, by email; who is not there is no member of a job.
	people map[string]uuid.UUID
	// publisher has published the kits.
	publisher uuid.UUID
}

// lay makes everything.
func (g *groundwork) lay(to target, l *library) error {
	families := map[family]bool{}
	for _, p := range to.positions {
		families[p.Family] = true
		row, err := g.open(p)
		if err != nil {
			return err
		}
		g.jobs = append(g.jobs, row)
		g.staff(to.company, p, row)
	}
	for _, text := range l.kits {
		if !families[text.Family] {
			continue
		}
		if err := g.write(text); err != nil {
			return err
		}
	}
	return nil
}

// open makes a job as its position describes it.
func (g *groundwork) open(p position) (jobRow, error) {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return jobRow{}, fmt.Errorf("job %s: %w", p.Title, err)
	}
	at := func(days int) *time.Time {
		if days == 0 {
			return nil
		}
		t := office{zone}.within(g.now.Add(-time.Duration(days)*day - g.between(0, day)))
		return &t
	}
	row := jobRow{
		Title: p.Title, Department: p.Department, Location: p.Location, Description: p.Description, Status: p.status(),
		OpenedAt: at(p.Opened), ClosedAt: at(p.Closed), Version: 1, CreatedAt: *at(p.Opened + 4),
	}
	row.ID, row.UpdatedAt = g.id(row.CreatedAt), row.CreatedAt
	for _, changed := range []*time.Time{row.OpenedAt, at(p.Held), row.ClosedAt} {
		if changed != nil {
			row.UpdatedAt = *changed
			row.Version++
		}
	}
	return row, nil
}

// staff gives a job its members: who hires, HR, who is named, and further employees of the department.
func (g *groundwork) staff(of company, p position, row jobRow) {
	joined := row.CreatedAt
	member := map[string]bool{}
	add := func(email string, role api.JobRole) {
		id, found := g.people[email]
		if !found || member[email] {
			return
		}
		joined = joined.Add(20 * time.Second)
		g.members = append(g.members, memberRow{JobID: row.ID, UserID: id, Role: role, CreatedAt: joined, UpdatedAt: joined})
		member[email] = true
	}
	add(p.Manager+"@"+of.domain, api.JobRoleHiringManager)
	add("hr@"+of.domain, api.JobRoleRecruiter)
	for _, name := range p.Interviewers {
		add(name+"@"+of.domain, api.JobRoleInterviewer)
	}
	for _, colleague := range of.people {
		if len(member) < 6 && colleague.Role == api.RoleEmployee && colleague.Department == p.Department {
			add(colleague.Email, api.JobRoleInterviewer)
		}
	}
}

// write makes a kit with its versions.
func (g *groundwork) write(text kitText) error {
	created := office{time.UTC}.within(g.now.Add(-introduced - 3*day))
	kit := kitRow{
		ID: g.id(created), Name: text.Name, Description: strings.TrimSpace(text.Description), CreatedAt: created,
	}
	begun := created
	for i, version := range text.Versions {
		row := kitVersionRow{
			ID: g.id(begun), KitID: kit.ID, Number: int32(i + 1), Status: api.KitVersionStatusDraft, Version: 1,
			Questions: text.questions(version), Criteria: text.criteria(version), CreatedAt: begun, UpdatedAt: begun,
		}
		if !version.Draft {
			if err := g.publish(&row, office{time.UTC}.within(g.now.Add(-introduced+time.Duration(i)*29*day))); err != nil {
				return err
			}
		}
		g.kitVersions = append(g.kitVersions, row)
		kit.UpdatedAt = row.UpdatedAt // a change of its versions is one of the kit
		begun = office{time.UTC}.within(g.now.Add(-introduced + time.Duration(i+1)*27*day))
	}
	g.kits = append(g.kits, kit)
	return nil
}

// publish publishes a version, and archives the one of the same kit before it.
func (g *groundwork) publish(row *kitVersionRow, at time.Time) error {
	hash, err := kitcontent.Hash(row.Criteria, row.Questions)
	if err != nil {
		return err
	}
	row.Status, row.UpdatedAt = api.KitVersionStatusPublished, at
	row.ContentHash, row.PublishedAt, row.PublishedBy = &hash, &at, &g.publisher
	row.Version++
	if row.Number > 1 {
		before := &g.kitVersions[len(g.kitVersions)-1]
		before.Status, before.ArchivedAt, before.UpdatedAt = api.KitVersionStatusArchived, &at, at
		before.Version++
	}
	return nil
}
