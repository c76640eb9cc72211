package interviews_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestCreateDraft(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	answer := f.clients["lead"].Post(collection, f.createBody(map[string]any{
		"title": " Technical interview ", "location": " Room 4 ", "instructions": "First.\nSecond.",
		"meeting_url": "https://meet.example/a",
		"panel": []map[string]any{
			{"user_id": f.users["panelist"].ID, "score_required": false}, {"user_id": f.users["hr"].ID},
		},
	})).Expect(http.StatusCreated)

	// The response.
	got := decode(answer)
	if got.Title != "Technical interview" || got.Location.MustGet() != "Room 4" ||
		got.Instructions.MustGet() != "First.\nSecond." || got.MeetingURL.MustGet() != "https://meet.example/a" ||
		got.Status != api.InterviewStatusDraft || got.Kind != api.InterviewKindVideo {
		t.Errorf("got %s, want the trimmed texts of the request in a draft", answer.Body)
	}
	if got.ApplicationID != f.application || got.Candidate.ID != f.candidate || got.Job.ID != f.job ||
		got.KitID != f.kit || got.KitVersionID != f.kitVersion {
		t.Errorf("got %s, want the ids of the application and the kit version", answer.Body)
	}
	if got.Candidate.FirstName == "" || got.Candidate.LastName == "" || got.Job.Title == "" || got.Reschedules != 0 ||
		got.Conflicts != nil {
		t.Errorf("got %s, want names, no reschedules and no conflicts", answer.Body)
	}
	for name, null := range map[string]bool{
		"starts_at": got.StartsAt.IsNull(), "ends_at": got.EndsAt.IsNull(), "timezone": got.Timezone.IsNull(),
		"starts_at_local": got.StartsAtLocal.IsNull(), "ends_at_local": got.EndsAtLocal.IsNull(),
		"started_at": got.StartedAt.IsNull(), "finished_at": got.FinishedAt.IsNull(),
		"completed_at": got.CompletedAt.IsNull(), "status_reason": got.StatusReason.IsNull(),
	} {
		if !null {
			t.Errorf("%s: got %s, want null", name, answer.Body)
		}
	}
	required := map[uuid.UUID]bool{}
	for _, p := range got.Panel {
		required[p.User.ID] = p.ScoreRequired
		if p.Response != api.PanelResponseNeedsAction || !p.Comment.IsNull() || !p.RespondedAt.IsNull() ||
			p.HasSubmitted || p.User.LastName != "Example" {
			t.Errorf("got the panelist %+v, want no response and no score", p)
		}
	}
	if len(required) != 2 || required[f.users["panelist"].ID] || !required[f.users["hr"].ID] {
		t.Errorf("got the panel %+v, want the score of hr required only", got.Panel)
	}
	wantEqual(t, "allowed actions", got.AllowedActions, []api.InterviewAction{
		api.InterviewActionUpdate, api.InterviewActionSetPanel, api.InterviewActionSchedule, api.InterviewActionCancel,
	})
	if location := answer.Header.Get("Location"); location != path(got.ID) {
		t.Errorf("got the location %q, want %q", location, path(got.ID))
	}
	f.wantSameRead("lead", got.ID, answer)

	// The history and the audit log.
	events := f.history(got.ID)
	if len(events) != 1 || events[0].Event != api.InterviewEventKindCreate || events[0].FromStatus != nil ||
		events[0].ToStatus != api.InterviewStatusDraft || !events[0].ToStartsAt.IsNull() ||
		events[0].ActorID.MustGet() != f.users["lead"].ID {
		t.Errorf("got the history %+v, want the creation by the lead", events)
	}
	entries := f.auditEntries(got.ID)
	if len(entries) != 1 || entries[0].action != "interview.created" {
		t.Fatalf("got the audit entries %+v, want interview.created", entries)
	}
	if entries[0].actor != f.users["lead"].ID || !strings.Contains(entries[0].details, f.users["hr"].ID.String()) ||
		!strings.Contains(entries[0].details, `"to": "Technical interview"`) {
		t.Errorf("got the audit entry %+v, want the actor, the panel and the title", entries[0])
	}
}

