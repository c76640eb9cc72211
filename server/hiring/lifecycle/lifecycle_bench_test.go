package lifecycle_test

import (
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// BenchmarkAllowedActions measures the cost of the allowed_actions of one row.
func BenchmarkAllowedActions(b *testing.B) {
	person := lifecycle.Relation{Role: api.RoleTeamLead, Member: true, Panelist: true}
	key := lifecycle.Relation{Role: api.RoleHr, Key: &access.Key{Scopes: []string{"interviews:schedule", "applications:move"}}}
	b.Run("interview", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lifecycle.Interview().Allowed(api.InterviewStatusScheduled, person)
		}
	})
	b.Run("interview by HR", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lifecycle.Interview().Allowed(api.InterviewStatusScheduled, lifecycle.Relation{Role: api.RoleHr})
		}
	})
	b.Run("interview by an API key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lifecycle.Interview().Allowed(api.InterviewStatusScheduled, key)
		}
	})
	b.Run("application", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lifecycle.Application().Allowed(api.ApplicationStatusActive, person)
		}
	})
	b.Run("stages of an application", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lifecycle.Reachable(api.ApplicationStageInterview, person)
		}
	})
}
