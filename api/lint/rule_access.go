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
			"operations-say-who-may",
			"An operation is public, or says how to authenticate and what permission it asks for.",
			func(l *look) {
				for _, op := range l.operations {
					permission, _ := op.Extensions["x-required-permission"].(string)
					at := op.pointer + "/x-required-permission"
					if op.public() {
						l.ask(permission == "", at, "is public and asks for %q", permission)
					} else {
						l.ask(permission == gate.Authenticated || permissionForm.MatchString(permission), at,
							"the permission %q is not resource:verb", permission)
					}
					l.ask(op.Security != nil, op.pointer, "does not say how to authenticate")
					if op.Security == nil {
						continue
					}
					for _, requirement := range *op.Security {
						for scheme := range requirement {
							l.ask(l.api.Components.SecuritySchemes[scheme] != nil, op.pointer+"/security",
								"nobody knows the scheme %s", scheme)
						}
					}
				}
			},
		},
		{
			"only-the-door-is-public",
			"Nothing of a company is public: only signing in, and what the service says of itself.",
			func(l *look) {
				for _, op := range l.operations {
					if op.public() {
						l.ask(slices.Contains(op.Tags, "auth") || slices.Contains(op.Tags, "meta"), op.pointer+"/security",
							"is public")
					}
				}
			},
		},
		{
			"grants-are-resource-and-verb",
			"What roles and keys may hold is resource:verb, once, and asked for by an operation.",
			grants,
		},
	}
}

func grants(l *look) {
	asked := map[string]bool{}
	for _, op := range l.operations {
		permission, _ := op.Extensions["x-required-permission"].(string)
		asked[permission] = true
	}
	ask := func(permission, at string) {
		l.ask(permissionForm.MatchString(permission) && asked[permission], at, "no operation asks for %q", permission)
	}
	roles, _ := l.api.Extensions["x-roles"].(map[string]any)
	for role, list := range sorted(roles) {
		at := "#/x-roles/" + escape(role)
		held, _ := list.([]any)
		l.ask(len(held) > 0, at, "is no list of permissions")
		for i, permission := range held {
			ask(fmt.Sprint(permission), at+"/"+itoa(i))
			l.ask(slices.Index(held, permission) == i, at+"/"+itoa(i), "%v stands twice", permission)
		}
	}
	scopes, _ := l.api.Extensions["x-key-scopes"].(map[string]any)
	for scope := range sorted(scopes) {
		ask(scope, "#/x-key-scopes/"+escape(scope))
	}
}
