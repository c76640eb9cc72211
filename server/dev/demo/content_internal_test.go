package demo

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// TestContentIsWhole holds what was written to what the generator takes from it.
func TestContentIsWhole(t *testing.T) {
	t.Parallel()
	l, err := openLibrary()
	if err != nil {
		t.Fatal(err)
	}
	said := l.phrases
	for _, reason := range []api.RejectionReason{
		"not_qualified", "lacks_experience", "failed_assessment", "stronger_candidate", "compensation", "location",
		"work_authorization", "availability", "position_filled", "position_cancelled", "duplicate", "other",
	} {
		if len(said.Moves.Reject[reason]) == 0 {
			t.Errorf("nothing is said about the rejection reason %s", reason)
		}
	}
	for _, recommendation := range []api.Recommendation{"definitely_no", "no", "no_decision", "yes", "strong_yes"} {
		if len(said.Comments[recommendation]) == 0 {
			t.Errorf("nothing is said with the recommendation %s", recommendation)
		}
	}
	for _, response := range []api.PanelResponse{"accepted", "tentative", "declined"} {
		if len(said.Interviews.Respond[response]) == 0 {
			t.Errorf("nothing is said with the response %s", response)
		}
	}
	m, i := said.Moves, said.Interviews
	for n, list := range [][]string{
		m.Hold, m.Resume, m.Withdraw, m.Return, m.Reactivate, m.Skip, i.Instructions, i.Reschedule, i.Cancel, i.Reopen, i.Rooms,
		i.NoShow, said.Sources, said.Tags["engineering"], said.Tags["customers"], said.Tags["leadership"], said.Tags["any"],
		said.Further.Engineering.Roles, said.Further.Engineering.Teams, said.Further.Customers.Roles, said.Further.Customers.Teams,
	} {
		if len(list) < 2 {
			t.Errorf("list %d has %d texts", n, len(list))
		}
	}
	for _, place := range said.Further.Places {
		if !calendar.ValidZone(place.Zone) {
			t.Errorf("%s is no zone", place.Zone)
		}
	}
}

// TestNamesAreSpelled holds every name to an address in plain letters, and names to belonging where they stand.
func TestNamesAreSpelled(t *testing.T) {
	t.Parallel()
	l, err := openLibrary()
	if err != nil {
		t.Fatal(err)
	}
	plain := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	for _, origin := range l.origins {
		for _, name := range slices.Concat(origin.First, origin.Last) {
			if !plain.MatchString(ascii(name)) {
				t.Errorf("%s is spelled %q", name, ascii(name))
			}
		}
		if len(origin.First) < 10 || len(origin.Last) < 10 || len(origin.Places) < 3 || !strings.HasPrefix(origin.Phone, "+") {
			t.Errorf("%s and the others have too little", origin.First[0])
		}
	}
}

// TestKitsAreWritten holds the kits to what the API would take, and to having something to say about every rating.
func TestKitsAreWritten(t *testing.T) {
	t.Parallel()
	l, err := openLibrary()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range l.kits {
		f := fault.New(fault.RuleViolated)
		for key, criterion := range k.Criteria {
			text.Check(f, key+" title", criterion.Title)
			text.CheckLines(f, key+" description", criterion.Description)
			if len(criterion.Anchors) != 5 {
				t.Errorf("%s has %d anchors", key, len(criterion.Anchors))
			}
			for n, anchor := range criterion.Anchors {
				text.Check(f, key+" anchor", anchor)
				if slices.Contains(criterion.Anchors[:n], anchor) || utf8.RuneCountInString(anchor) > 1000 {
					t.Errorf("%s, anchor %d: %s", key, n+1, anchor)
				}
			}
			for rating := 1; rating <= 5; rating++ {
				if len(k.Notes[key].of(rating)) == 0 {
					t.Errorf("nothing is noted beside a %d for %s", rating, key)
				}
			}
		}
		for key := range k.Notes {
			if _, known := k.Criteria[key]; !known {
				t.Errorf("notes for %s, which is no criterion of %s", key, k.Name)
			}
		}
		for _, version := range k.Versions {
			for _, named := range version.Criteria {
				if _, known := k.Criteria[named.key]; !known || named.weight < 1 || named.weight > 100 {
					t.Errorf("%s names %s with the weight %d", k.Name, named.key, named.weight)
				}
			}
			for _, key := range version.Questions {
				question, known := k.Questions[key]
				text.CheckLines(f, key, question.Text)
				text.CheckLines(f, key, question.Guidance)
				if !known || question.Minutes < 1 {
					t.Errorf("%s names the question %s", k.Name, key)
				}
				for _, criterion := range question.Criteria {
					if _, known := k.Criteria[criterion]; !known {
						t.Errorf("the question %s tells about %s", key, criterion)
					}
				}
			}
		}
		for _, wrong := range f.Fields() {
			t.Errorf("%s: %s %s", k.Name, wrong.Pointer, wrong.Detail)
		}
	}
}

// TestPositionsAreFilled holds the jobs to the people and kits that there are.
func TestPositionsAreFilled(t *testing.T) {
	t.Parallel()
	l, err := openLibrary()
	if err != nil {
		t.Fatal(err)
	}
	for _, company := range cast() {
		places, err := positions(company.slug)
		if err != nil {
			t.Fatal(err)
		}
		emails := map[string]api.Role{}
		for _, p := range company.people {
			emails[p.Email] = p.Role
		}
		for _, p := range places {
			if role := emails[p.Manager+"@"+company.domain]; role != api.RoleTeamLead {
				t.Errorf("%s is managed by %s, whose role is %q", p.Title, p.Manager, role)
			}
			for _, name := range p.Interviewers {
				if role := emails[name+"@"+company.domain]; role != api.RoleEmployee {
					t.Errorf("%s is interviewed for by %s, whose role is %q", p.Title, name, role)
				}
			}
			if !calendar.ValidZone(p.Zone) || p.Description == "" || strings.TrimSpace(p.Description) != p.Description {
				t.Errorf("%s is at %q: %q", p.Title, p.Zone, p.Description)
			}
			known := slices.ContainsFunc(l.kits, func(k kitText) bool { return k.Family == p.Family })
			if !known && p.status() != api.JobStatusDraft {
				t.Errorf("%s has no kit", p.Title)
			}
		}
	}
}
