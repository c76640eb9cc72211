package kits_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// content is what a version says, as a client has it that knows nothing of its members.
func content(answer *testkit.Answer) map[string]any {
	var all map[string]any
	answer.Expect(http.StatusOK).Into(&all)
	return map[string]any{"criteria": all["criteria"], "questions": all["questions"]}
}

// hashOf computes the hash of what an answer shows of a version, as a client does that doubts it.
func hashOf(t *testing.T, answer *testkit.Answer) string {
	t.Helper()
	var all map[string]json.RawMessage
	answer.Expect(http.StatusOK).Into(&all)
	canonical := jsontext.Value(fmt.Sprintf(`{"questions":%s,"criteria":%s}`, all["questions"], all["criteria"]))
	if err := canonical.Canonicalize(); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(canonical)
	return hex.EncodeToString(digest[:])
}

// act takes an action on a version.
func act(c *testkit.Client, kit, version uuid.UUID, action string) *testkit.Answer {
	return c.Post(path(kit, "versions", version, action), nil)
}

// begin begins a new version.
func begin(c *testkit.Client, kit uuid.UUID, body any) api.KitVersion {
	return testkit.Decode[api.KitVersion](c.Post(path(kit, "versions"), body).Expect(http.StatusCreated))
}

// TestTheLifeOfAVersion publishes a version, begins the next, publishes that, and archives it; and reads on the way what kit and
// versions show, and what was recorded.
func TestTheLifeOfAVersion(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	k := h.create(map[string]any{"questions": []any{question("outage", map[string]any{
		"text": "<What> & \"why\" \u2028 in \\ Łódź 😀?\n\tAnd then?", "criteria": []string{"depth"}, "minutes": 15,
	}), question("plain", nil)}})
	first := k.DraftVersionID.MustGet()
	before := hr.Get(path(k.ID, "versions", first))
	answer := act(hr, k.ID, first, "publish").Expect(http.StatusOK)
	published := testkit.Decode[api.KitVersion](answer)
	if published.Status != api.KitVersionStatusPublished || published.PublishedBy.MustGet() != h.acme.Users[api.RoleHr].ID ||
		!published.PublishedAt.MustGet().Equal(published.UpdatedAt) || !published.ArchivedAt.IsNull() ||
		!slices.Equal(published.AllowedActions, []api.KitVersionAction{"archive"}) {
		t.Errorf("published is %+v", published)
	}
	read := hr.Get(path(k.ID, "versions", first))
	if !bytes.Equal(read.Body, answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("published is %s, read is %s", answer.Body, read.Body)
	}
	if !reflect.DeepEqual(content(before), content(read)) {
		t.Errorf("the publication made %v of %v", content(read), content(before))
	}
	if got := hashOf(t, read); got != published.ContentHash.MustGet() {
		t.Errorf("the hash is %s, of what is shown it is %s", published.ContentHash.MustGet(), got)
	}
	shown := kit(hr, k.ID)
	if shown.PublishedVersionID.MustGet() != first || !shown.DraftVersionID.IsNull() || shown.LatestNumber != 1 ||
		!slices.Equal(shown.AllowedActions, []api.KitAction{"update", "create_version"}) || !shown.UpdatedAt.After(k.UpdatedAt) {
		t.Errorf("the kit is %+v", shown)
	}

	answer = hr.Post(path(k.ID, "versions"), nil).Expect(http.StatusCreated)
	second := testkit.Decode[api.KitVersion](answer)
	if second.Number != 2 || second.Status != api.KitVersionStatusDraft || !second.ContentHash.IsNull() ||
		answer.Header.Get("Location") != path(k.ID, "versions", second.ID) {
		t.Errorf("begun is %+v at %s", second, answer.Header.Get("Location"))
	}
	drafted := hr.Get(path(k.ID, "versions", second.ID))
	if !bytes.Equal(drafted.Body, answer.Body) || drafted.Header.Get("ETag") != answer.Header.Get("ETag") || !reflect.DeepEqual(content(drafted), content(read)) {
		t.Errorf("begun is %s, read is %s", answer.Body, drafted.Body)
	}
	if shown := kit(hr, k.ID); shown.DraftVersionID.MustGet() != second.ID || shown.PublishedVersionID.MustGet() != first || shown.LatestNumber != 2 ||
		!slices.Equal(shown.AllowedActions, []api.KitAction{"update"}) {
		t.Errorf("the kit is %+v", shown)
	}
	second = testkit.Decode[api.KitVersion](act(hr, k.ID, second.ID, "publish").Expect(http.StatusOK))
	if second.ContentHash.MustGet() != published.ContentHash.MustGet() {
		t.Error("the same content has another hash")
	}
	replaced := version(hr, k.ID, first)
	if replaced.Status != api.KitVersionStatusArchived || replaced.ArchivedAt.IsNull() || len(replaced.AllowedActions) != 0 ||
		!reflect.DeepEqual(replaced.Questions, published.Questions) || !reflect.DeepEqual(replaced.Criteria, published.Criteria) ||
		replaced.ContentHash.MustGet() != published.ContentHash.MustGet() || !replaced.PublishedAt.MustGet().Equal(published.PublishedAt.MustGet()) {
		t.Errorf("replaced is %+v", replaced)
	}
	act(hr, k.ID, second.ID, "archive").Expect(http.StatusOK)
	if shown := kit(hr, k.ID); !shown.PublishedVersionID.IsNull() || !shown.DraftVersionID.IsNull() || shown.LatestNumber != 2 {
		t.Errorf("the kit is %+v", shown)
	}
	var names []string
	for _, line := range h.recorded(t, k.ID) {
		name, details, _ := strings.Cut(line, " ")
		id := first
		if strings.Contains(details, second.ID.String()) {
			id = second.ID
		}
		names = append(names, fmt.Sprintf("%s %d", name, slices.Index([]uuid.UUID{first, second.ID}, id)+1))
	}
	if want := []string{
		"kit.created 1", "kit.version_created 1", "kit.version_published 1", "kit.version_created 2", "kit.version_archived 1",
		"kit.version_published 2", "kit.version_archived 2",
	}; !slices.Equal(names, want) {
		t.Errorf("recorded is %v, want %v", names, want)
	}
	if got, want := h.recorded(t, k.ID)[4], fmt.Sprintf(
		`kit.version_archived {"changes":{"status":{"from":"published","to":"archived"}},"kit_version_id":"%s","number":1}`, first); got != want {
		t.Errorf("recorded is %s, want %s", got, want)
	}
}

