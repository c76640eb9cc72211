package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// specified is an operation as the specification has it.
type specified struct {
	*openapi3.Operation
	item *openapi3.PathItem
}

// document gives the specification's operations by their ids.
func document(t *testing.T) map[string]specified {
	t.Helper()
	read, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	operations := map[string]specified{}
	for _, item := range read.Paths.Map() {
		for _, op := range item.Operations() {
			operations[op.OperationID] = specified{op, item}
		}
	}
	return operations
}

// takes reports whether an operation has a parameter.
func (s specified) takes(in, name string) bool {
	return slices.Concat(s.item.Parameters, s.Parameters).GetByInAndName(in, name) != nil
}

// tagged reports whether an operation's success carries an ETag.
func (s specified) tagged() bool {
	for status, response := range s.Responses.Map() {
		if strings.HasPrefix(status, "2") && response.Value.Headers["ETag"] != nil {
			return true
		}
	}
	return false
}

// resource gives the path of the nearest thing with a version that a change at this path is about: the path itself, or
// what it is below. Empty where there is none.
func resource(path string, operations map[string]specified, all []*gate.Operation) string {
	for ; path != ""; path = path[:strings.LastIndexByte(path, '/')] {
		if slices.ContainsFunc(all, func(op *gate.Operation) bool {
			return op.Path == path && op.Method == http.MethodGet && operations[op.ID].tagged()
		}) {
			return path
		}
	}
	return ""
}

// unconditional are the changes at or below something with a version that are not based on it, and why.
func unconditional() map[string]string {
	const adds = "adds something of its own, which changes nothing that was there"
	return map[string]string{
		"SetJobMember":       "says all there is of a membership, which has no version",
		"RemoveJobMember":    "ends a membership, which has no version",
		"RevokeUserSession":  "ends a session, which has no version",
		"RevokeUserSessions": "ends sessions, which have no version",
		"ResetCompany":       "deletes what there is, of whatever version",
		"CreateKitVersion":   adds,
		"CreateScore":        adds,
	}
}

// TestEveryChangeCanBeConditional fails for a change of something with a version that takes no If-Match.
func TestEveryChangeCanBeConditional(t *testing.T) {
	t.Parallel()
	operations, all, exempt := document(t), agreed(t).Operations(), unconditional()
	for _, op := range all {
		about := resource(op.Path, operations, all) != ""
		takes := operations[op.ID].takes("header", "If-Match")
		_, free := exempt[op.ID]
		delete(exempt, op.ID)
		if wants := op.Method != http.MethodGet && about && !free; takes != wants {
			t.Errorf("%s takes an If-Match: %v, should: %v", op.ID, takes, wants)
		}
		if takes && operations[op.ID].Responses.Value("412") == nil {
			t.Errorf("%s does not declare 412", op.ID)
		}
	}
	for id := range exempt {
		t.Errorf("%s is exempt, and no operation", id)
	}
}

// TestConditionsOfChanges goes through every operation that declares If-Match: a tag of another version, or a weak
// one, is 412 and changes nothing, not even where the state would not permit the change; the present tag and * pass;
// and what is not there is 404 whatever the tag.
func TestConditionsOfChanges(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica := installation.Replica()
	requests, operations, all := minimal(), document(t), agreed(t).Operations()
	for _, op := range all {
		if !operations[op.ID].takes("header", "If-Match") {
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			company := installation.Company(strings.ToLower(op.ID))
			c := conditional{op: op, at: resource(op.Path, operations, all)}
			by := func(name string) {
				caller := installation.User(company, name, api.RoleAdmin)
				c.scene = &scene{t, installation, replica, company, caller, replica.SignIn(t, caller)}
			}
			by("first")
			request := requests[op.ID](c.scene)
			present := c.tag(request)
			before := c.fingerprint()
			for _, stale := range []string{"W/" + present, `"999"`, `"999.` + present[1:], `"998", W/` + present, `""`} {
				c.stale(request, stale)
			}
			if strings.Contains(op.Path, "{") {
				unseen := request
				unseen.parameters = map[string]string{}
				c.send(unseen, `"999"`).Refused(http.StatusNotFound, "not_found")
			}
			if after := c.fingerprint(); after != before {
				t.Errorf("a change that was refused has changed something:\n%s\n%s", before, after)
			}
			c.send(request, `"999", `+present).Expect(request.status)
			// The smallest patch may say what is so already.
			if op.Method != http.MethodPatch {
				if c.fingerprint() == before {
					t.Error("the change has changed nothing")
				}
				c.again(request, present)
			}
			by("second")
			request = requests[op.ID](c.scene)
			c.send(request, "*").Expect(request.status)
		})
	}
}

