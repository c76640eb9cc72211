package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
)

// setting reads what a part takes place in as it is now, whatever has become of it since it was laid.
func (l *loader) setting(ctx context.Context, tx *db.Queries, to target) (setting, error) {
	in := setting{now: l.now, kits: map[family]kit{}}
	rows, err := l.employees(ctx, tx, to)
	if err != nil {
		return in, err
	}
	people := map[uuid.UUID]person{}
	for _, row := range rows {
		p := person{id: row.ID, role: row.Role, department: row.Department, bias: bias(l.Seed, row.Email)}
		people[p.id] = p
		if p.role == api.RoleHr || p.role == api.RoleAdmin {
			in.managers = append(in.managers, p)
		}
		if p.role != api.RoleAdmin {
			in.panelists = append(in.panelists, p)
		}
	}
	if len(in.managers) == 0 || len(in.panelists) < 4 {
		return in, fmt.Errorf("of the people of %s too few are there to run its hiring", to.name)
	}
	if in.jobs, err = l.jobs(ctx, tx, to, people); err != nil {
		return in, err
	}
	return in, l.kits(ctx, tx, to, in.kits)
}

// employees reads those people of a company's demo who are active.
func (l *loader) employees(ctx context.Context, tx *db.Queries, to target) ([]db.ListDemoPeopleRow, error) {
	emails := make([]string, len(to.people))
	for i, p := range to.people {
		emails[i] = p.Email
	}
	return tx.ListDemoPeople(ctx, db.ListDemoPeopleParams{CompanyID: to.id, Emails: emails})
}

// jobs reads the jobs at a company's positions.
func (l *loader) jobs(ctx context.Context, tx *db.Queries, to target, people map[uuid.UUID]person) ([]job, error) {
	rows, err := tx.ListDemoJobs(ctx, db.ListDemoJobsParams{CompanyID: to.id, Titles: titles(to.positions)})
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
		at := slices.IndexFunc(to.positions, func(p position) bool { return p.Title == row.Title })
		if jobs[i], err = jobOf(row, to.positions[at], l.now); err != nil {
			return nil, err
		}
		for _, member := range members {
			p, there := people[member.UserID]
			if member.JobID != row.ID || !there {
				continue
			}
			jobs[i].team = append(jobs[i].team, p)
			if p.role == api.RoleTeamLead {
				jobs[i].leads = append(jobs[i].leads, p)
			}
		}
	}
	return jobs, nil
}

// jobOf is a job as candidates could apply to it: up to when it was closed or put on hold.
func jobOf(row db.Job, p position, now time.Time) (job, error) {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return job{}, fmt.Errorf("job %s: %w", p.Title, err)
	}
	made := job{
		id: row.ID, family: p.Family, department: p.Department, office: office{zone}, status: row.Status,
		popularity: p.Popularity, until: now,
	}
	switch {
	case row.OpenedAt == nil:
		made.until = time.Time{}
		return made, nil
	case row.Status == api.JobStatusClosed && row.ClosedAt != nil:
		made.until = *row.ClosedAt
	case row.Status == api.JobStatusOnHold:
		made.until = row.UpdatedAt
	}
	made.opened = *row.OpenedAt
	return made, nil
}

// kits reads the versions that were published of the demo's kits.
func (l *loader) kits(ctx context.Context, tx *db.Queries, to target, into map[family]kit) error {
	rows, err := tx.ListDemoKitVersions(ctx, db.ListDemoKitVersionsParams{
		CompanyID: to.id, Names: l.library.names(),
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		at := slices.Index(l.library.names(), row.Name)
		text := l.library.kits[at]
		var criteria []api.KitCriterion
		if err := json.Unmarshal(row.Criteria, &criteria); err != nil {
			return fmt.Errorf("criteria of kit %s: %w", row.Name, err)
		}
		version := kitVersion{id: row.ID, published: *row.PublishedAt}
		for _, c := range criteria {
			version.criteria = append(version.criteria, scoring.Criterion{
				Key: c.Key, Title: c.Title, Weight: int(c.Weight), Required: c.Required,
			})
		}
		known := into[text.Family]
		known.notes = text.Notes
		known.versions = append(known.versions, version)
		into[text.Family] = known
	}
	return nil
}

func titles(of []position) []string {
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
