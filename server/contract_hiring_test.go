package server_test

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// hiringPermissions is the part of the permission matrix for the hiring operations.
func hiringPermissions() map[string]string {
	const everybody, leadsAndUp, hrAndUp = "ETHA", "-THA", "--HA"
	decided := map[string]string{}
	for roles, operations := range map[string]string{
		everybody: `ListJobs GetJob ListJobMembers ListUserJobs ExportJobs ListCandidates GetCandidate ExportCandidates ListApplications GetApplication
			ExportApplications ListApplicationHistory ListKits GetKit ListKitVersions GetKitVersion ListInterviews GetInterview ExportInterviews
			ListInterviewHistory GetInterviewCalendar GetMyCalendar RespondToInterview StartInterview FinishInterview MarkInterviewNoShow
			CreateScore UpdateScore SubmitScore GetScore ListScores ExportScores ListScoreRevisions GetInterviewSummary GetApplicationSummary
			FollowEvents`,
		leadsAndUp: `MoveApplication HoldApplication ResumeApplication RejectApplication WithdrawApplication CreateKit UpdateKit CreateKitVersion
			UpdateKitVersion PublishKitVersion ArchiveKitVersion CreateInterview UpdateInterview ScheduleInterview RescheduleInterview
			CancelInterview SetPanelist RemovePanelist GetJobPipeline GetJobPipelineChart ListInterviewerFigures`,
		hrAndUp: `CreateJob UpdateJob OpenJob HoldJob CloseJob SetJobMember RemoveJobMember CreateCandidate UpdateCandidate SetCandidateByExternalID ListDuplicateCandidates ListCandidateMerges DistinguishCandidates MergeCandidates UnmergeCandidates ArchiveCandidate
			RestoreCandidate ImportCandidatesCSV ImportCandidatesXLSX ImportCandidatesNDJSON CreateApplication ReactivateApplication CompleteInterview ReopenInterview
			ReopenScore VoidScore`,
	} {
		for id := range strings.FieldsSeq(operations) {
			decided[id] = roles
		}
	}
	return decided
}

// hiringFixture is an application with its job, kit and interviews. The caller is a member of the job and a panelist of
// a completed interview, so that only the role limits what they can see and do.
type hiringFixture struct {
	*fixture
	hiring         *testkit.Hiring
	job, candidate uuid.UUID
	application    uuid.UUID
	kit, version   uuid.UUID
	interview      uuid.UUID
	colleague      testkit.User
}

// newApplication creates an application in the stage screening.
func (s *fixture) newApplication() *hiringFixture {
	p := &hiringFixture{fixture: s, hiring: s.installation.Hiring(s.company)}
	p.colleague = s.newEmployee()
	p.job = p.hiring.Job(api.JobStatusOpen, s.caller)
	p.candidate = p.hiring.Candidate()
	p.application = p.hiring.Application(p.candidate, p.job, api.ApplicationStageScreening)
	p.kit, p.version = p.hiring.KitVersion(api.KitVersionStatusPublished)
	p.hiring.Interview(p.application, p.version, api.InterviewStatusCompleted, s.caller)
	return p
}

// newInterview creates an application with an interview in a status. The caller and a colleague are its panel.
func (s *fixture) newInterview(status api.InterviewStatus) *hiringFixture {
	p := s.newApplication()
	p.interview = p.hiring.Interview(p.application, p.version, status, s.caller, p.colleague)
	return p
}

// request returns a request with the ids of the fixture for the named path parameters. A success is 200.
func (p *hiringFixture) request(body any, names ...string) exampleRequest {
	ids := map[string]uuid.UUID{
		"job_id": p.job, "candidate_id": p.candidate, "application_id": p.application, "kit_id": p.kit,
		"kit_version_id": p.version, "interview_id": p.interview, "user_id": p.colleague.ID,
	}
	parameters := map[string]string{}
	for _, name := range names {
		parameters[name] = ids[name].String()
	}
	return exampleRequest{status: http.StatusOK, parameters: parameters, body: body}
}

// withStatus returns the request with another expected status and with headers.
func (c exampleRequest) withStatus(status int, headers ...string) exampleRequest {
	c.status, c.headers = status, headers
	return c
}

// withID adds a path parameter.
func (c exampleRequest) withID(name string, id uuid.UUID) exampleRequest {
	c.parameters[name] = id.String()
	return c
}

