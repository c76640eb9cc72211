// Package negotiate reads the headers by which clients say what they accept: Accept and Accept-Encoding (RFC 9110,
// section 12.5).
package negotiate

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/munnerz/goautoneg"
)

// MediaType reports whether an Accept header accepts any of the offered media types. An empty header accepts
// everything. Parameters other than q are ignored, since no response of ours has any.
func MediaType(header string, offers ...string) bool {
	header = normalize(header)
	if header == "" || header == "*/*" {
		return true
	}
	var ranges []goautoneg.Accept
	for element := range strings.SplitSeq(header, ",") {
		if media, _, _ := strings.Cut(element, ";"); media == "*" {
			continue // not a media range, but the parser reads it as */*
		}
		ranges = append(ranges, goautoneg.ParseAccept(weight.ReplaceAllStringFunc(element, dropUnreadable))...)
	}
	return slices.ContainsFunc(offers, func(offer string) bool { return accepts(ranges, offer) })
}

// Gzip reports whether an Accept-Encoding header accepts gzip. An empty header does not, and neither does a weight that
// is not a number: every client can read a body that is not compressed.
func Gzip(header string) bool {
	header = normalize(header)
	if header == "" {
		return false
	}
	// Codings are matched as media ranges are, so write them as such: "gzip, *;q=0" becomes "coding/gzip,coding/*;q=0".
	header = "coding/" + strings.ReplaceAll(header, ",", ",coding/")
	header = strings.ReplaceAll(header, "coding/x-gzip", "coding/gzip") // the same coding (RFC 9110, section 8.4.1.3)
	return accepts(goautoneg.ParseAccept(header), "coding/gzip")
}

// weight finds the weight of a range in a normalized header.
var weight = regexp.MustCompile(`;q=[^;]*`)

// dropUnreadable drops a weight that is not a number, so that it counts as 1: to refuse the request would be worse than
// to send the usual response. The parser reads such a weight as 0.
func dropUnreadable(weight string) string {
	if _, err := strconv.ParseFloat(strings.TrimPrefix(weight, ";q="), 32); err != nil {
		return ""
	}
	return weight
}

// normalize writes a header as the parser expects it: in lower case and without white space.
func normalize(header string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, strings.ToLower(header))
}

// accepts decides by the most specific of the ranges that match: "text/csv;q=0, */*" excludes text/csv (RFC 9110,
// section 12.5.1). Of several that are equally specific, one with a weight above 0 is enough.
func accepts(ranges []goautoneg.Accept, offer string) bool {
	group, name, _ := strings.Cut(offer, "/")
	best, accepted := -1, false
	for _, r := range ranges {
		specificity := -1
		switch {
		case r.Type == group && r.SubType == name:
			specificity = 2
		case r.Type == group && r.SubType == "*":
			specificity = 1
		case r.Type == "*" && r.SubType == "*":
			specificity = 0
		}
		switch {
		case specificity < 0 || specificity < best:
		case specificity > best:
			best, accepted = specificity, r.Q > 0
		default:
			accepted = accepted || r.Q > 0
		}
	}
	return accepted
}
