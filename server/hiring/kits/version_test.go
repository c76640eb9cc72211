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

// getContent returns questions and criteria of a version as a client does that does not know their members.
func getContent(answer *testkit.Answer) map[string]any {
	var all map[string]any
	answer.Expect(http.StatusOK).Into(&all)
	return map[string]any{"criteria": all["criteria"], "questions": all["questions"]}
}

// hashOf computes the content hash of a version from an answer, as a client does that verifies it.
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

// act requests an action on a version.
func act(c *testkit.Client, kit, version uuid.UUID, action string) *testkit.Answer {
	return c.Post(path(kit, "versions", version, action), nil)
}

func createVersion(c *testkit.Client, kit uuid.UUID, body any) api.KitVersion {
	return testkit.Decode[api.KitVersion](c.Post(path(kit, "versions"), body).Expect(http.StatusCreated))
}

// TestKitVersionLifecycle publishes a version, creates, publishes and archives the next, and verifies what kit and
// versions show after each step.
func TestKitVersionLifecycle(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	k := f.create(map[string]any{"questions": []any{question("outage", map[string]any{
		"text": "<What> & \"why\" \u2028 in \\ Łódź 😀?\n\tAnd then?", "criteria": []string{"depth"}, "minutes": 15,
	}), question("plain", nil)}})
	first := k.DraftVersionID.MustGet()
	draft := hr.Get(path(k.ID, "versions", first))

	// Publish: the content is unchanged and has the hash that a client computes.
	answer := act(hr, k.ID, first, "publish").Expect(http.StatusOK)
	published := testkit.Decode[api.KitVersion](answer)
	if published.Status != api.KitVersionStatusPublished ||
		published.PublishedBy.MustGet() != f.acme.Users[api.RoleHr].ID ||
		!published.PublishedAt.MustGet().Equal(published.UpdatedAt) || !published.ArchivedAt.IsNull() ||
		!slices.Equal(published.AllowedActions, []api.KitVersionAction{"archive"}) {
		t.Errorf("published: got %+v", published)
	}
	read := hr.Get(path(k.ID, "versions", first))
	if !bytes.Equal(read.Body, answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("read after publishing: got %s, want %s", read.Body, answer.Body)
	}
	if !reflect.DeepEqual(getContent(read), getContent(draft)) {
		t.Errorf("content after publishing: got %v, want %v", getContent(read), getContent(draft))
	}
	if got := hashOf(t, read); got != published.ContentHash.MustGet() {
		t.Errorf("content hash: got %s, computed %s", published.ContentHash.MustGet(), got)
	}
	got := getKit(hr, k.ID)
	if got.PublishedVersionID.MustGet() != first || !got.DraftVersionID.IsNull() || got.LatestNumber != 1 ||
		!slices.Equal(got.AllowedActions, []api.KitAction{"update", "create_version"}) || !got.UpdatedAt.After(k.UpdatedAt) {
		t.Errorf("kit after publishing: got %+v", got)
	}

	// Create the second version: it has the content of the first.
	answer = hr.Post(path(k.ID, "versions"), nil).Expect(http.StatusCreated)
	second := testkit.Decode[api.KitVersion](answer)
	if second.Number != 2 || second.Status != api.KitVersionStatusDraft || !second.ContentHash.IsNull() ||
		answer.Header.Get("Location") != path(k.ID, "versions", second.ID) {
		t.Errorf("second version: got %+v at %s", second, answer.Header.Get("Location"))
	}
	draft = hr.Get(path(k.ID, "versions", second.ID))
	if !bytes.Equal(draft.Body, answer.Body) || draft.Header.Get("ETag") != answer.Header.Get("ETag") ||
		!reflect.DeepEqual(getContent(draft), getContent(read)) {
		t.Errorf("read second version: got %s, want %s", draft.Body, answer.Body)
	}
	got = getKit(hr, k.ID)
	if got.DraftVersionID.MustGet() != second.ID || got.PublishedVersionID.MustGet() != first || got.LatestNumber != 2 ||
		!slices.Equal(got.AllowedActions, []api.KitAction{"update"}) {
		t.Errorf("kit with a draft: got %+v", got)
	}

	// Publish the second version: it has the same hash, and the first is archived.
	second = testkit.Decode[api.KitVersion](act(hr, k.ID, second.ID, "publish").Expect(http.StatusOK))
	if got, want := second.ContentHash.MustGet(), published.ContentHash.MustGet(); got != want {
		t.Errorf("hash of the same content: got %s, want %s", got, want)
	}
	archived := getVersion(hr, k.ID, first)
	if archived.Status != api.KitVersionStatusArchived || archived.ArchivedAt.IsNull() || len(archived.AllowedActions) != 0 ||
		!reflect.DeepEqual(archived.Questions, published.Questions) ||
		!reflect.DeepEqual(archived.Criteria, published.Criteria) ||
		archived.ContentHash.MustGet() != published.ContentHash.MustGet() ||
		!archived.PublishedAt.MustGet().Equal(published.PublishedAt.MustGet()) {
		t.Errorf("first version after the second was published: got %+v", archived)
	}

	// Archive the second version.
	act(hr, k.ID, second.ID, "archive").Expect(http.StatusOK)
	got = getKit(hr, k.ID)
	if !got.PublishedVersionID.IsNull() || !got.DraftVersionID.IsNull() || got.LatestNumber != 2 {
		t.Errorf("kit after archiving: got %+v", got)
	}

	entries := f.auditEntries(t, k.ID)
	var actions []string
	for _, entry := range entries {
		action, details, _ := strings.Cut(entry, " ")
		number := 1
		if strings.Contains(details, second.ID.String()) {
			number = 2
		}
		actions = append(actions, fmt.Sprintf("%s %d", action, number))
	}
	if want := []string{
		"kit.created 1", "kit.version_created 1", "kit.version_published 1", "kit.version_created 2",
		"kit.version_archived 1", "kit.version_published 2", "kit.version_archived 2",
	}; !slices.Equal(actions, want) {
		t.Fatalf("audited actions: got %v, want %v", actions, want)
	}
	if want := fmt.Sprintf(`kit.version_archived {"changes":{"status":{"from":"published","to":"archived"}},`+
		`"kit_version_id":"%s","number":1}`, first); entries[4] != want {
		t.Errorf("audit entry: got %s, want %s", entries[4], want)
	}
}

