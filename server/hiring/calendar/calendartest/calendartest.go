// Package calendartest reads calendar files in tests. Its parser follows RFC 5545 strictly, and shares no code with the
// library that writes the files.
package calendartest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Component is a parsed component of a file.
type Component struct {
	Name       string
	Properties []Property
	Components []*Component
}

// Property is a property with its parameters.
type Property struct {
	Name       string
	Parameters map[string]string
	Value      string // unescaped if the value is a text
}

// Failer has the methods that *testing.T and *rapid.T share.
type Failer interface {
	Helper()
	Fatalf(format string, arguments ...any)
}

var (
	// contentLine matches a name, parameters and a value (section 3.1).
	contentLine = regexp.MustCompile(`^([A-Z-]+)` +
		`((?:;[A-Z-]+=(?:"[^"\x00-\x08\x0A-\x1F\x7F]*"|[^",;:\x00-\x08\x0A-\x1F\x7F]*))*)` +
		`:([^\x00-\x08\x0A-\x1F\x7F]*)$`)
	parameter = regexp.MustCompile(`;([A-Z-]+)=(?:"([^"]*)"|([^";]*))`)
	// textProperty matches the names of the properties whose values are texts.
	textProperty = regexp.MustCompile(`^(UID|SUMMARY|DESCRIPTION|LOCATION|TZID|TZNAME|STATUS)$`)
	// escapedText matches a text in which every backslash, comma and semicolon is escaped (section 3.3.11).
	escapedText = regexp.MustCompile(`^(?:[^\\;,]|\\[\\;,nN])*$`)
)

