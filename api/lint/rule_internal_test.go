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

// broken is the specification with one thing wrong, and where the rule finds it.
type broken struct {
	what   string
	change func(*tree)
	at     string
}

// TestEveryRuleFindsWhatItIsFor breaks the specification for each rule. A rule that nothing breaks fails.
func TestEveryRuleFindsWhatItIsFor(t *testing.T) {
	t.Parallel()
	cases := slices.Concat(
		brokenDocuments(), brokenTexts(), brokenOperations(), brokenAccess(), brokenAnswers(), brokenConditions(), brokenLists(),
		brokenParameters(), brokenSchemas(), brokenNames(), brokenExamples(), brokenDeprecations(),
	)
	// The document before any change is read once for all rules.
	part, unchanged := plant(t, false).document(), map[string]Outcome{}
	for _, rule := range Rules() {
		unchanged[rule.Name] = rule.check(part)
	}
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			before := unchanged[rule.Name]
			whole := rule.Name == "server-can-start" // it looks at how all operations fit together
			if whole {
				before = rule.check(plant(t, whole).document())
			}
			count := 0
			for _, c := range cases {
				name, what, _ := strings.Cut(c.what, ": ")
				if name != rule.Name {
					continue
				}
				count++
				changed := plant(t, whole)
				c.change(changed)
				after := rule.check(changed.document())
				found := func(f Finding) bool {
					return f.Pointer == "#"+c.at && f.Line > 0 && f.Message != "" && !slices.ContainsFunc(before.Findings, func(b Finding) bool {
						return b.Pointer == f.Pointer && b.Message == f.Message
					})
				}
				if !slices.ContainsFunc(after.Findings, found) {
					t.Errorf("%s: finds nothing at #%s, only %v", what, c.at, after.Findings)
				}
			}
			if count == 0 {
				t.Error("nothing shows that this rule finds anything")
			}
		})
	}
	for _, c := range cases {
		name, _, _ := strings.Cut(c.what, ": ")
		if !slices.ContainsFunc(Rules(), func(r Rule) bool { return r.Name == name }) {
			t.Errorf("there is no rule %s", name)
		}
	}
}

// set breaks by giving a member a value.
func set(what, at string, value any, found string) broken {
	return broken{what, func(g *tree) { g.set(at, value) }, found}
}

// without breaks by taking a member away.
func without(what, at, found string) broken {
	return broken{what, func(g *tree) { g.remove(at) }, found}
}

func brokenDocuments() []broken {
	return []broken{
		set("valid-openapi: of 3.0", "/openapi", "3.0.3", "/openapi"),
		without("valid-openapi: without a version of itself", "/info/version", ""),
		without("valid-openapi: an answer that is not described", opening+"/post/responses/200/$ref", ""),
		set("server-can-start: a permission that nobody has", jobs+"/get/x-required-permission", "jobs:guess", ""),
		without("server-can-start: nothing is asked for", jobs+"/get/x-required-permission", ""),
		set("server-can-start: two operations of one name", jobs+"/get/operationId", "GetJob", ""),
		set("publishable: a group that nobody knows", common+"/sometimes", inner{"X-Mood": inner{"$ref": "#/components/headers/Sunset"}}, common),
		set("publishable: a header that nothing describes", common+"/always/X-Mood", inner{"$ref": "#/components/headers/Mood"}, common),
		set("publishable: a header that is none", common+"/always/X-Mood", inner{"$ref": "#/components/parameters/Limit"}, common),
		set("introduction: no title", "/info/title", "", "/info"),
		set("introduction: another version", "/info/version", "v1", "/info/version"),
		without("introduction: no license", "/info/license", "/info"),
		set("introduction: says nothing", "/info/description", "An API.", "/info/description"),
		set("references-are-local: a file", jobs+"/get/responses/200/content/application~1json/schema",
			inner{"$ref": "#/paths/~1api~1v1~1users~1me/get/responses/200/content/application~1json/schema"},
			jobs+"/get/responses/200/content/application~1json/schema"),
		set("components-are-used: nobody refers to it", schemas+"/Spare", inner{"type": "boolean", "description": "Spare."}, schemas+"/Spare"),
		{"components-are-used: two that refer to each other", func(g *tree) {
			for one, other := range map[string]string{"SpareA": "SpareB", "SpareB": "SpareA"} {
				g.set(schemas+"/"+one, inner{"type": "object", "properties": inner{"other": inner{"$ref": "#" + schemas + "/" + other}}})
			}
		}, schemas + "/SpareA"},
		set("components-are-used: a scheme", "/components/securitySchemes/spare", inner{"type": "http", "scheme": "basic"}, "/components/securitySchemes/spare"),
		set("extensions-are-known: misspelled", jobs+"/get/x-rate-limitted", false, jobs+"/get/x-rate-limitted"),
		set("keywords-are-supported: nullable", schemas+"/Title/nullable", true, schemas+"/Title"),
		set("keywords-are-supported: a bound that is true", schemas+"/Title/exclusiveMinimum", true, schemas+"/Title"),
		set("keywords-are-supported: a constant", schemas+"/Title/const", "a", schemas+"/Title"),
		set("keywords-are-supported: only read", schemas+"/Title/readOnly", true, schemas+"/Title"),
		set("keywords-are-supported: only written", schemas+"/Title/writeOnly", true, schemas+"/Title"),
		set("keywords-are-supported: an object in the query", "/components/parameters/Limit/style", "deepObject", "/components/parameters/Limit"),
	}
}

