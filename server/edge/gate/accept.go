package gate

import (
	"net/http"
	"strconv"
	"strings"
)

// accepts decides whether any of the operation's answers may be sent to a client with this Accept header.
func (op *Operation) accepts(header http.Header) bool {
	wanted := strings.Join(header.Values("Accept"), ",")
	if strings.TrimSpace(wanted) == "" || len(op.produces) == 0 {
		return true
	}
	for _, offer := range op.produces {
		if acceptable(wanted, offer) {
			return true
		}
	}
	return false
}

// acceptable decides about one media type: of the ranges that cover it the most specific one counts (RFC 9110, section
// 12.5.1), so that "text/csv;q=0, */*" excludes CSV. Parameters other than q select nothing here, since no answer has
// any.
func acceptable(wanted, offer string) bool {
	best, allowed := -1, false
	for candidate := range strings.SplitSeq(wanted, ",") {
		media, parameters, _ := strings.Cut(candidate, ";")
		switch specific := specificity(strings.TrimSpace(media), offer); {
		case specific > best:
			best, allowed = specific, !excluded(parameters)
		case specific == best && specific >= 0:
			allowed = allowed || !excluded(parameters)
		}
	}
	return allowed
}

// specificity is how closely a media range names a media type: 2 by its name, 1 by its group, 0 with all others, and -1
// when the range does not cover it.
func specificity(media, offer string) int {
	if media == "*/*" {
		return 0
	}
	if strings.EqualFold(media, offer) {
		return 2
	}
	wanted, all := strings.CutSuffix(media, "/*")
	group, _, _ := strings.Cut(offer, "/")
	if all && strings.EqualFold(wanted, group) {
		return 1
	}
	return -1
}

// excluded reports whether a range's parameters give it a quality of nothing.
func excluded(parameters string) bool {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		quality, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return err == nil && quality <= 0
	}
	return false
}
