package interviews_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestCreateADraft(t *testing.T) {
	t.Parallel()
	h := build(t)
	answer := h.as["lead"].Post(collection, h.wanted(map[string]any{
		"title": " Technical interview ", "location": " Room 4 ", "instructions": "First.\nSecond.", "meeting_url": "https://meet.example/a",
		"panel": []map[string]any{
			{"user_id": h.people["panelist"].ID, "score_required": false}, {"user_id": h.people["hr"].ID},
		},
	})).Expect(http.StatusCreated)
	got := shown(answer)
	if got.Title != "Technical interview" || got.Location.MustGet() != "Room 4" || got.Instructions.MustGet() != "First.\nSecond." ||
		got.MeetingURL.MustGet() != "https://meet.example/a" || got.Status != api.InterviewStatusDraft || got.Kind != api.InterviewKindVideo ||
		got.ApplicationID != h.applies || got.Candidate.ID != h.mira || got.Job.ID != h.job || got.KitID != h.kit || got.KitVersionID != h.version {
		t.Errorf("created %s", answer.Body)
	}
	if got.Candidate.FirstName == "" || got.Candidate.LastName == "" || got.Job.Title == "" || got.Reschedules != 0 || got.Conflicts != nil {
		t.Errorf("created %s", answer.Body)
	}
	for name, null := range map[string]bool{
		"starts_at": got.StartsAt.IsNull(), "ends_at": got.EndsAt.IsNull(), "timezone": got.Timezone.IsNull(),
		"starts_at_local": got.StartsAtLocal.IsNull(), "ends_at_local": got.EndsAtLocal.IsNull(), "started_at": got.StartedAt.IsNull(),
		"finished_at": got.FinishedAt.IsNull(), "completed_at": got.CompletedAt.IsNull(), "status_reason": got.StatusReason.IsNull(),
	} {
		if !null {
			t.Errorf("%s is not null: %s", name, answer.Body)
		}
	}
	required := map[uuid.UUID]bool{}
	for _, p := range got.Panel {
		required[p.User.ID] = p.ScoreRequired
		if p.Response != api.PanelResponseNeedsAction || !p.Comment.IsNull() || !p.RespondedAt.IsNull() || p.HasSubmitted || p.User.LastName != "Example" {
			t.Errorf("a new panelist is %+v", p)
		}
	}
	if len(required) != 2 || required[h.people["panelist"].ID] || !required[h.people["hr"].ID] {
		t.Errorf("the panel is %+v", got.Panel)
	}
	same(t, "allowed actions", got.AllowedActions, []api.InterviewAction{
		api.InterviewActionUpdate, api.InterviewActionSetPanel, api.InterviewActionSchedule, api.InterviewActionCancel,
	})
	if location := answer.Header.Get("Location"); location != path(got.ID) {
		t.Errorf("Location is %q", location)
	}
	read := h.as["lead"].Get(path(got.ID)).Expect(http.StatusOK)
	if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("created %s %s, read %s %s", answer.Header.Get("ETag"), answer.Body, read.Header.Get("ETag"), read.Body)
	}
	events := h.history(got.ID)
	if len(events) != 1 || events[0].Event != api.InterviewEventKindCreate || events[0].FromStatus != nil ||
		events[0].ToStatus != api.InterviewStatusDraft || !events[0].ToStartsAt.IsNull() || events[0].ActorID.MustGet() != h.people["lead"].ID {
		t.Errorf("the history is %+v", events)
	}
	entries := h.audited(got.ID)
	same(t, "audited", actions(entries), []string{"interview.created"})
	if entries[0].actor != h.people["lead"].ID || !strings.Contains(entries[0].details, h.people["hr"].ID.String()) ||
		!strings.Contains(entries[0].details, `"to": "Technical interview"`) {
		t.Errorf("the audit says %+v", entries[0])
	}
}

