package lint

import (
	"slices"
	"strings"
	"testing"
)

const (
	jobs    = "/paths/~1api~1v1~1jobs"
	job     = "/paths/~1api~1v1~1jobs~1{job_id}"
	opening = job + "~1open"
	schemas = "/components/schemas"
	common  = "/x-response-headers"
)

// violation is a change of the specification that violates a rule.
type violation struct {
	name    string // the rule and the case, as "rule: case"
	change  func(*tree)
	pointer string // of the expected finding, without #
}

// TestRulesFindViolations violates each rule in every way that is listed, and checks that the rule reports it. A rule
// without violations fails.
func TestRulesFindViolations(t *testing.T) {
	t.Parallel()
	cases := slices.Concat(
		documentViolations(), textViolations(), operationViolations(), accessViolations(), responseViolations(),
		conditionViolations(), listViolations(), parameterViolations(), schemaViolations(), nameViolations(),
		exampleViolations(), deprecationViolations(),
	)
	// The document before any change is read once for all rules.
	part, unchanged := newTree(t, false).document(), map[string]Outcome{}
	for _, rule := range Rules() {
		unchanged[rule.Name] = rule.check(part)
	}
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			before := unchanged[rule.Name]
			whole := rule.Name == "server-can-start" // the rule compares all operations
			if whole {
				before = rule.check(newTree(t, whole).document())
			}
			count := 0
			for _, c := range cases {
				name, label, _ := strings.Cut(c.name, ": ")
				if name != rule.Name {
					continue
				}
				count++
				t.Run(label, func(t *testing.T) {
					t.Parallel()
					changed := newTree(t, whole)
					c.change(changed)
					after := rule.check(changed.document())
					isNew := func(f Finding) bool {
						return !slices.ContainsFunc(before.Findings, func(b Finding) bool {
							return b.Pointer == f.Pointer && b.Message == f.Message
						})
					}
					if !slices.ContainsFunc(after.Findings, func(f Finding) bool {
						return f.Pointer == "#"+c.pointer && f.Line > 0 && f.Message != "" && isNew(f)
					}) {
						t.Errorf("got findings %v, want a new one at #%s", after.Findings, c.pointer)
					}
				})
			}
			if count == 0 {
				t.Error("the rule has no violations: add one")
			}
		})
	}
	for _, c := range cases {
		name, _, _ := strings.Cut(c.name, ": ")
		if !slices.ContainsFunc(Rules(), func(r Rule) bool { return r.Name == name }) {
			t.Errorf("the rule %s does not exist", name)
		}
	}
}

// set returns a violation that sets the value at a pointer.
func set(name, at string, value any, pointer string) violation {
	return violation{name, func(g *tree) { g.set(at, value) }, pointer}
}

// without returns a violation that removes the value at a pointer.
func without(name, at, pointer string) violation {
	return violation{name, func(g *tree) { g.remove(at) }, pointer}
}

func documentViolations() []violation {
	return []violation{
		set("valid-openapi: OpenAPI 3.0", "/openapi", "3.0.3", "/openapi"),
		without("valid-openapi: no version", "/info/version", ""),
		without("valid-openapi: empty response", opening+"/post/responses/200/$ref", ""),
		set("server-can-start: permission that no role has", jobs+"/get/x-required-permission", "jobs:guess", ""),
		without("server-can-start: no permission", jobs+"/get/x-required-permission", ""),
		set("server-can-start: duplicate operationId", jobs+"/get/operationId", "GetJob", ""),
		set("publishable: unknown group of headers", common+"/sometimes", object{"X-Mood": object{"$ref": "#/components/headers/Sunset"}}, common),
		set("publishable: missing header", common+"/always/X-Mood", object{"$ref": "#/components/headers/Mood"}, common),
		set("publishable: reference to a parameter", common+"/always/X-Mood", object{"$ref": "#/components/parameters/Limit"}, common),
		set("introduction: no title", "/info/title", "", "/info"),
		set("introduction: malformed version", "/info/version", "v1", "/info/version"),
		without("introduction: no license", "/info/license", "/info"),
		set("introduction: no conventions", "/info/description", "An API.", "/info/description"),
		set("references-are-local: reference to a path", jobs+"/get/responses/200/content/application~1json/schema",
			object{"$ref": "#/paths/~1api~1v1~1users~1me/get/responses/200/content/application~1json/schema"},
			jobs+"/get/responses/200/content/application~1json/schema"),
		set("components-are-used: unused schema", schemas+"/Spare", object{"type": "boolean", "description": "Spare."}, schemas+"/Spare"),
		{"components-are-used: unused schemas with a cycle", func(g *tree) {
			for one, other := range map[string]string{"SpareA": "SpareB", "SpareB": "SpareA"} {
				g.set(schemas+"/"+one, object{"type": "object", "properties": object{"other": object{"$ref": "#" + schemas + "/" + other}}})
			}
		}, schemas + "/SpareA"},
		set("components-are-used: unused security scheme", "/components/securitySchemes/spare", object{"type": "http", "scheme": "basic"}, "/components/securitySchemes/spare"),
		set("extensions-are-known: misspelled", jobs+"/get/x-rate-limitted", false, jobs+"/get/x-rate-limitted"),
		set("keywords-are-supported: nullable", schemas+"/Title/nullable", true, schemas+"/Title"),
		set("keywords-are-supported: boolean bound", schemas+"/Title/exclusiveMinimum", true, schemas+"/Title"),
		set("keywords-are-supported: const", schemas+"/Title/const", "a", schemas+"/Title"),
		set("keywords-are-supported: readOnly", schemas+"/Title/readOnly", true, schemas+"/Title"),
		set("keywords-are-supported: writeOnly", schemas+"/Title/writeOnly", true, schemas+"/Title"),
		set("keywords-are-supported: deepObject", "/components/parameters/Limit/style", "deepObject", "/components/parameters/Limit"),
	}
}

