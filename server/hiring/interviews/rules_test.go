package interviews

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the program embeds it too

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// minute returns the time n minutes after 9:00 UTC of a fixed day.
func minute(n int) time.Time { return time.Date(2055, 1, 12, 9, n, 0, 0, time.UTC) }

// drawSpan draws a span of whole minutes within the first hour.
func drawSpan(t *rapid.T, name string) span {
	from := rapid.IntRange(0, 40).Draw(t, name+" from")
	return span{minute(from), minute(from + rapid.IntRange(1, 20).Draw(t, name+" minutes"))}
}

// TestOverlappingMatchesDefinition compares the rule with a direct implementation of its meaning for spans of whole
// minutes: two spans overlap if a minute begins in both.
func TestOverlappingMatchesDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		during := drawSpan(t, "wanted")
		bookings := []db.ListBookingsRow{}
		for range rapid.IntRange(0, 8).Draw(t, "bookings") {
			other := drawSpan(t, "other")
			bookings = append(bookings, db.ListBookingsRow{PersonID: uuid.New(), StartsAt: other.from, EndsAt: other.to})
		}
		before := slices.Clone(bookings)
		want := []db.ListBookingsRow{}
		for _, b := range bookings {
			for n := range 80 {
				within := func(s span) bool { return !minute(n).Before(s.from) && minute(n).Before(s.to) }
				if within(during) && within(span{b.StartsAt, b.EndsAt}) {
					want = append(want, b)
					break
				}
			}
			if during.overlaps(span{b.StartsAt, b.EndsAt}) != (span{b.StartsAt, b.EndsAt}).overlaps(during) {
				t.Fatalf("overlaps is not symmetric for %v and %v", during, b)
			}
		}
		if got := overlapping(during, bookings); !slices.Equal(got, want) {
			t.Fatalf("during %v of %v: got %v, want %v", during, bookings, got, want)
		}
		if !slices.Equal(bookings, before) {
			t.Fatal("overlapping changed its argument")
		}
	})
}

func TestAdjacentTimesDoNotOverlap(t *testing.T) {
	t.Parallel()
	during := span{minute(10), minute(20)}
	for _, test := range []struct {
		name     string
		from, to time.Time
		want     bool
	}{
		{"ends at the start", minute(0), minute(10), false},
		{"starts at the end", minute(20), minute(30), false},
		{"ends after the start", minute(0), minute(10).Add(time.Microsecond), true},
		{"starts before the end", minute(20).Add(-time.Microsecond), minute(30), true},
		{"same time", minute(10), minute(20), true},
		{"within", minute(12), minute(13), true},
		{"around", minute(0), minute(40), true},
		{"first minute", minute(10), minute(11), true},
		{"last minute", minute(19), minute(20), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := len(overlapping(during, []db.ListBookingsRow{{StartsAt: test.from, EndsAt: test.to}})) > 0
			if got != test.want {
				t.Errorf("%v to %v: got %t, want %t", test.from, test.to, got, test.want)
			}
		})
	}
}

func TestConflictFaultListsEachPersonOnce(t *testing.T) {
	t.Parallel()
	lars, mira := uuid.New(), uuid.New()
	row := func(person uuid.UUID, first, last string, from int) db.ListBookingsRow {
		berlin := time.FixedZone("", 3600)
		return db.ListBookingsRow{
			PersonID: person, FirstName: first, LastName: last,
			StartsAt: minute(from).In(berlin), EndsAt: minute(from + 30).In(berlin),
		}
	}
	err := conflictFault([]db.ListBookingsRow{
		row(lars, "Lars", "Lindqvist", 0), row(lars, "Lars", "Lindqvist", 15), row(mira, "Mira", "Solheim", 5),
	}, "Asia/Kolkata", func(b db.ListBookingsRow) string { return "/" + strings.ToLower(b.FirstName) })
	want := []fault.Field{
		{
			Pointer: "/lars", Code: "booked",
			Detail: "Lars Lindqvist is booked from 2055-01-12T14:30:00+05:30 to 2055-01-12T15:00:00+05:30 (Asia/Kolkata)",
		},
		{
			Pointer: "/mira", Code: "booked",
			Detail: "Mira Solheim is booked from 2055-01-12T14:35:00+05:30 to 2055-01-12T15:05:00+05:30 (Asia/Kolkata)",
		},
	}
	if got := fields(err); codeOf(err) != fault.ScheduleConflict || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v with %v, want %s with %v", err, got, fault.ScheduleConflict, want)
	}
}

