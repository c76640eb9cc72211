package calendar_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the program embeds it too

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
)

// TestWallTimes verifies wall times before and after changes of the clocks. The expected times are derived by hand from
// the rules of the European Union, the United States and New South Wales.
func TestWallTimes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, instant, want string }{
		{"Europe/Berlin", "2026-03-29T00:59:59Z", "20260329T015959"},
		{"Europe/Berlin", "2026-03-29T01:00:00Z", "20260329T030000"},
		{"Europe/Berlin", "2026-07-01T10:00:00Z", "20260701T120000"},
		{"Europe/Berlin", "2026-10-24T23:59:59Z", "20261025T015959"},
		{"Europe/Berlin", "2026-10-25T00:30:00Z", "20261025T023000"},
		{"Europe/Berlin", "2026-10-25T00:59:59Z", "20261025T025959"},
		{"Europe/Berlin", "2026-10-25T01:00:00Z", "20261025T010000Z"}, // second occurrence of 02:00:00
		{"Europe/Berlin", "2026-10-25T01:59:59Z", "20261025T015959Z"},
		{"Europe/Berlin", "2026-10-25T02:00:00Z", "20261025T030000"},
		{"Europe/Berlin", "2026-12-01T10:00:00Z", "20261201T110000"},
		{"America/New_York", "2026-03-08T06:59:59Z", "20260308T015959"},
		{"America/New_York", "2026-03-08T07:00:00Z", "20260308T030000"},
		{"America/New_York", "2026-11-01T05:59:59Z", "20261101T015959"},
		{"America/New_York", "2026-11-01T06:00:00Z", "20261101T060000Z"},
		{"America/New_York", "2026-11-01T07:00:00Z", "20261101T020000"},
		{"Australia/Lord_Howe", "2026-04-04T14:59:59Z", "20260405T015959"},
		{"Australia/Lord_Howe", "2026-04-04T15:00:00Z", "20260404T150000Z"},
		{"Australia/Lord_Howe", "2026-04-04T15:29:59Z", "20260404T152959Z"},
		{"Australia/Lord_Howe", "2026-04-04T15:30:00Z", "20260405T020000"},
		{"Australia/Lord_Howe", "2026-10-03T15:29:59Z", "20261004T015959"},
		{"Australia/Lord_Howe", "2026-10-03T15:30:00Z", "20261004T023000"},
		{"Asia/Kolkata", "2026-03-29T01:00:00Z", "20260329T063000"},
		{"Asia/Kolkata", "2026-10-25T01:00:00Z", "20261025T063000"},
		{"Etc/GMT+5", "2026-07-01T10:00:00Z", "20260701T050000"},
		{"UTC", "2026-03-29T01:00:00Z", "20260329T010000Z"},
		{"Etc/UTC", "2026-03-29T01:00:00Z", "20260329T010000Z"},
		{"Zulu", "2026-03-29T01:00:00Z", "20260329T010000Z"},
	} {
		t.Run(test.zone+" at "+test.instant, func(t *testing.T) {
			t.Parallel()
			instant := mustTime(test.instant)
			for _, property := range []string{"DTSTART", "DTEND"} {
				e := newEvent()
				e.Zone = test.zone
				if property == "DTSTART" {
					e.Start, e.End = instant, instant.Add(time.Hour)
				} else {
					e.Start, e.End = instant.Add(-time.Hour), instant
				}
				file := parse(t, write(t, e))
				got := file.Components[len(file.Components)-1].Property(property)
				wantZone := test.zone
				if strings.HasSuffix(test.want, "Z") {
					wantZone = ""
				}
				if zone := got.Parameters["TZID"]; got.Value != test.want || zone != wantZone {
					t.Errorf("%s of %s in %s: got %s in zone %q, want %s in zone %q",
						property, test.instant, test.zone, got.Value, zone, test.want, wantZone)
				}
				if back := file.Instant(t, got); !back.Equal(instant) {
					t.Errorf("%s of %s in %s: the file's rules give %v", property, test.instant, test.zone, back)
				}
			}
		})
	}
}

