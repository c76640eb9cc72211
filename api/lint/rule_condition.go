package lint

import (
	"net/http"
	"slices"
)

// guarded are the tags whose things are not changed by someone who does not say what the change is based on.
func guarded() []string { return []string{"interviews", "kits", "scores"} }

func conditionRules() []Rule {
	return []Rule{
		{
			"single-things-have-versions",
			"Whoever reads a single thing that has an id, or can be patched, gets its ETag.",
			func(l *look) {
				for _, op := range l.operations {
					if op.method == http.MethodGet && (variable(op.last()) || op.item.Patch != nil) {
						l.ask(op.tagged(), op.pointer+"/responses", "answers without ETag")
					}
				}
			},
		},
		{
			"versions-can-be-asked-for",
			"What has an ETag is asked for with If-None-Match, and answered 304; nothing else is.",
			func(l *look) {
				for _, op := range l.operations {
					asks, tagged := op.takes("header", "If-None-Match"), op.method == http.MethodGet && op.tagged()
					l.ask(asks == tagged, op.pointer, "has an ETag and no If-None-Match, or the other way round")
					l.ask(op.answers("304") == tagged, op.pointer+"/responses",
						"has an ETag and no 304, or the other way round")
				}
			},
		},
		{
			"changes-name-versions",
			"What changes something that has an ETag takes If-Match, with its 412 and 428; what only reads or creates does not.",
			func(l *look) {
				for _, op := range l.operations {
					changes := op.method != http.MethodGet && !op.answers("201") && op.tagged()
					l.ask(op.method != http.MethodPatch || op.tagged(), op.pointer,
						"changes something and answers without ETag")
					takes := op.takes("header", "If-Match")
					l.ask(takes || !changes, op.pointer, "answers with an ETag and takes no If-Match")
					l.ask(!takes || op.method != http.MethodGet && !op.answers("201"), op.pointer,
						"takes If-Match and changes nothing")
					l.ask(op.answers("412") == takes, op.pointer+"/responses", "412 belongs to If-Match")
					l.ask(op.answers("428") == op.refers("IfMatchNeeded"), op.pointer+"/responses",
						"428 belongs to IfMatchNeeded")
					if op.method == http.MethodPatch && len(op.Tags) == 1 && slices.Contains(guarded(), op.Tags[0]) {
						l.ask(op.refers("IfMatchNeeded"), op.pointer, "is changed without saying what the change is based on")
					}
				}
			},
		},
		{
			"posts-can-be-repeated",
			"Every POST of somebody who is known takes an Idempotency-Key, with its 409 and 422; nothing else does.",
			func(l *look) {
				for _, op := range l.operations {
					takes := op.takes("header", "Idempotency-Key")
					l.ask(takes == (op.method == http.MethodPost && !op.public()), op.pointer,
						"an Idempotency-Key belongs to such a POST")
					l.ask(!takes || op.answers("409") && op.answers("422"), op.pointer+"/responses",
						"a key is refused by 409 and 422")
				}
			},
		},
	}
}
