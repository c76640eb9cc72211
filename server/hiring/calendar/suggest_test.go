package calendar_test

import (
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
)

// TestZoneError checks the zones that are suggested. Every suggestion is a zone.
func TestZoneError(t *testing.T) {
	t.Parallel()
	const problem = "must be a time zone of the IANA database, such as Europe/Berlin"
	for name, want := range map[string]string{
		"Europe/Berln": "Europe/Berlin", "europe/berlin": "Europe/Berlin", "Berlin": "Europe/Berlin", "new york": "America/New_York",
		"America/New York": "America/New_York", "Pacific Time": "America/Los_Angeles", "Pacific Standard Time": "America/Los_Angeles",
		"PST": "America/Los_Angeles", "Eastern Time (US & Canada)": "America/New_York", "CEST": "Europe/Berlin",
		"W. Europe Standard Time": "Europe/Berlin", "Central European Time": "Europe/Berlin", "Central Time": "America/Chicago",
		"AUS Eastern Standard Time": "Australia/Sydney", "fle standard time": "Europe/Kiev", "Turkey Standard Time": "Europe/Istanbul",
		"Central Standard Time (Mexico)": "America/Mexico_City", "E. South America Standard Time": "America/Sao_Paulo",
		"Central Europe Standard Time": "Europe/Budapest", "Z": "UTC", "utc": "UTC",
		"Buenos Aires": "America/Argentina/Buenos_Aires", "": "", "Local": "", "+01:00": "", "Atlantis/Nowhere": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			full := problem
			if want != "" {
				full += "; did you mean " + want + "?"
			}
			if got := calendar.ZoneError(name); got != full || want != "" && !calendar.ValidZone(want) {
				t.Errorf("got %q, want %q", got, full)
			}
		})
	}
}
