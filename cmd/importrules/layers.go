package main

import "slices"

// layer is a group of packages with the same rules.
type layer struct {
	name string
	// packages are paths from the root of the module. One that ends in /* stands for all packages in a folder, one that
	// ends in /** also for those below them. A package belongs to the first layer that has it.
	packages []string
	// imports are the layers and the single packages of this module that the layer may import.
	imports []string
	// reason is what the linter prints for an import that is not allowed. Layers without one are generated, and the
	// linter does not look at them.
	reason string
	// echo and testing allow the packages of these names.
	echo, testing bool
}

// everything stands for all layers except the two that have it: commands, and tests, which import each other.
const everything = "everything"

// layers lists all layers. The shared packages of the domains are listed one by one: every other package in the folder
// of a domain has operations, so that a new one cannot be imported by another domain unless it is added here.
func layers() []layer {
	shared := []string{"types", "rows", "platform", "access", "helpers", "shared"}
	return []layer{
		{name: "types", packages: []string{"gen/api"}},
		{name: "rows", packages: []string{"gen/db"}},
		{name: "client", packages: []string{"gen/client"}},
		{name: "migrations", packages: []string{"db"}, reason: "db has SQL"},
		{
			name:     "tests",
			packages: []string{"server/testkit", "server/testkit/*", "server/platform/*/*test", "api/docs/browsertest"},
			imports:  []string{everything},
			reason:   "nothing imports a command",
			echo:     true, testing: true,
		},
		{
			name:     "platform",
			packages: []string{"server/platform/*"},
			imports:  []string{"types", "rows", "migrations", "platform"},
			reason:   "the platform knows neither domains nor HTTP",
		},
		{
			name:     "access",
			packages: []string{"server/access"},
			imports:  []string{"types", "platform"},
			reason:   "access is below the domains",
		},
		{
			name: "helpers",
			packages: []string{
				"server/edge/bulk", "server/edge/content", "server/edge/etag", "server/edge/idempotency",
				"server/edge/jsonbody", "server/edge/negotiate", "server/edge/page", "server/edge/ratelimit",
			},
			imports: []string{"types", "rows", "platform", "access", "helpers"},
			reason:  "what handlers need of HTTP knows no domain",
		},
		{
			name:     "problem",
			packages: []string{"server/edge/base", "server/edge/problem"},
			imports:  []string{"types", "platform", "access"},
			reason:   "problems are below the domains",
			echo:     true,
		},
		{
			name: "shared",
			packages: []string{
				"server/compliance/audit",
				"server/hiring/calendar", "server/hiring/cancellation", "server/hiring/completion",
				"server/hiring/kitcontent", "server/hiring/lifecycle", "server/hiring/scoring",
				"server/identity/apikey", "server/identity/password", "server/identity/session",
				"server/insight/chart",
				"server/service",
			},
			imports: shared,
			reason:  "what domains share does not import their operations",
		},
		{
			name:     "gate",
			packages: []string{"server/edge/gate"},
			imports:  shared,
			reason:   "the gate does not import operations",
			echo:     true,
		},
		{
			name:     "operator",
			packages: []string{"server/identity/operator"},
			imports:  shared,
			reason:   "domains meet in a shared package or in a query",
		},
		{
			name: "operations",
			packages: []string{
				"server/edge/meta", "server/compliance/*", "server/hiring/*", "server/identity/*", "server/insight/*",
			},
			imports: shared,
			reason:  "domains meet in a shared package or in a query",
		},
		{
			name:     "specification",
			packages: []string{"api", "api/bundle"},
			reason:   "the specification imports nothing",
		},
		{
			name:     "reference",
			packages: []string{"api/docs/**"},
			imports:  []string{"types", "reference", "server/edge/content", "server/hiring/lifecycle", "server/platform/fault"},
			reason:   "the reference shows the specification, the state machines and the error codes",
		},
		{
			name:     "lint",
			packages: []string{"api/lint"},
			imports:  []string{"types", "specification", "gate", "problem", "server/platform/fault"},
			reason:   "the rules look at the specification and at the code that reads it",
		},
		{
			name:     "example",
			packages: []string{"api/clients/go"},
			imports:  []string{"client"},
			reason:   "the example imports what its readers import",
		},
		{
			name:     "server",
			packages: []string{"server"},
			imports:  slices.Concat(shared, []string{"problem", "gate", "operations", "specification", "reference"}),
			reason:   "the server does not import what is for operators, development or tests",
			echo:     true,
		},
		{
			name:     "development",
			packages: []string{"server/dev/*"},
			imports:  slices.Concat(shared, []string{"operator"}),
			reason:   "the server does not depend on development, nor development on the server",
		},
		{
			name:     "commands",
			packages: []string{"cmd/*"},
			imports:  []string{everything},
			reason:   "a command does not import other commands or what is for tests",
		},
	}
}

// exception allows one package an import that its layer does not have.
type exception struct{ importer, imported, reason string }

func exceptions() []exception {
	return []exception{
		{"server/identity/apikeys", "server/edge/gate", "the scopes of a key are those of the contract"},
		{"server/edge/meta", "api", "it serves the specification"},
	}
}

// pure lists the packages that decide. They need neither HTTP nor a database, and their tests run without both.
func pure() []string {
	return []string{
		"server/access",
		"server/edge/bulk", "server/edge/etag", "server/edge/page",
		"server/hiring/calendar", "server/hiring/kitcontent", "server/hiring/lifecycle", "server/hiring/scoring",
		"server/identity/password",
		"server/insight/chart",
		"server/platform/clock", "server/platform/config", "server/platform/optional", "server/platform/text",
	}
}

// standard lists the packages that import the standard library only.
func standard() []string { return []string{"server/platform/fault"} }