func TestZoneRules(t *testing.T) {
	t.Parallel()
	var events []calendar.Event
	for _, c := range []struct{ zone, start string }{
		{"Europe/Berlin", "2027-12-01T10:00:00Z"},
		{"UTC", "2026-07-01T10:00:00Z"},
		{"Asia/Kolkata", "2026-07-01T10:00:00Z"},
		{"Europe/Berlin", "2025-07-01T10:00:00Z"},
		{"Etc/GMT-3", "2026-07-01T10:00:00Z"},
		{"Europe/Berlin", "2025-07-02T10:00:00Z"},
	} {
		e := newEvent()
		e.Zone, e.Start, e.End = c.zone, mustTime(c.start), mustTime(c.start).Add(time.Hour)
		events = append(events, e)
	}
	want := strings.ReplaceAll(`BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:20250330T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
RDATE:20280326T020000
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20251026T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
RDATE:20271031T030000
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Asia/Kolkata
BEGIN:STANDARD
DTSTART:19451015T000000
TZOFFSETFROM:+0630
TZOFFSETTO:+0530
TZNAME:IST
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Etc/GMT-3
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
TZNAME:+03
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
`, "\n", "\r\n")
	_, got, _ := strings.Cut(string(write(t, events...)), "//EN\r\n")
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestZoneRulesMatchDatabase writes random times in various zones and interprets them by the rules of the file; the
// result must match Go's zone database. The zones include half an hour of daylight saving time, a skipped day, negative
// daylight saving time, Ramadan, offsets with seconds, and changes of the standard offset.
func TestZoneRulesMatchDatabase(t *testing.T) {
	t.Parallel()
	names := []string{
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Europe/Dublin",
		"Africa/Casablanca", "Pacific/Apia", "Pacific/Chatham", "Africa/Monrovia", "Antarctica/Troll", "America/Santiago",
		"Asia/Pyongyang",
		"Europe/Moscow", "America/Caracas", "America/Sao_Paulo", "Asia/Kathmandu", "Europe/Istanbul", "Pacific/Kiritimati",
		"Etc/GMT+12", "Etc/GMT-14", "EST5EDT", "Africa/Cairo", "Asia/Gaza", "America/St_Johns", "Asia/Tehran",
		"Pacific/Kwajalein",
	}
	rapid.Check(t, func(t *rapid.T) {
		var events []calendar.Event
		for range rapid.IntRange(1, 8).Draw(t, "events") {
			e := newEvent()
			e.Zone = rapid.SampledFrom(names).Draw(t, "zone")
			e.Start = drawTime(t, e.Zone)
			seconds := rapid.OneOf(rapid.IntRange(1, 8*3600), rapid.IntRange(1, 3*365*86400)).Draw(t, "seconds")
			e.End = e.Start.Add(time.Duration(seconds) * time.Second)
			events = append(events, e)
		}
		file := parse(t, write(t, events...))
		parsed := file.Children("VEVENT")
		if len(parsed) != len(events) {
			t.Fatalf("got %d events, want %d", len(parsed), len(events))
		}
		for i, got := range parsed {
			location, err := time.LoadLocation(events[i].Zone)
			if err != nil {
				t.Fatal(err)
			}
			for property, want := range map[string]time.Time{"DTSTART": events[i].Start, "DTEND": events[i].End} {
				written := got.Property(property)
				if back := file.Instant(t, written); !back.Equal(want) {
					t.Fatalf("%v in %s: %+v means %v by the file's rules", want, location, written, back)
				}
				wall := want.In(location).Format("20060102T150405")
				if !strings.HasSuffix(written.Value, "Z") && written.Value != wall {
					t.Fatalf("%v in %s: got %+v, want %s", want, location, written, wall)
				}
			}
		}
	})
}

// drawTime draws a time from 1970 to 2100. Half of the times are within three hours of a change of the zone's clocks.
func drawTime(t *rapid.T, zone string) time.Time {
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	drawn := time.Unix(rapid.Int64Range(0, 4102444800).Draw(t, "unix"), 0).In(location)
	if _, change := drawn.ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "near change") {
		return change.Add(time.Duration(rapid.IntRange(-3*3600, 3*3600).Draw(t, "seconds from change")) * time.Second)
	}
	return drawn
}

