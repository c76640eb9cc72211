package lint

import "strings"

// probe is the pointer to a schema that the violations change.
const probe = schemas + "/Title"

func parameterViolations() []violation {
	limit, stages := "/components/parameters/Limit", "/components/parameters/ByStage"
	return []violation{
		set("parameters-have-one-style: style", limit+"/style", "form", limit),
		set("parameters-have-one-style: allowReserved", limit+"/allowReserved", true, limit),
		set("parameters-have-one-style: allowEmptyValue", limit+"/allowEmptyValue", true, limit),
		without("parameters-have-one-style: array without explode", stages+"/explode", stages),
		set("parameters-have-one-style: explode without an array", limit+"/explode", true, limit),
		set("parameters-have-one-style: repetition not described", stages+"/description", "Only these stages.", stages),
		set("parameters-have-one-style: object", limit+"/schema", object{"type": "object"}, limit),
		set("parameters-have-one-style: array in the path", "/components/parameters/JobID/schema",
			object{"type": "array", "items": object{"type": "string"}}, "/components/parameters/JobID"),
		{"parameters-have-one-style: content", func(g *tree) {
			g.remove(limit + "/schema")
			g.set(limit+"/content", object{"application/json": object{"schema": object{"type": "string"}}})
		}, limit},
		set("only-path-parameters-are-required: required query parameter", limit+"/required", true, limit),
		without("array-parameters-are-sets: no minItems", stages+"/schema/minItems", stages),
		without("array-parameters-are-sets: no uniqueItems", stages+"/schema/uniqueItems", stages),
		set("headers-are-standard: X-Version", "/components/parameters/IfMatch/name", "X-Version", "/components/parameters/IfMatch"),
	}
}

func schemaViolations() []violation {
	number := schemas + "/Kit/properties/latest_number"
	list := schemas + "/Job/properties/allowed_actions"
	return []violation{
		without("schemas-have-one-type: no type", probe+"/type", probe),
		set("schemas-have-one-type: two types", probe+"/type", []any{"string", "integer"}, probe),
		set("schemas-have-one-type: only null", probe+"/type", "null", probe),
		set("schemas-have-one-type: unknown format", probe+"/format", "title", probe),
		without("schemas-have-one-type: number without a format", number+"/format", number),
		without("strings-are-bounded: no maxLength", probe+"/maxLength", probe),
		without("strings-are-bounded: nullable without maxLength", schemas+"/Job/properties/department/maxLength", schemas+"/Job/properties/department"),
		set("strings-are-bounded: maxLength below minLength", probe+"/maxLength", 0, probe),
		without("strings-are-bounded: item without maxLength", schemas+"/Problem/properties/allowed_actions/items/maxLength",
			schemas+"/Problem/properties/allowed_actions/items"),
		without("numbers-are-bounded: no maximum", number+"/maximum", number),
		without("numbers-are-bounded: no minimum", number+"/minimum", number),
		set("numbers-are-bounded: int32 above 32 bits", number+"/maximum", 1<<31, number),
		set("numbers-are-bounded: int64 above 53 bits", schemas+"/AuditLog/properties/sequence/maximum", 1<<60, schemas+"/AuditLog/properties/sequence"),
		set("limits-fit-int32: maxLength", probe+"/maxLength", 1<<31, probe),
		set("limits-fit-int32: maxItems", list+"/maxItems", 1<<31, list),
		set("limits-fit-int32: maxProperties", schemas+"/Job/maxProperties", 1<<31, schemas+"/Job"),
		without("arrays-are-bounded: no maxItems", list+"/maxItems", list),
		without("arrays-are-bounded: no items", list+"/items", list),
		set("objects-have-properties: no properties", schemas+"/Health/properties", object{}, schemas+"/Health"),
		set("objects-have-properties: unknown required property", schemas+"/Health/required", []any{"state"}, schemas+"/Health"),
		set("objects-have-properties: default of a required property", schemas+"/JobPage/properties/has_more/default", true, schemas+"/JobPage/properties/has_more"),
		set("responses-are-open: additionalProperties false", schemas+"/Job/additionalProperties", false, schemas+"/Job"),
		set("schemas-are-not-composed: allOf", schemas+"/Job/allOf", []any{object{"type": "object"}}, schemas+"/Job"),
		set("schemas-are-not-composed: anyOf", schemas+"/Job/anyOf", []any{object{"type": "object"}}, schemas+"/Job"),
		set("schemas-are-not-composed: oneOf", schemas+"/Job/oneOf", []any{object{"type": "object"}}, schemas+"/Job"),
		set("schemas-are-not-composed: not", schemas+"/Job/not", object{"type": "string"}, schemas+"/Job"),
		{"types-have-names: inline object", func(g *tree) {
			g.set(schemas+"/Readiness/properties/checks", g.at(schemas+"/ReadinessChecks"))
		}, schemas + "/Readiness/properties/checks"},
		{"types-have-names: inline enum", func(g *tree) {
			g.set(schemas+"/Readiness/properties/status", g.at(schemas+"/ReadinessStatus"))
		}, schemas + "/Readiness/properties/status"},
		set("patterns-are-portable: invalid pattern", probe+"/pattern", "^(a$", probe),
		set("patterns-are-portable: not anchored", probe+"/pattern", "a", probe),
		set("patterns-are-portable: escape", probe+"/pattern", `^\d$`, probe),
		set("patterns-are-portable: lookahead", probe+"/pattern", `^(?=a)a$`, probe),
	}
}

