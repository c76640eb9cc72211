package candidates

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// normalizeLinks writes the links of a record as URLs require it: the scheme in lower case, and characters that a URL
// must not contain percent-encoded. It returns a note for each link that it has changed.
func normalizeLinks(record bulk.Record) []fault.Field {
	links, _ := record.Fields["links"].([]any)
	links = slices.Clone(links)
	var notes []fault.Field
	for i, link := range links {
		given, _ := link.(string)
		written := normalizeLink(given)
		if written == given {
			continue
		}
		links[i] = written
		record.Fields["links"] = links
		notes = append(notes, fault.Field{
			Line: record.Line, Pointer: fmt.Sprintf("/links/%d", i), Code: "link_encoded",
			Detail: "was written as a URL requires it: with a lowercase scheme and percent-encoded characters",
		})
	}
	return notes
}

// normalizeLink returns a link as URLs require it, or as it is if it is none.
func normalizeLink(link string) string {
	scheme, rest, found := strings.Cut(link, "://")
	scheme = strings.ToLower(scheme)
	if !found || scheme != "http" && scheme != "https" {
		return link
	}
	authority, path := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, path = rest[:end], rest[end:]
	}
	if strings.ContainsFunc(authority, func(r rune) bool { return r > '~' }) {
		host, err := idna.Lookup.ToASCII(authority)
		if err != nil {
			return link // The check of links describes the error.
		}
		authority = host
	}
	return scheme + "://" + authority + percentEncoded(path)
}

// percentEncoded encodes the bytes that a URL must not contain.
func percentEncoded(path string) string {
	var encoded strings.Builder
	for _, b := range []byte(path) {
		if b <= ' ' || b > '~' || b == '|' {
			fmt.Fprintf(&encoded, "%%%02X", b)
		} else {
			encoded.WriteByte(b)
		}
	}
	return encoded.String()
}