// TestUpdateDraft patches a draft. A list in the patch replaces the whole list; an absent list is kept.
func TestUpdateDraft(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	k := f.create(map[string]any{
		"questions": []any{question("outage", map[string]any{"criteria": []string{"depth"}})},
	})
	target := path(k.ID, "versions", k.DraftVersionID.MustGet())
	patch := func(tag string, body any) *testkit.Answer {
		return hr.Do(http.MethodPatch, target, body, "If-Match", tag)
	}
	before := hr.Get(target)
	first := before.Header.Get("ETag")

	// A patch that changes nothing keeps the ETag.
	same := patch(first, map[string]any{
		"criteria": []any{criterion("depth", map[string]any{"title": " Title of depth ", "description": nil})},
	}).Expect(http.StatusOK)
	if !bytes.Equal(same.Body, before.Body) || same.Header.Get("ETag") != first {
		t.Errorf("patch without changes: got %s, want %s", same.Body, before.Body)
	}

	// A patch of the questions keeps the criteria, and does not change the kit.
	answer := patch(first, map[string]any{"questions": []any{
		question("other", map[string]any{"minutes": 5, "guidance": nil}), question("second", nil),
	}}).Expect(http.StatusOK)
	second := answer.Header.Get("ETag")
	got := testkit.Decode[api.KitVersion](answer)
	if len(got.Questions) != 2 || got.Questions[0].Key != "other" ||
		len(got.Criteria) != 1 || got.Criteria[0].Key != "depth" ||
		second == first || !got.UpdatedAt.After(k.UpdatedAt) {
		t.Errorf("patched questions: got %+v with ETag %s", got, second)
	}
	if again := hr.Get(target); !bytes.Equal(again.Body, answer.Body) || again.Header.Get("ETag") != second {
		t.Errorf("read after patch: got %s, want %s", again.Body, answer.Body)
	}
	if got := getKit(hr, k.ID).UpdatedAt; !got.Equal(k.UpdatedAt) {
		t.Errorf("kit after its draft was patched: updated at %s, want %s", got, k.UpdatedAt)
	}

	// Preconditions, and a merge patch that empties both lists.
	patch(first, map[string]any{"questions": []any{}}).Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Patch(target, map[string]any{"questions": []any{}}).
		Refused(http.StatusPreconditionRequired, "precondition_required")
	answer = hr.Do(http.MethodPatch, target, `{"questions":[],"criteria":[]}`,
		"If-Match", second, "Content-Type", "application/merge-patch+json").Expect(http.StatusOK)
	if got := testkit.Decode[api.KitVersion](answer); len(got.Questions) != 0 || len(got.Criteria) != 0 {
		t.Errorf("emptied: got %+v", got)
	}

	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"no member":             {`{}`, 400},
		"null questions":        {`{"questions":null}`, 400},
		"criteria as an object": {`{"criteria":{}}`, 400},
		"status":                {`{"status":"published"}`, 400},
		"number":                {`{"number":7}`, 400},
		"unknown criterion":     {`{"questions":[{"key":"a","text":"x","criteria":["depth"]}]}`, 422},
		"blank question":        {`{"questions":[{"key":"a","text":"\u2003"}]}`, 422},
	} {
		t.Run(name, func(t *testing.T) {
			if got := patch("*", c.body).Status; got != c.status {
				t.Errorf("patch %s: got status %d, want %d", c.body, got, c.status)
			}
		})
	}

	// The result is checked as a whole: the kept questions must match the new criteria.
	patch("*", map[string]any{
		"criteria":  []any{criterion("depth", nil)},
		"questions": []any{question("a", map[string]any{"criteria": []string{"depth"}})},
	}).Expect(http.StatusOK)
	p := patch("*", map[string]any{"criteria": []any{criterion("calm", nil)}}).
		Refused(http.StatusUnprocessableEntity, "rule_violated")
	if got, want := fieldErrors(p), []string{"/questions/0/criteria/0 unknown"}; !slices.Equal(got, want) {
		t.Errorf("got errors %v, want %v", got, want)
	}

	// The three changes are recorded, without the content.
	entries := f.auditEntries(t, k.ID)
	if len(entries) != 5 {
		t.Fatalf("got audit entries %q, want 5", entries)
	}
	if !strings.HasPrefix(entries[2], `kit.version_updated {"changes":{"content_hash":{"from":"`) ||
		strings.Contains(entries[2], "Text of") {
		t.Errorf("audit entry: got %s, want the change of the content hash only", entries[2])
	}
}