func fields(err error) []fault.Field {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Fields()
	}
	return nil
}

// violations returns the pointers and codes of the violations that a check adds.
func violations(check func(f *fault.Fault)) string {
	f := fault.New(fault.RuleViolated)
	check(f)
	var all []string
	for _, field := range f.Fields() {
		all = append(all, field.Pointer+" "+field.Code)
	}
	if (errorOf(f) != nil) != (len(all) > 0) {
		all = append(all, "and errorOf is wrong")
	}
	return strings.Join(all, ", ")
}

func TestCheckTimes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, from, to, zone, want string }{
		{"valid", "2055-01-12T10:00:00+01:00", "2055-01-12T11:00:00+01:00", "Europe/Berlin", ""},
		{"in the past", "2001-01-12T10:00:00+01:00", "2001-01-12T11:00:00+01:00", "Europe/Berlin", ""},
		{"different offsets", "2055-01-12T10:00:00+01:00", "2055-01-12T09:00:01Z", "Europe/Berlin", ""},
		{"24 hours", "2055-01-12T10:00:00+01:00", "2055-01-13T10:00:00+01:00", "Europe/Berlin", ""},
		{"longer than 24 hours", "2055-01-12T10:00:00+01:00", "2055-01-13T09:00:00.000001Z", "Europe/Berlin", "/ends_at too_long"},
		// A day of 25 hours by the zoneCache, and one of 23.
		{"a day of 25 hours", "2055-10-31T00:00:00+02:00", "2055-11-01T00:00:00+01:00", "Europe/Berlin", "/ends_at too_long"},
		{"a day of 23 hours", "2055-03-28T00:00:00+01:00", "2055-03-29T00:00:00+02:00", "Europe/Berlin", ""},
		{"no duration", "2055-01-12T10:00:00+01:00", "2055-01-12T10:00:00+01:00", "Europe/Berlin", "/ends_at not_after_start"},
		{"ends before the start", "2055-01-12T10:00:00+01:00", "2055-01-12T09:00:00+01:00", "Europe/Berlin", "/ends_at not_after_start"},
		{"unknown zone", "2055-01-12T10:00:00+01:00", "2055-01-12T11:00:00+01:00", "Mars/Olympus", "/timezone unknown"},
		{"local zone", "2055-01-12T10:00:00+01:00", "2055-01-12T11:00:00+01:00", "Local", "/timezone unknown"},
		{"no zone", "2055-01-12T10:00:00+01:00", "2055-01-12T11:00:00+01:00", "", "/timezone unknown"},
		{"starts before 2000", "1999-12-31T23:59:59Z", "2000-01-01T01:00:00Z", "UTC", "/starts_at out_of_range"},
		{"starts before 2000 in UTC", "2000-01-01T00:00:00+01:00", "2000-01-01T02:00:00+01:00", "Europe/Berlin", "/starts_at out_of_range"},
		{"ends after 2099", "2099-12-31T23:00:00Z", "2100-01-01T00:00:00Z", "UTC", "/ends_at out_of_range"},
		{"far in the future", "9999-12-31T23:00:00-14:00", "9999-12-31T23:30:00-14:00", "UTC", "/starts_at out_of_range, /ends_at out_of_range"},
		{"far in the past", "0000-01-01T00:00:00+14:00", "0000-01-01T00:30:00+14:00", "UTC", "/starts_at out_of_range, /ends_at out_of_range"},
		{
			"several errors",
			"9999-12-31T23:00:00Z", "0000-12-31T23:30:00Z", "x",
			"/starts_at out_of_range, /ends_at out_of_range, /ends_at not_after_start, /timezone unknown",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			from, err := time.Parse(time.RFC3339, test.from)
			if err != nil {
				t.Fatal(err)
			}
			to, err := time.Parse(time.RFC3339, test.to)
			if err != nil {
				t.Fatal(err)
			}
			check := func(prefix string) string {
				return violations(func(f *fault.Fault) { checkTimes(f, prefix, span{from, to}, test.zone) })
			}
			if got := check(""); got != test.want {
				t.Errorf("%s to %s in %q: got %q, want %q", test.from, test.to, test.zone, got, test.want)
			}
			want := ""
			if test.want != "" {
				want = "/schedule" + strings.ReplaceAll(test.want, ", ", ", /schedule")
			}
			if got := check("/schedule"); got != want {
				t.Errorf("%s to %s in %q with a prefix: got %q, want %q", test.from, test.to, test.zone, got, want)
			}
		})
	}
}

