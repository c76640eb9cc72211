package lint

import (
	"regexp"
	"strings"
	"time"
)

const (
	dateForm = "2006-01-02"
	// notice is how many months at least lie between the word that something goes and its going.
	notice = 6
)

var saysInstead = regexp.MustCompile(`(?i)\binstead\b|\bnothing replaces\b`)

func deprecationRules() []Rule {
	return []Rule{
		{
			"deprecations-are-dated",
			"What is deprecated says since when, goes half a year later at the earliest, and says what to use instead.",
			func(l *look) {
				l.mappings(func(m mapping) {
					deprecated := m.text("deprecated") == "true"
					l.ask(deprecated || !m.has("x-deprecated-at") && !m.has("x-sunset"), m.pointer,
						"has the dates of what is deprecated, and is not")
					if !deprecated {
						return
					}
					since, err := date(m.text("x-deprecated-at"))
					l.ask(err == nil, m.pointer, "x-deprecated-at is no date: %v", err)
					sunset, err := date(m.text("x-sunset"))
					l.ask(err == nil, m.pointer, "x-sunset is no date: %v", err)
					l.ask(!sunset.Before(since.AddDate(0, notice, 0)), m.pointer,
						"goes sooner than %d months after it was deprecated", notice)
					l.ask(saysInstead.MatchString(m.text("description")), m.pointer, "does not say what to use instead")
				})
			},
		},
	}
}

// date reads a day, or the beginning of a moment.
func date(text string) (time.Time, error) {
	day, _, _ := strings.Cut(text, "T")
	return time.Parse(dateForm, day)
}
