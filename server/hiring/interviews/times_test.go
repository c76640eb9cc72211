package interviews_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// timed sends a request with a time and a zone, for each operation that takes both. It returns the answer and the
// pointer of the object with the times.
func timed() map[string]func(f fixture, times map[string]any) (answer *testkit.Answer, prefix string) {
	act := func(status api.InterviewStatus, action string) func(fixture, map[string]any) (*testkit.Answer, string) {
		return func(f fixture, times map[string]any) (*testkit.Answer, string) {
			return f.clients["lead"].Post(path(f.newInterview(status), action), times), ""
		}
	}
	return map[string]func(fixture, map[string]any) (*testkit.Answer, string){
		"CreateInterview": func(f fixture, times map[string]any) (*testkit.Answer, string) {
			return f.clients["lead"].Post(collection, f.createBody(map[string]any{
				"panel": f.panelOf("panelist"), "schedule": times,
			})), "/schedule"
		},
		"ScheduleInterview":   act(api.InterviewStatusNoShow, "schedule"),
		"RescheduleInterview": act(api.InterviewStatusScheduled, "reschedule"),
	}
}

// TestOperationsWithTimesAreKnown finds in the specification all operations whose requests contain a time. Each must be
// among those whose times the tests below check.
func TestOperationsWithTimesAreKnown(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, item := range document.Paths.Map() {
		for _, operation := range item.Operations() {
			if operation.RequestBody == nil {
				continue
			}
			for _, content := range operation.RequestBody.Value.Content {
				if hasTimeWithZone(content.Schema) {
					found[operation.OperationID] = true
				}
			}
		}
	}
	for name := range timed() {
		if !found[name] {
			t.Errorf("%s takes no time with a zone", name)
		}
		delete(found, name)
	}
	for name := range found {
		t.Errorf("%s takes a time with a zone, and no test checks its offset", name)
	}
}

// hasTimeWithZone reports whether an object of a schema has a time and a time zone.
func hasTimeWithZone(schema *openapi3.SchemaRef) bool {
	if schema == nil || schema.Value == nil {
		return false
	}
	var times, zone bool
	for name, property := range schema.Value.Properties {
		if hasTimeWithZone(property) {
			return true
		}
		times = times || property.Value.Format == "date-time"
		zone = zone || strings.Contains(name, "timezone")
	}
	return times && zone || hasTimeWithZone(schema.Value.Items)
}

