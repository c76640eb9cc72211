package calendar_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
)

// everywhere puts a text into every place of an event that takes one.
func everywhere(text string) calendar.Event {
	e := event()
	e.UID, e.Summary, e.Description, e.Location, e.URL = "id"+text, "s"+text, "d"+text, "l"+text, "u"+text
	e.Organizer = calendar.Person{Name: "n" + text, Email: "m" + text}
	e.Attendees = []calendar.Attendee{{Person: e.Organizer, Response: calendar.Accepted}}
	return e
}

// shape is what such an event has: its properties, and their parameters.
const shape = "UID DTSTAMP CREATED LAST-MODIFIED SEQUENCE DTSTART;TZID DTEND;TZID SUMMARY DESCRIPTION LOCATION URL STATUS " +
	"ORGANIZER;CN ATTENDEE;CN;PARTSTAT"

// holds reads an event that has a text everywhere and fails where the text has become more than a text, or another one.
func holds(t fataler, text, shown string) {
	t.Helper()
	file := read(t, write(t, everywhere(text)))
	if names := file.names(); names != "VERSION PRODID" {
		t.Fatalf("%q: the calendar has %s", text, names)
	}
	if len(file.components) != 2 || file.components[0].name != "VTIMEZONE" || file.components[1].name != "VEVENT" {
		t.Fatalf("%q: the calendar has %+v", text, file.components)
	}
	got := file.components[1]
	if got.names() != shape || len(got.components) != 0 {
		t.Fatalf("%q: the event has %s and %+v", text, got.names(), got.components)
	}
	for name, first := range map[string]string{"UID": "id", "SUMMARY": "s", "DESCRIPTION": "d", "LOCATION": "l"} {
		if got := got.get(name).value; got != first+shown {
			t.Fatalf("%s of %q is read as %q, want %q", name, text, got, first+shown)
		}
	}
	name := "n" + strings.NewReplacer("\n", " ", `"`, `'`).Replace(shown)
	for _, property := range []string{"ORGANIZER", "ATTENDEE"} {
		person := got.get(property)
		if person.parameters["CN"] != name {
			t.Fatalf("the name %q is read as %q, want %q", text, person.parameters["CN"], name)
		}
		if rest, found := strings.CutPrefix(person.value, "mailto:m"); !found || strings.ContainsAny(rest, ":;,\\\"<> ") {
			t.Fatalf("the address %q is written as %q", text, person.value)
		}
	}
	if url := got.get("URL").value; !strings.HasPrefix(url, "u") || strings.ContainsAny(url, "\\\"<> ") {
		t.Fatalf("the URL %q is written as %q", text, url)
	}
}

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	for text, shown := range map[string]string{
		"":                  "",
		"a,b;c:d\\e":        "a,b;c:d\\e",
		`\n \N \, \; \\`:    `\n \N \, \; \\`,
		"one\ntwo":          "one\ntwo",
		"one\r\ntwo":        "one\ntwo",
		"one\rtwo":          "one\ntwo",
		"one\n\r\n\rtwo":    "one\n\n\ntwo",
		"\r\nSUMMARY:other": "\nSUMMARY:other",
		"x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:other": "x\nEND:VEVENT\nBEGIN:VEVENT\nUID:other",
		"x\rATTENDEE:mailto:evil@evil.example":         "x\nATTENDEE:mailto:evil@evil.example",
		"x\vATTACH:file:///etc/passwd":                 "x\nATTACH:file:///etc/passwd",
		"x\fATTACH:y":                                  "x\nATTACH:y",
		"x\u0085ATTACH:y\u2028ATTACH:z\u2029ATTACH:z":  "x\nATTACH:y\nATTACH:z\nATTACH:z",
		"\r\n folded":                                  "\n folded",
		"\x00a\x01b\x1bc\x7fd\u009be":                  "abcde",
		"tab\tbed":                                     "tab\tbed",
		"\xff\xfe bytes":                               "\uFFFD bytes",
		`" ; ROLE=CHAIR:mailto:evil@evil.example`:      `" ; ROLE=CHAIR:mailto:evil@evil.example`,
		`";ROLE="CHAIR`:                                `";ROLE="CHAIR`,
		"x:mailto:evil@evil.example":                   "x:mailto:evil@evil.example",
		`x\`:                                           `x\`,
		"^n^'^^ ^":                                     "^n^'^^ ^",
		"<script>alert(1)</script>":                    "<script>alert(1)</script>",
		strings.Repeat("a", 200):                       strings.Repeat("a", 200),
		strings.Repeat(" ", 200):                       strings.Repeat(" ", 200),
		strings.Repeat("👩🏽‍💻", 40):                     strings.Repeat("👩🏽‍💻", 40),
		strings.Repeat("é\u0301, ", 60):                strings.Repeat("é\u0301, ", 60),
		strings.Repeat("\\", 150):                      strings.Repeat("\\", 150),
		strings.Repeat("\n", 150):                      strings.Repeat("\n", 150),
	} {
		holds(t, text, shown)
	}
}

// A fold may fall anywhere, and must neither cut a character nor change the text.
func TestFolds(t *testing.T) {
	t.Parallel()
	for before := range 160 {
		for _, character := range []string{"é", "美", "😀", "👩🏽‍💻", ",", "\n", "\\", " ", "\t", "<", ">"} {
			text := strings.Repeat("a", before) + character + strings.Repeat("b", 80) + character
			holds(t, text, text)
		}
	}
}

func TestAnyText(t *testing.T) {
	t.Parallel()
	pieces := rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("ab ,;:\\\"'^=<>\t\n😀美é")), 0, 100, -1),
		rapid.SampledFrom([]string{"BEGIN:VEVENT", "END:VCALENDAR", "\n ", "\\n", ";CN=", "mailto:", "https://a.example/?b=c&d=%20"}),
	)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieces, 0, 6).Draw(t, "pieces"), "")
		holds(t, text, text)
	})
}

// Whatever bytes come in, what goes out is one calendar with one event.
func TestAnyBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes"))
		file := read(t, write(t, everywhere(text)))
		if len(file.components) != 2 || file.components[1].names() != shape {
			t.Fatalf("%q: %+v", text, file)
		}
	})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]string{
		"ada@acme.example":       "mailto:ada@acme.example",
		"o'neil+x@acme.example":  "mailto:o'neil+x@acme.example",
		"a&b=c?d/e@acme.example": "mailto:a%26b%3Dc%3Fd%2Fe@acme.example",
		"50%#{|}`^@acme.example": "mailto:50%25%23%7B%7C%7D%60%5E@acme.example",
		"a\r\nb@acme.example":    "mailto:a%0D%0Ab@acme.example",
		"ü@acme.example":         "mailto:%C3%BC@acme.example",
	} {
		e := event()
		e.Organizer.Email = email
		if got := read(t, write(t, e)).components[1].get("ORGANIZER").value; got != want {
			t.Errorf("%q: %s, want %s", email, got, want)
		}
	}
	for url, want := range map[string]string{
		"https://meet.example/a?b=c&d=1,2;e#f":   "https://meet.example/a?b=c&d=1,2;e#f",
		"https://[::1]:8000/%20(x)*!'$@~":        "https://[::1]:8000/%20(x)*!'$@~",
		"https://münchen.example/a b\"<>\\^`{|}": "https://m%C3%BCnchen.example/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D",
		"https://x\r\nATTACH:y":                  "https://x%0D%0AATTACH:y",
	} {
		e := event()
		e.URL = url
		if got := read(t, write(t, e)).components[1].get("URL").value; got != want {
			t.Errorf("%q: %s, want %s", url, got, want)
		}
	}
}