func TestActionsRefuse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]

	// A version without criteria cannot be published, and stays a draft.
	k := f.create(map[string]any{"criteria": []any{}, "questions": []any{question("a", nil)}})
	draft := k.DraftVersionID.MustGet()
	p := act(hr, k.ID, draft, "publish").Refused(http.StatusUnprocessableEntity, "rule_violated")
	if got, want := fieldErrors(p), []string{"/criteria required"}; !slices.Equal(got, want) {
		t.Errorf("got errors %v, want %v", got, want)
	}
	if got := getVersion(hr, k.ID, draft); got.Status != api.KitVersionStatusDraft || !got.ContentHash.IsNull() {
		t.Errorf("after the refusal: got %+v, want a draft without a hash", got)
	}

	// A kit with a draft refuses another.
	p = hr.Post(path(k.ID, "versions"), nil).Refused(http.StatusConflict, "draft_exists")
	if p.Detail == "" {
		t.Error("draft_exists: got no detail")
	}

	// A version is found only below its own kit.
	other := f.create(nil)
	otherDraft := other.DraftVersionID.MustGet()
	for _, pair := range []struct {
		name         string
		kit, version uuid.UUID
	}{
		{"another kit", other.ID, draft}, {"version of another kit", k.ID, otherDraft}, {"unknown kit", uuid.New(), draft}, {"unknown version", k.ID, uuid.New()},
	} {
		t.Run(pair.name, func(t *testing.T) {
			target := path(pair.kit, "versions", pair.version)
			hr.In(t).Get(target).Refused(http.StatusNotFound, "not_found")
			act(hr.In(t), pair.kit, pair.version, "publish").Refused(http.StatusNotFound, "not_found")
			act(hr.In(t), pair.kit, pair.version, "archive").Refused(http.StatusNotFound, "not_found")
			hr.In(t).Do(http.MethodPatch, target, `{"questions":[]}`, "If-Match", "*").Refused(http.StatusNotFound, "not_found")
		})
	}
	missing := uuid.New()
	hr.Post(path(missing, "versions"), nil).Refused(http.StatusNotFound, "not_found")
	hr.Get(path(missing, "versions")).Refused(http.StatusNotFound, "not_found")
	hr.Do(http.MethodPatch, path(missing), `{"name":"x"}`, "If-Match", "*").Refused(http.StatusNotFound, "not_found")

	// The questions of a new version must match the criteria that it copies.
	act(hr, other.ID, otherDraft, "publish").Expect(http.StatusOK)
	withCriterion := func(key string) map[string]any {
		return map[string]any{"questions": []any{question("a", map[string]any{"criteria": []string{key}})}}
	}
	p = hr.Post(path(other.ID, "versions"), withCriterion("wit")).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if got, want := fieldErrors(p), []string{"/questions/0/criteria/0 unknown"}; !slices.Equal(got, want) {
		t.Errorf("got errors %v, want %v", got, want)
	}
	for _, body := range []string{`{"name":"x"}`, `[]`} {
		hr.Post(path(other.ID, "versions"), body).Refused(http.StatusBadRequest, "malformed_request")
	}
	got := createVersion(hr, other.ID, withCriterion("depth"))
	if len(got.Criteria) != 1 || len(got.Questions) != 1 {
		t.Errorf("created: got %+v, want the copied criterion and one question", got)
	}
}

