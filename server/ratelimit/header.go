package ratelimit

import (
	"strconv"
	"strings"
	"time"
)

// The two response headers of draft-ietf-httpapi-ratelimit-headers-10 are RFC 8941 lists of strings with parameters.

// PolicyHeader is the value of RateLimit-Policy: how many requests (q) may be made in how many seconds (w).
func PolicyHeader(p Policy) string {
	return quote(p.Name) + ";q=" + strconv.Itoa(p.Limit) + ";w=" + seconds(p.Window)
}

// StateHeader is the value of RateLimit: how many requests the caller may make at once (r), and after how many seconds
// of rest the quota is whole again (t).
func StateHeader(p Policy, d Decision) string {
	return quote(p.Name) + ";r=" + strconv.Itoa(d.Remaining) + ";t=" + seconds(d.Reset)
}

// quote writes a string as RFC 8941 does; check has seen that it holds nothing but printable ASCII.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// seconds rounds up, so that whoever waits as long is not early.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(wholeSeconds(d)/time.Second), 10)
}
