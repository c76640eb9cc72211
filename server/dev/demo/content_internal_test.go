package demo

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

func mustReadLibrary(t *testing.T) *library {
	t.Helper()
	l, err := readLibrary()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestPhrasesAreComplete checks that there are texts for everything that the generator looks up.
func TestPhrasesAreComplete(t *testing.T) {
	t.Parallel()
	phrases := mustReadLibrary(t).phrases

	for _, reason := range []stored.RejectionReason{
		"not_qualified", "lacks_experience", "failed_assessment", "stronger_candidate", "compensation", "location",
		"work_authorization", "availability", "position_filled", "position_cancelled", "duplicate", "other",
	} {
		if len(phrases.Moves.Reject[reason]) == 0 {
			t.Errorf("rejection reason %s has no texts", reason)
		}
	}
	for _, recommendation := range []stored.Recommendation{"definitely_no", "no", "no_decision", "yes", "strong_yes"} {
		if len(phrases.Comments[recommendation]) == 0 {
			t.Errorf("recommendation %s has no texts", recommendation)
		}
	}
	for _, response := range []stored.PanelResponse{"accepted", "tentative", "declined"} {
		if len(phrases.Interviews.Respond[response]) == 0 {
			t.Errorf("response %s has no texts", response)
		}
	}

	m, i, extra := phrases.Moves, phrases.Interviews, phrases.ExtraJobs
	for name, list := range map[string][]string{
		"hold": m.Hold, "resume": m.Resume, "withdraw": m.Withdraw, "return": m.Return, "reactivate": m.Reactivate,
		"skip": m.Skip, "instructions": i.Instructions, "reschedule": i.Reschedule, "cancel": i.Cancel, "reopen": i.Reopen,
		"rooms": i.Rooms, "no_show": i.NoShow, "sources": phrases.Sources,
		"engineering tags": phrases.Tags["engineering"], "customers tags": phrases.Tags["customers"],
		"leadership tags": phrases.Tags["leadership"], "any tags": phrases.Tags["any"],
		"engineering roles": extra.Engineering.Roles, "engineering teams": extra.Engineering.Teams,
		"customers roles": extra.Customers.Roles, "customers teams": extra.Customers.Teams,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(list) < 2 {
				t.Errorf("got %d texts, want 2 or more", len(list))
			}
		})
	}

	if len(extra.Places) == 0 {
		t.Error("extra jobs have no places")
	}
	for _, place := range extra.Places {
		if !calendar.ValidZone(place.Zone) {
			t.Errorf("time zone %q of %s is not valid", place.Zone, place.Location)
		}
	}
}

// TestNamesGiveASCIIAddresses checks that every name can be transliterated for an email address, and that each region has
// enough data.
func TestNamesGiveASCIIAddresses(t *testing.T) {
	t.Parallel()
	regions := mustReadLibrary(t).regions
	if len(regions) == 0 {
		t.Fatal("there are no regions")
	}
	plain := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	for _, region := range regions {
		if len(region.First) < 10 || len(region.Last) < 10 || len(region.Places) < 3 || !strings.HasPrefix(region.Phone, "+") {
			t.Errorf("the region of phone prefix %q has too few names or places, or an invalid prefix", region.Phone)
		}
		for _, name := range slices.Concat(region.First, region.Last) {
			if !plain.MatchString(ascii(name)) {
				t.Errorf("ascii(%q): got %q, want lower-case ASCII letters", name, ascii(name))
			}
		}
	}
}

// TestKitsAreValid checks that the API would accept the kits, and that there are notes for every rating.
func TestKitsAreValid(t *testing.T) {
	t.Parallel()
	for _, k := range mustReadLibrary(t).kits {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			f := fault.New(fault.RuleViolated)
			checkCriteria(t, f, k)
			checkVersions(t, f, k)
			for _, field := range f.Fields() {
				t.Errorf("%s: %s", field.Pointer, field.Detail)
			}
		})
	}
}

