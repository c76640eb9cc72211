package demo

import (
	"fmt"
	"time"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// The number of users and jobs that each part after the first adds, so that panels and lists grow with the data.
const (
	staffPerPart = 30
	jobsPerPart  = 2
)

// addPart makes the users and jobs of a part after the first. It returns the company data as the part sees it: the
// new users are its only panelists, and its new jobs get about half of its applications.
func (data companyData) addPart(c random, of company, part int, hash string, l *library) (companyData, *batch, error) {
	b := &batch{}
	data.panelists = nil
	names := map[string]int{}
	for n := range staffPerPart {
		p := b.addStaffMember(c, of, part, n, hash, l, names, data.now)
		if p.role == stored.RoleHR {
			data.managers = append(data.managers[:len(data.managers):len(data.managers)], p)
		}
		data.panelists = append(data.panelists, p)
	}
	popularity := 0
	for _, job := range data.jobs {
		popularity += job.popularity
	}
	data.jobs = data.jobs[:len(data.jobs):len(data.jobs)]
	for n := range jobsPerPart {
		opened, err := b.addJob(c, data, n, l)
		if err != nil {
			return data, nil, err
		}
		opened.popularity = popularity / jobsPerPart
		data.jobs = append(data.jobs, opened)
	}
	return data, b, nil
}

// addStaffMember adds the n-th user of the part: one for HR, two team leads, and employees.
func (b *batch) addStaffMember(
	c random, of company, part, n int, hash string, l *library, names map[string]int, now time.Time,
) person {
	region := pick(c, l.regions)
	joined := now.Add(-c.between(200*day, 400*day))
	row := userRow{
		ID: c.id(joined), PasswordHash: hash, FirstName: pick(c, region.First), LastName: pick(c, region.Last),
		Role: stored.RoleEmployee, Department: departments()[n%len(departments())], PasswordChangedAt: joined,
		CreatedAt: joined, UpdatedAt: joined,
	}
	switch n {
	case 0:
		row.Role, row.Department = stored.RoleHR, "People"
	case 1, 2:
		row.Role = stored.RoleTeamLead
	}
	name := ascii(row.FirstName) + "." + ascii(row.LastName)
	names[name]++
	row.Email = fmt.Sprintf("%s.%d.%d@%s", name, part, names[name], of.domain)
	b.users = append(b.users, row)
	return person{id: row.ID, role: row.Role, department: row.Department, bias: 0.35 * c.NormFloat64()}
}

// addJob adds an open job. Its members are a team lead and the HR user of the part, and employees of the lead's
// department.
func (b *batch) addJob(c random, data companyData, n int, l *library) (job, error) {
	kind, text := jobCategory("engineering"), l.phrases.ExtraJobs.Engineering
	if n%2 == 1 || len(data.kits) == 1 {
		kind, text = "customers", l.phrases.ExtraJobs.Customers
	}
	place := pick(c, l.phrases.ExtraJobs.Places)
	zone, err := time.LoadLocation(place.Zone)
	if err != nil {
		return job{}, fmt.Errorf("load time zone of place %s: %w", place.Location, err)
	}
	at := office{zone}
	created := at.workTime(data.now.Add(-c.between(195*day, 240*day)))
	opened := created.Add(c.between(time.Hour, 20*time.Hour))
	lead := data.panelists[1+n%2]
	row := jobRow{
		ID: c.id(created), Title: fmt.Sprintf("%s, %s (%s)", pick(c, text.Roles), pick(c, text.Teams), place.Location),
		Department: lead.department, Location: place.Location,
		Description: "One of several similar positions in a growing team.",
		Status:      stored.JobStatusOpen, OpenedAt: &opened, Version: 2, CreatedAt: created, UpdatedAt: opened,
	}
	b.jobs = append(b.jobs, row)
	made := job{
		id: row.ID, category: kind, department: row.Department, office: at, status: row.Status,
		opened: opened, until: data.now, leads: []person{lead},
	}
	for _, p := range data.panelists {
		role := stored.JobRoleInterviewer
		switch {
		case p.id == lead.id:
			role = stored.JobRoleHiringManager
		case p.role == stored.RoleHR:
			role = stored.JobRoleRecruiter
		case p.role != stored.RoleEmployee || p.department != row.Department:
			continue
		}
		b.members = append(b.members, memberRow{
			JobID: row.ID, UserID: p.id, Role: role, CreatedAt: created, UpdatedAt: created,
		})
		made.team = append(made.team, p)
	}
	return made, nil
}

// bias returns how much higher than others a user rates, in rating levels. It is the same in every part.
func bias(seed uint64, email string) float64 { return 0.35 * newRandom(seed, email, 0).NormFloat64() }
