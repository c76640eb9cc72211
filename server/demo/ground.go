package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/kitcontent"
)

// ground makes what all parts of a company's demo stand on: its jobs with their members, and the kits of their
// families.
// Whoever is not there any more is no member; publisher has published the kits.
func ground(
	c chance, of company, positions []position, l *library, people map[string]uuid.UUID, publisher uuid.UUID, now time.Time,
) (*batch, error) {
	b := &batch{}
	families := map[family]bool{}
	for _, p := range positions {
		families[p.Family] = true
		if err := b.open(c, of, p, people, now); err != nil {
			return nil, err
		}
	}
	for _, text := range l.kits {
		if families[text.Family] {
			if err := b.write(c, text, publisher, now); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// open adds a job as its position describes it.
func (b *batch) open(c chance, of company, p position, people map[string]uuid.UUID, now time.Time) error {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return fmt.Errorf("job %s: %w", p.Title, err)
	}
	at := func(days int) *time.Time {
		if days == 0 {
			return nil
		}
		t := office{zone}.within(now.Add(-time.Duration(days)*day - c.between(0, day)))
		return &t
	}
	row := jobRow{
		Title: p.Title, Department: p.Department, Location: p.Location, Description: p.Description, Status: p.status(),
		OpenedAt: at(p.Opened), ClosedAt: at(p.Closed), Version: 1, CreatedAt: *at(p.Opened + 4),
	}
	row.ID, row.UpdatedAt = c.id(row.CreatedAt), row.CreatedAt
	for _, changed := range []*time.Time{row.OpenedAt, at(p.Held), row.ClosedAt} {
		if changed != nil {
			row.UpdatedAt = *changed
			row.Version++
		}
	}
	b.jobs = append(b.jobs, row)
	b.staff(of, p, row, people)
	return nil
}

// staff gives a job its members: who hires, HR, who is named, and further employees of the department.
func (b *batch) staff(of company, p position, row jobRow, people map[string]uuid.UUID) {
	joined := row.CreatedAt
	member := map[string]bool{}
	add := func(email string, role api.JobRole) {
		id, found := people[email]
		if !found || member[email] {
			return
		}
		joined = joined.Add(20 * time.Second)
		b.members = append(b.members, memberRow{JobID: row.ID, UserID: id, Role: role, CreatedAt: joined, UpdatedAt: joined})
		member[email] = true
	}
	named := []string{p.Manager, "hr"}
	for i, name := range append(named, p.Interviewers...) {
		role := []api.JobRole{api.JobRoleHiringManager, api.JobRoleRecruiter, api.JobRoleInterviewer}[min(i, 2)]
		add(name+"@"+of.domain, role)
	}
	for _, colleague := range of.people {
		if len(member) < 6 && colleague.Role == api.RoleEmployee && colleague.Department == p.Department {
			add(colleague.Email, api.JobRoleInterviewer)
		}
	}
}

// write adds a kit with its versions: each that is published archives the one before.
func (b *batch) write(c chance, text kitText, publisher uuid.UUID, now time.Time) error {
	created := office{time.UTC}.within(now.Add(-introduced - 3*day))
	kit := kitRow{ID: c.id(created), Name: text.Name, Description: strings.TrimSpace(text.Description)}
	kit.CreatedAt, kit.UpdatedAt = created, created
	begun := created
	for i, version := range text.Versions {
		row := kitVersionRow{
			KitID: kit.ID, Number: int32(i + 1), Status: api.KitVersionStatusDraft, Version: 1,
			Questions: text.questions(version), Criteria: text.criteria(version), CreatedAt: begun, UpdatedAt: begun,
		}
		row.ID = c.id(begun)
		if !version.Draft {
			published := office{time.UTC}.within(now.Add(-introduced + time.Duration(i)*29*day))
			hash, err := kitcontent.Hash(row.Criteria, row.Questions)
			if err != nil {
				return err
			}
			row.Status, row.ContentHash, row.PublishedAt, row.PublishedBy = api.KitVersionStatusPublished, &hash, &published, &publisher
			row.UpdatedAt = published
			row.Version++
			if i > 0 {
				before := &b.kitVersions[len(b.kitVersions)-1]
				before.Status, before.ArchivedAt, before.UpdatedAt = api.KitVersionStatusArchived, &published, published
				before.Version++
			}
		}
		b.kitVersions = append(b.kitVersions, row)
		kit.UpdatedAt = row.UpdatedAt // a change of its versions is one of the kit
		begun = office{time.UTC}.within(now.Add(-introduced + time.Duration(i+1)*27*day))
	}
	b.kits = append(b.kits, kit)
	return nil
}
