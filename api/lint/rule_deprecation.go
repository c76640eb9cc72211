package lint

import (
	"regexp"
	"strings"
	"time"
)

const (
	dateFormat = "2006-01-02"
	// noticeMonths is the minimum number of months between a deprecation and the removal.
	noticeMonths = 6
)

var replacement = regexp.MustCompile(`(?i)\binstead\b|\bnothing replaces\b`)

func deprecationRules() []Rule {
	return []Rule{
		{
			"deprecations-are-dated",
			"A deprecation has a date and a sunset at least six months later, and its description names the replacement.",
			func(c *checker) {
				c.mappings(func(m mapping) {
					deprecated := m.text("deprecated") == "true"
					c.require(deprecated || !m.has("x-deprecated-at") && !m.has("x-sunset"), m.pointer,
						"add deprecated: true, or remove x-deprecated-at and x-sunset")
					if !deprecated {
						return
					}
					since, err := parseDate(m.text("x-deprecated-at"))
					c.require(err == nil, m.pointer, "x-deprecated-at must be a date: %v", err)
					sunset, err := parseDate(m.text("x-sunset"))
					c.require(err == nil, m.pointer, "x-sunset must be a date: %v", err)
					c.require(!sunset.Before(since.AddDate(0, noticeMonths, 0)), m.pointer,
						"x-sunset must be at least %d months after x-deprecated-at", noticeMonths)
					c.require(replacement.MatchString(m.text("description")), m.pointer,
						`the description must say "use … instead", or "nothing replaces …"`)
				})
			},
		},
	}
}

// parseDate parses the date of a date or a date-time.
func parseDate(text string) (time.Time, error) {
	date, _, _ := strings.Cut(text, "T")
	return time.Parse(dateFormat, date)
}
