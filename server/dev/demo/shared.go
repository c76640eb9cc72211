package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/kitcontent"
)

// sharedRows makes the rows that all parts of a company share: its jobs with their members, and the kits of the jobs'
// categories.
type sharedRows struct {
	random
	batch
	now time.Time
	// people has the ids of the existing users by email. Only they become members of jobs.
	people map[string]uuid.UUID
	// publisher is the user who published the kits.
	publisher uuid.UUID
}

// generate makes all rows.
func (g *sharedRows) generate(to target, l *library) error {
	used := map[jobCategory]bool{}
	for _, p := range to.jobs {
		used[p.Category] = true
		row, err := g.newJob(p)
		if err != nil {
			return err
		}
		g.jobs = append(g.jobs, row)
		g.addMembers(to.company, p, row)
	}
	for _, text := range l.kits {
		if !used[text.Category] {
			continue
		}
		if err := g.addKit(text); err != nil {
			return err
		}
	}
	return nil
}

// newJob makes a job from its description.
func (g *sharedRows) newJob(p jobText) (jobRow, error) {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return jobRow{}, fmt.Errorf("load time zone of job %s: %w", p.Title, err)
	}
	at := func(days int) *time.Time {
		if days == 0 {
			return nil
		}
		t := office{zone}.workTime(g.now.Add(-time.Duration(days)*day - g.between(0, day)))
		return &t
	}
	row := jobRow{
		Title: p.Title, Department: p.Department, Location: p.Location, Description: p.Description, Status: p.status(),
		OpenedAt: at(p.Opened), ClosedAt: at(p.Closed), Version: 1, CreatedAt: *at(p.Opened + 4),
	}
	row.ID, row.UpdatedAt = g.id(row.CreatedAt), row.CreatedAt
	for _, changed := range []*time.Time{row.OpenedAt, at(p.OnHold), row.ClosedAt} {
		if changed != nil {
			row.UpdatedAt = *changed
			row.Version++
		}
	}
	return row, nil
}

// addMembers adds the members of a job: its hiring manager, HR and the named interviewers. It adds employees of the
// job's department until there are six members.
func (g *sharedRows) addMembers(of company, p jobText, row jobRow) {
	joined := row.CreatedAt
	member := map[string]bool{}
	add := func(email string, role stored.JobRole) {
		id, found := g.people[email]
		if !found || member[email] {
			return
		}
		joined = joined.Add(20 * time.Second)
		g.members = append(g.members, memberRow{JobID: row.ID, UserID: id, Role: role, CreatedAt: joined, UpdatedAt: joined})
		member[email] = true
	}
	add(p.Manager+"@"+of.domain, stored.JobRoleHiringManager)
	add("hr@"+of.domain, stored.JobRoleRecruiter)
	for _, name := range p.Interviewers {
		add(name+"@"+of.domain, stored.JobRoleInterviewer)
	}
	for _, colleague := range of.people {
		if len(member) < 6 && colleague.Role == stored.RoleEmployee && colleague.Department == p.Department {
			add(colleague.Email, stored.JobRoleInterviewer)
		}
	}
}

// addKit makes a kit with its versions.
func (g *sharedRows) addKit(text kitText) error {
	created := office{time.UTC}.workTime(g.now.Add(-firstKitAge - 3*day))
	kit := kitRow{
		ID: g.id(created), Name: text.Name, Description: strings.TrimSpace(text.Description), CreatedAt: created,
	}
	begun := created
	for i, version := range text.Versions {
		row := kitVersionRow{
			ID: g.id(begun), KitID: kit.ID, Number: int32(i + 1), Status: stored.KitVersionStatusDraft, Version: 1,
			Questions: text.questions(version), Criteria: text.criteria(version), CreatedAt: begun, UpdatedAt: begun,
		}
		if !version.Draft {
			if err := g.publish(&row, office{time.UTC}.workTime(g.now.Add(-firstKitAge+time.Duration(i)*29*day))); err != nil {
				return err
			}
		}
		g.kitVersions = append(g.kitVersions, row)
		kit.UpdatedAt = row.UpdatedAt // changing a version changes the kit
		begun = office{time.UTC}.workTime(g.now.Add(-firstKitAge + time.Duration(i+1)*27*day))
	}
	g.kits = append(g.kits, kit)
	return nil
}

// publish publishes a version and archives the previous one of the same kit.
func (g *sharedRows) publish(row *kitVersionRow, at time.Time) error {
	hash, err := kitcontent.Hash(row.Criteria, row.Questions)
	if err != nil {
		return err
	}
	row.Status, row.UpdatedAt = stored.KitVersionStatusPublished, at
	row.ContentHash, row.PublishedAt, row.PublishedBy = &hash, &at, &g.publisher
	row.Version++
	if row.Number > 1 {
		before := &g.kitVersions[len(g.kitVersions)-1]
		before.Status, before.ArchivedAt, before.UpdatedAt = stored.KitVersionStatusArchived, &at, at
		before.Version++
	}
	return nil
}
