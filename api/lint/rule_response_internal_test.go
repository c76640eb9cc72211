package lint

const (
	responses  = "/components/responses"
	candidates = "/paths/~1api~1v1~1candidates"
	kit        = "/paths/~1api~1v1~1kits~1{kit_id}"
)

func brokenAnswers() []broken {
	cases := []broken{
		set("errors-are-problems: another schema", responses+"/NotFound/content/application~1problem+json/schema",
			inner{"$ref": "#" + schemas + "/Health"}, job+"/get/responses/404"),
		set("errors-are-problems: JSON besides", responses+"/NotFound/content/application~1json",
			inner{"schema": inner{"$ref": "#" + schemas + "/Problem"}}, job+"/get/responses/404"),
		without("errors-are-problems: nothing", responses+"/NotFound/content", job+"/get/responses/404"),
		{"errors-are-components: written in place", func(g *tree) {
			g.set(job+"/get/responses/404", g.at(responses+"/NotFound"))
		}, job + "/get/responses/404"},
		set("error-examples-match: another code", responses+"/NotFound/content/application~1problem+json/example/code", "lost",
			job+"/get/responses/404"),
		set("error-examples-match: another detail", responses+"/NotFound/content/application~1problem+json/example/detail", "Lost.",
			job+"/get/responses/404"),
		set("error-examples-match: another status", responses+"/NotFound/content/application~1problem+json/example/status", 410,
			job+"/get/responses/404"),
		set("error-examples-match: another type", responses+"/NotFound/content/application~1problem+json/example/type", "about:blank",
			job+"/get/responses/404"),
		set("error-examples-match: none", responses+"/NotFound/content/application~1problem+json/example", []any{}, job+"/get/responses/404"),
		without("responses-have-headers: of 201 the Location", jobs+"/post/responses/201/headers/Location", jobs+"/post/responses/201"),
		without("responses-have-headers: of 201 the ETag", jobs+"/post/responses/201/headers/ETag", jobs+"/post/responses/201"),
		without("responses-have-headers: of 401", responses+"/Unauthorized/headers", jobs+"/get/responses/401"),
		without("responses-have-headers: of 429", responses+"/TooManyRequests/headers", jobs+"/get/responses/429"),
		without("responses-have-headers: of 503", responses+"/Unavailable/headers", jobs+"/get/responses/503"),
		{"responses-have-headers: of 405", func(g *tree) {
			g.set(jobs+"/get/responses/405", inner{"description": "No.", "content": g.at(responses + "/NotFound/content")})
		}, jobs + "/get/responses/405"},
		{"not-modified-is-empty: a body", func(g *tree) {
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
		cases = append(cases, broken{"errors-are-declared: neither here nor everywhere " + status, func(g *tree) {
			g.set("/info/description", "An API.")
			responses, _ := g.at(at + "/responses").(inner)
			delete(responses, status)
		}, at + "/responses"})
	}
	return append(cases,
		without("errors-are-declared: a foreign site", "/paths/~1api~1v1~1auth~1login/post/responses/403",
			"/paths/~1api~1v1~1auth~1login/post/responses"),
		without("errors-are-declared: rows of an upload", candidates+"~1import.csv/post/responses/422", candidates+"~1import.csv/post/responses"),
	)
}

func brokenConditions() []broken {
	parameters := "#/components/parameters/"
	drop := func(what, at, name, found string) broken {
		return broken{what, func(g *tree) { g.drop(at+"/parameters", refers(parameters+name)) }, found}
	}
	push := func(what, at, name, found string) broken {
		return broken{what, func(g *tree) { g.push(at+"/parameters", inner{"$ref": parameters + name}) }, found}
	}
	return []broken{
		without("resources-have-etags: a job", responses+"/Job/headers", job+"/get/responses"),
		without("resources-have-etags: what is one's own", "/paths/~1api~1v1~1users~1me/get/responses/200/headers",
			"/paths/~1api~1v1~1users~1me/get/responses"),
		drop("etags-support-if-none-match: no If-None-Match", job+"/get", "IfNoneMatch", job+"/get"),
		push("etags-support-if-none-match: of a list", jobs+"/get", "IfNoneMatch", jobs+"/get"),
		without("etags-support-if-none-match: no 304", job+"/get/responses/304", job+"/get/responses"),
		drop("etags-support-if-match: no If-Match", job+"/patch", "IfMatch", job+"/patch"),
		drop("etags-support-if-match: an action without", opening+"/post", "IfMatch", opening+"/post"),
		push("etags-support-if-match: what creates", jobs+"/post", "IfMatch", jobs+"/post"),
		without("etags-support-if-match: no ETag", responses+"/Job/headers", job+"/patch"),
		without("etags-support-if-match: no 412", job+"/patch/responses/412", job+"/patch/responses"),
		without("etags-support-if-match: no 428", kit+"/patch/responses/428", kit+"/patch/responses"),
		{"etags-support-if-match: a kit without", func(g *tree) {
			g.drop(kit+"/patch/parameters", refers(parameters+"IfMatchNeeded"))
			g.push(kit+"/patch/parameters", inner{"$ref": parameters + "IfMatch"})
		}, kit + "/patch"},
		drop("posts-are-idempotent: no key", jobs+"/post", "IdempotencyKey", jobs+"/post"),
		push("posts-are-idempotent: a patch", job+"/patch", "IdempotencyKey", job+"/patch"),
		without("posts-are-idempotent: no 422", opening+"/post/responses/422", opening+"/post/responses"),
		without("posts-are-idempotent: no 409", opening+"/post/responses/409", opening+"/post/responses"),
	}
}

func brokenLists() []broken {
	page := schemas + "/JobPage"
	listed := jobs + "/get/responses/200"
	return []broken{
		{"lists-are-paginated: no limit", func(g *tree) { g.drop(jobs+"/get/parameters", refers("#/components/parameters/Limit")) }, jobs + "/get"},
		{"lists-are-paginated: no cursor", func(g *tree) { g.drop(jobs+"/get/parameters", refers("#/components/parameters/Cursor")) }, jobs + "/get"},
		{"lists-are-paginated: something else", func(g *tree) {
			g.push(job+"/get/parameters", inner{"$ref": "#/components/parameters/Cursor"})
		}, job + "/get"},
		{"lists-are-paginated: an offset", func(g *tree) {
			g.push(jobs+"/get/parameters", inner{"name": "offset", "in": "query", "schema": inner{"type": "integer"}})
		}, jobs + "/get"},
		set("lists-are-paginated: endless", "/components/parameters/Limit/schema/maximum", 1000, "/components/parameters/Limit"),
		set("lists-are-paginated: another default", "/components/parameters/Limit/schema/default", 20, "/components/parameters/Limit"),
		without("pages-have-one-format: no Link", listed+"/headers", listed),
		{"pages-have-one-format: no page", func(g *tree) {
			g.set(listed+"/content/application~1json/schema", inner{"$ref": "#" + schemas + "/Job"})
		}, listed},
		set("pages-have-one-format: a total", page+"/properties/total", inner{"type": "integer"}, listed),
		set("pages-have-one-format: sometimes", page+"/required", []any{"data"}, listed),
		set("pages-have-one-format: long", page+"/properties/data/maxItems", 500, listed),
		set("pages-have-one-format: of anything", page+"/properties/data/items", inner{"type": "object"}, listed),
		set("pages-have-one-format: a cursor always", page+"/properties/next_cursor/type", "string", listed),
		set("pages-have-one-format: more or less", page+"/properties/has_more/type", "string", listed),
		{"sorts-are-reversible: one way", func(g *tree) {
			g.drop(schemas+"/JobSort/enum", func(item any) bool { return item == "-title" })
		}, schemas + "/JobSort"},
		without("sorts-are-reversible: no default", schemas+"/JobSort/default", schemas+"/JobSort"),
		{"sorts-are-reversible: anything", func(g *tree) {
			g.push(opening+"/parameters", inner{"name": "sort", "in": "query", "schema": inner{"type": "string"}})
		}, opening + "/parameters/1"},
		{"lists-support-synchronization: not since", func(g *tree) {
			g.drop(jobs+"/get/parameters", refers("#/components/parameters/UpdatedSince"))
		}, jobs + "/get"},
		{"lists-support-synchronization: not in that order", func(g *tree) {
			g.drop(schemas+"/JobSort/enum", func(item any) bool { return item == "updated_at" })
		}, jobs + "/get"},
	}
}
