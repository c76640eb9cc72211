package demo

import (
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// The rows of the tables, with columns as JSON members. Columns that are left out have their defaults.
type (
	userRow struct {
		ID                uuid.UUID   `json:"id"`
		Email             string      `json:"email"`
		PasswordHash      string      `json:"password_hash"`
		FirstName         string      `json:"first_name"`
		LastName          string      `json:"last_name"`
		Role              stored.Role `json:"role"`
		Department        string      `json:"department"`
		PasswordChangedAt time.Time   `json:"password_changed_at"`
		CreatedAt         time.Time   `json:"created_at"`
		UpdatedAt         time.Time   `json:"updated_at"`
	}

	jobRow struct {
		ID          uuid.UUID        `json:"id"`
		Title       string           `json:"title"`
		Department  string           `json:"department"`
		Location    string           `json:"location"`
		Description string           `json:"description"`
		Status      stored.JobStatus `json:"status"`
		OpenedAt    *time.Time       `json:"opened_at"`
		ClosedAt    *time.Time       `json:"closed_at"`
		Version     int              `json:"version"`
		CreatedAt   time.Time        `json:"created_at"`
		UpdatedAt   time.Time        `json:"updated_at"`
	}

	memberRow struct {
		JobID     uuid.UUID      `json:"job_id"`
		UserID    uuid.UUID      `json:"user_id"`
		Role      stored.JobRole `json:"role"`
		CreatedAt time.Time      `json:"created_at"`
		UpdatedAt time.Time      `json:"updated_at"`
	}

	kitRow struct {
		ID          uuid.UUID `json:"id"`
		Name        string    `json:"name"`
		Description string    `json:"description"`
		CreatedAt   time.Time `json:"created_at"`
		UpdatedAt   time.Time `json:"updated_at"`
	}

	kitVersionRow struct {
		ID          uuid.UUID               `json:"id"`
		KitID       uuid.UUID               `json:"kit_id"`
		Number      int32                   `json:"number"`
		Status      stored.KitVersionStatus `json:"status"`
		Questions   []stored.KitQuestionV1  `json:"questions"`
		Criteria    []stored.KitCriterionV1 `json:"criteria"`
		ContentHash *string                 `json:"content_hash"`
		PublishedAt *time.Time              `json:"published_at"`
		PublishedBy *uuid.UUID              `json:"published_by"`
		ArchivedAt  *time.Time              `json:"archived_at"`
		Version     int                     `json:"version"`
		CreatedAt   time.Time               `json:"created_at"`
		UpdatedAt   time.Time               `json:"updated_at"`
	}

	candidateRow struct {
		ID         uuid.UUID              `json:"id"`
		FirstName  string                 `json:"first_name"`
		LastName   string                 `json:"last_name"`
		Email      *string                `json:"email"`
		Phone      *string                `json:"phone"`
		Location   *string                `json:"location"`
		Links      []string               `json:"links"`
		Tags       []string               `json:"tags"`
		Source     *string                `json:"source"`
		ExternalID *string                `json:"external_id"`
		Status     stored.CandidateStatus `json:"status"`
		Version    int                    `json:"version"`
		CreatedAt  time.Time              `json:"created_at"`
		UpdatedAt  time.Time              `json:"updated_at"`
	}

	applicationRow struct {
		ID              uuid.UUID                `json:"id"`
		CandidateID     uuid.UUID                `json:"candidate_id"`
		JobID           uuid.UUID                `json:"job_id"`
		Stage           stored.ApplicationStage  `json:"stage"`
		FurthestStage   stored.ApplicationStage  `json:"furthest_stage"`
		Status          stored.ApplicationStatus `json:"status"`
		RejectionReason *stored.RejectionReason  `json:"rejection_reason"`
		Source          *string                  `json:"source"`
		StageEnteredAt  time.Time                `json:"stage_entered_at"`
		Version         int                      `json:"version"`
		CreatedAt       time.Time                `json:"created_at"`
		UpdatedAt       time.Time                `json:"updated_at"`
	}

	moveRow struct {
		ID              uuid.UUID                 `json:"id"`
		ApplicationID   uuid.UUID                 `json:"application_id"`
		JobID           uuid.UUID                 `json:"job_id"`
		CandidateID     uuid.UUID                 `json:"candidate_id"`
		Event           stored.ApplicationEvent   `json:"event"`
		FromStage       *stored.ApplicationStage  `json:"from_stage"`
		ToStage         stored.ApplicationStage   `json:"to_stage"`
		FromStatus      *stored.ApplicationStatus `json:"from_status"`
		ToStatus        stored.ApplicationStatus  `json:"to_status"`
		RejectionReason *stored.RejectionReason   `json:"rejection_reason"`
		Reason          *string                   `json:"reason"`
		Seconds         *int64                    `json:"seconds"`
		ActorID         uuid.UUID                 `json:"actor_id"`
		CreatedAt       time.Time                 `json:"created_at"`
	}

	interviewRow struct {
		ID            uuid.UUID              `json:"id"`
		ApplicationID uuid.UUID              `json:"application_id"`
		JobID         uuid.UUID              `json:"job_id"`
		CandidateID   uuid.UUID              `json:"candidate_id"`
		KitVersionID  uuid.UUID              `json:"kit_version_id"`
		Title         string                 `json:"title"`
		Kind          stored.InterviewKind   `json:"kind"`
		Status        stored.InterviewStatus `json:"status"`
		StartsAt      *time.Time             `json:"starts_at"`
		EndsAt        *time.Time             `json:"ends_at"`
		Timezone      *string                `json:"timezone"`
		Location      *string                `json:"location"`
		MeetingURL    *string                `json:"meeting_url"`
		Instructions  *string                `json:"instructions"`
		Reschedules   int                    `json:"reschedules"`
		StartedAt     *time.Time             `json:"started_at"`
		FinishedAt    *time.Time             `json:"finished_at"`
		CompletedAt   *time.Time             `json:"completed_at"`
		StatusReason  *string                `json:"status_reason"`
		CreatedBy     uuid.UUID              `json:"created_by"`
		Version       int                    `json:"version"`
		CreatedAt     time.Time              `json:"created_at"`
		UpdatedAt     time.Time              `json:"updated_at"`
	}

	panelistRow struct {
		InterviewID   uuid.UUID            `json:"interview_id"`
		UserID        uuid.UUID            `json:"user_id"`
		Response      stored.PanelResponse `json:"response"`
		Comment       *string              `json:"comment"`
		RespondedAt   *time.Time           `json:"responded_at"`
		ScoreRequired bool                 `json:"score_required"`
		CreatedAt     time.Time            `json:"created_at"`
		UpdatedAt     time.Time            `json:"updated_at"`
	}

	eventRow struct {
		ID           uuid.UUID               `json:"id"`
		InterviewID  uuid.UUID               `json:"interview_id"`
		Event        stored.InterviewEvent   `json:"event"`
		FromStatus   *stored.InterviewStatus `json:"from_status"`
		ToStatus     stored.InterviewStatus  `json:"to_status"`
		FromStartsAt *time.Time              `json:"from_starts_at"`
		FromEndsAt   *time.Time              `json:"from_ends_at"`
		FromTimezone *string                 `json:"from_timezone"`
		ToStartsAt   *time.Time              `json:"to_starts_at"`
		ToEndsAt     *time.Time              `json:"to_ends_at"`
		ToTimezone   *string                 `json:"to_timezone"`
		Reason       *string                 `json:"reason"`
		ActorID      *uuid.UUID              `json:"actor_id"`
		CreatedAt    time.Time               `json:"created_at"`
	}

	scoreRow struct {
		ID             uuid.UUID              `json:"id"`
		InterviewID    uuid.UUID              `json:"interview_id"`
		ApplicationID  uuid.UUID              `json:"application_id"`
		JobID          uuid.UUID              `json:"job_id"`
		RaterID        uuid.UUID              `json:"rater_id"`
		Status         stored.ScoreStatus     `json:"status"`
		Ratings        []stored.ScoreRatingV1 `json:"ratings"`
		Recommendation *stored.Recommendation `json:"recommendation"`
		Comment        *string                `json:"comment"`
		WeightedScore  *float64               `json:"weighted_score"`
		Coverage       float64                `json:"coverage"`
		Revision       int                    `json:"revision"`
		SubmittedAt    *time.Time             `json:"submitted_at"`
		StatusReason   *string                `json:"status_reason"`
		Version        int                    `json:"version"`
		CreatedAt      time.Time              `json:"created_at"`
		UpdatedAt      time.Time              `json:"updated_at"`
	}

	revisionRow struct {
		ID             uuid.UUID              `json:"id"`
		ScoreID        uuid.UUID              `json:"score_id"`
		Revision       int                    `json:"revision"`
		Event          stored.ScoreEvent      `json:"event"`
		Ratings        []stored.ScoreRatingV1 `json:"ratings"`
		Recommendation *stored.Recommendation `json:"recommendation"`
		Comment        *string                `json:"comment"`
		WeightedScore  *float64               `json:"weighted_score"`
		Coverage       float64                `json:"coverage"`
		SubmittedAt    *time.Time             `json:"submitted_at"`
		Reason         string                 `json:"reason"`
		ActorID        uuid.UUID              `json:"actor_id"`
		CreatedAt      time.Time              `json:"created_at"`
	}
)

// batch has the rows of one part, or those that all parts of a company share.
type batch struct {
	users        []userRow
	jobs         []jobRow
	members      []memberRow
	kits         []kitRow
	kitVersions  []kitVersionRow
	candidates   []candidateRow
	applications []applicationRow
	moves        []moveRow
	interviews   []interviewRow
	panelists    []panelistRow
	events       []eventRow
	scores       []scoreRow
	revisions    []revisionRow
}

// rows returns the number of rows.
func (b *batch) rows() int {
	return len(b.users) + len(b.jobs) + len(b.members) + len(b.kits) + len(b.kitVersions) + len(b.candidates) +
		len(b.applications) + len(b.moves) + len(b.interviews) + len(b.panelists) + len(b.events) + len(b.scores) +
		len(b.revisions)
}
