package lint

const (
	responses  = "/components/responses"
	candidates = "/paths/~1api~1v1~1candidates"
	kit        = "/paths/~1api~1v1~1kits~1{kit_id}"
)

func responseViolations() []violation {
	cases := []violation{
		set("errors-are-problems: other schema", responses+"/NotFound/content/application~1problem+json/schema",
			object{"$ref": "#" + schemas + "/Health"}, job+"/get/responses/404"),
		set("errors-are-problems: additional media type", responses+"/NotFound/content/application~1json",
			object{"schema": object{"$ref": "#" + schemas + "/Problem"}}, job+"/get/responses/404"),
		without("errors-are-problems: no content", responses+"/NotFound/content", job+"/get/responses/404"),
		{"errors-are-components: inline response", func(g *tree) {
			g.set(job+"/get/responses/404", g.at(responses+"/NotFound"))
		}, job + "/get/responses/404"},
		set("error-examples-match: unknown code", responses+"/NotFound/content/application~1problem+json/example/code", "lost",
			job+"/get/responses/404"),
		set("error-examples-match: other detail", responses+"/NotFound/content/application~1problem+json/example/detail", "Lost.",
			job+"/get/responses/404"),
		set("error-examples-match: other status", responses+"/NotFound/content/application~1problem+json/example/status", 410,
			job+"/get/responses/404"),
		set("error-examples-match: other type", responses+"/NotFound/content/application~1problem+json/example/type", "about:blank",
			job+"/get/responses/404"),
		set("error-examples-match: not an object", responses+"/NotFound/content/application~1problem+json/example", []any{}, job+"/get/responses/404"),
		without("responses-have-headers: 201 without Location", jobs+"/post/responses/201/headers/Location", jobs+"/post/responses/201"),
		without("responses-have-headers: 201 without ETag", jobs+"/post/responses/201/headers/ETag", jobs+"/post/responses/201"),
		without("responses-have-headers: 401", responses+"/Unauthorized/headers", jobs+"/get/responses/401"),
		without("responses-have-headers: 429", responses+"/TooManyRequests/headers", jobs+"/get/responses/429"),
		without("responses-have-headers: 503", responses+"/Unavailable/headers", jobs+"/get/responses/503"),
		{"responses-have-headers: 405", func(g *tree) {
			g.set(jobs+"/get/responses/405", object{"description": "No.", "content": g.at(responses + "/NotFound/content")})
		}, jobs + "/get/responses/405"},
		{"not-modified-is-empty: body", func(g *tree) {
			g.set(responses+"/NotModified/content", g.at(responses+"/Job/content"))
		}, job + "/get/responses/304"},
		without("not-modified-is-empty: no ETag", responses+"/NotModified/headers", job+"/get/responses/304"),
	}
	for status, at := range map[string]string{
		"304": job + "/get", "400": jobs + "/get", "401": jobs + "/get", "403": jobs + "/get", "404": job + "/get", "409": opening + "/post",
		"412": job + "/patch", "422": jobs + "/post", "428": kit + "/patch", "429": jobs + "/get", "500": jobs + "/get", "503": jobs + "/get",
	} {
		cases = append(cases, without("errors-are-declared: no "+status, at+"/responses/"+status, at+"/responses"))
	}
	for status, at := range map[string]string{"406": jobs + "/get", "413": jobs + "/post", "415": jobs + "/post", "431": jobs + "/get"} {
		cases = append(cases, violation{"errors-are-declared: neither declared nor mentioned " + status, func(g *tree) {
			g.set("/info/description", "An API.")
			responses, _ := g.at(at + "/responses").(object)
			delete(responses, status)
		}, at + "/responses"})
	}
	return append(cases,
		without("errors-are-declared: 403 of a public write", "/paths/~1api~1v1~1auth~1login/post/responses/403",
			"/paths/~1api~1v1~1auth~1login/post/responses"),
		without("errors-are-declared: 422 of an upload", candidates+"~1import.csv/post/responses/422", candidates+"~1import.csv/post/responses"),
	)
}