// conditional is one change, under conditions.
type conditional struct {
	*scene
	op *gate.Operation
	at string // the path of what the change is about
}

// tag gives the present tag of what a change is about.
func (c *conditional) tag(request call) string {
	c.t.Helper()
	path := target(&gate.Operation{Path: c.at}, request.parameters)
	return c.client.Get(path).Expect(http.StatusOK).Header.Get("ETag")
}

func (c *conditional) send(request call, match string) *testkit.Answer {
	c.t.Helper()
	headers := append(slices.Clone(request.headers), "If-Match", match)
	return c.client.Do(c.op.Method, target(c.op, request.parameters), request.body, headers...)
}

func (c *conditional) stale(request call, match string) {
	c.t.Helper()
	problem := c.send(request, match).Refused(http.StatusPreconditionFailed, "version_mismatch")
	if wrong := named(problem); !slices.Equal(wrong, []string{"?If-Match: stale"}) {
		c.t.Errorf("%s: named as wrong: %q", match, wrong)
	}
}

// again makes the same change on what it was based on the first time: though the state may no longer permit it, the
// client is told that it is behind.
func (c *conditional) again(request call, first string) {
	c.t.Helper()
	switch c.op.ID {
	case "ReopenScore": // whose draft it is now reads it, and nobody else
		c.send(request, first).Refused(http.StatusNotFound, "not_found")
	case "RespondToInterview": // what one panelist says changes nothing that others decide on
		c.send(request, first).Expect(http.StatusOK)
	default:
		c.stale(request, first)
	}
}

// fingerprint tells of every row that the company has, but for what changes in the background.
func (c *conditional) fingerprint() string {
	c.t.Helper()
	rows, err := c.installation.Database.Query(c.t.Context(), `SELECT table_name::text FROM information_schema.columns
		WHERE table_schema = 'public' AND column_name = 'company_id'
		AND table_name NOT IN ('audit_pending', 'audit_seals', 'sessions') ORDER BY table_name`)
	if err != nil {
		c.t.Fatal(err)
	}
	tables := []string{"companies"}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			c.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	var text strings.Builder
	for _, table := range tables {
		key := "company_id"
		if table == "companies" {
			key = "id"
		}
		var count int
		var digest string
		err := c.installation.Database.QueryRow(c.t.Context(), fmt.Sprintf(
			`SELECT count(*), md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM %s AS t WHERE %s = $1`,
			table, key), c.company.ID).Scan(&count, &digest)
		if err != nil {
			c.t.Fatal(err)
		}
		fmt.Fprintln(&text, table, count, digest)
	}
	return text.String()
}

// TestWhoMayNotIsToldSoWhateverTheVersion: a condition is looked at once it is clear that the caller may make the
// change at all, and before what the state says.
func TestWhoMayNotIsToldSoWhateverTheVersion(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company := installation.Company("acme")
	replica := installation.Replica()
	lead, hr := replica.SignIn(t, company.Users[api.RoleTeamLead]), replica.SignIn(t, company.Users[api.RoleHr])
	h := installation.Hiring(company)
	application := h.Application(h.Candidate(), h.Job(api.JobStatusOpen, company.Users[api.RoleTeamLead]), api.ApplicationStageScreening)
	path := "/api/v1/applications/" + application.String()
	stale := []string{"If-Match", `"999"`}
	ask := func(c *testkit.Client, path string, body any, status int, code string) {
		t.Helper()
		c.Do(http.MethodPost, path, body, stale...).Refused(status, code)
	}
	hr.Post(path+"/reject", map[string]any{"rejection_reason": "other"}).Expect(http.StatusOK)
	ask(hr, path+"/hold", nil, http.StatusPreconditionFailed, "version_mismatch")
	admin := "/api/v1/users/" + company.Users[api.RoleAdmin].ID.String()
	ask(hr, admin+"/deactivate", nil, http.StatusForbidden, "role_not_allowed")
	ask(lead, path+"/reactivate", map[string]any{"reason": "Once more."}, http.StatusForbidden, "permission_denied")
	ask(hr, "/api/v1/applications/"+uuid.NewString()+"/hold", nil, http.StatusNotFound, "not_found")
}