func TestCreateMinimalDraft(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := decode(f.clients["hr"].Post(collection, f.createBody(map[string]any{
		"location": nil, "meeting_url": nil, "instructions": nil,
	})).Expect(http.StatusCreated))
	if len(got.Panel) != 0 || got.Panel == nil || !got.Location.IsNull() || !got.MeetingURL.IsNull() ||
		!got.Instructions.IsNull() {
		t.Errorf("got %+v, want an empty panel and null texts", got)
	}
	// The action schedule needs a panel.
	wantEqual(t, "allowed actions", got.AllowedActions, []api.InterviewAction{
		api.InterviewActionUpdate, api.InterviewActionSetPanel, api.InterviewActionCancel,
	})
}

func TestCreateScheduled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := decode(f.clients["lead"].Post(collection, f.createBody(map[string]any{
		"panel": f.panelOf("panelist"), "schedule": scheduleAt(0, "reason", " As agreed. "),
	})).Expect(http.StatusCreated))
	if got.Status != api.InterviewStatusScheduled || got.Reschedules != 0 || got.Timezone.MustGet() != "Europe/Berlin" ||
		got.StatusReason.MustGet() != "As agreed." || got.Conflicts != nil {
		t.Errorf("got %+v, want a scheduled interview with the trimmed reason", got)
	}

	events := f.history(got.ID)
	if len(events) != 2 || events[0].Event != api.InterviewEventKindCreate {
		t.Fatalf("got the history %+v, want creation and scheduling", events)
	}
	e := events[1]
	if e.Event != api.InterviewEventKindSchedule || *e.FromStatus != api.InterviewStatusDraft ||
		e.ToStatus != api.InterviewStatusScheduled || !e.FromStartsAt.IsNull() ||
		!e.ToStartsAt.MustGet().Equal(got.StartsAt.MustGet()) || !e.ToEndsAt.MustGet().Equal(got.EndsAt.MustGet()) ||
		e.ToTimezone.MustGet() != "Europe/Berlin" || e.Reason.MustGet() != "As agreed." {
		t.Errorf("got the event %+v, want the scheduling", e)
	}
	wantEqual(t, "audit entries", actionsOf(f.auditEntries(got.ID)), []string{"interview.created", "interview.scheduled"})
}

