package lint

import "strings"

// probe is a schema of the document that these tests break, and where it is used.
const probe = schemas + "/Title"

func brokenParameters() []broken {
	limit, stages := "/components/parameters/Limit", "/components/parameters/ByStage"
	return []broken{
		set("parameters-have-one-style: another", limit+"/style", "form", limit),
		set("parameters-have-one-style: any characters", limit+"/allowReserved", true, limit),
		set("parameters-have-one-style: empty", limit+"/allowEmptyValue", true, limit),
		without("parameters-have-one-style: parted by commas", stages+"/explode", stages),
		set("parameters-have-one-style: a value that is repeated", limit+"/explode", true, limit),
		set("parameters-have-one-style: does not say so", stages+"/description", "Only these stages.", stages),
		set("parameters-have-one-style: an object", limit+"/schema", inner{"type": "object"}, limit),
		set("parameters-have-one-style: a list in the path", "/components/parameters/JobID/schema",
			inner{"type": "array", "items": inner{"type": "string"}}, "/components/parameters/JobID"),
		{"parameters-have-one-style: a document", func(g *tree) {
			g.remove(limit + "/schema")
			g.set(limit+"/content", inner{"application/json": inner{"schema": inner{"type": "string"}}})
		}, limit},
		set("only-path-parameters-are-required: required", limit+"/required", true, limit),
		without("array-parameters-are-sets: none", stages+"/schema/minItems", stages),
		without("array-parameters-are-sets: twice", stages+"/schema/uniqueItems", stages),
		set("headers-are-standard: one's own", "/components/parameters/IfMatch/name", "X-Version", "/components/parameters/IfMatch"),
	}
}

func brokenSchemas() []broken {
	number := schemas + "/Kit/properties/latest_number"
	list := schemas + "/Job/properties/allowed_actions"
	return []broken{
		without("schemas-have-one-type: none", probe+"/type", probe),
		set("schemas-have-one-type: two", probe+"/type", []any{"string", "integer"}, probe),
		set("schemas-have-one-type: only null", probe+"/type", "null", probe),
		set("schemas-have-one-type: another format", probe+"/format", "title", probe),
		without("schemas-have-one-type: a number without a format", number+"/format", number),
		without("strings-are-bounded: no bound", probe+"/maxLength", probe),
		without("strings-are-bounded: of null too", schemas+"/Job/properties/department/maxLength", schemas+"/Job/properties/department"),
		set("strings-are-bounded: never", probe+"/maxLength", 0, probe),
		without("strings-are-bounded: an item", schemas+"/Problem/properties/allowed_actions/items/maxLength",
			schemas+"/Problem/properties/allowed_actions/items"),
		without("numbers-are-bounded: no maximum", number+"/maximum", number),
		without("numbers-are-bounded: no minimum", number+"/minimum", number),
		set("numbers-are-bounded: more than 32 bits", number+"/maximum", 1<<31, number),
		set("numbers-are-bounded: more than 53 bits", schemas+"/AuditLog/properties/sequence/maximum", 1<<60, schemas+"/AuditLog/properties/sequence"),
		without("arrays-are-bounded: no bound", list+"/maxItems", list),
		without("arrays-are-bounded: of anything", list+"/items", list),
		set("objects-have-properties: none", schemas+"/Health/properties", inner{}, schemas+"/Health"),
		set("objects-have-properties: another", schemas+"/Health/required", []any{"state"}, schemas+"/Health"),
		set("objects-have-properties: a default for nothing", schemas+"/JobPage/properties/has_more/default", true, schemas+"/JobPage/properties/has_more"),
		set("responses-are-open: closed", schemas+"/Job/additionalProperties", false, schemas+"/Job"),
		set("schemas-are-not-composed: all of", schemas+"/Job/allOf", []any{inner{"type": "object"}}, schemas+"/Job"),
		set("schemas-are-not-composed: any of", schemas+"/Job/anyOf", []any{inner{"type": "object"}}, schemas+"/Job"),
		set("schemas-are-not-composed: one of", schemas+"/Job/oneOf", []any{inner{"type": "object"}}, schemas+"/Job"),
		set("schemas-are-not-composed: not", schemas+"/Job/not", inner{"type": "string"}, schemas+"/Job"),
		{"types-have-names: an object", func(g *tree) {
			g.set(schemas+"/Readiness/properties/checks", g.at(schemas+"/ReadinessChecks"))
		}, schemas + "/Readiness/properties/checks"},
		{"types-have-names: an enum", func(g *tree) {
			g.set(schemas+"/Readiness/properties/status", g.at(schemas+"/ReadinessStatus"))
		}, schemas + "/Readiness/properties/status"},
		set("patterns-are-portable: none", probe+"/pattern", "^(a$", probe),
		set("patterns-are-portable: anywhere", probe+"/pattern", "a", probe),
		set("patterns-are-portable: digits of any script", probe+"/pattern", `^\d$`, probe),
		set("patterns-are-portable: a look ahead", probe+"/pattern", `^(?=a)a$`, probe),
	}
}