// TestADraftIsWritten merges patches into a draft: a list that is there takes the place of the whole list, one that is absent
// leaves it.
func TestADraftIsWritten(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	k := h.create(map[string]any{"questions": []any{question("outage", map[string]any{"criteria": []string{"depth"}})}})
	draft := k.DraftVersionID.MustGet()
	target := path(k.ID, "versions", draft)
	patch := func(tag string, body any) *testkit.Answer {
		return hr.Do(http.MethodPatch, target, body, "If-Match", tag)
	}
	before := hr.Get(target)
	first := before.Header.Get("ETag")
	same := patch(first, map[string]any{"criteria": []any{criterion("depth", map[string]any{"title": " Title of depth ", "description": nil})}}).Expect(http.StatusOK)
	if !bytes.Equal(same.Body, before.Body) || same.Header.Get("ETag") != first {
		t.Errorf("a patch that changes nothing made %s of %s", same.Body, before.Body)
	}
	answer := patch(first, map[string]any{"questions": []any{question("other", map[string]any{"minutes": 5, "guidance": nil}), question("second", nil)}}).Expect(http.StatusOK)
	second := answer.Header.Get("ETag")
	got := testkit.Decode[api.KitVersion](answer)
	if len(got.Questions) != 2 || got.Questions[0].Key != "other" || len(got.Criteria) != 1 || got.Criteria[0].Key != "depth" || second == first ||
		!got.UpdatedAt.After(k.UpdatedAt) {
		t.Errorf("patched to %+v, %s", got, second)
	}
	if again := hr.Get(target); !bytes.Equal(again.Body, answer.Body) || again.Header.Get("ETag") != second {
		t.Errorf("patched is %s, read is %s", answer.Body, again.Body)
	}
	if shown := kit(hr, k.ID); !shown.UpdatedAt.Equal(k.UpdatedAt) {
		t.Error("a draft that is written on makes the kit one that has changed")
	}
	patch(first, map[string]any{"questions": []any{}}).Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Patch(target, map[string]any{"questions": []any{}}).Refused(http.StatusPreconditionRequired, "precondition_required")
	answer = hr.Do(http.MethodPatch, target, `{"questions":[],"criteria":[]}`, "If-Match", second, "Content-Type", "application/merge-patch+json").Expect(http.StatusOK)
	if got := testkit.Decode[api.KitVersion](answer); len(got.Questions) != 0 || len(got.Criteria) != 0 {
		t.Errorf("emptied is %+v", got)
	}
	for body, status := range map[string]int{
		`{}`: 400, `{"questions":null}`: 400, `{"criteria":{}}`: 400, `{"status":"published"}`: 400, `{"number":7}`: 400,
		`{"questions":[{"key":"a","text":"x","criteria":["depth"]}]}`: 422, `{"questions":[{"key":"a","text":"\u2003"}]}`: 422,
	} {
		if got := patch("*", body).Status; got != status {
			t.Errorf("%s: %d, want %d", body, got, status)
		}
	}
	// What is left of the content must still fit what a patch makes of the rest.
	patch("*", map[string]any{
		"criteria": []any{criterion("depth", nil)}, "questions": []any{question("a", map[string]any{"criteria": []string{"depth"}})},
	}).Expect(http.StatusOK)
	p := patch("*", map[string]any{"criteria": []any{criterion("calm", nil)}}).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if got := wrong(p); !slices.Equal(got, []string{"/questions/0/criteria/0 unknown"}) {
		t.Errorf("wrong is %v", got)
	}
	recorded := h.recorded(t, k.ID)
	if len(recorded) != 5 || !strings.HasPrefix(recorded[2], `kit.version_updated {"changes":{"content_hash":{"from":"`) || strings.Contains(recorded[2], "Text of") {
		t.Errorf("recorded is %q", recorded)
	}
}