func TestValidZone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"UTC", "Etc/UTC", "GMT", "Zulu", "Europe/Berlin", "America/New_York", "America/Argentina/Buenos_Aires",
		"Etc/GMT+5", "Etc/GMT-14", "America/Port-au-Prince", "Asia/Kolkata", "Asia/Calcutta", "US/Eastern",
		"EST5EDT", "W-SU", "NZ-CHAT",
	} {
		if !calendar.ValidZone(name) {
			t.Errorf("ValidZone(%q): got false, want true", name)
		}
	}
	for _, name := range []string{
		"", "Local", "local", "localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin", "tzdata.zi", "zone.tab",
		"Europe", "Europe/", "/Europe/Berlin", "Europe//Berlin", "Europe/./Berlin", "Europe/../Europe/Berlin", "Europe/Berlin/",
		"./UTC", "../zoneinfo/UTC", "../../etc/passwd", "/etc/localtime", "\\UTC", "Europe\\Berlin", ".", "..", "/",
		"europe/berlin", "Europe/Berlin ", " Europe/Berlin", "Europe/Berlin\n", "Europe/Berlin\x00", "Mars/Olympus", "+02:00",
		"CEST", "GMT+2", "UTC+2", "Étc/UTC", strings.Repeat("A", 100000), "A" + strings.Repeat("/A", 10000),
	} {
		if calendar.ValidZone(name) {
			t.Errorf("ValidZone(%.40q): got true, want false", name)
		}
	}
}

// TestDaylightIsAhead verifies that daylight saving time is the time that is ahead, also where the law calls that the
// standard time: Outlook shows meetings in Ireland an hour early otherwise. Zones whose clocks no longer change have one
// rule.
func TestDaylightIsAhead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, start, want string }{
		{"Europe/Dublin", "2027-07-14T09:00:00Z", "DAYLIGHT +0000 +0100 IST, STANDARD +0100 +0000 GMT"},
		{"Europe/Dublin", "2027-12-14T09:00:00Z", "STANDARD +0100 +0000 GMT, DAYLIGHT +0000 +0100 IST"},
		{"Africa/Casablanca", "2027-02-20T10:00:00Z", "STANDARD +0100 +0000 +00, DAYLIGHT +0000 +0100 +01"},
		{"Europe/Berlin", "2027-07-14T09:00:00Z", "DAYLIGHT +0100 +0200 CEST, STANDARD +0200 +0100 CET"},
		{"Pacific/Apia", "2027-07-14T09:00:00Z", "STANDARD +1400 +1300 +13"},
		{"Europe/Istanbul", "2027-07-14T09:00:00Z", "STANDARD +0300 +0300 +03"},
	} {
		t.Run(test.zone+" at "+test.start, func(t *testing.T) {
			t.Parallel()
			e := newEvent()
			e.Zone, e.Start = test.zone, mustTime(test.start)
			e.End = e.Start.Add(time.Hour)
			var got []string
			for _, rule := range parse(t, write(t, e)).Children("VTIMEZONE")[0].Components {
				got = append(got, strings.Join([]string{
					rule.Name, rule.Property("TZOFFSETFROM").Value, rule.Property("TZOFFSETTO").Value, rule.Property("TZNAME").Value,
				}, " "))
			}
			if rules := strings.Join(got, ", "); rules != test.want {
				t.Errorf("got %s, want %s", rules, test.want)
			}
		})
	}
}
