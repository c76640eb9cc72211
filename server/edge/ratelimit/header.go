package ratelimit

import (
	"strconv"
	"strings"
	"time"
)

// The two response headers of draft-ietf-httpapi-ratelimit-headers-10 are RFC 8941 lists of strings with parameters.

// policyHeader returns the value of RateLimit-Policy.
func policyHeader(policies []Policy) string {
	items := make([]string, len(policies))
	for i, p := range policies {
		items[i] = quote(p.Name) + ";q=" + strconv.Itoa(p.Limit) + ";w=" + strconv.FormatInt(seconds(p.Window), 10)
	}
	return strings.Join(items, ", ")
}

// StateHeader returns the value of RateLimit: for each policy, how many requests the client may send now (r), and after
// how many seconds without requests the quota is full again (t).
func StateHeader(d Decision) string {
	text := make([]byte, 0, 64)
	for i, q := range d.Quotas {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = append(text, quote(q.Policy.Name)...)
		text = strconv.AppendInt(append(text, ";r="...), int64(q.Remaining), 10)
		text = strconv.AppendInt(append(text, ";t="...), seconds(q.Reset), 10)
	}
	return string(text)
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`) //nolint:gochecknoglobals // a constant

// quote returns s as an RFC 8941 string. Policy.check has verified that it is printable ASCII.
func quote(s string) string { return `"` + escaper.Replace(s) + `"` }

// seconds rounds up, so that clients that wait this long do not come too early.
func seconds(d time.Duration) int64 { return int64(wholeSeconds(d) / time.Second) }