// TestCreateRefusals verifies that a refusal lists every violation and creates nothing.
func TestCreateRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	globex := f.Company("globex")
	foreign := f.Installation.Hiring(globex)
	foreignApplication := foreign.Application(
		foreign.Candidate(), foreign.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	_, foreignVersion := foreign.KitVersion(api.KitVersionStatusPublished)
	_, draft := f.KitVersion(api.KitVersionStatusDraft)
	_, archived := f.KitVersion(api.KitVersionStatusArchived)
	otherKit, otherVersion := f.KitVersion(api.KitVersionStatusPublished)
	f.Exec(`UPDATE kits SET job_id = $2 WHERE id = $1`, otherKit, f.Job(api.JobStatusOpen))
	inactive := f.User(f.company, "inactive", api.RoleEmployee)
	f.Exec(`UPDATE users SET is_active = false WHERE id = $1`, inactive.ID)
	invisible := f.Application(f.Candidate(), f.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	panel := func(ids ...uuid.UUID) []map[string]any {
		all := make([]map[string]any, len(ids))
		for i, id := range ids {
			all[i] = map[string]any{"user_id": id}
		}
		return all
	}
	for _, test := range []struct {
		name    string
		changes map[string]any
		want    []string
	}{
		{"unknown application", map[string]any{"application_id": uuid.New()}, []string{"/application_id unknown"}},
		{"application of another company", map[string]any{"application_id": foreignApplication}, []string{"/application_id unknown"}},
		{"invisible application", map[string]any{"application_id": invisible}, []string{"/application_id unknown"}},
		{"unknown kit version", map[string]any{"kit_version_id": uuid.New()}, []string{"/kit_version_id unknown"}},
		{"kit version of another company", map[string]any{"kit_version_id": foreignVersion}, []string{"/kit_version_id unknown"}},
		{"draft of a kit", map[string]any{"kit_version_id": draft}, []string{"/kit_version_id not_published"}},
		{"archived kit version", map[string]any{"kit_version_id": archived}, []string{"/kit_version_id not_published"}},
		{"kit of another job", map[string]any{"kit_version_id": otherVersion}, []string{"/kit_version_id other_job"}},
		{"duplicate panelist", map[string]any{"panel": f.panelOf("panelist", "panelist")}, []string{"/panel/1/user_id duplicate"}},
		{
			"panelist of another company",
			map[string]any{"panel": panel(f.users["hr"].ID, globex.Users[api.RoleHr].ID)},
			[]string{"/panel/1/user_id unknown"},
		},
		{
			"unknown and inactive panelists",
			map[string]any{"panel": panel(uuid.New(), inactive.ID)},
			[]string{"/panel/0/user_id unknown", "/panel/1/user_id inactive"},
		},
		{"schedule without panel", map[string]any{"schedule": scheduleAt(0)}, []string{"/panel required"}},
		{"blank texts", map[string]any{"title": "\u00a0", "location": "\u2003"}, []string{"/title blank", "/location blank"}},
		{"invalid meeting URL", map[string]any{"meeting_url": "https://:1/"}, []string{"/meeting_url invalid"}},
		{
			"several errors",
			map[string]any{
				"application_id": uuid.New(), "kit_version_id": uuid.New(), "title": "a\u0007",
				"panel": panel(uuid.New()), "schedule": scheduleAt(0, "timezone", "Mars/Olympus",
					"ends_at", "2055-01-12T09:00:00Z", "reason", "a\u0007"),
			},
			[]string{
				"/title control_character", "/application_id unknown", "/kit_version_id unknown", "/panel/0/user_id unknown",
				"/schedule/ends_at not_after_start", "/schedule/timezone unknown", "/schedule/reason control_character",
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := f.in(t)
			p := f.clients["lead"].Post(collection, f.createBody(test.changes)).
				Refused(http.StatusUnprocessableEntity, "rule_violated")
			wantEqual(t, "errors", violations(p), test.want)
		})
	}
	for name, changes := range map[string]map[string]any{
		"no application":      {"application_id": "absent"},
		"no kit":              {"kit_version_id": "absent"},
		"no title":            {"title": "absent"},
		"no kind":             {"kind": "absent"},
		"unknown kind":        {"kind": "seance"},
		"empty title":         {"title": ""},
		"status":              {"status": "completed"},
		"long panel":          {"panel": make([]map[string]any, 21)},
		"ftp":                 {"meeting_url": "ftp://a.example/"},
		"incomplete schedule": {"schedule": map[string]any{"starts_at": "2055-01-12T09:00:00Z"}},
		"invalid date":        {"schedule": scheduleAt(0, "starts_at", "2055-02-30T09:00:00Z")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			if got := f.clients["lead"].Post(collection, f.createBody(changes)).Status; got != http.StatusBadRequest {
				t.Errorf("got status %d, want %d", got, http.StatusBadRequest)
			}
		})
	}
	var count int
	err := f.Database.QueryRow(t.Context(), `SELECT count(*) FROM interviews`).Scan(&count)
	if err != nil || count != 0 {
		t.Errorf("got %d interviews (%v), want none", count, err)
	}
}

// TestCreateUsesKitOfJob uses a kit that belongs to the job of the application.
func TestCreateUsesKitOfJob(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec(`UPDATE kits SET job_id = $2 WHERE id = $1`, f.kit, f.job)
	f.clients["lead"].Post(collection, f.createBody(nil)).Expect(http.StatusCreated)
}

// TestCreateRequiresActiveApplication verifies that the conflict contains the application's state and allowed actions.
func TestCreateRequiresActiveApplication(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for status, want := range map[string][]string{
		"on_hold": {"resume", "reject", "withdraw"}, "rejected": {"reactivate"}, "withdrawn": {"reactivate"}, "hired": {},
	} {
		t.Run(status, func(t *testing.T) {
			f := f.in(t)
			candidate := f.Candidate()
			stage := api.ApplicationStageInterview
			if status == "hired" {
				stage = api.ApplicationStageHired
			}
			application := f.Application(candidate, f.job, stage)
			f.Exec(`UPDATE applications SET status = $2::text,
			rejection_reason = CASE WHEN $2::text = 'rejected' THEN 'other' END WHERE id = $1`, application, status)
			p := f.clients["hr"].Post(collection, f.createBody(map[string]any{"application_id": application})).
				Refused(http.StatusConflict, "state_conflict")
			if *p.State != status {
				t.Errorf("got the state %q, want %q", *p.State, status)
			}
			wantEqual(t, status, *p.AllowedActions, want)
		})
	}
}

