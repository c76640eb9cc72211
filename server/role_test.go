package server_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// observer is a role that the specification and the database know, and that has no standing in package access.
const observer api.Role = "observer"

// withObserver returns an installation whose specification and database have the role observer with some permissions.
func withObserver(t *testing.T, permissions ...string) (*testkit.Installation, *gate.Contract) {
	t.Helper()
	read := func() *openapi3.T {
		published, err := spec.Published()
		if err != nil {
			t.Fatal(err)
		}
		document, err := openapi3.NewLoader().LoadFromData(published.JSON)
		if err != nil {
			t.Fatal(err)
		}
		role := document.Components.Schemas["Role"].Value
		role.Enum = append(role.Enum, string(observer))
		granted := []any{}
		for _, permission := range permissions {
			granted = append(granted, permission)
		}
		document.Extensions["x-roles"].(map[string]any)[string(observer)] = granted
		return document
	}
	contract, err := gate.Load(read(), observer)
	if err != nil {
		t.Fatal(err)
	}
	installation := testkit.New(t)
	installation.Specification = read()
	installation.Exec(`ALTER DOMAIN user_role DROP CONSTRAINT user_role_known`)
	installation.Exec(`ALTER DOMAIN user_role ADD CONSTRAINT user_role_known
		CHECK (VALUE IN ('employee', 'team_lead', 'hr', 'admin', 'observer'))`)
	return installation, contract
}

// TestRoleWithoutGrants adds a role that is granted nothing. Its users may do what every signed-in user may do about
// themselves, and everything else is refused.
func TestRoleWithoutGrants(t *testing.T) {
	t.Parallel()
	installation, contract := withObserver(t)
	acme, replica, requests := installation.Company("acme"), installation.Replica(), minimal()
	own := []string{"ChangePassword", "GetMe", "Logout", "UpdateMe"}
	for _, op := range contract.Operations() {
		if op.Public {
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			caller := installation.User(acme, strings.ToLower(op.ID)+"-observer", observer)
			s := &scene{t, installation, replica, acme, caller, replica.SignIn(t, caller)}
			if !slices.Contains(own, op.ID) {
				refused(s, op)
				return
			}
			wanted := requests[op.ID](s)
			s.client.Do(op.Method, target(op, wanted.parameters), wanted.body, wanted.headers...).Expect(wanted.status)
		})
	}
}
