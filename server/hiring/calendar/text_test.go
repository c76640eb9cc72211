package calendar_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
)

// eventWithText returns an event that contains a text in every property that takes one.
func eventWithText(text string) calendar.Event {
	e := newEvent()
	e.UID, e.Summary, e.Description, e.Location, e.URL = "id"+text, "s"+text, "d"+text, "l"+text, "u"+text
	e.Organizer = calendar.Person{Name: "n" + text, Email: "m" + text}
	e.Attendees = []calendar.Attendee{{Person: e.Organizer, Response: calendar.Accepted}}
	return e
}

// allProperties are the properties of such an event, with their parameters.
const allProperties = "UID DTSTAMP CREATED LAST-MODIFIED SEQUENCE DTSTART;TZID DTEND;TZID SUMMARY DESCRIPTION LOCATION " +
	"URL STATUS ORGANIZER;CN ATTENDEE;CN;PARTSTAT"

// checkText writes and parses an event that contains a text everywhere. It fails if a property is added, lost or has
// another value than want.
func checkText(t failer, text, want string) {
	t.Helper()
	file := parse(t, write(t, eventWithText(text)))
	if names := file.PropertyNames(); names != "VERSION PRODID" {
		t.Fatalf("%q: got the calendar properties %s, want VERSION PRODID", text, names)
	}
	if len(file.Components) != 2 || file.Components[0].Name != "VTIMEZONE" || file.Components[1].Name != "VEVENT" {
		t.Fatalf("%q: got the components %+v, want VTIMEZONE and VEVENT", text, file.Components)
	}
	event := file.Components[1]
	if event.PropertyNames() != allProperties || len(event.Components) != 0 {
		t.Fatalf("%q: got the event properties %s and %d components, want %s",
			text, event.PropertyNames(), len(event.Components), allProperties)
	}
	for name, prefix := range map[string]string{"UID": "id", "SUMMARY": "s", "DESCRIPTION": "d", "LOCATION": "l"} {
		if got := event.Property(name).Value; got != prefix+want {
			t.Fatalf("%s of %q: got %q, want %q", name, text, got, prefix+want)
		}
	}
	name := "n" + strings.NewReplacer("\n", " ", `"`, `'`).Replace(want)
	for _, property := range []string{"ORGANIZER", "ATTENDEE"} {
		person := event.Property(property)
		if person.Parameters["CN"] != name {
			t.Fatalf("name of %q: got %q, want %q", text, person.Parameters["CN"], name)
		}
		address, found := strings.CutPrefix(person.Value, "mailto:m")
		if !found || strings.ContainsAny(address, ":;,\\\"<> ") {
			t.Fatalf("address of %q: got %q, want a percent-encoded mailto URI", text, person.Value)
		}
	}
	if url := event.Property("URL").Value; !strings.HasPrefix(url, "u") || strings.ContainsAny(url, "\\\"<> ") {
		t.Fatalf("URL of %q: got %q, want a percent-encoded URI", text, url)
	}
}

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"empty":                            {"", ""},
		"separators":                       {"a,b;c:d\\e", "a,b;c:d\\e"},
		"escapes":                          {`\n \N \, \; \\`, `\n \N \, \; \\`},
		"line feed":                        {"one\ntwo", "one\ntwo"},
		"CR LF":                            {"one\r\ntwo", "one\ntwo"},
		"carriage return":                  {"one\rtwo", "one\ntwo"},
		"several line ends":                {"one\n\r\n\rtwo", "one\n\n\ntwo"},
		"another property":                 {"\r\nSUMMARY:other", "\nSUMMARY:other"},
		"another event":                    {"x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:other", "x\nEND:VEVENT\nBEGIN:VEVENT\nUID:other"},
		"attendee after a carriage return": {"x\rATTENDEE:mailto:evil@evil.example", "x\nATTENDEE:mailto:evil@evil.example"},
		"attachment after a vertical tab":  {"x\vATTACH:file:///etc/passwd", "x\nATTACH:file:///etc/passwd"},
		"attachment after a form feed":     {"x\fATTACH:y", "x\nATTACH:y"},
		"attachments after other line separators": {"x\u0085ATTACH:y\u2028ATTACH:z\u2029ATTACH:z", "x\nATTACH:y\nATTACH:z\nATTACH:z"},
		"folded line":              {"\r\n folded", "\n folded"},
		"control characters":       {"\x00a\x01b\x1bc\x7fd\u009be", "abcde"},
		"tab":                      {"tab\tbed", "tab\tbed"},
		"invalid UTF-8":            {"\xff\xfe bytes", "\uFFFD bytes"},
		"quote and a parameter":    {`" ; ROLE=CHAIR:mailto:evil@evil.example`, `" ; ROLE=CHAIR:mailto:evil@evil.example`},
		"quote within a parameter": {`";ROLE="CHAIR`, `";ROLE="CHAIR`},
		"colon":                    {"x:mailto:evil@evil.example", "x:mailto:evil@evil.example"},
		"backslash at the end":     {`x\`, `x\`},
		"carets":                   {"^n^'^^ ^", "^n^'^^ ^"},
		"markup":                   {"<script>alert(1)</script>", "<script>alert(1)</script>"},
		"200 letters":              {strings.Repeat("a", 200), strings.Repeat("a", 200)},
		"200 spaces":               {strings.Repeat(" ", 200), strings.Repeat(" ", 200)},
		"40 emoji":                 {strings.Repeat("👩🏽‍💻", 40), strings.Repeat("👩🏽‍💻", 40)},
		"60 combining characters":  {strings.Repeat("é\u0301, ", 60), strings.Repeat("é\u0301, ", 60)},
		"150 backslashes":          {strings.Repeat("\\", 150), strings.Repeat("\\", 150)},
		"150 line ends":            {strings.Repeat("\n", 150), strings.Repeat("\n", 150)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkText(t, c.text, c.want)
		})
	}
}

// TestFoldingKeepsText moves the position at which a line is folded: a fold must not split a character or change the
// text.
func TestFoldingKeepsText(t *testing.T) {
	t.Parallel()
	for before := range 160 {
		for _, character := range []string{"é", "美", "😀", "👩🏽‍💻", ",", "\n", "\\", " ", "\t", "<", ">"} {
			text := strings.Repeat("a", before) + character + strings.Repeat("b", 80) + character
			checkText(t, text, text)
		}
	}
}

func TestRandomTexts(t *testing.T) {
	t.Parallel()
	pieces := rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("ab ,;:\\\"'^=<>\t\n😀美é")), 0, 100, -1),
		rapid.SampledFrom([]string{
			"BEGIN:VEVENT", "END:VCALENDAR", "\n ", "\\n", ";CN=", "mailto:", "https://a.example/?b=c&d=%20",
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieces, 0, 6).Draw(t, "pieces"), "")
		checkText(t, text, text)
	})
}

// TestRandomBytes verifies that arbitrary bytes in every text still give one calendar with one event.
func TestRandomBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes"))
		file := parse(t, write(t, eventWithText(text)))
		if len(file.Components) != 2 || file.Components[1].PropertyNames() != allProperties {
			t.Fatalf("%q: got %+v, want one event with the properties %s", text, file, allProperties)
		}
	})
}

func TestEmailAddressesAreEncoded(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]string{
		"ada@acme.example":       "mailto:ada@acme.example",
		"o'neil+x@acme.example":  "mailto:o'neil+x@acme.example",
		"a&b=c?d/e@acme.example": "mailto:a%26b%3Dc%3Fd%2Fe@acme.example",
		"50%#{|}`^@acme.example": "mailto:50%25%23%7B%7C%7D%60%5E@acme.example",
		"a\r\nb@acme.example":    "mailto:a%0D%0Ab@acme.example",
		"ü@acme.example":         "mailto:%C3%BC@acme.example",
	} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			e := newEvent()
			e.Organizer.Email = email
			if got := parse(t, write(t, e)).Components[1].Property("ORGANIZER").Value; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestURLsAreEncoded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ url, want string }{
		"query and fragment":       {"https://meet.example/a?b=c&d=1,2;e#f", "https://meet.example/a?b=c&d=1,2;e#f"},
		"IPv6 address and escapes": {"https://[::1]:8000/%20(x)*!'$@~", "https://[::1]:8000/%20(x)*!'$@~"},
		"characters to encode":     {"https://münchen.example/a b\"<>\\^`{|}", "https://m%C3%BCnchen.example/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D"},
		"line break":               {"https://x\r\nATTACH:y", "https://x%0D%0AATTACH:y"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEvent()
			e.URL = c.url
			if got := parse(t, write(t, e)).Components[1].Property("URL").Value; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
