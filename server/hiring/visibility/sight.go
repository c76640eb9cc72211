// Package visibility says what of hiring a person may see, in the form that queries take: HR and admins see everything in
// their company, team leads the jobs that they are a member of and what belongs to them, and everyone the interviews
// that they are on the panel of. An API key sees what HR sees, or what a team lead sees of the jobs that it is limited
// to. The queries hold the rows against it, so what may not be seen is not found.
package visibility

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// Sight is what a caller may see. Where All is false, the lists say what; none of them is nil, because a query takes a
// nil list for no value.
type Sight struct {
	who access.Actor
	// All of the company is visible.
	All bool
	// Jobs are those whose applications, candidates, interviews and scores are visible: those that a team lead is a
	// member of.
	Jobs []uuid.UUID
	// Interviews are those that the caller is on the panel of; Applications and InterviewJobs are what these belong to.
	Interviews    []uuid.UUID
	Applications  []uuid.UUID
	InterviewJobs []uuid.UUID
	// MemberJobs are the jobs that the caller is a member of, whatever their role.
	MemberJobs []uuid.UUID
}

// Of gives what a caller may see, asking the database once where their role does not say it already.
func Of(ctx context.Context, tenant *db.Queries, who access.Actor) (Sight, error) {
	s := Sight{
		who: who, All: seesAll(who), Jobs: []uuid.UUID{}, Interviews: []uuid.UUID{}, Applications: []uuid.UUID{},
		InterviewJobs: []uuid.UUID{}, MemberJobs: []uuid.UUID{},
	}
	if s.All {
		return s, nil
	}
	if who.Limited() {
		s.Jobs, s.MemberJobs = who.Key.Jobs, who.Key.Jobs
		return s, nil
	}
	row, err := tenant.GetSight(ctx, db.GetSightParams{CompanyID: who.CompanyID, UserID: who.ID})
	if err != nil {
		return s, err
	}
	s.MemberJobs, s.Interviews, s.Applications = row.MemberJobs, row.Interviews, row.Applications
	s.InterviewJobs = row.InterviewJobs
	if who.Role == api.RoleTeamLead {
		s.Jobs = row.MemberJobs
	}
	return s, nil
}

// Standing is what the caller is to something that belongs to a job.
func (s Sight) Standing(job uuid.UUID) lifecycle.Standing {
	return lifecycle.Standing{Role: s.who.Role, Member: slices.Contains(s.Jobs, job), Scopes: s.who.Scopes()}
}

func seesAll(who access.Actor) bool {
	switch who.Role {
	case api.RoleHr, api.RoleAdmin:
		return !who.Limited()
	case api.RoleEmployee, api.RoleTeamLead:
	}
	return false
}
