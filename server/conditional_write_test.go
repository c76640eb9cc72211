package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// specifiedOperation is an operation of the specification, with the path item that contains it.
type specifiedOperation struct {
	*openapi3.Operation
	item *openapi3.PathItem
}

// specifiedOperations returns the operations of the specification by operationId.
func specifiedOperations(t *testing.T) map[string]specifiedOperation {
	t.Helper()
	read, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	operations := map[string]specifiedOperation{}
	for _, item := range read.Paths.Map() {
		for _, op := range item.Operations() {
			operations[op.OperationID] = specifiedOperation{op, item}
		}
	}
	return operations
}

// hasParameter reports whether an operation has a parameter.
func (s specifiedOperation) hasParameter(in, name string) bool {
	return slices.Concat(s.item.Parameters, s.Parameters).GetByInAndName(in, name) != nil
}

// hasETag reports whether a successful response of an operation has an ETag.
func (s specifiedOperation) hasETag() bool {
	for status, response := range s.Responses.Map() {
		if strings.HasPrefix(status, "2") && response.Value.Headers["ETag"] != nil {
			return true
		}
	}
	return false
}

// versionedPath returns the longest prefix of a path, at most the path itself, that is a resource with an ETag. It returns
// "" if there is none.
func versionedPath(path string, operations map[string]specifiedOperation, all []*gate.Operation) string {
	for ; path != ""; path = path[:strings.LastIndexByte(path, '/')] {
		if slices.ContainsFunc(all, func(op *gate.Operation) bool {
			return op.Path == path && op.Method == http.MethodGet && operations[op.ID].hasETag()
		}) {
			return path
		}
	}
	return ""
}

// unconditionalChanges has the changes at or below a resource with an ETag that do not take If-Match, with the reason.
func unconditionalChanges() map[string]string {
	const adds = "creates a resource and changes no existing one"
	return map[string]string{
		"SetJobMember":       "replaces a membership, which has no version",
		"RemoveJobMember":    "ends a membership, which has no version",
		"RevokeUserSession":  "ends a session, which has no version",
		"RevokeUserSessions": "ends sessions, which have no version",
		"ResetCompany":       "deletes everything, whatever its version",
		"CreateKitVersion":   adds,
		"CreateScore":        adds,
	}
}

// TestEveryChangeTakesIfMatch checks that exactly the changes of resources with an ETag take If-Match and declare 412.
func TestEveryChangeTakesIfMatch(t *testing.T) {
	t.Parallel()
	operations, all, exempt := specifiedOperations(t), loadContract(t).Operations(), unconditionalChanges()
	for _, op := range all {
		// An external id names a candidate that is read at another path.
		versioned := versionedPath(op.Path, operations, all) != "" || op.ID == "SetCandidateByExternalID"
		takes := operations[op.ID].hasParameter("header", "If-Match")
		_, free := exempt[op.ID]
		delete(exempt, op.ID)
		if wants := op.Method != http.MethodGet && versioned && !free; takes != wants {
			t.Errorf("%s takes If-Match: got %v, want %v", op.ID, takes, wants)
		}
		if takes && operations[op.ID].Responses.Value("412") == nil {
			t.Errorf("%s does not declare 412", op.ID)
		}
	}
	for id := range exempt {
		t.Errorf("unconditionalChanges has %s, which is not an operation", id)
	}
}

