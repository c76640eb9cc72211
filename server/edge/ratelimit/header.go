package ratelimit

import (
	"strconv"
	"strings"
	"time"
)

// The two response headers of draft-ietf-httpapi-ratelimit-headers-10 are RFC 8941 lists of strings with parameters.

// PolicyHeader returns the value of RateLimit-Policy: for each policy that applies to the client, how many requests (q)
// are allowed in how many seconds (w).
func PolicyHeader(d Decision) string {
	return list(d, func(q Quota) string {
		return quote(q.Policy.Name) + ";q=" + strconv.Itoa(q.Policy.Limit) + ";w=" + seconds(q.Policy.Window)
	})
}

// StateHeader returns the value of RateLimit: for each policy, how many requests the client may send now (r), and after
// how many seconds without requests the quota is full again (t).
func StateHeader(d Decision) string {
	return list(d, func(q Quota) string {
		return quote(q.Policy.Name) + ";r=" + strconv.Itoa(q.Remaining) + ";t=" + seconds(q.Reset)
	})
}

func list(d Decision, item func(Quota) string) string {
	items := make([]string, len(d.Quotas))
	for i, q := range d.Quotas {
		items[i] = item(q)
	}
	return strings.Join(items, ", ")
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`) //nolint:gochecknoglobals // a constant

// quote returns s as an RFC 8941 string. Policy.check has verified that it is printable ASCII.
func quote(s string) string { return `"` + escaper.Replace(s) + `"` }

// seconds rounds up, so that clients that wait this long do not come too early.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(wholeSeconds(d)/time.Second), 10)
}