// TestSecondDraftIsRefused sends requests to two replicas at once. Of many that create a version, one succeeds; of many
// that publish and patch it, one publishes, and the published content has the published hash.
func TestSecondDraftIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	k := f.create(nil)
	clients := []*testkit.Client{f.as[api.RoleHr], f.as[api.RoleAdmin].At(f.Replica())}
	act(clients[0], k.ID, k.DraftVersionID.MustGet(), "publish").Expect(http.StatusOK)
	answers := make([]*testkit.Answer, 10)
	var requests sync.WaitGroup

	for i := range answers {
		requests.Go(func() { answers[i] = clients[i%2].Post(path(k.ID, "versions"), `{}`) })
	}
	requests.Wait()
	var draft uuid.UUID
	for _, answer := range answers {
		if answer.Status == http.StatusCreated && draft == uuid.Nil {
			draft = testkit.Decode[api.KitVersion](answer).ID
			continue
		}
		answer.Refused(http.StatusConflict, "draft_exists")
	}
	if got := getKit(clients[0], k.ID); got.DraftVersionID.MustGet() != draft || got.LatestNumber != 2 {
		t.Errorf("kit: got %+v, want draft %s and number 2", got, draft)
	}

	tag := clients[0].Get(path(k.ID, "versions", draft)).Header.Get("ETag")
	for i := range answers {
		if i%2 == 0 {
			requests.Go(func() { answers[i] = act(clients[0], k.ID, draft, "publish") })
			continue
		}
		body := map[string]any{"questions": []any{question(fmt.Sprintf("q%d", i), nil)}}
		requests.Go(func() {
			answers[i] = clients[1].Do(http.MethodPatch, path(k.ID, "versions", draft), body, "If-Match", tag)
		})
	}
	requests.Wait()
	published, patched := 0, 0
	for i, answer := range answers {
		switch {
		case answer.Status == http.StatusOK && i%2 == 0:
			published++
		case answer.Status == http.StatusOK:
			patched++
		case answer.Status != http.StatusConflict && answer.Status != http.StatusPreconditionFailed:
			t.Errorf("got %d %s, want 200, 409 or 412", answer.Status, answer.Body)
		}
	}
	if published != 1 || patched > 1 {
		t.Errorf("got %d publications and %d patches, want 1 and at most 1", published, patched)
	}
	read := clients[0].Get(path(k.ID, "versions", draft))
	if got, want := testkit.Decode[api.KitVersion](read).ContentHash.MustGet(), hashOf(t, read); got != want {
		t.Errorf("content hash: got %s, want %s of %s", got, want, read.Body)
	}
}