// TestCreatePermissions verifies that only HR, admins and leads of the job create interviews. For users who do not see
// the application, it does not exist.
func TestCreatePermissions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"hr", "admin", "lead"} {
		f.clients[name].Post(collection, f.createBody(nil)).Expect(http.StatusCreated)
	}
	for _, name := range []string{"panelist", "outsider"} {
		f.clients[name].Post(collection, f.createBody(nil)).Refused(http.StatusForbidden, "permission_denied")
	}
	wantEqual(t, "lead of another job", violations(f.clients["other_lead"].Post(collection, f.createBody(nil)).
		Refused(http.StatusUnprocessableEntity, "rule_violated")), []string{"/application_id unknown"})
	f.newInterview(api.InterviewStatusScheduled, "other_lead")
	f.clients["other_lead"].Post(collection, f.createBody(nil)).Refused(http.StatusForbidden, "role_not_allowed")
	globex := f.Company("globex")
	p := f.replica.SignIn(t, globex.Users[api.RoleAdmin]).Post(collection, f.createBody(nil)).
		Refused(http.StatusUnprocessableEntity, "rule_violated")
	wantEqual(t, "another company", violations(p), []string{"/application_id unknown", "/kit_version_id unknown"})
}

// TestCreateWithConflictCreatesNothing verifies that an interview that cannot be scheduled is not created.
func TestCreateWithConflictCreatesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	body := f.createBody(map[string]any{"panel": f.panelOf("hr", "panelist"), "schedule": scheduleAt(0)})
	f.clients["lead"].Post(collection, body).Expect(http.StatusCreated)
	other := f.createBody(map[string]any{
		"application_id": f.Application(f.Candidate(), f.job, api.ApplicationStageInterview),
		"panel":          f.panelOf("outsider", "panelist"), "schedule": scheduleAt(30),
	})
	p := f.clients["lead"].Post(collection, other).Refused(http.StatusConflict, "schedule_conflict")
	wantEqual(t, "one panelist", violations(p), []string{"/panel/1 booked"})
	if want := "employee Example is booked from 2055-01-12T10:00:00+01:00 to 2055-01-12T11:00:00+01:00 (Europe/Berlin)"; p.Errors[0].Detail != want {
		t.Errorf("got the detail %q, want %q", p.Errors[0].Detail, want)
	}
	other["panel"], other["application_id"] = f.panelOf("outsider", "hr", "panelist"), f.application
	p = f.clients["lead"].Post(collection, other).Refused(http.StatusConflict, "schedule_conflict")
	wantEqual(t, "two panelists and the candidate", violations(p),
		[]string{"/panel/2 booked", "/panel/1 booked", "/application_id booked"})
	listed := testkit.Decode[api.InterviewPage](f.clients["hr"].Get(collection).Expect(http.StatusOK))
	if len(listed.Data) != 1 {
		t.Errorf("got %d interviews, want only the first one", len(listed.Data))
	}

	other["schedule"] = scheduleAt(30, "allow_conflicts", true)
	created := decode(f.clients["lead"].Post(collection, other).Expect(http.StatusCreated))
	if len(created.Conflicts) != 3 {
		t.Errorf("got the conflicts %+v, want 3", created.Conflicts)
	}
}

// TestCreateWaitsForConcurrentChanges rejects the application or archives the kit version while an interview is
// created. The creation must wait for the change and be refused.
func TestCreateWaitsForConcurrentChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, archived := f.KitVersion(api.KitVersionStatusPublished)
	rejected := f.Application(f.Candidate(), f.job, api.ApplicationStageInterview)
	for _, c := range []struct {
		name, change string
		id           uuid.UUID
		changes      map[string]any
		want         int
	}{
		{
			"kit version archived",
			`UPDATE kit_versions SET status = 'archived', archived_at = now() WHERE id = $1`, archived,
			map[string]any{"kit_version_id": archived},
			http.StatusUnprocessableEntity,
		},
		{
			"application rejected",
			`UPDATE applications SET status = 'rejected', rejection_reason = 'other' WHERE id = $1`, rejected,
			map[string]any{"application_id": rejected},
			http.StatusConflict,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := f.in(t)
			tx, err := f.Connect().Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), c.change, c.id); err != nil {
				t.Fatal(err)
			}
			answers := make(chan *testkit.Answer)
			go func() { answers <- f.clients["lead"].Post(collection, f.createBody(c.changes)) }()
			testkit.Eventually(t, 10*time.Second, "the creation waits for the change", func() bool {
				var waits bool
				err := f.Database.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits)
				return err == nil && waits
			})
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if answer := <-answers; answer.Status != c.want {
				t.Errorf("%s: got %d %s, want %d", c.change, answer.Status, answer.Body, c.want)
			}
		})
	}
}
