package candidates_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

type object = map[string]any

// person creates a candidate.
func (f fixture) person(body object) api.Candidate {
	f.t.Helper()
	all := object{"first_name": "Mira", "last_name": "Solheim"}
	for name, value := range body {
		all[name] = value
	}
	return testkit.Decode[api.Candidate](f.as[api.RoleHr].Post(collection, all).Expect(http.StatusCreated))
}

func (f fixture) merge(into, gone uuid.UUID) *testkit.Answer {
	f.t.Helper()
	return f.as[api.RoleHr].Post(path(into, "merge"), object{"candidate_id": gone})
}

func (f fixture) unmerge(from, gone uuid.UUID) *testkit.Answer {
	f.t.Helper()
	return f.as[api.RoleHr].Post(path(from, "unmerge"), object{"candidate_id": gone})
}

// TestDuplicates lists pairs with the same email, and with the same name and telephone number, page by page, without
// those that were marked as different.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.person(object{"email": "Mira@mail.example", "phone": "+49 170 123 45 67"})
	b := f.person(object{"email": "mira@Mail.example", "phone": "0170/1234567", "first_name": "MIRA"})
	c := f.person(object{"phone": "0049 (170) 1234567", "last_name": "Sol-Heim"})
	d := f.person(object{"email": "mira@mail.example", "first_name": "Nora"})
	f.person(object{"phone": "0170/1234567", "first_name": "Nora"})
	f.person(object{"phone": "123"})
	f.person(object{"phone": "123"})
	pairs := func(limit int) (found []string) {
		cursor := ""
		for {
			page := testkit.Decode[api.DuplicateCandidatesPage](f.as[api.RoleHr].Get(
				fmt.Sprintf("%s/duplicates?limit=%d%s", collection, limit, cursor)).Expect(http.StatusOK))
			for _, pair := range page.Data {
				found = append(found, fmt.Sprint(pair.Candidates[0].ID, " ", pair.Candidates[1].ID, " ", pair.Reasons))
			}
			if !page.HasMore {
				return found
			}
			cursor = "&cursor=" + page.NextCursor.MustGet()
		}
	}
	pair := func(x, y api.Candidate, reasons ...api.DuplicateReason) string {
		return fmt.Sprint(x.ID, " ", y.ID, " ", reasons)
	}
	want := []string{
		pair(a, b, api.DuplicateReasonSameEmail, api.DuplicateReasonSameNameAndPhone), pair(a, d, api.DuplicateReasonSameEmail),
		pair(b, d, api.DuplicateReasonSameEmail), pair(a, c, api.DuplicateReasonSameNameAndPhone), pair(b, c, api.DuplicateReasonSameNameAndPhone),
	}
	for _, limit := range []int{1, 2, 3, 50} {
		if got := pairs(limit); !slices.Equal(got, want) {
			t.Errorf("pages of %d: got\n%s\nwant\n%s", limit, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	f.as[api.RoleHr].Post(path(d.ID, "distinguish"), object{"candidate_id": a.ID}).Expect(http.StatusNoContent)
	f.as[api.RoleHr].Post(path(a.ID, "distinguish"), object{"candidate_id": d.ID}).Expect(http.StatusNoContent)
	if got := pairs(50); len(got) != len(want)-1 || slices.Contains(got, want[1]) {
		t.Errorf("after a pair was marked: got %v, want all but %s", got, want[1])
	}
	f.merge(a.ID, b.ID).Expect(http.StatusOK)
	if got := pairs(50); !slices.Equal(got, []string{want[3]}) {
		t.Errorf("after a merge: got %v, want only %s", got, want[3])
	}
}

// TestMerge moves applications with history, interviews, scores and bookings, fills what the survivor lacks, and makes id
// and external_id of the merged candidate lead to the survivor.
func TestMerge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	survivor := f.person(object{"email": "a@mail.example", "tags": []string{"x", "y"}})
	gone := f.person(object{
		"email": "b@mail.example", "phone": "+49 30 1234567", "location": "Oslo", "tags": []string{"y", "z"}, "external_id": "ats-2",
		"links": []string{"https://b.example"},
	})
	lead := f.acme.Users[api.RoleTeamLead]
	job := f.hiring.Job(api.JobStatusOpen, lead)
	application := f.hiring.Application(gone.ID, job, api.ApplicationStageInterview)
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	interview := f.hiring.Interview(application, version, api.InterviewStatusScheduled, lead)
	hr.Post("/api/v1/applications/"+application.String()+"/hold", nil).Expect(http.StatusOK)
	merge := testkit.Decode[api.CandidateMerge](f.merge(survivor.ID, gone.ID).Expect(http.StatusOK))
	got := merge.Candidate
	if got.Email.MustGet() != "a@mail.example" || got.Phone.MustGet() != "+49 30 1234567" || got.Location.MustGet() != "Oslo" ||
		got.ExternalID.MustGet() != "ats-2" || !slices.Equal(got.Tags, []string{"x", "y", "z"}) || len(got.Links) != 1 {
		t.Errorf("survivor: got %+v, want its email and the other values of the merged candidate", got)
	}
	if !slices.Equal(merge.ApplicationIds, []uuid.UUID{application}) || len(merge.KeptApplicationIds) != 0 {
		t.Errorf("got %+v, want application %s moved", merge, application)
	}
	for table, sql := range map[string]string{
		"applications":      `SELECT candidate_id::text FROM applications WHERE id = $1`,
		"application_moves": `SELECT DISTINCT candidate_id::text FROM application_moves WHERE application_id = $1`,
		"interviews":        `SELECT candidate_id::text FROM interviews WHERE application_id = $1`,
		"bookings":          `SELECT person_id::text FROM bookings WHERE person_id NOT IN (SELECT id FROM users) AND $1::uuid IS NOT NULL`,
	} {
		if of := f.queryTexts(sql, application); !slices.Equal(of, []string{survivor.ID.String()}) {
			t.Errorf("%s: got candidates %v, want %s", table, of, survivor.ID)
		}
	}
	if shown := testkit.Decode[api.Interview](hr.Get("/api/v1/interviews/" + interview.String()).Expect(http.StatusOK)); shown.Candidate.ID != survivor.ID {
		t.Errorf("interview: got candidate %s, want %s", shown.Candidate.ID, survivor.ID)
	}
	for name, problem := range map[string]api.Problem{
		"GET":     hr.Get(path(gone.ID)).Refused(http.StatusNotFound, "candidate_merged"),
		"PATCH":   hr.Patch(path(gone.ID), object{"phone": nil}).Refused(http.StatusNotFound, "candidate_merged"),
		"archive": hr.Post(path(gone.ID, "archive"), nil).Refused(http.StatusNotFound, "candidate_merged"),
		"lead":    f.as[api.RoleTeamLead].Get(path(gone.ID)).Refused(http.StatusNotFound, "candidate_merged"),
	} {
		if problem.MergedIntoID == nil || *problem.MergedIntoID != survivor.ID {
			t.Errorf("%s: merged_into_id: got %v, want %s", name, problem.MergedIntoID, survivor.ID)
		}
	}
	f.as[api.RoleEmployee].Get(path(gone.ID)).Refused(http.StatusNotFound, "not_found")
	if listed := testkit.Decode[api.CandidatePage](hr.Get(collection).Expect(http.StatusOK)).Data; len(listed) != 1 {
		t.Errorf("list: got %d candidates, want 1", len(listed))
	}
	hr.Post("/api/v1/applications", object{"candidate_id": gone.ID, "job_id": f.hiring.Job(api.JobStatusOpen)}).
		Refused(http.StatusUnprocessableEntity, "rule_violated")
	f.merge(gone.ID, survivor.ID).Refused(http.StatusNotFound, "candidate_merged")
	f.merge(survivor.ID, gone.ID).Refused(http.StatusUnprocessableEntity, "rule_violated")
	f.merge(survivor.ID, survivor.ID).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if entries := f.auditEntries("candidate.merged"); len(entries) != 1 || !strings.Contains(entries[0], gone.ID.String()) {
		t.Errorf("audit: got %v, want one entry with %s", entries, gone.ID)
	}
}

// TestMergedIdsAreAliases: the external_id, the id and the email of a merged candidate lead to the survivor, in requests and
// in imports, and no other candidate can get the external_id.
func TestMergedIdsAreAliases(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	survivor, gone := f.person(object{"external_id": "ats-1"}), f.person(object{"external_id": "ats-2", "email": "old@mail.example"})
	f.Exec(`UPDATE candidates SET email = 'new@mail.example' WHERE id = $1`, survivor.ID)
	f.merge(survivor.ID, gone.ID).Expect(http.StatusOK)
	set := testkit.Decode[api.Candidate](hr.Do(http.MethodPut, byExternalID("ats-2"), object{"first_name": "Set", "last_name": "Two"}).Expect(http.StatusOK))
	if set.ID != survivor.ID || set.ExternalID.MustGet() != "ats-1" || set.FirstName != "Set" {
		t.Errorf("set by the alias: got %+v, want candidate %s with its external_id", set, survivor.ID)
	}
	taken := f.as[api.RoleHr].Post(collection, object{"first_name": "a", "last_name": "b", "external_id": "ats-2"}).Refused(http.StatusConflict, "external_id_taken")
	if len(taken.Conflicts) != 1 || taken.Conflicts[0].ID != survivor.ID {
		t.Errorf("conflicts: got %v, want the survivor %s", taken.Conflicts, survivor.ID)
	}
	applied := testkit.Decode[api.Application](hr.Post("/api/v1/applications", object{
		"candidate_external_id": "ats-2", "job_id": f.hiring.Job(api.JobStatusOpen),
	}).Expect(http.StatusCreated))
	if applied.Candidate.ID != survivor.ID {
		t.Errorf("application by the alias: got candidate %s, want %s", applied.Candidate.ID, survivor.ID)
	}
	for name, c := range map[string]struct{ query, file, column, want string }{
		"external_id": {"", "external_id,location\nats-2,Oslo\n", "location", "Oslo"},
		"id":          {"", "id,location\n" + gone.ID.String() + ",Rome\n", "location", "Rome"},
		"email":       {"?same_email=update", "email,source,first_name,last_name\nold@mail.example,fair,Set,Two\n", "source", "fair"},
	} {
		report := testkit.Decode[api.ImportReport](hr.Do(http.MethodPost, collection+"/import.csv"+c.query, c.file, "Content-Type", "text/csv").Expect(http.StatusOK))
		got := f.queryTexts(`SELECT `+c.column+` || ' ' || external_id FROM candidates WHERE id = $1`, survivor.ID)
		if report.Updated != 1 || report.Created != 0 || got[0] != c.want+" ats-1" {
			t.Errorf("import by %s: got %+v and %v, want the survivor with %s and its external_id", name, report, got, c.want)
		}
	}
	hr.Do(http.MethodPost, collection+"/import.csv", "external_id,location\nats-1,Oslo\nats-2,Rome\n", "Content-Type", "text/csv").
		Refused(http.StatusUnprocessableEntity, "import_refused")
}

// TestMergeConflicts: open applications to the same job, interviews at the same time and an archived survivor are refused,
// and nothing is changed.
func TestMergeConflicts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	survivor, gone := f.person(nil), f.person(nil)
	job := f.hiring.Job(api.JobStatusOpen)
	own := f.hiring.Application(survivor.ID, job, api.ApplicationStageApplied)
	other := f.hiring.Application(gone.ID, job, api.ApplicationStageInterview)
	problem := f.merge(survivor.ID, gone.ID).Refused(http.StatusConflict, "application_exists")
	if len(problem.Conflicts) != 2 || problem.Conflicts[0].ID != own || problem.Conflicts[1].ID != other {
		t.Errorf("conflicts: got %v, want applications %s and %s", problem.Conflicts, own, other)
	}
	f.as[api.RoleHr].Post("/api/v1/applications/"+own.String()+"/withdraw", nil).Expect(http.StatusOK)
	second := f.hiring.Application(survivor.ID, f.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	for _, application := range []uuid.UUID{other, second} {
		f.hiring.Interview(application, version, api.InterviewStatusScheduled)
	}
	f.Exec(`UPDATE bookings SET lanes = lanes(NULL, NULL)`)
	f.merge(survivor.ID, gone.ID).Refused(http.StatusConflict, "schedule_conflict")
	f.as[api.RoleHr].Get(path(gone.ID)).Expect(http.StatusOK)
	f.Exec(`UPDATE candidates SET status = 'archived' WHERE id = $1`, survivor.ID)
	f.merge(survivor.ID, gone.ID).Refused(http.StatusConflict, "state_conflict")
}

// TestUnmerge undoes merges: what has changed since stays at the survivor, everything else goes back.
func TestUnmerge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	survivor := f.person(object{"tags": []string{"x"}})
	gone := f.person(object{"phone": "+49 30 1234567", "location": "Oslo", "tags": []string{"z"}, "external_id": "ats-2", "email": "b@mail.example"})
	moved := f.hiring.Application(gone.ID, f.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	changed := f.hiring.Application(gone.ID, f.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	interviewed := f.hiring.Application(gone.ID, f.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	f.hiring.Interview(moved, version, api.InterviewStatusScheduled)
	f.merge(survivor.ID, gone.ID).Expect(http.StatusOK)
	hr.Post("/api/v1/applications/"+changed.String()+"/hold", nil).Expect(http.StatusOK)
	f.hiring.Interview(interviewed, version, api.InterviewStatusDraft)
	created := testkit.Decode[api.Application](hr.Post("/api/v1/applications", object{
		"candidate_id": survivor.ID, "job_id": f.hiring.Job(api.JobStatusOpen),
	}).Expect(http.StatusCreated)).ID
	hr.Patch(path(survivor.ID), object{"location": "Rome", "tags": []string{"x", "z", "new"}}).Expect(http.StatusOK)
	undone := testkit.Decode[api.CandidateMerge](f.unmerge(survivor.ID, gone.ID).Expect(http.StatusOK))
	slices.SortFunc(undone.KeptApplicationIds, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	if !slices.Equal(undone.ApplicationIds, []uuid.UUID{moved}) || !slices.Equal(undone.KeptApplicationIds, []uuid.UUID{changed, interviewed}) {
		t.Errorf("got %+v, want %s back, and %s and %s kept", undone, moved, changed, interviewed)
	}
	got := undone.Candidate
	if !got.Phone.IsNull() || !got.Email.IsNull() || !got.ExternalID.IsNull() || got.Location.MustGet() != "Rome" || !slices.Equal(got.Tags, []string{"x", "new"}) {
		t.Errorf("survivor: got %+v, want no phone, email and external_id, the new location, and the tags x and new", got)
	}
	back := testkit.Decode[api.Candidate](hr.Get(path(gone.ID)).Expect(http.StatusOK))
	if back.Phone.MustGet() != "+49 30 1234567" || back.ExternalID.MustGet() != "ats-2" || !slices.Equal(back.Tags, []string{"z"}) {
		t.Errorf("the other candidate: got %+v, want %+v", back, gone)
	}
	for _, of := range []struct {
		application, candidate uuid.UUID
	}{{moved, gone.ID}, {changed, survivor.ID}, {interviewed, survivor.ID}, {created, survivor.ID}} {
		if owner := testkit.Decode[api.Application](hr.Get("/api/v1/applications/" + of.application.String()).Expect(http.StatusOK)).Candidate.ID; owner != of.candidate {
			t.Errorf("application %s: got candidate %s, want %s", of.application, owner, of.candidate)
		}
	}
	f.unmerge(survivor.ID, gone.ID).Refused(http.StatusUnprocessableEntity, "rule_violated")

	// A chain is undone from its end, and only for a day.
	third := f.person(nil)
	f.merge(survivor.ID, gone.ID).Expect(http.StatusOK)
	f.merge(third.ID, survivor.ID).Expect(http.StatusOK)
	if hint := hr.Get(path(gone.ID)).Refused(http.StatusNotFound, "candidate_merged"); *hint.MergedIntoID != third.ID {
		t.Errorf("merged_into_id after two merges: got %v, want %s", hint.MergedIntoID, third.ID)
	}
	f.unmerge(survivor.ID, gone.ID).Refused(http.StatusNotFound, "candidate_merged")
	f.unmerge(third.ID, survivor.ID).Expect(http.StatusOK)
	f.Exec(`UPDATE candidate_merges SET created_at = created_at - $1::interval`, (24 * time.Hour).String())
	f.unmerge(survivor.ID, gone.ID).Refused(http.StatusConflict, "state_conflict")
}

// TestMergeChains merges a into b and b into c. The aliases of all lead to c, and undoing both merges, the last one first,
// gives every application back to the candidate that it came from. What was changed meanwhile stays.
func TestMergeChains(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	a := f.person(object{"external_id": "ats-a", "email": "a@mail.example", "phone": "+49 30 1234567"})
	b := f.person(object{"external_id": "ats-b", "email": "b@mail.example"})
	c := f.person(object{"external_id": "ats-c", "email": "c@mail.example"})
	of := map[uuid.UUID]uuid.UUID{} // the candidate of each application
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	for _, candidate := range []uuid.UUID{a.ID, b.ID, c.ID} {
		application := f.hiring.Application(candidate, f.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
		f.hiring.Interview(application, version, api.InterviewStatusDraft)
		of[application] = candidate
	}
	changed := f.hiring.Application(a.ID, f.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	of[changed] = b.ID
	f.merge(b.ID, a.ID).Expect(http.StatusOK)
	hr.Post("/api/v1/applications/"+changed.String()+"/hold", nil).Expect(http.StatusOK)
	f.merge(c.ID, b.ID).Expect(http.StatusOK)

	for _, gone := range []api.Candidate{a, b} {
		if hint := hr.Get(path(gone.ID)).Refused(http.StatusNotFound, "candidate_merged"); *hint.MergedIntoID != c.ID {
			t.Errorf("GET %s: got %s, want %s", gone.ID, hint.MergedIntoID, c.ID)
		}
		external := gone.ExternalID.MustGet()
		set := testkit.Decode[api.Candidate](hr.Do(http.MethodPut, byExternalID(external), object{
			"first_name": "Mira", "last_name": "Solheim", "email": "c@mail.example", "phone": "+49 30 1234567",
		}).Expect(http.StatusOK))
		if set.ID != c.ID || set.ExternalID.MustGet() != "ats-c" {
			t.Errorf("set by %s: got %s with %s, want %s with its external_id", external, set.ID, set.ExternalID.MustGet(), c.ID)
		}
		for name, file := range map[string]string{
			"id": "id,location\n" + gone.ID.String() + ",by id\n", "external_id": "external_id,location\n" + external + ",by external_id\n",
			"email": "email,location,first_name,last_name\n" + string(gone.Email.MustGet()) + ",by email,Mira,Solheim\n",
		} {
			hr.Do(http.MethodPost, collection+"/import.csv?same_email=update", file, "Content-Type", "text/csv").Expect(http.StatusOK)
			if got := f.queryTexts(`SELECT location FROM candidates WHERE id = $1`, c.ID); got[0] != "by "+name {
				t.Errorf("import of %s by %s: got location %v of the remaining candidate", gone.ID, name, got)
			}
		}
		listed := testkit.List[api.Candidate](hr, collection, url.Values{"external_id": {external}}).Data
		if len(listed) != 1 || listed[0].ID != c.ID {
			t.Errorf("list by external_id %s: got %v, want %s", external, listed, c.ID)
		}
		for _, list := range []string{"/api/v1/applications", "/api/v1/interviews"} {
			query := url.Values{"candidate_id": {gone.ID.String()}}
			if got, want := len(testkit.List[object](hr, list, query).Data), len(testkit.List[object](hr, list, nil).Data); got != want || got < 3 {
				t.Errorf("%s of %s: got %d, want all %d", list, gone.ID, got, want)
			}
		}
		for action, answer := range map[string]*testkit.Answer{
			"apply": hr.Post("/api/v1/applications", object{"candidate_id": gone.ID, "job_id": f.hiring.Job(api.JobStatusOpen)}),
			"merge": f.merge(c.ID, gone.ID),
		} {
			problem := answer.Refused(http.StatusUnprocessableEntity, "rule_violated")
			if problem.MergedIntoID == nil || *problem.MergedIntoID != c.ID || !strings.Contains(problem.Errors[0].Detail, c.ID.String()) {
				t.Errorf("%s %s: got %+v, want the remaining candidate %s", action, gone.ID, problem, c.ID)
			}
		}
	}
	early := f.unmerge(c.ID, a.ID).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if detail := early.Errors[0].Detail; !strings.Contains(detail, b.ID.String()) {
		t.Errorf("undo of the first merge of a chain: got %q, want a hint at %s", detail, b.ID)
	}

	f.unmerge(b.ID, a.ID).Refused(http.StatusNotFound, "candidate_merged")
	f.unmerge(c.ID, b.ID).Expect(http.StatusOK)
	last := testkit.Decode[api.CandidateMerge](f.unmerge(b.ID, a.ID).Expect(http.StatusOK))
	if !slices.Equal(last.KeptApplicationIds, []uuid.UUID{changed}) {
		t.Errorf("kept: got %v, want %s", last.KeptApplicationIds, changed)
	}
	for application, candidate := range of {
		shown := testkit.Decode[api.Application](hr.Get("/api/v1/applications/" + application.String()).Expect(http.StatusOK))
		if shown.Candidate.ID != candidate {
			t.Errorf("application %s: got candidate %s, want %s", application, shown.Candidate.ID, candidate)
		}
	}
}

// TestListCandidateMerges lists the merges that somebody else can undo, page by page, and no others.
func TestListCandidateMerges(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	survivor := f.person(nil)
	list := func(of uuid.UUID) []api.PastMerge {
		return testkit.ListAll[api.PastMerge](f.as[api.RoleAdmin], path(of, "merges"), url.Values{"limit": {"1"}})
	}
	key := f.Key(f.acme, []string{"candidates:read", "candidates:write"})
	byKey := f.replica.Bearer(t, key.Secret.Reveal())
	var gone []api.Candidate
	for n := range 4 {
		gone = append(gone, f.person(object{"external_id": fmt.Sprint("ats-", n), "email": fmt.Sprintf("m%d@mail.example", n)}))
		if n == 0 {
			byKey.Post(path(survivor.ID, "merge"), object{"candidate_id": gone[n].ID}).Expect(http.StatusOK)
		} else {
			f.merge(survivor.ID, gone[n].ID).Expect(http.StatusOK)
		}
	}
	f.unmerge(survivor.ID, gone[1].ID).Expect(http.StatusOK)
	f.Exec(`UPDATE candidate_merges SET created_at = created_at - $1::interval WHERE merged_id = $2`, (24 * time.Hour).String(), gone[2].ID)
	found := list(survivor.ID)
	if len(found) != 2 || found[0].Candidate.ID != gone[3].ID || found[1].Candidate.ID != gone[0].ID {
		t.Fatalf("got %+v, want the merges of %s and %s", found, gone[3].ID, gone[0].ID)
	}
	for n, want := range []struct {
		of api.Candidate
		by uuid.UUID
	}{{gone[3], f.acme.Users[api.RoleHr].ID}, {gone[0], key.ID}} {
		got := found[n]
		if got.MergedBy == nil || got.MergedBy.ID != want.by || got.FinalAt.Sub(got.MergedAt) != 24*time.Hour ||
			got.Candidate.ExternalID.MustGet() != want.of.ExternalID.MustGet() || got.Candidate.Email.MustGet() != want.of.Email.MustGet() {
			t.Errorf("got %+v, want the merge of %+v by %s", got, want.of, want.by)
		}
	}
	f.as[api.RoleAdmin].Post(path(survivor.ID, "unmerge"), object{"candidate_id": found[0].Candidate.ID}).Expect(http.StatusOK)
	if left := list(survivor.ID); len(left) != 1 {
		t.Errorf("after an undo by somebody else: got %+v, want one merge", left)
	}
	f.as[api.RoleHr].Get(path(gone[0].ID, "merges")).Refused(http.StatusNotFound, "candidate_merged")
	f.Exec(`UPDATE candidate_merges SET actor_id = NULL`)
	if left := list(survivor.ID); len(left) != 1 || left[0].MergedBy != nil {
		t.Errorf("merge by an earlier release: got %+v, want no actor", left)
	}
}

// TestMergeRaces merges and undoes while others apply, reactivate, edit and import. No request fails with an error of the
// server, and in the end every row refers to the candidate of its application.
func TestMergeRaces(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	survivor, gone := f.person(object{"external_id": "ats-1"}), f.person(object{"external_id": "ats-2"})
	jobs := []uuid.UUID{f.hiring.Job(api.JobStatusOpen), f.hiring.Job(api.JobStatusOpen), f.hiring.Job(api.JobStatusOpen)}
	application := f.hiring.Application(gone.ID, jobs[0], api.ApplicationStageInterview).String()
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	hr := f.as[api.RoleHr]
	acts := []func(n int) *testkit.Answer{
		func(int) *testkit.Answer { return f.merge(survivor.ID, gone.ID) },
		func(int) *testkit.Answer { return f.unmerge(survivor.ID, gone.ID) },
		func(n int) *testkit.Answer {
			return hr.Post("/api/v1/applications", object{"candidate_external_id": "ats-2", "job_id": jobs[n%3]})
		},
		func(int) *testkit.Answer { return hr.Post("/api/v1/applications/"+application+"/withdraw", nil) },
		func(int) *testkit.Answer {
			return hr.Post("/api/v1/applications/"+application+"/reactivate", object{"reason": "x"})
		},
		func(n int) *testkit.Answer { return hr.Patch(path(survivor.ID), object{"location": fmt.Sprint(n)}) },
		func(n int) *testkit.Answer {
			return hr.Do(http.MethodPost, collection+"/import.csv", fmt.Sprintf("external_id,location\nats-2,%d\n", n), "Content-Type", "text/csv")
		},
		func(n int) *testkit.Answer {
			return hr.Post("/api/v1/interviews", object{
				"application_id": application, "kit_version_id": version, "title": "x", "kind": "video",
				"panel":    []object{{"user_id": f.acme.Users[api.RoleTeamLead].ID, "score_required": true}},
				"schedule": object{"starts_at": fmt.Sprintf("2027-01-%02dT10:00:00Z", n+1), "ends_at": fmt.Sprintf("2027-01-%02dT11:00:00Z", n+1), "timezone": "UTC"},
			})
		},
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	merged := 0
	for k, act := range acts {
		all.Go(func() {
			for n := range 12 {
				answer := act(n)
				mu.Lock()
				if answer.Status >= http.StatusInternalServerError && answer.Status != http.StatusServiceUnavailable {
					t.Errorf("act %d: status %d: %s", k, answer.Status, answer.Body)
				}
				if k == 0 && answer.Status == http.StatusOK {
					merged++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if merged == 0 {
		t.Error("got no merge, want at least one")
	}
	for name, sql := range map[string]string{
		"history":    `SELECT m.id::text FROM application_moves AS m JOIN applications AS a ON a.id = m.application_id WHERE a.candidate_id <> m.candidate_id`,
		"interviews": `SELECT i.id::text FROM interviews AS i JOIN applications AS a ON a.id = i.application_id WHERE a.candidate_id <> i.candidate_id`,
		"bookings": `SELECT i.id::text FROM interviews AS i WHERE i.status = 'scheduled'
			AND NOT EXISTS (SELECT FROM bookings AS b WHERE b.interview_id = i.id AND b.person_id = i.candidate_id)`,
		"merged candidates": `SELECT a.id::text FROM applications AS a JOIN candidates AS c ON c.id = a.candidate_id WHERE c.merged_into IS NOT NULL`,
	} {
		if wrong := f.queryTexts(sql); len(wrong) > 0 {
			t.Errorf("%s: got %v, want all rows to refer to a present candidate, that of their application", name, wrong)
		}
	}
	if n := f.queryTexts(`SELECT count(*)::text FROM candidates`); n[0] != "2" {
		t.Errorf("candidates: got %s, want 2", n[0])
	}
}

// TestFilterByMergedExternalID lists by the external_id of a candidate that was merged, before and after the candidate that
// remains lost its own. The other filters apply to the candidate that remains.
func TestFilterByMergedExternalID(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	survivor := f.person(object{"external_id": "crm-1", "tags": []string{"go"}, "email": "s@mail.example", "source": "fair"})
	gone := f.person(object{"external_id": "ats-1", "tags": []string{"sql"}})
	f.merge(survivor.ID, gone.ID).Expect(http.StatusOK)
	check := func(when string) {
		t.Helper()
		for filters, want := range map[string]int{
			"": 1, "&tag=go&tag=sql": 1, "&tag=rust": 0, "&status=active": 1, "&status=archived": 0, "&source=fair": 1, "&source=x": 0,
			"&email=s@mail.example": 1, "&email=x@mail.example": 0, "&updated_since=2000-01-01T00:00:00Z": 1,
			"&updated_since=2999-01-01T00:00:00Z": 0, "&q=" + url.QueryEscape(survivor.LastName): 1, "&q=nobody": 0, "&sort=name&limit=1": 1,
		} {
			page := testkit.Decode[api.CandidatePage](hr.Get(collection + "?external_id=ats-1" + filters).Expect(http.StatusOK))
			if len(page.Data) != want || page.HasMore || want == 1 && page.Data[0].ID != survivor.ID {
				t.Errorf("%s, %q: got %d candidates, want %d", when, filters, len(page.Data), want)
			}
		}
	}
	check("with an external_id")
	hr.Patch(path(survivor.ID), object{"external_id": nil}).Expect(http.StatusOK)
	check("without an external_id")
}
