package server_test

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// hiringMatrix is the part of the matrix that is about hiring.
func hiringMatrix() map[string]string {
	const everybody, leaders, managers = "ETHA", "-THA", "--HA"
	decided := map[string]string{}
	for who, operations := range map[string]string{
		everybody: `ListJobs GetJob ListJobMembers ListCandidates GetCandidate ExportCandidates ListApplications GetApplication
			ExportApplications ListApplicationHistory ListKits GetKit ListKitVersions GetKitVersion ListInterviews GetInterview
			ListInterviewHistory GetInterviewCalendar GetMyCalendar RespondToInterview StartInterview FinishInterview MarkInterviewNoShow
			CreateScore UpdateScore SubmitScore GetScore ListScores ExportScores ListScoreRevisions GetInterviewSummary GetApplicationSummary`,
		leaders: `MoveApplication HoldApplication ResumeApplication RejectApplication WithdrawApplication CreateKit UpdateKit CreateKitVersion
			UpdateKitVersion PublishKitVersion ArchiveKitVersion CreateInterview UpdateInterview ScheduleInterview RescheduleInterview
			CancelInterview SetPanelist RemovePanelist GetJobPipeline GetJobPipelineChart ListInterviewerFigures`,
		managers: `CreateJob UpdateJob OpenJob HoldJob CloseJob SetJobMember RemoveJobMember CreateCandidate UpdateCandidate ArchiveCandidate
			RestoreCandidate ImportCandidatesCSV ImportCandidatesNDJSON CreateApplication ReactivateApplication CompleteInterview ReopenInterview
			ReopenScore VoidScore`,
	} {
		for id := range strings.FieldsSeq(operations) {
			decided[id] = who
		}
	}
	return decided
}

// process is one application from the job to the score, which the caller of a scene may see and handle as far as their role
// goes: they are a member of the job, and on the panel of an interview of it.
type process struct {
	*scene
	hiring         *testkit.Hiring
	job, candidate uuid.UUID
	application    uuid.UUID
	kit, version   uuid.UUID
	interview      uuid.UUID
	colleague      testkit.User
}

// process arranges an application in the stage screening.
func (s *scene) process() *process {
	p := &process{scene: s, hiring: s.installation.Hiring(s.company)}
	p.colleague = s.target()
	p.job = p.hiring.Job(api.JobStatusOpen, s.caller)
	p.candidate = p.hiring.Candidate()
	p.application = p.hiring.Application(p.candidate, p.job, api.ApplicationStageScreening)
	p.kit, p.version = p.hiring.KitVersion(api.KitVersionStatusPublished)
	p.hiring.Interview(p.application, p.version, api.InterviewStatusCompleted, s.caller)
	return p
}

// held arranges an interview besides, in some status.
func (s *scene) held(status api.InterviewStatus) *process {
	p := s.process()
	p.interview = p.hiring.Interview(p.application, p.version, status, s.caller, p.colleague)
	return p
}

func (p *process) at(body any, names ...string) call {
	ids := map[string]uuid.UUID{
		"job_id": p.job, "candidate_id": p.candidate, "application_id": p.application, "kit_id": p.kit,
		"kit_version_id": p.version, "interview_id": p.interview, "user_id": p.colleague.ID,
	}
	parameters := map[string]string{}
	for _, name := range names {
		parameters[name] = ids[name].String()
	}
	return call{status: http.StatusOK, parameters: parameters, body: body}
}

func (c call) with(status int, headers ...string) call {
	c.status, c.headers = status, headers
	return c
}

func (c call) and(name string, id uuid.UUID) call {
	c.parameters[name] = id.String()
	return c
}

// ownKit gives a kit of the caller's job whose version is in some status.
func (p *process) ownKit(status api.KitVersionStatus) *process {
	p.kit, p.version = p.hiring.KitVersion(status)
	p.installation.Exec(`UPDATE kits SET job_id = $2 WHERE company_id = $1 AND id = $3`, p.company.ID, p.job, p.kit)
	return p
}

// hiringIDs gives ids of hiring resources of a company by the names that paths have for them.
func hiringIDs(s *scene) map[string]string {
	p := s.held(api.InterviewStatusAwaitingScores)
	score := p.hiring.Score(p.interview, p.colleague, api.ScoreStatusSubmitted, 4)
	return p.at(nil, "job_id", "candidate_id", "application_id", "kit_id", "kit_version_id", "interview_id").
		and("score_id", score).parameters
}