func TestActionsRefuse(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	k := h.create(map[string]any{"criteria": []any{}, "questions": []any{question("a", nil)}})
	draft := k.DraftVersionID.MustGet()
	p := act(hr, k.ID, draft, "publish").Refused(http.StatusUnprocessableEntity, "rule_violated")
	if got := wrong(p); !slices.Equal(got, []string{"/criteria required"}) {
		t.Errorf("wrong is %v", got)
	}
	if got := version(hr, k.ID, draft); got.Status != api.KitVersionStatusDraft || !got.ContentHash.IsNull() {
		t.Errorf("what was refused has left %+v", got)
	}
	p = hr.Post(path(k.ID, "versions"), nil).Refused(http.StatusConflict, "draft_exists")
	if p.Detail == "" {
		t.Error("the conflict says nothing")
	}
	// A version is found below its own kit only.
	other := h.create(nil)
	for _, pair := range [][2]uuid.UUID{{other.ID, draft}, {k.ID, other.DraftVersionID.MustGet()}, {uuid.New(), draft}, {k.ID, uuid.New()}} {
		hr.Get(path(pair[0], "versions", pair[1])).Refused(http.StatusNotFound, "not_found")
		act(hr, pair[0], pair[1], "publish").Refused(http.StatusNotFound, "not_found")
		act(hr, pair[0], pair[1], "archive").Refused(http.StatusNotFound, "not_found")
		hr.Do(http.MethodPatch, path(pair[0], "versions", pair[1]), `{"questions":[]}`, "If-Match", "*").Refused(http.StatusNotFound, "not_found")
	}
	for _, id := range []uuid.UUID{uuid.New()} {
		hr.Post(path(id, "versions"), nil).Refused(http.StatusNotFound, "not_found")
		hr.Get(path(id, "versions")).Refused(http.StatusNotFound, "not_found")
		hr.Do(http.MethodPatch, path(id), `{"name":"x"}`, "If-Match", "*").Refused(http.StatusNotFound, "not_found")
	}
	// What a new version copies has to fit what it brings.
	act(hr, other.ID, other.DraftVersionID.MustGet(), "publish").Expect(http.StatusOK)
	p = hr.Post(path(other.ID, "versions"), map[string]any{"questions": []any{question("a", map[string]any{"criteria": []string{"wit"}})}}).
		Refused(http.StatusUnprocessableEntity, "rule_violated")
	if got := wrong(p); !slices.Equal(got, []string{"/questions/0/criteria/0 unknown"}) {
		t.Errorf("wrong is %v", got)
	}
	for _, body := range []string{`{"questions":null}`, `{"name":"x"}`, `[]`} {
		hr.Post(path(other.ID, "versions"), body).Refused(http.StatusBadRequest, "malformed_request")
	}
	got := begin(hr, other.ID, map[string]any{"questions": []any{question("a", map[string]any{"criteria": []string{"depth"}})}})
	if len(got.Criteria) != 1 || len(got.Questions) != 1 {
		t.Errorf("begun is %+v", got)
	}
}

