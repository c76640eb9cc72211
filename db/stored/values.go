// Package stored declares the types of columns: those with a fixed set of values, and the elements of those with JSON.
// The generated queries (gen/db) use them.
//
// They are separate from the types of the API, so that a change of the API does not change stored rows. Handlers
// convert them where they read a request and where they build a response.
package stored

// ActorKind is the kind of an actor in principals and in the audit log.
type ActorKind string

// The values of ActorKind.
const (
	ActorKindUser      ActorKind = "user"
	ActorKindAPIKey    ActorKind = "api_key"
	ActorKindCandidate ActorKind = "candidate"
	// ActorKindSystem is the service itself, at work that nobody requested, and its operator.
	ActorKindSystem ActorKind = "system"
	// ActorKindEvaluator is a model that evaluates candidates.
	ActorKindEvaluator ActorKind = "evaluator"
)

// Role is the role of a user in their company.
type Role string

// The values of Role.
const (
	RoleEmployee Role = "employee"
	RoleTeamLead Role = "team_lead"
	RoleHR       Role = "hr"
	RoleAdmin    Role = "admin"
)

// Valid reports whether the role is one of the values.
func (r Role) Valid() bool {
	switch r {
	case RoleEmployee, RoleTeamLead, RoleHR, RoleAdmin:
		return true
	}
	return false
}

// Language is the language in which a user reads mails and pages (ISO 639-1).
type Language string

// The values of Language.
const (
	LanguageEN Language = "en"
	LanguageDE Language = "de"
	LanguageFR Language = "fr"
	LanguageES Language = "es"
)

// Valid reports whether the language is one of the values.
func (l Language) Valid() bool {
	switch l {
	case LanguageEN, LanguageDE, LanguageFR, LanguageES:
		return true
	}
	return false
}

// MailKind is what a mail is about.
type MailKind string

// The values of MailKind.
const (
	MailKindPasswordReset   MailKind = "password_reset"
	MailKindPasswordChanged MailKind = "password_changed"
)

// MailState tells what became of a mail.
type MailState string

// The values of MailState.
const (
	// MailStateWaiting means that no server has accepted or refused it yet.
	MailStateWaiting MailState = "waiting"
	// MailStateSending means that it is being handed over to a server.
	MailStateSending MailState = "sending"
	MailStateSent    MailState = "sent"
	// MailStateKept means that it was not sent, because no server is configured.
	MailStateKept MailState = "kept"
	// MailStateFailed means that a server refused it for good, or that it was refused too often.
	MailStateFailed MailState = "failed"
	// MailStateUnknown means that nobody knows whether the server accepted it.
	MailStateUnknown MailState = "unknown"
	// MailStateCanceled means that it was not sent, because its link had ended.
	MailStateCanceled MailState = "canceled"
)

// RevocationReason is the reason for which a session ended before its expiry.
type RevocationReason string

// The values of RevocationReason.
const (
	RevocationReasonLogout             RevocationReason = "logout"
	RevocationReasonRevoked            RevocationReason = "revoked"
	RevocationReasonRevokedByAdmin     RevocationReason = "revoked_by_admin"
	RevocationReasonPasswordChanged    RevocationReason = "password_changed"
	RevocationReasonUserDeactivated    RevocationReason = "user_deactivated"
	RevocationReasonCompanyDeactivated RevocationReason = "company_deactivated"
	// RevocationReasonTokenReuse means that a refresh token was used a second time.
	RevocationReasonTokenReuse RevocationReason = "token_reuse"
)

// AuditOutcome is the outcome of an act.
type AuditOutcome string

// The values of AuditOutcome.
const (
	AuditOutcomeSuccess AuditOutcome = "success"
	AuditOutcomeFailure AuditOutcome = "failure"
	AuditOutcomeDenied  AuditOutcome = "denied"
)

// JobStatus tells whether a job accepts applications.
type JobStatus string

// The values of JobStatus.
const (
	JobStatusDraft  JobStatus = "draft"
	JobStatusOpen   JobStatus = "open"
	JobStatusOnHold JobStatus = "on_hold"
	JobStatusClosed JobStatus = "closed"
)

// JobRole is the role of a member in a job.
type JobRole string

// The values of JobRole.
const (
	JobRoleHiringManager JobRole = "hiring_manager"
	JobRoleRecruiter     JobRole = "recruiter"
	JobRoleInterviewer   JobRole = "interviewer"
)

// CandidateStatus tells whether a candidate can apply.
type CandidateStatus string

// The values of CandidateStatus.
const (
	CandidateStatusActive   CandidateStatus = "active"
	CandidateStatusArchived CandidateStatus = "archived"
)

// ApplicationStage is the position of an application in hiring. The stages are listed in order.
type ApplicationStage string

// The values of ApplicationStage.
const (
	ApplicationStageApplied    ApplicationStage = "applied"
	ApplicationStageScreening  ApplicationStage = "screening"
	ApplicationStageInterview  ApplicationStage = "interview"
	ApplicationStageEvaluation ApplicationStage = "evaluation"
	ApplicationStageOffer      ApplicationStage = "offer"
	ApplicationStageHired      ApplicationStage = "hired"
)

// ApplicationStatus tells whether an application is being considered.
type ApplicationStatus string

