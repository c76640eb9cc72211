package calendar_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
)

// mustTime parses an RFC 3339 time and panics if it is malformed.
func mustTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// newEvent returns an event with every property and with attendees of every kind.
func newEvent() calendar.Event {
	return calendar.Event{
		UID: "01980a3e-7b1c-7c7e-8f00-0123456789aa", Sequence: 2, Summary: "Interview: Ada Okafor, Engineer",
		Description: "Kit: System design; second round.\nBring questions.", Location: `Room 4\5`,
		URL:   "https://meet.example/abc?x=1;y=2,3",
		Start: mustTime("2026-03-30T13:00:00+02:00"), End: mustTime("2026-03-30T14:30:00+02:00"),
		Zone: "Europe/Berlin", Status: calendar.Confirmed,
		Created: mustTime("2026-01-01T00:00:00Z"), Modified: mustTime("2026-01-02T00:00:00Z"),
		Organizer: calendar.Person{Name: "Okafor, Grace", Email: "grace@acme.example"},
		Attendees: []calendar.Attendee{
			{Person: calendar.Person{Name: "Linus O'Neil", Email: "linus+jobs@acme.example"}, Response: calendar.Accepted},
			{Person: calendar.Person{Name: "Mei 美", Email: "mei@acme.example"}, Response: calendar.NeedsAction},
			{Person: calendar.Person{Email: "nameless@acme.example"}, Response: calendar.Declined},
			{Person: calendar.Person{Name: "Nobody's Address"}, Response: calendar.TentativelyAccepted},
		},
	}
}

// write returns the file of events and fails the test on an error.
func write(t failer, events ...calendar.Event) []byte {
	t.Helper()
	file, err := calendar.Write(calendar.File{Events: events})
	if err != nil {
		t.Fatalf("Write: %v", err)
	}
	return file
}

// TestWriteFile compares a complete file byte by byte.
func TestWriteFile(t *testing.T) {
	t.Parallel()
	want := `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//ai-interviewer-platform//interviewer//EN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:20260329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20261025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:01980a3e-7b1c-7c7e-8f00-0123456789aa
DTSTAMP:20260102T000000Z
CREATED:20260101T000000Z
LAST-MODIFIED:20260102T000000Z
SEQUENCE:2
DTSTART;TZID=Europe/Berlin:20260330T130000
DTEND;TZID=Europe/Berlin:20260330T143000
SUMMARY:Interview: Ada Okafor\, Engineer
DESCRIPTION:Kit: System design\; second round.\nBring questions.
LOCATION:Room 4\\5
URL:https://meet.example/abc?x=1;y=2,3
STATUS:CONFIRMED
ORGANIZER;CN="Okafor, Grace":mailto:grace@acme.example
ATTENDEE;CN="Linus O'Neil";PARTSTAT=ACCEPTED:mailto:linus+jobs@acme.example
ATTENDEE;CN="Mei 美";PARTSTAT=NEEDS-ACTION:mailto:mei@acme.example
ATTENDEE;PARTSTAT=DECLINED:mailto:nameless@acme.example
END:VEVENT
END:VCALENDAR
`
	file := write(t, newEvent())
	if got := string(file); got != strings.ReplaceAll(want, "\n", "\r\n") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	parse(t, file)
}

