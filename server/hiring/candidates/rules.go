package candidates

import (
	"fmt"
	"net/url"
	"unicode"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// stateMachine returns the state machine of candidates. Busy candidates, which have an application that is active or on
// hold, cannot be archived.
func stateMachine(busy bool) lifecycle.Machine[stored.CandidateStatus, api.CandidateAction] {
	if busy {
		return lifecycle.Candidate().Without(api.CandidateActionArchive)
	}
	return lifecycle.Candidate()
}

// decide returns the status after an action. If a candidate cannot be archived only because they are busy, the fault is
// ActiveApplications instead of StateConflict.
func decide(
	status stored.CandidateStatus, action api.CandidateAction, relation lifecycle.Relation, busy bool,
) (stored.CandidateStatus, error) {
	if action != api.CandidateActionArchive {
		return stateMachine(busy).Decide(status, action, relation, nil)
	}
	to, err := stateMachine(false).Decide(status, action, relation, nil)
	if err != nil || !busy {
		return to, err
	}
	var allowed []string
	for _, action := range allowedActions(status, relation, busy) {
		allowed = append(allowed, string(action))
	}
	return status, fault.New(fault.ActiveApplications).In(string(status), allowed)
}

// allowedActions returns the actions that decide accepts. It is never nil.
func allowedActions(
	status stored.CandidateStatus, relation lifecycle.Relation, busy bool,
) []api.CandidateAction {
	return stateMachine(busy).Allowed(status, relation)
}

// checkProfile returns the errors of a profile that matches the specification: blank texts, control characters, and
// links without a host.
func checkProfile(p profile) []fault.Field {
	f := fault.New(fault.RuleViolated)
	text.Check(f, "/first_name", p.FirstName)
	text.Check(f, "/last_name", p.LastName)
	text.Optional(f, "/phone", p.Phone)
	text.Optional(f, "/location", p.Location)
	for i, link := range p.Links {
		checkLink(f, fmt.Sprintf("/links/%d", i), link)
	}
	for i, tag := range p.Tags {
		text.Check(f, fmt.Sprintf("/tags/%d", i), tag)
	}
	text.Optional(f, "/source", p.Source)
	return f.Fields()
}

// checkLink adds an error for a link that is not an absolute http or https URL with a host.
func checkLink(f *fault.Fault, pointer, link string) {
	text.Check(f, pointer, link)
	address, err := url.Parse(link)
	if err != nil || address.Hostname() == "" || address.Scheme != "http" && address.Scheme != "https" {
		_ = f.Field(pointer, "link", "must be an http or https URL with a host")
	}
}

// asError returns the fault RuleViolated with the given errors, or nil if there are none.
func asError(fieldErrors []fault.Field) error {
	if len(fieldErrors) == 0 {
		return nil
	}
	f := fault.New(fault.RuleViolated)
	for _, fieldError := range fieldErrors {
		f.Field(fieldError.Pointer, fieldError.Code, fieldError.Detail)
	}
	return f
}

// searchPattern returns the LIKE pattern for a searched text. The database splits it into words: a word with three
// consecutive letters or digits is found anywhere, a shorter one only at the start of a word, because pg_trgm pads
// words with spaces and so indexes their first letters. A text without letters and digits is the fault RuleViolated:
// finding it would mean reading all candidates of the company.
func searchPattern(searched string) (string, error) {
	for _, r := range searched {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return page.Contains(searched), nil
		}
	}
	return "", fault.New(fault.RuleViolated).Parameter("q", "no_letter", "must contain a letter or a digit")
}