func nameViolations() []violation {
	return []violation{
		{"properties-are-snake-case: property", func(g *tree) {
			g.set(schemas+"/Job/properties/openedAt", g.at(schemas+"/Job/properties/opened_at"))
		}, schemas + "/Job/properties/openedAt"},
		set("properties-are-snake-case: parameter", "/components/parameters/Limit/name", "pageSize", "/components/parameters/Limit"),
		set("properties-are-snake-case: request header", "/components/parameters/IfMatch/name", "if_match", "/components/parameters/IfMatch"),
		{"properties-are-snake-case: response header", func(g *tree) {
			g.set(responses+"/Unauthorized/headers/retry_when", g.at(responses+"/Unauthorized/headers/WWW-Authenticate"))
		}, responses + "/Unauthorized/headers/retry_when"},
		{"components-are-camel-case: snake case", func(g *tree) { g.set(schemas+"/job_title", g.at(probe)) }, schemas + "/job_title"},
		{"components-are-camel-case: security scheme", func(g *tree) {
			g.set("/components/securitySchemes/Bearer", g.at("/components/securitySchemes/bearerAuth"))
		}, "/components/securitySchemes/Bearer"},
		set("ids-are-uuids: ID with another format", schemas+"/Kit/properties/job_id/format", "uri", schemas+"/Kit/properties/job_id"),
		set("ids-are-uuids: UUID with another name", schemas+"/Kit/properties/description/format", "uuid", schemas+"/Kit/properties/description"),
		set("ids-are-uuids: parameter with another format", "/components/parameters/JobID/schema", object{"type": "string"}, "/components/parameters/JobID"),
		set("times-are-named: date-time with another name", schemas+"/Kit/properties/description/format", "date-time", schemas+"/Kit/properties/description"),
		without("times-are-named: name without a date-time", schemas+"/Kit/properties/created_at/format", schemas+"/Kit/properties/created_at"),
		set("times-are-named: parameter with another name", "/components/parameters/UpdatedSince/name", "changes", "/components/parameters/UpdatedSince"),
		{"schema-suffixes: Request in a response", func(g *tree) {
			g.set(responses+"/Job/content/application~1json/schema", object{"$ref": "#" + schemas + "/CreateJobRequest"})
		}, schemas + "/CreateJobRequest"},
		{"schema-suffixes: Page without next_cursor", func(g *tree) { g.set(schemas+"/BookPage", g.at(probe)) }, schemas + "/BookPage"},
		{"schema-suffixes: Sort without a parameter", func(g *tree) { g.set(schemas+"/BookSort", g.at(schemas+"/JobSort")) }, schemas + "/BookSort"},
		set("enums-are-snake-case: upper case", schemas+"/JobStatus/enum/0", "Draft", schemas+"/JobStatus/enum/0"),
		set("enums-are-snake-case: null", schemas+"/JobStatus/enum/0", nil, schemas+"/JobStatus/enum/0"),
		set("enums-are-snake-case: duplicate", schemas+"/JobStatus/enum/1", "draft", schemas+"/JobStatus/enum/1"),
		set("enums-are-snake-case: leading minus", schemas+"/JobStatus/enum/0", "-draft", schemas+"/JobStatus/enum/0"),
		{"enums-are-snake-case: malformed audit action", func(g *tree) {
			g.set(schemas+"/AuditAction", object{"type": "string", "description": "An act.", "enum": []any{"auth.login", "logout"}})
		}, schemas + "/AuditAction/enum/1"},
		set("enums-are-snake-case: malformed scope", schemas+"/APIKeyScope/enum/0", "jobs", schemas+"/APIKeyScope/enum/0"),
		set("enums-are-snake-case: type integer", schemas+"/JobStatus/type", "integer", schemas+"/JobStatus"),
		set("enums-are-snake-case: nullable type", schemas+"/JobStatus/type", []any{"string", "null"}, schemas+"/JobStatus"),
		without("enums-are-extensible: no x-extensible", schemas+"/JobStatus/x-extensible", schemas+"/JobStatus"),
		set("enums-are-extensible: x-extensible false", schemas+"/JobStatus/x-extensible", false, schemas+"/JobStatus"),
		set("enums-are-extensible: not an enum", probe+"/x-extensible", true, probe),
		set("enum-names-are-complete: too few", schemas+"/JobSort/x-enum-varnames", []any{"CreatedAtDesc"}, schemas+"/JobSort/x-enum-varnames"),
		set("enum-names-are-complete: too many", schemas+"/Role/x-enum-descriptions", []any{"A", "B", "C", "D", "E"}, schemas+"/Role/x-enum-descriptions"),
	}
}