func brokenNames() []broken {
	return []broken{
		{"properties-are-snake-case: a member", func(g *tree) {
			g.set(schemas+"/Job/properties/openedAt", g.at(schemas+"/Job/properties/opened_at"))
		}, schemas + "/Job/properties/openedAt"},
		set("properties-are-snake-case: a parameter", "/components/parameters/Limit/name", "pageSize", "/components/parameters/Limit"),
		set("properties-are-snake-case: a header", "/components/parameters/IfMatch/name", "if_match", "/components/parameters/IfMatch"),
		{"properties-are-snake-case: a header of an answer", func(g *tree) {
			g.set(responses+"/Unauthorized/headers/retry_when", g.at(responses+"/Unauthorized/headers/WWW-Authenticate"))
		}, responses + "/Unauthorized/headers/retry_when"},
		{"components-are-camel-case: small", func(g *tree) { g.set(schemas+"/job_title", g.at(probe)) }, schemas + "/job_title"},
		{"components-are-camel-case: a scheme", func(g *tree) {
			g.set("/components/securitySchemes/Bearer", g.at("/components/securitySchemes/bearerAuth"))
		}, "/components/securitySchemes/Bearer"},
		set("ids-are-uuids: a text", schemas+"/Kit/properties/job_id/format", "uri", schemas+"/Kit/properties/job_id"),
		set("ids-are-uuids: otherwise called", schemas+"/Kit/properties/description/format", "uuid", schemas+"/Kit/properties/description"),
		set("ids-are-uuids: a parameter", "/components/parameters/JobID/schema", inner{"type": "string"}, "/components/parameters/JobID"),
		set("times-are-named: otherwise called", schemas+"/Kit/properties/description/format", "date-time", schemas+"/Kit/properties/description"),
		without("times-are-named: a text", schemas+"/Kit/properties/created_at/format", schemas+"/Kit/properties/created_at"),
		set("times-are-named: a bound", "/components/parameters/UpdatedSince/name", "changes", "/components/parameters/UpdatedSince"),
		{"schema-suffixes: answered", func(g *tree) {
			g.set(responses+"/Job/content/application~1json/schema", inner{"$ref": "#" + schemas + "/CreateJobRequest"})
		}, schemas + "/CreateJobRequest"},
		{"schema-suffixes: a page of a book", func(g *tree) { g.set(schemas+"/BookPage", g.at(probe)) }, schemas + "/BookPage"},
		{"schema-suffixes: orders nothing", func(g *tree) { g.set(schemas+"/BookSort", g.at(schemas+"/JobSort")) }, schemas + "/BookSort"},
		set("enums-are-snake-case: capitals", schemas+"/JobStatus/enum/0", "Draft", schemas+"/JobStatus/enum/0"),
		set("enums-are-snake-case: null", schemas+"/JobStatus/enum/0", nil, schemas+"/JobStatus/enum/0"),
		set("enums-are-snake-case: twice", schemas+"/JobStatus/enum/1", "draft", schemas+"/JobStatus/enum/1"),
		set("enums-are-snake-case: a minus", schemas+"/JobStatus/enum/0", "-draft", schemas+"/JobStatus/enum/0"),
		{"enums-are-snake-case: no act", func(g *tree) {
			g.set(schemas+"/AuditAction", inner{"type": "string", "description": "An act.", "enum": []any{"auth.login", "logout"}})
		}, schemas + "/AuditAction/enum/1"},
		set("enums-are-snake-case: no permission", schemas+"/APIKeyScope/enum/0", "jobs", schemas+"/APIKeyScope/enum/0"),
		set("enums-are-snake-case: numbers", schemas+"/JobStatus/type", "integer", schemas+"/JobStatus"),
		set("enums-are-snake-case: or null", schemas+"/JobStatus/type", []any{"string", "null"}, schemas+"/JobStatus"),
		without("enums-are-extensible: not said", schemas+"/JobStatus/x-extensible", schemas+"/JobStatus"),
		set("enums-are-extensible: denied", schemas+"/JobStatus/x-extensible", false, schemas+"/JobStatus"),
		set("enums-are-extensible: no enum", probe+"/x-extensible", true, probe),
		set("enum-names-are-complete: fewer", schemas+"/JobSort/x-enum-varnames", []any{"CreatedAtDesc"}, schemas+"/JobSort/x-enum-varnames"),
		set("enum-names-are-complete: more", schemas+"/Role/x-enum-descriptions", []any{"A", "B", "C", "D", "E"}, schemas+"/Role/x-enum-descriptions"),
	}
}