func TestCheckTexts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, title                 string
		location, url, instructions *string
		want                        string
	}{
		{"only a title", "Technical interview", nil, nil, nil, ""},
		{"all texts", "Zoë 👩‍🚀", of("Room 4"), of("https://meet.example/abc?x=1#y"), of("First line.\nSecond\tline."), ""},
		{"address with a port", "a", nil, of("http://[::1]:8080/"), nil, ""},
		{"blank texts", "\u00a0", of("\u2003"), nil, of("\u00a0"), "/title blank, /location blank, /instructions blank"},
		{
			"control characters",
			"a\nb", of("a\x00b"), nil, of("a\x00b"),
			"/title control_character, /location control_character, /instructions control_character",
		},
		{"bidirectional control characters", "a\u202eb", nil, of("https://a\u202eb.example/"), nil, "/title control_character, /meeting_url control_character"},
		{"no host", "a", nil, of("https://"), nil, "/meeting_url invalid"},
		{"empty host", "a", nil, of("https:///path"), nil, "/meeting_url invalid"},
		{"port without host", "a", nil, of("https://:443/"), nil, "/meeting_url invalid"},
		{"invalid escape", "a", nil, of("https://a.example/%zz"), nil, "/meeting_url invalid"},
		{"unclosed bracket", "a", nil, of("https://[::1/"), nil, "/meeting_url invalid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := violations(func(f *fault.Fault) { checkTexts(f, test.title, test.location, test.url, test.instructions) })
			if got != test.want {
				t.Errorf("%+v: got %q, want %q", test, got, test.want)
			}
		})
	}
}

// of returns a pointer to a text.
func of(s string) *string { return &s }

func TestCheckReason(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		reason *string
		want   string
	}{
		{"no reason", nil, ""},
		{"one line", of("Ill."), ""},
		{"two lines", of("One.\nTwo."), ""},
		{"blank", of("\u00a0"), "/x/reason blank"},
		{"control character", of("a\x00"), "/x/reason control_character"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := violations(func(f *fault.Fault) { checkReason(f, "/x", test.reason) }); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestCheckKitVersion(t *testing.T) {
	t.Parallel()
	job, other := uuid.New(), uuid.New()
	for _, status := range []stored.KitVersionStatus{
		stored.KitVersionStatusDraft, stored.KitVersionStatusPublished, stored.KitVersionStatusArchived,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			for _, kitJob := range []*uuid.UUID{nil, &job, &other} {
				for _, wanted := range []*uuid.UUID{nil, &job} {
					want := ""
					switch {
					case status != stored.KitVersionStatusPublished:
						want = "/kit_version_id not_published"
					case kitJob == &other && wanted != nil:
						want = "/kit_version_id other_job"
					}
					version := &db.GetKitVersionForInterviewRow{Status: status, JobID: kitJob}
					if got := violations(func(f *fault.Fault) { checkKitVersion(f, version, wanted) }); got != want {
						t.Errorf("%s of %v for %v: got %q, want %q", status, kitJob, wanted, got, want)
					}
				}
			}
		})
	}
	want := "/kit_version_id unknown"
	if got := violations(func(f *fault.Fault) { checkKitVersion(f, nil, &job) }); got != want {
		t.Errorf("without a version: got %q, want %q", got, want)
	}
}

