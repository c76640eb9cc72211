package lifecycle_test

import (
	"testing"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// BenchmarkAllowedActions measures the cost of the allowed_actions of one row.
func BenchmarkAllowedActions(b *testing.B) {
	person := lifecycle.Relation{Role: stored.RoleTeamLead, Member: true, Panelist: true}
	key := lifecycle.Relation{Role: stored.RoleHR, Key: &access.Key{Scopes: []string{"interviews:schedule", "applications:move"}}}
	b.Run("interview", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lifecycle.Interview().Allowed(stored.InterviewStatusScheduled, person)
		}
	})
	b.Run("interview by HR", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lifecycle.Interview().Allowed(stored.InterviewStatusScheduled, lifecycle.Relation{Role: stored.RoleHR})
		}
	})
	b.Run("interview by an API key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lifecycle.Interview().Allowed(stored.InterviewStatusScheduled, key)
		}
	})
	b.Run("application", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lifecycle.Application().Allowed(stored.ApplicationStatusActive, person)
		}
	})
	b.Run("stages of an application", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lifecycle.Reachable(stored.ApplicationStageInterview, person)
		}
	})
}