func TestTheSmallestDraft(t *testing.T) {
	t.Parallel()
	h := build(t)
	got := shown(h.as["hr"].Post(collection, h.wanted(map[string]any{
		"location": nil, "meeting_url": nil, "instructions": nil,
	})).Expect(http.StatusCreated))
	if len(got.Panel) != 0 || got.Panel == nil || !got.Location.IsNull() || !got.MeetingURL.IsNull() || !got.Instructions.IsNull() {
		t.Errorf("created %+v", got)
	}
	// Nothing is scheduled without a panel, and so it is not offered.
	same(t, "allowed actions", got.AllowedActions, []api.InterviewAction{
		api.InterviewActionUpdate, api.InterviewActionSetPanel, api.InterviewActionCancel,
	})
}

func TestCreateScheduledAtOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	got := shown(h.as["lead"].Post(collection, h.wanted(map[string]any{
		"panel": h.on("panelist"), "schedule": at(0, "reason", " As agreed. "),
	})).Expect(http.StatusCreated))
	if got.Status != api.InterviewStatusScheduled || got.Reschedules != 0 || got.Timezone.MustGet() != "Europe/Berlin" ||
		got.StatusReason.MustGet() != "As agreed." || got.Conflicts != nil {
		t.Errorf("created %+v", got)
	}
	events := h.history(got.ID)
	if len(events) != 2 || events[0].Event != api.InterviewEventKindCreate || events[1].Event != api.InterviewEventKindSchedule ||
		*events[1].FromStatus != api.InterviewStatusDraft || events[1].ToStatus != api.InterviewStatusScheduled ||
		!events[1].FromStartsAt.IsNull() || !events[1].ToStartsAt.MustGet().Equal(got.StartsAt.MustGet()) ||
		!events[1].ToEndsAt.MustGet().Equal(got.EndsAt.MustGet()) || events[1].ToTimezone.MustGet() != "Europe/Berlin" || events[1].Reason.MustGet() != "As agreed." {
		t.Errorf("the history is %+v", events)
	}
	same(t, "audited", actions(h.audited(got.ID)), []string{"interview.created", "interview.scheduled"})
}

