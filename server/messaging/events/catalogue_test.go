package events_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/events"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// recorded are the tables whose changes are events, and the function of their triggers.
func recorded() map[string]string {
	return map[string]string{
		"users": "record_user_changes", "jobs": "record_job_changes", "job_members": "record_member_changes",
		"candidates": "record_candidate_changes", "applications": "record_application_changes", "kits": "record_kit_changes",
		"kit_versions": "record_kit_version_changes", "interviews": "record_interview_changes",
		"interview_panelists": "record_panelist_changes", "scores": "record_score_changes",
	}
}

// unnamed are the columns whose changes no event names, with the reason.
func unnamed() map[string]string {
	all := map[string]string{
		"users.password_hash": "secret", "users.password_changed_at": "not in the API", "users.password_change_required": "not in the API",
		"kit_versions.number": "never changes", "applications.furthest_stage": "not in the API", "interviews.responses": "a counter for ETags",
		"interviews.created_by": "never changes", "job_members.role": "the only field of a member",
	}
	for table := range recorded() {
		for column, reason := range map[string]string{
			"company_id": "part of the key", "id": "part of the key", "version": "a counter for ETags", "created_at": "never changes",
			"updated_at": "changes with every other field", "starts_key": "follows from starts_at",
			"job_id": "part of the key, or never changes", "application_id": "never changes", "interview_id": "never changes",
			"kit_id": "never changes", "rater_id": "never changes", "user_id": "part of the key",
			"name_key": "follows from the name", "title_key": "follows from the title",
		} {
			if table != "kits" || column != "job_id" {
				all[table+"."+column] = reason
			}
		}
		for _, column := range []string{"response", "comment", "responded_at", "score_required"} {
			all["interview_panelists."+column] = "the field is panel"
		}
	}
	return all
}

// TestEveryColumnIsAnEvent fails for a column of a resource that no event names.
func TestEveryColumnIsAnEvent(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	for table, function := range recorded() {
		var definition string
		var columns []string
		if err := i.Database.QueryRow(t.Context(), `SELECT pg_get_functiondef($1::regproc), array_agg(a.attname::text ORDER BY a.attname)
			FROM pg_attribute AS a WHERE a.attrelid = $2::regclass AND a.attnum > 0 AND NOT a.attisdropped`, function, table).
			Scan(&definition, &columns); err != nil {
			t.Fatal(err)
		}
		for _, column := range columns {
			named := strings.Contains(definition, "n."+column+" THEN '") || strings.Contains(definition, "n."+column+" IS ")
			reason := unnamed()[table+"."+column]
			if !named && reason == "" {
				t.Errorf("no event names changes of %s.%s: add the field to %s, or the column to unnamed with the reason", table, column, function)
			}
		}
	}
}

// TestEveryTriggerIsRecorded fails for a table whose triggers write changes, but whose columns are not checked.
func TestEveryTriggerIsRecorded(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	// Rights and resets change what readers see. They have no event of their own.
	known := append(slices.Collect(maps.Keys(recorded())), "api_keys", "api_key_jobs", "api_key_holders")
	var tables []string
	if err := i.Database.QueryRow(t.Context(), `SELECT array_agg(DISTINCT t.tgrelid::regclass::text) FROM pg_trigger AS t
		WHERE t.tgname LIKE '%\_changes'`).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	slices.Sort(known)
	slices.Sort(tables)
	if !slices.Equal(tables, known) {
		t.Errorf("triggers write changes of %v, want %v", tables, known)
	}
}

// TestCatalogue compares the webhooks of the specification with the types of events.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	var types, webhooks []string
	for _, of := range eventTypes(t) {
		types = append(types, string(of))
	}
	for name := range document.Webhooks {
		webhooks = append(webhooks, name)
	}
	slices.Sort(types)
	slices.Sort(webhooks)
	if !slices.Equal(types, webhooks) {
		t.Errorf("webhooks: got %v, want the types of events %v", webhooks, types)
	}
	for name, item := range document.Webhooks {
		content := item.Post.RequestBody.Value.Content["application/json"]
		example, ok := content.Example.(map[string]any)
		if !ok || example["type"] != name {
			t.Errorf("%s: the example is of type %v", name, example["type"])
			continue
		}
		if err := content.Schema.Value.VisitJSON(example); err != nil {
			t.Errorf("%s: the example does not match the schema: %v", name, err)
		}
	}
}

// eventTypes returns all types of events.
func eventTypes(t *testing.T) (all []api.EventType) {
	t.Helper()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range document.Components.Schemas["EventType"].Value.Enum {
		all = append(all, api.EventType(value.(string)))
	}
	return all
}

// types returns the types of events in their order, each followed by the changed fields.
func types(found []api.Event) []string {
	var all []string
	for _, event := range found {
		all = append(all, strings.Join(append([]string{string(event.Type)}, event.ChangedFields...), " "))
	}
	return all
}

