package ratelimit

import (
	"strconv"
	"strings"
	"time"
)

// The two response headers of draft-ietf-httpapi-ratelimit-headers-10 are RFC 8941 lists of strings with parameters.

// PolicyHeader is the value of RateLimit-Policy: how many requests (q) may be made in how many seconds (w), for each
// policy that counts the caller.
func PolicyHeader(d Decision) string {
	return listed(d, func(q Quota) string {
		return quote(q.Policy.Name) + ";q=" + strconv.Itoa(q.Policy.Limit) + ";w=" + seconds(q.Policy.Window)
	})
}

// StateHeader is the value of RateLimit: how many requests the caller may make at once (r), and after how many seconds
// of rest the quota is whole again (t), for each policy.
func StateHeader(d Decision) string {
	return listed(d, func(q Quota) string {
		return quote(q.Policy.Name) + ";r=" + strconv.Itoa(q.Remaining) + ";t=" + seconds(q.Reset)
	})
}

func listed(d Decision, item func(Quota) string) string {
	items := make([]string, len(d.Quotas))
	for i, q := range d.Quotas {
		items[i] = item(q)
	}
	return strings.Join(items, ", ")
}

// quote writes a string as RFC 8941 does; check has seen that it holds nothing but printable ASCII.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// seconds rounds up, so that whoever waits as long is not early.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(wholeSeconds(d)/time.Second), 10)
}