func checkCriteria(t *testing.T, f *fault.Fault, k kitText) {
	t.Helper()
	if len(k.Criteria) == 0 {
		t.Error("the kit has no criteria")
	}
	for key, criterion := range k.Criteria {
		text.Check(f, key+" title", criterion.Title)
		text.CheckLines(f, key+" description", criterion.Description)
		if len(criterion.Anchors) != 5 {
			t.Errorf("criterion %s: got %d anchors, want 5", key, len(criterion.Anchors))
		}
		for n, anchor := range criterion.Anchors {
			text.Check(f, key+" anchor", anchor)
			if slices.Contains(criterion.Anchors[:n], anchor) || utf8.RuneCountInString(anchor) > 1000 {
				t.Errorf("criterion %s: anchor %d is a duplicate or too long: %s", key, n+1, anchor)
			}
		}
		for rating := 1; rating <= 5; rating++ {
			if len(k.Notes[key].of(rating)) == 0 {
				t.Errorf("criterion %s has no notes for the rating %d", key, rating)
			}
		}
	}
	for key := range k.Notes {
		if _, known := k.Criteria[key]; !known {
			t.Errorf("notes for %s, which is not a criterion", key)
		}
	}
}

func checkVersions(t *testing.T, f *fault.Fault, k kitText) {
	t.Helper()
	if len(k.Versions) == 0 {
		t.Error("the kit has no versions")
	}
	for n, version := range k.Versions {
		for _, criterion := range version.Criteria {
			if _, known := k.Criteria[criterion.key]; !known || criterion.weight < 1 || criterion.weight > 100 {
				t.Errorf("version %d: criterion %s is unknown or its weight %d is not 1 to 100", n+1, criterion.key, criterion.weight)
			}
		}
		for _, key := range version.Questions {
			question, known := k.Questions[key]
			text.CheckLines(f, key, question.Text)
			text.CheckLines(f, key, question.Guidance)
			if !known || question.Minutes < 1 {
				t.Errorf("version %d: question %s is unknown or has no duration", n+1, key)
			}
			for _, criterion := range question.Criteria {
				if _, known := k.Criteria[criterion]; !known {
					t.Errorf("version %d: question %s refers to the unknown criterion %s", n+1, key, criterion)
				}
			}
		}
	}
}

// TestJobsReferToExistingUsersAndKits checks the members, time zone, description and kit of each job.
func TestJobsReferToExistingUsersAndKits(t *testing.T) {
	t.Parallel()
	l := mustReadLibrary(t)
	for _, company := range companies() {
		t.Run(company.slug, func(t *testing.T) {
			t.Parallel()
			jobs, err := readJobTexts(company.slug)
			if err != nil {
				t.Fatal(err)
			}
			if len(jobs) == 0 {
				t.Fatal("the company has no jobs")
			}
			roles := map[string]stored.Role{}
			for _, p := range company.people {
				roles[p.Email] = p.Role
			}

			for _, job := range jobs {
				if role := roles[job.Manager+"@"+company.domain]; role != stored.RoleTeamLead {
					t.Errorf("%s: role of manager %s: got %q, want %q", job.Title, job.Manager, role, stored.RoleTeamLead)
				}
				for _, name := range job.Interviewers {
					if role := roles[name+"@"+company.domain]; role != stored.RoleEmployee {
						t.Errorf("%s: role of interviewer %s: got %q, want %q", job.Title, name, role, stored.RoleEmployee)
					}
				}
				if !calendar.ValidZone(job.Zone) {
					t.Errorf("%s: time zone %q is not valid", job.Title, job.Zone)
				}
				if job.Description == "" || strings.TrimSpace(job.Description) != job.Description {
					t.Errorf("%s: description is empty or has surrounding space: %q", job.Title, job.Description)
				}
				hasKit := slices.ContainsFunc(l.kits, func(k kitText) bool { return k.Category == job.Category })
				if !hasKit && job.status() != stored.JobStatusDraft {
					t.Errorf("%s: there is no kit of category %q", job.Title, job.Category)
				}
			}
		})
	}
}