func TestCheckPanel(t *testing.T) {
	t.Parallel()
	a, b, gone, foreign := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	active := map[uuid.UUID]bool{a: true, b: true, gone: false}
	for _, test := range []struct {
		name  string
		panel []uuid.UUID
		want  string
	}{
		{"empty", nil, ""},
		{"two users", []uuid.UUID{a, b}, ""},
		{"duplicates", []uuid.UUID{a, b, a, b}, "/panel/2/user_id duplicate, /panel/3/user_id duplicate"},
		{
			"several errors",
			[]uuid.UUID{foreign, a, gone, a},
			"/panel/0/user_id unknown, /panel/2/user_id inactive, /panel/3/user_id duplicate",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := violations(func(f *fault.Fault) { checkPanel(f, test.panel, active) }); got != test.want {
				t.Errorf("%v: got %q, want %q", test.panel, got, test.want)
			}
		})
	}
}

func TestLocalTimes(t *testing.T) {
	t.Parallel()
	zones := zoneCache{}
	for _, test := range []struct{ at, zone, want string }{
		{"2055-03-28T00:59:59Z", "Europe/Berlin", `"2055-03-28T01:59:59+01:00"`},
		{"2055-03-28T01:00:00Z", "Europe/Berlin", `"2055-03-28T03:00:00+02:00"`},
		{"2055-10-31T00:30:00Z", "Europe/Berlin", `"2055-10-31T02:30:00+02:00"`},
		{"2055-10-31T01:30:00Z", "Europe/Berlin", `"2055-10-31T02:30:00+01:00"`},
		{"2055-03-14T06:59:59.000001Z", "America/New_York", `"2055-03-14T01:59:59.000001-05:00"`},
		{"2055-03-14T07:00:00Z", "America/New_York", `"2055-03-14T03:00:00-04:00"`},
		{"2055-11-07T05:30:00Z", "America/New_York", `"2055-11-07T01:30:00-04:00"`},
		{"2055-11-07T06:30:00Z", "America/New_York", `"2055-11-07T01:30:00-05:00"`},
		{"2055-04-03T14:59:59Z", "Australia/Lord_Howe", `"2055-04-04T01:59:59+11:00"`},
		{"2055-04-03T15:00:00Z", "Australia/Lord_Howe", `"2055-04-04T01:30:00+10:30"`},
		{"2055-10-02T15:29:59Z", "Australia/Lord_Howe", `"2055-10-03T01:59:59+10:30"`},
		{"2055-10-02T15:30:00Z", "Australia/Lord_Howe", `"2055-10-03T02:30:00+11:00"`},
		{"2055-10-02T15:30:00Z", "UTC", `"2055-10-02T15:30:00Z"`},
		{"2055-10-02T15:30:00Z", "Dropped/Zone", `"2055-10-02T15:30:00Z"`},
	} {
		t.Run(test.zone+" at "+test.at, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, test.at)
			if err != nil {
				t.Fatal(err)
			}
			for _, source := range []string{"loaded", "cached"} {
				got, err := zones.local(&at, &test.zone).MarshalJSON()
				if string(got) != test.want || err != nil {
					t.Errorf("%s in %s, zone %s: got %s (%v), want %s", test.at, test.zone, source, got, err, test.want)
				}
			}
		})
	}
	if got := zones.local(nil, nil); !got.IsNull() {
		t.Errorf("without a time: got %v, want null", got)
	}
}

func TestRoundUpToSecond(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		at, want time.Time
	}{
		{"whole second", minute(0), minute(0)},
		{"one microsecond later", minute(0).Add(time.Microsecond), minute(0).Add(time.Second)},
		{"one microsecond earlier", minute(0).Add(999999 * time.Microsecond), minute(0).Add(time.Second)},
		{"next second", minute(0).Add(time.Second), minute(0).Add(time.Second)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := roundUpToSecond(test.at); !got.Equal(test.want) {
				t.Errorf("%v: got %v, want %v", test.at, got, test.want)
			}
		})
	}
}
