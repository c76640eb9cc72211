package gate_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	loaded, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// TestLoadRefusesHoles makes a hole in the specification and expects an error that describes it.
func TestLoadRefusesHoles(t *testing.T) {
	t.Parallel()
	me := func(d *openapi3.T) *openapi3.Operation { return d.Paths.Value("/api/v1/users/me").Get }
	health := func(d *openapi3.T) *openapi3.Operation { return d.Paths.Value("/health").Get }
	roles := func(d *openapi3.T) map[string]any { return d.Extensions["x-roles"].(map[string]any) }
	for name, hole := range map[string]struct {
		make func(*openapi3.T)
		want string
	}{
		"no roles": {
			func(d *openapi3.T) { delete(d.Extensions, "x-roles") }, "x-roles: is missing",
		},
		"a role that the enum does not have": {
			func(d *openapi3.T) { roles(d)["owner"] = []any{} }, "x-roles: has [admin employee hr owner team_lead]",
		},
		"a missing role": {
			func(d *openapi3.T) { delete(roles(d), "hr") }, "x-roles: has [admin employee team_lead]",
		},
		"a role that only the enum has": {
			func(d *openapi3.T) {
				role := d.Components.Schemas["Role"].Value
				role.Enum = append(role.Enum, "owner")
			}, "the enum Role has [admin employee hr owner team_lead]",
		},
		"a role that the server does not know": {
			func(d *openapi3.T) {
				role := d.Components.Schemas["Role"].Value
				role.Enum = append(role.Enum, "owner")
				roles(d)["owner"] = []any{}
			}, "the server knows [admin employee hr team_lead]",
		},
		"no enum": {
			func(d *openapi3.T) { delete(d.Components.Schemas, "Role") }, "the enum Role has []",
		},
		"grants that are not a list": {
			func(d *openapi3.T) { roles(d)["hr"] = "users:read" }, "x-roles: hr is not a list",
		},
		"a grant that no operation requires": {
			func(d *openapi3.T) { roles(d)["hr"] = append(roles(d)["hr"].([]any), "users:raed") },
			`x-roles: hr is granted "users:raed", which no operation requires`,
		},
		"no operationId": {
			func(d *openapi3.T) { me(d).OperationID = "" }, "GET /api/v1/users/me: has no operationId",
		},
		"If-None-Match without a 304": {
			func(d *openapi3.T) { me(d).Responses.Delete("304") }, "GET /api/v1/users/me: has only some of If-None-Match",
		},
		"a 304 without If-None-Match": {
			func(d *openapi3.T) {
				health(d).Responses.Set("304", me(d).Responses.Value("304"))
			}, "GET /health: has only some of If-None-Match",
		},
		"an ETag without a 304": {
			func(d *openapi3.T) {
				health(d).Responses.Value("200").Value.Headers = me(d).Responses.Value("200").Value.Headers
			}, "GET /health: has only some of If-None-Match",
		},
		"a 304 without an ETag": {
			func(d *openapi3.T) {
				me(d).Responses.Set("304", &openapi3.ResponseRef{Value: openapi3.NewResponse()})
			}, "GET /api/v1/users/me: has only some of If-None-Match",
		},
		"a 304 of a PATCH": {
			func(d *openapi3.T) {
				patch := d.Paths.Value("/api/v1/users/me").Patch
				patch.Responses.Set("304", me(d).Responses.Value("304"))
			}, "PATCH /api/v1/users/me: is not a GET and has If-None-Match or a 304",
		},
		"a duplicate operationId": {
			func(d *openapi3.T) { me(d).OperationID = "GetCompany" }, `the operationId "GetCompany" is not unique`,
		},
		"no security": {
			func(d *openapi3.T) { me(d).Security = nil }, "GET /api/v1/users/me: does not say how to authenticate",
		},
		"no security, and a global one": {
			func(d *openapi3.T) {
				me(d).Security = nil
				d.Security = *openapi3.NewSecurityRequirements()
			}, "GET /api/v1/users/me: does not say how to authenticate",
		},
		"public with a permission": {
			func(d *openapi3.T) { health(d).Extensions["x-required-permission"] = "users:read" },
			"GET /health: is public and requires a permission",
		},
		"an empty requirement": {
			func(d *openapi3.T) { me(d).Security.With(openapi3.SecurityRequirement{}) },
			"GET /api/v1/users/me: permits anonymous requests by an empty security requirement",
		},
		"the operator's token, or a user's, or none": {
			func(d *openapi3.T) {
				d.Paths.Value("/metrics").Get.Security.With(openapi3.SecurityRequirement{"bearerAuth": []string{}})
			},
			"GET /metrics: permits anonymous requests by an empty security requirement",
		},
		"the operator's token with a permission": {
			func(d *openapi3.T) {
				d.Paths.Value("/metrics").Get.Extensions["x-required-permission"] = "users:read"
			},
			"GET /metrics: is public and requires a permission",
		},
		"no permission": {
			func(d *openapi3.T) { delete(me(d).Extensions, "x-required-permission") },
			"GET /api/v1/users/me: has no x-required-permission",
		},
		"an empty permission": {
			func(d *openapi3.T) { me(d).Extensions["x-required-permission"] = "" },
			"GET /api/v1/users/me: has no x-required-permission",
		},
		"a permission that is not a string": {
			func(d *openapi3.T) { me(d).Extensions["x-required-permission"] = []any{"authenticated"} },
			"GET /api/v1/users/me: has no x-required-permission",
		},
		"a permission that no role has": {
			func(d *openapi3.T) { me(d).Extensions["x-required-permission"] = "users:see" },
			`GET /api/v1/users/me: requires "users:see", which no role has`,
		},
		"a limit that is not a boolean": {
			func(d *openapi3.T) { health(d).Extensions["x-rate-limited"] = "no" },
			"GET /health: x-rate-limited is neither true nor false",
		},
		"a stream that is not a boolean": {
			func(d *openapi3.T) { health(d).Extensions["x-streaming"] = 1 },
			"GET /health: x-streaming is neither true nor false",
		},
		"a public stream": {
			func(d *openapi3.T) { health(d).Extensions["x-streaming"] = true },
			"GET /health: is public and streams",
		},
		"an upload that is not a boolean": {
			func(d *openapi3.T) { me(d).Extensions["x-upload"] = "true" },
			"GET /api/v1/users/me: x-upload is neither true nor false",
		},
		"a public upload": {
			func(d *openapi3.T) {
				d.Paths.Value("/api/v1/auth/login").Post.Extensions = map[string]any{"x-upload": true}
			},
			"POST /api/v1/auth/login: is public and streams",
		},
		"an upload without a body": {
			func(d *openapi3.T) { me(d).Extensions["x-upload"] = true },
			"GET /api/v1/users/me: is an upload without a body",
		},
		"other media types that are no list": {
			func(d *openapi3.T) {
				d.Paths.Value("/api/v1/candidates/import.csv").Post.Extensions["x-upload-media-types"] = "text/plain"
			},
			"POST /api/v1/candidates/import.csv: has x-upload-media-types, which is a list",
		},
		"no media types for PATCH": {
			func(d *openapi3.T) { delete(d.Extensions, "x-patch-media-types") },
			"PATCH /api/v1/users/me: is a PATCH, and the document has no x-patch-media-types",
		},
		"a patch without a body": {
			func(d *openapi3.T) { d.Paths.Value("/api/v1/users/me").Patch.RequestBody = nil },
			"PATCH /api/v1/users/me: is a PATCH without a JSON body",
		},
		"a patch that is not JSON": {
			func(d *openapi3.T) {
				content := d.Paths.Value("/api/v1/users/me").Patch.RequestBody.Value.Content
				content["text/csv"] = content["application/json"]
				delete(content, "application/json")
			},
			"PATCH /api/v1/users/me: is a PATCH without a JSON body",
		},
		"a body that is not JSON": {
			func(d *openapi3.T) {
				content := d.Paths.Value("/api/v1/auth/login").Post.RequestBody.Value.Content
				content["text/plain"] = content["application/json"]
			},
			"POST /api/v1/auth/login: has a body that is not JSON with a schema, and is not an upload",
		},
		"a body without a schema": {
			func(d *openapi3.T) {
				d.Paths.Value("/api/v1/auth/login").Post.RequestBody.Value.Content["application/json"].Schema = nil
			},
			"POST /api/v1/auth/login: has a body that is not JSON with a schema, and is not an upload",
		},
		"a parameter without a schema": {
			func(d *openapi3.T) { me(d).Parameters[0].Value.Schema = nil }, `the parameter "If-None-Match" has no schema`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := document(t)
			hole.make(d)
			if _, err := gate.Load(d); err == nil || !strings.Contains(err.Error(), hole.want) {
				t.Errorf("the error is %v, want %q in it", err, hole.want)
			}
		})
	}
}

