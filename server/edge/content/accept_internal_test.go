package content

import (
	"strings"
	"testing"
)

func TestAcceptsGzip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"gzip"}, true},
		{[]string{"GZip"}, true},
		{[]string{"x-gzip"}, true},
		{[]string{"br, gzip;q=0.5"}, true},
		{[]string{"br", "deflate , gzip ; q=1.0"}, true},
		{[]string{"gzip;q=0"}, false},
		{[]string{"gzip; Q=0.000"}, false},
		{[]string{"gzip;q=none"}, false},
		{[]string{"*"}, true},
		{[]string{"*;q=0"}, false},
		{[]string{"*, gzip;q=0"}, false},
		{[]string{"gzip;q=0, *"}, false},
		{[]string{"*;q=0, gzip"}, true},
		{[]string{"identity"}, false},
		{[]string{"gzipped"}, false},
	} {
		if got := acceptsGzip(c.values); got != c.want {
			t.Errorf("%q: %v, want %v", c.values, got, c.want)
		}
	}
}

// FuzzAcceptsGzip wants that nobody gets gzip who names neither it nor the wildcard.
func FuzzAcceptsGzip(f *testing.F) {
	for _, seed := range []string{"gzip", "br;q=1, *;q=0.1", "gzip;q=", ";;,=,", "gzip;q=1e309"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		named := strings.Contains(strings.ToLower(value), "gzip") || strings.Contains(value, "*")
		if acceptsGzip([]string{value}) && !named {
			t.Errorf("%q is taken to accept gzip", value)
		}
	})
}
