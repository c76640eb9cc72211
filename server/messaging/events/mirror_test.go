package events_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const eventsPath = "/api/v1/events"

// lists are the paths at which the resources of a type are listed.
func lists() map[api.EventResourceType]string {
	return map[api.EventResourceType]string{
		api.EventResourceTypeUser: "/api/v1/users", api.EventResourceTypeJob: "/api/v1/jobs", api.EventResourceTypeKit: "/api/v1/kits",
		api.EventResourceTypeCandidate: "/api/v1/candidates", api.EventResourceTypeApplication: "/api/v1/applications",
		api.EventResourceTypeInterview: "/api/v1/interviews",
	}
}

// parts are the paths at which what belongs to a resource is listed; %s is the id of the resource.
func parts() map[api.EventResourceType]string {
	return map[api.EventResourceType]string{
		api.EventResourceTypeJobMembers: "/api/v1/jobs/%s/members?limit=200", api.EventResourceTypeKitVersions: "/api/v1/kits/%s/versions?limit=200",
		api.EventResourceTypeInterviewScores: "/api/v1/scores?interview_id=%s",
	}
}

// copies are the resources that a reader keeps, as JSON, by type and id.
type copies map[api.EventResourceType]map[string]string

func (c copies) set(of api.EventResourceType, id string, value any) {
	if c[of] == nil {
		c[of] = map[string]string{}
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	c[of][id] = string(encoded)
}

func (c copies) clone() copies {
	cloned := copies{}
	for of, all := range c {
		cloned[of] = maps.Clone(all)
	}
	return cloned
}

// mirror is a reader that keeps copies by following changes.
type mirror struct {
	name   string
	client func() *testkit.Client
	copies copies
	cursor string
	// resets counts how often the reader had to read everything again, crashes how often it lost its progress.
	resets, crashes, followed int
	// types are the types of the events that it got.
	types map[api.EventType]bool
}

type entry = map[string]any

// readAll reads everything that the reader sees.
func readAll(c *testkit.Client) copies {
	all := copies{}
	for of, path := range lists() {
		if c.Get(path).Status == http.StatusForbidden {
			continue
		}
		for _, e := range testkit.ListAll[entry](c, path, url.Values{"limit": {"200"}}) {
			all.set(of, e["id"].(string), e)
		}
	}
	for of, parent := range map[api.EventResourceType]api.EventResourceType{
		api.EventResourceTypeJobMembers: api.EventResourceTypeJob, api.EventResourceTypeKitVersions: api.EventResourceTypeKit,
		api.EventResourceTypeInterviewScores: api.EventResourceTypeInterview,
	} {
		for id := range all[parent] {
			all.set(of, id, readPart(c, of, id))
		}
	}
	return all
}

// readPart returns what belongs to a resource, which has at most one page in this test; nil if the resource is not found.
func readPart(c *testkit.Client, of api.EventResourceType, id string) []entry {
	answer := c.Get(fmt.Sprintf(parts()[of], id))
	if answer.Status == http.StatusNotFound {
		return nil
	}
	return append([]entry{}, testkit.Decode[testkit.Page[entry]](answer.Expect(http.StatusOK)).Data...)
}

// start reads the position first and then everything.
func (m *mirror) start() {
	c := m.client()
	m.cursor = testkit.Decode[api.EventFeed](c.Get(eventsPath).Expect(http.StatusOK)).NextCursor
	m.copies = readAll(c)
}

// follow reads changes up to the end of the log, or some pages of them.
func (m *mirror) follow(limit, pages int) {
	c := m.client()
	for range pages {
		answer := c.Get(eventsPath + "?limit=" + strconv.Itoa(limit) + "&cursor=" + m.cursor)
		if answer.Status == http.StatusGone {
			answer.Refused(http.StatusGone, "events_expired")
			m.resets++
			m.start()
			return
		}
		page := testkit.Decode[api.EventFeed](answer.Expect(http.StatusOK))
		for _, event := range page.Data {
			if m.types == nil {
				m.types = map[api.EventType]bool{}
			}
			m.types[event.Type] = true
		}
		m.apply(c, page.Data)
		m.followed += len(page.Data)
		m.cursor = page.NextCursor
		if !page.HasMore {
			return
		}
	}
}

// step follows the changes now and then, and crashes now and then.
func (m *mirror) step(random *rand.Rand) {
	switch random.IntN(30) {
	case 0:
		m.follow(1+random.IntN(200), 1+random.IntN(5))
	case 1: // crashes after it has stored copies, before it has stored the position
		cursor := m.cursor
		m.follow(1+random.IntN(20), 2)
		m.cursor = cursor
		m.crashes++
	case 2: // crashes and restores a backup of both
		cursor, before := m.cursor, m.copies.clone()
		m.follow(1+random.IntN(20), 2)
		m.cursor, m.copies = cursor, before
		m.crashes++
	}
}

// apply reads the resources of events again. No event comes twice, except after a crash.
func (m *mirror) apply(c *testkit.Client, found []api.Event) {
	wanted := map[api.EventResourceType]map[string]bool{}
	for _, event := range found {
		of, id := event.Resource.Type, event.Resource.ID.String()
		if wanted[of] == nil {
			wanted[of] = map[string]bool{}
		}
		delete(m.copies[of], id)
		wanted[of][id] = !event.Removed
	}
	for of, all := range wanted {
		var ids []string
		for id, exists := range all {
			if exists {
				ids = append(ids, id)
			}
		}
		if parts()[of] != "" {
			for _, id := range ids {
				if part := readPart(c, of, id); part != nil {
					m.copies.set(of, id, part)
				}
			}
			continue
		}
		for batch := range slices.Chunk(ids, 100) {
			for _, e := range testkit.Decode[testkit.Page[entry]](
				c.Get(lists()[of] + "?" + url.Values{"id": batch}.Encode()).Expect(http.StatusOK)).Data {
				m.copies.set(of, e["id"].(string), e)
			}
		}
	}
}

// differences describes how the copies differ from the truth.
func (m *mirror) differences(truth copies) []string {
	var found []string
	types := slices.Collect(maps.Keys(lists()))
	for of := range parts() {
		types = append(types, of)
	}
	slices.Sort(types)
	for _, of := range types {
		for id, want := range truth[of] {
			if got := m.copies[of][id]; got == "" {
				found = append(found, fmt.Sprintf("%s: %s %s is missing", m.name, of, id))
			} else if got != want {
				found = append(found, fmt.Sprintf("%s: %s\n\tgot  %s\n\twant %s", m.name, of, got, want))
			}
		}
		for id := range m.copies[of] {
			if truth[of][id] == "" {
				found = append(found, fmt.Sprintf("%s: %s %s must have been removed", m.name, of, id))
			}
		}
	}
	return found
}

// company is a company whose people act at random.
type company struct {
	*testing.T
	*rand.Rand
	replica *testkit.Replica
	people  map[string]testkit.User
	clients map[string]*testkit.Client
	signed  map[string]time.Time
	now     func() time.Time
	jobKey  testkit.Key
	// jobSecret is the current secret of the key.
	jobSecret string
	done      map[string]int
}

// TestMirrorEqualsTruth lets people act at random over days. Readers with different rights follow the changes, in pages of
// random sizes, and crash in between. At the end, each has exactly what it reads in full.
//
// MIRROR_SEED chooses other acts; MIRROR_ACTS sets their number.
func TestMirrorEqualsTruth(t *testing.T) {
	t.Parallel()
	seed, acts := uint64(3), 700
	if value := os.Getenv("MIRROR_SEED"); value != "" {
		seed, _ = strconv.ParseUint(value, 10, 64)
	}
	if value := os.Getenv("MIRROR_ACTS"); value != "" {
		acts, _ = strconv.Atoi(value)
	}
	random := rand.New(rand.NewPCG(seed, 1))

	i := testkit.New(t)
	var elapsed atomic.Int64 // replicas read the clock in the background
	began := i.Clock.Now()
	now := func() time.Time { return began.Add(time.Duration(elapsed.Load())) }
	i.Clock.Now = now
	i.Config.RateLimit, i.Config.RateLimitKey, i.Config.RateLimitCompany = 0, 0, 0
	acme := i.Company("acme")
	c := &company{
		T: t, Rand: random, replica: i.Replica(), now: now, done: map[string]int{},
		people: map[string]testkit.User{}, clients: map[string]*testkit.Client{}, signed: map[string]time.Time{},
	}
	for role, user := range acme.Users {
		c.people[string(role)] = user
	}
	for n := range 3 {
		name := fmt.Sprintf("employee%d", n)
		c.people[name] = i.User(acme, name, api.RoleEmployee)
	}
	c.people["team_lead2"] = i.User(acme, "lead2", api.RoleTeamLead)
	first := testkit.Decode[api.Job](c.as("hr").Post("/api/v1/jobs", entry{"title": "First"}).Expect(http.StatusCreated))
	scopes := []string{
		"events:read", "jobs:read", "candidates:read", "applications:read", "kits:read", "interviews:read", "scores:read",
	}
	key := i.Key(acme, append([]string{"users:read"}, scopes...))
	c.as("hr").Post("/api/v1/jobs/"+first.ID.String()+"/open", nil).Expect(http.StatusOK)
	c.jobKey = i.Key(acme, scopes, first.ID)

	var mirrors []*mirror
	for _, name := range []string{"hr", "team_lead", "employee"} {
		mirrors = append(mirrors, &mirror{name: name, client: func() *testkit.Client { return c.as(name) }})
	}
	c.jobSecret = c.jobKey.Secret.Reveal()
	mirrors = append(mirrors,
		&mirror{name: "key", client: func() *testkit.Client { return c.replica.Bearer(t, key.Secret.Reveal()) }},
		&mirror{name: "job key", client: func() *testkit.Client { return c.replica.Bearer(t, c.jobSecret) }})
	for _, m := range mirrors {
		m.start()
	}
	step := func(next act) {
		elapsed.Add(int64(time.Duration(random.IntN(600)) * time.Second))
		c.act(next)
		for _, m := range mirrors {
			m.step(random)
		}
	}
	all := c.acts()
	for range acts {
		step(all[random.IntN(len(all))])
	}
	for _, next := range all {
		for tries := 0; c.done[next.name] == 0; tries++ {
			if tries == 500 {
				t.Fatalf("to %s never succeeded", next.name)
			}
			step(next)
			step(all[random.IntN(len(all))]) // which may make it possible
		}
	}
	settle(t, i)
	produced := map[api.EventType]bool{}
	for _, m := range mirrors {
		m.follow(200, 10000)
		truth := readAll(m.client())
		total := 0
		for _, all := range truth {
			total += len(all)
		}
		t.Logf("%s: %d resources, %d changes followed, %d crashes, %d resets", m.name, total, m.followed, m.crashes, m.resets)
		maps.Copy(produced, m.types)
		if found := m.differences(truth); len(found) > 0 {
			t.Errorf("%d differences:\n%s", len(found), strings.Join(found[:min(len(found), 5)], "\n"))
		}
	}
	for _, of := range eventTypes(t) {
		if !produced[of] && of != api.EventTypeScoreReopened { // which TestLog gets
			t.Errorf("no reader got an event of type %s", of)
		}
	}
	t.Logf("%d acts: %v", acts, c.done)
}

// as returns a client of a person, signed in again if the access token is about to expire or the role has changed.
func (c *company) as(name string) *testkit.Client {
	if c.clients[name] == nil || c.now().Sub(c.signed[name]) > 5*time.Minute {
		c.clients[name], c.signed[name] = c.replica.SignIn(c.T, c.people[name]), c.now()
	}
	return c.clients[name]
}

// any returns the id of a random resource of a list, as HR sees it; a random id if there is none.
func (c *company) any(path string, query ...string) string {
	ids := c.list(path, query...)
	if len(ids) == 0 {
		return uuid.NewString()
	}
	return ids[c.IntN(len(ids))]["id"].(string)
}

func (c *company) list(path string, query ...string) []entry {
	values := url.Values{"limit": {"200"}}
	for n := 0; n+1 < len(query); n += 2 {
		values.Set(query[n], query[n+1])
	}
	answer := c.as("hr").Get(path + "?" + values.Encode())
	if answer.Status == http.StatusNotFound {
		return nil
	}
	return testkit.Decode[testkit.Page[entry]](answer.Expect(http.StatusOK)).Data
}

func (c *company) person() string {
	return []string{"hr", "team_lead", "team_lead2", "employee", "employee0", "employee1", "employee2"}[c.IntN(7)]
}

func (c *company) name() string { return fmt.Sprintf("Name %d", c.IntN(1_000_000)) }

// applicant returns the id of the candidate of a random application; a random id if there is none.
func (c *company) applicant() string {
	applications := c.list("/api/v1/applications")
	if len(applications) == 0 {
		return uuid.NewString()
	}
	return applications[c.IntN(len(applications))]["candidate"].(entry)["id"].(string)
}

func (c *company) merge(into, gone string) *testkit.Answer {
	return c.as("hr").Post("/api/v1/candidates/"+into+"/merge", entry{"candidate_id": gone})
}

// unmerge undoes the last merge of a random candidate that has one.
func (c *company) unmerge() *testkit.Answer {
	candidates := c.list("/api/v1/candidates")
	c.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
	for _, candidate := range candidates {
		path := "/api/v1/candidates/" + candidate["id"].(string)
		if merges := c.list(path + "/merges"); len(merges) > 0 {
			return c.as("hr").Post(path+"/unmerge", entry{"candidate_id": merges[0]["candidate"].(entry)["id"]})
		}
	}
	return nil
}

// takeAccess removes an application from all readers with limited access: the members of its job, the panelists of its
// interviews, and the key that is limited to jobs.
func (c *company) takeAccess(application entry) *testkit.Answer {
	job := application["job"].(entry)["id"].(string)
	for _, member := range c.list("/api/v1/jobs/" + job + "/members") {
		c.as("hr").Delete("/api/v1/jobs/" + job + "/members/" + member["user"].(entry)["id"].(string))
	}
	for _, interview := range c.list(interviewsPath, "application_id", application["id"].(string)) {
		for _, panelist := range interview["panel"].([]any) {
			path := interviewsPath + "/" + interview["id"].(string) + "/panel/" + panelist.(entry)["user"].(entry)["id"].(string)
			c.as("hr").Do(http.MethodDelete, path, nil, "If-Match", "*")
		}
	}
	return c.as("admin").Do(http.MethodPatch, "/api/v1/api-keys/"+c.jobKey.ID.String(),
		entry{"job_ids": []string{c.any("/api/v1/jobs")}}, "If-Match", "*")
}

// act does something. Whether it is permitted does not matter; it must not fail with an error of the server.
func (c *company) act(next act) {
	answer := next.do()
	switch {
	case answer == nil:
	case answer.Status < 300:
		c.done[next.name]++
	case answer.Status >= http.StatusInternalServerError:
		c.Errorf("%s: status %d: %s", next.name, answer.Status, answer.Body)
	}
}

// act is something that people do.
type act struct {
	name string
	do   func() *testkit.Answer
}

func (c *company) acts() []act {
	hr := func() *testkit.Client { return c.as("hr") }
	change := func(client *testkit.Client, method, path string, body any) *testkit.Answer {
		return client.Do(method, path, body, "If-Match", "*")
	}
	all := []act{
		{"create a job", func() *testkit.Answer {
			created := hr().Post("/api/v1/jobs", entry{"title": c.name()}).Expect(http.StatusCreated)
			return hr().Post("/api/v1/jobs/"+testkit.Decode[api.Job](created).ID.String()+"/open", nil)
		}},
		{"rename a job", func() *testkit.Answer {
			return change(hr(), http.MethodPatch, "/api/v1/jobs/"+c.any("/api/v1/jobs"), entry{"title": c.name()})
		}},
		{"close a job", func() *testkit.Answer {
			if c.IntN(6) > 0 {
				return nil
			}
			return hr().Post("/api/v1/jobs/"+c.any("/api/v1/jobs")+"/close", nil)
		}},
		{"withdraw an application", func() *testkit.Answer {
			if c.IntN(6) > 0 {
				return nil
			}
			return change(hr(), http.MethodPost, "/api/v1/applications/"+c.any("/api/v1/applications")+"/withdraw", entry{"reason": "because"})
		}},
		{"hire a candidate", func() *testkit.Answer {
			if c.IntN(6) > 0 {
				return nil
			}
			return change(hr(), http.MethodPost, "/api/v1/applications/"+c.any("/api/v1/applications", "stage", "offer")+"/move",
				entry{"to": "hired", "reason": "because"})
		}},
		{"hold a job", func() *testkit.Answer {
			return hr().Post("/api/v1/jobs/"+c.any("/api/v1/jobs")+"/hold", nil)
		}},
		{"reopen a job", func() *testkit.Answer { return hr().Post("/api/v1/jobs/"+c.any("/api/v1/jobs")+"/open", nil) }},
		{"set a member", func() *testkit.Answer {
			role := []string{"hiring_manager", "recruiter", "interviewer"}[c.IntN(3)]
			path := "/api/v1/jobs/" + c.any("/api/v1/jobs") + "/members/" + c.people[c.person()].ID.String()
			return hr().Do(http.MethodPut, path, entry{"role": role})
		}},
		{"change the role of a member", func() *testkit.Answer {
			path := "/api/v1/jobs/" + c.any("/api/v1/jobs") + "/members/" + c.people[c.person()].ID.String()
			if answer := hr().Do(http.MethodPut, path, entry{"role": "recruiter"}); answer.Status >= http.StatusMultipleChoices {
				return answer
			}
			return hr().Do(http.MethodPut, path, entry{"role": "interviewer"})
		}},
		{"remove a member", func() *testkit.Answer {
			path := "/api/v1/jobs/" + c.any("/api/v1/jobs", "status", "open") + "/members"
			members := c.list(path)
			if len(members) == 0 {
				return nil
			}
			return hr().Delete(path + "/" + members[c.IntN(len(members))]["user"].(entry)["id"].(string))
		}},
		{"create a candidate", func() *testkit.Answer {
			return hr().Post("/api/v1/candidates", entry{"first_name": "First", "last_name": c.name()})
		}},
		{"import candidates", func() *testkit.Answer {
			return hr().Do(http.MethodPost, "/api/v1/candidates/import.csv", fmt.Sprintf(
				"external_id,first_name,last_name\n%d,Ada,%s\n%d,Bo,%s\n", c.IntN(20), c.name(), c.IntN(20), c.name()),
				"Content-Type", "text/csv")
		}},
		{"set a candidate by external id", func() *testkit.Answer {
			return hr().Do(http.MethodPut, fmt.Sprintf("/api/v1/candidates/by-external-id/%d", c.IntN(20)), entry{
				"first_name": "Ada", "last_name": "Set", "email": fmt.Sprintf("c%d@mail.example", c.IntN(5)),
			})
		}},
		{"change the email of a candidate", func() *testkit.Answer {
			return change(hr(), http.MethodPatch, "/api/v1/candidates/"+c.any("/api/v1/candidates"),
				entry{"email": fmt.Sprintf("c%d@mail.example", c.IntN(1000))})
		}},
		{"change the external id of a candidate", func() *testkit.Answer {
			return change(hr(), http.MethodPatch, "/api/v1/candidates/"+c.any("/api/v1/candidates"),
				entry{"external_id": strconv.Itoa(20 + c.IntN(1000))})
		}},
		{"change the external id of a job", func() *testkit.Answer {
			return change(hr(), http.MethodPatch, "/api/v1/jobs/"+c.any("/api/v1/jobs"), entry{"external_id": strconv.Itoa(c.IntN(1000))})
		}},
		{"merge candidates", func() *testkit.Answer {
			if c.IntN(3) > 0 {
				return nil
			}
			return c.merge(c.any("/api/v1/candidates"), c.applicant())
		}},
		{"merge a chain of candidates", func() *testkit.Answer {
			if c.IntN(3) > 0 {
				return nil
			}
			first, second, third := c.applicant(), c.any("/api/v1/candidates"), c.any("/api/v1/candidates")
			if answer := c.merge(second, first); answer.Status != http.StatusOK {
				return answer
			}
			return c.merge(third, second)
		}},
		{"undo a merge", func() *testkit.Answer { return c.unmerge() }},
		{"undo merges", func() *testkit.Answer {
			c.unmerge()
			return c.unmerge()
		}},
		{"merge candidates and take access to an application", func() *testkit.Answer {
			if c.IntN(3) > 0 {
				return nil
			}
			gone := c.applicant()
			applications := c.list("/api/v1/applications", "candidate_id", gone)
			if answer := c.merge(c.any("/api/v1/candidates"), gone); answer.Status != http.StatusOK || len(applications) == 0 {
				return answer
			}
			return c.takeAccess(applications[0])
		}},
		{"rename a candidate", func() *testkit.Answer {
			return change(hr(), http.MethodPatch, "/api/v1/candidates/"+c.any("/api/v1/candidates"), entry{"last_name": c.name()})
		}},
		{"archive a candidate", func() *testkit.Answer {
			return hr().Post("/api/v1/candidates/"+c.any("/api/v1/candidates")+"/archive", nil)
		}},
		{"restore a candidate", func() *testkit.Answer {
			return hr().Post("/api/v1/candidates/"+c.any("/api/v1/candidates", "status", "archived")+"/restore", nil)
		}},
		{"apply", func() *testkit.Answer {
			return hr().Post("/api/v1/applications", entry{
				"candidate_id": c.any("/api/v1/candidates", "status", "active"), "job_id": c.any("/api/v1/jobs", "status", "open"),
			})
		}},
		{"move an application", func() *testkit.Answer {
			stage := []string{"screening", "interview", "evaluation", "offer"}[c.IntN(4)]
			return change(hr(), http.MethodPost, "/api/v1/applications/"+c.any("/api/v1/applications", "status", "active")+"/move",
				entry{"to": stage, "reason": "because"})
		}},
		{"reactivate an application", func() *testkit.Answer {
			return change(hr(), http.MethodPost, "/api/v1/applications/"+c.any("/api/v1/applications")+"/reactivate",
				entry{"reason": "because"})
		}},
		{"resume an application", func() *testkit.Answer {
			return change(hr(), http.MethodPost, "/api/v1/applications/"+c.any("/api/v1/applications", "status", "on_hold")+"/resume",
				entry{"reason": "because"})
		}},
		{"hold an application", func() *testkit.Answer {
			return change(hr(), http.MethodPost, "/api/v1/applications/"+c.any("/api/v1/applications")+"/hold",
				entry{"reason": "because"})
		}},
		{"reject an application", func() *testkit.Answer {
			if c.IntN(3) > 0 {
				return nil
			}
			return change(hr(), http.MethodPost, "/api/v1/applications/"+c.any("/api/v1/applications")+"/reject",
				entry{"rejection_reason": "not_qualified"})
		}},
		{"create a kit", func() *testkit.Answer {
			body := entry{"name": c.name(), "criteria": testkit.Criteria(), "questions": []entry{{"key": "q", "text": "Why?"}}}
			if c.IntN(2) == 0 {
				body["job_id"] = c.any("/api/v1/jobs")
			}
			created := hr().Post("/api/v1/kits", body)
			if created.Status != http.StatusCreated {
				return created
			}
			kit := testkit.Decode[api.Kit](created)
			version, _ := kit.DraftVersionID.Get()
			return change(hr(), http.MethodPost, fmt.Sprintf("/api/v1/kits/%s/versions/%s/publish", kit.ID, version), nil)
		}},
		{"rename a kit", func() *testkit.Answer {
			return change(hr(), http.MethodPatch, "/api/v1/kits/"+c.any("/api/v1/kits"), entry{"name": c.name()})
		}},
		{"create a version of a kit", func() *testkit.Answer {
			return hr().Post("/api/v1/kits/"+c.any("/api/v1/kits")+"/versions", entry{})
		}},
	}
	// Interviews and scores need several acts each.
	for range 3 {
		all = append(all, c.interviewActs()...)
	}
	return append(all, c.peopleActs()...)
}
