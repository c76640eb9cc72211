package demo

import (
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
)

// person is somebody who works for the company.
type person struct {
	id         uuid.UUID
	role       api.Role
	department string
	// bias is how much better than others they rate the same performance, in levels.
	bias float64
}

// job is a job that candidates may have applied to.
type job struct {
	id         uuid.UUID
	family     family
	department string
	office     office
	status     api.JobStatus
	// opened and until bound when somebody may have applied.
	opened, until time.Time
	popularity    int
	// leads are the team leads whose job it is, team all its members.
	leads, team []person
}

// takes is how likely it is, beside other jobs, that an application with an outcome that came in at a time is one to
// this job.
func (j job) takes(applied time.Time, to outcome) int {
	if applied.Before(j.opened.Add(4*day)) || applied.After(j.until) {
		return 0
	}
	switch {
	case j.status == api.JobStatusOpen, j.status == api.JobStatusOnHold && to.status == api.ApplicationStatusOnHold:
		return 4 * j.popularity
	case j.status == api.JobStatusOnHold:
		return j.popularity
	case to.closed():
		return 6 * j.popularity
	}
	return 0
}

// kit is a kit as interviews choose from its versions.
type kit struct {
	versions []kitVersion // the newest first
	notes    map[string]noteText
}

// kitVersion is a version that was published.
type kitVersion struct {
	id        uuid.UUID
	published time.Time
	criteria  []scoring.Criterion
}

// at is the version that a new interview had at a time, nil where nothing was published yet.
func (k kit) at(t time.Time) *kitVersion {
	for i, version := range k.versions {
		if !version.published.After(t) {
			return &k.versions[i]
		}
	}
	return nil
}

// setting is what a part of the demo takes place in.
type setting struct {
	now time.Time
	// managers run hiring for the company.
	managers []person
	// panelists are who can be on a panel.
	panelists []person
	jobs      []job
	kits      map[family]kit
}
