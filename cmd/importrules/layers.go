package main

import "slices"

// layer is a group of packages with the same rules.
type layer struct {
	name string
	// packages are path patterns from the root of the module. A pattern that ends in /* matches all packages in a
	// directory, one that ends in /** also those below them. A package belongs to the first layer with a matching
	// pattern.
	packages []string
	// imports are the layers and packages of this module that the layer may import.
	imports []string
	// reason is the linter's message for a forbidden import. Layers without a reason are generated code, which is not
	// linted; generate checks their imports itself.
	reason string
	// echo and testing allow imports of the packages with these names.
	echo, testing bool
}

// everything means all layers except commands and tests. Only commands and tests have it.
const everything = "everything"

// layers returns all layers. The shared packages of the domains are listed individually. All other packages in the
// directory of a domain implement operations, so that a new one cannot be imported by another domain unless it is
// added here.
func layers() []layer {
	shared := []string{"encoding", "types", "values", "rows", "platform", "access", "helpers", "shared"}
	return []layer{
		{
			name:     "encoding",
			packages: []string{"api/encoder", "api/nullable"},
			reason:   "generated code imports them, so they import nothing",
		},
		{name: "types", packages: []string{"gen/api"}, imports: []string{"encoding"}},
		{name: "rows", packages: []string{"gen/db"}, imports: []string{"values"}},
		{name: "client", packages: []string{"gen/client"}},
		{name: "contract", packages: []string{"gen/contract"}},
		{name: "migrations", packages: []string{"db"}, reason: "db contains only SQL and imports nothing"},
		{
			name:     "values",
			packages: []string{"db/stored"},
			imports:  []string{"encoding"},
			reason:   "stored values do not depend on the API",
		},
		{
			name: "tests",
			packages: []string{
				"server/testkit", "server/testkit/*", "server/platform/*/*test", "server/hiring/*/*test", "api/docs/browsertest",
			},
			imports: []string{everything},
			reason:  "commands are not imported",
			echo:    true, testing: true,
		},
		{
			name:     "platform",
			packages: []string{"server/platform/*"},
			imports:  []string{"encoding", "types", "values", "rows", "migrations", "platform"},
			reason:   "the platform depends on neither domains nor HTTP",
		},
		{
			name:     "access",
			packages: []string{"server/access"},
			imports:  []string{"types", "values", "platform"},
			reason:   "access is below the domains",
		},
		{
			name: "helpers",
			packages: []string{
				"server/edge/bulk", "server/edge/content", "server/edge/etag", "server/edge/jsonbody",
				"server/edge/negotiate", "server/edge/page", "server/edge/ratelimit",
			},
			imports: []string{"encoding", "types", "values", "rows", "platform", "access", "helpers"},
			reason:  "HTTP helpers do not depend on domains",
		},
		{
			name:     "problem",
			packages: []string{"server/edge/base", "server/edge/problem"},
			imports:  []string{"encoding", "types", "platform", "access", "server/service"},
			reason:   "problems are below the domains",
			echo:     true,
		},
		{
			name: "shared",
			packages: []string{
				"server/compliance/audit",
				"server/edge/idempotency",
				"server/hiring/calendar", "server/hiring/cancellation", "server/hiring/completion",
				"server/hiring/kitcontent", "server/hiring/lifecycle", "server/hiring/scoring",
				"server/identity/apikey", "server/identity/password", "server/identity/session",
				"server/insight/chart",
				"server/messaging/mail",
				"server/service",
				"server/worker",
			},
			imports: shared,
			reason:  "packages shared by domains do not import operations",
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
			reason:   "domains use each other only through shared packages or queries",
		},
		{
			name: "operations",
			packages: []string{
				"server/edge/meta", "server/compliance/*", "server/hiring/*", "server/identity/*", "server/insight/*",
				"server/messaging/*",
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
			reason:   "the reference depends only on the specification, the state machines and the error codes",
		},
		{
			name:     "lint",
			packages: []string{"api/lint"},
			imports:  []string{"types", "specification", "gate", "problem", "server/platform/fault"},
			reason:   "lint rules depend only on the specification and the code that reads it",
		},
		{
			name:     "example",
			packages: []string{"api/clients/go"},
			imports:  []string{"client"},
			reason:   "the example imports only the generated client, as its readers do",
		},
		{
			name:     "server",
			packages: []string{"server"},
			imports:  slices.Concat(shared, []string{"problem", "gate", "contract", "operations", "specification", "reference"}),
			reason:   "the server does not import packages for operators, development or tests",
			echo:     true,
		},
		{
			name:     "development",
			packages: []string{"server/dev/*"},
			imports:  slices.Concat(shared, []string{"operator"}),
			reason:   "development packages and the server do not import each other",
		},
		{
			name:     "bare",
			packages: []string{"cmd/loadtest/bare"},
			reason:   "the bare server uses nothing of the service",
			echo:     true,
		},
		{
			name:     "commands",
			packages: []string{"cmd/*"},
			imports:  []string{everything},
			reason:   "commands do not import other commands or packages for tests",
		},
	}
}

// exception allows one package an import that its layer does not allow.
type exception struct{ importer, imported, reason string }

func exceptions() []exception {
	return []exception{
		{"server/identity/apikeys", "server/edge/gate", "the scopes of a key are defined by the specification"},
		{"server/edge/meta", "api", "it serves the specification"},
	}
}

// pure returns the packages that only decide. They use neither HTTP nor a database, so their tests need neither.
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

// standard returns the packages that import only the standard library, and the type of ids.
func standard() []string { return []string{"server/platform/fault"} }