func brokenExamples() []broken {
	sent, answered := jobs+"/post/requestBody/content/application~1json", responses+"/Job/content/application~1json"
	return []broken{
		without("bodies-have-examples: sent", sent+"/example", sent),
		without("bodies-have-examples: answered", answered+"/example", answered),
		without("parameters-have-examples: a parameter", "/components/parameters/Search/example", "/components/parameters/Search"),
		without("parameters-have-examples: a header", "/components/headers/Link/example", "/components/headers/Link"),
		without("parameters-have-examples: its schema", schemas+"/ID/example", "/components/parameters/JobID"),
		set("examples-match: too long", sent+"/example/location", strings.Repeat("a", 201), sent+"/example"),
		set("examples-match: another type", answered+"/example/status", "lost", answered+"/example"),
		set("examples-match: no id", answered+"/example/id", "4711", answered+"/example"),
		without("examples-match: less", answered+"/example/id", answered+"/example"),
		set("examples-match: a member more", answered+"/example/salary", 1, answered+"/example"),
		set("examples-match: a member more within", "/components/responses/Company/content/application~1json/example/settings/color", "red",
			"/components/responses/Company/content/application~1json/example"),
		set("examples-match: of a parameter", "/components/parameters/UpdatedSince/example", "yesterday", "/components/parameters/UpdatedSince/example"),
		set("examples-match: of a header", "/components/headers/ETag/example", "3", "/components/headers/ETag/example"),
		set("examples-match: of a schema", probe+"/example", "", probe+"/example"),
		set("examples-match: a default", schemas+"/JobSort/default", "salary", schemas+"/JobSort/default"),
		{"examples-match: by name", func(g *tree) {
			g.set(sent+"/examples", inner{"empty": inner{"value": inner{}}})
			g.remove(sent + "/example")
		}, sent + "/examples/empty/value"},
	}
}

func brokenDeprecations() []broken {
	deprecate := func(what, since, sunset, description, at string) broken {
		return broken{what, func(g *tree) {
			g.set(at+"/deprecated", true)
			g.set(at+"/x-deprecated-at", since)
			g.set(at+"/x-sunset", sunset)
			g.set(at+"/description", description)
		}, at}
	}
	return []broken{
		set("deprecations-are-dated: no dates", jobs+"/get/deprecated", true, jobs+"/get"),
		set("deprecations-are-dated: a date for nothing", jobs+"/get/x-sunset", "2027-01-01", jobs+"/get"),
		deprecate("deprecations-are-dated: no date", "soon", "2027-01-01", "Use ListPositions instead.", jobs+"/get"),
		deprecate("deprecations-are-dated: no end", "2026-01-01", "later", "Use ListPositions instead.", jobs+"/get"),
		deprecate("deprecations-are-dated: too soon", "2026-01-01", "2026-06-30", "Use ListPositions instead.", jobs+"/get"),
		deprecate("deprecations-are-dated: what then", "2026-01-01", "2026-07-01", "Goes away.", jobs+"/get"),
		deprecate("deprecations-are-dated: a member", "2026-01-01", "2026-02-01", "Use site instead.", schemas+"/Job/properties/location"),
		deprecate("deprecations-are-dated: a parameter", "2026-01-01", "2026-02-01", "Use q instead.", "/components/parameters/BySource"),
	}
}