// TestInterviewKeepsItsKitVersion verifies that later versions of a kit change neither the version of an interview nor the
// content that its panel reads.
func TestInterviewKeepsItsKitVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr, panelist := f.as[api.RoleHr], f.as[api.RoleEmployee]
	k := f.create(map[string]any{
		"questions": []any{question("outage", map[string]any{"criteria": []string{"depth"}})},
	})
	first := k.DraftVersionID.MustGet()
	act(hr, k.ID, first, "publish").Expect(http.StatusOK)
	application := f.hiring.Application(f.hiring.Candidate(), f.job, api.ApplicationStageInterview)
	interview := f.hiring.Interview(
		application, first, api.InterviewStatusScheduled, f.acme.Users[api.RoleEmployee])
	target := path(k.ID, "versions", first)
	before := panelist.Get(target).Expect(http.StatusOK)
	hash := testkit.Decode[api.KitVersion](before).ContentHash.MustGet()

	for i := range 3 {
		next := createVersion(hr, k.ID, map[string]any{
			"criteria": []any{criterion("depth", map[string]any{"weight": i + 2}), criterion("calm", nil)},
		})
		act(hr, k.ID, next.ID, "publish").Expect(http.StatusOK)
		if i == 1 {
			act(hr, k.ID, next.ID, "archive").Expect(http.StatusOK)
		}

		var got uuid.UUID
		err := f.Database.QueryRow(t.Context(), `SELECT kit_version_id FROM interviews WHERE id = $1`, interview).Scan(&got)
		if err != nil || got != first {
			t.Errorf("after %d more versions: interview has version %s, %v, want %s", i+1, got, err, first)
		}
		after := panelist.Get(target).Expect(http.StatusOK)
		if !reflect.DeepEqual(getContent(after), getContent(before)) || hashOf(t, after) != hash ||
			testkit.Decode[api.KitVersion](after).ContentHash.MustGet() != hash {
			t.Errorf("after %d more versions: got %s, want %s", i+1, after.Body, before.Body)
		}
	}
}

// TestPublishedVersionsNeverChange tries to change published and archived versions by SQL, as the service and as the owner
// of the database.
func TestPublishedVersionsNeverChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	service := f.Connect()
	if _, err := service.Exec(t.Context(), `SET ROLE interviewer_service`); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Exec(
		t.Context(), `SELECT set_config('app.company_id', $1, false)`, f.acme.ID.String()); err != nil {
		t.Fatal(err)
	}
	owner := f.Connect()
	_, draft := f.hiring.KitVersion(api.KitVersionStatusDraft)
	otherKit, _ := f.hiring.KitVersion(api.KitVersionStatusDraft)
	isRefused := func(err error) bool {
		var pgError *pgconn.PgError
		return errors.As(err, &pgError) && pgError.Code == "42501" // insufficient_privilege
	}

	assignments := map[string]string{
		"questions":    `questions = '[{"key":"x"}]'`,
		"criteria":     `criteria = '[]'`,
		"content_hash": `content_hash = repeat('f', 64)`,
		"published_at": `published_at = now() + interval '1 second'`,
		"published_by": `published_by = '` + f.acme.Users[api.RoleAdmin].ID.String() + `'`,
		"number":       `number = 7`,
		"kit_id":       `kit_id = '` + otherKit.String() + `'`,
		"status":       `status = 'draft', content_hash = NULL, published_at = NULL, published_by = NULL`,
	}
	for _, status := range []api.KitVersionStatus{api.KitVersionStatusPublished, api.KitVersionStatusArchived} {
		_, id := f.hiring.KitVersion(status)
		for column, assignment := range assignments {
			t.Run(fmt.Sprintf("%s of a %s version", column, status), func(t *testing.T) {
				for role, conn := range map[string]*pgx.Conn{"service": service, "owner": owner} {
					_, err := conn.Exec(t.Context(), `UPDATE kit_versions SET `+assignment+` WHERE id = $1`, id)
					if !isRefused(err) {
						t.Errorf("update of %s of a %s version as %s: got %v, want SQLSTATE 42501", column, status, role, err)
					}
				}
			})
		}
		// Except in test companies, row-level security hides every row from DELETE.
		deleted, err := service.Exec(t.Context(), `DELETE FROM kit_versions WHERE id = $1`, id)
		if err != nil || deleted.RowsAffected() != 0 {
			t.Errorf("deletion of a %s version: got %v, %v, want no rows", status, deleted, err)
		}
	}

	// The service can change these columns of a draft, so the refusals above are due to the status.
	for _, column := range []string{"questions", "criteria", "number"} {
		_, err := service.Exec(t.Context(), `UPDATE kit_versions SET `+assignments[column]+` WHERE id = $1`, draft)
		if err != nil {
			t.Errorf("update of %s of a draft: got %v, want no error", column, err)
		}
	}
}