// withJobKit replaces the kit by one that belongs to the caller's job and whose version is in a status.
func (p *hiringFixture) withJobKit(status api.KitVersionStatus) *hiringFixture {
	p.kit, p.version = p.hiring.KitVersion(status)
	p.installation.Exec(`UPDATE kits SET job_id = $2 WHERE company_id = $1 AND id = $3`, p.company.ID, p.job, p.kit)
	return p
}

// hiringIDs returns ids of hiring resources of a company by the names of their path parameters.
func hiringIDs(s *fixture) map[string]string {
	p := s.newInterview(api.InterviewStatusAwaitingScores)
	score := p.hiring.Score(p.interview, p.colleague, api.ScoreStatusSubmitted, 4)
	return p.request(nil, "job_id", "candidate_id", "application_id", "kit_id", "kit_version_id", "interview_id").
		withID("score_id", score).parameters
}

// minimalHiringRequests has the smallest valid request for every hiring operation.
func minimalHiringRequests() map[string]func(*fixture) exampleRequest {
	ok := func(*fixture) exampleRequest { return exampleRequest{status: http.StatusOK} }
	onApplication := func(body any, names ...string) func(*fixture) exampleRequest {
		return func(s *fixture) exampleRequest { return s.newApplication().request(body, names...) }
	}
	onInterview := func(status api.InterviewStatus, body any) func(*fixture) exampleRequest {
		return func(s *fixture) exampleRequest { return s.newInterview(status).request(body, "interview_id") }
	}
	withState := func(state string, body any) func(*fixture) exampleRequest {
		return func(s *fixture) exampleRequest {
			p := s.newApplication()
			s.installation.Exec(`UPDATE applications SET status = $2::text,
				rejection_reason = CASE WHEN $2::text = 'rejected' THEN 'other' END WHERE id = $1`, p.application, state)
			return p.request(body, "application_id")
		}
	}
	onKitVersion := func(status api.KitVersionStatus, body any) func(*fixture) exampleRequest {
		return func(s *fixture) exampleRequest {
			return s.newApplication().withJobKit(status).request(body, "kit_id", "kit_version_id").withStatus(http.StatusOK, "If-Match", "*")
		}
	}
	onOwnScore := func(status api.ScoreStatus, body any) func(*fixture) exampleRequest {
		return func(s *fixture) exampleRequest {
			p := s.newInterview(api.InterviewStatusAwaitingScores)
			return p.request(body).withID("score_id", p.hiring.Score(p.interview, s.caller, status, 4)).withStatus(http.StatusOK, "If-Match", "*")
		}
	}
	onOthersScore := func(s *fixture) exampleRequest {
		p := s.newApplication()
		p.interview = p.hiring.Interview(p.application, p.version, api.InterviewStatusAwaitingScores, p.colleague)
		return p.request(map[string]any{"reason": "Wrong candidate."}).
			withID("score_id", p.hiring.Score(p.interview, p.colleague, api.ScoreStatusSubmitted, 4))
	}
	onJob := func(status api.JobStatus) func(*fixture) exampleRequest {
		return func(s *fixture) exampleRequest {
			return exampleRequest{status: http.StatusOK, parameters: map[string]string{
				"job_id": s.installation.Hiring(s.company).Job(status).String(),
			}}
		}
	}
	onCandidate := func(status api.CandidateStatus, body any) func(*fixture) exampleRequest {
		return func(s *fixture) exampleRequest {
			id := s.installation.Hiring(s.company).Candidate()
			s.installation.Exec(`UPDATE candidates SET status = $2 WHERE id = $1`, id, status)
			return exampleRequest{status: http.StatusOK, parameters: map[string]string{"candidate_id": id.String()}, body: body}
		}
	}
	importing := func(media, body string) func(*fixture) exampleRequest {
		return func(*fixture) exampleRequest {
			return exampleRequest{body: body}.withStatus(http.StatusOK, "Content-Type", media)
		}
	}
	reason := map[string]any{"reason": "The candidate asked for it."}
	times := map[string]any{"starts_at": "2055-01-12T10:00:00+01:00", "ends_at": "2055-01-12T11:00:00+01:00", "timezone": "Europe/Berlin"}
	return map[string]func(*fixture) exampleRequest{
		"FollowEvents": ok, "ListJobs": ok, "ListCandidates": ok, "ListApplications": ok, "ListKits": ok, "ListInterviews": ok,
		"ListScores":       ok,
		"ExportCandidates": ok, "ExportApplications": ok, "ExportScores": ok, "ExportJobs": ok, "ExportInterviews": ok, "GetMyCalendar": ok, "ListInterviewerFigures": ok,

		"GetJob": onApplication(nil, "job_id"), "ListJobMembers": onApplication(nil, "job_id"),
		"ListUserJobs": func(s *fixture) exampleRequest {
			return s.newApplication().request(nil).withID("user_id", s.caller.ID)
		},
		"GetJobPipeline": onApplication(nil, "job_id"), "GetJobPipelineChart": onApplication(nil, "job_id"),
		"CreateJob": func(*fixture) exampleRequest {
			return exampleRequest{status: http.StatusCreated, body: map[string]any{"title": "Welder"}}
		},
		"UpdateJob": onApplication(map[string]any{"location": nil}, "job_id"),
		"OpenJob":   onJob(api.JobStatusDraft), "HoldJob": onJob(api.JobStatusOpen), "CloseJob": onJob(api.JobStatusOpen),
		"SetJobMember": onApplication(map[string]any{"role": "recruiter"}, "job_id", "user_id"),
		"RemoveJobMember": func(s *fixture) exampleRequest {
			p := s.newApplication()
			p.hiring.Member(p.job, p.colleague)
			return p.request(nil, "job_id", "user_id").withStatus(http.StatusNoContent)
		},

		"GetCandidate": onApplication(nil, "candidate_id"),
		"CreateCandidate": func(*fixture) exampleRequest {
			return exampleRequest{status: http.StatusCreated, body: map[string]any{"first_name": "Mira", "last_name": "Solheim"}}
		},
		"SetCandidateByExternalID": func(*fixture) exampleRequest {
			return exampleRequest{
				status: http.StatusCreated, parameters: map[string]string{"external_id": "ats%2F" + uuid.NewString()},
				body: map[string]any{"first_name": "Mira", "last_name": "Solheim"},
			}
		},
		"ListDuplicateCandidates": ok,
		"DistinguishCandidates": func(s *fixture) exampleRequest {
			return s.newPair().withStatus(http.StatusNoContent)
		},
		"MergeCandidates": func(s *fixture) exampleRequest { return s.newPair() },
		"ListCandidateMerges": func(s *fixture) exampleRequest {
			return exampleRequest{status: http.StatusOK, parameters: s.newPair().parameters}
		},
		"UnmergeCandidates": func(s *fixture) exampleRequest {
			pair := s.newPair()
			hr := s.replica.SignIn(s.t, s.company.Users[api.RoleHr])
			hr.Post("/api/v1/candidates/"+pair.parameters["candidate_id"]+"/merge", pair.body).Expect(http.StatusOK)
			return pair
		},
		"UpdateCandidate":        onCandidate(api.CandidateStatusActive, map[string]any{"phone": nil}),
		"ArchiveCandidate":       onCandidate(api.CandidateStatusActive, nil),
		"RestoreCandidate":       onCandidate(api.CandidateStatusArchived, nil),
		"ImportCandidatesCSV":    importing("text/csv", "first_name,last_name\r\nMira,Solheim\r\n"),
		"ImportCandidatesXLSX":   importing("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook()),
		"ImportCandidatesNDJSON": importing("application/x-ndjson", `{"first_name":"Mira","last_name":"Solheim"}`+"\n"),

		"GetApplication": onApplication(nil, "application_id"), "ListApplicationHistory": onApplication(nil, "application_id"),
		"GetApplicationSummary": onApplication(nil, "application_id"),
		"CreateApplication": func(s *fixture) exampleRequest {
			h := s.installation.Hiring(s.company)
			return exampleRequest{status: http.StatusCreated, body: map[string]any{"candidate_id": h.Candidate(), "job_id": h.Job(api.JobStatusOpen)}}
		},
		"MoveApplication": withState("active", map[string]any{"to": "interview"}),
		"HoldApplication": withState("active", nil), "ResumeApplication": withState("on_hold", nil),
		"RejectApplication":     withState("active", map[string]any{"rejection_reason": "other"}),
		"WithdrawApplication":   withState("active", nil),
		"ReactivateApplication": withState("rejected", reason),

		"GetKit": onApplication(nil, "kit_id"), "ListKitVersions": onApplication(nil, "kit_id"), "GetKitVersion": onApplication(nil, "kit_id", "kit_version_id"),
		"CreateKit": func(s *fixture) exampleRequest {
			return exampleRequest{status: http.StatusCreated, body: map[string]any{"name": "Kit", "job_id": s.newApplication().job}}
		},
		"UpdateKit": func(s *fixture) exampleRequest {
			return s.newApplication().withJobKit(api.KitVersionStatusDraft).request(map[string]any{"description": "New."}, "kit_id").
				withStatus(http.StatusOK, "If-Match", "*")
		},
		"CreateKitVersion": func(s *fixture) exampleRequest {
			return s.newApplication().withJobKit(api.KitVersionStatusPublished).request(nil, "kit_id").withStatus(http.StatusCreated)
		},
		"UpdateKitVersion":  onKitVersion(api.KitVersionStatusDraft, map[string]any{"questions": []any{}}),
		"PublishKitVersion": onKitVersion(api.KitVersionStatusDraft, nil),
		"ArchiveKitVersion": onKitVersion(api.KitVersionStatusPublished, nil),

		"GetInterview":         onInterview(api.InterviewStatusScheduled, nil),
		"ListInterviewHistory": onInterview(api.InterviewStatusScheduled, nil),
		"GetInterviewCalendar": onInterview(api.InterviewStatusScheduled, nil),
		"CreateInterview": func(s *fixture) exampleRequest {
			p := s.newApplication()
			return exampleRequest{status: http.StatusCreated, body: map[string]any{
				"application_id": p.application, "kit_version_id": p.version, "title": "Technical interview", "kind": "video",
			}}
		},
		"UpdateInterview": func(s *fixture) exampleRequest {
			return s.newInterview(api.InterviewStatusScheduled).request(map[string]any{"instructions": nil}, "interview_id").
				withStatus(http.StatusOK, "If-Match", "*")
		},
		"SetPanelist": func(s *fixture) exampleRequest {
			return s.newInterview(api.InterviewStatusDraft).request(map[string]any{"score_required": false}, "interview_id", "user_id")
		},
		"RemovePanelist": func(s *fixture) exampleRequest {
			return s.newInterview(api.InterviewStatusDraft).request(nil, "interview_id", "user_id")
		},
		"ScheduleInterview":   onInterview(api.InterviewStatusDraft, times),
		"RescheduleInterview": onInterview(api.InterviewStatusScheduled, times),
		"RespondToInterview":  onInterview(api.InterviewStatusScheduled, map[string]any{"response": "accepted"}),
		"StartInterview":      onInterview(api.InterviewStatusScheduled, nil),
		"FinishInterview":     onInterview(api.InterviewStatusInProgress, nil),
		"MarkInterviewNoShow": onInterview(api.InterviewStatusScheduled, nil),
		"CancelInterview":     onInterview(api.InterviewStatusScheduled, nil),
		"CompleteInterview":   onInterview(api.InterviewStatusAwaitingScores, reason),
		"ReopenInterview":     onInterview(api.InterviewStatusCompleted, reason),
		"GetInterviewSummary": onInterview(api.InterviewStatusAwaitingScores, nil),

		"CreateScore": func(s *fixture) exampleRequest {
			return s.newInterview(api.InterviewStatusInProgress).request(nil, "interview_id").withStatus(http.StatusCreated)
		},
		"GetScore":           onOwnScore(api.ScoreStatusDraft, nil),
		"UpdateScore":        onOwnScore(api.ScoreStatusDraft, map[string]any{"comment": "Calm under pressure."}),
		"SubmitScore":        onOwnScore(api.ScoreStatusDraft, nil),
		"ListScoreRevisions": onOwnScore(api.ScoreStatusSubmitted, nil),
		"ReopenScore":        onOthersScore, "VoidScore": onOthersScore,
	}
}

// newPair returns a request about two candidates.
func (s *fixture) newPair() exampleRequest {
	h := s.installation.Hiring(s.company)
	return exampleRequest{
		status: http.StatusOK, parameters: map[string]string{"candidate_id": h.Candidate().String()},
		body: map[string]any{"candidate_id": h.Candidate()},
	}
}

// workbook returns an XLSX file with one candidate.
func workbook() string {
	var file strings.Builder
	writer := bulk.NewWriter(bulk.XLSX, bulk.Sink{Writer: &file}, bulk.Table{Columns: []string{"first_name", "last_name"}})
	err := writer.Write(map[string]string{"first_name": "Mira", "last_name": "Solheim"})
	if err = errors.Join(err, writer.Close()); err != nil {
		panic(err)
	}
	return file.String()
}