// TestIfMatch calls every operation that declares If-Match. An ETag of another version and a weak ETag get 412 and change
// nothing, also if the state does not permit the change. The current ETag and * succeed. A resource that does not exist
// gets 404 whatever the ETag.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica := installation.Replica()
	requests, operations, all := minimalRequests(), specifiedOperations(t), loadContract(t).Operations()
	for _, op := range all {
		if !operations[op.ID].hasParameter("header", "If-Match") {
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			company := installation.Company(strings.ToLower(op.ID))
			c := conditionalChange{op: op, path: versionedPath(op.Path, operations, all)}
			signIn := func(name string) {
				caller := installation.User(company, name, api.RoleAdmin)
				c.fixture = &fixture{t, installation, replica, company, caller, replica.SignIn(t, caller)}
			}
			signIn("first")
			request := c.existing(c.example(requests, op.ID))
			current := c.currentETag(request)
			before := c.fingerprint()
			for _, stale := range []string{`"999"`, `W/"999"`, `"999.` + current[1:], `"998", W/"999"`, `""`} {
				c.expectStale(request, stale)
			}
			if strings.Contains(op.Path, "{") && !c.byExternalID() {
				unknown := request
				unknown.parameters = map[string]string{}
				c.send(unknown, `"999"`).Refused(http.StatusNotFound, "not_found")
			}
			if after := c.fingerprint(); after != before {
				t.Errorf("a refused change has changed rows:\nbefore %s\nafter %s", before, after)
			}
			c.send(request, `"999", W/`+current).Expect(request.status)
			// A minimal patch may set the value that a field already has.
			if op.Method != http.MethodPatch {
				if c.fingerprint() == before {
					t.Error("the change has changed no row")
				}
				c.repeat(request, current)
			}

			signIn("second")
			request = c.existing(c.example(requests, op.ID))
			c.send(request, "*").Expect(request.status)
		})
	}
}

// TestIfNoneMatchToCreate calls every PUT with If-None-Match: *. It creates a resource, and gets 412 and changes nothing if
// the resource exists.
func TestIfNoneMatchToCreate(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica := installation.Replica()
	requests, found := minimalRequests(), 0
	for _, op := range loadContract(t).Operations() {
		if op.Method != http.MethodPut {
			continue
		}
		found++
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			company := installation.Company(strings.ToLower(op.ID))
			caller := installation.User(company, "caller", api.RoleAdmin)
			c := conditionalChange{fixture: &fixture{t, installation, replica, company, caller, replica.SignIn(t, caller)}, op: op}
			request := c.existing(c.example(requests, op.ID))
			c.client.Do(op.Method, pathOf(op, request.parameters), request.body).Expect(request.status)
			put := func(header string) *testkit.Answer {
				return c.client.Do(op.Method, pathOf(op, request.parameters), request.body, "If-None-Match", header)
			}
			before := c.fingerprint()
			problem := put("*").Refused(http.StatusPreconditionFailed, "version_mismatch")
			if wrong := errorsOf(problem); !slices.Equal(wrong, []string{"?If-None-Match: exists"}) {
				t.Errorf("errors: got %q", wrong)
			}
			put(`"3"`).Refused(http.StatusBadRequest, "malformed_request")
			if after := c.fingerprint(); after != before {
				t.Errorf("a refused change has changed rows:\nbefore %s\nafter %s", before, after)
			}
			if c.byExternalID() {
				request.parameters["external_id"], request.status = "new", http.StatusCreated
			} else {
				request.parameters["user_id"] = installation.User(company, "other", api.RoleEmployee).ID.String()
			}
			put("*").Expect(request.status)
		})
	}
	if found == 0 {
		t.Error("found no PUT")
	}
}

// conditionalChange sends one change with different conditions.
type conditionalChange struct {
	*fixture
	op   *gate.Operation
	path string // of the resource that the change is about
}

// currentETag returns the ETag of the resource that a change is about.
func (c *conditionalChange) currentETag(request exampleRequest) string {
	c.t.Helper()
	if c.byExternalID() {
		id, err := url.PathUnescape(request.parameters["external_id"])
		if err != nil {
			c.t.Fatal(err)
		}
		query := url.Values{"external_id": {id}}
		found := testkit.List[api.Candidate](c.client, "/api/v1/candidates", query).Data[0]
		return c.client.Get("/api/v1/candidates/" + found.ID.String()).Expect(http.StatusOK).Header.Get("ETag")
	}
	path := pathOf(&gate.Operation{Path: c.path}, request.parameters)
	return c.client.Get(path).Expect(http.StatusOK).Header.Get("ETag")
}

// byExternalID reports whether the change names its resource by an external id, and creates the resource if it does not
// exist.
func (c *conditionalChange) byExternalID() bool { return strings.Contains(c.op.Path, "{external_id}") }

