package gate

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// parameter is a query parameter of the specification.
type parameter struct {
	// repeatable parameters are lists.
	repeatable bool
	// form matches values as JSON writes them; nil for strings.
	form *regexp.Regexp
	// kind says what such a value is.
	kind string
	// email parameters are email addresses.
	email bool
	// usual is the default; empty if the specification has none.
	usual string
}

var (
	booleanForm = regexp.MustCompile(`^(true|false)$`)
	integerForm = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

	errSemicolon = errors.New("invalid semicolon separator in query")
)

// readParameter reads the schema of a query parameter. The form is checked here because the validator also accepts
// values that JSON does not have, such as T for true and 007 for 7.
func readParameter(schema *openapi3.Schema) parameter {
	p := parameter{repeatable: schema.Type.Is(openapi3.TypeArray)}
	if schema.Default != nil {
		p.usual = fmt.Sprint(schema.Default)
	}
	if p.repeatable && schema.Items != nil {
		schema = schema.Items.Value
	}
	switch {
	case schema.Type.Is(openapi3.TypeBoolean):
		p.form, p.kind = booleanForm, "must be true or false"
	case schema.Type.Is(openapi3.TypeInteger):
		p.form, p.kind = integerForm, "must be of type integer"
	case schema.Format == "email":
		p.email = true
	}
	return p
}

// readQuery parses a query string, in the same way as url.ParseQuery, and adds all of its flaws to a fault: pairs that
// cannot be decoded, unknown parameters, repeated ones that are not lists, and values that are not text.
func (op *Operation) readQuery(raw string, f *fault.Fault) url.Values {
	if raw == "" {
		return noQuery
	}
	query, seen := url.Values{}, map[string]bool{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, err := unescape(pair)
		if err != nil {
			f.Parameter(clip(title(pair)), "syntax", "cannot be decoded as part of a query string; "+decodable(err))
			continue
		}
		parameter, known := op.query[name]
		switch {
		case !known:
			f.Parameter(clip(cmp.Or(name, pair)), "unknown", "is not a parameter of this operation"+op.suggest(name))
		case !clean(value):
			f.Parameter(name, "encoding", "must be UTF-8 text without U+0000")
		case seen[name] && !parameter.repeatable:
			f.Parameter(name, "repeated", "must not be repeated")
		case parameter.form != nil && value != "" && !parameter.form.MatchString(value):
			f.Parameter(name, "type", parameter.kind)
		case parameter.email:
			query[name] = append(query[name], text.Bare(value))
		default:
			query[name] = append(query[name], value)
		}
		seen[name] = true
	}
	return query
}

// usualNames are parameters of other APIs that have another name here, without their underscores.
//
//nolint:gochecknoglobals // a constant
var usualNames = map[string]string{
	"perpage": "limit", "pagesize": "limit", "size": "limit", "top": "limit", "count": "limit", "maxresults": "limit",
	"pagetoken": "cursor", "nextcursor": "cursor", "after": "cursor", "startingafter": "cursor", "next": "cursor",
	"order": "sort", "orderby": "sort", "sortby": "sort", "sortorder": "sort", "ordering": "sort",
	"search": "q", "query": "q", "keyword": "q", "name": "q", "filter": "q",
	"since": "updated_since", "modifiedsince": "updated_since", "changedsince": "updated_since",
	"updatedafter": "updated_since", "modifiedafter": "updated_since", "updatedfrom": "updated_since",
	"updatedat": "updated_since", "lastmodified": "updated_since",
	"from": "starts_from", "startsafter": "starts_from", "startdate": "starts_from", "to": "starts_before",
	"until": "starts_before", "enddate": "starts_before", "endsbefore": "starts_before",
}

// suggest returns how to write the name of an unknown parameter: without the brackets by which some libraries write
// lists, by the name that it has here, or as a similar one.
func (op *Operation) suggest(name string) string {
	known := slices.Sorted(maps.Keys(op.query))
	bare, inner, _ := strings.Cut(name, "[")
	inner, _, _ = strings.Cut(inner, "]")
	for _, meant := range []string{bare, inner} { // status[] and filter[status]
		parameter, found := op.query[meant]
		switch {
		case meant == name || !found:
		case parameter.repeatable:
			return fmt.Sprintf("; write %s=… without brackets, and repeat it for several values", meant)
		default:
			return fmt.Sprintf("; write %s=… without brackets", meant)
		}
	}
	usual := strings.ReplaceAll(strings.ToLower(name), "_", "")
	if _, paged := op.query["cursor"]; paged && (usual == "page" || usual == "offset" || usual == "skip") {
		return "; pages have no numbers: send the next_cursor of a page as cursor"
	}
	if meant := usualNames[usual]; slices.Contains(known, meant) {
		return "; did you mean " + meant + "?"
	}
	if near := text.Nearest(name, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// unescape decodes one pair of a query string.
func unescape(pair string) (name, value string, err error) {
	if strings.Contains(pair, ";") { // which some parsers read as another "&"
		return "", "", errSemicolon
	}
	name, value, _ = strings.Cut(pair, "=")
	if name, err = url.QueryUnescape(name); err != nil {
		return "", "", err
	}
	value, err = url.QueryUnescape(value)
	return name, value, err
}

// decodable returns how to write what unescape cannot decode.
func decodable(err error) string {
	if errors.Is(err, errSemicolon) {
		return "write & between parameters, and ; in a value as %3B"
	}
	return "write % as %25"
}

// title is how an error names a pair that cannot be decoded: the name as sent, or all of it without a name.
func title(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	return cmp.Or(name, pair)
}

// explicit returns a query without the parameters that have their default value.
func (op *Operation) explicit(query url.Values) url.Values {
	explicit := url.Values{}
	for name, values := range query {
		if len(values) != 1 || values[0] == "" || values[0] != op.query[name].usual {
			explicit[name] = values
		}
	}
	return explicit
}

// clean reports whether a text from the path or the query can be stored and compared: valid UTF-8 without U+0000.
func clean(value string) bool { return utf8.ValidString(value) && !strings.ContainsRune(value, 0) }

// clip shortens what a client sent to what an error repeats of it.
func clip(sent string) string {
	const most = 60
	sent = strings.ToValidUTF8(sent, "�")
	if runes := []rune(sent); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return sent
}
