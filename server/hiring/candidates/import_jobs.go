package candidates

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// loadJobs reads the jobs that the rows of a batch refer to, and locks them if the pass writes. It returns the open
// applications of candidates to these jobs.
func (in *importer) loadJobs(
	ctx context.Context, rows []importRow, candidates []db.Candidate,
) (map[[2]uuid.UUID]bool, error) {
	query := db.ListImportedJobsParams{
		CompanyID: in.actor.CompanyID, ActorID: in.actor.ID, Reach: in.actor.Reach().String(),
	}
	var jobs, candidateIDs []uuid.UUID
	for _, row := range rows {
		for _, text := range row.jobs {
			if in.jobs[text] == nil && !slices.Contains(query.Wanted, text) {
				query.Wanted = append(query.Wanted, text)
			}
		}
	}
	if len(query.Wanted) > 0 {
		found, err := in.listJobs(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, job := range found {
			in.jobs[job.Wanted] = append(in.jobs[job.Wanted], job)
		}
	}
	for _, row := range rows {
		for _, text := range row.jobs {
			for _, job := range in.jobs[text] {
				jobs = append(jobs, job.ID)
			}
		}
	}
	if len(jobs) == 0 || len(candidates) == 0 {
		return nil, nil
	}
	for _, candidate := range candidates {
		candidateIDs = append(candidateIDs, candidate.ID)
	}
	pairs, err := in.tenant.ListOpenApplicationsOf(ctx, db.ListOpenApplicationsOfParams{
		CompanyID: in.actor.CompanyID, CandidateIds: candidateIDs, JobIDs: jobs,
	})
	open := make(map[[2]uuid.UUID]bool, len(pairs))
	for _, pair := range pairs {
		open[[2]uuid.UUID{pair.CandidateID, pair.JobID}] = true
	}
	return open, err
}

func (in *importer) listJobs(ctx context.Context, query db.ListImportedJobsParams) ([]db.ListImportedJobsRow, error) {
	if !in.write {
		return in.tenant.ListImportedJobs(ctx, query)
	}
	locked, err := in.tenant.ListImportedJobsForShare(ctx, db.ListImportedJobsForShareParams(query))
	jobs := make([]db.ListImportedJobsRow, len(locked))
	for i, job := range locked {
		jobs[i] = db.ListImportedJobsRow(job)
	}
	return jobs, err
}

// jobsOf returns the jobs that the candidate of a row applies to, without those of open applications, or the errors.
func (in *importer) jobsOf(
	row importRow, current *db.Candidate, existing existingCandidates,
) (apply []uuid.UUID, fieldErrors []fault.Field) {
	refuse := func(i int, code, detail string) {
		fieldErrors = append(fieldErrors, fault.Field{
			Pointer: fmt.Sprintf("/%s/%d", jobColumn, i), Code: code, Detail: detail,
		})
	}
	for i, text := range row.jobs {
		job, code, detail := chooseJob(in.jobs[text])
		if code != "" {
			refuse(i, code, detail)
			continue
		}
		if current != nil && existing.open[[2]uuid.UUID{current.ID, job.ID}] || slices.Contains(apply, job.ID) {
			continue
		}
		status := stored.CandidateStatusActive
		if current != nil {
			status = current.Status
		}
		relation := lifecycle.RelationOf(in.actor, job.IsLed)
		if _, err := lifecycle.Candidate().Decide(status, api.CandidateActionApply, relation, nil); err != nil {
			refuse(i, "state_conflict", fmt.Sprintf("the candidate is %s and cannot apply; restore the candidate first", status))
			continue
		}
		apply = append(apply, job.ID)
	}
	return apply, fieldErrors
}

// chooseJob returns the job that a text refers to, or the code and the detail of an error. An id or external_id takes
// precedence over titles. Of jobs with the same title, the open one is meant.
func chooseJob(found []db.ListImportedJobsRow) (job db.ListImportedJobsRow, code, detail string) {
	if slices.ContainsFunc(found, func(j db.ListImportedJobsRow) bool { return j.ByID }) {
		found = slices.DeleteFunc(slices.Clone(found), func(j db.ListImportedJobsRow) bool { return !j.ByID })
	}
	open := slices.DeleteFunc(slices.Clone(found), func(j db.ListImportedJobsRow) bool {
		return j.Status != stored.JobStatusOpen
	})
	switch {
	case len(found) == 0:
		return job, "unknown", "no job has this id, external_id or title"
	case len(open) == 0:
		return job, "state_conflict", fmt.Sprintf("the job is %s; only open jobs accept applications", found[0].Status)
	case len(open) > 1:
		return job, "ambiguous", "several open jobs have this title; give the id of the job"
	}
	return open[0], "", ""
}

// applicationRow and moveRow are rows of the statement that writes many applications. Their JSON names are the columns.
type applicationRow struct {
	ID          uuid.UUID `json:"id"`
	CandidateID uuid.UUID `json:"candidate_id"`
	JobID       uuid.UUID `json:"job_id"`
}

type moveRow struct {
	ID            uuid.UUID `json:"id"`
	ApplicationID uuid.UUID `json:"application_id"`
	CandidateID   uuid.UUID `json:"candidate_id"`
	JobID         uuid.UUID `json:"job_id"`
}

// applyToJobs writes the applications of candidates that were written or locked.
func (in *importer) applyToJobs(ctx context.Context, changes []change) error {
	var applications []applicationRow
	var moves []moveRow
	for _, c := range changes {
		for _, job := range c.apply {
			id := in.candidates.Clock.ID()
			applications = append(applications, applicationRow{id, c.id, job})
			moves = append(moves, moveRow{in.candidates.Clock.ID(), id, c.id, job})
		}
	}
	in.report.ApplicationsCreated += toInt32(len(applications))
	if !in.write || len(applications) == 0 {
		return nil
	}
	query := db.InsertImportedApplicationsParams{
		CompanyID: in.actor.CompanyID, ActorID: in.actor.ID, Now: in.candidates.Clock.Now(),
	}
	var err error
	if query.Applications, err = json.Marshal(applications); err != nil {
		return fmt.Errorf("encode applications: %w", err)
	}
	if query.Moves, err = json.Marshal(moves); err != nil {
		return fmt.Errorf("encode moves: %w", err)
	}
	return in.tenant.InsertImportedApplications(ctx, query)
}