// TestOneDraftAtATime begins a version many times at once, at two replicas.
func TestOneDraftAtATime(t *testing.T) {
	t.Parallel()
	h := build(t)
	k := h.create(nil)
	clients := []*testkit.Client{h.as[api.RoleHr], h.as[api.RoleAdmin].At(h.Replica())}
	act(clients[0], k.ID, k.DraftVersionID.MustGet(), "publish").Expect(http.StatusOK)
	answers := make([]*testkit.Answer, 10)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = clients[i%2].Post(path(k.ID, "versions"), `{}`) })
	}
	all.Wait()
	var draft uuid.UUID
	for _, answer := range answers {
		if answer.Status == http.StatusCreated && draft == uuid.Nil {
			draft = testkit.Decode[api.KitVersion](answer).ID
			continue
		}
		answer.Refused(http.StatusConflict, "draft_exists")
	}
	if got := kit(clients[0], k.ID); got.DraftVersionID.MustGet() != draft || got.LatestNumber != 2 {
		t.Errorf("the kit is %+v, the draft was %s", got, draft)
	}
	// Of many who publish it, and write on it, at once: one publishes, and what is published is what its hash says.
	tag := clients[0].Get(path(k.ID, "versions", draft)).Header.Get("ETag")
	for i := range answers {
		if i%2 == 0 {
			all.Go(func() { answers[i] = act(clients[0], k.ID, draft, "publish") })
			continue
		}
		body := map[string]any{"questions": []any{question(fmt.Sprintf("q%d", i), nil)}}
		all.Go(func() {
			answers[i] = clients[1].Do(http.MethodPatch, path(k.ID, "versions", draft), body, "If-Match", tag)
		})
	}
	all.Wait()
	published, written := 0, 0
	for i, answer := range answers {
		switch {
		case answer.Status == http.StatusOK && i%2 == 0:
			published++
		case answer.Status == http.StatusOK:
			written++
		case answer.Status != http.StatusConflict && answer.Status != http.StatusPreconditionFailed:
			t.Errorf("answered %d %s", answer.Status, answer.Body)
		}
	}
	read := clients[0].Get(path(k.ID, "versions", draft))
	if got := testkit.Decode[api.KitVersion](read); published != 1 || written > 1 || got.ContentHash.MustGet() != hashOf(t, read) {
		t.Errorf("%d published, %d have written, and it is %+v", published, written, got)
	}
}