func brokenTexts() []broken {
	return []broken{
		set("everything-is-described: an operation", jobs+"/get/description", " ", jobs+"/get"),
		set("everything-is-described: a parameter", "/components/parameters/Limit/description", "", "/components/parameters/Limit"),
		set("everything-is-described: a header", "/components/headers/ETag/description", "", "/components/headers/ETag"),
		set("everything-is-described: an answer", "/components/responses/Job/description", "", "/components/responses/Job"),
		without("everything-is-described: a schema", schemas+"/Job/description", schemas+"/Job"),
		without("everything-is-described: a member", schemas+"/Job/properties/department/description", schemas+"/Job/properties/department"),
		without("everything-is-described: an item", schemas+"/Problem/properties/allowed_actions/items/description",
			schemas+"/Problem/properties/allowed_actions/items"),
		without("everything-is-described: a scheme", "/components/securitySchemes/bearerAuth/description", "/components/securitySchemes/bearerAuth"),
		set("descriptions-are-sentences: no full stop", schemas+"/Job/description", "A position", schemas+"/Job/description"),
		set("descriptions-are-sentences: of a tag", "/tags/0/description", "Signing in", "/tags/0/description"),
		set("descriptions-are-sentences: unfinished", schemas+"/Job/description", "TODO: say what.", schemas+"/Job/description"),
		set("descriptions-are-sentences: two blanks", schemas+"/Job/description", "A  job.", schemas+"/Job/description"),
		set("summaries-are-titles: small", jobs+"/get/summary", "list jobs", jobs+"/get/summary"),
		set("summaries-are-titles: a sentence", jobs+"/get/summary", "List jobs.", jobs+"/get/summary"),
		set("summaries-are-titles: long", jobs+"/get/summary", "List "+strings.Repeat("very ", 20)+"many jobs", jobs+"/get/summary"),
		set("summaries-are-titles: another's", job+"/get/summary", "List jobs", job+"/get/summary"),
	}
}

