package content

import (
	"strconv"
	"strings"
)

// acceptsGzip reports whether the values of Accept-Encoding permit gzip: by name, or by the wildcard where gzip is not
// named; a weight of zero forbids it (RFC 9110, section 12.5.3).
func acceptsGzip(values []string) bool {
	wildcard := false
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, parameters, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return !zeroWeight(parameters)
		case "*":
			wildcard = !zeroWeight(parameters)
		}
	}
	return wildcard
}

func zeroWeight(parameters string) bool {
	name, value, _ := strings.Cut(parameters, "=")
	if !strings.EqualFold(strings.TrimSpace(name), "q") {
		return false
	}
	weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err != nil || weight <= 0
}
