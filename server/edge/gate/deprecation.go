package gate

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// leastNotice is the least time between a deprecation and its sunset.
const leastNotice = 180 * 24 * time.Hour

// deprecation describes a deprecated operation, parameter or member.
type deprecation struct {
	// what it is, as the metrics name it: "operation", "parameter NAME", "request POINTER" or "response POINTER".
	what string
	// since is when it was deprecated, and sunset when it may be removed at the earliest.
	since, sunset time.Time
}

// deprecations are those of an operation.
type deprecations struct {
	always     []deprecation // the operation itself, and members of its responses
	parameters map[string]deprecation
	members    map[string]deprecation // by pointers in which * stands for any index of an array
}

// readDeprecations collects the deprecations of an operation. It fails on one without dates, or with too little notice.
func readDeprecations(item *openapi3.PathItem, op *openapi3.Operation) (deprecations, error) {
	d := deprecations{parameters: map[string]deprecation{}, members: map[string]deprecation{}}
	var flaws []error
	note := func(deprecated bool, extensions map[string]any, what string, keep func(deprecation)) {
		if !deprecated {
			return
		}
		one, err := readDeprecation(extensions, what)
		if err != nil {
			flaws = append(flaws, err)
			return
		}
		keep(one)
	}
	always := func(one deprecation) { d.always = append(d.always, one) }
	note(op.Deprecated, op.Extensions, "operation", always)
	for _, parameter := range slices.Concat(item.Parameters, op.Parameters) {
		p := parameter.Value
		note(p.Deprecated, p.Extensions, "parameter "+p.Name, func(one deprecation) { d.parameters[p.Name] = one })
	}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Value.Content {
			eachMember(media.Schema, "", nil, func(pointer string, s *openapi3.Schema) {
				note(s.Deprecated, s.Extensions, "request "+pointer, func(one deprecation) { d.members[pointer] = one })
			})
		}
	}
	seen := map[string]bool{}
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		for _, media := range op.Responses.Value(status).Value.Content {
			eachMember(media.Schema, "", nil, func(pointer string, s *openapi3.Schema) {
				if !seen[pointer] {
					seen[pointer] = true
					note(s.Deprecated, s.Extensions, "response "+pointer, always)
				}
			})
		}
	}
	return d, errors.Join(flaws...)
}

func readDeprecation(extensions map[string]any, what string) (deprecation, error) {
	one := deprecation{what: what}
	for name, into := range map[string]*time.Time{"x-deprecated-at": &one.since, "x-sunset": &one.sunset} {
		text, _ := extensions[name].(string)
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return one, fmt.Errorf("%s is deprecated without the date %s", what, name)
		}
		*into = at
	}
	if one.sunset.Sub(one.since) < leastNotice {
		return one, fmt.Errorf("%s has its sunset less than half a year after it was deprecated", what)
	}
	return one, nil
}

// eachMember calls a function with the pointer and the schema of every member of a schema, at any depth.
func eachMember(ref *openapi3.SchemaRef, at string, above []*openapi3.Schema, each func(string, *openapi3.Schema)) {
	if ref == nil || ref.Value == nil || slices.Contains(above, ref.Value) {
		return
	}
	schema := ref.Value
	above = append(above, schema)
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		pointer := at + "/" + pointerEscape.Replace(name)
		each(pointer, schema.Properties[name].Value)
		eachMember(schema.Properties[name], pointer, above, each)
	}
	if schema.Items != nil {
		eachMember(schema.Items, at+"/*", above, each)
	}
	for _, part := range slices.Concat(schema.AllOf, schema.AnyOf, schema.OneOf) {
		eachMember(part, at, above, each)
	}
}

// used lists the deprecations that apply to a request.
func (d deprecations) used(header http.Header, in input) []deprecation {
	used := slices.Clone(d.always)
	for name, one := range d.parameters {
		if _, found := in.query[name]; found || header.Get(name) != "" {
			used = append(used, one)
		}
	}
	if len(d.members) == 0 || in.body == nil {
		return used
	}
	found := map[string]bool{}
	eachSent(in.body.Value, "", func(pointer string) { found[pointer] = true })
	for pointer, one := range d.members {
		if found[pointer] {
			used = append(used, one)
		}
	}
	return used
}

// eachSent calls a function with the pointer of every member of a decoded body.
func eachSent(value any, at string, each func(pointer string)) {
	switch of := value.(type) {
	case map[string]any:
		for name, member := range of {
			pointer := at + "/" + pointerEscape.Replace(name)
			each(pointer)
			eachSent(member, pointer, each)
		}
	case []any:
		for _, entry := range of {
			eachSent(entry, at+"/*", each)
		}
	}
}

// announce sets the headers Deprecation (RFC 9745) and Sunset (RFC 8594) if a request uses something deprecated, and
// counts the client.
func (g *Gate) announce(op *Operation, request *access.Request, response, header http.Header, in input) {
	if op.deprecated.none() {
		return
	}
	used := op.deprecated.used(header, in)
	if len(used) == 0 {
		return
	}
	first := slices.MinFunc(used, func(a, b deprecation) int { return a.sunset.Compare(b.sunset) })
	response.Set("Deprecation", "@"+strconv.FormatInt(first.since.Unix(), 10))
	response.Set("Sunset", first.sunset.UTC().Format(http.TimeFormat))
	client := "anonymous"
	if actor := request.Actor; actor != nil && actor.Key != nil {
		client = actor.ID.String()
	} else if actor != nil {
		client = "people"
	}
	for _, one := range used {
		g.Metrics.Deprecated(op.ID, one.what, client)
	}
}

func (d deprecations) none() bool {
	return len(d.always) == 0 && len(d.parameters) == 0 && len(d.members) == 0
}
