package testkit

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// Hiring inserts rows that tests about hiring need: jobs, candidates, applications, kits, interviews and scores.
// The rows are such as the service itself would have written.
type Hiring struct {
	t            testing.TB
	installation *Installation
	company      Company
	count        atomic.Int64
}

// Hiring returns the Hiring of a company.
func (i *Installation) Hiring(company Company) *Hiring {
	i.t.Helper()
	return &Hiring{t: i.t, installation: i, company: company}
}

// next numbers what is arranged, so that names differ, also in parallel subtests.
func (h *Hiring) next() int64 { return h.count.Add(1) }

func (h *Hiring) exec(sql string, args ...any) {
	h.t.Helper()
	h.installation.Exec(sql, append([]any{h.company.ID}, args...)...)
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Job creates a job. Its members have the role interviewer.
func (h *Hiring) Job(status api.JobStatus, members ...User) uuid.UUID {
	h.t.Helper()
	id := newID()
	h.exec(`INSERT INTO jobs (company_id, id, title, status, created_at, updated_at)
		VALUES ($1, $2, $3, $4, now(), now())`,
		id, fmt.Sprintf("Job %d", h.next()), status)
	for _, member := range members {
		h.Member(id, member)
	}
	return id
}

// Member makes a user a member of a job.
func (h *Hiring) Member(job uuid.UUID, user User) {
	h.t.Helper()
	h.exec(`INSERT INTO job_members (company_id, job_id, user_id, role, created_at, updated_at)
		VALUES ($1, $2, $3, 'interviewer', now(), now())`, job, user.ID)
}

// Candidate creates an active candidate.
func (h *Hiring) Candidate() uuid.UUID {
	h.t.Helper()
	id, n := newID(), h.next()
	h.exec(`INSERT INTO candidates (company_id, id, first_name, last_name, email, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, now(), now())`,
		id, fmt.Sprintf("First%d", n), fmt.Sprintf("Last%d", n), fmt.Sprintf("candidate%d@mail.example", n))
	return id
}

// Application creates an application with its first move, made by HR. It is active, or hired if that is its stage.
func (h *Hiring) Application(candidate, job uuid.UUID, stage api.ApplicationStage) uuid.UUID {
	h.t.Helper()
	id := newID()
	status := api.ApplicationStatusActive
	if stage == api.ApplicationStageHired {
		status = api.ApplicationStatusHired
	}
	h.exec(`INSERT INTO applications
		(company_id, id, candidate_id, job_id, stage, furthest_stage, status, stage_entered_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $5, $6, now(), now(), now())`, id, candidate, job, stage, status)
	h.exec(`INSERT INTO application_moves
		(company_id, id, application_id, job_id, candidate_id, event, to_stage, to_status, actor_id, created_at)
		VALUES ($1, $2, $3, $4, $5, 'apply', 'applied', 'active', $6, now())`,
		newID(), id, job, candidate, h.company.Users[api.RoleHr].ID)
	return id
}

// Criteria returns the criteria of every kit version that KitVersion creates: weights 3 and 1, the first required.
func Criteria() []api.KitCriterion {
	anchors := []api.Anchor{"one", "two", "three", "four", "five"}
	return []api.KitCriterion{
		{Key: "problem_solving", Title: "Problem solving", Weight: 3, Required: true, Anchors: anchors},
		{Key: "communication", Title: "Communication", Weight: 1, Required: false, Anchors: anchors},
	}
}

// KitVersion creates a kit for the whole company with one version of Criteria; draft, published or archived.
func (h *Hiring) KitVersion(status api.KitVersionStatus) (kit, version uuid.UUID) {
	h.t.Helper()
	kit, version = newID(), newID()
	criteria, err := json.Marshal(Criteria())
	must(h.t, err)
	// One statement, because a kit always has a version.
	h.exec(`WITH kit AS (
			INSERT INTO kits (company_id, id, name, created_at, updated_at) VALUES ($1, $2, $3, now(), now()) RETURNING id
		)
		INSERT INTO kit_versions
			(company_id, id, kit_id, number, status, criteria, content_hash, published_at, published_by, created_at, updated_at)
		SELECT $1, $4, kit.id, 1, $5::text, $6, CASE WHEN $5::text = 'draft' THEN NULL ELSE repeat('0', 64) END,
			CASE WHEN $5::text = 'draft' THEN NULL ELSE now() END,
			CASE WHEN $5::text = 'draft' THEN NULL ELSE $7::uuid END, now(), now()
		FROM kit`,
		kit, fmt.Sprintf("Kit %d", h.next()), version, status, criteria, h.company.Users[api.RoleHr].ID)
	return kit, version
}

// Interview creates an interview of one hour, tomorrow in UTC, with a panel whose scores are required. A draft has no
// time.
func (h *Hiring) Interview(application, version uuid.UUID, status api.InterviewStatus, panel ...User) uuid.UUID {
	h.t.Helper()
	id := newID()
	var starts, ends *time.Time
	var zone *string
	if status != api.InterviewStatusDraft {
		from := time.Now().UTC().Truncate(time.Hour).Add(24 * time.Hour)
		to, utc := from.Add(time.Hour), "UTC"
		starts, ends, zone = &from, &to, &utc
	}
	h.exec(`INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind,
			status, starts_at, ends_at, timezone, started_at, finished_at, completed_at, created_by, created_at, updated_at)
		SELECT $1, $2, a.id, a.job_id, a.candidate_id, $4, $5, 'video', $6::text, $7, $8, $9,
			CASE WHEN $6::text IN ('in_progress', 'awaiting_scores', 'completed') THEN now() END,
			CASE WHEN $6::text IN ('awaiting_scores', 'completed') THEN now() END,
			CASE WHEN $6::text = 'completed' THEN now() END, $10, now(), now()
		FROM applications AS a WHERE a.company_id = $1 AND a.id = $3`,
		id, application, version, fmt.Sprintf("Interview %d", h.next()), status, starts, ends, zone,
		h.company.Users[api.RoleHr].ID)
	for _, user := range panel {
		h.exec(`INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at)
			VALUES ($1, $2, $3, now(), now())`, id, user.ID)
	}
	return id
}

// Score creates a score of a panelist with the same rating for both Criteria and the recommendation yes.
func (h *Hiring) Score(interview uuid.UUID, rater User, status api.ScoreStatus, rating int) uuid.UUID {
	h.t.Helper()
	id := newID()
	ratings := fmt.Sprintf(`[{"criterion_key":"problem_solving","rating":%[1]d,"not_observed":false,"note":null},
		{"criterion_key":"communication","rating":%[1]d,"not_observed":false,"note":null}]`, rating)
	h.exec(`INSERT INTO scores (company_id, id, interview_id, application_id, job_id, rater_id, status, ratings,
			recommendation, weighted_score, coverage, submitted_at, created_at, updated_at)
		SELECT $1, $2, i.id, i.application_id, i.job_id, $4, $5::text, $6, 'yes', $7, 1,
			CASE WHEN $5::text = 'draft' THEN NULL ELSE now() END, now(), now()
		FROM interviews AS i WHERE i.company_id = $1 AND i.id = $3`,
		id, interview, rater.ID, status, ratings, float64(rating))
	return id
}