func textViolations() []violation {
	return []violation{
		set("everything-is-described: operation", jobs+"/get/description", " ", jobs+"/get"),
		set("everything-is-described: parameter", "/components/parameters/Limit/description", "", "/components/parameters/Limit"),
		set("everything-is-described: header", "/components/headers/ETag/description", "", "/components/headers/ETag"),
		set("everything-is-described: response", "/components/responses/Job/description", "", "/components/responses/Job"),
		without("everything-is-described: schema", schemas+"/Job/description", schemas+"/Job"),
		without("everything-is-described: property", schemas+"/Job/properties/department/description", schemas+"/Job/properties/department"),
		without("everything-is-described: item", schemas+"/Problem/properties/allowed_actions/items/description",
			schemas+"/Problem/properties/allowed_actions/items"),
		without("everything-is-described: security scheme", "/components/securitySchemes/bearerAuth/description", "/components/securitySchemes/bearerAuth"),
		set("descriptions-are-sentences: no period", schemas+"/Job/description", "A position", schemas+"/Job/description"),
		set("descriptions-are-sentences: tag without a period", "/tags/0/description", "Signing in", "/tags/0/description"),
		set("descriptions-are-sentences: placeholder", schemas+"/Job/description", "TODO: say what.", schemas+"/Job/description"),
		set("descriptions-are-sentences: repeated spaces", schemas+"/Job/description", "A  job.", schemas+"/Job/description"),
		set("summaries-are-titles: lower case", jobs+"/get/summary", "list jobs", jobs+"/get/summary"),
		set("summaries-are-titles: period", jobs+"/get/summary", "List jobs.", jobs+"/get/summary"),
		set("summaries-are-titles: too long", jobs+"/get/summary", "List "+strings.Repeat("very ", 20)+"many jobs", jobs+"/get/summary"),
		set("summaries-are-titles: duplicate", job+"/get/summary", "List jobs", job+"/get/summary"),
	}
}