// Parse parses a file and fails the test if the file violates the RFC.
func Parse(t Failer, file []byte) *Component {
	t.Helper()
	lines := strings.Split(string(file), "\r\n")
	if lines[len(lines)-1] != "" {
		t.Fatalf("the last line is not terminated: %q", lines[len(lines)-1])
	}
	for _, line := range lines {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Fatalf("got a line of %d octets, want valid UTF-8 of at most 75 octets: %q", len(line), line)
		}
	}
	unfolded := strings.ReplaceAll(string(file), "\r\n ", "")
	root := &Component{}
	open := []*Component{root}
	for _, line := range strings.Split(strings.TrimSuffix(unfolded, "\r\n"), "\r\n") {
		parts := contentLine.FindStringSubmatch(line)
		if parts == nil {
			t.Fatalf("not a content line: %q", line)
		}
		inner := open[len(open)-1]
		switch name, value := parts[1], parts[3]; name {
		case "BEGIN":
			child := &Component{Name: value}
			inner.Components = append(inner.Components, child)
			open = append(open, child)
		case "END":
			if inner.Name != value {
				t.Fatalf("got END:%s inside %s", value, inner.Name)
			}
			open = open[:len(open)-1]
		default:
			p := Property{Name: name, Parameters: map[string]string{}, Value: value}
			for _, one := range parameter.FindAllStringSubmatch(parts[2], -1) {
				p.Parameters[one[1]] = strings.NewReplacer("^^", "^", "^'", `"`, "^n", "\n").Replace(one[2] + one[3])
			}
			if textProperty.MatchString(name) {
				if !escapedText.MatchString(value) {
					t.Fatalf("unescaped character in the text %q", value)
				}
				p.Value = strings.NewReplacer(`\\`, `\`, `\;`, `;`, `\,`, `,`, `\n`, "\n", `\N`, "\n").Replace(value)
			}
			inner.Properties = append(inner.Properties, p)
		}
	}
	if len(open) != 1 || len(root.Components) != 1 || len(root.Properties) != 0 ||
		root.Components[0].Name != "VCALENDAR" {
		t.Fatalf("got %+v, want exactly one VCALENDAR", root)
	}
	parsed := root.Components[0]
	parsed.check(t)
	return parsed
}

// check fails the test unless a calendar has the components and properties that RFC 5545 (sections 3.6, 3.6.1, 3.6.5)
// and, for a file with a METHOD, RFC 5546 (section 3.2.5) demand.
func (c *Component) check(t Failer) {
	t.Helper()
	c.once(t, "VERSION PRODID", "CALSCALE METHOD")
	if len(c.Components) == 0 {
		t.Fatalf("the calendar has no component")
	}
	zones := map[string]bool{}
	for _, zone := range c.Children("VTIMEZONE") {
		zone.once(t, "TZID", "LAST-MODIFIED")
		if len(zone.Components) == 0 {
			t.Fatalf("the zone %s has no rules", zone.Property("TZID").Value)
		}
		for _, rule := range zone.Components {
			if rule.Name != "STANDARD" && rule.Name != "DAYLIGHT" {
				t.Fatalf("got %s in a zone", rule.Name)
			}
			rule.once(t, "DTSTART TZOFFSETFROM TZOFFSETTO", "TZNAME")
		}
		zones[zone.Property("TZID").Value] = true
	}
	for _, event := range c.Children("VEVENT") {
		event.once(t, "UID DTSTAMP DTSTART", "DTEND CREATED LAST-MODIFIED SEQUENCE SUMMARY DESCRIPTION LOCATION URL STATUS "+
			"TRANSP ORGANIZER")
		for _, p := range event.Properties {
			if zone, named := p.Parameters["TZID"]; named && (!zones[zone] || strings.HasSuffix(p.Value, "Z")) {
				t.Fatalf("%s is in the zone %s, which the file does not have, or in UTC: %s", p.Name, zone, p.Value)
			}
		}
		if c.Property("METHOD").Value == "CANCEL" && (event.Property("STATUS").Value != "CANCELLED" ||
			event.Property("ORGANIZER").Value == "" || event.Property("SEQUENCE").Value == "") {
			t.Fatalf("an event that METHOD:CANCEL removes has no organizer or sequence, or is not cancelled: %+v", event)
		}
	}
}

// once fails the test unless a component has each of the required properties once, and no optional one twice. Names are
// separated by spaces.
func (c *Component) once(t Failer, required, optional string) {
	t.Helper()
	count := map[string]int{}
	for _, p := range c.Properties {
		count[p.Name]++
	}
	for _, name := range strings.Fields(required) {
		if count[name] != 1 {
			t.Fatalf("%s has %d properties %s, want 1", c.Name, count[name], name)
		}
	}
	for _, name := range strings.Fields(optional) {
		if count[name] > 1 {
			t.Fatalf("%s has %d properties %s, want at most 1", c.Name, count[name], name)
		}
	}
}

// Children returns the inner components with a name.
func (c *Component) Children(name string) []*Component {
	var found []*Component
	for _, child := range c.Components {
		if child.Name == name {
			found = append(found, child)
		}
	}
	return found
}

// Property returns the first property with a name, or an empty property.
func (c *Component) Property(name string) Property {
	for _, p := range c.Properties {
		if p.Name == name {
			return p
		}
	}
	return Property{}
}

// PropertyNames returns the names of the properties in their order, each with the sorted names of its parameters.
func (c *Component) PropertyNames() string {
	var names []string
	for _, p := range c.Properties {
		names = append(names, strings.Join(append([]string{p.Name}, slices.Sorted(maps.Keys(p.Parameters))...), ";"))
	}
	return strings.Join(names, " ")
}

// Instant returns the time that a property means according to the zone rules of the file (section 3.6.5). The rule with
// the latest onset that is not after the time applies; onsets are wall times by the offset before the change.
func (c *Component) Instant(t Failer, p Property) time.Time {
	t.Helper()
	zone, ok := p.Parameters["TZID"]
	if !ok {
		return parseTime(t, "20060102T150405Z", p.Value)
	}
	var rules *Component
	for _, candidate := range c.Children("VTIMEZONE") {
		if candidate.Property("TZID").Value == zone {
			rules = candidate
		}
	}
	if rules == nil {
		t.Fatalf("the file has no rules of the zone %s", zone)
	}
	wall := parseTime(t, "20060102T150405", p.Value)
	var last time.Time
	offset := "none"
	for _, rule := range rules.Components {
		for _, p := range rule.Properties {
			if p.Name != "DTSTART" && p.Name != "RDATE" {
				continue
			}
			if onset := parseTime(t, "20060102T150405", p.Value); !onset.After(wall) && onset.After(last) {
				last, offset = onset, rule.Property("TZOFFSETTO").Value
			}
		}
	}
	layout := "20060102T150405-0700"
	if len(offset) == len("-070000") {
		layout = "20060102T150405-070000"
	}
	return parseTime(t, layout, p.Value+offset)
}

func parseTime(t Failer, layout, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(layout, text)
	if err != nil {
		t.Fatalf("parse time: %v", err)
	}
	return parsed
}