// TestEvents lets people act and compares the events with what they did.
func TestEvents(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	r := i.Replica()
	hr := r.SignIn(t, acme.Users[api.RoleHr])
	cursor := start(t, i, hr)
	job := testkit.Decode[api.Job](hr.Post("/api/v1/jobs", entry{"title": "One"}).Expect(http.StatusCreated)).ID
	hr.Post("/api/v1/jobs/"+job.String()+"/open", nil).Expect(http.StatusOK)
	candidate := testkit.Decode[api.Candidate](hr.Post("/api/v1/candidates",
		entry{"first_name": "Ada", "last_name": "Byron"}).Expect(http.StatusCreated)).ID
	hr.Do(http.MethodPatch, "/api/v1/candidates/"+candidate.String(), entry{"email": "ada@mail.example", "tags": []string{"a"}},
		"If-Match", "*").Expect(http.StatusOK)
	application := testkit.Decode[api.Application](hr.Post("/api/v1/applications",
		entry{"candidate_id": candidate, "job_id": job}).Expect(http.StatusCreated)).ID
	hr.Do(http.MethodPost, "/api/v1/applications/"+application.String()+"/move", entry{"to": "screening"}, "If-Match", "*").Expect(http.StatusOK)
	hr.Do(http.MethodPatch, "/api/v1/candidates/"+candidate.String(), entry{"last_name": "Lovelace"}, "If-Match", "*").Expect(http.StatusOK)
	found, _ := after(t, i, hr, cursor)
	want := []string{
		"job.created", "job_members.updated", "job.opened status opened_at", "candidate.created", "candidate.updated email tags",
		"application.updated candidate", // of the application that there is now
		"application.created", "candidate.updated allowed_actions", "application.moved stage stage_entered_at",
		"candidate.updated last_name", "application.updated candidate",
	}
	if got := types(found); !slices.Equal(got, want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	ids := map[api.EventID]bool{}
	for n, event := range found {
		ids[event.ID] = true
		if event.Actor == nil || event.Actor.ID != acme.Users[api.RoleHr].ID || event.Actor.Kind != api.AuditActorTypeUser {
			t.Errorf("%s has the actor %v, want HR", event.Type, event.Actor)
		}
		rest, _ := follow(hr, "after="+event.ID, "")
		if got, want := types(rest), types(found[n+1:]); !slices.Equal(got, want) {
			t.Errorf("after %s: got %v, want %v", event.Type, got, want)
		}
	}
	if len(ids) != len(found) {
		t.Errorf("%d events have %d ids", len(found), len(ids))
	}
	moved := found[8]
	if moved.JobID == nil || *moved.JobID != job || moved.ApplicationID == nil || *moved.ApplicationID != application {
		t.Errorf("%s has the job %v and the application %v", moved.Type, moved.JobID, moved.ApplicationID)
	}
	first := "after=" + found[0].ID
	const renamed = "application.updated candidate"
	for filter, want := range map[string][]string{
		"&type=application.moved&type=application.created": {"application.created", "application.moved stage stage_entered_at"},
		"&resource_type=job": {"job.opened status opened_at"},
		"&resource_type=application&resource_id=" + application.String() + "&limit=1": {renamed, "application.created", "application.moved stage stage_entered_at", renamed},
		"&job_id=" + job.String() + "&limit=2": {
			"job_members.updated", "job.opened status opened_at", renamed, "application.created", "application.moved stage stage_entered_at", renamed,
		},
		"&job_id=" + uuid.NewString(): nil,
	} {
		rest, _ := follow(hr, first, filter)
		if got := types(rest); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", filter, got, want)
		}
	}
	for query, code := range map[string]string{
		"type=job.sold": "malformed_request", "resource_type=house": "malformed_request", "resource_id=" + uuid.NewString(): "malformed_request",
		"after=evt_AAAA": "malformed_request", "after=x": "malformed_request", "cursor=" + cursor + "&job_id=" + job.String(): "invalid_cursor",
		"cursor=" + cursor + "&after=" + found[0].ID: "malformed_request",
	} {
		hr.Get(eventsPath+"?"+query).Refused(http.StatusBadRequest, code)
	}
	other := i.Company("globex")
	r.SignIn(t, other.Users[api.RoleHr]).Get(eventsPath+"?after="+found[0].ID).Refused(http.StatusBadRequest, "malformed_request")
}

// TestEventsExpire checks that the id of an event is a position that expires.
func TestEventsExpire(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	r := i.Replica()
	hr := r.SignIn(t, acme.Users[api.RoleHr])
	cursor := start(t, i, hr)
	i.Hiring(acme).Candidate()
	found, _ := after(t, i, hr, cursor)
	i.Exec(`UPDATE changes SET created_at = created_at - interval '31 days'`)
	old, _ := after(t, i, hr, cursor)
	if len(found) != 1 || len(old) != 1 {
		t.Fatalf("got %d and %d events, want 1", len(found), len(old))
	}
	hr.Get(eventsPath + "?after=" + found[0].ID).Expect(http.StatusOK)
	hr.Get(eventsPath+"?after="+old[0].ID).Refused(http.StatusGone, "events_expired")
	if found[0].Actor != nil {
		t.Errorf("a change by nobody has the actor %v", found[0].Actor)
	}
}