func brokenOperations() []broken {
	return []broken{
		set("operations-are-verb-and-noun: small", jobs+"/get/operationId", "listJobs", jobs+"/get/operationId"),
		set("operations-are-verb-and-noun: another verb", jobs+"/get/operationId", "FetchJobs", jobs+"/get/operationId"),
		set("methods-match-verbs: a post that gets", opening+"/post/operationId", "GetOpening", opening+"/post"),
		set("operations-have-one-tag: two", jobs+"/get/tags", []any{"jobs", "users"}, jobs+"/get/tags"),
		set("operations-have-one-tag: unknown", jobs+"/get/tags", []any{"work"}, jobs+"/get/tags"),
		set("tags-are-used: no operation", "/tags/0/name", "nobody", "/tags/0"),
		without("tags-are-used: not described", "/tags/0/description", "/tags/0"),
		set("creating-returns-201: created otherwise", jobs+"/post/operationId", "OpenJobAtOnce", jobs+"/post/responses"),
		set("creating-returns-201: created nothing", opening+"/post/operationId", "CreateOpening", opening+"/post/responses"),
		set("actions-are-verbs: another step", opening+"/post/operationId", "CloseJobNow", opening+"/post"),
		set("paths-are-kebab-case: snake", "/paths/~1api~1v1~1old_jobs", inner{}, "/paths/~1api~1v1~1old_jobs"),
		set("paths-have-a-version: none", "/paths/~1jobs", inner{"get": inner{"operationId": "ListOldJobs", "tags": []any{"jobs"}, "responses": inner{}}},
			"/paths/~1jobs/get"),
		set("collections-are-plural: before an id", "/paths/~1api~1v1~1job~1{job_id}", inner{}, "/paths/~1api~1v1~1job~1{job_id}"),
		set("collections-are-plural: a list", opening+"/post/operationId", "ListOpenings", opening+"/post"),
		{"updates-address-one-resource: a patch of many", func(g *tree) { g.set(jobs+"/patch", g.at(job+"/patch")) }, jobs + "/patch"},
		set("path-parameters-are-ids: a name", "/components/parameters/JobID/name", "job", "/components/parameters/JobID"),
		set("path-parameters-are-ids: a text", "/components/parameters/JobID/schema", inner{"type": "string", "maxLength": 10}, "/components/parameters/JobID"),
		{"bodies-match-methods: a GET", func(g *tree) { g.set(jobs+"/get/requestBody", g.at(jobs+"/post/requestBody")) }, jobs + "/get"},
		without("bodies-match-methods: a PATCH without", job+"/patch/requestBody", job+"/patch"),
		without("bodies-are-required: optional", jobs+"/post/requestBody/required", jobs+"/post/requestBody"),
		set("request-media-types: a form", jobs+"/post/requestBody/content/application~1x-www-form-urlencoded",
			inner{"schema": inner{"$ref": "#" + schemas + "/CreateJobRequest"}}, jobs+"/post/requestBody"),
		set("request-media-types: a patch in XML", job+"/patch/requestBody/content/application~1xml",
			inner{"schema": inner{"$ref": "#" + schemas + "/UpdateJobRequest"}}, job+"/patch/requestBody"),
		without("request-media-types: an upload that does not say so", "/paths/~1api~1v1~1candidates~1import.csv/post/x-upload",
			"/paths/~1api~1v1~1candidates~1import.csv/post/requestBody"),
		without("operations-have-one-success: none", jobs+"/get/responses/200", jobs+"/get/responses"),
		set("operations-have-one-success: two", jobs+"/get/responses/204", inner{"description": "Nothing."}, jobs+"/get/responses"),
		without("operations-have-one-success: empty", jobs+"/get/responses/200/content", jobs+"/get/responses/200"),
		without("requests-are-closed: open", schemas+"/CreateJobRequest/additionalProperties", schemas+"/CreateJobRequest"),
		without("requests-are-closed: open within", schemas+"/KitCriterion/additionalProperties", schemas+"/KitCriterion"),
		set("requests-are-closed: open on purpose", schemas+"/CreateJobRequest/additionalProperties", true, schemas+"/CreateJobRequest"),
		without("patches-are-partial: empty", schemas+"/UpdateJobRequest/minProperties", job+"/patch/requestBody/content/application~1json"),
		set("patches-are-partial: requires", schemas+"/UpdateJobRequest/required", []any{"title"}, job+"/patch/requestBody/content/application~1json"),
		{"requests-are-named: otherwise", func(g *tree) {
			g.set(jobs+"/post/requestBody/content/application~1json/schema", inner{"$ref": "#" + schemas + "/JobSummary"})
		}, jobs + "/post/requestBody/content/application~1json"},
		{"responses-are-named: inline", func(g *tree) {
			g.set("/components/responses/Job/content/application~1json/schema", g.at(schemas+"/Job"))
		}, "/components/responses/Job/content/application~1json"},
	}
}

func brokenAccess() []broken {
	return []broken{
		set("access-is-declared: another form", jobs+"/get/x-required-permission", "read jobs", jobs+"/get/x-required-permission"),
		without("access-is-declared: no permission", jobs+"/get/x-required-permission", jobs+"/get"+"/x-required-permission"),
		without("access-is-declared: nobody asks", jobs+"/get/security", jobs+"/get"),
		set("access-is-declared: public with a permission", jobs+"/get/security", []any{}, jobs+"/get/x-required-permission"),
		set("access-is-declared: public by a gap", jobs+"/get/security", []any{inner{"bearerAuth": []any{}}, inner{}}, jobs+"/get/x-required-permission"),
		set("access-is-declared: another scheme", jobs+"/get/security", []any{inner{"cookie": []any{}}}, jobs+"/get/security"),
		set("public-operations: jobs", jobs+"/get/security", []any{}, jobs+"/get/security"),
		set("grants-are-valid: none", "/x-roles/hr", []any{}, "/x-roles/hr"),
		set("grants-are-valid: of nothing", "/x-roles/hr/0", "jobs:guess", "/x-roles/hr/0"),
		set("grants-are-valid: twice", "/x-roles/hr", []any{"jobs:read", "jobs:read"}, "/x-roles/hr/1"),
		set("grants-are-valid: a key's", "/x-key-scopes", inner{"jobs:guess": "company"}, "/x-key-scopes/jobs:guess"),
	}
}
