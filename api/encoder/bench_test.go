package encoder_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/ai-interviewer-platform/interviewer/api/encoder"
	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// BenchmarkCandidates encodes a page of 50 candidates, by its method and by package encoding/json.
func BenchmarkCandidates(b *testing.B) {
	id, at := moment()
	page := api.CandidatePage{NextCursor: nullable.NewNullableWithValue("eyJ0IjoiMjAyNi0wMS0wMVQwODowMDowMFoifQ"), HasMore: true}
	for range 50 {
		page.Data = append(page.Data, api.Candidate{
			AllowedActions: []api.CandidateAction{api.CandidateActionUpdate, api.CandidateActionApply},
			CreatedAt:      at, UpdatedAt: at, ID: id, FirstName: "Mira", LastName: "Solheim",
			Email:      nullable.NewNullableWithValue[openapi_types.Email]("mira.solheim@mail.example"),
			ExternalID: nullable.NewNullableWithValue("ats-4711"), Location: nullable.NewNullableWithValue("Oslo"),
			Phone: nullable.NewNullNullable[string](), Source: nullable.NewNullableWithValue("referral"),
			Links: []string{"https://profiles.example/mira-solheim"}, Tags: []string{"robotics", "ros2"},
			Status: api.CandidateStatusActive,
		})
	}
	benchmark(b, page)
}

// BenchmarkInterview encodes an interview with two panelists.
func BenchmarkInterview(b *testing.B) {
	id, at := moment()
	person := api.PersonSummary{ID: id, FirstName: "Jonas", LastName: "Weber"}
	panelist := api.Panelist{User: person}
	benchmark(b, api.Interview{
		AllowedActions: []api.InterviewAction{api.InterviewActionReschedule, api.InterviewActionCancel},
		ID:             id, ApplicationID: id, CreatedAt: at, UpdatedAt: at,
		Panel: []api.Panelist{panelist, panelist}, StartsAt: nullable.NewNullableWithValue(at),
		EndsAt: nullable.NewNullableWithValue(at), Timezone: nullable.NewNullableWithValue("Europe/Oslo"),
	})
}

// BenchmarkApplications encodes a page of 50 applications.
func BenchmarkApplications(b *testing.B) {
	id, at := moment()
	page := api.ApplicationPage{NextCursor: nullable.NewNullNullable[string]()}
	for range 50 {
		page.Data = append(page.Data, api.Application{
			AllowedActions: []api.ApplicationAction{api.ApplicationActionReject, api.ApplicationActionMove},
			AllowedStages:  []api.ApplicationStage{api.ApplicationStageInterview, api.ApplicationStageOffer},
			ID:             id, CreatedAt: at, UpdatedAt: at, StageEnteredAt: at,
			Candidate: api.CandidateSummary{ID: id, FirstName: "Mira", LastName: "Solheim"},
			Job:       api.JobSummary{ID: id, Title: "Motion Planning Engineer"},
			Stage:     api.ApplicationStageScreening, Status: api.ApplicationStatusActive,
		})
	}
	benchmark(b, page)
}

// moment returns an id and a time.
func moment() (id uuid.UUID, at time.Time) {
	return uuid.MustParse("01980a3e-7b1c-7c7e-8f00-0123456789b1"), time.Date(2026, 1, 2, 8, 30, 15, 123456000, time.UTC)
}

func benchmark(b *testing.B, of encoder.Appender) {
	b.Helper()
	b.Run("method", func(b *testing.B) {
		var buffer []byte
		b.ReportAllocs()
		for b.Loop() {
			buffer = of.AppendJSON(buffer[:0])
		}
		b.SetBytes(int64(len(buffer)))
	})
	b.Run("encoding/json", func(b *testing.B) {
		var buffer bytes.Buffer
		b.ReportAllocs()
		for b.Loop() {
			buffer.Reset()
			if err := json.NewEncoder(&buffer).Encode(of); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(buffer.Len()))
	})
}
