package candidates

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/idna"

	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// normalizeLinks writes the links of a record as URLs require it: the scheme in lower case, and characters that a URL
// must not contain percent-encoded. It returns a note for each link that it has changed.
func normalizeLinks(record bulk.Record) []fault.Field {
	given, _ := record.Fields["links"].([]any)
	links, split := splitLinks(given)
	var notes []fault.Field
	if split {
		record.Fields["links"] = links
		notes = append(notes, fault.Field{
			Line: record.Line, Pointer: "/links", Code: "links_split", Detail: "has several links in one, which were separated",
		})
	}
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

// severalLinks matches the white space, and what precedes it, between two links in one text. A link cannot contain
// white space.
var severalLinks = regexp.MustCompile(`(?i)[;,]?[\s\p{Z}]+(https?://)`)

// splitLinks returns a list in which each link is an item of its own, and whether it differs from the given one.
func splitLinks(given []any) (links []any, split bool) {
	for _, item := range given {
		text, ok := item.(string)
		if !ok || !severalLinks.MatchString(text) {
			links = append(links, item)
			continue
		}
		split = true
		for link := range strings.SplitSeq(severalLinks.ReplaceAllString(text, "\n$1"), "\n") {
			if link = strings.TrimSpace(link); link != "" {
				links = append(links, link)
			}
		}
	}
	return links, split
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