func TestLibraryReadsWrittenFiles(t *testing.T) {
	t.Parallel()
	want := newEvent()
	file, err := ics.ParseCalendar(bytes.NewReader(write(t, want)))
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Events()) != 1 || len(file.Timezones()) != 1 {
		t.Fatalf("got %d events and %d zones, want one of each", len(file.Events()), len(file.Timezones()))
	}

	got := file.Events()[0]
	if start, err := got.GetStartAt(); err != nil || !start.Equal(want.Start) {
		t.Errorf("start: got %v (%v), want %v", start, err, want.Start)
	}
	if end, err := got.GetEndAt(); err != nil || !end.Equal(want.End) {
		t.Errorf("end: got %v (%v), want %v", end, err, want.End)
	}
	if stamp, err := got.GetDtStampTime(); err != nil || !stamp.Equal(want.Modified) {
		t.Errorf("stamp: got %v (%v), want %v", stamp, err, want.Modified)
	}
	for property, text := range map[ics.ComponentProperty]string{
		ics.ComponentPropertyUniqueId: want.UID, ics.ComponentPropertySummary: want.Summary,
		ics.ComponentPropertyDescription: want.Description, ics.ComponentPropertyLocation: want.Location,
		ics.ComponentPropertyUrl: want.URL,
	} {
		if p := got.GetProperty(property); p == nil || p.Value != text {
			t.Errorf("%s: got %+v, want %q", property, p, text)
		}
	}

	// The attendee without an email address is not written.
	attendees := got.Attendees()
	if len(attendees) != len(want.Attendees)-1 {
		t.Fatalf("got %d attendees, want %d", len(attendees), len(want.Attendees)-1)
	}
	for i, attendee := range attendees {
		name := ""
		if names := attendee.ICalParameters["CN"]; len(names) > 0 {
			name = names[0]
		}
		if attendee.Email() != want.Attendees[i].Email || name != want.Attendees[i].Name {
			t.Errorf("attendee %d: got %+v, want %+v", i, attendee, want.Attendees[i])
		}
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status calendar.Status
		want   string // empty if Write must refuse the status
	}{
		{calendar.Confirmed, "CONFIRMED"},
		{calendar.Tentative, "TENTATIVE"},
		{calendar.Cancelled, "CANCELLED"},
		{"", ""},
		{"CONFIRMED", ""},
		{"draft", ""},
	} {
		t.Run(string(test.status), func(t *testing.T) {
			t.Parallel()
			e := newEvent()
			e.Status = test.status
			file, err := calendar.Write(calendar.File{Events: []calendar.Event{e}})
			if test.want == "" {
				if err == nil {
					t.Fatalf("got the file %s, want an error", file)
				}
				return
			}
			if err != nil {
				t.Fatalf("Write: %v", err)
			}
			if got := parse(t, file).Components[1].Property("STATUS").Value; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		response calendar.Response
		want     string // empty if Write must refuse the response
	}{
		{calendar.NeedsAction, "NEEDS-ACTION"},
		{calendar.Accepted, "ACCEPTED"},
		{calendar.Declined, "DECLINED"},
		{calendar.TentativelyAccepted, "TENTATIVE"},
		{"", ""},
		{"ACCEPTED", ""},
		{"accepted:x", ""},
	} {
		t.Run(string(test.response), func(t *testing.T) {
			t.Parallel()
			e := newEvent()
			e.Attendees = e.Attendees[:1]
			e.Attendees[0].Response = test.response
			file, err := calendar.Write(calendar.File{Events: []calendar.Event{e}})
			if test.want == "" {
				if err == nil {
					t.Fatalf("got the file %s, want an error", file)
				}
				return
			}
			if err != nil {
				t.Fatalf("Write: %v", err)
			}
			if got := parse(t, file).Components[1].Property("ATTENDEE").Parameters["PARTSTAT"]; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWriteRefusesInvalidEvents(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*calendar.Event){
		"no zone":          func(e *calendar.Event) { e.Zone = "" },
		"unknown zone":     func(e *calendar.Event) { e.Zone = "Mars/Olympus" },
		"end at start":     func(e *calendar.Event) { e.End = e.Start },
		"end before start": func(e *calendar.Event) { e.End = e.Start.Add(-time.Second) },
		"no times":         func(e *calendar.Event) { e.Start, e.End = time.Time{}, time.Time{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			invalid := newEvent()
			invalid.UID = "invalid-event"
			change(&invalid)
			file, err := calendar.Write(calendar.File{Events: []calendar.Event{newEvent(), invalid}})
			if err == nil || !strings.Contains(err.Error(), invalid.UID) {
				t.Errorf("got the error %v and the file %s, want an error that contains %q", err, file, invalid.UID)
			}
		})
	}
}

func TestTimesAreRoundedToSeconds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		start, end, wantStart, wantEnd string
	}{
		{"2026-07-01T10:00:00Z", "2026-07-01T10:00:01Z", "20260701T100000Z", "20260701T100001Z"},
		{"2026-07-01T10:00:00.2Z", "2026-07-01T10:00:00.200001Z", "20260701T100000Z", "20260701T100001Z"},
		{"2026-07-01T10:00:00.999999999Z", "2026-07-01T11:00:00Z", "20260701T100000Z", "20260701T110000Z"},
		{"2026-07-01T10:00:00Z", "2026-07-01T10:59:59.000000001Z", "20260701T100000Z", "20260701T110000Z"},
	} {
		t.Run(test.start+" to "+test.end, func(t *testing.T) {
			t.Parallel()
			e := newEvent()
			e.Zone, e.Start, e.End = "UTC", mustTime(test.start), mustTime(test.end)
			got := parse(t, write(t, e)).Components[0]
			start, end := got.Property("DTSTART").Value, got.Property("DTEND").Value
			if start != test.wantStart || end != test.wantEnd {
				t.Errorf("%s to %s: got %s to %s, want %s to %s",
					test.start, test.end, start, end, test.wantStart, test.wantEnd)
			}
		})
	}
}

// TestWriteWithoutEvents verifies that a calendar without events contains the rules of the reader's zone, because RFC
// 5545 (section 3.6) demands a component.
func TestWriteWithoutEvents(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{
		"UTC": "TZID:UTC BEGIN:STANDARD DTSTART:16010101T000000 TZOFFSETFROM:+0000 TZOFFSETTO:+0000 TZNAME:UTC END:STANDARD",
		"Europe/Berlin": "TZID:Europe/Berlin BEGIN:DAYLIGHT DTSTART:20260329T020000 TZOFFSETFROM:+0100 TZOFFSETTO:+0200 " +
			"TZNAME:CEST END:DAYLIGHT BEGIN:STANDARD DTSTART:20261025T030000 TZOFFSETFROM:+0200 TZOFFSETTO:+0100 TZNAME:CET " +
			"END:STANDARD",
	} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			file, err := calendar.Write(calendar.File{Zone: zone, At: mustTime("2026-07-01T10:00:00Z")})
			if err != nil {
				t.Fatalf("Write: %v", err)
			}
			got := parse(t, file)
			if got.PropertyNames() != "VERSION PRODID" || len(got.Components) != 1 {
				t.Errorf("got %s, want a calendar with one component", file)
			}
			if !strings.Contains(strings.ReplaceAll(string(file), "\r\n", " "), "BEGIN:VTIMEZONE "+want+" END:VTIMEZONE") {
				t.Errorf("got %s, want the rules %s", file, want)
			}
		})
	}
	if file, err := calendar.Write(calendar.File{Zone: "Mars/Olympus"}); err == nil {
		t.Errorf("unknown zone: got %s, want an error", file)
	}
}

