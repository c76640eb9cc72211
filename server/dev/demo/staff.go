package demo

import (
	"fmt"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// The people and jobs that each further part brings with it, so that panels and lists grow with the rest.
const (
	staffSize   = 30
	furtherJobs = 2
)

// enlarge makes the people and jobs of a further part, and gives the setting as they see it: they sit on its panels,
// and about half of its applications are to its jobs.
func (in setting) enlarge(c chance, of company, part int, hash string, l *library) (setting, *batch, error) {
	b := &batch{}
	in.panelists = nil
	names := map[string]int{}
	for n := range staffSize {
		p := b.hire(c, of, part, n, hash, l, names, in.now)
		if p.role == api.RoleHr {
			in.managers = append(in.managers[:len(in.managers):len(in.managers)], p)
		}
		in.panelists = append(in.panelists, p)
	}
	popularity := 0
	for _, job := range in.jobs {
		popularity += job.popularity
	}
	in.jobs = in.jobs[:len(in.jobs):len(in.jobs)]
	for n := range furtherJobs {
		opened, err := b.further(c, in, n, l)
		if err != nil {
			return in, nil, err
		}
		opened.popularity = popularity / furtherJobs
		in.jobs = append(in.jobs, opened)
	}
	return in, b, nil
}

// hire adds somebody who works for the company: one for HR and two team leads among employees.
func (b *batch) hire(
	c chance, of company, part, n int, hash string, l *library, names map[string]int, now time.Time,
) person {
	home := pick(c, l.origins)
	joined := now.Add(-c.between(200*day, 400*day))
	row := userRow{
		ID: c.id(joined), PasswordHash: hash, FirstName: pick(c, home.First), LastName: pick(c, home.Last),
		Role: api.RoleEmployee, Department: departments()[n%len(departments())], PasswordChangedAt: joined, CreatedAt: joined,
		UpdatedAt: joined,
	}
	switch n {
	case 0:
		row.Role, row.Department = api.RoleHr, "People"
	case 1, 2:
		row.Role = api.RoleTeamLead
	}
	name := ascii(row.FirstName) + "." + ascii(row.LastName)
	names[name]++
	row.Email = fmt.Sprintf("%s.%d.%d@%s", name, part, names[name], of.domain)
	b.users = append(b.users, row)
	return person{id: row.ID, role: row.Role, department: row.Department, bias: 0.35 * c.NormFloat64()}
}

// further adds an open job with members of the part: a team lead of its, HR, and some of the department.
func (b *batch) further(c chance, in setting, n int, l *library) (job, error) {
	kind, text := family("engineering"), l.phrases.Further.Engineering
	if n%2 == 1 || len(in.kits) == 1 {
		kind, text = "customers", l.phrases.Further.Customers
	}
	place := pick(c, l.phrases.Further.Places)
	zone, err := time.LoadLocation(place.Zone)
	if err != nil {
		return job{}, fmt.Errorf("further job: %w", err)
	}
	at := office{zone}
	created := at.within(in.now.Add(-c.between(195*day, 240*day)))
	opened := created.Add(c.between(time.Hour, 20*time.Hour))
	lead := in.panelists[1+n%2]
	row := jobRow{
		ID: c.id(created), Title: fmt.Sprintf("%s, %s (%s)", pick(c, text.Roles), pick(c, text.Teams), place.Location),
		Department: lead.department, Location: place.Location, Description: "One of several alike, in a team that grows.",
		Status: api.JobStatusOpen, OpenedAt: &opened, Version: 2, CreatedAt: created, UpdatedAt: opened,
	}
	b.jobs = append(b.jobs, row)
	made := job{
		id: row.ID, family: kind, department: row.Department, office: at, status: row.Status, opened: opened, until: in.now,
		leads: []person{lead},
	}
	for _, p := range in.panelists {
		role := api.JobRoleInterviewer
		switch {
		case p.id == lead.id:
			role = api.JobRoleHiringManager
		case p.role == api.RoleHr:
			role = api.JobRoleRecruiter
		case p.role != api.RoleEmployee || p.department != row.Department:
			continue
		}
		b.members = append(b.members, memberRow{
			JobID: row.ID, UserID: p.id, Role: role, CreatedAt: created, UpdatedAt: created,
		})
		made.team = append(made.team, p)
	}
	return made, nil
}

// bias is how much better than others somebody rates, always the same for the same person.
func bias(seed uint64, email string) float64 { return 0.35 * newChance(seed, email, 0).NormFloat64() }