// TestOffsetsMatchZone sends times whose offset is that of their zone, and others.
func TestOffsetsMatchZone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for operation, send := range timed() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			for _, test := range []struct {
				name, zone, starts, ends string
				want                     []string // the violations; none if the request succeeds
				detail                   string   // part of the first violation's detail
			}{
				{"winter", "Europe/Berlin", "2055-01-12T10:00:00+01:00", "2055-01-12T11:00:00+01:00", nil, ""},
				{"summer", "Europe/Berlin", "2055-07-12T10:00:00+02:00", "2055-07-12T11:00:00+02:00", nil, ""},
				{"UTC", "Europe/Berlin", "2055-07-12T10:00:00Z", "2055-07-12T11:00:00+00:00", nil, ""},
				{"half an hour", "Asia/Kolkata", "2055-07-12T10:00:00+05:30", "2055-07-12T11:00:00+05:30", nil, ""},
				{
					"winter's offset in summer", "Europe/Berlin", "2055-07-12T10:00:00+01:00", "2055-07-12T12:00:00+02:00",
					[]string{"/starts_at offset_mismatch"},
					"must have the offset +02:00, which Europe/Berlin has at that time",
				},
				{
					"another zone", "America/New_York", "2055-01-12T10:00:00+01:00", "2055-01-12T11:00:00+01:00",
					[]string{"/starts_at offset_mismatch", "/ends_at offset_mismatch"},
					"the offset -05:00",
				},
				{
					"offset in UTC", "UTC", "2055-01-12T10:00:00+01:00", "2055-01-12T10:00:00Z",
					[]string{"/starts_at offset_mismatch"},
					"the offset +00:00",
				},
				// Berlin skips the hour after 2:00 on 28 March 2055, and repeats it on 31 October.
				{
					"skipped, as winter time", "Europe/Berlin", "2055-03-28T02:30:00+01:00", "2055-03-28T03:45:00+02:00",
					[]string{"/starts_at nonexistent"},
					"does not exist in Europe/Berlin",
				},
				{
					"skipped, as summer time", "Europe/Berlin", "2055-03-28T01:00:00+01:00", "2055-03-28T02:59:59+02:00",
					[]string{"/ends_at nonexistent"},
					"does not exist in Europe/Berlin",
				},
				{"first instant after the gap", "Europe/Berlin", "2055-03-28T03:00:00+02:00", "2055-03-28T04:00:00+02:00", nil, ""},
				{"repeated, first", "Europe/Berlin", "2055-10-31T02:15:00+02:00", "2055-10-31T02:45:00+02:00", nil, ""},
				{"repeated, second", "Europe/Berlin", "2055-10-31T02:15:00+01:00", "2055-10-31T02:45:00+01:00", nil, ""},
				{
					"repeated, neither", "Europe/Berlin", "2055-10-31T02:15:00+03:00", "2055-10-31T02:45:00+01:00",
					[]string{"/starts_at offset_mismatch"},
					"",
				},
			} {
				t.Run(test.name, func(t *testing.T) {
					f := f.in(t)
					answer, prefix := send(f, map[string]any{
						"starts_at": test.starts, "ends_at": test.ends, "timezone": test.zone, "allow_conflicts": true,
					})
					if test.want == nil {
						if answer.Status >= http.StatusBadRequest {
							t.Fatalf("got status %d, want success: %s", answer.Status, answer.Body)
						}
						starts, _ := time.Parse(time.RFC3339, test.starts)
						if got := decode(answer).StartsAt.MustGet(); !got.Equal(starts) {
							t.Errorf("got the start %v, want %v", got, starts)
						}
						return
					}
					p := answer.Refused(http.StatusUnprocessableEntity, "rule_violated")
					want := []string{}
					for _, violation := range test.want {
						want = append(want, prefix+violation)
					}
					wantEqual(t, "violations", violations(p), want)
					if !strings.Contains(p.Errors[0].Detail, test.detail) {
						t.Errorf("got the detail %q, want one that contains %q", p.Errors[0].Detail, test.detail)
					}
				})
			}
		})
	}
}

// TestPastTimes verifies that an interview is scheduled in the past only if the request says so. Clocks may differ by
// less than five minutes.
func TestPastTimes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	now := time.Now().UTC()
	at := func(start time.Duration, members ...any) map[string]any {
		from := now.Add(start)
		body := map[string]any{
			"starts_at": from.Format(time.RFC3339), "ends_at": from.Add(2 * time.Hour).Format(time.RFC3339),
			"timezone": "Europe/Berlin", "allow_conflicts": true,
		}
		for i := 0; i+1 < len(members); i += 2 {
			body[members[i].(string)] = members[i+1]
		}
		return body
	}
	for operation, send := range timed() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			for _, test := range []struct {
				name  string
				times map[string]any
				past  bool
			}{
				{"future", at(time.Hour), false},
				{"a clock that is behind", at(-time.Minute), false},
				{"six minutes ago", at(-6 * time.Minute), true},
				{"last year", at(-365 * 24 * time.Hour), true},
				{"last year, not allowed", at(-365*24*time.Hour, "allow_past", false), true},
				{"last year, allowed", at(-365*24*time.Hour, "allow_past", true), false},
			} {
				t.Run(test.name, func(t *testing.T) {
					answer, prefix := send(f.in(t), test.times)
					if !test.past {
						if answer.Status >= http.StatusBadRequest {
							t.Errorf("got status %d, want success: %s", answer.Status, answer.Body)
						}
						return
					}
					p := answer.Refused(http.StatusUnprocessableEntity, "rule_violated")
					wantEqual(t, "violations", violations(p), []string{prefix + "/starts_at past"})
					if !strings.Contains(p.Errors[0].Detail, "allow_past") {
						t.Errorf("got the detail %q, want one that names allow_past", p.Errors[0].Detail)
					}
				})
			}
		})
	}
	t.Run("record an interview that was held", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		answer, _ := timed()["CreateInterview"](f, at(-48*time.Hour, "allow_past", true))
		id := decode(answer.Expect(http.StatusCreated)).ID
		f.clients["lead"].Post(path(id, "start"), nil).Expect(http.StatusOK)
		got := decode(f.clients["lead"].Post(path(id, "finish"), nil).Expect(http.StatusOK))
		if got.Status != api.InterviewStatusAwaitingScores || !got.StartsAt.MustGet().Before(now) {
			t.Errorf("got %s at %v, want awaiting_scores in the past", got.Status, got.StartsAt)
		}
	})
	t.Run("move the end after the start", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		answer, _ := timed()["CreateInterview"](f, at(-time.Hour, "allow_past", true))
		id := decode(answer.Expect(http.StatusCreated)).ID
		longer := at(-time.Hour, "ends_at", now.Add(3*time.Hour).Format(time.RFC3339))
		f.clients["lead"].Post(path(id, "reschedule"), longer).Expect(http.StatusOK)
		p := f.clients["lead"].Post(path(id, "reschedule"), at(-2*time.Hour)).
			Refused(http.StatusUnprocessableEntity, "rule_violated")
		wantEqual(t, "violations", violations(p), []string{"/starts_at past"})
	})
}