// TestCancellation verifies the properties by which calendar programs remove an event or free its time.
func TestCancellation(t *testing.T) {
	t.Parallel()
	e := newEvent()
	e.Status, e.Free = calendar.Cancelled, true
	file, err := calendar.Write(calendar.File{Method: calendar.Cancel, Events: []calendar.Event{e}})
	if err != nil {
		t.Fatalf("Write: %v", err)
	}
	got := parse(t, file)
	event := got.Children("VEVENT")[0]
	for name, test := range map[string]struct{ got, want string }{
		"METHOD":                     {got.Property("METHOD").Value, "CANCEL"},
		"STATUS":                     {event.Property("STATUS").Value, "CANCELLED"},
		"TRANSP":                     {event.Property("TRANSP").Value, "TRANSPARENT"},
		"X-MICROSOFT-CDO-BUSYSTATUS": {event.Property("X-MICROSOFT-CDO-BUSYSTATUS").Value, "FREE"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", name, test.got, test.want)
		}
	}
}

func TestOptionalProperties(t *testing.T) {
	t.Parallel()
	e := newEvent()
	e.Zone = "Etc/UTC"
	e.Description, e.Location, e.URL, e.Organizer, e.Attendees = "", "", "", calendar.Person{}, nil
	got := parse(t, write(t, e))
	if len(got.Components) != 1 {
		t.Fatalf("got %d components, want the event only", len(got.Components))
	}
	want := "UID DTSTAMP CREATED LAST-MODIFIED SEQUENCE DTSTART DTEND SUMMARY STATUS"
	if names := got.Components[0].PropertyNames(); names != want {
		t.Errorf("got the properties %s, want %s", names, want)
	}
}