// The values of ApplicationStatus.
const (
	ApplicationStatusActive    ApplicationStatus = "active"
	ApplicationStatusOnHold    ApplicationStatus = "on_hold"
	ApplicationStatusHired     ApplicationStatus = "hired"
	ApplicationStatusRejected  ApplicationStatus = "rejected"
	ApplicationStatusWithdrawn ApplicationStatus = "withdrawn"
)

// RejectionReason is the reason for a rejection.
type RejectionReason string

// The values of RejectionReason.
const (
	RejectionReasonNotQualified      RejectionReason = "not_qualified"
	RejectionReasonLacksExperience   RejectionReason = "lacks_experience"
	RejectionReasonFailedAssessment  RejectionReason = "failed_assessment"
	RejectionReasonStrongerCandidate RejectionReason = "stronger_candidate"
	RejectionReasonCompensation      RejectionReason = "compensation"
	RejectionReasonLocation          RejectionReason = "location"
	RejectionReasonWorkAuthorization RejectionReason = "work_authorization"
	RejectionReasonAvailability      RejectionReason = "availability"
	RejectionReasonPositionFilled    RejectionReason = "position_filled"
	RejectionReasonPositionCancelled RejectionReason = "position_cancelled"
	RejectionReasonDuplicate         RejectionReason = "duplicate"
	RejectionReasonOther             RejectionReason = "other"
)

// ApplicationEvent is a change of an application's stage or status.
type ApplicationEvent string

// The values of ApplicationEvent.
const (
	ApplicationEventApply      ApplicationEvent = "apply"
	ApplicationEventAdvance    ApplicationEvent = "advance"
	ApplicationEventSkip       ApplicationEvent = "skip"
	ApplicationEventReturn     ApplicationEvent = "return"
	ApplicationEventHold       ApplicationEvent = "hold"
	ApplicationEventResume     ApplicationEvent = "resume"
	ApplicationEventReject     ApplicationEvent = "reject"
	ApplicationEventWithdraw   ApplicationEvent = "withdraw"
	ApplicationEventReactivate ApplicationEvent = "reactivate"
)

// KitVersionStatus tells whether a version is being written, in use, or archived.
type KitVersionStatus string

// The values of KitVersionStatus.
const (
	KitVersionStatusDraft     KitVersionStatus = "draft"
	KitVersionStatusPublished KitVersionStatus = "published"
	KitVersionStatusArchived  KitVersionStatus = "archived"
)

// InterviewKind is how an interview is held.
type InterviewKind string

// The values of InterviewKind.
const (
	InterviewKindPhone  InterviewKind = "phone"
	InterviewKindVideo  InterviewKind = "video"
	InterviewKindOnsite InterviewKind = "onsite"
	InterviewKindText   InterviewKind = "text"
	InterviewKindAI     InterviewKind = "ai"
)

// InterviewStatus is the progress of an interview.
type InterviewStatus string

// The values of InterviewStatus.
const (
	InterviewStatusDraft          InterviewStatus = "draft"
	InterviewStatusScheduled      InterviewStatus = "scheduled"
	InterviewStatusInProgress     InterviewStatus = "in_progress"
	InterviewStatusAwaitingScores InterviewStatus = "awaiting_scores"
	InterviewStatusCompleted      InterviewStatus = "completed"
	InterviewStatusNoShow         InterviewStatus = "no_show"
	InterviewStatusCancelled      InterviewStatus = "cancelled"
)

// InterviewEvent is a change of an interview.
type InterviewEvent string

// The values of InterviewEvent.
const (
	InterviewEventCreate     InterviewEvent = "create"
	InterviewEventSchedule   InterviewEvent = "schedule"
	InterviewEventReschedule InterviewEvent = "reschedule"
	InterviewEventStart      InterviewEvent = "start"
	InterviewEventFinish     InterviewEvent = "finish"
	InterviewEventMarkNoShow InterviewEvent = "mark_no_show"
	InterviewEventCancel     InterviewEvent = "cancel"
	InterviewEventComplete   InterviewEvent = "complete"
	InterviewEventReopen     InterviewEvent = "reopen"
)

// PanelResponse tells whether a panelist will attend.
type PanelResponse string

// The values of PanelResponse.
const (
	PanelResponseNeedsAction PanelResponse = "needs_action"
	PanelResponseAccepted    PanelResponse = "accepted"
	PanelResponseDeclined    PanelResponse = "declined"
	PanelResponseTentative   PanelResponse = "tentative"
)

// ScoreStatus tells whether a score is a draft, counts, or no longer counts.
type ScoreStatus string

// The values of ScoreStatus.
const (
	ScoreStatusDraft     ScoreStatus = "draft"
	ScoreStatusSubmitted ScoreStatus = "submitted"
	ScoreStatusVoided    ScoreStatus = "voided"
)

// ScoreEvent is the event that ended a revision of a score.
type ScoreEvent string

// The values of ScoreEvent.
const (
	ScoreEventReopen ScoreEvent = "reopen"
	ScoreEventVoid   ScoreEvent = "void"
)

// Recommendation is the answer of a score to whether the candidate should be hired.
type Recommendation string

// The values of Recommendation.
const (
	RecommendationDefinitelyNo Recommendation = "definitely_no"
	RecommendationNo           Recommendation = "no"
	RecommendationNoDecision   Recommendation = "no_decision"
	RecommendationYes          Recommendation = "yes"
	RecommendationStrongYes    Recommendation = "strong_yes"
)