// TestConflictsNameTimesInZone verifies that a refusal names the booked people, and the times of their other interviews
// in the zone of the refused interview, whatever the zone of the other one is.
func TestConflictsNameTimesInZone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := decode(f.clients["lead"].Post(collection, f.createBody(map[string]any{
		"panel": f.panelOf("panelist"), "schedule": scheduleAt(0), // from 9:00 to 10:00 UTC
	})).Expect(http.StatusCreated))
	candidate := first.Candidate.FirstName + " " + first.Candidate.LastName
	elsewhere := f.Application(f.Candidate(), f.job, api.ApplicationStageInterview)
	draft := func(application uuid.UUID, users ...testkit.User) uuid.UUID {
		return f.Interview(application, f.kitVersion, api.InterviewStatusDraft, users...)
	}
	for zone, period := range map[string]string{
		"Asia/Kolkata":     "from 2055-01-12T14:30:00+05:30 to 2055-01-12T15:30:00+05:30 (Asia/Kolkata)",
		"America/New_York": "from 2055-01-12T04:00:00-05:00 to 2055-01-12T05:00:00-05:00 (America/New_York)",
		"UTC":              "from 2055-01-12T09:00:00Z to 2055-01-12T10:00:00Z (UTC)",
	} {
		times := scheduleAt(30, "timezone", zone)
		for operation, send := range map[string]func() *testkit.Answer{
			"create": func() *testkit.Answer {
				return f.clients["lead"].Post(collection, f.createBody(map[string]any{
					"panel": f.panelOf("panelist"), "schedule": times,
				}))
			},
			"schedule": func() *testkit.Answer {
				return f.clients["lead"].Post(path(draft(f.application, f.users["panelist"]), "schedule"), times)
			},
			"reschedule": func() *testkit.Answer {
				id := draft(f.application, f.users["panelist"])
				f.clients["lead"].Post(path(id, "schedule"), scheduleAt(300)).Expect(http.StatusOK)
				defer f.clients["lead"].Post(path(id, "cancel"), nil)
				return f.clients["lead"].Post(path(id, "reschedule"), times)
			},
			"add a panelist": func() *testkit.Answer {
				id := draft(elsewhere, f.users["outsider"])
				f.clients["lead"].Post(path(id, "schedule"), times).Expect(http.StatusOK)
				defer f.clients["lead"].Post(path(id, "cancel"), nil)
				return f.setPanelist("lead", id, f.users["panelist"].ID, map[string]any{})
			},
		} {
			t.Run(operation+" in "+zone, func(t *testing.T) {
				got := []string{}
				for _, e := range send().Refused(http.StatusConflict, "schedule_conflict").Errors {
					got = append(got, e.Detail)
				}
				want := []string{"employee Example is booked " + period}
				if operation != "add a panelist" {
					want = append(want, candidate+" is booked "+period)
				}
				slices.Sort(got)
				slices.Sort(want)
				wantEqual(t, "details", got, want)
			})
		}
	}
}
