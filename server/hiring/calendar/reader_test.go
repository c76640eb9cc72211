package calendar_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// component is a parsed component of a file. This parser follows RFC 5545 strictly, and shares no code with the library
// that writes the files.
type component struct {
	name       string
	properties []property
	components []*component
}

type property struct {
	name       string
	parameters map[string]string
	value      string // unescaped if the value is a text
}

// failer has the methods that *testing.T and *rapid.T share.
type failer interface {
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

// parse parses a file and fails the test if the file violates the RFC.
func parse(t failer, file []byte) *component {
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
	root := &component{}
	open := []*component{root}
	for _, line := range strings.Split(strings.TrimSuffix(unfolded, "\r\n"), "\r\n") {
		parts := contentLine.FindStringSubmatch(line)
		if parts == nil {
			t.Fatalf("not a content line: %q", line)
		}
		inner := open[len(open)-1]
		switch name, value := parts[1], parts[3]; name {
		case "BEGIN":
			child := &component{name: value}
			inner.components = append(inner.components, child)
			open = append(open, child)
		case "END":
			if inner.name != value {
				t.Fatalf("got END:%s inside %s", value, inner.name)
			}
			open = open[:len(open)-1]
		default:
			p := property{name: name, parameters: map[string]string{}, value: value}
			for _, one := range parameter.FindAllStringSubmatch(parts[2], -1) {
				p.parameters[one[1]] = strings.NewReplacer("^^", "^", "^'", `"`, "^n", "\n").Replace(one[2] + one[3])
			}
			if textProperty.MatchString(name) {
				if !escapedText.MatchString(value) {
					t.Fatalf("unescaped character in the text %q", value)
				}
				p.value = strings.NewReplacer(`\\`, `\`, `\;`, `;`, `\,`, `,`, `\n`, "\n", `\N`, "\n").Replace(value)
			}
			inner.properties = append(inner.properties, p)
		}
	}
	if len(open) != 1 || len(root.components) != 1 || len(root.properties) != 0 ||
		root.components[0].name != "VCALENDAR" {
		t.Fatalf("got %+v, want exactly one VCALENDAR", root)
	}
	return root.components[0]
}

// children returns the inner components with a name.
func (c *component) children(name string) []*component {
	var found []*component
	for _, child := range c.components {
		if child.name == name {
			found = append(found, child)
		}
	}
	return found
}

// property returns the first property with a name, or an empty property.
func (c *component) property(name string) property {
	for _, p := range c.properties {
		if p.name == name {
			return p
		}
	}
	return property{}
}

// propertyNames returns the names of the properties in their order, each with the sorted names of its parameters.
func (c *component) propertyNames() string {
	var names []string
	for _, p := range c.properties {
		names = append(names, strings.Join(append([]string{p.name}, slices.Sorted(maps.Keys(p.parameters))...), ";"))
	}
	return strings.Join(names, " ")
}

// instant returns the time that a property means according to the zone rules of the file (section 3.6.5). The rule with
// the latest onset that is not after the time applies; onsets are wall times by the offset before the change.
func (c *component) instant(t failer, p property) time.Time {
	t.Helper()
	zone, ok := p.parameters["TZID"]
	if !ok {
		return parseTime(t, "20060102T150405Z", p.value)
	}
	var rules *component
	for _, candidate := range c.children("VTIMEZONE") {
		if candidate.property("TZID").value == zone {
			rules = candidate
		}
	}
	if rules == nil {
		t.Fatalf("the file has no rules of the zone %s", zone)
	}
	wall := parseTime(t, "20060102T150405", p.value)
	var last time.Time
	offset := "none"
	for _, rule := range rules.components {
		for _, p := range rule.properties {
			if p.name != "DTSTART" && p.name != "RDATE" {
				continue
			}
			if onset := parseTime(t, "20060102T150405", p.value); !onset.After(wall) && onset.After(last) {
				last, offset = onset, rule.property("TZOFFSETTO").value
			}
		}
	}
	layout := "20060102T150405-0700"
	if len(offset) == len("-070000") {
		layout = "20060102T150405-070000"
	}
	return parseTime(t, layout, p.value+offset)
}

func parseTime(t failer, layout, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(layout, text)
	if err != nil {
		t.Fatalf("parse time: %v", err)
	}
	return parsed
}

// TestParserRefusesMalformedFiles verifies that the parser of these tests detects malformed files.
func TestParserRefusesMalformedFiles(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"line feeds only":      "BEGIN:VCALENDAR\nEND:VCALENDAR\n",
		"unterminated line":    "BEGIN:VCALENDAR\r\nEND:VCALENDAR",
		"mismatched end":       "BEGIN:VCALENDAR\r\nEND:VEVENT\r\n",
		"unescaped comma":      "BEGIN:VCALENDAR\r\nSUMMARY:a,b\r\nEND:VCALENDAR\r\n",
		"bare carriage return": "BEGIN:VCALENDAR\r\nSUMMARY:a\rb\r\nEND:VCALENDAR\r\n",
		"quote in parameter":   "BEGIN:VCALENDAR\r\nATTENDEE;CN=a\"b:c\r\nEND:VCALENDAR\r\n",
		"long line":            "BEGIN:VCALENDAR\r\nSUMMARY:" + strings.Repeat("a", 68) + "\r\nEND:VCALENDAR\r\n",
		"two calendars":        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !fails(func(f failer) { parse(f, []byte(file)) }) {
				t.Errorf("%q was parsed, want a failure", file)
			}
		})
	}
}

// panicFailer panics instead of failing a test.
type panicFailer struct{}

func (panicFailer) Helper()               {}
func (panicFailer) Fatalf(string, ...any) { panic(panicFailer{}) }

// fails reports whether check calls Fatalf.
func fails(check func(failer)) (failed bool) {
	defer func() { _, failed = recover().(panicFailer) }()
	check(panicFailer{})
	return false
}
