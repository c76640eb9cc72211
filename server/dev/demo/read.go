package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
)

// readCompanyData reads the current data of the company, which may have changed since it was loaded.
func (l *loader) readCompanyData(ctx context.Context, tx *db.Queries, to target) (companyData, error) {
	data := companyData{now: l.now, kits: map[jobCategory]kit{}}
	rows, err := l.employees(ctx, tx, to)
	if err != nil {
		return data, err
	}
	people := map[uuid.UUID]person{}
	for _, row := range rows {
		p := person{id: row.ID, role: row.Role, department: row.Department, bias: bias(l.Seed, row.Email)}
		people[p.id] = p
		if p.role == stored.RoleHR || p.role == stored.RoleAdmin {
			data.managers = append(data.managers, p)
		}
		if p.role != stored.RoleAdmin {
			data.panelists = append(data.panelists, p)
		}
	}
	if len(data.managers) == 0 || len(data.panelists) < 4 {
		return data, fmt.Errorf("%s has too few active demo users; it needs an HR user or admin and four panelists", to.name)
	}
	if data.jobs, err = l.jobs(ctx, tx, to, people); err != nil {
		return data, err
	}
	return data, l.kits(ctx, tx, to, data.kits)
}

// employees reads the active demo users of a company.
func (l *loader) employees(ctx context.Context, tx *db.Queries, to target) ([]db.ListDemoPeopleRow, error) {
	emails := make([]string, len(to.people))
	for i, p := range to.people {
		emails[i] = p.Email
	}
	return tx.ListDemoPeople(ctx, db.ListDemoPeopleParams{CompanyID: to.id, Emails: emails})
}

// jobs reads the demo jobs of a company that exist.
func (l *loader) jobs(ctx context.Context, tx *db.Queries, to target, people map[uuid.UUID]person) ([]job, error) {
	rows, err := tx.ListDemoJobs(ctx, db.ListDemoJobsParams{CompanyID: to.id, Titles: titles(to.jobs)})
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	members, err := tx.ListDemoJobMembers(ctx, db.ListDemoJobMembersParams{CompanyID: to.id, Jobs: ids})
	if err != nil {
		return nil, err
	}
	jobs := make([]job, len(rows))
	for i, row := range rows {
		at := slices.IndexFunc(to.jobs, func(p jobText) bool { return p.Title == row.Title })
		if jobs[i], err = jobOf(row, to.jobs[at], l.now); err != nil {
			return nil, err
		}
		for _, member := range members {
			p, exists := people[member.UserID]
			if member.JobID != row.ID || !exists {
				continue
			}
			jobs[i].team = append(jobs[i].team, p)
			if p.role == stored.RoleTeamLead {
				jobs[i].leads = append(jobs[i].leads, p)
			}
		}
	}
	return jobs, nil
}

// jobOf converts a row. A job accepted applications until it was closed or put on hold.
func jobOf(row db.Job, p jobText, now time.Time) (job, error) {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return job{}, fmt.Errorf("load time zone of job %s: %w", p.Title, err)
	}
	made := job{
		id: row.ID, category: p.Category, department: p.Department, office: office{zone}, status: row.Status,
		popularity: p.Popularity, until: now,
	}
	switch {
	case row.OpenedAt == nil:
		made.until = time.Time{}
		return made, nil
	case row.Status == stored.JobStatusClosed && row.ClosedAt != nil:
		made.until = *row.ClosedAt
	case row.Status == stored.JobStatusOnHold:
		made.until = row.UpdatedAt
	}
	made.opened = *row.OpenedAt
	return made, nil
}

// kits adds the published and archived versions of the demo kits to a map.
func (l *loader) kits(ctx context.Context, tx *db.Queries, to target, into map[jobCategory]kit) error {
	rows, err := tx.ListDemoKitVersions(ctx, db.ListDemoKitVersionsParams{
		CompanyID: to.id, Names: l.library.names(),
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		at := slices.Index(l.library.names(), row.Name)
		text := l.library.kits[at]
		version := kitVersion{id: row.ID, published: *row.PublishedAt}
		for _, c := range row.Criteria {
			version.criteria = append(version.criteria, scoring.Criterion{
				Key: c.Key, Title: c.Title, Weight: int(c.Weight), Required: c.Required,
			})
		}
		known := into[text.Category]
		known.notes = text.Notes
		known.versions = append(known.versions, version)
		into[text.Category] = known
	}
	return nil
}

func titles(of []jobText) []string {
	titles := make([]string, len(of))
	for i, p := range of {
		titles[i] = p.Title
	}
	return titles
}

func (l *library) names() []string {
	names := make([]string, len(l.kits))
	for i, text := range l.kits {
		names[i] = text.Name
	}
	return names
}
