package lint

import (
	"net/http"
	"slices"
)

// guarded returns the tags whose resources can be updated only with If-Match.
func guarded() []string { return []string{"interviews", "kits", "scores"} }

func conditionRules() []Rule {
	return []Rule{
		{
			"resources-have-etags",
			"A GET of a resource that has an ID, or that can be updated, returns an ETag.",
			func(c *checker) {
				for _, op := range c.operations {
					if op.method == http.MethodGet && (isParameter(op.lastSegment()) || op.item.Patch != nil) {
						c.require(op.returnsETag(), op.pointer+"/responses", "declare the header ETag of the successful response")
					}
				}
			},
		},
		{
			"etags-support-if-none-match",
			"A GET takes If-None-Match and declares 304 if it returns an ETag. A PUT takes If-None-Match. No other operation " +
				"does.",
			func(c *checker) {
				for _, op := range c.operations {
					want := op.method == http.MethodGet && op.returnsETag()
					c.require(op.takes("header", "If-None-Match") == (want || op.method == http.MethodPut), op.pointer,
						"a GET must return an ETag and take If-None-Match, or neither; a PUT must take it; other methods must not")
					c.require(op.declares("304") == want, op.pointer+"/responses",
						"a GET must return an ETag and declare 304, or neither; other methods must not declare it")
				}
			},
		},
		{
			"etags-support-if-match",
			"An operation that changes a resource with an ETag takes If-Match, and declares 412 and 428. No other does.",
			checkIfMatch,
		},
		{
			"posts-are-idempotent",
			"A POST that requires authentication takes an Idempotency-Key, and declares 409 and 422. No other operation does.",
			func(c *checker) {
				for _, op := range c.operations {
					takes := op.takes("header", "Idempotency-Key")
					c.require(takes == (op.method == http.MethodPost && !op.public()), op.pointer,
						"a POST that requires authentication must take Idempotency-Key, and other operations must not")
					c.require(!takes || op.declares("409") && op.declares("422"), op.pointer+"/responses",
						"declare 409 and 422, with which an Idempotency-Key can be rejected")
				}
			},
		},
	}
}

func checkIfMatch(c *checker) {
	for _, op := range c.operations {
		changes := op.method != http.MethodGet && !op.declares("201")
		takes := op.takes("header", "If-Match")
		c.require(op.method != http.MethodPatch || op.returnsETag(), op.pointer, "a PATCH must return an ETag")
		c.require(takes || !changes || !op.returnsETag(), op.pointer,
			"the operation changes a resource with an ETag: add the parameter If-Match")
		c.require(!takes || changes, op.pointer, "the operation does not change a resource: remove the parameter If-Match")
		c.require(op.declares("412") == (takes || op.method == http.MethodPut), op.pointer+"/responses",
			"an operation must take If-Match or be a PUT, and declare 412, or neither")
		c.require(op.declares("428") == op.refersTo("IfMatchNeeded"), op.pointer+"/responses",
			"an operation must have the parameter IfMatchNeeded and declare 428, or neither")
		if op.method == http.MethodPatch && len(op.Tags) == 1 && slices.Contains(guarded(), op.Tags[0]) {
			c.require(op.refersTo("IfMatchNeeded"), op.pointer,
				"updates of %s must require If-Match: use IfMatchNeeded", op.Tags[0])
		}
	}
}
