package calendar_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
)

func stamp() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func event() calendar.Event {
	return calendar.Event{
		UID: "01980a3e-7b1c-7c7e-8f00-0123456789aa", Sequence: 2, Summary: "Interview: Ada Okafor, Engineer",
		Description: "Kit: System design; second round.\nBring questions.", Location: `Room 4\5`,
		URL: "https://meet.example/abc?x=1;y=2,3", Start: at("2026-03-30T13:00:00+02:00"), End: at("2026-03-30T14:30:00+02:00"),
		Zone: "Europe/Berlin", Status: calendar.Confirmed, Created: at("2026-01-01T00:00:00Z"), Modified: at("2026-01-02T00:00:00Z"),
		Organizer: calendar.Person{Name: "Okafor, Grace", Email: "grace@acme.example"},
		Attendees: []calendar.Attendee{
			{Person: calendar.Person{Name: "Linus O'Neil", Email: "linus+jobs@acme.example"}, Response: calendar.Accepted},
			{Person: calendar.Person{Name: "Mei 美", Email: "mei@acme.example"}, Response: calendar.NeedsAction},
			{Person: calendar.Person{Email: "nameless@acme.example"}, Response: calendar.Declined},
			{Person: calendar.Person{Name: "Nobody's Address"}, Response: calendar.TentativelyAccepted},
		},
	}
}

func write(t fataler, events ...calendar.Event) []byte {
	t.Helper()
	file, err := calendar.Write(events)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return file
}

// TestFile pins a whole file, byte by byte.
func TestFile(t *testing.T) {
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
	if got := string(write(t, event())); got != strings.ReplaceAll(want, "\n", "\r\n") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	read(t, write(t, event()))
}

func TestTheLibraryReadsItsFiles(t *testing.T) {
	t.Parallel()
	want := event()
	file, err := ics.ParseCalendar(bytes.NewReader(write(t, want)))
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Events()) != 1 || len(file.Timezones()) != 1 {
		t.Fatalf("%d events and %d zones", len(file.Events()), len(file.Timezones()))
	}
	got := file.Events()[0]
	if start, err := got.GetStartAt(); err != nil || !start.Equal(want.Start) {
		t.Errorf("starts at %v (%v)", start, err)
	}
	if end, err := got.GetEndAt(); err != nil || !end.Equal(want.End) {
		t.Errorf("ends at %v (%v)", end, err)
	}
	if stamped, err := got.GetDtStampTime(); err != nil || !stamped.Equal(want.Modified) {
		t.Errorf("stamped at %v (%v)", stamped, err)
	}
	for property, text := range map[ics.ComponentProperty]string{
		ics.ComponentPropertyUniqueId: want.UID, ics.ComponentPropertySummary: want.Summary,
		ics.ComponentPropertyDescription: want.Description, ics.ComponentPropertyLocation: want.Location,
		ics.ComponentPropertyUrl: want.URL,
	} {
		if p := got.GetProperty(property); p == nil || p.Value != text {
			t.Errorf("%s: %+v, want %q", property, p, text)
		}
	}
	for i, attendee := range got.Attendees() {
		if attendee.Email() != want.Attendees[i].Email || len(attendee.ICalParameters["CN"]) > 0 && attendee.ICalParameters["CN"][0] != want.Attendees[i].Name {
			t.Errorf("attendee %d: %+v", i, attendee)
		}
	}
}

func TestStatusesAndResponses(t *testing.T) {
	t.Parallel()
	for status, want := range map[calendar.Status]string{
		calendar.Confirmed: "CONFIRMED", calendar.Tentative: "TENTATIVE", calendar.Cancelled: "CANCELLED", "": "", "CONFIRMED": "", "draft": "",
	} {
		e := event()
		e.Status = status
		file, err := calendar.Write([]calendar.Event{e})
		if (err == nil) != (want != "") {
			t.Errorf("%q: %v", status, err)
		} else if err == nil && read(t, file).components[1].get("STATUS").value != want {
			t.Errorf("%q is written as %s", status, file)
		}
	}
	for response, want := range map[calendar.Response]string{
		calendar.NeedsAction: "NEEDS-ACTION", calendar.Accepted: "ACCEPTED", calendar.Declined: "DECLINED",
		calendar.TentativelyAccepted: "TENTATIVE", "": "", "ACCEPTED": "", "accepted:x": "",
	} {
		e := event()
		e.Attendees = e.Attendees[:1]
		e.Attendees[0].Response = response
		file, err := calendar.Write([]calendar.Event{e})
		if (err == nil) != (want != "") {
			t.Errorf("%q: %v", response, err)
		} else if err == nil && read(t, file).components[1].get("ATTENDEE").parameters["PARTSTAT"] != want {
			t.Errorf("%q is written as %s", response, file)
		}
	}
}

func TestWhatIsNoEvent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*calendar.Event){
		"no zone":               func(e *calendar.Event) { e.Zone = "" },
		"an unknown zone":       func(e *calendar.Event) { e.Zone = "Mars/Olympus" },
		"an end at its start":   func(e *calendar.Event) { e.End = e.Start },
		"an end before it":      func(e *calendar.Event) { e.End = e.Start.Add(-time.Second) },
		"neither start nor end": func(e *calendar.Event) { e.Start, e.End = time.Time{}, time.Time{} },
	} {
		wrong := event()
		wrong.UID = "wrong-one"
		change(&wrong)
		file, err := calendar.Write([]calendar.Event{event(), wrong})
		if err == nil || !strings.Contains(err.Error(), wrong.UID) {
			t.Errorf("%s: %v, and the file %s", name, err, file)
		}
	}
}

func TestFractionsOfSeconds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		start, end, wantStart, wantEnd string
	}{
		{"2026-07-01T10:00:00Z", "2026-07-01T10:00:01Z", "20260701T100000Z", "20260701T100001Z"},
		{"2026-07-01T10:00:00.2Z", "2026-07-01T10:00:00.200001Z", "20260701T100000Z", "20260701T100001Z"},
		{"2026-07-01T10:00:00.999999999Z", "2026-07-01T11:00:00Z", "20260701T100000Z", "20260701T110000Z"},
		{"2026-07-01T10:00:00Z", "2026-07-01T10:59:59.000000001Z", "20260701T100000Z", "20260701T110000Z"},
	} {
		e := event()
		e.Zone, e.Start, e.End = "UTC", at(test.start), at(test.end)
		got := read(t, write(t, e)).components[0]
		if start, end := got.get("DTSTART").value, got.get("DTEND").value; start != test.wantStart || end != test.wantEnd {
			t.Errorf("%s to %s is written as %s to %s", test.start, test.end, start, end)
		}
	}
}

func TestWhatMayBeMissing(t *testing.T) {
	t.Parallel()
	empty := read(t, write(t))
	if empty.names() != "VERSION PRODID" || len(empty.components) != 0 {
		t.Errorf("without events: %+v", empty)
	}
	bare := event()
	bare.Description, bare.Location, bare.URL, bare.Organizer, bare.Attendees, bare.Zone = "", "", "", calendar.Person{}, nil, "Etc/UTC"
	got := read(t, write(t, bare))
	if len(got.components) != 1 || got.components[0].names() != "UID DTSTAMP CREATED LAST-MODIFIED SEQUENCE DTSTART DTEND SUMMARY STATUS" {
		t.Errorf("with the least: %+v", got)
	}
}
