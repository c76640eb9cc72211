package candidates

import (
	"fmt"
	"net/url"
	"unicode"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// machine is the machine of candidates. A busy candidate, who has an application that is active or on hold, cannot be
// archived.
func machine(busy bool) lifecycle.Machine[api.CandidateStatus, api.CandidateAction] {
	if busy {
		return lifecycle.Candidate().Without(api.CandidateActionArchive)
	}
	return lifecycle.Candidate()
}

// decide gives the status after an action. Where only their being busy keeps somebody from being archived, it says so.
func decide(
	status api.CandidateStatus, action api.CandidateAction, who lifecycle.Standing, busy bool,
) (api.CandidateStatus, error) {
	if action != api.CandidateActionArchive {
		return machine(busy).Decide(status, action, who, nil)
	}
	to, err := machine(false).Decide(status, action, who, nil)
	if err != nil || !busy {
		return to, err
	}
	var legal []string
	for _, one := range allowedActions(status, who, busy) {
		legal = append(legal, string(one))
	}
	return status, fault.New(fault.ActiveApplications).In(string(status), legal)
}

// allowedActions is what somebody may do with a candidate now, by the same rules that decide when they try.
func allowedActions(status api.CandidateStatus, who lifecycle.Standing, busy bool) []api.CandidateAction {
	return machine(busy).Allowed(status, who)
}

// check finds what is wrong with a profile that matches the specification: texts that show nothing or disturb what
// stands around them, and links that lead nowhere.
func check(p profile) []fault.Field {
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

// checkLink refuses what is no address of a page (RFC 3986 with a host).
func checkLink(f *fault.Fault, pointer, link string) {
	text.Check(f, pointer, link)
	address, err := url.Parse(link)
	if err != nil || address.Hostname() == "" || address.Scheme != "http" && address.Scheme != "https" {
		_ = f.Field(pointer, "link", "must be the address of a page, with http or https and a host")
	}
}

// refuse is the error of what is wrong with a profile; nil where nothing is.
func refuse(wrong []fault.Field) error {
	if len(wrong) == 0 {
		return nil
	}
	f := fault.New(fault.RuleViolated)
	for _, field := range wrong {
		f.Field(field.Pointer, field.Code, field.Detail)
	}
	return f
}

// trigram is how many letters or digits in a row a text must have for the trigram index to find it anywhere.
const trigram = 3

// searchPattern is the LIKE pattern of a text that the trigram index serves. A text with three letters or digits in a
// row is found anywhere. A shorter one is found where a word begins, because the index knows the beginnings of words
// from the first letter on. A text without any letter or digit could only be found by reading a whole company, and is
// refused.
func searchPattern(wanted string) (string, error) {
	run, longest := 0, 0
	for _, r := range wanted {
		if run++; !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			run = 0
		}
		longest = max(longest, run)
	}
	switch {
	case longest >= trigram:
		return page.Contains(wanted), nil
	case longest > 0:
		// Each word of what is searched begins behind a space, the first one included.
		return page.Contains(" " + wanted), nil
	}
	return "", fault.New(fault.RuleViolated).Parameter("q", "no_letter", "must have a letter or a digit")
}