// TestLoadNamesEveryHole expects an error for each of several holes.
func TestLoadNamesEveryHole(t *testing.T) {
	t.Parallel()
	d := document(t)
	d.Paths.Value("/health").Get.Security = nil
	d.Paths.Value("/api/v1/company").Get.OperationID = ""
	_, err := gate.Load(d)
	for _, want := range []string{"GET /health", "GET /api/v1/company", "company:read"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	c, err := gate.Load(document(t))
	if err != nil {
		t.Fatal(err)
	}
	operations := c.Operations()
	if !slices.IsSortedFunc(operations, func(a, b *gate.Operation) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("the operations are not sorted")
	}
	byID := map[string]*gate.Operation{}
	for _, op := range operations {
		byID[op.ID] = op
	}
	health, export, list := byID["GetHealth"], byID["ExportAuditLogs"], byID["ListUsers"]
	if metrics := byID["GetMetrics"]; !metrics.Public || !metrics.Operator || health.Operator {
		t.Error("only the metrics should be for the operator")
	}
	if !health.Public || health.Limited || health.Permission != "" ||
		health.Method != http.MethodGet || health.Path != "/health" {
		t.Errorf("GetHealth is %+v", health)
	}
	if !export.Streaming || list.Streaming || !list.Limited {
		t.Error("streaming or limits differ from the specification")
	}
	if list.Roles[stored.RoleEmployee] || !list.Roles[stored.RoleTeamLead] || list.Permission != "users:read" {
		t.Errorf("ListUsers is %+v", list)
	}
	if !c.Holds(stored.RoleHR, "users:create") || c.Holds(stored.RoleTeamLead, "users:create") || c.Holds("owner", "users:create") {
		t.Error("grants differ from the specification")
	}
	granted := document(t).Extensions["x-roles"].(map[string]any)["employee"].([]any)
	if permissions := c.Permissions(stored.RoleEmployee); !slices.IsSorted(permissions) || len(permissions) != len(granted) {
		t.Errorf("an employee holds %v, want %v", permissions, granted)
	}
}