// TestScoresOfOthersAreConcealed compares the events about a score of a colleague for HR and for a panelist without a score.
func TestScoresOfOthersAreConcealed(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	h, r := i.Hiring(acme), i.Replica()
	rater, panelist := i.User(acme, "rater", api.RoleEmployee), acme.Users[api.RoleEmployee]
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	interview := h.Interview(h.Application(h.Candidate(), h.Job(api.JobStatusOpen), api.ApplicationStageInterview), version,
		api.InterviewStatusAwaitingScores, rater, panelist)
	hr, blind, writer := r.SignIn(t, acme.Users[api.RoleHr]), r.SignIn(t, panelist), r.SignIn(t, rater)
	fromHR, fromBlind := start(t, i, hr), start(t, i, blind)
	score := testkit.Decode[api.Score](writer.Post("/api/v1/interviews/"+interview.String()+"/scores", entry{
		"recommendation": "yes", "ratings": []entry{{"criterion_key": "problem_solving", "rating": 4}},
	}).Expect(http.StatusCreated)).ID
	writer.Do(http.MethodPost, scoresPath+"/"+score.String()+"/submit", nil, "If-Match", "*").Expect(http.StatusOK)
	seen, _ := after(t, i, hr, fromHR)
	if n := slices.IndexFunc(seen, func(e api.Event) bool { return e.Type == api.EventTypeScoreSubmitted }); n < 0 ||
		seen[n].PartID == nil || *seen[n].PartID != score || seen[n].Actor == nil {
		t.Errorf("HR: got %v, want the submission with its score and actor", types(seen))
	}
	concealed, _ := after(t, i, blind, fromBlind)
	if got, want := types(concealed), []string{"interview.updated", "interview_scores.updated"}; !slices.Equal(got, want) {
		t.Errorf("the panelist: got %v, want %v", got, want)
	}
	for _, event := range concealed {
		if event.Actor != nil || event.PartID != nil || len(event.ChangedFields) > 0 {
			t.Errorf("the panelist: %s has the actor %v, the part %v and the fields %v", event.Type, event.Actor, event.PartID, event.ChangedFields)
		}
	}
}

// TestLog follows the log of a company, page by page, and compares it with the events of HR.
func TestLog(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	h, r := i.Hiring(acme), i.Replica()
	admin := r.SignIn(t, acme.Users[api.RoleAdmin])
	clock := time.Now
	log := events.Log{Store: i.Store(2), Codec: page.NewCodec(make([]byte, 32)), Now: clock, Retention: time.Hour}
	cursor := start(t, i, admin)
	at, err := log.End(t.Context(), acme.ID)
	if err != nil {
		t.Fatal(err)
	}
	job := h.Job(api.JobStatusOpen, acme.Users[api.RoleTeamLead])
	h.Application(h.Candidate(), job, api.ApplicationStageInterview)
	want, _ := after(t, i, admin, cursor)
	var got []api.Event
	for more, from := true, at; more; {
		var found []api.Event
		if found, from, more, err = log.Next(t.Context(), acme.ID, from, 2); err != nil || len(found) > 2 {
			t.Fatalf("got %d events, error %v", len(found), err)
		}
		got = append(got, found...)
	}
	if len(got) == 0 || !slices.Equal(types(got), types(want)) {
		t.Errorf("got %v, want %v", types(got), types(want))
	}
	rater := acme.Users[api.RoleEmployee]
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	interview := h.Interview(h.Application(h.Candidate(), job, api.ApplicationStageInterview), version, api.InterviewStatusAwaitingScores, rater)
	score := h.Score(interview, rater, api.ScoreStatusSubmitted, 3)
	settle(t, i)
	before, err := log.End(t.Context(), acme.ID)
	if err != nil {
		t.Fatal(err)
	}
	admin.Do(http.MethodPost, scoresPath+"/"+score.String()+"/reopen", entry{"reason": "because"}, "If-Match", "*").Expect(http.StatusOK)
	settle(t, i)
	reopened, _, _, err := log.Next(t.Context(), acme.ID, before, 100)
	if n := slices.IndexFunc(reopened, func(e api.Event) bool { return e.Type == api.EventTypeScoreReopened }); err != nil || n < 0 ||
		reopened[n].PartID == nil || *reopened[n].PartID != score {
		t.Errorf("got %v, error %v, want a reopened score", types(reopened), err)
	}
	log.Now = func() time.Time { return clock().Add(2 * time.Hour) }
	if _, _, _, err := log.Next(t.Context(), acme.ID, at, 2); !fault.Is(err, fault.EventsExpired) {
		t.Errorf("an old position: got error %v, want EventsExpired", err)
	}
}