// TestCreateRefusals: each refusal names everything that is wrong, and leaves nothing behind.
func TestCreateRefusals(t *testing.T) {
	t.Parallel()
	h := build(t)
	globex := h.Company("globex")
	foreign := h.Installation.Hiring(globex)
	foreignApplication := foreign.Application(foreign.Candidate(), foreign.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	_, foreignVersion := foreign.KitVersion(api.KitVersionStatusPublished)
	_, draft := h.KitVersion(api.KitVersionStatusDraft)
	_, archived := h.KitVersion(api.KitVersionStatusArchived)
	otherKit, otherVersion := h.KitVersion(api.KitVersionStatusPublished)
	h.Exec(`UPDATE kits SET job_id = $2 WHERE id = $1`, otherKit, h.Job(api.JobStatusOpen))
	gone := h.User(h.acme, "gone", api.RoleEmployee)
	h.Exec(`UPDATE users SET is_active = false WHERE id = $1`, gone.ID)
	unseen := h.Application(h.Candidate(), h.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	panel := func(ids ...uuid.UUID) []map[string]any {
		all := make([]map[string]any, len(ids))
		for i, id := range ids {
			all[i] = map[string]any{"user_id": id}
		}
		return all
	}
	for _, test := range []struct {
		changes map[string]any
		want    []string
	}{
		{map[string]any{"application_id": uuid.New()}, []string{"/application_id unknown"}},
		{map[string]any{"application_id": foreignApplication}, []string{"/application_id unknown"}},
		{map[string]any{"application_id": unseen}, []string{"/application_id unknown"}},
		{map[string]any{"kit_version_id": uuid.New()}, []string{"/kit_version_id unknown"}},
		{map[string]any{"kit_version_id": foreignVersion}, []string{"/kit_version_id unknown"}},
		{map[string]any{"kit_version_id": draft}, []string{"/kit_version_id not_published"}},
		{map[string]any{"kit_version_id": archived}, []string{"/kit_version_id not_published"}},
		{map[string]any{"kit_version_id": otherVersion}, []string{"/kit_version_id other_job"}},
		{map[string]any{"panel": h.on("panelist", "panelist")}, []string{"/panel/1/user_id duplicate"}},
		{map[string]any{"panel": panel(h.people["hr"].ID, globex.Users[api.RoleHr].ID)}, []string{"/panel/1/user_id unknown"}},
		{map[string]any{"panel": panel(uuid.New(), gone.ID)}, []string{"/panel/0/user_id unknown", "/panel/1/user_id inactive"}},
		{map[string]any{"schedule": at(0)}, []string{"/panel required"}},
		{map[string]any{"title": "\u00a0", "location": "\u2003"}, []string{"/title blank", "/location blank"}},
		{map[string]any{"meeting_url": "https://:1/"}, []string{"/meeting_url invalid"}},
		{
			map[string]any{
				"application_id": uuid.New(), "kit_version_id": uuid.New(), "title": "a\u0007", "panel": panel(uuid.New()),
				"schedule": at(0, "timezone", "Mars/Olympus", "ends_at", "2027-01-12T09:00:00Z", "reason", "a\u0007"),
			},
			[]string{
				"/title control_character", "/application_id unknown", "/kit_version_id unknown", "/panel/0/user_id unknown",
				"/schedule/ends_at not_after_start", "/schedule/timezone unknown", "/schedule/reason control_character",
			},
		},
	} {
		p := h.as["lead"].Post(collection, h.wanted(test.changes)).Refused(http.StatusUnprocessableEntity, "rule_violated")
		same(t, fmt.Sprint(test.changes), wrong(p), test.want)
	}
	for name, changes := range map[string]map[string]any{
		"no application": {"application_id": "absent"}, "no kit": {"kit_version_id": "absent"}, "no title": {"title": "absent"},
		"no kind": {"kind": "absent"}, "an unknown kind": {"kind": "seance"}, "an empty title": {"title": ""}, "a status": {"status": "completed"},
		"a long panel": {"panel": make([]map[string]any, 21)}, "ftp": {"meeting_url": "ftp://a.example/"}, "a half schedule": {"schedule": map[string]any{"starts_at": "2027-01-12T09:00:00Z"}},
		"a time that is none": {"schedule": at(0, "starts_at", "2027-02-30T09:00:00Z")},
	} {
		if got := h.as["lead"].Post(collection, h.wanted(changes)).Status; got != http.StatusBadRequest {
			t.Errorf("%s: %d", name, got)
		}
	}
	var count int
	if err := h.Database.QueryRow(t.Context(), `SELECT count(*) FROM interviews`).Scan(&count); err != nil || count != 0 {
		t.Errorf("the refused requests left %d interviews (%v)", count, err)
	}
}

// TestTheKitOfTheJobServes: a kit may belong to the company or to the job of the application.
func TestTheKitOfTheJobServes(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.Exec(`UPDATE kits SET job_id = $2 WHERE id = $1`, h.kit, h.job)
	h.as["lead"].Post(collection, h.wanted(nil)).Expect(http.StatusCreated)
}

// TestOnlyActiveApplicationsAreInterviewed: the conflict names the application's state and what can be done with it.
func TestOnlyActiveApplicationsAreInterviewed(t *testing.T) {
	t.Parallel()
	h := build(t)
	for status, want := range map[string][]string{
		"on_hold": {"resume", "withdraw"}, "rejected": {"reactivate"}, "withdrawn": {"reactivate"}, "hired": {},
	} {
		candidate := h.Candidate()
		stage := api.ApplicationStageInterview
		if status == "hired" {
			stage = api.ApplicationStageHired
		}
		application := h.Application(candidate, h.job, stage)
		h.Exec(`UPDATE applications SET status = $2::text, rejection_reason = CASE WHEN $2::text = 'rejected' THEN 'other' END WHERE id = $1`, application, status)
		p := h.as["hr"].Post(collection, h.wanted(map[string]any{"application_id": application})).Refused(http.StatusConflict, "state_conflict")
		if *p.State != status {
			t.Errorf("%s: the state is %q", status, *p.State)
		}
		same(t, status, *p.AllowedActions, want)
	}
}

// TestWhoCreates: who sees the application and does not lead its job is refused, and who does not see it finds nothing.
func TestWhoCreates(t *testing.T) {
	t.Parallel()
	h := build(t)
	for _, name := range []string{"hr", "admin", "lead"} {
		h.as[name].Post(collection, h.wanted(nil)).Expect(http.StatusCreated)
	}
	for _, name := range []string{"panelist", "other"} {
		h.as[name].Post(collection, h.wanted(nil)).Refused(http.StatusForbidden, "permission_denied")
	}
	same(t, "a lead of another job", wrong(h.as["rival"].Post(collection, h.wanted(nil)).
		Refused(http.StatusUnprocessableEntity, "rule_violated")), []string{"/application_id unknown"})
	h.held(api.InterviewStatusScheduled, "rival")
	h.as["rival"].Post(collection, h.wanted(nil)).Refused(http.StatusForbidden, "role_not_allowed")
	globex := h.Company("globex")
	same(t, "another company", wrong(h.replica.SignIn(t, globex.Users[api.RoleAdmin]).Post(collection, h.wanted(nil)).
		Refused(http.StatusUnprocessableEntity, "rule_violated")), []string{"/application_id unknown", "/kit_version_id unknown"})
}

// TestCreateAndItsConflictAreOne: an interview that cannot be scheduled is not created either.
func TestCreateAndItsConflictAreOne(t *testing.T) {
	t.Parallel()
	h := build(t)
	body := h.wanted(map[string]any{"panel": h.on("hr", "panelist"), "schedule": at(0)})
	h.as["lead"].Post(collection, body).Expect(http.StatusCreated)
	other := h.wanted(map[string]any{
		"application_id": h.Application(h.Candidate(), h.job, api.ApplicationStageInterview),
		"panel":          h.on("other", "panelist"), "schedule": at(30),
	})
	p := h.as["lead"].Post(collection, other).Refused(http.StatusConflict, "schedule_conflict")
	same(t, "a panelist", wrong(p), []string{"/panel/1 booked"})
	if want := "employee Example is booked from 2027-01-12T09:00:00Z to 2027-01-12T10:00:00Z"; p.Errors[0].Detail != want {
		t.Errorf("the detail is %q, want %q", p.Errors[0].Detail, want)
	}
	other["panel"], other["application_id"] = h.on("other", "hr", "panelist"), h.applies
	same(t, "two panelists and the candidate", wrong(h.as["lead"].Post(collection, other).Refused(http.StatusConflict, "schedule_conflict")),
		[]string{"/panel/2 booked", "/panel/1 booked", "/application_id booked"})
	if got := testkit.Decode[api.InterviewPage](h.as["hr"].Get(collection).Expect(http.StatusOK)); len(got.Data) != 1 {
		t.Errorf("there are %d interviews, want the first one", len(got.Data))
	}
	other["schedule"] = at(30, "allow_conflicts", true)
	created := shown(h.as["lead"].Post(collection, other).Expect(http.StatusCreated))
	if len(created.Conflicts) != 3 {
		t.Errorf("the conflicts are %+v", created.Conflicts)
	}
}

// TestWhatAnInterviewNeedsStaysUntilItIsThere: an application that is rejected, or a kit version that is archived, while
// an interview is being created, is seen as it has become.
func TestWhatAnInterviewNeedsStaysUntilItIsThere(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, archived := h.KitVersion(api.KitVersionStatusPublished)
	rejected := h.Application(h.Candidate(), h.job, api.ApplicationStageInterview)
	for _, c := range []struct {
		change string
		of     uuid.UUID
		wanted map[string]any
		status int
	}{
		{
			`UPDATE kit_versions SET status = 'archived', archived_at = now() WHERE id = $1`, archived,
			map[string]any{"kit_version_id": archived},
			http.StatusUnprocessableEntity,
		},
		{
			`UPDATE applications SET status = 'rejected', rejection_reason = 'other' WHERE id = $1`, rejected,
			map[string]any{"application_id": rejected},
			http.StatusConflict,
		},
	} {
		tx, err := h.Connect().Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), c.change, c.of); err != nil {
			t.Fatal(err)
		}
		answered := make(chan *testkit.Answer)
		go func() { answered <- h.as["lead"].Post(collection, h.wanted(c.wanted)) }()
		testkit.Eventually(t, 10*time.Second, "the creation waits for the change", func() bool {
			var waits bool
			err := h.Database.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits)
			return err == nil && waits
		})
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if answer := <-answered; answer.Status != c.status {
			t.Errorf("%s: %d %s", c.change, answer.Status, answer.Body)
		}
	}
}
