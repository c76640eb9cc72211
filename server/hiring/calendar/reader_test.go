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

// component is what a program that keeps to RFC 5545 makes of a part of a file. It is written for these tests, and shares
// nothing with the library that writes the files.
type component struct {
	name       string
	properties []property
	components []*component
}

type property struct {
	name       string
	parameters map[string]string
	value      string // of a text: without its escapes
}

// fataler is the part of testing.T that rapid.T has too.
type fataler interface {
	Helper()
	Fatalf(format string, arguments ...any)
}

var (
	// contentLine has a name, parameters, and a value (section 3.1).
	contentLine = regexp.MustCompile(`^([A-Z-]+)((?:;[A-Z-]+=(?:"[^"\x00-\x08\x0A-\x1F\x7F]*"|[^",;:\x00-\x08\x0A-\x1F\x7F]*))*):([^\x00-\x08\x0A-\x1F\x7F]*)$`)
	parameter   = regexp.MustCompile(`;([A-Z-]+)=(?:"([^"]*)"|([^";]*))`)
	texts       = regexp.MustCompile(`^(UID|SUMMARY|DESCRIPTION|LOCATION|TZID|TZNAME|STATUS)$`)
	// escaped is a text in which every backslash, comma and semicolon is escaped (section 3.3.11).
	escaped = regexp.MustCompile(`^(?:[^\\;,]|\\[\\;,nN])*$`)
)

// read reads a file and fails for everything in which its lines differ from the RFC.
func read(t fataler, file []byte) *component {
	t.Helper()
	lines := strings.Split(string(file), "\r\n")
	if lines[len(lines)-1] != "" {
		t.Fatalf("the last line has no end: %q", lines[len(lines)-1])
	}
	for _, line := range lines {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Fatalf("a line of %d octets: %q", len(line), line)
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
				t.Fatalf("%s ends inside %s", value, inner.name)
			}
			open = open[:len(open)-1]
		default:
			p := property{name: name, parameters: map[string]string{}, value: value}
			for _, one := range parameter.FindAllStringSubmatch(parts[2], -1) {
				p.parameters[one[1]] = strings.NewReplacer("^^", "^", "^'", `"`, "^n", "\n").Replace(one[2] + one[3])
			}
			if texts.MatchString(name) {
				if !escaped.MatchString(value) {
					t.Fatalf("not an escaped text: %q", value)
				}
				p.value = strings.NewReplacer(`\\`, `\`, `\;`, `;`, `\,`, `,`, `\n`, "\n", `\N`, "\n").Replace(value)
			}
			inner.properties = append(inner.properties, p)
		}
	}
	if len(open) != 1 || len(root.components) != 1 || len(root.properties) != 0 || root.components[0].name != "VCALENDAR" {
		t.Fatalf("not one calendar: %+v", root)
	}
	return root.components[0]
}

func (c *component) all(name string) []*component {
	var found []*component
	for _, child := range c.components {
		if child.name == name {
			found = append(found, child)
		}
	}
	return found
}

func (c *component) get(name string) property {
	for _, p := range c.properties {
		if p.name == name {
			return p
		}
	}
	return property{}
}

// names lists the properties in their order, each with its parameters in order of name.
func (c *component) names() string {
	var names []string
	for _, p := range c.properties {
		names = append(names, strings.Join(append([]string{p.name}, slices.Sorted(maps.Keys(p.parameters))...), ";"))
	}
	return strings.Join(names, " ")
}

// instant is when a time is, by the rules that the file itself has for its zone (section 3.6.5): of all onsets the last
// that is not after the time counts, each as the clocks show it before they are set.
func (c *component) instant(t fataler, p property) time.Time {
	t.Helper()
	zone, ok := p.parameters["TZID"]
	if !ok {
		return parse(t, "20060102T150405Z", p.value)
	}
	var rules *component
	for _, candidate := range c.all("VTIMEZONE") {
		if candidate.get("TZID").value == zone {
			rules = candidate
		}
	}
	if rules == nil {
		t.Fatalf("the file does not say what %s is", zone)
	}
	wall := parse(t, "20060102T150405", p.value)
	var last time.Time
	offset := "none"
	for _, rule := range rules.components {
		for _, p := range rule.properties {
			if p.name != "DTSTART" && p.name != "RDATE" {
				continue
			}
			if onset := parse(t, "20060102T150405", p.value); !onset.After(wall) && onset.After(last) {
				last, offset = onset, rule.get("TZOFFSETTO").value
			}
		}
	}
	form := "-0700"
	if len(offset) == len("-070000") {
		form = "-070000"
	}
	return parse(t, "20060102T150405"+form, p.value+offset)
}

func parse(t fataler, form, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(form, text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return parsed
}

// The reader itself must refuse what it is there to find.
func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"BEGIN:VCALENDAR\nEND:VCALENDAR\n",
		"BEGIN:VCALENDAR\r\nEND:VCALENDAR",
		"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n",
		"BEGIN:VCALENDAR\r\nSUMMARY:a,b\r\nEND:VCALENDAR\r\n",
		"BEGIN:VCALENDAR\r\nSUMMARY:a\rb\r\nEND:VCALENDAR\r\n",
		"BEGIN:VCALENDAR\r\nATTENDEE;CN=a\"b:c\r\nEND:VCALENDAR\r\n",
		"BEGIN:VCALENDAR\r\nSUMMARY:" + strings.Repeat("a", 68) + "\r\nEND:VCALENDAR\r\n",
		"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
	} {
		if !refused(func(f fataler) { read(f, []byte(file)) }) {
			t.Errorf("%q is read", file)
		}
	}
}

type refusal struct{}

func (refusal) Helper()               {}
func (refusal) Fatalf(string, ...any) { panic(refusal{}) }

func refused(f func(fataler)) (failed bool) {
	defer func() { failed = recover() != nil }()
	f(refusal{})
	return false
}
