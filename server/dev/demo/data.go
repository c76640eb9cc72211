package demo

import (
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
)

// person is a user of the company.
type person struct {
	id         uuid.UUID
	role       stored.Role
	department string
	// bias is how much higher than others they rate the same performance, in rating levels.
	bias float64
}

// job is a job that candidates can have applied to.
type job struct {
	id         uuid.UUID
	category   jobCategory
	department string
	office     office
	status     stored.JobStatus
	// opened and until limit when applications were accepted.
	opened, until time.Time
	popularity    int
	// leads are the members who are team leads, team all members.
	leads, team []person
}

// applicationWeight returns the relative probability that an application made at the given time with the given
// outcome is to this job. It is 0 if the job did not accept applications at that time.
func (j job) applicationWeight(applied time.Time, to outcome) int {
	if applied.Before(j.opened.Add(4*day)) || applied.After(j.until) {
		return 0
	}
	switch {
	case j.status == stored.JobStatusOpen,
		j.status == stored.JobStatusOnHold && to.status == stored.ApplicationStatusOnHold:
		return 4 * j.popularity
	case j.status == stored.JobStatusOnHold:
		return j.popularity
	case to.closed():
		return 6 * j.popularity
	}
	return 0
}

// kit is a kit with its published versions.
type kit struct {
	versions []kitVersion // the newest first
	notes    map[string]noteText
}

// kitVersion is a version that is or was published.
type kitVersion struct {
	id        uuid.UUID
	published time.Time
	criteria  []scoring.Criterion
}

// at returns the version that was current at a time, or nil if none was published yet.
func (k kit) at(t time.Time) *kitVersion {
	for i, version := range k.versions {
		if !version.published.After(t) {
			return &k.versions[i]
		}
	}
	return nil
}

// companyData is the existing data of a company that a part refers to.
type companyData struct {
	now time.Time
	// managers are the users who manage hiring: HR and admins.
	managers []person
	// panelists are the users who can be on a panel.
	panelists []person
	jobs      []job
	kits      map[jobCategory]kit
}