func operationViolations() []violation {
	return []violation{
		set("operations-are-verb-and-noun: lower case", jobs+"/get/operationId", "listJobs", jobs+"/get/operationId"),
		set("operations-are-verb-and-noun: unknown verb", jobs+"/get/operationId", "FetchJobs", jobs+"/get/operationId"),
		set("methods-match-verbs: POST named Get", opening+"/post/operationId", "GetOpening", opening+"/post"),
		set("operations-have-one-tag: two tags", jobs+"/get/tags", []any{"jobs", "users"}, jobs+"/get/tags"),
		set("operations-have-one-tag: unknown tag", jobs+"/get/tags", []any{"work"}, jobs+"/get/tags"),
		set("tags-are-used: no operation", "/tags/0/name", "nobody", "/tags/0"),
		without("tags-are-used: no description", "/tags/0/description", "/tags/0"),
		set("creating-returns-201: 201 of another verb", jobs+"/post/operationId", "OpenJobAtOnce", jobs+"/post/responses"),
		set("creating-returns-201: Create without 201", opening+"/post/operationId", "CreateOpening", opening+"/post/responses"),
		set("actions-are-verbs: other verb", opening+"/post/operationId", "CloseJobNow", opening+"/post"),
		set("paths-are-kebab-case: snake case", "/paths/~1api~1v1~1old_jobs", object{}, "/paths/~1api~1v1~1old_jobs"),
		set("paths-have-a-version: no version", "/paths/~1jobs", object{"get": object{"operationId": "ListOldJobs", "tags": []any{"jobs"}, "responses": object{}}},
			"/paths/~1jobs/get"),
		set("collections-are-plural: singular before an ID", "/paths/~1api~1v1~1job~1{job_id}", object{}, "/paths/~1api~1v1~1job~1{job_id}"),
		set("collections-are-plural: singular list", opening+"/post/operationId", "ListOpenings", opening+"/post"),
		{"updates-address-one-resource: PATCH of a collection", func(g *tree) { g.set(jobs+"/patch", g.at(job+"/patch")) }, jobs + "/patch"},
		set("path-parameters-are-ids: name without _id", "/components/parameters/JobID/name", "job", "/components/parameters/JobID"),
		set("path-parameters-are-ids: other schema", "/components/parameters/JobID/schema", object{"type": "string", "maxLength": 10}, "/components/parameters/JobID"),
		{"bodies-match-methods: GET with a body", func(g *tree) { g.set(jobs+"/get/requestBody", g.at(jobs+"/post/requestBody")) }, jobs + "/get"},
		without("bodies-match-methods: PATCH without a body", job+"/patch/requestBody", job+"/patch"),
		without("bodies-are-required: optional body", jobs+"/post/requestBody/required", jobs+"/post/requestBody"),
		set("request-media-types: form", jobs+"/post/requestBody/content/application~1x-www-form-urlencoded",
			object{"schema": object{"$ref": "#" + schemas + "/CreateJobRequest"}}, jobs+"/post/requestBody"),
		set("request-media-types: PATCH in XML", job+"/patch/requestBody/content/application~1xml",
			object{"schema": object{"$ref": "#" + schemas + "/UpdateJobRequest"}}, job+"/patch/requestBody"),
		without("request-media-types: upload without x-upload", "/paths/~1api~1v1~1candidates~1import.csv/post/x-upload",
			"/paths/~1api~1v1~1candidates~1import.csv/post/requestBody"),
		without("operations-have-one-success: no success", jobs+"/get/responses/200", jobs+"/get/responses"),
		set("operations-have-one-success: two successes", jobs+"/get/responses/204", object{"description": "Nothing."}, jobs+"/get/responses"),
		without("operations-have-one-success: 200 without a body", jobs+"/get/responses/200/content", jobs+"/get/responses/200"),
		without("requests-are-closed: no additionalProperties", schemas+"/CreateJobRequest/additionalProperties", schemas+"/CreateJobRequest"),
		without("requests-are-closed: nested object", schemas+"/KitCriterion/additionalProperties", schemas+"/KitCriterion"),
		set("requests-are-closed: additionalProperties true", schemas+"/CreateJobRequest/additionalProperties", true, schemas+"/CreateJobRequest"),
		without("patches-are-partial: empty patch allowed", schemas+"/UpdateJobRequest/minProperties", job+"/patch/requestBody/content/application~1json"),
		set("patches-are-partial: required property", schemas+"/UpdateJobRequest/required", []any{"title"}, job+"/patch/requestBody/content/application~1json"),
		{"requests-are-named: name without Request", func(g *tree) {
			g.set(jobs+"/post/requestBody/content/application~1json/schema", object{"$ref": "#" + schemas + "/JobSummary"})
		}, jobs + "/post/requestBody/content/application~1json"},
		{"responses-are-named: inline schema", func(g *tree) {
			g.set("/components/responses/Job/content/application~1json/schema", g.at(schemas+"/Job"))
		}, "/components/responses/Job/content/application~1json"},
	}
}

func accessViolations() []violation {
	return []violation{
		set("access-is-declared: malformed permission", jobs+"/get/x-required-permission", "read jobs", jobs+"/get/x-required-permission"),
		without("access-is-declared: no permission", jobs+"/get/x-required-permission", jobs+"/get"+"/x-required-permission"),
		without("access-is-declared: no security", jobs+"/get/security", jobs+"/get"),
		set("access-is-declared: public with a permission", jobs+"/get/security", []any{}, jobs+"/get/x-required-permission"),
		set("access-is-declared: optional authentication with a permission", jobs+"/get/security", []any{object{"bearerAuth": []any{}}, object{}}, jobs+"/get/x-required-permission"),
		set("access-is-declared: unknown scheme", jobs+"/get/security", []any{object{"cookie": []any{}}}, jobs+"/get/security"),
		set("public-operations: public list of jobs", jobs+"/get/security", []any{}, jobs+"/get/security"),
		set("grants-are-valid: role without permissions", "/x-roles/hr", []any{}, "/x-roles/hr"),
		set("grants-are-valid: unused permission", "/x-roles/hr/0", "jobs:guess", "/x-roles/hr/0"),
		set("grants-are-valid: duplicate", "/x-roles/hr", []any{"jobs:read", "jobs:read"}, "/x-roles/hr/1"),
		set("grants-are-valid: unused scope", "/x-key-scopes", object{"jobs:guess": "company"}, "/x-key-scopes/jobs:guess"),
	}
}