// hiringRequests is the smallest valid request of every operation about hiring.
func hiringRequests() map[string]func(*scene) call {
	ok := func(*scene) call { return call{status: http.StatusOK} }
	of := func(body any, names ...string) func(*scene) call {
		return func(s *scene) call { return s.process().at(body, names...) }
	}
	during := func(status api.InterviewStatus, body any) func(*scene) call {
		return func(s *scene) call { return s.held(status).at(body, "interview_id") }
	}
	application := func(state string, body any) func(*scene) call {
		return func(s *scene) call {
			p := s.process()
			s.installation.Exec(`UPDATE applications SET status = $2::text,
				rejection_reason = CASE WHEN $2::text = 'rejected' THEN 'other' END WHERE id = $1`, p.application, state)
			return p.at(body, "application_id")
		}
	}
	kit := func(status api.KitVersionStatus, body any) func(*scene) call {
		return func(s *scene) call {
			return s.process().ownKit(status).at(body, "kit_id", "kit_version_id").with(http.StatusOK, "If-Match", "*")
		}
	}
	own := func(status api.ScoreStatus, body any) func(*scene) call {
		return func(s *scene) call {
			p := s.held(api.InterviewStatusAwaitingScores)
			return p.at(body).and("score_id", p.hiring.Score(p.interview, s.caller, status, 4)).with(http.StatusOK, "If-Match", "*")
		}
	}
	others := func(s *scene) call {
		p := s.process()
		p.interview = p.hiring.Interview(p.application, p.version, api.InterviewStatusAwaitingScores, p.colleague)
		return p.at(map[string]any{"reason": "Wrong candidate."}).
			and("score_id", p.hiring.Score(p.interview, p.colleague, api.ScoreStatusSubmitted, 4))
	}
	job := func(status api.JobStatus) func(*scene) call {
		return func(s *scene) call {
			return call{status: http.StatusOK, parameters: map[string]string{
				"job_id": s.installation.Hiring(s.company).Job(status).String(),
			}}
		}
	}
	candidate := func(status api.CandidateStatus, body any) func(*scene) call {
		return func(s *scene) call {
			id := s.installation.Hiring(s.company).Candidate()
			s.installation.Exec(`UPDATE candidates SET status = $2 WHERE id = $1`, id, status)
			return call{status: http.StatusOK, parameters: map[string]string{"candidate_id": id.String()}, body: body}
		}
	}
	upload := func(media, body string) func(*scene) call {
		return func(*scene) call { return call{body: body}.with(http.StatusOK, "Content-Type", media) }
	}
	reason := map[string]any{"reason": "The candidate asked for it."}
	times := map[string]any{"starts_at": "2027-01-12T10:00:00+01:00", "ends_at": "2027-01-12T11:00:00+01:00", "timezone": "Europe/Berlin"}
	return map[string]func(*scene) call{
		"ListJobs": ok, "ListCandidates": ok, "ListApplications": ok, "ListKits": ok, "ListInterviews": ok, "ListScores": ok,
		"ExportCandidates": ok, "ExportApplications": ok, "ExportScores": ok, "GetMyCalendar": ok, "ListInterviewerFigures": ok,

		"GetJob": of(nil, "job_id"), "ListJobMembers": of(nil, "job_id"),
		"GetJobPipeline": of(nil, "job_id"), "GetJobPipelineChart": of(nil, "job_id"),
		"CreateJob": func(*scene) call { return call{status: http.StatusCreated, body: map[string]any{"title": "Welder"}} },
		"UpdateJob": of(map[string]any{"location": nil}, "job_id"),
		"OpenJob":   job(api.JobStatusDraft), "HoldJob": job(api.JobStatusOpen), "CloseJob": job(api.JobStatusOpen),
		"SetJobMember": of(map[string]any{"role": "recruiter"}, "job_id", "user_id"),
		"RemoveJobMember": func(s *scene) call {
			p := s.process()
			p.hiring.Member(p.job, p.colleague)
			return p.at(nil, "job_id", "user_id").with(http.StatusNoContent)
		},

		"GetCandidate": of(nil, "candidate_id"),
		"CreateCandidate": func(*scene) call {
			return call{status: http.StatusCreated, body: map[string]any{"first_name": "Mira", "last_name": "Solheim"}}
		},
		"UpdateCandidate":        candidate(api.CandidateStatusActive, map[string]any{"phone": nil}),
		"ArchiveCandidate":       candidate(api.CandidateStatusActive, nil),
		"RestoreCandidate":       candidate(api.CandidateStatusArchived, nil),
		"ImportCandidatesCSV":    upload("text/csv", "first_name,last_name\r\nMira,Solheim\r\n"),
		"ImportCandidatesNDJSON": upload("application/x-ndjson", `{"first_name":"Mira","last_name":"Solheim"}`+"\n"),

		"GetApplication": of(nil, "application_id"), "ListApplicationHistory": of(nil, "application_id"),
		"GetApplicationSummary": of(nil, "application_id"),
		"CreateApplication": func(s *scene) call {
			h := s.installation.Hiring(s.company)
			return call{status: http.StatusCreated, body: map[string]any{"candidate_id": h.Candidate(), "job_id": h.Job(api.JobStatusOpen)}}
		},
		"MoveApplication": application("active", map[string]any{"to": "interview"}),
		"HoldApplication": application("active", nil), "ResumeApplication": application("on_hold", nil),
		"RejectApplication":     application("active", map[string]any{"rejection_reason": "other"}),
		"WithdrawApplication":   application("active", nil),
		"ReactivateApplication": application("rejected", reason),

		"GetKit": of(nil, "kit_id"), "ListKitVersions": of(nil, "kit_id"), "GetKitVersion": of(nil, "kit_id", "kit_version_id"),
		"CreateKit": func(s *scene) call {
			return call{status: http.StatusCreated, body: map[string]any{"name": "Kit", "job_id": s.process().job}}
		},
		"UpdateKit": func(s *scene) call {
			return s.process().ownKit(api.KitVersionStatusDraft).at(map[string]any{"description": "New."}, "kit_id").
				with(http.StatusOK, "If-Match", "*")
		},
		"CreateKitVersion": func(s *scene) call {
			return s.process().ownKit(api.KitVersionStatusPublished).at(nil, "kit_id").with(http.StatusCreated)
		},
		"UpdateKitVersion":  kit(api.KitVersionStatusDraft, map[string]any{"questions": []any{}}),
		"PublishKitVersion": kit(api.KitVersionStatusDraft, nil),
		"ArchiveKitVersion": kit(api.KitVersionStatusPublished, nil),

		"GetInterview":         during(api.InterviewStatusScheduled, nil),
		"ListInterviewHistory": during(api.InterviewStatusScheduled, nil),
		"GetInterviewCalendar": during(api.InterviewStatusScheduled, nil),
		"CreateInterview": func(s *scene) call {
			p := s.process()
			return call{status: http.StatusCreated, body: map[string]any{
				"application_id": p.application, "kit_version_id": p.version, "title": "Technical interview", "kind": "video",
			}}
		},
		"UpdateInterview": func(s *scene) call {
			return s.held(api.InterviewStatusScheduled).at(map[string]any{"instructions": nil}, "interview_id").
				with(http.StatusOK, "If-Match", "*")
		},
		"SetPanelist": func(s *scene) call {
			return s.held(api.InterviewStatusDraft).at(map[string]any{"score_required": false}, "interview_id", "user_id")
		},
		"RemovePanelist":      func(s *scene) call { return s.held(api.InterviewStatusDraft).at(nil, "interview_id", "user_id") },
		"ScheduleInterview":   during(api.InterviewStatusDraft, times),
		"RescheduleInterview": during(api.InterviewStatusScheduled, times),
		"RespondToInterview":  during(api.InterviewStatusScheduled, map[string]any{"response": "accepted"}),
		"StartInterview":      during(api.InterviewStatusScheduled, nil),
		"FinishInterview":     during(api.InterviewStatusInProgress, nil),
		"MarkInterviewNoShow": during(api.InterviewStatusScheduled, nil),
		"CancelInterview":     during(api.InterviewStatusScheduled, nil),
		"CompleteInterview":   during(api.InterviewStatusAwaitingScores, reason),
		"ReopenInterview":     during(api.InterviewStatusCompleted, reason),
		"GetInterviewSummary": during(api.InterviewStatusAwaitingScores, nil),

		"CreateScore": func(s *scene) call {
			return s.held(api.InterviewStatusInProgress).at(nil, "interview_id").with(http.StatusCreated)
		},
		"GetScore":           own(api.ScoreStatusDraft, nil),
		"UpdateScore":        own(api.ScoreStatusDraft, map[string]any{"comment": "Calm under pressure."}),
		"SubmitScore":        own(api.ScoreStatusDraft, nil),
		"ListScoreRevisions": own(api.ScoreStatusSubmitted, nil),
		"ReopenScore":        others, "VoidScore": others,
	}
}