// existing creates the resource that a request would create, and returns a request that changes it.
func (c *conditionalChange) existing(request exampleRequest) exampleRequest {
	c.t.Helper()
	if c.byExternalID() {
		c.client.Do(c.op.Method, pathOf(c.op, request.parameters), request.body).Expect(request.status)
		request.status, request.body = http.StatusOK, map[string]any{"first_name": "Mira", "last_name": "Holm"}
	}
	return request
}

func (c *conditionalChange) send(request exampleRequest, match string) *testkit.Answer {
	c.t.Helper()
	headers := append(slices.Clone(request.headers), "If-Match", match)
	return c.client.Do(c.op.Method, pathOf(c.op, request.parameters), request.body, headers...)
}

func (c *conditionalChange) expectStale(request exampleRequest, match string) {
	c.t.Helper()
	problem := c.send(request, match).Refused(http.StatusPreconditionFailed, "version_mismatch")
	if wrong := errorsOf(problem); !slices.Equal(wrong, []string{"?If-Match: stale"}) {
		c.t.Errorf("If-Match %s: errors: got %q", match, wrong)
	}
}

// repeat sends the same change with the ETag of the first time. The version mismatch is reported even if the state no
// longer permits the change.
func (c *conditionalChange) repeat(request exampleRequest, first string) {
	c.t.Helper()
	switch c.op.ID {
	case "ReopenScore": // the score is a draft now, which only its rater can read
		c.send(request, first).Refused(http.StatusNotFound, "not_found")
	case "RespondToInterview": // a response does not change the version of the interview
		c.send(request, first).Expect(http.StatusOK)
	case "DistinguishCandidates": // it changes neither candidate
		c.send(request, first).Expect(http.StatusNoContent)
	case "MergeCandidates", "UnmergeCandidates": // the other candidate, which the body names, is gone, or no longer merged
		c.send(request, first).Refused(http.StatusUnprocessableEntity, "rule_violated")
	default:
		c.expectStale(request, first)
	}
}

// fingerprint returns a digest of all rows of the company, except in tables that background work changes.
func (c *conditionalChange) fingerprint() string {
	c.t.Helper()
	rows, err := c.installation.Database.Query(c.t.Context(), `SELECT table_name::text FROM information_schema.columns
		WHERE table_schema = 'public' AND column_name = 'company_id'
		AND table_name NOT IN ('audit_pending', 'audit_seals', 'sessions') AND table_name NOT LIKE 'audit\_logs\_%' ORDER BY table_name`)
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

// TestPermissionsPrecedeIfMatch checks the order of refusals: permissions, then If-Match, then the state.
func TestPermissionsPrecedeIfMatch(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company := installation.Company("acme")
	replica := installation.Replica()
	lead, hr := replica.SignIn(t, company.Users[api.RoleTeamLead]), replica.SignIn(t, company.Users[api.RoleHr])
	h := installation.Hiring(company)
	application := h.Application(h.Candidate(), h.Job(api.JobStatusOpen, company.Users[api.RoleTeamLead]), api.ApplicationStageScreening)
	path := "/api/v1/applications/" + application.String()
	stale := []string{"If-Match", `"999"`}
	refused := func(c *testkit.Client, path string, body any, status int, code string) {
		t.Helper()
		c.Do(http.MethodPost, path, body, stale...).Refused(status, code)
	}
	hr.Post(path+"/reject", map[string]any{"rejection_reason": "other"}).Expect(http.StatusOK)
	refused(hr, path+"/hold", nil, http.StatusPreconditionFailed, "version_mismatch")
	admin := "/api/v1/users/" + company.Users[api.RoleAdmin].ID.String()
	refused(hr, admin+"/deactivate", nil, http.StatusForbidden, "role_not_allowed")
	refused(lead, path+"/reactivate", map[string]any{"reason": "Once more."}, http.StatusForbidden, "permission_denied")
	refused(hr, "/api/v1/applications/"+uuid.NewString()+"/hold", nil, http.StatusNotFound, "not_found")
}
