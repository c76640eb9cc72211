package lint

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
)

var permissionForm = regexp.MustCompile(`^[a-z]+(_[a-z]+)*:[a-z]+(_[a-z]+)*$`)

func accessRules() []Rule {
	return []Rule{
		{
			"access-is-declared",
			"Every operation is public, or declares how to authenticate and which permission it requires.",
			func(c *checker) {
				for _, op := range c.operations {
					permission, _ := op.Extensions["x-required-permission"].(string)
					at := op.pointer + "/x-required-permission"
					if op.public() {
						c.require(permission == "", at,
							"the operation is public, but requires %q: remove the permission or declare security", permission)
					} else {
						c.require(permission == gate.Authenticated || permissionForm.MatchString(permission), at,
							"the permission %q must have the form resource:verb", permission)
					}
					c.require(op.Security != nil, op.pointer, "declare security: [] for a public operation")
					if op.Security == nil {
						continue
					}
					for _, requirement := range *op.Security {
						for scheme := range requirement {
							c.require(c.api.Components.SecuritySchemes[scheme] != nil, op.pointer+"/security",
								"the security scheme %s is not declared in components/securitySchemes", scheme)
						}
					}
				}
			},
		},
		{
			"public-operations",
			"Only operations with the tags auth and meta are public.",
			func(c *checker) {
				for _, op := range c.operations {
					if op.public() {
						c.require(slices.Contains(op.Tags, "auth") || slices.Contains(op.Tags, "meta"), op.pointer+"/security",
							"the operation must not be public: require authentication")
					}
				}
			},
		},
		{
			"grants-are-valid",
			"Permissions of roles and API keys have the form resource:verb, are granted once, and are required by an operation.",
			checkGrants,
		},
	}
}

func checkGrants(c *checker) {
	required := map[string]bool{}
	for _, op := range c.operations {
		permission, _ := op.Extensions["x-required-permission"].(string)
		required[permission] = true
	}
	checkGrant := func(permission, at string) {
		c.require(permissionForm.MatchString(permission) && required[permission], at,
			"no operation requires %q: correct the name or remove it", permission)
	}
	roles, _ := c.api.Extensions["x-roles"].(map[string]any)
	for role, list := range sorted(roles) {
		at := "#/x-roles/" + escape(role)
		granted, _ := list.([]any)
		c.require(len(granted) > 0, at, "the role must have a list of permissions")
		for i, permission := range granted {
			checkGrant(fmt.Sprint(permission), at+"/"+itoa(i))
			c.require(slices.Index(granted, permission) == i, at+"/"+itoa(i), "%v is granted twice: remove one", permission)
		}
	}
	scopes, _ := c.api.Extensions["x-key-scopes"].(map[string]any)
	for scope := range sorted(scopes) {
		checkGrant(scope, "#/x-key-scopes/"+escape(scope))
	}
}