func conditionViolations() []violation {
	parameters := "#/components/parameters/"
	drop := func(name, at, parameter, pointer string) violation {
		return violation{name, func(g *tree) { g.drop(at+"/parameters", refersTo(parameters+parameter)) }, pointer}
	}
	push := func(name, at, parameter, pointer string) violation {
		return violation{name, func(g *tree) { g.push(at+"/parameters", object{"$ref": parameters + parameter}) }, pointer}
	}
	return []violation{
		without("resources-have-etags: resource with an ID", responses+"/Job/headers", job+"/get/responses"),
		without("resources-have-etags: resource without an ID", "/paths/~1api~1v1~1users~1me/get/responses/200/headers",
			"/paths/~1api~1v1~1users~1me/get/responses"),
		drop("etags-support-if-none-match: no If-None-Match", job+"/get", "IfNoneMatch", job+"/get"),
		push("etags-support-if-none-match: list with If-None-Match", jobs+"/get", "IfNoneMatch", jobs+"/get"),
		without("etags-support-if-none-match: no 304", job+"/get/responses/304", job+"/get/responses"),
		drop("etags-support-if-match: no If-Match", job+"/patch", "IfMatch", job+"/patch"),
		drop("etags-support-if-match: action without If-Match", opening+"/post", "IfMatch", opening+"/post"),
		push("etags-support-if-match: creation with If-Match", jobs+"/post", "IfMatch", jobs+"/post"),
		without("etags-support-if-match: no ETag", responses+"/Job/headers", job+"/patch"),
		without("etags-support-if-match: no 412", job+"/patch/responses/412", job+"/patch/responses"),
		without("etags-support-if-match: no 428", kit+"/patch/responses/428", kit+"/patch/responses"),
		{"etags-support-if-match: kit with optional If-Match", func(g *tree) {
			g.drop(kit+"/patch/parameters", refersTo(parameters+"IfMatchNeeded"))
			g.push(kit+"/patch/parameters", object{"$ref": parameters + "IfMatch"})
		}, kit + "/patch"},
		drop("posts-are-idempotent: no key", jobs+"/post", "IdempotencyKey", jobs+"/post"),
		push("posts-are-idempotent: PATCH with a key", job+"/patch", "IdempotencyKey", job+"/patch"),
		without("posts-are-idempotent: no 422", opening+"/post/responses/422", opening+"/post/responses"),
		without("posts-are-idempotent: no 409", opening+"/post/responses/409", opening+"/post/responses"),
	}
}

func listViolations() []violation {
	page := schemas + "/JobPage"
	listed := jobs + "/get/responses/200"
	return []violation{
		{"lists-are-paginated: no limit", func(g *tree) { g.drop(jobs+"/get/parameters", refersTo("#/components/parameters/Limit")) }, jobs + "/get"},
		{"lists-are-paginated: no cursor", func(g *tree) { g.drop(jobs+"/get/parameters", refersTo("#/components/parameters/Cursor")) }, jobs + "/get"},
		{"lists-are-paginated: cursor of another operation", func(g *tree) {
			g.push(job+"/get/parameters", object{"$ref": "#/components/parameters/Cursor"})
		}, job + "/get"},
		{"lists-are-paginated: offset", func(g *tree) {
			g.push(jobs+"/get/parameters", object{"name": "offset", "in": "query", "schema": object{"type": "integer"}})
		}, jobs + "/get"},
		set("lists-are-paginated: other maximum", "/components/parameters/Limit/schema/maximum", 1000, "/components/parameters/Limit"),
		set("lists-are-paginated: other default", "/components/parameters/Limit/schema/default", 20, "/components/parameters/Limit"),
		without("pages-have-one-format: no Link", listed+"/headers", listed),
		{"pages-have-one-format: other schema", func(g *tree) {
			g.set(listed+"/content/application~1json/schema", object{"$ref": "#" + schemas + "/Job"})
		}, listed},
		set("pages-have-one-format: additional property", page+"/properties/total", object{"type": "integer"}, listed),
		set("pages-have-one-format: optional properties", page+"/required", []any{"data"}, listed),
		set("pages-have-one-format: other maxItems", page+"/properties/data/maxItems", 500, listed),
		set("pages-have-one-format: inline items", page+"/properties/data/items", object{"type": "object"}, listed),
		set("pages-have-one-format: next_cursor not nullable", page+"/properties/next_cursor/type", "string", listed),
		set("pages-have-one-format: has_more not boolean", page+"/properties/has_more/type", "string", listed),
		{"sorts-are-reversible: one direction only", func(g *tree) {
			g.drop(schemas+"/JobSort/enum", func(item any) bool { return item == "-title" })
		}, schemas + "/JobSort"},
		without("sorts-are-reversible: no default", schemas+"/JobSort/default", schemas+"/JobSort"),
		{"sorts-are-reversible: not an enum", func(g *tree) {
			g.push(opening+"/parameters", object{"name": "sort", "in": "query", "schema": object{"type": "string"}})
		}, opening + "/parameters/1"},
		{"lists-support-synchronization: no updated_since", func(g *tree) {
			g.drop(jobs+"/get/parameters", refersTo("#/components/parameters/UpdatedSince"))
		}, jobs + "/get"},
		{"lists-support-synchronization: no sort by updated_at", func(g *tree) {
			g.drop(schemas+"/JobSort/enum", func(item any) bool { return item == "updated_at" })
		}, jobs + "/get"},
	}
}
