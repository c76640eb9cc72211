package calendar_test

import (
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar/calendartest"
)

// failer has the methods that *testing.T and *rapid.T share.
type failer = calendartest.Failer

// parse parses a file and fails the test if the file violates the RFC.
func parse(t failer, file []byte) *calendartest.Component {
	t.Helper()
	return calendartest.Parse(t, file)
}

// zone is a valid VTIMEZONE.
const zone = "BEGIN:VTIMEZONE\r\nTZID:UTC\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0000\r\n" +
	"TZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

// calendarOf returns a calendar with some lines.
func calendarOf(lines string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:p\r\n" + lines + "END:VCALENDAR\r\n"
}

// eventOf returns an event with some lines, its start and its stamp.
func eventOf(lines string) string {
	return "BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\n" + lines + "END:VEVENT\r\n"
}

// TestParserAcceptsValidFiles verifies that the parser accepts the files that the malformed ones are made from.
func TestParserAcceptsValidFiles(t *testing.T) {
	t.Parallel()
	for _, file := range []string{calendarOf(zone), calendarOf(eventOf("UID:a\r\n")), calendarOf(zone + eventOf("UID:a\r\n"))} {
		parse(t, []byte(file))
	}
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
		"no component":         calendarOf(""),
		"no version":           "BEGIN:VCALENDAR\r\nPRODID:p\r\n" + zone + "END:VCALENDAR\r\n",
		"two product ids":      calendarOf("PRODID:p\r\n" + zone),
		"zone without rules":   calendarOf("BEGIN:VTIMEZONE\r\nTZID:UTC\r\nEND:VTIMEZONE\r\n"),
		"event without a UID":  calendarOf(zone + eventOf("")),
		"event with two UIDs":  calendarOf(zone + eventOf("UID:a\r\nUID:b\r\n")),
		"unknown zone":         calendarOf(eventOf("UID:a\r\nDTEND;TZID=X:20260101T000000\r\n")),
		"UTC in a zone":        calendarOf(zone + eventOf("UID:a\r\nDTEND;TZID=UTC:20260101T000000Z\r\n")),
		"cancel without organizer": calendarOf("METHOD:CANCEL\r\n" +
			eventOf("UID:a\r\nSEQUENCE:1\r\nSTATUS:CANCELLED\r\n")),
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