func exampleViolations() []violation {
	sent, answered := jobs+"/post/requestBody/content/application~1json", responses+"/Job/content/application~1json"
	return []violation{
		without("bodies-have-examples: request", sent+"/example", sent),
		without("bodies-have-examples: response", answered+"/example", answered),
		without("parameters-have-examples: parameter", "/components/parameters/Search/example", "/components/parameters/Search"),
		without("parameters-have-examples: header", "/components/headers/Link/example", "/components/headers/Link"),
		without("parameters-have-examples: schema of a parameter", schemas+"/ID/example", "/components/parameters/JobID"),
		set("examples-match: too long", sent+"/example/location", strings.Repeat("a", 201), sent+"/example"),
		set("examples-match: unknown enum value", answered+"/example/status", "lost", answered+"/example"),
		set("examples-match: malformed ID", answered+"/example/id", "4711", answered+"/example"),
		without("examples-match: missing property", answered+"/example/id", answered+"/example"),
		set("examples-match: undeclared property", answered+"/example/salary", 1, answered+"/example"),
		set("examples-match: nested undeclared property", "/components/responses/Company/content/application~1json/example/settings/color", "red",
			"/components/responses/Company/content/application~1json/example"),
		set("examples-match: parameter", "/components/parameters/UpdatedSince/example", "yesterday", "/components/parameters/UpdatedSince/example"),
		set("examples-match: header", "/components/headers/ETag/example", "3", "/components/headers/ETag/example"),
		set("examples-match: schema", probe+"/example", "", probe+"/example"),
		set("examples-match: default", schemas+"/JobSort/default", "salary", schemas+"/JobSort/default"),
		{"examples-match: named example", func(g *tree) {
			g.set(sent+"/examples", object{"empty": object{"value": object{}}})
			g.remove(sent + "/example")
		}, sent + "/examples/empty/value"},
	}
}

func deprecationViolations() []violation {
	deprecate := func(name, since, sunset, description, at string) violation {
		return violation{name, func(g *tree) {
			g.set(at+"/deprecated", true)
			g.set(at+"/x-deprecated-at", since)
			g.set(at+"/x-sunset", sunset)
			g.set(at+"/description", description)
		}, at}
	}
	return []violation{
		set("deprecations-are-dated: no dates", jobs+"/get/deprecated", true, jobs+"/get"),
		set("deprecations-are-dated: sunset without a deprecation", jobs+"/get/x-sunset", "2027-01-01", jobs+"/get"),
		deprecate("deprecations-are-dated: malformed date", "soon", "2027-01-01", "Use ListPositions instead.", jobs+"/get"),
		deprecate("deprecations-are-dated: malformed sunset", "2026-01-01", "later", "Use ListPositions instead.", jobs+"/get"),
		deprecate("deprecations-are-dated: early sunset", "2026-01-01", "2026-06-30", "Use ListPositions instead.", jobs+"/get"),
		deprecate("deprecations-are-dated: no replacement", "2026-01-01", "2026-07-01", "Goes away.", jobs+"/get"),
		deprecate("deprecations-are-dated: property", "2026-01-01", "2026-02-01", "Use site instead.", schemas+"/Job/properties/location"),
		deprecate("deprecations-are-dated: parameter", "2026-01-01", "2026-02-01", "Use q instead.", "/components/parameters/BySource"),
	}
}