// TestAnInterviewKeepsItsVersion: whatever becomes of a kit after an interview was given a version of it, the interview has that
// version, and its panel reads the same content with the same hash.
func TestAnInterviewKeepsItsVersion(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr, panelist := h.as[api.RoleHr], h.as[api.RoleEmployee]
	k := h.create(map[string]any{"questions": []any{question("outage", map[string]any{"criteria": []string{"depth"}})}})
	first := k.DraftVersionID.MustGet()
	act(hr, k.ID, first, "publish").Expect(http.StatusOK)
	application := h.hiring.Application(h.hiring.Candidate(), h.job, api.ApplicationStageInterview)
	interview := h.hiring.Interview(application, first, api.InterviewStatusScheduled, h.acme.Users[api.RoleEmployee])
	target := path(k.ID, "versions", first)
	used := panelist.Get(target).Expect(http.StatusOK)
	hash := testkit.Decode[api.KitVersion](used).ContentHash.MustGet()
	for i := range 3 {
		next := begin(hr, k.ID, map[string]any{"criteria": []any{criterion("depth", map[string]any{"weight": i + 2}), criterion("calm", nil)}})
		act(hr, k.ID, next.ID, "publish").Expect(http.StatusOK)
		if i == 1 {
			act(hr, k.ID, next.ID, "archive").Expect(http.StatusOK)
		}
		var kept uuid.UUID
		if err := h.Database.QueryRow(t.Context(), `SELECT kit_version_id FROM interviews WHERE id = $1`, interview).Scan(&kept); err != nil || kept != first {
			t.Errorf("the interview has the version %s, %v", kept, err)
		}
		now := panelist.Get(target).Expect(http.StatusOK)
		if !reflect.DeepEqual(content(now), content(used)) || hashOf(t, now) != hash || testkit.Decode[api.KitVersion](now).ContentHash.MustGet() != hash {
			t.Errorf("after %d more versions, %s has become %s", i+1, used.Body, now.Body)
		}
	}
}

// TestPublishedStays changes what was published by SQL, as the service and as the owner of the database: neither can.
func TestPublishedStays(t *testing.T) {
	t.Parallel()
	h := build(t)
	service := h.Connect()
	if _, err := service.Exec(t.Context(), `SET ROLE interviewer_service`); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Exec(t.Context(), `SELECT set_config('app.company_id', $1, false)`, h.acme.ID.String()); err != nil {
		t.Fatal(err)
	}
	owner := h.Connect()
	_, draft := h.hiring.KitVersion(api.KitVersionStatusDraft)
	another, _ := h.hiring.KitVersion(api.KitVersionStatusDraft)
	refused := func(err error) bool {
		var said *pgconn.PgError
		return errors.As(err, &said) && said.Code == "42501"
	}
	changes := map[string]string{
		"questions": `'[{"key":"x"}]'`, "criteria": `'[]'`, "content_hash": `repeat('f', 64)`, "published_at": `now() + interval '1 second'`,
		"published_by": `'` + h.acme.Users[api.RoleAdmin].ID.String() + `'`, "number": `7`, "kit_id": `'` + another.String() + `'`, "status": `'draft'`,
	}
	for _, status := range []api.KitVersionStatus{api.KitVersionStatusPublished, api.KitVersionStatusArchived} {
		_, id := h.hiring.KitVersion(status)
		for column, value := range changes {
			for who, conn := range map[string]*pgx.Conn{"the service": service, "the owner": owner} {
				sql := `UPDATE kit_versions SET ` + column + ` = ` + value + ` WHERE id = $1`
				if column == "status" {
					sql = `UPDATE kit_versions SET status = 'draft', content_hash = NULL, published_at = NULL, published_by = NULL WHERE id = $1`
				}
				if _, err := conn.Exec(t.Context(), sql, id); !refused(err) {
					t.Errorf("%s changes %s of what is %s: %v", who, column, status, err)
				}
			}
		}
		// Outside a test company no row can be deleted, wherever it stands.
		if gone, err := service.Exec(t.Context(), `DELETE FROM kit_versions WHERE id = $1`, id); err != nil || gone.RowsAffected() != 0 {
			t.Errorf("the service deletes what is %s: %v, %v", status, gone, err)
		}
	}
	for column, value := range map[string]string{"questions": `'[{"key":"x"}]'`, "criteria": `'[]'`, "number": `7`} {
		if _, err := service.Exec(t.Context(), `UPDATE kit_versions SET `+column+` = `+value+` WHERE id = $1`, draft); err != nil {
			t.Errorf("the service cannot change %s of a draft: %v", column, err)
		}
	}
}
